"""The value of a fixed critic on pairs."""

import numpy as np
import pandas as pd
import pytest
import torch

import mine_lib as ml


@pytest.fixture(scope="module")
def pairs():
    return ml.Gaussian(0.8).sample(400, seed=0)


@pytest.fixture(scope="module")
def network():
    return ml.StatisticsNetwork(1, 1, (8,), replicas=2)


def test_evaluate_takes_all_shifted_pairs(pairs, network):
    x, z = (values[:20] for values in pairs)
    with torch.no_grad():
        t = network(x.repeat_interleave(20, 0), z.repeat(20, 1)).view(2, 20, 20)
    off_diagonal = ~torch.eye(20, dtype=torch.bool)
    joint = t.diagonal(dim1=1, dim2=2).mean(-1)
    expected = joint - t[:, off_diagonal].exp().mean(-1).log()
    torch.testing.assert_close(ml.evaluate(network, x, z, shifts=19), expected)


@pytest.mark.parametrize(
    ("shifts", "steps"), [(1, [1]), (2, [1, 9]), (3, [1, 5, 9]), (9, range(1, 10)), (10, None)]
)
def test_shifts_are_spread_evenly_below_half(pairs, network, shifts, steps):
    x, z = (values[:20] for values in pairs)
    steps = np.linspace(1, 19, 10).round().astype(int) if steps is None else steps
    expected = ml.donsker_varadhan(*ml.critic_values(network, x, z, [*map(int, steps)]))
    torch.testing.assert_close(ml.evaluate(network, x, z, shifts), expected.detach())


def test_of_the_log_ratio_it_is_near_the_information_and_without_replica_axis():
    pair = ml.Gaussian(0.8)
    found = ml.evaluate(pair.log_ratio, *pair.sample(20_000, seed=0), shifts=20)
    assert found.shape == ()
    assert found.item() == pytest.approx(pair.mi, abs=4 * 0.8 / np.sqrt(20_000))


def test_arrays_frames_and_tensors_are_the_same(pairs, network):
    expected = ml.evaluate(network, *pairs)
    assert not expected.requires_grad
    for make in (np.asarray, pd.DataFrame, lambda v: v[:, 0], lambda v: v.numpy()[:, 0].tolist()):
        assert torch.equal(ml.evaluate(network, *map(make, pairs)), expected)


def test_pairs_of_its_own_for_each_replica(pairs, network):
    x, z = (torch.stack([values[:200], values[200:]]) for values in pairs)
    found = ml.evaluate(network, x, z, shifts=3)
    for k in range(2):
        own = ml.evaluate(network[k : k + 1], x[k], z[k], shifts=3)
        torch.testing.assert_close(found[k : k + 1], own)


def test_a_broken_replica_is_nan_alone(pairs, network):
    def critic(x, z):
        t = network(x, z)
        t[1, 3] = torch.nan
        return t

    expected = ml.evaluate(network, *pairs)
    found = ml.evaluate(critic, *pairs)
    assert found[1].isnan()
    assert found[0] == expected[0]


X, Z = np.zeros((50, 2)), np.zeros(50)
CRITIC = ml.StatisticsNetwork(2, 1)
BAD = [
    (lambda: ml.evaluate(CRITIC, X, Z, shifts=50), "shifts = 50: must be less than the 50 rows"),
    (lambda: ml.evaluate(CRITIC, X, Z, shifts=0), "shifts = 0"),
    (lambda: ml.evaluate(CRITIC, X, Z, shifts=[1, 2]), r"shifts = \[1, 2\]"),
    (lambda: ml.evaluate(CRITIC, X, Z[:49]), "x has 50 rows and z has 49"),
    (lambda: ml.evaluate(lambda x, z: x, X, Z), r"the critic gave \(50, 2\): must be"),
    (lambda: ml.evaluate(lambda x, z: x[:49, 0], X, Z), r"the critic gave \(49,\)"),
    (lambda: ml.evaluate(CRITIC, X[:0], Z[:0]), r"x has shape \(0, 2\)"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_refused_with_its_name_and_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()
