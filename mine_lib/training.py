"""Training of critics: MINE, or any other objective, climbed by all replicas at once.

A step draws a joint and a product batch, asks the objective what each critic value weighs in its
gradient, and lets a pass turn these weights into that of the network. Replicas share nothing.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from contextlib import closing, suppress
from copy import deepcopy
from dataclasses import KW_ONLY, InitVar, dataclass
from functools import partial
from typing import Any

import numpy as np
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
    check_seeds,
    check_shifts,
)
from mine_lib.critics import StatisticsNetwork
from mine_lib.evaluation import evaluate
from mine_lib.mine import MINE
from mine_lib.passes import Pass, count_replicas, flatten, holds, passes_of
from mine_lib.runs import Objective, Run, TrainingRecord
from mine_lib.threads import paced

HIDDEN = (64, 64)


@dataclass(frozen=True, eq=False, repr=False)
class Trainer:
    """A training run that one can stop, look at and go on with; `train` runs one to its end.

    x, z: numbers of shape (n,) or (n, d), shared by all replicas, or (R, n, d).
    objective: what is climbed, by default MINE() (eq. 5-gradient): any of the bounds, or a function
    of t_joint (r, b) and t_product (r, m, b) that gives a value in nats for each of some replicas,
    (r,). A run works on copies of it (a function's are the function itself); one whose memory has a
    replica axis needs objective[part], as MINE has it.
    critic: any module with a replica axis, (x, z) -> T of shape (R, b), trained in place; by
    default a StatisticsNetwork with `hidden` layers of so many units, (64, 64).
    seeds: one a replica, for its batches and the weights of the default network; by default from 0.
    steps, batch_size, learning_rate: of Adam. decay: let the rate fall to zero by the last of these
    steps, along half a cosine. clip_norm: largest Euclidean norm of a replica's gradient.
    product: "shift" pairs a batch's x with its z cyclically shifted, "permute" with its z randomly
    permuted; negatives: m, so many product pairs for each joint pair, below batch_size.
    held_out: (x, z) to evaluate in the logged steps, with so many shifts (see `evaluate`).
    log_every: steps between rows of the record; the last step of each run has one, too.
    early_stopping: end with the weights of the logged step, or of the start, whose held-out value
    was largest; with `averaging` those of a moving average, which keeps so much of itself a step.
    device: where to train. Torch uses as many threads as the work pays for, at most its own number.

    Settings cannot be changed afterwards. A replica whose estimate or gradient turns non-finite is
    frozen, and the others go on unharmed. Raises ValueError on NaN or infinite data, data that
    carry gradients, unequal lengths, fewer rows than a batch, arguments out of range, and a critic
    or objective of another shape.
    """

    x: InitVar[ArrayLike]
    z: InitVar[ArrayLike]
    _: KW_ONLY
    objective: Objective | None = None
    critic: nn.Module | None = None
    hidden: Sequence[int] | None = None
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
    averaging: float | None = None
    shifts: int = 1
    log_every: int = 10
    device: str | torch.device = "cpu"

    def __post_init__(self, x: ArrayLike, z: ArrayLike) -> None:
        self._check_settings()
        self._check_objective(replicas := self._count_replicas(x, z))
        device = check_device(self.device)
        data = _check_data(x, z, "", replicas, self.batch_size)
        held_out = self._check_held_out(replicas)
        critic = self.critic
        if critic is None:
            dims, hidden = (each.shape[-1] for each in data), self.hidden
            hidden = HIDDEN if hidden is None else hidden
            critic = StatisticsNetwork(*dims, hidden, replicas, self.seeds)
        critic = critic.to(device)
        weights = flatten(critic)
        x, z, *held_out = (each.to(weights) for each in (*data, *held_out))
        rows = (1 + self.negatives) * self.batch_size
        passes, threads = passes_of(critic, rows, x.shape[-1])
        self._keep(critic=critic, device=device, _weights=weights, _threads=threads)
        with torch.no_grad():
            batches = Batches(x, z, self.batch_size, self.product, self.negatives, self.seeds)
            self._keep(_run=self._make_run(passes, batches, held_out), interrupted=False)

    def __repr__(self) -> str:
        return f"<Trainer: step {self._run.done} of {self.steps}, {len(self.seeds)} replicas>"

    @property
    def done(self) -> int:
        """Steps so far."""
        return self._run.done

    def _keep(self, **values: object) -> None:
        """Set attributes, which readers cannot: what they set would come too late."""
        vars(self).update(values)

    def run(self, steps: int | None = None, progress: bool = True) -> Trainer:
        """Train for so many steps, by default to the planned end, and return the trainer.

        After an interrupt from the keyboard, which is raised again, the run can go on. Raises
        ValueError if it would go beyond the planned end with decay, since there the learning rate
        is zero, and RuntimeError if something else has given the critic other weights meanwhile.
        """
        run, start = self._run, self._run.done
        if not holds(self.critic, self._weights):
            raise RuntimeError(
                "the critic got other weights since (by `to`, a training): start anew"
            )
        ahead = max(self.steps - start, 0) if steps is None else check_count("steps", steps)
        end = start + ahead
        if self.decay and end > self.steps:
            raise ValueError(f"steps = {ahead}: must end by step {self.steps}, where decay ends")
        run.restore(best=False)
        self._keep(interrupted=True)
        with (
            torch.no_grad(),
            progress_bar(ahead, progress) as advance,
            closing(paced(start, end, self._threads)) as blocks,
        ):
            for until in blocks:
                before = run.done
                while run.done < until:
                    run.step()
                    if run.done % self.log_every == 0 or run.done == end:
                        run.log()
                advance(until - before)
        self._keep(interrupted=False)
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
            v=v if isinstance(run.objectives[0], MINE) else None,
            held_out=None if run.held_out is None else held_out,
            frozen_at=run.frozen_at.clone().cpu(),
            critic=self.critic,
            kept=run.kept.clone().cpu() if self.early_stopping else None,
            interrupted=self.interrupted,
        )

    def _make_run(self, passes: list[Pass], batches: Batches, held_out: list[Tensor]) -> Run:
        fused = self._weights.device.type in ("cpu", "cuda")  # one program where torch has one
        adam = torch.optim.Adam([self._weights], lr=self.learning_rate, fused=fused)
        return Run(
            passes=passes,
            objectives=[_part(self.objective, each.replicas) for each in passes],
            weights=self._weights,
            batches=batches,
            optimizer=adam,
            schedule=CosineAnnealingLR(adam, self.steps) if self.decay else None,
            clip_norm=self.clip_norm,
            held_out=partial(evaluate, self.critic, *held_out, self.shifts) if held_out else None,
            keeps_best=self.early_stopping,
            averaging=self.averaging,
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
        for name in ("decay", "early_stopping"):
            check_choice(name, getattr(self, name), (False, True))
        if self.averaging is not None:
            check_between("averaging", self.averaging, 0, 1)
            if not self.early_stopping:
                raise ValueError(
                    f"averaging = {self.averaging}: must be None unless early_stopping"
                )
        if self.early_stopping and self.held_out is None:
            raise ValueError("held_out = None: must be (x, z) for early stopping")
        if not (self.critic is None or isinstance(self.critic, nn.Module)):
            raise ValueError(f"critic = {self.critic!r}: must be a torch.nn.Module")
        if self.critic is not None and self.hidden is not None:
            raise ValueError(f"hidden = {self.hidden!r}: must be left out beside a critic")

    def _count_replicas(self, x: ArrayLike, z: ArrayLike) -> int:
        """Replicas of the critic; without one as many as seeds, or as data sets. Fills in seeds."""
        replicas = None if self.critic is None else count_replicas(self.critic)
        if self.seeds is None:
            data_sets = max(np.shape(each)[0] if np.ndim(each) == 3 else 1 for each in (x, z))
            self._keep(seeds=range(replicas or data_sets))
        self._keep(seeds=check_seeds(self.seeds, replicas))
        return len(self.seeds)

    def _check_objective(self, replicas: int) -> None:
        self._keep(objective=MINE() if self.objective is None else self.objective)
        if isinstance(self.objective, type) or not callable(self.objective):
            raise ValueError(f"objective = {self.objective!r}: must be a function such as MINE()")
        rates = self.objective.alpha if isinstance(self.objective, MINE) else None
        if isinstance(rates, tuple) and len(rates) != replicas:
            raise ValueError(f"alpha has {len(rates)} entries: must have {replicas}, one a replica")

    def _check_held_out(self, replicas: int) -> tuple[Tensor, ...]:
        check_count("shifts", self.shifts)
        if self.held_out is None:
            return ()
        if len(self.held_out) != 2:
            raise ValueError(f"held_out has {len(self.held_out)} entries: must be (x, z)")
        held_out = _check_data(*self.held_out, "held-out ", replicas, least=2)
        check_shifts(self.shifts, held_out[0].shape[1])
        return held_out


def train(x: ArrayLike, z: ArrayLike, *, progress: bool = True, **settings: Any) -> TrainingRecord:
    """Train critics by MINE, or another objective, and return what the training went through.

    x, z: numbers of shape (n,) or (n, d), shared by all replicas, or (R, n, d), paired row by row.
    settings: those of `Trainer`, which explains them; by default one StatisticsNetwork climbs
    MINE() for 2000 steps of Adam on batches of 128 pairs. progress: whether to show a bar.

    An interrupt from the keyboard ends the run and returns the record so far. Raises ValueError as
    `Trainer`.
    """
    trainer = Trainer(x, z, **settings)
    with suppress(KeyboardInterrupt):
        trainer.run(progress=progress)
    return trainer.record()


# help() shows the settings one by one.
train.__signature__ = inspect.Signature(
    [
        *inspect.signature(Trainer).parameters.values(),
        inspect.signature(train).parameters["progress"],
    ],
    return_annotation=TrainingRecord,
)


def _part(objective: Objective, part: slice) -> Objective:
    """A copy of the objective for some replicas, lest they meet in what it keeps."""
    return objective[part] if hasattr(objective, "__getitem__") else deepcopy(objective)


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
