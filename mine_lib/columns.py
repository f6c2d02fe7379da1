"""Data of a user as columns of numbers: what may be given, what is refused, and normal scores."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandas.api import types
from scipy.special import ndtri
from scipy.stats import rankdata
from torch import Tensor

MOST_LABELS = 20  # an integer column with more different values holds numbers, not labels


@dataclass(frozen=True)
class Columns:
    """Numbers (n, d). constant: names of columns left out. is_continuous: whether most rows of the
    columns as a whole differ from each other.
    """

    values: np.ndarray
    constant: list[str]
    is_continuous: bool


def read_columns(name: str, data: object) -> Columns:
    """Columns of a NumPy array, torch tensor, pandas object or list, (n,) or (n, d).

    Strings, categories, truth values, and integers with at most 20 different values are labels and
    become indicator columns, one a label (one in all for two labels). Constant columns are left
    out. In other columns of integers or decimals the numbers count.
    Raises ValueError on another shape, on NaN, infinity or missing values with their column and
    count, on other types, on labels that hardly repeat, and if no column varies.
    """
    frame = _frame(name, data)
    parts, constant = [], []
    for position in range(frame.shape[1]):
        column = frame.iloc[:, position]
        title = frame.columns[position]
        is_named = frame.shape[1] > 1 or isinstance(title, str)
        label = f"{name}, column {title!r}" if is_named else name
        if column.nunique(dropna=False) == 1 and not column.isna().any():
            constant.append(label)
        else:
            parts.append(_numbers(label, column))
    if not parts:
        raise ValueError(f"{name} is constant: must vary (a constant has no information)")
    values = np.hstack(parts)
    return Columns(values, constant, len(np.unique(values, axis=0)) > len(values) / 2)


def normal_scores(values: ArrayLike) -> np.ndarray:
    """Replace each number by the standard normal quantile of its rank (eq. 7-scores).

    values: (n, d), each column for itself; equal numbers share their mean rank. Returns (n, d),
    centred and scaled to unit variance. Leaves mutual information unchanged, since it is strictly
    increasing on the values that occur.
    """
    values = np.asarray(values, dtype=float)
    return standardise(ndtri((rankdata(values, axis=0) - 0.5) / len(values)))


def standardise(values: ArrayLike) -> np.ndarray:
    """Centre each column of (n, d) and scale it to unit variance."""
    values = np.asarray(values, dtype=float)
    return (values - values.mean(0)) / values.std(0)


def _frame(name: str, data: object) -> pd.DataFrame:
    if isinstance(data, Tensor):
        data = data.detach().cpu()
        data = (data.double() if data.is_floating_point() else data).numpy()
    if isinstance(data, pd.Series):
        data = data.to_frame()
    if not isinstance(data, pd.DataFrame):
        array = np.asarray(data)
        if array.ndim not in (1, 2):
            raise ValueError(f"{name} has shape {array.shape}: must be (n,) or (n, d)")
        data = pd.DataFrame(array)
    if data.size == 0:
        raise ValueError(f"{name} has shape {data.shape}: must not be empty")
    return data.infer_objects()


def _numbers(label: str, column: pd.Series) -> np.ndarray:
    """A column as numbers (n, 1), or as indicators of its labels (n, labels)."""
    missing = int(column.isna().sum())
    if missing:
        raise ValueError(f"{label} holds {missing} NaN: must hold none")
    if _is_labels(column):
        if column.nunique() > max(MOST_LABELS, len(column) / 10):
            raise ValueError(
                f"{label} holds {column.nunique()} labels in {len(column)} rows: must repeat them"
            )
        labels = column.astype(object)  # a category that does not occur would be a constant column
        return pd.get_dummies(labels, drop_first=labels.nunique() == 2).to_numpy(float)
    if not types.is_numeric_dtype(column) or types.is_complex_dtype(column):
        raise ValueError(f"{label} has type {column.dtype}: must be numbers or labels")
    values = column.to_numpy(float)
    infinite = int(np.isinf(values).sum())
    if infinite:
        raise ValueError(f"{label} holds {infinite} infinite values: must hold none")
    return values[:, None]


def _is_labels(column: pd.Series) -> bool:
    if types.is_integer_dtype(column):
        return column.nunique() <= MOST_LABELS
    return (
        types.is_bool_dtype(column)
        or types.is_object_dtype(column)
        or types.is_string_dtype(column)
        or isinstance(column.dtype, pd.CategoricalDtype)
    )
