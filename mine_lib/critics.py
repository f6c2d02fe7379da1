"""Critics: what one calls with x and z and gets T(x, z), one value a pair and replica.

Every parameter carries a leading replica axis R, so that a study over seeds or settings is one
tensor program. Replicas share nothing: each behaves as if it were alone, whatever stands beside it.
`critic[3:5]` is the critic of these replicas alone.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from mine_lib.checks import (
    check_count,
    check_part,
    check_rows,
    check_same_length,
    check_shifts,
    check_values,
)

Function = Callable[[Tensor, Tensor], Tensor]


class StatisticsNetwork(nn.Module):
    """Critic T(x, z): one multilayer perceptron with ReLU per replica (section 3.1).

    x_dim, z_dim: dimensions of x and z. hidden: widths of the hidden layers. replicas: number R of
    networks. seeds: one per replica, by default 0 to R - 1; a seed gives the same initial weights
    whatever stands beside it. Weights and biases start uniform in +-1/sqrt(inputs), as in
    torch.nn.Linear; those of the last layer at zero, and so T, if starts_at_zero.
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
        seeds = range(replicas) if seeds is None else seeds
        if len(seeds) != replicas:
            raise ValueError(f"seeds has {len(seeds)} entries: must have {replicas}, one a replica")
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

    def __getitem__(self, part: slice) -> Function:
        """Some of the replicas, sharing their weights; gradients reach them."""
        check_part(part)
        return partial(
            _perceptrons, [w[part] for w in self.weights], [b[part] for b in self.biases]
        )

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Critic values (R, b) for x (R, b, x_dim) and z (R, b, z_dim), or both without R."""
        return _perceptrons(self.weights, self.biases, x, z)


def _perceptrons(
    weights: Iterable[Tensor], biases: Sequence[Tensor], x: Tensor, z: Tensor
) -> Tensor:
    values = torch.cat([x, z], -1).expand(len(biases[0]), -1, -1)
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        values = values.relu() if layer else values
        values = torch.baddbmm(bias, values, weight.mT)
    return values.squeeze(-1)


class Stacked(nn.Module):
    """Any module as a critic with a replica axis: one copy a seed, run as one by torch.func.vmap.

    make: called once a seed, with torch's generator at that seed; returns a module that takes x
    (b, ...) and z (b, ...) and gives T, (b,) or (b, 1). seeds: one a replica.
    Raises ValueError on no seeds, and on a module without parameters.
    """

    def __init__(self, make: Callable[[], nn.Module], seeds: Sequence[int] = (0,)) -> None:
        super().__init__()
        if not len(seeds):
            raise ValueError("seeds is empty: must hold one seed for each replica")
        modules = []
        with torch.random.fork_rng(devices=[]):
            for seed in seeds:
                torch.manual_seed(seed)
                modules.append(make())
        parameters, buffers = stack_module_state(modules)
        if not parameters:
            raise ValueError(f"{modules[0]} has no parameters: there is nothing to train")
        self._names = [*parameters], [*buffers]
        self.values = nn.ParameterList(parameters.values())
        for k, value in enumerate(buffers.values()):
            self.register_buffer(f"buffer{k}", value)
        self._module = [modules[0].to("meta")]  # in a list, so that its weights are not ours

    @property
    def replicas(self) -> int:
        """Number R of copies."""
        return len(self.values[0])

    def __getitem__(self, part: slice) -> Function:
        """Some of the replicas, sharing their weights; gradients reach them."""
        check_part(part)
        return self._call(part, deepcopy(self._module[0]))

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Critic values (R, b) for x (R, b, x_dim) and z (R, b, z_dim), or both without R."""
        return self._call(slice(None), self._module[0])(x, z)

    def _call(self, part: slice, module: nn.Module) -> Function:
        values = zip(self._names, (self.values, self.buffers()), strict=True)
        state = {n: v[part] for names, some in values for n, v in zip(names, some, strict=True)}

        def one(state: dict[str, Tensor], x: Tensor, z: Tensor) -> Tensor:
            t = functional_call(module, state, (x, z))
            return t.squeeze(-1) if t.ndim == 2 else t

        def critic(x: Tensor, z: Tensor) -> Tensor:
            r = len(next(iter(state.values())))
            x, z = (each.expand(r, *each.shape[-2:]) for each in (x, z))
            return vmap(one, randomness="different")(state, x, z)

        return critic


class Sum(nn.Module):
    """Sum of critics, such as a closed-form one and a network that learns the rest (section 7.2).

    critics: modules with a replica axis, or functions (x, z) -> T that serve all replicas alike.
    """

    def __init__(self, *critics: Function) -> None:
        super().__init__()
        self.parts = critics
        self.modules_among_them = nn.ModuleList(c for c in critics if isinstance(c, nn.Module))

    def __getitem__(self, part: slice) -> Function:
        """Some of the replicas, sharing their weights; gradients reach them."""
        check_part(part)
        parts = [each[part] if hasattr(each, "__getitem__") else each for each in self.parts]
        return lambda x, z: sum(critic(x, z) for critic in parts)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Critic values (R, b) for x and z as the parts take them."""
        return sum(critic(x, z) for critic in self.parts)


def critic_values(
    critic: Function,
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
    """
    x, z = check_rows("x", x), check_rows("z", z)
    rows = x.shape[-2]
    check_same_length(rows, z.shape[-2])
    t_joint = check_values(critic(x, z), rows)
    t_product = [check_values(critic(x, z.roll(s, -2)), rows) for s in check_shifts(shifts, rows)]
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
