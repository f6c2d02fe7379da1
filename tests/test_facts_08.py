"""What chapter 8 states, calculated in other ways than it does, at other parameters."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.optimize import check_grad, minimize
from scipy.special import xlogy
from scipy.stats import multivariate_normal, norm

import mine_lib as ml

NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(80)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def mean(values, rho):
    """The mean of a function of x and z over Gaussian pairs of correlation rho."""
    x, e = np.meshgrid(NODES, NODES)
    return WEIGHTS @ values(x, rho * x + math.sqrt(1 - rho**2) * e) @ WEIGHTS


def log_p(rho):
    both = multivariate_normal(cov=[[1, rho], [rho, 1]])
    return lambda x, z: both.logpdf(np.stack([x, z], -1))


def best_critic(rho):
    return lambda x, z: log_p(rho)(x, z) - norm.logpdf(x) - norm.logpdf(z)


def value(critic, rho):
    """The Donsker-Varadhan value on pairs of correlation rho."""
    return mean(critic, rho) - math.log(mean(lambda x, z: np.exp(critic(x, z)), 0))


# The gradient of an optimum


@pytest.mark.parametrize("rho_0", [-0.55, 0.0, 0.35, 0.6])
def test_the_held_critic_says_the_tangent(rho_0):
    start, slope = -math.log(1 - rho_0**2) / 2, rho_0 / (1 - rho_0**2)
    for rho in (-0.95, -0.3, 0.1, rho_0, 0.9):
        said = value(best_critic(rho_0), rho)
        assert said == pytest.approx(start + slope * (rho - rho_0), abs=1e-6)
        assert said <= ml.Gaussian(rho).mi + 1e-6
    assert mean(lambda x, z: np.exp(best_critic(rho_0)(x, z)), 0) == pytest.approx(1)


def critic_held_at(rho):
    """The best critic at rho, as MINE takes it: of shape (..., n) for columns (..., n, 1)."""

    def critic(x, z):
        t = (rho * x * z - rho**2 * (x**2 + z**2) / 2) / (1 - rho**2)
        return (t - np.log(1 - rho**2) / 2)[..., 0]

    return critic


@pytest.mark.parametrize("rho", [-0.7, 0.3, 0.5])
def test_the_gradient_through_mine_is_that_of_the_information(rho):
    """200,000 pairs in 20 batches, whose gradients spread as they do by sampling."""
    x, noise = torch.randn(2, 20, 10_000, 1, generator=torch.manual_seed(80))
    at = torch.full((20, 1, 1), rho, requires_grad=True)
    z = at * x + (1 - at**2).sqrt() * noise
    mine = ml.MINE()(*ml.critic_values(critic_held_at(rho), x, z, 3))
    found = torch.autograd.grad(mine.sum(), at)[0].flatten()
    error = found.std() / math.sqrt(20)
    assert error < 0.02
    assert abs(found.mean() - rho / (1 - rho**2)) < 4 * error


def test_the_gradient_reaches_all_weights_of_an_encoder():
    """Z = w^T X + noise tells log(1 + |w|^2)/2 nats, whose gradient is w / (1 + |w|^2)."""
    x, noise = torch.randn(200_000, 4, generator=torch.manual_seed(81)).split([3, 1], 1)
    encoder = torch.nn.Linear(3, 1)
    w = torch.tensor([0.8, -0.5, 0.2])
    with torch.no_grad():
        encoder.weight[:] = w
        encoder.bias[:] = 0.4
    variance = 1 + w @ w

    def critic(x, z):
        z = z[..., 0] - 0.4
        return z**2 / (2 * variance) - (z - x @ w) ** 2 / 2 + variance.log() / 2

    told = ml.MINE()(*ml.critic_values(critic, x, encoder(x) + noise, [1, 7, 60]))
    told.backward()
    assert told.item() == pytest.approx(math.log(variance) / 2, abs=0.01)
    assert (encoder.weight.grad[0] - w / variance).abs().max() < 0.01
    assert abs(encoder.bias.grad.item()) < 0.01


def score(rho):
    """The derivative by rho of the logarithm of the density."""
    h = 1e-5
    up, down = log_p(rho + h), log_p(rho - h)
    return lambda x, z: (up(x, z) - down(x, z)) / (2 * h)


@pytest.mark.parametrize("rho", [-0.6, 0.2, 0.75])
def test_the_mean_squared_score(rho):
    square = mean(lambda x, z: score(rho)(x, z) ** 2, rho)
    assert square == pytest.approx((1 + rho**2) / (1 - rho**2) ** 2, rel=1e-6)


OFF = [
    lambda x, z: 0.05 * x * z,
    lambda x, z: -0.04 * np.sin(x + 2 * z),
    lambda x, z: 0.03 * (x - z) ** 2,
]


@pytest.mark.parametrize("delta", OFF)
@pytest.mark.parametrize("rho", [-0.3, 0.5])
def test_a_value_forgives_more_than_a_slope(delta, rho):
    centre, h = mean(delta, rho), 1e-4

    def off(x, z):
        return delta(x, z) - centre

    def near(x, z):
        return best_critic(rho)(x, z) + off(x, z)

    slope = (value(near, rho + h) - value(near, rho - h)) / (2 * h)
    miss_of_slope = slope - rho / (1 - rho**2)
    with_score = mean(lambda x, z: off(x, z) * score(rho)(x, z), rho)
    assert miss_of_slope == pytest.approx(with_score, abs=1e-6)

    miss, square = ml.Gaussian(rho).mi - value(near, rho), mean(lambda x, z: off(x, z) ** 2, rho)
    assert miss == pytest.approx(square / 2, rel=0.15)
    of_score = (1 + rho**2) / (1 - rho**2) ** 2
    assert with_score**2 <= square * of_score
    assert miss_of_slope**2 <= 2 * of_score * miss * 1.15


# Raising information


def information(k, noise):
    """I(X; KX + noise), by determinants, of encoders (..., d, d)."""
    joint = k @ k.swapaxes(-1, -2) + np.diag(noise)
    return (np.linalg.slogdet(joint)[1] - np.log(noise).sum()) / 2


def filled(noise, budget):
    """Water-filling, by closing the noisiest channel until no power is negative."""
    order = np.argsort(noise)
    for count in range(len(noise), 0, -1):
        some = order[:count]
        level = (budget + noise[some].sum()) / count
        if level >= noise[some].max():
            return np.where(np.isin(np.arange(len(noise)), some), level - noise, 0), level
    raise AssertionError("one channel can always be filled")


VESSELS = [(0, 3, 0.4), (1, 4, 3.0), (2, 5, 1.0)]


@pytest.mark.parametrize(("seed", "dim", "budget"), VESSELS)
def test_water_filling_is_the_best_encoder(seed, dim, budget):
    rng = np.random.default_rng(seed)
    noise = rng.uniform(0.1, 3, dim)
    power, level = filled(noise, budget)
    best = np.diag(np.sqrt(power))
    most = information(best, noise)
    assert power.sum() == pytest.approx(budget)
    assert most == pytest.approx(np.log1p(power / noise).sum() / 2)
    spread = rng.exponential(size=(2000, 1, 1)) * 10.0 ** rng.uniform(-3, 1, (2000, 1, 1))
    others = best + spread * rng.normal(size=(2000, dim, dim))
    others *= np.sqrt(budget / np.square(others).sum((1, 2), keepdims=True))
    assert (information(others, noise) < most).all()
    turned = best @ np.linalg.qr(rng.normal(size=(dim, dim)))[0]  # K K^T stays
    assert information(turned, noise) == pytest.approx(most)

    def moved(source, target, h):
        """The information once an amount h of power has gone from one channel to another."""
        change = h * (np.eye(dim)[target] - np.eye(dim)[source])
        return information(np.diag(np.sqrt(power + change)), noise)

    is_open = np.flatnonzero(power > 0)
    for source in is_open:
        for target in set(range(dim)) - {source}:
            h = 1e-6
            gain = (moved(source, target, h) - most) / h
            if target in is_open:
                assert gain == pytest.approx(0, abs=1e-4)
            else:
                assert gain == pytest.approx((1 / noise[target] - 1 / level) / 2, abs=1e-4)
                assert gain < 0


def test_some_of_these_vessels_have_dry_steps():
    dry = [
        (filled(np.random.default_rng(seed).uniform(0.1, 3, dim), budget)[0] == 0).sum()
        for seed, dim, budget in VESSELS
    ]
    assert max(dry) >= 2


# A price on every nat


def bottleneck(k, rho, price):
    """I(Z;Y) - price I(X;Z) of Z = KX + N(0, 1), where Y_j and X_j have correlation rho_j."""
    one = np.eye(len(rho))
    of_z = np.linalg.slogdet(one + k @ k.T)[1]
    given_y = np.linalg.slogdet(one + k @ np.diag(1 - rho**2) @ k.T)[1]
    return (of_z - given_y - price * of_z) / 2


def ascent(k, rho, price):
    """The derivative of the bottleneck by K."""
    one, rest = np.eye(len(rho)), np.diag(1 - rho**2)
    of_z = np.linalg.solve(one + k @ k.T, k)
    return (1 - price) * of_z - np.linalg.solve(one + k @ rest @ k.T, k @ rest)


def best_powers(rho, price):
    return np.maximum((rho**2 / price - 1) / (1 - rho**2), 0)


def climbed(rho, price, starts=6):
    """Encoders that climbed from random ones, full matrices, and where they came to."""
    shape, rng = (len(rho), len(rho)), np.random.default_rng(7)
    for _ in range(starts):
        found = minimize(
            lambda k: -bottleneck(k.reshape(shape), rho, price),
            rng.normal(size=shape).ravel(),
            jac=lambda k: -ascent(k.reshape(shape), rho, price).ravel(),
            options={"gtol": 1e-8},
        )
        yield found.x.reshape(shape), -found.fun


@pytest.mark.parametrize(
    ("rho", "prices"),
    [([0.8, -0.5], [0.7, 0.45, 0.15]), ([0.95, 0.7, 0.4], [0.6, 0.3, 0.1])],
)
def test_no_encoder_beats_the_closed_form_of_the_bottleneck(rho, prices):
    rho = np.array(rho)
    for price in prices:
        power = best_powers(rho, price)
        most = bottleneck(np.diag(np.sqrt(power)), rho, price)
        ends = list(climbed(rho, price))
        assert max(end for _, end in ends) == pytest.approx(most, abs=1e-7)
        k = max(ends, key=lambda each: each[1])[0]
        np.testing.assert_allclose(k.T @ k, np.diag(power), atol=2e-3)


def test_the_bottleneck_is_that_of_samples_and_its_derivative_right():
    rng, rho, price = np.random.default_rng(3), np.array([0.8, -0.5]), 0.3
    k = rng.normal(size=(2, 2))
    x, e, noise = rng.normal(size=(3, 400_000, 2))
    z, y = x @ k.T + noise, rho * x + np.sqrt(1 - rho**2) * e

    def mi(a, b):
        joint = np.linalg.slogdet(np.cov(np.hstack([a, b]).T))[1]
        return (np.linalg.slogdet(np.cov(a.T))[1] + np.linalg.slogdet(np.cov(b.T))[1] - joint) / 2

    assert mi(z, y) - price * mi(x, z) == pytest.approx(bottleneck(k, rho, price), abs=0.01)
    wrong = check_grad(
        lambda k: bottleneck(k.reshape(2, 2), rho, price),
        lambda k: ascent(k.reshape(2, 2), rho, price).ravel(),
        k.ravel(),
    )
    assert wrong < 1e-6


@pytest.mark.parametrize("rho", [0.3, 0.75, 0.95])
def test_a_coordinate_opens_at_its_squared_correlation(rho):
    small = np.array([[1e-3]])
    for price, pays in ((rho**2 * 0.99, True), (rho**2 * 1.01, False)):
        assert (bottleneck(small, np.array([rho]), price) > 0) == pays
        assert (best_powers(np.array([rho]), price) > 0) == pays


# Bounds from above


def normal_mean(values, sd):
    return WEIGHTS @ values(sd * NODES)


@pytest.mark.parametrize("k", [0.15, 0.7, 1.9, 3.3])
def test_bounds_from_above_of_a_gaussian_channel(k):
    """With nested quadratures of log p(z|x), over x and the noise or another x."""
    exact, sd = math.log(1 + k**2) / 2, math.sqrt(1 + k**2)
    x, e = np.meshgrid(NODES, NODES)
    joint = WEIGHTS @ norm.logpdf(k * x + e, k * x) @ WEIGHTS
    product = WEIGHTS @ norm.logpdf(sd * e, k * x) @ WEIGHTS
    assert joint - product == pytest.approx(k**2)
    assert k**2 > exact

    def with_variance(v):
        return joint - normal_mean(lambda z: norm.logpdf(z, scale=math.sqrt(v)), sd)

    assert with_variance(2) == pytest.approx(((1 + k**2) / 2 - 1 + math.log(2)) / 2)
    assert with_variance(1 + k**2) == pytest.approx(exact)
    assert min(with_variance(v) for v in (0.5, 1, 2, 5, 20)) > exact


@pytest.mark.parametrize(("apart", "sd", "nats"), [(1, 0.3, 0.1548), (1.4, 0.15, None)])
def test_a_fitted_gaussian_hides_a_secret_from_club(apart, sd, nats):
    """Two densities of one mean and variance, whose Gaussian models are the same.

    The information of the secret, a fair sign, is log 2 less what its posterior leaves open.
    """
    one_sd = math.hypot(apart, sd)

    def two(z):
        return (norm.pdf(z, -apart, sd) + norm.pdf(z, apart, sd)) / 2

    def left_open(z):
        one, both = norm.pdf(z, 0, one_sd), norm.pdf(z, 0, one_sd) + two(z)
        return both / 2 * sum(-xlogy(p / both, p / both) for p in (one, two(z)))

    square = quad(lambda z: z**2 * two(z), -8, 8, points=[-apart, apart])[0]
    assert square == pytest.approx(one_sd**2)
    told = math.log(2) - quad(left_open, -8, 8, points=[-apart, 0, apart], limit=200)[0]
    assert told > 0.15
    assert nats is None or told == pytest.approx(nats, abs=5e-5)


# Leaks


def entropy(p):
    return -xlogy(p, p).sum()


def binary(chance):
    return entropy(np.array([chance, 1 - chance]))


def least_leak(share, error):
    """What S must tell beside the group, if a rule errs so often."""
    return share * (math.log(2) - binary(error / share))


def leak(p, groups):
    """I(S;Y|C) of probabilities p[y, s], where C is the group that y belongs to."""
    told = 0.0
    for group in groups:
        part = p[group]
        told += entropy(part.sum(1)) + entropy(part.sum(0)) - entropy(part) - entropy(part.sum())
    return told


def random_world(rng):
    """Groups of one and two, the chances of y, alike within a group, and a channel p(s|y)."""
    pairs, singles = rng.integers(1, 5), rng.integers(0, 4)
    groups = [[2 * j, 2 * j + 1] for j in range(pairs)]
    groups += [[2 * pairs + j] for j in range(singles)]
    of_group = rng.dirichlet(np.ones(pairs + singles))
    p_y = np.concatenate(
        [np.full(len(g), c / len(g)) for g, c in zip(groups, of_group, strict=True)]
    )
    signals = len(p_y) + rng.integers(0, 4)
    channel = rng.dirichlet(np.full(signals, 0.3), len(p_y))
    trust = rng.uniform()  # how far s is y itself
    channel = trust * np.eye(len(p_y), signals) + (1 - trust) * channel
    return groups, of_group[:pairs].sum(), p_y[:, None] * channel


def test_a_rule_that_names_too_much_has_a_leak():
    rng, bounded = np.random.default_rng(88), []
    for _ in range(300):
        groups, share, p = random_world(rng)
        error = 1 - p.max(0).sum()  # of the best rule
        if error <= share / 2:
            bounded.append((least_leak(share, error), leak(p, groups)))
    least, found = np.array(bounded).T
    assert len(found) > 150
    assert (found >= least - 1e-12).all()
    assert (least > 0.1).sum() > 50
    assert (found < least + 0.05).any()


@pytest.mark.parametrize(("pairs", "singles"), [(1, 0), (3, 2), (2, 5)])
def test_a_symmetric_channel_leaks_no_more_than_it_must(pairs, singles):
    digits, error = 2 * pairs + singles, 0.07
    share = 2 * pairs / digits
    flip = error / share
    channel = np.eye(digits)
    for j in range(0, 2 * pairs, 2):
        channel[j : j + 2, j : j + 2] = [[1 - flip, flip], [flip, 1 - flip]]
    p = channel / digits
    groups = [[j, j + 1] for j in range(0, 2 * pairs, 2)]
    groups += [[j] for j in range(2 * pairs, digits)]
    assert 1 - p.max(0).sum() == pytest.approx(error)
    assert leak(p, groups) == pytest.approx(least_leak(share, error))


def test_the_least_leak_runs_from_none_to_all():
    assert least_leak(0.6, 0.3) == pytest.approx(0)
    assert least_leak(0.6, 0) == pytest.approx(0.6 * math.log(2))
    assert (np.diff([least_leak(0.6, e) for e in np.linspace(0, 0.3, 31)]) < 0).all()
