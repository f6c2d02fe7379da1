"""Pairs with a shape in the plane: circle, parabola, disk and band. x and z have one column."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.integrate import quad
from scipy.special import i0e, roots_legendre

from mine_lib.checks import check_between
from mine_lib.distributions.base import SINGLE, Distribution, check_within

_LEAST_NOISE = 1e-3  # the quadratures take some 10 / noise nodes
_REACH = 12  # a Gaussian tail beyond 12 standard deviations holds less than 1e-32


@dataclass(frozen=True)
class Circle(Distribution):
    """Points of the unit circle plus Gaussian noise: uncorrelated, yet dependent.

    x and z are the coordinates, each of shape (n, 1) (opening of chapter 1). Raises ValueError
    unless noise, the standard deviation, is above 0.001.
    """

    noise: float = 0.1

    def __post_init__(self) -> None:
        """Check the parameter."""
        self._keep(noise=check_between("noise", self.noise, _LEAST_NOISE, math.inf))

    @cached_property
    def mi(self) -> float:
        """MI in nats: 2 h(X) - h(X, Z), both by one-dimensional quadrature."""
        low, high = max(0.0, 1 - _REACH * self.noise), 1 + _REACH * self.noise

        def integrand(r: float) -> float:
            log_density = self._log_joint(r)
            return -2 * math.pi * r * math.exp(log_density) * log_density

        joint_entropy, _ = quad(integrand, low, high)
        return 2 * _smeared_entropy(*self._cosines(), self.noise) - joint_entropy

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        angle = rng.uniform(0, 2 * math.pi, (n, 1))
        error_x, error_z = self.noise * rng.standard_normal((2, n, 1))
        return np.cos(angle) + error_x, np.sin(angle) + error_z

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        x, z = x[:, 0], z[:, 0]
        marginals = [_smeared_log_density(v, *self._cosines(), self.noise) for v in (x, z)]
        return self._log_joint(np.hypot(x, z)) - sum(marginals)

    def _log_joint(self, radius: ArrayLike) -> np.ndarray:
        """Log joint density at a radius; i0e keeps the Bessel function finite."""
        bessel = np.log(i0e(np.asarray(radius) / self.noise**2))
        gaussian = (np.asarray(radius) - 1) ** 2 / (2 * self.noise**2)
        return bessel - gaussian - 2 * _log_scale(self.noise)

    def _cosines(self) -> tuple[np.ndarray, np.ndarray]:
        """Cosines of equally spaced angles, dense enough to be exact once smeared, and weights."""
        count = 32 + math.ceil(10 / self.noise)
        return np.cos((np.arange(count) + 0.5) * math.pi / count), np.full(count, 1 / count)


@dataclass(frozen=True)
class Parabola(Distribution):
    """x, uniform on [-1, 1], and z = x^2 + Gaussian noise: uncorrelated, yet dependent.

    x and z have shape (n, 1) (opening of chapter 1). Raises ValueError unless noise, the standard
    deviation, is above 0.001.
    """

    noise: float = 0.1

    def __post_init__(self) -> None:
        """Check the parameter."""
        self._keep(noise=check_between("noise", self.noise, _LEAST_NOISE, math.inf))

    @cached_property
    def mi(self) -> float:
        """MI in nats, h(Z) - h(Z|X): a quadrature less a Gaussian entropy."""
        gaussian_entropy = math.log(2 * math.pi * math.e * self.noise**2) / 2
        return _smeared_entropy(*self._squares(), self.noise) - gaussian_entropy

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.uniform(-1, 1, (n, 1))
        return x, x**2 + self.noise * rng.standard_normal((n, 1))

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        x, z = check_within("x", x[:, 0], -1, 1), z[:, 0]
        conditional = -((z - x**2) ** 2) / (2 * self.noise**2) - _log_scale(self.noise)
        return conditional - _smeared_log_density(z, *self._squares(), self.noise)

    def _squares(self) -> tuple[np.ndarray, np.ndarray]:
        """Squares of Gauss-Legendre nodes for x uniform on [0, 1], and their weights."""
        nodes, weights = roots_legendre(32 + math.ceil(10 / self.noise))
        return ((nodes + 1) / 2) ** 2, weights / 2


@dataclass(frozen=True)
class Disk(Distribution):
    """Points uniform on the unit disk: uncorrelated, yet dependent.

    x and z are the coordinates, each of shape (n, 1) (opening of chapter 1).
    """

    @property
    def mi(self) -> float:
        """MI in nats: log(pi) - 1, exactly (an exercise of chapter 1)."""
        return math.log(math.pi) - 1

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        radius = np.sqrt(rng.uniform(0, 1, (n, 1)))
        angle = rng.uniform(0, 2 * math.pi, (n, 1))
        return radius * np.cos(angle), radius * np.sin(angle)

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """log(pi / 4) less the logarithms of the half chords through x and z."""
        squares = [check_within(name, v[:, 0], -1, 1) ** 2 for name, v in (("x", x), ("z", z))]
        log_chords = sum(np.log1p(-square.clip(max=1 - SINGLE)) / 2 for square in squares)
        return np.where(sum(squares) <= 1 + SINGLE, math.log(math.pi / 4) - log_chords, -np.inf)


@dataclass(frozen=True)
class AdditiveUniform(Distribution):
    """x, uniform on [0, 1], and z = x + noise uniform on [-half_width, half_width].

    x and z have shape (n, 1). Raises ValueError unless half_width > 0.
    """

    half_width: float

    def __post_init__(self) -> None:
        """Check the parameter."""
        self._keep(half_width=check_between("half_width", self.half_width, 0, math.inf))

    @property
    def mi(self) -> float:
        """MI in nats: half_width - log(2 half_width) up to a half_width of 1/2.

        Beyond, 1 / (4 half_width).
        """
        if self.half_width > 1 / 2:
            return 1 / (4 * self.half_width)
        return self.half_width - math.log(2 * self.half_width)

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, noise = rng.uniform(0, 1, (2, n, 1))
        return x, x + self.half_width * (2 * noise - 1)

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Minus the logarithm of the length of the x in [0, 1] that reach z."""
        e = self.half_width
        x, z = check_within("x", x[:, 0], 0, 1), check_within("z", z[:, 0], -e, 1 + e)
        length = np.minimum(z + e, 1) - np.maximum(z - e, 0)
        log_ratio = -np.log(length.clip(min=SINGLE * min(e, 1)))  # rounding may leave no length
        return np.where(np.abs(z - x) <= e + SINGLE * (1 + e), log_ratio, -np.inf)


def _smeared_log_density(
    values: np.ndarray, centres: np.ndarray, weights: np.ndarray, noise: float
) -> np.ndarray:
    """Log density at `values` of weighted centres plus Gaussian noise."""
    exponent = np.log(weights) - (np.asarray(values)[..., None] - centres) ** 2 / (2 * noise**2)
    # torch's logsumexp is several times faster than SciPy's, and n x centres is large
    return torch.from_numpy(exponent).logsumexp(-1).numpy() - _log_scale(noise)


def _smeared_entropy(centres: np.ndarray, weights: np.ndarray, noise: float) -> float:
    """Differential entropy in nats of weighted centres plus Gaussian noise."""

    def integrand(value: float) -> float:
        log_density = _smeared_log_density(value, centres, weights, noise)
        return -math.exp(log_density) * log_density

    low, high = centres.min() - _REACH * noise, centres.max() + _REACH * noise
    return quad(integrand, low, high, limit=500)[0]


def _log_scale(noise: float) -> float:
    return math.log(noise * math.sqrt(2 * math.pi))
