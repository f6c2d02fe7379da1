"""What rows share: copies, an order with a memory, functions (sec-7-warnings in chapter 7)."""

import numpy as np
import torch
from scipy.spatial import cKDTree

from mine_lib.estimation.columns import MOST_LABELS, Columns
from mine_lib.estimation.gaussian import LARGEST_CORRELATION, GaussianCritic
from mine_lib.estimation.ksg import pointwise_ksg

COPIES = 0.9  # of the values that repeat on one side, so many come with one value of the other
LEAST_COPIES = 3  # values that repeat
ORDER_ERRORS, LEAST_INFLATION = 5, 1.3  # of a correlation of neighbours; of the variance of a mean
LAGS = 50
EQUAL_SHARE = 0.02  # of the rows
LEAST_FOR_NEIGHBOURS = 400  # rows
GROWTH = 0.7  # of what an estimate from neighbours grows by if z is a function, for each doubling
MORE_FOR_GROWTH, MOST_FOR_GROWTH = 300, 4000  # rows: more for each further dimension; at most
NEAR, FAR = 2, 8  # neighbours compared in looking for functions
FUNCTION_RATE = 0.6  # log of the growth of distances in z over that in x; one for a function


def about_copies(x: Columns, z: Columns) -> list[str]:
    """Count rows that are exact copies of others, where values do not repeat of themselves.

    Rows that agree in one side are looked at: copies agree in the other side, too, whereas rounded
    numbers and labels do so seldom. Beside labels, that says something of several columns only.
    """
    codes = [_codes(each) for each in (x, z)]
    joint = _codes(x.beside(z))
    kinds = [each.max() + 1 for each in codes]
    copies, many = x.rows - (joint.max() + 1), int(np.argmax(kinds))
    is_telling = min(kinds) > MOST_LABELS or (x, z)[many].numbers.shape[1] > 1
    if kinds[many] <= MOST_LABELS or not is_telling or _agreement(codes[many], joint) < COPIES:
        return []
    return [
        f"{copies} of {x.rows} rows are exact copies of others: keep one of each, or say with "
        "groups= which rows belong together"
    ]


def one_of_each(
    x: Columns, z: Columns, scores: tuple[np.ndarray, np.ndarray]
) -> tuple[Columns, Columns, tuple[np.ndarray, np.ndarray]]:
    """The first of all rows that are exact copies of each other."""
    first = np.sort(np.unique(_codes(x.beside(z)), return_index=True)[1])
    return x.take(first), z.take(first), tuple(each[first] for each in scores)


def about_order(scores: tuple[np.ndarray, np.ndarray]) -> list[str]:
    """Say if neighbouring rows resemble each other on both sides, as those of a time series do.

    The variance of a mean of products x z grows by 1 + 2 sum of r_x(l) r_z(l) then (Bartlett). A
    side that is sorted has no such order of its own.
    """
    sides = [_autocorrelations(each) for each in scores]
    if any(each is None for each in sides):
        return []
    x, z = (each[np.abs(each[:, 0]).argmax()] for each in sides)
    n = len(scores[0])
    is_strong = min(abs(x[0]), abs(z[0])) > ORDER_ERRORS / np.sqrt(n)
    inflation = 1 + 2 * (x * z).sum()
    if not is_strong or inflation < LEAST_INFLATION:
        return []
    return [
        "neighbouring rows resemble each other in x and in z: if they are in order of time, or of "
        "patients, say with groups= which belong together, or independent series look dependent"
    ]


def about_functions(x: Columns, z: Columns, scores: tuple[np.ndarray, np.ndarray]) -> list[str]:
    """Say if information looks infinite: one side determines, or sometimes equals, the other."""
    if x.is_labels or z.is_labels:
        return []
    equal = _equal_share(x.numbers, z.numbers)
    if equal > EQUAL_SHARE and equal < 1:
        return [f"in {equal:.0%} of the rows a column of x equals one of z: I is infinite"]
    if look_like_functions(x, z, scores):
        return ["x and z look like functions of one another: I may be infinite"]
    return []


def look_like_functions(x: Columns, z: Columns, scores: tuple[np.ndarray, np.ndarray]) -> bool:
    """Whether a canonical correlation is one, or an estimate from neighbours grows without end."""
    if sum(each.shape[1] for each in scores) < x.rows / 2:  # else, one is no surprise
        for pair in (scores, (x.numbers, z.numbers)):
            if min(each.shape[1] for each in pair):
                critic = GaussianCritic(*(torch.as_tensor(_scaled(v)) for v in pair))
                if critic.correlations.max() >= LARGEST_CORRELATION:
                    return True
    return _grows(x, z) or _determines(*scores) or _determines(*scores[::-1])


def _grows(x: Columns, z: Columns) -> bool:
    """Whether the estimate from neighbours grows by what it would if z were a function of x.

    For each doubling of n by log 2 times the columns of z over those of x: neighbours are so much
    nearer. With a density it stops growing.
    """
    dims = [each.numbers.shape[1] for each in (x, z)]
    least = LEAST_FOR_NEIGHBOURS + MORE_FOR_GROWTH * (max(dims) - 1)
    if max(dims) > 4 or x.rows < least:
        return False
    rows = np.random.default_rng(0).permutation(x.rows)[:MOST_FOR_GROWTH]
    parts = [rows, rows[::2], rows[1::2]]
    whole, *halves = (pointwise_ksg(x, z, np.sort(part), 3).mean() for part in parts)
    return bool(whole - np.mean(halves) > GROWTH * np.log(2) * min(dims) / max(dims))


def _determines(x: np.ndarray, z: np.ndarray) -> bool:
    """Whether neighbours in x that are farther apart are so in z too, however near they are.

    In d dimensions the eighth neighbour is about 4^(1/d) times as far as the second. If z = f(x),
    so are their z; if there is noise, neighbours in x differ by it alike. Seen in one or two
    dimensions only.
    """
    if x.shape[1] > 2 or len(x) < LEAST_FOR_NEIGHBOURS:
        return False
    with np.errstate(divide="ignore", invalid="ignore"):  # ties have no distance
        farther_x, farther_z = _gaps(x, z, FAR) / _gaps(x, z, NEAR)
    return bool(farther_z > farther_x**FUNCTION_RATE)


def _gaps(x: np.ndarray, z: np.ndarray, k: int) -> np.ndarray:
    """Upper quartiles of the distances in x and in z of each row to its k-th neighbour in x.

    The upper ones, since up to half of the rows may be ties.
    """
    distance, index = cKDTree(x).query(x, k + 1)
    gap = np.linalg.norm(z - z[index[:, k]], axis=1)
    return np.quantile([distance[:, k], gap], 0.75, axis=1)


def _codes(columns: Columns) -> np.ndarray:
    """Which of the different rows each row is, (n,)."""
    values = np.hstack([columns.numbers, columns.labels])
    return np.unique(values, axis=0, return_inverse=True)[1].ravel()


def _agreement(codes: np.ndarray, joint: np.ndarray) -> float:
    """Share of the repeated values of a side whose rows are equal on both; 0 if few repeat."""
    repeated = np.flatnonzero(np.bincount(codes) > 1)
    if len(repeated) < LEAST_COPIES:
        return 0.0
    partners = np.bincount(np.unique(np.stack([codes, joint], 1), axis=0)[:, 0])
    return float((partners[repeated] == 1).mean())


def _autocorrelations(scores: np.ndarray) -> np.ndarray | None:
    """Correlations of each column with itself a few rows later, (columns, lags)."""
    columns = [v for v in scores.T if not (np.diff(v) >= 0).all() and not (np.diff(v) <= 0).all()]
    if not columns:
        return None
    values = np.stack(columns)
    values = values - values.mean(1, keepdims=True)
    lags = range(1, min(LAGS, values.shape[1] // 4) + 1)
    sums = [(values[:, lag:] * values[:, :-lag]).sum(1) for lag in lags]
    return np.stack(sums, 1) / (values**2).sum(1, keepdims=True)


def _equal_share(x: np.ndarray, z: np.ndarray) -> float:
    """Largest share of rows in which a column of x equals one of z in a value that occurs once."""

    def single(v: np.ndarray) -> np.ndarray:
        _, index, count = np.unique(v, return_inverse=True, return_counts=True)
        return np.where(count[index.ravel()] == 1, v, np.nan)

    a, b = ([single(v) for v in side.T] for side in (x, z))
    return max((float((v == w).mean()) for v in a for w in b), default=0.0)


def _scaled(values: np.ndarray) -> np.ndarray:
    """Columns of like scale."""
    spread = values.std(0)
    return (values - values.mean(0)) / np.where(spread > 0, spread, 1)
