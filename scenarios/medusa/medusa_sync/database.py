"""The commerce side's SQLite database: its tables, one connection for all threads, transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from threading import RLock
from types import TracebackType
from typing import Any, Final

from medusa_sync.errors import BadInputError

__all__ = ["Database"]

_TABLES: Final = """
create table if not exists product (
    id text primary key, title text not null, handle text not null unique, description text not null,
    status text not null, created_at text not null, updated_at text not null
) strict;
create table if not exists variant (
    id text primary key, product_id text not null references product (id) on delete cascade,
    title text not null, price integer not null, currency text not null, inventory integer not null
) strict;
create index if not exists variant_product on variant (product_id);
create table if not exists event (
    number integer primary key autoincrement, name text not null, product_id text not null, at text not null,
    state text not null default 'pending', attempts integer not null default 0, error text
) strict;
create index if not exists event_state on event (state, number);
create table if not exists execution (
    id text primary key, workflow text not null, input text not null, status text not null, total integer not null,
    error text, report text not null, undo text, started_at text not null, finished_at text not null
) strict;
"""
_BUSY_SECONDS: Final = 10.0
"""How long a write waits for that of another process."""


class Database:
    """A SQLite file, or memory: several threads share one connection, several processes one file."""

    def __init__(self, path: str | PathLike[str] = ":memory:") -> None:
        """Open it, with its tables.

        Raises: BadInputError for a file that is no SQLite database or cannot be opened.
        """
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        try:
            self._connection = sqlite3.connect(
                path, check_same_thread=False, isolation_level=None, timeout=_BUSY_SECONDS
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("pragma journal_mode = wal")
            self._connection.execute("pragma foreign_keys = on")
            self._connection.executescript(_TABLES)
        except sqlite3.Error as error:
            self.close()
            raise BadInputError(f"commerce database {path}: {error}; name a SQLite file, or one to be made") from None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the database for one transaction: all of it is written, or nothing."""
        with self._lock:
            connection = self._open()
            connection.execute("begin immediate")
            try:
                yield connection
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")

    def rows(self, sql: str, *parameters: Any) -> list[sqlite3.Row]:
        """Return the rows of a question."""
        with self._lock:
            return self._open().execute(sql, parameters).fetchall()

    def dump(self, *tables: str) -> str:
        """Return the contents of tables as text, to compare two moments."""
        return "\n".join(
            f"{table}: {tuple(row)}" for table in tables for row in self.rows(f"select * from {table} order by 1")
        )

    def close(self) -> None:
        """Close the connection; asking afterwards is an error."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __enter__(self) -> Database:
        """Return the database itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise BadInputError("the commerce database is closed")
        return self._connection
