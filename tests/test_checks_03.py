"""The checks of chapter 3: wrong functions are refused in the right words, right ones pass."""

import numpy as np
import pytest
import torch

import mine_checks as check


def by_rows(z, s):
    """A list of lists."""
    return [z[(i + s) % len(z)].tolist() for i in range(len(z))]


def in_place(z, s):
    z[:] = z.roll(-s, 0)
    return z


@pytest.mark.parametrize(
    "f",
    [
        lambda z, s: z.roll(-s, 0),
        lambda z, s: torch.cat([z[s:], z[:s]]),
        lambda z, s: z[(torch.arange(len(z)) + s) % len(z)],
        lambda z, s: np.roll(z.numpy(), -s, axis=0),
        lambda z, s: z.roll(-s, 0).requires_grad_(),
        lambda z, s: z.roll(-s, 0).float(),
        by_rows,
        in_place,
    ],
)
def test_a_right_function_passes(f, capsys):
    check.product_pairs(f)
    assert "passed" in capsys.readouterr().out


WRONG = {
    "numbers, not rows": (lambda z, s: z.roll(-s), "columns get mixed"),
    "numbers, backwards": (lambda z, s: z.roll(s), "other way round"),
    "fixed by two": (lambda z, s: torch.cat([z[2:], z[:2]]), "whatever s is"),
    "five in any case": (lambda z, s: z.roll(5, 0), "s = 2 row 0 holds the old row 4"),
    "adds to the numbers": (lambda z, s: (z + s) % 7, "rows that z does not have"),
    "adds": (lambda z, s: z + s, "you add s"),
    "backwards": (lambda z, s: z.roll(s, 0), "the other way round"),
    "concatenated backwards": (lambda z, s: torch.cat([z[-s:], z[:-s]]), "other way round"),
    "nothing": (lambda z, s: z, "nothing has moved"),
    "columns": (lambda z, s: z.roll(-s, 1), "shift the columns"),
    "reversed": (lambda z, s: z.flip(0), "order reversed"),
    "by one": (lambda z, s: z.roll(-1, 0), "whatever s is"),
    "one too far": (lambda z, s: z.roll(-s - 1, 0), "whatever s is"),
    "cut off": (lambda z, s: z[s:], "keep the shape"),
    "flat": (lambda z, s: z.roll(-s, 0)[:, 0], "keep the shape"),
    "padded": (lambda z, s: torch.cat([z[s:], 0 * z[:s]]), "rows that z does not have"),
    "repeats": (lambda z, s: z[(torch.arange(len(z)) + s).clamp(max=len(z) - 1)], "come twice"),
    "shuffled": (lambda z, s: z.roll(-s, 0)[[1, 0, *range(2, len(z))]], "wrong order"),
    "first column": (
        lambda z, s: torch.cat([z[:, :1].roll(-s, 0), z[:, 1:]], 1),
        "only the first column",
    ),
    "by all rows": (lambda z, s: z.roll(-s * (s % 2), 0), "s = 2 row 0 holds the old row 0"),
    "one argument": (lambda z: z.roll(-1, 0), "should take 2 arguments"),
    "three arguments": (lambda z, s, n: z.roll(-s, 0), "should take 2 arguments"),
    "s first": (lambda s, z: z.roll(-s, 0), "takes z, then s"),
    "s first, backwards": (lambda s, z: z.roll(s, 0), "takes z, then s"),
    "s first, joined": (lambda s, z: torch.cat([z[s:], z[:s]]), "takes z, then s"),
    "s first, as an array": (lambda s, z: np.roll(z, -s, 0), "takes z, then s"),
    "no such method": (lambda z, s: z.shift(s), "has no attribute 'shift'"),
    "not returned": (lambda z, s: None, "forget to return"),
    "words": (lambda z, s: "rows", "should be numbers"),
    "no function": (torch.zeros(3, 1), "should be a function"),
}


@pytest.mark.parametrize(("f", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_function_is_told_why(f, message):
    with pytest.raises(AssertionError, match=message):
        check.product_pairs(f)


def test_an_untouched_attempt_is_no_error(capsys):
    check.product_pairs(None)
    assert "not tried yet" in capsys.readouterr().out


# The slopes of a batch's value


def by_autograd(t):
    t = torch.tensor(t, requires_grad=True)
    joint, product = t[0], t[1:].flatten()
    (joint.mean() - product.logsumexp(0) + np.log(len(product))).backward()
    return t.grad


def by_hand(t):
    """A list of rows, in plain Python."""
    top = t[1:].max()
    weights = [[float(np.exp(each - top)) for each in row] for row in t[1:]]
    whole = sum(map(sum, weights))
    return [[1 / len(t[0])] * len(t[0]), *([-each / whole for each in row] for row in weights)]


@pytest.mark.parametrize("f", [by_autograd, by_hand, lambda t: by_autograd(t).float().numpy()])
def test_right_slopes_pass(f, capsys):
    check.slopes(f)
    assert "passed" in capsys.readouterr().out


def softmax(t, axis=None):
    e = np.exp(t - t.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def rows(t, product, joint=None):
    first = np.full((1, t.shape[1]), 1 / t.shape[1]) if joint is None else joint
    return np.concatenate([first, product])


def overflowing(t):
    e = np.exp(t[1:])
    return rows(t, -e / e.sum())


def two_sided(t):
    """Right for small values, cut where they are large."""
    return rows(t, -softmax(np.clip(t[1:], -1.5, 1.5)))


WRONG_SLOPES = {
    "loss": (lambda t: -by_autograd(t), "slopes of the loss"),
    "product up": (lambda t: rows(t, softmax(t[1:])), "push down"),
    "sum": (lambda t: rows(t, -softmax(t[1:]), np.ones((1, t.shape[1]))), "divide by b"),
    "each shift": (lambda t: rows(t, -softmax(t[1:], 1)), "not one for each shift"),
    "mean over shifts": (
        lambda t: rows(t, -softmax(t[1:], 1) / (len(t) - 1)),
        "not one for each shift",
    ),
    "each column": (lambda t: rows(t, -softmax(t[1:], 0)), "not one for each column"),
    "alike": (lambda t: rows(t, -np.full(t[1:].shape, 1 / t[1:].size)), "counts by its e"),
    "over the mean": (lambda t: rows(t, -softmax(t[1:]) * t[1:].size), "not over its mean"),
    "divided twice": (lambda t: rows(t, -softmax(t[1:]) / t[1:].size), "no further division"),
    "no logarithm": (lambda t: rows(t, -np.exp(t[1:]) / t[1:].size), "derivative is missing"),
    "joint in the softmax": (lambda t: rows(t, -softmax(t)[1:]), "no part of the softmax"),
    "joint weighted": (
        lambda t: rows(t, -softmax(t[1:]), softmax(t[:1])),
        "all count alike",
    ),
    "last row": (lambda t: by_autograd(t[::-1].copy()).numpy()[::-1], "first row, not the last"),
    "overflow": (overflowing, "take out the maximum"),
    "cut": (two_sided, "wrong slopes for m = "),
    "by hand, shifted": (lambda t: by_autograd(t).numpy() + 0.1, "a constant should change"),
    "product alone": (lambda t: -softmax(t[1:]), "return the shape of t"),
    "flat": (lambda t: by_autograd(t).flatten(), "return the shape of t"),
    "the value": (lambda t: t[0].mean() - np.log(np.exp(t[1:]).mean()), "not the value"),
    "two arguments": (lambda t, m: t, "should take 1 argument"),
    "not returned": (lambda t: None, "forget to return"),
    "no function": (np.zeros((2, 2)), "should be a function"),
}


@pytest.mark.parametrize(("f", "message"), WRONG_SLOPES.values(), ids=WRONG_SLOPES)
def test_wrong_slopes_are_told_why(f, message):
    with np.errstate(all="ignore"), pytest.raises(AssertionError, match=message):
        check.slopes(f)


def test_untouched_slopes_are_no_error(capsys):
    check.slopes(None)
    assert "not tried yet: write your slopes" in capsys.readouterr().out
