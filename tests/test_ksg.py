"""KSG against scikit-learn for one column, a second formula for several, and closed forms."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.special import digamma
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

import mine_lib as ml
from mine_lib.estimation.columns import read_pair
from mine_lib.estimation.ksg import pointwise_ksg

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 600)
NUMBERS = LABELS + RNG.standard_normal(600)


def gaussians(n=1000, rho=0.8, dim=1, seed=0):
    return [each.double().numpy() for each in ml.Gaussian(rho, dim).sample(n, seed)]


@pytest.mark.parametrize("k", [1, 3, 10])
def test_one_column_each_gives_what_scikit_learn_gives(k):
    x, z = gaussians()
    theirs = mutual_info_regression(x, z[:, 0], n_neighbors=k, random_state=0)[0]
    # Theirs moves equal and unequal numbers alike, by noise of its own.
    assert ml.ksg(x, z, k, "standardise") == pytest.approx(theirs, abs=1e-3)


def test_several_columns_give_the_formula_written_with_all_distances():
    (x, z), k = gaussians(300, 0.6, 3), 4
    x, z = x @ RNG.standard_normal((3, 3)), z[:, :2]
    scaled = [each / each.std(0) for each in (x, z)]
    apart = [np.abs(each[:, None] - each).max(-1) for each in scaled]
    nearest = np.sort(np.maximum(*apart), 1)[:, k]  # the 0th is the point itself
    counts = [(each < nearest[:, None]).sum(1) for each in apart]
    expected = digamma(k) + digamma(300) - sum(digamma(each).mean() for each in counts)
    assert ml.ksg(x, z, k, "standardise") == pytest.approx(expected, abs=1e-9)
    scores = [ml.normal_scores(each) for each in (x, z)]
    assert ml.ksg(x, z, k) == pytest.approx(ml.ksg(*scores, k, "standardise"), abs=1e-3)


@pytest.mark.parametrize(("rho", "dim"), [(0.0, 1), (0.8, 1), (-0.5, 2)])
def test_it_finds_the_information_of_gaussians(rho, dim):
    found = [ml.ksg(*gaussians(1000, rho, dim, seed)) for seed in range(10)]
    error = np.std(found, ddof=1) / math.sqrt(10)
    assert abs(np.mean(found) - ml.Gaussian(rho, dim).mi) < 4 * error + 0.02  # and its bias


@pytest.mark.parametrize("k", [1, 3, 10])
def test_labels_beside_numbers_give_what_scikit_learn_gives(k):
    theirs = mutual_info_classif(NUMBERS[:, None], LABELS, n_neighbors=k, random_state=0)[0]
    for names in (np.array(["a", "b", "c"]), np.array([5, -1, 7])):
        ours = ml.ksg(names[LABELS], NUMBERS, k, "standardise")
        assert ours == pytest.approx(theirs, abs=1e-3)
        assert ml.ksg(NUMBERS, names[LABELS], k, "standardise") == ours


def test_labels_beside_labels_give_the_information_of_their_table():
    table = np.array([[0.3, 0.1, 0.1], [0.05, 0.05, 0.4]])
    x, z = np.divmod(np.repeat(np.arange(6), (1000 * table.ravel()).round().astype(int)), 3)
    assert ml.ksg(x, z) == pytest.approx(ml.Discrete(table).mi, abs=1e-12)
    assert ml.ksg(np.array(["x", "y"])[x], z) == ml.ksg(x, z)


def test_few_values_count_as_labels_unless_they_are_said_to_be_numbers():
    theirs = mutual_info_classif(NUMBERS[:, None], LABELS, n_neighbors=3, random_state=0)[0]
    for typed in (LABELS, LABELS.astype(float)):
        assert ml.ksg(typed, NUMBERS, transform="standardise") == pytest.approx(theirs, abs=1e-3)
    rng, grades = np.random.default_rng(1), np.arange(600) % 20
    z = grades + 3 * rng.standard_normal(600)
    by_label, as_number = (ml.ksg(grades, z, 10, discrete=(kind, None)) for kind in (True, False))
    assert ml.ksg(grades, z, 10) == by_label
    assert ml.ksg(grades, z, 10, discrete=False) == as_number
    moved = ml.ksg(grades + 1e-9 * rng.standard_normal(600), z, 10)  # too many values for labels
    assert as_number == pytest.approx(moved, abs=0.02)
    assert by_label > as_number + 0.04


def test_labels_beside_numbers_on_one_side_are_indicators():
    x, z = gaussians(600)
    names = np.array(["a", "b", "c"])[LABELS]
    side = pd.DataFrame({"x": x[:, 0], "label": names})
    indicators = [names == name for name in ("a", "b", "c")]
    columns = np.column_stack([*indicators, x])
    expected = ml.ksg(columns, z, transform="standardise", discrete=False)
    assert ml.ksg(side, z, transform="standardise") == pytest.approx(expected, abs=0.02)
    numbers = np.column_stack([x, LABELS])  # few values beside many are numbers, not both
    assert ml.ksg(numbers, z) == ml.ksg(numbers, z, discrete=False) != ml.ksg(side, z)


def test_terms_of_some_rows_are_those_of_these_rows_alone():
    x, z = gaussians(1000)
    rows = np.arange(0, 1000, 2)
    terms = pointwise_ksg(*read_pair(x, z, 20), rows, 3, "standardise")
    assert terms.shape == (500,)
    alone = ml.ksg(x[rows], z[rows], transform="standardise")
    assert terms.mean() == pytest.approx(alone, abs=1e-3)  # scales differ a little
    names = np.where(LABELS > 0, "a", "b")
    terms = pointwise_ksg(*read_pair(names, NUMBERS, 20), np.arange(300), 3)
    assert terms.mean() == pytest.approx(ml.ksg(names[:300], NUMBERS[:300]), abs=1e-2)


def test_labels_with_too_few_rows_count_as_zero_in_the_terms():
    names = np.where(np.arange(600) < 2, "rare", np.where(LABELS > 0, "a", "b"))
    terms = pointwise_ksg(*read_pair(names, NUMBERS, 20), np.arange(600), 3)
    assert not terms[:2].any()
    rest = ml.ksg(names[2:], NUMBERS[2:])
    assert terms[2:].mean() == pytest.approx(rest, abs=0.01)


@pytest.mark.parametrize("change", [torch.as_tensor, pd.DataFrame, list, lambda x: 1e6 + 100 * x])
def test_neither_kind_nor_scale_of_the_data_changes_the_value(change):
    x, z = gaussians(400)
    assert ml.ksg(change(x), z) == pytest.approx(ml.ksg(x, z), abs=1e-4)
    assert ml.ksg(x, change(z)) == pytest.approx(ml.ksg(x, z), abs=1e-4)


@pytest.mark.parametrize(
    "spoil", [lambda x: np.where(np.arange(len(x))[:, None] == 7, 1e6, x), lambda x: np.exp(8 * x)]
)
def test_neither_an_outlier_nor_a_heavy_tail_hides_the_information(spoil):
    x, z = gaussians(2000, 0.9)
    assert ml.ksg(spoil(x), z) == pytest.approx(ml.ksg(x, z), abs=0.02)
    assert ml.ksg(spoil(x), z, transform="standardise") < 0.6


def test_ties_are_broken_and_the_same_call_gives_the_same_value():
    x, z = (each.round(1) for each in gaussians(2000))
    assert ml.ksg(x, z) == ml.ksg(x, z)
    assert ml.ksg(x, z) == pytest.approx(ml.Gaussian(0.8).mi, abs=0.1)


X = np.arange(100.0)
BAD = [
    ((X, X[:99]), {}, "x has 100 rows and z has 99"),
    ((X[:19], X[:19]), {}, "x and z have 19 rows: must have at least 20"),
    ((X, X), {"transform": "ranks"}, "transform = 'ranks': must be one of 'normal_scores'"),
    ((X, X), {"k": 0}, "k = 0: must be a whole number, at least 1"),
    ((X, X), {"k": 100}, "x and z have 100 rows: must have at least 101"),
    ((np.where(X == 3, np.nan, X), X), {}, "x holds 1 NaN"),
    ((X, np.ones(100)), {}, "z is constant"),
    ((np.where(X < 3, "rare", "often"), X), {}, "k = 3: must be below 3, the rows of the rarest"),
    ((X % 20, X), {"k": 5}, "k = 5: must be below 5, .* or say discrete=False"),
    ((X, X), {"discrete": (True,)}, "discrete has 1 entries: must have 2"),
    ((X, X), {"discrete": "x"}, "discrete = 'x': must be None, a truth value, or a tuple"),
    ((pd.Series(X), pd.Series(X, index=X[::-1])), {}, "different indexes"),
]


@pytest.mark.parametrize(("pair", "options", "message"), BAD)
def test_bad_input_is_refused_with_its_name_and_value(pair, options, message):
    with pytest.raises(ValueError, match=message):
        ml.ksg(*pair, **options)
