"""The estimator of Kraskov, Stoegbauer and Grassberger, which counts neighbours (chapter 1)."""

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import digamma

from mine_lib.checks import check_choice, check_count
from mine_lib.distributions import Discrete
from mine_lib.estimation.columns import TRANSFORMS, Columns, read_pair

NUDGE = 1e-10  # standard deviations, of what is tied: a density has no ties
LEAST_ROWS = 20


def ksg(x: object, z: object, k: int = 3, transform: str = "normal_scores") -> float:
    """Estimate I(X; Z) in nats from the k nearest neighbours of each pair.

    x, z: what `estimate_mi` takes, (n,) or (n, d), at least 20 rows. k: how many neighbours;
    more mean less noise and more bias. transform: of each column of numbers, as in `estimate_mi`;
    with "standardise", the textbook's, one outlier may hide all information.

    Distances are largest coordinate differences. Where one side holds labels, neighbours are
    those with the same label (Ross 2014); where both do, it is the information of the table of
    counts. The value has no error and is not cut off at zero; many columns make it far too low.

    Raises ValueError as `estimate_mi`, and unless 1 <= k < n; a label needs more than k rows.
    """
    check_choice("transform", transform, [*TRANSFORMS])
    least = max(LEAST_ROWS, check_count("k", k) + 1)
    columns = read_pair(x, z, least)
    kinds = [each.is_labels for each in columns]
    if all(kinds):
        return Discrete(_counts(*columns)).mi
    if any(kinds):
        labels, numbers = sorted(columns, key=lambda each: not each.is_labels)
        return _of_labels(_numbered(labels), _points(numbers, transform, 0), k)
    return _of_numbers(*(_points(each, transform, s) for s, each in enumerate(columns)), k)


def _of_numbers(x: np.ndarray, z: np.ndarray, k: int) -> float:
    """First estimator of Kraskov and others, for x (n, d_x) and z (n, d_z)."""
    both = np.hstack([x, z])
    distance = cKDTree(both).query(both, k + 1, p=np.inf)[0][:, -1]
    counts = [_within(each, each, distance) for each in (x, z)]  # with the point itself
    return float(digamma(k) + digamma(len(x)) - digamma(counts).sum(0).mean())


def _of_labels(labels: np.ndarray, points: np.ndarray, k: int) -> float:
    """Ross's estimator for labels (n,) and points (n, d)."""
    n, sizes = len(labels), np.bincount(labels)
    if sizes.min() <= k:
        raise ValueError(
            f"k = {k}: must be below {sizes.min()}, the rows of the rarest label (merge rare "
            "labels, or give counts as decimals)"
        )
    counts = np.empty(n)
    for label in range(len(sizes)):
        own = points[labels == label]
        distance = cKDTree(own).query(own, k + 1, p=np.inf)[0][:, -1]
        counts[labels == label] = _within(points, own, distance)
    return float(digamma(n) + digamma(k) - (digamma(counts) + digamma(sizes[labels])).mean())


def _within(points: np.ndarray, centres: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """How many points lie strictly closer to each centre than `distance`."""
    radius = np.nextafter(distance, 0)
    return cKDTree(points).query_ball_point(centres, radius, p=np.inf, return_length=True)


def _points(columns: Columns, transform: str, stream: int) -> np.ndarray:
    """Columns of like scale, without ties."""
    values = TRANSFORMS[transform](columns.values)
    nudges = NUDGE * np.random.default_rng(stream).standard_normal(values.shape)
    for column, nudge in zip(values.T, nudges.T, strict=True):
        _, index, count = np.unique(column, return_inverse=True, return_counts=True)
        column += np.where(count[index.ravel()] > 1, nudge, 0)
    return values


def _numbered(columns: Columns) -> np.ndarray:
    """Labels as numbers from 0 on."""
    return np.unique(columns.values, axis=0, return_inverse=True)[1].ravel()


def _counts(x: Columns, z: Columns) -> np.ndarray:
    """Table of relative frequencies of two columns of labels."""
    pair = _numbered(x), _numbered(z)
    table = np.zeros([each.max() + 1 for each in pair])
    np.add.at(table, pair, 1 / len(pair[0]))
    return table
