"""The joint and the product pairs of each step (sec-3-estimator in chapter 3)."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

PRODUCTS = ("shift", "permute")


class Batches:
    """Batches of pairs, without end: each replica goes through its rows in shuffled epochs.

    x, z: (R, n, d), or (1, n, d) for all replicas. product: "shift" pairs a batch's x with its z
    cyclically shifted, "permute" with its z randomly permuted; negatives: m, so many product pairs
    for each joint pair. seeds: one a replica; the same seed gives the same rows whatever stands
    beside it.
    """

    def __init__(
        self,
        x: Tensor,
        z: Tensor,
        batch_size: int,
        product: str,
        negatives: int,
        seeds: Sequence[int],
    ) -> None:
        self._pairs = torch.cat([x, z], -1).flatten(0, 1)
        self.x_dim = x.shape[-1]
        rows = x.shape[1]
        self._first_row = torch.arange(len(x), device=x.device)[:, None] * rows
        self._epochs = [epochs(rows, batch_size, product, seed, negatives) for seed in seeds]
        self._batch = self._batches = 0

    def next_rows(self) -> Tensor:
        """Rows of the next joint batch of each replica, and of their partners: (1 + m, R, b)."""
        if self._batch == self._batches:
            epoch = torch.from_numpy(np.stack([next(each) for each in self._epochs], 2))
            self._epoch, self._batch, self._batches = epoch.to(self._pairs.device), 0, len(epoch[0])
        self._batch += 1
        return self._epoch[:, self._batch - 1].long() + self._first_row

    def pairs(self, rows: Tensor) -> Tensor:
        """Joint and product pairs in rows (1 + m, r, b), as (r, 1 + m, b, x_dim + z_dim)."""
        rows = rows.transpose(0, 1)
        pairs = self._pairs.index_select(0, rows.flatten()).view(*rows.shape, -1)
        pairs[:, 1:, :, : self.x_dim] = pairs[:, :1, :, : self.x_dim]
        return pairs


def epochs(
    n: int, batch_size: int, product: str, seed: int, negatives: int = 1
) -> Iterator[np.ndarray]:
    """Rows of an epoch's joint batches and their partners, (1 + negatives, batches, b)."""
    rng = np.random.default_rng([seed, 1])  # not the stream that drew the initial weights
    while True:
        rows = rng.permutation(n)[: n // batch_size * batch_size].reshape(-1, batch_size)
        if product == "shift":
            partners = [np.roll(rows, shift + 1, axis=1) for shift in range(negatives)]
        else:
            partners = [
                np.stack([rng.permutation(batch) for batch in rows]) for _ in range(negatives)
            ]
        yield np.stack([rows, *partners]).astype(np.int32)
