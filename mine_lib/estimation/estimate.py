"""Cross-fitted MINE: mutual information with an interval that holds it (chapter 7)."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from mine_lib.book.progress import progress_bar
from mine_lib.checks import check_choice, check_count, check_rate
from mine_lib.estimation import doubts, rows
from mine_lib.estimation.columns import TRANSFORMS, Columns, features, read_pair
from mine_lib.estimation.curve import Folds
from mine_lib.estimation.ensemble import Ensemble, Settings, fit
from mine_lib.estimation.opinions import opinions
from mine_lib.estimation.plan import Plan
from mine_lib.estimation.result import MIEstimate

LEAST_ROWS = 50
HALF_RESTARTS = 2  # networks of a critic of the learning curve, at most
BAR = 1000  # units of the progress bar for each estimate


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
    given: W, of the same kinds: the estimate is then I(X; Z, W) - I(X; W) (eq. 7-given).
    groups: (n,), one label a row: rows of a group (a patient, a block of a time series) stay in one
    fold, and errors are over groups.
    discrete: which columns are labels and no numbers: a truth value for all, or a tuple with an
    entry for each of x and z (and given): None, a truth value, a mask, or names or numbers of
    columns.
    folds: parts of the data; each is evaluated by networks trained on the others. restarts:
    networks for a fold, the first with a Gaussian part; the critic is a weighted mean of them
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
    least = max(LEAST_ROWS, 5 * check_count("folds", folds, 2))
    sides = read_pair(x, z, least, discrete, given)
    groups = _check_groups(groups, sides[0].rows, folds)
    check_choice("transform", transform, [*TRANSFORMS])
    check_choice("gaussian_part", gaussian_part, (False, True))
    settings = Settings(
        check_count("restarts", restarts), steps, check_count("batch_size", batch_size, 2),
        learning_rate, check_rate("alpha", alpha), hidden, gaussian_part, device,
    )  # fmt: skip

    x, z, *w = sides
    strata = _strata(x, *([z] if given is None else []))
    plan = Plan(x.rows, folds, seed, groups, strata)

    def run(x: Columns, z: Columns, advance: Callable[[int], object]) -> MIEstimate:
        return _estimate(x, z, plan, settings, transform, seed, advance)

    bar = progress_bar(BAR * (len(sides) - 1), progress)
    with bar as advance, np.errstate(under="ignore"):  # whatever the caller has set
        if given is None:
            return run(x, z, advance)
        return run(x, z.beside(*w), advance).beyond(run(x, *w, advance), groups)


def _check_groups(groups: object, rows: int, folds: int) -> np.ndarray | None:
    """Groups as numbers (n,), or None."""
    if groups is None:
        return None
    values = np.asarray(groups)
    if values.shape != (rows,):
        raise ValueError(f"groups has shape {values.shape}: must be ({rows},), one label a row")
    codes, different = pd.factorize(values)
    if (codes < 0).any():
        raise ValueError(f"groups holds {(codes < 0).sum()} missing labels: must hold none")
    if len(different) < 2 * folds:
        raise ValueError(
            f"groups holds {len(different)} different labels: must hold at least {2 * folds}, two "
            f"for each of {folds} folds"
        )
    return codes


def _estimate(
    x: Columns,
    z: Columns,
    plan: Plan,
    settings: Settings,
    transform: str,
    seed: int,
    advance: Callable[[int], object],
) -> MIEstimate:
    """The estimate for two sides of columns."""
    views, numbers = zip(*(features(each, transform) for each in (x, z)), strict=True)
    dtype = torch.get_default_dtype()
    data: tuple[Tensor, Tensor] = tuple(torch.as_tensor(each, dtype=dtype) for each in views)
    folds = len(plan.test)
    networks = folds * settings.restarts
    less = replace(settings, restarts=min(HALF_RESTARTS, settings.restarts))
    seeds = range(2 * seed * networks, 2 * (seed + 1) * networks)
    whole = fit(data, numbers, plan.whole, settings, seeds[:networks], _share(0.65, advance))
    half = fit(
        data, numbers, plan.half, less, seeds[networks : networks + folds * less.restarts],
        _share(0.2, advance),
    )  # fmt: skip
    judged = Folds(plan, data, whole, half, seed)
    _share(0.15, advance)(1.0)
    scores = tuple(each[:, :count] for each, count in zip(views, numbers, strict=True))
    # others count rows as independent
    said = [] if plan.has_groups else opinions(x, z, scores, judged.pointwise, seed)
    return _summary(x, z, scores, judged, said, plan, views, whole, half)


def _share(part: float, advance: Callable[[int], object]) -> Callable[[float], object]:
    """Advance the bar to a share of one part of the work, which is given each time."""
    before = 0

    def to(share: float) -> None:
        nonlocal before
        now = round(part * BAR * share)
        advance(now - before)
        before = now

    return to


def _strata(*sides: Columns) -> np.ndarray | None:
    """Labels of the last side that has nothing else, to be dealt out evenly to the folds."""
    labels = [each for each in sides if each.is_labels]
    return labels[-1].codes if labels else None


def _summary(
    x: Columns,
    z: Columns,
    scores: tuple[np.ndarray, np.ndarray],
    judged: Folds,
    said: list,
    plan: Plan,
    views: tuple[np.ndarray, np.ndarray],
    whole: Ensemble,
    half: Ensemble,
) -> MIEstimate:
    """Join what was found, and look for reasons not to believe it."""
    copies = [] if plan.has_groups else rows.about_copies(x, z)
    infinite = [] if copies else rows.about_functions(x, z, scores)
    unusable = [*infinite, *doubts.about_impossible(judged.value, judged.error, x.rows)]
    beside = {o.name: (o.value, o.error if o.is_other else judged.error) for o in said}
    warnings = [
        *doubts.about_columns(x, z),
        *(copies or rows.about_order(scores, plan.has_groups)),
        *(unusable or doubts.about_judged(judged, said)),
        *doubts.about_training(whole.training, whole.steps),
        *doubts.about_training(half.training, half.steps),
    ]
    return MIEstimate(
        judged.value, judged.error, judged.lacks, x.rows, judged.p_value, judged.curve,
        beside, judged.folds, judged.fold_errors, judged.pointwise,
        list(dict.fromkeys(warnings)),
        unusable[0] if unusable else None, *views, whole.training,
    )  # fmt: skip
