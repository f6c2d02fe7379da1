"""The value of a critic on the rows of a fold, and its standard error."""

import math

import numpy as np
import pytest

import mine_lib as ml
from mine_lib import evaluation
from mine_lib.evaluation import PRODUCT_SHARE, assess, influence


def exact(x, z):
    return ml.Gaussian(0.8).log_ratio(x, z)


def all_pairs(critic, x, z):
    """T at all (x_i, z_j), (n, n)."""
    n = len(x)
    return critic(x.repeat_interleave(n, 0), z.repeat(n, 1)).view(n, n).double().numpy()


def value_of(t):
    """Donsker-Varadhan value over all product pairs i != j of the matrix t."""
    off_diagonal = t[~np.eye(len(t), dtype=bool)]
    return np.diag(t).mean() - np.log(np.exp(off_diagonal).mean())


def test_the_value_takes_all_product_pairs_if_they_are_few():
    x, z = ml.Gaussian(0.8).sample(60, seed=0)
    part = assess(exact, x, z, seed=0)
    t = all_pairs(exact, x, z)
    assert part.value == pytest.approx(value_of(t), abs=1e-6)
    assert part.product_error == 0
    np.testing.assert_allclose(part.pointwise - np.diag(t), part.value - np.diag(t).mean())


@pytest.mark.parametrize(
    "critic",
    [
        exact,
        lambda x, z: z[:, 0],  # its product values vary with z alone
        lambda x, z: x[:, 0],
        lambda x, z: (x * z)[:, 0] / 2 + x[:, 0] - z[:, 0] / 2,
    ],
)
def test_the_standard_error_is_that_of_the_jackknife(critic):
    x, z = ml.Gaussian(0.8).sample(150, seed=0)
    t = all_pairs(critic, x, z)
    without = np.array([value_of(np.delete(np.delete(t, row, 0), row, 1)) for row in range(len(t))])
    jackknife = math.sqrt(np.square(without - without.mean()).sum() * 149 / 150)
    part = assess(critic, x, z, seed=0)
    assert part.error == pytest.approx(jackknife, rel=0.05)  # they differ by terms of order 1/n


@pytest.mark.parametrize("seed", range(3))
def test_the_standard_error_of_the_exact_critic_is_rho_over_root_n(seed):
    x, z = ml.Gaussian(0.8).sample(2000, seed=seed)
    part = assess(exact, x, z, seed=0)
    assert part.error == pytest.approx(0.8 / math.sqrt(2000), rel=0.1)  # Var i = rho^2
    assert abs(part.value - ml.Gaussian(0.8).mi) < 4 * part.error


@pytest.mark.parametrize("rho", [0.3, 0.8, 0.97, 0.999])
def test_shifts_are_added_until_the_product_error_is_small(rho, monkeypatch):
    used = []

    def counted(t, t_product, offsets):
        used.append(len(offsets))
        assert len(set(offsets)) == len(offsets) == len(t_product)
        assert 1 <= min(offsets) <= max(offsets) < len(t)
        return influence(t, t_product, offsets)

    monkeypatch.setattr(evaluation, "influence", counted)
    x, z = ml.Gaussian(rho).sample(600, seed=0)
    part = assess(lambda x, z: ml.Gaussian(rho).log_ratio(x, z), x, z, seed=0)
    assert used[-1] == 599 or part.product_error <= PRODUCT_SHARE * part.error
    assert (part.product_error == 0) == (used[-1] == 599)
    assert len(used) > 1


def test_the_product_error_is_the_spread_over_choices_of_shifts():
    x, z = ml.Gaussian(0.8).sample(80, seed=0)
    t = all_pairs(exact, x, z)
    rng, rows = np.random.default_rng(0), np.arange(80)
    parts = []
    for _ in range(400):
        offsets = rng.permutation(np.arange(1, 80))[:40]
        t_product = t[rows, (rows + offsets[:, None]) % 80]
        parts.append(influence(np.diag(t), t_product, offsets))
    spread = np.std([part.value for part in parts])
    # 400 repeats know the spread to 4 %; the log is taken as linear.
    assert np.mean([part.product_error for part in parts]) == pytest.approx(spread, rel=0.15)


def test_the_standard_error_holds_the_product_error():
    t_product = np.repeat([[0.0], [1.0], [3.0]], 30, 1)  # the product mean hangs on the shift alone
    part = influence(np.zeros(30), t_product, np.array([1, 2, 3]))
    means = np.exp([0.0, 1.0, 3.0])
    error = means.std(ddof=1) / means.mean() / math.sqrt(3) * math.sqrt(1 - 3 / 29)
    assert part.product_error == pytest.approx(error)
    assert part.error == pytest.approx(error)
