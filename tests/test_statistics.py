"""Intervals over seeds, against the textbook formula and by their coverage."""

import numpy as np
import pytest
import torch

import mine_lib as ml
from mine_lib.statistics import grouped_error


def test_interval_by_hand():
    # Mean 2, standard deviation 1, n = 3; 97.5 % point of t with 2 degrees of freedom: 4.3027.
    low, high = ml.mean_interval([1, 2, 3], level=0.95)
    assert (low, high) == pytest.approx((2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-4)


def test_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    intervals = np.array([ml.mean_interval(rng.normal(5, 2, 4), 0.9) for _ in range(2000)])
    covered = ((intervals[:, 0] < 5) & (intervals[:, 1] > 5)).mean()
    assert covered == pytest.approx(0.9, abs=4 * (0.9 * 0.1 / 2000) ** 0.5)


def test_exceeds_is_paired_and_asks_for_a_margin():
    base = torch.tensor([1.0, 5.0, 9.0, 13.0])
    assert ml.exceeds(base + torch.tensor([0.1, 0.11, 0.09, 0.1]), base)
    assert not ml.exceeds(base + torch.tensor([0.1, -0.3, 0.9, 0.1]), base)
    assert ml.exceeds([1.0, 1.0, 1.0], 0)
    assert not ml.exceeds([1.0, 1.0, 1.0], 1)
    assert ml.exceeds(2.0, torch.tensor([1.0, 1.1, 0.9]))
    assert not ml.exceeds(torch.tensor([1.0, 1.1, 0.9]), 2.0)


def test_the_grouped_error_by_hand():
    # Means of the groups: 1.5 and 4.5, so a standard deviation of 3 / 2^0.5, over 2^0.5.
    assert grouped_error([1, 2, 3, 6], ["b", "b", "a", "a"]) == pytest.approx(1.5)
    assert grouped_error([1, 3, 2, 6], [8, 5, 8, 5]) == pytest.approx(1.5)


def test_without_groups_the_error_is_that_of_a_mean():
    values = np.random.default_rng(0).exponential(size=50)
    expected = values.std(ddof=1) / 50**0.5
    assert grouped_error(values) == pytest.approx(expected)
    assert grouped_error(values, np.arange(50)[::-1]) == pytest.approx(expected)


def test_copies_of_rows_do_not_change_the_grouped_error():
    values, groups = np.random.default_rng(0).standard_normal(50), np.arange(50)
    copied = grouped_error(np.tile(values, 4), np.tile(groups, 4))
    assert copied == pytest.approx(grouped_error(values))


def test_the_grouped_error_is_the_spread_of_the_mean_of_uneven_groups():
    rng, groups = np.random.default_rng(0), np.repeat(np.arange(100), np.arange(100) % 8 + 1)
    samples = [rng.standard_normal(100)[groups] + rng.normal(size=len(groups)) for _ in range(1000)]
    spread = np.std([each.mean() for each in samples])
    errors = [grouped_error(each, groups) for each in samples]
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(spread, rel=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ml.mean_interval([1.0]), r"values has shape \(1,\)"),
        (lambda: ml.mean_interval(np.zeros((2, 2))), r"values has shape \(2, 2\)"),
        (lambda: ml.mean_interval([1.0, float("nan")]), "values holds nan"),
        (lambda: ml.mean_interval([1.0, 2.0], level=99), "level = 99"),
        (lambda: ml.exceeds([1.0, float("inf")], 0), "values holds inf"),
        (lambda: grouped_error([1.0, 2.0], ["a", "a"]), "groups holds 1 label: must hold two"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
