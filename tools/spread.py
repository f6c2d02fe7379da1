"""Measure how far numbers move, and write how far they may: spread.py NOTEBOOK [NOTEBOOK ...].

Each chapter runs as three processors would run it, with one and with two threads, and four times
with all seeds shifted. A number that is not held may not move from processor to processor. A held
one gets its tolerance (tools/held.py), and all that was seen is kept in benchmarks/spread.json.
An assertion that fails with shifted seeds is no fault, but it may claim too much: it is listed.
A machine that cannot stand for three processors measures nothing: tolerances would be too narrow.
"""

import argparse
import asyncio
import copy
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

import held
import processors
from comparison import agreed, distance, lines, lines_of, only_line, value
from processors import PROCESSORS, setting
from run_notebooks import execute, tidy
from stored import label, write_whole

TOOLS = Path(__file__).parent.resolve()
SHIFTS = 4
FAR = Decimal("inf")


class NoRunError(Exception):
    """A kernel that did not start, or ended."""


@dataclass(frozen=True)
class Variant:
    """A way to run a chapter."""

    name: str
    environment: dict[str, str]
    shift: int = 0

    async def run(self, notebook: NotebookNode, path: Path) -> NotebookNode:
        """Return the notebook as it comes out; a cell that raises does not stop it."""
        notebook = copy.deepcopy(notebook)
        first = (
            f"import sys; sys.path.append({str(TOOLS)!r})\n"
            f"import shifted_seeds; shifted_seeds.shift({self.shift})"
        )
        if self.shift:
            notebook.cells.insert(0, new_code_cell(first))
        environment = os.environ | self.environment
        if error := await execute(notebook, path.parent, environment, allow_errors=True):
            raise NoRunError(f"{path.stem}, {self.name}: {error}")
        tidy(notebook)
        del notebook.cells[: bool(self.shift)]
        return notebook


PLAIN = [
    Variant(f"{processor}, {threads} thread{'s' * (threads > 1)}", setting(processor, threads))
    for processor in PROCESSORS
    for threads in (1, 2)
]
SHIFTED = [
    Variant(f"seeds shifted by {k}", setting("this processor", 1), k) for k in range(1, SHIFTS + 1)
]


@dataclass
class Chapter:
    """A notebook, and what its runs have shown."""

    path: Path
    only: str = ""  # variants in whose name this stands
    runs: dict[str, NotebookNode] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)  # why runs gave nothing

    def __post_init__(self) -> None:
        self.stored = nbformat.read(self.path, as_version=4)
        wanted = PLAIN + (SHIFTED if any(self.holding()) else [])
        self.variants = [variant for variant in wanted if self.only in variant.name]

    def holding(self) -> Iterator[tuple[int, NotebookNode]]:
        """Yield place and cell of those that hold a number."""
        return ((k, cell) for k, cell in held.held_cells(self.stored) if "holds" in cell.metadata)

    def faults_before(self) -> list[str]:
        """Say which keys do not fit, or that no run is asked for, before anything runs."""
        if not self.variants:
            names = "; ".join(variant.name for variant in PLAIN + SHIFTED)
            seeds = "" if any(self.holding()) else ", of which those with seeds need a held number"
            return [f"{self.path.stem}: no run has {self.only!r} in its name: {names}{seeds}"]
        return [
            self.say(k, f"{key!r}: {fault}")
            for k, cell in self.holding()
            for key in cell.metadata.holds
            if (fault := held.fault_of_key(cell, key))
        ]

    def say(self, index: int, fault: str) -> str:
        """Put the place before a fault."""
        return f"{self.path.stem}, {label(self.stored, index)}, {fault}"

    async def measure(self, free: asyncio.Semaphore) -> None:
        """Run all variants that are wanted; those with shifted seeds only if a number is held."""

        async def when_free(variant: Variant) -> None:
            async with free:
                if self.broken:
                    return
                start = time.monotonic()
                try:
                    self.runs[variant.name] = await variant.run(self.stored, self.path)
                except NoRunError as error:
                    self.broken.append(str(error))
                    return
                took = f"{time.monotonic() - start:.0f} s"
                print(f"{self.path.stem}: {variant.name}, {took}", flush=True)

        await asyncio.gather(*map(when_free, self.variants))

    def moved(self) -> list[str]:
        """Say which numbers that are not held differ from processor to processor."""
        where = defaultdict(list)
        for variant in (each for each in self.variants if not each.shift):
            for index, cell in enumerate(self.stored.cells):
                if cell.cell_type == "code":
                    for what, how in differences(self.runs[variant.name].cells[index], cell):
                        where[index, what].append(f"{how} with {variant.name}")
        return [
            self.say(index, f"{what}: {'; '.join(hows)}; say with `holds` how far it may go, ")
            + "or print what does not move"
            for (index, what), hows in where.items()
        ]

    def seen(self, index: int) -> tuple[dict, list[str]]:
        """Return the numbers of a cell's held lines, by variant, and say where one is missing."""
        found, faults = defaultdict(dict), []
        for key, ranges in held.ranges_of(self.stored.cells[index]).items():
            for name in (variant.name for variant in self.variants):
                line = only_line(key, lines_of(self.runs[name].cells[index].outputs))
                if line and len(line.numbers) == len(ranges):
                    found[name][key] = " ".join(line.values)
                else:
                    faults.append(self.say(index, f"{key!r}: no such line with {name}"))
        return found, faults

    def record(self) -> tuple[dict, list[str]]:
        """Return what is to be recorded, and say of which cells it cannot be."""
        entries, faults = {}, []
        for index, cell in self.holding():
            seen, missing = self.seen(index)
            faults += missing
            if not missing:
                found = {key: only_line(key, lines_of(cell.outputs)) for key in cell.metadata.holds}
                stored = {key: " ".join(line.values) for key, line in found.items()}
                code = held.digest(self.stored, index)
                entries[cell.id] = {"code": code, "stored": stored, "seen": seen}
        return entries, faults

    def failed(self) -> list[str]:
        """Name the cells that raised with shifted seeds."""
        return [
            self.say(index, f"perhaps claimed too much, {variant.name}: {error}")
            for variant in self.variants
            if variant.shift
            for index, cell in enumerate(self.runs[variant.name].cells)
            for error in errors(cell)
        ]

    def summary(self, entries: dict) -> Iterator[str]:
        """Say of each held number what was seen, and its tolerance."""
        for index, cell in self.holding():
            entry = entries.get(cell.id, {"stored": {}})
            for key in entry["stored"]:
                found = held.measured(entry, key, held.ranges_of(cell)[key])
                for (stored, seen), far in zip(held.observed(entry, key), found, strict=True):
                    seen.sort(key=lambda number: float(value(number)))
                    what = f"{key!r}: {stored}, seen {seen[0]} to {seen[-1]}: tolerance {far}"
                    if far is not None:
                        yield self.say(index, what)


def errors(cell: NotebookNode) -> list[str]:
    """The errors among a cell's outputs, in words."""
    raised = [output for output in cell.get("outputs", []) if output.output_type == "error"]
    return [f"{output.ename}: {output.evalue}" for output in raised]


def differences(live: NotebookNode, stored: NotebookNode) -> Iterator[tuple[str, str]]:
    """Yield where a cell's outputs differ, held numbers aside, and how."""
    if errors(live) != errors(stored):
        yield "raises", "; ".join(errors(live))
        return
    anywhere = {
        key: [limits and FAR for limits in ranges] for key, ranges in held.ranges_of(stored).items()
    }
    new, old = agreed(live.outputs, stored.outputs, anywhere)
    if [each.keys() for each in new] != [each.keys() for each in old]:
        yield "outputs", "others"
        return
    for one, other in zip(new, old, strict=True):
        for kind in one:
            if one[kind] != other[kind]:
                yield from differences_of_text(kind, one[kind], other[kind])


def differences_of_text(kind: str, live: str, stored: str) -> Iterator[tuple[str, str]]:
    """Yield the lines that differ, and by how much, or how they read now."""
    new, old = list(lines(kind, live)), list(lines(kind, stored))
    if len(new) != len(old) or [each.text for each in new] == [each.text for each in old]:
        yield f"its {kind}", "differs"
    for one, other in zip(new, old, strict=False):
        if one.text != other.text:
            yield f"line {other.text!r}", how_far(one.values, other.values) or f"{one.text!r}"


def how_far(live: list[str], stored: list[str]) -> str | None:
    """The largest distance between the numbers of two lines, if they have as many."""
    if len(live) != len(stored):
        return None
    far = max(map(distance, live, stored), default=Decimal(0))
    return f"{far} off" if 0 < far < FAR else None


# What is written


def write(chapter: Chapter, entries: dict) -> list[str]:
    """Write record and tolerances; say of which cells they would not do."""
    everything = held.read_record()  # read now: another chapter's may have been written meanwhile
    everything[chapter.path.stem] = {"made": made()} | entries
    text = json.dumps(dict(sorted(everything.items())), indent=1, ensure_ascii=False)
    write_whole(held.RECORD, text + "\n")
    before = chapter.path.read_text("utf-8")
    notebook = nbformat.reads(before, as_version=4)  # it may have been edited meanwhile
    for index, cell in enumerate(notebook.cells):
        set_tolerance(cell, entries.get(cell.id, {}), held.digest(notebook, index))
    after = nbformat.writes(notebook) + "\n"
    if after != before:
        write_whole(chapter.path, after)
    return [f"{chapter.path.stem}, {fault}" for fault in held.faults(notebook, entries)]


def made() -> dict[str, str]:
    """When and where it was measured."""
    versions = {name: version(name) for name in ("torch", "numpy")}
    return {"date": date.today().isoformat(), "processor": processors.name_of_this_one()} | versions


def set_tolerance(cell: NotebookNode, entry: dict, code: str) -> None:
    """Put the measured tolerances of a cell into its metadata, if its code is what was measured."""
    cell.metadata.pop("tolerance", None)
    if code != entry.get("code") or cell.metadata.get("holds", {}).keys() != entry["stored"].keys():
        return
    cell.metadata["tolerance"] = {
        key: as_written(held.measured(entry, key, ranges), cell.metadata.holds[key])
        for key, ranges in held.ranges_of(cell).items()
        if held.is_measured(entry, key, ranges)
    }


def as_written(tolerances: list[Decimal | None], holds: list) -> object:
    """In the form of `holds`: a number for a range, a list for a list."""
    plain = [
        None if each is None else int(each) if each == each.to_integral_value() else float(each)
        for each in tolerances
    ]
    return plain[0] if held.is_range(holds) else plain


async def measure(chapter: Chapter, free: asyncio.Semaphore) -> list[str]:
    """Measure a chapter, say what was found, and write it if all was; return the faults."""
    if faults := chapter.faults_before():
        return faults
    await chapter.measure(free)
    if chapter.broken:
        return chapter.broken
    entries, faults = chapter.record()
    for line in [*chapter.summary(entries), *chapter.failed()]:
        print(line, flush=True)
    if chapter.only:
        print("Nothing is written, since not all was run")
        return [*chapter.moved(), *faults]
    return [*chapter.moved(), *faults, *write(chapter, entries)]


async def main(paths: list[Path], at_once: int, only: str) -> int:
    """Measure the chapters; return the exit code."""
    if not only and (same := processors.alike()):
        print(
            f"Fault: {' and '.join(same)} cannot be had here: torch uses no other instructions. "
            "Tolerances would be too narrow, so nothing is measured; a processor with AVX-512 can. "
            "To look without writing: tools/spread.py --only seeds NOTEBOOK",
            file=sys.stderr,
        )
        return 1
    free = asyncio.Semaphore(at_once)
    chapters = [Chapter(path, only) for path in paths]
    found = await asyncio.gather(*(measure(chapter, free) for chapter in chapters))
    faults = [fault for some in found for fault in some]
    for fault in faults:
        print(f"Fault: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--at-once", type=int, default=2, help="runs side by side, one a core")
    parser.add_argument("--only", default="", help="runs that have this in their name: SSE4, seeds")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.notebooks, given.at_once, given.only)))
