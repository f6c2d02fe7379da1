"""What a reader may add without a line in the package: critics, a bound, a learned baseline."""

import inspect
import math

import pytest
import torch
from torch import nn

import mine_lib as ml


def train(x, z, **options):
    return ml.train(x, z, **{"steps": 400, "learning_rate": 3e-3, "progress": False, **options})


# A separable critic f(x) . g(z)


class Separable(nn.Module):
    def __init__(self):
        super().__init__()
        self.f, self.g = (
            nn.Sequential(nn.Linear(1, 64), nn.ReLU(), nn.Linear(64, 16)) for _ in range(2)
        )

    def forward(self, x, z):
        return (self.f(x) * self.g(z)).sum(-1)


@pytest.mark.parametrize("objective", [ml.MINE(), ml.nwj])
def test_a_separable_critic_is_trained_as_it_is(objective):
    pair = ml.Gaussian(0.8)
    critic = ml.Stacked(Separable, seeds=[0, 1])
    options = {"objective": objective, "steps": 800, "decay": True}
    record = train(*pair.sample(8000, seed=0), critic=critic, **options)
    found = ml.evaluate(record.critic, *pair.sample(4000, seed=1), shifts=10)
    assert (found - pair.mi).abs().max() < 0.08


# A convolution that looks for the same pattern in two images


class Convolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.look = nn.Sequential(nn.Conv2d(2, 8, 3), nn.ReLU(), nn.AdaptiveMaxPool2d(1))
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))

    def forward(self, x, z):
        images = torch.stack([x, z], 1).unflatten(-1, (8, 8))
        return self.head(self.look(images))


def images(n, seed):
    """Pairs of images (n, 64) with a bright 3 x 3 square each: at one place, in half of them."""
    generator = torch.Generator().manual_seed(seed)
    corners = torch.randint(6, (2, 2, n), generator=generator)  # image, row and column, pair
    same = torch.rand(n, generator=generator) < 0.5
    corners[1] = torch.where(same, corners[0], corners[1])
    rows, columns = torch.arange(8)[:, None], torch.arange(8)
    row, column = corners[..., None, None].unbind(1)
    is_bright = (abs(rows - row - 1) < 2) & (abs(columns - column - 1) < 2)
    noise = 0.1 * torch.randn(2, n, 8, 8, generator=generator)
    return (is_bright + noise).flatten(2)


def test_a_convolution_finds_the_information_between_two_images():
    at_one_place = 1 / 2 + 1 / 2 / 36  # of 36; the squares are seen without fault
    truth = at_one_place * math.log(36 * at_one_place)
    truth += (1 - at_one_place) * math.log((1 - at_one_place) * 36 / 35)
    critic = ml.Stacked(Convolution, seeds=[0, 1])
    record = train(*images(6000, 0), critic=critic, learning_rate=0.01, steps=600)
    found = ml.evaluate(record.critic, *images(3000, 1), shifts=10)
    assert (found - truth).abs().max() < 0.15
    x, z = images(3000, 2)
    control = ml.evaluate(record.critic, x, z.roll(1500, 0), shifts=10)
    assert (control < 0.1).all()


# A learned baseline, FLO (Guo et al. 2022):
# I >= 1 - E_P[u(x, z) + e^-u(x, z) E_Q[e^(g(x, z') - g(x, z))]]


def flo(g, u):
    """Value (R,) from g on joint and product pairs and u on joint pairs."""
    g_joint, g_product = g
    ratio = torch.exp(g_product - g_joint[:, None]).mean(1)
    return 1 - (u + torch.exp(-u) * ratio).mean(-1)


def test_a_learned_baseline_reaches_the_truth_in_a_plain_loop():
    pair, held_out = ml.Gaussian(0.8), ml.Gaussian(0.8).sample(4000, seed=1)
    g, u = (ml.StatisticsNetwork(1, 1, replicas=2, seeds=seeds) for seeds in ([0, 1], [2, 3]))
    optimizer = torch.optim.Adam([*g.parameters(), *u.parameters()], lr=3e-3)
    for step in range(500):
        x, z = pair.sample(256, seed=step + 10)
        loss = -flo(ml.critic_values(g, x, z, shifts=8), u(x, z)).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        x, z = held_out
        found = flo(ml.critic_values(g, x, z, shifts=50), u(x, z))
    assert (found - pair.mi).abs().max() < 0.08


# A bound of one's own, ReMINE (Choi and Lee 2022): Donsker-Varadhan with the drift held


def remine(t_joint, t_product, weight=0.1):
    log_mean = ml.log_mean_exp(t_product.flatten(-2))
    return t_joint.mean(-1) - log_mean - weight * log_mean**2


def test_a_bound_of_ones_own_is_an_objective_in_three_lines():
    pair = ml.Gaussian(0.8)
    x, z = pair.sample(8000, seed=0)
    critics = {}
    for objective in (remine, ml.donsker_varadhan):
        start = ml.Sum(
            ml.StatisticsNetwork(1, 1, replicas=2), lambda x, z: torch.full_like(x, 5.0)[..., 0]
        )
        critics[objective] = train(x, z, critic=start, objective=objective).critic
    for critic in critics.values():
        found = ml.evaluate(critic, *pair.sample(4000, seed=1), shifts=10)
        assert (found - pair.mi).abs().max() < 0.08
    log_means = [ml.log_mean_exp(ml.critic_values(c, x, z)[1][:, 0]) for c in critics.values()]
    assert log_means[0].abs().max() < 0.2  # Donsker-Varadhan itself does not mind a constant
    assert log_means[1].min() > 3


@pytest.mark.parametrize("addition", [Separable, Convolution, flo, remine])
def test_an_addition_is_short(addition):
    assert len(inspect.getsource(addition).splitlines()) <= 15
