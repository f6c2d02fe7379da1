"""Tables, XOR, and steps with ramps, by hand and by quadrature."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import kstest, norm, uniform

import mine_lib as ml

N = 40_000


def steps_and_ramps_density(z, steps):
    """Density of z: the mean over the steps of a uniform density on [step, step + 2]."""
    step = np.arange(steps)
    return ((step <= z) & (z <= step + 2)).mean(-1) / 2


def test_discrete_table_by_hand():
    table = [[0.4, 0.1], [0.05, 0.45]]
    by_hand = sum(
        p * math.log(p / (row * column))
        for p, row, column in [
            (0.4, 0.5, 0.45),
            (0.1, 0.5, 0.55),
            (0.05, 0.5, 0.45),
            (0.45, 0.5, 0.55),
        ]
    )
    pair = ml.Discrete(table)
    assert pair.mi == pytest.approx(by_hand, abs=1e-12)
    expected = [math.log(0.1 / 0.275), math.log(0.45 / 0.275)]
    assert pair.log_ratio([0, 1], [1, 1]).tolist() == pytest.approx(expected, abs=1e-6)


def test_discrete_mi_of_extremes():
    assert ml.Discrete(np.full((3, 4), 1 / 12)).mi == pytest.approx(0, abs=1e-12)
    assert ml.Discrete(np.eye(5) / 5).mi == pytest.approx(math.log(5), abs=1e-12)


def test_discrete_log_ratio_of_an_impossible_cell():
    assert ml.Discrete(np.eye(2) / 2).log_ratio([0], [1]).item() == -math.inf


def test_discrete_samples_follow_the_table():
    table = np.array([[0.4, 0.1, 0.0], [0.05, 0.25, 0.2]])
    x, z = ml.Discrete(table).sample(N, seed=5)
    share = torch.bincount(3 * x + z, minlength=6) / N
    assert x.dtype == z.dtype == torch.int64
    assert x.shape == z.shape == (N,)
    assert (share - torch.tensor(table.ravel())).abs().max() < 4 * math.sqrt(0.25 / N)


def test_xor_is_its_table_and_each_bit_alone_tells_nothing():
    x, y = ml.Xor().sample(N, seed=6)
    assert x.shape == (N, 2)
    assert y.shape == (N, 1)
    assert torch.equal((x.sum(1, keepdim=True) % 2), y)
    assert abs(np.corrcoef(x[:, 0], y[:, 0])[0, 1]) < 4 / math.sqrt(N)
    assert abs(y.mean().item() - 0.5) < 4 * 0.5 / math.sqrt(N)
    # rows (x1, x2) = 00, 01, 10, 11; columns y = 0, 1
    table = ml.Discrete(np.array([[1, 0], [0, 1], [0, 1], [1, 0]]) / 4)
    assert ml.Xor().mi == ml.Xor(7).mi == pytest.approx(table.mi, abs=1e-12)
    cells, bits = [0, 0, 1, 1, 2, 2, 3, 3], [0, 1] * 4
    ratios = ml.Xor(1).log_ratio([[c // 2, c % 2, -1.5] for c in cells], bits)
    assert torch.equal(ratios, table.log_ratio(cells, bits))


def test_distractors_are_independent_of_the_xor():
    x, y = ml.Xor(4).sample(N, seed=6)
    assert x.shape == (N, 6)
    assert y.shape == (N, 1)
    assert torch.equal(x[:, :2].sum(1, keepdim=True) % 2, y)
    assert (x[:, :2].mean(0) - 0.5).abs().max() < 4 * 0.5 / math.sqrt(N)
    correlations = torch.corrcoef(torch.hstack([x, y]).T) - torch.eye(7)
    assert correlations.abs().max() < 4 / math.sqrt(N)
    for column in x[:, 2:].T:
        assert kstest(column, norm.cdf).pvalue > 1e-3


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_steps_and_ramps_mi_by_quadrature(steps):
    z = (np.arange(1000 * (steps + 1)) + 0.5) / 1000
    density = steps_and_ramps_density(z[:, None], steps)
    expected = -(density * np.log(density)).sum() / 1000 - math.log(2)
    assert ml.StepsAndRamps(steps).mi == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("shift", [0, 1])
def test_steps_and_ramps_log_ratio_by_the_densities(steps, shift):
    x, z = ml.StepsAndRamps(steps).sample(1000, seed=5)
    z = z.roll(shift, 0)
    reached = ((x <= z) & (z <= x + 2))[:, 0].numpy()
    density = steps_and_ramps_density(z.double().numpy(), steps)
    expected = np.where(reached, -math.log(2) - np.log(density), -np.inf)
    assert reached.all() == (shift == 0 or steps == 1)
    assert ml.StepsAndRamps(steps).log_ratio(x, z).tolist() == pytest.approx(expected, rel=1e-5)


def test_steps_and_ramps_log_ratio_at_the_ends_of_the_ramps():
    x, z = [0, 0, 3, 4, 4, 2, 2], [0, 2, 5, 4, 6, 1.9, 4.1]
    expected = [math.log(each) for each in (5, 2.5, 2.5, 2.5, 5)] + [-math.inf] * 2
    assert ml.StepsAndRamps(5).log_ratio(x, z).tolist() == pytest.approx(expected, abs=1e-6)


def test_steps_are_equally_likely():
    x = ml.StepsAndRamps(5).sample(N, seed=4)[0][:, 0]
    share = torch.bincount(x.int(), minlength=5) / N
    assert torch.equal(x, x.round())
    assert (share - 0.2).abs().max() < 4 * math.sqrt(0.2 * 0.8 / N)


def test_ramps_are_uniform_and_independent_of_the_step():
    x, z = (v[:, 0].double().numpy() for v in ml.StepsAndRamps(5).sample(N, seed=9))
    assert kstest(z - x, uniform(0, 2).cdf).pvalue > 1e-3
    assert kstest((z - x)[x < np.median(x)], uniform(0, 2).cdf).pvalue > 1e-3


@pytest.mark.parametrize("ramp", [0, 2])
def test_the_end_of_a_ramp_rounded_to_single_precision_is_still_possible(ramp):
    step = np.random.default_rng(0).integers(0, 7, N)
    for z in (step + ramp, np.nextafter(step + ramp, 4)):
        single = torch.from_numpy(z).float()
        assert torch.isfinite(ml.StepsAndRamps(7).log_ratio(step, single)).all()
