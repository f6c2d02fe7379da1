"""The checks of chapter 4: wrong functions are refused in the right words, right ones pass."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
import torch

import mine_checks as check


def slope(p, q, b):
    return p + np.expm1(b * np.log1p(-q))


def with_decimals(p, q, b):
    with localcontext() as context:
        context.prec = 60
        return float(Decimal(p) - 1 + (1 - Decimal(q)) ** b)


def by_torch(p, q, b):
    q = torch.tensor(q, dtype=torch.float64, requires_grad=True)
    return p + torch.expm1(b * torch.log1p(-q))


@pytest.mark.parametrize(
    "f",
    [
        slope,
        with_decimals,
        by_torch,
        lambda p, q, b: p + math.expm1(b * math.log1p(-q)),
        lambda p, q, b: [slope(p, q, b)],
        lambda p, q, b: np.array([slope(p, q, b)]),
        lambda p, q, b: torch.tensor(slope(p, q, b)),  # single precision is precise enough
        lambda p, q, b: p - (-math.expm1(b * math.log1p(-q))),
    ],
)
def test_a_right_function_passes(f, capsys):
    check.limit_slope(f)
    assert "passed" in capsys.readouterr().out


def binomial(p, q, b, terms):
    """The first terms of the expansion of (1 - q)^b."""
    return p - sum(math.comb(b, k) * q**k * (-1) ** (k + 1) for k in range(1, terms + 1))


WRONG = {
    "union bound": (lambda p, q, b: p - b * q, "only bounds"),
    "union bound, cut": (lambda p, q, b: p - min(1, b * q), "only bounds"),
    "exponential": (lambda p, q, b: p + np.expm1(-b * q), "is not e"),
    "hit": (lambda p, q, b: -np.expm1(b * np.log1p(-q)), "q_b itself"),
    "miss": (lambda p, q, b: (1 - q) ** b, "chance of no hit"),
    "misses subtracted": (lambda p, q, b: p - (1 - q) ** b, "subtracted the chance of no hit"),
    "sign": (lambda p, q, b: -slope(p, q, b), "the wrong way round"),
    "added": (lambda p, q, b: p - np.expm1(b * np.log1p(-q)), "counts against"),
    "one sample": (lambda p, q, b: p - q, "not one"),
    "all hit": (lambda p, q, b: p - q**b, "not at least one"),
    "exchanged": (lambda p, q, b: slope(q, p, b), "changed places"),
    "one too few": (lambda p, q, b: slope(p, q, b - 1), "not b - 1"),
    "as it stands": (lambda p, q, b: p - 1 + (1 - q) ** b, "rounded away"),
    "log alone": (lambda p, q, b: p - 1 + np.exp(b * np.log1p(-q)), "rounded away"),
    "expm1 alone": (lambda p, q, b: p + np.expm1(b * np.log(1 - q)), "rounded away"),
    "last sum too early": (lambda p, q, b: (p - 1) + (1 - q) ** b, "rounded away"),
    "two rules": (
        lambda p, q, b: p - b * q if q < 1e-6 else p - 1 + (1 - q) ** b,
        "rounded away, or only roughly right",
    ),
    "two rules, later": (
        lambda p, q, b: p - b * q if q < 1e-15 else p - 1 + (1 - q) ** b,
        "rounded away, or only roughly right",
    ),
    "two rules by bq": (
        lambda p, q, b: p - b * q if b * q < 1e-5 else p - 1 + (1 - q) ** b,
        "rounded away, or only roughly right",
    ),
    "two terms, or as it stands": (
        lambda p, q, b: binomial(p, q, b, 2) if b * q < 1e-2 else p - 1 + (1 - q) ** b,
        "rounded away, or only roughly right",
    ),
    "exponential for tiny q": (
        lambda p, q, b: p + np.expm1(-b * q) if q < 1e-3 else slope(p, q, b) + 1e-3,
        "wrong value",
    ),
    "two terms": (lambda p, q, b: binomial(p, q, b, 2), "wrong value"),
    "rounded": (lambda p, q, b: round(slope(p, q, b), 6), "rounded away"),
    "absolute": (lambda p, q, b: abs(slope(p, q, b)), "wrong value"),
    "at least zero": (lambda p, q, b: max(0, slope(p, q, b)), "wrong value"),
    "b is always 16": (lambda p, q, b: slope(p, q, 16), "wrong value"),
    "in percent": (lambda p, q, b: 100 * slope(p, q, b), "wrong value"),
    "single precision": (
        lambda p, q, b: float(np.float32(p) + (np.float32(1) - np.float32(q)) ** b - 1),
        "rounded away",
    ),
    "nothing": (lambda p, q, b: None, "did you forget to return"),
    "words": (lambda p, q, b: "0.15", "what limit_slope returns should be numbers, got str"),
    "a table": (lambda p, q, b: [slope(p, q, b)] * 2, "one number, got shape"),
    "an error": (
        lambda p, q, b: p / 0,
        r"limit_slope raised ZeroDivisionError: .*, for 0.3, 0.01, 16",
    ),
    "its value": (0.15, "should be a function"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_function_is_refused_by_name(name):
    f, words = WRONG[name]
    with pytest.raises(AssertionError, match=words):
        check.limit_slope(f)


@pytest.mark.parametrize("attempt", [None, ...])
def test_an_untouched_attempt_is_no_failure(attempt, capsys):
    check.limit_slope(attempt)
    assert capsys.readouterr().out.startswith("not tried yet")


# The bias of a ratio


def density(t):
    g = np.exp(t - t.max())
    return g / g.mean()


def bias(t, dt, b):
    g = density(t)
    return (g * ((g**2).mean() - g) * dt).mean() / b


def by_moments(t, dt, b):
    """By the covariance and the variance of the batch means."""
    g = density(t)
    covariance = np.cov(g * dt, g, ddof=0)[0, 1] / b
    return (g * dt).mean() * g.var() / b - covariance


def by_differences(t, dt, b):
    """Minus the slope of the optimism."""

    def optimism(by):
        return (density(t + by * dt) ** 2).mean() / 2 / b

    return -(optimism(1e-5) - optimism(-1e-5)) / 2e-5


@pytest.mark.parametrize(
    "f", [bias, by_moments, by_differences, lambda t, dt, b: torch.tensor([bias(t, dt, b)])]
)
def test_a_right_ratio_bias_passes(f, capsys):
    check.ratio_bias(f)
    assert "passed" in capsys.readouterr().out


def unnormalised(t, dt, b):
    e = np.exp(t)
    return (e * ((e**2).mean() - e) * dt).mean() / b


def overflowing(t, dt, b):
    g = np.exp(t) / np.exp(t).mean()
    return (g * ((g**2).mean() - g) * dt).mean() / b


def of_samples(t, dt, b):
    return bias(t, dt, b) * len(t) / (len(t) - 1)


WRONG_BIASES = {
    "sign": (lambda t, dt, b: -bias(t, dt, b), "second term counts negative"),
    "no b": (lambda t, dt, b: bias(t, dt, 1), "divide by b: the bias falls"),
    "b squared": (lambda t, dt, b: bias(t, dt, b) / b, "divide by b once"),
    "root": (lambda t, dt, b: bias(t, dt, np.sqrt(b)), "not like the root"),
    "sum": (lambda t, dt, b: bias(t, dt, b) * len(t), "not a sum"),
    "of a sample": (of_samples, "divide by n, not by n - 1"),
    "covariance": (
        lambda t, dt, b: -np.cov(density(t) * dt, density(t), ddof=0)[0, 1] / b,
        "that is the covariance alone",
    ),
    "variance": (
        lambda t, dt, b: (density(t) * dt).mean() * density(t).var() / b,
        "variance's part alone",
    ),
    "added": (
        lambda t, dt, b: bias(t, dt, b) + 2 * np.cov(density(t) * dt, density(t), ddof=0)[0, 1] / b,
        "covariance counts negative",
    ),
    "without g": (
        lambda t, dt, b: (((density(t) ** 2).mean() - density(t)) * dt).mean() / b,
        "counts with its g",
    ),
    "not normalised": (unnormalised, "divide e\\^T by its mean"),
    "overflow": (overflowing, "take out the maximum"),
    "T for weights": (
        lambda t, dt, b: (t * ((t**2).mean() - t) * dt).mean() / b,
        "the weights are e\\^T",
    ),
    "gradient": (lambda t, dt, b: (density(t) * dt).mean(), "without its bias"),
    "sixteen": (lambda t, dt, b: bias(t, dt, 16), "pool of 3 pairs and b = 2"),
    "cut": (lambda t, dt, b: bias(np.clip(t, -9, 9), dt, b), "a constant added to t"),
    "never zero": (
        lambda t, dt, b: bias(t, dt, b) + 1e-3 * (np.ptp(dt) == 0),
        "the same everywhere",
    ),
    "each pair": (lambda t, dt, b: density(t) * dt / b, "not one number for each pair"),
    "two arguments": (lambda t, dt: 0.0, "should take 3 arguments"),
    "not returned": (lambda t, dt, b: None, "forget to return"),
}


@pytest.mark.parametrize(("f", "message"), WRONG_BIASES.values(), ids=WRONG_BIASES)
def test_a_wrong_ratio_bias_is_told_why(f, message):
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=message):
        check.ratio_bias(f)


def test_an_untouched_ratio_bias_is_no_error(capsys):
    check.ratio_bias(None)
    assert "not tried yet: write your ratio_bias" in capsys.readouterr().out
