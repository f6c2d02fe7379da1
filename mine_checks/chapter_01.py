"""Checks of chapter 1: a die's information, and what a score leaks."""

import numpy as np

from mine_checks.answers import number, one, passed, refuse, refuse_mistakes, same, untried

CLOSE = 6e-4  # an answer may be rounded to three decimals


def die(answer: object) -> None:
    """Check I(X;Z) of a fair die and its parity: two numbers, in nats and in bits."""
    if untried(answer, "(nats, bits)"):
        return
    nats, bits = _pair(answer)
    right = _is_right(nats, np.log(2)), _is_right(bits, 1)
    if all(right):
        return passed()
    if _is_right(nats, 1) and _is_right(bits, np.log(2)):
        refuse("these are the right numbers in the wrong order: nats come first")
    for name, value, unit in (("nats", nats, 1.0), ("bits", bits, np.log(2))):
        mistakes = [(wrong / unit, f"your {name}: {what}") for wrong, what in _mistakes_of_die()]
        refuse_mistakes(value, mistakes, rtol=0, atol=CLOSE)
    if right[0]:
        refuse("the nats are right, the bits are not: a bit is log 2 nats, so divide by it")
    if right[1]:
        refuse("the bits are right, the nats are not: a bit is log 2 nats, so multiply by it")
    refuse("neither is right: how uncertain is Z, and how uncertain is it still once X is known?")


def _mistakes_of_die() -> list[tuple[float, str]]:
    """Wrong answers in nats."""
    return [
        (np.log(6), "that is H(X), all that there is to know about the die"),
        (np.log(3), "that is H(X|Z), what is still uncertain once Z is known"),
        (np.log(12), "that is H(X) + H(Z): take off the entropy of the pair"),
        (0.0, "that would say that X and Z are independent"),
    ]


def leak(answer: object, score_given_bird: object) -> None:
    """Check I(S;Y|C) for a table of P(s | y), birds equally likely, C = 1 in its right half."""
    if untried(answer, "leak, a number in nats"):
        return
    value = _finite(answer)
    joint = number(score_given_bird, "the table")
    joint = joint / joint.sum()
    left, right = np.hsplit(joint, 2)
    concept = np.stack([left.sum(axis=1), right.sum(axis=1)], axis=1)
    truth = _mi(joint) - _mi(concept)
    if _is_right(value, truth):
        return passed()
    refuse_mistakes(value, _mistakes_of_leak(joint, concept, truth), rtol=0, atol=CLOSE)
    if value < 0:
        refuse("a conditional mutual information is never negative")
    refuse("not the leak: what does (S, C) say about Y, and how much of it does C say alone?")


def _mistakes_of_leak(
    joint: np.ndarray, concept: np.ndarray, truth: float
) -> list[tuple[float, str]]:
    halves = np.hsplit(joint, 2)
    given = [_mi(half / half.sum()) for half in halves]
    score = _entropy(joint.sum(axis=0))
    shown = _entropy(concept.sum(axis=0))
    bird = _entropy(joint.sum(axis=1))
    return [
        (_mi(joint), "that is I(S;Y): it counts what the concept says, too"),
        (_mi(concept), "that is I(C;Y), what the concept itself says"),
        (truth / np.log(2), "that is in bits"),
        (truth * np.log(2), "you went from bits to nats twice, or from nats the wrong way"),
        (
            _mi(joint) - shown,
            "you took off I(S;C), what the score says about the concept, not I(C;Y)",
        ),
        (_mi(concept) - _mi(joint), "the right difference with the wrong sign"),
        (shown, "that is H(C), which is also I(S;C)"),
        (score - shown, "that is H(S|C): the score may differ for one and the same bird"),
        (_entropy(joint) - bird, "that is H(S|Y), how much the score differs for one bird"),
        (_entropy(joint) - score, "that is H(Y|S), what the score leaves open"),
        (_entropy(concept) - shown, "that is H(Y|C), what the concept leaves open"),
        (given[0], "that is the information where C = 0 only: take the mean over C"),
        (given[1], "that is the information where C = 1 only: take the mean over C"),
        (sum(given) / 2, "a plain mean over the values of C: weigh them by their probabilities"),
        (sum(given), "you added the values for C = 0 and C = 1: take their mean over C"),
        (truth * len(joint), "the four birds' rows must share the probability one: divide by four"),
    ]


def _mi(p: np.ndarray) -> float:
    return _entropy(p.sum(axis=0)) + _entropy(p.sum(axis=1)) - _entropy(p)


def _entropy(p: np.ndarray) -> float:
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


def _is_right(value: float, right: float) -> bool:
    """Whether a value is right, or the right one in two decimals."""
    return same(value, right, rtol=0, atol=CLOSE) or same(value, round(right, 2), rtol=1e-6)


def _pair(answer: object) -> list[float]:
    """Return an answer as two finite numbers, each in any shape; refuse others."""
    parts = answer if isinstance(answer, list | tuple) else number(answer).ravel()
    if len(parts) != 2:
        refuse(f"the answer should be two numbers, nats and bits, got {len(parts)}")
    return [_finite(part) for part in parts]


def _finite(answer: object) -> float:
    """Return an answer as one finite number; refuse others."""
    value = one(answer)
    if not np.isfinite(value):
        refuse("the answer is infinite or not a number: 0 log 0 counts as 0")
    return value
