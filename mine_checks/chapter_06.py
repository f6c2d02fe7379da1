"""Checks of chapter 6: how many pairs meet a rare set, and how far batches flatter that miss it."""

import numpy as np

from mine_checks.answers import (
    ask,
    judge_count,
    one,
    passed,
    refuse,
    refuse_mistakes,
    same,
    untried,
)

Q, CHANCE = 0.01, 0.99


def pairs_to_meet(answer: object) -> None:
    """Check the number of pairs that meet a set of probability 0.01 with probability 0.99."""
    right = np.log(1 - CHANCE) / np.log(1 - Q)
    mistakes = [
        (1 / Q, "that many meet it once on average, and miss it in more than a third of all cases"),
        (CHANCE / Q, "the chances of single pairs do not add up: they may meet it twice"),
        (np.log(CHANCE) / np.log(1 - Q), "that many miss it with probability 0.99"),
        (np.log(1 - CHANCE) / np.log(Q), "one pair misses the set with probability 0.99, not 0.01"),
        (-right, "a number of pairs is positive"),
        (1 / right, "turn it over"),
    ]
    hint = "set the probability that all miss the set equal to 0.01"
    judge_count(answer, right - 0.02, np.ceil(right), mistakes, hint)


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
