"""Training of statistics networks: MINE, vanilla and with a moving average.

All replicas train at once and share nothing. Both variants of MINE climb the same surrogate,
E_P[T] - E_Q[e^T]/v with v held fixed, whose gradient is that of MINE (section 3.2): with the batch
mean of e^T for v it is the vanilla gradient, with a moving average the corrected one (section 5.1).
Other objectives (section 7.4) weigh the critic values otherwise; all else is the same.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler

from mine_lib.bounds import log_mean_exp
from mine_lib.checks import (
    check_between,
    check_choice,
    check_count,
    check_device,
    check_rate,
    check_replicated,
    check_same_length,
)
from mine_lib.networks import CriticPass, StatisticsNetwork, flatten
from mine_lib.progress import progress_bar

MINE = ("vanilla", "ema")
VARIANTS = (*MINE, "nwj", "infonce", "smile")
PRODUCTS = ("shift", "permute")
Critic = Callable[..., Tensor]


@dataclass(frozen=True, eq=False)
class TrainingRecord:
    """What a training run went through: K logged steps of R replicas, information in nats.

    step: (K,), counted from 1. estimate: Donsker-Varadhan value of the batch, whatever the variant,
    (K, R).
    gradient_norm: Euclidean norm over all parameters, before clipping, (K, R).
    v: the normaliser, mean or moving average of e^T, (K, R).
    held_out: Donsker-Varadhan value on the held-out pairs, (K, R), or None without them. It is
    measured after the step; estimate, gradient_norm and v before it.
    frozen_at: step at which a replica turned non-finite and was frozen, 0 if it never was, (R,).
    network: the trained networks; a frozen one has its last finite weights, and NaN in the rows
    above from then on. kept: step whose weights the network has, with early stopping, (R,), or
    None. interrupted: whether the run was ended from the keyboard.
    """

    step: Tensor
    estimate: Tensor
    gradient_norm: Tensor
    v: Tensor
    held_out: Tensor | None
    frozen_at: Tensor
    network: StatisticsNetwork
    kept: Tensor | None
    interrupted: bool


def train(
    x: ArrayLike,
    z: ArrayLike,
    *,
    variant: str = "ema",
    steps: int = 2000,
    batch_size: int = 128,
    learning_rate: float = 1e-3,
    alpha: float | Sequence[float] = 0.01,
    bias_corrected: bool = False,
    hidden: Sequence[int] = (64, 64),
    seeds: Sequence[int] = (0,),
    held_out: tuple[ArrayLike, ArrayLike] | None = None,
    log_every: int = 10,
    optimizer: Callable[..., torch.optim.Optimizer] | None = None,
    clip_norm: float | None = None,
    product: str = "shift",
    negatives: int = 1,
    stable: bool = True,
    decay: bool = False,
    base: Critic | None = None,
    early_stopping: bool = False,
    shifts: int = 1,
    chunk: int | None = None,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> TrainingRecord:
    """Train one statistics network per seed, by MINE or another bound (eq. 5-gradient, 5.1).

    x, z: numbers of shape (n,) or (n, d), shared by all replicas, or (R, n, d).
    variant: "vanilla", or "ema" with a moving average v of rate alpha, 0 < alpha <= 1, which starts
    at 1 or, if bias_corrected, at 0 and is divided by 1 - (1 - alpha)^step. alpha may be a list of
    rates, one a replica; with rate 1 a replica is "vanilla". "nwj" climbs the NWJ bound with a = e,
    "infonce" InfoNCE (eq. 7-infonce), "smile" the Jensen-Shannon objective (eq. 7-js).
    seeds: one a replica, for its initial weights and its batches.
    held_out: (x, z) to evaluate, with that many shifts for the product term.
    optimizer: called with a list of one tensor, (R, numbers), and lr; by default Adam. It must
    treat each number by itself, or replicas would touch each other. clip_norm: largest Euclidean
    norm of a replica's gradient.
    product: "shift" pairs a batch's x with its z cyclically shifted, "permute" with its z randomly
    permuted; negatives: so many product pairs for each joint pair, below batch_size.
    stable: take logs of means of e^T by logsumexp; otherwise e^T may overflow. decay: let the
    learning rate fall to zero along half a cosine.
    base: a critic that the networks are added to, called with x, z and a slice of the replicas.
    early_stopping: the last layers start at zero, so that T starts as the base, and a network ends
    with the weights of the logged step, or of the start, whose held-out value was largest.
    chunk: replicas whose layers are in memory at once, two or more; by default as many as fit in
    the cache of a processor, on other devices all. No result depends on it.

    A replica whose estimate or gradient turns non-finite is frozen, and the others go on unharmed.
    An interrupt from the keyboard ends the run and returns the record so far; the network may be
    up to log_every steps ahead of its last row. Raises ValueError on NaN or infinite data, unequal
    lengths, fewer rows than a batch, and arguments out of range.
    """
    _check_settings(variant, product, steps, log_every, learning_rate, clip_norm, seeds)
    device = check_device(device)
    alphas = _check_alphas(alpha if variant == "ema" else 1.0, len(seeds))
    data = _check_data(x, z, "", len(seeds), check_count("batch_size", batch_size, 2))
    if check_count("negatives", negatives) >= batch_size:
        raise ValueError(f"negatives = {negatives}: must be below batch_size = {batch_size}")
    if early_stopping and held_out is None:
        raise ValueError("held_out = None: must be (x, z) for early stopping")
    if held_out is not None:
        if len(held_out) != 2:
            raise ValueError(f"held_out has {len(held_out)} entries: must be (x, z)")
        held_out = _check_data(*held_out, "held-out ", len(seeds), least=2).to(device)
        _check_shifts(shifts, held_out.rows)
    network = StatisticsNetwork(data.x.shape[-1], data.z.shape[-1], hidden, len(seeds), seeds)
    if early_stopping:
        network.weights[-1].data.zero_()
        network.biases[-1].data.zero_()
    network = network.to(device)
    weights = flatten(network)
    optimizer = (optimizer or _adam)([weights], lr=learning_rate)
    rows = (1 + negatives) * batch_size
    chunk = _cached(network, rows) if chunk is None else check_count("chunk", chunk, 2)
    passes = CriticPass.split(network, chunk, rows)
    run = _Run(
        network=network,
        weights=weights,
        data=data.to(device),
        held_out=held_out,
        epochs=[_epochs(data.rows, batch_size, product, seed, negatives) for seed in seeds],
        passes=passes,
        averages=[MovingAverage(alphas[each.replicas], bias_corrected) for each in passes],
        optimizer=optimizer,
        schedule=CosineAnnealingLR(optimizer, steps) if decay else None,
        variant=variant,
        clip_norm=clip_norm,
        stable=stable,
        base=base,
        early_stopping=early_stopping,
        shifts=shifts,
    )
    interrupted = True
    with suppress(KeyboardInterrupt), progress_bar(range(1, steps + 1), progress) as numbers:
        for step in numbers:
            run.step(step)
            if step % log_every == 0 or step == steps:
                run.log(step)
        interrupted = False
    return run.record(interrupted)


def evaluate(
    network: Callable[[Tensor, Tensor], Tensor], x: Tensor, z: Tensor, shifts: int = 1
) -> Tensor:
    """Donsker-Varadhan value in nats of all pairs, shape (R,), without gradients (section 3.3).

    network: a StatisticsNetwork, or any critic. x, z: (n, d) or (R, n, d), on its device. The
    product term is a mean over `shifts` cyclic shifts of z, spread evenly over those below n/2 if
    there are enough (uncorrelated at the optimum, eq. 3-shifts), else over all n - 1.

    Raises ValueError unless 1 <= shifts < n.
    """
    rows = x.shape[-2]
    _check_shifts(shifts, rows)
    below_half = (rows - 1) // 2
    largest = below_half if shifts <= below_half else rows - 1
    offsets = np.linspace(1, largest, shifts).round().astype(int)
    with torch.no_grad():
        means = [log_mean_exp(network(x, z.roll(int(offset), -2))) for offset in offsets]
        return network(x, z).mean(-1) - log_mean_exp(torch.stack(means, -1))


class MovingAverage:
    """Moving average v of batch means of e^T, one per replica, kept as log v (section 5.1).

    v <- (1 - alpha) v + alpha mean, from v = 1, or from v = 0 and divided by 1 - (1 - alpha)^steps
    if bias_corrected. With alpha = 1 it is the last batch mean. alpha: a number or one a replica.
    """

    def __init__(self, alpha: float | Sequence[float], bias_corrected: bool = False) -> None:
        alphas = torch.as_tensor(alpha, dtype=torch.float64)
        self.log_keep, self.log_rate = torch.log1p(-alphas), torch.log(alphas)
        self.bias_corrected = bias_corrected
        self.log_v = torch.tensor(-math.inf if bias_corrected else 0.0)
        self.steps = 0

    def update(self, log_mean: Tensor) -> Tensor:
        """Take in the logarithm of a batch mean, shape (R,), and return log v, shape (R,)."""
        self.steps += 1
        self.log_keep, self.log_rate = self.log_keep.to(log_mean), self.log_rate.to(log_mean)
        self.log_v = self.log_v.to(log_mean).expand_as(log_mean)
        # torch.logaddexp rounds a number otherwise if it stands beside many.
        terms = torch.stack([self.log_keep + self.log_v, self.log_rate + log_mean])
        self.log_v = terms.logsumexp(0)
        if not self.bias_corrected:
            return self.log_v
        return self.log_v - torch.log(-torch.expm1(self.steps * self.log_keep))


@dataclass(frozen=True)
class _Pairs:
    """x and z of shape (R or 1, n, d)."""

    x: Tensor
    z: Tensor

    @property
    def rows(self) -> int:
        return self.x.shape[1]

    def to(self, device: str | torch.device) -> "_Pairs":
        return _Pairs(self.x.to(device), self.z.to(device))


@dataclass
class _Run:
    """A training run between two steps."""

    network: StatisticsNetwork
    weights: Tensor
    data: _Pairs
    held_out: _Pairs | None
    epochs: list[Iterator[np.ndarray]]
    passes: list[CriticPass]
    averages: list[MovingAverage]
    optimizer: torch.optim.Optimizer
    schedule: LRScheduler | None
    variant: str
    clip_norm: float | None
    stable: bool
    base: Critic | None
    early_stopping: bool
    shifts: int
    logs: list[tuple[int, Tensor]] = field(default_factory=list)

    def __post_init__(self) -> None:
        replicas = self.weights.data.new_zeros(self.network.replicas)
        self.estimate, self.v = replicas.clone(), replicas.clone()
        self.frozen_at = replicas.long()
        self.batch = self.batches = 0
        both = torch.cat([self.data.x, self.data.z], -1)
        own = torch.arange(len(both), device=both.device)[:, None]
        self.pairs, self.first_row = both.flatten(0, 1), own * self.data.rows
        self.dims = self.data.x.shape[-1], self.data.z.shape[-1]
        if self.early_stopping:
            self.kept, self.kept_weights = self.frozen_at.clone(), self.weights.data.clone()
            self.largest = self._evaluate()

    def step(self, number: int) -> None:
        rows = self._next_batch()
        for critic, average in zip(self.passes, self.averages, strict=True):
            part = critic.replicas
            pairs = self._batch(rows[:, part])
            values = critic.forward(pairs.flatten(1, 2))
            if self.base is not None:
                values += self.base(*pairs.flatten(1, 2).split(self.dims, -1), part)
            values = values.unflatten(1, pairs.shape[1:3])
            t_joint, t_product = values[:, 0], values[:, 1:]
            log_mean = _log_mean_exp(t_product.flatten(1), self.stable)
            log_v = average.update(log_mean)
            weights = torch.cat(_weights(self.variant, t_joint, t_product, log_v), 1)
            critic.backward(weights.flatten(1) / t_joint.shape[1])
            self.estimate[part] = t_joint.mean(-1) - log_mean
            self.v[part] = log_v.exp()
        self._update_weights(number)

    def _next_batch(self) -> Tensor:
        """Rows of the joint batch of each replica, and their partners: (1 + negatives, R, b)."""
        if self.batch == self.batches:
            epoch = torch.from_numpy(np.stack([next(each) for each in self.epochs], 2))
            self.epoch, self.batch, self.batches = epoch.to(self.data.x.device), 0, epoch.shape[1]
        self.batch += 1
        return self.epoch[:, self.batch - 1].long() + self.first_row

    def _batch(self, rows: Tensor) -> Tensor:
        """Joint and product pairs of some replicas, (r, 1 + negatives, b, x_dim + z_dim)."""
        rows = rows.transpose(0, 1)
        pairs = self.pairs.index_select(0, rows.flatten()).view(*rows.shape, -1)
        x_dim = self.dims[0]
        pairs[:, 1:, :, :x_dim] = pairs[:, :1, :, :x_dim]
        return pairs

    def _update_weights(self, number: int) -> None:
        self.gradient_norm = torch.linalg.vector_norm(self.weights.grad, dim=1)
        self._freeze_non_finite(number)
        if self.clip_norm is not None:
            self.weights.grad *= (self.clip_norm / self.gradient_norm).clamp(max=1)[:, None]
        frozen = (self.frozen_at > 0)[:, None]
        kept = self.weights.data.clone() if frozen.any() else None
        self.optimizer.step()
        if self.schedule is not None:
            self.schedule.step()
        if kept is not None:
            self.weights.data.copy_(torch.where(frozen, kept, self.weights.data))

    def _freeze_non_finite(self, number: int) -> None:
        """Mark replicas that just turned non-finite; their weights are still the last good ones."""
        finite = torch.isfinite(self.estimate + self.gradient_norm)
        self.frozen_at.masked_fill_(~finite & (self.frozen_at == 0), number)

    def log(self, number: int) -> None:
        values = torch.stack([self.estimate, self.gradient_norm, self.v])
        if self.held_out is not None:
            held_out = self._evaluate()
            values = torch.cat([values, held_out[None]])
            if self.early_stopping:
                is_larger = held_out > self.largest
                self.largest = torch.where(is_larger, held_out, self.largest)
                self.kept[is_larger] = number
                self.kept_weights[is_larger] = self.weights.data[is_larger]
        values.masked_fill_(self.frozen_at > 0, math.nan)
        self.logs.append((number, values.cpu()))

    def _evaluate(self) -> Tensor:
        """Held-out value of each replica."""

        def critic(x: Tensor, z: Tensor) -> Tensor:
            t = self.network(x, z)
            return t if self.base is None else t + self.base(x, z, slice(None))

        return evaluate(critic, self.held_out.x, self.held_out.z, self.shifts)

    def record(self, interrupted: bool) -> TrainingRecord:
        if self.early_stopping:
            self.weights.data.copy_(self.kept_weights)
        none = torch.empty(0, 3 if self.held_out is None else 4, self.network.replicas)
        values = torch.stack([each for _, each in self.logs]) if self.logs else none
        estimate, gradient_norm, v, *held_out = values.unbind(1)
        return TrainingRecord(
            step=torch.tensor([number for number, _ in self.logs], dtype=torch.int64),
            estimate=estimate,
            gradient_norm=gradient_norm,
            v=v,
            held_out=held_out[0] if held_out else None,
            frozen_at=self.frozen_at.cpu(),
            network=self.network,
            kept=self.kept.cpu() if self.early_stopping else None,
            interrupted=interrupted,
        )


def _log_mean_exp(t: Tensor, stable: bool) -> Tensor:
    return log_mean_exp(t) if stable else t.exp().mean(-1).log()


def _weights(variant: str, t_joint: Tensor, t_product: Tensor, log_v: Tensor) -> list[Tensor]:
    """How much each critic value weighs in the gradient of the objective, downhill, times b.

    t_joint: (r, b), t_product: (r, m, b). Returns shapes (r, 1, b) and (r, m, b).
    """
    t_joint = t_joint[:, None]
    if variant == "infonce":
        chosen = torch.cat([t_joint, t_product], 1).softmax(1)
        return [chosen[:, :1] - 1, chosen[:, 1:]]
    if variant == "smile":
        return [-torch.sigmoid(-t_joint), torch.sigmoid(t_product) / t_product.shape[1]]
    log_a = torch.ones_like(log_v) if variant == "nwj" else log_v
    ratio = (t_product - log_a[:, None, None]).exp()  # e^T / v
    return [-torch.ones_like(t_joint), ratio / t_product.shape[1]]


def _adam(weights: list[Tensor], lr: float) -> torch.optim.Adam:
    """Adam in one program where torch has one."""
    return torch.optim.Adam(weights, lr=lr, fused=weights[0].device.type in ("cpu", "cuda"))


def _cached(network: StatisticsNetwork, rows: int) -> int:
    """Replicas whose widest layer takes two mebibytes a thread: a few such stay in the cache."""
    weight = network.weights[0]
    if weight.device.type != "cpu":
        return max(2, network.replicas)
    width = max(bias.shape[-1] for bias in network.biases)
    layer = rows * width * weight.element_size()
    return max(2, torch.get_num_threads() * 2**21 // layer)


def _epochs(
    n: int, batch_size: int, product: str, seed: int, negatives: int = 1
) -> Iterator[np.ndarray]:
    """Rows of an epoch's joint batches and their partners, (1 + negatives, batches, b)."""
    rng = np.random.default_rng([seed, 1])  # not the stream that drew the initial weights
    while True:
        rows = rng.permutation(n)[: n // batch_size * batch_size].reshape(-1, batch_size)
        if product == "shift":
            partners = [np.roll(rows, shift + 1, axis=1) for shift in range(negatives)]
        else:
            partners = [
                np.stack([rng.permutation(batch) for batch in rows]) for _ in range(negatives)
            ]
        yield np.stack([rows, *partners]).astype(np.int32)


def _check_settings(
    variant: str,
    product: str,
    steps: int,
    log_every: int,
    learning_rate: float,
    clip_norm: float | None,
    seeds: Sequence[int],
) -> None:
    """Refuse settings of `train` that are out of range."""
    check_choice("variant", variant, VARIANTS)
    check_choice("product", product, PRODUCTS)
    check_count("steps", steps)
    check_count("log_every", log_every)
    check_between("learning_rate", learning_rate, 0, math.inf)
    if clip_norm is not None:
        check_between("clip_norm", clip_norm, 0, math.inf)
    if not len(seeds):
        raise ValueError("seeds is empty: must hold one seed for each replica")


def _check_shifts(shifts: int, rows: int) -> None:
    if check_count("shifts", shifts) >= rows:
        raise ValueError(f"shifts = {shifts}: must be less than the {rows} rows")


def _check_alphas(alpha: float | Sequence[float], replicas: int) -> list[float]:
    """Return a rate for each replica."""
    alphas = list(alpha) if isinstance(alpha, Sequence) else [alpha] * replicas
    if len(alphas) != replicas:
        raise ValueError(f"alpha has {len(alphas)} entries: must have {replicas}, one a replica")
    return [check_rate("alpha", each) for each in alphas]


def _check_data(x: ArrayLike, z: ArrayLike, kind: str, replicas: int, least: int) -> _Pairs:
    """Refuse data that cannot be trained on, and give them a replica axis."""
    x, z = (check_replicated(f"{kind}{name}", v, replicas) for name, v in (("x", x), ("z", z)))
    rows = x.shape[1]
    check_same_length(rows, z.shape[1], kind)
    if rows < least:
        raise ValueError(f"{kind}x has {rows} rows: must have at least {least}")
    replicas = max(len(x), len(z))
    return _Pairs(x.expand(replicas, -1, -1), z.expand(replicas, -1, -1))
