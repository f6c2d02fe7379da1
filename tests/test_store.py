"""A table in a file: exact, whole after every interruption, never another's."""

import math
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from mine_lib import store
from mine_lib.store import Store

KINDS = {"name": str, "k": int, "x": float, "is_good": bool}
MADE_BY = {"mine_lib": "1.2"}
SETTINGS = KINDS, ["name", "k"], MADE_BY


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.sqlite"


def table_of(*rows):
    return pd.DataFrame(rows, columns=[*KINDS]).astype(KINDS)


SOME = table_of(("a", 1, 0.5, True), ("b", 1, 1 / 3, False), ("a", 2, 2.0, True))
MANY = table_of(*(("many", k, k / 7, False) for k in range(5000)))


def in_order(table):
    return table.sort_values(["name", "k"], ignore_index=True)


def assert_holds(path, table):
    assert_frame_equal(in_order(Store(path, *SETTINGS).read()), in_order(table), check_exact=True)


@pytest.fixture
def written(path):
    table = Store(path, *SETTINGS)
    table.read()
    table.write(SOME)
    return path


def test_every_value_comes_back_as_it_was(path):
    numbers = [math.nan, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 0.1, -3.0, 2.0**62]
    table = table_of(*(("ä 'x'", 2**62 - k, x, k % 2 == 0) for k, x in enumerate(numbers)))
    assert Store(path, *SETTINGS).read().empty
    Store(path, *SETTINGS).write(table)
    assert_holds(path, table)


def test_an_empty_table_has_its_columns_and_kinds(path):
    for _ in range(2):  # made and read
        assert_frame_equal(Store(path, *SETTINGS).read(), table_of())


def test_a_row_is_stored_once_and_stays_as_it_is(written):
    Store(written, *SETTINGS).write(SOME.assign(x=9.0))
    Store(written, *SETTINGS).write(table_of(("a", 1, 9.0, True), ("c", 1, 9.0, True)))
    assert_holds(written, pd.concat([SOME, table_of(("c", 1, 9.0, True))]))


def test_missing_folders_are_made_and_an_empty_file_is_filled(tmp_path):
    path = tmp_path / "one" / "two" / "study.sqlite"
    assert Store(path, *SETTINGS).read().empty
    path.write_bytes(b"")  # as a kill leaves it before the first table is there
    assert Store(path, *SETTINGS).read().empty
    Store(path, *SETTINGS).write(SOME)
    assert_holds(path, SOME)


def test_the_file_stays_the_same_when_the_program_changes_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    relative = Store("study.sqlite", *SETTINGS)
    relative.read()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    relative.write(SOME)
    assert_holds(tmp_path / "study.sqlite", SOME)


KILLED = """
import os, signal, sqlite3, sys
from functools import partial
sys.path.insert(0, sys.argv[2])
from test_store import MANY, SETTINGS, Store

class Killed(sqlite3.Connection):
    def executemany(self, sql, rows):
        self.execute("PRAGMA cache_size = 1")  # so that rows are on the disk before the end
        return super().executemany(sql, self.until_killed(rows))

    def until_killed(self, rows):
        for k, row in enumerate(rows):
            if k == 4900:
                os.kill(os.getpid(), signal.SIGKILL)
            yield row

sqlite3.connect = partial(sqlite3.connect, factory=Killed)
Store(sys.argv[1], *SETTINGS).write(MANY)
"""


def test_rows_written_together_are_whole_or_not_there_after_a_kill(path):
    table = Store(path, *SETTINGS)
    table.read()
    table.write(MANY[::2])
    before = path.read_bytes()
    command = [sys.executable, "-c", KILLED, path, os.path.dirname(__file__)]
    assert subprocess.run(command).returncode == -signal.SIGKILL
    assert path.read_bytes()[: len(before)] != before  # there is something to take back
    assert_holds(path, MANY[::2])
    table.write(MANY)
    assert_holds(path, MANY)


def test_rows_written_together_are_whole_or_not_there_on_a_full_disk(written, monkeypatch):
    class Full(sqlite3.Connection):
        def executemany(self, sql, rows):
            self.execute("PRAGMA max_page_count = 9")
            return super().executemany(sql, rows)

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Full))
        with pytest.raises(sqlite3.OperationalError, match="full"):
            Store(written, *SETTINGS).write(MANY)
    assert_holds(written, SOME)


def test_a_write_waits_while_another_program_writes(written):
    other = sqlite3.connect(written, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(0.3, other.rollback)
    release.start()
    Store(written, *SETTINGS).write(table_of(("c", 1, 0.0, True)))
    release.join()
    other.close()
    assert_holds(written, pd.concat([SOME, table_of(("c", 1, 0.0, True))]))


def test_a_file_that_stays_locked_is_refused_in_words(written, monkeypatch):
    monkeypatch.setattr(store, "LOCKED", 0.05)
    with closing(sqlite3.connect(written, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ValueError, match=r"cannot be read as a study \(database is locked\)"):
            Store(written, *SETTINGS).read()
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            Store(written, *SETTINGS).write(SOME)


def test_programs_that_make_the_file_at_once_agree(tmp_path):
    together = threading.Barrier(4)

    def make(path, k):
        table = Store(path, *SETTINGS)
        together.wait(timeout=60)
        table.read()
        table.write(table_of(("a", k, 0.0, True)))

    with ThreadPoolExecutor(4) as threads:
        for trial in range(20):
            path = tmp_path / f"{trial}.sqlite"
            for each in [threads.submit(make, path, k) for k in range(4)]:
                each.result()
            assert_holds(path, table_of(*(("a", k, 0.0, True) for k in range(4))))


@pytest.mark.parametrize("other", [{"mine_lib": "1.3"}, {}, MADE_BY | {"dtype": "float64"}])
def test_a_file_that_something_else_made_is_refused(other, written):
    before = written.read_bytes()
    with pytest.raises(ValueError, match=r"holds a study of \{'mine_lib': '1.2'\}, this is "):
        Store(written, *SETTINGS[:2], other).read()
    assert written.read_bytes() == before


def database_of(*statements):
    def make(path):
        with closing(sqlite3.connect(path)) as database, database:
            for statement in statements:
                database.execute(statement)

    return make


MADE = "CREATE TABLE made_by AS SELECT 'mine_lib' AS name, '1.2' AS value"
ANOTHERS = {
    "file is not a database": lambda path: path.write_text("a letter", "utf-8"),
    "file is not a database ": lambda path: path.write_bytes(bytes(4096)),
    "no such table: made_by": database_of("CREATE TABLE study (rho REAL)"),
    "no such table: study": database_of(MADE),
    "no such column: k": database_of(MADE, "CREATE TABLE study AS SELECT 'a' AS name"),
    "no such column: value": database_of("CREATE TABLE made_by (name TEXT)"),
}


@pytest.mark.parametrize("reason", ANOTHERS)
def test_a_file_of_something_else_is_refused_and_left_alone(reason, path):
    ANOTHERS[reason](path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=rf"path = '.*study.sqlite': .*\({reason.strip()}\)"):
        Store(path, *SETTINGS).read()
    assert path.read_bytes() == before


def test_a_broken_file_is_refused(written):
    Store(written, *SETTINGS).write(MANY)
    content = written.read_bytes()
    written.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"cannot be read as a study \(.*malformed\)"):
        Store(written, *SETTINGS).read()


def test_a_path_that_cannot_be_a_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"cannot be read as a study \(unable to open"):
        Store(tmp_path, *SETTINGS).read()  # a folder
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(ValueError, match=r"path = '.*file/below': cannot be read as a study"):
        Store(tmp_path / "file" / "below", *SETTINGS).read()
