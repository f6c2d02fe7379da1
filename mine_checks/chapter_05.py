"""Checks of chapter 5: the bias-corrected moving average, and how many batches it is worth."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial, wraps

import numpy as np
import torch

from mine_checks.answers import ask, one, passed, refuse, refuse_mistakes, same, untried

NAME = "my_average"
FIRST = ([2.0, 4.0, 1.0, 7.0], 0.25)
# Other lengths and rates, also one mean, many, and a rate at which only the last one counts.
CASES = [
    ([7.0], 0.01),
    ([7.0], 0.9),
    ([3.0, 5.0], 0.1),
    ([2.0, 4.0, 8.0], 0.5),
    ([5.0, 0.1, 3.0], 1.0),
    ([0.02, 900.0, 3.5, 1e-6, 40.0, 6.0, 0.7], 0.3),
    ([4.0, 4.0, 4.0, 4.0, 4.0], 0.05),
]


def moving_average(f: object) -> None:
    """Check a function that takes the batch means, in their order, and alpha to the average."""
    if untried(f, NAME):
        return
    f = _with_its_form(f)
    mistakes = [(wrong(*FIRST), message) for wrong, message in _mistakes()]
    refuse_mistakes(_ask(f, *FIRST), mistakes, rtol=1e-6)
    if not _right(f, *FIRST):
        refuse(f"wrong value for the means {FIRST[0]} at alpha = {FIRST[1]}")
    for means, alpha in [*CASES, *_long()]:
        if not _right(f, means, alpha):
            some = means if len(means) < 8 else f"{len(means)} of them"
            refuse(f"wrong value for other means, {some} at alpha = {alpha}")
    passed()


def _with_its_form(f: object) -> object:
    """The function, given the means as a list or, if it cannot take one, as an array or tensor."""
    if not callable(f):
        return f

    @wraps(f)  # so that it takes as many arguments as f
    def asked(means: list[float], alpha: float) -> object:
        for form in (np.array, partial(torch.tensor, dtype=torch.float64)):
            with suppress(TypeError, AttributeError):
                return f(list(means), alpha)
            with suppress(TypeError, AttributeError):
                return f(form(means), alpha)
        return f(list(means), alpha)

    return asked


def _truth(means: Sequence[float], alpha: float) -> float:
    """The weighted mean itself, not the recursion."""
    weights = (1 - alpha) ** np.arange(len(means) - 1, -1, -1.0)
    return float(np.average(means, weights=weights))


def _plain(means: Sequence[float], alpha: float, start: float = 0.0) -> float:
    for mean in means:
        start = (1 - alpha) * start + alpha * mean
    return start


def _corrected_within(means: Sequence[float], alpha: float) -> float:
    v = 0.0
    for t, mean in enumerate(means, 1):
        v = ((1 - alpha) * v + alpha * mean) / (1 - (1 - alpha) ** t)
    return v


def _mistakes() -> list[tuple[Callable[[Sequence[float], float], float], str]]:
    """Wrong rules."""
    return [
        (
            lambda m, a: _plain(m, a, 1.0),
            "you started at v = 1 and did not correct: then the start keeps some weight",
        ),
        (_plain, "you started at 0 and did not divide by the weight of the means so far"),
        (
            lambda m, a: _plain(m[1:], a, m[0]),
            "you started at the first mean: then it counts for more than its weight",
        ),
        (
            lambda m, a: _plain(m, a, 1.0) / (1 - (1 - a) ** len(m)),
            "you corrected, but started at 1: the correction is for a start at 0",
        ),
        (lambda m, a: _truth(m, 1 - a), "you swapped alpha and 1 - alpha"),
        (lambda m, a: _plain(m, 1 - a), "you swapped alpha and 1 - alpha, and did not correct"),
        (lambda m, a: _truth(m[::-1], a), "you gave the oldest mean the largest weight"),
        (lambda m, a: float(np.mean(m)), "that is the plain mean: alpha has no effect"),
        (lambda m, a: m[-1], "that is the last mean alone"),
        (
            lambda m, a: _plain(m, a) / (1 - a ** len(m)),
            "you divided by 1 - alpha^t: the weight left to the start is (1 - alpha)^t",
        ),
        (
            lambda m, a: _plain(m, a) / (1 - a) ** len(m),
            "you divided by the weight of the start, not by that of the means",
        ),
        (
            lambda m, a: _plain(m, a) / (1 - (1 - a) ** (len(m) - 1)),
            "your t is one too small in the correction: count the steps from 1",
        ),
        (
            lambda m, a: _plain(m, a) / (1 - (1 - a) ** (len(m) + 1)),
            "your t is one too large in the correction",
        ),
        (
            lambda m, a: _plain(m, a) / (1 - (1 - a)),
            "you divided by alpha, the weight of the last mean: t is missing in the correction",
        ),
        (_corrected_within, "you put the corrected value back into the average: correct a copy"),
        (
            lambda m, a: float(np.exp(_truth(np.log(m), a))),
            "you averaged the logarithms",
        ),
    ]


def _long() -> list[tuple[list[float], float]]:
    rng = np.random.default_rng(5)
    return [(rng.lognormal(0, 2, n).tolist(), alpha) for n, alpha in ((50, 0.001), (300, 0.07))]


def _ask(f: object, means: object, alpha: float) -> float:
    return one(ask(f, means, alpha, name=NAME), f"what {NAME} returns, the last average,")


def _right(f: object, means: list[float], alpha: float) -> bool:
    return same(_ask(f, means, alpha), _truth(means, alpha), rtol=1e-6)


# alpha, steps
WINDOWS = [(0.25, 4), (0.1, 3), (0.6, 2), (0.01, 12), (0.02, 3000), (1.0, 7), (0.3, 1), (1e-6, 50)]


def window(f: object) -> None:
    """Check a function of alpha and t: the variance of one batch over that of the average."""
    if untried(f, "window"):
        return
    found = []
    for alpha, t in WINDOWS:
        where = f"for alpha = {alpha:g} after {t} step{'s' * (t > 1)}"
        with np.errstate(all="ignore"):
            found.append(one(ask(f, alpha, t, name="window"), "what window returns"))
        if not np.isfinite(found[-1]):
            refuse(f"the answer is {found[-1]} {where}")
    with np.errstate(all="ignore"):
        refuse_mistakes(found, [(_at_windows(rule), what) for rule, what in _wrong_windows()])
    for (alpha, t), value in zip(WINDOWS, found, strict=True):
        where = f"for alpha = {alpha:g} after {t} step{'s' * (t > 1)}"
        if not 1 - 1e-6 <= value <= t + 1e-3:
            refuse(f"{value:.4g} {where}: it is worth at least one batch, and at most {t}")
        if not same(value, _window(alpha, t)):
            refuse(f"wrong value {where}")
    passed()


def _at_windows(rule: Callable[[float, int], float]) -> np.ndarray:
    return np.array([rule(*each) for each in WINDOWS], dtype=float)


def _weights(alpha: float, t: int) -> np.ndarray:
    """Weights of the batches in an average that starts at zero and is not corrected."""
    return alpha * (1 - alpha) ** np.arange(t, dtype=float)


def _window(alpha: float, t: int) -> float:
    weights = (1 - alpha) ** np.arange(t, dtype=float)
    return float(weights.sum() ** 2 / (weights**2).sum())


def _wrong_windows() -> list[tuple[Callable[[float, int], float], str]]:
    """Wrong rules, and what is wrong with them."""
    half_life = "that is a half-life: it is the variance that counts here"
    last = "that is one over the weight of the last batch: square all weights, and add"
    return [
        (lambda a, t: (2 - a) / a, "that is the long run: after t steps there are only t batches"),
        (lambda a, t: min(t, (2 - a) / a), "from t to the long run the number goes gradually"),
        (lambda a, t: t, "that many have been seen, but their weights differ"),
        (
            lambda a, t: 1 / (_weights(a, t) ** 2).sum(),
            "the weights of a corrected average add up to one: divide by their sum",
        ),
        (
            lambda a, t: _window(a, t) / _weights(a, t).sum(),
            "divide the weights by their sum before you square them",
        ),
        (lambda a, t: 1 / a, last),
        (lambda a, t: min(t, 1 / a), "not the smaller of t and 1/alpha: square all weights"),
        (lambda a, t: _weights(a, t).sum() / a, last),
        (lambda a, t: np.log(2) / a, half_life),
        (lambda a, t: 1 / _window(a, t), "turn it over"),
        (lambda a, t: np.sqrt(_window(a, t)), "a variance, not a standard deviation"),
        (lambda a, t: _window(a, t + 1), "your t is one too large: after one step there is one"),
        (lambda a, t: _window(a, max(t - 1, 1)), "your t is one too small: count the last batch"),
        (lambda a, t: _window(1 - a, t), "you swapped alpha and 1 - alpha"),
    ]
