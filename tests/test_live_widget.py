"""The laboratory as a widget: arguments in Python, and the front end with a model of Jupyter's."""

import json
import re
import subprocess
import sys

import pytest
from live import LIVE, bundle

from mine_lib.book.live import Laboratory, parameters

# Renders the front end beside a model that keeps what it is told, as Jupyter's does.
RENDER = """(state) => {
  const listeners = {}, el = document.createElement("div");
  document.body.append(el);
  window.model = {
    state, saved: 0,
    get: (name) => state[name],
    set(name, value) {
      if (value === undefined) throw new Error(`${name} is undefined`);
      const differs = state[name] !== value;
      state[name] = value;
      if (differs) (listeners[`change:${name}`] ?? []).forEach((each) => each());
    },
    save_changes() { JSON.stringify(state); this.saved += 1; },
    on: (name, each) => (listeners[name] ??= []).push(each),
    off: (name, each) => { listeners[name] = listeners[name].filter((other) => other !== each); },
  };
  window.leave = window.widget.default.render({model, el});
}"""


@pytest.fixture
def rendered(browser):
    """A widget's front end, and its page."""
    page = browser.new_page()
    source = json.dumps(bundle().widget_module())
    page.evaluate(
        "async (source) => { window.widget = await import(URL.createObjectURL("
        f"new Blob([{source}], {{type: 'text/javascript'}}))); }}",
        source,
    )
    state = {"settings": "rho=0.8&b=32", "kind": "full", "wanted": False}
    page.evaluate(RENDER, state)
    yield page
    page.close()


def state_of(page):
    return page.evaluate("model.state")


def test_python_reads_what_the_run_says(rendered):
    rendered.get_by_role("button", name="One step").click()
    state = state_of(rendered)
    assert state["step"] == 1
    assert state["truth"] == pytest.approx(0.5108, abs=1e-4)
    assert state["batch_value"] == pytest.approx(0, abs=0.2)
    assert state.keys() <= Laboratory.class_traits().keys()
    assert rendered.evaluate("model.saved") > 0


def test_python_starts_and_stops_it_and_changes_its_settings(rendered):
    rendered.evaluate("model.set('wanted', true)")
    rendered.wait_for_function("model.state.step > 20")
    assert state_of(rendered)["running"]
    rendered.evaluate("model.set('wanted', false)")
    assert not state_of(rendered)["running"]
    rendered.evaluate("model.set('settings', 'rho=0.5&b=64')")
    state = state_of(rendered)
    assert state["step"] == 0
    assert state["truth"] == pytest.approx(0.1438, abs=1e-4)


def test_the_readers_changes_reach_python(rendered):
    rendered.get_by_label("batch size b").press("ArrowRight")
    assert state_of(rendered)["settings"] == "rho=0.8&b=64"


def test_it_stops_when_its_cell_goes(rendered):
    rendered.evaluate("model.set('wanted', true)")
    rendered.wait_for_function("model.state.step > 5")
    rendered.evaluate("leave()")
    rendered.wait_for_timeout(100)
    at = state_of(rendered)["step"]
    rendered.wait_for_timeout(400)
    assert state_of(rendered)["step"] == at


def test_settings_by_name_or_as_an_address():
    assert Laboratory("rho=0.9&b=128").settings == "rho=0.9&b=128"
    assert Laboratory(rho=0.9, b=128, objective="average").settings == (
        "rho=0.9&b=128&objective=average"
    )
    lab = Laboratory("rho=0.9", b=8)
    assert (lab.settings, lab.step, lab.batch_value) == ("rho=0.9&b=8", 0, None)
    lab.run()
    assert lab.wanted
    lab.pause()
    assert not lab.wanted


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rho": 2}, r"rho = 2: must be a number from -0\.999 to 0\.999"),
        ({"b": 16.5}, r"b = 16\.5: must be a whole number from 2 to 1024"),
        ({"b": "letters"}, "b = letters: must be a whole number"),
        ({"rho": float("nan")}, "rho = nan: must be a number"),
        ({"objective": "best"}, "objective = best: must be one of vanilla, average, nwj"),
        ({"what": 1}, "what = 1: is no setting; there are data, rho, b"),
    ],
)
def test_bad_settings_are_refused_in_words(settings, message):
    with pytest.raises(ValueError, match=message):
        Laboratory(**settings)


def test_a_package_that_is_missing_is_named():
    code = "import sys; sys.modules['anywidget'] = None; import mine_lib.book.live"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip().splitlines()[-1] == (
        "ImportError: mine_lib.book.live needs anywidget, which is not installed: "
        "pip install anywidget"
    )


def test_the_package_does_not_load_it():
    code = "import sys, mine_lib; print('anywidget' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


# The modules


def test_each_module_is_short_and_asks_for_nothing_from_elsewhere():
    for path in LIVE.glob("*.js"):
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= 300, path.name
        assert not re.search(r"https?://|\bfetch\(|XMLHttpRequest|WebSocket|\bimport\(", text)
        assert text.startswith("// "), path.name


def test_a_module_that_cannot_be_joined_is_refused(tmp_path, monkeypatch):
    join = bundle()
    (tmp_path / "page.js").write_text('import * as all from "./other.js";\n', "utf-8")
    monkeypatch.setattr(join, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match=r"page\.js: 'import \* as all"):
        join.page_script()


def test_every_setting_has_a_usual_value_within_its_range():
    for each in parameters():
        if each["kind"] == "choice":
            assert each["default"] in each["choices"]
        else:
            stops = [*each["stops"], each["default"]]
            assert all(each["least"] <= stop <= each["most"] for stop in stops), each["name"]


def test_the_style_uses_no_class_that_the_modules_do_not_make():
    style = bundle().style()
    modules = "".join(path.read_text("utf-8") for path in LIVE.glob("*.js"))
    marks = set(re.findall(r'\["([a-z ]+)", "', modules))
    made = {f"lab-{part}" for mark in marks for part in mark.split()}
    made |= set(re.findall(r"lab-[a-z]+", modules))
    made |= {f"lab-of-{name}" for name in ("values", "norm")}
    made |= {f"lab-{name}" for name in ("values", "critic", "ratio", "weights", "logv", "norm")}
    assert set(re.findall(r"\.(lab-[a-z-]+)", style)) <= made
