"""What is compared of a cell's outputs, and when two of them agree.

Each text of an output (stdout, stderr, text/plain, text/html, text/latex, ...) is compared with the
stored one, word for word; whole numbers, nan and inf are words. Decimals alone have a tolerance,
since another processor may round differently. A decimal has digits after a point (0.51, -.5,
1.2e-3) or an exponent (1e-3), and stands alone: 2.13.0, v1.2, 0.5x and numpy's "1." are words.
In 1,000.5 the "1," is a word and 000.5 the decimal, which only makes the rule stricter.

Two decimals agree if they differ by no more than the largest of
- 2e-3 of the stored one;
- one unit in the last digit of the more finely printed one, since the value may lie where rounding
  tips over (only after a point: 1e-3 is not 2e-3);
- 1e-12, since a difference that should be 0 leaves rounding noise.
Spaces beside a decimal do not count: columns shift when 9.99 becomes 10.00.

A picture has to be there; what it shows is not compared. Of a table in HTML its text/plain is not
compared, which says the same or nothing. What a progress bar leaves, an output without data, is no
output; nor is the view of a widget.

A trained number is *held*: the cell's metadata say how far it may move, as `tools/spread.py` has
measured, `"tolerance": {KEY: 0.05}`. KEY is a text that stands in one line of the output alone; a
row of a table in HTML is a line, its cells joined by a blank. If the line has several numbers, a
list has an entry for each, null for one that is not held. Numbers of such a line are whole numbers
and decimals that stand alone, with a sign, an exponent or commas (-3, 98 of 98%, 1e-3, 10,000);
nan and inf hold a number's place.
"""

import html
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from nbformat import NotebookNode

RELATIVE = Decimal("2e-3")
NOISE = Decimal("1e-12")
DECIMAL = re.compile(
    r" *(?<![\w.])([-+]?(?:\d*\.\d+(?:e[-+]?\d+)?|\d+e[-+]?\d+))(?!\.?\w) *", re.IGNORECASE
)
NUMBER = (
    r" *(?<![\w.])([-+\N{MINUS SIGN}]?(?:(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)"
    r"(?:e[-+]?\d+)?|nan|inf))(?!\.?\w) *"
)
IN_TEXT = re.compile(NUMBER, re.IGNORECASE)
IN_HTML = re.compile(rf"<[^>]*>|&#?\w+;|{NUMBER}", re.IGNORECASE)  # group 1: a number
LINE = re.compile(r"[^\n]+")
ROW = re.compile(r"<tr\b.*?</tr>", re.IGNORECASE | re.DOTALL)
TABLE = re.compile(r"<table\b", re.IGNORECASE)
END_OF_CELL = re.compile(r"</t[dh]>", re.IGNORECASE)
TAG = re.compile(r"<[^>]*>")
PICTURE_DATA = re.compile(r"(data:image/[\w.+-]+;base64,)[\w+/=\n]+")
# What pandas names a styled table, at random: T_1a2b3, T_1a2b3_row0_col1.
TABLE_ID = re.compile(r"\bT_[\w-]+?(?=_(?:level|row)\d|[\"\s,{])")
# Stored notebooks lack it on purpose: its model ids are random.
WIDGET = "application/vnd.jupyter.widget-view+json"
Tolerances = dict[str, list[Decimal | None]]


class Line(NamedTuple):
    """A line of a text, or a row of a table: what one reads, and its numbers where they stand."""

    text: str
    numbers: list[re.Match[str]]

    @property
    def values(self) -> list[str]:
        """The numbers as they are printed."""
        return [found[1] for found in self.numbers]


# Outputs


def agreed(
    live: list[NotebookNode], stored: list[NotebookNode], tolerances: Tolerances
) -> tuple[list[NotebookNode], list[NotebookNode]]:
    """Return the texts of both, those of live with each number that agrees as it is stored."""
    live, stored = readable(live), readable(stored)
    for new, old in zip(live, stored, strict=False):
        for kind in new.keys() & old.keys():
            settled = with_stored_held(kind, new[kind], old[kind], tolerances)
            new[kind] = with_stored_decimals(settled, old[kind])
    return live, stored


def readable(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return the texts of each output by kind, stderr before stdout: their order is chance."""
    by_stream = sorted(outputs, key=lambda output: output.get("name", ""))
    shown = [output for output in by_stream if not is_left_by_a_bar(output)]
    return [NotebookNode(texts(output), output_type="ours") for output in shown]


def is_left_by_a_bar(output: NotebookNode) -> bool:
    """Whether an output shows nothing, or a live widget and its name alone."""
    kinds = set(output.get("data", {"text/plain": ""}))
    return not kinds or (WIDGET in kinds and kinds <= {WIDGET, "text/plain"})


def texts(output: NotebookNode) -> dict[str, str]:
    """Return what is compared of one output, by kind."""
    if output.output_type == "stream":
        return {output.name: output.text}
    if output.output_type == "error":
        return {"ename": output.ename, "evalue": output.evalue}
    found = {
        kind: text_of(kind, output.data[kind]) for kind in sorted(output.data.keys() - {WIDGET})
    }
    kinds = ", ".join(found)
    if TABLE.search(found.get("text/html", "")):
        found.pop("text/plain", None)
    # nbval ignores image/png: without this line it misses a picture whose text remains.
    return found | {"kinds of output": kinds}


def text_of(kind: str, content: str | dict) -> str:
    """Return what is compared of one kind: pictures, inside HTML too, without what they show."""
    if kind.startswith("image/"):
        return "a picture"
    if isinstance(content, str):
        content = TABLE_ID.sub("T_id", content) if kind == "text/html" else content
        return PICTURE_DATA.sub(r"\1(a picture)", content)
    return json.dumps(content, sort_keys=True)  # sorted as in the file


# Lines and their numbers


def lines_of(outputs: list[NotebookNode]) -> list[Line]:
    """Return all lines that a reader sees."""
    by_kind = [pair for output in readable(outputs) for pair in output.items()]
    chosen = [pair for pair in by_kind if pair[0] not in ("output_type", "kinds of output")]
    return [line for kind, text in chosen for line in lines(kind, text)]


def lines(kind: str, text: str) -> Iterator[Line]:
    """Yield the lines of a text, or the rows of its tables if it is HTML."""
    for found in (ROW if kind == "text/html" else LINE).finditer(text):
        words = found[0]
        if kind == "text/html":
            words = html.unescape(TAG.sub("", END_OF_CELL.sub(" ", words)))
        pattern = IN_HTML if kind == "text/html" else IN_TEXT
        hits = [hit for hit in pattern.finditer(text, *found.span()) if hit[1]]
        yield Line(one_spaced(words), hits)


def one_spaced(text: str) -> str:
    """Join words by one blank."""
    return " ".join(text.split())


def only_line(key: str, found: list[Line]) -> Line | None:
    """Return the line that holds the key, if there is just one."""
    fitting = [line for line in found if one_spaced(key) in line.text]
    return fitting[0] if len(fitting) == 1 else None


def distance(live: str, stored: str) -> Decimal:
    """How far apart two printed numbers are; infinitely, if one is nan or inf and not the other."""
    new, old = value(live), value(stored)
    if new.is_finite() and old.is_finite():
        return abs(new - old)
    return Decimal(0) if str(new) == str(old) else Decimal("inf")


def value(number: str) -> Decimal:
    """Read a number as a line prints it."""
    return Decimal(number.replace(",", "").replace("\N{MINUS SIGN}", "-"))


# Agreement


def tolerances_of(cell: NotebookNode) -> Tolerances:
    """Read a cell's metadata: for each key an entry for each number of its line."""
    return {
        key: [None if each is None else Decimal(str(each)) for each in entries(entry)]
        for key, entry in cell.metadata.get("tolerance", {}).items()
    }


def entries(entry: object) -> list:
    """One entry for each number of a line; alone, it is that of its only number."""
    return entry if isinstance(entry, list) else [entry]


def with_stored_held(kind: str, live: str, stored: str, tolerances: Tolerances) -> str:
    """Return live with each held number that agrees as it is stored."""
    for key in tolerances:
        for new, old, tolerance in reversed(held_pairs(key, kind, live, stored, tolerances)):
            if distance(new[1], old[1]) <= tolerance:
                live = live[: new.start()] + old[0] + live[new.end() :]
    return live


def held_pairs(
    key: str, kind: str, live: str, stored: str, tolerances: Tolerances
) -> list[tuple[re.Match[str], re.Match[str], Decimal]]:
    """Pair the held numbers of the key's line, new and stored, with their tolerances."""
    new, old = (only_line(key, list(lines(kind, text))) for text in (live, stored))
    if not new or not old:
        return []
    if not len(new.numbers) == len(old.numbers) == len(tolerances[key]):
        return []
    triples = zip(new.numbers, old.numbers, tolerances[key], strict=True)
    return [triple for triple in triples if triple[2] is not None]


def moved_too_far(
    live: list[NotebookNode], stored: list[NotebookNode], tolerances: Tolerances
) -> list[str]:
    """Say of each held number that does not agree how far it went."""
    return [
        f"{key!r}: {new[1]} instead of {old[1]}, off by {distance(new[1], old[1])}; "
        f"its tolerance is {tolerance}"
        for one, other in zip(readable(live), readable(stored), strict=False)
        for kind in one.keys() & other.keys()
        for key in tolerances
        for new, old, tolerance in held_pairs(key, kind, one[kind], other[kind], tolerances)
        if distance(new[1], old[1]) > tolerance
    ]


def with_stored_decimals(live: str, stored: str) -> str:
    """Return live with each decimal that agrees with its partner in stored replaced by it."""
    partners = DECIMAL.finditer(stored)

    def settle(new: re.Match[str]) -> str:
        old = next(partners, new)
        return old[0] if agree(new[1], old[1]) else new[0]

    return DECIMAL.sub(settle, live)


def agree(live: str, stored: str) -> bool:
    """Apply the rule at the top of this file to two decimals."""
    difference = abs(Decimal(live) - Decimal(stored))
    return difference <= max(
        RELATIVE * abs(Decimal(stored)), min(last_digit(live), last_digit(stored)), NOISE
    )


def last_digit(decimal: str) -> Decimal:
    """One unit in the last printed digit: 0.01 for 0.51; 0 without a point."""
    return Decimal((0, (1,), Decimal(decimal).as_tuple().exponent)) if "." in decimal else Decimal()
