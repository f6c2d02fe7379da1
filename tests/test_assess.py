"""The value of a critic on the rows of a fold, its product pairs, and its standard error."""

import math

import numpy as np
import pytest
import torch

import mine_lib as ml
from mine_lib import evaluation
from mine_lib.evaluation import (
    PAIRS_AT_ONCE,
    PRODUCT_SHARE,
    Partners,
    assess,
    influence,
    product_values,
)

GROUPS = np.repeat([7, 3, 4, 9, 0], [3, 1, 4, 2, 2])


def exact(x, z):
    return ml.Gaussian(0.8).log_ratio(x, z)


def all_pairs(critic, x, z):
    """T at all (x_i, z_j), (n, n)."""
    n = len(x)
    return critic(x.repeat_interleave(n, 0), z.repeat(n, 1)).view(n, n).double().numpy()


def value_of(t, groups=None):
    """Donsker-Varadhan value over all product pairs of the matrix t in different groups."""
    groups = np.arange(len(t)) if groups is None else groups
    product = t[groups[:, None] != groups]
    return np.diag(t).mean() - np.log(np.exp(product).mean())


def jackknife(t, groups):
    """Standard error of the value by leaving out one group at a time."""
    kept = [groups != group for group in np.unique(groups)]
    without = np.array([value_of(t[some][:, some], groups[some]) for some in kept])
    share = (len(without) - 1) / len(without)
    return math.sqrt(share * np.square(without - without.mean()).sum())


# Product pairs


def test_without_groups_partners_are_the_cyclic_shifts_in_random_order():
    partners = Partners(9, seed=0)
    assert len(partners) == 8
    shifts = (partners[:8] - np.arange(9)) % 9
    assert (shifts == shifts[:, :1]).all()
    assert sorted(shifts[:, 0]) == [*range(1, 9)]
    assert [*shifts[:, 0]] != sorted(shifts[:, 0])
    np.testing.assert_array_equal(Partners(9, seed=0)[:8], partners[:8])
    assert (Partners(9, seed=1)[:8] != partners[:8]).any()


def test_no_row_is_its_own_partner():
    assert (Partners(9, seed=0)[:8] != np.arange(9)).all()


def test_permutations_move_whole_groups_and_keep_the_order_within():
    partners = Partners(12, 0, np.repeat([5, 3, 8], [4, 4, 4])).permuted(
        50, np.random.default_rng(0)
    )
    blocks = partners.reshape(50, 3, 4)
    assert (np.diff(blocks, axis=2) == 1).all()
    orders = {tuple(each[:, 0] // 4) for each in blocks}
    assert len(orders) == 6  # itself among them
    uneven = Partners(5, 0, np.array([0, 0, 0, 1, 1])).permuted(20, np.random.default_rng(0))
    assert {tuple(each) for each in uneven} == {(0, 1, 2, 3, 4), (3, 4, 3, 0, 1)}


def test_some_partners_are_a_part_of_all():
    for groups in (None, GROUPS):
        partners = Partners(12, 0, groups)
        np.testing.assert_array_equal(partners[5:9], partners[:20][5:9])
        assert partners[: len(partners)].shape == (len(partners), 12)


def test_no_row_meets_one_of_its_own_group():
    partners = Partners(12, 0, GROUPS)
    found = partners[: len(partners)]
    assert (GROUPS[found] != GROUPS).all()
    for row, group in enumerate(GROUPS):  # but all others
        others = group != GROUPS
        assert {*found[:, row]} == {*np.flatnonzero(others)}


def test_in_groups_of_one_size_each_row_meets_each_other_once():
    groups = np.repeat(np.arange(6), 4)
    partners = Partners(24, 0, groups)
    found = partners[: len(partners)]
    assert len(found) == 20
    assert (np.sort(found, 1) == np.arange(24)).all()
    assert (np.sort(found[:, 5]) == np.flatnonzero(groups != groups[5])).all()


def test_a_group_alone_is_refused():
    with pytest.raises(ValueError, match="groups: a fold holds one group alone"):
        Partners(10, 0, np.zeros(10))


def test_product_values_are_those_of_each_row_with_its_partners():
    x, z = ml.Gaussian(0.8).sample(200, seed=0)
    partners = Partners(200, 0)[:100]
    assert partners.size > 2 * PAIRS_AT_ONCE

    def critic(x, z):
        return (2 * x + x * z)[:, 0]

    found = product_values(critic, x, z, partners)
    expected = all_pairs(critic, x, z)[np.arange(200), partners]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    np.testing.assert_array_equal(product_values(critic, x, z, partners[:1]), found[:1])


# Value and error


def test_the_value_takes_all_product_pairs_if_they_are_few():
    x, z = ml.Gaussian(0.8).sample(60, seed=0)
    part = assess(exact, x, z, Partners(60, 0))
    t = all_pairs(exact, x, z)
    assert part.value == pytest.approx(value_of(t), abs=1e-6)
    assert part.product_error == 0
    np.testing.assert_allclose(part.pointwise - np.diag(t), part.value - np.diag(t).mean())


def test_the_value_takes_pairs_of_different_groups_alone():
    x, z = ml.Gaussian(0.8).sample(60, seed=0)
    groups = np.repeat(np.arange(12), 5)
    part = assess(exact, x, z, Partners(60, 0, groups))
    assert part.value == pytest.approx(value_of(all_pairs(exact, x, z), groups), abs=1e-6)
    assert part.product_error == 0


CRITICS = [
    exact,
    lambda x, z: z[:, 0],  # its product values vary with z alone
    lambda x, z: x[:, 0],
    lambda x, z: (x * z)[:, 0] / 2 + x[:, 0] - z[:, 0] / 2,
]


@pytest.mark.parametrize("critic", CRITICS)
def test_the_standard_error_is_that_of_the_jackknife(critic):
    x, z = ml.Gaussian(0.8).sample(150, seed=0)
    expected = jackknife(all_pairs(critic, x, z), np.arange(150))
    part = assess(critic, x, z, Partners(150, 0))
    assert part.error == pytest.approx(expected, rel=0.05)  # they differ by terms of order 1/n


@pytest.mark.parametrize("critic", CRITICS)
def test_the_standard_error_of_groups_leaves_out_one_at_a_time(critic):
    x, z = ml.Gaussian(0.8).sample(60, seed=0)
    x, z = (each.repeat_interleave(3, 0) + 0.1 * torch.randn(180, 1) for each in (x, z))
    groups = np.repeat(np.arange(60), 3)
    part = assess(critic, x, z, Partners(180, 0, groups))
    expected = jackknife(all_pairs(critic, x, z), groups)
    assert part.error == pytest.approx(expected, rel=0.1)
    assert part.error > 1.5 * assess(critic, x, z, Partners(180, 0)).error  # of 3^0.5


@pytest.mark.parametrize("seed", range(3))
def test_the_standard_error_of_the_exact_critic_is_rho_over_root_n(seed):
    x, z = ml.Gaussian(0.8).sample(2000, seed=seed)
    part = assess(exact, x, z, Partners(2000, 0))
    assert part.error == pytest.approx(0.8 / math.sqrt(2000), rel=0.1)  # Var i = rho^2
    assert abs(part.value - ml.Gaussian(0.8).mi) < 4 * part.error


@pytest.mark.parametrize("rho", [0.3, 0.8, 0.97, 0.999])
def test_shifts_are_added_until_the_product_error_is_small(rho, monkeypatch):
    used = []

    def counted(t, t_product, partners):
        used.append(len(t_product))
        assert len(np.unique(t_product[:, 0])) == len(t_product)  # each shift once
        return influence(t, t_product, partners)

    monkeypatch.setattr(evaluation, "influence", counted)
    x, z = ml.Gaussian(rho).sample(600, seed=0)
    part = assess(lambda x, z: ml.Gaussian(rho).log_ratio(x, z), x, z, Partners(600, 0))
    assert used == sorted(set(used))
    assert used[-1] == 599 or part.product_error <= PRODUCT_SHARE * part.error
    assert (part.product_error == 0) == (used[-1] == 599)
    assert (len(used) > 1) == (rho > 0.9)


@pytest.mark.parametrize(
    ("groups", "shifts", "low", "high"),
    [
        (None, 40, 0.85, 1.15),
        (np.repeat(np.arange(40), 2), 20, 0.9, 1.4),  # shifts in turn are better than at random
    ],
)
def test_the_product_error_is_the_spread_over_choices_of_shifts(groups, shifts, low, high):
    x, z = ml.Gaussian(0.8).sample(80, seed=0)
    t = all_pairs(exact, x, z)
    parts = []
    for seed in range(400):
        partners = Partners(80, seed, groups)
        parts.append(influence(np.diag(t), t[np.arange(80), partners[:shifts]], partners))
    spread = np.std([part.value for part in parts])
    # 400 repeats know the spread to 4 %; the log is taken as linear.
    assert low * spread < np.mean([part.product_error for part in parts]) < high * spread


def test_the_standard_error_holds_the_product_error():
    t_product = np.repeat([[0.0], [1.0], [3.0]], 30, 1)  # the product mean hangs on the shift alone
    part = influence(np.zeros(30), t_product, Partners(30, 0))
    means = np.exp([0.0, 1.0, 3.0])
    error = means.std(ddof=1) / means.mean() / math.sqrt(3) * math.sqrt(1 - 3 / 29)
    assert part.product_error == pytest.approx(error)
    assert part.error == pytest.approx(error)
