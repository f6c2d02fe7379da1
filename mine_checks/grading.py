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

import argparse
import sys
from pathlib import Path

from mine_checks.marks import as_text, columns, rows, submissions, write
from mine_checks.results import BOOK, SECONDS, Result, Unreadable, chapters, grade

__all__ = ["Result", "Unreadable", "grade", "main"]


def main(words: list[str] | None = None) -> str | None:
    """Grade a folder; return what is wrong with the call, if anything."""
    about = "Grade a folder of submissions: one table, grades.csv and grades.json."
    parser = argparse.ArgumentParser(prog="python -m mine_checks.grading", description=about)
    parser.add_argument("folder", type=Path, help="a notebook, or a folder, of each student")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="limit for each answer")
    parser.add_argument("--book", type=Path, default=BOOK, help="folder of the chapters")
    asked = parser.parse_args(words)
    if not asked.folder.is_dir():
        return f"There is no folder {asked.folder}; put the submissions there, or name another"
    if not asked.seconds > 0:
        return f"The limit is a positive number of seconds, got {asked.seconds:g}"
    try:
        names = [each.name for each in chapters(asked.book)]
    except FileNotFoundError as error:
        return str(error)
    found = submissions(asked.folder, names)
    if not found:
        return f"{asked.folder} is empty; put the submissions there, such as ada_03_mine.ipynb"
    warning = "students' code runs on your computer, without a sandbox"
    print(f"Grading {len(found)}; {warning}", flush=True)
    table = rows(found, asked.seconds, asked.book)
    keys = columns(table, asked.book)
    write(table, keys, asked.folder)
    print(f"{as_text(table, keys)}\n")
    print(f"Points: {asked.folder / 'grades.csv'}. Messages: {asked.folder / 'grades.json'}")
    return None


if __name__ == "__main__":
    sys.exit(main())
