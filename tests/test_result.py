"""What a result says: its interval, its line, its order among numbers, and what W leaves."""

import math
from dataclasses import replace

import numpy as np
import pytest
from quick import estimate, gaussians

import mine_lib as ml
from mine_lib.estimation import estimate as estimation
from mine_lib.estimation.doubts import NOTHING
from mine_lib.estimation.plan import Plan

_difference = estimation._difference

BARE = {"lacks": 0.0, "opinions": {}, "warnings": [], "unusable": None}


@pytest.fixture(scope="module")
def bare(plain):
    """0.5 nats with an error of 0.02 from 1000 rows, and nothing else."""
    return replace(plain, value=0.5, standard_error=0.02, n=1000, **BARE)


# The interval


def test_without_lacks_and_opinions_the_interval_is_a_normal_quantile_to_both_sides(bare):
    for level, quantile in ((0.95, 1.959964), (0.5, 0.674490)):
        low, high = bare.interval(level)
        assert (low, high) == pytest.approx((0.5 - quantile * 0.02, 0.5 + quantile * 0.02))
    assert bare.interval() == bare.interval(0.95)


def test_what_the_fit_lacks_widens_the_interval_on_its_own_side(bare):
    low, high = replace(bare, lacks=0.03).interval()
    assert (low, high) == pytest.approx((0.5 - 0.0392, 0.5 + 0.0392 + 0.03), abs=1e-5)


def test_with_groups_the_quantile_is_student_s(bare):
    few = replace(bare, degrees=5.0)
    half = 2.570582 * 0.02
    assert few.interval() == pytest.approx((0.5 - half, 0.5 + half))
    assert few.lower_confidence_bound() == pytest.approx(0.5 - 2.015048 * 0.02)


def test_degrees_of_freedom_are_groups_less_folds():
    x, z = gaussians(60)
    assert estimate(x, z, steps=2).degrees == math.inf
    assert estimate(x, z, steps=2, groups=np.arange(60) % 20).degrees == 15


def test_the_largest_opinion_raises_the_upper_end_alone(bare):
    opinions = {"large": (0.58, 0.01), "sure": (0.59, 0.001), "small": (0.1, 0.03)}
    low, high = replace(bare, opinions=opinions).interval()
    assert low == bare.interval()[0]
    assert high == pytest.approx(0.58 + 1.959964 * 0.01)
    small = {"small": (0.1, 0.03)}
    assert replace(bare, opinions=small).interval() == bare.interval()


@pytest.mark.parametrize("opinions", [{}, {"other": (0.0, 0.0)}, {"other": (-0.1, 0.04)}])
def test_the_interval_reaches_up_at_least_by_the_squared_quantile_over_2n(opinions, bare):
    nothing = replace(bare, value=0.0, standard_error=0.0, n=100, opinions=opinions)
    assert nothing.interval() == pytest.approx((0, 1.959964**2 / 200))
    assert nothing.interval(0.5) == pytest.approx((0, 0.674490**2 / 200))


def test_an_opinion_reaches_up_by_no_less(bare):
    found = replace(bare, value=0.0, standard_error=0.0, n=100, opinions={"other": (0.3, 0.0)})
    assert found.interval()[1] == pytest.approx(0.3 + 1.959964**2 / 200)


def test_the_interval_of_an_estimate_holds_the_truth_and_names_its_opinions(plain):
    low, high = plain.interval()
    assert low < ml.Gaussian(0.8).mi < high
    assert high - low < 0.3  # 0.17 from sampling
    assert [*plain.opinions] == ["Gaussian plug-in", "KSG"]
    for value, error in plain.opinions.values():
        assert abs(value - ml.Gaussian(0.8).mi) < 4 * error


@pytest.mark.parametrize("level", [0, 1, 1.5, -0.5, math.nan, "0.9"])
def test_a_level_outside_zero_and_one_is_refused(level, plain):
    with pytest.raises(ValueError, match=f"level = {level!r}"):
        plain.interval(level)
    with pytest.raises(ValueError, match=f"level = {level!r}"):
        plain.lower_confidence_bound(level)


def test_the_lower_bound_is_one_sided_whatever_the_fit_lacks(bare):
    assert bare.lower_confidence_bound() == pytest.approx(0.5 - 1.644854 * 0.02)
    assert bare.lower_confidence_bound(0.99) == pytest.approx(0.5 - 2.326348 * 0.02)
    found = replace(bare, lacks=0.3, opinions={"other": (1.0, 0.1)})
    assert found.lower_confidence_bound() == bare.lower_confidence_bound()


# The line


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        (0.51234, 0.0179, "0.512 nats, 95 % 0.477 to 0.547"),
        (-0.0001234, 0.00567, "-0.0001 nats, 95 % -0.0112 to 0.0110"),
        (3.14159, 0.25, "3.14 nats, 95 % 2.65 to 3.63"),
        (12.3, 11.0, "12 nats, 95 % -9 to 34"),
        (0.0, 0.0, "0.0000 nats, 95 % 0.0000 to 0.0019"),
        (1e-9, 1e-9, "0.000000 nats, 95 % -0.000000 to 0.001921"),
    ],
)
def test_it_prints_the_interval_with_as_many_digits_as_two_of_the_error(value, error, said, bare):
    found = replace(bare, value=value, standard_error=error)
    assert str(found) == f"{said} (n = 1000)"
    assert f"{found}" == str(found)


def test_warnings_stand_in_the_same_line(bare):
    two = replace(bare, warnings=["too few", "too many"])
    assert str(two) == f"{bare} | warning: too few | warning: too many"


def test_a_format_is_that_of_the_numbers(bare):
    found = replace(bare, warnings=["too few"])
    assert f"{found:.1f}" == "0.5 nats, 95 % 0.5 to 0.5 (n = 1000) | warning: too few"
    assert f"{found:+.3f}".startswith("+0.500 nats, 95 % +0.461 to +0.539 ")


def test_what_cannot_be_estimated_says_so_before_its_value(bare):
    found = replace(bare, unusable="x is z", warnings=["x is z"])
    line = "cannot be estimated from these 1000 rows (the value is {}) | warning: x is z"
    assert str(found) == line.format("0.500")
    assert f"{found:.1f}" == line.format("0.5")


# Fails with inf: OverflowError from the logarithm of the error.
@pytest.mark.parametrize("error", [math.nan, math.inf])
def test_a_value_that_is_none_is_printed_too(error, bare):
    found = replace(bare, value=math.nan, standard_error=error, unusable="not finite")
    assert str(found) == "cannot be estimated from these 1000 rows (the value is nan)"


# The number


def test_it_is_its_value_in_nats_and_in_bits(plain):
    assert float(plain) == plain.value
    assert plain.bits == pytest.approx(plain.value / math.log(2))
    assert plain.n == 403


def test_it_compares_and_rounds_as_its_value(bare):
    more = replace(bare, value=0.7263)
    assert bare < more
    assert more > bare
    assert not more < bare
    assert not bare > more
    assert 0.6 < more < 0.8
    assert 0.8 > more > 0.6
    assert max([bare, more, bare]) is more
    assert min([more, bare]) is bare
    assert sorted([more, 0.6, bare]) == [bare, 0.6, more]
    assert round(more, 2) == 0.73
    assert round(more) == 1
    assert isinstance(round(more), int)


# Given a third


def chain(n, seed=0):
    """X, W, Z with I(X; Z | W) = 0: Z sees X through W alone."""
    x, noise, more = np.random.default_rng(seed).standard_normal((3, n))
    return x, x + 0.5 * noise, x + 0.5 * noise + 0.5 * more


@pytest.fixture(scope="module")
def through():
    x, w, z = chain(500)
    return estimate(x, z, given=w), estimate(x, np.stack([z, w], 1)), estimate(x, w)


def test_nothing_is_left_between_the_ends_of_a_chain(through):
    found = through[0]
    assert abs(found.value) < 4 * found.standard_error + 0.03
    low, high = found.interval()
    assert low < 0 < high
    assert high < 0.2  # between them alone are 0.55 nats


def test_the_luck_of_the_sample_cancels(through):
    found, both, alone = through
    assert found.standard_error < 0.4 * math.hypot(both.standard_error, alone.standard_error)
    error = (both.pointwise - alone.pointwise).std(ddof=1) / math.sqrt(500)
    assert found.standard_error == pytest.approx(error)


def test_a_conditional_estimate_is_a_difference_of_two(through):
    found, both, alone = through
    # In another order of columns networks start with other weights.
    assert found.value == pytest.approx(both.value - alone.value, abs=0.03)
    assert found.value == pytest.approx(found.pointwise.mean(), abs=1e-12)
    assert found.curve[1] == pytest.approx(both.curve[1] - alone.curve[1], abs=0.03)
    assert math.isnan(found.p_value)
    assert found.opinions == {}


def test_the_ends_of_the_interval_stand_for_the_doubt_in_each_of_the_two(bare):
    both = replace(bare, value=0.9, opinions={"other": (1.0, 0.02)}, pointwise=np.arange(1000.0))
    alone = replace(bare, value=0.5, lacks=0.07, pointwise=np.zeros(1000))
    found = _difference(both, alone, None)
    assert found.value == pytest.approx(0.4)
    half = 1.959964 * np.arange(1000.0).std(ddof=1) / math.sqrt(1000)
    assert found.interval() == pytest.approx((0.4 - 0.07 - half, 0.4 + 0.1 + half))
    bound = 0.4 - 0.07 - 1.644854 / 1.959964 * half
    assert found.lower_confidence_bound() == pytest.approx(bound)
    both = replace(both, opinions={"other": (0.9, 0.05)})  # its error reaches further at 99 %
    wide = _difference(both, alone, None).interval(0.99)[1]
    half = 2.575829 * np.arange(1000.0).std(ddof=1) / math.sqrt(1000)
    assert wide == pytest.approx(0.4 + 2.575829 * (0.05 - 0.02) + half)


def test_what_is_wrong_with_either_is_said_once(bare):
    both, alone = (replace(bare, warnings=["odd", each]) for each in ("high", "low"))
    both = replace(both, value=bare.value + 0.1, pointwise=np.arange(1000.0))
    alone = replace(alone, pointwise=np.zeros(1000))
    said = ["odd", "I(X; Z, W): high", "I(X; W): low"]
    assert _difference(both, alone, None).warnings == said
    for pair in ((replace(both, unusable="no"), alone), (both, replace(alone, unusable="no"))):
        assert _difference(*pair, None).unusable == "no"


def test_that_w_alone_tells_nothing_is_no_reason_for_doubt(bare):
    both = replace(bare, value=0.4, pointwise=np.arange(1000.0))
    alone = replace(bare, value=0.0, pointwise=np.zeros(1000), warnings=[NOTHING[1]])
    assert _difference(both, alone, None).warnings == []
    less = _difference(replace(both, value=-2.0), alone, None)
    assert less.warnings == [NOTHING[0]]


def test_a_conditional_estimate_has_no_figure(through):
    with pytest.raises(ValueError, match="a difference of two estimates has no learning curve"):
        through[0].figure()


def test_shows_itself_as_its_line(bare):
    assert repr(bare) == str(bare)


def test_a_third_can_make_a_dependence_stronger():
    x, w, noise = np.random.default_rng(0).standard_normal((3, 500))
    found = estimate(x, x + w + 0.5 * noise, given=w)
    truth = math.log(1 + 1 / 0.25) / 2  # 0.80; without W it would be 0.29
    assert abs(found.value - truth) < 4 * found.standard_error + 0.05
    low, high = found.interval()
    assert low < truth < high


def test_labels_that_only_together_tell_of_another_do_so():
    x, w = np.random.default_rng(0).integers(0, 2, (2, 400))
    names = np.array(["no", "yes"])
    found = estimate(x, names[x ^ w], given=names[w], learning_rate=0.02, steps=200)
    assert found.value == pytest.approx(math.log(2), abs=0.05)
    assert estimate(x, names[x ^ w]).value < 0.03


def test_the_third_may_be_independent_of_both():
    x, z = gaussians(400)
    w = np.random.default_rng(1).standard_normal(400)
    found = estimate(x, z, given=w)
    assert abs(found.value - ml.Gaussian(0.8).mi) < 4 * found.standard_error + 0.05


def test_both_terms_come_from_the_same_folds_whatever_are_labels(monkeypatch):
    plans = []

    def spied(*arguments):
        plans.append(arguments)
        return Plan(*arguments)

    monkeypatch.setattr(estimation, "Plan", spied)
    x, w = np.random.default_rng(0).standard_normal((2, 60))
    estimate(x, w > 0, given=w, steps=1)  # labels beside numbers, and numbers alone
    estimate(x, w, given=w > 0, steps=1)  # the other way round
    assert len(plans) == 2
    assert [each[-1] for each in plans] == [None, None]
