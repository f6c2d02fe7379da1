"""The page for teachers: its plans add up, its drawing is true, its run times were measured."""

import json
import re
import sys
from xml.etree import ElementTree

import nbformat
import pytest
from built import HTML, ROOT
from nbformat.v4 import new_code_cell, new_notebook

import costs
import notices

PAGE = (ROOT / "appendix/teaching.md").read_text("utf-8")
CHAPTERS = {
    int(path.name[:2]): nbformat.read(path, 4) for path in sorted(ROOT.glob("chapters/*.ipynb"))
}
NOTEBOOKS = [
    f"{folder}/{path.stem}"
    for folder in ("chapters", "appendix")
    for path in sorted((ROOT / folder).glob("*.ipynb"))
]
LABELS = (
    r"^\(([\w-]+)\)=",
    r"^:(?:label|name): ([\w-]+)",
    r"^\$\$ \(([\w-]+)\)",
)
USED = re.compile(r"\{(?:numref|ref|eq|prf:ref)\}`(?:[^`<]*<)?([\w-]+)>?`")


def section(label: str) -> str:
    return PAGE.split(f"({label})=")[1].split("\n(sec-")[0]


def text_of(notebook) -> str:
    return "\n".join(each.source for each in notebook.cells if each.cell_type == "markdown")


def figures(notebook) -> set[str]:
    told = [each.metadata.get("mystnb", {}).get("figure", {}) for each in notebook.cells]
    return {each["name"] for each in told if "name" in each}


# Plans


def test_each_lecture_and_the_lab_take_90_minutes():
    parts = re.split(r"\*\*(?:Lecture|Lab)", section("sec-teach-lectures"))[1:]
    minutes = [sum(map(int, re.findall(r"^\| (\d+) \|", part, re.MULTILINE))) for part in parts]
    assert minutes == [90, 90, 90]


def test_four_weeks_have_all_chapters_in_order():
    rows = re.findall(r"^\| \d \| (\d), (\d) \|", section("sec-teach-weeks"), re.MULTILINE)
    assert [int(each) for row in rows for each in row] == list(CHAPTERS)


def test_each_question_of_the_self_test_has_an_answer_that_says_what_to_read():
    questions = re.split(r"^\*\*\d\.\*\*", section("sec-teach-test"), flags=re.MULTILINE)[1:]
    assert len(questions) == 5
    for each in questions:
        assert each.count(":::{dropdown} Answer") == 1
        assert re.search(r"\*If this was hard:\* .*\{numref\}`sec-[\w-]+`", each)


def test_each_misconception_has_a_figure_of_a_chapter():
    items = re.findall(r"^- .*", section("sec-teach-wrong"), re.MULTILINE)
    known = set().union(*map(figures, CHAPTERS.values()))
    assert len(items) > 10
    for each in items:
        assert set(USED.findall(each)) & known, each


# The drawing


def arrows() -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
    """What needs what, and what helps with what, as pairs of chapters."""
    root = ElementTree.parse(ROOT / "images/dependencies.svg").getroot()
    names = [each.get("id") or "" for each in root.iter("{http://www.w3.org/2000/svg}path")]
    found = [re.fullmatch(r"(needs|helps)-(\d)-(\d)", name) for name in names]
    pairs = [(each[1], (int(each[2]), int(each[3]))) for each in found if each]
    return tuple({pair for kind, pair in pairs if kind == which} for which in ("needs", "helps"))


def test_a_chapter_refers_to_no_earlier_one_that_the_drawing_leaves_out():
    needs, _ = arrows()
    before = {number: {a for a, b in needs if b == number} for number in CHAPTERS}
    for number in CHAPTERS:
        before[number] |= set().union(*(before[each] for each in before[number]))
    home = {}
    for number, notebook in CHAPTERS.items():
        text = text_of(notebook)
        labels = [each for kind in LABELS for each in re.findall(kind, text, re.MULTILINE)]
        home |= dict.fromkeys([*labels, *figures(notebook)], number)
    for number, notebook in CHAPTERS.items():
        used = {home[each] for each in USED.findall(text_of(notebook)) if each in home}
        assert {each for each in used if each < number} <= before[number], number


def test_the_page_s_short_courses_leave_out_nothing_that_is_needed():
    needs, _ = arrows()
    for row in re.findall(r"^\| four sessions.*", PAGE, re.MULTILINE):
        taken = {int(each) for each in re.findall(r"\b\d\b", row)}
        assert {a for a, b in needs if b in taken} <= taken, row


# Run time and memory


def test_every_notebook_was_measured():
    record = json.loads(costs.RECORD.read_text("utf-8"))
    assert list(record["notebooks"]) == NOTEBOOKS, "run make costs"
    for name, each in record["notebooks"].items():
        assert 1 < each["seconds"] < 1200, name
        assert 100 < each["megabytes"] < 8000, name
    assert record.keys() - {"notebooks"} == costs.made().keys()


def test_the_page_shows_what_was_measured(built_pages):
    record = json.loads(costs.RECORD.read_text("utf-8"))
    text = (HTML / "appendix/teaching.html").read_text("utf-8").split('id="sec-teach-costs"')[1]
    cells = [re.sub("<[^>]+>", "", each) for each in re.findall(r"<td.*?</td>", text, re.DOTALL)]
    shown = [(int(a), float(b)) for a, b in zip(cells[1::3], cells[2::3], strict=True)]
    assert len(shown) == len(NOTEBOOKS)
    for (seconds, gigabytes), each in zip(shown, record["notebooks"].values(), strict=True):
        assert abs(seconds - each["seconds"]) <= 0.5
        assert abs(gigabytes * 1000 - each["megabytes"]) <= 50
    assert record["machine"] in text


def test_a_table_in_markdown():
    measured = {"chapters/03_mine": {"seconds": 41.6, "megabytes": 649}}
    told = {"date": "D", "machine": "M", "system": "S", "python": "P", "torch": "T"}
    lines = notices.told_costs(told | {"notebooks": measured})
    assert lines[2] == "| [](/chapters/03_mine.ipynb) | 42 | 0.6 |"
    assert lines[-1].startswith("Measured on D with one thread on this machine: M, S, Python P")


@pytest.mark.skipif(sys.platform == "win32", reason="memory is measured on Unix")
def test_seconds_and_memory_of_a_notebook(tmp_path):
    chapters = tmp_path / "chapters"
    chapters.mkdir()
    work = "import time\nwhile time.process_time() < 3:\n    pass"
    sources = [work, "b = b'1' * 300_000_000\ndel b"]
    cells = [new_code_cell(each) for each in sources]
    nbformat.write(new_notebook(cells=cells), chapters / "1.ipynb")
    before = (chapters / "1.ipynb").read_bytes()
    record = tmp_path / "costs.json"
    record.write_text('{"notebooks": {"appendix/0": {}, "chapters/0": {}, "chapters/2": {}}}')
    assert costs.main([chapters / "1.ipynb"], record) == 0
    found = json.loads(record.read_text())["notebooks"]
    assert list(found) == ["chapters/0", "chapters/1", "chapters/2", "appendix/0"]
    assert 3 <= found["chapters/1"]["seconds"] < 60
    assert 300 < found["chapters/1"]["megabytes"] < 600
    assert (chapters / "1.ipynb").read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="memory is measured on Unix")
def test_a_notebook_that_fails_is_not_recorded(tmp_path, capsys):
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), tmp_path / "1.ipynb")
    assert costs.main([tmp_path / "1.ipynb"], tmp_path / "costs.json") == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert not (tmp_path / "costs.json").exists()
