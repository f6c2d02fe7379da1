"""Checks of chapter 7: two variables that tell only together, the limit of errors, and InfoNCE."""

from collections.abc import Iterator

import numpy as np

from mine_checks.answers import (
    ask,
    judge_count,
    number,
    one,
    passed,
    refuse,
    refuse_mistakes,
    same,
    untried,
)

NAME = "nce"
RHO, ERROR = 0.9, 0.001
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


def pairs_needed(answer: object) -> None:
    """Check the number of pairs for a standard error of 0.001 nats at rho = 0.9."""
    right = (RHO / ERROR) ** 2
    mistakes = [
        (RHO / ERROR, "that is the root of n: the error falls with the root of the pairs"),
        (RHO**2 / ERROR, "the error is squared, too"),
        (RHO / ERROR**2, "the correlation is squared, too: it is the variance of i that counts"),
        (RHO**4 / ERROR**2, "the variance of i is the squared correlation, not its fourth power"),
        (1 / ERROR**2, "that would be right if i had the variance one: what is it here?"),
        ((1 - RHO**2) ** 2 / ERROR**2, "that is for the error of the correlation, not of I"),
        ((1 - RHO**2) / ERROR**2, "that is not the variance of i: it grows with the dependence"),
        (1 / right, "turn it over"),
        (ERROR / RHO, "turn it over, and square it"),
    ]
    hint = "set the limit equal to 0.001 and solve for n"
    judge_count(answer, right * 0.998, right * 1.002, mistakes, hint)


def standard_error(answer: object) -> None:
    """Check a function that gives the standard error of the mean of i, from n values of i."""
    if untried(answer, "standard_error"):
        return
    for values in _values_of_i():
        found = one(ask(answer, values, name="standard_error"), "what standard_error returns")
        if not np.isfinite(found):
            refuse("the answer is not a finite number")
        if any(same(found, right) for right in _right_errors(values)):
            continue
        refuse_mistakes(found, _wrong_errors(values))
        if found < 0:
            refuse("an error is not negative")
        refuse(
            f"not the standard error, for {len(values)} values: take the estimated variance of i"
            " and put it into the limit"
        )
    passed()


def _values_of_i() -> list[np.ndarray]:
    """Values of i that differ in number, place and spread."""
    rng = np.random.default_rng(0)
    return [
        np.array([1.0, 2.0, 3.0, 6.0]),
        np.array([-0.5, 0.25, 2.0]),
        rng.normal(-3, 2, 37),
        rng.normal(40, 0.1, 500),
        rng.exponential(5, 1001),
    ]


def _right_errors(values: np.ndarray) -> list[float]:
    return [values.std(ddof=ddof) / np.sqrt(len(values)) for ddof in (0, 1)]


def _wrong_errors(values: np.ndarray) -> Iterator[tuple[float, str]]:
    """Wrong answers, and what is wrong with them."""
    n, mean = len(values), values.mean()
    for ddof in (0, 1):
        sd = values.std(ddof=ddof)
        yield sd, "that is the spread of i: the mean of n values has a smaller one"
        yield sd / n, "divide by the root of n, not by n"
        yield sd**2 / n, "take the root of the variance, too"
        yield sd**2 / np.sqrt(n), "take the root of the variance, too"
        yield sd**2, "that is the variance of i: divide by n, and take the root"
        yield 1.96 * sd / np.sqrt(n), "that is half of an interval, not the error"
        yield sd / np.sqrt(2), "the root of n, not of a number fixed beforehand"
        yield sd / 2, "the root of n, not of a number fixed beforehand"
        yield np.sqrt(sd) / np.sqrt(n), "the root of the variance once, not twice"
        yield sd * np.sqrt(n), "divide by the root of n: the error falls with n"
    yield np.sqrt((values**2).mean() / n), "take the mean of i off first: it is its variance"
    yield np.abs(values - mean).mean() / np.sqrt(n), "squares, not absolute values"
    yield abs(mean) / np.sqrt(n), "the spread of i, not its mean"
    yield mean, "that is the value itself, not its error"
