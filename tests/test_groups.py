"""Rows that belong together: they stay in one fold, and errors count groups."""

import math

import numpy as np
import pandas as pd
import pytest
from quick import FAST, estimate, gaussians, two_series, warned

import mine_lib as ml

LEARNS = {"steps": 300, "learning_rate": 0.02, "hidden": (32,), "gaussian_part": False}
SUBJECT = np.repeat(np.arange(20), 20)


def visits(seed, rho=0.0):
    """Twenty subjects, each seen twenty times with small changes."""
    x, z = (each.ravel() for each in gaussians(20, rho, seed))
    noise = 0.05 * np.random.default_rng(seed).standard_normal((2, 400))
    return x[SUBJECT] + noise[0], z[SUBJECT] + noise[1]


@pytest.fixture(scope="module")
def visited():
    """Estimates for independent subjects, without and with groups."""
    return estimate(*visits(0), **LEARNS), estimate(*visits(0), **LEARNS, groups=SUBJECT)


def test_repeated_rows_of_independent_subjects_give_about_zero(visited):
    apart, together = visited
    assert apart.value > 0.15  # networks know the subjects again
    assert apart.p_value < 1e-3
    assert abs(together.value) < 0.1
    assert together.interval()[0] < 0
    assert together.p_value > 0.05


def test_a_subject_seen_again_does_not_raise_the_interval(visited):
    """Neighbours of the same subject would say that there are 1.5 nats."""
    together = visited[1]
    assert together.interval()[1] < 0.5
    assert not warned(together, "may miss structure")


def test_the_order_of_rows_within_subjects_says_nothing(visited):
    apart, together = visited
    assert warned(apart, "neighbouring rows resemble each other")
    assert not warned(together, "neighbouring rows")


def test_errors_grow_as_rows_repeat():
    """Four copies of each row: the value stays, and the error is that of the rows there are."""
    once = gaussians(200)
    copies = np.repeat(np.arange(200), 4)
    fewer, more = estimate(*once), estimate(*(each[copies] for each in once), groups=copies)
    assert abs(more.value - ml.Gaussian(0.8).mi) < 4 * fewer.standard_error + 0.03
    assert more.standard_error == pytest.approx(fewer.standard_error, rel=0.25)
    assert more.standard_error == pytest.approx(0.8 / math.sqrt(200), rel=0.3)


def test_the_error_of_a_conditional_estimate_counts_groups_too():
    x, z = gaussians(100)
    w, copies = np.random.default_rng(1).standard_normal(100), np.repeat(np.arange(100), 4)
    fewer = estimate(x, z, given=w, steps=20)
    more = estimate(x[copies], z[copies], given=w[copies], groups=copies, steps=20)
    assert more.standard_error == pytest.approx(fewer.standard_error, rel=0.35)


def test_two_series_in_blocks_are_independent():
    """Rows alone say that most pairs of series depend on each other, blocks do not."""
    blocks, options = np.arange(400) // 20, {"steps": 4, "hidden": (4,)}
    pairs = [two_series(400, 0.97, seed) for seed in range(6)]
    rows = [estimate(*pair, **options) for pair in pairs]
    found = [estimate(*pair, **options, groups=blocks) for pair in pairs]
    assert sum(each.p_value < 0.01 for each in rows) >= 3
    assert sum(each.p_value < 0.01 for each in found) <= 1
    assert sum(each.interval(0.99)[0] > 0 for each in found) <= 1
    errors = [np.mean([each.standard_error for each in some]) for some in (rows, found)]
    assert errors[1] > 1.5 * errors[0]


def test_a_dependence_between_groups_is_found():
    subject = np.repeat(np.arange(100), 4)
    x, z = (each[subject] for each in gaussians(100, 0.9))
    found = estimate(x, z, groups=subject, steps=20)
    assert found.p_value < 1e-3
    assert found.lower_confidence_bound() > 0.3


# What is taken, and what is refused


@pytest.mark.parametrize("change", [list, pd.Series, lambda g: np.array([f"no. {k}" for k in g])])
def test_groups_may_have_any_names(change):
    data, groups = gaussians(100), np.arange(100) % 25 + 100
    expected = estimate(*data, groups=groups, steps=2)
    assert estimate(*data, groups=change(groups), steps=2).value == pytest.approx(
        expected.value, abs=0.1
    )
    assert estimate(*data, groups=change(groups), steps=2).value != estimate(*data, steps=2).value


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (np.arange(99), r"groups has shape \(99,\): must be \(100,\), one label a row"),
        (np.zeros((100, 1)), r"groups has shape \(100, 1\): must be \(100,\)"),
        ("subject", r"groups has shape \(\)"),
        (np.arange(100) % 9, "groups holds 9 different labels: must hold at least 10, two for"),
        (np.array(["a", None] * 50, dtype=object), "groups holds"),  # fails: a TypeError
        (np.where(np.arange(100) < 50, np.nan, np.arange(100)), "groups holds 50"),  # fails: taken
    ],
)
def test_groups_that_cannot_be_are_refused(groups, message):
    with pytest.raises(ValueError, match=message):
        ml.estimate_mi(*gaussians(100), groups=groups, **{**FAST, "steps": 2})


# Fails: no row is left to train on, or none to hold back, which is said in other words.
@pytest.mark.parametrize(
    ("folds", "sizes"),
    [(2, [20] * 4), (5, [1, 1, 2, 2, 2, 2, 3, 6, 9, 120]), (3, [1, 1, 2, 4, 5, 17, 39, 42])],
)
def test_few_groups_of_unequal_sizes_are_taken_or_refused_by_name(folds, sizes):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    try:
        found = estimate(*gaussians(len(groups)), groups=groups, folds=folds, steps=2)
    except ValueError as error:
        assert "groups" in str(error)  # noqa: PT017
    else:
        assert np.isfinite(found.value)


def test_others_see_one_row_of_each_group():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(450)
    z = np.abs(x) + 0.1 * rng.standard_normal(450)
    found = estimate(x, z, groups=np.repeat(np.arange(150), 3), steps=20)
    assert set(found.opinions) == {"Gaussian plug-in", "KSG"}
    assert warned(found, "KSG finds")
    assert "(n = 450 in 150 groups)" in str(found)


def test_fewer_than_fifty_groups_are_too_few_for_others():
    x, z = np.random.default_rng(0).standard_normal((2, 450))
    found = estimate(x, z, groups=np.repeat(np.arange(45), 10), steps=5)
    assert found.opinions == {}
