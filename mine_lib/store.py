"""Tables in a file: what was written once is there whole, whatever happened to the program."""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pandas as pd

TYPES = {str: "TEXT", float: "REAL", int: "INTEGER", bool: "INTEGER"}  # NaN is kept as NULL
LOCKED = 60  # seconds to wait while another program writes


class Store:
    """A table in an SQLite file; rows written together are whole or not there, and none is twice.

    path: the file. kinds: str, float, int or bool of each column. key: columns that tell rows
    apart. made_by: what the rows depend on; a file that says otherwise is refused.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        kinds: Mapping[str, type],
        key: Sequence[str],
        made_by: Mapping[str, str],
    ) -> None:
        self.path = Path(path).absolute()
        self.kinds, self.key, self.made_by = dict(kinds), list(key), dict(made_by)

    def read(self) -> pd.DataFrame:
        """All rows, in no particular order; where there is no file, one without rows is made.

        Raises ValueError if the file holds something else, or cannot be read.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._transaction() as database:
                if not database.execute("SELECT 1 FROM sqlite_master").fetchone():
                    self._create(database)
                found = dict(database.execute("SELECT name, value FROM made_by"))
                if found == self.made_by:
                    rows = database.execute(f"SELECT {', '.join(self.kinds)} FROM study").fetchall()
        except (OSError, sqlite3.Error) as error:
            self._refuse(f"cannot be read as a study ({error}): must be one, or a new file")
        if found != self.made_by:
            self._refuse(f"holds a study of {found}, this is {self.made_by}: must be another file")
        return pd.DataFrame(rows, columns=[*self.kinds]).astype(self.kinds)

    def write(self, table: pd.DataFrame) -> None:
        """Add the rows, but for those that are there. Raises sqlite3.Error if it cannot."""
        names, values = ", ".join(self.kinds), ", ".join("?" * len(self.kinds))
        insert = f"INSERT INTO study ({names}) VALUES ({values}) ON CONFLICT DO NOTHING"
        with self._transaction() as database:
            database.executemany(insert, table[[*self.kinds]].itertuples(index=False))

    def _create(self, database: sqlite3.Connection) -> None:
        """Make the tables, unless another program was first."""
        columns = [f"{name} {TYPES[kind]}" for name, kind in self.kinds.items()]
        columns.append(f"PRIMARY KEY ({', '.join(self.key)})")
        database.execute("BEGIN IMMEDIATE")
        database.execute("CREATE TABLE IF NOT EXISTS made_by (name TEXT PRIMARY KEY, value TEXT)")
        database.execute(f"CREATE TABLE IF NOT EXISTS study ({', '.join(columns)}) WITHOUT ROWID")
        insert = "INSERT INTO made_by VALUES (?, ?) ON CONFLICT DO NOTHING"
        database.executemany(insert, self.made_by.items())

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection whose changes are all on the disk at the end, or none of them."""
        opened = sqlite3.connect(self.path, timeout=LOCKED, isolation_level="IMMEDIATE")
        with closing(opened) as database, database:
            database.execute("PRAGMA synchronous = EXTRA")
            yield database

    def _refuse(self, reason: str) -> None:
        raise ValueError(f"path = {str(self.path)!r}: {reason}")
