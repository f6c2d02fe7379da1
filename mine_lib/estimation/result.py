"""What an estimate of mutual information says (sec-7-how in chapter 7)."""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import norm

from mine_lib.checks import check_between
from mine_lib.runs import TrainingRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class MIEstimate:
    """Mutual information in nats, from `estimate_mi`.

    value, standard_error: in nats; the value is not cut off at zero. n: pairs.
    folds, fold_errors: value and standard error of each fold, (K,).
    pointwise: learned pointwise information of each pair, (n,); its mean is the value.
    warnings: reasons for not believing the value; empty if none was found.
    x, z: the columns that the networks saw, (n, d). training: the record of all networks, with
    `restarts` replicas for each fold.
    """

    value: float
    standard_error: float
    n: int
    folds: np.ndarray
    fold_errors: np.ndarray
    pointwise: np.ndarray = field(repr=False)
    warnings: list[str]
    x: np.ndarray = field(repr=False)
    z: np.ndarray = field(repr=False)
    training: TrainingRecord = field(repr=False)

    @property
    def bits(self) -> float:
        """The value in bits."""
        return self.value / math.log(2)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Confidence interval in nats, value +- a normal quantile times the standard error."""
        half = float(norm.ppf((1 + check_between("level", level, 0, 1)) / 2)) * self.standard_error
        return self.value - half, self.value + half

    def __float__(self) -> float:
        """The value in nats."""
        return self.value

    def __str__(self) -> str:
        """Value, standard error to two digits, and warnings, in one line."""
        digits = 1 - math.floor(math.log10(self.standard_error)) if self.standard_error > 0 else 4
        return format(self, f".{min(max(digits, 0), 6)}f")

    def __format__(self, spec: str) -> str:
        """The line with value and standard error in a format of their own, such as .2f."""
        if not spec:
            return str(self)
        said = f"{self.value:{spec}} ± {self.standard_error:{spec}} nats (n = {self.n})"
        return " | warning: ".join([said, *self.warnings])

    def figure(self) -> "Figure":
        """Learning curves and learned pointwise information; see `figures.draw_estimate`."""
        from mine_lib.book.figures import draw_estimate  # Matplotlib is loaded only if asked for

        training = self.training
        curves = (training.step, training.held_out.nanmean(1), training.estimate.nanmean(1))
        return draw_estimate(*curves, self.value, self.interval(), self.x, self.z, self.pointwise)
