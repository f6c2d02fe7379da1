"""Critic values on joint and on shifted pairs, rolled by hand."""

import numpy as np
import pytest
import torch

import mine_lib as ml

N = 12


@pytest.fixture(scope="module")
def network():
    return ml.StatisticsNetwork(2, 1, (8,), replicas=3)


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def product(x, z):
    return x[..., 0] * (z[..., 0] + 2)


@pytest.mark.parametrize(
    ("shifts", "steps"),
    [(1, [1]), (3, [1, 2, 3]), ([2, 5], [2, 5]), ((-1,), [-1]), (np.array([11, 4]), [11, 4])],
)
@pytest.mark.parametrize("leading", [(), (3,)])
def test_product_pairs_are_x_beside_z_of_so_many_rows_before(network, leading, shifts, steps):
    x, z = numbers(*leading, N, 2), numbers(*leading, N, 1, seed=1)
    t_joint, t_product = ml.critic_values(network, x, z, shifts)
    assert t_joint.shape == (3, N)
    assert t_product.shape == (3, len(steps), N)
    assert torch.equal(t_joint, network(x, z))
    for k, step in enumerate(steps):
        partners = z[..., [(i - step) % N for i in range(N)], :]
        assert torch.equal(t_product[:, k], network(x, partners))


def test_a_function_without_replica_axis_has_values_without_it():
    x, z = numbers(N, 1), numbers(N, 1, seed=1)
    t_joint, t_product = ml.critic_values(product, x, z, 2)
    assert torch.equal(t_joint, x[:, 0] * (z[:, 0] + 2))
    expected = [[x[i, 0] * (z[i - s, 0] + 2) for i in range(N)] for s in (1, 2)]
    assert torch.equal(t_product, torch.tensor(expected))


def test_a_vector_is_one_column_and_arrays_are_tensors():
    x, z = numbers(N), numbers(N, seed=1)
    expected = ml.critic_values(product, x[:, None], z[:, None], 3)
    for given in ((x, z), (x.numpy(), z.numpy()), (x.tolist(), z[:, None].numpy())):
        found = ml.critic_values(product, *given, 3)
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    whole = ml.critic_values(product, range(N), torch.arange(N))
    assert whole[0].tolist() == [i * (i + 2) for i in range(N)]


def test_the_log_ratio_of_a_pair_is_a_critic():
    pair = ml.Gaussian(0.7)
    x, z = pair.sample(50, seed=0)
    t_joint, t_product = ml.critic_values(pair.log_ratio, x, z)
    assert torch.equal(t_joint, pair.log_ratio(x, z))
    assert torch.equal(t_product[0], pair.log_ratio(x, z.roll(1, 0)))


def test_shared_x_meets_z_of_each_replica(network):
    x, z = numbers(N, 2), numbers(3, N, 1, seed=1)
    found = ml.critic_values(network, x, z, 2)
    expected = ml.critic_values(network, x.expand(3, N, 2), z, 2)
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_gradients_reach_what_made_x_and_z(network):
    x, z = numbers(3, N, 2).requires_grad_(), numbers(3, N, 1, seed=1).requires_grad_()
    found = torch.autograd.grad(
        sum(t.sin().sum() for t in ml.critic_values(network, x, z, 2)), [x, z]
    )
    by_hand = [network(x, z), network(x, z.roll(1, 1)), network(x, z.roll(2, 1))]
    expected = torch.autograd.grad(sum(t.sin().sum() for t in by_hand), [x, z])
    torch.testing.assert_close(found, expected)
    assert all(each.abs().max() > 0 for each in found)


X, Z = numbers(N, 1), numbers(N, 1, seed=1)
BAD = [
    (lambda: ml.critic_values(product, X, Z[:-1]), "x has 12 rows and z has 11"),
    (lambda: ml.critic_values(product, X, Z, 0), "shifts = 0: .* at least 1"),
    (lambda: ml.critic_values(product, X, Z, 12), "shifts = 12: must be less than the 12 rows"),
    (
        lambda: ml.critic_values(product, X, Z, [1, 0]),
        r"shifts = \[1, 0\]: .* no multiples of the 12 rows",
    ),
    (lambda: ml.critic_values(product, X, Z, [1, 12]), r"shifts = \[1, 12\]"),
    (lambda: ml.critic_values(product, X, Z, [-24]), r"shifts = \[-24\]"),
    (lambda: ml.critic_values(product, X, Z, []), r"shifts = \[\]"),
    (lambda: ml.critic_values(product, X, Z, 1.5), "shifts = 1.5"),
    (lambda: ml.critic_values(product, X, Z, "2"), "shifts = '2'"),
    (lambda: ml.critic_values(lambda x, z: x * z, X, Z), r"gave \(12, 1\): must be \(..., 12\)"),
    (lambda: ml.critic_values(lambda x, z: (x * z)[1:, 0], X, Z), r"gave \(11,\): .* one value a"),
    (lambda: ml.critic_values(lambda x, z: (x * z).sum(), X, Z), r"gave \(\): must be"),
    (lambda: ml.critic_values(lambda x, z: 0.0, X, Z), "gave float: must be"),
    (lambda: ml.critic_values(product, X[None, None], Z), r"x has shape \(1, 1, 12, 1\)"),
    (
        lambda: ml.critic_values(product, X.expand(2, N, 1), Z.expand(3, N, 1)),
        "x has 2 replicas and z has 3: must be equally many",
    ),
    (lambda: ml.critic_values(product, ["a"] * N, Z), "x is list: must be numbers"),
    (lambda: ml.critic_values(product, X, Z[:, :0]), r"z has shape \(12, 0\)"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_refused_with_its_name_and_value(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_numbers_of_another_precision_become_the_networks(network):
    x, z = numbers(12, 2), numbers(12, 1, seed=1)
    for given, expected in zip(
        ml.critic_values(network, x.double(), z), ml.critic_values(network, x, z), strict=True
    ):
        torch.testing.assert_close(given, expected)
    torch.testing.assert_close(
        ml.evaluate(network, x.double(), z.double()), ml.evaluate(network, x, z)
    )
