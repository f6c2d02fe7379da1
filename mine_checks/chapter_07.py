"""Checks of chapter 7: two variables that tell only together, and the InfoNCE value of a batch."""

from collections.abc import Iterator

import numpy as np

from mine_checks.answers import ask, number, one, passed, refuse, refuse_mistakes, same, untried

NAME = "nce"
NOTHING = 1e-6  # nats; probabilities may be rounded


def together(answer: object) -> None:
    """Check probabilities p[x1, x2, y]: each x tells nothing about y, both tell all of it."""
    if untried(answer, "array of probabilities"):
        return
    p = number(answer, "the array")
    if p.ndim != 3:
        refuse(f"the array has shape {p.shape}: it should have three axes, x1, x2 and y")
    if not np.isfinite(p).all() or (p < 0).any():
        refuse("probabilities are finite and not negative")
    if not np.isclose(p.sum(), 1):
        refuse(f"probabilities sum to one, yours to {p.sum():.4g}")
    of_y = _entropy(p.sum((0, 1)))
    if of_y < 1e-3:
        refuse("y does not vary: then there is nothing to tell")
    for name, axis in (("x1", 1), ("x2", 0)):
        if (told := _information(p.sum(axis))) > NOTHING:
            refuse(f"{name} alone tells {told:.2g} nats about y: it should tell nothing")
    told = _information(p.reshape(-1, p.shape[2]))
    if told < NOTHING:
        refuse("both together tell nothing about y, either: should y depend on them?")
    if told < of_y - NOTHING:
        refuse(f"both together tell {told:.2g} of the {of_y:.2g} nats of y: they should tell all")
    passed()


def infonce(f: object) -> None:
    """Check a function that takes critic values (1 + m, b), joint ones first, to InfoNCE."""
    if untried(f, NAME):
        return
    for t in _inputs():
        found = ask(f, t, name=NAME)
        if found.size == t.shape[1] > 1:
            refuse("one value, the mean over the batch, not one for each pair")
        found = one(found, f"what {NAME} returns")
        if same(found, _truth(t), rtol=1e-5):
            continue
        refuse_mistakes(found, _mistakes(t), rtol=1e-5)
        refuse(f"wrong value for m = {len(t) - 1}, b = {t.shape[1]}")
    passed()


def _entropy(p: np.ndarray) -> float:
    p = p[p > 0]
    return float(-(p * np.log(p)).sum())


def _information(table: np.ndarray) -> float:
    """Mutual information of rows and columns of a table of probabilities."""
    return _entropy(table.sum(1)) + _entropy(table.sum(0)) - _entropy(table.ravel())


def _inputs() -> list[np.ndarray]:
    """Critic values that differ in m, b, place and spread."""
    rng = np.random.default_rng(7)
    shapes = [(3, 4), (2, 5), (16, 3), (5, 64), (9, 1)]
    drawn = [rng.normal(size=shape) * (k + 1) for k, shape in enumerate(shapes)]
    return [np.array([[0.0, 1.0], [2.0, -1.0], [1.0, 0.0]]), *drawn, drawn[2] + 40]


def _log_mean(t: np.ndarray, axis: int | None) -> np.ndarray:
    return np.log(np.exp(t).mean(axis))


def _truth(t: np.ndarray) -> float:
    return float((t[0] - _log_mean(t, 0)).mean())


def _mistakes(t: np.ndarray) -> Iterator[tuple[float, str]]:
    """Wrong values, and what is wrong with them."""
    m, joint = len(t) - 1, t[0]
    yield -_truth(t), "that is the loss: the value has the other sign"
    yield (
        (joint - np.log(np.exp(t).sum(0))).mean(),
        "the mean over the candidates, not the sum",
    )
    yield _truth(t) + np.log((m + 1) / m), "divide by m + 1, not by m"
    yield (joint - np.log(np.exp(t).sum(0) / m)).mean(), "divide by m + 1, not by m"
    yield (joint - _log_mean(t[1:], 0)).mean(), "the joint pair is a candidate too"
    yield (joint - np.log(np.exp(t[1:]).sum(0))).mean(), "the joint pair is a candidate too"
    yield np.log(np.exp(joint - _log_mean(t, 0)).mean()), "the mean of logs, not the log of a mean"
    yield np.exp(joint - _log_mean(t, 0)).mean(), "take the logarithm"
    yield (np.exp(joint) / np.exp(t).sum(0)).mean(), "that is a chance, without its logarithm"
    yield (
        joint.mean() - _log_mean(t, None),
        "each pair has its own candidates, m + 1 of them",
    )
    yield joint.mean() - _log_mean(t[1:], None), "that is the Donsker-Varadhan value"
    yield (joint - _log_mean(t, 0)).sum(), "the mean over the batch, not the sum"
    yield (joint - t.mean(0)).mean(), "the log of the mean of e^T, not the mean of T"
    yield (joint - np.exp(t).mean(0)).mean(), "take the log of the mean of e^T"
    yield (t[-1] - _log_mean(t, 0)).mean(), "the joint pairs are the first row, not the last"
    yield (t[:, 0] - _log_mean(t, 1)).mean(), "candidates run along the first axis, not the second"
    yield _truth(t) / np.log(2), "in nats, not in bits"
