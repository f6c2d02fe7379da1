"""What an estimate of mutual information says (sec-7-interval in chapter 7)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t as student

from mine_lib.checks import check_between
from mine_lib.runs import TrainingRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, repr=False)
class MIEstimate:
    """Mutual information in nats, from `estimate_mi`. It compares and rounds as its value.

    As text, `str(estimate)` and `f"{estimate:.2f}"`, it is a line with interval, n and warnings;
    the number alone is `estimate.value`.

    value, standard_error: in nats, of the critics on rows that they did not train on; the error is
    that of sampling. On average the value lies below I by what the fit lacks; it is not cut off at
    zero.
    lacks: what the fit is estimated to lack, in nats, by the learning curve (eq. 7-lacks); the
    curve's critics have two networks and fewer steps, so it errs upwards.
    n: pairs. degrees: of freedom of the standard error, groups less folds; infinite without groups.
    p_value: of independence of X and Z, from permuted rows or groups (exact if groups are of one
    size); NaN with `given`.
    curve: values of critics trained on half of the rows and on all others, on the same rows.
    opinions: what estimators of another kind say, each a value and the error that the interval
    gives it: its own, or that of the value where both share the luck of the sample. With groups
    they see one row of each, if there are fifty; none are asked with `given`.
    folds, fold_errors: value and standard error of each fold, (K,).
    pointwise: learned pointwise information of each pair, (n,); its mean is the value.
    warnings: reasons for not believing the value; empty if none was found. unusable: the reason
    why the value is no estimate at all, or None.
    x, z: the columns that the networks saw, (n, d). training: the record of all networks of the
    folds, with `restarts` replicas for each fold; None with `given`. terms: with `given`, the
    estimates of I(X; Z, W) and of I(X; W), whose difference this is.
    """

    value: float
    standard_error: float
    lacks: float
    n: int
    degrees: float
    p_value: float
    curve: tuple[float, float]
    opinions: dict[str, tuple[float, float]]
    folds: np.ndarray
    fold_errors: np.ndarray
    pointwise: np.ndarray
    warnings: list[str]
    unusable: str | None
    x: np.ndarray
    z: np.ndarray
    training: TrainingRecord | None
    terms: tuple[MIEstimate, ...] = ()

    @property
    def bits(self) -> float:
        """The value in bits."""
        return self.value / math.log(2)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Interval in nats that is to hold I in a share `level` of all samples (eq. 7-interval).

        From the value less a normal quantile (with groups, Student's) times the standard error, up
        to the largest of the value with what the fit lacks, and each of the `opinions`, all plus
        the quantile times their error, which counts as no less than quantile / 2n: near
        independence it vanishes, while a fit of one parameter scatters by so much. For I(X; Z | W)
        what either term may lack moves its end. How often it held the truth stands in
        sec-7-benchmark in chapter 7.
        """
        quantile = self._quantile((1 + check_between("level", level, 0, 1)) / 2)
        half = quantile * self.standard_error
        if self.terms:
            above, below = (each._reach(level) for each in self.terms)
            return self.value - below - half, self.value + above + half
        least = quantile**2 / (2 * self.n)
        tops = [(self.value + self.lacks, self.standard_error), *self.opinions.values()]
        return self.value - half, max(top + max(quantile * error, least) for top, error in tops)

    def lower_confidence_bound(self, level: float = 0.95) -> float:
        """What I exceeds in about a share `level` of all samples or more, in nats.

        The value less a one-sided quantile times the standard error: no guess of what the fit lacks
        is needed, but for I(X; Z | W), where what the fit of I(X; W) may lack is subtracted.
        """
        bound = (
            self.value - self._quantile(check_between("level", level, 0, 1)) * self.standard_error
        )
        return bound - self.terms[1]._reach(level) if self.terms else bound

    def _quantile(self, level: float) -> float:
        """Of Student's distribution; normal without groups."""
        return float(student.ppf(level, self.degrees))

    def _reach(self, level: float) -> float:
        """How far the interval reaches up beyond the sampling error."""
        half = self._quantile((1 + level) / 2) * self.standard_error
        return max(self.interval(level)[1] - self.value - half, 0.0)

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

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        """The line with its numbers in a format of their own, such as .2f."""
        if not spec:
            return str(self)
        low, high = self.interval()
        rows = f"n = {self.n}"
        if math.isfinite(self.degrees):
            rows += f" in {int(self.degrees) + len(self.folds)} groups"
        said = f"{self.value:{spec}} nats, 95 % {low:{spec}} to {high:{spec}} ({rows})"
        if self.unusable is not None:
            said = (
                f"cannot be estimated from these {self.n} rows (the value is {self.value:{spec}})"
            )
        return " | warning: ".join([said, *self.warnings])

    def figure(self) -> Figure:
        """Learning curves and learned pointwise information; see `figures.draw_estimate`.

        Raises ValueError for a conditional estimate, which is a difference of two.
        """
        if self.training is None:
            raise ValueError("given: a difference of two estimates has no learning curve to draw")
        from mine_lib.book.figures import draw_estimate  # Matplotlib is loaded only if asked for

        training = self.training
        curves = (training.step, training.held_out.nanmean(1), training.estimate.nanmean(1))
        return draw_estimate(*curves, self.value, self.interval(), self.x, self.z, self.pointwise)
