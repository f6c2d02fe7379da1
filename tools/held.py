"""Held numbers: what a cell's metadata say of them, and what `make spread` has recorded.

`"holds": {KEY: [low, high]}` is written by the author: the range in which the sentence beside the
number is true; null for a side that has no end. A list of ranges has one for each number of the
line, null for a number that is not held. `"tolerance"` has the same form with a number for each
range, and is written by `tools/spread.py`: twice the largest distance from the stored value that it
has seen, rounded up to two digits; one unit of the last digit printed where nothing moved.

The record, `benchmarks/spread.json`, has for each chapter and cell what was seen, and a digest of
the code it came from: all code cells up to this one, and the version of the package. Cells that
only check or only draw do not count, nor do Markdown, comments, and where one cell ends and the
next begins. Beside the cells, "made" says when and where that was.
"""

import ast
import hashlib
import json
from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from importlib.metadata import version
from pathlib import Path

from nbformat import NotebookNode

from comparison import Line, distance, lines_of, only_line, tolerances_of, value
from stored import label

RECORD = Path("benchmarks/spread.json")
CHECK = "How this is checked"  # the prompt of a cell that only checks
DRAWING = "Plotting code"  # of one that only draws
Range = tuple[Decimal, Decimal]


def read_record(path: Path = RECORD) -> dict:
    """What `make spread` has recorded: chapter, cell, then code, stored and seen."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def held_cells(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """Yield place and cell of those that hold a number or have a tolerance."""
    for index, cell in enumerate(notebook.cells):
        if cell.metadata.keys() & {"holds", "tolerance"}:
            yield index, cell


def ranges_of(cell: NotebookNode) -> dict[str, list[Range | None]]:
    """Read a cell's `holds`: for each key an entry for each number of its line."""
    return {
        key: [_range(entry)] if is_range(entry) else [each and _range(each) for each in entry]
        for key, entry in cell.metadata.get("holds", {}).items()
    }


def is_range(entry: list) -> bool:
    """Whether an entry of `holds` is one range, not a list of them."""
    return len(entry) == 2 and any(isinstance(each, int | float) for each in entry)


def _range(ends: list) -> Range:
    low, high = ("-inf" if ends[0] is None else ends[0]), ("inf" if ends[1] is None else ends[1])
    return Decimal(str(low)), Decimal(str(high))


def is_check(cell: NotebookNode) -> bool:
    """Whether a cell is folded as one that only checks."""
    return _prompt(cell) == CHECK


def _prompt(cell: NotebookNode) -> str | None:
    return cell.metadata.get("mystnb", {}).get("code_prompt_show")


def digest(notebook: NotebookNode, index: int) -> str:
    """Name the code that a cell's output comes from."""
    cells = [cell for cell in notebook.cells[: index + 1] if cell.cell_type == "code"]
    sources = [cell.source for cell in cells if _prompt(cell) not in (CHECK, DRAWING)]
    code = ast.unparse(ast.parse("\n".join(sources)))
    return hashlib.sha256("\0".join([version("mine-lib"), code]).encode()).hexdigest()[:16]


def tolerance(stored: str, seen: list[str]) -> Decimal:
    """Twice the largest distance seen, rounded up to two digits; infinite after nan or inf."""
    twice = 2 * max(distance(each, stored) for each in seen)
    if twice == 0:
        return Decimal((0, (1,), value(stored).as_tuple().exponent))
    if not twice.is_finite():
        return twice
    return twice.quantize(Decimal((0, (1,), twice.adjusted() - 1)), rounding=ROUND_CEILING)


def observed(entry: dict, key: str) -> list[tuple[str, list[str]]]:
    """Each number of a key's line as it was stored, and all that was seen in its place."""
    rows = [values[key].split() for values in entry["seen"].values()]
    seen = [list(column) for column in zip(*rows, strict=True)]
    return list(zip(entry["stored"][key].split(), seen, strict=True))


def measured(entry: dict, key: str, ranges: list[Range | None]) -> list[Decimal | None]:
    """Make the tolerances of a key's line from what was recorded of its cell."""
    pairs = zip(ranges, observed(entry, key), strict=True)
    return [limits and tolerance(stored, seen) for limits, (stored, seen) in pairs]


def is_measured(entry: dict, key: str, ranges: list[Range | None]) -> bool:
    """Whether a tolerance can be made of what was recorded."""
    if len(entry.get("stored", {}).get(key, "").split()) != len(ranges):
        return False
    return all(each is None or each.is_finite() for each in measured(entry, key, ranges))


# Faults


def faults(notebook: NotebookNode, recorded: dict) -> list[str]:
    """Say what is wrong with the held numbers of a chapter, given what was recorded of it."""
    return [
        f"{label(notebook, index)}, {key!r}: {fault}"
        for index, cell in held_cells(notebook)
        for key in {**cell.metadata.get("holds", {}), **cell.metadata.get("tolerance", {})}
        if (fault := _fault(cell, key, digest(notebook, index), recorded.get(cell.id, {})))
    ]


def _fault(cell: NotebookNode, key: str, code: str, entry: dict) -> str | None:
    """The first thing that is wrong with one key."""
    if key not in cell.metadata.get("holds", {}):
        return "has a tolerance and no `holds`; say where the sentence beside the number is true"
    if wrong := fault_of_key(cell, key):
        return wrong
    if not is_measured(entry, key, ranges_of(cell)[key]):
        return "nobody measured its tolerance, or nan and inf were seen"
    if key not in cell.metadata.get("tolerance", {}):
        return "has no tolerance"
    if code != entry["code"]:
        return "its tolerance was measured with other code"
    given = tolerances_of(cell)[key]
    if given != (found := measured(entry, key, ranges_of(cell)[key])):
        return f"its tolerance is {_shown(given)}, and {_shown(found)} was measured"
    return fault_of_tolerance(cell, key, entry["stored"][key].split())


def _shown(tolerances: list[Decimal | None]) -> str:
    return ", ".join("null" if each is None else str(each) for each in tolerances)


def fault_of_key(cell: NotebookNode, key: str) -> str | None:
    """Say what keeps a key from its numbers, or a number from its range."""
    line, ranges = only_line(key, lines_of(cell.outputs)), ranges_of(cell)[key]
    if not line:
        return "stands in no line of the output, or in several; choose a text of one line"
    if len(line.numbers) != len(ranges):
        return (
            f"`holds` has {len(ranges)} entries, and the line {len(line.numbers)} numbers: "
            f"{', '.join(line.values)}"
        )
    for number, limits in zip(line.values, ranges, strict=True):
        stored = value(number)
        if limits and not (stored.is_finite() and limits[0] <= stored <= limits[1]):
            return f"{number} is stored, outside of its range; mend the sentence, or `holds`"
    return None


def fault_of_tolerance(cell: NotebookNode, key: str, measured_at: list[str]) -> str | None:
    """Say where a stored number may leave its range, or is not the one that was measured."""
    line = only_line(key, lines_of(cell.outputs))
    for number, old, limits, far in _numbers(cell, key, line, measured_at):
        if distance(number, old) > far:
            return f"{number} is stored, and its tolerance was measured at {old}"
        if value(number) - far < limits[0] or value(number) + far > limits[1]:
            return (
                f"stored {number} ± {far} leaves {[*map(float, limits)]}: the sentence "
                "would be false; more seeds, or a weaker sentence"
            )
    return None


def _numbers(
    cell: NotebookNode, key: str, line: Line, measured_at: list[str]
) -> Iterator[tuple[str, str, Range, Decimal]]:
    """Yield the held numbers of a line, as stored and as measured, range and tolerance."""
    columns = line.values, measured_at, ranges_of(cell)[key], tolerances_of(cell)[key]
    for number, old, limits, far in zip(*columns, strict=True):
        if limits:
            yield number, old, limits, far
