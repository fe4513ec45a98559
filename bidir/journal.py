"""What the engine did, in words and numbers: one structured log line per intent, the counters, and the last transaction
per document.

Source: bidirectional semantics, F10.
"""

from __future__ import annotations

import json
import logging
from collections import Counter, OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bidir.outcome import Outcome

__all__ = ["Entry", "Journal", "Planned", "count"]

ENTRIES_MAX = 10_000
"""Documents of which the last engine transaction is remembered."""

log = logging.getLogger("bidir")


class Planned(Protocol):
    """The part of a plan that is told: mutations, relations, versions made, and pairs joined or parted."""

    @property
    def mutations(self) -> tuple[dict[str, Any], ...]:
        """What is sent."""
        ...

    @property
    def relations(self) -> tuple[str, ...]:
        """The relations it touches."""
        ...

    @property
    def made(self) -> frozenset[str]:
        """Stored ids of the versions it makes."""
        ...

    @property
    def linked(self) -> Mapping[tuple[str, str, str, str], bool]:
        """Pairs (relation, left group, right group, layer), and whether they were joined."""
        ...


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

    def observed(self, intent: _Wanted, made: Planned) -> None:
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

    def not_observed(self, intent: _Wanted, error: Exception) -> None:
        """Log that what would have been written could not be found out, or would have been refused."""
        line = {"event": "observed", "layer": intent.layer, "outcome": type(error).__name__, "error": str(error)}
        log.warning("%s", json.dumps(line, ensure_ascii=False))

    def quarantined(self, group: str, flips: int) -> None:
        """Log that a document is left to a person."""
        line = {"event": "quarantined", "document": group, "writes_within_a_minute": flips}
        log.error("%s", json.dumps(line, ensure_ascii=False))

    def repaired(self, report: Mapping[str, Any], elapsed: float) -> None:
        """Log a repair of the whole dataset: what it found, wrote and could not write, in numbers."""
        line = {"event": "repair", **report, "ms": round(elapsed * 1000, 3)}
        log.info("%s", json.dumps(line, ensure_ascii=False))

    def failed(self, layer: str, error: Exception, elapsed: float) -> None:
        """Log an intent that was refused or could not be carried out; `elapsed` is in seconds."""
        line = {"event": "intent", "layer": layer, "outcome": type(error).__name__, "ms": round(elapsed * 1000, 3)}
        log.warning("%s", json.dumps({**line, "error": str(error)}, ensure_ascii=False))

    def done(
        self,
        layer: str,
        outcome: Outcome,
        elapsed: float,
        *,
        event: str = "intent",
        made: Planned | None = None,
        alone: bool = False,
    ) -> None:
        """Log one intent, or another `event`, and remember what it wrote where; `elapsed` is in seconds.

        `made` is its plan, `alone` whether the source was written without the other half.
        """
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
            "event": event,
            "outcome": _word(outcome, alone=alone),
            "layer": layer,
            "relations": _relations(outcome, made),
            "added": _pairs(made, joined=True),
            "removed": _pairs(made, joined=False),
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


def count(counters: Counter[str], outcome: Outcome, made: Planned | None, engine_versions: Collection[str]) -> None:
    """Add what one intent did; `engine_versions` are stored ids of versions the engine had made before."""
    gone = {str(one["delete"].get("id")) for one in outcome.mutations if "delete" in one}
    counters["documents"] += outcome.documents_written
    counters["conflicts"] += len(outcome.conflicts)
    counters["empty_plans"] += not outcome.mutations
    counters["versions_created"] += len(made.made) if made is not None and outcome.writes else 0
    counters["versions_removed"] += len(gone & set(engine_versions))
    for item in outcome.pending:
        counters[f"pending.{item.reason}"] += 1
    for notice in outcome.notices:
        counters[f"notice.{notice.kind}"] += 1
        counters["steals"] += notice.kind == "steal"


def _word(outcome: Outcome, *, alone: bool) -> str:
    if outcome.conflicts:
        return "conflict"
    if outcome.transaction_id is None:
        return "nothing"
    return "alone" if alone else "written"


def _relations(outcome: Outcome, made: Planned | None) -> list[str]:
    """Return the relations that were written, refused or left waiting."""
    written = made.relations if made is not None else ()
    refused = [one.relation for one in outcome.conflicts]
    return list(dict.fromkeys([*written, *refused, *(one.relation for one in outcome.pending)]))


def _pairs(made: Planned | None, *, joined: bool) -> list[str]:
    """Return the pairs that a plan joined or parted, each as "relation: left – right in layer"."""
    pairs = made.linked.items() if made is not None else ()
    return [
        f"{name}: {left} – {right} in {layer}" for (name, left, right, layer), is_joined in pairs if is_joined == joined
    ]
