"""Joint distributions of (X, Z) with known mutual information.

A family is up to three functions with the same parameters: the sampler, which returns one tensor
each for x and z, one row a sample, on the CPU and of torch's default dtype; its `_mi`, the mutual
information in nats; and its `_log_ratio`, the log density ratio log dP/dQ at given points, also in
nats. P is the joint distribution, Q the product of its marginals. Sampling goes through NumPy's
generator, so that a seed gives the same numbers on every machine; a seed that is not a whole
number from 0 on raises ValueError.
"""

import math

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.integrate import quad
from scipy.special import digamma, i0e, k0e, ndtr, rel_entr, roots_legendre
from torch import Tensor

from mine_lib.checks import check_between, check_count, check_pairs, check_table

XOR_TABLE = np.array([[1, 0], [0, 1], [0, 1], [1, 0]]) / 4
"""Joint table of XOR: rows (x1, x2) = 00, 01, 10, 11; columns y = 0, 1. Its MI is log 2."""


def correlated_gaussians(
    n: int, rho: float, dim: int = 1, seed: int | None = None
) -> tuple[Tensor, Tensor]:
    """Draw n pairs of standard Gaussian vectors with Corr(X_j, Z_j) = rho (section 1.5).

    Returns x and z, each of shape (n, dim). Raises ValueError unless -1 < rho < 1, n, dim >= 1.
    """
    n, dim = check_count("n", n), check_count("dim", dim)
    rho = check_between("rho", rho, -1, 1)
    return _tensors(*_gaussians(_generator(seed), n, rho, dim))


def gaussian_mi(rho: float, dim: int = 1) -> float:
    """MI of `correlated_gaussians` in nats, -dim/2 log(1 - rho^2) (eq. gaussian-mi, section 1.5).

    Raises ValueError unless -1 < rho < 1 and dim >= 1.
    """
    rho = check_between("rho", rho, -1, 1)
    return -check_count("dim", dim) / 2 * math.log1p(-(rho**2))


def gaussian_log_ratio(x: ArrayLike, z: ArrayLike, rho: float) -> Tensor:
    """Log density ratio of `correlated_gaussians` in nats (eq. gaussian-log-ratio, section 1.5).

    x, z: shape (n,) or (n, dim); dimensions add up. Returns shape (n,). Raises ValueError on NaN,
    infinity or unequal shapes, and unless -1 < rho < 1.
    """
    rho = check_between("rho", rho, -1, 1)
    x, z = check_pairs(x, z)
    if x.shape != z.shape:
        raise ValueError(f"x has shape {x.shape} and z {z.shape}: must agree")
    quadratic = (rho**2 * (x**2 + z**2) - 2 * rho * x * z) / (2 * (1 - rho**2))
    return _tensor(gaussian_mi(rho, x.shape[1]) - quadratic.sum(1))


def discrete_pairs(n: int, table: ArrayLike, seed: int | None = None) -> tuple[Tensor, Tensor]:
    """Draw n pairs of row and column numbers from a joint probability table (section 1.1).

    Returns x and z, integer tensors of shape (n,). Raises ValueError unless the table is
    two-dimensional, non-negative and sums to 1.
    """
    table = check_table(table)
    cells = _generator(seed).choice(table.size, check_count("n", n), p=table.ravel())
    x, z = np.unravel_index(cells, table.shape)
    return torch.from_numpy(x), torch.from_numpy(z)


def discrete_mi(table: ArrayLike) -> float:
    """MI of a joint probability table in nats, sum of p log(p / (p_x p_z)) (eq. discrete-mi).

    table: (values of x, values of z). Raises ValueError unless it is two-dimensional, non-negative
    and sums to 1 (section 1.1).
    """
    table = check_table(table)
    return float(rel_entr(table, _product(table)).sum())


def discrete_log_ratio(x: ArrayLike, z: ArrayLike, table: ArrayLike) -> Tensor:
    """log(p / (p_x p_z)) in nats at row numbers x and column numbers z, both (n,) or (n, 1).

    Returns shape (n,), the pointwise mutual information of section 1.1. Minus infinity where the
    joint probability is zero. Raises ValueError on a number that is no row or column of the table,
    or whose row or column has probability zero.
    """
    table = check_table(table)
    rows, columns = _planar(x, z)
    for name, index, weight in (("x", rows, table.sum(1)), ("z", columns, table.sum(0))):
        possible = np.isin(index, np.flatnonzero(weight))
        if not possible.all():
            raise ValueError(f"{name} holds {index[~possible][0]:g}: has probability zero")
    cell = rows.astype(int), columns.astype(int)
    with np.errstate(divide="ignore"):
        return _tensor(np.log(table[cell]) - np.log(_product(table)[cell]))


def xor(n: int, seed: int | None = None) -> tuple[Tensor, Tensor]:
    """Draw n pairs of two fair bits x, shape (n, 2), and y = x1 XOR x2, shape (n, 1).

    Each bit alone is independent of y; I(X; Y) = log 2 nats (section 1.3). Raises ValueError unless
    n >= 1.
    """
    x = _generator(seed).integers(0, 2, (check_count("n", n), 2))
    return _tensors(x, x[:, :1] ^ x[:, 1:])


def noisy_circle(n: int, noise: float = 0.1, seed: int | None = None) -> tuple[Tensor, Tensor]:
    """Draw n points of the unit circle plus Gaussian noise: uncorrelated, yet dependent.

    Returns the coordinates x and z, each of shape (n, 1) (opening of chapter 1). Raises ValueError
    unless noise, the standard deviation, is above 0.001 and n >= 1.
    """
    noise = check_between("noise", noise, _LEAST_NOISE, math.inf)
    rng = _generator(seed)
    angle = rng.uniform(0, 2 * math.pi, (check_count("n", n), 1))
    error_x, error_z = noise * rng.standard_normal((2, n, 1))
    return _tensors(np.cos(angle) + error_x, np.sin(angle) + error_z)


def circle_mi(noise: float = 0.1) -> float:
    """MI of `noisy_circle` in nats: 2 h(X) - h(X, Z), both by one-dimensional quadrature."""
    noise = check_between("noise", noise, _LEAST_NOISE, math.inf)
    low, high = max(0.0, 1 - _REACH * noise), 1 + _REACH * noise
    joint_entropy, _ = quad(
        lambda r: -2 * math.pi * r * math.exp(_log_ring(r, noise)) * _log_ring(r, noise), low, high
    )
    return 2 * _smeared_entropy(*_cosines(noise), noise) - joint_entropy


def circle_log_ratio(x: ArrayLike, z: ArrayLike, noise: float = 0.1) -> Tensor:
    """Log density ratio of `noisy_circle` in nats.

    x, z: shape (n,) or (n, 1). Returns shape (n,). Raises ValueError on NaN or unequal lengths.
    """
    noise = check_between("noise", noise, _LEAST_NOISE, math.inf)
    x, z = _planar(x, z)
    marginals = [_smeared_log_density(v, *_cosines(noise), noise) for v in (x, z)]
    return _tensor(_log_ring(np.hypot(x, z), noise) - sum(marginals))


def noisy_parabola(n: int, noise: float = 0.1, seed: int | None = None) -> tuple[Tensor, Tensor]:
    """Draw n pairs of x, uniform on [-1, 1], and z = x^2 + Gaussian noise: uncorrelated.

    Returns x and z, each of shape (n, 1) (opening of chapter 1). Raises ValueError unless noise,
    the standard deviation, is above 0.001 and n >= 1.
    """
    noise = check_between("noise", noise, _LEAST_NOISE, math.inf)
    rng = _generator(seed)
    x = rng.uniform(-1, 1, (check_count("n", n), 1))
    return _tensors(x, x**2 + noise * rng.standard_normal((n, 1)))


def parabola_mi(noise: float = 0.1) -> float:
    """MI of `noisy_parabola` in nats, h(Z) - h(Z|X): a quadrature less a Gaussian entropy."""
    noise = check_between("noise", noise, _LEAST_NOISE, math.inf)
    gaussian_entropy = math.log(2 * math.pi * math.e * noise**2) / 2
    return _smeared_entropy(*_squares(noise), noise) - gaussian_entropy


def parabola_log_ratio(x: ArrayLike, z: ArrayLike, noise: float = 0.1) -> Tensor:
    """Log density ratio of `noisy_parabola` in nats.

    x, z: shape (n,) or (n, 1). Returns shape (n,). Raises ValueError on NaN, unequal lengths or x
    outside [-1, 1].
    """
    noise = check_between("noise", noise, _LEAST_NOISE, math.inf)
    x, z = _planar(x, z)
    _check_unit("x", x)
    conditional = -((z - x**2) ** 2) / (2 * noise**2) - _log_scale(noise)
    return _tensor(conditional - _smeared_log_density(z, *_squares(noise), noise))


def disk(n: int, seed: int | None = None) -> tuple[Tensor, Tensor]:
    """Draw n points uniformly from the unit disk: uncorrelated, yet dependent.

    Returns the coordinates x and z, each of shape (n, 1) (opening of chapter 1). Raises ValueError
    unless n >= 1.
    """
    rng = _generator(seed)
    radius = np.sqrt(rng.uniform(0, 1, (check_count("n", n), 1)))
    angle = rng.uniform(0, 2 * math.pi, (n, 1))
    return _tensors(radius * np.cos(angle), radius * np.sin(angle))


def disk_mi() -> float:
    """MI of `disk` in nats: log(pi) - 1, exactly (exercise in section 1.8)."""
    return math.log(math.pi) - 1


def disk_log_ratio(x: ArrayLike, z: ArrayLike) -> Tensor:
    """Log density ratio of `disk` in nats; minus infinity off the disk.

    x, z: shape (n,) or (n, 1). Returns shape (n,). Raises ValueError on NaN, unequal lengths or
    points outside [-1, 1]^2.
    """
    x, z = _planar(x, z)
    _check_unit("x", x)
    _check_unit("z", z)
    with np.errstate(divide="ignore"):
        log_chords = (np.log1p(-(x**2)) + np.log1p(-(z**2))) / 2
    return _tensor(np.where(x**2 + z**2 < 1, math.log(math.pi / 4) - log_chords, -np.inf))


def student_pairs(
    n: int, dof: float, rho: float, dim: int = 1, seed: int | None = None
) -> tuple[Tensor, Tensor]:
    """Draw n pairs of `correlated_gaussians`, each pair divided by one sqrt(chi^2 / dof).

    The pairs follow Student's t of dof degrees of freedom, a positive number; dof = 1 is Cauchy's
    distribution (section 7.5). Returns x and z, each of shape (n, dim). With dof below 0.3 samples
    may overflow single precision. Raises ValueError unless dof > 0, -1 < rho < 1 and n, dim >= 1.
    """
    n, dim = check_count("n", n), check_count("dim", dim)
    dof = check_between("dof", dof, 0, math.inf)
    rng = _generator(seed)
    x, z = _gaussians(rng, n, check_between("rho", rho, -1, 1), dim)
    divisor = np.sqrt(rng.chisquare(dof, (n, 1)) / dof)
    return _tensors(x / divisor, z / divisor)


def student_mi(dof: float, rho: float, dim: int = 1) -> float:
    """MI of `student_pairs` in nats: above `gaussian_mi`, as a pair shares its divisor.

    Rounding errs by some 1e-15 dof. Raises ValueError unless dof > 0, -1 < rho < 1 and dim >= 1
    (section 7.5).
    """
    dof = check_between("dof", dof, 0, math.inf)
    gaussian = gaussian_mi(rho, dim)
    return gaussian + 2 * _student_entropy(dof, dim) - _student_entropy(dof, 2 * dim)


def additive_uniform(n: int, half_width: float, seed: int | None = None) -> tuple[Tensor, Tensor]:
    """Draw n pairs of x, uniform on [0, 1], and z = x + noise uniform on +-half_width.

    Returns x and z, each of shape (n, 1) (section 7.5). Raises ValueError unless half_width > 0 and
    n >= 1.
    """
    half_width = check_between("half_width", half_width, 0, math.inf)
    x, noise = _generator(seed).uniform(0, 1, (2, check_count("n", n), 1))
    return _tensors(x, x + half_width * (2 * noise - 1))


def additive_uniform_mi(half_width: float) -> float:
    """MI of `additive_uniform` in nats: half_width - log(2 half_width) up to a half_width of 1/2.

    Beyond, 1 / (4 half_width) (section 7.5). Raises ValueError unless half_width > 0.
    """
    half_width = check_between("half_width", half_width, 0, math.inf)
    if half_width > 1 / 2:
        return 1 / (4 * half_width)
    return half_width - math.log(2 * half_width)


def gaussian_mixture(n: int, rho: float, seed: int | None = None) -> tuple[Tensor, Tensor]:
    """Draw n pairs of standard Gaussians, of correlation rho or, with equal chance, -rho.

    Uncorrelated, yet dependent unless rho = 0 (section 7.5). Returns x and z, each of shape (n, 1).
    Raises ValueError unless -1 < rho < 1 and n >= 1.
    """
    n, rho = check_count("n", n), check_between("rho", rho, -1, 1)
    rng = _generator(seed)
    x, z = _gaussians(rng, n, rho)
    return _tensors(x, z * rng.choice([-1, 1], (n, 1)))


def gaussian_mixture_mi(rho: float) -> float:
    """MI of `gaussian_mixture` in nats by one-dimensional quadrature (section 7.5).

    By symmetry, it is the mean log ratio of the pairs of correlation rho: `gaussian_mi` - log 2
    + E[log(1 + exp(-2 rho T))], where T = XZ / (1 - rho^2). Raises ValueError unless -1 < rho < 1.
    """
    rho = abs(check_between("rho", rho, -1, 1))

    def integrand(t: float) -> float:
        # T has density sqrt(1 - rho^2) / pi exp(rho t) K0(|t|); t and -t are taken together
        overlap = math.log1p(math.exp(-2 * rho * t))
        below, above = math.exp(-(1 + rho) * t), math.exp(-(1 - rho) * t)
        return k0e(t) * (above * overlap + below * (overlap + 2 * rho * t))

    excess = math.sqrt(1 - rho**2) / math.pi * quad(integrand, 0, math.inf)[0]
    return gaussian_mi(rho) - math.log(2) + excess


def gaussian_mixture_log_ratio(x: ArrayLike, z: ArrayLike, rho: float) -> Tensor:
    """Log density ratio of `gaussian_mixture` in nats (section 7.5).

    x, z: shape (n,) or (n, 1). Returns shape (n,). Raises ValueError on NaN, infinity or unequal
    lengths, and unless -1 < rho < 1.
    """
    x, z = _planar(x, z)
    ratios = gaussian_log_ratio(x, z, rho), gaussian_log_ratio(x, z, -rho)
    return torch.logaddexp(*ratios) - math.log(2)


def spiral_pairs(n: int, rho: float, seed: int | None = None) -> tuple[Tensor, Tensor]:
    """Draw n pairs of `correlated_gaussians`, x wound onto the spiral (t cos t, t sin t).

    t = pi (1 + 3 Phi(x)), with Phi the standard Gaussian's distribution function. Winding is a
    bijection, so the MI is still `gaussian_mi(rho)` (section 7.5). Returns x, shape (n, 2), and z,
    shape (n, 1). Raises ValueError unless -1 < rho < 1 and n >= 1.
    """
    n, rho = check_count("n", n), check_between("rho", rho, -1, 1)
    x, z = _gaussians(_generator(seed), n, rho)
    t = math.pi * (1 + 3 * ndtr(x))
    return _tensors(t * np.hstack([np.cos(t), np.sin(t)]), z)


def xor_with_distractors(
    n: int, distractors: int, seed: int | None = None
) -> tuple[Tensor, Tensor]:
    """Draw n pairs of `xor`, with independent standard Gaussian columns appended to x.

    Their MI is still log 2 nats (section 7.5). Returns x, shape (n, 2 + distractors), and y, shape
    (n, 1). Raises ValueError unless distractors >= 0 and n >= 1.
    """
    n, distractors = check_count("n", n), check_count("distractors", distractors, least=0)
    rng = _generator(seed)
    bits = rng.integers(0, 2, (n, 2))
    x = np.hstack([bits, rng.standard_normal((n, distractors))])
    return _tensors(x, bits[:, :1] ^ bits[:, 1:])


def steps_and_ramps(n: int, steps: int, seed: int | None = None) -> tuple[Tensor, Tensor]:
    """Draw n pairs of x, uniform on 0, ..., steps - 1, and z = x + noise uniform on [0, 2].

    A discrete and a continuous variable (section 7.5). Returns x and z, each of shape (n, 1).
    Raises ValueError unless n, steps >= 1.
    """
    n, steps = check_count("n", n), check_count("steps", steps)
    rng = _generator(seed)
    x = rng.integers(0, steps, (n, 1))
    return _tensors(x, x + rng.uniform(0, 2, (n, 1)))


def steps_and_ramps_mi(steps: int) -> float:
    """MI of `steps_and_ramps` in nats: log(steps) - (steps - 1) / steps log 2 (section 7.5).

    Raises ValueError unless steps >= 1.
    """
    steps = check_count("steps", steps)
    return math.log(steps) - (steps - 1) / steps * math.log(2)


_LEAST_NOISE = 1e-3  # the quadratures take some 10 / noise nodes
_REACH = 12  # a Gaussian tail beyond 12 standard deviations holds less than 1e-32


def _gaussians(
    rng: np.random.Generator, n: int, rho: float, dim: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Arrays x and z, each (n, dim), of standard Gaussians with Corr(X_j, Z_j) = rho."""
    x, noise = rng.standard_normal((2, n, dim))
    return x, rho * x + math.sqrt(1 - rho**2) * noise


def _student_entropy(dof: float, dim: int) -> float:
    """Differential entropy in nats of the standard Student's t in dim dimensions."""
    low, high = dof / 2, (dof + dim) / 2
    log_constant = dim / 2 * math.log(dof * math.pi) + math.lgamma(low) - math.lgamma(high)
    return log_constant + high * float(digamma(high) - digamma(low))


def _cosines(noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Cosines of equally spaced angles, dense enough to be exact once smeared with `noise`."""
    count = 32 + math.ceil(10 / noise)
    return np.cos((np.arange(count) + 0.5) * math.pi / count), np.full(count, 1 / count)


def _squares(noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Squares of Gauss-Legendre nodes for x uniform on [0, 1], and their weights."""
    nodes, weights = roots_legendre(32 + math.ceil(10 / noise))
    return ((nodes + 1) / 2) ** 2, weights / 2


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


def _log_ring(radius: ArrayLike, noise: float) -> np.ndarray:
    """Log joint density of `noisy_circle` at a radius; i0e keeps the Bessel function finite."""
    bessel = np.log(i0e(np.asarray(radius) / noise**2))
    return bessel - (np.asarray(radius) - 1) ** 2 / (2 * noise**2) - 2 * _log_scale(noise)


def _log_scale(noise: float) -> float:
    return math.log(noise * math.sqrt(2 * math.pi))


def _generator(seed: int | None) -> np.random.Generator:
    return np.random.default_rng(seed if seed is None else check_count("seed", seed, least=0))


def _product(table: np.ndarray) -> np.ndarray:
    return np.outer(table.sum(1), table.sum(0))


def _planar(x: ArrayLike, z: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    x, z = check_pairs(x, z)
    for name, values in (("x", x), ("z", z)):
        if values.shape[1] != 1:
            raise ValueError(f"{name} has shape {values.shape}: must be (n,) or (n, 1)")
    return x[:, 0], z[:, 0]


def _check_unit(name: str, values: np.ndarray) -> None:
    if (np.abs(values) > 1).any():
        raise ValueError(f"{name} holds {values[np.abs(values) > 1][0]:g}: must lie in [-1, 1]")


def _tensor(values: np.ndarray) -> Tensor:
    return torch.as_tensor(np.asarray(values), dtype=torch.get_default_dtype())


def _tensors(x: np.ndarray, z: np.ndarray) -> tuple[Tensor, Tensor]:
    return _tensor(x), _tensor(z)
