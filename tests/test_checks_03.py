"""The check of chapter 3: wrong shifts are refused in the right words, right ones pass."""

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
