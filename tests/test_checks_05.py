"""The checks of chapter 5: wrong functions are refused in the right words, right ones pass."""

import math
from itertools import accumulate

import numpy as np
import pytest
import torch

import mine_checks as check


def average(means, alpha):
    v = 0.0
    for mean in means:
        v = (1 - alpha) * v + alpha * mean
    return v / (1 - (1 - alpha) ** len(means))


def by_weights(means, alpha):
    weights = [(1 - alpha) ** k for k in range(len(means))][::-1]
    return [sum(w * m for w, m in zip(weights, means, strict=True)) / sum(weights)]


def by_rates(means, alpha):
    v = 1.0
    for t, mean in enumerate(means, 1):
        rate = alpha / (1 - (1 - alpha) ** t)
        v = (1 - rate) * v + rate * mean
    return np.float64(v)


def by_torch(means, alpha):
    means = torch.as_tensor(means, dtype=torch.float64)
    means = means.clone().requires_grad_()
    weights = (1 - alpha) ** torch.arange(len(means) - 1, -1, -1, dtype=torch.float64)
    return (weights * means).sum() / weights.sum()


def arrays(means, alpha):
    return (
        means
        @ (1 - alpha) ** (np.arange(means.size)[::-1])
        * alpha
        / (1 - (1 - alpha) ** means.size)
    )


def tensors(means, alpha):
    weights = (1 - alpha) ** torch.arange(len(means)).flip(0)
    return means.mul(weights).sum().div(weights.sum()).reshape(1)


def in_place(means, alpha):
    return average([means.pop(0) for _ in range(len(means))], alpha)


@pytest.mark.parametrize("f", [average, by_weights, by_rates, by_torch, in_place, arrays, tensors])
def test_a_right_average_passes(f, capsys):
    check.moving_average(f)
    assert "passed" in capsys.readouterr().out


def started(at):
    return lambda means, alpha: [*accumulate([at, *means], lambda v, m: v + alpha * (m - v))][-1]


def put_back(means, alpha):
    v = 0.0
    for t, mean in enumerate(means, 1):
        v = ((1 - alpha) * v + alpha * mean) / (1 - (1 - alpha) ** t)
    return v


def geometric(means, alpha):
    return math.exp(average([math.log(m) for m in means], alpha))


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (started(1.0), "started at v = 1 and did not correct"),
        (started(0.0), "did not divide"),
        (lambda m, a: started(m[0])(m, a), "started at the first mean"),
        (
            lambda m, a: started(1.0)(m, a) / (1 - (1 - a) ** len(m)),
            "corrected, but started at 1",
        ),
        (lambda m, a: average(m, 1 - a), "swapped alpha and 1 - alpha"),
        (lambda m, a: started(0.0)(m, 1 - a), "swapped alpha and 1 - alpha, and did not"),
        (lambda m, a: average(m[::-1], a), "oldest mean"),
        (lambda m, a: np.mean(m), "plain mean"),
        (lambda m, a: m[-1], "last mean alone"),
        (lambda m, a: started(0.0)(m, a) / (1 - a ** len(m)), r"1 - alpha\^t"),
        (lambda m, a: started(0.0)(m, a) / (1 - a) ** len(m), "weight of the start"),
        (lambda m, a: started(0.0)(m, a) / (1 - (1 - a) ** (len(m) - 1)), "one too small"),
        (lambda m, a: started(0.0)(m, a) / (1 - (1 - a) ** (len(m) + 1)), "one too large"),
        (lambda m, a: started(0.0)(m, a) / a, "t is missing"),
        (put_back, "put the corrected value back"),
        (geometric, "averaged the logarithms"),
        (lambda m, a: average(m, 0.25), "wrong value for other means"),
        (lambda m, a: average(m[-4:], a), "wrong value for other means"),
        (lambda m, a: average(m[:4], a), "wrong value for other means"),
        (lambda m, a: average(m, a) if len(m) < 60 else np.mean(m), "300 of them"),
        (lambda m, a: average(m, max(a, 0.02)), "wrong value for other means"),
        (lambda m, a: average(m, min(a, 0.5)), "wrong value for other means"),
        (lambda m, a: round(average(m, a), 3), "wrong value"),
        (lambda m, a: average(sorted(m), a), "wrong value"),
        (lambda m, a: [average(m[: t + 1], a) for t in range(len(m))], "one number"),
        (lambda m, a: None, "None"),
        (lambda m, a: "3.6", "should be numbers, got str"),
        (lambda m, a: average(m, a) * 1j, "numbers"),
        (lambda m: average(m, 0.25), "my_average should take 2 arguments"),
        (lambda m, a: m + a, "one number, got shape"),
        (lambda m, a: m.t + "a", "my_average raised AttributeError"),
        (
            lambda m, a: 1 / (len(m) - 4),
            r"raised ZeroDivisionError: .*, for \[2.0, 4.0, 1.0, 7.0\], 0.25",
        ),
        (3.14, "should be a function"),
    ],
)
def test_a_wrong_average_is_named(f, words):
    with pytest.raises(AssertionError, match=words):
        check.moving_average(f)


@pytest.mark.parametrize("answer", [None, ...])
def test_an_untouched_attempt_says_so(answer, capsys):
    check.moving_average(answer)
    assert "not tried yet" in capsys.readouterr().out


# How many batches an average is worth


def worth(alpha, t):
    weights = (1 - alpha) ** np.arange(0.0, t)
    return weights.sum() ** 2 / (weights**2).sum()


def in_closed_form(alpha, t):
    left = (1 - alpha) ** t
    return (2 - alpha) / alpha * (1 - left) / (1 + left)


def by_recursion(alpha, t):
    """Variance and total weight, step by step."""
    variance = weight = 0.0
    for _ in range(t):
        variance = (1 - alpha) ** 2 * variance + alpha**2
        weight = (1 - alpha) * weight + alpha
    return torch.tensor([weight**2 / variance])


@pytest.mark.parametrize("f", [worth, in_closed_form, by_recursion])
def test_a_right_window_passes(f, capsys):
    check.window(f)
    assert "passed" in capsys.readouterr().out


def weights(alpha, t):
    return alpha * (1 - alpha) ** np.arange(0.0, t)


WRONG_WINDOWS = {
    "long run": (lambda alpha, t: (2 - alpha) / alpha, "that is the long run"),
    "smaller": (lambda alpha, t: min(t, (2 - alpha) / alpha), "goes gradually"),
    "all": (lambda alpha, t: t, "their weights differ"),
    "uncorrected": (lambda alpha, t: 1 / (weights(alpha, t) ** 2).sum(), "add up to one"),
    "corrected once": (
        lambda alpha, t: weights(alpha, t).sum() / (weights(alpha, t) ** 2).sum(),
        "before you square",
    ),
    "last weight": (lambda alpha, t: 1 / alpha, "over the weight of the last"),
    "corrected last weight": (
        lambda alpha, t: weights(alpha, t).sum() / alpha,
        "weight of the last",
    ),
    "half-life": (lambda alpha, t: np.log(2) / alpha, "half-life"),
    "smaller of the short ones": (lambda alpha, t: min(t, 1 / alpha), "not the smaller"),
    "turned over": (lambda alpha, t: 1 / worth(alpha, t), "turn it over"),
    "root": (lambda alpha, t: worth(alpha, t) ** 0.5, "not a standard deviation"),
    "one more": (lambda alpha, t: worth(alpha, t + 1), "one too large"),
    "one fewer": (lambda alpha, t: worth(alpha, max(t - 1, 1)), "one too small"),
    "swapped": (lambda alpha, t: worth(1 - alpha, t), "swapped alpha"),
    "small rates": (
        lambda alpha, t: worth(alpha, t) if alpha > 0.05 else t,
        "wrong value for alpha = 0.01 after 12 steps",
    ),
    "long run by hand": (
        lambda alpha, t: worth(alpha, t) if t < 100 else 1.5 / alpha,
        "wrong value for alpha = 0.02 after 3000 steps",
    ),
    "nothing": (lambda alpha, t: 0.0, "at least one batch"),
    "not finite": (lambda alpha, t: np.inf, "the answer is inf"),
    "all weights": (weights, "one number"),
    "one argument": (lambda alpha: 1.0, "should take 2 arguments"),
    "not returned": (lambda alpha, t: None, "forget to return"),
}


@pytest.mark.parametrize(("f", "message"), WRONG_WINDOWS.values(), ids=WRONG_WINDOWS)
def test_a_wrong_window_is_told_why(f, message):
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=message):
        check.window(f)


def test_an_untouched_window_is_no_error(capsys):
    check.window(None)
    assert "not tried yet: write your window" in capsys.readouterr().out
