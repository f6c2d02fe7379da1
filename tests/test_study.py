"""Studies: one table, whole after every interruption, the same whoever computed it."""

import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import mine_lib as ml
from mine_lib import training

SMALL = {"n": [400], "steps": [150], "batch_size": [16], "width": [8], "learning_rate": [0.01]}
GRID = SMALL | {"rho": [0.0, 0.8], "dim": [1, 2], "variant": ["vanilla", "ema"], "seed": [0, 1, 2]}
study_module = sys.modules["mine_lib.study"]  # ml.study is the function


@pytest.fixture(scope="module")
def whole():
    return ml.study(GRID, progress=False)


def assert_same(found, expected):
    assert_frame_equal(found, expected, check_exact=True)


def test_a_row_for_each_setting_and_seed(whole):
    assert len(whole) == len(whole[[*GRID]].drop_duplicates()) == 2 * 2 * 2 * 3
    assert whole.query("rho == 0.8 and dim == 2").truth.unique() == pytest.approx(
        [-math.log(1 - 0.8**2)]
    )
    assert (whole.frozen_at == 0).all()
    assert not whole.runs_away.any()
    strong = whole.query("rho == 0.8 and dim == 1 and variant == 'ema'")
    assert strong.held_out.mean() == pytest.approx(ml.gaussian_mi(0.8), abs=0.2)
    assert set(whole.alpha) == {0.01}  # a default, in the table as well


def test_a_row_is_what_train_says(whole):
    pairs = ml.correlated_gaussians(400, 0.8, seed=2 * 2)
    settings = {"steps": 150, "batch_size": 16, "hidden": (8, 8), "learning_rate": 0.01}
    record = ml.train(*pairs, seeds=[2, 9], log_every=1, progress=False, **settings)
    fresh = ml.correlated_gaussians(10_000, 0.8, seed=2 * 2 + 1)
    row = whole.query("rho == 0.8 and dim == 1 and variant == 'ema' and seed == 2").iloc[0]
    assert row.estimate == pytest.approx(record.estimate[-100:, 0].mean().item(), rel=1e-6)
    assert row.max_gradient_norm == pytest.approx(record.gradient_norm[:, 0].max().item())
    held_out = ml.evaluate(record.network, *fresh, shifts=10)[0].item()
    assert row.held_out == pytest.approx(held_out, rel=1e-6)


@pytest.mark.parametrize("options", [{"part_size": 1}, {"part_size": 5}, {"chunk": 2}])
def test_no_bit_depends_on_parts_or_chunks(whole, options):
    assert_same(ml.study(GRID, progress=False, **options), whole)


def test_what_is_stored_is_not_trained_again(whole, tmp_path, monkeypatch):
    fewer = GRID | {"seed": [0, 2], "rho": [0.8]}
    first = ml.study(fewer, path=tmp_path, part_size=3, progress=False)
    assert len(first) == 8
    trained, run = [], study_module._run

    def counted(part, chunk):
        trained.append(part)
        return run(part, chunk)

    monkeypatch.setattr(study_module, "_run", counted)
    assert_same(ml.study(GRID, path=tmp_path, progress=False), whole)
    assert sum(map(len, trained)) == 24 - 8
    trained.clear()
    assert_same(ml.study(GRID, path=tmp_path, progress=False), whole)
    assert not trained
    # rows come in the order of the grid, not in that of the folder
    assert ml.study(fewer, path=tmp_path, progress=False).equals(first)


def test_a_run_that_went_astray_is_a_row_too():
    astray = {"rho": [0.99], "variant": ["vanilla"], "batch_size": [2], "steps": [800]}
    wild = ml.study(SMALL | astray | {"width": [32], "seed": [0, 1]}, progress=False)
    assert wild.runs_away.all()
    assert (wild.highest > 2 * wild.truth + 1).all()


def test_an_interrupted_part_is_not_stored(tmp_path, monkeypatch):
    step, calls = training._Run.step, []

    def interrupted(self, number):
        calls.append(number)
        if len(calls) == 200:  # in the second part
            raise KeyboardInterrupt
        step(self, number)

    monkeypatch.setattr(training._Run, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ml.study(GRID, path=tmp_path, part_size=4, progress=False)
    assert len(pd.concat(map(pd.read_parquet, tmp_path.glob("*.parquet")))) == 4


RUN = """
import sys, mine_lib as ml
ml.study({grid}, path=sys.argv[1], part_size=2, progress=False)
"""


def test_a_killed_study_resumes_to_the_last_bit(whole, tmp_path):
    program = [sys.executable, "-c", RUN.format(grid=GRID), tmp_path]
    running = subprocess.Popen(program)
    deadline = time.monotonic() + 120
    while len(list(tmp_path.glob("part-*"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.005)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    stored = list(tmp_path.glob("part-*"))
    assert 2 <= len(stored) < 12  # killed in the middle
    before = {file: file.stat().st_mtime_ns for file in stored}
    (tmp_path / ".part-0123456789abcdef.42").write_bytes(b"half a file")
    assert_same(ml.study(GRID, path=tmp_path, part_size=2, progress=False), whole)
    assert {file: file.stat().st_mtime_ns for file in stored} == before


def test_a_part_is_whole_or_not_there(tmp_path, monkeypatch):
    def disk_full(table, path, **options):
        Path(path).write_bytes(b"half a part")
        raise OSError("no space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", disk_full)
    with pytest.raises(OSError, match="no space left"):
        ml.study(GRID, path=tmp_path, progress=False)
    assert not list(tmp_path.glob("part-*"))


def test_two_runs_at_once_leave_no_row_twice(whole, tmp_path):
    with ThreadPoolExecutor(2) as threads:
        options = {"path": tmp_path, "part_size": 5, "progress": False}
        both = [threads.submit(ml.study, GRID, **options) for _ in range(2)]
        for each in both:
            assert_same(each.result(), whole)
    assert len(list(tmp_path.glob("part-*"))) > 6  # some rows were stored twice
    assert_same(ml.study(GRID, path=tmp_path, progress=False), whole)


def test_any_executor_gives_the_same_table(whole, tmp_path):
    with ThreadPoolExecutor(2) as threads:
        assert_same(ml.study(GRID, executor=threads, part_size=6, progress=False), whole)
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        found = ml.study(GRID, executor=processes, path=tmp_path, part_size=6, progress=False)
    assert_same(found, whole)
    assert len(list(tmp_path.glob("part-*"))) == 4


def test_a_worker_that_fails_loses_only_its_part(tmp_path, monkeypatch):
    run = study_module._run

    def failing(part, chunk):
        if (part.dim == 1).all():  # the first of two
            raise MemoryError("no room")
        return run(part, chunk)

    monkeypatch.setattr(study_module, "_run", failing)
    with ThreadPoolExecutor(1) as threads, pytest.raises(MemoryError, match="no room"):
        ml.study(GRID, executor=threads, path=tmp_path, progress=False)
    assert len(pd.concat(map(pd.read_parquet, tmp_path.glob("*.parquet")))) == 12


def test_a_dask_cluster_survives_the_loss_of_a_worker(whole, tmp_path):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
        ThreadPoolExecutor(1) as background,
    ):
        grid = GRID | {"steps": [1500]}
        options = {"executor": client.get_executor(), "path": tmp_path, "part_size": 2}
        running = background.submit(ml.study, grid, progress=False, **options)
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("part-*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        victims = client.run(os.getpid)
        os.kill(next(iter(victims.values())), signal.SIGKILL)
        assert len(list(tmp_path.glob("part-*"))) < 12  # in the middle
        found = running.result(timeout=300)
    assert_same(found, ml.study(grid, progress=False))


BAD = [
    ({"rhos": [0.5]}, "setting = 'rhos': must be one of 'rho'"),
    ({"rho": 0.5}, "rho = 0.5: must be a list"),
    ({"variant": "ema"}, "variant = 'ema': must be a list"),
    ({"rho": [1.0]}, r"rho = 1.0: must be a number in \(-1, 1\)"),
    ({"rho": []}, "rho = \\[\\]: must hold one value or more"),
    ({"seed": [1, 2, 1]}, "seed = .*none twice"),
    ({"seed": [-1]}, "seed = -1"),
    ({"seed": [2**63]}, "seed = 9223372036854775808: must be at most"),
    ({"rho": np.array(0.5)}, r"rho = array\(0.5\): must be a list"),
    ({"n": [100.5]}, "n = 100.5: must be a whole number"),
    ({"variant": ["emma"]}, "variant = 'emma'"),
    ({"alpha": [0]}, "alpha = 0"),
    ({"steps": [50]}, "steps = 50: .* at least 100"),
    ({"n": [100], "batch_size": [128]}, "batch_size = 128: must be at most n = 100"),
]


@pytest.mark.parametrize(("grid", "message"), BAD)
def test_bad_settings_are_refused_before_anything_runs(grid, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        ml.study(grid, path=tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_folder_of_something_else_is_refused(tmp_path):
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "part-1.parquet")
    with pytest.raises(ValueError, match="holds another kind of table"):
        ml.study(GRID, path=tmp_path)
    (tmp_path / "part-1.parquet").write_bytes(b"")
    with pytest.raises(ValueError, match=r"part-1.parquet cannot be read .* delete it"):
        ml.study(GRID, path=tmp_path)


@pytest.mark.parametrize("options", [{"part_size": 0}, {"chunk": 1}, {"executor": 3}])
def test_bad_options_are_refused_before_anything_runs(options, tmp_path):
    (name, value), *_ = options.items()
    with pytest.raises(ValueError, match=f"{name} = {value}: must be"):
        ml.study(GRID, path=tmp_path / "store", **options)
    assert not (tmp_path / "store").exists()


def test_a_folder_belongs_to_one_version(tmp_path, monkeypatch):
    ml.study(SMALL | {"seed": [0]}, path=tmp_path, progress=False)
    monkeypatch.setattr(study_module, "version", lambda name: "99.0")
    with pytest.raises(ValueError, match=r"holds a study of .*this is .*99.0"):
        ml.study(SMALL | {"seed": [0]}, path=tmp_path)


def test_a_write_that_fails_stops_the_study(tmp_path, monkeypatch):
    run, started = study_module._run, []

    def counted(part, chunk):
        started.append(part)
        time.sleep(0.1)
        return run(part, chunk)

    def disk_full(self, table):
        raise OSError("no space left on device")

    monkeypatch.setattr(study_module, "_run", counted)
    monkeypatch.setattr(study_module._Store, "write", disk_full)
    with ThreadPoolExecutor(1) as threads, pytest.raises(OSError, match="no space"):
        ml.study(GRID, executor=threads, path=tmp_path, part_size=2, progress=False)
    assert len(started) < 6  # of 12 parts


def test_numpy_values_and_ranges_are_values():
    grid = SMALL | {"rho": np.array([0.5, 0.6]), "seed": range(1)}
    assert ml.study(grid, progress=False).rho.tolist() == [0.5, 0.6]
