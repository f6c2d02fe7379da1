"""Critics of labels, normalised (eq. 7-labels in chapter 7)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mine_lib.critics import Critic
from mine_lib.estimation.columns import MOST_KEPT, Columns
from mine_lib.evaluation import product_values


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

    def normalise(
        self, critic: Critic, x: Tensor, z: Tensor, rows: np.ndarray
    ) -> tuple[Critic, Tensor, Tensor]:
        """T less log of the sum of p_k e^T(x, z_k) over labels, looked up by numbers (n, 1).

        critic: (x, z) -> (n,). x, z: (n, d), of these rows. With labels in x, x and z change roles.
        Returns the critic with what it takes for x and for z.
        """
        other = z if self.is_x else x

        def asked(other: Tensor, labels: Tensor) -> Tensor:
            return critic(labels, other) if self.is_x else critic(other, labels)

        each = np.repeat(np.arange(len(self.shown))[:, None], len(rows), 1)
        t = product_values(asked, other, self.shown.to(other.device), each)
        t = torch.from_numpy(t - np.logaddexp.reduce(t + self.log_share[:, None], 0))
        codes, numbers = (
            torch.from_numpy(v)[:, None] for v in (self.codes[rows], np.arange(len(rows)))
        )
        if self.is_x:
            return lambda codes, numbers: t[codes[:, 0], numbers[:, 0]], codes, numbers
        return lambda numbers, codes: t[codes[:, 0], numbers[:, 0]], numbers, codes


def labels_alone(sides: tuple[Columns, Columns], views: tuple[Tensor, Tensor]) -> Labels | None:
    """Labels of z, else those of x, if there are any alone, and at most 64 different rows."""
    for is_x in (False, True):
        columns, view = sides[not is_x], views[not is_x]
        if columns.is_labels and columns.codes.max() < MOST_KEPT:
            _, first, counts = np.unique(columns.codes, return_index=True, return_counts=True)
            return Labels(columns.codes, view[first], np.log(counts / columns.rows), is_x)
    return None
