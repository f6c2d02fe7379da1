"""What chapter 1 states, by other means than the chapter's own."""

import numpy as np
import pytest
from scipy.integrate import trapezoid
from scipy.spatial import cKDTree
from scipy.special import digamma, ive
from scipy.stats import norm

import mine_lib as ml


def mi(p):
    q = np.outer(p.sum(1), p.sum(0))
    return (p[p > 0] * np.log(p[p > 0] / q[p > 0])).sum()


def entropy(t, density):
    return -trapezoid(density * np.log(np.maximum(density, 1e-300)), t)


def test_circle():
    """2 h(X) - h(X, Z), the joint density by Bessel's function of the radius."""
    noise, angle = 0.1, (np.arange(500) + 0.5) / 500 * 2 * np.pi
    t, r = np.linspace(-2, 2, 2001), np.linspace(1e-9, 2.2, 20_001)
    one = norm.pdf(t[:, None], np.cos(angle), noise).mean(axis=1)
    joint = np.exp(-((r - 1) ** 2) / (2 * noise**2)) * ive(0, r / noise**2)
    joint /= 2 * np.pi * noise**2
    both = -trapezoid(2 * np.pi * r * joint * np.log(joint + 1e-300), r)
    assert ml.Circle(noise).mi == pytest.approx(2 * entropy(t, one) - both, abs=1e-6)


def test_parabola():
    noise, x, t = 0.1, np.linspace(-1, 1, 2001), np.linspace(-1, 2, 3001)
    density = trapezoid(norm.pdf(t[:, None], x**2, noise) / 2, x)
    assert ml.Parabola(noise).mi == pytest.approx(
        entropy(t, density) - norm(scale=noise).entropy(), abs=1e-5
    )


@pytest.mark.parametrize("rho", [-0.6, 0.3, 0.9])
def test_moments_of_the_pointwise_information(rho):
    axis = np.linspace(-28, 28, 1121)
    x, z = (v.ravel() for v in np.meshgrid(axis, axis))
    i = ml.Gaussian(rho).log_ratio(x, z).double().numpy()
    p = np.exp(norm.logpdf(x) + norm.logpdf(z) + i) * (axis[1] - axis[0]) ** 2
    xi, eta = (x + z) / np.sqrt(2 * (1 + rho)), (x - z) / np.sqrt(2 * (1 - rho))
    np.testing.assert_allclose(i, ml.Gaussian(rho).mi + rho / 2 * (xi**2 - eta**2), atol=1e-3)
    mean = (p * i).sum()
    assert mean == pytest.approx(ml.Gaussian(rho).mi, abs=1e-4)
    assert (p * (i - mean) ** 2).sum() == pytest.approx(rho**2, abs=1e-4)
    assert (p * np.exp(i)).sum() - 1 == pytest.approx(rho**2 / (1 - rho**2), rel=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_processing_and_the_chain_rule_on_tables(seed):
    rng = np.random.default_rng(seed)
    joint = rng.dirichlet(np.full(12, 0.3)).reshape(3, 4)
    channel = rng.dirichlet(np.full(5, 0.5), 4)  # z to y
    assert mi(joint @ channel) <= mi(joint) + 1e-12
    three = rng.dirichlet(np.full(60, 0.3)).reshape(3, 4, 5)  # x, z, y: no chain
    given = sum(three[:, z].sum() * mi(three[:, z] / three[:, z].sum()) for z in range(4))
    assert mi(three.reshape(3, 20)) == pytest.approx(mi(three.sum(2)) + given)


@pytest.mark.parametrize("rho", [0.5, 0.9])
def test_the_bottleneck_keeps_nothing_at_a_price_of_rho_squared(rho):
    noise = np.geomspace(1e-3, 1e4, 4000)
    kept_x, kept_y = np.log1p(1 / noise**2) / 2, -np.log1p(-(rho**2) / (1 + noise**2)) / 2
    curve = -np.log(1 - rho**2 * (1 - np.exp(-2 * kept_x))) / 2
    np.testing.assert_allclose(kept_y, curve, atol=1e-9)
    assert (kept_y <= rho**2 * kept_x + 1e-12).all()
    for price in (1.01 * rho**2, 0.9 * rho**2):
        best = kept_x[(kept_y - price * kept_x).argmax()]
        gained = (kept_y - price * kept_x).max()
        assert (gained > 1e-4) == (price < rho**2)
        wanted = np.log(rho**2 * (1 - price) / (price * (1 - rho**2))) / 2
        assert best == pytest.approx(max(wanted, 0), abs=5e-3)


def test_no_encoder_of_two_letters_keeps_more_than_rho_squared_of_its_nats():
    """The straight line through the origin bounds other encoders as well: signs, tails, bands."""
    x = np.linspace(-8, 8, 4001)
    step, rho = x[1] - x[0], 0.9
    y = np.linspace(-8, 8, 401)
    joint = norm.pdf(x)[:, None] * norm.pdf(y, rho * x[:, None], np.sqrt(1 - rho**2))
    joint = joint * step * (y[1] - y[0])
    for letter in (x > 0, x > 1.5, x > 3, np.abs(x) > 1, np.sin(3 * x) > 0):
        of_x = np.stack([np.where(letter, 1, 0), np.where(letter, 0, 1)]) * norm.pdf(x) * step
        of_y = np.stack([joint[letter].sum(0), joint[~letter].sum(0)])
        assert mi(of_y) <= rho**2 * mi(of_x) + 1e-6


@pytest.mark.parametrize("k", [1, 3, 6])
def test_the_largest_value_of_ksg(k):
    """Reached by pairs that are nearly equal, passed only where distances tie, as for Z = X."""
    rng, n = np.random.default_rng(0), 500
    ceiling = digamma(n) - digamma(k) - 1 / k
    x = rng.standard_normal((n, 1))
    assert ksg(x, x + 1e-9 * rng.standard_normal((n, 1)), k) == pytest.approx(ceiling)
    assert ksg(x, x, k) == pytest.approx(ceiling + 1 / k)
    for d, rho in ((1, 0.5), (2, 0.99), (10, 0.9), (3, 0.9999)):
        both = ml.Gaussian(rho, d).sample(n, seed=0)
        assert ksg(*(v.double().numpy() for v in both), k) <= ceiling + 1e-12


def ksg(x, z, k):
    """Kraskov, Stoegbauer and Grassberger's first estimator, by all distances."""
    far_x, far_z = (np.abs(v[:, None] - v[None]).max(axis=2) for v in (x, z))
    both = np.maximum(far_x, far_z)
    np.fill_diagonal(both, np.inf)
    reach = np.sort(both, axis=1)[:, k - 1 : k]
    counts = [(far < reach).sum(axis=1) for far in (far_x, far_z)]  # with the point itself
    return digamma(k) + digamma(len(x)) - digamma(counts).sum(axis=0).mean()


def test_neighbourhoods_grow_wider_than_the_ridge():
    reach = {
        d: np.median(
            [
                np.median(cKDTree(both).query(both, 4, p=np.inf)[0][:, -1])
                for seed in range(3)
                for both in [np.hstack(ml.Gaussian(0.9, d).sample(2000, seed))]
            ]
        )
        for d in (2, 3, 5)
    }
    ridge = np.sqrt(1 - 0.9**2)
    assert reach[2] < 0.7 * ridge < 0.9 * ridge < reach[3] < 1.1 * ridge < 1.5 * ridge < reach[5]
