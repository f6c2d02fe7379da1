"""From what each critic value weighs to the gradient of the weights behind it.

An objective's gradient is that of a weighted sum of critic values (eq. 3-gradient, eq. 5-gradient).
So a pass gives T, the caller says how much each value weighs, and the pass writes the gradient of
that sum into the parameters' `grad`, which `flatten` made. For the book's network this is written
out by hand, which takes half the time of autograd; any other critic is left to autograd.
"""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor, nn

from mine_lib.checks import check_columns, check_values
from mine_lib.critics import StatisticsNetwork, Sum, part_of
from mine_lib.threads import WIDTH, worth

CACHED = 2**21  # bytes of a layer and thread: a few such stay in a processor's cache
Backward = Callable[[Tensor], None]


def split_replicas(replicas: int, chunk: int) -> list[slice]:
    """Slices of about `chunk` replicas that together cover all.

    Products of one matrix are rounded otherwise than those of many, so no slice holds a single
    replica unless there is but one: then no result depends on the chunks, to the last bit if the
    layers' widths are multiples of four.
    """
    parts = max(1, min(math.ceil(replicas / chunk), replicas // 2))
    return [slice(*each) for each in pairwise(replicas * k // parts for k in range(parts + 1))]


def count_replicas(critic: nn.Module) -> int:
    """Length of the replica axis, with which every trained parameter begins.

    Raises ValueError without parameters, and if they do not begin alike.
    """
    parameters = [(name, each) for name, each in critic.named_parameters() if each.requires_grad]
    if not parameters:
        raise ValueError("critic has no parameters to train")
    replicas = parameters[0][1].shape[:1]
    for name, each in parameters:
        if not replicas or each.shape[:1] != replicas:
            raise ValueError(
                f"critic's parameter {name} has shape {tuple(each.shape)}: all must begin with the "
                "replica axis (Stacked gives one to any module)"
            )
    return replicas[0]


def flatten(critic: nn.Module) -> nn.Parameter:
    """Move the weights of each replica into a row of one tensor, (R, numbers), and return it.

    The critic goes on to work with views of it, and its parameters' `grad` with views of its grad.
    An optimizer then takes one step instead of one a parameter. Rows are filled up to whole vectors
    of the processor, else a number would be rounded otherwise at the end of a tensor than inside.
    """
    replicas = count_replicas(critic)
    parameters = [each for each in critic.parameters() if each.requires_grad]
    sizes = [parameter[0].numel() for parameter in parameters]
    fill = -sum(sizes) % 64
    flat = nn.Parameter(parameters[0].data.new_zeros(replicas, sum(sizes) + fill))
    flat.grad = torch.zeros_like(flat)
    columns = (each.split([*sizes, fill], 1)[:-1] for each in (flat.data, flat.grad))
    for parameter, values, slope in zip(parameters, *columns, strict=True):
        shape = parameter.shape[1:] or (1,)
        values, slope = (each.unflatten(1, shape).view_as(parameter) for each in (values, slope))
        parameter.data = values.copy_(parameter.data)
        parameter.grad = slope
    return flat


def holds(critic: nn.Module, flat: Tensor) -> bool:
    """Whether the critic's weights are still views of what `flatten` returned."""
    storage = flat.untyped_storage().data_ptr()
    parameters = (each for each in critic.parameters() if each.requires_grad)
    return all(each.untyped_storage().data_ptr() == storage for each in parameters)


def passes_of(critic: nn.Module, rows: int, x_dim: int) -> tuple[list["Pass"], int]:
    """Passes over `rows` pairs of each replica that together cover all, and how many threads pay.

    No more threads than replicas, and one alone unless all hidden layers are as wide: otherwise
    torch would round some sums by their number.
    """
    replicas = count_replicas(critic)
    network, base = _by_hand(critic)
    if network is None:
        numbers = rows * sum(each.numel() for each in critic.parameters() if each.requires_grad)
        return [AutogradPass(critic, replicas, x_dim)], worth(numbers // WIDTH, replicas)
    widths = [bias.shape[-1] for bias in network.biases[:-1]]
    layer = rows * max([1, *widths])
    threads = worth(replicas * layer, replicas) if len(set(widths)) < 2 else 1
    on_processor = network.weights[0].device.type == "cpu"
    size = layer * network.weights[0].element_size()
    slices = split_replicas(
        replicas, max(2, threads * CACHED // size) if on_processor else replicas
    )
    memory = _Memory(network, max(part.stop - part.start for part in slices), rows)
    return [HandPass(network, base, part, memory, x_dim) for part in slices], threads


def _by_hand(critic: nn.Module) -> tuple[StatisticsNetwork | None, list]:
    """The one network in a critic that is trained, and what is added to it; None for autograd."""
    parts = critic.parts if type(critic) is Sum else (critic,)
    trained = [each for each in parts if any(_trains(each))]
    base = [each for each in parts if not any(_trains(each))]
    is_network = len(trained) == 1 and type(trained[0]) is StatisticsNetwork
    has_parts = all(hasattr(each, "__getitem__") for each in base if isinstance(each, nn.Module))
    if is_network and all(_trains(trained[0])) and has_parts:
        return trained[0], base
    return None, []


def _trains(critic: object) -> list[bool]:
    """Whether each parameter is trained."""
    return [p.requires_grad for p in critic.parameters()] if isinstance(critic, nn.Module) else []


class Pass:
    """Forward and backward pass of some replicas."""

    replicas: slice

    def forward(self, pairs: Tensor) -> tuple[Tensor, Backward]:
        """Critic values (r, rows) of pairs (r, rows, x_dim + z_dim), x and z side by side.

        And a function of weights (r, rows) that writes the gradient of sum_i weights_i T_i into the
        parameters' grad.
        """
        raise NotImplementedError


class AutogradPass(Pass):
    """All replicas of any critic, by autograd."""

    def __init__(self, critic: nn.Module, replicas: int, x_dim: int) -> None:
        self.critic, self.replicas, self.x_dim = critic, slice(0, replicas), x_dim
        self.parameters = [each for each in critic.parameters() if each.requires_grad]
        self.slopes = [each.grad for each in self.parameters]  # `zero_grad` may drop them

    def forward(self, pairs: Tensor) -> tuple[Tensor, Backward]:
        """See `Pass`. Raises ValueError if the critic does not give (R, rows)."""
        x, z = pairs[..., : self.x_dim], pairs[..., self.x_dim :]
        with torch.enable_grad():
            t = check_values(self.critic(x, z), pairs.shape[1], self.replicas.stop)

        def backward(weights: Tensor) -> None:
            slopes = torch.autograd.grad(t, self.parameters, weights, materialize_grads=True)
            for place, slope in zip(self.slopes, slopes, strict=True):
                place.copy_(slope)

        return t.detach(), backward


class _Memory:
    """Values of the layers, for all passes of a network in turn; `uses` says whose they are."""

    def __init__(self, network: StatisticsNetwork, replicas: int, rows: int) -> None:
        widths = [bias.shape[-1] for bias in network.biases[:-1]]
        like = network.biases[0].data
        *self.hidden, self.scratch = (
            like.new_empty(replicas, rows, width) for width in [*widths, max([1, *widths])]
        )
        self.uses = 0


class HandPass(Pass):
    """Some replicas of a StatisticsNetwork, plus critics that are not trained, without autograd.

    All passes of a network share memory that stays in the processor's cache. So a backward is good
    until the next forward: later it raises RuntimeError.
    """

    def __init__(
        self, network: StatisticsNetwork, base: list, replicas: slice, memory: _Memory, x_dim: int
    ) -> None:
        self.replicas, self.memory, self.x_dim = replicas, memory, x_dim
        self.base = [part_of(each, replicas) for each in base]
        self.weights = [weight.data[replicas] for weight in network.weights]
        self.biases = [bias.data[replicas] for bias in network.biases]
        self.weight_slopes = [weight.grad[replicas] for weight in network.weights]
        self.bias_slopes = [bias.grad[replicas] for bias in network.biases]
        r = len(self.biases[0])
        self.scratch = memory.scratch[:r]
        self.inputs = [self.scratch, *(each[:r] for each in memory.hidden)]  # of each layer

    def forward(self, pairs: Tensor) -> tuple[Tensor, Backward]:
        """See `Pass`."""
        self.memory.uses += 1
        use = self.memory.uses
        check_columns(self.x_dim, pairs.shape[-1] - self.x_dim, self.weights[0].shape[-1])
        self.inputs[0] = pairs
        for layer, values in enumerate(self.inputs[1:]):
            torch.bmm(self.inputs[layer], self.weights[layer].mT, out=values)
            values.add_(self.biases[layer]).relu_()
        t = torch.baddbmm(self.biases[-1], self.weights[-1], self.inputs[-1].mT)[:, 0]
        for critic in self.base:
            x, z = pairs[..., : self.x_dim], pairs[..., self.x_dim :]
            t += check_values(critic(x, z), t.shape[1])

        def backward(weights: Tensor) -> None:
            if use != self.memory.uses:
                raise RuntimeError("backward after another forward or backward: layers are gone")
            self.memory.uses += 1  # what forward left is used up
            self._backward(weights)

        return t, backward

    def _backward(self, weights: Tensor) -> None:
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
