"""What chapter 5 proves, computed otherwise: the two pulls, the limits, the misprint, the start."""

import numpy as np
import pytest
import torch
from scipy.integrate import dblquad
from scipy.special import lambertw

import mine_lib as ml

RATES = [0.01, 0.1, 0.5, 0.9]


def averages(means, alpha, v=1.0):
    values = [v]
    for mean in means:
        values.append((1 - alpha) * values[-1] + alpha * mean)
    return np.array(values)


@pytest.mark.parametrize("alpha", RATES)
@pytest.mark.parametrize("seed", range(5))
def test_pushes_on_the_constant_add_up_to_more_than_v_loses(alpha, seed):
    """Part 2 of the theorem on two pulls, also for means that climb and for a v that falls."""
    rng = np.random.default_rng(seed)
    means = rng.lognormal(0, 2, 300) * np.exp(rng.normal(0, 0.05) * np.arange(300))
    v = averages(means, alpha)
    pushes = 1 - means / v[1:]
    assert pushes.sum() > (1 - alpha) / alpha * np.log(v[0] / v[-1])
    exact = (1 - alpha) / alpha * (v[:-1] / v[1:] - 1)
    np.testing.assert_allclose(pushes, exact, rtol=1e-6, atol=1e-9)


def test_pushes_are_as_large_as_v_loses_only_if_it_stands_still():
    v = averages(np.ones(20), 0.1)
    assert (1 - 1 / v[1:]).sum() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("alpha", RATES)
def test_the_constant_creeps_at_a_fixed_critic(alpha):
    """Part 3, with batch means of two values; and not at all for vanilla."""
    means = np.random.default_rng(0).choice([0.2, 1.8], 200_000)
    v = averages(means, alpha)
    assert (1 - means / v[1:])[int(10 / alpha) :].mean() > 0
    assert 1 - means / averages(means, 1.0)[1:] == pytest.approx(0.0)


@pytest.mark.parametrize("alpha", [0.03, 0.3, 1.0])
@pytest.mark.parametrize("v", [1e-6, 1.0, 1e6])
def test_no_batch_pushes_back_with_more_than_one_over_alpha(alpha, v):
    t = torch.randn(1000, 16, generator=torch.Generator().manual_seed(0)) * 5
    means = t.exp().mean(1)
    weights = t.exp() / 16 / ((1 - alpha) * v + alpha * means)[:, None]
    assert weights.sum(1).max() <= 1 / alpha * (1 + 1e-5)


@pytest.mark.parametrize("alpha", [0.1, 0.5, 1.0])
def test_limit_slope_on_a_set(alpha):
    """Part 3 of the theorem between vanilla and NWJ, with two product rows and three kinds."""
    u, b, p_a = 0.7, 2, 0.6
    q = np.array([0.05, 0.35, 0.6])  # the first kind is A
    t = np.array([0.3, -1.0, 0.8])

    def objective(c):
        raised = t + np.array([c, 0, 0])
        means = (np.exp(raised)[:, None] + np.exp(raised)) / b
        return p_a * c - (np.outer(q, q) * np.log(1 - alpha + alpha * means / u)).sum() / alpha

    hit = 1 - (1 - q[0]) ** b
    assert objective(41.0) - objective(40.0) == pytest.approx(p_a - hit / alpha, abs=1e-9)
    assert p_a - hit / alpha >= p_a - b / alpha * q[0]


def test_between_vanilla_and_nwj():
    """Part 2: small rates give NWJ, rate 1 the mean of log."""
    m, u = np.random.default_rng(0).lognormal(0, 2, 1000), 1.3
    values = [np.mean(np.log(1 + a * (m / u - 1)) / a) for a in (1.0, 0.1, 0.01, 1e-7)]
    assert values == sorted(values)
    assert values[-1] == pytest.approx(np.mean(m / u - 1), rel=1e-4)
    assert values[0] == pytest.approx(np.mean(np.log(m)) - np.log(u))


def test_the_level_taken_out_leaves_vanilla_as_it_is():
    t = torch.randn(2, 3, 16, generator=torch.Generator().manual_seed(0)) * 2
    slopes = []
    for is_free in (False, True):
        joint, product = (each.clone().requires_grad_() for each in t)
        level = joint.mean(-1, keepdim=True) if is_free else 0.0
        ml.MINE(1)(joint - level, product - level).sum().backward()
        slopes.append(torch.stack([joint.grad, product.grad]))
    torch.testing.assert_close(*slopes)


@pytest.mark.parametrize("alpha", [0.01, 0.3, 1.0])
def test_the_level_taken_out_scales_the_gradient_of_vanilla(alpha):
    """By m/v of the lowered critic, batch after batch, whatever v was before."""
    mine, v = ml.MINE(alpha), 1.0
    generator = torch.Generator().manual_seed(1)
    for _ in range(5):
        t = torch.randn(2, 1, 16, generator=generator) * 2
        slopes = []
        for objective, is_free in ((mine, True), (ml.MINE(1), False)):
            joint, product = (each.clone().requires_grad_() for each in t)
            level = joint.mean(-1, keepdim=True) if is_free else 0.0
            objective(joint - level, product - level).sum().backward()
            slopes.append(torch.stack([joint.grad, product.grad]))
        m = (t[1] - t[0].mean()).exp().mean()
        v = (1 - alpha) * v + alpha * m
        torch.testing.assert_close(slopes[0], slopes[1] * m / v)


def test_the_average_of_twelve_fresh_batches_pushes_upwards():
    """The chapter's control at rate 0.3: E[m/v] < 1, since the present batch weighs the most."""
    means = np.random.default_rng(0).lognormal(0, 1, (100_000, 13))
    shares = 0.7 ** np.arange(12)
    weights = np.array([0.3, *(0.7 * shares / shares.sum())])
    assert weights[0] > weights[1:].max()
    assert (means[:, 0] / (means @ weights)).mean() < 0.99


def test_the_level_taken_out_has_no_slope():
    joint, product = torch.randn(2, 1, 16, generator=torch.Generator().manual_seed(0))
    c = torch.zeros(1, requires_grad=True)
    joint, product = joint + c, product + c
    level = joint.mean(-1, keepdim=True)
    ml.MINE(0.1)(joint - level, product - level).sum().backward()
    assert c.grad.item() == pytest.approx(0.0, abs=1e-6)


def test_a_lower_critic_is_a_larger_start():
    """T - 10 from v = 1 has the gradient of T from v = e^10."""
    joint, product = torch.randn(2, 1, 16, generator=torch.Generator().manual_seed(0))
    low = ml.MINE(0.1)
    *_, weights = low.weigh(joint - 10, product - 10)
    v = 0.9 * np.exp(10) + 0.1 * product.exp().mean()
    torch.testing.assert_close(weights, -product.exp() / (16 * v))


@pytest.mark.parametrize(("rho", "limit"), [(0.9, 0.58), (0.99, 1.35)])
def test_where_the_misprint_with_t_exp_t_ends(rho, limit):
    """Its critic by Lambert's W, its v by E_Q[T e^T] = 0, its value by another quadrature."""
    i = ml.Gaussian(rho).mi

    def mean(f):
        def integrand(w, y):  # w across, scaled to the ridge; y along
            across = w * np.sqrt((1 - rho) / rho)
            log_r = i + rho * y**2 / (2 * (1 + rho)) - w**2 / 2
            weight = np.exp(-(y**2 + across**2) / 2) / (2 * np.pi)
            return weight * f(np.exp(log_r)) * np.sqrt((1 - rho) / rho)

        far = 7 * np.sqrt(rho / (1 - rho))
        parts = [(0, 4), (4, 9), (9, far)] if far > 9 else [(0, 4), (4, far)]
        return 4 * sum(dblquad(integrand, 0, 7, *part, epsabs=1e-7)[0] for part in parts)

    def critic(r, log_v):
        return lambertw(np.exp(1 + log_v) * r).real - 1

    low, high = -2.0, 1.0
    for _ in range(11):
        log_v = (low + high) / 2
        below = mean(lambda r, at=log_v: critic(r, at) * np.exp(critic(r, at))) < 0
        low, high = (log_v, high) if below else (low, log_v)
    value = mean(lambda r: r * critic(r, log_v)) - np.log(mean(lambda r: np.exp(critic(r, log_v))))
    assert value == pytest.approx(limit, abs=0.006)
