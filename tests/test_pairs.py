"""All pairs of a table, trained together."""

import numpy as np
import pandas as pd
import pytest
from quick import FAST, estimate

import mine_lib as ml
from mine_lib.estimation import ensemble

RNG = np.random.default_rng(0)
A = RNG.standard_normal(120)
TABLE = pd.DataFrame(
    {
        "a": A,
        "b": A + 0.5 * RNG.standard_normal(120),
        "c": RNG.standard_normal(120),
        "kind": np.array(["x", "y", "z"])[np.arange(120) % 3],
        "count": RNG.poisson(np.exp(A / 2)),
    }
)
CLASS = np.arange(120) // 4


def pairs(x, z=None, **options):
    return ml.estimate_pairs(x, z, **{**FAST, **options})


@pytest.fixture(scope="module")
def found():
    return pairs(TABLE)


@pytest.mark.parametrize("groups", [None, CLASS])
def test_each_pair_gets_what_it_gets_alone(groups):
    together = pairs(TABLE, groups=groups)
    assert len(together) == 10
    for names, each in together.items():
        alone = estimate(TABLE[names[0]], TABLE[names[1]], groups=groups)
        assert each.value == pytest.approx(alone.value, abs=2e-4), names
        assert each.interval() == pytest.approx(alone.interval(), abs=2e-3), names
        assert each.warnings == alone.warnings, names
        np.testing.assert_array_equal(each.x, alone.x)
        assert each.training.estimate.shape == alone.training.estimate.shape


def test_columns_of_one_table_meet_columns_of_another(found):
    crossed = pairs(TABLE[["a", "count"]], TABLE["kind"])
    assert [*crossed] == [("a", "kind"), ("count", "kind")]
    assert crossed["a", "kind"].value == pytest.approx(found["a", "kind"].value, abs=2e-4)
    assert crossed.matrix.shape == (2, 1)
    with pytest.raises(KeyError):
        crossed["kind", "a"]


def test_the_order_of_names_does_not_matter_within_a_table(found):
    assert found["b", "a"] is found["a", "b"]
    with pytest.raises(KeyError):
        found["a", "nothing"]


@pytest.mark.parametrize("names", ["ab", 5, ("a",), ("a", "a"), None])
def test_what_is_no_pair_of_names_is_a_key_error(found, names):
    with pytest.raises(KeyError):
        found[names]


def test_what_cannot_be_estimated_has_no_value_in_the_table():
    found = pairs(TABLE[["a", "c"]].assign(twice=2 * TABLE.a), steps=1)
    assert found["a", "twice"].unusable
    assert np.isnan(found.matrix.loc["a", "twice"])
    last = found.table.iloc[-1]
    assert np.isnan(last[["value", "low", "high"]].astype(float)).all()
    assert "functions of one another" in last.warnings


def test_the_matrix_holds_each_value_twice_and_no_diagonal(found):
    matrix = found.matrix
    assert [*matrix.index] == [*matrix.columns] == [*TABLE]
    assert np.isnan(np.diag(matrix)).all()
    np.testing.assert_array_equal(matrix, matrix.T)
    assert matrix.loc["count", "a"] == found["a", "count"].value


def test_the_table_has_the_largest_value_first(found):
    table = found.table
    assert [*table.columns] == ["x", "z", "value", "low", "high", "p_value", "warnings"]
    assert table.value.is_monotonic_decreasing
    assert [*table.loc[0, ["x", "z"]]] == ["a", "b"]
    assert table.loc[0, "low"] == found["a", "b"].interval()[0]
    assert len(table) == len(found) == 10
    assert "p_value" in str(found)
    assert repr(found) == str(found)
    assert "<table" in found._repr_html_()


def test_pairs_train_side_by_side_ten_at_a_time(monkeypatch):
    sizes = []

    def spy(*data, **options):
        sizes.append(len(options["seeds"]))
        return ml.Trainer(*data, **options)

    monkeypatch.setattr(ensemble, "Trainer", spy)
    table = np.random.default_rng(0).standard_normal((60, 6))
    found = pairs(table, steps=1, restarts=2)
    assert sizes == [100, 100, 50, 50]  # ten pairs, then five: each five folds of two networks
    assert [*found][:2] == [(0, 1), (0, 2)]


def test_numbers_may_be_said_to_be_labels():
    found = pairs(TABLE[["a", "count"]], discrete=["count"], steps=1)
    assert found["a", "count"].z.max() == 1  # indicators, and no scores
    crossed = pairs(TABLE["a"], TABLE["count"], discrete=(None, True), steps=1)
    np.testing.assert_array_equal(crossed["a", "count"].z, found["a", "count"].z)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((TABLE["a"],), "x has one column: must have at least two, or there must be z"),
        ((pd.DataFrame(np.ones((60, 2)), columns=["a", "a"]),), "x has two columns named 'a'"),
        ((TABLE.assign(c=1.0),), "x, column 'c' is constant"),
        ((TABLE.assign(c=np.nan),), "x, column 'c' holds nothing but NaN"),
        ((TABLE.head(40),), "x have 40 rows: must have at least 50"),
        ((TABLE, TABLE.head(60)), "different indexes"),
        ((np.ones((60, 2)),), "x, column 0 is constant"),
    ],
)
def test_refuses(arguments, words):
    with pytest.raises(ValueError, match=words):
        pairs(*arguments)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"restarts": 0}, "restarts = 0"),
        ({"discrete": "nothing"}, "holds 'nothing': there is no such column"),
        ({"groups": np.zeros(120)}, "groups holds 1 different labels"),
    ],
)
def test_refuses_settings(options, words):
    with pytest.raises(ValueError, match=words):
        pairs(TABLE, **options)
