"""Cross-fitted MINE: an estimate of mutual information with a standard error (chapter 7)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from scipy.special import logsumexp
from scipy.stats import norm
from torch import Tensor

from mine_lib import doubts
from mine_lib.checks import (
    check_between,
    check_choice,
    check_count,
    check_device,
    check_rate,
    check_same_length,
)
from mine_lib.columns import Columns, normal_scores, read_columns, standardise
from mine_lib.gaussian import GaussianCritic
from mine_lib.training import Critic, TrainingRecord, evaluate, train

PANDAS = (pd.Series, pd.DataFrame)
TRANSFORMS = {"normal_scores": normal_scores, "standardise": standardise}
LEAST_ROWS = 50
VALIDATION = 0.1  # of a training part, for early stopping
LEAST_VALIDATION, VALIDATION_SHIFTS = 20, 20
EPOCHS, LEAST_STEPS, MOST_STEPS = 50, 600, 3000
LOG_EVERY = 50  # steps, and a look at the rows held back
# The product term of a fold
FIRST_SHIFTS = 64
MOST_PAIRS = 2**23
PAIRS_AT_ONCE = 2**13
PRODUCT_SHARE = 0.1  # of the standard error, aimed at for the product term's own error


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
        """Confidence interval in nats, value -+ a normal quantile times the standard error."""
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

    def figure(self) -> Figure:
        """Learning curves and learned pointwise information; see `figures.draw_estimate`."""
        from mine_lib.figures import draw_estimate  # figures come last, and only if asked for

        return draw_estimate(self)


def estimate_mi(
    x: object,
    z: object,
    *,
    folds: int = 5,
    restarts: int = 2,
    steps: int | None = None,
    batch_size: int = 256,
    learning_rate: float = 5e-3,
    alpha: float = 0.01,
    hidden: Sequence[int] = (64, 64, 64),
    transform: str = "normal_scores",
    gaussian_part: bool = True,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> MIEstimate:
    """Estimate I(X; Z) in nats by cross-fitted MINE with a moving average (section 7.2).

    x, z: (n,) or (n, d): NumPy arrays, torch tensors, pandas objects or lists, paired row by row.
    Strings, categories, truth values and integers with at most 20 different values are labels (see
    `columns.read_columns`); decimals are numbers even if whole.
    folds: parts of the data; each is evaluated by networks trained on the others. restarts:
    networks for a fold, whose mean is its critic. steps: by default fifty epochs, at least 600 and
    at most 3000. batch_size, learning_rate (falls to zero), alpha, hidden: see `train`.
    transform: "normal_scores" of each column, or "standardise".
    gaussian_part: add a `GaussianCritic`, fitted on the training part, to the networks, unless its
    value on the rows held back is not above zero, or x or z holds only labels.
    seed: the same seed gives the same estimate on one machine and number of threads.
    Memory: each network has its rows; data of 1 MB take about folds * restarts * 4 MB.

    An interrupt from the keyboard ends the training and evaluates what there is, with a warning.
    Raises ValueError on unequal lengths, pandas objects with different indexes, fewer than 50 rows,
    what `read_columns` refuses, and arguments out of range.
    """
    check_choice("transform", transform, [*TRANSFORMS])
    check_count("folds", folds, 2)
    check_count("restarts", restarts)
    check_count("seed", seed, 0)
    check_choice("gaussian_part", gaussian_part, (False, True))
    check_rate("alpha", alpha)
    device = check_device(device)
    _check_index(x, z)
    columns = read_columns("x", x), read_columns("z", z)
    _check_rows(*columns, folds)
    scores = tuple(TRANSFORMS[transform](each.values) for each in columns)
    data = [torch.as_tensor(each, dtype=torch.get_default_dtype()) for each in scores]
    plan = _Plan(len(data[0]), folds, restarts, seed)
    train_on, validate_on = ([each[rows] for each in data] for rows in (plan.train, plan.validate))
    with_part = gaussian_part and not any(each.is_labels for each in columns)
    base = _gaussian_part(train_on, validate_on, plan).to(device) if with_part else None
    batch_size = min(check_count("batch_size", batch_size, 2), plan.largest_batch)
    record = train(
        *train_on, held_out=tuple(validate_on), seeds=plan.seeds, base=base, hidden=hidden,
        steps=plan.steps(batch_size) if steps is None else steps, batch_size=batch_size,
        learning_rate=learning_rate, decay=True, alpha=alpha, early_stopping=True,
        shifts=plan.validation_shifts, log_every=LOG_EVERY, device=device, progress=progress,
    )  # fmt: skip
    parts = []
    for k, rows in enumerate(plan.test):
        critic = _mean_critic(record, base, slice(k * restarts, (k + 1) * restarts))
        parts.append(_evaluate(critic, *(each[rows].to(device) for each in data), seed))
    return _summary(plan, parts, columns, scores, record)


def _gaussian_part(
    train_on: Sequence[Tensor], validate_on: Sequence[Tensor], plan: "_Plan"
) -> GaussianCritic:
    """Fit it, and drop it where it does harm on the rows held back."""
    critic = GaussianCritic(*train_on)
    critic.drop(~(evaluate(critic, *validate_on, plan.validation_shifts) > 0))
    return critic


class _Plan:
    """Which rows are trained on, validated on and tested on, in each fold.

    test: rows of each fold. train, validate: rows (folds * restarts, ...) of the networks, those of
    a fold side by side; each restart holds back other rows of its training part for validation.
    """

    def __init__(self, n: int, folds: int, restarts: int, seed: int) -> None:
        rng = np.random.default_rng([seed, 2])  # not the streams of weights and batches
        order = rng.permutation(n)
        self.test = np.array_split(order, folds)
        rest = n - len(self.test[0])  # the first fold is the largest
        held_back = max(round(VALIDATION * rest), min(LEAST_VALIDATION, rest // 4))
        rows = [
            rng.permutation(np.setdiff1d(order, fold))[:rest]
            for fold in self.test
            for _ in range(restarts)
        ]
        self.validate, self.train = np.split(np.stack(rows), [held_back], 1)
        self.largest_batch = self.train.shape[1] // 2
        self.validation_shifts = min(VALIDATION_SHIFTS, held_back - 1)
        self.seeds = [seed * len(rows) + k for k in range(len(rows))]

    def steps(self, batch_size: int) -> int:
        """Steps of fifty epochs, within limits."""
        return int(np.clip(EPOCHS * self.train.shape[1] // batch_size, LEAST_STEPS, MOST_STEPS))


@dataclass(frozen=True)
class _Part:
    """What a fold gave: values in nats, and the pointwise information of its rows."""

    value: float
    error: float
    product_error: float
    pointwise: np.ndarray


def _mean_critic(record: TrainingRecord, base: GaussianCritic | None, part: slice) -> Critic:
    """Mean of some networks. Its value is no lower than the mean of theirs (section 7.2)."""

    def critic(x: Tensor, z: Tensor) -> Tensor:
        values = record.network(x, z, part)
        return (values if base is None else values + base(x, z, part)).mean(0)

    return critic


@torch.no_grad()
def _evaluate(critic: Critic, x: Tensor, z: Tensor, seed: int) -> _Part:
    """Donsker-Varadhan value of the rows, with enough shifts for the product term (eq. 7-error)."""
    rows = len(x)
    t = critic(x, z).cpu().double().numpy()
    offsets = np.random.default_rng([seed, 3]).permutation(np.arange(1, rows))
    most = min(rows - 1, max(FIRST_SHIFTS, MOST_PAIRS // rows))
    t_product, shifts = np.empty((0, rows)), min(FIRST_SHIFTS, most)
    while True:
        more = _product_values(critic, x, z, offsets[len(t_product) : shifts])
        t_product = np.concatenate([t_product, more])
        part = _influence(t, t_product, offsets[:shifts])
        aim = PRODUCT_SHARE * part.error
        if shifts == most or part.product_error <= aim:
            return part
        shifts = min(most, math.ceil(1.1 * shifts * (part.product_error / aim) ** 2))


def _product_values(critic: Critic, x: Tensor, z: Tensor, offsets: np.ndarray) -> np.ndarray:
    """T at x_i and z_(i + offset), (offsets, rows)."""
    rows, values = len(x), []
    for some in np.array_split(
        offsets, min(len(offsets), math.ceil(len(offsets) * rows / PAIRS_AT_ONCE))
    ):
        partners = (np.arange(rows) + some[:, None]).ravel() % rows
        t = critic(x.repeat(len(some), 1), z[torch.from_numpy(partners).to(z.device)])
        values.append(t.cpu().double().numpy().reshape(-1, rows))
    return np.concatenate(values)


def _influence(t: np.ndarray, t_product: np.ndarray, offsets: np.ndarray) -> _Part:
    """Value, and standard error from the influence of each row (eq. 7-error)."""
    shifts, rows = t_product.shape
    log_mean = logsumexp(t_product) - math.log(t_product.size)
    ratio = np.exp(t_product - log_mean)
    partners = (np.arange(rows) + offsets[:, None]) % rows
    by_z = np.bincount(partners.ravel(), ratio.ravel(), rows) / shifts
    influence = t - ratio.mean(0) - by_z
    left_out = 1 - shifts / (rows - 1)
    product_error = ratio.mean(1).std(ddof=1) * math.sqrt(left_out / shifts) if left_out else 0.0
    error = math.hypot(influence.std(ddof=1) / math.sqrt(rows), product_error)
    return _Part(t.mean() - log_mean, error, product_error, t - log_mean)


def _summary(
    plan: _Plan,
    parts: list[_Part],
    columns: tuple[Columns, Columns],
    scores: tuple[np.ndarray, np.ndarray],
    record: TrainingRecord,
) -> MIEstimate:
    """Join the folds, and look for reasons not to believe them."""
    pointwise = np.empty(sum(map(len, plan.test)))
    for rows, part in zip(plan.test, parts, strict=True):
        pointwise[rows] = part.pointwise
    share = np.array([len(rows) for rows in plan.test]) / len(pointwise)
    folds, errors, product_errors = (
        np.array([getattr(part, name) for part in parts])
        for name in ("value", "error", "product_error")
    )
    value, error = float(share @ folds), float(np.linalg.norm(share * errors))
    warnings = [
        *doubts.about_columns(columns, scores),
        *doubts.about_size(value, error, scores, plan.train.shape[1]),
        *doubts.about_value(value, error),
        *doubts.about_folds(value, folds, errors),
        *doubts.about_product(float(np.linalg.norm(share * product_errors)), error),
        *doubts.about_training(record),
    ]
    return MIEstimate(
        value, error, len(pointwise), folds, errors, pointwise, warnings, *scores, record
    )


def _check_index(x: object, z: object) -> None:
    if isinstance(x, PANDAS) and isinstance(z, PANDAS) and not x.index.equals(z.index):
        raise ValueError(
            "x and z have different indexes: take both from one frame, or NumPy arrays"
        )


def _check_rows(x: Columns, z: Columns, folds: int) -> None:
    n, least = len(x.values), max(LEAST_ROWS, 5 * folds)
    check_same_length(n, len(z.values))
    if n < least:
        raise ValueError(f"x and z have {n} rows: must have at least {least}")
