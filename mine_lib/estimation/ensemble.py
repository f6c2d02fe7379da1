"""Critics that learn together, each a weighted mean of networks (sec-7-how in chapter 7)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from mine_lib.checks import check_choice, check_count, check_rate
from mine_lib.critics import StatisticsNetwork, Sum
from mine_lib.estimation.columns import TRANSFORMS
from mine_lib.estimation.gaussian import GaussianCritic, noise_edge
from mine_lib.estimation.plan import Lesson
from mine_lib.evaluation import evaluate, shifts_for
from mine_lib.mine import MINE
from mine_lib.runs import TrainingRecord
from mine_lib.training import Trainer

LOOKS = 24  # at the rows held back, while networks train
AVERAGING = 0.99  # of the weights, over about the last hundred steps
LOOKED_AT = 4000  # product pairs of the rows held back, about; to weigh networks, five times more
TEMPER = 0.1  # of the likelihood in eq. 7-weights; one would trust few rows too much


@dataclass(frozen=True)
class Settings:
    """How networks are trained; `restarts` of them for each lesson. See `estimate_mi`."""

    restarts: int
    steps: int | None
    batch_size: int
    learning_rate: float
    alpha: float
    hidden: Sequence[int]
    transform: str
    gaussian_part: bool
    device: str | torch.device

    def __post_init__(self) -> None:
        check_count("restarts", self.restarts)
        check_count("batch_size", self.batch_size, 2)
        check_rate("alpha", self.alpha)
        check_choice("transform", self.transform, [*TRANSFORMS])
        check_choice("gaussian_part", self.gaussian_part, (False, True))


@dataclass(frozen=True)
class Ensemble:
    """What a lesson's critic is: the mean of its networks with weights, (lessons, restarts).

    training: of all networks, those of a lesson side by side. steps: planned.
    """

    training: TrainingRecord
    weights: Tensor
    steps: int

    def __getitem__(self, lesson: int) -> Callable[[Tensor, Tensor], Tensor]:
        """The critic of a lesson, (x, z) -> (n,)."""
        weights = self.weights[lesson]
        first = lesson * len(weights)
        networks = self.training.critic[first : first + len(weights)]
        return lambda x, z: (weights.to(x)[:, None] * networks(x, z)).sum(0)


def fit(
    data: Sequence[tuple[Tensor, Tensor]],
    numbers: tuple[int, int],
    lessons: Sequence[Lesson],
    settings: Settings,
    seeds: range,
    advance: Callable[[float], object],
) -> list[Ensemble]:
    """Train `restarts` networks for each line of each lesson, all side by side.

    data: x (n, d) and z for each lesson, all of one shape. numbers: how many of their first columns
    are numbers. seeds: one a network of a lesson. advance: is told the share that is done. An
    interrupt from the keyboard ends the training.
    """
    copies, lines = settings.restarts, len(lessons[0].train)
    train_on = _stacked(data, [each.train for each in lessons], copies)
    held_back = _stacked(data, [each.held_back for each in lessons], copies)
    b = min(settings.batch_size, train_on[0].shape[1] // 2)
    rows = held_back[0].shape[1]
    steps = lessons[0].steps(b) if settings.steps is None else settings.steps
    seeds = [*seeds] * len(lessons)
    trainer = Trainer(
        *train_on, objective=MINE(settings.alpha),
        critic=_critic(train_on, held_back, numbers, settings, seeds), seeds=seeds, steps=steps,
        batch_size=b, learning_rate=settings.learning_rate, decay=True, held_out=held_back,
        early_stopping=True, averaging=AVERAGING, shifts=_shifts(rows, LOOKED_AT),
        log_every=max(1, check_count("steps", steps) // LOOKS), device=settings.device,
    )  # fmt: skip
    _run(trainer, advance)
    record = trainer.record()
    held_back = [each.to(trainer.device) for each in held_back]
    values = evaluate(record.critic, *held_back, _shifts(rows, 5 * LOOKED_AT)).cpu().double()
    weights = _weights(values.view(-1, copies), rows).split(lines)
    size = lines * copies
    records = [record.part(slice(k * size, (k + 1) * size)) for k in range(len(lessons))]
    return [Ensemble(*each, trainer.steps) for each in zip(records, weights, strict=True)]


def _stacked(
    data: Sequence[tuple[Tensor, Tensor]], rows: Sequence[np.ndarray], copies: int
) -> tuple[Tensor, ...]:
    """Chosen rows of x and of z, (lessons * lines * copies, rows, d) each."""
    return tuple(
        torch.cat([v[some] for v, some in zip(side, rows, strict=True)]).repeat_interleave(
            copies, 0
        )
        for side in zip(*data, strict=True)
    )


def _shifts(rows: int, pairs: int) -> int:
    """How many shifts of so many rows make about so many pairs; at least five, if there are."""
    return shifts_for(rows, pairs, 5, rows - 1)


def _run(trainer: Trainer, advance: Callable[[float], object]) -> None:
    """Train to the end, or to an interrupt, of which the record tells."""
    try:
        while (left := trainer.steps - trainer.done) > 0:
            trainer.run(min(trainer.log_every, left), progress=False)
            advance(trainer.done / trainer.steps)
    except KeyboardInterrupt:
        pass


def _critic(
    train_on: tuple[Tensor, ...],
    held_back: tuple[Tensor, ...],
    numbers: tuple[int, int],
    settings: Settings,
    seeds: Sequence[int],
) -> nn.Module:
    """Networks that start at zero, the first of each lesson on top of a Gaussian part."""
    dims = [each.shape[-1] for each in train_on]
    networks = StatisticsNetwork(*dims, settings.hidden, len(seeds), seeds, starts_at_zero=True)
    if not settings.gaussian_part or not all(numbers):
        return networks
    part = GaussianCritic(*train_on, numbers)
    edge = noise_edge(*numbers, train_on[0].shape[1])
    is_first = (torch.arange(len(seeds)) % settings.restarts == 0)[:, None]
    shifts = _shifts(held_back[0].shape[1], 5 * LOOKED_AT)
    choices = [is_first & (part.correlations > limit) for limit in (0, edge)]
    values = [evaluate(part.restricted(used), *held_back, shifts) for used in choices]
    values = torch.stack([*values, torch.zeros_like(values[0])]).nan_to_num(-torch.inf)
    best = values.flip(0).argmax(0)  # the simplest of equals
    used = torch.stack([torch.zeros_like(choices[0]), *choices[::-1]])
    return Sum(part.restricted(used[best, torch.arange(len(seeds))]), networks)


def _weights(values: Tensor, rows: int) -> Tensor:
    """Weights of networks from their values on rows held back, (lessons, restarts) (eq. 7-weights).

    Values are log likelihood ratios a row, so their exponentials weigh hypotheses; the critic
    T = 0, whose value is zero, is one of them and takes its share.
    """
    values = values.nan_to_num(-torch.inf, posinf=-torch.inf)
    values = torch.cat([values, torch.zeros(len(values), 1)], 1)
    return torch.softmax(TEMPER * rows * values, 1)[:, :-1]
