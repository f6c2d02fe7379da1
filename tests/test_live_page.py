"""The laboratory on its page: controls, address, what stops it, keyboard, screen reader, print."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from built import HTML

ADDRESS = (HTML / "laboratory.html").as_uri()
LAB = "window.laboratories[0]"
PUSH = "window.laboratories[1]"


@pytest.fixture
def opened(browser, built_pages):
    """Opens the laboratory with a state; motion is welcome unless `calm`."""
    contexts = []

    def open_it(state="", width=1280, calm=False, page="laboratory", **more):
        motion = "reduce" if calm else "no-preference"
        size = {"width": width, "height": 900}
        contexts.append(browser.new_context(viewport=size, reduced_motion=motion, **more))
        contexts[-1].set_default_timeout(10_000)
        lab = contexts[-1].new_page()
        lab.goto((HTML / f"{page}.html").as_uri() + state)
        lab.wait_for_selector(".laboratory.lab-ready")
        return lab

    yield open_it
    for each in contexts:
        each.close()


def done(lab):
    return lab.evaluate(f"{LAB}.trainer.done")


def wait_for(lab, steps):
    lab.wait_for_function(f"{LAB}.trainer.done >= {steps}", timeout=30_000)


def button(lab, name):
    return lab.get_by_role("button", name=name, exact=True)


# The address


def test_the_state_is_the_address(opened):
    lab = opened("#rho=0.9&b=64&objective=nwj&pairs=fresh&seed=3")
    assert lab.evaluate(f"{LAB}.trainer.data.rho") == 0.9
    assert lab.evaluate(f"{LAB}.trainer.settings.b") == 64
    assert lab.get_by_label("objective", exact=True).input_value() == "2"
    lab.get_by_label("batch size b").press("ArrowLeft")
    assert lab.evaluate("location.hash") == "#rho=0.9&b=32&pairs=fresh&objective=nwj&seed=3"
    again = opened(lab.evaluate("location.hash"))
    assert again.evaluate(f"{LAB}.address") == lab.evaluate(f"{LAB}.address")


def test_an_address_typed_into_the_open_page_is_taken(opened):
    lab = opened("#rho=0.5&b=32")
    lab.evaluate("location.hash = '#rho=0.3&b=8'")
    lab.wait_for_function(f"{LAB}.trainer.data.rho === 0.3")
    assert lab.evaluate(f"{LAB}.trainer.settings.b") == 8


def test_without_a_state_it_begins_with_the_first_tour_and_leaves_the_address(opened):
    lab = opened()
    assert lab.evaluate("location.hash") == ""
    assert button(lab, "1The article’s picture").get_attribute("aria-pressed") == "true"


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("rho=2&b=16", "rho = 2: must be a number from -0.999 to 0.999; 0.99 is used."),
        ("b=0", "b = 0: must be a whole number from 2 to 1024; 16 is used."),
        ("b=16.5", "b = 16.5: must be a whole number"),
        ("b=letters", "b = letters: must be a whole number"),
        ("alpha=", "alpha = nothing: must be a number from 0.0001 to 1; 0.01 is used."),
        ("rho=NaN", "rho = NaN: must be a number"),
        ("rho=%E0%A4%A", "rho = %E0%A4%A: must be a number"),
        ("objective=best", "objective = best: must be one of vanilla, average, nwj, infonce, js"),
        ("what=1", "“what” is no setting: it is left out."),
        ("b=512&n=100", "b = 512: must be at most n = 100; n = 100000 is used."),
        ("b=4&m=7", "m = 7: must be below b = 4; m = 1 is used."),
        ("rho=<img src=x onerror=alert(1)>", "must be a number"),
    ],
)
def test_what_does_not_fit_falls_back_and_is_told(opened, state, said):
    lab = opened(f"#{state}")
    alert = (
        lab.get_by_role("alert")
        .filter(has_text="used")
        .or_(lab.get_by_role("alert").filter(has_text="left out"))
    )
    assert said in alert.inner_text()
    assert lab.locator(".laboratory img").count() == 0
    button(lab, "One step").click()
    assert done(lab) == 1


def test_a_good_address_is_not_commented_on(opened):
    assert not opened("#rho=0.99&b=16").locator(".lab-fault").is_visible()


# The run


def test_slices_of_frames_walk_the_same_path_as_one_loop(opened):
    lab = opened("#rho=0.9&b=16&steps=400&speed=full")
    button(lab, "Run").click()
    lab.wait_for_function(f"!{LAB}.isRunning")
    straight = lab.evaluate(
        "() => { const {settings: s, training} = mineLive;"
        f"const t = new training.Trainer(s.forTraining({LAB}.settings));"
        "while (t.done < 400) t.step(); return [...t.value.values.slice(0, 400)]; }"
    )
    assert done(lab) == 400
    assert lab.evaluate(f"[...{LAB}.trainer.value.values.slice(0, 400)]") == straight
    assert lab.get_by_text("400 steps are done. Run goes on.").is_visible()
    button(lab, "Run").click()
    wait_for(lab, 500)


def test_run_pause_step_and_start_again(opened):
    lab = opened("#rho=0.9&b=16")
    assert done(lab) == 0
    button(lab, "Run").click()
    wait_for(lab, 120)
    button(lab, "Pause").click()
    at = done(lab)
    button(lab, "One step").click()
    lab.wait_for_timeout(100)
    assert done(lab) == at + 1
    assert f"step {at + 1:,} of 3,000" in lab.locator(".lab-counter").inner_text()
    button(lab, "Start again").click()
    assert done(lab) == 0
    assert lab.evaluate(f"{LAB}.ghost.mean.length") > 3


def test_it_keeps_the_pace_that_is_asked_for_and_leaves_the_page_free(opened):
    lab = opened("#rho=0.9&b=16&speed=10")
    button(lab, "Run").click()
    lab.wait_for_timeout(1500)
    assert 5 <= done(lab) <= 25
    lab.get_by_label("speed").select_option("full")
    frames = lab.evaluate(
        "() => new Promise((tell) => { let n = 0; const end = performance.now() + 1000;"
        "const count = () => { n += 1; performance.now() > end ? tell(n)"
        " : requestAnimationFrame(count); };"
        "count(); })"
    )
    assert frames >= 10  # 60 where nothing else runs
    assert done(lab) >= 100


def test_a_run_that_is_no_longer_finite_stops_and_says_why(opened):
    lab = opened("#rho=0.99&b=16&objective=nwj&lr=10&speed=full")
    button(lab, "Run").click()
    lab.wait_for_function(f"{LAB}.trainer.stopped", timeout=20_000)
    text = lab.locator(".lab-status").inner_text()
    assert re.match(r"Stopped after [\d,]+ steps: .* A smaller learning rate", text)
    assert button(lab, "Run").is_visible()
    at = done(lab)
    button(lab, "One step").click()
    assert done(lab) == at
    lab.get_by_label("objective", exact=True).select_option(label="MINE, vanilla")
    assert lab.evaluate(f"{LAB}.trainer.stopped") == ""


def test_an_objective_that_reads_otherwise_says_so(opened):
    lab = opened("#rho=0.9&b=16&objective=infonce&m=3")
    assert "at most log(m + 1) = 1.39 nats" in lab.locator(".lab-note").inner_text()
    lab.get_by_label("objective", exact=True).select_option(label="MINE, vanilla")
    assert lab.locator(".lab-note").inner_text() == ""


def test_of_xor_only_the_pairs_of_the_plane_are_drawn(opened):
    lab = opened("#data=xor&b=64", calm=True)
    count = "() => { let n = 0; const arc = CanvasRenderingContext2D.prototype.arc;" + (
        "CanvasRenderingContext2D.prototype.arc = function (...a) { n += 1; arc.apply(this, a); };"
        f"const lab = {LAB}; lab.oneStep(); const v = lab.trainer.batches.values;"
        "let ones = 0; for (let k = 0; k < 128; k++) ones += v[3 * k + 2]; return [n, ones]; }"
    )
    drawn, ones = lab.evaluate(count)
    assert drawn == ones > 0


@pytest.mark.parametrize(("width", "height"), [(1280, 36), (390, 42)])
def test_the_bar_is_one_row_below_the_plot(opened, width, height):
    lab = opened("#rho=0.99&b=16", width, calm=True)
    bar = lab.locator(".lab-bar")
    bar.scroll_into_view_if_needed()
    tops = lab.evaluate(
        "() => [...document.querySelectorAll('.lab-bar > *')].map((e) => {"
        " const box = e.getBoundingClientRect(); return (box.top + box.bottom) / 2; })"
    )
    assert max(tops) - min(tops) < 8
    assert bar.bounding_box()["height"] <= height + 20


def test_value_and_push_are_beside_each_other_where_there_is_room(opened):
    lab = opened("#rho=0.99&b=16", calm=True)
    boxes = [lab.locator(f"canvas.lab-{name}").bounding_box() for name in ("values", "weights")]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[1]["y"] + boxes[1]["height"] < 900


@pytest.mark.parametrize(
    ("objective", "words"),
    [("js", "no estimate of I"), ("infonce", "no estimate of I beyond"), ("vanilla", "of eᵀ")],
)
def test_the_legend_fits_the_objective(opened, objective, words):
    lab = opened(f"#rho=0.9&b=16&objective={objective}", calm=True)
    legend = " ".join(lab.locator(".lab-key").all_inner_texts())
    assert words in legend
    has_v = objective == "vanilla"
    assert ("log v" in legend) == has_v == ("r above" in legend)
    button(lab, "One step").click()
    assert ("log v" in lab.locator(".lab-of-logv").inner_text()) == has_v


def test_what_is_said_of_the_push_is_what_is_drawn(opened):
    lab = opened("#rho=0.99&b=16", calm=True)
    lab.evaluate(f"() => {{ const lab = {LAB}; lab.oneStep(); lab.advance(3); lab.say(1e9); }}")
    drawn = lab.evaluate(f"Math.max(...{LAB}.pictures[1].picture.push)")
    assert drawn != lab.evaluate(f"Math.max(...{LAB}.trainer.push)")
    said = float(lab.locator(".lab-of-weights dd").first.inner_text())
    assert said == pytest.approx(drawn, abs=0.006)


def test_large_numbers_are_short_and_values_beyond_sense_are_told(opened):
    lab = opened("#rho=0.999&b=2&speed=full")
    shown = lab.evaluate("[5e8, -5e8, 123456].map(mineLive.canvas.short)")
    assert shown == ["5·10⁸", "−5·10⁸", "123,456"]
    sense = lab.get_by_text("Values beyond 100 nats")
    assert not sense.is_visible()
    button(lab, "Run").click()
    lab.wait_for_function(f"!{LAB}.isRunning", timeout=30_000)
    assert sense.is_visible()


# Quiet


def test_nothing_runs_before_one_asks(opened):
    lab = opened()
    lab.wait_for_timeout(300)
    assert done(lab) == 0


def test_it_rests_out_of_sight_and_goes_on_in_sight(opened):
    lab = opened("#rho=0.9&b=16&steps=30000&speed=full")
    button(lab, "Run").click()
    wait_for(lab, 10)
    lab.get_by_role("contentinfo").or_(lab.locator("footer")).last.scroll_into_view_if_needed()
    lab.wait_for_function(f"!{LAB}.isSeen")
    at = done(lab)
    lab.wait_for_timeout(300)
    assert done(lab) == at
    button(lab, "Pause").scroll_into_view_if_needed()
    wait_for(lab, at + 10)


def test_it_rests_while_the_page_is_hidden(opened):
    lab = opened("#rho=0.9&b=16&steps=30000&speed=full")
    button(lab, "Run").click()
    wait_for(lab, 10)
    hide = (
        "(is) => { Object.defineProperty(document, 'hidden', {value: is, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange')); }"
    )
    lab.evaluate(hide, True)
    lab.wait_for_timeout(100)
    at = done(lab)
    lab.wait_for_timeout(300)
    assert done(lab) == at
    lab.evaluate(hide, False)
    wait_for(lab, at + 10)


def test_a_tour_runs_at_once_unless_one_prefers_less_motion(opened):
    lab = opened()
    button(lab, "2The cure").click()
    wait_for(lab, 10)
    calm = opened(calm=True)
    button(calm, "2The cure").click()
    calm.wait_for_timeout(300)
    assert done(calm) == 0
    button(calm, "Run").click()
    wait_for(calm, 10)


# Tours


def test_five_tours_have_a_text_a_question_and_a_folded_answer(opened):
    lab = opened(calm=True)
    choices = lab.locator(".lab-choices button")
    assert choices.count() == 5
    texts = set()
    for each in choices.all():
        each.click()
        assert each.get_attribute("aria-pressed") == "true"
        text, question = (lab.locator(".lab-tour > p").nth(k).inner_text() for k in (0, 1))
        assert len(re.findall(r"[.;:?](?:\s|$)", text)) >= 2
        assert question.endswith(("?", "bar."))
        answer = lab.locator(".lab-tour details > p")
        assert not answer.is_visible()
        lab.locator(".lab-tour summary").click()
        assert answer.is_visible()
        texts.add(text)
    assert len(texts) == 5


def test_a_state_that_is_no_tour_has_no_tours_text(opened):
    lab = opened("#rho=0.5&b=16", calm=True)
    assert "A state of its own" in lab.locator(".lab-tour").inner_text()
    button(lab, "4The lost constant").click()
    assert "A moving average of rate 0.3" in lab.locator(".lab-tour").inner_text()


def test_a_change_leaves_the_tour_and_returns_to_it(opened):
    lab = opened(calm=True)
    lab.get_by_label("speed").select_option("10")
    assert lab.locator(".lab-question").count() == 1
    slider = lab.get_by_label("batch size b")
    slider.press("ArrowRight")
    assert lab.locator(".lab-choices [aria-pressed=true]").count() == 0
    assert "A state of its own" in lab.locator(".lab-tour").inner_text()
    slider.press("ArrowLeft")
    assert button(lab, "1The article’s picture").get_attribute("aria-pressed") == "true"


# Reach


def test_all_of_it_works_by_keyboard(opened):
    lab = opened("#rho=0.9&b=16")
    button(lab, "Run").focus()
    seen = []
    for _ in range(14):
        seen.append(
            lab.evaluate(
                "() => { const e = document.activeElement; return e.labels?.[0]?.textContent"
                " ?? e.textContent; }"
            )
        )
        lab.keyboard.press("Tab")
    wanted = ["Run", "One step", "Start again", "speed", "pairs", "correlation ρ",
              "batch size b", "product pairs by", "objective", "More settings"]  # fmt: skip
    assert [each for each in seen if each in wanted] == wanted
    button(lab, "Run").focus()
    lab.keyboard.press("Space")
    wait_for(lab, 5)
    lab.keyboard.press("Space")
    assert not lab.evaluate(f"{LAB}.isRunning")


def test_pictures_say_their_present_numbers(opened):
    lab = opened("#rho=0.9&b=16&steps=300&speed=full")
    button(lab, "Run").click()
    lab.wait_for_function(f"!{LAB}.isRunning")
    for canvas in lab.locator(".laboratory canvas.lab-values, canvas.lab-weights").all():
        figure = canvas.locator("xpath=..")
        label = canvas.get_attribute("aria-label")
        assert "after 300 steps" in label
        for name, value in zip(
            figure.locator("dt").all_inner_texts(), figure.locator("dd").all_inner_texts(),
            strict=True,
        ):  # fmt: skip
            assert f"{name} {value}" in label
    held_out = lab.evaluate(f"{LAB}.trainer.heldOut.last")
    shown = lab.locator(".lab-of-values dd").nth(1).inner_text()
    assert float(shown.replace("−", "-")) == pytest.approx(held_out, abs=0.006)


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_it_is_accessible_while_it_runs_and_as_wide_as_its_column(opened, width, scheme):
    lab = opened("#rho=2&b=16&speed=full", width, color_scheme=scheme)
    lab.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
    button(lab, "Run").click()
    wait_for(lab, 200)
    options = {"resultTypes": ["violations"], "preload": False}
    found = Axe().run(lab, context=".bd-article", options=options).response["violations"]
    assert [(fault["id"], [n["target"] for n in fault["nodes"]]) for fault in found] == []
    assert lab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    small = lab.evaluate(
        "() => [...document.querySelectorAll('.laboratory :is(button, select, summary)')]"
        ".filter((e) => e.getBoundingClientRect().height < 24).map((e) => e.outerHTML)"
    )
    assert small == []


def test_print_shows_still_pictures_in_dark_ink(opened):
    lab = opened("#rho=0.9&b=16&steps=300&speed=full", color_scheme="dark")
    button(lab, "Run").click()
    lab.wait_for_function(f"!{LAB}.isRunning")
    surface = f"{LAB}.pictures[0].picture.surface.colours.ink"
    on_screen = lab.evaluate(surface)
    lab.emulate_media(media="print")
    assert not lab.locator(".lab-bar").is_visible()
    assert not lab.get_by_label("batch size b").is_visible()
    assert lab.locator("canvas.lab-values").is_visible()
    assert lab.get_by_text("Settings: rho=0.9, b=16, steps=300, speed=full").is_visible()
    assert "Value of the critic" in lab.locator(".lab-of-values figcaption").inner_text()
    lab.wait_for_function(f"{surface} !== '{on_screen}'")
    assert lab.evaluate(surface) == "#222832"


def test_a_page_that_turns_dark_is_drawn_anew(opened):
    lab = opened(calm=True, color_scheme="light")
    ink = f"{LAB}.pictures[0].picture.surface.colours.ink"
    assert lab.evaluate(ink) == "#222832"
    lab.emulate_media(color_scheme="dark")
    lab.wait_for_function(f"{ink} === '#e3e6ea'")


def test_without_script_a_sentence_says_so(opened, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(ADDRESS)
    assert page.get_by_text("The laboratory needs a browser that runs scripts").is_visible()
    context.close()


# The raised point


def test_one_value_raised_shows_who_pushes_back(opened):
    lab = opened(calm=True)
    first = lab.get_by_label("T of product pair 1", exact=True)
    first.press("End")
    assert first.input_value() == "12"
    pushes = lab.evaluate(f"mineLive.push.pushes({PUSH}.t, 0.01)")
    assert pushes["vanilla"][0] == pytest.approx(1, abs=0.01)
    assert max(pushes["vanilla"][1:]) < 1e-3
    assert 90 < pushes["average"][0] <= 100
    said = lab.locator(".lab-said").inner_text()
    assert said.startswith("Pair 1: T = 12.0. Vanilla pushes back with 1.00, the moving average")
    assert "pushed back with 1.00 under vanilla" in first.get_attribute("aria-valuetext")
    button(lab, "Put them back").click()
    assert first.input_value() == "-0.6"


def test_a_value_is_dragged_with_the_mouse(opened):
    lab = opened(calm=True)
    fifth = lab.get_by_label("T of product pair 5", exact=True)
    fifth.scroll_into_view_if_needed()
    box, before = fifth.bounding_box(), float(fifth.input_value())
    middle = box["x"] + box["width"] / 2
    lab.mouse.move(middle, box["y"] + box["height"] * (1 - (before + 4) / 16))
    lab.mouse.down()
    lab.mouse.move(middle, box["y"] + 8, steps=4)
    lab.mouse.up()
    assert float(fifth.input_value()) > 10
    assert lab.evaluate(f"{PUSH}.t[4]") > 10


def test_pushes_are_the_weights_of_mine(opened):
    import torch

    import mine_lib as ml

    lab = opened(calm=True)
    t = torch.tensor([lab.evaluate(f"{PUSH}.t")], dtype=torch.float64)
    for alpha, name in ((1.0, "vanilla"), (0.01, "average"), (0.3, "average")):
        _, _, product = ml.MINE(alpha).weigh(t, t)
        found = lab.evaluate(f"mineLive.push.pushes({PUSH}.t, {alpha})")[name]
        assert found == pytest.approx((-product[0]).tolist(), rel=1e-9)


# Excerpts


@pytest.mark.parametrize("chapter", ["03_mine", "04_gradient_bias", "05_moving_average"])
def test_a_chapter_has_an_excerpt_that_leads_to_the_laboratory(opened, chapter):
    lab = opened(page=f"chapters/{chapter}")
    box = lab.locator(".laboratory[data-kind=excerpt]")
    own = lab.evaluate("location.hash")
    box.get_by_role("button", name="Run").click()
    wait_for(lab, 20)
    assert lab.evaluate("location.hash") == own
    state = lab.evaluate(f"{LAB}.address")
    link = box.get_by_role("link", name="Open this run in the laboratory")
    link.click()
    lab.wait_for_selector(".laboratory[data-kind=full].lab-ready")
    assert lab.evaluate(f"{LAB}.address") == state
    assert not lab.locator(".lab-fault").is_visible()


def test_chapter_5_has_the_raised_point(opened):
    lab = opened(page="chapters/05_moving_average", calm=True)
    assert lab.get_by_label("T of product pair 16", exact=True).count() == 1
