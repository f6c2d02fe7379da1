"""The closed-form critic against the log ratio of the fitted Gaussian, written out."""

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

import mine_lib as ml
from mine_lib.estimation.gaussian import noise_edge, plug_in


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


def canonical(x, z):
    """Canonical variates of x (n, p) and z (n, q), by orthogonal columns, and correlations."""
    u, v = (np.linalg.qr(each - each.mean(0))[0] for each in (x, z))
    left, correlations, right = np.linalg.svd(u.T @ v, full_matrices=False)
    return np.sqrt(len(x)) * u @ left, np.sqrt(len(x)) * v @ right.T, correlations


@pytest.mark.parametrize("used", [(True, False), (False, True), (True, True), (False, False)])
def test_restricted_is_the_log_ratio_of_the_canonical_pairs_that_are_marked(used):
    x, z = sample(3, 2)
    critic = ml.GaussianCritic(*tensors(x, z)).restricted(torch.tensor([used]))
    u, v, correlations = canonical(x, z)
    expected = sum(
        ml.Gaussian(c).log_ratio(*(torch.as_tensor(each[:, [pair]]) for each in (u, v))).numpy()
        for pair, c in enumerate(correlations)
        if used[pair]
    )
    found = critic(*tensors(x, z))[0]
    np.testing.assert_allclose(found, np.zeros(300) + expected, atol=1e-6)


def test_replicas_are_restricted_one_by_one_and_the_whole_stays_as_it_was():
    x, z = (
        torch.cat(tensors(*pair)) for pair in zip(sample(2, 2), sample(2, 2, seed=1), strict=True)
    )
    critic = ml.GaussianCritic(x, z)
    before = critic(x, z)
    part = critic.restricted(torch.tensor([[False, False], [True, True]]))
    assert not part(x, z)[0].any()
    torch.testing.assert_close(part(x, z)[1], before[1])
    torch.testing.assert_close(part[1:](x[1:], z[1:])[0], before[1])
    torch.testing.assert_close(critic(x, z), before)
    assert part.state_dict().keys() == critic.state_dict().keys()


def test_only_the_first_columns_are_looked_at_if_it_is_said_how_many():
    x, z = sample(3, 2)
    critic = ml.GaussianCritic(*tensors(x, z), (2, 1))
    alone = ml.GaussianCritic(*tensors(x[:, :2], z[:, :1]))
    expected = alone(*tensors(x[:, :2], z[:, :1]))
    torch.testing.assert_close(critic(*tensors(x, z)), expected)


@pytest.mark.parametrize(
    ("x_dim", "z_dim", "n"), [(100, 100, 1000), (150, 30, 600), (400, 50, 600)]
)
def test_independent_columns_have_canonical_correlations_up_to_the_noise_edge(x_dim, z_dim, n):
    rng = np.random.default_rng(0)
    largest = [
        canonical(rng.standard_normal((n, x_dim)), rng.standard_normal((n, z_dim)))[2][0]
        for _ in range(5)
    ]
    assert np.mean(largest) == pytest.approx(noise_edge(x_dim, z_dim, n), abs=0.015)


def test_the_noise_edge_is_one_if_there_are_fewer_rows_than_columns():
    assert noise_edge(60, 40, 100) == noise_edge(300, 1, 100) == 1
    assert noise_edge(60, 39, 100) < 1


def correlated(rho, x_dim, z_dim, n, seed):
    """As many canonical pairs of correlation rho as there can be, mixed on each side."""
    rng = np.random.default_rng(seed)
    x, z = rng.standard_normal((n, x_dim)), rng.standard_normal((n, z_dim))
    pairs = min(x_dim, z_dim)
    z[:, :pairs] = rho * x[:, :pairs] + np.sqrt(1 - rho**2) * z[:, :pairs]
    return x @ rng.standard_normal((x_dim, x_dim)), z @ rng.standard_normal((z_dim, z_dim))


def plug_ins(*how, seeds=600):
    """Values and errors for as many samples, (seeds, 2)."""
    return np.array([plug_in(*correlated(*how, seed)) for seed in range(seeds)])


@pytest.mark.parametrize(
    ("rho", "x_dim", "z_dim", "n"),
    [
        (0.8, 1, 1, 20),
        (0.0, 10, 10, 60),
        (0.5, 10, 10, 40),
        (0.6, 10, 1, 60),  # fails: x counts as one column, as many as there are pairs
        (0.0, 1, 10, 60),
    ],
)
def test_the_plug_in_has_no_bias_for_gaussians(rho, x_dim, z_dim, n):
    values = plug_ins(rho, x_dim, z_dim, n)[:, 0]
    truth = -min(x_dim, z_dim) * np.log(1 - rho**2) / 2
    assert abs(values.mean() - truth) < 4 * values.std() / np.sqrt(600)


@pytest.mark.parametrize(
    ("rho", "x_dim", "z_dim", "n"),
    [(0.8, 1, 1, 50), (0.3, 1, 1, 100), (0.0, 10, 10, 100), (0.5, 10, 10, 200), (0.6, 10, 1, 60)],
)
def test_the_error_of_the_plug_in_is_its_spread_over_samples(rho, x_dim, z_dim, n):
    found = plug_ins(rho, x_dim, z_dim, n)
    error = np.sqrt(np.square(found[:, 1]).mean())
    # 600 samples know the spread to 3 %; the error is that of many rows.
    assert error == pytest.approx(found[:, 0].std(), rel=0.12)


def test_the_error_of_the_plug_in_is_not_too_small_for_half_as_many_columns_as_rows():
    # fails: p q / 2 n^2 is 28 % too small here
    found = plug_ins(0.0, 10, 10, 40)
    assert np.sqrt(np.square(found[:, 1]).mean()) > 0.88 * found[:, 0].std()


def test_the_plug_in_does_not_count_columns_that_repeat_others():
    x, z = correlated(0.5, 3, 3, 60, 0)
    more = [np.hstack([each, each @ [[1.0], [1.0], [2.0]]]) for each in (x, z)]
    assert plug_in(*more) == pytest.approx(plug_in(x, z), abs=1e-9)


def test_the_plug_in_says_nothing_of_no_columns_or_of_too_many():
    x, z = correlated(0.5, 5, 5, 19, 0)
    assert np.isnan(plug_in(x, z)).all()
    assert np.isnan(plug_in(x[:, :0], z)).all()
    assert np.isfinite(plug_in(x, z[:, :4])).all()


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
