"""The strict comparison of conftest.py passes what it should and, above all, can fail."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbval.kernel import RunningKernel

start_again = RunningKernel.__init__  # conftest.py has put it there
ROOT = Path(__file__).parent.parent
PASSED = ""
DIFFERS = "Cell outputs differ"
PNG = "iVBORw0KGgo="  # which picture it is makes no difference


def code(source: str, *outputs: NotebookNode, **more) -> NotebookNode:
    return new_code_cell(source, outputs=list(outputs), **{"execution_count": 1} | more)


def prints(live: str, stored: str) -> NotebookNode:
    return code(f"print({live!r})", new_output("stream", name="stdout", text=stored + "\n"))


def shows(live: dict, stored: dict, **more) -> NotebookNode:
    source = f"from IPython.display import display; display({live!r}, raw=True)"
    return code(source, new_output("display_data", data=stored), **more)


def holds(case: NotebookNode, **tolerance: object) -> NotebookNode:
    case.metadata["tolerance"] = {key.replace("_", " "): far for key, far in tolerance.items()}
    return case


def table(*rows: tuple[str, ...]) -> dict:
    cells = ["".join(f"<td>{each}</td>" for each in row) for row in rows]
    return {"text/html": "<table>" + "".join(f"<tr>{row}</tr>" for row in cells) + "</table>"}


def html(payload: str, alt: str) -> dict:
    return {"text/html": f'<img src="data:image/png;base64,{payload}" alt="{alt}">'}


# What the cell gives now, what is stored, and a part of the message, or PASSED.
PRINTED = {
    "decimal within 2e-3": ("I = 0.5108 nats", "I = 0.5117 nats", PASSED),
    "decimal beyond 2e-3": ("I = 0.5108 nats", "I = 0.5120 nats", DIFFERS),
    "last digit at a rounding boundary": ("0.50", "0.51", PASSED),
    "two units in the last digit": ("0.50", "0.52", DIFFERS),
    "more digits, other number": ("0.5108", "0.5", DIFFERS),
    "more digits, same number": ("0.30000000000000004", "0.3", PASSED),
    "rounding noise": ("2.2e-16", "0.0", PASSED),
    "minus zero": ("-0.00", "0.00", PASSED),
    "sign": ("-0.51", "0.51", DIFFERS),
    "leading point": (".8501", ".8502", PASSED),
    "before an ellipsis": ("0.5108…", "0.5109…", PASSED),
    "end of a sentence": ("It is 0.5108.", "It is 0.5109.", PASSED),
    "exponent within": ("1.234e-05", "1.233e-05", PASSED),
    "exponent without point": ("1e-3", "2e-3", DIFFERS),
    "exponent changed": ("1.2e-3", "1.2e-4", DIFFERS),
    "column shifted": ("[ 9.999 0.5]", "[10.000 0.5]", PASSED),
    "numbers missing": ("0.51 0.52", "0.51", DIFFERS),
    "whole number": ("1000 steps", "1001 steps", DIFFERS),
    "whole number with commas": ("1,000", "1,001", DIFFERS),
    "whole number before a full stop": ("It took 3.", "It took 4.", DIFFERS),
    "whole number turned decimal": ("1", "1.0", DIFFERS),
    "version": ("torch 2.13.0", "torch 2.14.0", DIFFERS),
    "version with v": ("v1.2", "v1.3", DIFFERS),
    "word": ("upper bound", "lower bound", DIFFERS),
    "nan": ("nan", "0.51", DIFFERS),
    "nan and nan": ("nan", "nan", PASSED),
    "inf": ("inf", "-inf", DIFFERS),
    "nothing printed any more": ("", "0.51", DIFFERS),
}
FIGURE = {"text/plain": "<Figure>"}
SHOWN = {
    "picture changed": ({"image/png": "AAAA"}, {"image/png": PNG}, PASSED),
    "picture missing": (FIGURE, FIGURE | {"image/png": PNG}, "kinds of output"),
    "picture new": (FIGURE | {"image/png": PNG}, FIGURE, "kinds of output"),
    "svg changed": ({"image/svg+xml": "<svg/>"}, {"image/svg+xml": "<svg></svg>"}, PASSED),
    "latex": ({"text/latex": "$a$"}, {"text/latex": "$b$"}, DIFFERS),
    "markdown decimal": ({"text/markdown": "0.5108"}, {"text/markdown": "0.5109"}, PASSED),
    "html word": ({"text/html": "<b>a</b>"}, {"text/html": "<b>b</b>"}, DIFFERS),
    "html picture changed": (html("AAAA", "a line"), html(PNG, "a line"), PASSED),
    "html picture missing": (html("", "a line"), html(PNG, "a line"), DIFFERS),
    "html alt text": (html(PNG, "a line"), html(PNG, "a band"), DIFFERS),
    "live widget": (
        html("AAAA", "a") | {"application/vnd.jupyter.widget-view+json": {"model_id": "f00"}},
        html(PNG, "a"),
        PASSED,
    ),
    "json": (
        {"application/json": {"b": 1, "a": 2}},
        {"application/json": {"a": 2, "b": 1}},
        PASSED,
    ),
}
ERROR = new_output("error", ename="ValueError", evalue="no", traceback=[])
WARNING = new_output("stream", name="stderr", text="careful\n")
WIDGET = {"application/vnd.jupyter.widget-view+json": {"model_id": "f00"}}
HELD = {
    "held within": (holds(prints("out 0.34", "out 0.30"), out=0.04), PASSED),
    "held beyond": (
        holds(prints("out 0.35", "out 0.30"), out=0.04),
        "'out': 0.35 instead of 0.30, off by 0.05; its tolerance is 0.04",
    ),
    "held, no tolerance for it": (prints("out 0.34", "out 0.30"), DIFFERS),
    "held, another line": (
        holds(prints("in 0.34\nout 0.34", "in 0.30\nout 0.34"), out=0.04),
        DIFFERS,
    ),
    "held whole number": (holds(prints("9 of 16 run", "11 of 16 run"), run=[2, None]), PASSED),
    "held whole number, wider": (holds(prints("10 of 16", "9 of 16"), of=[1, None]), PASSED),
    "held, its neighbour moved": (
        holds(prints("9 of 15 run", "11 of 16 run"), run=[2, None]),
        DIFFERS,
    ),
    "held percentage": (holds(prints("at 95%", "at 98%"), at=3), PASSED),
    "held sign": (holds(prints("out -0.01", "out 0.02"), out=0.03), PASSED),
    "held exponent": (holds(prints("out 1e-3", "out 3e-3"), out=0.002), PASSED),
    "held thousands": (holds(prints("out 9,900", "out 10,000"), out=100), PASSED),
    "held nan": (holds(prints("out nan", "out 0.30"), out=9), "off by Infinity"),
    "held, a word changed": (holds(prints("out 0.34 ab", "out 0.30 cd"), out=0.04), DIFFERS),
    "held, a number more": (holds(prints("out 0.30 1", "out 0.30"), out=0.04), DIFFERS),
    "held, an entry for each number": (
        holds(prints("out 0.34 2", "out 0.30 2"), out=0.04),
        DIFFERS,
    ),
    "held, two lines fit": (
        holds(prints("out 0.34\nout 0.30", "out 0.30\nout 0.30"), out=0.04),
        DIFFERS,
    ),
    "held, key of two words": (holds(prints("a  b 0.34", "a b 0.30"), a_b=0.04), DIFFERS),
    "held row": (
        holds(
            shows(
                table(("in", "0.5"), ("out", "<b>0.34</b>", "16")),
                table(("in", "0.5"), ("out", "<b>0.30</b>", "16")),
            ),
            out=[0.04, None],
        ),
        PASSED,
    ),
    "held row, another row": (
        holds(
            shows(
                table(("in", "0.60"), ("out", "0.30")),
                table(("in", "0.50"), ("out", "0.30")),
            ),
            out=0.3,
        ),
        DIFFERS,
    ),
    "table, its text": (
        shows(
            table(("a", "1")) | {"text/plain": "at 0x1"}, table(("a", "1")) | {"text/plain": "b"}
        ),
        PASSED,
    ),
    "styled table": (
        shows(
            {"text/html": '<table id="T_1a2b3"><td id="T_1a2b3_row0_col0">a</td></table>'},
            {"text/html": '<table id="T_c-0"><td id="T_c-0_row0_col0">a</td></table>'},
        ),
        PASSED,
    ),
    "styled table, another cell": (
        shows(
            {"text/html": '<table id="T_1a2b3"><td id="T_1a2b3_row0_col1">a</td></table>'},
            {"text/html": '<table id="T_c-0"><td id="T_c-0_row0_col0">a</td></table>'},
        ),
        DIFFERS,
    ),
    "progress bar": (
        code("a = 1", new_output("display_data"), new_output("display_data", data=WIDGET)),
        PASSED,
    ),
    "progress bar, named": (
        code("a = 1", new_output("display_data", data=WIDGET | {"text/plain": "0%"})),
        PASSED,
    ),
    "text that is no bar": (
        code("a = 1", new_output("display_data", data={"text/plain": "0%"})),
        DIFFERS,
    ),
}
OTHERS = {
    "blank cell": (code(" \n", execution_count=None), PASSED),
    "unrun": (code("a = 1", execution_count=None), "has not been run; 'make run"),
    "unrun, with output": (code("a = 1", WARNING, execution_count=None), "has not been run"),
    "stored error": (code("a = 1", ERROR), "stores an error"),
    "meant error": (
        code("raise ValueError('no')", ERROR, metadata={"tags": ["raises-exception"]}),
        PASSED,
    ),
    "meant error, gone": (
        code("a = 1", ERROR, metadata={"tags": ["raises-exception"]}),
        DIFFERS,
    ),
    "raises": (code("1 / 0"), "Cell execution caused an exception"),
    "ignore tag": (
        code("a = 1", metadata={"tags": ["nbval-ignore-output"]}),
        "switches its check off",
    ),
    "ignore comment": (code("# NBVAL_IGNORE_OUTPUT\na = 1"), "switches its check off"),
    "skip tag": (code("a = 1", metadata={"tags": ["nbval-skip"]}), "switches its check off"),
    "skip comment": (code("# NBVAL_SKIP\na = 1"), "switches its check off"),
    "warning": (code("import sys; print('careful', file=sys.stderr)", WARNING), PASSED),
    "warning new": (code("import sys; print('careful', file=sys.stderr)"), DIFFERS),
    "semicolon": (code("a = 5; a;"), PASSED),
    "no semicolon": (code("a"), DIFFERS),
    "output new": (code("print('more')"), DIFFERS),
    "stdout and stderr in any order": (
        code(
            "import sys; print(0.5108, flush=True); print('careful', file=sys.stderr)",
            WARNING,
            new_output("stream", name="stdout", text="0.5109\n"),
        ),
        PASSED,
    ),
}
CASES = {
    **{name: (prints(live, stored), verdict) for name, (live, stored, verdict) in PRINTED.items()},
    **{name: (shows(live, stored), verdict) for name, (live, stored, verdict) in SHOWN.items()},
    **HELD,
    **OTHERS,
}


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What pytest says of each cell of a notebook that holds all cases; "" is a pass."""
    folder = tmp_path_factory.mktemp("book")
    nbformat.write(new_notebook(cells=[case for case, _ in CASES.values()]), folder / "cases.ipynb")
    (folder / "conftest.py").write_text((ROOT / "conftest.py").read_text("utf-8"), "utf-8")
    command = [sys.executable, "-m", "pytest", "--nbval", "--color=no", "--junitxml=report.xml"]
    command += ["-o", f"pythonpath={ROOT / 'tools'}"]
    environment = os.environ | {"PYTEST_ADDOPTS": ""}
    subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True)
    cases = ElementTree.parse(folder / "report.xml").iter("testcase")
    return [
        " ".join(part.get("message", "") + (part.text or "") for part in case) for case in cases
    ]


@pytest.mark.parametrize("name", CASES)
def test_a_cell(name: str, messages: list[str]) -> None:
    assert len(messages) == len(CASES)
    message = messages[list(CASES).index(name)]
    expected = CASES[name][1]
    assert expected in message
    assert bool(message) == bool(expected), message


def test_a_refusal_names_notebook_and_cell(messages: list[str]) -> None:
    number = list(CASES).index("unrun")
    assert f"cases.ipynb::Cell {number} ('a = 1') has not been run" in messages[number]
    assert "'make run CHAPTER=cases' runs it" in messages[number]
    assert "'git checkout " in messages[number]


# A kernel that does not start


def start(fails: int) -> tuple[list[str], SimpleNamespace]:
    """Start a kernel that fails so many times; return what happened, and the kernel."""
    happened = []

    def begin(self: SimpleNamespace, name: str) -> None:
        happened.append(f"start {name}")
        if happened.count(f"start {name}") <= fails:
            raise RuntimeError("Kernel didn't respond in 60 seconds")

    kernel = SimpleNamespace(is_alive=lambda: True, stop=lambda: happened.append("stop"))
    start_again(kernel, "python3", start=begin)
    return happened, kernel


def test_a_kernel_is_started_three_times() -> None:
    assert start(fails=2)[0] == ["start python3", "stop"] * 2 + ["start python3"]
    with pytest.raises(RuntimeError, match="respond"):
        start(fails=3)
