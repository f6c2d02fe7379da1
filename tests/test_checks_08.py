"""The checks of chapter 8: wrong answers are refused in the right words, right ones in any form."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from scipy.special import softmax

import mine_checks as check
import mine_lib as ml


def right(x, x_bar, dt, t_bar, dt_bar):
    return (dt * x).mean() - softmax(t_bar) @ (dt_bar * x_bar)


def by_autograd(x, x_bar, dt, t_bar, dt_bar):
    """The value of a critic with these values and derivatives at w, differentiated by torch."""
    w = torch.zeros((), dtype=torch.float64, requires_grad=True)
    x, x_bar, dt, t_bar, dt_bar = map(torch.tensor, (x, x_bar, dt, t_bar, dt_bar))
    value = ml.donsker_varadhan(dt * w * x, t_bar + dt_bar * w * x_bar)
    return torch.autograd.grad(value, w)[0]


def by_difference(x, x_bar, dt, t_bar, dt_bar, h=1e-5):
    def value(w):
        return (dt * w * x).mean() - np.log(np.exp(t_bar + dt_bar * w * x_bar).mean())

    return (value(h) - value(-h)) / (2 * h)


def by_hand(x, x_bar, dt, t_bar, dt_bar):
    rows = range(len(x))
    e_t = [math.exp(t) for t in t_bar]
    up = sum(dt[j] * x[j] for j in rows) / len(x)
    return up - sum(e_t[j] * dt_bar[j] * x_bar[j] for j in rows) / sum(e_t)


def in_single(*batch):
    return right(*(each.astype("float32") for each in batch))


@pytest.mark.parametrize(
    "answer",
    [
        right,
        by_autograd,
        by_difference,
        by_hand,
        in_single,
        lambda *batch: [float(right(*batch))],
        lambda *batch: np.array(right(*batch)),
        lambda *batch: torch.tensor([[right(*batch)]]),
        lambda x, u, s, t, r: np.mean(s * x) - np.mean(np.exp(t) * r * u) / np.mean(np.exp(t)),
        lambda x, u, s, t, r: np.mean(s * x - np.exp(t) / np.exp(t).mean() * r * u),
    ],
)
def test_a_right_slope_passes(answer, capsys):
    check.envelope(answer)
    assert "passed" in capsys.readouterr().out


def weighed(weigh):
    """The slope with other weights of the product pairs, from their values and derivatives."""
    return lambda x, u, s, t, r: (s * x).mean() - weigh(t, r) @ (r * u)


def with_term(term):
    """The slope with another term of the product pairs."""
    return lambda x, u, s, t, r: (s * x).mean() - term(u, np.exp(t), r)


def first(rows):
    return lambda *batch: right(*(each[:rows] for each in batch))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda *batch: -right(*batch), "other sign"),
        (lambda x, u, s, t, r: (s * x).mean() + softmax(t) @ (r * u), "counts against"),
        (with_term(lambda u, e, r: 0), "product pairs is missing"),
        (lambda x, u, s, t, r: softmax(t) @ (r * u), "joint pairs is missing"),
        (lambda x, u, s, t, r: -softmax(t) @ (r * u), "joint pairs is missing"),
        (lambda *batch: right(*batch) * len(batch[0]), "not a sum"),
        (lambda x, u, s, t, r: (s * x).sum() - softmax(t) @ (r * u), "not a sum"),
        (with_term(lambda u, e, r: (e / e.mean() * r * u).sum()), "not a sum"),
        (with_term(lambda u, e, r: (e / e.sum() * r * u).mean()), "over its mean the mean"),
        (lambda x, u, s, t, r: softmax(t) @ (s * x - r * u), "all count alike"),
        (lambda x, u, s, t, r: right(u, x, r, t, s), "joint and product pairs have changed"),
        (with_term(lambda u, e, r: (r * u).mean()), "not like all others"),
        (with_term(lambda u, e, r: (e * r * u).mean()), "divide by the mean"),
        (with_term(lambda u, e, r: (e * r * u).sum()), "divide by the mean"),
        (with_term(lambda u, e, r: (e / e.max() * r * u).mean()), "divide by the mean"),
        (with_term(lambda u, e, r: np.log((e * r * u).mean())), "no logarithm is left"),
        (with_term(lambda u, e, r: np.log((e * r * u).sum() / e.sum())), "no logarithm is left"),
        (with_term(lambda u, e, r: (e * r * u).mean() / np.log(e.mean())), "no logarithm is left"),
        (with_term(lambda u, e, r: np.log(np.exp(r * u).mean())), "it is T that stands"),
        (weighed(lambda t, r: softmax(r)), "not e to its derivative"),
        (weighed(lambda t, r: softmax(-t)), "not e.-T"),
        (weighed(lambda t, r: t / t.sum()), "not T"),
        (weighed(lambda t, r: t / len(t)), "not T"),
        (lambda x, u, s, t, r: right(x, x, s, t, r), "moves with it, not with x"),
        (lambda x, u, s, t, r: right(u, u, s, t, r), "its own x, not with x_bar"),
        (lambda x, u, s, t, r: right(u, x, s, t, r), "x and x_bar have changed places"),
        (lambda x, u, s, t, r: s.mean() - softmax(t) @ r, "by z, not by ω"),
        (lambda x, u, s, t, r: s.mean() - softmax(t) @ (r * u), "joint term: that is by z"),
        (with_term(lambda u, e, r: (e * r).sum() / e.sum()), "product term: that is by z"),
        (with_term(lambda u, e, r: (e * u).sum() / e.sum()), "missing from the product term"),
        (lambda x, u, s, t, r: right(x, u, 1, t, r), "missing from the joint term"),
        (lambda x, u, s, t, r: x.mean() - softmax(t) @ u, "dT/dz is missing$"),
        (with_term(lambda u, e, r: (e * r).sum() / e.sum() * u.mean()), "row by row"),
        (with_term(lambda u, e, r: (e * u).sum() / e.sum() * r.mean()), "row by row"),
        (lambda x, u, s, t, r: s.mean() * x.mean() - softmax(t) @ (r * u), "row by row"),
        (lambda x, u, s, t, r: s * x - softmax(t) * r * u, "not one for each row"),
        (lambda x, u, s, t, r: s[:2] * x[:2], "what slope returns should be one number"),
        (
            with_term(lambda u, e, r: (e * r * u).sum() / (e.sum() + 1e-7)),
            "t_bar near -38: a constant",
        ),
        (weighed(lambda t, r: softmax(t.clip(max=10))), "t_bar near 42: a constant"),
        (weighed(lambda t, r: softmax(t**2)), "wrong value for a batch with b = 4"),
        (weighed(lambda t, r: softmax(20 * t.astype("float16"))), "wrong value"),
        (weighed(lambda t, r: np.exp(20 * t) / np.exp(20 * t).sum()), "wrong value"),
        (weighed(lambda t, r: np.exp(t * np.inf)), "e.T overflows"),
        (first(3), "b = 4"),
        (first(4), "b = 8"),
        (first(8), "b = 65"),
        (lambda *batch: right(*batch) if len(batch[0]) > 1 else 0.0, "b = 1 and"),
        (lambda *batch: right(*batch) / (len(batch[0]) > 1), "inf for a batch with b = 1"),
        (lambda *batch: None, "forget to return"),
        (lambda *batch: "steep", "got str"),
        (lambda x, u, s, t, r: x[9], "slope raised IndexError"),
        (lambda x, dt: 0.0, "slope should take 5 arguments"),
        (1.5, "slope should be a function"),
    ],
)
def test_a_wrong_slope_is_named(answer, words):
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=words):
        check.envelope(answer)


def mi(rho):
    return -0.5 * np.log(1 - rho**2)


def rate(rho):
    return rho / (1 - rho**2)


def believed(rho, rho_0):
    return mi(rho_0) + rate(rho_0) * (rho - rho_0)


def by_quadrature(rho, rho_0):
    """The mean of the log ratio at rho_0 over pairs at rho, on a grid of normal quantiles."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(4)
    x, e = np.meshgrid(nodes, nodes)
    t = ml.Gaussian(rho_0).log_ratio(x.ravel(), (rho * x + np.sqrt(1 - rho**2) * e).ravel())
    return np.outer(weights, weights).ravel() @ t.double().numpy() / weights.sum() ** 2


def by_slope(rho, rho_0):
    at = torch.tensor(rho_0, dtype=torch.float64, requires_grad=True)
    mi = -torch.log1p(-(at**2)) / 2
    return mi + torch.autograd.grad(mi, at)[0] * (rho - rho_0)


@pytest.mark.parametrize(
    "answer",
    [
        believed,
        by_quadrature,
        by_slope,
        lambda rho, rho_0: [believed(rho, rho_0)],
        lambda rho, rho_0: np.array(believed(rho, rho_0)),
        lambda rho, rho_0: believed(*np.float32([rho, rho_0])),
        lambda rho, rho_0: believed(*torch.tensor([[rho], [rho_0]]).numpy()),
        lambda rho, rho_0: -math.log(1 - rho_0**2) / 2 + (rho_0 * rho - rho_0**2) / (1 - rho_0**2),
    ],
)
def test_a_right_belief_passes(answer, capsys):
    check.mirage(answer)
    assert "passed" in capsys.readouterr().out


def sloped(rate):
    """A line through the right point at rho_0, of a slope that depends on rho and rho_0."""
    return lambda r, r0: mi(r0) + rate(r, r0) * (r - r0)


def quadratic(r, r0):
    return believed(r, r0) + (1 + r0**2) / (1 - r0**2) ** 2 * (r - r0) ** 2 / 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda r, r0: mi(r), "yours is frozen"),
        (lambda r, r0: mi(r0), "dial would change nothing"),
        (lambda r, r0: believed(r0, r), "have changed places"),
        (lambda r, r0: believed(abs(r), r0), "knows the sign"),
        (lambda r, r0: believed(abs(r), abs(r0)), "knows the sign"),
        (sloped(lambda r, r0: r0), "not the slope of I at rho_0: its denominator is"),
        (sloped(lambda r, r0: 1 / (1 - r0**2)), "numerator is not one"),
        (sloped(lambda r, r0: rate(r0) / 2), "inner derivative"),
        (sloped(lambda r, r0: 2 * rate(r0)), "half before the logarithm"),
        (sloped(lambda r, r0: -rate(r0)), "its sign is the other one"),
        (sloped(lambda r, r0: r0 / (1 - r0**2) ** 2), "no square"),
        (sloped(lambda r, r0: r0 / math.sqrt(1 - r0**2)), "no root"),
        (sloped(lambda r, r0: r0 / (1 + r0**2)), "a sign in its denominator"),
        (sloped(lambda r, r0: rate(r)), "where the critic learned"),
        (sloped(lambda r, r0: r0 / (1 - r**2)), "depends on rho_0 alone"),
        (lambda r, r0: mi(r0) + rate(r0) * r, "not at zero"),
        (quadratic, "no second order"),
        (lambda r, r0: -mi(r0) + rate(r0) * (r - r0), "is not negative"),
        (lambda r, r0: 2 * mi(r0) + rate(r0) * (r - r0), "its constant is not"),
        (lambda r, r0: mi(r0) / 2 + rate(r0) * (r - r0), "its constant is not"),
        (lambda r, r0: rate(r0) * (r - r0), "at rho_0 itself"),
        (lambda r, r0: mi(r) + rate(r0) * (r - r0), "not at rho$"),
        (lambda r, r0: believed(r, r0) / math.log(2), "not in bits"),
        (lambda r, r0: max(0, believed(r, r0)), "may be negative"),
        (lambda r, r0: abs(believed(r, r0)), "may be negative"),
        (lambda r, r0: min(mi(r0), believed(r, r0)), "may rise"),
        (lambda r, r0: believed(r, r0) if r0 > 0 else mi(r0), r"= \(0.5, -0.8\)"),
        (lambda r, r0: believed(r, r0) if r0 < 0.9 else mi(r), r"= \(0.9, 0.95\)"),
        (lambda r, r0: believed(r, r0) if max(r, r0) > 0 else mi(r0), r"= \(-0.2, -0.4\)"),
        (lambda r, r0: mi(r0) + rate(r0) * (r - r0) ** 2 / (r - r0), "for 0.7, 0.7"),
        (lambda r, r0: mi(r0) + rate(r0) * (1 - r0 / r) * r, "for 0.0, 0.5"),
        (lambda r, r0: believed(r, r0) if r0 else 0.1, r"= \(0.4, 0.0\)"),
        (lambda r, r0: believed(r, r0) + 1e-3, r"wrong value for rho, rho_0 = \(0.3, 0.6\)"),
        (lambda r, r0: believed(0.3, 0.6), r"= \(-0.9, 0.6\)"),
        (lambda r, r0: np.log(r), "nan for rho, rho_0"),
        (lambda r, r0: [believed(r, r0)] * 2, "what believed returns should be one number"),
        (lambda r, r0: 1 / r0, "believed raised ZeroDivisionError: .*, for 0.4, 0.0"),
        (lambda r, r0: None, "forget to return"),
        (lambda r, r0: r > r0, "got bool"),
        (lambda r: mi(r), "should take 2 arguments"),
        (0.22, "should be a function"),
    ],
)
def test_a_wrong_belief_is_named(answer, words):
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=words):
        check.mirage(answer)


def level(noise, budget, share=1e-12):
    """The water level, found by bisection."""
    noise = np.asarray(noise)

    def spare(at):
        return np.maximum(at - noise, 0).sum() - budget

    return brentq(spare, noise.min(), noise.max() + budget, xtol=share * budget)


def powers(noise, budget):
    return np.maximum(level(noise, budget) - noise, 0)


def by_closing(noise, budget):
    """Level all channels, close those that stick out, and level again, until none does."""
    is_open = np.full(len(noise), True)
    while True:
        at = (budget + noise[is_open].sum()) / is_open.sum()
        if (noise[is_open] <= at).all():
            return [float(at - each) if o else 0 for each, o in zip(noise, is_open, strict=True)]
        is_open &= noise <= at


def by_counting(noise, budget):
    """The level of the k quietest channels, for the largest k whose noise it covers."""
    quiet = np.sort(noise)
    levels = (budget + np.cumsum(quiet)) / np.arange(1, len(quiet) + 1)
    return np.maximum(levels[levels > quiet][-1] - noise, 0)


def by_drops(noise, budget, drops=4000):
    """Drop after drop into the channel that is lowest then: only roughly level."""
    filled = noise.copy()
    for _ in range(drops):
        filled[filled.argmin()] += budget / drops
    return filled - noise


def in_place(noise, budget):
    noise -= level(noise, budget)
    return np.maximum(-noise, 0)


@pytest.mark.parametrize(
    "answer",
    [
        powers,
        by_closing,
        by_counting,
        by_drops,
        in_place,
        lambda noise, budget: powers(noise, budget).tolist(),
        lambda noise, budget: powers(noise, budget).astype("float32"),
        lambda noise, budget: torch.tensor(powers(noise, budget), requires_grad=True),
        lambda noise, budget: np.squeeze(powers(noise, budget)),  # one channel: 0-d
        lambda noise, budget: np.maximum(level(noise, budget, 1e-4) - noise, 0),
    ],
)
def test_right_powers_pass(answer, capsys):
    check.water(answer)
    assert "passed" in capsys.readouterr().out


def all_channels(noise, budget):
    return (budget + noise.sum()) / len(noise) - noise


def rescaled(noise, budget):
    clipped = np.maximum(all_channels(noise, budget), 0)
    return clipped * budget / clipped.sum()


def once_more(noise, budget):
    """Close what sticks out once, level again, and leave it at that."""
    is_open = all_channels(noise, budget) > 0
    at = (budget + noise[is_open].sum()) / is_open.sum()
    return np.where(is_open, at - noise, 0)


def turned(noise, budget):
    found, order = np.zeros(len(noise)), noise.argsort()
    found[order] = np.sort(powers(noise, budget))
    return found


def leaky(noise, budget):
    found = powers(noise, budget)
    return 0.98 * found + 0.02 * budget / len(noise)


def uneven(noise, budget):
    found = powers(noise, budget)
    return budget * found**1.1 / (found**1.1).sum()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda n, b: np.full(len(n), b / len(n)), "equal parts"),
        (lambda n, b: b / n / (1 / n).sum(), "in proportion to 1/noise"),
        (lambda n, b: b * n / n.sum(), "noisy channels get less"),
        (turned, "noisiest channels are filled first"),
        (lambda n, b: powers(n.max() - n, b), "noisiest channels are filled first"),
        (lambda n, b: np.sort(powers(n, b)), "keep the order"),
        (lambda n, b: powers(np.sort(n), b), "keep the order"),
        (lambda n, b: np.maximum(all_channels(n, b), 0), "the open ones alone"),
        (rescaled, "no common level"),
        (all_channels, "a power is negative"),
        (once_more, "a power is negative"),
        (lambda n, b: np.maximum(once_more(n, b), 0), "sum to 2.167"),
        (lambda n, b: n + powers(n, b), "noise . power"),
        (lambda n, b: np.maximum(n, level(n, b)), "noise . power"),
        (lambda n, b: np.full(len(n), level(n, b)), "that is the level"),
        (level, "not one number, such as the level"),
        (lambda n, b: np.where(n == n.min(), b, 0), "all in one channel"),
        (lambda n, b: np.sqrt(powers(n, b)), "not their roots"),
        (lambda n, b: powers(np.sqrt(n), b), "take no root"),
        (lambda n, b: powers(n**2, b), "do not square"),
        (lambda n, b: np.log(1 + powers(n, b) / n) / 2, "that is the information"),
        (leaky, "though its noise is above"),
        (uneven, "is not the same in all open"),
        (lambda n, b: powers(n, 1.0), "sum to 1 for"),
        (lambda n, b: 0.99 * powers(n, b), "sum to 1.98 for .* budget = 2$"),
        (lambda n, b: powers(n, b) + 0.9e-3 * b, "sum to 2.007"),
        (lambda n, b: powers(n, b)[powers(n, b) > 0], r"shape \(2,\): one power for each"),
        (lambda n, b: powers(n, b)[:, None], "one power for each"),
        (lambda n, b: (powers(n, b), level(n, b)), "should be numbers, got tuple"),
        (lambda n, b: powers(n, b) if len(n) > 1 else [0.0], r"sum to 0 for noise = \[0.7\]"),
        (lambda n, b: powers(n, b) if b < 30 else all_channels(n, b) * 2, "sum to 60"),
        (lambda n, b: powers(n, b) if b > 1 else [b / 2] * 2, "equal parts"),
        (lambda n, b: powers(n, b) if len(n) < 7 else all_channels(n, b), "a power is negative"),
        (lambda n, b: powers(n, b) if len(n) != 5 else turned(n, b), "filled first"),
        (lambda n, b: powers(n, b) * np.inf, "not all finite"),
        (lambda n, b: None, "forget to return"),
        (lambda n, b: n[4], "powers raised IndexError"),
        (lambda n: n, "powers should take 2 arguments"),
        ([0, 1.25, 0, 0.75], "powers should be a function"),
    ],
)
def test_wrong_powers_are_named(answer, words):
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=words):
        check.water(answer)


@pytest.mark.parametrize("judge", [check.envelope, check.mirage, check.water])
@pytest.mark.parametrize("untouched", [None, ...])
def test_an_untouched_attempt_says_so(judge, untouched, capsys):
    judge(untouched)
    assert "not tried yet" in capsys.readouterr().out
