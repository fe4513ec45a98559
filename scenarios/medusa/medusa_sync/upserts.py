"""The record of what a sync wrote: the upsert map of documents before and after, and the result of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from medusa_sync.lake import Document

__all__ = ["SyncResult", "Upsert"]


@dataclass(frozen=True, slots=True)
class Upsert:
    """One stored document that was written: as it was (None: it did not exist) and as it is now."""

    before: Document | None
    after: Document

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"before": self.before, "after": self.after}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Upsert:
        """Return what `to_json` wrote."""
        return cls(value["before"], value["after"])


@dataclass(slots=True)
class SyncResult:
    """What became of the products of a run, by product id.

    `created`, `updated` and `unchanged` are in step now, `missing` are ids that the shop does not have, `failures` says
    why by id, `away` are those failures that only waited for the lake in vain. `upserts` is the map of documents.
    """

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    upserts: list[Upsert] = field(default_factory=list)
    batches: int = 0

    @property
    def total(self) -> int:
        """Products whose documents are in step now."""
        return len(self.created) + len(self.updated) + len(self.unchanged)

    def add(self, other: SyncResult) -> None:
        """Take in the result of another batch."""
        self.created += other.created
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.missing += other.missing
        self.failures |= other.failures
        self.away |= other.away
        self.upserts += other.upserts
        self.batches += other.batches

    def report(self) -> dict[str, Any]:
        """Return the figures as JSON, without the documents."""
        return {
            "total": self.total,
            "created": len(self.created),
            "updated": len(self.updated),
            "unchanged": len(self.unchanged),
            "missing": self.missing,
            "failures": self.failures,
            "batches": self.batches,
        }
