"""What a spread over seeds allows one to say."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import ttest_1samp

from mine_lib.checks import check_between


def mean_interval(values: ArrayLike, level: float = 0.99) -> tuple[float, float]:
    """Confidence interval for the mean of independent values, one a seed (Student's t).

    values: (seeds,), at least two. Returns (low, high). Raises ValueError on another shape, on NaN
    or infinity, and unless 0 < level < 1.
    """
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or len(array) < 2:
        raise ValueError(f"values has shape {array.shape}: must be (seeds,), two or more")
    if not np.isfinite(array).all():
        raise ValueError(f"values holds {array[~np.isfinite(array)][0]:g}: must be finite")
    check_between("level", level, 0, 1)
    if np.ptp(array) == 0:  # no spread: scipy would warn, and divide by zero
        return float(array[0]), float(array[0])
    interval = ttest_1samp(array, 0).confidence_interval(level)
    return float(interval.low), float(interval.high)


def exceeds(larger: ArrayLike, smaller: ArrayLike, level: float = 0.99) -> bool:
    """Whether `larger` is above `smaller` in the mean over seeds, by more than their spread allows.

    Both (seeds,), paired seed by seed, or one of them a number. True if the interval
    `mean_interval` of the differences lies above zero.
    """
    differences = np.asarray(larger, dtype=float) - np.asarray(smaller, dtype=float)
    return mean_interval(differences, level)[0] > 0


def grouped_error(values: ArrayLike, groups: ArrayLike | None = None) -> float:
    """Standard error of the mean of values that come in groups (eq. 7-error).

    values: (n,). groups: (n,), a label for each, by default its own; values of different groups are
    independent. The error is that of a sum over groups, whatever their sizes. Raises ValueError
    with fewer than two groups.
    """
    values = np.asarray(values, dtype=float)
    groups = np.arange(len(values)) if groups is None else groups
    sums = np.bincount(np.unique(groups, return_inverse=True)[1].ravel(), values - values.mean())
    if len(sums) < 2:
        raise ValueError(f"groups holds {len(sums)} label: must hold two or more")
    return float(np.sqrt(len(sums) / (len(sums) - 1) * (sums @ sums)) / len(values))
