"""Estimates for pairs of sides that are alike, whose networks train side by side."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from mine_lib.estimation import doubts, rows
from mine_lib.estimation.columns import Columns, features
from mine_lib.estimation.curve import Folds
from mine_lib.estimation.ensemble import Ensemble, Settings, fit
from mine_lib.estimation.labels import labels_alone
from mine_lib.estimation.opinions import Opinion, opinions
from mine_lib.estimation.plan import LEAST_ROWS, Plan
from mine_lib.estimation.result import MIEstimate

HALF_RESTARTS = 2  # networks of a critic of the learning curve, at most
BAR = 1000  # units of the progress bar for each call


class Pair:
    """Two sides with the plan for their rows, and what networks see of them.

    views: (n, d) of x and of z. numbers: how many of their first columns are numbers.
    """

    def __init__(self, x: Columns, z: Columns, plan: Plan, transform: str) -> None:
        self.x, self.z, self.plan = x, z, plan
        shown = [features(each, transform) for each in (x, z)]
        self.views, self.numbers = zip(*shown, strict=True)
        dtype = torch.get_default_dtype()
        self.data: tuple[Tensor, Tensor] = tuple(
            torch.as_tensor(v, dtype=dtype) for v in self.views
        )

    @property
    def shape(self) -> tuple:
        """What pairs must share to be trained together."""
        widths = (each.shape[1] for each in self.views)
        lessons = (self.plan.whole, self.plan.half)
        return *widths, *self.numbers, *(v.shape for each in lessons for v in vars(each).values())

    @property
    def scores(self) -> tuple[np.ndarray, np.ndarray]:
        """The columns of numbers of each side, transformed."""
        return tuple(v[:, :count] for v, count in zip(self.views, self.numbers, strict=True))


def estimate_together(
    pairs: Sequence[Pair], settings: Settings, seed: int, advance: Callable[[int], object]
) -> list[MIEstimate]:
    """Estimates for pairs of one `shape`; the bar advances by BAR."""
    data, numbers = [each.data for each in pairs], pairs[0].numbers
    networks = len(pairs[0].plan.test) * settings.restarts
    less = replace(settings, restarts=min(HALF_RESTARTS, settings.restarts))
    seeds = range(2 * seed * networks, 2 * (seed + 1) * networks)
    of_half = seeds[networks : networks + len(pairs[0].plan.test) * less.restarts]
    whole, half = (
        fit(data, numbers, lessons, how, some, _share(part, advance))
        for lessons, how, some, part in (
            ([each.plan.whole for each in pairs], settings, seeds[:networks], 0.65),
            ([each.plan.half for each in pairs], less, of_half, 0.2),
        )
    )
    to, found = _share(0.15, advance), []
    for k, each in enumerate(zip(pairs, whole, half, strict=True)):
        found.append(_judge(*each, seed))
        to((k + 1) / len(pairs))
    return found


def _share(part: float, advance: Callable[[int], object]) -> Callable[[float], object]:
    """Advance the bar to a share of one part of the work, which is given each time."""
    before = 0

    def to(share: float) -> None:
        nonlocal before
        now = round(part * BAR * share)
        advance(now - before)
        before = now

    return to


def _judge(pair: Pair, whole: Ensemble, half: Ensemble, seed: int) -> MIEstimate:
    """Join what the folds and other estimators say, and look for reasons not to believe it."""
    x, z, plan, scores = pair.x, pair.z, pair.plan, pair.scores
    judged = Folds(plan, pair.data, whole, half, seed, labels_alone((x, z), pair.data))
    said = _others(pair, judged.pointwise, seed)
    copies = rows.about_copies(x, z)
    different = rows.one_of_each(x, z, scores) if copies else (x, z, scores)
    infinite = rows.about_functions(*different)
    unusable = [*infinite, *doubts.about_impossible(judged.value, judged.error, x.rows)]
    beside = {o.name: (o.value, o.error if o.has_own_error else judged.error) for o in said}
    warnings = [
        *doubts.about_columns(x, z),
        *([] if plan.has_groups else copies or rows.about_order(scores)),
        *(unusable or doubts.about_judged(judged, said)),
        *doubts.about_training(whole.training, whole.steps),
        *doubts.about_training(half.training, half.steps),
    ]
    return MIEstimate(
        judged.value, judged.error, judged.lacks, x.rows, plan.degrees, judged.p_value,
        judged.curve, beside, judged.folds, judged.fold_errors, judged.pointwise,
        list(dict.fromkeys(warnings)),
        unusable[0] if unusable else None, *pair.views, whole.training,
    )  # fmt: skip


def _others(pair: Pair, pointwise: np.ndarray, seed: int) -> list[Opinion]:
    """Estimators of another kind, which count rows as independent: of groups they see one row each.

    What these add to the critic's value on the same rows is then added to the value of all.
    """
    x, z, plan, scores = pair.x, pair.z, pair.plan, pair.scores
    if not plan.has_groups:
        return opinions(x, z, scores, pointwise, seed)
    rows = plan.one_of_each(seed)
    sides = x.take(rows), z.take(rows), tuple(each[rows] for each in scores)
    if len(rows) < LEAST_ROWS or any((np.ptp(each, axis=0) == 0).any() for each in sides[2]):
        return []
    luck = pointwise.mean() - pointwise[rows].mean()
    return [
        each if each.has_own_error else replace(each, value=each.value + luck)
        for each in opinions(*sides, pointwise[rows], seed)
    ]
