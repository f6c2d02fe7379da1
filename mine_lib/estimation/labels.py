"""Critics of labels, normalised (eq. 7-labels in chapter 7)."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from mine_lib.critics import Critic
from mine_lib.estimation.columns import Columns
from mine_lib.evaluation import Assessment, product_values
from mine_lib.statistics import grouped_error

MOST_DIFFERENT = 256  # rows of labels; each is tried with each row of the other side


@dataclass(frozen=True)
class Labels:
    """The K different rows of a side that has nothing but labels.

    codes: (n,), which of them each row is. shown: what networks see of them, (K, d). log_share:
    logarithms of how often they occur among all rows, (K,). is_x: whether the side is x.
    """

    codes: np.ndarray
    shown: Tensor
    log_share: np.ndarray
    is_x: bool

    def normalised(self, critic: Critic, x: Tensor, z: Tensor) -> np.ndarray:
        """T less log of the sum of p_k e^T over labels k: each with each of n rows, (K, n).

        critic: (x, z) -> (n,). x, z: (n, d); of the side of labels only the length counts.
        """
        other = z if self.is_x else x

        def asked(other: Tensor, labels: Tensor) -> Tensor:
            return critic(labels, other) if self.is_x else critic(other, labels)

        each = np.repeat(np.arange(len(self.shown))[:, None], len(other), 1)
        t = product_values(asked, other, self.shown.to(other.device), each)
        return t - np.logaddexp.reduce(t + self.log_share[:, None], 0)

    def assess(
        self, critic: Critic, x: Tensor, z: Tensor, rows: np.ndarray, groups: np.ndarray | None
    ) -> Assessment:
        """Value on some rows, and its error from the influence of each (eq. 7-error).

        The product term is one, g_X is one, and g_Z is a mean over all rows: no shift is needed.
        """
        t, codes = self.normalised(critic, x, z), self.codes[rows]
        joint = t[codes, np.arange(len(rows))]
        error = grouped_error(joint - np.exp(t).mean(1)[codes], groups)
        return Assessment(joint.mean(), error, 0.0, joint)

    def means(
        self, critic: Critic, x: Tensor, z: Tensor, rows: np.ndarray, partners: np.ndarray
    ) -> np.ndarray:
        """Mean T of rows with their partners, (shifts,), for partners (shifts, n)."""
        t = self.normalised(critic, x, z)
        codes = self.codes[rows]
        numbers = np.arange(len(rows))
        if self.is_x:  # z of the partner
            return np.array([t[codes, some].mean() for some in partners])
        return np.array([t[codes[some], numbers].mean() for some in partners])


def labels_of(columns: Columns) -> np.ndarray | None:
    """Which of the different rows each row is, (n,), if a side has labels alone, and few."""
    if not columns.is_labels:
        return None
    codes = columns.codes
    return codes if codes.max() < MOST_DIFFERENT else None


def labels_alone(sides: tuple[Columns, Columns], views: tuple[Tensor, Tensor]) -> Labels | None:
    """Labels of z, else those of x, if one has labels alone."""
    for is_x in (False, True):
        codes = labels_of(sides[not is_x])
        if codes is not None:
            _, first, counts = np.unique(codes, return_index=True, return_counts=True)
            return Labels(codes, views[not is_x][first], np.log(counts / len(codes)), is_x)
    return None


def strata_of(*sides: Columns) -> np.ndarray | None:
    """Labels of the last side that has nothing else, to be dealt out evenly to the folds."""
    found = [codes for each in sides if (codes := labels_of(each)) is not None]
    return found[-1] if found else None
