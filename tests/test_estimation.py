"""Estimates of MI: what they find, that no row is judged by a network that saw it, and warnings."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mine_lib as ml
from mine_lib import doubts, estimation, training
from mine_lib.estimation import PRODUCT_SHARE, _evaluate, _influence, _Plan

FAST = {"steps": 100, "restarts": 1, "hidden": (16,), "progress": False}


def estimate(x, z, **options):
    return ml.estimate_mi(x, z, **{**FAST, **options})


def gaussians(n=1000, rho=0.8, seed=0):
    return [values.double().numpy() for values in ml.correlated_gaussians(n, rho, seed=seed)]


@pytest.fixture(scope="module")
def data():
    """403 pairs: folds of 81 and 80 rows."""
    return gaussians(403)


@pytest.fixture(scope="module")
def plain(data):
    return estimate(*data)


def warned(estimated, text):
    return any(text in warning for warning in estimated.warnings)


# What it finds


@pytest.mark.parametrize("seed", range(6))
def test_it_finds_the_information_of_gaussians(seed):
    found = estimate(*gaussians(seed=seed))
    # Four standard errors, and 0.03 for what networks learn from a thousand pairs.
    assert abs(found.value - ml.gaussian_mi(0.8)) < 4 * found.standard_error + 0.03
    assert found.standard_error == pytest.approx(0.8 / math.sqrt(1000), rel=0.25)
    assert found.warnings == []


def test_independence_gives_zero_and_is_not_cut_off_there():
    values = [estimate(*gaussians(rho=0.0, seed=seed)).value for seed in range(6)]
    assert max(map(abs, values)) < 0.03
    assert min(values) < 0 < max(values)


def test_the_network_finds_what_no_gaussian_part_can():
    x, z = ml.xor(1000, seed=0)
    found = estimate(x, z, steps=300, learning_rate=0.02)
    assert abs(found.value - math.log(2)) < 4 * found.standard_error + 0.05


@pytest.mark.parametrize("options", [{"gaussian_part": False}, {"transform": "standardise"}])
def test_without_gaussian_part_or_normal_scores_it_finds_the_same(options, data):
    found = estimate(*data, steps=300, learning_rate=0.02, **options)
    assert abs(found.value - ml.gaussian_mi(0.8)) < 4 * found.standard_error + 0.05
    assert found.value != estimate(*data, steps=300, learning_rate=0.02).value


def test_the_folds_can_be_as_small_as_they_may():
    for folds in (2, 10):
        found = estimate(*gaussians(50), folds=folds)
        assert abs(found.value - ml.gaussian_mi(0.8)) < 4 * found.standard_error


def test_a_labels_information_about_itself_is_its_entropy():
    labels = np.random.default_rng(0).choice(3, 1000, p=[0.5, 0.3, 0.2])
    words = np.array(["red", "tan", "sea"])[labels]
    found = estimate(words, words, steps=300, learning_rate=0.02)
    shares = np.bincount(labels) / 1000
    assert found.value == pytest.approx(-shares @ np.log(shares), abs=0.03)
    assert not warned(found, "functions of one another")


def test_labels_count_as_labels_whatever_their_names():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 400)
    z = labels + rng.standard_normal(400)
    numbers = estimate(labels, z)
    for names in (np.array(["a", "b", "c"]), np.array([-7, 0, 1000])):
        assert estimate(names[labels], z).value == numbers.value
    assert estimate(labels.astype(float), z).value != numbers.value


# The result


def test_the_value_in_other_forms(plain):
    assert float(plain) == plain.value
    assert plain.bits == pytest.approx(plain.value / math.log(2))
    assert plain.n == 403


def changed(estimated, **parts):
    return estimation.MIEstimate(**{**vars(estimated), **parts})


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        (0.51234, 0.0179, "0.512 ± 0.018"),
        (-0.0001234, 0.000567, "-0.00012 ± 0.00057"),
        (3.14159, 0.25, "3.14 ± 0.25"),
        (12.3, 11.0, "12 ± 11"),
        (0.0, 0.0, "0.0000 ± 0.0000"),
    ],
)
def test_it_prints_the_error_to_two_digits_and_the_value_to_the_same(value, error, said, plain):
    assert str(changed(plain, value=value, standard_error=error)) == f"{said} nats (n = 403)"


def test_warnings_stand_in_the_same_line(plain):
    two = changed(plain, warnings=["too few", "too many"])
    assert str(two) == f"{plain} | warning: too few | warning: too many"


def test_a_format_is_that_of_value_and_error(plain):
    found = changed(plain, value=0.51234, standard_error=0.0179, warnings=["too few"])
    assert f"{found:.1f}" == "0.5 ± 0.0 nats (n = 403) | warning: too few"
    assert f"{found}" == str(found)


def test_the_interval_is_a_normal_quantile_to_both_sides(plain):
    for level, quantile in ((0.95, 1.959964), (0.5, 0.674490)):
        low, high = plain.interval(level)
        assert high - plain.value == pytest.approx(plain.value - low)
        assert high - plain.value == pytest.approx(quantile * plain.standard_error, rel=1e-5)
    assert plain.interval() == plain.interval(0.95)


def test_the_value_is_the_mean_of_the_pairs_and_of_the_folds(plain, data):
    rows = _Plan(403, 5, 1, 0).test
    assert plain.value == pytest.approx(plain.pointwise.mean(), abs=1e-12)
    means = [plain.pointwise[each].mean() for each in rows]
    assert plain.folds == pytest.approx(means, abs=1e-12)
    sizes = np.array([len(each) for each in rows])
    assert plain.value == pytest.approx(sizes @ plain.folds / 403, abs=1e-12)
    error = math.sqrt(np.square(sizes * plain.fold_errors).sum()) / 403
    assert plain.standard_error == pytest.approx(error)
    exact = ml.gaussian_log_ratio(*data, 0.8).numpy()
    assert np.corrcoef(plain.pointwise, exact)[0, 1] > 0.95  # each value at its own pair


def test_a_seed_repeats_exactly_and_another_differs(plain, data):
    again, other = estimate(*data), estimate(*data, seed=1)
    assert again.value == plain.value
    np.testing.assert_array_equal(again.pointwise, plain.pointwise)
    assert other.value != plain.value
    assert abs(other.value - plain.value) < 0.1


# Cross-fitting


@pytest.mark.parametrize(("n", "folds"), [(403, 5), (50, 10), (101, 3), (1000, 2)])
def test_every_row_is_tested_once_by_networks_that_never_saw_it(n, folds):
    restarts = 2
    plan = _Plan(n, folds, restarts, seed=0)
    assert sorted(np.concatenate(plan.test)) == list(range(n))
    sizes = [len(rows) for rows in plan.test]
    assert max(sizes) - min(sizes) <= 1
    for k, (trained, validated) in enumerate(zip(plan.train, plan.validate, strict=True)):
        seen = [*trained, *validated]
        assert len(set(seen)) == len(seen) == n - max(sizes)
        assert set(seen).isdisjoint(plan.test[k // restarts])
    assert len(plan.train) == folds * restarts
    assert set(plan.validate[0]) != set(plan.validate[1])


def test_no_network_shares_its_seed_with_another_seed_of_the_estimate():
    seeds = [each for seed in range(4) for each in _Plan(100, 5, 2, seed).seeds]
    assert len(set(seeds)) == len(seeds)


def test_steps_are_fifty_epochs_within_limits():
    assert _Plan(50, 5, 1, 0).steps(16) == 600
    assert _Plan(10_000, 5, 1, 0).steps(256) == 50 * 7200 // 256  # 7200 of 8000 rows are trained on
    assert _Plan(10**5, 5, 1, 0).steps(256) == 3000


@pytest.mark.parametrize("restarts", [1, 2])
def test_each_fold_is_judged_by_the_mean_of_its_own_networks(restarts, data):
    found = estimate(*data, restarts=restarts, gaussian_part=False)
    x, z = (torch.as_tensor(each, dtype=torch.float32) for each in (found.x, found.z))
    with torch.no_grad():
        values = found.training.network(x, z).unflatten(0, (5, restarts)).mean(1).numpy()
    for rows, t in zip(_Plan(403, 5, restarts, 0).test, values, strict=True):
        constant = t[rows] - found.pointwise[rows]  # log of the mean of e^T
        np.testing.assert_allclose(constant, constant.mean(), atol=1e-5)


def test_training_gets_what_was_asked_for(data, monkeypatch):
    calls = []

    def spied(*pairs, **options):
        calls.append((pairs, options))
        return training.train(*pairs, **options)

    monkeypatch.setattr(estimation, "train", spied)
    options = {"alpha": 0.05, "hidden": (8, 4), "learning_rate": 0.02, "steps": 7, "batch_size": 32}
    found = estimate(*data, restarts=2, **options)
    ((pairs, given),) = calls
    plan = _Plan(403, 5, 2, 0)
    expected = {
        **options, "seeds": plan.seeds, "decay": True, "early_stopping": True, "shifts": 20,
        "device": torch.device("cpu"), "progress": False,
    }  # fmt: skip
    assert {name: given[name] for name in expected} == expected
    for scores, trained, validated in zip(
        (found.x, found.z), pairs, given["held_out"], strict=True
    ):
        np.testing.assert_array_equal(trained, scores[plan.train].astype(np.float32))
        np.testing.assert_array_equal(validated, scores[plan.validate].astype(np.float32))


def wide(columns, signal):
    """500 rows with many columns, of which the first may say something about z."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((500, columns))
    return x, signal * x[:, 0] + rng.standard_normal(500)


LABELS = np.random.default_rng(0).integers(0, 15, (2, 60))


@pytest.mark.parametrize("pair", [wide(200, 0), wide(200, 1), LABELS])
def test_a_gaussian_part_that_does_harm_is_dropped(pair):
    found = estimate(*pair)
    assert abs(found.value) < 0.1  # kept, it would give -1 nat and less, or -10000
    assert warned(found, "is small for")


@pytest.mark.parametrize("labels_first", [True, False])
def test_labels_have_no_gaussian_part(labels_first, monkeypatch):
    bases = []

    def spied(*pairs, base, **options):
        bases.append(base)
        return training.train(*pairs, base=base, **options)

    monkeypatch.setattr(estimation, "train", spied)
    numbers, labels = RNG.standard_normal((2, 100)), RNG.integers(0, 3, 100)
    numbers += labels
    pair = (labels, numbers[0]) if labels_first else (numbers.T, labels)
    assert estimate(*pair, steps=1).n == 100
    assert estimate(numbers[0], pd.DataFrame({"a": numbers[1], "b": labels}), steps=1).n == 100
    assert bases[0] is None
    assert bases[1] is not None  # a side of both kinds has one


def test_all_columns_of_iris_tell_as_much_as_a_classifier_knows():
    flowers, species = load_iris(return_X_y=True)
    found = ml.estimate_mi(flowers, species, progress=False)
    model = make_pipeline(StandardScaler(), LogisticRegression())
    chance = cross_val_predict(model, flowers, species, method="predict_proba")
    log_loss = -np.log(chance[np.arange(150), species]).mean()
    assert found.value + 2 * found.standard_error > math.log(3) - log_loss
    assert found.value < math.log(3) + 2 * found.standard_error


def test_a_gaussian_part_that_helps_is_kept(data):
    assert estimate(*data, steps=1, learning_rate=1e-9).value == pytest.approx(
        ml.gaussian_mi(0.8), abs=0.15
    )  # four standard errors


def test_noise_learned_by_heart_is_not_information():
    x, z = np.random.default_rng(0).standard_normal((2, 100, 5))
    found = estimate(x, z, steps=300, learning_rate=0.02)
    assert found.training.estimate[-1].mean() > 0.4  # of the training batches
    assert found.value < 0.05


# Input


@pytest.mark.parametrize(
    "change",
    [
        lambda v: 1e4 * v,
        lambda v: v + 1e6,
        np.exp,
        torch.as_tensor,
        pd.DataFrame,
        lambda v: v[:, 0],
        lambda v: pd.Series(v[:, 0], index=range(len(v), 0, -1)),
        lambda v: v.tolist(),
    ],
)
def test_neither_scale_nor_kind_of_the_data_changes_a_bit(change, data, plain):
    x, z = data
    assert estimate(change(x), z).value == plain.value
    assert estimate(x, change(z)).value == plain.value


def test_standardised_data_may_have_any_scale(data):
    x, z = data
    near = estimate(x, z, transform="standardise")
    far = estimate(1e4 * x + 1e6, 1e-3 * z, transform="standardise")
    assert far.value == pytest.approx(near.value, abs=1e-3)  # rounding grows in a hundred steps


def test_a_constant_column_is_left_out_and_named(data, plain):
    x, z = data
    table = pd.DataFrame({"size": x[:, 0], "unit": "cm"})
    found = estimate(table, z)
    assert found.value == plain.value
    assert found.x.shape == (403, 1)
    assert found.warnings == ["constant and left out: x, column 'unit'"]


def test_the_batch_shrinks_to_fit_few_rows():
    assert (
        estimate(*gaussians(60), batch_size=256).value
        == estimate(*gaussians(60), batch_size=_Plan(60, 5, 1, 0).largest_batch).value
    )


HOLE = pd.DataFrame({"age": [math.nan] * 3 + [*range(97)], "size": range(100)})
X = np.arange(100.0)
BAD = [
    ({"z": X[:99]}, "x has 100 rows and z has 99: must be equally many"),
    ({"x": X[:49], "z": X[:49]}, "x and z have 49 rows: must have at least 50"),
    ({"folds": 21}, "x and z have 100 rows: must have at least 105"),
    ({"transform": "ranks"}, "transform = 'ranks': must be one of 'normal_scores', 'standardise'"),
    ({"gaussian_part": "no"}, "gaussian_part = 'no'"),
    ({"folds": 1}, "folds = 1: must be a whole number, at least 2"),
    ({"folds": 2.5}, "folds = 2.5"),
    ({"restarts": 0}, "restarts = 0"),
    ({"seed": -1}, "seed = -1"),
    ({"steps": 0}, "steps = 0"),
    ({"batch_size": 1}, "batch_size = 1"),
    ({"x": HOLE}, "x, column 'age' holds 3 NaN: must hold none"),
    ({"z": np.where(X > 97, math.inf, X)}, "z holds 2 infinite values"),
    ({"z": np.ones(100)}, "z is constant"),
    ({"device": "foo"}, "device = 'foo': must be one that this machine has"),
    ({"hidden": 5}, "hidden = 5: must be a sequence of widths"),
    ({"hidden": "64"}, "hidden = '64'"),
    ({"alpha": [0.1] * 5}, "alpha = .*: must be a number"),
    ({"x": pd.Series(X), "z": pd.Series(X).sort_values(ascending=False)}, "different indexes"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_input_is_refused_with_its_name_and_value(arguments, message):
    with pytest.raises(ValueError, match=message):
        estimate(**{"x": X, "z": X[::-1], **arguments})


@pytest.mark.parametrize("level", [0, 1, 1.5, -0.5, math.nan, "0.9"])
def test_a_level_outside_zero_and_one_is_refused(level, plain):
    with pytest.raises(ValueError, match=f"level = {level!r}"):
        plain.interval(level)


# Warnings

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
    monkeypatch.setattr(estimation, "FIRST_SHIFTS", 2)
    monkeypatch.setattr(estimation, "MOST_PAIRS", 1)
    assert warned(estimate(*data, steps=10), "the product term alone has an error of 0.0")


def test_an_interrupt_evaluates_what_there_is_with_a_warning(data, monkeypatch):
    step = training._Run.step

    def interrupted(self, number):
        if number == 80:
            raise KeyboardInterrupt
        step(self, number)

    monkeypatch.setattr(training._Run, "step", interrupted)
    found = estimate(*data)
    assert found.warnings == ["training was interrupted after about 50 steps"]
    assert abs(found.value - ml.gaussian_mi(0.8)) < 4 * found.standard_error
    monkeypatch.setattr(estimation, "LOG_EVERY", 100)
    found = estimate(*data)
    assert found.warnings == ["training was interrupted after about 0 steps"]
    assert np.isfinite(found.value)


# The value of a fold, and its error


def exact(x, z):
    return ml.gaussian_log_ratio(x, z, 0.8)


def all_pairs(critic, x, z):
    """T at all (x_i, z_j), (n, n)."""
    n = len(x)
    return critic(x.repeat_interleave(n, 0), z.repeat(n, 1)).view(n, n).double().numpy()


def value_of(t):
    """Donsker-Varadhan value over all product pairs i != j of the matrix t."""
    off_diagonal = t[~np.eye(len(t), dtype=bool)]
    return np.diag(t).mean() - np.log(np.exp(off_diagonal).mean())


def test_the_value_takes_all_product_pairs_if_they_are_few():
    x, z = ml.correlated_gaussians(60, 0.8, seed=0)
    part = _evaluate(exact, x, z, seed=0)
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
    x, z = ml.correlated_gaussians(150, 0.8, seed=0)
    t = all_pairs(critic, x, z)
    without = np.array([value_of(np.delete(np.delete(t, row, 0), row, 1)) for row in range(len(t))])
    jackknife = math.sqrt(np.square(without - without.mean()).sum() * 149 / 150)
    part = _evaluate(critic, x, z, seed=0)
    assert part.error == pytest.approx(jackknife, rel=0.05)  # they differ by terms of order 1/n


@pytest.mark.parametrize("seed", range(3))
def test_the_standard_error_of_the_exact_critic_is_rho_over_root_n(seed):
    x, z = ml.correlated_gaussians(2000, 0.8, seed=seed)
    part = _evaluate(exact, x, z, seed=0)
    assert part.error == pytest.approx(0.8 / math.sqrt(2000), rel=0.1)  # Var i = rho^2
    assert abs(part.value - ml.gaussian_mi(0.8)) < 4 * part.error


@pytest.mark.parametrize("rho", [0.3, 0.8, 0.97, 0.999])
def test_shifts_are_added_until_the_product_error_is_small(rho, monkeypatch):
    used = []

    def counted(t, t_product, offsets):
        used.append(len(offsets))
        assert len(set(offsets)) == len(offsets) == len(t_product)
        assert 1 <= min(offsets) <= max(offsets) < len(t)
        return _influence(t, t_product, offsets)

    monkeypatch.setattr(estimation, "_influence", counted)
    x, z = ml.correlated_gaussians(600, rho, seed=0)
    part = _evaluate(lambda x, z: ml.gaussian_log_ratio(x, z, rho), x, z, seed=0)
    assert used[-1] == 599 or part.product_error <= PRODUCT_SHARE * part.error
    assert (part.product_error == 0) == (used[-1] == 599)
    assert len(used) > 1


def test_the_product_error_is_the_spread_over_choices_of_shifts():
    x, z = ml.correlated_gaussians(80, 0.8, seed=0)
    t = all_pairs(exact, x, z)
    rng, rows = np.random.default_rng(0), np.arange(80)
    parts = []
    for _ in range(400):
        offsets = rng.permutation(np.arange(1, 80))[:40]
        t_product = t[rows, (rows + offsets[:, None]) % 80]
        parts.append(_influence(np.diag(t), t_product, offsets))
    spread = np.std([part.value for part in parts])
    # 400 repeats know the spread to 4 %; the log is taken as linear.
    assert np.mean([part.product_error for part in parts]) == pytest.approx(spread, rel=0.15)


def test_the_standard_error_holds_the_product_error():
    t_product = np.repeat([[0.0], [1.0], [3.0]], 30, 1)  # the product mean hangs on the shift alone
    part = _influence(np.zeros(30), t_product, np.array([1, 2, 3]))
    means = np.exp([0.0, 1.0, 3.0])
    error = means.std(ddof=1) / means.mean() / math.sqrt(3) * math.sqrt(1 - 3 / 29)
    assert part.product_error == pytest.approx(error)
    assert part.error == pytest.approx(error)
