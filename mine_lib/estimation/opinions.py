"""Estimators of another kind beside the networks, which see what no learning curve does."""

from dataclasses import dataclass

import numpy as np

from mine_lib.estimation.columns import Columns
from mine_lib.estimation.gaussian import plug_in
from mine_lib.estimation.ksg import pointwise_ksg
from mine_lib.statistics import grouped_error

MOST_COLUMNS = 10  # in more, neighbours are far away, and counting them is slow
MOST_ROWS = 20_000  # that are counted
NEIGHBOURS = 5


@dataclass(frozen=True)
class Opinion:
    """What an estimator of another kind says, in nats.

    error: standard error of what it adds to a critic's value on the same rows. has_own_error:
    whether it errs by itself, so that the sampling error of the value does not cover it.
    """

    name: str
    value: float
    error: float
    has_own_error: bool


def opinions(
    x: Columns,
    z: Columns,
    scores: tuple[np.ndarray, np.ndarray],
    pointwise: np.ndarray,
    seed: int,
) -> list[Opinion]:
    """Values of the Gaussian plug-in, and of counts of neighbours or of labels.

    scores: the columns of numbers of x and of z, transformed. pointwise: a critic's, (n,).
    """
    found = []
    value, error = plug_in(*scores)
    if np.isfinite(value):
        found.append(Opinion("Gaussian plug-in", value, error, True))
    rows = np.arange(x.rows)
    if x.rows > MOST_ROWS:
        rows = np.sort(np.random.default_rng([seed, 4]).choice(rows, MOST_ROWS, replace=False))
    if x.is_labels and z.is_labels:
        name, each, bias = "table of counts", *_table(x.codes, z.codes)
        rows = np.arange(x.rows)
    elif max(x.width, z.width) <= MOST_COLUMNS:
        name, each, bias = "KSG", pointwise_ksg(x, z, rows, NEIGHBOURS), 0.0
    else:
        return found
    error = float(np.hypot(grouped_error(each - pointwise[rows]), bias / 2))
    return [*found, Opinion(name, float(each.mean()) - bias, error, False)]


def _table(x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, float]:
    """Terms of the plug-in of the table of counts, (n,), and its bias for independent labels.

    The bias is that of independent labels, (values of x - 1)(values of z - 1) / 2n: of dependent
    ones it is smaller, and then the result too low.
    """
    counts = np.zeros((x.max() + 1, z.max() + 1))
    np.add.at(counts, (x, z), 1)
    each = np.log(counts[x, z] * len(x) / (counts.sum(1)[x] * counts.sum(0)[z]))
    return each, (counts.shape[0] - 1) * (counts.shape[1] - 1) / (2 * len(x))
