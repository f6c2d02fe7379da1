"""Checks of chapter 8: a gradient through a held critic, a frozen critic, and water-filling."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from mine_checks.answers import ask, one, passed, refuse, refuse_mistakes, same, untried

# x, x_bar, dt, t_bar, dt_bar
Batch = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
# rho, rho_0
DIALS = [
    (0.3, 0.6),
    (-0.9, 0.6),
    (0.5, -0.8),
    (-0.2, -0.4),
    (0.7, 0.7),
    (0.0, 0.5),
    (0.4, 0.0),
    (0.9, 0.95),
    (0.99, 0.1),
]
# noise, budget
CHANNELS = [
    ([2.0, 0.5, 4.0, 1.0], 2.0),
    ([0.7], 1.5),
    ([3.0, 0.2, 1.0], 30.0),
    ([1.0, 1.0, 2.0, 1.0, 2.0], 1.2),
    ([0.9, 0.3], 0.05),
    ([50.0, 90.0, 20.0, 70.0, 80.0, 10.0, 60.0], 75.0),
]
NEAR = 1e-3  # of the budget, for levels that are found by bisection


def envelope(f: object) -> None:
    """Check the slope of a batch's Donsker-Varadhan value by w, with the critic held.

    The function takes x, x_bar, dt, t_bar and dt_bar, arrays with one number a row.
    """
    if untried(f, "slope"):
        return
    for batch in _batches():
        with np.errstate(all="ignore"):
            _judge_slope(ask(f, *batch, name="slope"), batch)
    passed()


def _judge_slope(found: np.ndarray, batch: Batch) -> None:
    rows, near = len(batch[0]), round(batch[3].mean())
    where = f"for a batch with b = {rows} and t_bar near {near}"
    if found.size == rows > 1:
        refuse("one value, for the whole batch, not one for each row")
    found = one(found, "what slope returns")
    if same(found, _slope(*batch), atol=1e-6):
        return
    if not np.isfinite(found):
        refuse(f"the answer is {found} {where}: a logarithm is left, or e^T overflows")
    if abs(near) > 20:
        refuse(f"wrong value {where}: a constant added to all of t_bar should change nothing")
    refuse_mistakes(found, _wrong_slopes(*batch), atol=1e-6)
    refuse(f"wrong value {where}")


def _batches() -> list[Batch]:
    """Batches that differ in size, place and spread."""
    rng = np.random.default_rng(8)
    drawn = [
        tuple(place + rng.normal(size=(5, rows)))
        for rows, place in ((4, 1.0), (3, -0.7), (8, 1.5), (1, 0.8), (65, 0.6))
    ]
    x, x_bar, dt, t_bar, dt_bar = drawn[2]
    moved = [(x, x_bar, dt, t_bar + by, dt_bar) for by in (40, -40)]
    return [*drawn, *moved]


def _slope(
    x: np.ndarray, x_bar: np.ndarray, dt: np.ndarray, t_bar: np.ndarray, dt_bar: np.ndarray
) -> float:
    return float((dt * x).mean() - _softmax(t_bar) @ (dt_bar * x_bar))


def _softmax(t: np.ndarray) -> np.ndarray:
    weights = np.exp(t - t.max())
    return weights / weights.sum()


def _wrong_slopes(
    x: np.ndarray, x_bar: np.ndarray, dt: np.ndarray, t_bar: np.ndarray, dt_bar: np.ndarray
) -> Iterator[tuple[float, str]]:
    """Wrong values, and what is wrong with them."""
    b, w, joint = len(x), _softmax(t_bar), (dt * x).mean()
    product = w @ (dt_bar * x_bar)
    yield product - joint, "that is the slope of the loss: the value's has the other sign"
    yield joint + product, "the product term counts against the value"
    yield joint, "the term of the product pairs is missing: they move with ω, too"
    for sign in (1, -1):
        yield sign * product, "the term of the joint pairs is missing"
    for of_joint, of_product in ((b, b), (b, 1), (1, b), (b, 1 / b)):
        yield of_joint * joint - of_product * product, "a mean over the batch, not a sum"
    yield joint - product / b, "with e^T over its sum take the sum, with e^T over its mean the mean"
    yield w @ (dt * x) - product, "the joint pairs all count alike, without e^T"
    yield (
        (dt_bar * x_bar).mean() - w @ (dt * x),
        "joint and product pairs have changed places",
    )
    yield from _wrong_weights(joint, t_bar, dt_bar, x_bar)
    yield from _wrong_rows(x, x_bar, dt, dt_bar, w)


def _wrong_weights(
    joint: float, t_bar: np.ndarray, dt_bar: np.ndarray, x_bar: np.ndarray
) -> Iterator[tuple[float, str]]:
    """Product pairs that count by something else than e^T over its mean."""
    moves, e_t = dt_bar * x_bar, np.exp(t_bar)
    yield joint - moves.mean(), "a product pair counts by its e^T, not like all others"
    undivided = "divide by the mean of e^T, as the derivative of its logarithm does"
    yield joint - (e_t * moves).mean(), undivided
    yield joint - (e_t * moves).sum(), undivided
    yield joint - (np.exp(t_bar - t_bar.max()) * moves).mean(), undivided
    logarithm = "no logarithm is left: the derivative of log m is that of m, over m"
    yield joint - np.log((e_t * moves).mean()), logarithm
    yield joint - np.log((e_t * moves).mean() / e_t.mean()), logarithm
    yield joint - (e_t * moves).mean() / np.log(e_t.mean()), logarithm
    yield joint - np.log(np.exp(moves).mean()), "it is T that stands in the exponent"
    yield joint - _softmax(dt_bar) @ moves, "the weights are e^T, not e to its derivative"
    yield joint - _softmax(-t_bar) @ moves, "the weights are e^T, not e^-T"
    yield joint - t_bar @ moves / t_bar.sum(), "the weights are e^T, not T"
    yield joint - (t_bar * moves).mean(), "the weights are e^T over its mean, not T"


def _wrong_rows(
    x: np.ndarray, x_bar: np.ndarray, dt: np.ndarray, dt_bar: np.ndarray, w: np.ndarray
) -> Iterator[tuple[float, str]]:
    """Derivatives that meet another row's x, or none."""
    joint, product = (dt * x).mean(), w @ (dt_bar * x_bar)
    yield joint - w @ (dt_bar * x), "z_bar was made from x_bar, and moves with it, not with x"
    yield (dt * x_bar).mean() - product, "a joint pair's z moves with its own x, not with x_bar"
    yield (dt * x_bar).mean() - w @ (dt_bar * x), "x and x_bar have changed places"
    chain = "that is by z, not by ω: how fast does z move with ω?"
    yield dt.mean() - w @ dt_bar, chain
    yield joint - w @ dt_bar, f"product term: {chain}"
    yield dt.mean() - product, f"joint term: {chain}"
    yield joint - w @ x_bar, "dT/dz is missing from the product term"
    yield x.mean() - product, "dT/dz is missing from the joint term"
    yield x.mean() - w @ x_bar, "dT/dz is missing"
    multiply = "multiply row by row before you take the mean, not mean by mean"
    apart = (w @ dt_bar * x_bar.mean(), w @ x_bar * dt_bar.mean(), w @ x_bar * (w @ dt_bar))
    yield dt.mean() * x.mean() - product, multiply
    for each in apart:
        yield joint - each, multiply
        yield dt.mean() * x.mean() - each, multiply


def mirage(f: object) -> None:
    """Check the value at rho of the critic that is the best one at rho_0: f(rho, rho_0)."""
    if untried(f, "believed"):
        return
    found = []
    for dial in DIALS:
        with np.errstate(all="ignore"):
            found.append(one(ask(f, *dial, name="believed"), "what believed returns"))
        if not np.isfinite(found[-1]):
            refuse(f"the answer is {found[-1]} for rho, rho_0 = {dial}")
    if not same(found, _at_dials(_believed), atol=1e-6):
        refuse_mistakes(found, [(_at_dials(wrong), what) for wrong, what in _wrong_beliefs()])
        is_right = np.isclose(found, _at_dials(_believed), rtol=1e-4, atol=1e-6)
        refuse(f"wrong value for rho, rho_0 = {DIALS[int(is_right.argmin())]}")
    passed()


def _at_dials(rule: Callable[[float, float], float]) -> np.ndarray:
    return np.array([rule(*dial) for dial in DIALS])


def _mi(rho: float) -> float:
    return -math.log1p(-(rho**2)) / 2


def _rate(rho: float) -> float:
    return rho / (1 - rho**2)


def _believed(rho: float, rho_0: float) -> float:
    return _mi(rho_0) + _rate(rho_0) * (rho - rho_0)


def _wrong_beliefs() -> list[tuple[Callable[[float, float], float], str]]:
    """Wrong rules, and what is wrong with them."""
    constant = "its mean of T is right, its constant is not: what is I at rho_0?"
    return [
        *_wrong_tangents(),
        (lambda r, r0: _mi(r), "so speaks the best critic at rho: yours is frozen at rho_0"),
        (lambda r, r0: _mi(r0), "then the dial would change nothing: the pairs are those at rho"),
        (lambda r, r0: _believed(r0, r), "rho and rho_0 have changed places"),
        (lambda r, r0: _believed(abs(r), r0), "the frozen critic knows the sign of rho"),
        (lambda r, r0: _believed(abs(r), abs(r0)), "the frozen critic knows the sign of rho"),
        (lambda r, r0: _believed(r, r0) - 2 * _mi(r0), "the information at rho_0 is not negative"),
        (lambda r, r0: _believed(r, r0) + _mi(r0), constant),
        (lambda r, r0: _believed(r, r0) - _mi(r0) / 2, constant),
        (lambda r, r0: _believed(r, r0) - _mi(r0), "at rho_0 itself the value is I, not zero"),
        (lambda r, r0: _believed(r, r0) - _mi(r0) + _mi(r), "the start is I at rho_0, not at rho"),
        (lambda r, r0: _believed(r, r0) / math.log(2), "in nats, not in bits"),
        (lambda r, r0: max(_believed(r, r0), 0), "a frozen critic's value may be negative"),
        (lambda r, r0: abs(_believed(r, r0)), "a frozen critic's value may be negative"),
        (lambda r, r0: min(_believed(r, r0), _mi(r0)), "the value may rise as well as fall"),
    ]


def _wrong_tangents() -> list[tuple[Callable[[float, float], float], str]]:
    """Rules with another slope, or none of one."""

    def tangent(rate: Callable[[float, float], float]) -> Callable[[float, float], float]:
        return lambda r, r0: _mi(r0) + rate(r, r0) * (r - r0)

    def bend(r0: float) -> float:
        return (1 + r0**2) / (1 - r0**2) ** 2

    wrong = "that is not the slope of I at rho_0"
    return [
        (tangent(lambda r, r0: r0), f"{wrong}: its denominator is missing"),
        (tangent(lambda r, r0: 1 / (1 - r0**2)), f"{wrong}: its numerator is not one"),
        (tangent(lambda r, r0: _rate(r0) / 2), f"{wrong}: the half goes with the inner derivative"),
        (tangent(lambda r, r0: 2 * _rate(r0)), f"{wrong}: where is the half before the logarithm?"),
        (tangent(lambda r, r0: -_rate(r0)), f"{wrong}: its sign is the other one"),
        (tangent(lambda r, r0: r0 / (1 - r0**2) ** 2), f"{wrong}: no square in its denominator"),
        (tangent(lambda r, r0: r0 / math.sqrt(1 - r0**2)), f"{wrong}: no root in its denominator"),
        (tangent(lambda r, r0: r0 / (1 + r0**2)), f"{wrong}: a sign in its denominator is wrong"),
        (tangent(lambda r, r0: _rate(r)), "the slope is that at rho_0, where the critic learned"),
        (tangent(lambda r, r0: r0 / (1 - r**2)), "the slope depends on rho_0 alone"),
        (
            lambda r, r0: _mi(r0) + _rate(r0) * r,
            "the line starts at rho_0, not at zero: how far is rho from there?",
        ),
        (
            tangent(lambda r, r0: _rate(r0) + bend(r0) * (r - r0) / 2),
            "the value is linear in rho: with T held, there is no second order",
        ),
    ]


def water(f: object) -> None:
    """Check a function of noise variances and a budget that returns the best powers."""
    if untried(f, "powers"):
        return
    for noise, budget in CHANNELS:
        given = np.array(noise)
        with np.errstate(all="ignore"):
            found = ask(f, given, budget, name="powers")
        _judge_powers(found, given, budget)
    passed()


def _judge_powers(found: np.ndarray, noise: np.ndarray, budget: float) -> None:
    where = f"for noise = {noise.tolist()} and budget = {budget:g}"
    near, right = NEAR * budget, _powers(noise, budget)
    if found.size == len(noise) == 1:
        found = found.reshape(1)
    if found.size == 1 < len(noise):
        refuse("one power for each channel, not one number, such as the level")
    if found.shape != noise.shape:
        refuse(f"{where} the answer has shape {found.shape}: one power for each channel")
    if not np.isfinite(found).all():
        refuse(f"the powers are not all finite {where}")
    if same(found, right, rtol=0, atol=near) and abs(found.sum() - budget) <= near:
        return
    refuse_mistakes(found, _wrong_powers(noise, budget), rtol=0, atol=near)
    if (found < -near).any():
        refuse(f"a power is negative {where}: close that channel, and find the level again")
    if abs(found.sum() - budget) > near:
        refuse(f"the powers sum to {found.sum():.4g} {where}")
    if (found[right == 0] > near).any():
        refuse(f"a channel gets power {where}, though its noise is above the level")
    refuse(f"noise + power is not the same in all open channels {where}")


def _powers(noise: np.ndarray, budget: float) -> np.ndarray:
    """Powers at the least level of the k quietest channels: more would stand out of the water."""
    quietest = np.sort(noise)
    level = ((budget + quietest.cumsum()) / np.arange(1, len(noise) + 1)).min()
    return np.maximum(level - noise, 0)


def _wrong_powers(noise: np.ndarray, budget: float) -> Iterator[tuple[np.ndarray, str]]:
    """Wrong powers, and what is wrong with them."""
    n, right, spare = len(noise), _powers(noise, budget), budget + noise.sum()
    clipped = np.maximum(spare / n - noise, 0)
    up, order = np.sort(right), noise.argsort()
    turned = np.empty(n)
    turned[order] = up
    yield np.full(n, budget / n), "not in equal parts: a quiet channel gets more"
    yield budget / noise / (1 / noise).sum(), "not in proportion to 1/noise: fill up to one level"
    yield budget * noise / noise.sum(), "the noisy channels get less, not more"
    yield turned, "the noisiest channels are filled first: it should be the quietest"
    yield _powers(noise.max() - noise, budget), "the noisiest channels are filled first"
    for each in (up, up[::-1]):
        yield each, "the powers are sorted: keep the order of the channels"
    yield (
        clipped,
        "closed channels give back no water: find the level of the open ones alone",
    )
    yield (
        clipped * budget / clipped.sum(),
        "rescaled powers have no common level: find that of the open channels alone",
    )
    yield noise + right, "that is noise + power: return the power"
    yield np.full(n, (noise + right)[order[0]]), "that is the level: return the powers"
    yield np.where(noise == noise.min(), budget, 0), "all in one channel: others may lie lower then"
    yield np.sqrt(right), "the powers, not their roots"
    yield _powers(np.sqrt(noise), budget), "noise holds variances: take no root"
    yield _powers(noise**2, budget), "noise holds variances: do not square them"
    yield np.log1p(right / noise) / 2, "that is the information: return the powers"
