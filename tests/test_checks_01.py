"""The checks of chapter 1: wrong answers are refused in the right words, right ones in any form."""

import numpy as np
import pytest
import torch

import mine_checks as check

TABLE = np.array([[7, 3, 0, 0], [2, 7, 1, 0], [1, 2, 6, 1], [0, 1, 2, 7]]) / 10
LEAK = 0.17692  # by summing p(s,y,c) log p(s,y|c) / (p(s|c) p(y|c)) by hand


def conditional():
    """The leak from its definition, for each c a table of its own."""
    total = 0.0
    for half in np.hsplit(TABLE / 4, 2):
        weight = half.sum()
        p = half / weight
        q = np.outer(p.sum(1), p.sum(0))
        total += weight * (p[p > 0] * np.log(p[p > 0] / q[p > 0])).sum()
    return total


def test_the_leak_is_what_the_definition_says():
    assert conditional() == pytest.approx(LEAK, abs=1e-5)


@pytest.mark.parametrize(
    "answer",
    [LEAK, 0.177, [LEAK], np.array(LEAK), torch.tensor(LEAK, requires_grad=True), np.float32(LEAK)],
)
def test_a_right_leak_passes(answer, capsys):
    check.leak(answer, TABLE)
    assert "passed" in capsys.readouterr().out


@pytest.mark.parametrize("table", [TABLE, TABLE.tolist(), torch.tensor(TABLE), TABLE * 10])
def test_the_leak_is_judged_by_the_table_that_the_reader_has(table):
    check.leak(LEAK, table)


def test_another_table_has_another_leak():
    split = np.array([[7, 3, 0, 0], [3, 7, 0, 0], [0, 0, 7, 3], [0, 0, 3, 7]]) / 10
    check.leak(0.08228, split)
    with pytest.raises(AssertionError, match="not the leak"):
        check.leak(LEAK, split)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (0.5435, "I\\(S;Y\\): it counts what the concept says"),
        (0.3666, "I\\(C;Y\\), what the concept itself"),
        (0.2552, "in bits"),
        (0.1226, "bits to nats"),
        (-0.1383, "not I\\(C;Y\\)"),
        (-0.1769, "wrong sign"),
        (0.6819, "H\\(C\\)"),
        (0.6875, "H\\(S\\|C\\)"),
        (0.8259, "H\\(S\\|Y\\)"),
        (0.8428, "H\\(Y\\|S\\)"),
        (0.1287, "C = 0 only"),
        (0.2421, "C = 1 only"),
        (0.1854, "plain mean"),
        (0.3708, "take their mean"),
        (0.7077, "share the probability one"),
        (0.0, "not the leak"),
        (0.1787, "not the leak"),
        (-0.5, "never negative"),
        (float("nan"), "not a number"),
        ("0.1769", "got str"),
        ([0.1769, 0.1769], "one number"),
        (lambda: LEAK, "got function"),
        (True, "got bool"),
        ({0.1769}, "got set"),
        (np.array(["0.1769"]), "should be numbers"),
    ],
)
def test_a_wrong_leak_is_named(answer, words):
    with pytest.raises(AssertionError, match=words):
        check.leak(answer, TABLE)


@pytest.mark.parametrize(
    "answer",
    [
        (np.log(2), 1),
        [0.693, 1.0],
        (0.69, 1),
        np.array([0.6931, 1]),
        torch.tensor([0.6931, 1.0]),
        [torch.tensor(0.6931, requires_grad=True), 1],
    ],
)
def test_a_right_die_passes(answer, capsys):
    check.die(answer)
    assert "passed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((1, 0.6931), "wrong order"),
        ((1.7918, 2.585), "H\\(X\\)"),
        ((1.0986, 1.585), "H\\(X\\|Z\\)"),
        ((2.4849, 3.585), "H\\(X\\) \\+ H\\(Z\\)"),
        ((0, 0), "independent"),
        ((0.6931, 0.4805), "the bits are not"),
        ((1.4427, 1), "the nats are not"),
        ((0.5, 0.7), "neither is right"),
        (0.6931, "got 1"),
        ("one bit", "got str"),
        (("0.6931", 1), "got str"),
        ((0.6931, True), "got bool"),
        ({"nats": 0.6931, "bits": 1}, "got dict"),
        ((0.6931, float("inf")), "infinite"),
    ],
)
def test_a_wrong_die_is_named(answer, words):
    with pytest.raises(AssertionError, match=words):
        check.die(answer)


@pytest.mark.parametrize("judge", [check.die, lambda answer: check.leak(answer, TABLE)])
def test_an_untouched_attempt_says_so(judge, capsys):
    judge(None)
    assert "not tried yet" in capsys.readouterr().out
