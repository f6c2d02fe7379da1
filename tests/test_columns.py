"""A user's data: what becomes which columns, and what is refused with its place and count."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import norm

import mine_lib as ml
from mine_lib.columns import read_columns, standardise

RNG = np.random.default_rng(0)
NUMBERS = RNG.standard_normal(40)
WORDS = np.array(["a", "b", "c", "a"] * 10)


@pytest.mark.parametrize(
    "data",
    [
        NUMBERS,
        NUMBERS[:, None],
        list(NUMBERS),
        torch.as_tensor(NUMBERS),
        torch.tensor(NUMBERS, requires_grad=True),
        pd.Series(NUMBERS),
        pd.Series(NUMBERS, index=range(40, 0, -1)),
        pd.DataFrame({"length": NUMBERS}),
        pd.Series(NUMBERS, dtype=object),
    ],
)
def test_numbers_stay_numbers(data):
    np.testing.assert_array_equal(read_columns("x", data).values, NUMBERS[:, None])


@pytest.mark.parametrize(
    ("data", "labels"),
    [
        (WORDS, 3),
        (pd.Series(WORDS), 3),
        (pd.Series(WORDS, dtype="category"), 3),
        (pd.Categorical(WORDS, categories=["a", "b", "c", "never"]), 3),
        (np.arange(40) % 7, 7),
        (torch.arange(40) % 7, 7),
        (NUMBERS > 0, 1),  # one column is enough for two labels
        (np.arange(40) % 2, 1),
    ],
)
def test_labels_become_indicators(data, labels):
    values = read_columns("x", data).values
    assert values.shape == (40, labels)
    assert set(np.unique(values)) == {0, 1}
    if labels > 2:
        np.testing.assert_array_equal(values.sum(1), 1)


def test_integers_of_many_values_are_numbers():
    values = read_columns("x", np.arange(40)).values
    np.testing.assert_array_equal(values[:, 0], np.arange(40))


def test_columns_of_both_kinds_stand_side_by_side():
    frame = pd.DataFrame({"size": NUMBERS, "kind": WORDS, "one": 1.0})
    columns = read_columns("x", frame)
    np.testing.assert_array_equal(columns.values[:, 0], NUMBERS)
    assert columns.values.shape == (40, 4)
    assert columns.constant == ["x, column 'one'"]


def broken(value, count):
    data = NUMBERS.copy()
    data[:count] = value
    return data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (broken(np.nan, 3), "x holds 3 NaN"),
        (broken(np.inf, 2), "x holds 2 infinite"),
        (pd.DataFrame({"age": broken(np.nan, 3), "b": NUMBERS}), "x, column 'age' holds 3 NaN"),
        (pd.DataFrame({"age": broken(-np.inf, 1)}), "x, column 'age' holds 1 infinite"),
        (np.stack([NUMBERS, broken(np.nan, 4)], 1), "x, column 1 holds 4 NaN"),
        (pd.Series(["a", None, "b", "a"] * 10), "x holds 10 NaN"),
        (np.full(40, np.nan), "x holds 40 NaN"),
        (np.ones(40), "x is constant"),
        ([str(k) for k in range(40)], "x holds 40 labels in 40 rows"),
        (NUMBERS + 1j, "x has type complex128"),
        (pd.Series(pd.date_range("2020", periods=40)), "x has type datetime64"),
        (np.zeros((4, 4, 4)), r"x has shape \(4, 4, 4\)"),
        (np.zeros((0, 2)), r"x has shape \(0, 2\)"),
        (3.0, r"x has shape \(\)"),
    ],
)
def test_other_data_are_refused(data, message):
    with pytest.raises(ValueError, match=message):
        read_columns("x", data)


def test_continuous_means_that_most_rows_differ():
    assert read_columns("x", NUMBERS).is_continuous
    assert not read_columns("x", WORDS).is_continuous
    assert not read_columns("x", np.round(NUMBERS)).is_continuous


def test_normal_scores_are_quantiles_of_ranks():
    values = np.array([[3.0, 1.0], [1e6, 2.0], [-5.0, 2.0], [4.0, 9.0]])
    by_hand = norm.ppf((np.array([[2, 1], [4, 2.5], [1, 2.5], [3, 4]]) - 0.5) / 4)
    np.testing.assert_allclose(ml.normal_scores(values), standardise(by_hand))


@pytest.mark.parametrize("change", [np.exp, lambda v: v**3, lambda v: 1e4 * v - 1e6])
def test_normal_scores_do_not_see_an_increasing_map(change):
    values = NUMBERS[:, None]
    np.testing.assert_allclose(ml.normal_scores(change(values)), ml.normal_scores(values))
