"""Check of chapter 2: the logarithm of a mean of exponentials."""

from collections.abc import Callable

import numpy as np
import torch

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
