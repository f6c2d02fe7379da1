"""The check of chapter 5: wrong averages are refused in the right words, right ones pass."""

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
