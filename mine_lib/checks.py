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
    tensor = check_rows(name, values).to(torch.get_default_dtype())
    tensor = tensor[None] if tensor.ndim == 2 else tensor
    if len(tensor) not in (1, replicas):
        shape = tuple(tensor.shape)
        raise ValueError(f"{name} has shape {shape}: must be (n,), (n, d) or ({replicas}, n, d)")
    broken = ~torch.isfinite(tensor)
    if broken.any():
        first = tuple(broken.nonzero()[0])
        raise ValueError(f"{name} holds {tensor[first]:g} in row {int(first[1])}")
    return tensor


def check_rows(name: str, values: object) -> Tensor:
    """Return numbers (n,), (n, d) or (R, n, d) as a floating-point tensor (n, d) or (R, n, d).

    A tensor keeps its gradients, and its type if that is floating point.
    """
    try:
        if not isinstance(values, Tensor):
            values = torch.as_tensor(np.asarray(values, dtype=float))
            values = values.to(torch.get_default_dtype())
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {type(values).__name__}: must be numbers (n, d)") from None
    if not values.is_floating_point():
        values = values.to(torch.get_default_dtype())
    rows = values[:, None] if values.ndim == 1 else values
    if rows.ndim not in (2, 3) or rows.numel() == 0:
        raise ValueError(
            f"{name} has shape {tuple(values.shape)}: must be (n,), (n, d) or (R, n, d)"
        )
    return rows


def check_values(t: object, rows: int, replicas: int | None = None) -> Tensor:
    """Return what a critic gave if it is one value for each of `rows` pairs, of each replica."""
    shape = tuple(t.shape) if isinstance(t, Tensor) else type(t).__name__
    is_right = isinstance(t, Tensor) and t.shape[-1:] == (rows,)
    if not is_right or (replicas is not None and t.shape != (replicas, rows)):
        wanted = "..." if replicas is None else replicas
        hint = "Stacked gives any module a replica axis"
        if isinstance(t, Tensor) and t.shape[-2:] == (rows, 1):
            hint = "t[..., 0] drops the last axis"
        raise ValueError(
            f"the critic gave {shape}: must be ({wanted}, {rows}), one value a pair and replica "
            f"({hint})"
        )
    return t


def check_columns(x_dim: int, z_dim: int, inputs: int) -> None:
    """Refuse pairs of x and z that a network with so many inputs cannot take."""
    if x_dim + z_dim != inputs:
        raise ValueError(f"x and z have {x_dim} + {z_dim} columns: the network takes {inputs}")


def check_part(part: object) -> slice:
    """Return `part` if it is a slice of replicas."""
    if not isinstance(part, slice):
        raise ValueError(f"[{part!r}]: must be a slice of the replicas, such as [3:4]")
    return part


def check_objective_value(value: object, replicas: int) -> Tensor:
    """Return what an objective gave if it is one value a replica."""
    if not isinstance(value, Tensor) or value.shape != (replicas,):
        found = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
        raise ValueError(f"the objective gave {found}: must be ({replicas},), one value a replica")
    return value


def check_shifts(shifts: int, rows: int) -> int:
    """Return the number of shifts if there are so many different ones of so many rows."""
    if check_count("shifts", shifts) >= rows:
        raise ValueError(f"shifts = {shifts}: must be less than the {rows} rows")
    return shifts


def check_shift_list(shifts: object, rows: int) -> list[int]:
    """Return 1 to `shifts`, or the shifts given, if each moves all of so many rows."""
    if np.ndim(shifts) == 0:
        return list(range(1, check_shifts(shifts, rows) + 1))
    steps = np.asarray(shifts)
    if (
        steps.ndim != 1
        or steps.dtype.kind not in "iu"
        or not len(steps)
        or (steps % rows == 0).any()
    ):
        raise ValueError(
            f"shifts = {shifts!r}: must hold whole numbers that are no multiples of the {rows} rows"
        )
    return steps.tolist()


def check_seeds(seeds: object, replicas: int | None = None) -> list[int]:
    """Return the seeds as a list if they are whole numbers from 0 on, one a replica."""
    if isinstance(seeds, str) or np.ndim(seeds) != 1 or not len(seeds):
        raise ValueError(f"seeds = {seeds!r}: must hold one seed a replica, such as range(4)")
    if replicas not in (None, len(seeds)):
        raise ValueError(f"seeds has {len(seeds)} entries: must have {replicas}, one a replica")
    return [check_count("seeds", seed, 0) for seed in seeds]


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


def check_pairs_of_rows(x: object, z: object) -> tuple[Tensor, Tensor]:
    """Return x and z as (n, d), or both as (R, n, d), if they pair up row by row."""
    x, z = check_rows("x", x), check_rows("z", z)
    check_same_length(x.shape[-2], z.shape[-2])
    replicas = {len(each) for each in (x, z) if each.ndim == 3} - {1}
    if len(replicas) > 1:
        raise ValueError(f"x has {len(x)} replicas and z has {len(z)}: must be equally many")
    if x.shape[:-2] != z.shape[:-2]:
        x, z = (each.expand(*replicas or {1}, -1, -1) for each in (x, z))
    return x, z


def check_critic_values(t_joint: Tensor, t_product: Tensor) -> tuple[Tensor, Tensor]:
    """Return t_joint (..., b), and t_product as (..., m) if it is that or (..., m, b)."""
    for name, t in (("t_joint", t_joint), ("t_product", t_product)):
        if not isinstance(t, Tensor) or t.ndim == 0 or t.numel() == 0:
            found = tuple(t.shape) if isinstance(t, Tensor) else type(t).__name__
            raise ValueError(f"{name} is {found}: must be a tensor of shape (..., samples)")
        if not t.is_floating_point():
            raise ValueError(f"{name} has dtype {t.dtype}: must be floating point")
    pooled = t_product.flatten(-2) if t_product.ndim == t_joint.ndim + 1 else t_product
    if t_joint.shape[:-1] != pooled.shape[:-1]:
        raise ValueError(
            f"t_joint has shape {tuple(t_joint.shape)} and t_product {tuple(t_product.shape)}: "
            "must agree in all but the last axis"
        )
    return t_joint, pooled


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _first(array: np.ndarray, where: np.ndarray) -> str:
    index = np.argwhere(where)[0]
    return f"{array[tuple(index)]:g} at {[int(i) for i in index]}"
