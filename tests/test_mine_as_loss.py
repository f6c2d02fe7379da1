"""MINE and the bounds as losses: encoders reach the information that is there, in closed form."""

import math

import pytest
import torch
from torch.nn.functional import normalize

import mine_lib as ml


def test_an_encoder_and_its_critic_learn_from_one_loss():
    x, z = ml.Gaussian(0.9).sample(500, seed=0)
    x, mine = torch.cat([torch.randn(500, 1), x], 1), ml.MINE(alpha=0.1)
    torch.manual_seed(0)
    encoder, critic = torch.nn.Linear(2, 1), ml.StatisticsNetwork(1, 1)
    modules = torch.nn.ModuleList([encoder, critic])
    optimizer = torch.optim.Adam(modules.parameters(), lr=0.01)
    found = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = -mine(*ml.critic_values(critic, encoder(x), z)).sum()
        loss.backward()
        assert all(each.grad.abs().max() > 0 for each in encoder.parameters())
        assert all(each.grad.abs().max() > 0 for each in critic.parameters())
        optimizer.step()
        found.append(-loss.item())
    assert found[-1] > found[0] + 0.2


# A code w^T x + noise with |w| = 1 of x in R^4 that tells most of z. In Gaussians the squared
# correlation of code and z is (w^T C)^2 / (w^T (S + s^2) w Var z), largest at (S + s^2)^-1 C.
SPREAD, SLOPE, NOISE = torch.tensor([2.0, 1.0, 1.0, 0.5]), torch.tensor([0.3, -1.0, 0.5, 2.0]), 0.5
COVARIANCE = SPREAD**2 * SLOPE  # C, of x with z = slope^T x + N(0, s^2)
OPTIMAL = COVARIANCE / (SPREAD**2 + NOISE**2)
SEEDS = 8


def information(w):
    """Closed form for codes w (..., 4), whatever their lengths: the critic has no say."""
    variance = (SPREAD * w).square().sum(-1) + NOISE**2 * w.square().sum(-1)
    square = (w @ COVARIANCE) ** 2 / variance / (COVARIANCE @ SLOPE + NOISE**2)
    return -torch.log1p(-square) / 2


def learned(objective, learns=True, shuffles=False, steps=500):
    """Share of the optimal information in eight codes, before and after training."""
    generator = torch.Generator().manual_seed(0)
    w = torch.randn(SEEDS, 4, 1, generator=generator).requires_grad_()
    critic = ml.StatisticsNetwork(1, 1, (32, 32), replicas=SEEDS)
    optimizer = torch.optim.Adam([w, *critic.parameters()][: None if learns else 1], lr=5e-3)
    start = w.detach().clone()
    for _ in range(steps):
        x, *noise = torch.randn(SEEDS, 256, 6, generator=generator).split([4, 1, 1], -1)
        x = SPREAD * x
        z = x @ SLOPE[:, None] + NOISE * noise[0]
        code = x @ normalize(w, dim=1) + NOISE * noise[1]
        loss = -objective(*ml.critic_values(critic, code, z.roll(1, 1) if shuffles else z, 3)).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return [information(each[..., 0]) / information(OPTIMAL) for each in (start, w.detach())]


def test_the_closed_form_of_a_code_is_the_information_of_its_samples():
    generator = torch.Generator().manual_seed(0)
    x = SPREAD * torch.randn(200_000, 4, generator=generator)
    noise = NOISE * torch.randn(2, 200_000, generator=generator)
    for w in (OPTIMAL, torch.tensor([1.0, -1.0, 0.0, 1.0])):
        pair = torch.stack([x @ normalize(w, dim=0) + noise[0], x @ SLOPE + noise[1]])
        expected = -math.log1p(-(torch.corrcoef(pair)[0, 1].item() ** 2)) / 2
        assert information(w).item() == pytest.approx(expected, abs=0.01)
    around = OPTIMAL + 0.1 * torch.randn(1000, 4, generator=generator)
    assert (information(around) < information(OPTIMAL)).all()
    obvious = torch.stack([SLOPE, COVARIANCE, torch.eye(4)[0]])  # z's own direction, for one
    assert (information(obvious) < 0.97 * information(OPTIMAL)).all()


@pytest.mark.parametrize("objective", [ml.MINE(), ml.nwj, ml.infonce])
def test_an_encoder_reaches_the_information_that_is_there(objective):
    start, end = learned(objective)
    assert start.mean() < 0.5
    assert (end > 0.97).all()
    assert 0.97 < end.mean() <= 1 + 1e-5


@pytest.mark.parametrize("control", ["learns", "shuffles"])
def test_an_encoder_reaches_nothing_by_a_critic_that_learned_nothing(control):
    _, end = learned(ml.MINE(), **{control: control == "shuffles"})
    assert end.mean() < 0.7
    assert (end > 0.97).sum() < SEEDS / 2
