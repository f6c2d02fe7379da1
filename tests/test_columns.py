"""One side of a user's data: which columns are numbers and which labels, and what is refused."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import norm

import mine_lib as ml
from mine_lib.estimation.columns import (
    MOST_BESIDE,
    MOST_KEPT,
    MOST_LABELS,
    features,
    radius,
    read_columns,
    standardise,
)

RNG = np.random.default_rng(0)
NUMBERS = RNG.standard_normal(40)
WORDS = np.array(["a", "b", "c", "a"] * 10)
GRADES = np.array([1, 5, 2, 9] * 10)


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
    columns = read_columns("x", data)
    np.testing.assert_array_equal(columns.numbers, NUMBERS[:, None])
    assert columns.labels.shape == (40, 0)
    assert not columns.is_labels


@pytest.mark.parametrize(
    "data",
    [
        GRADES,
        GRADES.astype(float),
        GRADES.astype(np.uint8),
        GRADES.astype(object),
        GRADES.tolist(),
        torch.as_tensor(GRADES),
        pd.Series(GRADES, dtype="Int64"),
        pd.Series(GRADES, dtype="Float32"),
        pd.DataFrame({"grade": GRADES}),
        pd.DataFrame({"grade": GRADES.astype(object)}),
        pd.arrays.SparseArray(GRADES),
    ],
)
def test_few_values_are_numbers_and_labels_however_they_are_typed(data):
    columns = read_columns("x", data)
    np.testing.assert_array_equal(columns.numbers, GRADES[:, None])
    np.testing.assert_array_equal(columns.labels[:, 0], [0, 2, 1, 3] * 10)  # of 1, 5, 2, 9
    np.testing.assert_array_equal(columns.both, [True])
    assert columns.is_labels
    assert columns.width == 1


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (WORDS, 3),
        (pd.Series(WORDS, dtype="string"), 3),
        (pd.Categorical(WORDS, categories=["a", "b", "c", "never"]), 3),
        (pd.Series(pd.Categorical(WORDS, categories=["a", "b", "c", "never"])), 3),
        (pd.Categorical(np.round(2 * NUMBERS) % 4), 4),
        (pd.cut(NUMBERS, 5), 5),
        ([("a", 1)[k % 2] for k in range(40)], 2),  # labels of two types
        (pd.Series([("a", ("b",))[k % 2] for k in range(40)]), 2),
        (NUMBERS > 0, 2),
        (torch.as_tensor(NUMBERS) > 0, 2),
        (np.arange(40) % 2, 2),  # nothing is lost if two numbers are labels
        (np.where(NUMBERS > 0, 0.5, 7.0), 2),
    ],
)
def test_labels_are_no_numbers(data, count):
    columns = read_columns("x", data)
    assert columns.numbers.shape == (40, 0)
    np.testing.assert_array_equal(np.unique(columns.labels), np.arange(count))
    assert columns.labels.shape == (40, 1)
    assert not columns.both.any()
    assert columns.is_labels


def test_equal_labels_get_equal_codes():
    codes = read_columns("x", WORDS).labels[:, 0]
    np.testing.assert_array_equal(codes, np.searchsorted(["a", "b", "c"], WORDS))


def test_numbers_of_more_than_twenty_values_are_numbers_alone():
    assert MOST_LABELS == 20
    for scale in (1, 1 / 3):
        few, many = (read_columns("x", np.arange(42) % count * scale) for count in (20, 21))
        assert few.both.tolist() == [True]
        assert few.is_labels
        assert many.labels.shape == (42, 0)
        assert not many.is_labels
    np.testing.assert_array_equal(many.numbers[:, 0], np.arange(42) % 21 * scale)


def test_up_to_a_quarter_of_the_rows_may_be_different_labels():
    words = [f"word {k % 30}" for k in range(120)]
    assert read_columns("x", words).labels.max() == 29
    with pytest.raises(ValueError, match="30 labels in 119 rows, such as 'word 0'"):
        read_columns("x", words[:119])
    assert read_columns("x", words[:20] * 2).labels.max() == 19  # twenty are never too many


def test_columns_of_all_kinds_stand_side_by_side():
    frame = pd.DataFrame({"kind": WORDS, "size": NUMBERS, "one": 1.0, "grade": GRADES, "no": "a"})
    columns = read_columns("x", frame)
    np.testing.assert_array_equal(columns.numbers, np.stack([NUMBERS, GRADES], 1))
    np.testing.assert_array_equal(columns.labels[:4], [[0, 0], [1, 2], [2, 1], [0, 3]])
    assert columns.both.tolist() == [False, True]
    assert columns.constant == ["x, column 'one'", "x, column 'no'"]
    assert (columns.width, columns.rows) == (5, 40)
    assert not columns.is_labels


def test_codes_number_the_different_rows_of_labels():
    first, second = np.arange(40) % 2, np.arange(40) // 2 % 3
    codes = read_columns("x", np.stack([first, second], 1)).codes
    assert len(np.unique(codes)) == 6
    assert len(np.unique(np.stack([codes, 3 * first + second]), axis=1).T) == 6


def test_two_sides_stand_beside_each_other():
    x = read_columns("x", np.column_stack([NUMBERS, np.ones(40), NUMBERS > 0]))
    z = read_columns("z", np.column_stack([np.ones(40), GRADES]))
    both = x.beside(z)
    np.testing.assert_array_equal(both.numbers, np.stack([NUMBERS, GRADES], 1))
    np.testing.assert_array_equal(both.labels, np.hstack([x.labels, z.labels]))
    assert both.both.tolist() == [False, True]
    assert (both.constant, both.width) == (["x, column 1", "z, column 0"], 5)


def test_rare_labels_are_merged_if_there_are_too_many():
    assert MOST_KEPT == 64
    counts = np.r_[np.full(60, 10), np.full(20, 3)]
    words = np.repeat([f"word {k:02}" for k in range(80)], counts)
    order = np.random.default_rng(0).permutation(len(words))
    columns = read_columns("z", words[order])
    assert columns.merged == ["z: the 17 rarest of 80 labels are taken as one"]
    sizes = np.bincount(columns.labels[:, 0])
    assert sorted(sizes) == sorted([10] * 60 + [3] * 3 + [51])
    kept = np.bincount(columns.labels[:, 0], words[order] < "word 60")
    assert (kept > 0).sum() == 60  # the frequent ones are not among those merged
    assert read_columns("z", words[words < "word 64"]).merged == []


def broken(value, count):
    data = NUMBERS.copy()
    data[:count] = value
    return data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (broken(np.nan, 3), "x holds 3 NaN: must hold none"),
        (broken(np.inf, 2), "x holds 2 infinite values: must hold none"),
        (np.where(GRADES == 5, np.nan, GRADES), "x holds 10 NaN"),
        (pd.DataFrame({"age": broken(np.nan, 3), "b": NUMBERS}), "x, column 'age' holds 3 NaN"),
        (pd.DataFrame({"age": broken(-np.inf, 1)}), "x, column 'age' holds 1 infinite"),
        (np.stack([NUMBERS, broken(np.nan, 4)], 1), "x, column 1 holds 4 NaN"),
        (pd.Series(["a", None, "b", "a"] * 10), "x holds 10 NaN"),
        (np.full(40, np.nan), r"x holds nothing but NaN \(40\): drop this column"),
        (["a", math.nan] * 20, "x holds 20 NaN"),
        (np.ma.masked_less(NUMBERS, 0), r"x holds \d+ masked values"),
        (pd.Series(NUMBERS, dtype="Float64") * np.inf * 0, r"x holds nothing but NaN \(40\)"),
        (
            pd.DataFrame({"a": np.full(40, np.inf), "b": NUMBERS}),
            r"x, column 'a' holds nothing but infinite values \(40\): drop this column",
        ),
        (np.ones(40), r"x is constant, of shape \(40, 1\)"),
        (["a"] * 40, r"x is constant, of shape \(40, 1\)"),
        (np.arange(2**63, 2**63 + 40, dtype=np.uint64), "x is constant"),  # in double precision
        (pd.Series([[1], [2]] * 20), "x has type object: must be numbers or labels"),
        ([*NUMBERS[:39], "n/a"], "x holds 40 labels in 40 rows, such as 'n/a': must repeat them"),
        ([str(k) for k in range(40)], "x holds 40 labels in 40 rows, such as '0'"),
        (NUMBERS + 1j, "x has type complex128"),
        (pd.Series(pd.date_range("2020", periods=40)), "x has type datetime64"),
    ],
)
def test_other_data_are_refused(data, message):
    with pytest.raises(ValueError, match=message):
        read_columns("x", data)


# What networks see


def test_numbers_come_first_and_an_indicator_of_each_label_follows():
    frame = pd.DataFrame({"kind": WORDS, "size": NUMBERS, "yes": NUMBERS > 0})
    shown, numbers = features(read_columns("x", frame), "standardise")
    assert numbers == 1
    expected = [standardise(NUMBERS)[:, 0]]
    expected += [np.where(each, 1, -1) for each in (WORDS == "a", WORDS == "b", WORDS == "c")]
    expected += [np.where(NUMBERS > 0, 1, -1)]
    np.testing.assert_allclose(shown, np.stack(expected, 1))


def test_few_numbers_are_shown_as_both():
    shown, numbers = features(read_columns("x", GRADES), "normal_scores")
    assert (shown.shape, numbers) == ((40, 5), 1)
    np.testing.assert_allclose(shown[:, :1], ml.normal_scores(GRADES))
    np.testing.assert_array_equal(shown[:, 1:] == 1, GRADES[:, None] == [1, 2, 5, 9])


def test_indicators_stand_beside_numbers_only_while_they_are_few():
    assert MOST_BESIDE == 40
    tens = np.stack([RNG.permutation(np.arange(100) % 10) for _ in range(5)], 1)
    widths = [features(read_columns("x", tens[:, :d]), "standardise")[0].shape[1] for d in (4, 5)]
    assert widths == [4 + 40, 5]
    words = pd.DataFrame(tens).astype(str)  # for labels there is nothing else
    for numbers, width in ((1, 1 + 50), (5, 5 + 40)):
        frame = pd.concat([words.iloc[:, :4], pd.DataFrame(tens[:, :numbers])], axis=1)
        assert features(read_columns("x", frame), "standardise")[0].shape[1] == width


def test_columns_of_many_values_have_their_radius_beside_them():
    values = RNG.standard_t(2, (200, 3))
    columns = read_columns("x", np.column_stack([values, values[:, 0] > 0]))
    shown, numbers = features(columns, "normal_scores")
    assert (shown.shape, numbers) == ((200, 5), 3)
    quartiles = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
    scaled = (values - quartiles[1]) / (quartiles[2] - quartiles[0])
    np.testing.assert_allclose(shown[:, 4:], ml.normal_scores(np.square(scaled).sum(1)))
    grades = np.arange(200) % 5  # has few values: neither makes a radius nor enters one
    more, numbers = features(read_columns("x", np.column_stack([values, grades])), "normal_scores")
    assert (more.shape, numbers) == ((200, 4 + 5 + 1), 4)
    np.testing.assert_allclose(more[:, -1], shown[:, -1])
    narrow = read_columns("x", np.column_stack([values[:, 0], grades]))
    assert features(narrow, "normal_scores")[0].shape == (200, 2 + 5)


@pytest.mark.parametrize("scale", [1.0, 1e200, 1e-200])
def test_the_radius_has_no_scale_and_does_not_overflow(scale):
    values = RNG.standard_normal((100, 2))
    np.testing.assert_allclose(radius(scale * values + 5 * scale), radius(values), rtol=1e-9)
    values[0, 0] = 1e300
    low, high = np.quantile(values[:, 0], [0.25, 0.75])
    assert radius(values)[0] == pytest.approx(2 * math.log(1e300 / (high - low)))


# Scores


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
