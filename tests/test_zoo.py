"""The cases on which intervals are judged: samples, log ratio and truth belong together."""

import math
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import poisson

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

import zoo

N, FEW = 20_000, 10_000


@cache
def joint(name):
    """Samples of a case, and the log ratio of its pairs."""
    x, z = zoo.CASES[name].sample(N, seed=0)
    return x, z, zoo.CASES[name].log_ratio(x, z).double()


@pytest.mark.parametrize("name", zoo.CASES)
def test_the_truth_is_the_mean_of_the_log_ratio(name):
    pair = zoo.CASES[name]
    found = joint(name)[2]
    assert found.shape == (N,)
    error = float(found.std()) / math.sqrt(N)
    assert abs(float(found.mean()) - pair.mi) < 5 * error + 1e-5
    if name.startswith("independent"):
        assert pair.mi == pytest.approx(0, abs=1e-12)
    else:
        assert pair.mi > 0.05


@pytest.mark.parametrize("name", zoo.CASES)
def test_the_log_ratio_is_one_of_densities(name):
    """The mean of exp(i) over independent pairs is one if i is log p(x, z) / p(x) p(z).

    Its tails are heavy: of min(e^i, 1) over these, and min(1, e^-i) over the joint pairs, the means
    are equal.
    """
    x, z, of_pairs = joint(name)
    of_product = zoo.CASES[name].log_ratio(x[:FEW], z[FEW : 2 * FEW]).double()
    over = [(-of_pairs).exp().clamp(max=1), of_product.exp().clamp(max=1)]
    error = math.hypot(*(float(each.std()) / math.sqrt(len(each)) for each in over))
    assert abs(float(over[0].mean() - over[1].mean())) < 5 * error + 1e-5


def test_shared_counts_are_poisson_counts_each():
    table = np.array(zoo.shared_counts(1.0, 1.5).table)
    chances = poisson.pmf(np.arange(len(table)), 2.5)
    np.testing.assert_allclose(table.sum(0), chances, atol=1e-9)
    np.testing.assert_allclose(table, table.T, atol=1e-12)
    values = np.arange(len(table)) - 2.5
    assert values @ table @ values == pytest.approx(1.5, abs=1e-6)  # covariance: the common part


def test_ratings_are_equally_likely_gaussians_cut_into_pieces():
    table = np.array(zoo.ratings(0.7, 2).table)
    quarter = 0.25 + np.arcsin(0.7) / (2 * np.pi)  # Sheppard: both above their medians
    np.testing.assert_allclose(
        table, [[quarter, 0.5 - quarter], [0.5 - quarter, quarter]], atol=1e-5
    )
    np.testing.assert_allclose(np.array(zoo.ratings(0.8, 11).table).sum(0), 1 / 11, atol=1e-5)


def test_columns_beside_a_pair_change_neither_its_rows_nor_its_information():
    pair, wide = zoo.Product(0.3), zoo.Beside(zoo.Product(0.3), 4, 2)
    x, z = wide.sample(1000, seed=0)
    assert (x.shape, z.shape) == ((1000, 6), (1000, 3))
    own = pair.log_ratio(x[:, :2], z[:, :1])
    np.testing.assert_array_equal(wide.log_ratio(x, z), own)
    assert wide.mi == pair.mi


def test_a_swirl_is_undone_by_its_inverse_and_mixes_columns():
    for change in (zoo.swirl(1 / 3, 0, 1), zoo.turned(1, 3)):
        values = np.random.default_rng(0).standard_normal((100, 3))
        moved = change.forward(values)
        np.testing.assert_allclose(change.inverse(moved), values, atol=1e-12)
        np.testing.assert_allclose((moved**2).sum(1), (values**2).sum(1))  # both keep lengths
        assert np.abs(moved - values).mean() > 0.3
