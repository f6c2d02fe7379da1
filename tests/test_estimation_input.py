"""What estimate_mi takes, and what it refuses."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from quick import estimate, gaussians


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
    assert estimate(change(x), change(z)).value == plain.value


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
    # Of 48 rows 12 are held back; half of the other 36 are a batch.
    values = [estimate(*gaussians(60), batch_size=b, steps=10).value for b in (256, 18, 17)]
    assert values[0] == values[1] != values[2]


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
    ({"discrete": "yes"}, "discrete = 'yes': must be None, a truth value, or a tuple"),
    ({"discrete": (True,)}, "discrete has 1 entries: must have 2, for x, z"),
    ({"discrete": (None, ["age"])}, "discrete for z holds 'age': there is no such column"),
    ({"discrete": True}, "x holds 100 labels in 100 rows"),
    ({"given": X[:99]}, "x has 100 rows and given has 99: must be equally many"),
    ({"given": np.ones(100)}, "given is constant"),
    ({"given": HOLE}, "given, column 'age' holds 3 NaN: must hold none"),
    (
        {"given": X, "discrete": (None, None)},
        "discrete has 2 entries: must have 3, for x, z, ",
    ),
    ({"groups": X[:99]}, r"groups has shape \(99,\): must be \(100,\), one label a row"),
    ({"x": pd.Series(X), "z": pd.Series(X).sort_values(ascending=False)}, "different indexes"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_input_is_refused_with_its_name_and_value(arguments, message):
    with pytest.raises(ValueError, match=message):
        estimate(**{"x": X, "z": X[::-1], **arguments})


def test_a_caller_who_wants_errors_of_rounding_gets_an_estimate(data):
    with np.errstate(all="raise"):
        strong = estimate(*gaussians(60, 0.999), steps=5)
        assert np.isfinite(strong.value)
