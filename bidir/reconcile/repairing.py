"""The repair of a dataset: read it whole, plan, write in batches, and read it again to see that it holds.

Source: bidirectional semantics, F5 (verify after a write in bulk), F8, E6 (which half wins), E8.19.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from bidir.batches import Progress, Writer
from bidir.pending import PendingStore
from bidir.planning.mend import mend_all
from bidir.planning.violations import Violation, find_violations
from bidir.ports import Backend
from bidir.reconcile.scanning import still_waiting, whole_snapshot
from bidir.relations import Schema
from bidir.siblings import World

__all__ = ["READINGS_MAX", "Report", "repair"]

READINGS_MAX = 5
"""Times the dataset is read; a further time only after something was written, or somebody was faster."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a repair did, or in a dry run would do.

    `found` counts violations by kind, `writes` documents written (or that would be), `batches` the transactions,
    `lost` lists claims that did not get their place, `left` documents that somebody kept changing, `plan` the mutations
    of the first reading. `refused` are documents that the lake does not let this caller write, with its reason.
    """

    dry_run: bool
    found: dict[str, int]
    writes: int
    batches: int
    lost: tuple[Violation, ...]
    left: tuple[str, ...]
    plan: tuple[dict[str, Any], ...]
    refused: tuple[tuple[str, str], ...] = ()

    def numbers(self) -> dict[str, Any]:
        """Return how many there are of everything, for a log."""
        counted = {"lost": len(self.lost), "left": len(self.left), "refused": len(self.refused)}
        return {
            "dry_run": self.dry_run,
            "found": dict(self.found),
            "documents": self.writes,
            "transactions": self.batches,
            **counted,
        }


def repair(
    schema: Schema, backend: Backend, store: PendingStore, *, dry_run: bool, progress: Progress | None
) -> Report:
    """Mend the dataset; see `Engine.repair`.

    A repair that was interrupted is simply started again: what it had written agrees by then.
    """
    found: Counter[str] = Counter()
    lost: dict[Violation, None] = {}
    plan: tuple[dict[str, Any], ...] = ()
    writer = Writer(backend, store, progress)
    left: tuple[str, ...] = ()
    for number in range(READINGS_MAX):
        snapshot = whole_snapshot(schema, backend)
        waiting = still_waiting(store, snapshot)
        made, losers = mend_all(schema, snapshot, waiting=waiting, refused=frozenset(writer.refused))
        lost.update(dict.fromkeys(losers))
        if number == 0:
            found.update(one.kind for one in find_violations(World(schema, snapshot), waiting))
            plan = made.mutations
        if dry_run:
            return Report(True, dict(found), len(made.documents), 0, tuple(lost), (), plan)
        store.settle(made.settled)
        store.add(made.pending)
        if not made.mutations:
            left = ()
            break
        left = writer.write(made, snapshot)
    refused = tuple(sorted(writer.refused.items()))
    return Report(False, dict(found), writer.written, writer.batches, tuple(lost), left, plan, refused)
