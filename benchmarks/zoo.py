"""Everyday tables whose information is known, on which estimators are judged.

Each is a distribution of the package, one seen through a bijection, or one of the few that stand
here because no chapter needs them: labels with numbers, counts, amounts that are often zero,
spreads that change, products of two columns, blobs, waiting times, and any of these beside columns
that tell nothing.
"""

import math
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import pairwise

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.integrate import quad
from scipy.special import ndtr, ndtri
from scipy.stats import norm, poisson

import mine_lib as ml

NODES, WEIGHTS = hermegauss(120)
WEIGHTS = WEIGHTS / WEIGHTS.sum()
FLAT = 1e-9  # in a direction that the centres span no farther, they do not differ
REACH = 40.0  # beyond it, what is integrated here is below 1e-15


def entropy(log_density, low: float = -REACH, high: float = REACH) -> float:
    """Differential entropy in nats of a density on the line, by quadrature."""

    def integrand(value: float) -> float:
        log_p = float(log_density(np.array([value]))[0])
        return -math.exp(log_p) * log_p

    edges = np.linspace(low, high, 41)
    return sum(quad(integrand, a, b, limit=200)[0] for a, b in pairwise(edges))


def over_nodes(log_density: np.ndarray) -> np.ndarray:
    """Log of the mean density over a Gaussian variable, from logs at its nodes (n, nodes)."""
    with np.errstate(divide="ignore"):
        return np.logaddexp.reduce(log_density + np.log(WEIGHTS), 1)


@dataclass(frozen=True)
class Beside(ml.Distribution):
    """A pair beside independent Gaussian columns, `x_more` on x's side and `z_more` on z's."""

    pair: ml.Distribution
    x_more: int = 0
    z_more: int = 0

    def __post_init__(self) -> None:
        """Count columns."""
        self._keep(x_dim=self.pair.x_dim + self.x_more, z_dim=self.pair.z_dim + self.z_more)

    @property
    def mi(self) -> float:
        """MI in nats, that of the pair."""
        return self.pair.mi

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, z = (each.reshape(n, -1) for each in self.pair._draw(rng, n))
        more = rng.standard_normal((n, self.x_more)), rng.standard_normal((n, self.z_more))
        return np.hstack([x, more[0]]), np.hstack([z, more[1]])

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        return self.pair._log_ratio(x[:, : self.pair.x_dim], z[:, : self.pair.z_dim])


@dataclass(frozen=True)
class Classes(ml.Distribution):
    """A label k of probability p_k, and z standard Gaussian around a centre of its own.

    probabilities: (K,). centres: (K, d).
    """

    probabilities: tuple
    centres: tuple

    def __post_init__(self) -> None:
        """Count columns."""
        self._keep(z_dim=len(self.centres[0]))

    @cached_property
    def mi(self) -> float:
        """MI in nats: at each centre a quadrature in the subspace that the centres span."""
        centres = np.array(self.centres) - self.centres[0]
        _, sizes, axes = np.linalg.svd(centres, full_matrices=False)
        flat = centres @ axes[sizes > FLAT].T
        grids = np.meshgrid(*[NODES] * flat.shape[1], indexing="ij")
        points = np.stack([each.ravel() for each in grids], 1)
        weights = reduce(np.multiply.outer, [WEIGHTS] * flat.shape[1]).ravel()
        inside = Classes(self.probabilities, tuple(map(tuple, flat)))
        labels = range(len(flat))
        at = [weights @ inside._log_ratio(np.full((len(points), 1), k), flat[k] + points)
              for k in labels]  # fmt: skip
        return float(np.array(self.probabilities) @ at)

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        label = rng.choice(len(self.probabilities), (n, 1), p=self.probabilities)
        return label, np.array(self.centres)[label[:, 0]] + rng.standard_normal((n, self.z_dim))

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        own = z - np.array(self.centres)[x[:, 0].round().astype(int)]
        return norm.logpdf(own).sum(1) - self._log_marginal(z)

    def _log_marginal(self, z: np.ndarray) -> np.ndarray:
        z = z.reshape(len(z), -1)
        apart = z[:, None] - np.array(self.centres)
        return np.logaddexp.reduce(norm.logpdf(apart).sum(2) + np.log(self.probabilities), 1)


@dataclass(frozen=True)
class Blobs(ml.Distribution):
    """Equally likely round blobs of one size: (x, z) lies around one of the centres (K, 2)."""

    centres: tuple
    spread: float

    @cached_property
    def mi(self) -> float:
        """MI in nats: at each centre a quadrature over both coordinates."""
        u, v = (each.ravel() for each in np.meshgrid(NODES, NODES))
        weights = np.outer(WEIGHTS, WEIGHTS).ravel()
        at = [
            weights @ self._log_ratio(a + self.spread * u[:, None], b + self.spread * v[:, None])
            for a, b in self.centres
        ]
        return float(np.mean(at))

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        centre = np.array(self.centres)[rng.integers(len(self.centres), size=n)]
        points = centre + self.spread * rng.standard_normal((n, 2))
        return points[:, :1], points[:, 1:]

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        each = [
            norm.logpdf(v, c, self.spread)
            for v, c in zip((x, z), np.array(self.centres).T, strict=True)
        ]  # (n, K)
        joint, *alone = (np.logaddexp.reduce(e, 1) for e in (sum(each), *each))
        return joint - sum(alone) + math.log(len(self.centres))


@dataclass(frozen=True)
class Spread(ml.Distribution):
    """z is noise whose standard deviation exp(slope x) changes with a Gaussian x."""

    slope: float

    @cached_property
    def mi(self) -> float:
        """MI in nats: h(Z) less the mean of h(Z | X), in which the mean of slope x is zero."""
        return entropy(self._log_marginal, -400, 400) - math.log(2 * math.pi * math.e) / 2

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, noise = rng.standard_normal((2, n, 1))
        return x, np.exp(self.slope * x) * noise

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        given = norm.logpdf(z[:, 0], scale=np.exp(self.slope * x[:, 0]))
        return given - self._log_marginal(z[:, 0])

    def _log_marginal(self, z: np.ndarray) -> np.ndarray:
        return over_nodes(norm.logpdf(z[:, None], scale=np.exp(self.slope * NODES)))


@dataclass(frozen=True)
class Product(ml.Distribution):
    """z = x1 x2 + noise: each column alone tells little."""

    noise: float

    def __post_init__(self) -> None:
        """Two columns on x's side."""
        self._keep(x_dim=2)

    @cached_property
    def mi(self) -> float:
        """MI in nats: h(Z) less the entropy of the noise."""
        return entropy(self._log_marginal) - math.log(2 * math.pi * math.e * self.noise**2) / 2

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.standard_normal((n, 2))
        return x, x.prod(1, keepdims=True) + self.noise * rng.standard_normal((n, 1))

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        return norm.logpdf(z[:, 0], x.prod(1), self.noise) - self._log_marginal(z[:, 0])

    def _log_marginal(self, z: np.ndarray) -> np.ndarray:
        return over_nodes(norm.logpdf(z[:, None], scale=np.hypot(NODES, self.noise)))


@dataclass(frozen=True)
class Waiting(ml.Distribution):
    """Two waiting times with one rate, which is gamma distributed of shape `shape`."""

    shape: float

    @property
    def mi(self) -> float:
        """MI in nats: E[log(1 + x)] = 1/a and E[log(1 + x + z)] = 1/a + 1/(a + 1)."""
        a = self.shape
        return math.log((a + 1) / a) + 2 * (a + 1) / a - (a + 2) * (1 / a + 1 / (a + 1))

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        rate = rng.gamma(self.shape, size=(n, 1))
        x, z = rng.exponential(size=(2, n, 1))
        return x / rate, z / rate

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        a, x, z = self.shape, x[:, 0], z[:, 0]
        alone = (a + 1) * (np.log1p(x) + np.log1p(z))
        return math.log((a + 1) / a) + alone - (a + 2) * np.log1p(x + z)


@dataclass(frozen=True)
class Counts(ml.Distribution):
    """z is a Poisson count whose logarithm of the rate is `level` + `slope` x, x Gaussian."""

    level: float
    slope: float

    @cached_property
    def mi(self) -> float:
        """MI in nats: H(Z) less the mean of H(Z | X)."""
        z = np.arange(2000)
        log_given = poisson.logpmf(z[:, None], np.exp(self.level + self.slope * NODES))
        given = -(WEIGHTS * np.where(log_given > -700, np.exp(log_given) * log_given, 0)).sum()
        log_p = self._log_marginal(z)
        return float(-(np.exp(log_p) * np.where(np.isfinite(log_p), log_p, 0)).sum() - given)

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.standard_normal((n, 1))
        return x, rng.poisson(np.exp(self.level + self.slope * x))

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        z = z[:, 0].round()
        given = poisson.logpmf(z, np.exp(self.level + self.slope * x[:, 0]))
        return given - self._log_marginal(z)

    def _log_marginal(self, z: np.ndarray) -> np.ndarray:
        return over_nodes(poisson.logpmf(z[:, None], np.exp(self.level + self.slope * NODES)))


@dataclass(frozen=True)
class Amounts(ml.Distribution):
    """Pairs of another distribution; in a share of the rows, at random, z is zero."""

    pair: ml.Distribution
    share: float

    @property
    def mi(self) -> float:
        """MI in nats: what is left of the pair's."""
        return (1 - self.share) * self.pair.mi

    def _draw(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        x, z = self.pair._draw(rng, n)
        return x, np.where(rng.random((n, 1)) < self.share, 0, z)

    def _log_ratio(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        return np.where(z[:, 0] == 0, 0, self.pair._log_ratio(x, z))


def shared_counts(own: float, shared: float) -> ml.Discrete:
    """Two Poisson counts with a common part."""
    top = int(poisson.isf(1e-12, own + shared)) + 1
    part = poisson.pmf(np.arange(top), own)
    table = np.zeros((top, top))
    for common, chance in enumerate(poisson.pmf(np.arange(top), shared)):
        table[common:, common:] += chance * np.outer(*[part[: top - common]] * 2)
    return ml.Discrete(table / table.sum())


def ratings(rho: float, answers: int) -> ml.Discrete:
    """Two Gaussians of correlation rho, each cut into so many answers that are equally likely."""
    edges = ndtri(np.arange(1, answers) / answers)
    nodes = ndtri((np.arange(2000 * answers) + 0.5) / (2000 * answers))
    below = ndtr((edges[:, None] - rho * nodes) / math.sqrt(1 - rho**2))
    within = np.diff(below, axis=0, prepend=0, append=1)  # of z, given x
    table = within.reshape(answers, answers, -1).sum(2).T
    return ml.Discrete(table / table.sum())


def codes(count: int, sharpness: float) -> ml.Discrete:
    """Nominal codes without an order: a table of random logits."""
    table = np.exp(sharpness * np.random.default_rng(count).standard_normal((count, count)))
    return ml.Discrete(table / table.sum())


def turned(seed: int, dim: int) -> ml.Bijection:
    """A rotation of `dim` columns into each other."""
    rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((dim, dim)))[0]
    return ml.Bijection(lambda v: v @ rotation, lambda v: v @ rotation.T)


def swirl(speed: float, first: int, second: int) -> ml.Bijection:
    """Two columns turn by an angle of `speed` times the squared length of the row."""

    def turn(values: np.ndarray, sign: int) -> np.ndarray:
        angle = sign * speed * (values**2).sum(1)
        found = values.copy()
        a, b = values[:, first], values[:, second]
        found[:, first] = np.cos(angle) * a - np.sin(angle) * b
        found[:, second] = np.sin(angle) * a + np.cos(angle) * b
        return found

    return ml.Bijection(lambda v: turn(v, 1), lambda v: turn(v, -1))


def mixed(pair: ml.Distribution) -> ml.Transformed:
    """A pair whose columns are mixed by a rotation on each side."""
    return ml.Transformed(pair, turned(1, pair.x_dim), turned(2, pair.z_dim))


exponential = ml.Bijection(np.exp, np.log)
two_pairs = Beside(ml.Gaussian(0.8, 2), 1, 1)

CASES: dict[str, ml.Distribution] = {
    "Gaussian, ρ = 0.5": ml.Gaussian(0.5),
    "Gaussian, ρ = 0.9": ml.Gaussian(0.9),
    "log-normal": ml.Transformed(ml.Gaussian(0.7), exponential, exponential),
    "Student t, 2 degrees": ml.Student(2, 0.5),
    "Cauchy, uncorrelated": ml.Student(1, 0.0),
    "crossed mixture": ml.GaussianMixture(0.9),
    "circle": ml.Circle(0.2),
    "parabola": ml.Parabola(0.2),
    "uniform noise": ml.AdditiveUniform(0.3),
    "disk": ml.Disk(),
    "changing spread": Spread(0.8),
    "waiting times": Waiting(1.0),
    "blobs": Blobs(((-2, 0), (0, 2), (2, 0), (0, -2), (0, 0)), 0.5),
    "blobs in a grid": Blobs(tuple((i, (2 * i) % 5) for i in range(5)), 0.2),
    "product of two": Product(0.3),
    "product, 4 distractors": Beside(Product(0.3), 4),
    "changing spread, 5 distractors": Beside(Spread(0.8), 5),
    "zero in four of ten": Amounts(ml.Gaussian(0.9), 0.4),
    "counts, few": shared_counts(1.0, 1.5),
    "counts, many": shared_counts(6.0, 12.0),
    "count and number": Counts(1.0, 0.7),
    "ratings 0 to 10": ratings(0.8, 11),
    "ratings 1 to 5": ratings(0.7, 5),
    "codes, 6": codes(6, 1.0),
    "codes, 12": codes(12, 1.2),
    "two labels and a number": Classes((0.5, 0.5), ((0.0,), (2.0,))),
    "rare label": Classes((0.98, 0.02), ((0.0,), (3.0,))),
    "20 labels and a number": Classes((0.05,) * 20, tuple((i % 5 * 1.5,) for i in range(20))),
    "steps and ramps": ml.StepsAndRamps(5),
    "3 classes, 5 columns": Classes(
        (0.5, 0.3, 0.2), ((0, 0, 0, 0, 0), (1.5, 1, 0, 0, 0), (0, 1.5, -1, 0, 0))
    ),
    "XOR": ml.Xor(),
    "XOR, 3 distractors": ml.Xor(3),
    "Gaussian, 5 + 5": ml.Gaussian(0.5, 5),
    "Student t, 2 degrees, 2 + 2": ml.Student(2, 0.5, 2),
    "Student t, 3 degrees, 3 + 3": ml.Student(3, 0.4, 3),
    "spiral": ml.Transformed(ml.Gaussian(0.9), x=ml.spiral),
    "swirl, 3 + 3": ml.Transformed(two_pairs, swirl(1 / 3, 0, 1), swirl(1 / 3, 1, 2)),
    "3 factors in 10 + 10": mixed(Beside(ml.Gaussian(0.7, 3), 7, 7)),
    "1 factor in 50 + 50": mixed(Beside(ml.Gaussian(0.9), 49, 49)),
    "dense, 50 + 50": mixed(ml.Gaussian(0.25, 50)),
    "independent": ml.Gaussian(0.0),
    "independent, 5 + 5": ml.Gaussian(0.0, 5),
    "independent labels": codes(8, 0.0),
}
"""The cases on which intervals are judged; each says its truth in nats by `mi`."""
