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
    rows = re.findall(r"^\| \d \| (\d(?:, \d)+) \|", section("sec-teach-weeks"), re.MULTILINE)
    assert len(rows) == 4
    assert [int(each) for row in rows for each in row.split(", ")] == list(CHAPTERS)


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
    record = costs.read_record()
    assert list(record) == NOTEBOOKS, "run make costs"
    for name, each in record.items():
        assert 1 < each["seconds"] < 1200, name
        assert 100 < each["megabytes"] < 8000, name
        assert each.keys() == {"seconds", "megabytes"} | costs.made().keys(), name


def test_the_page_shows_what_was_measured(built_pages):
    record = costs.read_record()
    text = (HTML / "appendix/teaching.html").read_text("utf-8").split('id="sec-teach-costs"')[1]
    cells = [re.sub("<[^>]+>", "", each) for each in re.findall(r"<td.*?</td>", text, re.DOTALL)]
    shown = [(int(a), float(b)) for a, b in zip(cells[1::3], cells[2::3], strict=True)]
    assert len(shown) == len(NOTEBOOKS)
    for (seconds, gigabytes), each in zip(shown, record.values(), strict=True):
        assert abs(seconds - each["seconds"]) <= 0.5
        assert abs(gigabytes * 1000 - each["megabytes"]) <= 50
        assert f"{each['date']} with one thread of {each['machine']}" in text


MEASURED = {"seconds": 41.6, "megabytes": 649}
MADE = {"date": "D", "machine": "M", "system": "S", "python": "P", "torch": "T", "mine_lib": "L"}


def test_a_table_in_markdown():
    lines = notices.told_costs({"chapters/03_mine": MEASURED | MADE})
    assert lines[2] == "| [](/chapters/03_mine.ipynb) | 42 | 0.6 |"
    assert lines[4] == "Measured on D with one thread of M, S, Python P, torch T."


def test_each_notebook_is_told_with_the_machine_that_it_was_measured_on():
    names = ("chapters/1", "chapters/2", "appendix/3")
    machines = ("M", "N", "M")
    told = {
        name: MEASURED | MADE | {"machine": machine}
        for name, machine in zip(names, machines, strict=True)
    }
    assert notices.origins(told) == [
        "Measured on D with one thread of M, S, Python P, torch T: "
        "[](/chapters/1.ipynb), [](/appendix/3.ipynb).",
        "Measured on D with one thread of N, S, Python P, torch T: [](/chapters/2.ipynb).",
    ]


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
    before_that = dict.fromkeys(["appendix/0", "chapters/0", "chapters/2"], MEASURED | MADE)
    record.write_text(json.dumps(before_that), "utf-8")
    assert costs.main([chapters / "1.ipynb"], record) == 0
    found = costs.read_record(record)
    assert found["chapters/0"] == MEASURED | MADE  # not this machine's, nor of today
    assert found["chapters/1"].items() >= costs.made().items()
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
