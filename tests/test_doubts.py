"""Warnings: raised where something is wrong, and only there."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from quick import estimate, gaussians, warned, wide

import mine_lib as ml
from mine_lib import evaluation
from mine_lib.estimation import doubts
from mine_lib.estimation.opinions import Opinion
from mine_lib.runs import Run

RNG = np.random.default_rng(0)


def opinion(value, error, name="KSG"):
    return Opinion(name, value, error, False)


@pytest.mark.parametrize(
    ("value", "error", "upper", "said"),
    [
        (0.60, 0.01, 0.50, True),
        (0.60, 0.01, 0.58, False),  # 0.03 nats may be bias
        (0.60, 0.05, 0.50, False),  # two of its errors
        (0.66, 0.05, 0.50, True),  # more than three
        (0.60, 0.01, 0.65, False),
        (0.02, 0.001, -5.0, False),  # beside nothing, not beside a value below zero
        (0.04, 0.001, -5.0, True),
    ],
)
def test_an_estimator_that_finds_more_is_quoted(value, error, upper, said):
    found = doubts.about_opinions(upper, 0.02, [opinion(value, error), opinion(0, 0.01, "no")])
    message = f"KSG finds {value:.2g} nats: the networks may miss structure"
    assert found == ([message] if said else [])
    assert doubts.about_opinions(upper, 0.2, [opinion(value, error)]) == []  # within the error


def test_networks_that_miss_a_pattern_are_told_so_by_the_neighbours():
    x, noise = RNG.standard_normal((2, 1000))
    found = estimate(x, np.sin(6 * x) + 0.2 * noise, steps=5)
    assert found.value < 0.1
    assert warned(found, "KSG finds 1 nats")
    assert found.interval()[1] > 0.5
    assert not warned(estimate(*gaussians(300), steps=5), "structure")


@pytest.mark.parametrize(
    ("value", "error", "lacks", "said"),
    [
        (0.2, 0.02, 0.19, False),
        (0.2, 0.02, 0.21, True),
        (0.05, 0.02, 0.055, False),  # less than three errors
        (0.05, 0.02, 0.065, True),
        (-0.01, 0.001, 1.0, False),  # says so in other words
    ],
)
def test_a_fit_that_lacks_more_than_it_has_is_told_of(value, error, lacks, said):
    found = doubts.about_curve(value, error, lacks)
    message = (
        f"the fit may lack {lacks:.2g} nats, more than it has: more rows would raise the value"
    )
    assert found == ([message] if said else [])


def test_few_rows_for_a_hard_pattern_are_told_of():
    few, many = (
        estimate(*pattern.sample(100, seed=1), steps=200, learning_rate=0.02)
        for pattern in (ml.Circle(0.2), ml.Gaussian(0.9))
    )
    assert warned(few, "more rows would raise the value")
    assert not warned(many, "more rows would raise the value")


def test_rare_labels_that_were_merged_are_told_of():
    few = np.r_[np.repeat(np.arange(60), 5), np.repeat(np.arange(60, 80), 2)]
    names = np.array([f"city {k}" for k in few])
    found = estimate(names, RNG.standard_normal(340), steps=1)
    assert found.warnings[0] == "x: the 17 rarest of 80 labels are taken as one"


def test_columns_left_out_are_named_and_beyond_three_counted():
    table = pd.DataFrame(1, index=range(100), columns=[f"c{k}" for k in range(5)])
    table["size"] = RNG.standard_normal(100)
    found = estimate(table, RNG.standard_normal(100), steps=1)
    assert found.warnings[0] == (
        "constant and left out: x, column 'c0'; x, column 'c1'; x, column 'c2' and 2 more"
    )


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        (math.nan, 0.1, ["the value is not finite"]),
        (math.inf, math.inf, ["the value is not finite"]),
        (4.61, 0.1, ["the value is above log n = 4.6"]),
        (4.60, 0.1, []),
        (-0.26, 0.01, ["the value is far below zero"]),
        (-0.24, 0.01, []),
        (-0.9, 0.2, []),  # by chance
        (-1.1, 0.2, ["the value is far below zero"]),
        (0.0, 0.0, []),
    ],
)
def test_a_value_that_information_cannot_have_is_none(value, error, said):
    assert doubts.about_impossible(value, error, 100) == said


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
    ("value", "error", "n", "warns"),
    [
        (-0.009, 0.001, 1000, False),  # below zero by chance and by what fitting costs
        (-0.011, 0.001, 1000, True),
        (-0.05, 0.001, 100, False),  # 6 / n
        (-0.07, 0.001, 100, True),
        (-0.04, 0.02, 1000, False),
        (-0.06, 0.02, 1000, True),
        (-5.0, 4.0, 1000, True),
        (0.5, 0.01, 1000, False),
    ],
)
def test_a_value_below_zero_is_warned_of(value, error, n, warns):
    assert any("below zero" in each for each in doubts.about_value(value, error, n)) is warns


def test_critics_that_do_harm_are_warned_of():
    values = gaussians(200, 0.0)
    found = estimate(*values, steps=1)
    assert not warned(found, "below zero")
    worse = doubts.about_judged(SimpleNamespace(**{
        "value": -0.1, "error": 0.01, "pointwise": np.zeros(200), "folds": np.full(5, -0.1),
        "fold_errors": np.full(5, 0.02), "product_error": 0.0, "lacks": 0.0,
    }), [])  # fmt: skip
    (line,) = worse
    assert line == "the value is below zero: what the critics learned does not hold on other rows"


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
    found = [estimate(*gaussians(200, rho=0.0, seed=seed), steps=1) for seed in range(20)]
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
    assert found.warnings == ["training was interrupted after about 76 steps"]
    assert abs(found.value - ml.Gaussian(0.8).mi) < 4 * found.standard_error


def test_an_interrupt_of_the_learning_curve_is_told_of(data, monkeypatch):
    """Fails: that training ends without a word, and the fit then seems to lack far more."""
    steps, step = [], Run.step

    def interrupted(self):
        steps.append(self.done)
        if len(steps) == 105:
            raise KeyboardInterrupt
        step(self)

    monkeypatch.setattr(Run, "step", interrupted)
    assert warned(estimate(*data), "training was interrupted")
