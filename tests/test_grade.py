"""`make grade`: what is read of a notebook, and what becomes of a folder.

Answers are judged in test_grade_runs.py.
"""

import codecs
import csv
import json
import sys
from pathlib import Path

import nbformat
import pytest
from built import ROOT
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import mine_checks
from mine_checks import grading, judge, marks, process, results
from mine_checks.exercises import attempts, read_chapter
from mine_checks.grading import Result, Unreadable, grade
from mine_checks.judge import LATE, MISSING, PASSED, RAISED, UNTRIED, WRONG
from mine_checks.results import BOOK, chapters, read
from mine_checks.statements import needed, statements

CHECKED = [(one, each) for one in chapters() for each in one.exercises]


def code(*cells):
    """A notebook of code cells."""
    return new_notebook(cells=[new_code_cell(each) for each in cells])


# Which statements


def run_before(last, *cells):
    """Code needed for the last cell."""
    return needed([each for cell in cells for each in statements(cell)], statements(last))


@pytest.mark.parametrize(
    ("cells", "last", "expected"),
    [
        (["a = 1", "b = 2"], "c = a", ["a = 1"]),
        (["a = 1\nb = 2"], "c = a", ["a = 1"]),
        (["a = 1", "b = a", "c = 3"], "b", ["a = 1", "b = a"]),
        (["a = 1", "a = 2"], "a", ["a = 2"]),
        (["a = 1", "if b:\n    a = 2", "b = 0"], "a", ["a = 1", "if b:\n    a = 2"]),
        (["a = []", "a.append(1)", "b = []", "b.append(a)"], "a", ["a = []", "a.append(1)"]),
        (["a = {}", "a['x'] = 1"], "a", ["a = {}", "a['x'] = 1"]),
        (["a = 1", "a += 1"], "a", ["a = 1", "a += 1"]),
        (["import torch", "torch.manual_seed(0)", "x = slow()"], "torch.ones(1)", ["import torch"]),
        (["slope = slow()"], "def slope():\n    return slope()\nslope", []),
        (["k = 1", "def f():\n    return k", "a = f()", "k = 2"], "a", 3),
        (["k = 1", "def f():\n    return k", "k = 2"], "f()", 2),
        (["def f():\n    return g()", "def g():\n    return 1"], "f()", 2),
        (["def f():\n    x = 1\n    return x", "x = slow()"], "f()", 1),
        (["x = slow()"], "def f(x):\n    return x\na = f", []),
        (["k = 2", "x = slow()"], "a = [k * x for x in range(3)]", ["k = 2"]),
        (["from math import *", "b = 1"], "a = pi", ["from math import *"]),
        (["from math import pi as p, e"], "a = p", ["from math import pi as p, e"]),
        (["def broken(:", "a = 1"], "a", ["a = 1"]),
        (["%matplotlib inline\na = 1", "!ls"], "a", ["a = 1"]),
    ],
)
def test_only_what_makes_a_name_is_needed(cells, last, expected):
    found = run_before(last, *cells)
    assert (len(found) if isinstance(expected, int) else found) == expected


# Exercises and attempts


def test_each_check_of_a_chapter_has_one_exercise():
    names = {name for name, each in vars(mine_checks).items() if callable(each)}
    found = [each.check for _, each in CHECKED]
    assert len(set(found)) == len(found)
    assert set(found) == names
    assert len(found) >= 15


def test_exercises_have_the_numbers_of_the_book(built_pages):
    numbers = {each.check: each.number for _, each in CHECKED}
    labels = json.loads((ROOT / "_build/labels.json").read_text("utf-8"))["labels"]
    known = {each["name"] for each in labels.values()}
    assert {f"Exercise {number}" for number in numbers.values()} <= known
    assert numbers["die"] == "1.2"


@pytest.mark.parametrize(("chapter", "exercise"), CHECKED, ids=[e.check for _, e in CHECKED])
def test_an_untouched_chapter_is_not_tried(chapter, exercise):
    book = nbformat.read(BOOK / f"{chapter.name}.ipynb", as_version=4)
    first = attempts(book, exercise, chapter)[-1]
    assert first.is_blank
    assert sum(map(len, exercise.setup)) < 1000  # no training


def small(tmp_path):
    """A chapter with one exercise, whose check takes a table; in its solution a function."""
    gates = [":::{exercise} easy\n:::\n\n:::{exercise-start}\n:::", ":::{exercise-end}\n:::"]
    gates[1] += "\n\n:::{solution-start} ex\n:::"
    solved = "def right():\n    return 1\n\n\ncheck.leak(right, table)"
    book = new_notebook(
        cells=[
            new_code_cell("import mine_checks as check\ntable = [1]\nhelper = 5"),
            new_markdown_cell(gates[0]),
            new_code_cell("attempt = None\ncheck.leak(attempt, table)", id="the-one"),
            new_markdown_cell(gates[1]),
            new_code_cell(solved),
        ]
    )
    nbformat.write(book, tmp_path / "04_small.ipynb")
    return read_chapter(tmp_path / "04_small.ipynb")


def test_an_exercise_knows_what_its_check_takes(tmp_path):
    (exercise,) = small(tmp_path).exercises
    assert (exercise.number, exercise.check, exercise.id) == ("4.2", "leak", "the-one")
    assert (exercise.answer, exercise.others) == ("attempt", ["table"])
    assert exercise.setup == ["table = [1]"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["attempt = 3\ncheck.leak(attempt, table)"], [([], "attempt = 3", "attempt")]),
        (["check.leak(4, table)"], [([], "", "4")]),
        (["f = 3", "check.leak(f, table)"], [(["f = 3"], "", "f")]),
        (["check.leak(f, table)", "f = 3"], [(["f = 3"], "", "f")]),
        (["check.leak(helper)"], [(["helper = 5"], "", "helper")]),
        (["helper = 1", "check.leak(helper)"], [(["helper = 1"], "", "helper")]),
        (["a = 1\ncheck.leak(a)", "check.leak(2)"], [([], "", "2"), ([], "a = 1", "a")]),
        (["import mine_checks as mc\nmc.leak(1)"], [([], "import mine_checks as mc", "1")]),
        (["right = 2\ncheck.die(right)"], []),
        (["check.leak(right)"], [([], "", "right")]),  # which the book's solution makes
    ],
)
def test_an_attempt_is_found_by_its_check(cells, expected, tmp_path):
    chapter = small(tmp_path)
    found = attempts(code(*cells), chapter.exercises[0], chapter)
    assert [(each.setup, each.code, each.answer) for each in found] == expected


def test_an_attempt_whose_check_is_gone_is_found_by_its_cell(tmp_path):
    chapter = small(tmp_path)
    book = new_notebook(cells=[new_code_cell("attempt = 7", id="the-one")])
    (found,) = attempts(book, chapter.exercises[0], chapter)
    assert (found.code, found.answer) == ("attempt = 7", "attempt")


# The process that judges


def test_what_an_answer_writes_is_no_check(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [each for each in sys.modules if each.split(".")[0] == "mine_checks"]:
        monkeypatch.setitem(sys.modules, name, sys.modules[name])  # put back after the test
    Path("mine_checks.py").write_text("leak = die = print")
    paths = ["", ".", *sys.path]
    monkeypatch.setattr(sys, "path", judge.elsewhere(paths))
    assert judge.the_check("leak").__module__ == "mine_checks.chapter_01"


# Files


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty file"),
        ("{", "no JSON"),
        ("[1, 2]", "no notebook"),
        ("{}", "no notebook"),
        ('{"cells": [3], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "no notebook"),
    ],
)
def test_a_broken_notebook_is_told_why(text, message, tmp_path):
    path = tmp_path / "ada_03_mine.ipynb"
    path.write_text(text)
    with pytest.raises(Unreadable, match=message):
        read(path)


def test_bytes_that_are_no_text_are_told(tmp_path):
    path = tmp_path / "ada.ipynb"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Unreadable, match="cannot be read"):
        read(path)


def test_a_notebook_of_another_book_is_told(tmp_path):
    nbformat.write(code("1 + 1"), tmp_path / "homework.ipynb")
    with pytest.raises(Unreadable, match="of no chapter"):
        grade(tmp_path / "homework.ipynb")


def test_a_chapter_is_known_by_its_checks(tmp_path):
    nbformat.write(code("attempt = None\ncheck.moving_average(attempt)"), tmp_path / "x.ipynb")
    found = {each.check: each.status for each in grade(tmp_path / "x.ipynb")}
    assert found["moving_average"] == UNTRIED
    assert set(found) == {each.check for one, each in CHECKED if one.number == 5}


def test_a_book_without_chapters_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no chapters in"):
        chapters(tmp_path)


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("ada_03_mine.ipynb", "ada"),
        ("03_mine_ada.ipynb", "ada"),
        ("Ada Lovelace - 03_mine (1).ipynb", "Ada Lovelace"),
        ("tom_03_mine-2.ipynb", "tom"),
        ("03_mine.ipynb", "03_mine"),
        ("essay.ipynb", "essay"),
    ],
)
def test_a_file_s_name_says_whose_it_is(name, student):
    assert marks.student_of(Path(name), ["02_two", "03_mine"]) == student


def test_a_folder_is_one_student_s(tmp_path):
    for name in ("ada/03_mine.ipynb", "ada/deep/05_x.ipynb", "ada/.ipynb_checkpoints/a.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "bob").mkdir()
    for name in ("cat_03_mine.ipynb", ".hidden", "grades.csv", "dan.pdf"):
        (tmp_path / name).touch()
    found = [(each.student, each.path.name) for each in marks.submissions(tmp_path, ["03_mine"])]
    assert found == [
        ("ada", "03_mine.ipynb"),
        ("ada", "05_x.ipynb"),
        ("bob", "bob"),
        ("cat", "cat_03_mine.ipynb"),
        ("dan", "dan.pdf"),
    ]


# The table


def some_rows():
    statuses = (PASSED, WRONG, UNTRIED, RAISED, LATE, MISSING)
    keys = [(f"1.{k}", f"c{k}") for k in range(1, 7)]
    results = {key: Result(*key, each, each) for key, each in zip(keys, statuses, strict=True)}
    broken = marks.Row("bob", {}, ["bob_1.ipynb: empty file"])
    return [marks.Row("ada", results), broken], keys


def test_the_table_is_aligned_and_says_all():
    head, ada, bob, _, legend = marks.as_text(*some_rows()).splitlines()
    assert head.split() == ["student", *(f"1.{k}" for k in range(1, 7)), "points"]
    assert ada.split() == ["ada", "1", "wrong", "-", "raised", "time", "gone", "1/6"]
    assert len(head) == len(ada)
    assert bob.split() == ["bob", "-", "bob_1.ipynb:", "empty", "file"]
    assert all(word in legend for word in ("wrong", "raised", "time", "gone"))


def test_two_checks_of_an_exercise_have_two_names():
    assert marks.heads([("1.1", "a"), ("1.1", "b"), ("1.2", "c")]) == ["1.1 a", "1.1 b", "1.2"]


def test_grades_are_written(tmp_path):
    marks.write(*some_rows(), tmp_path)
    lines = (tmp_path / "grades.csv").read_text("utf-8-sig").splitlines()
    assert lines[0] == "student,1.1,1.2,1.3,1.4,1.5,1.6,points,of,notes"
    assert lines[1] == "ada,1,0,-,0,0,0,1,6,"
    assert lines[2] == "bob,,,,,,,0,6,bob_1.ipynb: empty file"
    ada, bob = json.loads((tmp_path / "grades.json").read_text("utf-8"))
    assert ada["results"][1] == {
        "exercise": "1.2",
        "check": "c2",
        "status": "wrong",
        "message": "wrong",
        "points": 0,
    }
    assert bob["notes"] == ["bob_1.ipynb: empty file"]


def test_grades_are_safe_in_a_spreadsheet(tmp_path):
    names = ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "Émile", "Ada-Lou"]
    table = [marks.Row(name, {}, [f"{name}.ipynb: empty file"]) for name in names]
    marks.write(table, [], tmp_path)
    assert (tmp_path / "grades.csv").read_bytes().startswith(codecs.BOM_UTF8)
    with open(tmp_path / "grades.csv", encoding="utf-8-sig", newline="") as file:
        _, *found = csv.reader(file)
    assert [row[0] for row in found] == [*(f"'{each}" for each in names[:5]), "Émile", "Ada-Lou"]
    assert [row[-1][0] for row in found] == [*(["'"] * 5), "É", "A"]
    told = json.loads((tmp_path / "grades.json").read_text("utf-8"))
    assert [each["student"] for each in told] == names


def test_folders_of_moodle_are_named_by_the_student(tmp_path):
    folder = tmp_path / "Ada Lovelace_12345_assignsubmission_file_"
    folder.mkdir()
    (folder / "03_mine.ipynb").touch()
    assert [each.student for each in marks.submissions(tmp_path, ["03_mine"])] == ["Ada Lovelace"]


def test_a_file_without_a_student_is_noted(tmp_path, monkeypatch):
    monkeypatch.setattr(marks, "in_parallel", lambda *_: [[]])
    (row,) = marks.rows([marks.Submission("03_mine", tmp_path / "03_mine.ipynb")], 1.0, tmp_path)
    assert row.notes == ["03_mine.ipynb: no student's name in the name of the file"]


def test_the_better_of_two_files_counts(tmp_path, monkeypatch):
    files = [marks.Submission("ada", tmp_path / name) for name in ("a.ipynb", "b.ipynb", "c.ipynb")]
    outcomes = [[Result("1.1", "c", status, "")] for status in (WRONG, PASSED, WRONG)]
    monkeypatch.setattr(marks, "in_parallel", lambda *_: outcomes)
    (row,) = marks.rows(files, 1.0, tmp_path)
    assert row.results["1.1", "c"].status == PASSED


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "There is no folder nowhere"),
        ([".", "--seconds", "0"], "positive number of seconds, got 0"),
        ([".", "--book", "nowhere"], "no chapters in nowhere"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert message in grading.main(words)


def test_a_process_that_does_not_start_costs_one_row(tmp_path, monkeypatch):
    for name, answer in (("ada", 1), ("bob", 2)):
        cell = f"attempt = {answer}\ncheck.pairs_to_meet(attempt)"
        nbformat.write(code(cell), tmp_path / f"{name}_06_gaussian_experiments.ipynb")

    def judged(attempt, exercise, seconds):
        if attempt.code == "attempt = 1":
            raise process.NotStarted("mine_checks.judge does not start")
        return PASSED, ""

    monkeypatch.setattr(results, "judged", judged)
    assert grading.main([str(tmp_path)]) is None
    ada, bob = json.loads((tmp_path / "grades.json").read_text("utf-8"))
    assert ada["notes"] == [
        "ada_06_gaussian_experiments.ipynb: not graded: mine_checks.judge does not start"
    ]
    assert (ada["of"], bob["points"], bob["notes"]) == (0, 1, [])


def test_an_empty_folder_is_told(tmp_path):
    assert "is empty" in grading.main([str(tmp_path)])
