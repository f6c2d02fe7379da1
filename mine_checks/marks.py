"""A folder of submissions: one table, grades.csv and grades.json."""

import csv
import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mine_checks.judge import LATE, MISSING, PASSED, RAISED, UNTRIED, WRONG
from mine_checks.results import Result, chapters, in_parallel

OWN = {"grades.csv", "grades.json"}
COPY = re.compile(r"^[ _-]?\(?\d{1,2}\)?$")  # what browsers add to a second download
MOODLE = re.compile(r"_\d+_assignsubmission_\w+$")  # and Moodle to a student's folder
CHAPTER = re.compile(r"\d\d_\w+")
NAMELESS = "no student's name in the name of the file"
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how a formula begins, for a spreadsheet
SHOWN = {PASSED: "1", WRONG: "wrong", UNTRIED: "-", RAISED: "raised", LATE: "time", MISSING: "gone"}
LEGEND = (
    "1: passed. No points: wrong; raised: an error; time: limit passed; gone: cell missing; "
    "-: not tried"
)


@dataclass(frozen=True)
class Submission:
    """A file that someone handed in, or a folder without any."""

    student: str
    path: Path


@dataclass
class Row:
    """A student's results, one for each exercise, and what was wrong with their files."""

    student: str
    results: dict[tuple[str, str], Result] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def points(self) -> int:
        """How many exercises passed."""
        return sum(each.points for each in self.results.values())


def submissions(folder: Path, names: list[str]) -> list[Submission]:
    """What was handed in: files, each of one student, and folders, each of one student.

    names: what chapters are called; what a file's name says beside that is its student.
    """
    found = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name in OWN:
            continue
        if path.is_dir():
            inner = [each for each in sorted(path.rglob("*.ipynb")) if _is_work(each, path)]
            student = MOODLE.sub("", path.name)
            found += [Submission(student, each) for each in inner or [path]]
        else:
            found.append(Submission(student_of(path, names), path))
    return found


def _is_work(path: Path, folder: Path) -> bool:
    """Whether a file was handed in, and not left by Jupyter or a Mac."""
    parts = path.relative_to(folder).parts
    return not any(part.startswith((".", "__MACOSX")) for part in parts)


def student_of(path: Path, names: list[str]) -> str:
    """The part of a file's name that is not its chapter's."""
    for name in names:
        before, found, after = path.stem.partition(name)
        if found:
            after = COPY.sub("", after)
            return " ".join(filter(None, (each.strip(" _-.") for each in (before, after)))) or name
    return path.stem


def rows(found: list[Submission], seconds: float, book: Path) -> list[Row]:
    """Grade all and put together what belongs to one student; of two results the better counts."""
    notebooks = [each.path for each in found if each.path.suffix == ".ipynb"]
    outcomes = dict(zip(notebooks, in_parallel(notebooks, seconds, book), strict=True))
    table: dict[str, Row] = {}
    for each in found:
        row = table.setdefault(each.student, Row(each.student))
        if CHAPTER.fullmatch(each.student):
            row.notes.append(f"{each.path.name}: {NAMELESS}")
        outcome = outcomes.get(each.path, _no_notebook(each.path))
        if isinstance(outcome, str):
            row.notes.append(f"{each.path.name}: {outcome}")
            continue
        for result in outcome:
            key = (result.exercise, result.check)
            if key not in row.results or result.points > row.results[key].points:
                row.results[key] = result
    return sorted(table.values(), key=lambda row: row.student.casefold())


def _no_notebook(path: Path) -> str:
    return "no notebook in this folder" if path.is_dir() else "no notebook (.ipynb)"


def columns(table: list[Row], book: Path) -> list[tuple[str, str]]:
    """The exercises of all chapters that somebody handed in, in the book's order."""
    known = [(each.number, each.check) for one in chapters(book) for each in one.exercises]
    return [key for key in known if any(key in row.results for row in table)]


def heads(keys: list[tuple[str, str]]) -> list[str]:
    """What stands above each column: the exercise, with its check if it has several."""
    numbers = [number for number, _ in keys]
    return [n if numbers.count(n) == 1 else f"{n} {check}" for n, check in keys]


def as_text(table: list[Row], keys: list[tuple[str, str]]) -> str:
    """The table with aligned columns, and below it what was wrong with files."""
    cells = [["student", *heads(keys), "points"]]
    for row in table:
        marks = [SHOWN[row.results[key].status] if key in row.results else "" for key in keys]
        points = f"{row.points}/{len(keys)}" if row.results else "-"
        cells.append([row.student, *marks, points])
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for row, notes in zip(cells, [[], *(each.notes for each in table)], strict=True):
        first, *others = (text.rjust(width) for text, width in zip(row, widths, strict=True))
        line = "  ".join([row[0].ljust(len(first)), *others, *notes])
        lines.append(line.rstrip())
    return "\n".join([*lines, "", LEGEND])


def _point(result: Result | None) -> int | str:
    """What stands in a cell of the spreadsheet: nothing where no notebook of the chapter came."""
    if result is None:
        return ""
    return SHOWN[UNTRIED] if result.status == UNTRIED else result.points


def no_formula(text: str) -> str:
    """A text that no spreadsheet takes for a formula, whatever a student calls a file."""
    return f"'{text}" if text.startswith(FORMULA) else text


def write(table: list[Row], keys: list[tuple[str, str]], folder: Path) -> None:
    """Write grades.csv, points and what was not tried, and grades.json, with all messages."""
    with open(folder / "grades.csv", "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["student", *heads(keys), "points", "of", "notes"])
        for row in table:
            points = [_point(row.results.get(key)) for key in keys]
            notes = "; ".join(row.notes)
            found = [*points, row.points, len(keys)]
            writer.writerow([no_formula(row.student), *found, no_formula(notes)])
    everyone = [
        {
            "student": row.student,
            "points": row.points,
            "of": len(row.results),
            "notes": row.notes,
            "results": [asdict(each) | {"points": each.points} for each in row.results.values()],
        }
        for row in table
    ]
    text = json.dumps(everyone, indent=1, ensure_ascii=False)
    (folder / "grades.json").write_text(f"{text}\n", "utf-8")
