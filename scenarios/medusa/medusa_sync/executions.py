"""The record of workflow runs in the commerce database, so that failures are seen and open compensations survive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lakesim.clock import format_millis
from lakesim.jsonvalue import dumps, loads
from medusa_sync.database import Database
from medusa_sync.upserts import Upsert
from medusa_sync.workflow import COMPENSATED, COMPENSATING, Run

__all__ = ["Executions", "RecordedRun"]


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A finished run as recorded; `undo` are the documents that are still to be taken back."""

    id: str
    workflow: str
    status: str
    total: int
    error: str | None
    report: Mapping[str, Any]
    undo: tuple[Upsert, ...]
    started_at: str
    finished_at: str


class Executions:
    """Every run of a workflow, with how it ended."""

    def __init__(self, database: Database) -> None:
        """Keep them in `database`."""
        self._database = database

    def record(self, run: Run, *, total: int, report: Mapping[str, Any], started_at: str) -> None:
        """Write down a run that has ended."""
        undo = [one.to_json() for upserts in run.undo.values() for one in upserts]
        row = (
            run.id,
            run.workflow,
            dumps(run.input),
            run.status,
            total,
            run.error,
            dumps(dict(report)),
            dumps(undo) if undo else None,
            started_at,
            format_millis(run.timeline.pace.now()),
        )
        with self._database.transaction() as connection:
            connection.execute("insert into execution values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def all(self, *, status: str | None = None) -> list[RecordedRun]:
        """Return the runs in the order they ended, or those of one status."""
        rows = self._database.rows("select * from execution order by rowid")
        return [
            RecordedRun(
                row["id"],
                row["workflow"],
                row["status"],
                row["total"],
                row["error"],
                loads(row["report"]),
                tuple(Upsert.from_json(one) for one in loads(row["undo"] or "[]")),
                row["started_at"],
                row["finished_at"],
            )
            for row in rows
            if status in (None, row["status"])
        ]

    def open(self) -> list[RecordedRun]:
        """Return the runs whose compensation is not done."""
        return self.all(status=COMPENSATING)

    def close(self, run_id: str) -> None:
        """Note that the compensation of a run is done."""
        with self._database.transaction() as connection:
            connection.execute("update execution set status = ?, undo = null where id = ?", (COMPENSATED, run_id))
