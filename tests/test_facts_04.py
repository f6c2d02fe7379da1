"""What chapter 4 states, calculated in other ways than it does."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.stats import binom, norm

import mine_lib as ml

RHO, B = 0.99, 16
PAIR = ml.Gaussian(RHO)
RHOS, SIZES = (0.8, 0.9, 0.95, 0.99), (4, 8, 16, 64)


def tail(s, rho, along=1.0, across=1.0):
    """Probability of I + rho/2 (xi^2 - eta^2) > log s, for such variances of xi and eta."""
    least = 2 / rho * (math.log(s) - ml.Gaussian(rho).mi)

    def given(eta):
        xi = math.sqrt(max(least + across * eta**2, 0))
        return 4 * norm.pdf(eta) * norm.sf(xi / math.sqrt(along))

    return quad(given, 0, 10, limit=500, points=[0.05, 0.1, 0.3, 0.5, 1, 2, 4])[0]


def under_q(s, rho):
    return tail(s, rho, 1 / (1 + rho), 1 / (1 - rho))


def hockey_stick(b, rho):
    return tail(b, rho) - b * under_q(b, rho)


def second_order(c):
    """V and its excess to second order, at log r + c on r > 16."""
    p_a = tail(B, RHO)
    square = 1 / (1 - RHO**2)
    on_a = square * tail(B, RHO, 1 / (1 - RHO), 1 / (1 + RHO))
    mean = 1 + p_a * math.expm1(c)
    g2 = (square + on_a * math.expm1(2 * c)) / mean**2
    return PAIR.mi + c * p_a - math.log(mean) + (g2 - 1) / (2 * B)


def test_the_slope_along_the_path():
    hit = -math.expm1(B * math.log1p(-under_q(B, RHO)))
    assert tail(B, RHO) - hit == pytest.approx(0.0606, abs=5e-5)


@pytest.mark.parametrize(
    ("c", "value"), [(0, 3.50), (2, 24.01), (6, 76.30), (8, 76.78), (20, 66.72), (40, 49.35)]
)
def test_the_second_order(c, value):
    assert second_order(c) == pytest.approx(value, abs=0.01)


def test_the_second_order_falls_below_its_start_late():
    assert second_order(90) > second_order(0) > second_order(93)


def test_the_minibatch_objective_at_the_best_critic():
    """By Frullani's integral (eq. 2-frullani), with L on a grid of log r."""
    xi, eta = np.linspace(0, 10, 1001), np.arange(0.001, 2, 0.002)
    p_xi, p_eta = 2 * norm.pdf(xi) * xi[1], 2 * norm.pdf(eta) * 0.002
    p_xi[0] /= 2
    log_r = PAIR.mi + RHO / 2 * (xi[:, None] ** 2 / (1 + RHO) - eta**2 / (1 - RHO))
    edges = np.arange(log_r.min() - 0.01, log_r.max() + 0.02, 0.01)
    weights, _ = np.histogram(log_r, edges, weights=p_xi[:, None] * p_eta)
    log_t = np.arange(-12, 130, 0.1)
    r_t = np.exp(np.minimum(edges[:-1] + 0.005 + log_t[:, None], 50))
    laplace = np.exp(-r_t) @ weights + 2 * norm.sf(2)  # r is next to nothing for eta > 2
    excess = np.trapezoid(laplace**B - np.exp(-B * np.exp(np.minimum(log_t, 5))), log_t)
    assert PAIR.mi + excess == pytest.approx(2.364, abs=1e-3)


def test_the_best_relu():
    def slope(s):
        def at(level):
            return norm.sf(level / math.sqrt(2 + 2 * RHO)) - 1 + norm.cdf(level / 2**0.5) ** B

        return quad(at, s, 40, limit=300)[0]

    best = minimize_scalar(lambda s: -slope(s), bounds=(0, 12), method="bounded")
    assert -best.fun == pytest.approx(0.00385, abs=2e-5)


def test_two_numbers_order_the_cells_of_the_map_alike():
    cells = [(b, rho) for b in SIZES for rho in RHOS]
    by_divergence = [cell for cell in cells if hockey_stick(*cell) > 0.03]
    by_ratio = [(b, rho) for b, rho in cells if math.exp(ml.Gaussian(rho).mi) / b > 0.35]
    assert by_divergence == by_ratio


@pytest.mark.parametrize(("t", "rho"), [(2, 0.9), (4, 0.32), (3, 0.49)])
def test_moments_of_the_ratio_are_finite_below_the_bound(t, rho):
    """E_Q[r^t] = E_P[r^(t - 1)], from a quadrature over xi and over eta."""
    power = (t - 1) * rho
    along = quad(lambda xi: math.exp(-(1 - power) * xi**2 / 2), -np.inf, np.inf)[0]
    across = quad(lambda eta: math.exp(-(1 + power) * eta**2 / 2), -np.inf, np.inf)[0]
    assert rho < 1 / (t - 1)
    assert along * across / (2 * math.pi) == pytest.approx((1 - power**2) ** -0.5)


def test_a_seventeenth_of_a_nat():
    assert ml.Gaussian(1 / 3).mi == pytest.approx(1 / 17, rel=0.01)


@pytest.mark.parametrize(("high", "chance"), [(4.0, 0.2), (20.0, 0.04)])
def test_the_formula_of_the_bias(high, chance):
    """Exactly, for g with two values and a gradient that is 1 on the larger one, else 0."""
    low = (1 - chance * high) / (1 - chance)
    nu, square = chance * high, chance * high**2 + (1 - chance) * low**2
    formula = nu * square - chance * high**2

    def scaled_bias(b):
        hits = np.arange(b + 1)
        ratio = hits * high / (hits * high + (b - hits) * low)
        return b * (binom.pmf(hits, b, chance) @ ratio - nu)

    assert scaled_bias(20_000) == pytest.approx(formula, rel=0.01)
    assert abs(scaled_bias(200) - formula) > abs(scaled_bias(2000) - formula)

    g, weights = np.array([high, low]), np.array([chance, 1 - chance])
    step = g * (np.array([1, 0]) - nu)  # its batch mean is delta
    assert -weights @ (step * (g - 1)) == pytest.approx(formula)
    second = weights @ (step * (g - 1) ** 2) + 3 * formula * (square - 1)
    assert 20_000 * (scaled_bias(20_000) - formula) == pytest.approx(second, rel=0.05)


def test_the_remainder_where_the_mean_is_small():
    """The bound on the part where the batch mean is below 1/2, for |grad T| without a bound."""
    rng, b = np.random.default_rng(0), 8
    g, slope = rng.exponential(size=(20_000, b)), rng.normal(size=(20_000, b))
    mean, ratio = g.mean(1), (g * slope).sum(1) / g.sum(1)  # nu = 0
    rest = np.abs(ratio * (mean - 1))[mean < 0.5].sum() / len(mean)
    assert rest <= math.sqrt(b) * math.sqrt((mean < 0.5).mean())
    chances = [math.exp(t / 2) / (1 + t) for t in np.arange(0.1, 3, 0.1)]
    assert (mean < 0.5).mean() <= min(chances) ** b < 1


def small_batches(t_joint, t_product):
    groups = t_product.unflatten(-1, (-1, B))
    return t_joint.mean(-1) - ml.log_mean_exp(groups).mean((-2, -1))


def few_pairs(t_joint, t_product):
    mean = ml.log_mean_exp(t_product[:, 0]).exp().detach()
    return ml.nwj(t_joint[:, :B], t_product[..., :B], mean)


RECIPES = {
    "mean of 64": small_batches,
    "16": lambda t_joint, t_product: ml.donsker_varadhan(t_joint[:, :B], t_product[..., :B]),
    "few pairs": few_pairs,
    "1024": ml.donsker_varadhan,
}


def test_noise_and_bias_of_the_four_gradients():
    """At a critic that is nearly trained, the noise is large in two, the bias in two others."""
    x, z = PAIR.sample(60 * 1024, seed=0)
    critic = ml.train(
        x, z, steps=100, batch_size=1024, learning_rate=5e-3, hidden=(32, 32), progress=False
    ).critic

    def gradient(recipe, x, z):
        value = recipe(*ml.critic_values(critic, x, z)).sum()
        parts = torch.autograd.grad(value, [*critic.parameters()])
        return torch.cat([part.flatten() for part in parts])

    right = gradient(ml.donsker_varadhan, x, z)
    noise, bias = {}, {}
    for name, recipe in RECIPES.items():
        batches = zip(x.split(1024), z.split(1024), strict=True)
        found = torch.stack([gradient(recipe, *batch) for batch in batches])
        noise[name] = found.std(0).norm().item()
        bias[name] = (found.mean(0) - right).norm().item()
    assert noise["mean of 64"] < 2 * noise["1024"] < noise["16"] < 1.5 * noise["few pairs"]
    assert noise["mean of 64"] < noise["16"] / 5
    assert bias["mean of 64"] > 5 * bias["1024"]


def test_the_runaway_needs_no_adam():
    """Plain gradient steps: the mean of 64 runs away first, 1024 pairs do not."""
    x, z = PAIR.sample(100_000, seed=0)
    new = PAIR.sample(10_000, seed=1)
    held_out = {}
    for name in ("mean of 64", "1024", "16"):
        size = B if name == "16" else 1024
        critic = ml.StatisticsNetwork(1, 1, (32, 32), 2, range(2))
        sgd = torch.optim.SGD(critic.parameters(), lr=0.05)
        generator = torch.Generator().manual_seed(5)
        for _ in range(400):
            rows = torch.randint(0, len(x), (size,), generator=generator)
            value = RECIPES[name](*ml.critic_values(critic, x[rows], z[rows]))
            sgd.zero_grad()
            (-value.sum()).backward()
            sgd.step()
        held_out[name] = ml.evaluate(critic, *new, shifts=20)
    assert held_out["mean of 64"].max() < held_out["16"].min()
    assert held_out["1024"].min() > PAIR.mi - 0.15
