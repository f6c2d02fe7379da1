"""Gaussian pairs (sec-gaussians in chapter 1), and two families made of them."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.integrate import quad
from scipy.special import digamma, k0e

from mine_lib.checks import check_between, check_count
from mine_lib.distributions.base import Distribution


@dataclass(frozen=True)
class Gaussian(Distribution):
    """Standard Gaussian vectors with Corr(X_j, Z_j) = rho.

    x and z have shape (n, dim). Raises ValueError unless -1 < rho < 1 and dim >= 1.
    """

    rho: float
    dim: int = 1

    def __post_init__(self) -> None:
        """Check the parameters."""
        rho, dim = check_between("rho", self.rho, -1, 1), check_count("dim", self.dim)
        self._keep(rho=rho, dim=dim, x_dim=dim, z_dim=dim)

    @property
    def mi(self) -> float:
        """MI in nats, -dim/2 log(1 - rho^2) (eq. gaussian-mi)."""
        return -self.dim / 2 * math.log1p(-(self.rho**2))

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, noise = rng.standard_normal((2, n, self.dim))
        return x, self.rho * x + math.sqrt(1 - self.rho**2) * noise

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Eq. gaussian-log-ratio; dimensions add up."""
        rho = self.rho
        quadratic = (rho**2 * (x**2 + z**2) - 2 * rho * x * z) / (2 * (1 - rho**2))
        return self.mi - quadratic.sum(1)


@dataclass(frozen=True)
class Student(Distribution):
    """Pairs of `Gaussian`, each pair divided by one sqrt(chi^2 / dof).

    The pairs follow Student's t of dof degrees of freedom, a positive number; dof = 1 is Cauchy's
    distribution. x and z have shape (n, dim). With dof below 0.3 samples may overflow single
    precision. Raises ValueError unless dof > 0, -1 < rho < 1 and dim >= 1.
    """

    dof: float
    rho: float
    dim: int = 1

    def __post_init__(self) -> None:
        """Check the parameters."""
        dof, gaussian = check_between("dof", self.dof, 0, math.inf), Gaussian(self.rho, self.dim)
        self._keep(dof=dof, rho=gaussian.rho, dim=gaussian.dim)
        self._keep(x_dim=gaussian.dim, z_dim=gaussian.dim, _gaussian=gaussian)

    @property
    def mi(self) -> float:
        """MI in nats: above that of `Gaussian`, as a pair shares its divisor.

        Rounding errs by some 1e-15 dof.
        """
        return self._gaussian.mi + 2 * self._entropy(self.dim) - self._entropy(2 * self.dim)

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, z = self._gaussian._draw(rng, n)
        divisor = np.sqrt(rng.chisquare(self.dof, (n, 1)) / self.dof)
        return x / divisor, z / divisor

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """The joint Student's t of 2 dim dimensions less two of dim; powers of dof pi cancel."""
        low, mid, high = (self.dof / 2 + half * self.dim / 2 for half in (0, 1, 2))
        constant = math.lgamma(low) + math.lgamma(high) - 2 * math.lgamma(mid)
        uncorrelated = [
            (x + sign * z) / math.sqrt(2 * (1 + sign * self.rho)) for sign in (1, -1)
        ]  # their squares add up to the quadratic form of the pair
        marginals = self._log_tail(x) + self._log_tail(z)
        joint = self._log_tail(np.hstack(uncorrelated))
        return self._gaussian.mi + constant + mid * marginals - high * joint

    def _log_tail(self, values: np.ndarray) -> np.ndarray:
        """log(1 + |values|^2 / dof) of each row, without a square that could overflow."""
        with np.errstate(divide="ignore"):
            log_norm = np.log(np.hypot.reduce(values, axis=1))
        return np.logaddexp(0, 2 * log_norm - math.log(self.dof))

    def _entropy(self, dim: int) -> float:
        """Differential entropy in nats of the standard Student's t in dim dimensions."""
        low, high = self.dof / 2, (self.dof + dim) / 2
        log_constant = dim / 2 * math.log(self.dof * math.pi) + math.lgamma(low) - math.lgamma(high)
        return log_constant + high * float(digamma(high) - digamma(low))


@dataclass(frozen=True)
class GaussianMixture(Distribution):
    """Pairs of standard Gaussians, of correlation rho or, with equal chance, -rho.

    Uncorrelated, yet dependent unless rho = 0. x and z have shape (n, 1). Raises
    ValueError unless -1 < rho < 1.
    """

    rho: float

    def __post_init__(self) -> None:
        """Check the parameter."""
        self._keep(rho=check_between("rho", self.rho, -1, 1))

    @cached_property
    def mi(self) -> float:
        """MI in nats by one-dimensional quadrature.

        By symmetry, it is the mean log ratio of the pairs of correlation rho: the MI of `Gaussian`
        - log 2 + E[log(1 + exp(-2 rho T))], where T = XZ / (1 - rho^2).
        """
        rho = abs(self.rho)

        def integrand(t: float) -> float:
            # T has density sqrt(1 - rho^2) / pi exp(rho t) K0(|t|); t and -t are taken together
            overlap = math.log1p(math.exp(-2 * rho * t))
            below, above = math.exp(-(1 + rho) * t), math.exp(-(1 - rho) * t)
            return k0e(t) * (above * overlap + below * (overlap + 2 * rho * t))

        excess = math.sqrt(1 - rho**2) / math.pi * quad(integrand, 0, math.inf)[0]
        return Gaussian(rho).mi - math.log(2) + excess

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, z = Gaussian(self.rho)._draw(rng, n)
        return x, z * rng.choice([-1, 1], (n, 1))

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        ratios = [Gaussian(rho)._log_ratio(x, z) for rho in (self.rho, -self.rho)]
        return np.logaddexp(*ratios) - math.log(2)
