"""Chapters as notebooks that run without the book: for students without solutions, and full."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbconvert.preprocessors import ClearOutputPreprocessor, TagRemovePreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

from myst import blocks
from plain_markdown import Names, Plain, Unplain

SOLUTION = "solution"  # the tag of a cell that students do not get
FOLDED = ("hide-input", "hide-cell")
OF_THE_BOOK = (
    "mystnb",
    "holds",
    "tolerance",
    "slides",
)  # metadata that its pages and tests read
ESCAPED = re.compile(r"\\(?=[.()\-])")  # pybtex escapes what need not be
EXERCISE = re.compile(r"\{exercise(-start)?\}")
ANSWER = "*Your answer:*"
FIRST_CELL = Path(__file__).with_name("course") / "first_cell.py"


@dataclass(frozen=True)
class Edition:
    """What a handout is: its name, whether it keeps solutions and outputs."""

    name: str
    solutions: bool

    @property
    def folder(self) -> str:
        """The folder that its zip unpacks to."""
        return f"mine-course-{self.name}"


STUDENT, FULL = Edition("student", solutions=False), Edition("full", solutions=True)


def tag_solutions(notebook: NotebookNode) -> None:
    """Give each solution cells of its own, with a tag: directives, and what stands in gates."""
    cells, inside = [], False
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            cells.append(tagged(cell) if inside else cell)
            continue
        parts = list(_parts(cell.source, inside))
        for number, (text, is_solution, _) in enumerate(parts):
            new = new_markdown_cell(text, id=f"{cell.id}-{number}" if number else cell.id)
            cells.append(tagged(new) if is_solution else new)
        inside = parts[-1][2] if parts else inside
    if inside:
        raise Unplain("a solution-start has no solution-end")
    notebook.cells = cells


def _parts(text: str, inside: bool) -> Iterator[tuple[str, bool, bool]]:
    """Pieces of a text: whether each belongs to a solution, and whether one is open after it."""
    kept, was = [], inside
    for block in blocks(text):
        inside = inside or block.name == "solution-start"
        is_solution = inside or block.name == "solution"
        if kept and is_solution != was:
            yield "\n\n".join(kept), was, inside
            kept = []
        kept.append(block.text)
        was = is_solution
        inside = inside and block.name != "solution-end"
    if kept:
        yield "\n\n".join(kept), was, inside


def tagged(cell: NotebookNode) -> NotebookNode:
    """The cell, marked as a part of a solution."""
    cell.metadata["tags"] = [*cell.metadata.get("tags", []), SOLUTION]
    return cell


def add_answers(notebook: NotebookNode) -> None:
    """Put a cell for the answer where a solution is to go and no cell of code asks for one."""
    cells, has_place, was = [], False, False
    for cell in notebook.cells:
        is_solution = SOLUTION in cell.metadata.get("tags", [])
        if is_solution and not was and not has_place:
            cells.append(new_markdown_cell(ANSWER, id=f"{cell.id}-answer"))
        if not is_solution and cell.cell_type == "code":
            has_place = True
        elif not is_solution and EXERCISE.search(cell.source):
            has_place = False
        cells.append(cell)
        was = is_solution
    notebook.cells = cells


def for_students(notebook: NotebookNode) -> NotebookNode:
    """The notebook without the cells of its solutions and without outputs."""
    add_answers(notebook)
    remove = TagRemovePreprocessor(remove_cell_tags={SOLUTION})
    for step in (remove, ClearOutputPreprocessor()):
        notebook, _ = step.preprocess(notebook, {})
    return notebook


def handout(notebook: NotebookNode, page: str, edition: Edition, names: Names) -> NotebookNode:
    """A chapter as its readers get it, all but the two cells that come first."""
    tag_solutions(notebook)
    if not edition.solutions:
        notebook = for_students(notebook)
    plain, cells = Plain(names, page), []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = plain(cell.source)
        caption = _caption(cell, plain)
        if cell.source.strip():
            cells.append(_without_settings(cell))
        if caption:
            cells.append(new_markdown_cell(caption, id=f"{cell.id}-caption"))
    notebook.cells = cells
    if plain.cited:
        notebook.cells.append(new_markdown_cell(_sources(plain), id="course-sources"))
    return notebook


def _caption(cell: NotebookNode, plain: Plain) -> str:
    """The caption of a figure that a cell draws."""
    figure = cell.metadata.get("mystnb", {}).get("figure", {})
    return plain.caption(figure.get("name", ""), figure["caption"]) if "caption" in figure else ""


def _without_settings(cell: NotebookNode) -> NotebookNode:
    """The cell without what only the book reads; code that the book folds, folded here too."""
    for key in OF_THE_BOOK:
        cell.metadata.pop(key, None)
    if cell.cell_type == "code" and set(FOLDED) & set(cell.metadata.get("tags", [])):
        cell.metadata["jupyter"] = {"source_hidden": True}
        cell.metadata["cellView"] = "form"  # Colab's word for it
    return cell


def _sources(plain: Plain) -> str:
    """The list of what a chapter cites."""
    entries = sorted(plain.names.sources[key]["full"] for key in plain.cited)
    lines = [f"- {' '.join(ESCAPED.sub('', each).split())}" for each in entries]
    return "\n".join(["## Sources", "", *lines])


def first_cells(about: str, edition: Edition, address: str) -> list[NotebookNode]:
    """Who wrote this and what one may do with it, and the cell that finds `mine_lib`."""
    code = FIRST_CELL.read_text("utf-8").split('"""', 2)[2].strip()
    call = f'find_mine_lib(source="{address}", folder="{edition.folder}")'
    code = re.sub(r"(?m)^find_mine_lib.*", call, code)
    hidden = {"jupyter": {"source_hidden": True}, "cellView": "form"}
    return [
        new_markdown_cell(about, id="course-about"),
        new_code_cell(code, id="course-start", metadata=hidden),
    ]
