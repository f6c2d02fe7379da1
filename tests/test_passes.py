"""Passes: the gradient of weighted critic values, by hand and by autograd."""

import pytest
import torch
from torch import nn

import mine_lib as ml
from mine_lib import passes
from mine_lib.passes import AutogradPass, HandPass, flatten, passes_of

R, ROWS = 5, 20


class Separable(nn.Module):
    def __init__(self):
        super().__init__()
        self.f, self.g = nn.Linear(2, 4), nn.Linear(1, 4)

    def forward(self, x, z):
        return (self.f(x) * self.g(z)).sum(-1)


class Own(nn.Module):
    """A critic that is not known, and so is left to autograd."""

    def __init__(self, critic):
        super().__init__()
        self.critic = critic

    def forward(self, x, z):
        return self.critic(x, z)


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def product(x, z):
    return x[..., 0] * z[..., 0]


def base():
    x, z = numbers(R, 40, 3, seed=1).split([2, 1], -1)
    return ml.GaussianCritic(x, z + x[..., :1])


def frozen():
    network = ml.StatisticsNetwork(2, 1, (4,), replicas=R, seeds=range(7, 7 + R))
    return network.requires_grad_(False)


def assert_gradient(critic, kind=passes.Pass, count=None):
    """Check all passes over a critic against autograd on the critic as a whole."""
    x, z, weights = (numbers(R, ROWS, *d, seed=2) for d in ((2,), (1,), ()))
    values = critic(x, z)
    parameters = [each for each in critic.parameters() if each.requires_grad]
    expected = torch.autograd.grad((weights * values).sum(), parameters)
    flatten(critic)
    works, _ = passes_of(critic, ROWS, 2)
    assert count in (None, len(works))
    for work in works:
        assert isinstance(work, kind)
        part = work.replicas
        found, backward = work.forward(torch.cat([x, z], -1)[part])
        assert not found.requires_grad
        torch.testing.assert_close(found, values[part].detach())
        backward(weights[part])
    for parameter, slope in zip(parameters, expected, strict=True):
        torch.testing.assert_close(parameter.grad, slope)


# Gradients


@pytest.mark.parametrize("hidden", [(), (1,), (5,), (8, 8), (8, 3, 6), (1, 7), (4, 1), (4, 1, 4)])
def test_a_pass_by_hand_gives_what_autograd_gives(monkeypatch, hidden):
    monkeypatch.setattr(passes, "CACHED", 1)
    assert_gradient(ml.StatisticsNetwork(2, 1, hidden, replicas=R), HandPass, 2)


@pytest.mark.parametrize("order", [1, -1])
def test_critics_that_are_not_trained_are_added_and_change_no_gradient(monkeypatch, order):
    monkeypatch.setattr(passes, "CACHED", 1)
    parts = [product, base(), frozen(), ml.StatisticsNetwork(2, 1, (8, 8), replicas=R)]
    assert_gradient(ml.Sum(*parts[::order]), HandPass, 2)


def test_a_frozen_module_in_a_sum_may_have_no_parts(monkeypatch):
    monkeypatch.setattr(passes, "CACHED", 1)
    whole = Own(frozen())
    assert_gradient(ml.Sum(whole, ml.StatisticsNetwork(2, 1, (8, 8), replicas=R)))


def test_a_base_of_one_replica_serves_all(monkeypatch):
    monkeypatch.setattr(passes, "CACHED", 1)
    assert_gradient(ml.Sum(base()[:1], ml.StatisticsNetwork(2, 1, (8, 8), replicas=R)))


def networks():
    return ml.StatisticsNetwork(2, 1, (8,), R), ml.StatisticsNetwork(2, 1, (4,), R, range(4, 4 + R))


def partly_frozen():
    network = ml.StatisticsNetwork(2, 1, (8, 8), replicas=R)
    network.weights[0].requires_grad_(False)
    return network


class Symmetric(ml.StatisticsNetwork):
    """A network that is more than its layers."""

    def forward(self, x, z):
        return super().forward(x, z) + super().forward(-x, -z)


AUTOGRAD = {
    "a subclass": lambda: Symmetric(2, 1, (8,), replicas=R),
    "a subclass in a sum": lambda: ml.Sum(base(), Symmetric(2, 1, (8,), replicas=R)),
    "wrapped": lambda: Own(ml.StatisticsNetwork(2, 1, (8, 3), replicas=R)),
    "two networks": lambda: ml.Sum(*networks()),
    "a sum of sums": lambda: ml.Sum(base(), ml.Sum(product, networks()[0])),
    "stacked": lambda: ml.Stacked(Separable, range(R)),
    "partly frozen": partly_frozen,
}


@pytest.mark.parametrize("name", AUTOGRAD)
def test_any_other_critic_is_left_to_autograd(name):
    assert_gradient(AUTOGRAD[name](), AutogradPass, 1)


def test_a_parameter_that_does_nothing_has_a_gradient_of_zero():
    critic = Own(ml.StatisticsNetwork(2, 1, (8,), replicas=R))
    critic.idle = nn.Parameter(torch.ones(R, 3))
    flatten(critic)
    (work,), _ = passes_of(critic, ROWS, 2)
    critic.idle.grad.fill_(7)
    work.forward(numbers(R, ROWS, 3))[1](numbers(R, ROWS))
    assert not critic.idle.grad.any()


def test_training_by_autograd_is_training_by_hand():
    x, z = ml.Gaussian(0.8).sample(300, seed=0)
    held_out = ml.Gaussian(0.8).sample(200, seed=1)
    options = {"steps": 40, "batch_size": 32, "negatives": 2, "clip_norm": 0.5, "log_every": 1}
    records = [
        ml.train(x, z, critic=critic, held_out=held_out, progress=False, **options)
        for critic in (
            ml.StatisticsNetwork(1, 1, replicas=3),
            Own(ml.StatisticsNetwork(1, 1, replicas=3)),
        )
    ]
    for name in ("estimate", "gradient_norm", "v", "held_out"):
        ours, theirs = (getattr(record, name) for record in records)
        torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


# A backward pass is good once, until the next forward pass


def two_passes(monkeypatch):
    monkeypatch.setattr(passes, "CACHED", 1)
    network = ml.StatisticsNetwork(2, 1, (8, 3), replicas=R)
    flatten(network)
    return network, passes_of(network, ROWS, 2)[0]


def test_a_backward_pass_after_another_forward_pass_is_refused_and_the_second_is_right(monkeypatch):
    network, (first, second) = two_passes(monkeypatch)
    pairs, weights = numbers(R, ROWS, 3), numbers(R, ROWS, seed=1)
    for one, other in ((first, first), (first, second)):
        a, b = one.replicas, other.replicas
        _, early = one.forward(pairs[a])
        _, late = other.forward(2 * pairs[b])
        before = [each.grad.clone() for each in network.parameters()]
        with pytest.raises(RuntimeError, match="backward after another forward or backward"):
            early(weights[a])
        for grad, parameter in zip(before, network.parameters(), strict=True):
            assert torch.equal(grad, parameter.grad)
        late(weights[b])
        value = (weights * network(*(2 * pairs).split([2, 1], -1)))[b].sum()
        expected = torch.autograd.grad(value, [*network.parameters()])
        for slope, parameter in zip(expected, network.parameters(), strict=True):
            torch.testing.assert_close(parameter.grad[b], slope[b])


def test_a_second_backward_pass_is_refused(monkeypatch):
    _, (first, _) = two_passes(monkeypatch)
    part = first.replicas
    _, backward = first.forward(numbers(R, ROWS, 3)[part])
    backward(numbers(R, ROWS)[part])
    with pytest.raises(RuntimeError, match="backward after another forward or backward"):
        backward(numbers(R, ROWS)[part])


# One row a replica


def test_flatten_moves_each_replica_into_a_row_of_which_parameters_are_views():
    network = ml.StatisticsNetwork(2, 1, (5, 3), replicas=R)
    before = [each.clone() for each in network.parameters()]
    flat = flatten(network)
    numbers_each = sum(each[0].numel() for each in before)
    assert flat.shape == (R, 64)
    assert flat.grad.shape == flat.shape
    assert 64 - numbers_each == (flat == 0).sum(1).min()
    torch.testing.assert_close(flat[:, :numbers_each], torch.cat([b.flatten(1) for b in before], 1))
    for old, new in zip(before, network.parameters(), strict=True):
        assert torch.equal(old, new)
    flat.data[2] += 1
    flat.grad[3] = 5
    for old, new in zip(before, network.parameters(), strict=True):
        torch.testing.assert_close(new[2], old[2] + 1)
        assert torch.equal(new[3], old[3])
        assert (new.grad[3] == 5).all()
        assert not new.grad[2].any()


def test_flatten_takes_one_number_a_replica_and_leaves_out_what_is_not_trained():
    critic = ml.Sum(frozen(), ml.StatisticsNetwork(2, 1, (5,), replicas=R))
    critic.offset = nn.Parameter(torch.arange(float(R)))
    flat = flatten(critic)
    assert critic.offset.tolist() == [0, 1, 2, 3, 4]
    assert any(torch.equal(column, critic.offset) for column in flat.T)
    assert all(each.grad is None for each in critic.parts[0].parameters())


def test_flatten_refuses_a_critic_without_parameters_or_without_a_replica_axis():
    with pytest.raises(ValueError, match="critic has no parameters to train"):
        flatten(base())
    with pytest.raises(ValueError, match="critic has no parameters to train"):
        flatten(frozen())
    layers = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    with pytest.raises(ValueError, match=r"2\.weight has shape \(1, 8\): all must begin with the"):
        flatten(layers)
    critic = Own(ml.StatisticsNetwork(2, 1, replicas=R))
    critic.offset = nn.Parameter(torch.zeros(()))
    with pytest.raises(ValueError, match=r"offset has shape \(\)|weights.0 has shape"):
        flatten(critic)
