"""The statistics network: many small multilayer perceptrons that run as one.

Every parameter carries a leading replica axis R, so that a study over seeds or settings is one
tensor program. Replicas share nothing: each behaves as if it were alone.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from mine_lib.checks import check_count


class StatisticsNetwork(nn.Module):
    """Critic T(x, z): one multilayer perceptron with ReLU per replica (section 3.1).

    x_dim, z_dim: dimensions of x and z. hidden: widths of the hidden layers. replicas: number R of
    networks. seeds: one per replica, by default 0 to R - 1; a seed gives the same initial weights
    whatever stands beside it. Weights and biases start uniform in +-1/sqrt(inputs), as in
    torch.nn.Linear. Raises ValueError on a size below 1 or a wrong number of seeds.
    """

    def __init__(
        self,
        x_dim: int,
        z_dim: int,
        hidden: Sequence[int] = (64, 64),
        replicas: int = 1,
        seeds: Sequence[int] | None = None,
    ) -> None:
        super().__init__()
        check_count("replicas", replicas)
        seeds = range(replicas) if seeds is None else seeds
        if len(seeds) != replicas:
            raise ValueError(f"seeds has {len(seeds)} entries: must have {replicas}, one a replica")
        inputs = check_count("x_dim", x_dim) + check_count("z_dim", z_dim)
        sizes = [inputs, *(check_count("hidden", width) for width in hidden), 1]
        layers = zip(*(_initial_layers(sizes, seed) for seed in seeds), strict=True)
        stacked = [[torch.stack(each) for each in zip(*layer, strict=True)] for layer in layers]
        self.weights = nn.ParameterList(weight for weight, _ in stacked)  # (R, inputs, outputs)
        self.biases = nn.ParameterList(bias for _, bias in stacked)  # (R, 1, outputs)

    @property
    def replicas(self) -> int:
        """Number R of networks."""
        return len(self.biases[0])

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """Critic values (R, b) for x (R, b, x_dim) and z (R, b, z_dim), or both without R."""
        values = torch.cat([x, z], -1).expand(self.replicas, -1, -1)
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = torch.baddbmm(bias, values.relu() if layer else values, weight)
        return values.squeeze(-1)


def _initial_layers(sizes: Sequence[int], seed: int) -> list[tuple[Tensor, Tensor]]:
    """Weight (inputs, outputs) and bias (1, outputs) of each layer of one network."""
    rng = np.random.default_rng(seed)
    dtype = torch.get_default_dtype()
    layers = []
    for inputs, outputs in pairwise(sizes):
        values = rng.uniform(-1, 1, (inputs + 1, outputs)) / math.sqrt(inputs)
        weight, bias = torch.as_tensor(values, dtype=dtype).split([inputs, 1])
        layers.append((weight, bias))
    return layers
