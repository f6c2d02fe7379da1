"""The pages of some chapters: built strictly, with the numbers of the whole book."""

import re

import nbformat
import pytest
from built import HTML, ROOT
from nbformat.v4 import new_markdown_cell, new_notebook
from test_plain_markdown import names

import course
import course_book
from plain_markdown import Unplain

HOME = "chapters/01_one"
NUMBERS = re.compile(r'(?:caption-number|section-number|eqno)">([^<]*)')


@pytest.mark.parametrize(
    ("myst", "expected"),
    [
        ("{prf:ref}`thm` and {prf:ref}`far`", "{prf:ref}`thm` and Theorem 2.1 of the book"),
        ("{eq}`eq-near`, {eq}`eq-far`", "{eq}`eq-near`, (2.3) of the book"),
        ("{ref}`it <far>`", "it (Theorem 2.1 of the book)"),
        ("{term}`nats` {cite}`koh2020`", "{term}`nats` {cite}`koh2020`"),
        ("{doc}`recipes <../appendix/recipes>`", "recipes (“Recipes” of the book)"),
        ("[next](02_two.ipynb)", "next (chapter 2 of the book)"),
        ("[this](01_one.ipynb)", "[this](01_one.ipynb)"),
        ("`{eq}` and $E[X](y)$", "`{eq}` and $E[X](y)$"),
    ],
)
def test_what_refers_to_missing_chapters_is_plain(myst, expected):
    assert course_book.without_missing(myst, HOME, names()) == expected


def test_a_page_with_a_broken_reference_is_named(tmp_path):
    path = tmp_path / "01_one.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("[x](03_three.ipynb)")]), path)
    with pytest.raises(Unplain, match=r"^chapters/01_one.ipynb: the book has no page"):
        course_book.copy_chapter(path, tmp_path / "copy.ipynb", names())


@pytest.mark.course
def test_some_chapters_make_a_book(tmp_path, built_pages):
    paths = course.chosen(["1,3,5"])
    pages = course_book.build(paths, tmp_path, course.names_of(paths))
    for path in ROOT.glob("chapters/[0-9]*.ipynb"):
        name = f"chapters/{path.stem}.html"
        text = (pages / name).read_text("utf-8")
        if path not in paths:
            assert course_book.OUT in text
            continue
        assert NUMBERS.findall(text) == NUMBERS.findall((HTML / name).read_text("utf-8"))
        assert not re.search(r"\{(?:eq|numref|ref|prf:ref|doc)\}", text)
    assert "Theorem 2.1 of the book" in (pages / "chapters/03_mine.html").read_text("utf-8")
    assert not (tmp_path / "book").exists()


@pytest.mark.course
def test_a_fault_stops_the_pages_and_is_named(tmp_path, built_pages, monkeypatch):
    monkeypatch.setattr(course_book, "intro", lambda *_: "# Title\n\n{ref}`nowhere`\n")
    paths = course.chosen(["1"])
    with pytest.raises(SystemExit, match="undefined label: 'nowhere'"):
        course_book.build(paths, tmp_path, course.names_of(paths))
