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
from mine_lib.estimation import ensemble
from mine_lib.estimation.curve import Folds
from mine_lib.estimation.plan import Plan

# What it finds


@pytest.mark.parametrize("seed", range(3))
def test_it_finds_the_information_of_gaussians(seed):
    found = estimate(*gaussians(seed=seed))
    # Four standard errors, and 0.03 for what networks learn from a thousand pairs.
    assert abs(found.value - ml.Gaussian(0.8).mi) < 4 * found.standard_error + 0.03
    assert found.standard_error == pytest.approx(0.8 / math.sqrt(1000), rel=0.25)
    assert found.warnings == []


def test_independence_gives_zero_and_is_not_cut_off_there():
    values = [estimate(*gaussians(400, 0.0, seed), steps=50).value for seed in range(5)]
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


def test_labels_are_the_same_by_any_name_and_numbers_of_any_type():
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 3, 400)
    z = numbers + rng.standard_normal(400)

    def quick(x, discrete=None):
        return estimate(x, z, steps=10, discrete=discrete)

    found, labels = quick(numbers), quick(numbers, (True, None))
    assert quick(numbers.astype(float)).value == found.value
    assert quick(np.array([-7, 0, 1000])[numbers]).value == found.value  # in the same order
    for names in (np.array(["a", "b", "c"]), pd.Categorical(["a", "b", "c"])):
        assert quick(names[numbers]).value == labels.value
    assert found.x.shape == (400, 4)  # the numbers themselves, and three indicators
    assert labels.x.shape == (400, 3)
    assert labels.value != found.value


def test_heavy_tails_tell_of_each_other_in_several_columns():
    x, z = ml.Student(2, 0.0, 2).sample(600, seed=0)  # without correlation: the sizes tell it
    found = estimate(x, z)
    assert found.x.shape == (600, 3)  # with the size of each row
    assert found.lower_confidence_bound() > 0.03  # of 0.19 nats, after a hundred steps


# The result


def test_the_value_is_the_mean_of_the_pairs_and_of_the_folds(plain, data):
    rows = Plan(403, 5, 0).test
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


@pytest.mark.parametrize("restarts", [1, 2])
def test_each_fold_is_judged_by_a_weighted_mean_of_its_own_networks(restarts, data):
    found = estimate(*data, restarts=restarts, gaussian_part=False)
    x, z = (torch.as_tensor(each, dtype=torch.float32) for each in (found.x, found.z))
    with torch.no_grad():
        values = found.training.critic(x, z).unflatten(0, (5, restarts)).double().numpy()
    for rows, t in zip(Plan(403, 5, 0).test, values, strict=True):
        columns = np.vstack([t[:, rows], np.ones(len(rows))]).T  # the last: log of the mean of e^T
        weights, *_ = np.linalg.lstsq(columns, found.pointwise[rows], rcond=None)
        np.testing.assert_allclose(columns @ weights, found.pointwise[rows], atol=1e-4)
        assert (weights[:-1] > -1e-3).all()
        assert 0.5 < weights[:-1].sum() < 1 + 1e-3  # T = 0 has a share, a small one here


def test_no_critic_is_asked_about_a_row_that_it_learned_from():
    plan = Plan(100, 5, 0)
    learned = {"whole": set(), "half": set()}

    class Spy:
        """Critics that say which rows they were asked about."""

        def __init__(self, name, taught):
            self.weights, self.name, self.taught = torch.zeros(1), name, taught

        def __getitem__(self, lesson):
            def critic(x, z):
                asked = {*x[:, 0].int().tolist(), *z[:, 0].int().tolist()}
                folds = {k for k, rows in enumerate(plan.test) if asked & {*rows.tolist()}}
                assert folds.isdisjoint(self.taught[lesson])
                learned[self.name].add((lesson, *folds))
                return torch.sin(x[:, 0] * z[:, 0])

            return critic

    rows = torch.arange(100.0)[:, None]
    whole = Spy("whole", [{*range(5)} - {k} for k in range(5)])
    Folds(plan, (rows, rows), whole, Spy("half", plan.taught), 0)
    assert learned["whole"] == {(k, k) for k in range(5)}
    others = {(j, k) for j in range(5) for k in range(5) if k not in plan.taught[j]}
    assert learned["half"] == {*others, (0, 2, 3)}  # and the two between, for the p value


class Same:
    """One critic for all lessons."""

    def __init__(self, critic):
        self.weights, self.critic = torch.zeros(1), critic

    def __getitem__(self, lesson):
        return self.critic


@pytest.mark.parametrize(
    ("folds", "share"), [(2, 2.1546), (3, 2.1546), (4, 1.2052), (5, 2.1546), (10, 1.7783)]
)
def test_the_fit_lacks_a_multiple_of_what_more_rows_have_gained(folds, share, data):
    """1 / (r^0.55 - 1), if r times the rows have gained it, and never less than nothing."""
    plan, pair = Plan(403, folds, 0), tuple(map(torch.as_tensor, data))
    zero, exact = (Same(lambda x, z, c=c: c * ml.Gaussian(0.8).log_ratio(x, z)) for c in (0, 1))
    found = Folds(plan, pair, exact, zero, 0)
    assert found.curve == pytest.approx((0, found.value), abs=0.02)
    assert found.lacks == pytest.approx(share * found.curve[1], rel=1e-3)
    assert Folds(plan, pair, zero, exact, 0).lacks == 0


def test_networks_count_by_their_likelihood_on_the_rows_held_back():
    values = torch.tensor([[0.5, 0.3], [-1.0, -2.0], [0.0, math.nan]]).double()
    found = ensemble._weights(values, rows=100)
    # The tenth root of e^(rows value), and one for the critic T = 0.
    ratios = torch.tensor([[math.e**5, math.e**3], [math.e**-10, math.e**-20], [1, 0]]).double()
    torch.testing.assert_close(found, ratios / (ratios.sum(1, keepdim=True) + 1))


def spied(monkeypatch):
    """The settings of all trainers of an estimate, as they come."""
    calls = []

    def spy(*pairs, **options):
        calls.append((pairs, options))
        return ml.Trainer(*pairs, **options)

    monkeypatch.setattr(ensemble, "Trainer", spy)
    return calls


def test_no_network_shares_its_seed_with_another(data, monkeypatch):
    calls = spied(monkeypatch)
    for seed in range(3):
        estimate(*data, seed=seed, restarts=3, steps=1)
    seeds = [each for _, options in calls for each in options["seeds"]]
    assert len(seeds) == len(set(seeds)) == 3 * 5 * (3 + 2)


def test_training_gets_what_was_asked_for(data, monkeypatch):
    calls = spied(monkeypatch)
    options = {"learning_rate": 0.02, "steps": 7, "batch_size": 32}
    found = estimate(*data, restarts=2, alpha=0.05, hidden=(8, 4), **options)
    plan = Plan(403, 5, 0)
    expected = {
        **options, "decay": True, "early_stopping": True, "averaging": 0.99, "device": "cpu",
    }  # fmt: skip
    assert len(calls) == 2
    for (pairs, given), lesson in zip(calls, (plan.whole, plan.half), strict=True):
        assert {name: given[name] for name in expected} == expected
        assert given["objective"].alpha == 0.05
        part, network = given["critic"].parts
        assert isinstance(part, ml.GaussianCritic)
        assert [each.shape[-1] for each in network.biases] == [8, 4, 1]
        both = zip((found.x, found.z), pairs, given["held_out"], strict=True)
        for scores, trained, held_back in both:
            scores = scores.astype(np.float32)
            np.testing.assert_array_equal(trained, scores[lesson.train].repeat(2, 0))
            np.testing.assert_array_equal(held_back, scores[lesson.held_back].repeat(2, 0))


def test_only_the_first_network_of_a_fold_stands_on_a_gaussian_part(data, monkeypatch):
    calls = spied(monkeypatch)
    estimate(*data, restarts=3, steps=1)
    part = calls[0][1]["critic"].parts[0]
    is_used = (part.of_sums != 0).flatten().tolist()
    assert is_used == [True, False, False] * 5


@pytest.mark.parametrize("labels_first", [True, False])
def test_labels_have_no_gaussian_part(labels_first, monkeypatch):
    calls = spied(monkeypatch)
    rng = np.random.default_rng(0)
    numbers, labels = rng.standard_normal((2, 100)), rng.choice(["a", "b", "c"], 100)
    pair = (labels, numbers[0]) if labels_first else (numbers.T, labels)
    assert estimate(*pair, steps=1).n == 100
    assert estimate(numbers[0], pd.DataFrame({"a": numbers[1], "b": labels}), steps=1).n == 100
    assert isinstance(calls[0][1]["critic"], ml.StatisticsNetwork)
    assert isinstance(calls[2][1]["critic"], ml.Sum)  # a side of both kinds has one


LABELS = np.random.default_rng(0).integers(0, 15, (2, 60))


@pytest.mark.parametrize("pair", [wide(200, 0), wide(200, 1), LABELS])
def test_a_gaussian_part_that_does_harm_is_dropped(pair):
    found = estimate(*pair)
    assert abs(found.value) < 0.1  # kept, it would give -1 nat and less, or -10000


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
