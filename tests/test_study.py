"""Studies: one table, whole after every interruption, the same whoever computed it."""

import itertools
import math
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing, nullcontext
from multiprocessing import get_context

import numpy as np
import pytest
from pandas.testing import assert_frame_equal

import mine_lib as ml
from mine_lib.runs import Run
from mine_lib.store import Store
from mine_lib.study import study

SMALL = {"n": [400], "steps": [150], "batch_size": [16], "width": [8], "learning_rate": [0.01]}
GRID = SMALL | {"rho": [0.0, 0.8], "dim": [1, 2], "alpha": [1.0, 0.01], "seed": [0, 1, 2]}
study_module = sys.modules["mine_lib.study"]  # ml.study is the function


@pytest.fixture(scope="module")
def whole():
    return study(GRID, progress=False)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.sqlite"


def assert_same(found, expected):
    assert_frame_equal(found, expected, check_exact=True)


def stored(path):
    """Number of rows in the file, which may not be there yet."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            return database.execute("SELECT count(*) FROM study").fetchone()[0]
    except sqlite3.OperationalError:
        return 0


def wait_for_rows(path, rows):
    deadline = time.monotonic() + 120
    while stored(path) < rows and time.monotonic() < deadline:
        time.sleep(0.002)


def test_a_row_for_each_setting_and_seed(whole):
    assert len(whole) == len(whole[[*GRID]].drop_duplicates()) == 2 * 2 * 2 * 3
    assert whole.query("rho == 0.8 and dim == 2").truth.unique() == pytest.approx(
        [-math.log(1 - 0.8**2)]
    )
    assert (whole.frozen_at == 0).all()
    assert not whole.runs_away.any()
    strong = whole.query("rho == 0.8 and dim == 1 and alpha == 0.01")
    assert strong.held_out.mean() == pytest.approx(ml.Gaussian(0.8).mi, abs=0.2)
    assert set(whole["product"]) == {"shift"}  # a default, in the table as well


@pytest.mark.parametrize("alpha", [0.01, 1.0])  # 1 is vanilla
def test_a_row_is_what_train_says(whole, alpha):
    pairs = ml.Gaussian(0.8).sample(400, seed=2 * 2)
    settings = {"steps": 150, "batch_size": 16, "hidden": (8, 8), "learning_rate": 0.01}
    settings |= {"objective": ml.MINE(alpha), "seeds": [2, 9], "log_every": 1}
    record = ml.train(*pairs, **settings, progress=False)
    fresh = ml.Gaussian(0.8).sample(10_000, seed=2 * 2 + 1)
    row = whole.query(f"rho == 0.8 and dim == 1 and alpha == {alpha} and seed == 2").iloc[0]
    assert row.estimate == pytest.approx(record.estimate[-100:, 0].mean().item(), rel=1e-6)
    blocks = record.estimate[:, 0].unfold(0, 100, 1).mean(-1)
    assert row.highest == pytest.approx(blocks.max().item(), rel=1e-6)
    assert row.max_gradient_norm == pytest.approx(record.gradient_norm[:, 0].max().item())
    held_out = ml.evaluate(record.critic, *fresh, shifts=10)[0].item()
    assert row.held_out == pytest.approx(held_out, rel=1e-6)


@pytest.mark.parametrize("part_size", [1, 5])
def test_no_bit_depends_on_parts(whole, part_size):
    assert_same(study(GRID, progress=False, part_size=part_size), whole)


@pytest.fixture
def trained(monkeypatch):
    """Parts that were trained from here on."""
    parts, run = [], study_module._run

    def counted(part):
        parts.append(part)
        return run(part)

    monkeypatch.setattr(study_module, "_run", counted)
    return parts


def test_what_is_stored_is_not_trained_again(whole, path, trained):
    fewer = GRID | {"seed": [0, 2], "rho": [0.8]}
    first = study(fewer, path=path, part_size=3, progress=False)
    assert len(first) == stored(path) == 8
    trained.clear()
    assert_same(study(GRID, path=path, progress=False), whole)
    assert sum(map(len, trained)) == 24 - 8
    trained.clear()
    assert_same(study(GRID, path=path, progress=False), whole)
    assert not trained
    # rows come in the order of the grid, not in that of the file
    assert_same(study(fewer, path=path, progress=False), first)
    assert stored(path) == 24


def test_a_run_that_went_astray_is_a_row_too():
    astray = {"rho": [0.99], "alpha": [1], "batch_size": [2], "steps": [800]}
    wild = study(SMALL | astray | {"width": [32], "seed": [0, 1]}, progress=False)
    assert wild.runs_away.all()
    assert (wild.highest > 2 * wild.truth + 1).all()


def test_a_run_that_froze_is_a_row_too_and_stored_as_it_is(path, trained):
    frozen = {"rho": [0.99], "alpha": [1], "batch_size": [2], "learning_rate": [3.0]}
    grid = SMALL | frozen | {"steps": [400], "stable": [False], "seed": [0, 1, 2]}
    found = study(grid, path=path, progress=False)
    assert found.runs_away.all()
    assert (found.frozen_at > 0).all()
    assert found.estimate.isna().all()
    assert (found.highest == -math.inf).any()
    assert np.isfinite(found.held_out).all()  # of the last finite weights
    trained.clear()
    assert_same(study(grid, path=path, progress=False), found)
    assert not trained


@pytest.fixture(params=[0, 1])
def executor(request):
    if not request.param:
        yield None
        return
    with ThreadPoolExecutor(1) as threads:
        yield threads


def test_an_interrupted_part_is_not_stored(executor, path, trained, monkeypatch):
    step, write, later, written = Run.step, Store.write, itertools.count(), threading.Event()

    def interrupted(self):
        if len(trained) == 2 and next(later) > 120:  # after the first 100 steps of a part
            written.wait(timeout=60)
            raise KeyboardInterrupt
        step(self)

    def noted(self, table):
        write(self, table)
        written.set()

    monkeypatch.setattr(Run, "step", interrupted)
    monkeypatch.setattr(Store, "write", noted)
    with pytest.raises(KeyboardInterrupt):
        study(GRID, executor=executor, path=path, part_size=4, progress=False)
    assert stored(path) == 4  # the first part


RUN = """
import sys
from mine_lib.study import study
study({grid}, path=sys.argv[1], part_size=2, progress=False)
"""


def test_a_killed_study_resumes_to_the_last_bit(whole, path, trained):
    running = subprocess.Popen([sys.executable, "-c", RUN.format(grid=GRID), path])
    wait_for_rows(path, 4)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    before = stored(path)
    assert before in range(4, 24, 2)  # killed in the middle; whole parts
    assert_same(study(GRID, path=path, part_size=2, progress=False), whole)
    assert sum(map(len, trained)) == 24 - before
    assert stored(path) == 24


def test_two_runs_at_once_leave_no_row_twice(whole, path, monkeypatch, trained):
    read, both_have_read = Store.read, threading.Barrier(2)

    def together(self):
        table = read(self)
        both_have_read.wait(timeout=60)
        return table

    monkeypatch.setattr(Store, "read", together)
    with ThreadPoolExecutor(2) as threads:
        options = {"path": path, "part_size": 5, "progress": False}
        both = [threads.submit(study, GRID, **options) for _ in range(2)]
        for each in both:
            assert_same(each.result(), whole)
    assert sum(map(len, trained)) == 48
    assert stored(path) == 24
    monkeypatch.setattr(Store, "read", read)
    assert_same(study(GRID, path=path, progress=False), whole)


def test_any_executor_gives_the_same_table(whole, path):
    with ThreadPoolExecutor(2) as threads:
        assert_same(study(GRID, executor=threads, part_size=6, progress=False), whole)
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        found = study(GRID, executor=processes, path=path, part_size=6, progress=False)
    assert_same(found, whole)
    assert stored(path) == 24


def test_only_the_calling_process_writes(path, monkeypatch):
    monkeypatch.setattr(Store, "write", lambda self, table: None)
    with ProcessPoolExecutor(1, get_context("spawn")) as processes:
        study(SMALL, executor=processes, path=path, progress=False)
    assert stored(path) == 0


def test_a_worker_that_fails_loses_only_its_part(path, monkeypatch):
    run = study_module._run

    def failing(part):
        if (part.dim == 1).all():  # the first of two
            raise MemoryError("no room")
        return run(part)

    monkeypatch.setattr(study_module, "_run", failing)
    with ThreadPoolExecutor(1) as threads, pytest.raises(MemoryError, match="no room"):
        study(GRID, executor=threads, path=path, progress=False)
    assert stored(path) == 12


def test_a_dask_cluster_survives_the_loss_of_a_worker(whole, path):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
        ThreadPoolExecutor(1) as background,
    ):
        grid = GRID | {"steps": [1500]}
        options = {"executor": client.get_executor(), "path": path, "part_size": 2}
        running = background.submit(study, grid, progress=False, **options)
        wait_for_rows(path, 1)
        victims = client.run(os.getpid)
        os.kill(next(iter(victims.values())), signal.SIGKILL)
        assert stored(path) < 24  # in the middle
        found = running.result(timeout=300)
    assert_same(found, study(grid, progress=False))


def test_a_file_of_something_else_is_refused_before_anything_is_trained(path, trained):
    path.write_text("a letter\n" * 1000, "utf-8")
    with pytest.raises(ValueError, match=r"path = '.*study.sqlite': cannot be read as a study"):
        study(SMALL, path=path)
    assert path.read_text("utf-8") == "a letter\n" * 1000
    assert not trained


def test_a_file_belongs_to_one_version_and_one_precision(path, monkeypatch):
    study(SMALL, path=path, progress=False)
    monkeypatch.setattr(study_module.torch, "get_default_dtype", lambda: "torch.float64")
    with pytest.raises(ValueError, match=r"holds a study of .*32.*this is .*64.*: must be another"):
        study(SMALL, path=path)
    monkeypatch.undo()
    monkeypatch.setattr(study_module, "version", lambda name: "99.0")
    with pytest.raises(ValueError, match=r"holds a study of .*this is .*99.0"):
        study(SMALL, path=path)


def test_a_part_that_cannot_be_stored_ends_the_study(executor, path, trained, monkeypatch):
    def disk_full(self, table):
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Store, "write", disk_full)
    with pytest.raises(sqlite3.OperationalError, match="disk is full"):
        study(GRID, executor=executor, path=path, part_size=2, progress=False)
    if executor:
        executor.shutdown()
    assert len(trained) < 8  # of 12 parts


def test_the_bar_counts_parts(monkeypatch):
    bars, advances = [], []

    def bar(*arguments):
        bars.append(arguments)
        return nullcontext(advances.append)

    monkeypatch.setattr(study_module, "progress_bar", bar)
    study(SMALL | {"seed": [0, 1, 2]}, part_size=1)
    assert bars == [(3, True)]
    assert advances == [1, 1, 1]
