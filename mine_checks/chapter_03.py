"""Check of chapter 3: product pairs by a cyclic shift."""

import numpy as np
import torch

from mine_checks.answers import ask, number, passed, refuse, refuse_mistakes, same, untried

NAME = "product_pairs"
# Rows, columns and shift: sizes differ, one column and more, and no s but 1 divides n.
CASES = [(9, 3, 2), (7, 1, 3), (5, 2, 1), (7, 2, 4), (13, 4, 9)]


def product_pairs(f: object) -> None:
    """Check a function that takes z (n, d) and s to the rows of z, row i holding row i + s."""
    if untried(f, NAME):
        return
    inputs = [(_rows(rows, columns), s) for rows, columns, s in CASES]
    answers = [_ask(f, z, s) for z, s in inputs]
    if all(same(answer, z) for answer, (z, _) in zip(answers, inputs, strict=True)):
        refuse("nothing has moved: return the shifted rows")
    for answer, (z, s) in zip(answers, inputs, strict=True):
        where = f"z of shape {tuple(z.shape)} and s = {s}"
        if answer.shape != z.shape:
            refuse(f"for {where} the answer has shape {answer.shape}: keep the shape (n, d)")
        if not same(answer, np.roll(z.numpy(), -s, 0)):
            refuse_mistakes(answer, _mistakes(z.numpy(), s))
            _refuse_rows(answer, z.numpy(), where)
    passed()


def _ask(f: object, z: torch.Tensor, s: int) -> np.ndarray:
    """Ask for one answer, and say so if the function takes s first."""
    try:
        answer = ask(f, z, s, name=NAME)
    except AssertionError:
        if callable(f) and _is_swapped(f, z, s):
            refuse(f"{NAME} takes z, then s: yours takes s first")
        raise
    if not same(answer, np.roll(z.numpy(), -s, 0)) and _is_swapped(f, z, s):
        refuse(f"{NAME} takes z, then s: yours takes s first")
    return answer


def _is_swapped(f: object, z: torch.Tensor, s: int) -> bool:
    """Whether the function shifts rows, in either direction, once it is given s before z."""
    try:
        answer = number(f(s, z.clone()))
    except Exception:
        return False
    return any(same(answer, np.roll(z.numpy(), by, 0)) for by in (-s, s))


def _rows(rows: int, columns: int) -> torch.Tensor:
    """Numbers that all differ and have no order."""
    rng = np.random.default_rng([rows, columns])
    return torch.from_numpy(3.0 * rng.permutation(rows * columns).reshape(rows, columns) + 0.25)


def _mistakes(z: np.ndarray, s: int) -> list[tuple[np.ndarray, str]]:
    """What a wrong function may have returned."""
    first = np.hstack([np.roll(z[:, :1], -s, 0), z[:, 1:]])
    return [
        (np.roll(z, s, 0), "the other way round: row i must hold the old row i + s"),
        (np.roll(z, -s), "you shift single numbers, not rows: the columns get mixed"),
        (np.roll(z, s), "you shift single numbers, not rows, and the other way round"),
        *(
            (np.roll(z, by, 1), "you shift the columns: the rows are to move")
            for by in (-s, s)
            if s % z.shape[1]
        ),
        (z[::-1], "that is the order reversed"),
        (z + s, "you add s to the numbers: it is the rows that move by s"),
        (first, "only the first column has moved: a row moves as a whole"),
        *(
            (
                np.roll(z, -other, 0),
                f"for {len(z)} rows and s = {s} row 0 holds the old row {other}: "
                "it must hold row s, whatever s is",
            )
            for other in range(len(z))
        ),
    ]


def _refuse_rows(answer: np.ndarray, z: np.ndarray, where: str) -> None:
    """Refuse an answer that is no known mistake, by what became of the rows."""
    known = {tuple(row) for row in z}
    if not all(tuple(row) in known for row in answer):
        refuse(f"for {where} the answer holds rows that z does not have: move whole rows")
    if len({tuple(row) for row in answer}) < len(z):
        refuse(f"for {where} some rows come twice and others are lost: the first rows come last")
    refuse(f"for {where} the rows are in the wrong order: row i must hold the old row i + s")
