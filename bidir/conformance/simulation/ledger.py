"""The lake's log as the judge reads it: every transaction with its author, and the documents before and after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bidir.conformance.simulation.course import Act
from bidir.conformance.simulation.records import Sent
from bidir.conformance.simulation.running import Run

__all__ = ["Entry", "read_ledger"]

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One committed transaction.

    `before` and `after` hold all stored documents; `changed` the ids of those it touched. `sent` is None for what came
    past every engine, or was done by the lake itself; `act` is the act it carries out, None for a worker's, a rival's
    and the lake's own. `shown` holds the documents as its sender had seen them.
    """

    number: int
    transaction_id: str
    changed: tuple[str, ...]
    before: Mapping[str, Document]
    after: Mapping[str, Document]
    sent: Sent | None
    act: Act | None
    shown: Mapping[str, Document]

    @property
    def author(self) -> str:
        """Who wrote it, in words."""
        if self.sent is not None:
            return self.sent.actor
        return "script" if self.act is not None else "lake"


def read_ledger(run: Run) -> Iterator[Entry]:
    """Yield the transactions after the beginning, in commit order."""
    documents: dict[str, Document] = {}
    versions: dict[tuple[str, str], Document] = {}
    acts = {act.number: act for act in run.course.acts}
    for number, row in enumerate(run.rows):
        before = documents
        documents = dict(documents)
        for change in row.changes:
            if change.after is None:
                documents.pop(change.document_id, None)
            else:
                documents[change.document_id] = change.after
                versions[change.document_id, change.after["_rev"]] = change.after
        if number < run.given:
            continue
        sent = run.records.sent.get(row.transaction_id)
        act_number = run.records.strangers.get(row.transaction_id) if sent is None else sent.act
        yield Entry(
            number,
            row.transaction_id,
            tuple(change.document_id for change in row.changes),
            before,
            documents,
            sent,
            None if act_number is None else acts.get(act_number),
            {} if sent is None else _shown(sent.seen, versions),
        )


def _shown(seen: Mapping[str, str | None], versions: Mapping[tuple[str, str], Document]) -> dict[str, Document]:
    return {
        name: versions[name, revision]
        for name, revision in seen.items()
        if revision is not None and (name, revision) in versions
    }
