"""Checks of chapter 3: product pairs by a cyclic shift, and the slopes of a batch's value."""

from collections.abc import Iterator

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


def slopes(f: object) -> None:
    """Check a function of critic values (1 + m, b), joint ones first, that returns their slopes."""
    if untried(f, "slopes"):
        return
    for t in _batches():
        with np.errstate(all="ignore"):
            found = ask(f, t, name="slopes")
            if not same(found, _slopes(t)):
                _refuse_slopes(found, t)
    passed()


def _batches() -> list[np.ndarray]:
    """Critic values that differ in m, b and place."""
    rng = np.random.default_rng(3)
    drawn = [rng.normal(size=shape) for shape in ((3, 4), (2, 5), (6, 3), (4, 1))]
    return [*drawn, drawn[0] + 1000, drawn[0] - 1000]


def _slopes(t: np.ndarray) -> np.ndarray:
    return _rows_of(t, 1 / t.shape[1], -_softmax(t[1:]))


def _rows_of(t: np.ndarray, joint: object, product: np.ndarray) -> np.ndarray:
    """Slopes of the shape of t: one for all joint pairs or one for each, and the product pairs'."""
    return np.vstack([np.broadcast_to(joint, (1, t.shape[1])), product])


def _softmax(t: np.ndarray, axis: int | None = None) -> np.ndarray:
    weights = np.exp(t - t.max(axis=axis, keepdims=True))
    return weights / weights.sum(axis=axis, keepdims=True)


def _refuse_slopes(found: np.ndarray, t: np.ndarray) -> None:
    where = f"for m = {len(t) - 1}, b = {t.shape[1]}"
    if found.size == 1 < t.size:
        refuse("one slope for each critic value, not the value of the batch")
    if found.shape == t[1:].shape:
        refuse("the joint pairs have slopes, too: return the shape of t")
    if found.shape != t.shape:
        refuse(f"the answer has shape {found.shape} {where}: return the shape of t, {t.shape}")
    if abs(t).max() > 100 and not same(found, _slopes(t)) and not np.isfinite(found).all():
        refuse(f"not finite where t is near {t.mean():.0f}: take out the maximum of t")
    refuse_mistakes(found, _wrong_slopes(t))
    if not np.isclose(found.sum(), 0, atol=1e-6):
        refuse(f"the slopes sum to {found.sum():.3g} {where}: a constant should change nothing")
    refuse(f"wrong slopes {where}")


def _wrong_slopes(t: np.ndarray) -> Iterator[tuple[np.ndarray, str]]:
    """Wrong answers, and what is wrong with them."""
    (m, b), product, weights = t[1:].shape, t[1:], _softmax(t[1:])
    one_softmax = "all product pairs share one softmax"
    yield -_slopes(t), "those are the slopes of the loss: the value's have the other sign"
    yield _rows_of(t, 1 / b, weights), "the product pairs push down: their slopes are negative"
    yield _rows_of(t, 1, -weights), "the joint term is a mean: divide by b"
    yield _rows_of(t, 1 / (m * b), -weights), "b pairs are joint, not m b"
    for axis, name in ((1, "for each shift"), (0, "for each column")):
        each = _softmax(product, axis)
        yield _rows_of(t, 1 / b, -each), f"{one_softmax}, not one {name}"
        yield (
            _rows_of(t, 1 / b, -each * each.shape[axis] / (m * b)),
            f"{one_softmax}, not one {name}",
        )
    yield (
        _rows_of(t, 1 / b, -np.full_like(product, 1 / (m * b))),
        ("a product pair counts by its e^T, not like all others"),
    )
    mean = "e^T over its sum, not over its mean"
    yield _rows_of(t, 1 / b, -weights * m * b), mean
    yield _rows_of(t, 1 / b, -weights * b), mean
    yield _rows_of(t, 1 / b, -weights / b), "e^T over its sum: no further division by b"
    yield _rows_of(t, 1 / b, -weights / (m * b)), "e^T over its sum: no further division by m b"
    yield _rows_of(t, 1 / b, -np.exp(product) / (m * b)), "the logarithm's derivative is missing"
    yield _rows_of(t, 1 / b, -_softmax(t)[1:]), "the joint pairs are no part of the softmax"
    yield _rows_of(t, _softmax(t[0]), -weights), "the joint pairs all count alike, without e^T"
    yield (
        np.vstack([-_softmax(t[:-1]), np.full((1, b), 1 / b)]),
        ("the joint pairs are the first row, not the last"),
    )
