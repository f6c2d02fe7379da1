"""Pairs with a discrete variable: a table, XOR, and steps with ramps."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import rel_entr

from mine_lib.checks import check_count, check_table
from mine_lib.distributions.base import SINGLE, Distribution, check_within


@dataclass(frozen=True)
class Discrete(Distribution):
    """Row and column numbers of a joint probability table, (values of x, values of z).

    x and z are integers of shape (n,). The table is kept as a tuple of rows. Raises
    ValueError unless it is two-dimensional, non-negative and sums to 1.
    """

    table: ArrayLike

    def __post_init__(self) -> None:
        """Check the table."""
        self._keep(table=tuple(map(tuple, check_table(self.table).tolist())))

    @property
    def mi(self) -> float:
        """MI in nats, sum of p log(p / (p_x p_z)) (eq. discrete-mi)."""
        return float(rel_entr(self._joint, self._product).sum())

    @cached_property
    def _joint(self) -> np.ndarray:
        return np.array(self.table)

    @property
    def _product(self) -> np.ndarray:
        return np.outer(self._joint.sum(1), self._joint.sum(0))

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        cells = rng.choice(self._joint.size, n, p=self._joint.ravel())
        return np.unravel_index(cells, self._joint.shape)

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Pointwise mutual information at row numbers x and column numbers z."""
        rows = _whole("x", x[:, 0], np.flatnonzero(self._joint.sum(1)))
        columns = _whole("z", z[:, 0], np.flatnonzero(self._joint.sum(0)))
        with np.errstate(divide="ignore"):
            return np.log(self._joint[rows, columns]) - np.log(self._product[rows, columns])


@dataclass(frozen=True)
class Xor(Distribution):
    """Two fair bits x1, x2 and y = x1 XOR x2, with independent Gaussian columns beside the bits.

    Each bit alone is independent of y. x has shape (n, 2 + distractors), its standard Gaussian
    distractors last (for sec-7-benchmark in chapter 7), and y has shape (n, 1). Raises ValueError
    unless distractors >= 0.
    """

    distractors: int = 0

    def __post_init__(self) -> None:
        """Check the parameter."""
        distractors = check_count("distractors", self.distractors, least=0)
        self._keep(distractors=distractors, x_dim=2 + distractors)

    @property
    def mi(self) -> float:
        """MI in nats: log 2, whatever the distractors."""
        return math.log(2)

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        bits = rng.integers(0, 2, (n, 2))
        x = np.hstack([bits, rng.standard_normal((n, self.distractors))])
        return x, (bits[:, :1] ^ bits[:, 1:]).astype(float)

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        bits = _whole("x", x[:, :2], [0, 1])
        y = _whole("z", z[:, 0], [0, 1])
        return np.where(y == bits[:, 0] ^ bits[:, 1], math.log(2), -np.inf)


@dataclass(frozen=True)
class StepsAndRamps(Distribution):
    """x, uniform on 0, ..., steps - 1, and z = x + noise uniform on [0, 2].

    A discrete and a continuous variable. x and z have shape (n, 1). Raises ValueError
    unless steps >= 1.
    """

    steps: int

    def __post_init__(self) -> None:
        """Check the parameter."""
        self._keep(steps=check_count("steps", self.steps))

    @property
    def mi(self) -> float:
        """MI in nats: log(steps) - (steps - 1) / steps log 2."""
        return math.log(self.steps) - (self.steps - 1) / self.steps * math.log(2)

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.integers(0, self.steps, (n, 1)).astype(float)
        return x, x + rng.uniform(0, 2, (n, 1))

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """log(steps / ramps), with ramps the number of steps that reach z: one or two."""
        step = _whole("x", x[:, 0], np.arange(self.steps))
        z = check_within("z", z[:, 0], 0, self.steps + 1)
        reached = np.abs(z - step - 1) <= 1 + SINGLE * (self.steps + 1)
        cell = np.floor(z).clip(step, step + 1)  # z may have been rounded up to its upper edge
        ramps = np.where((cell >= 1) & (cell < self.steps), 2, 1)
        return np.where(reached, np.log(self.steps / ramps), -np.inf)


def _whole(name: str, values: np.ndarray, possible: ArrayLike) -> np.ndarray:
    """Return `values` as integers, which rounding may have moved, if all are `possible`."""
    nearest = np.round(values)
    right = np.isclose(values, nearest, rtol=SINGLE, atol=SINGLE) & np.isin(nearest, possible)
    if not right.all():
        raise ValueError(f"{name} holds {values[~right][0]:g}: has probability zero")
    return nearest.astype(int)
