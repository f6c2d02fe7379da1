"""Grade notebooks that readers hand in: `python -m mine_checks.grading FOLDER`, or `grade(path)`.

    from mine_checks.grading import grade

    for result in grade("submissions/ada_03_mine.ipynb"):
        print(result.exercise, result.status, result.message, result.points)

Each answer is judged by the check of its exercise, in a process of its own with a limit of time.
Only what the answer needs is run: its cell, and the statements that make the names it reads, from
the reader's notebook or, where they are missing there, from the book's. If several cells try one
exercise, the best counts.

Whoever grades runs other people's code on their machine, as themselves: a process of its own stops
endless loops and crashes, but is no sandbox. Grade what strangers send in a container or a virtual
machine, or read it first.
"""

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Thread

import nbformat
from nbformat import NotebookNode

from mine_checks.exercises import Attempt, Chapter, Exercise, attempts, read_chapter
from mine_checks.judge import LATE, MISSING, PASSED, RAISED, READY, UNTRIED, WRONG

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "chapters"
BESIDE = ("benchmarks", "images")  # what cells may read, from a folder beside them
SECONDS = 60.0  # for one answer
START = 120.0  # seconds for torch to load, on a busy machine
WORKERS = 2
LONGEST = 2000  # characters of a message
BEST_FIRST = (PASSED, WRONG, RAISED, LATE, UNTRIED, MISSING)


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
    found = tuple(read_chapter(path) for path in sorted(book.glob("[0-9]*.ipynb")))
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
    """The chapter that a notebook is: by its name, its number, or the checks that it calls."""
    for chapter in known:
        if chapter.name in path.stem:
            return chapter
    scores = {chapter.name: 0 for chapter in known}
    for chapter in known:
        found = sum(bool(attempts(notebook, each, chapter)) for each in chapter.exercises)
        scores[chapter.name] = found
    best = max(known, key=lambda each: scores[each.name])
    if scores[best.name] == 0:
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
    return BEST_FIRST.index(outcome[0])


def judged(attempt: Attempt, exercise: Exercise, seconds: float) -> tuple[str, str]:
    """What came out of one cell: in a process of its own, mine_checks.judge."""
    if attempt.is_blank:
        return UNTRIED, ""
    task = {
        "setup": attempt.setup,
        "code": attempt.code,
        "answer": attempt.answer,
        "check": exercise.check,
        "others": exercise.others,
        "given": exercise.setup,
    }
    with workplace() as folder:
        command = [sys.executable, "-m", "mine_checks.judge"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        alone = {"start_new_session": True} if os.name == "posix" else {}
        process = subprocess.Popen(
            command, cwd=folder, env=_environment(), encoding="utf-8", **pipes, **alone
        )
        try:
            return _wait(process, json.dumps(task), seconds)
        finally:
            end(process)


def _environment() -> dict[str, str]:
    """The variables of a process that judges."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    own = {"PYTHONPATH": os.pathsep.join(paths), "MPLBACKEND": "Agg", "TQDM_DISABLE": "1"}
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"} | own


def _wait(process: subprocess.Popen[str], task: str, seconds: float) -> tuple[str, str]:
    """Hand the task over; wait until the process is ready, then for what came out."""
    lines: queue.Queue[str] = queue.Queue()
    Thread(target=_pass_on, args=(process, lines), daemon=True).start()
    with suppress(BrokenPipeError):
        process.stdin.write(task)
        process.stdin.close()
    try:
        first = lines.get(timeout=START)
    except queue.Empty:
        raise RuntimeError(f"mine_checks.judge does not start within {START:g} s") from None
    if first != READY:
        raise RuntimeError("mine_checks.judge does not start: is mine_lib installed?")
    try:
        line = lines.get(timeout=seconds)
    except queue.Empty:
        return LATE, f"no answer within {seconds:g} s"
    if not line:
        return RAISED, f"the process ended with code {process.wait()}"
    with suppress(ValueError):
        status, message = json.loads(line)
        if status in BEST_FIRST:
            return status, str(message)
    return RAISED, "the process printed what no check says"


def _pass_on(process: subprocess.Popen[str], lines: queue.Queue[str]) -> None:
    """Put each line that a process prints into a queue, and an empty one at its end."""
    for line in process.stdout:
        lines.put(line.strip())
    lines.put("")


def end(process: subprocess.Popen[str]) -> None:
    """End a process and what it has started."""
    with suppress(ProcessLookupError, PermissionError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    process.stdout.close()


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder to run in, beside copies of the files that chapters read."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        for name in BESIDE:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, Path(home) / name)
        folder = Path(home) / "chapters"
        folder.mkdir()
        yield folder


def in_parallel(paths: list[Path], seconds: float, book: Path) -> list[list[Result] | Unreadable]:
    """Grade notebooks side by side; a broken one does not stop the others."""
    chapters(book)

    def graded(path: Path) -> list[Result] | Unreadable:
        try:
            return grade(path, seconds, book)
        except Unreadable as error:
            return error

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(graded, paths))


if __name__ == "__main__":
    from mine_checks.marks import main

    sys.exit(main())
