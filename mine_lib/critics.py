"""Critics: what one calls with x and z and gets T(x, z), one value a pair and replica.

Every parameter carries a leading replica axis R, so that a study over seeds or settings is one
tensor program. Replicas share nothing: but for rounding, each behaves as if it were alone.
`critic[3:5]` is the critic of these replicas alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from mine_lib.checks import (
    check_columns,
    check_count,
    check_pairs_of_rows,
    check_part,
    check_seeds,
    check_shift_list,
    check_values,
)

Critic = Callable[[Tensor, Tensor], Tensor]


class StatisticsNetwork(nn.Module):
    """Critic T(x, z): one multilayer perceptron with ReLU per replica.

    x_dim, z_dim: dimensions of x and z. hidden: widths of the hidden layers. replicas: number R of
    networks. seeds: one per replica, by default 0 to R - 1; a seed gives the same initial weights
    whatever stands beside it. starts_at_zero: whether the last layer, and so T, starts at zero.

    All other weights and biases start uniform in +-1/sqrt(inputs), as in torch.nn.Linear.
    Raises ValueError on a size below 1 or a wrong number of seeds.
    """

    def __init__(
        self,
        x_dim: int,
        z_dim: int,
        hidden: Sequence[int] = (64, 64),
        replicas: int = 1,
        seeds: Sequence[int] | None = None,
        starts_at_zero: bool = False,
    ) -> None:
        super().__init__()
        check_count("replicas", replicas)
        seeds = check_seeds(range(replicas) if seeds is None else seeds, replicas)
        if isinstance(hidden, int | str):
            raise ValueError(f"hidden = {hidden!r}: must be a sequence of widths, such as (64, 64)")
        inputs = check_count("x_dim", x_dim) + check_count("z_dim", z_dim)
        sizes = [inputs, *(check_count("hidden", width) for width in hidden), 1]
        layers = zip(*(_initial_layers(sizes, seed) for seed in seeds), strict=True)
        stacked = [[torch.stack(each) for each in zip(*layer, strict=True)] for layer in layers]
        self.weights = nn.ParameterList(weight for weight, _ in stacked)  # (R, outputs, inputs)
        self.biases = nn.ParameterList(bias for _, bias in stacked)  # (R, 1, outputs)
        if starts_at_zero:
            self.weights[-1].data.zero_()
            self.biases[-1].data.zero_()

    @property
    def replicas(self) -> int:
        """Number R of networks."""
        return len(self.biases[0])

    def __getitem__(self, part: slice) -> Critic:
        """Some of the replicas, sharing their weights; gradients reach them."""
        check_part(part)

        def critic(x: Tensor, z: Tensor) -> Tensor:
            weights, biases = ([v[part] for v in some] for some in (self.weights, self.biases))
            return _perceptrons(weights, biases, x, z)

        return critic

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Critic values (R, b) for x (R, b, x_dim) and z (R, b, z_dim), or both without R."""
        return _perceptrons(self.weights, self.biases, x, z)


def _perceptrons(
    weights: Sequence[Tensor], biases: Sequence[Tensor], x: Tensor, z: Tensor
) -> Tensor:
    check_columns(x.shape[-1], z.shape[-1], weights[0].shape[-1])
    values = torch.cat([x, z], -1).to(weights[0].dtype).expand(len(biases[0]), -1, -1)
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        values = values.relu() if layer else values
        values = torch.baddbmm(bias, values, weight.mT)
    return values.squeeze(-1)


class Stacked(nn.Module):
    """Any module as a critic with a replica axis: one copy a seed, run as one by torch.func.vmap.

    make: called once a seed, with torch's generator at that seed; returns a module that takes x
    (b, x_dim) and z (b, z_dim) and gives T, (b,) or (b, 1). seeds: one a replica.

    Parameters that do not require a gradient stay as they are in training.
    Raises ValueError on seeds that are none, and on a module without parameters.
    """

    def __init__(self, make: Callable[[], nn.Module], seeds: Sequence[int] = (0,)) -> None:
        super().__init__()
        modules = []
        with torch.random.fork_rng(devices=[]):
            for seed in check_seeds(seeds):
                torch.manual_seed(seed)
                modules.append(make())
        parameters, buffers = stack_module_state(modules)
        if not parameters:
            raise ValueError(f"{modules[0]} has no parameters: there is nothing to train")
        self._names = [*parameters], [*buffers]
        self.values = nn.ParameterList(
            nn.Parameter(value.detach(), value.requires_grad) for value in parameters.values()
        )
        for k, value in enumerate(buffers.values()):
            self.register_buffer(f"buffer{k}", value)
        # In a list, so that its weights are not ours; a copy, since `make` may keep the module.
        self._module = [deepcopy(modules[0])]

    @property
    def replicas(self) -> int:
        """Number R of copies."""
        return len(self.values[0])

    def train(self, mode: bool = True) -> Stacked:
        """Set the mode of all copies, as of any module."""
        self._module[0].train(mode)
        return super().train(mode)

    def __getitem__(self, part: slice) -> Critic:
        """Some of the replicas, sharing their weights; gradients reach them."""
        return self._call(check_part(part))

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Critic values (R, b) for x (R, b, x_dim) and z (R, b, z_dim), or both without R."""
        return self._call(slice(None))(x, z)

    def _call(self, part: slice) -> Critic:
        def one(state: dict[str, Tensor], x: Tensor, z: Tensor) -> Tensor:
            t = functional_call(self._module[0], state, (x, z))
            return t.squeeze(-1) if t.ndim == 2 else t

        def critic(x: Tensor, z: Tensor) -> Tensor:
            values = zip(self._names, (self.values, self.buffers()), strict=True)
            state = {n: v[part] for names, some in values for n, v in zip(names, some, strict=True)}
            replicas = len(next(iter(state.values())))
            x, z = (each.expand(replicas, *each.shape[-2:]) for each in (x, z))
            return vmap(one, randomness="different")(state, x, z)

        return critic


class Sum(nn.Module):
    """Sum of critics, such as a closed-form one and a network that learns the rest.

    critics: modules with a replica axis, or functions (x, z) -> T that serve all replicas alike and
    take x, (R, b, x_dim), and z with that axis. Raises ValueError on none, and on what is neither.
    """

    def __init__(self, *critics: Critic) -> None:
        super().__init__()
        wrong = [each for each in critics if not callable(each)]
        if wrong or not critics:
            found = repr(wrong[0]) if wrong else "nothing"
            raise ValueError(f"critics hold {found}: must be functions of x and z, one or more")
        self.parts = critics
        self.networks = nn.ModuleList(each for each in critics if isinstance(each, nn.Module))

    def extra_repr(self) -> str:
        """The parts that are no modules."""
        return ", ".join(str(each) for each in self.parts if not isinstance(each, nn.Module))

    def __getitem__(self, part: slice) -> Critic:
        """Some of the replicas, sharing their weights; gradients reach them."""
        parts = [part_of(each, part) for each in self.parts]
        return lambda x, z: sum(critic(x, z) for critic in parts)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Critic values (R, b) for x and z as the parts take them."""
        return sum(critic(x, z) for critic in self.parts)


class Part(nn.Module):
    """Some replicas of a critic, as a module; it shares their weights.

    part: with start and stop.
    """

    def __init__(self, critic: nn.Module, part: slice) -> None:
        super().__init__()
        self.critic, self._range = critic, range(part.start, part.stop)

    @property
    def replicas(self) -> int:
        """Number R of them."""
        return len(self._range)

    def __getitem__(self, part: slice) -> Critic:
        """Some of these replicas."""
        check_part(part)
        some = self._range[part]
        return part_of(self.critic, slice(some.start, some.stop))

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Critic values (R, b) for x and z as the critic takes them."""
        return self[:](x, z)


def part_of(critic: Critic, part: slice) -> Critic:
    """Some of a critic's replicas; all of it if it serves all of them alike."""
    check_part(part)
    serves_all = not hasattr(critic, "__getitem__") or getattr(critic, "replicas", None) == 1
    return critic if serves_all else critic[part]


def critic_values(
    critic: Critic,
    x: ArrayLike,
    z: ArrayLike,
    shifts: int | Sequence[int] = 1,
) -> tuple[Tensor, Tensor]:
    """T on joint pairs (x_i, z_i) and on product pairs (x_i, z_(i - s)), eq. 3-shifts.

    x, z: numbers (b, d) or (R, b, d), paired row by row; (b,) counts as one column. Tensors keep
    their gradients, so that a loss of the values trains what made x and z, too.
    shifts: so many, 1 to shifts, or the shifts themselves; z is rolled by each, none by b or 0.
    Returns t_joint (R, b) and t_product (R, m, b), or without R if the critic has none: what each
    objective takes. Raises ValueError on unequal lengths, shifts that move nothing, and a critic
    that does not give one value a pair.

    The critic is called once for each shift: with batch statistics, as BatchNorm has, joint and
    product pairs would be judged by different functions.
    """
    x, z = check_pairs_of_rows(x, z)
    rows = x.shape[-2]
    t_joint = check_values(critic(x, z), rows)
    t_product = [
        check_values(critic(x, z.roll(s, -2)), rows) for s in check_shift_list(shifts, rows)
    ]
    return t_joint, torch.stack(t_product, -2)


def _initial_layers(sizes: Sequence[int], seed: int) -> list[tuple[Tensor, Tensor]]:
    """Weight (outputs, inputs) and bias (1, outputs) of each layer of one network."""
    rng = np.random.default_rng(seed)
    dtype = torch.get_default_dtype()
    layers = []
    for inputs, outputs in pairwise(sizes):
        values = rng.uniform(-1, 1, (inputs + 1, outputs)) / math.sqrt(inputs)
        weight, bias = torch.as_tensor(values, dtype=dtype).split([inputs, 1])
        layers.append((weight.T.contiguous(), bias))
    return layers
