"""What the engine did, in words: one structured log line per intent, and the last transaction per document."""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Protocol

from bidir.outcome import Outcome

__all__ = ["Entry", "Journal"]

ENTRIES_MAX = 10_000
"""Documents of which the last engine transaction is remembered."""

log = logging.getLogger("bidir")


class _Planned(Protocol):
    @property
    def mutations(self) -> tuple[dict[str, Any], ...]: ...

    @property
    def relations(self) -> tuple[str, ...]: ...


class _Wanted(Protocol):
    @property
    def layer(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """The last engine transaction that touched a document: its id, layer, and the mutation of that document."""

    transaction_id: str
    layer: str
    mutation: dict[str, Any]


class Journal:
    """Keeps the last entry per stored document and writes one log line per intent to the logger `bidir`."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    def last(self, document_id: str) -> Entry | None:
        """Return the last engine transaction that touched a stored document, None if none did."""
        return self._entries.get(document_id)

    def observed(self, intent: _Wanted, made: _Planned) -> None:
        """Log what would have been written."""
        log.info(
            "%s",
            json.dumps(
                {
                    "event": "observed",
                    "layer": intent.layer,
                    "relations": list(made.relations),
                    "would_write": list(made.mutations),
                },
                ensure_ascii=False,
            ),
        )

    def quarantined(self, group: str, flips: int) -> None:
        """Log that a document is left to a person."""
        line = {"event": "quarantined", "document": group, "writes_within_a_minute": flips}
        log.error("%s", json.dumps(line, ensure_ascii=False))

    def done(self, layer: str, outcome: Outcome, elapsed: float) -> None:
        """Log one intent and remember what it wrote where; `elapsed` is in seconds."""
        if outcome.transaction_id is not None:
            for mutation in outcome.mutations:
                (body,) = mutation.values()
                target = str(body.get("_id") or body.get("id"))
                self._entries[target] = Entry(outcome.transaction_id, layer, mutation)
                self._entries.move_to_end(target)
            while len(self._entries) > ENTRIES_MAX:
                self._entries.popitem(last=False)
        level = logging.WARNING if outcome.pending or outcome.conflicts else logging.INFO
        if not log.isEnabledFor(level):
            return
        line = {
            "event": "intent",
            "layer": layer,
            "transaction": outcome.transaction_id,
            "documents": outcome.documents_written,
            "reads": outcome.reads,
            "writes": outcome.writes,
            "retries": outcome.retries,
            "ms": round(elapsed * 1000, 3),
            "conflicts": [conflict.text for conflict in outcome.conflicts],
            "pending": [f"{item.reason}: {item.text}" for item in outcome.pending],
            "notices": [f"{notice.kind}: {notice.text}" for notice in outcome.notices],
        }
        log.log(level, "%s", json.dumps(line, ensure_ascii=False))
