"""One side of a user's data: its columns of numbers and of labels, and normal scores."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from pandas.api import types
from scipy.special import ndtri
from scipy.stats import rankdata

from mine_lib.checks import check_samples
from mine_lib.estimation.tables import as_frame, find_labels, title_of

MOST_LABELS = 20  # a column of numbers with no more different values is read as labels, too
MOST_KEPT = 64  # labels of a column; rarer ones are merged
MOST_BESIDE = 40  # indicators on one side that stand beside the same columns as numbers


@dataclass(frozen=True)
class Columns:
    """One side of the pairs, n rows.

    numbers: (n, p). labels: (n, l), from 0 on in each column. both: which columns of labels are
    among the numbers, too, (l,) truth values. constant: names of columns left out; width: columns
    given. merged: for each column with rare labels that became one, a line that says so.
    """

    numbers: np.ndarray
    labels: np.ndarray
    both: np.ndarray
    constant: list[str]
    width: int
    merged: list[str]

    @property
    def is_labels(self) -> bool:
        """Whether no column takes more values than labels do."""
        return self.numbers.shape[1] == self.both.sum()

    @property
    def rows(self) -> int:
        """Number n of rows."""
        return len(self.numbers)

    @property
    def codes(self) -> np.ndarray:
        """Which of the different rows of labels each row has, from 0 on, (n,)."""
        return np.unique(self.labels, axis=0, return_inverse=True)[1].ravel()

    def take(self, rows: np.ndarray) -> "Columns":
        """Some of the rows, of the same columns."""
        return replace(self, numbers=self.numbers[rows], labels=self.labels[rows])

    def beside(self, other: "Columns") -> "Columns":
        """These columns and those of another side."""
        return Columns(
            np.hstack([self.numbers, other.numbers]),
            np.hstack([self.labels, other.labels]),
            np.hstack([self.both, other.both]),
            self.constant + other.constant,
            self.width + other.width,
            self.merged + other.merged,
        )


def read_pair(
    x: object, z: object, least: int, discrete: object = None, given: object = None
) -> list[Columns]:
    """Columns of x and z, and of `given` if there is one; see `read_frames`, `read_columns`."""
    sides = {"x": x, "z": z} | ({} if given is None else {"given": given})
    return [read_columns(*each) for each in read_frames(sides, least, discrete)]


def read_frames(
    sides: dict[str, object], least: int, discrete: object
) -> list[tuple[str, pd.DataFrame, object]]:
    """Name and frame of each side, and what `discrete` says of its columns.

    discrete: None, a truth value for all sides, or a tuple with an entry for each side.
    Raises ValueError on pandas objects with different indexes, unequal lengths, and fewer than
    `least` rows.
    """
    if not isinstance(discrete, tuple):
        check_truth("discrete", discrete)
        discrete = (discrete,) * len(sides)
    if len(discrete) != len(sides):
        raise ValueError(
            f"discrete has {len(discrete)} entries: must have {len(sides)}, for {', '.join(sides)}"
        )
    frames = {name: as_frame(name, side) for name, side in sides.items()}
    indexes = [s.index for s in sides.values() if isinstance(s, pd.Series | pd.DataFrame)]
    if any(not index.equals(indexes[0]) for index in indexes):
        raise ValueError(
            f"{' and '.join(sides)} have different indexes: take them from one frame, or NumPy "
            "arrays"
        )
    for name, frame in frames.items():
        if len(frame) != len(frames["x"]):
            raise ValueError(
                f"x has {len(frames['x'])} rows and {name} has {len(frame)}: must be equally many"
            )
    if len(frames["x"]) < least:
        raise ValueError(
            f"{' and '.join(sides)} have {len(frames['x'])} rows: must have at least {least}"
        )
    return [(*each, kind) for each, kind in zip(frames.items(), discrete, strict=True)]


def check_truth(name: str, value: object) -> None:
    """Refuse what is neither None nor a truth value."""
    if not (value is None or isinstance(value, bool | np.bool_)):
        raise ValueError(
            f"{name} = {value!r}: must be None, a truth value, or a tuple with names, numbers or a "
            "mask of columns for each of x and z"
        )


def read_columns(name: str, data: object, discrete: object = None) -> Columns:
    """Columns of a NumPy array, torch tensor, pandas object, other table or list, (n,) or (n, d).

    discrete: which columns hold labels: a truth value for all, or names, numbers or a mask of
    columns. By default strings, categories and truth values do, whereas numbers count as numbers
    and, if they take at most 20 different values, as labels, too, whatever their type. Of numbers
    with two values nothing is lost as labels. Constant columns are left out. Of more than 64
    labels the rare ones are merged.
    Raises ValueError on another shape, on NaN, infinity, missing or masked values with their column
    and count, on other types, on labels that hardly repeat, and if no column varies.
    """
    frame = as_frame(name, data)
    declared = find_labels(name, frame, discrete)
    numbers, labels, both, constant, merged = [], [], [], [], []
    for position in range(frame.shape[1]):
        column, title = frame.iloc[:, position], title_of(name, frame, position)
        values, codes = _read(title, column, declared[position])
        if (codes if values is None else values).max() == (
            codes if values is None else values
        ).min():
            constant.append(title)
            continue
        if values is not None:
            numbers.append(values)
        if codes is not None:
            codes, line = _merge(title, codes)
            merged += line
            labels.append(codes)
            both.append(values is not None)
    if not numbers and not labels:
        which = constant[0] if len(constant) == 1 else name
        raise ValueError(f"{which} is constant, of shape {frame.shape}: must vary")
    n = len(frame)
    return Columns(
        np.stack(numbers, 1) if numbers else np.empty((n, 0)),
        np.stack(labels, 1) if labels else np.empty((n, 0), int),
        np.array(both, bool),
        constant,
        frame.shape[1],
        merged,
    )


def _read(
    title: str, column: pd.Series, declared: bool | None
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """A column as numbers, as codes of labels, or as both."""
    missing = int(column.isna().sum())
    if types.is_float_dtype(column):  # a Float64 column may hold NaN beside what is missing
        missing = int(np.isnan(column.to_numpy(float, na_value=np.nan)).sum())
    _refuse(title, missing, len(column), "NaN")
    is_number = types.is_numeric_dtype(column) and not types.is_bool_dtype(column)
    if declared is True or (declared is None and not is_number and _are_labels(column)):
        return None, _codes(title, column)
    values = _numbers(title, column)
    different, codes = np.unique(values, return_inverse=True)
    if declared is False or len(different) > MOST_LABELS:
        return values, None
    return (None if len(different) == 2 else values), codes.ravel()


def _numbers(title: str, column: pd.Series) -> np.ndarray:
    """A column as numbers (n,)."""
    if not types.is_numeric_dtype(column) or types.is_complex_dtype(column):
        raise ValueError(f"{title} has type {column.dtype}: must be numbers or labels")
    values = column.to_numpy(float, na_value=np.nan)
    _refuse(title, int(np.isinf(values).sum()), len(values), "infinite values")
    return values


def _refuse(title: str, count: int, rows: int, what: str) -> None:
    if count == rows:
        raise ValueError(f"{title} holds nothing but {what} ({count}): drop this column")
    if count:
        raise ValueError(
            f"{title} holds {count} {what}: must hold none (leave these rows out of x and of z)"
        )


def _are_labels(column: pd.Series) -> bool:
    return (
        types.is_bool_dtype(column)
        or types.is_object_dtype(column)
        or types.is_string_dtype(column)
        or isinstance(column.dtype, pd.CategoricalDtype)
    )


def _codes(title: str, column: pd.Series) -> np.ndarray:
    """Labels as numbers from 0 on, in their own order where they have one."""
    labels = column.astype(object)
    if not labels.map(types.is_hashable).all():
        raise ValueError(f"{title} has type {column.dtype}: must be numbers or labels")
    count = labels.nunique()
    if count > max(MOST_LABELS, len(labels) / 4):
        is_text = pd.to_numeric(labels, errors="coerce").isna()
        example = labels[is_text].iloc[0] if is_text.any() else labels.iloc[0]
        raise ValueError(
            f"{title} holds {count} labels in {len(labels)} rows, such as {example!r}: must repeat "
            "them, or be numbers (of a numeric type)"
        )
    return pd.factorize(labels, sort=labels.map(type).nunique() == 1)[0]


def _merge(title: str, codes: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Give the rarest labels one code if there are too many, and say so."""
    sizes = np.bincount(codes)
    if len(sizes) <= MOST_KEPT:
        return codes, []
    rank = np.empty(len(sizes), int)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    rare = len(sizes) - MOST_KEPT + 1
    line = f"{title}: the {rare} rarest of {len(sizes)} labels are taken as one"
    return rank[codes].clip(max=MOST_KEPT - 1), [line]


# Scores


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


def features(columns: Columns, transform: str) -> tuple[np.ndarray, int]:
    """What networks see of one side, (n, d), and how many of its first columns are numbers.

    Numbers are transformed column by column. An indicator of each label follows, one in all for
    two labels, 1 or -1: scaled to unit variance, a rare label would be an outlier. Where several
    columns take many values, their joint size comes last, log(1 + |v|^2) of the columns v centred
    at their medians and scaled by their quartiles: heavy tails have their information there
    (sec-7-how in chapter 7). All of it is a function of the columns, so no information is added.
    """
    p = columns.numbers.shape[1]
    shown = [TRANSFORMS[transform](columns.numbers)] if p else []
    sizes = columns.labels.max(0, initial=0) + 1
    has_room = sizes[columns.both].sum() <= MOST_BESIDE
    for codes, size, beside in zip(columns.labels.T, sizes, columns.both, strict=True):
        if not beside or has_room:
            shown.append(np.where(codes[:, None] == np.arange(size == 2, size), 1.0, -1.0))
    many = [v for v in columns.numbers.T if len(np.unique(v)) > MOST_LABELS]
    if len(many) > 1:
        shown.append(TRANSFORMS[transform](radius(np.stack(many, 1))))
    return np.hstack(shown), p


def radius(values: np.ndarray) -> np.ndarray:
    """log(1 + |v|^2) of rows (n, d), centred at the medians and scaled by the quartiles, (n,)."""
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], 0)
    width = np.where(high > low, high - low, 1)
    largest = np.abs((values - middle) / width).max(1)
    # the largest is taken out, so that no square overflows
    squares = ((values - middle) / width / largest.clip(1)[:, None]) ** 2
    return np.logaddexp(0, 2 * np.log(largest.clip(1)) + np.log(squares.sum(1).clip(1e-300)))
