"""What an estimate of mutual information says (sec-7-how in chapter 7)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from mine_lib.checks import check_between
from mine_lib.runs import TrainingRecord
from mine_lib.statistics import grouped_error

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class MIEstimate:
    """Mutual information in nats, from `estimate_mi`. It compares and rounds as its value.

    value, standard_error: in nats, of the critics on rows that they did not train on; the error is
    that of sampling. On average the value lies below I by what the fit lacks; it is not cut off at
    zero.
    lacks: what the fit is estimated to lack, by the learning curve; of I(X; Z | W), above the value
    and below it, else a number and zero (eq. 7-lacks).
    n: pairs. p_value: of independence of X and Z, from shuffled rows; NaN with `given`.
    curve: values of critics trained on half of the rows and on all others, on the same rows.
    opinions: what estimators of another kind say, each a value and its sampling error; none with
    groups, since they count rows as independent.
    folds, fold_errors: value and standard error of each fold, (K,).
    pointwise: learned pointwise information of each pair, (n,); its mean is the value.
    warnings: reasons for not believing the value; empty if none was found. unusable: the reason
    why the value is no estimate at all, or None.
    x, z: the columns that the networks saw, (n, d). training: the record of all networks of the
    folds, with `restarts` replicas for each fold.
    """

    value: float
    standard_error: float
    lacks: tuple[float, float]
    n: int
    p_value: float
    curve: tuple[float, float]
    opinions: dict[str, tuple[float, float]]
    folds: np.ndarray
    fold_errors: np.ndarray
    pointwise: np.ndarray = field(repr=False)
    warnings: list[str]
    unusable: str | None
    x: np.ndarray = field(repr=False)
    z: np.ndarray = field(repr=False)
    training: TrainingRecord = field(repr=False)

    @property
    def bits(self) -> float:
        """The value in bits."""
        return self.value / math.log(2)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval in nats that is to hold I in a share `level` of all samples (eq. 7-interval).

        From the value less a normal quantile times the standard error, up to the largest of the
        value with what the fit lacks, and each of the `opinions`, all plus the quantile times their
        sampling error, which counts as no less than quantile / 2n: near independence it vanishes,
        and twice n times the value is chi-square distributed. How often it held the truth stands in
        sec-7-interval in chapter 7.
        """
        quantile = float(norm.ppf((1 + check_between("level", level, 0, 1)) / 2))
        half, (above, below) = quantile * self.standard_error, self.lacks
        least = quantile**2 / (2 * self.n)
        tops = [(self.value + above, self.standard_error), *self.opinions.values()]
        highest = max(value + max(quantile * error, least) for value, error in tops)
        return self.value - below - half, highest

    def lower_confidence_bound(self, level: float = 0.95) -> float:
        """What I exceeds in a share `level` of all samples, whatever the fit lacks, in nats.

        The value less a one-sided normal quantile times the standard error; of I(X; Z | W) less
        what the fit of I(X; W) lacks, too.
        """
        quantile = float(norm.ppf(check_between("level", level, 0, 1)))
        return self.value - self.lacks[1] - quantile * self.standard_error

    def beyond(self, other: MIEstimate, groups: np.ndarray | None) -> MIEstimate:
        """I(X; Z | W) from this estimate, of I(X; Z, W), and another of I(X; W) (eq. 7-given).

        Both are from the same folds, so that the luck of the sample cancels in each pair.
        """
        pointwise = self.pointwise - other.pointwise
        value = self.value - other.value
        above, below = (
            max(each.interval(0.95)[1] - each.value - norm.ppf(0.975) * each.standard_error, 0.0)
            for each in (self, other)
        )
        curve = tuple(a - b for a, b in zip(self.curve, other.curve, strict=True))
        return replace(
            self, value=value, standard_error=grouped_error(pointwise, groups),
            lacks=(above, below), p_value=math.nan, curve=curve, opinions={},
            folds=self.folds - other.folds,
            fold_errors=np.hypot(self.fold_errors, other.fold_errors), pointwise=pointwise,
            warnings=list(dict.fromkeys(self.warnings + other.warnings)),
            unusable=self.unusable or other.unusable,
        )  # fmt: skip

    def __float__(self) -> float:
        """The value in nats."""
        return self.value

    def __lt__(self, other: object) -> bool:
        """Whether the value is smaller than that of another estimate, or than a number."""
        return self.value < float(other)

    def __gt__(self, other: object) -> bool:
        """Whether the value is larger than that of another estimate, or than a number."""
        return self.value > float(other)

    def __le__(self, other: object) -> bool:
        """Whether the value is at most that of another estimate, or a number."""
        return self.value <= float(other)

    def __ge__(self, other: object) -> bool:
        """Whether the value is at least that of another estimate, or a number."""
        return self.value >= float(other)

    def __round__(self, digits: int | None = None) -> float:
        """The value, rounded."""
        return round(self.value, digits)

    def __str__(self) -> str:
        """Value, 95 % interval, n, and warnings, in one line; two digits of the error."""
        error, digits = self.standard_error, 4
        if error > 0 and math.isfinite(error):
            digits = 1 - math.floor(math.log10(error))
        return format(self, f".{min(max(digits, 0), 6)}f")

    def __format__(self, spec: str) -> str:
        """The line with its numbers in a format of their own, such as .2f."""
        if not spec:
            return str(self)
        low, high = self.interval()
        said = f"{self.value:{spec}} nats, 95 % {low:{spec}} to {high:{spec}} (n = {self.n})"
        if self.unusable is not None:
            said = (
                f"cannot be estimated from these {self.n} rows (the value is {self.value:{spec}})"
            )
        return " | warning: ".join([said, *self.warnings])

    def figure(self) -> Figure:
        """Learning curves and learned pointwise information; see `figures.draw_estimate`."""
        from mine_lib.book.figures import draw_estimate  # Matplotlib is loaded only if asked for

        training = self.training
        curves = (training.step, training.held_out.nanmean(1), training.estimate.nanmean(1))
        return draw_estimate(*curves, self.value, self.interval(), self.x, self.z, self.pointwise)
