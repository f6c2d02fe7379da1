"""Training of critics: MINE, or any other objective, climbed by all replicas at once.

A step draws a joint and a product batch, asks the objective what each critic value weighs in its
gradient, and lets a pass turn these weights into the gradient of the network. Replicas share
nothing.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.optim.lr_scheduler import CosineAnnealingLR

from mine_lib.batches import PRODUCTS, Batches
from mine_lib.book.progress import progress_bar
from mine_lib.checks import (
    check_between,
    check_choice,
    check_count,
    check_device,
    check_replicated,
    check_same_length,
    check_shifts,
)
from mine_lib.critics import StatisticsNetwork
from mine_lib.evaluation import evaluate
from mine_lib.mine import MINE
from mine_lib.passes import Pass, count_replicas, flatten, passes_of
from mine_lib.runs import Objective, Run
from mine_lib.threads import paced


@dataclass(frozen=True, eq=False)
class TrainingRecord:
    """What a training run went through: K logged steps of R replicas, information in nats.

    step: (K,), counted from 1. estimate: value of the objective on the batch, (K, R); of MINE, the
    Donsker-Varadhan value.
    gradient_norm: Euclidean norm over all parameters, before clipping, (K, R).
    v: the normaliser of MINE, mean or moving average of e^T, (K, R); None for other objectives.
    held_out: Donsker-Varadhan value on the held-out pairs, (K, R), or None without them. It is
    measured after the step; estimate, gradient_norm and v before it.
    frozen_at: step at which a replica turned non-finite and was frozen, 0 if it never was, (R,).
    critic: what was trained; a frozen replica has its last finite weights, and NaN in the rows
    above from then on. kept: step whose weights the critic has, with early stopping, (R,), or
    None. interrupted: whether the run was ended from the keyboard.
    """

    step: Tensor
    estimate: Tensor
    gradient_norm: Tensor
    v: Tensor | None
    held_out: Tensor | None
    frozen_at: Tensor
    critic: nn.Module
    kept: Tensor | None
    interrupted: bool


@dataclass(eq=False, repr=False)
class Trainer:
    """A training run that one can stop, look at and go on with; `train` runs one to its end.

    x, z: numbers of shape (n,) or (n, d), shared by all replicas, or (R, n, d).
    objective: what is climbed, by default MINE() (eq. 5-gradient): any of the bounds, or a function
    of t_joint (r, b) and t_product (r, m, b) that gives a value in nats for each of some replicas,
    (r,). One that keeps something from step to step needs objective[part], as MINE has it.
    critic: any module with a replica axis, (x, z) -> T of shape (R, b), trained in place; by
    default a StatisticsNetwork with these hidden layers.
    seeds: one a replica, for its batches and the weights of the default network; by default from 0.
    steps: where a run ends. decay: let the learning rate fall to zero by then, along half a cosine.
    clip_norm: largest Euclidean norm of a replica's gradient, which then goes to Adam.
    product: "shift" pairs a batch's x with its z cyclically shifted, "permute" with its z randomly
    permuted; negatives: m, so many product pairs for each joint pair, below batch_size.
    held_out: (x, z) to evaluate every log_every steps, with that many shifts (see `evaluate`).
    early_stopping: end with the weights of the logged step, or of the start, whose held-out value
    was largest.
    device: where to train; the processor's threads are as many as the work pays for, at most
    torch's own number.

    A replica whose estimate or gradient turns non-finite is frozen, and the others go on unharmed.
    Raises ValueError on NaN or infinite data, data that carry gradients, unequal lengths, fewer
    rows than a batch, arguments out of range, and a critic or objective of another shape.
    """

    x: ArrayLike
    z: ArrayLike
    _: KW_ONLY
    objective: Objective = field(default_factory=MINE)
    critic: nn.Module | None = None
    hidden: Sequence[int] = (64, 64)
    seeds: Sequence[int] | None = None
    steps: int = 2000
    batch_size: int = 128
    learning_rate: float = 1e-3
    decay: bool = False
    clip_norm: float | None = None
    product: str = "shift"
    negatives: int = 1
    held_out: tuple[ArrayLike, ArrayLike] | None = None
    early_stopping: bool = False
    shifts: int = 1
    log_every: int = 10
    device: str | torch.device = "cpu"

    def __post_init__(self) -> None:
        self._check_settings()
        replicas = self._count_replicas()
        self._check_objective(replicas)
        self.seeds = range(replicas) if self.seeds is None else self.seeds
        self.device = check_device(self.device)
        x, z = _check_data(self.x, self.z, "", replicas, self.batch_size)
        self.held_out = self._check_held_out(replicas)
        if self.critic is None:
            dims = x.shape[-1], z.shape[-1]
            self.critic = StatisticsNetwork(*dims, self.hidden, replicas, self.seeds)
        self.critic = self.critic.to(self.device)
        rows = (1 + self.negatives) * self.batch_size
        weights = flatten(self.critic)
        passes, self._thread_count = passes_of(self.critic, rows, x.shape[-1])
        with torch.no_grad():
            self._run = self._make_run(passes, weights, x.to(self.device), z.to(self.device))
        self.interrupted = False

    def run(self, steps: int | None = None, progress: bool = True) -> Trainer:
        """Train for so many steps, by default to the planned end, and return the trainer.

        An interrupt from the keyboard ends the run early. Raises ValueError if it would go beyond
        the planned end with decay, since there the learning rate is zero.
        """
        run, start = self._run, self._run.done
        ahead = max(self.steps - start, 0) if steps is None else check_count("steps", steps)
        end = start + ahead
        if self.decay and end > self.steps:
            raise ValueError(f"steps = {ahead}: must end by step {self.steps}, where decay ends")
        run.restore(best=False)
        self.interrupted = True
        with (
            suppress(KeyboardInterrupt),
            torch.no_grad(),
            progress_bar(ahead, progress) as advance,
            closing(paced(start, end, self._thread_count)) as blocks,
        ):
            for until in blocks:
                before = run.done
                while run.done < until:
                    run.step()
                    if run.done % self.log_every == 0 or run.done == end:
                        run.log()
                advance(until - before)
            self.interrupted = False
        return self

    def record(self) -> TrainingRecord:
        """What the run went through so far; with early stopping, the critic then is the best one.

        The critic is the live one: a further run goes on with it.
        """
        run = self._run
        run.restore(best=True)
        rows = [*run.logs.values()]
        values = torch.stack(rows) if rows else torch.empty(0, 4, len(run.weights))
        estimate, gradient_norm, v, held_out = values.unbind(1)
        return TrainingRecord(
            step=torch.tensor([*run.logs], dtype=torch.int64),
            estimate=estimate,
            gradient_norm=gradient_norm,
            v=v if isinstance(self.objective, MINE) else None,
            held_out=None if self.held_out is None else held_out,
            frozen_at=run.frozen_at.cpu(),
            critic=self.critic,
            kept=run.kept.cpu() if self.early_stopping else None,
            interrupted=self.interrupted,
        )

    def _make_run(self, passes: list[Pass], weights: nn.Parameter, x: Tensor, z: Tensor) -> Run:
        fused = weights.device.type in ("cpu", "cuda")  # Adam in one program where torch has one
        adam = torch.optim.Adam([weights], lr=self.learning_rate, fused=fused)
        held_out = None
        if self.held_out is not None:
            held_out = partial(evaluate, self.critic, *self.held_out, self.shifts)
        return Run(
            passes=passes,
            objectives=[_part(self.objective, each.replicas) for each in passes],
            weights=weights,
            batches=Batches(x, z, self.batch_size, self.product, self.negatives, self.seeds),
            optimizer=adam,
            schedule=CosineAnnealingLR(adam, self.steps) if self.decay else None,
            clip_norm=self.clip_norm,
            held_out=held_out,
            keeps_best=self.early_stopping,
        )

    def _check_settings(self) -> None:
        """Refuse settings that are out of range."""
        for name, least in (("steps", 1), ("log_every", 1), ("batch_size", 2), ("negatives", 1)):
            check_count(name, getattr(self, name), least)
        check_choice("product", self.product, PRODUCTS)
        check_between("learning_rate", self.learning_rate, 0, math.inf)
        if self.clip_norm is not None:
            check_between("clip_norm", self.clip_norm, 0, math.inf)
        if self.negatives >= self.batch_size:
            raise ValueError(
                f"negatives = {self.negatives}: must be below batch_size = {self.batch_size}"
            )
        if self.early_stopping and self.held_out is None:
            raise ValueError("held_out = None: must be (x, z) for early stopping")
        if not (self.critic is None or isinstance(self.critic, nn.Module)):
            raise ValueError(f"critic = {self.critic!r}: must be a torch.nn.Module")

    def _count_replicas(self) -> int:
        """Number of seeds, or of the critic's replicas, which must agree."""
        if self.seeds is not None and not len(self.seeds):
            raise ValueError("seeds is empty: must hold one seed for each replica")
        given = None if self.seeds is None else len(self.seeds)
        if self.critic is None:
            return given or 1
        replicas = count_replicas(self.critic)
        if given not in (None, replicas):
            raise ValueError(
                f"seeds has {given} entries: must have {replicas}, one a replica of the critic"
            )
        return replicas

    def _check_objective(self, replicas: int) -> None:
        if not callable(self.objective):
            raise ValueError(f"objective = {self.objective!r}: must be a function such as MINE()")
        rates = self.objective.alpha if isinstance(self.objective, MINE) else None
        if isinstance(rates, tuple) and len(rates) != replicas:
            raise ValueError(f"alpha has {len(rates)} entries: must have {replicas}, one a replica")

    def _check_held_out(self, replicas: int) -> tuple[Tensor, Tensor] | None:
        if self.held_out is None:
            return None
        if len(self.held_out) != 2:
            raise ValueError(f"held_out has {len(self.held_out)} entries: must be (x, z)")
        held_out = _check_data(*self.held_out, "held-out ", replicas, least=2)
        check_shifts(self.shifts, held_out[0].shape[1])
        return tuple(each.to(self.device) for each in held_out)


def train(x: ArrayLike, z: ArrayLike, *, progress: bool = True, **settings: Any) -> TrainingRecord:
    """Train critics by MINE, or another objective, and return what the training went through.

    x, z: numbers of shape (n,) or (n, d), paired row by row. settings: those of `Trainer`, where
    they are explained; by default one StatisticsNetwork climbs MINE() for 2000 steps of Adam on
    batches of 128 pairs. progress: whether to show a bar.

    An interrupt from the keyboard ends the run and returns the record so far. Raises ValueError as
    `Trainer`.
    """
    return Trainer(x, z, **settings).run(progress=progress).record()


# help() shows the settings one by one.
train.__signature__ = inspect.Signature(
    [
        *inspect.signature(Trainer).parameters.values(),
        inspect.signature(train).parameters["progress"],
    ],
    return_annotation=TrainingRecord,
)


def _part(objective: Objective, part: slice) -> Objective:
    """An objective of its own for some replicas, if it keeps something from step to step."""
    return objective[part] if hasattr(objective, "__getitem__") else objective


def _check_data(
    x: ArrayLike, z: ArrayLike, kind: str, replicas: int, least: int
) -> tuple[Tensor, Tensor]:
    """Refuse data that cannot be trained on, and give them a replica axis: (1 or R, n, d)."""
    for name, values in (("x", x), ("z", z)):
        if isinstance(values, Tensor) and values.requires_grad:
            raise ValueError(
                f"{kind}{name} carries gradients, which training would cut off: detach it, or "
                "use MINE as a loss, -MINE()(*critic_values(critic, x, z)).sum()"
            )
    x, z = (check_replicated(f"{kind}{name}", v, replicas) for name, v in (("x", x), ("z", z)))
    check_same_length(x.shape[1], z.shape[1], kind)
    if x.shape[1] < least:
        raise ValueError(f"{kind}x has {x.shape[1]} rows: must have at least {least}")
    replicas = max(len(x), len(z))
    return x.expand(replicas, -1, -1), z.expand(replicas, -1, -1)
