"""The tables of an audit: rows of an export in an analytical database on disk, with a bound on the memory it takes."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb

from bidir.errors import BidirError

__all__ = ["BATCH_ROWS", "MEMORY_LIMIT", "Tables", "TablesError", "open_tables"]

BATCH_ROWS: Final = 10_000
"""Rows of one table that are held before they are handed over, and rows read at a time."""

MEMORY_LIMIT: Final = "512MB"
"""What the database may hold in memory; beyond it, it works on disk."""

_STAGED: Final = {
    "staged_doc": "name VARCHAR, layer INTEGER, type INTEGER, part BOOLEAN, marked BOOLEAN, "
    "line BIGINT, start BIGINT, size BIGINT",
    "staged_edge": "name VARCHAR, layer INTEGER, field INTEGER, target VARCHAR, position INTEGER, strong INTEGER",
    "staged_fault": "name VARCHAR, layer INTEGER, field INTEGER, kind INTEGER, target VARCHAR, number BIGINT, "
    "turn INTEGER",
    "keeps": "field INTEGER",
    "answer": "field INTEGER, type INTEGER, relation INTEGER, mirror INTEGER, single BOOLEAN, weak BOOLEAN",
    "kind_of_type": "type INTEGER, name VARCHAR, live BOOLEAN",
    "layer_name": "layer INTEGER, rank INTEGER, name VARCHAR",
    "locked": "view INTEGER",
    "staged_varied": "name VARCHAR",
}


class TablesError(BidirError):
    """The database could not do its work: no room on the disk, or a memory limit that it does not understand."""


class Tables:
    """Tables in a database file. Rows go in by `add`, in batches; `held_max` is the most rows ever held at once."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the tables that take what is read."""
        self._connection = connection
        self._waiting: dict[str, list[Sequence[Any]]] = {}
        self._held = 0
        self.held_max = 0
        for name, columns in _STAGED.items():
            self.run(f"CREATE TABLE {name} ({columns})")

    def add(self, table: str, row: Sequence[Any]) -> None:
        """Put a row into a table, sooner or later; `flush` makes sure."""
        waiting = self._waiting.setdefault(table, [])
        waiting.append(row)
        self._held += 1
        self.held_max = max(self.held_max, self._held)
        if self._held >= BATCH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Hand over all rows that wait."""
        for table, rows in self._waiting.items():
            if rows:
                with _translated(), self._connection.appender(table) as appender:
                    appender.append_rows(rows)
                rows.clear()
        self._held = 0

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Execute statements for what they do."""
        with _translated():
            self._connection.execute(sql, list(parameters))

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """Return the first row of an answer, or None."""
        return next(self.rows(sql, parameters), None)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of an answer; at most a batch of them is held."""
        with _translated():
            cursor = self._connection.cursor()
        try:
            with _translated():
                cursor.execute(sql, list(parameters))
            while rows := self._fetched(cursor):
                yield from rows
        finally:
            cursor.close()

    def _fetched(self, cursor: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
        with _translated():
            rows: list[tuple[Any, ...]] = cursor.fetchmany(BATCH_ROWS)
        self.held_max = max(self.held_max, len(rows))
        return rows


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        text = str(error).splitlines()[0]
        hint = " (TMPDIR names another place for its tables)" if "No space left" in text else ""
        raise TablesError(f"the database of the audit failed: {text}{hint}") from error


@contextmanager
def open_tables(*, memory_limit: str = MEMORY_LIMIT, directory: Path | None = None) -> Iterator[Tables]:
    """Open empty tables in a fresh directory below `directory` (default: the system's for temporary files).

    The directory is gone afterwards. Raises: TablesError for a `memory_limit` that is no size such as "512MB".
    """
    with tempfile.TemporaryDirectory(prefix="bidir-audit-", dir=directory) as place:
        with _translated():
            connection = duckdb.connect(
                str(Path(place, "audit.duckdb")),
                config={
                    "memory_limit": memory_limit,
                    "temp_directory": str(Path(place, "spilled")),
                    "autoinstall_known_extensions": "false",
                    "autoload_known_extensions": "false",
                },
            )
        try:
            yield Tables(connection)
        finally:
            connection.close()
