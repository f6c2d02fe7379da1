"""What the folds say of critics trained on the others: value, learning curve and p value."""

import math
from zlib import crc32

import numpy as np
from scipy.stats import norm
from torch import Tensor

from mine_lib.critics import Critic
from mine_lib.estimation.ensemble import Ensemble
from mine_lib.estimation.labels import Labels
from mine_lib.estimation.plan import Plan
from mine_lib.evaluation import (
    FIRST_SHIFTS,
    Assessment,
    Partners,
    assess,
    influence,
    product_values,
    shifts_for,
)

RATE = 0.55  # the shortfall falls like n^-RATE (sec-7-interval in chapter 7)
PERMUTATIONS = (99, 499)  # that a joint sample is compared with, at least and at most
CURVE_SHIFTS = (5, FIRST_SHIFTS)  # of each value of the curve
MOST_COMPARED, MOST_OF_CURVE = 2**21, 2**18  # product pairs that these make of many rows, about
AT_ONCE = 2**20  # of them
ROUNDING = 1e-9  # means that differ by less are equal


class Folds:
    """Each fold as judged by the critic that was trained on the others.

    value, error: in nats. product_error: its part that more shifts would remove. folds,
    fold_errors: (K,). pointwise: learned pointwise information, (n,). curve: values of critics
    trained on half as many rows, and on all but the fold, on the same rows (2,). lacks: what the
    fit is estimated to lack. p_value: of independence.
    """

    def __init__(
        self,
        plan: Plan,
        data: tuple[Tensor, Tensor],
        whole: Ensemble,
        half: Ensemble,
        seed: int,
        labels: Labels | None = None,
    ) -> None:
        self._plan, self._seed, self._labels = plan, seed, labels
        self._data = tuple(each.to(whole.weights.device) for each in data)
        count = len(plan.test)
        parts = [self._assess(whole[k], k) for k in range(count)]
        n = len(data[0])
        share = np.array([len(rows) for rows in plan.test]) / n
        self.folds, self.fold_errors, product_errors = (
            np.array([getattr(part, name) for part in parts])
            for name in ("value", "error", "product_error")
        )
        self.value = float(share @ self.folds)
        self.error = float(np.linalg.norm(share * self.fold_errors))
        self.product_error = float(np.linalg.norm(share * product_errors))
        self.pointwise = np.empty(n)
        for rows, part in zip(plan.test, parts, strict=True):
            self.pointwise[rows] = part.pointwise
        self.curve = self._curve(whole, half)
        gain = self.curve[1] - self.curve[0]
        self.lacks = max(gain, 0.0) / (plan.ratio**RATE - 1)
        self.p_value = self._p_value(whole, half)

    def _rows(
        self, *folds: int, in_order: bool = False
    ) -> tuple[Tensor, Tensor, np.ndarray, np.ndarray | None]:
        """Sides of some folds, (n, d), which rows these are, and their groups."""
        rows = np.concatenate([self._plan.test[k] for k in folds])
        if in_order and self._plan.has_groups:  # such as that of a time series, in each group
            rows = rows[np.lexsort((rows, self._plan.groups[rows]))]
        groups = self._plan.groups[rows] if self._plan.has_groups else None
        return *(v[rows] for v in self._data), rows, groups

    def _assess(self, critic: Critic, k: int) -> Assessment:
        """Value of a critic on a fold; of labels it is normalised."""
        x, z, rows, groups = self._rows(k)
        if self._labels is not None:
            return self._labels.assess(critic, x, z, rows, groups)
        return assess(critic, x, z, Partners(len(rows), self._seed, groups))

    def _value(self, critic: Critic, k: int) -> float:
        """The same value, from fewer shifts: of two critics their noise is alike."""
        x, z, rows, groups = self._rows(k)
        if self._labels is not None:
            return self._labels.assess(critic, x, z, rows, groups).value
        partners = Partners(len(rows), self._seed, groups)
        shifts = shifts_for(len(rows), MOST_OF_CURVE, *CURVE_SHIFTS)
        t = product_values(critic, x, z, partners[:shifts])
        return influence(_joint(critic, x, z), t, partners).value

    def _curve(self, whole: Ensemble, half: Ensemble) -> tuple[float, float]:
        """Mean values after half and after all of the rows, where neither critic has trained."""
        values = []
        for k in range(len(self._plan.test)):
            others = [j for j, taught in enumerate(self._plan.taught) if k not in taught]
            few = [self._value(half[j], k) for j in others]
            values.append((np.mean(few), self._value(whole[k], k)))
        return tuple(np.mean(values, 0).tolist())

    def _p_value(self, whole: Ensemble, half: Ensemble) -> float:
        """Two permutation tests whose critics know nothing of what they are tried on.

        One critic from all folds but the last meets that; one from the first few meets those
        between. Given the rows it trained on, each share is uniform if x and z are independent; so
        the first test is independent of the second.
        """
        # lots of different tables are drawn apart, whatever their seed
        order = crc32(
            b"".join(v[:, 0].argsort(stable=True).cpu().numpy().tobytes() for v in self._data)
        )
        last, rng = len(self._plan.test) - 1, np.random.default_rng([self._seed, 5, order])
        between = sorted(set(range(last)) - self._plan.taught[0])
        tests = [(whole[last], (last,)), (half[0], tuple(between))]
        z = [norm.isf(self._permutations(*each, rng)) for each in tests if each[1]]
        return float(norm.sf(sum(z) / math.sqrt(len(z))))

    def _permutations(
        self, critic: Critic, folds: tuple[int, ...], rng: np.random.Generator
    ) -> float:
        """Share of permutations whose mean T is as large as that of the joint pairs; ties by lot.

        Whole groups are permuted. With groups of one size, the joint pairs are then one of equally
        likely orders.
        """
        x, z, rows, groups = self._rows(*folds, in_order=True)
        times = shifts_for(len(rows), MOST_COMPARED, *PERMUTATIONS)
        others = Partners(len(rows), self._seed, groups).permuted(times, rng)
        order = np.concatenate([np.arange(len(rows))[None], others])
        t, means = np.split(self._means(critic, x, z, rows, order), [1])
        larger, equal = (means > t + ROUNDING).sum(), (abs(means - t) <= ROUNDING).sum()
        return (larger + rng.random() * (equal + 1)) / (len(means) + 1)

    def _means(
        self, critic: Critic, x: Tensor, z: Tensor, rows: np.ndarray, partners: np.ndarray
    ) -> np.ndarray:
        """Mean T of rows with their partners, (shifts,), for partners (shifts, n)."""
        if self._labels is not None:
            return self._labels.means(critic, x, z, rows, partners)
        some = max(AT_ONCE // len(rows), 1)
        parts = [partners[k : k + some] for k in range(0, len(partners), some)]
        return np.concatenate([product_values(critic, x, z, part).mean(1) for part in parts])


def _joint(critic: Critic, x: Tensor, z: Tensor) -> np.ndarray:
    """T of the joint pairs, (n,)."""
    return product_values(critic, x, z, np.arange(len(x))[None])[0]
