"""Checks of chapter 2: the logarithm of a mean of exponentials, and the gap of a critic."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from scipy.special import rel_entr

from mine_checks.answers import ask, one, passed, refuse, refuse_mistakes, same, untried

NAME = "my_log_mean_exp"
# Four entries, unsorted, so that no rule of thumb for two or for a sorted list will do.
SMALL = [1.0, 0.0, 3.0, -0.5]
OTHERS = [[0.0, 2.0], [-1.5, 0.25, 0.25, 2.0, -3.0], [0.7], [4.0, 4.0, 4.0, 4.0]]
HIGH = [[1000.0, 1002.0], [1001.0, 1000.0, 1003.0], [20_000.0, 19_999.0]]
LOW = [[-1000.0, -1002.0, -1001.0], [-2000.0], [-20_000.0]]
WIDE = [
    [0.0, 2000.0],
    [2000.0, 0.0],
    [-2000.0, 0.0, 1.0],
    [0.0, 2000.0, -5.0, 5.0],
    [900.0, 0.0, -800.0],
]


def log_mean_exp(f: object) -> None:
    """Check a function that takes a one-dimensional tensor to log(mean(exp(t)))."""
    if untried(f, NAME):
        return
    small = _ask(f, SMALL)
    given = np.array(SMALL)
    refuse_mistakes(small, [(wrong(given), what) for wrong, what in _mistakes()], rtol=1e-6)
    for values in [SMALL, *OTHERS]:
        if not _right(f, values):
            refuse(f"wrong value for {values}, where nothing is large")
    for values in HIGH:
        _judge(f, values, "large entries", "take out the maximum, and add it back")
    for values in LOW:
        _judge(f, values, "entries far below zero", "take out the maximum, not a size or a bound")
    for values in WIDE:
        _judge(f, values, "entries far apart", "what you take out must be the maximum itself")
    if not _right(f, [100.0, 99.0, 98.0], torch.float32):
        refuse("wrong in single precision for [100, 99, 98]: exp must see no large number")
    passed()


def _mistakes() -> list[tuple[Callable[[np.ndarray], np.ndarray], str]]:
    """Wrong rules for small entries."""
    return [
        (np.mean, "you took the mean of the log, not the log of the mean"),
        (lambda t: np.log(np.exp(t).sum()), "you forgot to divide by the number of entries"),
        (lambda t: np.log(np.exp(t).sum() / 2), "divide by the number of entries, not by two"),
        (lambda t: np.log(np.exp(t).mean()) - t.max(), "you forgot to add the maximum back"),
        (
            lambda t: np.log(np.exp(t).mean()) + t.max(),
            "you added the maximum, but did not take it out",
        ),
        (lambda t: np.log(np.exp(t).mean()) - 2 * t.max(), "the maximum comes back with a plus"),
        (lambda t: np.exp(t).mean(), "you forgot the logarithm"),
        (np.max, "that is the maximum alone"),
        (
            lambda t: t.max() - np.log(t.size),
            "the other entries count as well, not the maximum alone",
        ),
        (lambda t: np.log(t.mean()), "you forgot the exponential"),
        (lambda t: np.log2(np.exp(t).mean()), "that is a logarithm to the base 2"),
        (lambda t: np.log10(np.exp(t).mean()), "that is a logarithm to the base 10"),
        (lambda t: np.log(np.exp(t).sum() / (t.size - 1)), "divide by n, not by n - 1"),
    ]


def _judge(f: object, values: list[float], what: str, hint: str) -> None:
    answer = _ask(f, values)
    if not np.isfinite(answer):
        refuse(f"it is {answer} for {what}, as {values}: {hint}")
    if not same(answer, _truth(values), rtol=0, atol=1e-4):
        refuse(f"finite but wrong for {what}, as {values}: {hint}")


def _right(f: object, values: list[float], dtype: torch.dtype = torch.float64) -> bool:
    return same(_ask(f, values, dtype), _truth(values), rtol=0, atol=1e-4)


def _ask(f: object, values: list[float], dtype: torch.dtype = torch.float64) -> float:
    try:
        with np.errstate(all="ignore"):
            answer = ask(f, torch.tensor(values, dtype=dtype), name=NAME)
    except AssertionError as refused:
        if isinstance(refused.__cause__, OverflowError):
            refuse(f"it overflows for {values}: take out the maximum, and add it back")
        raise
    return one(answer, f"what {NAME} returns for a tensor")


def _truth(values: list[float]) -> float:
    return float(np.logaddexp.reduce(np.array(values)) - np.log(len(values)))


def shortfall(f: object) -> None:
    """Check a function of a critic's values and joint probabilities that returns the gap."""
    if untried(f, "shortfall"):
        return
    for t, p in _tables():
        with np.errstate(all="ignore"):
            found = one(ask(f, t, p, name="shortfall"), "what shortfall returns")
            if not same(found, _gap(t, p), atol=1e-6):
                _refuse_gap(found, t, p)
    passed()


def _tables() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Critics and tables: other shapes, the best critic, zeros, and far from zero."""
    rng = np.random.default_rng(2)
    drawn = [(rng.normal(size=shape), rng.random(shape)) for shape in ((2, 3), (4, 2), (3, 5))]
    tables = [(t, p / p.sum()) for t, p in drawn]
    yield from tables
    p = tables[1][1]
    yield np.log(p / _product(p)) + 3, p
    t, p = tables[2][0], tables[2][1].copy()
    p[0, 1] = p[2, 3] = 0
    yield t, p / p.sum()
    for far in (1000, -1000):
        yield tables[0][0] + far, tables[0][1]


def _refuse_gap(found: float, t: np.ndarray, p: np.ndarray) -> None:
    where = f"for tables of shape {p.shape}"
    if not np.isfinite(found) and abs(t).max() > 100:
        refuse(f"the answer is {found} where t is near {t.mean():.0f}: take out the maximum of t")
    if not np.isfinite(found) and (p == 0).any():
        refuse(f"the answer is {found} {where} with zeros in p: 0 log 0 counts as 0")
    refuse_mistakes(found, _mistakes_of_gap(t, p), atol=1e-6)
    refuse(f"wrong value {where}, with t between {t.min():.1f} and {t.max():.1f}")


def _mistakes_of_gap(t: np.ndarray, p: np.ndarray) -> Iterator[tuple[float, str]]:
    """Wrong answers, and what is wrong with them."""
    q, right = _product(p), _gap(t, p)
    i, joint = rel_entr(p, q).sum(), (p * t).sum()
    log_mean, believed = _log_mean(t, q), q * np.exp(t - _log_mean(t, q))
    under_q = "the exponentials are weighted by the product of the margins"
    yield joint - log_mean, "that is the value: by how much does it miss I?"
    yield i, "that is I itself: take the value off"
    yield -right, "the other way round: I less the value"
    yield rel_entr(believed, p).sum(), "that is the divergence of G from P: it is that of P from G"
    yield i - joint, "G must sum to one: divide e^T q by its sum, or keep the second term of V"
    yield i - joint + np.log(np.exp(t).mean()), f"{under_q}, not all alike"
    yield i - joint + np.log(np.exp(t).sum()), f"{under_q}, not all alike"
    yield i - joint + _log_mean(t, p), f"{under_q}, not by p"
    yield i - (q * t).sum() + log_mean, "the first mean is that under P, weighted by p"
    yield i - t.mean() + log_mean, "the first mean is that under P, weighted by p"
    yield i - joint + np.exp(log_mean), "take the logarithm of the mean of e^T"
    yield i - joint + (q * t).sum(), "the logarithm of the mean of e^T, not the mean of T"
    yield i - joint + np.exp(log_mean - 1), "that is the gap of the tangent bound, with a = e"
    yield right / np.log(2), "in nats, not in bits"


def _gap(t: np.ndarray, p: np.ndarray) -> float:
    q = _product(p)
    return float(rel_entr(p, q * np.exp(t - _log_mean(t, q))).sum())


def _log_mean(t: np.ndarray, weights: np.ndarray) -> float:
    """The logarithm of the mean of exp(t) with these weights, safe from overflow."""
    return float(t.max() + np.log((weights * np.exp(t - t.max())).sum()))


def _product(p: np.ndarray) -> np.ndarray:
    return np.outer(p.sum(axis=1), p.sum(axis=0))
