"""Refusals of bad input, in one wording: the argument, its value, what would be right."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def check_count(name: str, value: int, least: int = 1) -> int:
    """Return `value` if it is a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} = {value!r}: must be a whole number, at least {least}")
    return int(value)


def check_at_most(name: str, value: object, largest: int) -> object:
    """Return `value` unless it is a whole number above `largest`."""
    if isinstance(value, int | np.integer) and value > largest:
        raise ValueError(f"{name} = {value!r}: must be at most {largest}")
    return value


def check_between(name: str, value: float, low: float, high: float) -> float:
    """Return `value` if it is a number with low < value < high."""
    if not _is_number(value) or not low < value < high:
        raise ValueError(f"{name} = {value!r}: must be a number in ({low:g}, {high:g})")
    return float(value)


def check_rate(name: str, value: float) -> float:
    """Return `value` if it is a number with 0 < value <= 1."""
    if not _is_number(value) or not 0 < value <= 1:
        raise ValueError(f"{name} = {value!r}: must be a number in (0, 1]")
    return float(value)


def check_choice(name: str, value: object, choices: Sequence) -> object:
    """Return `value` if it is one of the choices."""
    if value not in choices:
        raise ValueError(f"{name} = {value!r}: must be one of {', '.join(map(repr, choices))}")
    return value


def check_device(device: str | torch.device) -> torch.device:
    """Return the device if this machine has it."""
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError, TypeError):  # torch raises each of them
        raise ValueError(f"device = {device!r}: must be one that this machine has") from None


def check_replicated(name: str, values: object, replicas: int) -> Tensor:
    """Return (n,), (n, d) or (R, n, d) as a finite tensor (1 or R, n, d) of the default dtype."""
    tensor = torch.as_tensor(values, dtype=torch.get_default_dtype()).detach()
    shape = tuple(tensor.shape)
    tensor = tensor[:, None] if tensor.ndim == 1 else tensor
    tensor = tensor[None] if tensor.ndim == 2 else tensor
    if tensor.ndim != 3 or tensor.numel() == 0 or len(tensor) not in (1, replicas):
        raise ValueError(f"{name} has shape {shape}: must be (n,), (n, d) or ({replicas}, n, d)")
    broken = ~torch.isfinite(tensor)
    if broken.any():
        first = tuple(broken.nonzero()[0])
        raise ValueError(f"{name} holds {tensor[first]:g} in row {int(first[1])}")
    return tensor


def check_table(table: object) -> np.ndarray:
    """Return `table` as a float64 array if it is a two-dimensional joint probability table."""
    array = np.asarray(table, dtype=float)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"table has shape {array.shape}: must be (values of x, values of z)")
    if not np.isfinite(array).all():
        raise ValueError(f"table holds {_first(array, ~np.isfinite(array))}: must be finite")
    if (array < 0).any():
        raise ValueError(f"table holds {_first(array, array < 0)}: must be non-negative")
    if not math.isclose(array.sum(), 1, abs_tol=1e-6):  # single precision gets this close
        raise ValueError(f"table sums to {array.sum():.9g}: must sum to 1")
    return array / array.sum()


def check_samples(name: str, values: object) -> np.ndarray:
    """Return `values`, (n,) or (n, d), as a float64 array (n, d) if none is NaN or infinite."""
    if isinstance(values, Tensor):
        values = values.detach().cpu().double()
    array = np.asarray(values, dtype=float)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.size == 0:
        raise ValueError(f"{name} has shape {array.shape}: must be (n,) or (n, d)")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds {_first(array, ~np.isfinite(array))}: must be finite")
    return array


def check_same_length(x_rows: int, z_rows: int, kind: str = "") -> None:
    """Refuse x and z, or another kind of them, that do not pair up row by row."""
    if x_rows != z_rows:
        raise ValueError(
            f"{kind}x has {x_rows} rows and {kind}z has {z_rows}: must be equally many"
        )


def check_pairs(x: object, z: object) -> tuple[np.ndarray, np.ndarray]:
    """Return x and z as float64 arrays (n, d_x), (n, d_z) if they pair up row by row."""
    x_rows, z_rows = check_samples("x", x), check_samples("z", z)
    check_same_length(len(x_rows), len(z_rows))
    return x_rows, z_rows


def check_critic_values(t_joint: Tensor, t_product: Tensor) -> None:
    """Refuse what is not a pair of floating-point tensors (..., b), (..., m) below infinity.

    Minus infinity is let through: it is the log ratio of an impossible pair.
    """
    for name, t in (("t_joint", t_joint), ("t_product", t_product)):
        if not isinstance(t, Tensor) or t.ndim == 0 or t.shape[-1] == 0:
            found = tuple(t.shape) if isinstance(t, Tensor) else type(t).__name__
            raise ValueError(f"{name} is {found}: must be a tensor of shape (..., samples)")
        if not t.is_floating_point():
            raise ValueError(f"{name} has dtype {t.dtype}: must be floating point")
        broken = int((~(t < math.inf)).sum())
        if broken:
            raise ValueError(f"{name} holds {broken} NaN or infinite: must hold none")
    if t_joint.shape[:-1] != t_product.shape[:-1]:
        raise ValueError(
            f"t_joint has shape {tuple(t_joint.shape)} and t_product {tuple(t_product.shape)}: "
            "must agree in all but the last axis"
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _first(array: np.ndarray, where: np.ndarray) -> str:
    index = np.argwhere(where)[0]
    return f"{array[tuple(index)]:g} at {[int(i) for i in index]}"
