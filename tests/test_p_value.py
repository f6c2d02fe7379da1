"""The p value: uniform for independent tables whatever their columns, small where they tell."""

import math

import numpy as np
import pytest
import torch
from quick import FAST, estimate, gaussians
from scipy.signal import lfilter
from scipy.stats import kstest

import mine_lib as ml
from mine_lib.estimation.curve import Folds
from mine_lib.estimation.plan import Plan

TINY = {"steps": 2, "hidden": (2,)}
TABLES = {
    "numbers": lambda rng, n: rng.standard_normal((2, n)),
    "heavy tails": lambda rng, n: rng.standard_cauchy((2, n, 2)),
    "labels": lambda rng, n: rng.integers(0, 3, (2, n)),
    "rare labels": lambda rng, n: (rng.permutation(np.arange(n) < 6), rng.permutation(n) % 7 < 1),
    "label and number": lambda rng, n: (rng.choice(["a", "b"], n), rng.exponential(size=n)),
    "mostly zero": lambda rng, n: np.exp(rng.standard_normal((2, n))) * (rng.random((2, n)) < 0.5),
}


def shares(count, n):
    """p values of estimates from independent tables of each kind, (kinds, count)."""
    found = []
    for number, draw in enumerate(TABLES.values()):
        rngs = [np.random.default_rng([number, seed]) for seed in range(count)]
        found.append([estimate(*draw(rng, n), **TINY).p_value for rng in rngs])
    return np.array(found)


@pytest.fixture(scope="module")
def independent():
    return shares(15, 50)


def test_it_is_uniform_for_independent_tables(independent):
    assert independent.shape == (len(TABLES), 15)
    assert ((independent > 0) & (independent < 1)).all()
    for each in (independent.ravel(), *independent):
        assert kstest(each, "uniform").pvalue > 1e-3


def test_it_is_seldom_small_by_chance(independent):
    assert (independent < 0.05).sum() <= 11  # of 90; more come once in five hundred times
    assert independent.min() > 1e-4


def test_it_is_uniform_for_groups_and_for_two_folds():
    """With two folds there is one test instead of two; with groups, whole groups are permuted."""
    groups = {"groups": np.arange(60) // 3, "folds": 2}
    found = [
        estimate(*np.random.default_rng(seed).standard_normal((2, 20)).repeat(3, 1),
                 seed=seed, **TINY, **groups).p_value
        for seed in range(30)
    ]  # fmt: skip
    assert kstest(found, "uniform").pvalue > 1e-3


class Same:
    """One critic for all lessons, however its fold was taught."""

    weights = torch.zeros(1)

    def __getitem__(self, lesson):
        return lambda x, z: (x * z)[:, 0]


def patients(rng):
    """Twenty patients seen twenty times each, with small changes."""
    return rng.standard_normal((2, 20)).repeat(20, 1) + 0.05 * rng.standard_normal((2, 400))


def blocks(rng):
    """Two series with a memory of twenty rows, in twenty blocks."""
    return lfilter([1], [1, -0.95], rng.standard_normal((2, 2000)), axis=1)


@pytest.mark.parametrize("draw", [patients, blocks])
def test_it_is_uniform_for_groups_whose_rows_resemble_each_other(draw):
    """A fixed critic that sees what rows of a group have in common."""
    found = []
    for seed in range(120):
        data = draw(np.random.default_rng([7, seed]))
        plan = Plan(data.shape[1], 5, seed, np.arange(data.shape[1]) * 20 // data.shape[1])
        sides = tuple(torch.from_numpy(each)[:, None] for each in data)
        folds = object.__new__(Folds)
        folds._plan, folds._data, folds._seed, folds._labels = plan, sides, seed, None
        found.append(folds._p_value(Same(), Same()))
    assert kstest(found, "uniform").pvalue > 1e-3
    assert (np.array(found) < 0.05).sum() <= 14  # of 120; more come once in a thousand times
    assert (np.array(found) > 0.95).sum() <= 14


def test_it_is_uniform_where_critics_find_nothing_at_all():
    """All shifts then give the same mean as the joint pairs, and the lot decides."""
    options = {"steps": 1, "learning_rate": 1e-30, "gaussian_part": False}
    found = [estimate(*gaussians(50, 0.0, seed), seed=seed, **options) for seed in range(20)]
    assert max(abs(each.value) for each in found) < 1e-12
    assert kstest([each.p_value for each in found], "uniform").pvalue > 1e-3


def test_it_is_uniform_for_critics_that_learn_rows_by_heart():
    draws = np.random.default_rng(0).standard_normal((16, 2, 50, 2))
    options = {"steps": 60, "learning_rate": 0.05, "hidden": (32,), "gaussian_part": False}
    found = [estimate(x, z, seed=seed, **options).p_value for seed, (x, z) in enumerate(draws)]
    assert kstest(found, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(
    "pair",
    [
        gaussians(300, 0.5),
        ml.Student(2, 0.5).sample(300, seed=0),
        (np.arange(300) % 3, (np.arange(300) % 3 + np.arange(300) // 100 % 2) % 3),
        (gaussians(300)[0] > 0.5, gaussians(300)[1]),
    ],
)
def test_it_is_small_where_there_is_information(pair):
    found = estimate(*pair)
    assert found.p_value < 0.001
    assert found.interval()[0] > 0


def test_it_falls_with_the_number_of_rows():
    found = [estimate(*gaussians(n, 0.4), steps=20).p_value for n in (50, 200, 1000)]
    assert found[0] > found[1] > found[2]
    assert found[2] < 1e-4


def test_it_repeats_with_the_seed(plain, data):
    assert estimate(*data).p_value == plain.p_value


def test_a_conditional_estimate_has_none():
    x, z = gaussians(60)
    found = ml.estimate_mi(x, z, given=z[::-1].copy(), **{**FAST, **TINY})
    assert math.isnan(found.p_value)
