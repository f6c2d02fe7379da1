"""What information must obey, tried on a user's own rows."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from pandas.api import types
from scipy.stats import t as student

from mine_lib.checks import check_between, check_count
from mine_lib.estimation.columns import read_frames
from mine_lib.estimation.estimate import estimate_mi
from mine_lib.estimation.result import MIEstimate

LEAST_ROWS = 100  # two rows make one of a pair of copies
LEVELS = 8  # of a column that has been made coarse
SPLITS = 3  # each gives two halves, which are equally far from the whole

Estimator = Callable[[object, object], object]
Law = tuple[str, str, bool]
LAWS: dict[str, Law] = {
    "part": ("a part of z tells no more than z", "I(X; f(Z)) ≤ I(X; Z)", False),
    "function": ("a function of z beside z tells nothing new", "I(X; Z, g(Z)) = I(X; Z)", True),
    "copies": ("two copies tell the sum of both", "I(XX'; ZZ') = I(X; Z) + I(X'; Z')", True),
}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """Whether an estimator obeys one of the three laws, in nats.

    left, right: both sides of the law. low, high: an interval for left - right. equal: whether
    the law is an equation; else left is to be at most right.
    """

    law: str
    formula: str
    equal: bool
    left: float
    right: float
    low: float
    high: float

    @property
    def passes(self) -> bool:
        """Whether the interval allows what the law says."""
        return self.low <= 0 and (self.high >= 0 or not self.equal)

    @property
    def says_little(self) -> bool:
        """Whether it passes by an interval wider to each side than half of what is compared."""
        return self.passes and self.high - self.low > max(abs(self.left), abs(self.right))

    def __str__(self) -> str:
        """The law, both sides, their difference, and what follows."""
        verdict = "passes" if self.passes else "FAILS"
        verdict = "passes, but says little" if self.says_little else verdict
        off = self.left - self.right
        return (
            f"{verdict}: {self.law}: {self.left:.2f} and {self.right:.2f} nats, "
            f"difference {off:.2f} ({self.low:.2f} to {self.high:.2f})"
        )


@dataclass(frozen=True)
class SelfConsistency(Mapping[str, Answer]):
    """Answers to `part`, `function` and `copies`, from `self_consistency`."""

    answers: dict[str, Answer]
    n: int

    @property
    def failures(self) -> list[str]:
        """Names of the laws that fail."""
        return [name for name, each in self.items() if not each.passes]

    def __getitem__(self, name: str) -> Answer:
        """The answer of this name."""
        return self.answers[name]

    def __iter__(self) -> Iterator[str]:
        """Names of the answers."""
        return iter(self.answers)

    def __len__(self) -> int:
        """Three."""
        return len(self.answers)

    def __str__(self) -> str:
        """A line for each answer."""
        return "\n".join(map(str, self.values()))

    __repr__ = __str__


def self_consistency(
    x: object,
    z: object,
    estimator: Estimator = estimate_mi,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> SelfConsistency:
    """Try an estimator on your rows by three laws that need no truth (Song and Ermon 2020).

    x, z: what `estimate_mi` takes, (n,) or (n, d), n >= 100 independent rows.
    estimator: any function of x (n, d) and z (n, d) that returns nats, such as `ksg`, or an
    estimate with `interval`, such as `estimate_mi`; where a column holds labels, it is handed
    frames. In few rows `ksg` takes rounded numbers for labels; `lambda x, z: ksg(x, z,
    discrete=False)` does not.

    part: I(X; f(Z)) is at most I(X; Z), for the first half of the columns, or for one column made
    coarse. function: each column once more, coarse, beside z changes nothing. copies: rows in
    pairs, (x_i, x_j) with (z_i, z_j), tell the sum of what both halves of the rows tell.

    The interval for the difference of both sides adds up those of the estimates as if they were
    independent, though they share rows: usually it is too wide rather than too narrow. A plain
    function has none; its error is then the distance of halves of the rows from all rows, with
    Student's quantile for three splits. An estimator that passes may still be wrong: the same share
    missing everywhere, or nothing found at all, passes. One that fails may be right on your rows:
    copies have half as many rows and twice the columns. Rows that belong together break the laws:
    hand in one of each group.

    Raises ValueError on fewer than 100 rows, on what `estimate_mi` refuses, on a part of the rows
    that the estimator refuses, and unless level lies between 0 and 1; TypeError if the estimator
    returns no number.
    """
    check_between("level", level, 0, 1)
    frames = read_frames({"x": x, "z": z}, LEAST_ROWS, None)
    x, z = (frame.reset_index(drop=True) for _, frame, _ in frames)
    rng = np.random.default_rng(check_count("seed", seed, 0))
    rows = rng.permutation(len(x))
    found = _sides(x, z, estimator, rows)
    if all(hasattr(each, "interval") for sides in found.values() for each in sides):
        answers = {name: _of_estimates(name, sides, level) for name, sides in found.items()}
    else:
        halves = [half for _ in range(SPLITS) for half in np.array_split(rng.permutation(rows), 2)]
        answers = _of_halves(found, [_sides(x, z, estimator, each) for each in halves], level)
    return SelfConsistency(answers, len(x))


def _sides(
    x: pd.DataFrame, z: pd.DataFrame, estimator: Estimator, rows: np.ndarray
) -> dict[str, tuple]:
    """For each law what the estimator says of its left side, and of the terms of its right."""
    x, z = x.iloc[rows].reset_index(drop=True), z.iloc[rows].reset_index(drop=True)
    ask = partial(_ask, estimator)
    first, second = (slice(k * (len(x) // 2), (k + 1) * (len(x) // 2)) for k in range(2))
    coarse = z.apply(_coarse)
    whole = ask(x, z)
    return {
        "part": (ask(x, z.iloc[:, : z.shape[1] // 2] if z.shape[1] > 1 else coarse), whole),
        "function": (ask(x, _beside(z, coarse)), whole),
        "copies": (
            ask(*(_beside(each.iloc[first], each.iloc[second]) for each in (x, z))),
            *(ask(x.iloc[half], z.iloc[half]) for half in (first, second)),
        ),
    }


def _ask(estimator: Estimator, x: pd.DataFrame, z: pd.DataFrame) -> object:
    """What the estimator says of two tables, which it gets as arrays if all columns are numbers."""
    try:
        found = estimator(*map(_handed, (x, z)))
    except ValueError as error:
        raise ValueError(
            f"estimator refused {len(x)} of the rows, with {x.shape[1]} and {z.shape[1]} columns: "
            f"{error}"
        ) from error
    try:
        float(found)
    except (TypeError, ValueError):
        kind = type(found).__name__
        raise TypeError(f"estimator returned {kind}: must return nats as a number") from None
    return found


def _handed(table: pd.DataFrame) -> np.ndarray | pd.DataFrame:
    if all(map(_is_number, table.dtypes)):
        return table.to_numpy(float)
    return table.set_axis([str(k) for k in range(table.shape[1])], axis=1).reset_index(drop=True)


def _is_number(kind: object) -> bool:
    return types.is_numeric_dtype(kind) and not types.is_bool_dtype(kind)


def _coarse(column: pd.Series) -> pd.Series:
    """Which eighth of the rows, by size, each row is in; of labels, two become one."""
    if _is_number(column.dtype):
        ranks = column.rank(method="max") / len(column)
        return np.ceil(LEVELS * ranks)
    codes = pd.Series(pd.factorize(column)[0], column.index)
    return (codes // 2 if codes.max() > 1 else codes).map("label {}".format)


def _beside(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """The columns of both, row by row, in their order."""
    parts = [each.reset_index(drop=True) for each in (one, other)]
    return pd.concat(parts, axis=1, ignore_index=True)


def _of_estimates(name: str, sides: tuple[MIEstimate, ...], level: float) -> Answer:
    """An answer from the intervals of all terms.

    An interval's lower arm is the sampling error; what the upper arm exceeds it by is what the fit
    may lack. Errors add up in squares, what may be lacking as it is.
    """
    left, *right = map(float, sides)
    ends = [each.interval(level) for each in sides]
    errors = [float(each) - low for each, (low, _) in zip(sides, ends, strict=True)]
    lacks = [high - float(s) - e for s, e, (_, high) in zip(sides, errors, ends, strict=True)]
    value, half = left - sum(right), math.hypot(*errors)
    low, high = value - half - sum(lacks[1:]), value + half + lacks[0]
    return Answer(*LAWS[name], left, sum(right), low, high)


def _of_halves(
    found: dict[str, tuple], halves: list[dict[str, tuple]], level: float
) -> dict[str, Answer]:
    """Answers from plain numbers, whose errors are the distances of halves from all rows."""
    quantile = float(student.ppf((1 + level) / 2, SPLITS))
    answers = {}
    for name, (left, *right) in found.items():
        right = sum(map(float, right))
        off = [float(h[name][0]) - sum(map(float, h[name][1:])) for h in halves]
        value = float(left) - right
        half = quantile * math.sqrt(np.mean((np.array(off) - value) ** 2))
        answers[name] = Answer(*LAWS[name], float(left), right, value - half, value + half)
    return answers
