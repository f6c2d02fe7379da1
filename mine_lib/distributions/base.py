"""What all pairs of known information share: refusals, seeds, dtypes and shapes."""

from abc import ABC, abstractmethod

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from mine_lib.checks import check_count, check_pairs

SINGLE = 2.0**-23
"""Relative spacing of single precision, in which most samples come back to `log_ratio`."""


class Distribution(ABC):
    """A joint distribution of (X, Z) whose mutual information is known.

    P is the joint distribution, Q the product of its marginals. A family is a frozen dataclass of
    its parameters that checks them in `__post_init__` and fills in `_draw`, `mi` and `_log_ratio`;
    where x or z has more than one column, `x_dim` or `z_dim` too.
    """

    x_dim: int = 1
    z_dim: int = 1

    @property
    @abstractmethod
    def mi(self) -> float:
        """Mutual information in nats."""

    def sample(self, n: int, seed: int | None = None) -> tuple[Tensor, Tensor]:
        """Draw n pairs, one row a pair: x, shape (n, x_dim), and z, shape (n, z_dim).

        The tensors are on the CPU and of torch's default dtype; `Discrete` alone returns integers
        of shape (n,). Numbers come from NumPy's generator, so that a seed gives the same ones on
        every machine. Raises ValueError unless n >= 1 and seed is None or a whole number >= 0.
        """
        n = check_count("n", n)
        seed = seed if seed is None else check_count("seed", seed, least=0)
        x, z = self._draw(np.random.default_rng(seed), n)
        return _tensor(x), _tensor(z)

    def log_ratio(self, x: ArrayLike, z: ArrayLike) -> Tensor:
        """Log density ratio log dP/dQ in nats at pairs of points, minus infinity where impossible.

        x: shape (n, x_dim); z: shape (n, z_dim); a single column may be (n,). Returns shape (n,).
        With a replica axis, (R, n, x_dim) and (R, n, z_dim), it returns (R, n): a critic.
        Points that rounding to single precision has put off the distribution count as on it. Raises
        ValueError on NaN, infinity, unequal lengths, another number of columns, tensors that carry
        gradients, which would be cut off, and where x or z is impossible by itself.
        """
        for name, values in (("x", x), ("z", z)):
            if isinstance(values, Tensor) and values.requires_grad:
                raise ValueError(f"{name} carries gradients, which log_ratio cuts off: detach it")
        if np.ndim(x) == np.ndim(z) == 3 and np.shape(x)[:2] == np.shape(z)[:2]:
            flat = self.log_ratio(*(each.reshape(-1, each.shape[-1]) for each in (x, z)))
            return flat.reshape(np.shape(x)[:2])
        x, z = check_pairs(x, z)
        for name, values, dim in (("x", x, self.x_dim), ("z", z, self.z_dim)):
            if values.shape[1] != dim:
                wanted = "(n,) or (n, 1)" if dim == 1 else f"(n, {dim})"
                raise ValueError(f"{name} has shape {values.shape}: must be {wanted}")
        return _tensor(self._log_ratio(x, z))

    @abstractmethod
    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Float64 arrays x (n, x_dim) and z (n, z_dim); integers stay integers."""

    @abstractmethod
    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Log ratio (n,) at finite float64 arrays (n, x_dim) and (n, z_dim)."""

    def _keep(self, **values: object) -> None:
        """Set attributes of the frozen object, for `__post_init__`."""
        vars(self).update(values)


def check_within(name: str, values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return `values` if they lie in [low, high], give or take a rounding to single precision."""
    slack = SINGLE * max(abs(low), abs(high))
    outside = (values < low - slack) | (values > high + slack)
    if outside.any():
        raise ValueError(f"{name} holds {values[outside][0]:g}: must lie in [{low:g}, {high:g}]")
    return values


def _tensor(values: np.ndarray) -> Tensor:
    whole = np.issubdtype(values.dtype, np.integer)
    dtype = None if whole else torch.get_default_dtype()
    return torch.as_tensor(np.ascontiguousarray(values), dtype=dtype)
