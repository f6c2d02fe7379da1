"""Reasons for not believing an estimate, in words (sec-7-warnings in chapter 7)."""

import math

import numpy as np
from scipy.stats import chi2

from mine_lib.estimation.columns import Columns
from mine_lib.estimation.curve import Folds
from mine_lib.estimation.opinions import Opinion
from mine_lib.runs import TrainingRecord

LARGEST_PRODUCT_SHARE = 0.4  # of the standard error
DISAGREEMENT = 1e-3  # folds differ that much by chance so rarely
FOLD_SHARE = 0.01  # of the value; folds that differ by less agree, whatever their errors
LEAST_SPREAD = 1e-3  # nats; folds that differ by less agree
LEAST_COST = 0.01  # nats
MOST_BELOW_ZERO = 0.05  # nats, and three standard errors if they are fewer
FIT_COST = 6  # over n: nats that a fit to independent rows may cost, or LEAST_COST
IMPOSSIBLE = 0.25  # nats below zero, and five standard errors
PAIRS_AT_CEILING = 10  # at I = log(n / 10) a row meets ten others that look like its partner
OPINION_ERRORS, LEAST_OPINION = 3, 0.03  # nats; another estimator may find so much more
STEEP_ERRORS = 3  # the fit may lack as much as the value, or so many standard errors
NAMED = 3  # columns that a message names
NOTHING = (
    "the value is below zero: what the critics learned does not hold on other rows",
    "the critics are constant: no information was found, and the error says nothing",
)


def about_columns(x: Columns, z: Columns) -> list[str]:
    """Say what was left out or merged."""
    found = [line for each in (x, z) for line in each.merged]
    constant = x.constant + z.constant
    if constant:
        more = f" and {len(constant) - NAMED} more" if len(constant) > NAMED else ""
        found.append(f"constant and left out: {'; '.join(constant[:NAMED])}{more}")
    return found


def about_judged(judged: Folds, opinions: list[Opinion]) -> list[str]:
    """Reasons that stand in the value, its error, its folds and its learning curve."""
    value, error, n = judged.value, judged.error, len(judged.pointwise)
    return [
        *about_size(value, n),
        *about_value(value, error, n),
        *about_folds(value, judged.folds, judged.fold_errors),
        *about_product(judged.product_error, error),
        *about_opinions(value + judged.lacks, error, opinions),
        *about_curve(value, error, judged.lacks),
    ]


def about_size(value: float, n: int) -> list[str]:
    """Compare n with what e^I asks for."""
    if value <= math.log(n / PAIRS_AT_CEILING):
        return []
    return [f"the value nears log n = {math.log(n):.1f}: it may be far too low or high"]


def about_impossible(value: float, error: float, n: int) -> list[str]:
    """Say why a value is none."""
    if not math.isfinite(value):
        return ["the value is not finite"]
    if value > math.log(n):
        return [f"the value is above log n = {math.log(n):.1f}"]
    if value < -max(IMPOSSIBLE, 5 * error):
        return ["the value is far below zero"]
    return []


def about_value(value: float, error: float, n: int) -> list[str]:
    """Information is not negative, and no error is zero."""
    if value < -max(LEAST_COST, FIT_COST / n, min(3 * error, MOST_BELOW_ZERO)):
        return [NOTHING[0]]
    if error == 0:
        return [NOTHING[1]]
    return []


def about_product(product_error: float, error: float) -> list[str]:
    """Compare the product term's own error with that of the value."""
    if product_error <= LARGEST_PRODUCT_SHARE * error:
        return []
    return [f"the product term alone has an error of {product_error:.2g} nats"]


def about_opinions(upper: float, error: float, opinions: list[Opinion]) -> list[str]:
    """Say where an estimator of another kind finds more than the value and what the fit lacks."""

    def least(each: Opinion) -> float:
        return max(OPINION_ERRORS * each.error, error, LEAST_OPINION)

    return [
        f"{each.name} finds {each.value:.2g} nats: the networks may miss structure"
        for each in opinions
        if each.value - max(upper, 0) > least(each)
    ]


def about_curve(value: float, error: float, lacks: float) -> list[str]:
    """Say if the fit lacks more than it has."""
    if value <= 0 or lacks <= max(value, STEEP_ERRORS * error, LEAST_OPINION):
        return []
    return [f"the fit may lack {lacks:.2g} nats, more than it has: more rows would raise the value"]


def about_training(record: TrainingRecord, steps: int) -> list[str]:
    """Say if networks froze, and if the training was interrupted."""
    found, frozen = [], int((record.frozen_at > 0).sum())
    if frozen:
        found.append(f"{frozen} of {len(record.frozen_at)} networks turned non-finite and froze")
    done = int(record.step[-1]) if len(record.step) else 0
    if record.interrupted or done < steps:
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
