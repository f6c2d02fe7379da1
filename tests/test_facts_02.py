"""What chapter 2 states, by other means than the chapter's own."""

import ast
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
from scipy.special import digamma, rel_entr
from scipy.stats import norm

import mine_lib as ml

CHAPTER = Path(__file__).parent.parent / "chapters" / "02_donsker_varadhan.ipynb"


@cache
def exact_excess():
    """The chapter's own function."""
    cells = nbformat.read(CHAPTER, as_version=4).cells
    source = next(cell.source for cell in cells if "def exact_excess" in cell.source)
    names = {"np": np, "norm": norm, "ml": ml}
    functions = [each for each in ast.parse(source).body if isinstance(each, ast.FunctionDef)]
    exec(ast.unparse(functions), names)
    return names["exact_excess"]


@pytest.mark.parametrize("rho", [0.5, 0.8, -0.8])
def test_the_excess_of_single_samples_is_a_divergence(rho):
    """For b = 1, -E_Q[log r] = D(Q || P), which has a closed form."""
    closed = (2 / (1 - rho**2) - 2 + np.log(1 - rho**2)) / 2
    assert exact_excess()(rho, [1])[0] == pytest.approx(closed, rel=1e-4)


def test_the_excess_of_small_batches_is_what_samples_say():
    rho, b, batches = 0.9, 8, 40_000
    rng = np.random.default_rng(0)
    t = ml.Gaussian(rho).log_ratio(*rng.standard_normal((2, b * batches)))
    excess = -ml.log_mean_exp(t.double().view(batches, b)).numpy()
    error = excess.std() / np.sqrt(batches)
    assert abs(excess.mean() - exact_excess()(rho, [b])[0]) < 4 * error


@pytest.mark.parametrize(
    ("rho", "shares"),
    [(0.5, [0.9965, 1, 1]), (0.95, [0.5412, 0.7363, 0.8988]), (0.99, [0.2503, 0.3724, 0.5251])],
)
def test_how_slowly_the_excess_comes_to_its_formula(rho, shares):
    """Shares from a grid four times as fine, with the cancelling terms taken out by hand."""
    sizes = np.array([1e3, 1e6, 1e12])
    share = exact_excess()(rho, sizes) / (rho**2 / (1 - rho**2) / 2 / sizes)
    np.testing.assert_allclose(share, shares, atol=2e-3)


@pytest.mark.parametrize("rho", [0.85, 0.99])
def test_where_half_of_the_second_moment_lies(rho):
    variance = (1 + rho) / (1 - rho)
    far = np.sqrt(variance) * norm.ppf(0.75)
    u, step = np.linspace(0, 12 * np.sqrt(variance), 100_001, retstep=True)
    # r^2 under Q, as a function of the place along the ridge, up to a factor
    weight = np.exp(rho / (1 + rho) * u**2 - u**2 / 2)
    assert weight[u > far].sum() / weight.sum() == pytest.approx(0.5, abs=1e-3)
    below = np.exp(2 * ml.Gaussian(rho).mi) / np.sqrt(1 + 2 * rho / (1 - rho))
    second = below * 2 * step * (weight / np.sqrt(2 * np.pi)).sum()
    assert second == pytest.approx(1 / (1 - rho**2), rel=1e-3)


def test_the_tangent_bound_has_its_maximum_where_the_chapter_says():
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(6), 2)
    a, best = 2.5, np.log(p / q) + np.log(2.5)

    def nwj(t):
        return p @ t - q @ np.exp(t) / a - np.log(a) + 1

    assert nwj(best) == pytest.approx(rel_entr(p, q).sum())
    others = best + rng.normal(0, [[0.01], [0.3], [2]], (200, 3, 6)).swapaxes(0, 1).reshape(-1, 6)
    assert all(nwj(t) < nwj(best) for t in others)


def test_without_mass_somewhere_the_tangent_bound_is_not_attained():
    """r = 0 on the last cell: the value rises as T falls there, without end."""
    p, q = np.array([0.5, 0.5, 0]), np.array([0.25, 0.25, 0.5])
    values = [
        p @ t - q @ np.exp(t) + 1 for t in (np.log([2, 2, np.exp(-c)]) for c in (1, 5, 20, 30))
    ]
    assert np.all(np.diff(values) > 0)
    assert values[-1] == pytest.approx(np.log(2))


def test_shuffling_caps_at_less_than_its_share():
    rng = np.random.default_rng(0)
    for b in (2, 16):
        p = rng.dirichlet(np.full(20, 0.2)).reshape(4, 5) + 1e-12
        p /= p.sum()
        q = np.outer(p.sum(1), p.sum(0))
        cap = rel_entr(p, q + (p - q) / b).sum()
        assert cap <= (1 - 1 / b) * rel_entr(p, q).sum()
        assert cap < np.log(b)


def test_training_and_true_value_are_mirror_images_to_second_order():
    """K'(1) - K(1) and K'(0) - K(1) for a small critic, and half its variance."""
    rng = np.random.default_rng(0)
    q = np.full(64, 1 / 64)
    for size in (0.3, 0.03):
        t = size * rng.standard_normal(64)
        g = q * np.exp(t) / (q @ np.exp(t))
        training, true = (w @ t - np.log(q @ np.exp(t)) for w in (g, q))
        half = ((t - t.mean()) ** 2).mean() / 2
        assert training == pytest.approx(half, rel=2 * size)
        assert true == pytest.approx(-half, rel=2 * size)


def test_the_supremum_over_cells_is_the_histogram_estimate():
    """Also where cells are empty: there T falls without end, and the value rises to it."""
    counts = np.array([[5, 0, 2], [1, 4, 0], [0, 3, 6]])
    p = counts / counts.sum()
    q = np.outer(p.sum(1), p.sum(0))
    values = []
    for floor in (1e-1, 1e-3, 1e-9):
        t = np.log(np.maximum(p, floor * q) / q)
        values.append((p * t).sum() - np.log((q * np.exp(t)).sum()))
    assert np.all(np.diff(values) > 0)
    assert values[-1] == pytest.approx(ml.Discrete(p).mi)


def test_the_logarithm_of_an_exponential_mean_for_one_check_of_frullani():
    """E[log G] = digamma(k) for a gamma variable: Frullani's integral on a known case."""
    k, t = 3.0, np.exp(np.arange(-60, 60, 0.05))
    integral = 0.05 * (np.exp(-t) - (1 + t) ** -k).sum()
    assert integral == pytest.approx(digamma(k), abs=1e-6)
