"""Checks of chapter 4: the limit of the minibatch objective's slope, and the bias of a ratio."""

from collections.abc import Callable, Iterator

import numpy as np

from mine_checks.answers import ask, one, passed, refuse, refuse_mistakes, same, untried

NAME = "limit_slope"
USUAL = [(0.3, 0.01, 16), (0.9, 0.5, 1), (0.05, 0.2, 3), (1.0, 0.5, 4), (0.7, 0.001, 1000)]
# A product of probabilities that rounds to 1, or to a few digits, if it is taken as it stands.
TINY = [
    (0.0, 1e-20, 16),
    (2e-18, 1e-19, 16),
    (0.0, 3e-14, 5),
    (0.0, 3e-12, 50_000),
    (1e-13, 2e-10, 2),
    (0.0, 1e-9, 1_000_000),
    (0.0, 2e-8, 10_000_000),
    (0.0, 2e-6, 20_000),
    (0.0, 1.7e-15, 250_000_000_000),
    (0.0, 1.7e-15, 300_000_000_000_000),
]


def limit_slope(f: object) -> None:
    """Check a function of p = P(A), q = Q(A) and b that returns the limit P(A) - q_b(A)."""
    if untried(f, NAME):
        return
    mistakes = [(wrong(*USUAL[0]), message) for wrong, message in _mistakes()]
    refuse_mistakes(_ask(f, USUAL[0]), mistakes, rtol=1e-5)
    for inputs in USUAL:
        if not _right(f, inputs):
            refuse(f"wrong value for p, q, b = {inputs}")
    for inputs in TINY:
        if not _right(f, inputs):
            p, q, b = inputs
            refuse(f"rounded away, or only roughly right, for p = {p:g}, q = {q:g}, b = {b}")
    passed()


def _mistakes() -> list[tuple[Callable[[float, float, int], float], str]]:
    """Wrong rules at one ordinary set, which they tell apart."""
    return [
        (lambda p, q, b: p - b * q, "b Q(A) only bounds the chance of a hit; q_b is smaller"),
        (lambda p, q, b: p + np.expm1(-b * q), "(1 - q)^b is not e^(-bq)"),
        (lambda p, q, b: 1 - (1 - q) ** b, "this is q_b itself, not the slope"),
        (lambda p, q, b: (1 - q) ** b, "this is the chance of no hit, not the slope"),
        (lambda p, q, b: p - (1 - q) ** b, "you subtracted the chance of no hit"),
        (lambda p, q, b: 1 - (1 - q) ** b - p, "the sign is the wrong way round"),
        (lambda p, q, b: p + 1 - (1 - q) ** b, "the chance of a hit counts against the slope"),
        (lambda p, q, b: p - q, "b samples can hit the set, not one"),
        (lambda p, q, b: p - q**b, "q^b is the chance that all samples hit, not at least one"),
        (lambda p, q, b: q - 1 + (1 - p) ** b, "P and Q have changed places"),
        (lambda p, q, b: p - 1 + (1 - q) ** (b - 1), "all b samples can hit the set, not b - 1"),
    ]


def _right(f: object, inputs: tuple[float, float, int]) -> bool:
    return same(_ask(f, inputs), _truth(*inputs), rtol=1e-4, atol=0)


def _ask(f: object, inputs: tuple[float, float, int]) -> float:
    with np.errstate(all="ignore"):
        return one(ask(f, *inputs, name=NAME), f"what {NAME} returns")


def _truth(p: float, q: float, b: int) -> float:
    return p + np.expm1(b * np.log1p(-q))


def ratio_bias(f: object) -> None:
    """Check a function of T and its derivative on a pool, and b: the bias to second order."""
    if untried(f, "ratio_bias"):
        return
    for t, dt, b in _pools():
        with np.errstate(all="ignore"):
            found = ask(f, t, dt, b, name="ratio_bias")
            if found.size == t.size:
                refuse("one bias, the mean over the pool, not one number for each pair")
            found = one(found, "what ratio_bias returns")
            if not same(found, _ratio_bias(t, dt, b), atol=1e-6):
                _refuse_bias(found, t, dt, b)
    passed()


def _pools() -> list[tuple[np.ndarray, np.ndarray, int]]:
    """Pools that differ in size and place, a derivative that is the same everywhere, and b = 1."""
    rng = np.random.default_rng(4)
    drawn = [(*rng.normal(size=(2, n)), b) for n, b in ((5, 16), (3, 2), (8, 7), (40, 64), (4, 1))]
    t, dt, b = drawn[0]
    moved = [(t + by, dt, b) for by in (1.5, 1000, -1000)]
    return [*drawn, *moved, (drawn[2][0], np.full(8, 1.5), 3)]


def _ratio_bias(t: np.ndarray, dt: np.ndarray, b: int) -> float:
    g = _density(t)
    return float((g * ((g**2).mean() - g) * dt).mean() / b)


def _density(t: np.ndarray) -> np.ndarray:
    g = np.exp(t - t.max())
    return g / g.mean()


def _refuse_bias(found: float, t: np.ndarray, dt: np.ndarray, b: int) -> None:
    where = f"for a pool of {len(t)} pairs and b = {b}"
    if not np.isfinite(found):
        refuse(f"the answer is {found} {where}, t near {t.mean():.0f}: take out the maximum of t")
    refuse_mistakes(found, _wrong_biases(t, dt, b))
    if np.ptp(dt) == 0:
        refuse("where the derivative is the same everywhere, the ratio is it, and has no bias")
    if abs(t).max() > 100:
        refuse("a constant added to t should change nothing: g is e^T over its mean")
    refuse(f"wrong value {where}")


def _wrong_biases(t: np.ndarray, dt: np.ndarray, b: int) -> Iterator[tuple[float, str]]:
    """Wrong answers, and what is wrong with them."""
    g, e, n = _density(t), np.exp(t), len(t)
    right, nu = _ratio_bias(t, dt, b), (g * dt).mean()
    covariance, variance = ((g**2 * dt).mean() - nu) / b, ((g**2).mean() - 1) / b
    yield -right, "that is the bias of the whole gradient, where the second term counts negative"
    yield nu, "that is the gradient without its bias"
    yield right * b, "divide by b: the bias falls with the batch"
    yield right / b, "divide by b once"
    yield right * np.sqrt(b), "the bias falls like 1/b, not like the root"
    yield right * n / b, "a mean over the pool, not a sum"
    yield right * n, "a mean over the pool, not a sum"
    yield right * n / (n - 1), "the pool is the whole population: divide by n, not by n - 1"
    yield -covariance, "that is the covariance alone: the part with the variance is missing"
    yield nu * variance, "that is the variance's part alone: the covariance is missing"
    yield covariance + nu * variance, "the covariance counts negative"
    yield (((g**2).mean() - g) * dt).mean() / b, "each pair counts with its g"
    mean_one = "g has mean one: divide e^T by its mean"
    yield (e * ((e**2).mean() - e) * dt).mean() / b, mean_one
    share = g / n
    yield (share * ((share**2).sum() - share) * dt).sum() / b, mean_one
    yield (g * (g.mean() ** 2 - g) * dt).mean() / b, "the mean of g squared, not its mean, squared"
    yield (t * ((t**2).mean() - t) * dt).mean() / b, "the weights are e^T over its mean, not T"
