"""Check of chapter 4: the slope of the minibatch objective in the limit."""

from collections.abc import Callable

import numpy as np

from mine_checks.answers import ask, one, passed, refuse, refuse_mistakes, same, untried

NAME = "limit_slope"
USUAL = [(0.3, 0.01, 16), (0.9, 0.5, 1), (0.05, 0.2, 3), (1.0, 0.5, 4), (0.7, 0.001, 1000)]
# A product of probabilities that rounds to 1, or to a few digits, if it is taken as it stands.
TINY = [
    (0.0, 1e-20, 16),
    (2e-18, 1e-19, 16),
    (0.0, 3e-14, 5),
    (0.0, 3e-12, 50_000),
    (1e-13, 2e-10, 2),
    (0.0, 1e-9, 1_000_000),
    (0.0, 2e-8, 10_000_000),
    (0.0, 2e-6, 20_000),
    (0.0, 1.7e-15, 250_000_000_000),
    (0.0, 1.7e-15, 300_000_000_000_000),
]


def limit_slope(f: object) -> None:
    """Check a function of p = P(A), q = Q(A) and b that returns the limit P(A) - q_b(A)."""
    if untried(f, NAME):
        return
    mistakes = [(wrong(*USUAL[0]), message) for wrong, message in _mistakes()]
    refuse_mistakes(_ask(f, USUAL[0]), mistakes, rtol=1e-5)
    for inputs in USUAL:
        if not _right(f, inputs):
            refuse(f"wrong value for p, q, b = {inputs}")
    for inputs in TINY:
        if not _right(f, inputs):
            p, q, b = inputs
            refuse(f"rounded away, or only roughly right, for p = {p:g}, q = {q:g}, b = {b}")
    passed()


def _mistakes() -> list[tuple[Callable[[float, float, int], float], str]]:
    """Wrong rules at one ordinary set, which they tell apart."""
    return [
        (lambda p, q, b: p - b * q, "b Q(A) only bounds the chance of a hit; q_b is smaller"),
        (lambda p, q, b: p + np.expm1(-b * q), "(1 - q)^b is not e^(-bq)"),
        (lambda p, q, b: 1 - (1 - q) ** b, "this is q_b itself, not the slope"),
        (lambda p, q, b: (1 - q) ** b, "this is the chance of no hit, not the slope"),
        (lambda p, q, b: p - (1 - q) ** b, "you subtracted the chance of no hit"),
        (lambda p, q, b: 1 - (1 - q) ** b - p, "the sign is the wrong way round"),
        (lambda p, q, b: p + 1 - (1 - q) ** b, "the chance of a hit counts against the slope"),
        (lambda p, q, b: p - q, "b samples can hit the set, not one"),
        (lambda p, q, b: p - q**b, "q^b is the chance that all samples hit, not at least one"),
        (lambda p, q, b: q - 1 + (1 - p) ** b, "P and Q have changed places"),
        (lambda p, q, b: p - 1 + (1 - q) ** (b - 1), "all b samples can hit the set, not b - 1"),
    ]


def _right(f: object, inputs: tuple[float, float, int]) -> bool:
    return same(_ask(f, inputs), _truth(*inputs), rtol=1e-4, atol=0)


def _ask(f: object, inputs: tuple[float, float, int]) -> float:
    with np.errstate(all="ignore"):
        return one(ask(f, *inputs, name=NAME), f"what {NAME} returns")


def _truth(p: float, q: float, b: int) -> float:
    return p + np.expm1(b * np.log1p(-q))
