"""Pairs seen through a bijection of x, of z or of both, which leaves their information as it is."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from mine_lib.distributions.base import SINGLE, Distribution

Rows = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Bijection:
    """A one-to-one map of rows, `forward`, and its `inverse`.

    Both take float64 arrays (n, d) to (n, d'). Where a point is no value of `forward`, `inverse`
    should give NaN; points are then refused rather than taken for others.
    """

    forward: Rows
    inverse: Rows

    def __repr__(self) -> str:
        """The names of the two functions."""
        names = (getattr(f, "__name__", repr(f)) for f in (self.forward, self.inverse))
        return f"Bijection({', '.join(names)})"


@dataclass(frozen=True)
class Transformed(Distribution):
    """The pairs of another distribution with bijections applied to x, to z or to both.

    Information is unchanged by bijections, so `mi` is that of `pair`, and the log
    ratio at a point is that of `pair` at its inverse. x and z have as many columns as the
    bijections give them. Samples are transformed in double precision, before the cast to torch's
    default dtype. Raises ValueError unless `pair` is a distribution and x and z are each None or a
    `Bijection` whose inverse undoes it; `log_ratio` also at points that a bijection does not reach.
    """

    pair: Distribution
    x: Bijection | None = None
    z: Bijection | None = None

    def __post_init__(self) -> None:
        """Check the parts and count columns, on three pairs."""
        if not isinstance(self.pair, Distribution):
            raise ValueError(f"pair = {self.pair!r}: must be a distribution")
        x, z = self.pair._draw(np.random.default_rng(0), 3)
        x_dim = self.pair.x_dim if self.x is None else _columns("x", self.x, x)
        z_dim = self.pair.z_dim if self.z is None else _columns("z", self.z, z)
        self._keep(x_dim=x_dim, z_dim=z_dim)

    @property
    def mi(self) -> float:
        """MI in nats: that of `pair`."""
        return self.pair.mi

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, z = self.pair._draw(rng, n)
        return _forward(self.x, x), _forward(self.z, z)

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        return self.pair._log_ratio(_inverse("x", self.x, x), _inverse("z", self.z, z))


def _columns(name: str, bijection: Bijection, values: np.ndarray) -> int:
    """Count the columns of transformed values, if there is a way back from them."""
    if not isinstance(bijection, Bijection):
        raise ValueError(f"{name} = {bijection!r}: must be a Bijection or None")
    values = values.reshape(len(values), -1).astype(float)
    there = bijection.forward(values)
    back = bijection.inverse(there)
    if there.ndim != 2 or back.shape != values.shape or not np.allclose(back, values, rtol=1e-6):
        raise ValueError(f"{name} = {bijection}: must take rows to rows and back again")
    return there.shape[1]


def _forward(bijection: Bijection | None, values: np.ndarray) -> np.ndarray:
    if bijection is None:
        return values
    return bijection.forward(values.reshape(len(values), -1).astype(float))


def _inverse(name: str, bijection: Bijection | None, values: np.ndarray) -> np.ndarray:
    if bijection is None:
        return values
    with np.errstate(all="ignore"):
        inverse = bijection.inverse(values)
    broken = ~np.isfinite(inverse).all(1)
    if broken.any():
        point = ", ".join(f"{v:g}" for v in values[broken][0])
        row = int(np.flatnonzero(broken)[0])
        raise ValueError(f"{name} holds ({point}) in row {row}: {bijection} does not reach it")
    return inverse


def wind(x: np.ndarray) -> np.ndarray:
    """Points (n, 2) of the spiral at Gaussian values (n, 1)."""
    if x.shape[1] != 1:
        raise ValueError(f"values of the spiral have shape {x.shape}: must be (n, 1)")
    return _spiral_at(math.pi * (1 + 3 * ndtr(x)))


def unwind(x: np.ndarray) -> np.ndarray:
    """Gaussian values (n, 1) by the radius; NaN further off the spiral than rounding explains."""
    radius = np.hypot(x[:, :1], x[:, 1:])
    share = (radius / math.pi - 1) / 3
    # rounding to single precision moves a point by up to 1e-6 and, at its radius, by 13 times that
    gap = np.abs(x - _spiral_at(radius)).max(1, keepdims=True)
    off = (gap > 1e-4) | (np.abs(share - 1 / 2) > 1 / 2 + 8 * SINGLE)
    ends = np.where((share > 0) & (share < 1), share, share.clip(SINGLE / 4, 1 - SINGLE / 4))
    return np.where(off, np.nan, ndtri(ends))


def _spiral_at(t: np.ndarray) -> np.ndarray:
    return t * np.hstack([np.cos(t), np.sin(t)])


def cubed(values: np.ndarray) -> np.ndarray:
    """Every value to its third power."""
    return values**3


spiral = Bijection(wind, unwind)
"""One column of standard Gaussians, wound onto the spiral (t cos t, t sin t).

t = pi (1 + 3 Phi(x)), with Phi the standard Gaussian's distribution function. The way back is
Phi's inverse at the radius; a point more than 1e-4 off the spiral, where rounding to single
precision cannot have put it, is refused.
"""

cube = Bijection(cubed, np.cbrt)
"""Every value to its third power, any number of columns."""
