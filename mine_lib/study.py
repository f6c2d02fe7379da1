"""Studies: MINE over a grid of settings, as one table that survives interruptions (chapter 6)."""

import itertools
import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from contextlib import closing
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from mine_lib.checks import (
    check_at_most,
    check_between,
    check_choice,
    check_count,
    check_rate,
)
from mine_lib.distributions import correlated_gaussians, gaussian_mi
from mine_lib.networks import split_replicas
from mine_lib.progress import progress_bar
from mine_lib.training import MINE, PRODUCTS, TrainingRecord, evaluate, train

DEFAULTS = {
    "rho": 0.9,
    "dim": 1,
    "n": 10_000,
    "batch_size": 128,
    "variant": "ema",
    "alpha": 0.01,
    "width": 64,
    "learning_rate": 1e-3,
    "product": "shift",
    "stable": True,
    "steps": 2000,
    "seed": 0,
}
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
    chunk: int | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Train MINE on correlated Gaussians for all combinations of settings; one row for each.

    grid: values of rho, dim, n, batch_size, variant, alpha, width (of two hidden layers),
    learning_rate, product, stable (see `train`), steps and seed; those left out take the value in
    `DEFAULTS`. A seed stands for the data, the initial weights and the batches. alpha says nothing
    to "vanilla": with a list of alphas, give the two variants as two grids.
    path: folder in which every finished part of up to `part_size` rows is stored, as Parquet. The
    same call resumes after a crash or a kill; a larger grid trains only what is new.
    executor: any concurrent.futures.Executor, which gets one task a part; by default parts run one
    after the other in this process. If a part fails there, the others are finished and stored
    before the error is raised. chunk: see `train`. No value depends on part_size, chunk, executor
    or on what was resumed.

    The columns are the settings and, in nats, truth, estimate (mean of the last 100 batch values,
    NaN if the run ended before), highest (largest mean of 100 successive batch values, -inf if the
    run ended before the 100th), held_out (value on 10 000 new pairs with 10 shifts, of the last
    finite weights); further max_gradient_norm, frozen_at (step at which the run turned non-finite,
    or 0) and runs_away (frozen, or highest > 2 truth + 1).

    Raises ValueError before anything is trained on unknown settings and values out of range, and if
    path holds something else or a study of another version of mine_lib.
    """
    check_count("part_size", part_size)
    if chunk is not None:
        check_count("chunk", chunk, 2)
    if not (executor is None or isinstance(executor, Executor)):
        raise ValueError(f"executor = {executor!r}: must be a concurrent.futures.Executor")
    settings = _settings(grid)
    store = _Store(path) if path is not None else None
    done = store.read() if store else _table([])
    is_new = ~pd.MultiIndex.from_frame(settings).isin(pd.MultiIndex.from_frame(done[[*DEFAULTS]]))
    parts = _parts(settings[is_new], part_size)
    results = _run_here(parts, chunk) if executor is None else _run_there(parts, chunk, executor)
    tables = [done]
    with closing(results), progress_bar(parts, progress) as bar:
        for _, table in zip(bar, results, strict=False):  # parts that fail are missing
            if store:
                store.write(table)
            tables.append(table)
    return settings.merge(pd.concat(tables, ignore_index=True), how="left", validate="1:1")


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
    table = pd.DataFrame(itertools.product(*columns.values()), columns=[*columns])
    return _typed(table)


def _count(least: int) -> Callable[[str, object], int]:
    return lambda name, value: check_count(name, value, least)


_CHECKS = {
    "rho": lambda name, value: check_between(name, value, -1, 1),
    "dim": check_count,
    "n": _count(2),
    "batch_size": _count(2),
    "variant": lambda name, value: check_choice(name, value, MINE),
    "alpha": check_rate,
    "width": check_count,
    "learning_rate": lambda name, value: check_between(name, value, 0, float("inf")),
    "product": lambda name, value: check_choice(name, value, PRODUCTS),
    "stable": lambda name, value: check_choice(name, value, (False, True)),
    "steps": _count(BLOCK),
    "seed": lambda name, value: check_count(name, check_at_most(name, value, 2**62), 0),
}
_RESULTS = {
    "truth": float,
    "estimate": float,
    "highest": float,
    "held_out": float,
    "max_gradient_norm": float,
    "frozen_at": int,
    "runs_away": bool,
}


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    kinds = {name: type(value) for name, value in DEFAULTS.items()} | _RESULTS
    return table.astype({name: kinds[name] for name in table})


def _table(rows: list) -> pd.DataFrame:
    return _typed(pd.DataFrame(rows, columns=[*DEFAULTS, *_RESULTS]))


def _parts(settings: pd.DataFrame, part_size: int) -> list[pd.DataFrame]:
    """Settings that are trained together, at most part_size in a part."""
    parts = []
    for _, group in settings.groupby(TOGETHER, sort=False):
        pieces = -(-len(group) // part_size)
        ends = [len(group) * k // pieces for k in range(pieces + 1)]
        parts += [group.iloc[start:end] for start, end in itertools.pairwise(ends)]
    return parts


def _run_here(parts: list[pd.DataFrame], chunk: int | None) -> Iterator[pd.DataFrame]:
    return (_run(part, chunk) for part in parts)


def _run_there(
    parts: list[pd.DataFrame], chunk: int | None, executor: Executor
) -> Iterator[pd.DataFrame]:
    """Tables of the parts in the order in which they end; an error of one comes after them."""
    futures: list[Future] = [executor.submit(_run, part, chunk) for part in parts]
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


def _run(part: pd.DataFrame, chunk: int | None) -> pd.DataFrame:
    """Train the rows of a part together and return them with their results."""
    # Products of one matrix are rounded otherwise than those of many: a single row runs twice.
    rows = part if len(part) > 1 else pd.concat([part, part])
    common = rows.iloc[0]
    alphas = np.where(rows.variant == "vanilla", 1.0, rows.alpha)
    record = train(
        *_data(rows, common.n, 0),
        alpha=alphas.tolist(),
        steps=int(common.steps),
        batch_size=int(common.batch_size),
        learning_rate=common.learning_rate,
        hidden=(int(common.width),) * 2,
        seeds=rows.seed.tolist(),
        product=common["product"],
        stable=bool(common.stable),
        chunk=chunk,
        log_every=1,
        progress=False,
    )
    if record.interrupted:
        raise KeyboardInterrupt
    return _results(rows, record)[: len(part)]


def _results(rows: pd.DataFrame, record: TrainingRecord) -> pd.DataFrame:
    """The rows with what their training gave."""
    truth = np.array([gaussian_mi(rho, dim) for rho, dim in zip(rows.rho, rows.dim, strict=True)])
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
    values = []
    for part in split_replicas(len(rows), EVALUATED_TOGETHER):
        critic = partial(record.network, replicas=part)
        values.append(evaluate(critic, *_data(rows[part], TEST_PAIRS, 1), SHIFTS))
    return torch.cat(values).double().numpy()


def _data(rows: pd.DataFrame, n: int, stream: int) -> list[torch.Tensor]:
    """Pairs of each row, (R, n, dim); stream 0 to train on and 1 to evaluate on."""
    drawn = [
        correlated_gaussians(int(n), row.rho, int(row.dim), seed=2 * int(row.seed) + stream)
        for row in rows.itertuples()
    ]
    return [torch.stack(each) for each in zip(*drawn, strict=True)]


class _Store:
    """A folder of Parquet files that are whole or not there."""

    def __init__(self, path: str | os.PathLike) -> None:
        self.folder = Path(path)
        self.folder.mkdir(parents=True, exist_ok=True)
        made_by = {"mine_lib": version("mine-lib"), "dtype": str(torch.get_default_dtype())}
        label = self.folder / "study.json"
        if not label.exists():
            self._write(label, lambda file: file.write_text(json.dumps(made_by)))
        found = json.loads(label.read_text())
        if found != made_by:
            self._refuse(f"holds a study of {found}, this is {made_by}: must be another folder")

    def read(self) -> pd.DataFrame:
        """All stored rows, each once: two runs at once may have stored the same, of equal value."""
        tables = [_table([])]
        for file in sorted(self.folder.glob("part-*.parquet")):
            try:
                tables.append(pd.read_parquet(file))
            except (OSError, ValueError) as error:
                self._refuse(f"{file.name} cannot be read ({error}): delete it to train its rows")
            if [*tables[-1]] != [*DEFAULTS, *_RESULTS]:
                self._refuse(f"{file.name} holds another kind of table: must be another folder")
        return pd.concat(tables, ignore_index=True).drop_duplicates([*DEFAULTS])

    def write(self, table: pd.DataFrame) -> None:
        """Store the table as a part of its own."""
        name = f"part-{uuid.uuid4().hex}.parquet"
        self._write(self.folder / name, lambda file: table.to_parquet(file, index=False))

    def _write(self, file: Path, write: Callable[[Path], object]) -> None:
        """Write under another name, wait for the disk, then rename: all or nothing."""
        unfinished = self.folder / f".{uuid.uuid4().hex}"
        write(unfinished)
        with unfinished.open("rb+") as written:
            os.fsync(written.fileno())
        unfinished.replace(file)

    def _refuse(self, reason: str) -> None:
        raise ValueError(f"path = {str(self.folder)!r}: {reason}")
