"""Estimates of MI: what they find, that no row is judged by a network that saw it, and warnings."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from quick import estimate, gaussians, warned, wide
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mine_lib as ml
from mine_lib import training
from mine_lib.estimation import estimate as estimation
from mine_lib.estimation.plan import Plan

# What it finds


@pytest.mark.parametrize("seed", range(6))
def test_it_finds_the_information_of_gaussians(seed):
    found = estimate(*gaussians(seed=seed))
    # Four standard errors, and 0.03 for what networks learn from a thousand pairs.
    assert abs(found.value - ml.Gaussian(0.8).mi) < 4 * found.standard_error + 0.03
    assert found.standard_error == pytest.approx(0.8 / math.sqrt(1000), rel=0.25)
    assert found.warnings == []


def test_independence_gives_zero_and_is_not_cut_off_there():
    values = [estimate(*gaussians(rho=0.0, seed=seed)).value for seed in range(6)]
    assert max(map(abs, values)) < 0.03
    assert min(values) < 0 < max(values)


def test_the_network_finds_what_no_gaussian_part_can():
    x, z = ml.Xor().sample(1000, seed=0)
    found = estimate(x, z, steps=300, learning_rate=0.02)
    assert abs(found.value - math.log(2)) < 4 * found.standard_error + 0.05


@pytest.mark.parametrize("options", [{"gaussian_part": False}, {"transform": "standardise"}])
def test_without_gaussian_part_or_normal_scores_it_finds_the_same(options, data):
    found = estimate(*data, steps=300, learning_rate=0.02, **options)
    assert abs(found.value - ml.Gaussian(0.8).mi) < 4 * found.standard_error + 0.05
    assert found.value != estimate(*data, steps=300, learning_rate=0.02).value


def test_the_folds_can_be_as_small_as_they_may():
    for folds in (2, 10):
        found = estimate(*gaussians(50), folds=folds)
        assert abs(found.value - ml.Gaussian(0.8).mi) < 4 * found.standard_error


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
    rows = Plan(403, 5, 1, 0).test
    assert plain.value == pytest.approx(plain.pointwise.mean(), abs=1e-12)
    means = [plain.pointwise[each].mean() for each in rows]
    assert plain.folds == pytest.approx(means, abs=1e-12)
    sizes = np.array([len(each) for each in rows])
    assert plain.value == pytest.approx(sizes @ plain.folds / 403, abs=1e-12)
    error = math.sqrt(np.square(sizes * plain.fold_errors).sum()) / 403
    assert plain.standard_error == pytest.approx(error)
    exact = ml.Gaussian(0.8).log_ratio(*data).numpy()
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
    plan = Plan(n, folds, restarts, seed=0)
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
    seeds = [each for seed in range(4) for each in Plan(100, 5, 2, seed).seeds]
    assert len(set(seeds)) == len(seeds)


def test_steps_are_fifty_epochs_within_limits():
    assert Plan(50, 5, 1, 0).steps(16) == 600
    assert Plan(10_000, 5, 1, 0).steps(256) == 50 * 7200 // 256  # 7200 of 8000 rows are trained on
    assert Plan(10**5, 5, 1, 0).steps(256) == 3000


@pytest.mark.parametrize("restarts", [1, 2])
def test_each_fold_is_judged_by_the_mean_of_its_own_networks(restarts, data):
    found = estimate(*data, restarts=restarts, gaussian_part=False)
    x, z = (torch.as_tensor(each, dtype=torch.float32) for each in (found.x, found.z))
    with torch.no_grad():
        values = found.training.critic(x, z).unflatten(0, (5, restarts)).mean(1).numpy()
    for rows, t in zip(Plan(403, 5, restarts, 0).test, values, strict=True):
        constant = t[rows] - found.pointwise[rows]  # log of the mean of e^T
        np.testing.assert_allclose(constant, constant.mean(), atol=1e-5)


def test_training_gets_what_was_asked_for(data, monkeypatch):
    calls = []

    def spied(*pairs, **options):
        calls.append((pairs, options))
        return training.train(*pairs, **options)

    monkeypatch.setattr(estimation, "train", spied)
    options = {"learning_rate": 0.02, "steps": 7, "batch_size": 32}
    found = estimate(*data, restarts=2, alpha=0.05, hidden=(8, 4), **options)
    ((pairs, given),) = calls
    plan = Plan(403, 5, 2, 0)
    expected = {
        **options, "seeds": plan.seeds, "decay": True, "early_stopping": True, "shifts": 20,
        "device": "cpu", "progress": False,
    }  # fmt: skip
    assert {name: given[name] for name in expected} == expected
    assert given["objective"].alpha == 0.05
    part, network = given["critic"].parts
    assert isinstance(part, ml.GaussianCritic)
    assert [each.shape[-1] for each in network.biases] == [8, 4, 1]
    for scores, trained, validated in zip(
        (found.x, found.z), pairs, given["held_out"], strict=True
    ):
        np.testing.assert_array_equal(trained, scores[plan.train].astype(np.float32))
        np.testing.assert_array_equal(validated, scores[plan.validate].astype(np.float32))


LABELS = np.random.default_rng(0).integers(0, 15, (2, 60))


@pytest.mark.parametrize("pair", [wide(200, 0), wide(200, 1), LABELS])
def test_a_gaussian_part_that_does_harm_is_dropped(pair):
    found = estimate(*pair)
    assert abs(found.value) < 0.1  # kept, it would give -1 nat and less, or -10000
    assert warned(found, "is small for")


@pytest.mark.parametrize("labels_first", [True, False])
def test_labels_have_no_gaussian_part(labels_first, monkeypatch):
    critics = []

    def spied(*pairs, critic, **options):
        critics.append(critic)
        return training.train(*pairs, critic=critic, **options)

    monkeypatch.setattr(estimation, "train", spied)
    rng = np.random.default_rng(0)
    numbers, labels = rng.standard_normal((2, 100)), rng.integers(0, 3, 100)
    numbers += labels
    pair = (labels, numbers[0]) if labels_first else (numbers.T, labels)
    assert estimate(*pair, steps=1).n == 100
    assert estimate(numbers[0], pd.DataFrame({"a": numbers[1], "b": labels}), steps=1).n == 100
    assert isinstance(critics[0], ml.StatisticsNetwork)
    assert isinstance(critics[1], ml.Sum)  # a side of both kinds has one


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
        ml.Gaussian(0.8).mi, abs=0.15
    )  # four standard errors


def test_noise_learned_by_heart_is_not_information():
    x, z = np.random.default_rng(0).standard_normal((2, 100, 5))
    found = estimate(x, z, steps=300, learning_rate=0.02)
    assert found.training.estimate[-1].mean() > 0.4  # of the training batches
    assert found.value < 0.05
