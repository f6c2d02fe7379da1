"""Cross-fitting: rows to train on, to hold back and to test on (sec-7-how in chapter 7)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mine_lib.checks import check_count

LEAST_ROWS = 50
HELD_BACK = 0.1  # of a training part, to choose the step and to weigh the networks
LEAST_HELD_BACK, MOST_HELD_BACK = 20, 2000
LEAST_TRAINED = 4  # rows: two batches of two
EPOCHS, LEAST_STEPS, MOST_STEPS = 45, 400, 3000


@dataclass(frozen=True)
class Lesson:
    """Rows that networks train on, and rows held back, (J, ...): a line for each critic."""

    train: np.ndarray
    held_back: np.ndarray

    def steps(self, batch_size: int) -> int:
        """Steps of forty-five epochs, within limits."""
        return int(np.clip(EPOCHS * self.train.shape[1] // batch_size, LEAST_STEPS, MOST_STEPS))


class Plan:
    """Which rows are tested in which fold, and what critics learn from.

    test: rows of each fold, those of a group side by side. whole: a lesson for each fold, from all
    other folds. half: one for each k, from the folds taught[k], k and the next: about half as many
    rows, exactly one for `ratio`.
    groups: (n,), whose rows stay in one fold. strata: (n,), labels that each fold shares alike.
    """

    def __init__(
        self,
        n: int,
        folds: int,
        seed: int,
        groups: np.ndarray | None = None,
        strata: np.ndarray | None = None,
    ) -> None:
        # not the streams of weights and batches
        rng = np.random.default_rng([check_count("seed", seed, 0), 2])
        self.groups = np.arange(n) if groups is None else groups
        self.has_groups = groups is not None
        self.test = self._deal(rng, folds, strata)
        self.degrees = float(len(np.unique(groups)) - folds) if self.has_groups else math.inf
        rest = [np.concatenate([*self.test[:k], *self.test[k + 1 :]]) for k in range(folds)]
        few = max((folds - 1) // 2, 1)
        self.taught = [{(k + j) % folds for j in range(few)} for k in range(folds)]
        part = [np.concatenate([self.test[j] for j in sorted(each)]) for each in self.taught]
        if folds == 2:
            part = [rows[: len(rows) // 2 * 2 : 2] for rows in part]
        self.ratio = 2 if folds == 2 else (folds - 1) / few
        self.whole, self.half = (self._lesson(rng, each) for each in (rest, part))

    def one_of_each(self, seed: int) -> np.ndarray:
        """A random row of each group."""
        rows = np.random.default_rng([seed, 5]).permutation(len(self.groups))
        return rows[np.unique(self.groups[rows], return_index=True)[1]]

    def _deal(
        self, rng: np.random.Generator, folds: int, strata: np.ndarray | None
    ) -> list[np.ndarray]:
        """Deal groups out to folds, in turn within each stratum, the largest first."""
        members, sizes = np.unique(self.groups, return_counts=True)
        order = rng.permutation(len(members))
        if strata is not None and not self.has_groups:
            order = order[np.argsort(strata[order], kind="stable")]
        else:
            order = order[np.argsort(-sizes[order], kind="stable")]
        fold = np.empty(len(members), int)
        fold[order] = np.arange(len(members)) % folds
        of_row = fold[np.searchsorted(members, self.groups)]
        return [self._shuffle(rng, np.flatnonzero(of_row == k)) for k in range(folds)]

    def _shuffle(self, rng: np.random.Generator, rows: np.ndarray) -> np.ndarray:
        """Rows in random order, those of a group side by side."""
        rows = rng.permutation(rows)
        if not self.has_groups:
            return rows
        members, first = np.unique(self.groups[rows], return_index=True)
        place = first[np.searchsorted(members, self.groups[rows])]
        return rows[np.argsort(place, kind="stable")]

    def _lesson(self, rng: np.random.Generator, parts: Sequence[np.ndarray]) -> Lesson:
        """Hold back a tenth of each part; all are cut to the shortest, so that they run as one."""
        count = min(map(len, parts))
        held = max(round(HELD_BACK * count), min(LEAST_HELD_BACK, count // 4))
        held = min(held, MOST_HELD_BACK)
        back, train = [], []
        for part in parts:
            rows = self._shuffle(rng, part)
            back.append(rows[:held])
            rest = rows[held:]
            if self.has_groups:  # a group cut in two would be on both sides
                rest = rest[self.groups[rest] != self.groups[rows[held - 1]]]
            train.append(rng.permutation(rest))
        shortest = min(map(len, train))
        if min(shortest, 2 * held) < LEAST_TRAINED:
            raise ValueError(
                f"groups leaves {shortest} rows to train on and {held} held back: must hold more "
                "and smaller groups, or there must be fewer folds"
            )
        return Lesson(np.stack([rows[:shortest] for rows in train]), np.stack(back))


def least_rows(folds: int) -> int:
    """How many rows an estimate needs; refuses less than two folds."""
    return max(LEAST_ROWS, 5 * check_count("folds", folds, 2))


def check_groups(groups: object, rows: int, folds: int) -> np.ndarray | None:
    """Groups as numbers (n,), or None."""
    if groups is None:
        return None
    values = np.asarray(groups)
    if values.shape != (rows,):
        raise ValueError(f"groups has shape {values.shape}: must be ({rows},), one label a row")
    codes, different = pd.factorize(values)
    if (codes < 0).any():
        raise ValueError(f"groups holds {(codes < 0).sum()} missing labels: must hold none")
    if len(different) < 2 * folds:
        raise ValueError(
            f"groups holds {len(different)} different labels: must hold at least {2 * folds}, two "
            f"for each of {folds} folds"
        )
    return codes
