"""Checks of chapter 6: how many pairs meet a rare set, and how far batches flatter that miss it.

Two more go with the limit of section "How good can an estimator be?": how many pairs a small error
takes, and the error of a mean of i.
"""

from collections.abc import Iterator

import numpy as np

from mine_checks.answers import ask, one, passed, refuse, refuse_mistakes, same, untried

RHO, ERROR = 0.9, 0.001
Q, CHANCE = 0.01, 0.99


def pairs_to_meet(answer: object) -> None:
    """Check the number of pairs that meet a set of probability 0.01 with probability 0.99."""
    if untried(answer, "number of pairs"):
        return
    found = one(answer, "the number of pairs")
    if not np.isfinite(found):
        refuse("the number of pairs should be finite")
    right = np.log(1 - CHANCE) / np.log(1 - Q)
    if right - 0.5 <= found <= np.ceil(right):
        return passed()
    mistakes = [
        (1 / Q, "that many meet it once on average, and miss it in more than a third of all cases"),
        (CHANCE / Q, "the chances of single pairs do not add up: they may meet it twice"),
        (np.log(CHANCE) / np.log(1 - Q), "that many miss it with probability 0.99"),
        (np.log(1 - CHANCE) / np.log(Q), "one pair misses the set with probability 0.99, not 0.01"),
        (-right, "a number of pairs is positive"),
        (1 / right, "turn it over"),
    ]
    refuse_mistakes(found, mistakes, rtol=2e-3)
    if found <= 0:
        refuse("a number of pairs is positive")
    direction = "few" if found < right else "many"
    refuse(f"too {direction}: set the probability that all miss the set equal to 0.01")


def flattery(answer: object) -> None:
    """Check a function that says by how much batches flatter whose product pairs miss a set."""
    if untried(answer, "flattery"):
        return
    for p, q, c in ((0.3, 0.01, 2.0), (0.9, 0.2, 0.5), (0.05, 0.001, 12.0), (0.5, 0.5, -3.0)):
        found = one(ask(answer, p, q, c, name="flattery"), "what flattery returns")
        right = np.log1p(q * np.expm1(c))
        if same(found, right):
            continue
        exact = p * c - right
        refuse_mistakes(
            found,
            [
                (-right, "the other way round: what batches report, less the exact value"),
                (exact, "that is the exact value itself: take it off what such batches report"),
                (p * c, "that is what such batches report: take the exact value off"),
                (np.log(q * np.exp(c)), "outside of A the critic is zero, and e^0 is one"),
                (np.log1p(q * np.exp(c)), "the part of Q outside of A is less than all of it"),
                (q * c, "the logarithm of a mean of e^T, not the mean of T"),
                (p * c - q * c, "the logarithm of a mean of e^T, not the mean of T"),
                (np.log1p(p * np.expm1(c)), "the mean of e^T is taken under Q, not under P"),
                (q * np.expm1(c), "take the logarithm"),
                (right - p * c, "the joint pairs count in both values: their part drops out"),
            ],
        )
        refuse(
            f"not what p = {p}, q = {q}, c = {c} give: write down what such batches report, and"
            " the exact value, and take the difference"
        )
    passed()


def pairs_needed(answer: object) -> None:
    """Check the number of pairs for a standard error of 0.001 nats at rho = 0.9."""
    if untried(answer, "number of pairs"):
        return
    found = one(answer, "the number of pairs")
    if not np.isfinite(found):
        refuse("the number of pairs should be finite")
    right = (RHO / ERROR) ** 2
    if same(found, right, rtol=2e-3):
        return passed()
    mistakes = [
        (RHO / ERROR, "that is the root of n: the error falls with the root of the pairs"),
        (RHO**2 / ERROR, "the error is squared, too"),
        (RHO / ERROR**2, "the correlation is squared, too: it is the variance of i that counts"),
        (RHO**4 / ERROR**2, "the variance of i is the squared correlation, not its fourth power"),
        (1 / ERROR**2, "that would be right if i had the variance one: what is it here?"),
        ((1 - RHO**2) ** 2 / ERROR**2, "that is for the error of the correlation, not of I"),
        ((1 - RHO**2) / ERROR**2, "that is not the variance of i: it grows with the dependence"),
        (1 / right, "turn it over"),
        (ERROR / RHO, "turn it over, and square it"),
    ]
    refuse_mistakes(found, mistakes, rtol=2e-3)
    if found <= 0:
        refuse("a number of pairs is positive")
    direction = "few" if found < right else "many"
    refuse(f"too {direction}: set the limit equal to 0.001 and solve for n")


def standard_error(answer: object) -> None:
    """Check a function that gives the standard error of the mean of i, from n values of i."""
    if untried(answer, "standard_error"):
        return
    for values in _inputs():
        found = one(ask(answer, values, name="standard_error"), "what standard_error returns")
        if not np.isfinite(found):
            refuse("the answer is not a finite number")
        if any(same(found, right) for right in _right(values)):
            continue
        refuse_mistakes(found, _mistakes(values))
        if found < 0:
            refuse("an error is not negative")
        refuse(
            f"not the standard error, for {len(values)} values: take the estimated variance of i"
            " and put it into the limit"
        )
    passed()


def _inputs() -> list[np.ndarray]:
    """Values of i that differ in number, place and spread."""
    rng = np.random.default_rng(0)
    return [
        np.array([1.0, 2.0, 3.0, 6.0]),
        np.array([-0.5, 0.25, 2.0]),
        rng.normal(-3, 2, 37),
        rng.normal(40, 0.1, 500),
        rng.exponential(5, 1001),
    ]


def _right(values: np.ndarray) -> list[float]:
    return [values.std(ddof=ddof) / np.sqrt(len(values)) for ddof in (0, 1)]


def _mistakes(values: np.ndarray) -> Iterator[tuple[float, str]]:
    """Wrong answers, and what is wrong with them."""
    n, mean = len(values), values.mean()
    for ddof in (0, 1):
        sd = values.std(ddof=ddof)
        yield sd, "that is the spread of i: the mean of n values has a smaller one"
        yield sd / n, "divide by the root of n, not by n"
        yield sd**2 / n, "take the root of the variance, too"
        yield sd**2 / np.sqrt(n), "take the root of the variance, too"
        yield sd**2, "that is the variance of i: divide by n, and take the root"
        yield 1.96 * sd / np.sqrt(n), "that is half of an interval, not the error"
        yield sd / np.sqrt(2), "the root of n, not of a number fixed beforehand"
        yield sd / 2, "the root of n, not of a number fixed beforehand"
        yield np.sqrt(sd) / np.sqrt(n), "the root of the variance once, not twice"
        yield sd * np.sqrt(n), "divide by the root of n: the error falls with n"
    yield np.sqrt((values**2).mean() / n), "take the mean of i off first: it is its variance"
    yield np.abs(values - mean).mean() / np.sqrt(n), "squares, not absolute values"
    yield abs(mean) / np.sqrt(n), "the spread of i, not its mean"
    yield mean, "that is the value itself, not its error"
