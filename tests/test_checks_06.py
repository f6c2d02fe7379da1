"""The checks of chapter 6: wrong answers are refused in the right words, right ones in any form."""

import numpy as np
import pytest
import torch

import mine_checks as check


def right(i):
    return i.std(ddof=1) / np.sqrt(len(i))


def by_hand(i):
    return (sum((each - sum(i) / len(i)) ** 2 for each in i) / len(i) ** 2) ** 0.5


@pytest.mark.parametrize(
    "answer",
    [
        right,
        by_hand,
        lambda i: float(right(i)),
        lambda i: [right(i)],
        lambda i: torch.as_tensor(i).std() / len(i) ** 0.5,
        lambda i: torch.tensor(i, requires_grad=True).std() / len(i) ** 0.5,
        lambda i: np.sqrt(np.var(i) / len(i)),
    ],
)
def test_a_right_standard_error_passes(answer, capsys):
    check.standard_error(answer)
    assert "passed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda i: i.std(ddof=1), "that is the spread of i"),
        (lambda i: i.std(ddof=1) / len(i), "by the root of n, not by n"),
        (lambda i: i.var() / len(i), "root of the variance, too"),
        (lambda i: i.var() / np.sqrt(len(i)), "root of the variance, too"),
        (lambda i: i.var(ddof=1), "variance of i"),
        (lambda i: 1.96 * right(i), "half of an interval"),
        (lambda i: i.std() / 2, "fixed beforehand"),
        (lambda i: i.std() * np.sqrt(len(i)), "falls with n"),
        (lambda i: np.sqrt((i**2).mean() / len(i)), "mean of i off first"),
        (lambda i: abs(i - i.mean()).mean() / np.sqrt(len(i)), "not absolute values"),
        (lambda i: i.mean() / np.sqrt(len(i)), "not its mean"),
        (lambda i: i.mean(), "the value itself"),
        (lambda i: np.sqrt(i.std()) / np.sqrt(len(i)), "not twice"),
        (lambda i: 0.9 / np.sqrt(len(i)), "not the standard error"),
        (lambda i: 0.0, "not the standard error"),
        (lambda i: -right(i), "not negative"),
        (lambda i: i.std() / np.sqrt(1000), "not the standard error"),
        (lambda i: 0.5 * (np.percentile(i, 84) - np.percentile(i, 16)) / np.sqrt(len(i)), "not"),
        (lambda i: i / np.sqrt(len(i)), "one number"),
        (lambda i: None, "forget to return"),
        (lambda i: float("nan"), "finite"),
        (lambda i: "small", "should be numbers, got str"),
        (lambda i: i.size / 0, "standard_error raised ZeroDivisionError"),
        (0.9, "should be a function"),
    ],
)
def test_a_wrong_standard_error_is_named(answer, words):
    with pytest.raises(AssertionError, match=words):
        check.standard_error(answer)


@pytest.mark.parametrize(
    "answer",
    [
        810_000,
        8.1e5,
        (0.9 / 0.001) ** 2,
        [810_000],
        np.int64(810_000),
        torch.tensor(810_000.0, requires_grad=True),
    ],
)
def test_a_right_number_of_pairs_passes(answer, capsys):
    check.pairs_needed(answer)
    assert "passed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (900, "root of n"),
        (810, "error is squared"),
        (900_000, "correlation is squared"),
        (656_100, "fourth power"),
        (1e6, "variance one"),
        (36_100, "error of the correlation"),
        (190_000, "not the variance of i"),
        (1_620_000, "too many"),
        (1 / 810_000, "turn it over"),
        (0.001 / 0.9, "turn it over, and square"),
        (800_000, "too few"),
        (830_000, "too many"),
        (-810_000, "positive"),
        (float("inf"), "finite"),
        ([810_000, 810_000], "one number"),
        ("810000", "got str"),
        (True, "got bool"),
        ({810_000}, "got set"),
        (b"810000", "got bytes"),
        (lambda: 810_000, "should be numbers"),
    ],
)
def test_a_wrong_number_of_pairs_is_named(answer, words):
    with pytest.raises(AssertionError, match=words):
        check.pairs_needed(answer)


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
