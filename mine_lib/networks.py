"""The statistics network: many small multilayer perceptrons that run as one.

Every parameter carries a leading replica axis R, so that a study over seeds or settings is one
tensor program. Replicas share nothing: each behaves as if it were alone, whatever stands beside it.
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
        if isinstance(hidden, int | str):
            raise ValueError(f"hidden = {hidden!r}: must be a sequence of widths, such as (64, 64)")
        inputs = check_count("x_dim", x_dim) + check_count("z_dim", z_dim)
        sizes = [inputs, *(check_count("hidden", width) for width in hidden), 1]
        layers = zip(*(_initial_layers(sizes, seed) for seed in seeds), strict=True)
        stacked = [[torch.stack(each) for each in zip(*layer, strict=True)] for layer in layers]
        self.weights = nn.ParameterList(weight for weight, _ in stacked)  # (R, outputs, inputs)
        self.biases = nn.ParameterList(bias for _, bias in stacked)  # (R, 1, outputs)

    @property
    def replicas(self) -> int:
        """Number R of networks."""
        return len(self.biases[0])

    def forward(self, x: Tensor, z: Tensor, replicas: slice = slice(None)) -> Tensor:
        """Critic values (R, b) for x (R, b, x_dim) and z (R, b, z_dim), or both without R.

        With a slice of replicas, those alone.
        """
        values = torch.cat([x, z], -1).expand(len(self.biases[0][replicas]), -1, -1)
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            values = values.relu() if layer else values
            values = torch.baddbmm(bias[replicas], values, weight[replicas].mT)
        return values.squeeze(-1)


def split_replicas(replicas: int, chunk: int) -> list[slice]:
    """Slices of about `chunk` replicas that together cover all.

    Products of one matrix are rounded otherwise than those of many, so no slice holds a single
    replica unless there is but one: then no result depends on the chunks, to the last bit.
    """
    parts = max(1, min(math.ceil(replicas / chunk), replicas // 2))
    return [slice(*each) for each in pairwise(replicas * k // parts for k in range(parts + 1))]


def flatten(network: StatisticsNetwork) -> nn.Parameter:
    """Move the weights of each replica into a row of one tensor, (R, numbers), and return it.

    The network goes on to work with views of it, and its parameters' `grad` with views of its grad.
    An optimizer then takes one step instead of one a parameter. Rows are filled up to whole vectors
    of the processor, else a number would be rounded otherwise at the end of a tensor than inside.
    """
    parameters = list(network.parameters())
    sizes = [parameter[0].numel() for parameter in parameters]
    fill = -sum(sizes) % 64
    flat = nn.Parameter(parameters[0].data.new_zeros(network.replicas, sum(sizes) + fill))
    flat.grad = torch.zeros_like(flat)
    columns = (each.split([*sizes, fill], 1)[:-1] for each in (flat.data, flat.grad))
    for parameter, values, slope in zip(parameters, *columns, strict=True):
        shape = parameter.shape[1:]
        parameter.data = values.unflatten(1, shape).copy_(parameter.data)
        parameter.grad = slope.unflatten(1, shape)
    return flat


class CriticPass:
    """Forward and backward pass of some replicas of a network, without autograd.

    MINE's gradient is that of a weighted sum of critic values (eq. 3-gradient, eq. 5-gradient).
    So `forward` gives T, the caller says how much each value weighs, and `backward` writes the
    gradient of that sum into the parameters' `grad`, which `flatten` made. This takes half the time
    of autograd, because all passes of `split` share memory that stays in the processor's cache.
    """

    def __init__(self, network: StatisticsNetwork, replicas: slice, memory: list[Tensor]) -> None:
        self.replicas = replicas
        self.weights = [weight.data[replicas] for weight in network.weights]
        self.biases = [bias.data[replicas] for bias in network.biases]
        self.weight_slopes = [weight.grad[replicas] for weight in network.weights]
        self.bias_slopes = [bias.grad[replicas] for bias in network.biases]
        *hidden, self.scratch = (each[: len(self.biases[0])] for each in memory)
        self.inputs = [self.scratch, *hidden]  # of each layer; the first comes with the call

    @classmethod
    def split(cls, network: StatisticsNetwork, chunk: int, rows: int) -> list["CriticPass"]:
        """Passes over `rows` pairs that together cover all replicas, about `chunk` at a time."""
        parts = split_replicas(network.replicas, chunk)
        largest = max(part.stop - part.start for part in parts)
        widths = [bias.shape[-1] for bias in network.biases[:-1]]
        like = network.biases[0].data
        memory = [like.new_empty(largest, rows, width) for width in [*widths, max([1, *widths])]]
        return [cls(network, part, memory) for part in parts]

    def forward(self, pairs: Tensor) -> Tensor:
        """Critic values (r, rows) of x and z side by side, (r, rows, x_dim + z_dim)."""
        self.inputs[0] = pairs
        for layer, values in enumerate(self.inputs[1:]):
            torch.bmm(self.inputs[layer], self.weights[layer].mT, out=values)
            values.add_(self.biases[layer]).relu_()
        return torch.baddbmm(self.biases[-1], self.weights[-1], self.inputs[-1].mT)[:, 0]

    def backward(self, weights: Tensor) -> None:
        """Write the gradient of sum_i weights_i T_i, weights (r, rows), into the parameters' grad.

        It uses up the values that `forward` left.
        """
        slope, scale = weights[..., None], weights.new_ones(1, 1, 1)  # of T: slope times scale
        for layer in reversed(range(len(self.weights))):
            # With few inputs this way round takes a third of the time; and `bmm(out=)` would keep
            # torch from sharing the replicas among threads: they lie apart in `weight_slopes`.
            inputs = self.inputs[layer]
            product = torch.bmm(slope.mT, inputs) if layer else torch.bmm(inputs.mT, slope).mT
            torch.mul(product, scale.mT, out=self.weight_slopes[layer])
            torch.mul(slope.sum(1, keepdim=True), scale, out=self.bias_slopes[layer])
            if layer:
                slope, scale = self._slope_before(layer, slope, scale)

    def _slope_before(self, layer: int, slope: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
        """From the slope of a layer's output, slope * scale, that of the layer before."""
        inputs, weight = self.inputs[layer], self.weights[layer]
        is_active = inputs.sign_()  # ReLU's slope is 1 where it is > 0
        if slope.shape[-1] == 1:  # a column times a row: the row can wait until sums are taken
            return is_active.mul_(slope), weight * scale
        before = self.scratch[..., : inputs.shape[-1]]
        torch.bmm(slope, weight * scale.mT, out=before)
        return is_active.mul_(before), scale.new_ones(1, 1, 1)


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
