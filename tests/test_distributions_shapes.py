"""Circle, parabola, disk and band against quadrature and sampling that they do not use."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import dblquad, quad
from scipy.special import i0
from scipy.stats import kstest, norm, uniform

import mine_lib as ml

N = 40_000


def test_circle_mi_by_two_dimensional_quadrature():
    noise = 0.4
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)

    def marginal(v):
        return np.exp(-((v - np.cos(angle)) ** 2) / (2 * noise**2)).mean() / (
            noise * math.sqrt(2 * math.pi)
        )

    def integrand(z, x):
        square = x**2 + z**2
        joint = math.exp(-(square + 1) / (2 * noise**2)) * i0(math.sqrt(square) / noise**2)
        joint /= 2 * math.pi * noise**2
        return joint * math.log(joint / (marginal(x) * marginal(z)))

    quadrant, _ = dblquad(integrand, 0, 3.2, 0, 3.2, epsabs=1e-6)
    assert ml.Circle(noise).mi == pytest.approx(4 * quadrant, abs=1e-5)


def test_parabola_mi_by_two_dimensional_quadrature():
    noise = 0.4
    grid = (np.arange(400) + 0.5) / 400

    def conditional(z, x):
        return np.exp(-((z - x**2) ** 2) / (2 * noise**2)) / (noise * math.sqrt(2 * math.pi))

    def integrand(z, x):
        return conditional(z, x) * math.log(conditional(z, x) / conditional(z, grid).mean())

    value, _ = dblquad(integrand, 0, 1, lambda x: x**2 - 3.2, lambda x: x**2 + 3.2, epsabs=1e-6)
    assert ml.Parabola(noise).mi == pytest.approx(value, abs=1e-5)


@pytest.mark.parametrize("noise", [0.1, 0.6])
def test_circle_and_parabola_log_ratios_by_means_over_angles_and_points(noise):
    x, z = np.array([[0.3, -0.95, 0.0, 1.0], [0.9, 0.2, -0.7, 1.3]])
    angle = np.linspace(0, 2 * np.pi, 4000, endpoint=False)[:, None]
    bells = [norm(f(angle), noise).pdf(v) for f, v in ((np.cos, x), (np.sin, z))]
    expected = np.log((bells[0] * bells[1]).mean(0) / (bells[0].mean(0) * bells[1].mean(0)))
    assert ml.Circle(noise).log_ratio(x, z).tolist() == pytest.approx(expected, rel=1e-5)
    point = (np.arange(-4000, 4000)[:, None] + 0.5) / 4000
    expected = norm(x**2, noise).logpdf(z) - np.log(norm(point**2, noise).pdf(z).mean(0))
    assert ml.Parabola(noise).log_ratio(x, z).tolist() == pytest.approx(expected, rel=1e-5)


def test_small_noise_and_large_noise():
    # As the noise vanishes, h(Z) tends to that of X^2, log 2 + E[log|X|] = log 2 - 1. The noise
    # blurs values of Z below it, whose probability is its square root: hence the tolerance.
    noise = 0.004
    limit = math.log(2) - 1 - math.log(2 * math.pi * math.e * noise**2) / 2
    assert ml.Parabola(noise).mi == pytest.approx(limit, abs=2 * math.sqrt(noise))
    # With much noise, a pair is nearly Gaussian with correlation 0; z carries Var(x^2) = 4/45.
    assert ml.Parabola(5.0).mi == pytest.approx(math.log1p(4 / 45 / 25) / 2, rel=0.01)
    assert 0 < ml.Circle(3.0).mi < 1e-6


@pytest.mark.parametrize("pair", [ml.Circle(0.3), ml.Parabola(0.3), ml.GaussianMixture(0.3)])
def test_quadratures_are_computed_once(pair, monkeypatch):
    mi = pair.mi
    for room in ("shapes", "gaussian"):
        monkeypatch.setattr(f"mine_lib.distributions.{room}.quad", None)
    assert pair.mi == mi


def test_disk_mi_by_two_dimensional_quadrature():
    def integrand(z, x):
        return math.log(math.pi / 4 / math.sqrt((1 - x**2) * (1 - z**2))) / math.pi

    quadrant, _ = dblquad(integrand, 0, 1, 0, lambda x: math.sqrt(1 - x**2), epsabs=1e-6)
    assert ml.Disk().mi == pytest.approx(4 * quadrant, abs=1e-5)


def test_disk_log_ratio_by_hand():
    expected = [math.log(math.pi / 4), math.log(math.pi / 4 / 0.48), -math.inf, -math.inf]
    ratios = ml.Disk().log_ratio([0.0, 0.6, 0.8, 1.0], [0.0, -0.8, 0.61, 1.0])
    assert ratios.tolist() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("pair", [ml.Circle(), ml.Parabola(), ml.Disk()])
def test_pairs_are_uncorrelated(pair):
    x, z = pair.sample(N, seed=4)
    correlation = np.corrcoef(x[:, 0], z[:, 0])[0, 1]
    assert abs(correlation) < 4 / math.sqrt(N)


def additive_uniform_density(z, e):
    """Density of z: the share of [z - e, z + e] within [0, 1], over its length."""
    return np.clip(np.minimum(z + e, 1) - np.maximum(z - e, 0), 0, None) / (2 * e)


@pytest.mark.parametrize("half_width", [0.02, 0.3, 0.49, 0.5, 0.51, 4.0])
def test_additive_uniform_mi_by_quadrature(half_width):
    def integrand(z):
        density = additive_uniform_density(z, half_width)
        return -density * math.log(density) if density else 0.0

    corners = sorted([half_width, 1 - half_width])
    entropy, _ = quad(integrand, -half_width, 1 + half_width, points=corners)
    expected = entropy - math.log(2 * half_width)
    assert ml.AdditiveUniform(half_width).mi == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("e", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("shift", [0, 1])
def test_additive_uniform_log_ratio_by_the_densities(e, shift):
    x, z = (v[:, 0].double().numpy() for v in ml.AdditiveUniform(e).sample(1000, seed=5))
    z = np.roll(z, shift)
    near = np.abs(z - x) < e + 1e-6  # z is rounded to single precision
    expected = np.where(near, -np.log(2 * e) - np.log(additive_uniform_density(z, e)), -np.inf)
    assert near.all() == (shift == 0)
    assert ml.AdditiveUniform(e).log_ratio(x, z).tolist() == pytest.approx(expected, rel=1e-5)


def test_additive_noise_is_uniform_and_independent_of_x():
    x, z = (v[:, 0].double().numpy() for v in ml.AdditiveUniform(0.1).sample(N, seed=9))
    noise = uniform(-0.1, 0.2)
    assert kstest(x, uniform.cdf).pvalue > 1e-3
    assert kstest(z - x, noise.cdf).pvalue > 1e-3
    assert kstest((z - x)[x < np.median(x)], noise.cdf).pvalue > 1e-3


EDGE = np.random.default_rng(0).uniform(0, 1, N)


@pytest.mark.parametrize(
    ("pair", "x", "z"),
    [
        (ml.AdditiveUniform(0.1), EDGE, EDGE + 0.1),
        (ml.AdditiveUniform(0.1), EDGE, EDGE - 0.1),
        (ml.AdditiveUniform(0.7), EDGE, EDGE + 0.7),
        (ml.AdditiveUniform(3e3), EDGE, EDGE - 3e3),
        (ml.AdditiveUniform(0.3), np.array([0.0, 1.0]), np.array([-0.3, 1.3])),
        (ml.AdditiveUniform(0.1), np.array([0.0, 1.0]), np.array([-0.1, 1.1])),
        (ml.Disk(), np.cos(7 * EDGE), np.sin(7 * EDGE)),
        (ml.Disk(), np.array([1.0, -1.0]), np.zeros(2)),
    ],
)
def test_the_edge_rounded_to_single_precision_is_still_possible(pair, x, z):
    ratios = pair.log_ratio(*(torch.from_numpy(v).float() for v in (x, z)))
    assert torch.isfinite(ratios).all()
