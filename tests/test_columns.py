"""A user's data: what becomes which columns, and what is refused with its place and count."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import norm

import mine_lib as ml
from mine_lib.estimation.columns import read_columns, standardise

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
        pd.Series(NUMBERS, dtype="Float64"),
        pd.Index(NUMBERS),
        np.ma.masked_array(NUMBERS),
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
        (pd.Series(pd.Categorical(WORDS, categories=["a", "b", "c", "never"])), 3),
        (pd.Categorical(np.round(2 * NUMBERS) % 4), 4),
        (pd.cut(NUMBERS, 5), 5),
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


def test_integers_of_more_than_twenty_values_are_numbers():
    assert read_columns("x", np.arange(42) % 20).values.shape == (42, 20)
    values = read_columns("x", np.arange(42) % 21).values
    np.testing.assert_array_equal(values[:, 0], np.arange(42) % 21)


def test_up_to_a_tenth_of_the_rows_may_be_different_labels():
    words = [f"word {k % 30}" for k in range(300)]
    assert read_columns("x", words).values.shape == (300, 30)
    with pytest.raises(ValueError, match="30 labels in 299 rows"):
        read_columns("x", words[:299])


def test_numbers_beside_labels_in_a_list_stay_numbers():
    values = read_columns("x", list(zip(NUMBERS, WORDS, strict=True))).values
    np.testing.assert_array_equal(values[:, 0], NUMBERS)
    assert values.shape == (40, 4)


def test_sixteen_bit_numbers_are_read():
    values = torch.as_tensor(NUMBERS).bfloat16()
    np.testing.assert_array_equal(read_columns("x", values).values[:, 0], values.double())


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
        (["a", math.nan] * 20, "x holds 20 NaN"),
        (np.ma.masked_less(NUMBERS, 0), r"x holds \d+ masked values"),
        (pd.Series(NUMBERS, dtype="Float64") * np.inf * 0, "x holds 40 NaN"),
        (pd.DataFrame({"a": np.full(40, np.inf), "b": NUMBERS}), "x, column 'a' holds 40 infinite"),
        (np.ones(40), r"x is constant, of shape \(40, 1\)"),
        (NUMBERS[None], r"x is constant, of shape \(1, 40\)"),
        (np.arange(2**63, 2**63 + 40, dtype=np.uint64), "x is constant"),  # in double precision
        ([[1.0, 2.0], [3.0]] * 20, "x has rows of unequal lengths"),
        (pd.Series([[1], [2]] * 20), "x has type object"),
        ([*NUMBERS[:39], "n/a"], "x holds 40 labels in 40 rows, such as 'n/a': must repeat them"),
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


@pytest.mark.parametrize("scale", [1e300, 1e-300, 1.0])
def test_standardised_columns_have_mean_zero_and_variance_one(scale):
    values = standardise(scale * NUMBERS)
    assert values.shape == (40, 1)
    np.testing.assert_allclose([values.mean(), values.var()], [0, 1], atol=1e-12)
    np.testing.assert_allclose(values, standardise(NUMBERS), atol=1e-12)


@pytest.mark.parametrize("change", [ml.normal_scores, standardise])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([[1.0, 2.0], [3.0, 2.0]]), "column 1 of values is constant"),
        ([0.0, 0.0], "column 0 of values is constant"),
        ([1.0, math.nan], "values holds nan"),
        (np.zeros((2, 2, 2)), "values has shape"),
    ],
)
def test_what_has_no_scores_is_refused(change, values, message):
    with pytest.raises(ValueError, match=message):
        change(values)
