"""A training run under way: what a step does, and what is kept of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler

from mine_lib.batches import Batches
from mine_lib.checks import check_objective_value
from mine_lib.critics import Part
from mine_lib.mine import MINE
from mine_lib.passes import Pass

Objective = Callable[[Tensor, Tensor], Tensor]


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

    step: Tensor = field(repr=False)
    estimate: Tensor = field(repr=False)
    gradient_norm: Tensor = field(repr=False)
    v: Tensor | None = field(repr=False)
    held_out: Tensor | None = field(repr=False)
    frozen_at: Tensor
    critic: nn.Module = field(repr=False)
    kept: Tensor | None
    interrupted: bool

    def part(self, replicas: slice) -> TrainingRecord:
        """The record of some of the replicas."""
        of_steps = ("estimate", "gradient_norm", "v", "held_out")
        found = {name: getattr(self, name) for name in (*of_steps, "frozen_at", "kept")}
        some = {name: v[..., replicas] for name, v in found.items() if v is not None}
        return replace(self, critic=Part(self.critic, replicas), **some)


def weigh(
    objective: Objective, t_joint: Tensor, t_product: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Value (r,) of an objective, and its derivatives by t_joint (r, b) and t_product (r, m, b).

    By autograd, unless the objective says itself what the values weigh, as MINE does. Raises
    ValueError if it does not give one value a replica, or one that no critic value changes.
    """
    if hasattr(objective, "weigh"):
        return objective.weigh(t_joint, t_product)
    with torch.enable_grad():
        t = [each.detach().requires_grad_() for each in (t_joint, t_product)]
        value = check_objective_value(objective(*t), len(t_joint))
        if not value.requires_grad:
            raise ValueError("the objective's value does not depend on T: there is no gradient")
        weights = torch.autograd.grad(value.sum(), t, materialize_grads=True)
    return value.detach(), *weights


@dataclass(eq=False)
class Run:
    """The state of a `Trainer` between two steps.

    passes: cover all replicas. objectives: one a pass. weights: (R, numbers), whose grad the passes
    write. held_out: gives the value on held-out pairs, (R,), or None. keeps_best: whether to keep
    the weights of the logged step where it was largest. averaging: what a moving average of the
    weights keeps of itself in a step; it is then what is evaluated and kept. done: steps
    so far. logs: for each logged step, the rows value, gradient norm, v and held-out value, (4, R),
    NaN where there is none.
    """

    passes: list[Pass]
    objectives: list[Objective]
    weights: Tensor
    batches: Batches
    optimizer: torch.optim.Optimizer
    schedule: LRScheduler | None
    clip_norm: float | None
    held_out: Callable[[], Tensor] | None
    keeps_best: bool
    averaging: float | None = None
    done: int = 0
    logs: dict[int, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nothing = torch.full_like(self.weights.data[:, 0], math.nan)
        self.value, self.norm, self.v = nothing.clone(), nothing.clone(), nothing.clone()
        self.frozen_at = torch.zeros_like(nothing, dtype=torch.long)
        self.latest: Tensor | None = None
        self.average = self.weights.data.clone() if self.averaging else self.weights.data
        if self.keeps_best:
            self.kept, self.best = self.frozen_at.clone(), self.weights.data.clone()
            start = self.held_out()
            self.largest = torch.where(torch.isnan(start), -math.inf, start)

    def step(self) -> None:
        """One step of the optimizer along the gradient of one batch."""
        rows = self.batches.next_rows()
        for work, objective in zip(self.passes, self.objectives, strict=True):
            part = work.replicas
            pairs = self.batches.pairs(rows[:, part])
            values, backward = work.forward(pairs.flatten(1, 2))
            values = values.unflatten(1, pairs.shape[1:3])
            self.value[part], joint, product = weigh(objective, values[:, 0], values[:, 1:])
            weights = torch.cat([joint[:, None], product], 1).flatten(1)
            backward(weights.neg_())  # the optimizer descends
            if isinstance(objective, MINE):
                self.v[part] = objective.v
        self.norm = torch.linalg.vector_norm(self.weights.grad, dim=1)
        self._freeze_non_finite()
        if self.clip_norm is not None:
            self.weights.grad *= (self.clip_norm / self.norm).clamp(max=1)[:, None]
        self._update_weights()
        self.done += 1
        if self.averaging:
            keep = min(self.averaging, self.done / (self.done + 9))  # of few steps, all of them
            self.average.lerp_(self.weights.data, 1 - keep)

    def _freeze_non_finite(self) -> None:
        """Mark replicas that just turned non-finite; their weights are still the last good ones."""
        finite = torch.isfinite(self.value + self.norm)
        self.frozen_at.masked_fill_(~finite & (self.frozen_at == 0), self.done + 1)

    def _update_weights(self) -> None:
        frozen = (self.frozen_at > 0)[:, None]
        kept = self.weights.data.clone() if frozen.any() else None
        self.optimizer.step()
        if self.schedule is not None:
            self.schedule.step()
        if kept is not None:
            self.weights.data.copy_(torch.where(frozen, kept, self.weights.data))

    def log(self) -> None:
        """Keep a row of what the last step was, and the weights if none were better."""
        held_out = self._evaluate()
        if self.keeps_best:
            is_larger = (held_out > self.largest) & (self.frozen_at == 0)
            self.largest = torch.where(is_larger, held_out, self.largest)
            self.kept[is_larger] = self.done
            self.best[is_larger] = self.average[is_larger]
        row = torch.stack([self.value, self.norm, self.v, held_out])
        self.logs[self.done] = row.masked_fill_(self.frozen_at > 0, math.nan).cpu()

    def _evaluate(self) -> Tensor:
        """Held-out values, (R,), of the averaged weights if there are such."""
        if self.held_out is None:
            return torch.full_like(self.norm, math.nan)
        if not self.averaging:
            return self.held_out()
        latest = self.weights.data.clone()
        self.weights.data.copy_(self.average)
        values = self.held_out()
        self.weights.data.copy_(latest)
        return values

    def restore(self, best: bool) -> None:
        """Give the critic its best weights, or, to go on training, its latest ones back."""
        if best and self.keeps_best and self.latest is None:
            self.latest = self.weights.data.clone()
            self.weights.data.copy_(self.best)
        elif not best and self.latest is not None:
            self.weights.data.copy_(self.latest)
            self.latest = None
