"""The exercises of a chapter that a check judges, and a reader's answers to them.

An exercise is known by its cell's id or by its check: Colab gives cells new ids, and readers move,
copy and delete cells.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from mine_checks.statements import Statement, needed, statement, statements, tree_of

CHECKS = "mine_checks"
SOLUTION = "solution"  # the tag of solutions in a course's full notebooks
DIRECTIVE = re.compile(r"^\s*[:`]{3,}\{(exercise|solution)(-start|-end)?\}", re.MULTILINE)
PRINTED = re.compile(r"^\*\*Exercise ([\d.]+)\*\*", re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """What one check judges: its number in the book, its check's name, and the book's cell."""

    number: str
    check: str
    id: str
    answer: str  # the expression judged, mostly "attempt"
    others: list[str]  # the check's further arguments
    setup: list[str]  # code that makes these


@dataclass(frozen=True)
class Attempt:
    """A cell that tries an exercise: what to run before it, its own code, and what it answers."""

    setup: list[str]
    code: str
    answer: str

    @property
    def is_blank(self) -> bool:
        """Whether it is left as it was handed out, so that nothing need be run."""
        return self.code.strip() in (f"{self.answer} = None", f"{self.answer} = ...")


@dataclass
class Chapter:
    """A chapter of the book: its name, its exercises, and the statements of its other cells."""

    name: str
    exercises: list[Exercise] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)

    @property
    def number(self) -> int:
        """Such as 3 for 03_mine."""
        return int(self.name.split("_")[0])


def calls(cell: str, aliases: set[str]) -> list[ast.Call]:
    """The calls of checks in a cell, as statements at its top level."""
    try:
        body = tree_of(cell).body
    except (SyntaxError, ValueError):
        return []
    return [node.value for node in body if _is_call(node, aliases)]


def _is_call(node: ast.stmt, aliases: set[str]) -> bool:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return False
    call = node.value.func
    return isinstance(call, ast.Attribute) and getattr(call.value, "id", "") in aliases


def aliases_of(notebook: NotebookNode) -> set[str]:
    """What a notebook calls the module of checks, such as "check"."""
    found = {"check", CHECKS}
    for cell in code_of(notebook):
        found |= set(re.findall(rf"import {CHECKS} as (\w+)", cell.source))
    return found


def code_of(notebook: NotebookNode) -> list[NotebookNode]:
    """Its code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def read_chapter(path: Path) -> Chapter:
    """A chapter of the book, or of a course's full notebooks."""
    notebook = nbformat.read(path, as_version=4)
    chapter, aliases = Chapter(path.stem), aliases_of(notebook)
    for cell, number, part in _walk(notebook, chapter.number):
        if part == "solution":
            continue
        found = calls(cell.source, aliases)
        if part != "exercise":
            found = [call for call in found if _is_stub(cell.source, call)]
        if not found:
            chapter.statements += statements(cell.source)
        for call in found:
            chapter.exercises.append(_exercise(call, cell, number, chapter.statements))
    return chapter


def _exercise(call: ast.Call, cell: NotebookNode, number: str, before: list[Statement]) -> Exercise:
    answer, *others = [ast.unparse(each) for each in call.args]
    reads = [statement(ast.Expr(each)) for each in call.args[1:]]
    name = call.func.attr
    return Exercise(number, name, cell.get("id", ""), answer, others, needed(before, reads))


def _is_stub(cell: str, call: ast.Call) -> bool:
    """Whether a cell assigns None or an ellipsis to what it has judged."""
    answer = ast.unparse(call.args[0]) if call.args else ""
    return any(
        isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == answer
        and isinstance(node.value, ast.Constant)
        and node.value.value in (None, ...)
        for node in tree_of(cell).body
    )


def _walk(notebook: NotebookNode, chapter: int) -> Iterator[tuple[NotebookNode, str, str]]:
    """Each code cell with the number of its exercise, and whether it stands in a solution."""
    count, number, part = 0, "", ""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            is_solution = SOLUTION in cell.metadata.get("tags", [])
            yield cell, number, "solution" if is_solution else part
            continue
        for kind, gate in DIRECTIVE.findall(cell.source):
            if kind == "exercise" and gate != "-end":
                count += 1
                number = f"{chapter}.{count}"
            part = kind if gate == "-start" else "" if gate == "-end" else part
        number = ([number, *PRINTED.findall(cell.source)])[-1]


# A reader's notebook


def attempts(notebook: NotebookNode, exercise: Exercise, chapter: Chapter) -> list[Attempt]:
    """The cells that try an exercise, those first that come last."""
    cells, aliases = code_of(notebook), aliases_of(notebook)
    found = []
    for place, cell in enumerate(cells):
        own = [call for call in calls(cell.source, aliases) if call.func.attr == exercise.check]
        if own or (exercise.id and cell.get("id") == exercise.id):
            answer = ast.unparse(own[-1].args[0]) if own and own[-1].args else exercise.answer
            found.append(_attempt(cells, place, answer, aliases, chapter))
    return found[::-1]


def _attempt(
    cells: list[NotebookNode], place: int, answer: str, aliases: set[str], chapter: Chapter
) -> Attempt:
    """What to run: of what makes a name, the last above the cell, else below, else the book's."""
    code = without_checks(cells[place].source, aliases)
    below = [each for each in cells[place + 1 :] if not calls(each.source, aliases)]
    order = [*below, *cells[:place]]
    before = chapter.statements + [
        each for cell in order for each in statements(without_checks(cell.source, aliases))
    ]
    return Attempt(needed(before, statements(f"{code}\n{answer}")), code, answer)


def without_checks(cell: str, aliases: set[str]) -> str:
    """A cell's code without its calls of checks; as it is if Python cannot read it."""
    try:
        body = tree_of(cell).body
    except (SyntaxError, ValueError):
        return cell
    return "\n".join(ast.unparse(node) for node in body if not _is_call(node, aliases))
