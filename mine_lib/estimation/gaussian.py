"""The closed-form critic: the log density ratio of fitted Gaussians (sec-7-how in chapter 7)."""

from copy import copy

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from mine_lib.checks import check_part, check_rows, check_same_length

NEGLIGIBLE = 1e-8  # directions whose share of the variance is smaller are left out
LARGEST_CORRELATION = 1 - 1e-6  # of a canonical pair; at one the log ratio would be infinite


class GaussianCritic(nn.Module):
    """log r of the Gaussian distribution with the sample's covariances (eq. 7-gaussian-part).

    x, z: (R, n, x_dim) and (R, n, z_dim), or one sample without R; each replica has a fit of its
    own.
    correlations: (R, min(x_dim, z_dim)), descending.

    In canonical coordinates u, v the covariance falls into pairs with correlations c_k, and
    log r is a sum of `Gaussian(c_k).log_ratio` over them. Directions with less than 1e-8 of the
    largest variance are left out: columns should be of like scale.
    """

    def __init__(self, x: ArrayLike, z: ArrayLike) -> None:
        super().__init__()
        x, z = check_rows("x", x), check_rows("z", z)
        check_same_length(x.shape[-2], z.shape[-2])
        dtype = x.dtype
        x, z = (each.double().view(-1, *each.shape[-2:]) for each in (x, z))
        x_mean, z_mean = x.mean(1, keepdim=True), z.mean(1, keepdim=True)
        x, z = x - x_mean, z - z_mean
        white_x, white_z = _whitening(x), _whitening(z)
        cross = white_x.mT @ (x.mT @ z / x.shape[1]) @ white_z
        left, correlations, right = torch.linalg.svd(cross, full_matrices=False)
        c = correlations.clamp(max=LARGEST_CORRELATION)[:, None]
        fitted = {
            "x_mean": x_mean, "z_mean": z_mean,
            "x_map": white_x @ left, "z_map": white_z @ right.mT,
            "correlations": correlations,
            "information": -torch.log1p(-(c**2)).sum(-1) / 2,  # (R, 1)
            "of_sums": c / (1 + c) / 4, "of_differences": c / (1 - c) / 4,
        }  # fmt: skip
        for name, value in fitted.items():
            self.register_buffer(name, value.to(dtype))

    @property
    def replicas(self) -> int:
        """Number R of fits."""
        return len(self.information)

    def drop(self, replicas: Tensor) -> None:
        """Make the critic zero in the replicas marked by (R,) truth values."""
        for values in (self.information, self.of_sums, self.of_differences):
            values[replicas] = 0

    def __getitem__(self, part: slice) -> "GaussianCritic":
        """The critic of some of the replicas."""
        check_part(part)
        some = copy(self)
        some._buffers = {name: value[part] for name, value in self.named_buffers()}
        return some

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Critic values (R, b) of x (R, b, x_dim) and z (R, b, z_dim), or both without R."""
        u = (x - self.x_mean) @ self.x_map
        v = (z - self.z_mean) @ self.z_map
        # Written with u + v and u - v, it does not lose its digits when c is near one.
        gain = self.of_sums * (u + v) ** 2 - self.of_differences * (u - v) ** 2
        return self.information + gain.sum(-1)


def _whitening(values: Tensor) -> Tensor:
    """Map (R, d, d) that gives centred values (R, n, d) the unit matrix as covariance."""
    variances, axes = torch.linalg.eigh(values.mT @ values / values.shape[1])
    is_kept = variances > NEGLIGIBLE * variances[:, -1:]
    return axes * torch.where(is_kept, variances, torch.inf).rsqrt()[:, None]
