"""Reasons for not believing an estimate, in words (sec-7-warnings in chapter 7)."""

import math

import numpy as np
import torch
from scipy.spatial import cKDTree
from scipy.stats import chi2

from mine_lib.estimation.columns import Columns
from mine_lib.estimation.gaussian import LARGEST_CORRELATION, GaussianCritic
from mine_lib.runs import TrainingRecord

LARGEST_PRODUCT_SHARE = 0.2  # of the standard error
DISAGREEMENT = 1e-3  # folds differ that much by chance so rarely
FOLD_SHARE = 0.01  # of the value; folds that differ by less agree, whatever their errors
LEAST_SPREAD = 1e-6  # nats; folds may differ by rounding
COST_SHARE, LEAST_COST = 0.05, 0.01  # of the value; nats; a linear fit may cost that much
MOST_BELOW_ZERO = 0.05  # nats, and three standard errors if they are fewer, but at least LEAST_COST
PAIRS_AT_CEILING = 10  # at I = log(n / 10) a row meets ten others that look like its partner
LEAST_FOR_NEIGHBOURS = 400  # rows
NEAR, FAR = 2, 8  # neighbours compared in looking for functions
FUNCTION_RATE = 0.6  # log of the growth of distances in z over that in x; one for a function


def about_columns(
    columns: tuple[Columns, Columns], scores: tuple[np.ndarray, np.ndarray]
) -> list[str]:
    """Say what was left out, and whether the information may be infinite."""
    constant = [name for each in columns for name in each.constant]
    found = [f"constant and left out: {', '.join(constant)}"] if constant else []
    if all(each.is_continuous for each in columns) and look_like_functions(*scores):
        found.append("x and z look like functions of one another: I may be infinite")
    return found


def look_like_functions(x: np.ndarray, z: np.ndarray) -> bool:
    """Whether a canonical correlation is one, or nearness in one means nearness in the other."""
    if x.shape[1] + z.shape[1] < len(x) / 2:  # with half as many rows, one is no surprise
        critic = GaussianCritic(*(torch.as_tensor(each)[None] for each in (x, z)))
        if critic.correlations.max() >= LARGEST_CORRELATION:
            return True
    return len(x) >= LEAST_FOR_NEIGHBOURS and (_determines(x, z) or _determines(z, x))


def _determines(x: np.ndarray, z: np.ndarray) -> bool:
    """Whether neighbours in x that are farther apart are so in z too, however near they are.

    In d dimensions the eighth neighbour is about 4^(1/d) times as far as the second. If z = f(x),
    so are their z; if there is noise, neighbours in x differ by it alike. Seen in one or two
    dimensions only.
    """
    if x.shape[1] > 2:
        return False
    with np.errstate(divide="ignore", invalid="ignore"):  # ties have no distance
        farther_x, farther_z = _gaps(x, z, FAR) / _gaps(x, z, NEAR)
    return bool(farther_z > farther_x**FUNCTION_RATE)


def _gaps(x: np.ndarray, z: np.ndarray, k: int) -> np.ndarray:
    """Upper quartiles of the distances in x and in z of each row to its k-th neighbour in x.

    The upper ones, since up to half of the rows may be ties.
    """
    distance, index = cKDTree(x).query(x, k + 1)
    gap = np.linalg.norm(z - z[index[:, k]], axis=1)
    return np.quantile([distance[:, k], gap], 0.75, axis=1)


def about_size(
    value: float, error: float, scores: tuple[np.ndarray, np.ndarray], n_train: int
) -> list[str]:
    """Compare n with what e^I and a linear fit ask for."""
    n, found = len(scores[0]), []
    if value > math.log(n / PAIRS_AT_CEILING):
        found.append(f"the value nears log n = {math.log(n):.1f}: it may be far too low or high")
    x_dim, z_dim = (np.linalg.matrix_rank(each) for each in scores)
    cost = x_dim * z_dim / (2 * n_train)
    if cost > max(error, COST_SHARE * value, LEAST_COST):
        found.append(
            f"n = {n} is small for {x_dim} + {z_dim} dimensions: a linear fit alone costs at least "
            f"{cost:.2g} nats"
        )
    return found


def about_value(value: float, error: float) -> list[str]:
    """Information is not negative, and no error is zero."""
    if value < -max(LEAST_COST, min(3 * error, MOST_BELOW_ZERO)):
        return ["the value is below zero: what the critics learned does not hold on other rows"]
    if error == 0:
        return ["the critics are constant: no information was found, and the error says nothing"]
    return []


def about_product(product_error: float, error: float) -> list[str]:
    """Compare the product term's own error with that of the value."""
    if product_error <= LARGEST_PRODUCT_SHARE * error:
        return []
    return [f"the product term alone has an error of {product_error:.2g} nats"]


def about_training(record: TrainingRecord) -> list[str]:
    """Say if networks froze, and if the training was interrupted."""
    found, frozen = [], int((record.frozen_at > 0).sum())
    if frozen:
        found.append(f"{frozen} of {len(record.frozen_at)} networks turned non-finite and froze")
    if record.interrupted:
        done = int(record.step[-1]) if len(record.step) else 0
        found.append(f"training was interrupted after about {done} steps")
    return found


def about_folds(value: float, folds: np.ndarray, errors: np.ndarray) -> list[str]:
    """Compare the spread of the folds with their errors, and with a hundredth of the value.

    Near independence the errors themselves scatter widely; none counts as below their rms.
    """
    least = max(np.sqrt(np.mean(errors**2)), FOLD_SHARE * abs(value), LEAST_SPREAD)
    scaled = (folds - folds.mean()) / np.maximum(errors, least)
    if scaled @ scaled <= chi2.isf(DISAGREEMENT, len(folds) - 1):
        return []
    return [f"the folds disagree: {', '.join(f'{each:.3f}' for each in folds)}"]
