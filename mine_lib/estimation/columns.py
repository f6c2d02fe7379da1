"""Data of a user as columns of numbers: what may be given, what is refused, and normal scores."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandas.api import types
from scipy.special import ndtri
from scipy.stats import rankdata
from torch import Tensor

from mine_lib.checks import check_same_length, check_samples

PANDAS = (pd.Series, pd.DataFrame)
MOST_LABELS = 20  # an integer column with more different values holds numbers, not labels


@dataclass(frozen=True)
class Columns:
    """Numbers (n, d). constant: names of columns left out. is_continuous: whether most rows of the
    columns as a whole differ from each other. is_labels: whether all columns held labels.
    """

    values: np.ndarray
    constant: list[str]
    is_continuous: bool
    is_labels: bool


def read_pair(x: object, z: object, least: int) -> tuple[Columns, Columns]:
    """Columns of x and z, paired row by row; see `read_columns`.

    Raises ValueError on pandas objects with different indexes, unequal lengths, and fewer than
    `least` rows.
    """
    if isinstance(x, PANDAS) and isinstance(z, PANDAS) and not x.index.equals(z.index):
        raise ValueError(
            "x and z have different indexes: take both from one frame, or NumPy arrays"
        )
    columns = read_columns("x", x), read_columns("z", z)
    x_rows, z_rows = (len(each.values) for each in columns)
    check_same_length(x_rows, z_rows)
    if x_rows < least:
        raise ValueError(f"x and z have {x_rows} rows: must have at least {least}")
    return columns


def read_columns(name: str, data: object) -> Columns:
    """Columns of a NumPy array, torch tensor, pandas object or list, (n,) or (n, d).

    Strings, categories, truth values, and integers with at most 20 different values are labels and
    become indicator columns, one a label (one in all for two labels). Constant columns are left
    out. In other columns of integers, and in all columns of decimals, the numbers count.
    Raises ValueError on another shape, on NaN, infinity, missing or masked values with their column
    and count, on other types, on labels that hardly repeat, and if no column varies.
    """
    frame = _frame(name, data)
    parts, constant, kinds = [], [], []
    for position in range(frame.shape[1]):
        title, column = frame.columns[position], frame.iloc[:, position]
        is_named = frame.shape[1] > 1 or isinstance(title, str)
        label = f"{name}, column {title!r}" if is_named else name
        _refuse(label, int(column.isna().sum()), "NaN")
        is_labels = _is_labels(column)
        values = (_indicators if is_labels else _numbers)(label, column)
        if (values == values[0]).all():
            constant.append(label)
        else:
            parts.append(values)
            kinds.append(is_labels)
    if not parts:
        raise ValueError(f"{name} is constant, of shape {frame.shape}: must vary")
    values = np.hstack(parts)
    is_continuous = len(np.unique(values, axis=0)) > len(values) / 2
    return Columns(values, constant, is_continuous, all(kinds))


def normal_scores(values: ArrayLike) -> np.ndarray:
    """Replace each number by the standard normal quantile of its rank (eq. 7-scores).

    values: (n,) or (n, d), each column for itself; equal numbers share their mean rank. Returns
    (n, d), centred and scaled to unit variance. Leaves mutual information unchanged, since it is
    strictly increasing on the values that occur. Raises ValueError on NaN, infinity, other shapes
    and constant columns.
    """
    values = check_samples("values", values)
    return standardise(ndtri((rankdata(values, axis=0) - 0.5) / len(values)))


def standardise(values: ArrayLike) -> np.ndarray:
    """Centre each column of (n,) or (n, d) and scale it to unit variance; errors as above."""
    values = check_samples("values", values)
    centred = values / np.abs(values).max(0).clip(np.finfo(float).tiny)  # squares do not overflow
    centred -= centred.mean(0)
    deviations = centred.std(0)
    if (deviations == 0).any():
        raise ValueError(f"column {int(deviations.argmin())} of values is constant: must vary")
    return centred / deviations


TRANSFORMS = {"normal_scores": normal_scores, "standardise": standardise}


def _frame(name: str, data: object) -> pd.DataFrame:
    if isinstance(data, Tensor):
        data = data.detach().cpu()
        data = (data.double() if data.is_floating_point() else data).numpy()
    if np.ma.is_masked(data):
        raise ValueError(f"{name} holds {np.ma.count_masked(data)} masked values: must hold none")
    if isinstance(data, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        data = pd.Series(data).to_frame()
    if not isinstance(data, pd.DataFrame):
        array = _array(name, data)
        if array.ndim not in (1, 2):
            raise ValueError(f"{name} has shape {array.shape}: must be (n,) or (n, d)")
        data = pd.DataFrame(array)
    if data.size == 0:
        raise ValueError(f"{name} has shape {data.shape}: must not be empty")
    return data.infer_objects()


def _array(name: str, data: object) -> np.ndarray:
    try:
        array = np.asarray(data)
    except ValueError:
        raise ValueError(f"{name} has rows of unequal lengths: must be (n,) or (n, d)") from None
    # Beside a string, NumPy turns numbers and NaN into strings too.
    is_text = array.dtype.kind in "US" and not isinstance(data, np.ndarray)
    return np.asarray(data, dtype=object) if is_text else array


def _numbers(label: str, column: pd.Series) -> np.ndarray:
    """A column as numbers (n, 1)."""
    if not types.is_numeric_dtype(column) or types.is_complex_dtype(column):
        raise ValueError(f"{label} has type {column.dtype}: must be numbers or labels")
    values = column.to_numpy(float, na_value=np.nan)
    _refuse(label, int(np.isnan(values).sum()), "NaN")  # isna does not see all of a Float64 column
    _refuse(label, int(np.isinf(values).sum()), "infinite values")
    return values[:, None]


def _refuse(label: str, count: int, what: str) -> None:
    if count:
        raise ValueError(
            f"{label} holds {count} {what}: must hold none (leave these rows out of x and of z)"
        )


def _indicators(label: str, column: pd.Series) -> np.ndarray:
    """A column as indicators of its labels (n, labels), one in all for two labels."""
    labels = column.astype(object)  # a category that does not occur would be a constant column
    if not labels.map(types.is_hashable).all():
        raise ValueError(f"{label} has type {column.dtype}: must be numbers or labels")
    count = labels.nunique()
    if count > max(MOST_LABELS, len(labels) / 10):
        is_text = pd.to_numeric(labels, errors="coerce").isna()
        example = labels[is_text].iloc[0] if is_text.any() else labels.iloc[0]
        raise ValueError(
            f"{label} holds {count} labels in {len(labels)} rows, such as {example!r}: must repeat "
            "them, or be numbers (of a numeric type)"
        )
    return pd.get_dummies(labels, drop_first=count == 2).to_numpy(float)


def _is_labels(column: pd.Series) -> bool:
    if types.is_integer_dtype(column):
        return column.nunique() <= MOST_LABELS
    return (
        types.is_bool_dtype(column)
        or types.is_object_dtype(column)
        or types.is_string_dtype(column)
        or isinstance(column.dtype, pd.CategoricalDtype)
    )
