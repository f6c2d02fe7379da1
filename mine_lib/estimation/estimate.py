"""Cross-fitted MINE: an estimate of mutual information with a standard error (chapter 7)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mine_lib.checks import check_choice, check_count, check_rate
from mine_lib.critics import StatisticsNetwork, Sum
from mine_lib.estimation import doubts
from mine_lib.estimation.columns import TRANSFORMS, Columns, read_pair
from mine_lib.estimation.gaussian import GaussianCritic
from mine_lib.estimation.plan import Plan
from mine_lib.estimation.result import MIEstimate
from mine_lib.evaluation import Assessment, assess, evaluate
from mine_lib.mine import MINE
from mine_lib.runs import TrainingRecord
from mine_lib.training import train

LEAST_ROWS = 50
LOG_EVERY = 50  # steps, and a look at the rows held back


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
    """Estimate I(X; Z) in nats by cross-fitted MINE with a moving average.

    x, z: (n,) or (n, d): NumPy arrays, torch tensors, pandas objects or lists, paired row by row.
    Strings, categories, truth values and integers with at most 20 different values are labels (see
    `columns.read_columns`); decimals are numbers even if whole.
    folds: parts of the data; each is evaluated by networks trained on the others. restarts:
    networks for a fold, whose mean is its critic. steps: by default fifty epochs, at least 600 and
    at most 3000. batch_size, learning_rate (falls to zero), hidden, device: see `Trainer`; alpha:
    see `MINE`. progress: whether to show a bar.
    transform: "normal_scores" of each column, or "standardise".
    gaussian_part: add a `GaussianCritic`, fitted on the training part, to the networks, unless its
    value on the rows held back is not above zero, or x or z holds only labels.
    seed: the same seed gives the same estimate on one machine, whatever its number of threads.

    Memory: each network has its rows; data of 1 MB take about folds * restarts * 4 MB.

    An interrupt from the keyboard ends the training and evaluates what there is, with a warning.
    Raises ValueError on unequal lengths, pandas objects with different indexes, fewer than 50 rows,
    what `read_columns` refuses, and arguments out of range.
    """
    columns = read_pair(x, z, max(LEAST_ROWS, 5 * check_count("folds", folds, 2)))
    scores = _scores(columns, transform)
    data = [torch.as_tensor(each, dtype=torch.get_default_dtype()) for each in scores]
    plan = Plan(len(data[0]), folds, restarts, seed)
    train_on, held_out = (tuple(v[rows] for v in data) for rows in (plan.train, plan.validate))
    critic = _critic(plan, columns, train_on, held_out, hidden, gaussian_part)
    b = min(check_count("batch_size", batch_size, 2), plan.largest_batch)
    record = train(
        *train_on, objective=MINE(check_rate("alpha", alpha)), critic=critic, seeds=plan.seeds,
        steps=plan.steps(b) if steps is None else steps, batch_size=b, learning_rate=learning_rate,
        decay=True, held_out=held_out, early_stopping=True, shifts=plan.validation_shifts,
        log_every=LOG_EVERY, device=device, progress=progress,
    )  # fmt: skip
    return _summary(plan, _assess(plan, record, data, seed), columns, scores, record)


def _scores(columns: tuple[Columns, Columns], transform: str) -> tuple[np.ndarray, np.ndarray]:
    transformed = TRANSFORMS[check_choice("transform", transform, [*TRANSFORMS])]
    x, z = columns
    return transformed(x.values), transformed(z.values)


def _critic(
    plan: Plan,
    columns: tuple[Columns, Columns],
    train_on: Sequence[Tensor],
    held_out: Sequence[Tensor],
    hidden: Sequence[int],
    gaussian_part: bool,
) -> StatisticsNetwork | Sum:
    """Networks that start at zero, beside a Gaussian part where it does no harm when held out."""
    dims, replicas = [each.shape[-1] for each in train_on], len(plan.seeds)
    networks = StatisticsNetwork(*dims, hidden, replicas, plan.seeds, starts_at_zero=True)
    check_choice("gaussian_part", gaussian_part, (False, True))
    if not gaussian_part or any(each.is_labels for each in columns):
        return networks
    part = GaussianCritic(*train_on)
    part.drop(~(evaluate(part, *held_out, plan.validation_shifts) > 0))
    return Sum(part, networks)


def _assess(
    plan: Plan, record: TrainingRecord, data: Sequence[Tensor], seed: int
) -> list[Assessment]:
    """What the rows of each fold say of the critic that was trained on the others."""

    def of_fold(k: int) -> Assessment:
        networks = record.critic[k * plan.restarts : (k + 1) * plan.restarts]

        def mean(x: Tensor, z: Tensor) -> Tensor:
            # The value of a mean of critics is no lower than the mean of theirs.
            return networks(x, z).mean(0)

        device = next(record.critic.parameters()).device
        return assess(mean, *(each[plan.test[k]].to(device) for each in data), seed)

    return [of_fold(k) for k in range(len(plan.test))]


def _summary(
    plan: Plan,
    parts: list[Assessment],
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
