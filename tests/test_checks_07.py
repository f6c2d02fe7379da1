"""The checks of chapter 7: wrong answers are refused in the right words, right ones in any form."""

import numpy as np
import pytest
import torch

import mine_checks as check
from mine_lib.bounds import infonce

XOR = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]]]) / 4


def sums_modulo(k):
    """Two fair dice with k sides, and their sum modulo k."""
    p = np.zeros((k, k, k))
    for a, b in np.ndindex(k, k):
        p[a, b, (a + b) % k] = 1 / k**2
    return p


def copies(axis):
    """One variable equal to y, the other a fair bit of its own."""
    p = np.zeros((2, 2, 2))
    for a, b in np.ndindex(2, 2):
        p[a, b, (a, b)[axis]] = 1 / 4
    return p


def conjunction():
    p = np.zeros((2, 2, 2))
    for a, b in np.ndindex(2, 2):
        p[a, b, a & b] = 1 / 4
    return p


@pytest.mark.parametrize(
    "answer",
    [
        XOR,
        XOR[::-1],
        XOR.tolist(),
        torch.tensor(XOR, requires_grad=True),
        XOR.astype("float32"),
        sums_modulo(3),
        sums_modulo(7),
        np.pad(XOR, ((0, 1), (0, 0), (0, 2))),
    ],
)
def test_a_right_pair_passes(answer, capsys):
    check.together(answer)
    assert "passed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (copies(0), "x1 alone tells 0.69 nats"),
        (copies(1), "x2 alone tells 0.69 nats"),
        (conjunction(), "x1 alone tells"),
        (np.full((2, 2, 2), 1 / 8), "both together tell nothing"),
        (0.8 * XOR + 0.2 / 8, "they should tell all"),
        (np.pad(XOR.sum(2, keepdims=True), ((0, 0), (0, 0), (0, 1))), "y does not vary"),
        (4 * XOR, "sum to one, yours to 4"),
        (XOR.reshape(4, 2), "three axes"),
        (XOR - XOR[::-1], "not negative"),
        (XOR * np.nan, "finite"),
        ("XOR", "should be numbers, got str"),
        (XOR > 0, "should be numbers, got bool"),
        (lambda: XOR, "should be numbers"),
    ],
)
def test_a_wrong_pair_is_named(answer, words):
    with pytest.raises(AssertionError, match=words):
        check.together(answer)


def right(t):
    return (t[0] - np.log(np.exp(t).mean(0))).mean()


def by_hand(t):
    values = [np.exp(column[0]) / np.mean(np.exp(column)) for column in t.T]
    return sum(np.log(value) for value in values) / len(values)


@pytest.mark.parametrize(
    "answer",
    [
        right,
        by_hand,
        lambda t: [float(right(t))],
        lambda t: -np.log(np.exp(t - t[0]).mean(0)).mean(),
        lambda t: infonce(*(torch.tensor(each) for each in (t[0], t[1:]))),
        lambda t: (t[0] - torch.logsumexp(torch.tensor(t), 0).numpy()).mean() + np.log(len(t)),
    ],
)
def test_a_right_infonce_passes(answer, capsys):
    check.infonce(answer)
    assert "passed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda t: -right(t), "other sign"),
        (lambda t: (t[0] - np.log(np.exp(t).sum(0))).mean(), "not the sum"),
        (lambda t: (t[0] - np.log(np.exp(t).sum(0) / (len(t) - 1))).mean(), "not by m"),
        (lambda t: (t[0] - np.log(np.exp(t[1:]).mean(0))).mean(), "a candidate too"),
        (lambda t: (t[0] - np.log(np.exp(t[1:]).sum(0))).mean(), "a candidate too"),
        (lambda t: np.log((np.exp(t[0]) / np.exp(t).mean(0)).mean()), "not the log of a mean"),
        (lambda t: (np.exp(t[0]) / np.exp(t).mean(0)).mean(), "take the logarithm"),
        (lambda t: (np.exp(t[0]) / np.exp(t).sum(0)).mean(), "a chance"),
        (lambda t: t[0].mean() - np.log(np.exp(t).mean()), "own candidates"),
        (lambda t: t[0].mean() - np.log(np.exp(t[1:]).mean()), "Donsker-Varadhan"),
        (lambda t: right(t) * t.shape[1], "not the sum"),
        (lambda t: (t[0] - t.mean(0)).mean(), "not the mean of T"),
        (lambda t: (t[0] - np.exp(t).mean(0)).mean(), "log of the mean"),
        (lambda t: (t[-1] - np.log(np.exp(t).mean(0))).mean(), "not the last"),
        (lambda t: right(t.T), "first axis"),
        (lambda t: right(t) / np.log(2), "not in bits"),
        (lambda t: right(t[:3]), "wrong value for m = 15, b = 3"),
        (lambda t: right(t[:, :4]), "wrong value for m = 1, b = 5"),
        (lambda t: t[0] - np.log(np.exp(t).mean(0)), "not one for each pair"),
        (lambda t: -0.3090, "wrong value"),
        (lambda t: None, "forget to return"),
        (lambda t: t[5].mean(), "nce raised IndexError"),
        (lambda x, z: 0.0, "should take 1 argument"),
        (-0.3090, "should be a function"),
    ],
)
def test_a_wrong_infonce_is_named(answer, words):
    with pytest.raises(AssertionError, match=words):
        check.infonce(answer)


@pytest.mark.parametrize("judge", [check.together, check.infonce])
@pytest.mark.parametrize("untouched", [None, ...])
def test_an_untouched_attempt_says_so(judge, untouched, capsys):
    judge(untouched)
    assert "not tried yet" in capsys.readouterr().out


def right_error(i):
    return i.std(ddof=1) / np.sqrt(len(i))


def by_hand(i):
    return (sum((each - sum(i) / len(i)) ** 2 for each in i) / len(i) ** 2) ** 0.5


@pytest.mark.parametrize(
    "answer",
    [
        right_error,
        by_hand,
        lambda i: float(right_error(i)),
        lambda i: [right_error(i)],
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
        (lambda i: 1.96 * right_error(i), "half of an interval"),
        (lambda i: i.std() / 2, "fixed beforehand"),
        (lambda i: i.std() * np.sqrt(len(i)), "falls with n"),
        (lambda i: np.sqrt((i**2).mean() / len(i)), "mean of i off first"),
        (lambda i: abs(i - i.mean()).mean() / np.sqrt(len(i)), "not absolute values"),
        (lambda i: i.mean() / np.sqrt(len(i)), "not its mean"),
        (lambda i: i.mean(), "the value itself"),
        (lambda i: np.sqrt(i.std()) / np.sqrt(len(i)), "not twice"),
        (lambda i: 0.9 / np.sqrt(len(i)), "not the standard error"),
        (lambda i: 0.0, "not the standard error"),
        (lambda i: -right_error(i), "not negative"),
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
