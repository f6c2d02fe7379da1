"""A class of 27 hands in, and each gets the right marks, whatever has become of a notebook."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import pytest
from built import ROOT
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

import course
from handouts import FULL, STUDENT
from mine_checks import grading
from mine_checks.grading import grade
from mine_checks.judge import LATE, MISSING, PASSED, RAISED, UNTRIED, WRONG
from mine_checks.results import chapters

BOOK = {path.stem[:2]: path for path in ROOT.glob("chapters/[0-9]*.ipynb")}
SECONDS = 15  # for an endless loop
RIGHT = "attempt = lambda z, s: z.roll(-s, 0)"
Edit = Callable[[NotebookNode], None]


@dataclass
class Work:
    """What a student of the class did.

    code: for the cell of each check. expected: status, and words of the message, for each check.
    edit: what else happened to the notebook. text: what the file holds instead of a notebook.
    """

    chapter: str
    code: dict[str, str] = field(default_factory=dict)
    expected: dict[str, tuple[str, str]] = field(default_factory=dict)
    edit: Edit = lambda notebook: None
    name: str = "{student}_{stem}.ipynb"
    text: str | None = None
    note: str = ""


def cell_of(notebook: NotebookNode, check: str) -> NotebookNode:
    return next(each for each in notebook.cells if f"check.{check}(" in each.source)


def shifts(code: str, status: str, message: str = "", **more: object) -> Work:
    """An answer to the exercise of chapter 3."""
    call = "" if more.pop("without_check", False) else "\ncheck.product_pairs(attempt)"
    told = {"product_pairs": (status, message)} | more.pop("others", {})
    return Work("03", {"product_pairs": f"{code}{call}"}, told, **more)


def rename_ids(notebook: NotebookNode) -> None:
    """As Colab does."""
    for number, cell in enumerate(notebook.cells):
        cell.id = f"colab-{number}"


def exercise_first(notebook: NotebookNode) -> None:
    cell = cell_of(notebook, "product_pairs")
    notebook.cells.remove(cell)
    notebook.cells.insert(0, cell)


def only_the_exercise(notebook: NotebookNode) -> None:
    notebook.cells = [cell_of(notebook, "product_pairs")]


def without_the_exercise(notebook: NotebookNode) -> None:
    notebook.cells.remove(cell_of(notebook, "product_pairs"))


def try_again(code: str) -> Edit:
    """Leave the cell as it is and work in a new one below."""

    def edit(notebook: NotebookNode) -> None:
        notebook.cells.append(new_code_cell(f"{code}\ncheck.product_pairs(attempt)"))

    return edit


def all_renamed(code: str) -> Edit:
    def edit(notebook: NotebookNode) -> None:
        rename_ids(notebook)
        try_again(code)(notebook)

    return edit


OWN_CHECK = """
import mine_checks, mine_checks.chapter_03, mine_checks.answers

mine_checks.product_pairs = lambda f: print("all checks passed")
mine_checks.answers.refuse = lambda message: print("all checks passed")


class check:
    product_pairs = staticmethod(lambda f: print("all checks passed"))


attempt = lambda z, s: z.roll(s, 0)
"""
OWN_PACKAGE = """
from pathlib import Path

home = Path("mine_checks")
home.mkdir()
(home / "__init__.py").write_text("product_pairs = lambda f: print('all checks passed')")
(home / "answers.py").write_text("PASSED = 'all checks passed'")
attempt = lambda z, s: z.roll(s, 0)
"""
OWN_FILE = "open('mine_checks.py', 'w').write('product_pairs = print')\nattempt = lambda z, s: z"
LIES = "def attempt(z, s):\n    print('all checks passed')\n    return z"
HELPER = "def attempt(z, s):\n    return torch.cat([z[s:], z[:s]])"
CHAPTER_7 = {
    "together": "attempt = [[[.25, 0], [0, .25]], [[0, .25], [.25, 0]]]\ncheck.together(attempt)",
    "pairs_needed": "attempt = 810\ncheck.pairs_needed(attempt)",
    "standard_error": "attempt = lambda i: i.std(ddof=1) / np.sqrt(len(i))\n"
    "check.standard_error(attempt)",
    "infonce": "attempt = lambda t: undefined\ncheck.infonce(attempt)",
}
CLASS = {
    "right": shifts(RIGHT, PASSED),
    "right-otherwise": shifts(HELPER, PASSED),
    "backwards": shifts("attempt = lambda z, s: z.roll(s, 0)", WRONG, "the other way round"),
    "by-one": shifts("attempt = lambda z, s: z.roll(-1, 0)", WRONG, "whatever s is"),
    "cut-off": shifts("attempt = lambda z, s: z[s:]", WRONG, "keep the shape"),
    "one-argument": shifts("attempt = lambda z: z", WRONG, "should take 2 arguments"),
    "untouched": shifts("attempt = None", UNTRIED),
    "raises": shifts("attempt = 1 / 0", RAISED, "ZeroDivisionError: division by zero"),
    "typo": shifts("attempt = lambda z, s: (", RAISED, "SyntaxError"),
    "exits": shifts("import sys\nsys.exit()\nattempt = 1", RAISED, "SystemExit"),
    "crashes": shifts("import os\nos._exit(3)\nattempt = 1", RAISED, "ended with code 3"),
    "loops": shifts("while True:\n    pass\nattempt = 1", LATE, f"within {SECONDS} s"),
    "gone": Work("03", {}, {"product_pairs": (MISSING, "no cell calls")}, without_the_exercise),
    "colab": shifts(RIGHT, PASSED, edit=rename_ids),
    "moved": shifts(HELPER, PASSED, edit=exercise_first),
    "alone": shifts(
        HELPER, PASSED, edit=only_the_exercise, others={"slopes": (MISSING, "no cell calls")}
    ),
    "own-check": shifts(OWN_CHECK, WRONG, "the other way round"),
    "own-package": shifts(OWN_PACKAGE, WRONG, "the other way round"),
    "own-file": shifts(OWN_FILE, WRONG, "nothing has moved"),
    "no-check": shifts(RIGHT, PASSED, without_check=True),
    "lies": shifts(LIES, WRONG, "nothing has moved"),
    "twice": shifts("attempt = None", PASSED, edit=all_renamed(f"!ls\n%time 1\n{RIGHT}")),
    "folder": shifts(RIGHT, PASSED, name="{student}/work.ipynb"),
    "json": Work("03", text='{"cells": [', note="no JSON"),
    "empty": Work("03", text="", note="empty file"),
    "essay": Work("03", text="My essay", name="{student}.docx", note="no notebook (.ipynb)"),
    "seven": Work(
        "07",
        CHAPTER_7,
        {
            "together": (PASSED, ""),
            "pairs_needed": (WRONG, ""),
            "standard_error": (PASSED, ""),
            "infonce": (WRONG, "NameError"),
        },
    ),
}


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory, built_pages) -> Path:
    """The folder of submissions."""
    folder = tmp_path_factory.mktemp("submissions")
    for student, work in CLASS.items():
        path = folder / work.name.format(student=student, stem=BOOK[work.chapter].stem)
        path.parent.mkdir(exist_ok=True)
        if work.text is not None:
            path.write_text(work.text)
            continue
        book = BOOK[work.chapter]
        notebook = course.made(book, STUDENT, course.names_of([book]))
        for check, code in work.code.items():
            cell_of(notebook, check).source = code
        work.edit(notebook)
        nbformat.write(notebook, path)
    return folder


def of_chapter(number: str) -> list[str]:
    return [e.check for one in chapters() for e in one.exercises if one.number == int(number)]


@pytest.mark.course
def test_a_class_of_27_gets_the_right_marks(handed_in, capsys):
    assert len(CLASS) == 27
    start = time.monotonic()
    assert grading.main([str(handed_in), "--seconds", str(SECONDS)]) is None
    assert time.monotonic() - start < 600
    told = json.loads((handed_in / "grades.json").read_text("utf-8"))
    rows = {each["student"]: each for each in told}
    assert set(rows) == set(CLASS)
    for student, work in CLASS.items():
        found = {e["check"]: (e["status"], e["message"]) for e in rows[student]["results"]}
        checks = [] if work.text is not None else of_chapter(work.chapter)
        expected = dict.fromkeys(checks, (UNTRIED, "")) | work.expected
        assert {k: status for k, (status, _) in found.items()} == {
            k: status for k, (status, _) in expected.items()
        }, student
        assert all(words in found[k][1] for k, (_, words) in expected.items()), (student, found)
        assert rows[student]["points"] == [e[0] for e in expected.values()].count(PASSED)
        assert work.note in "".join(rows[student]["notes"])
    see_table(capsys.readouterr().out, handed_in)


def see_table(printed: str, folder: Path) -> None:
    """One line for each student, as long as the head, and where the files are."""
    lines = printed.splitlines()[1:]
    head, body = lines[0], lines[1 : 1 + len(CLASS)]
    assert [line.split()[0] for line in body] == sorted(CLASS)
    whole = [line for line in body if CLASS[line.split()[0]].text is None]
    assert {len(line) for line in whole} == {len(head)}
    assert str(folder / "grades.csv") in lines[-1]
    assert len((folder / "grades.csv").read_text("utf-8-sig").splitlines()) == 1 + len(CLASS)


@pytest.mark.course
@pytest.mark.parametrize("chapter", chapters(), ids=lambda each: each.name)
def test_the_book_s_solutions_pass(chapter, tmp_path):
    """The chapter as it is in the book: the cells of its solutions count as attempts."""
    path = ROOT / "chapters" / f"{chapter.name}.ipynb"
    solved = {
        each.check
        for each in chapter.exercises
        if path.read_text("utf-8").count(f"check.{each.check}(") > 1
    }
    assert solved
    found = {each.check: each for each in grade(path)}
    assert {each for each in found if found[each].status == PASSED} == solved


def test_full_notebooks_can_stand_for_the_book(tmp_path, built_pages):
    book = BOOK["08"]
    notebook = course.made(book, FULL, course.names_of([book]))
    nbformat.write(notebook, tmp_path / book.name)
    (found,) = chapters(tmp_path)
    expected = next(each for each in chapters() if each.name == book.stem)
    assert [(e.number, e.check, e.id) for e in found.exercises] == [
        (e.number, e.check, e.id) for e in expected.exercises
    ]


def test_one_answer_is_graded(tmp_path):
    """The way of all answers, once in each run of the tests."""
    cell = "import mine_checks as check\nattempt = 459\ncheck.pairs_to_meet(attempt)"
    notebook = nbformat.v4.new_notebook(cells=[new_code_cell(cell)])
    nbformat.write(notebook, tmp_path / "x_06_gaussian_experiments.ipynb")
    found = {e.check: e for e in grade(tmp_path / "x_06_gaussian_experiments.ipynb")}
    assert found["pairs_to_meet"].points == 1
    assert found["flattery"].status == MISSING
