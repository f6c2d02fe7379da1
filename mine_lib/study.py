"""Studies: MINE over a grid of settings, as one table that survives interruptions (chapter 6)."""

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from contextlib import closing
from importlib.metadata import version

import numpy as np
import pandas as pd
import torch

from mine_lib.batches import PRODUCTS
from mine_lib.book.progress import progress_bar
from mine_lib.checks import check_at_most, check_between, check_choice, check_count, check_rate
from mine_lib.distributions import Gaussian
from mine_lib.evaluation import evaluate
from mine_lib.mine import MINE
from mine_lib.passes import split_replicas
from mine_lib.runs import TrainingRecord
from mine_lib.store import Store
from mine_lib.training import train

DEFAULTS = {
    "rho": 0.9,
    "dim": 1,
    "n": 10_000,
    "batch_size": 128,
    "alpha": 0.01,
    "width": 64,
    "learning_rate": 1e-3,
    "product": "shift",
    "stable": True,
    "steps": 2000,
    "seed": 0,
}
RESULTS = {
    "truth": float,
    "estimate": float,
    "highest": float,
    "held_out": float,
    "max_gradient_norm": float,
    "frozen_at": int,
    "runs_away": bool,
}
KINDS = {name: type(value) for name, value in DEFAULTS.items()} | RESULTS  # of the columns
# Settings that agree in these are trained together, as one program.
TOGETHER = ["dim", "n", "batch_size", "width", "learning_rate", "product", "stable", "steps"]
BLOCK = 100  # steps over which batch values are averaged
TEST_PAIRS, SHIFTS = 10_000, 10  # of the held-out value
EVALUATED_TOGETHER = 4  # replicas; bounds the memory for the held-out value


def study(
    grid: Mapping[str, Sequence],
    *,
    path: str | os.PathLike | None = None,
    executor: Executor | None = None,
    part_size: int = 64,
    progress: bool = True,
) -> pd.DataFrame:
    """Train MINE on correlated Gaussians for all combinations of settings; one row for each.

    grid: values of rho (0.9), dim (1), n (10 000), batch_size (128), alpha (0.01; 1 is vanilla
    MINE), width (of two hidden layers, 64), learning_rate (0.001), product ("shift"), stable (see
    `MINE`, True), steps (2000; at least 100) and seed (of data, weights and batches, 0); those left
    out take the value in brackets.
    path: SQLite file in which every finished part of up to `part_size` rows is stored. The same
    call resumes after a crash or a kill; a larger grid trains only what is new.
    executor: any concurrent.futures.Executor, which gets one task a part; by default parts run in
    turn, here. No value depends on it, nor on part_size or on what was resumed, to the last bit if
    width is a multiple of four.

    The columns are the settings and, in nats, truth, estimate (mean of the last 100 batch values,
    NaN if the run ended before), highest (largest mean of 100 successive batch values, -inf if the
    run ended before the 100th), held_out (value on 10 000 new pairs with 10 shifts, of the last
    finite weights); further max_gradient_norm, frozen_at (step at which the run turned non-finite,
    or 0) and runs_away (frozen, or highest > 2 truth + 1).

    Raises ValueError before anything is trained: on unknown settings, values out of range, and a
    path with anything but a study by this version of mine_lib in torch's present default dtype. An
    error in one part is raised when the others are stored, if an executor ran it; a part that
    cannot be stored ends the study.
    """
    settings = _settings(grid)
    results = _stored_and_new(settings, path, executor, part_size, progress)
    return settings.merge(results, how="left", validate="1:1")


def _settings(grid: Mapping[str, Sequence]) -> pd.DataFrame:
    """All combinations, one a row, checked."""
    for name, values in grid.items():
        check_choice("setting", name, list(DEFAULTS))
        if not isinstance(values, Sequence | np.ndarray) or np.ndim(values) != 1:
            raise ValueError(f"{name} = {values!r}: must be a list of values")
        for value in values:
            _CHECKS[name](name, value)
        if not len(values) or len(set(values)) < len(values):
            raise ValueError(f"{name} = {values!r}: must hold one value or more, none twice")
    columns = {name: grid.get(name, [default]) for name, default in DEFAULTS.items()}
    if max(columns["batch_size"]) > min(columns["n"]):
        largest, least = max(columns["batch_size"]), min(columns["n"])
        raise ValueError(f"batch_size = {largest}: must be at most n = {least}")
    return _typed(pd.DataFrame(itertools.product(*columns.values()), columns=[*columns]))


def _count(least: int) -> Callable[[str, object], int]:
    return lambda name, value: check_count(name, value, least)


_CHECKS = {
    "rho": lambda name, value: check_between(name, value, -1, 1),
    "dim": check_count,
    "n": _count(2),
    "batch_size": _count(2),
    "alpha": check_rate,
    "width": check_count,
    "learning_rate": lambda name, value: check_between(name, value, 0, float("inf")),
    "product": lambda name, value: check_choice(name, value, PRODUCTS),
    "stable": lambda name, value: check_choice(name, value, (False, True)),
    "steps": _count(BLOCK),
    "seed": lambda name, value: check_count(name, check_at_most(name, value, 2**62), 0),
}


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    return table.astype({name: KINDS[name] for name in table})


def _stored_and_new(
    settings: pd.DataFrame,
    path: str | os.PathLike | None,
    executor: Executor | None,
    part_size: int,
    progress: bool,
) -> pd.DataFrame:
    """Rows that are stored, and those that were missing, which are trained and stored now."""
    check_count("part_size", part_size)
    if not (executor is None or isinstance(executor, Executor)):
        raise ValueError(f"executor = {executor!r}: must be a concurrent.futures.Executor")
    made_by = {"mine_lib": version("mine-lib"), "dtype": str(torch.get_default_dtype())}
    store = None if path is None else Store(path, KINDS, [*DEFAULTS], made_by)
    tables = [store.read() if store else _typed(pd.DataFrame(columns=[*KINDS]))]
    stored = pd.MultiIndex.from_frame(tables[0][[*DEFAULTS]])
    parts = _parts(settings[~pd.MultiIndex.from_frame(settings).isin(stored)], part_size)
    results = (_run(part) for part in parts) if executor is None else _run_there(parts, executor)
    with closing(results), progress_bar(len(parts), progress) as advance:
        for table in results:
            if store:
                store.write(table)
            tables.append(table)
            advance(1)
    return pd.concat(tables, ignore_index=True)


def _parts(settings: pd.DataFrame, part_size: int) -> list[pd.DataFrame]:
    """Settings that are trained together, at most part_size in a part."""
    parts = []
    for _, group in settings.groupby(TOGETHER, sort=False):
        pieces = -(-len(group) // part_size)
        ends = [len(group) * k // pieces for k in range(pieces + 1)]
        parts += [group.iloc[start:end] for start, end in itertools.pairwise(ends)]
    return parts


def _run_there(parts: list[pd.DataFrame], executor: Executor) -> Iterator[pd.DataFrame]:
    """Tables of the parts in the order in which they end; an error of one comes after them."""
    dtype = torch.get_default_dtype()
    futures: list[Future] = [executor.submit(_run_as, dtype, part) for part in parts]
    failure = None
    try:
        for future in as_completed(futures):
            try:
                table = future.result()
            except Exception as error:
                failure = failure or error
            else:
                yield table
        if failure:
            raise failure
    finally:
        for future in futures:
            future.cancel()


def _run_as(dtype: torch.dtype, part: pd.DataFrame) -> pd.DataFrame:
    """Run a part in another process, whose default dtype may differ from the caller's."""
    torch.set_default_dtype(dtype)
    return _run(part)


def _run(part: pd.DataFrame) -> pd.DataFrame:
    """Train the rows of a part together and return them with their results."""
    # Products of one matrix are rounded otherwise than those of many: a single row runs twice.
    rows = part if len(part) > 1 else pd.concat([part, part])
    common = rows.iloc[0]
    record = train(
        *_data(rows, common.n, 0),
        objective=MINE(rows.alpha.tolist(), bool(common.stable)),
        hidden=(int(common.width),) * 2,
        seeds=rows.seed.tolist(),
        steps=int(common.steps),
        batch_size=int(common.batch_size),
        learning_rate=common.learning_rate,
        product=common["product"],
        log_every=1,
        progress=False,
    )
    if record.interrupted:
        raise KeyboardInterrupt
    return _results(rows, record)[: len(part)]


def _results(rows: pd.DataFrame, record: TrainingRecord) -> pd.DataFrame:
    """The rows with what their training gave."""
    truth = np.array([Gaussian(row.rho, row.dim).mi for row in rows.itertuples()])
    blocks = record.estimate.double().unfold(0, BLOCK, 1).mean(-1).numpy()
    highest = np.where(np.isnan(blocks), -np.inf, blocks).max(axis=0)
    frozen_at = record.frozen_at.numpy()
    results = {
        "truth": truth,
        "estimate": blocks[-1],
        "highest": highest,
        "held_out": _held_out(rows, record),
        "max_gradient_norm": np.nanmax(record.gradient_norm.double().numpy(), axis=0),
        "frozen_at": frozen_at,
        "runs_away": (frozen_at > 0) | (highest > 2 * truth + 1),
    }
    return _typed(rows.assign(**results))


def _held_out(rows: pd.DataFrame, record: TrainingRecord) -> np.ndarray:
    parts = split_replicas(len(rows), EVALUATED_TOGETHER)
    values = [
        evaluate(record.critic[part], *_data(rows[part], TEST_PAIRS, 1), SHIFTS) for part in parts
    ]
    return torch.cat(values).double().numpy()


def _data(rows: pd.DataFrame, n: int, stream: int) -> list[torch.Tensor]:
    """Pairs of each row, (R, n, dim); stream 0 to train on and 1 to evaluate on."""
    drawn = [
        Gaussian(row.rho, row.dim).sample(int(n), seed=2 * row.seed + stream)
        for row in rows.itertuples()
    ]
    return [torch.stack(each) for each in zip(*drawn, strict=True)]
