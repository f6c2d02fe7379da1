"""The checks of chapter 6: wrong answers are refused in the right words, right ones in any form."""

import numpy as np
import pytest
import torch

import mine_checks as check


@pytest.mark.parametrize("answer", [459, 458.2, [459], np.log(0.01) / np.log(0.99)])
def test_a_right_number_of_pairs_to_meet_passes(answer, capsys):
    check.pairs_to_meet(answer)
    assert "passed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (100, "once on average"),
        (99, "do not add up"),
        (1, "miss it with probability"),
        (-458.21, "positive"),
        (1 / 458.21, "turn it over"),
        (300, "too few"),
        (1000, "too many"),
        (-3, "positive"),
        (float("inf"), "finite"),
        ([459, 459], "one number"),
        ("459", "got str"),
    ],
)
def test_a_wrong_number_of_pairs_to_meet_is_named(answer, words):
    with pytest.raises(AssertionError, match=words):
        check.pairs_to_meet(answer)


@pytest.mark.parametrize(
    "answer",
    [
        lambda p, q, c: np.log(1 + q * (np.exp(c) - 1)),
        lambda p, q, c: np.log(q * np.exp(c) + 1 - q),
        lambda p, q, c: [p * c - (p * c - np.log1p(q * np.expm1(c)))],
        lambda p, q, c: torch.log(torch.tensor(1 + q * (np.exp(c) - 1), dtype=torch.float64)),
    ],
)
def test_a_right_flattery_passes(answer, capsys):
    check.flattery(answer)
    assert "passed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda p, q, c: -np.log1p(q * np.expm1(c)), "other way round"),
        (lambda p, q, c: p * c - np.log1p(q * np.expm1(c)), "exact value itself"),
        (lambda p, q, c: p * c, "take the exact value off"),
        (lambda p, q, c: np.log(q) + c, "e\\^0 is one"),
        (lambda p, q, c: np.log1p(q * np.exp(c)), "less than all of it"),
        (lambda p, q, c: q * c, "not the mean of T"),
        (lambda p, q, c: (p - q) * c, "not the mean of T"),
        (lambda p, q, c: np.log1p(p * np.expm1(c)), "under Q"),
        (lambda p, q, c: q * np.expm1(c), "take the logarithm"),
        (lambda p, q, c: np.log1p(q * np.expm1(c)) - p * c, "drops out"),
        (lambda p, q, c: 0.0, "not what p = 0.3"),
        (lambda p, q, c: [p, q], "one number"),
        (lambda p, q: 0.0, "3 arguments"),
        (lambda p, q, c: None, "forget to return"),
        (0.1, "should be a function"),
    ],
)
def test_a_wrong_flattery_is_named(answer, words):
    with pytest.raises(AssertionError, match=words):
        check.flattery(answer)


@pytest.mark.parametrize(
    "judge", [check.pairs_needed, check.standard_error, check.pairs_to_meet, check.flattery]
)
@pytest.mark.parametrize("untouched", [None, ...])
def test_an_untouched_attempt_says_so(judge, untouched, capsys):
    judge(untouched)
    assert "not tried yet" in capsys.readouterr().out
