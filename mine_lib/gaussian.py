"""The closed-form critic: the log density ratio of fitted Gaussians (section 7.2)."""

import torch
from torch import Tensor

NEGLIGIBLE = 1e-8  # directions whose share of the variance is smaller are left out
LARGEST_CORRELATION = 1 - 1e-6  # of a canonical pair; at one the log ratio would be infinite


class GaussianCritic:
    """log r of the Gaussian distribution with the sample's covariances (eq. 7-gaussian-part).

    x, z: (R, n, x_dim) and (R, n, z_dim); each replica has a fit of its own. In canonical
    coordinates u, v the covariance falls into pairs with correlations c_k, and log r is a sum of
    `gaussian_log_ratio` over them. Directions without variance are left out.
    correlations: (R, min(x_dim, z_dim)), descending.
    """

    def __init__(self, x: Tensor, z: Tensor) -> None:
        dtype = x.dtype
        x, z = x.double(), z.double()
        self.x_mean, self.z_mean = x.mean(1, keepdim=True), z.mean(1, keepdim=True)
        x, z = x - self.x_mean, z - self.z_mean
        white_x, white_z = _whitening(x), _whitening(z)
        cross = white_x.mT @ (x.mT @ z / x.shape[1]) @ white_z
        left, self.correlations, right = torch.linalg.svd(cross, full_matrices=False)
        self.x_map, self.z_map = white_x @ left, white_z @ right.mT
        c = self.correlations.clamp(max=LARGEST_CORRELATION)[:, None]
        self.information = -torch.log1p(-(c**2)).sum(-1) / 2  # (R, 1)
        self.of_sums, self.of_differences = c / (1 + c) / 4, c / (1 - c) / 4
        self.to(dtype)

    def to(self, target: torch.dtype | torch.device | str) -> "GaussianCritic":
        """Move to a device, or to another dtype, in place."""
        for name, value in vars(self).items():
            setattr(self, name, value.to(target))
        return self

    def drop(self, replicas: Tensor) -> None:
        """Make the critic zero in the replicas marked by (R,) truth values."""
        for values in (self.information, self.of_sums, self.of_differences):
            values[replicas] = 0

    def __call__(self, x: Tensor, z: Tensor, replicas: slice = slice(None)) -> Tensor:
        """Critic values (r, b) of x (r, b, x_dim) and z (r, b, z_dim)."""
        u = (x - self.x_mean[replicas]) @ self.x_map[replicas]
        v = (z - self.z_mean[replicas]) @ self.z_map[replicas]
        # Written with u + v and u - v, it does not lose its digits when c is near one.
        gain = self.of_sums[replicas] * (u + v) ** 2 - self.of_differences[replicas] * (u - v) ** 2
        return self.information[replicas] + gain.sum(-1)


def _whitening(values: Tensor) -> Tensor:
    """Map (R, d, d) that gives centred values (R, n, d) the unit matrix as covariance."""
    variances, axes = torch.linalg.eigh(values.mT @ values / values.shape[1])
    is_kept = variances > NEGLIGIBLE * variances[:, -1:]
    return axes * torch.where(is_kept, variances, torch.inf).rsqrt()[:, None]
