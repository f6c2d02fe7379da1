"""Critics: initial weights, some of the replicas, sums, any module, and values on pairs."""

import math

import pytest
import torch
from torch import nn

import mine_lib as ml


@pytest.fixture(scope="module")
def pairs():
    """Pairs of their own for each of four replicas, (4, 50, 2) and (4, 50, 1)."""
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(4, 50, d, generator=generator) for d in (2, 1)]


class Scaled(nn.Module):
    """A perceptron of x and z, times a buffer, plus a parameter that is one number."""

    def __init__(self, keeps_axis=False):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))
        self.offset = nn.Parameter(torch.rand(()))
        self.register_buffer("scale", torch.rand(1))
        self.keeps_axis = keeps_axis

    def forward(self, x, z):
        t = self.layers(torch.cat([x, z], -1)) * self.scale + self.offset
        return t if self.keeps_axis else t.squeeze(-1)


# The book's network


def test_a_network_is_the_perceptron_with_its_weights(pairs):
    network = ml.StatisticsNetwork(2, 1, (5, 3), replicas=4)
    for k in range(4):
        alone = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 3), nn.ReLU())
        alone.append(nn.Linear(3, 1))
        for layer, weight, bias in zip(alone[::2], network.weights, network.biases, strict=True):
            layer.weight.data, layer.bias.data = weight.data[k], bias.data[k, 0]
        expected = alone(torch.cat([each[k] for each in pairs], -1))[:, 0]
        torch.testing.assert_close(network(*pairs)[k], expected)


def test_initial_weights_are_spread_as_those_of_torch():
    network = ml.StatisticsNetwork(3, 6, (16, 4), replicas=200)
    for weight, bias, inputs in zip(network.weights, network.biases, (9, 16, 4), strict=True):
        like = nn.Linear(inputs, 1).weight
        assert weight.dtype == like.dtype
        for values in (weight, bias):
            largest = 1 / math.sqrt(inputs)
            assert 0.95 * largest < values.abs().max() <= largest
            error = 4 * largest / math.sqrt(values.numel())
            assert values.mean().item() == pytest.approx(0, abs=error)
            assert values.square().mean().item() == pytest.approx(largest**2 / 3, abs=error / 2)


def test_a_seed_gives_the_same_weights_whatever_stands_beside_it():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    together = ml.StatisticsNetwork(2, 1, replicas=3, seeds=[3, 7, 3])
    alone = ml.StatisticsNetwork(2, 1, seeds=[7])
    for many, one in zip(together.parameters(), alone.parameters(), strict=True):
        assert torch.equal(many[1:2], one)
        assert torch.equal(many[0], many[2])
        assert not torch.equal(many[0], many[1])
    for a, b in zip(together.parameters(), ml.StatisticsNetwork(2, 1).parameters(), strict=True):
        assert not torch.equal(a[:1], b)  # the default seed is 0
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_network_that_starts_at_zero_has_its_first_layers_from_the_seed(pairs):
    usual, flat = (ml.StatisticsNetwork(2, 1, replicas=4, starts_at_zero=s) for s in (False, True))
    assert not flat(*pairs).any()
    assert torch.equal(usual.weights[0], flat.weights[0])
    assert torch.equal(usual.biases[1], flat.biases[1])
    assert usual(*pairs).abs().min() > 0


# Some of the replicas


def gaussian():
    x, z = torch.randn(4, 50, 3, generator=torch.Generator().manual_seed(1)).split([2, 1], -1)
    return ml.GaussianCritic(x, z + x[..., :1])


def product(x, z):
    """A function that serves all replicas alike."""
    return x[..., 0] * z[..., 0]


CRITICS = {
    "network": lambda: ml.StatisticsNetwork(2, 1, replicas=4),
    "stacked": lambda: ml.Stacked(Scaled, range(4)),
    "gaussian": gaussian,
    "sum": lambda: ml.Sum(product, gaussian(), *(CRITICS[k]() for k in ("network", "stacked"))),
}
PARTS = [slice(1, 3), slice(3, 4), slice(None, None, 2), slice(None)]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("name", CRITICS)
def test_a_part_gives_the_rows_of_the_whole_and_gradients_reach_its_weights(pairs, name, part):
    critic = CRITICS[name]()
    whole, some = critic(*pairs)[part], critic[part](*(each[part] for each in pairs))
    assert whole.shape == some.shape
    torch.testing.assert_close(some, whole, atol=1e-6, rtol=1e-6)
    parameters = [*critic.parameters()]
    assert bool(parameters) == (name != "gaussian")
    if not parameters:
        return
    expected, found = (torch.autograd.grad(t.sin().sum(), parameters) for t in (whole, some))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    others = torch.ones(4, dtype=torch.bool)
    others[part] = False
    assert not any(each[others].any() for each in found)
    assert all(each[part].any() for each in found)


@pytest.mark.parametrize("name", CRITICS)
def test_a_part_follows_its_weights_in_training(pairs, name):
    critic = CRITICS[name]()
    part = critic[2:]
    if name != "gaussian":
        ml.train(*pairs, critic=critic, steps=5, batch_size=16, progress=False)
    some = [each[2:] for each in pairs]
    torch.testing.assert_close(part(*some), critic(*pairs)[2:], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", CRITICS)
def test_a_part_is_a_slice(name):
    for wrong in (3, [1, 2], torch.tensor([True, False, True, True])):
        with pytest.raises(ValueError, match=r"must be a slice of the replicas, such as \[3:4\]"):
            CRITICS[name]()[wrong]


@pytest.mark.parametrize("name", CRITICS)
def test_pairs_without_a_replica_axis_go_to_all_replicas(pairs, name):
    critic, (x, z) = CRITICS[name](), (each[0] for each in pairs)
    expected = critic(x.expand(4, -1, -1), z.expand(4, -1, -1))
    torch.testing.assert_close(critic(x, z), expected)


# Sums


def test_a_sum_is_the_sum(pairs):
    parts = [product, gaussian(), ml.StatisticsNetwork(2, 1, replicas=4)]
    for number in (1, 2, 3):
        total = ml.Sum(*parts[:number])
        expected = sum(each(*pairs) for each in parts[:number])
        assert torch.equal(total(*pairs), expected)
    assert [*total.parameters()] == [*parts[2].parameters()]
    assert len([*total.buffers()]) == len([*parts[1].buffers()])


def test_a_part_of_a_sum_has_all_of_what_serves_all_replicas(pairs):
    total = ml.Sum(gaussian()[1:2], ml.StatisticsNetwork(2, 1, replicas=4))
    some = [each[2:3] for each in pairs]
    torch.testing.assert_close(total[2:3](*some), total(*pairs)[2:3], atol=1e-6, rtol=1e-6)


def test_what_was_trained_has_its_base_and_gives_the_held_out_value():
    x, z = ml.Gaussian(0.8).sample(400, seed=0)
    held_out = ml.Gaussian(0.8).sample(300, seed=1)
    base = ml.GaussianCritic(x.view(2, 200, 1), z.view(2, 200, 1))
    critic = ml.Sum(base, ml.StatisticsNetwork(1, 1, (8,), replicas=2))
    record = ml.train(x, z, critic=critic, held_out=held_out, steps=20, progress=False)
    assert record.critic is critic
    assert torch.equal(ml.evaluate(record.critic, *held_out), record.held_out[-1])
    base_value = ml.evaluate(base, *held_out)
    assert (base_value > 0.3).all()
    without = ml.evaluate(critic.parts[1], *held_out)
    assert (without < record.held_out[-1] - 0.3).all()


# Any module


@pytest.mark.parametrize("keeps_axis", [False, True])
def test_a_replica_is_the_module_that_its_seed_makes(pairs, keeps_axis):
    torch.manual_seed(11)
    before = torch.random.get_rng_state()
    critic = ml.Stacked(lambda: Scaled(keeps_axis), [5, 9, 5, 2])
    assert torch.equal(torch.random.get_rng_state(), before)
    found = critic(*pairs)
    assert found.shape == (4, 50)
    assert critic.replicas == 4
    for k, seed in enumerate([5, 9, 5, 2]):
        torch.manual_seed(seed)
        alone = Scaled()
        own = [each[k] for each in pairs]
        torch.testing.assert_close(found[k], alone(*own), atol=1e-6, rtol=1e-6)
        expected = torch.autograd.grad(alone(*own).sum(), [*alone.parameters()])
        slopes = torch.autograd.grad(critic(*pairs).sum(), [*critic.parameters()])
        for slope, wanted in zip(slopes, expected, strict=True):
            torch.testing.assert_close(slope[k], wanted, atol=1e-4, rtol=1e-4)


def test_a_weight_that_a_module_uses_twice_is_one(pairs):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.f, self.g = nn.Linear(2, 8, bias=False), nn.Linear(2, 8, bias=False)
            self.g.weight = self.f.weight

        def forward(self, x, z):
            return (self.f(x) * self.g(x * z)).sum(-1)

    critic = ml.Stacked(Tied, [4, 6])
    torch.manual_seed(6)
    alone, (x, z) = Tied(), (each[0] for each in pairs)
    torch.testing.assert_close(critic(x, z)[1], alone(x, z), atol=1e-6, rtol=1e-5)


def test_a_weight_that_a_module_holds_fast_is_not_trained():
    def make():
        module = Scaled()
        module.layers[0].requires_grad_(False)
        return module

    critic = ml.Stacked(make, [4, 6])
    assert [each.requires_grad for each in critic.parameters()] == [
        each.requires_grad for each in make().parameters()
    ]


def test_a_stack_has_the_mode_of_a_module():
    class Dropped(Scaled):
        def forward(self, x, z):
            return nn.functional.dropout(super().forward(x, z), training=self.training)

    critic, (x, z) = ml.Stacked(Dropped, [0, 1]), (torch.ones(50, d) for d in (2, 1))
    for some in (critic, critic[:1]):
        critic.train()
        assert (some(x, z) == 0).any()
        assert not torch.equal(some(x, z), some(x, z))
        critic.eval()
        assert torch.equal(some(x, z), ml.Stacked(Scaled, [0, 1])(x, z)[: len(some(x, z))])


def test_a_stack_trains_no_module_but_its_own():
    one = Scaled()
    before = [each.clone() for each in one.parameters()]
    critic = ml.Stacked(lambda: one, [0, 1])
    x, z = torch.randn(2, 50, 2, generator=torch.Generator().manual_seed(0)).split([2, 0], -1)[0]
    ml.train(x, z[:, :1], critic=critic, steps=5, batch_size=16, progress=False)
    assert all(torch.equal(a, b) for a, b in zip(before, one.parameters(), strict=True))
    assert not torch.equal(critic.values[0][0], before[0])
    critic.eval()
    assert one.training


def test_a_stack_of_modules_trains_as_a_network_of_the_same_weights():
    x, z = ml.Gaussian(0.8).sample(400, seed=0)

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))

        def forward(self, x, z):
            return self.layers(torch.cat([x, z], -1))

    stacked, network = ml.Stacked(Network, [3, 4]), ml.StatisticsNetwork(1, 1, (8,), replicas=2)
    (w, v), (b, c) = network.weights, network.biases
    for ours, theirs in zip((w, b, v, c), stacked.values, strict=True):
        ours.data.copy_(theirs.data.view(ours.shape))
    options = {"seeds": [0, 1], "steps": 30, "log_every": 1, "progress": False}
    ours, theirs = (ml.train(x, z, critic=each, **options) for each in (stacked, network))
    torch.testing.assert_close(ours.estimate, theirs.estimate, atol=1e-4, rtol=0)


X = torch.ones(5, 1)
BAD = [
    (lambda: ml.StatisticsNetwork(1, 1, replicas=2, seeds=[0]), "seeds has 1 entries: must have 2"),
    (lambda: ml.StatisticsNetwork(0, 1), "x_dim = 0"),
    (lambda: ml.StatisticsNetwork(1, 1.5), "z_dim = 1.5"),
    (lambda: ml.StatisticsNetwork(1, 1, (0,)), "hidden = 0"),
    (lambda: ml.StatisticsNetwork(1, 1, 64), "hidden = 64: must be a sequence of widths"),
    (lambda: ml.StatisticsNetwork(1, 1, replicas=0), "replicas = 0"),
    (lambda: ml.Sum(), "critics hold nothing: must be functions of x and z"),
    (lambda: ml.Sum(3, max), "critics hold 3: must be functions"),
    (lambda: ml.StatisticsNetwork(1, 1)(X, X[:, :0]), "have 1 . 0 columns: the network takes 2"),
    (lambda: ml.Stacked(Scaled, [-1]), "seeds = -1"),
    (lambda: ml.Stacked(Scaled, []), r"seeds = \[\]: must hold one seed"),
    (lambda: ml.Stacked(nn.Identity), r"Identity\(\) has no parameters: there is nothing to train"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_refused_with_its_name_and_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()
