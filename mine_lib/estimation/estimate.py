"""Cross-fitted MINE: mutual information with an interval that holds it (chapter 7)."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from mine_lib.book.progress import progress_bar
from mine_lib.estimation.columns import Columns, read_pair
from mine_lib.estimation.doubts import NOTHING, about_value
from mine_lib.estimation.ensemble import Settings
from mine_lib.estimation.labels import strata_of
from mine_lib.estimation.plan import Plan, check_groups, least_rows
from mine_lib.estimation.result import MIEstimate
from mine_lib.estimation.together import BAR, Pair, estimate_together
from mine_lib.statistics import grouped_error


def estimate_mi(
    x: object,
    z: object,
    *,
    given: object = None,
    groups: object = None,
    discrete: object = None,
    folds: int = 5,
    restarts: int = 3,
    steps: int | None = None,
    batch_size: int = 128,
    learning_rate: float = 5e-3,
    alpha: float = 0.01,
    hidden: Sequence[int] = (64, 64, 64),
    transform: str = "normal_scores",
    gaussian_part: bool = True,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> MIEstimate:
    """Estimate I(X; Z) in nats, or I(X; Z | W), by cross-fitted MINE with a moving average.

    x, z: (n,) or (n, d): NumPy arrays, torch tensors, pandas objects or other tables, or lists,
    paired row by row. Strings, categories and truth values are labels; numbers are numbers and, if
    they take at most 20 different values, labels too, whatever their type.
    given: W, of the same kinds: the estimate is then I(X; Z, W) - I(X; W) (eq. 7-given); it has no
    p value and no figure.
    groups: (n,), one label a row: rows of a group (a patient, a block of a time series) stay in one
    fold, and errors are over groups.
    discrete: which columns are labels and no numbers: a truth value for all, or a tuple with an
    entry for each of x and z (and given): None, a truth value, a mask, or names or numbers of
    columns.
    folds: parts of the data; each is evaluated by networks trained on the others. restarts:
    networks of a fold's ensemble, the first with a Gaussian part; the critic is their weighted mean
    (eq. 7-weights). steps: by default forty-five epochs, at least 400 and at most 3000. batch_size,
    learning_rate (falls to zero), hidden, device: see `Trainer`; alpha: see `MINE`. progress:
    whether to show a bar.
    transform: "normal_scores" of each column of numbers, or "standardise".
    gaussian_part: let one network of each fold stand on a `GaussianCritic` of the columns of
    numbers, as far as that has a value above zero on the rows held back.
    seed: the same seed gives the same estimate on one machine, whatever its number of threads.

    Memory: each network has its rows; data of 1 MB take about folds * restarts * 4 MB.

    An interrupt from the keyboard ends the training and evaluates what there is, with a warning.
    Raises ValueError on unequal lengths, pandas objects with different indexes, fewer than 50 rows,
    fewer than two groups a fold, what `read_columns` refuses, and arguments out of range.
    """
    settings = Settings(
        restarts=restarts, steps=steps, batch_size=batch_size, learning_rate=learning_rate,
        alpha=alpha, hidden=hidden, transform=transform, gaussian_part=gaussian_part, device=device,
    )  # fmt: skip
    x, z, *w = read_pair(x, z, least_rows(folds), discrete, given)
    groups = check_groups(groups, x.rows, folds)
    plan = Plan(x.rows, folds, seed, groups, strata_of(x, *([z] if given is None else [])))

    def run(x: Columns, z: Columns) -> MIEstimate:
        return estimate_together([Pair(x, z, plan, transform)], settings, seed, advance)[0]

    bar = progress_bar(BAR * (1 if given is None else 2), progress)
    with bar as advance, np.errstate(under="ignore"):  # whatever the caller has set
        if given is None:
            return run(x, z)
        return _difference(run(x, z.beside(*w)), run(x, *w), groups)


def _difference(both: MIEstimate, known: MIEstimate, groups: np.ndarray | None) -> MIEstimate:
    """I(X; Z | W) from estimates of I(X; Z, W) and of I(X; W) (eq. 7-given).

    Both are from the same folds, so that the luck of the sample cancels in each pair.
    """
    pointwise = both.pointwise - known.pointwise
    value, error = both.value - known.value, grouped_error(pointwise, groups)
    return replace(
        both, value=value, standard_error=error, lacks=both.lacks - known.lacks, p_value=math.nan,
        curve=tuple(a - b for a, b in zip(both.curve, known.curve, strict=True)), opinions={},
        folds=both.folds - known.folds, fold_errors=np.hypot(both.fold_errors, known.fold_errors),
        pointwise=pointwise,
        warnings=_joined(both.warnings, known.warnings) + about_value(value, error, both.n),
        unusable=both.unusable or known.unusable, training=None, terms=(both, known),
    )  # fmt: skip


def _joined(both: list[str], known: list[str]) -> list[str]:
    """Warnings of two estimates, each with the information it is of; W alone may tell nothing."""
    shared = [each for each in both if each in known]
    of_both = [f"I(X; Z, W): {each}" for each in both if each not in shared]
    of_known = [f"I(X; W): {each}" for each in known if each not in shared and each not in NOTHING]
    return [each for each in shared if each not in NOTHING] + of_both + of_known
