"""Warnings: raised where something is wrong, and only there."""

import math

import numpy as np
import pytest
from quick import estimate, gaussians, warned, wide

import mine_lib as ml
from mine_lib import evaluation
from mine_lib.estimation import doubts
from mine_lib.estimation import estimate as estimation
from mine_lib.runs import Run

FUNCTIONS = "functions of one another"
RNG = np.random.default_rng(0)
U, V, NOISE = RNG.standard_normal((3, 1000))


@pytest.mark.parametrize(
    ("x", "z"),
    [
        (U, U),
        (U, U**3),
        (U[:400], U[:400] ** 3),
        (U, np.sin(3 * U)),
        (np.sin(3 * U), U),
        (np.stack([U, NOISE], 1), U**2),
        (U**2, np.stack([U, NOISE], 1)),
        (np.arange(100), -np.arange(100)),  # few rows, but perfectly correlated
    ],
)
def test_functions_are_warned_of(x, z):
    assert warned(estimate(x, z, steps=10), FUNCTIONS)


@pytest.mark.parametrize(
    ("x", "z"),
    [
        gaussians(rho=0.99),
        gaussians(rho=0.999),
        (U, U**2 + 0.3 * NOISE),
        (U, V),
        (np.sign(U), V),
        (np.where(U > 0, "up", "down"), U),
        (np.round(U), np.round(U)),
        (np.round(U, 1), np.round(U + NOISE, 1)),
        (RNG.standard_normal((200, 120)), RNG.standard_normal((200, 90))),  # of any such sample
        (np.stack([U, V], 1), np.stack([NOISE, U + V], 1) + 0.5 * RNG.standard_normal((1000, 2))),
    ],
)
def test_no_functions_are_seen_where_there_are_none(x, z):
    assert not warned(estimate(x, z, steps=10), FUNCTIONS)


@pytest.mark.parametrize("n", [400, 1000])
@pytest.mark.parametrize("rho", [0.0, 0.9, 0.99])
def test_functions_are_not_seen_by_chance(n, rho):
    found = [doubts.look_like_functions(*gaussians(n, rho, seed=seed)) for seed in range(40)]
    assert sum(found) == 0


def test_nearness_is_looked_at_from_400_rows():
    few, many = (_scores(U[:n], np.sin(3 * U[:n])) for n in (399, 400))
    assert not doubts.look_like_functions(*few)
    assert doubts.look_like_functions(*many)


def _scores(x, z):
    return ml.normal_scores(x), ml.normal_scores(z)


@pytest.mark.parametrize("share", [0.45, 0.49])
def test_ties_are_not_taken_for_functions(share):
    draws = np.random.default_rng(0).standard_normal((40, 2, 400))
    for u, v in draws:
        x = np.where(np.arange(400) < share * 400, 0, u)
        assert not doubts.look_like_functions(*_scores(x, v))


@pytest.mark.parametrize("f", [lambda u: np.sin(3 * u), np.square, lambda u: np.sin(20 * u)])
def test_functions_are_not_missed_by_chance(f):
    draws = np.random.default_rng(0).standard_normal((40, 400))
    assert all(doubts.look_like_functions(*_scores(u, f(u))) for u in draws)


def test_too_few_rows_for_the_dimensions_are_warned_of():
    x, z = RNG.standard_normal((2, 200, 10))
    assert warned(estimate(x, z, steps=10), "n = 200 is small for 10 + 10 dimensions")
    assert not warned(estimate(*gaussians(200), steps=10), "is small")


@pytest.mark.parametrize(
    ("value", "error", "warns"),
    [(1.0, 0.01, True), (1.0, 0.3, False), (5.5, 0.01, False), (4.5, 0.01, True)],
)
def test_a_small_cost_beside_error_or_value_is_no_reason_to_warn(value, error, warns):
    scores = np.random.default_rng(0).standard_normal((2, 10**5, 20))
    found = doubts.about_size(value, error, scores, 800)  # a linear fit costs 0.25 nats
    assert found == (
        ["n = 100000 is small for 20 + 20 dimensions: a linear fit alone costs at least 0.25 nats"]
        if warns
        else []
    )


def test_one_column_each_and_a_thousand_rows_are_enough():
    found = [estimate(*gaussians(rho=0.0, seed=seed), steps=1) for seed in range(20)]
    assert not any(warned(each, "is small") for each in found)


def test_a_value_near_log_n_is_warned_of():
    few, many = (estimate(*gaussians(n, rho=0.999), steps=10) for n in (100, 4000))
    assert few.value > math.log(10)
    assert warned(few, "the value nears log n = 4.6")
    assert not warned(many, "log n")  # log(4000 / 10) = 6.0


def test_folds_that_disagree_are_warned_of():
    errors = np.full(5, 0.02)
    # By chance a sum of five squares about their mean exceeds 18.5 once in a thousand times.
    together, apart = ([0.5, 0.5, 0.5, 0.5, 0.5 + step] for step in (0.09, 0.11))
    assert doubts.about_folds(0.5, np.array(together), errors) == []
    (found,) = doubts.about_folds(0.5, np.array(apart), errors)
    assert found == "the folds disagree: 0.500, 0.500, 0.500, 0.500, 0.610"


@pytest.mark.parametrize(
    ("value", "error", "warns"),
    [
        (-0.009, 0.001, False),  # below zero by chance and by what fitting costs
        (-0.011, 0.001, True),
        (-0.04, 0.02, False),
        (-0.06, 0.02, True),
        (-5.0, 4.0, True),
        (0.5, 0.01, False),
    ],
)
def test_a_value_below_zero_is_warned_of(value, error, warns):
    assert any("below zero" in each for each in doubts.about_value(value, error)) is warns


def test_a_heavy_outlier_that_standardising_leaves_is_warned_of(data):
    x, z = data
    found = estimate(np.where(np.arange(403) == 7, 1e6, x[:, 0]), z, transform="standardise")
    assert found.value < -1
    assert warned(found, "below zero")


def test_frozen_networks_are_warned_of(data):
    found = estimate(*data, learning_rate=1e30, steps=10)
    assert warned(found, "5 of 5 networks turned non-finite and froze")


def test_constant_critics_are_warned_of():
    found = estimate(*wide(200, 0), steps=1, learning_rate=1e-30)
    assert (found.value, found.standard_error) == (pytest.approx(0, abs=1e-12), 0)
    assert warned(found, "the critics are constant")


def test_folds_without_value_or_error_agree():
    assert doubts.about_folds(0.0, np.zeros(5), np.zeros(5)) == []


def test_folds_may_differ_by_a_hundredth_of_the_value_whatever_their_errors():
    folds = 3 + np.array([-0.03, 0.03, 0.0, 0.01, -0.01])
    assert doubts.about_folds(3.0, folds, np.full(5, 1e-4)) == []
    assert doubts.about_folds(0.3, folds, np.full(5, 1e-4)) != []


def test_independent_folds_seldom_disagree():
    found = [estimate(*gaussians(rho=0.0, seed=seed), steps=1) for seed in range(20)]
    # Once in a thousand times by chance; the errors of folds are only estimates.
    assert sum(warned(each, "disagree") for each in found) <= 1


@pytest.mark.parametrize("n", [200, 1000])  # with all shifts, and with some
def test_networks_that_found_nothing_give_zero_without_a_false_alarm(n):
    found = estimate(*gaussians(n, rho=0.0), steps=1, learning_rate=0.1, gaussian_part=False)
    assert (found.training.kept == 0).any()  # such a network is 0, and so are value and error
    assert 0 in found.folds
    assert abs(found.value) < 0.03
    assert not warned(found, "disagree")


def test_an_unfinished_product_term_is_warned_of(data, monkeypatch):
    monkeypatch.setattr(evaluation, "FIRST_SHIFTS", 2)
    monkeypatch.setattr(evaluation, "MOST_PAIRS", 1)
    assert warned(estimate(*data, steps=10), "the product term alone has an error of 0.0")


def test_an_interrupt_evaluates_what_there_is_with_a_warning(data, monkeypatch):
    step = Run.step

    def interrupted(self):
        if self.done == 79:
            raise KeyboardInterrupt
        step(self)

    monkeypatch.setattr(Run, "step", interrupted)
    found = estimate(*data)
    assert found.warnings == ["training was interrupted after about 50 steps"]
    assert abs(found.value - ml.Gaussian(0.8).mi) < 4 * found.standard_error
    monkeypatch.setattr(estimation, "LOG_EVERY", 100)
    found = estimate(*data)
    assert found.warnings == ["training was interrupted after about 0 steps"]
    assert np.isfinite(found.value)
