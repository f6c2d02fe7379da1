"""The results of a notebook that a reader hands in, exercise by exercise."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from mine_checks.exercises import Chapter, Exercise, attempts, read_chapter
from mine_checks.judge import MISSING, PASSED, STATUSES
from mine_checks.process import ROOT, judged

BOOK = ROOT / "chapters"
SECONDS = 60.0  # for one answer
WORKERS = 2
LONGEST = 2000  # characters of a message


class Unreadable(ValueError):  # noqa: N818
    """A file that is no notebook of the book; says why."""


@dataclass(frozen=True)
class Result:
    """What came out of one exercise.

    exercise: its number in the book, such as "3.1". check: the name of its check. status: "passed",
    "wrong", "raised", "timed out", "not tried" or "cell missing". message: what the check or the
    error says. points: 1 if it passed, else 0.
    """

    exercise: str
    check: str
    status: str
    message: str

    @property
    def points(self) -> int:
        """1 if it passed, else 0."""
        return int(self.status == PASSED)


@cache
def chapters(book: Path = BOOK) -> tuple[Chapter, ...]:
    """The chapters of the book, or of a course's full notebooks."""
    found = tuple(read_chapter(path) for path in sorted(book.glob("[0-9][0-9]_*.ipynb")))
    if not found:
        raise FileNotFoundError(f"no chapters in {book}: their exercises are needed for grading")
    return found


def grade(path: Path | str, seconds: float = SECONDS, book: Path | str = BOOK) -> list[Result]:
    """Grade one notebook: a result for each exercise of its chapter that a check judges.

    path: the notebook, whose name says its chapter, such as ada_03_mine.ipynb; if it does not, its
    cells do. seconds: the limit for each answer. book: folder of the chapters, whose exercises are
    asked for. Raises Unreadable, a ValueError, if it is no notebook of the book.
    """
    notebook = read(Path(path))
    chapter = chapter_of(Path(path), notebook, chapters(Path(book)))
    return [result(notebook, exercise, chapter, seconds) for exercise in chapter.exercises]


def read(path: Path) -> NotebookNode:
    """A notebook in the present format; Unreadable if it is none."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"cannot be read: {error}") from None
    if not text.strip():
        raise Unreadable("empty file")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise Unreadable(f"no JSON: {error}") from None
    try:
        notebook = nbformat.reads(text, as_version=4)
        for cell in notebook.cells:
            cell.source, cell.cell_type, cell.metadata  # noqa: B018
    except Exception as error:  # nbformat raises whatever it trips over
        raise Unreadable(f"no notebook: {type(error).__name__}: {error}") from None
    return notebook


def chapter_of(path: Path, notebook: NotebookNode, known: tuple[Chapter, ...]) -> Chapter:
    """The chapter that a notebook is: by its name, or by the checks that it calls."""
    for chapter in known:
        if chapter.name in path.stem:
            return chapter

    def tried(chapter: Chapter) -> int:
        return sum(bool(attempts(notebook, each, chapter)) for each in chapter.exercises)

    best = max(known, key=tried)
    if not tried(best):
        raise Unreadable("of no chapter: neither its name nor its cells say which")
    return best


def result(notebook: NotebookNode, exercise: Exercise, chapter: Chapter, seconds: float) -> Result:
    """The best of the cells that try an exercise."""
    best = (MISSING, f"no cell calls check.{exercise.check}")
    for attempt in attempts(notebook, exercise, chapter):
        best = min(best, judged(attempt, exercise, seconds), key=_rank)
        if best[0] == PASSED:
            break
    return Result(exercise.number, exercise.check, best[0], best[1][:LONGEST])


def _rank(outcome: tuple[str, str]) -> int:
    return STATUSES.index(outcome[0])


def in_parallel(paths: list[Path], seconds: float, book: Path) -> list[list[Result] | str]:
    """Grade notebooks side by side: the results of each, or why there are none."""
    chapters(book)

    def graded(path: Path) -> list[Result] | str:
        try:
            return grade(path, seconds, book)
        except Unreadable as error:
            return str(error)
        except (RuntimeError, OSError) as error:  # of one process: the others go on
            return f"not graded: {error}"

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(graded, paths))
