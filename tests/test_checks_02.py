"""The checks of chapter 2: wrong functions are refused in the right words, right ones pass."""

import math

import numpy as np
import pytest
import torch
from scipy.special import logsumexp, rel_entr

import mine_checks as check
import mine_lib as ml


def shifted(t):
    return t.max() + (t - t.max()).exp().mean().log()


@pytest.mark.parametrize(
    "f",
    [
        shifted,
        ml.log_mean_exp,
        lambda t: torch.logsumexp(t, 0) - math.log(len(t)),
        lambda t: shifted(t).item(),
        lambda t: shifted(t).numpy(),
        lambda t: [shifted(t)],
        lambda t: shifted(t.clone().requires_grad_()),
        lambda t: max(t) + math.log(sum(math.exp(v - max(t)) for v in t) / len(t)),
    ],
)
def test_a_right_function_passes(f, capsys):
    check.log_mean_exp(f)
    assert "passed" in capsys.readouterr().out


def shift_by(pick):
    """A function that takes out something else than the maximum."""
    return lambda t: pick(t) + (t - pick(t)).exp().mean().log()


WRONG = {
    "mean of the log": (lambda t: t.mean(), "mean of the log, not"),
    "sum": (lambda t: torch.logsumexp(t, 0), "divide by the number of entries"),
    "naive": (lambda t: t.exp().mean().log(), "inf for large entries"),
    "naive, in extended precision": (
        lambda t: float(np.log(np.mean(np.exp(t.numpy().astype(np.longdouble))))),
        "large entries|far below",
    ),
    "naive, with math": (
        lambda t: math.log(sum(math.exp(v) for v in t) / len(t)),
        "it overflows",
    ),
    "clamp": (lambda t: t.clamp(max=700).exp().mean().log(), "finite but wrong for large"),
    "clamp both": (lambda t: t.clamp(-700, 700).exp().mean().log(), "finite but wrong for large"),
    "maximum lost": (lambda t: (t - t.max()).exp().mean().log(), "add the maximum back"),
    "maximum lost if large": (
        lambda t: shifted(t) - (t.max() if t.max() > 500 else 0),
        "finite but wrong for large",
    ),
    "divide by two": (lambda t: torch.logsumexp(t, 0) - math.log(2), "not by two"),
    "by n - 1": (lambda t: torch.logsumexp(t, 0) - math.log(max(len(t) - 1, 1)), "not by n - 1"),
    "minimum": (shift_by(lambda t: t.min()), "entries far apart"),
    "mean": (shift_by(lambda t: t.mean()), "entries far apart"),
    "median": (shift_by(lambda t: t.median()), "entries far apart"),
    "first": (shift_by(lambda t: t[0]), "entries far apart"),
    "last": (shift_by(lambda t: t[-1]), "entries far apart"),
    "a thousand": (shift_by(lambda t: torch.tensor(1000.0)), "wrong value|far below|large"),
    "absolute": (shift_by(lambda t: t.abs().max()), "entries far below zero"),
    "maximum at least 0": (shift_by(lambda t: t.max().clamp(min=0)), "entries far below zero"),
    "maximum": (lambda t: t.max(), "the maximum alone"),
    "maximum less log n": (lambda t: t.max() - math.log(len(t)), "not the maximum alone"),
    "base two": (lambda t: t.exp().mean().log2(), "base 2"),
    "no log": (lambda t: t.exp().mean(), "forgot the logarithm"),
    "no exp": (lambda t: t.mean().log(), "forgot the exponential"),
    "vector": (lambda t: t.max() + (t - t.max()).exp().log(), "one number"),
    "nothing": (lambda t: None, "forget to return"),
    "text": (lambda t: "done", "got str"),
    "a value": (1001.4, "should be a function"),
}


@pytest.mark.parametrize(("f", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_function_is_named(f, words):
    with pytest.raises(AssertionError, match=words):
        check.log_mean_exp(f)


def test_an_answer_is_never_shown():
    for f, _ in WRONG.values():
        with pytest.raises(AssertionError) as refused:
            check.log_mean_exp(f)
        assert "1001.4" not in str(refused.value)
        assert "t.max()" not in str(refused.value)


def test_a_function_that_writes_into_its_input_harms_nothing():
    def in_place(t):
        top = t.max().clone()
        return t.sub_(top).exp_().mean().log() + top

    check.log_mean_exp(in_place)


def test_an_untouched_attempt_says_so(capsys):
    check.log_mean_exp(None)
    assert "not tried yet" in capsys.readouterr().out


def test_right_values_are_those_of_plain_arithmetic():
    assert float(shifted(torch.tensor([1000.0, 1002.0]))) == pytest.approx(1001.434, abs=1e-3)
    assert np.log(np.mean(np.exp([0.0, 2.0]))) == pytest.approx(
        float(shifted(torch.tensor([0.0, 2])))
    )


# The gap of a critic


def product(p):
    return np.outer(p.sum(axis=1), p.sum(axis=0))


def information(p):
    return rel_entr(p, product(p)).sum()


def log_mean(t, weights):
    return logsumexp(t, b=weights)


def from_the_value(t, p):
    return information(p) - (p * t).sum() + log_mean(t, product(p))


def by_loops(t, p):
    """Plain Python, in pieces that are finite."""
    rows, columns = p.sum(axis=1).tolist(), p.sum(axis=0).tolist()
    top = t.max()
    cells = [(j, k) for j in range(len(rows)) for k in range(len(columns))]
    g = {(j, k): rows[j] * columns[k] * math.exp(t[j, k] - top) for j, k in cells}
    whole = sum(g.values())
    return sum(p[c] * math.log(p[c] / g[c] * whole) for c in cells if p[c] > 0)


@pytest.mark.parametrize(
    "f", [from_the_value, by_loops, lambda t, p: torch.tensor([from_the_value(t, p)])]
)
def test_a_right_shortfall_passes(f, capsys):
    check.shortfall(f)
    assert "passed" in capsys.readouterr().out


def naive(t, p):
    g = product(p) * np.exp(t)
    return rel_entr(p, g / g.sum()).sum()


def zeros_forgotten(t, p):
    g = product(p) * np.exp(t - t.max())
    return (p * np.log(p / g * g.sum())).sum()


def backwards(t, p):
    g = product(p) * np.exp(t - t.max())
    return rel_entr(g / g.sum(), p).sum()


WRONG_GAPS = {
    "the value": (lambda t, p: (p * t).sum() - log_mean(t, product(p)), "that is the value"),
    "the information": (lambda t, p: information(p), "that is I itself"),
    "sign": (lambda t, p: -from_the_value(t, p), "the other way round"),
    "backwards": (backwards, "divergence of G from P"),
    "not normalised": (lambda t, p: information(p) - (p * t).sum(), "must sum to one"),
    "plain mean": (
        lambda t, p: information(p) - (p * t).sum() + np.log(np.exp(t).mean()),
        "not all alike",
    ),
    "by p": (lambda t, p: information(p) - (p * t).sum() + log_mean(t, p), "not by p"),
    "T under Q": (
        lambda t, p: information(p) - (product(p) * t).sum() + log_mean(t, product(p)),
        "under P, weighted by p",
    ),
    "no logarithm": (
        lambda t, p: information(p) - (p * t).sum() + np.exp(log_mean(t, product(p))),
        "take the logarithm",
    ),
    "tangent": (
        lambda t, p: information(p) - (p * t).sum() + np.exp(log_mean(t, product(p)) - 1),
        "tangent bound",
    ),
    "bits": (lambda t, p: from_the_value(t, p) / np.log(2), "not in bits"),
    "overflows": (naive, "take out the maximum"),
    "zeros": (zeros_forgotten, "0 log 0 counts as 0"),
    "absolute": (lambda t, p: from_the_value(t, p) + 0.01, "wrong value for tables of shape"),
    "table": (lambda t, p: p * t, "one number"),
    "one argument": (lambda t: 0.0, "should take 2 arguments"),
    "not returned": (lambda t, p: None, "forget to return"),
}


@pytest.mark.parametrize(("f", "message"), WRONG_GAPS.values(), ids=WRONG_GAPS)
def test_a_wrong_shortfall_is_told_why(f, message):
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=message):
        check.shortfall(f)


def test_an_untouched_shortfall_is_no_error(capsys):
    check.shortfall(None)
    assert "not tried yet: write your shortfall" in capsys.readouterr().out
