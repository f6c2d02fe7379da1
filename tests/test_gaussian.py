"""The closed-form critic against the log ratio of the fitted Gaussian, written out."""

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

import mine_lib as ml


def sample(x_dim, z_dim, n=300, seed=0):
    rng = np.random.default_rng(seed)
    both = rng.standard_normal((n, x_dim + z_dim)) @ rng.standard_normal((x_dim + z_dim,) * 2)
    both += rng.standard_normal(x_dim + z_dim)
    return both[:, :x_dim], both[:, x_dim:]


def tensors(*arrays):
    return [torch.as_tensor(each)[None] for each in arrays]


@pytest.mark.parametrize("dims", [(1, 1), (2, 1), (1, 3), (3, 2)])
def test_is_the_log_ratio_of_the_fitted_gaussian(dims):
    x, z = sample(*dims)
    both = np.hstack([x, z])
    mean, covariance = both.mean(0), np.cov(both.T, bias=True)
    d = dims[0]
    expected = (
        multivariate_normal(mean, covariance).logpdf(both)
        - multivariate_normal(mean[:d], covariance[:d, :d]).logpdf(x)
        - multivariate_normal(mean[d:], covariance[d:, d:]).logpdf(z)
    )
    critic = ml.GaussianCritic(*tensors(x, z))
    np.testing.assert_allclose(critic(*tensors(x, z))[0], expected, atol=1e-9)


def test_replicas_have_fits_of_their_own():
    (x, z), (u, v) = sample(2, 2), sample(2, 2, seed=1)
    both = ml.GaussianCritic(*(torch.cat(tensors(*pair)) for pair in ((x, u), (z, v))))
    alone = ml.GaussianCritic(*tensors(u, v))
    torch.testing.assert_close(both[1:](*tensors(x, z)), alone(*tensors(x, z)))
    assert both.correlations.shape == (2, 2)
    assert both[1:].correlations.shape == (1, 2)
    assert isinstance(both[1:], ml.GaussianCritic)


def test_collinear_and_constant_directions_add_nothing():
    x, z = sample(2, 1)
    more = np.hstack([x, x @ [[1.0], [2.0]], np.zeros((len(x), 1))])
    plain, critic = ml.GaussianCritic(*tensors(x, z)), ml.GaussianCritic(*tensors(more, z))
    torch.testing.assert_close(critic(*tensors(more, z)), plain(*tensors(x, z)))


def test_single_precision_keeps_its_digits_near_correlation_one():
    x, z = (each.double() for each in ml.Gaussian(0.99999).sample(2000, seed=0))
    exact = ml.GaussianCritic(x[None], z[None])(x[None], z[None])
    rough = ml.GaussianCritic(x[None].float(), z[None].float())
    assert (rough(x[None].float(), z[None].float()) - exact).abs().max() < 0.01


def test_a_function_gets_a_finite_ratio():
    x, _ = sample(1, 1)
    critic = ml.GaussianCritic(*tensors(x, 2 * x))
    assert 5 < critic(*tensors(x, 2 * x)).mean() < 10


def test_a_dropped_critic_is_zero_and_its_neighbour_is_not():
    x, z = (values.view(2, 100, 1) for values in ml.Gaussian(0.8).sample(200, seed=0))
    critic = ml.GaussianCritic(x, z)
    before, part = critic(x, z), critic[:1]
    critic.drop(torch.tensor([True, False]))
    assert not critic(x, z)[0].any()
    assert torch.equal(critic(x, z)[1], before[1])
    assert not critic[:1](x[:1], z[:1]).any()
    assert not part(x[:1], z[:1]).any()  # a part shares what its whole holds


def test_a_fit_moves_as_one_and_is_never_trained():
    x, z = ml.Gaussian(0.8).sample(200, seed=0)
    critic = ml.GaussianCritic(x[None], z[None])
    assert not [*critic.parameters()]
    assert {each.device.type for each in critic.to("meta")[:1].buffers()} == {"meta"}
    other = ml.GaussianCritic(z[None], 3 * x[None] + 1)
    other.load_state_dict(ml.GaussianCritic(x[None], z[None]).state_dict())
    torch.testing.assert_close(other(x, z), ml.GaussianCritic(x[None], z[None])(x, z))


def test_its_value_is_the_information_of_the_fitted_correlation():
    pair = ml.Gaussian(0.8)
    x, z = pair.sample(20_000, seed=0)
    critic = ml.GaussianCritic(x[None], z[None])
    assert critic(x, z).mean().item() == pytest.approx(pair.mi, abs=4 * 0.8 / np.sqrt(20_000))
    found = ml.evaluate(critic, *pair.sample(20_000, seed=1), shifts=20)
    assert found.item() == pytest.approx(pair.mi, abs=5 * 0.8 / np.sqrt(20_000))
