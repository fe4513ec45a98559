"""Events of each document in the order of its revisions, whatever order and number they arrive in.

Source: bidirectional semantics, F7; content-lake reference, section 5.4 (`previousRev` → `resultRev`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["BUFFER_EVENTS_MAX", "BUFFER_SECONDS_MAX", "GONE", "Sequencer", "Step"]

Event = Mapping[str, Any]

BUFFER_EVENTS_MAX = 20
"""Events of one document held back while one before them is missing."""
BUFFER_SECONDS_MAX = 30.0
"""How long they are held back before the chain is given up."""
REVISIONS_MAX = 100_000
"""Documents whose last revision is remembered, so that repetition and gaps are noticed."""
SEEN_MAX = 10_000
"""Events remembered, so that one delivered twice is recognised."""

GONE = ""
"""The revision of a document that does not exist."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event in its place: the stored id, the transaction, and the document before it (None: did not exist).

    `known_before` is False where the event did not carry the document before; `after` is the document as the event
    shows it, `timestamp` when the lake took the transaction (RFC 3339).
    """

    document_id: str
    transaction_id: str
    before: Mapping[str, Any] | None
    known_before: bool
    after: Mapping[str, Any] | None = None
    timestamp: str = ""


class Sequencer:
    """Chains events by revision; holds back what comes too early, drops what comes twice, tells when a chain broke."""

    def __init__(self) -> None:
        """Start knowing nothing: the first event of a document starts its chain."""
        self._last: OrderedDict[str, str] = OrderedDict()
        self._held: dict[str, list[tuple[float, Event]]] = {}
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many events are held back."""
        return sum(len(held) for held in self._held.values())

    def take(self, event: Event, now: float) -> list[Step]:
        """Return the steps that `event` makes ready, in order; none if it came twice or too early."""
        document_id, transaction = str(event["documentId"]), str(event["transactionId"])
        mark = (document_id, transaction)
        if mark in self._seen:
            return []
        self._seen[mark] = None
        while len(self._seen) > SEEN_MAX:
            self._seen.popitem(last=False)
        expected = self._last.get(document_id)
        if expected is not None and str(event.get("previousRev") or GONE) != expected:
            self._held.setdefault(document_id, []).append((now, event))
            return []
        steps = [self._step(event)]
        steps += self._released(document_id)
        return steps

    def broken(self, now: float) -> list[str]:
        """Return the documents whose chain must be given up: too many events held back, or for too long."""
        return [
            document_id
            for document_id, held in self._held.items()
            if len(held) > BUFFER_EVENTS_MAX or now - held[0][0] > BUFFER_SECONDS_MAX
        ]

    def heard(self, document_id: str) -> str | None:
        """Return the revision that the last event in its place led to (`GONE`: deleted), None if there was none."""
        return self._last.get(document_id)

    def last_known(self) -> dict[str, str]:
        """Return, for every document that waits for an event, the last revision that was heard of; `GONE`: deleted."""
        return {document_id: self._last.get(document_id, GONE) for document_id in self._held}

    def forget(self, document_id: str) -> None:
        """Give a chain up: what is held back is dropped, the next event starts afresh."""
        self._held.pop(document_id, None)
        self._last.pop(document_id, None)

    def restart(self) -> list[Step]:
        """Give every chain up, after the stream itself was interrupted; return what was held back, in no order."""
        dropped = [self._as_step(event) for held in self._held.values() for _, event in held]
        self._held.clear()
        self._last.clear()
        return dropped

    def _released(self, document_id: str) -> list[Step]:
        """Return the held-back events that follow now, in order."""
        steps: list[Step] = []
        held = self._held.get(document_id, [])
        progress = True
        while held and progress:
            progress = False
            for entry in held:
                if str(entry[1].get("previousRev") or GONE) == self._last[document_id]:
                    held.remove(entry)
                    steps.append(self._step(entry[1]))
                    progress = True
                    break
        if not held:
            self._held.pop(document_id, None)
        return steps

    def _step(self, event: Event) -> Step:
        document_id, transaction = str(event["documentId"]), str(event["transactionId"])
        gone = event.get("transition") == "disappear" and event.get("result") is None
        self._last[document_id] = GONE if gone else transaction
        self._last.move_to_end(document_id)
        while len(self._last) > REVISIONS_MAX:
            self._last.popitem(last=False)
        return self._as_step(event)

    @staticmethod
    def _as_step(event: Event) -> Step:
        document_id, transaction = str(event["documentId"]), str(event["transactionId"])
        known = "previous" in event or "previousRev" not in event
        after, timestamp = event.get("result"), str(event.get("timestamp") or "")
        return Step(document_id, transaction, event.get("previous"), known, after, timestamp)
