"""Mutual information of each column with each, trained together (the book's recipes)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import pandas as pd
import torch

from mine_lib.book.progress import progress_bar
from mine_lib.estimation.columns import Columns, read_columns, read_frames
from mine_lib.estimation.ensemble import Settings
from mine_lib.estimation.labels import strata_of
from mine_lib.estimation.plan import Plan, check_groups, least_rows
from mine_lib.estimation.result import MIEstimate
from mine_lib.estimation.tables import find_labels
from mine_lib.estimation.together import BAR, Pair, estimate_together

AT_ONCE = 10  # pairs that train side by side; more would not be faster


@dataclass(frozen=True, eq=False, repr=False)
class PairEstimates(Mapping):
    """Estimates for pairs of columns, from `estimate_pairs`: found["a", "b"] is an `MIEstimate`.

    x_names, z_names: names of the first and of the second columns. Within one table they are the
    same, and found["b", "a"] is found["a", "b"].
    """

    estimates: dict[tuple, MIEstimate]
    x_names: list
    z_names: list

    def __getitem__(self, names: tuple) -> MIEstimate:
        """The estimate for two columns. Raises KeyError on names that are no pair."""
        within = self.x_names is self.z_names and isinstance(names, tuple)
        if within and names not in self.estimates:
            names = names[::-1]
        return self.estimates[names]

    def __iter__(self) -> Iterator[tuple]:
        """The pairs of names, in the order of the columns."""
        return iter(self.estimates)

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.estimates)

    @property
    def matrix(self) -> pd.DataFrame:
        """Values in nats, x by z; NaN where a column meets itself, or nothing can be estimated."""
        values = pd.DataFrame(np.nan, self.x_names, self.z_names)
        for (x, z), each in self.estimates.items():
            value = math.nan if each.unusable else each.value
            values.loc[x, z] = value
            if self.x_names is self.z_names:
                values.loc[z, x] = value
        return values

    @property
    def table(self) -> pd.DataFrame:
        """A row for each pair, the largest value first, with its 95 % interval in nats.

        Warnings stand in one text; where nothing can be estimated, value and interval are NaN.
        """
        lines = []
        for names, each in self.estimates.items():
            said = (each.value, *each.interval()) if not each.unusable else (math.nan,) * 3
            lines.append((*names, *said, each.p_value, "; ".join(each.warnings)))
        names = ["x", "z", "value", "low", "high", "p_value", "warnings"]
        found = pd.DataFrame(lines, columns=names)
        return found.sort_values("value", ascending=False, ignore_index=True)

    def __str__(self) -> str:
        """The table, rounded to a thousandth."""
        return self.table.round(3).to_string()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.table.round(3).to_html()


def estimate_pairs(
    x: object,
    z: object = None,
    *,
    groups: object = None,
    discrete: object = None,
    folds: int = 5,
    restarts: int = 2,
    steps: int | None = None,
    batch_size: int = 128,
    learning_rate: float = 5e-3,
    alpha: float = 0.01,
    hidden: Sequence[int] = (32, 32, 32),
    transform: str = "normal_scores",
    gaussian_part: bool = True,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> PairEstimates:
    """Estimate the information between each two columns of x, or each of x and each of z, in nats.

    x, z: tables as for `estimate_mi`, (n, d), whose columns have different names.
    discrete: which columns are labels: as for `estimate_mi`, and of x alone names or numbers of
    columns, or a mask. The other settings are those of `estimate_mi`, with fewer and smaller
    networks, which two columns seldom need larger. Pairs of one kind train side by side; each gets
    what `estimate_mi` would give it with these settings, but for rounding. There is no `given`: ask
    for I(X; Z | W) pair by pair.

    With many pairs some p values are small by chance: correct them, as the book's recipes do.
    Raises ValueError as `estimate_mi`, on names that repeat, and on fewer than two columns.
    """
    settings = Settings(
        restarts=restarts, steps=steps, batch_size=batch_size, learning_rate=learning_rate,
        alpha=alpha, hidden=hidden, transform=transform, gaussian_part=gaussian_part, device=device,
    )  # fmt: skip
    sides = {"x": x} if z is None else {"x": x, "z": z}
    if z is None and not isinstance(discrete, bool | None):
        discrete = (discrete,)
    frames = read_frames(sides, least_rows(folds), discrete)
    read = [_columns(*each) for each in frames]
    if z is None and len(read[0]) < 2:
        raise ValueError("x has one column: must have at least two, or there must be z")
    names = list(combinations(read[0], 2)) if z is None else list(product(*read))
    rows = len(frames[0][1])
    groups = check_groups(groups, rows, folds)

    def plan(*sides: Columns) -> Plan:
        return Plan(rows, folds, seed, groups, strata_of(*sides))

    sides = {(a, b): (read[0][a], read[-1][b]) for a, b in names}
    pairs = {each: Pair(*two, plan(*two), transform) for each, two in sides.items()}
    found = _trained(pairs, settings, seed, progress)
    first = [*read[0]]
    return PairEstimates(found, first, first if z is None else [*read[1]])


def _trained(
    pairs: dict[tuple, Pair], settings: Settings, seed: int, progress: bool
) -> dict[tuple, MIEstimate]:
    """An estimate for each pair; those of one shape train together, some at once."""
    alike = defaultdict(list)
    for names, pair in pairs.items():
        alike[pair.shape].append(names)
    chunks = [
        some[first : first + AT_ONCE]
        for some in alike.values()
        for first in range(0, len(some), AT_ONCE)
    ]
    found = {}
    with progress_bar(BAR * len(chunks), progress) as advance, np.errstate(under="ignore"):
        for chunk in chunks:
            some = estimate_together([pairs[names] for names in chunk], settings, seed, advance)
            found |= zip(chunk, some, strict=True)
    return {names: found[names] for names in pairs}


def _columns(name: str, frame: pd.DataFrame, discrete: object) -> dict[object, Columns]:
    """Each column by itself, by its name."""
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise ValueError(f"{name} has two columns named {twice!r}: must have different names")
    declared = find_labels(name, frame, discrete)
    return {
        title: read_columns(
            name if isinstance(title, str) else f"{name}, column {title!r}", frame[[title]], kind
        )
        for title, kind in zip(frame.columns, declared, strict=True)
    }
