"""The closed-form critic: the log density ratio of fitted Gaussians (sec-7-how in chapter 7)."""

import math
from copy import copy

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.special import digamma, polygamma
from torch import Tensor, nn

from mine_lib.checks import check_part, check_rows, check_same_length

NEGLIGIBLE = 1e-8  # directions whose share of the variance is smaller are left out
LARGEST_CORRELATION = 1 - 1e-6  # of a canonical pair; at one the log ratio would be infinite


class GaussianCritic(nn.Module):
    """log r of the Gaussian distribution with the sample's covariances (eq. 7-gaussian-part).

    x, z: (R, n, x_dim) and (R, n, z_dim), or one sample without R; each replica has a fit of its
    own. columns: how many columns of x and of z to look at, the first; by default all.
    correlations: (R, min(x_dim, z_dim)), descending.

    In canonical coordinates u, v the covariance falls into pairs with correlations c_k, and
    log r is a sum of `Gaussian(c_k).log_ratio` over them. Directions with less than 1e-8 of the
    largest variance are left out: columns should be of like scale.
    """

    def __init__(
        self, x: ArrayLike, z: ArrayLike, columns: tuple[int | None, int | None] = (None, None)
    ) -> None:
        super().__init__()
        x, z = check_rows("x", x)[..., : columns[0]], check_rows("z", z)[..., : columns[1]]
        check_same_length(x.shape[-2], z.shape[-2])
        dtype = x.dtype
        x, z = (each.double().view(-1, *each.shape[-2:]) for each in (x, z))
        x_mean, z_mean = x.mean(1, keepdim=True), z.mean(1, keepdim=True)
        x, z = x - x_mean, z - z_mean
        white_x, white_z = _whitening(x), _whitening(z)
        cross = white_x.mT @ (x.mT @ z / x.shape[1]) @ white_z
        left, correlations, right = torch.linalg.svd(cross, full_matrices=False)
        fitted = {
            "x_mean": x_mean, "z_mean": z_mean,
            "x_map": white_x @ left, "z_map": white_z @ right.mT,
            "correlations": correlations, **_coefficients(correlations),
        }  # fmt: skip
        for name, value in fitted.items():
            self.register_buffer(name, value.to(dtype))

    @property
    def replicas(self) -> int:
        """Number R of fits."""
        return len(self.information)

    def restricted(self, used: Tensor) -> "GaussianCritic":
        """The critic of some of the canonical pairs: those marked by (R, pairs) truth values."""
        some = copy(self)
        coefficients = _coefficients(self.correlations.double() * used)
        coefficients = {name: value.to(self.x_map) for name, value in coefficients.items()}
        some._buffers = {**dict(self.named_buffers()), **coefficients}
        return some

    def __getitem__(self, part: slice) -> "GaussianCritic":
        """The critic of some of the replicas."""
        check_part(part)
        some = copy(self)
        some._buffers = {name: value[part] for name, value in self.named_buffers()}
        return some

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Critic values (R, b) of x (R, b, x_dim) and z (R, b, z_dim), or both without R."""
        u = (x[..., : self.x_mean.shape[-1]] - self.x_mean) @ self.x_map
        v = (z[..., : self.z_mean.shape[-1]] - self.z_mean) @ self.z_map
        # Written with u + v and u - v, it does not lose its digits when c is near one.
        gain = self.of_sums * (u + v) ** 2 - self.of_differences * (u - v) ** 2
        return self.information + gain.sum(-1)


def noise_edge(x_dim: int, z_dim: int, n: int) -> float:
    """Largest canonical correlation of n independent pairs, for many dimensions (eq. 7-edge).

    One if there are fewer rows than columns.
    """
    a, b = x_dim / n, z_dim / n
    if a + b >= 1:
        return 1.0
    return math.sqrt(a * (1 - b)) + math.sqrt(b * (1 - a))


def plug_in(x: np.ndarray, z: np.ndarray) -> tuple[float, float]:
    """Information in nats of Gaussian x (n, p) and z (n, q), and its standard error.

    The log determinants of sample covariances, less their means for Gaussian rows (eq. 7-plug-in):
    without bias for these at any p + q < n. The variance is the sum of c^2 / n, from sampling, and
    that of the log determinants of independent rows, from p q fitted covariances. NaN unless p + q
    is at most half of n.
    """
    n = len(x)
    if 0 in (*x.shape, *z.shape) or x.shape[1] + z.shape[1] > n / 2:
        return math.nan, math.nan
    p, q = (int(np.linalg.matrix_rank(each - each.mean(0))) for each in (x, z))
    critic = GaussianCritic(*(torch.as_tensor(each, dtype=torch.float64) for each in (x, z)))
    halves = (n - 1 - np.arange(p + q)) / 2
    bias = (digamma(halves[:p]).sum() + digamma(halves[:q]).sum() - digamma(halves).sum()) / 2
    fitted = (polygamma(1, halves[p:]) - polygamma(1, halves[:q])).sum() / 4
    squares = max(float(critic.correlations.square().sum()) - p * q / n, 0)
    return float(critic.information) - bias, math.sqrt(squares / n + fitted)


def _coefficients(correlations: Tensor) -> dict[str, Tensor]:
    """What the log ratio adds and multiplies by, for canonical correlations (R, pairs)."""
    c = correlations.clamp(max=LARGEST_CORRELATION)[:, None]
    return {
        "information": -torch.log1p(-(c**2)).sum(-1) / 2,  # (R, 1)
        "of_sums": c / (1 + c) / 4,
        "of_differences": c / (1 - c) / 4,
    }


def _whitening(values: Tensor) -> Tensor:
    """Map (R, d, d) that gives centred values (R, n, d) the unit matrix as covariance."""
    variances, axes = torch.linalg.eigh(values.mT @ values / values.shape[1])
    is_kept = variances > NEGLIGIBLE * variances[:, -1:]
    return axes * torch.where(is_kept, variances, torch.inf).rsqrt()[:, None]
