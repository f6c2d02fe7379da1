"""The estimator of Kraskov, Stoegbauer and Grassberger, which counts neighbours (chapter 1)."""

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import digamma

from mine_lib.checks import check_choice, check_count
from mine_lib.distributions import Discrete
from mine_lib.estimation.columns import TRANSFORMS, Columns, read_pair

NUDGE = 1e-10  # standard deviations, of what is tied: a density has no ties
LEAST_ROWS = 20


def ksg(
    x: object,
    z: object,
    k: int = 3,
    transform: str = "normal_scores",
    discrete: object = None,
) -> float:
    """Estimate I(X; Z) in nats from the k nearest neighbours of each pair.

    x, z, discrete: what `estimate_mi` takes, (n,) or (n, d), at least 20 rows. k: how many
    neighbours; more mean less noise and more bias. transform: of each column of numbers, as in
    `estimate_mi`; with "standardise", the textbook's, one outlier may hide all information.

    Distances are largest coordinate differences. Where no column of a side takes more than twenty
    values, or all are labels, neighbours are those with the same label (Ross 2014); where that is
    so on both sides, it is the information of the table of counts. The value has no error and is
    not cut off at zero; many columns make it far too low.

    Raises ValueError as `estimate_mi`, and unless 1 <= k < n; a label needs more than k rows.
    """
    check_choice("transform", transform, [*TRANSFORMS])
    least = max(LEAST_ROWS, check_count("k", k) + 1)
    x, z = read_pair(x, z, least, discrete)
    if x.is_labels and z.is_labels:
        return Discrete(_counts(x.codes, z.codes)).mi
    labels = x.codes if x.is_labels else z.codes if z.is_labels else None
    if labels is not None and np.bincount(labels).min() <= k:
        raise ValueError(
            f"k = {k}: must be below {np.bincount(labels).min()}, the rows of the rarest label "
            "(merge rare labels, or say discrete=False)"
        )
    return float(pointwise_ksg(x, z, np.arange(x.rows), k, transform).mean())


def pointwise_ksg(
    x: Columns, z: Columns, rows: np.ndarray, k: int, transform: str = "normal_scores"
) -> np.ndarray:
    """Terms in nats whose mean over `rows` is the estimate from these rows alone, (rows,).

    Labels with at most k rows count as zero. Scores are those of all rows.
    """
    points = [_points(each, transform, stream)[rows] for stream, each in enumerate((x, z))]
    if x.is_labels or z.is_labels:
        labels, numbers = (x.codes, points[1]) if x.is_labels else (z.codes, points[0])
        return _of_labels(labels[rows], numbers, k)
    return _of_numbers(*points, k)


def _of_numbers(x: np.ndarray, z: np.ndarray, k: int) -> np.ndarray:
    """First estimator of Kraskov and others, for x (n, d_x) and z (n, d_z)."""
    both = np.hstack([x, z])
    distance = cKDTree(both).query(both, k + 1, p=np.inf)[0][:, -1]
    counts = [_within(each, each, distance) for each in (x, z)]  # with the point itself
    return digamma(k) + digamma(len(x)) - digamma(counts).sum(0)


def _of_labels(labels: np.ndarray, points: np.ndarray, k: int) -> np.ndarray:
    """Ross's estimator for labels (n,) and points (n, d)."""
    sizes, each = np.bincount(labels), np.zeros(len(labels))
    for label in np.flatnonzero(sizes > k):
        own = points[labels == label]
        distance = cKDTree(own).query(own, k + 1, p=np.inf)[0][:, -1]
        near = digamma(_within(points, own, distance)) + digamma(sizes[label])
        each[labels == label] = digamma(len(labels)) + digamma(k) - near
    return each


def _within(points: np.ndarray, centres: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """How many points lie strictly closer to each centre than `distance`."""
    radius = np.nextafter(distance, 0)
    return cKDTree(points).query_ball_point(centres, radius, p=np.inf, return_length=True)


def _points(columns: Columns, transform: str, stream: int) -> np.ndarray:
    """Columns of like scale, without ties; labels that are no numbers as indicators."""
    labels = columns.labels[:, ~columns.both]
    shown = [(each[:, None] == np.arange(each.max() + 1)).astype(float) for each in labels.T]
    if columns.numbers.shape[1]:
        shown.append(columns.numbers)
    values = TRANSFORMS[transform](np.hstack(shown))
    nudges = NUDGE * np.random.default_rng(stream).standard_normal(values.shape)
    for column, nudge in zip(values.T, nudges.T, strict=True):
        _, index, count = np.unique(column, return_inverse=True, return_counts=True)
        column += np.where(count[index.ravel()] > 1, nudge, 0)
    return values


def _counts(x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Table of relative frequencies of two labels from 0 on."""
    table = np.zeros((x.max() + 1, z.max() + 1))
    np.add.at(table, (x, z), 1 / len(x))
    return table
