"""What a user may hand in as a table, as a pandas frame; and which of its columns are labels."""

import decimal

import numpy as np
import pandas as pd
from torch import Tensor


def as_frame(name: str, data: object) -> pd.DataFrame:
    """A frame of the columns of `data`, which is read column by column where it has columns.

    Raises ValueError on what is no table, in words that say what to give instead.
    """
    data = _unwrapped(name, data)
    if isinstance(data, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        data = pd.Series(data).to_frame()
    if not isinstance(data, pd.DataFrame):
        array = _array(name, data)
        if array.ndim > 2:
            raise ValueError(
                f"{name} has shape {array.shape}: must be (n,) or (n, d), such as "
                f"{name}.reshape({len(array)}, -1)"
            )
        if array.ndim == 0:
            raise ValueError(f"{name} has shape (): must be (n,) or (n, d)")
        data = pd.DataFrame(array)
    if data.size == 0:
        raise ValueError(f"{name} has shape {data.shape}: must not be empty")
    if len(data) == 1 and data.shape[1] > 1:
        raise ValueError(f"{name} has shape {data.shape}, one row: transpose it")
    data = data.infer_objects()
    decimals = [k for k in range(data.shape[1]) if _holds_decimals(data.iloc[:, k])]
    if decimals:
        parts = [data.iloc[:, k].astype(float) if k in decimals else data.iloc[:, k]
                 for k in range(data.shape[1])]  # fmt: skip
        data = pd.concat(parts, axis=1)
    return data


def title_of(name: str, frame: pd.DataFrame, position: int) -> str:
    """How messages name a column: by its name, and by its place where names repeat."""
    title = frame.columns[position]
    if frame.shape[1] == 1 and not isinstance(title, str):
        return name
    place = f" (number {position})" if (frame.columns == title).sum() > 1 else ""
    return f"{name}, column {title!r}{place}"


def find_labels(name: str, frame: pd.DataFrame, discrete: object) -> list[bool | None]:
    """For each column whether it was declared to hold labels, or None where nothing was said.

    discrete: None, a truth value, a mask, or a list of names or numbers of columns; the others are
    then no labels. Raises ValueError on another length and on columns that there are not.
    """
    width = frame.shape[1]
    if discrete is None or isinstance(discrete, bool | np.bool_):
        return [None if discrete is None else bool(discrete)] * width
    entries = [discrete] if isinstance(discrete, str) else np.asarray(discrete, object).tolist()
    entries = entries if isinstance(entries, list) else [entries]
    entries = [each.item() if isinstance(each, np.generic) else each for each in entries]
    if entries and all(isinstance(each, bool) for each in entries):
        if len(entries) != width:
            raise ValueError(f"discrete for {name} has {len(entries)} entries: must have {width}")
        return entries
    names, found = list(frame.columns), [False] * width
    for each in entries:
        if each in names:
            found = [was or title == each for was, title in zip(found, names, strict=True)]
        elif isinstance(each, int) and -width <= each < width:
            found[each] = True
        else:
            raise ValueError(f"discrete for {name} holds {each!r}: there is no such column")
    return found


def _unwrapped(name: str, data: object) -> object:
    """Tensors, masked arrays and foreign tables as NumPy and pandas objects."""
    if isinstance(data, Tensor):
        data = data.detach().cpu()
        return (data.double() if data.is_floating_point() else data).numpy()
    if np.ma.is_masked(data):
        raise ValueError(f"{name} holds {np.ma.count_masked(data)} masked values: must hold none")
    if isinstance(data, pd.DataFrame | pd.Series | np.ndarray | list | tuple):
        return data
    kind = f"{type(data).__module__.split('.')[0]}.{type(data).__name__}"
    if hasattr(data, "to_pandas") and hasattr(data, "dims"):  # xarray: labels may be in any order
        raise ValueError(f"{name} is {kind}: give {name}.to_pandas(), whose index can be compared")
    if hasattr(data, "toarray") and hasattr(data, "nnz"):
        raise ValueError(f"{name} is {kind}, a sparse matrix: give {name}.toarray()")
    if hasattr(data, "__dataframe__"):
        return pd.api.interchange.from_dataframe(data)
    if isinstance(data, dict):
        raise ValueError(f"{name} is a dictionary: give pandas.DataFrame({name})")
    if hasattr(data, "__next__"):
        raise ValueError(f"{name} is {kind}: give list({name}), whose rows can be counted")
    return data


def _array(name: str, data: object) -> np.ndarray:
    try:
        array = np.asarray(data)
    except ValueError:
        raise ValueError(f"{name} has rows of unequal lengths: must be (n,) or (n, d)") from None
    if array.dtype.byteorder not in "=|":
        array = array.astype(array.dtype.newbyteorder("="))
    # Beside a string, NumPy turns numbers and NaN into strings too.
    is_text = array.dtype.kind in "US" and not isinstance(data, np.ndarray)
    return np.asarray(data, dtype=object) if is_text else array


def _holds_decimals(column: pd.Series) -> bool:
    numbers = decimal.Decimal, int, float
    kinds = set(map(type, column)) if column.dtype == object else {str}
    return decimal.Decimal in kinds and all(issubclass(each, numbers) for each in kinds)
