"""The listener host of the planner: edits made by scripts, other editors and the server itself are carried through.

Source: bidirectional semantics, E4 row 31, F6 (loops), F7. The follower reacts to states: what it is told more than
once, late, or out of order leads to the same fixpoint, and a symmetric state plans nothing.
"""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from bidir import reconcile
from bidir.carrying import Carrier
from bidir.errors import BackendError, RateLimited, RevisionConflict, Unavailable, UnknownOutcome
from bidir.following.sequence import Sequencer, Step
from bidir.outcome import Outcome
from bidir.pending import Key
from bidir.planning.reading import Reading
from bidir.refs import group_of, targets_of
from bidir.siblings import Snapshot

__all__ = ["DEBOUNCE_SECONDS", "CursorStore", "Follower"]

Document = Mapping[str, Any]

DEBOUNCE_SECONDS = 0.075
"""How long a group must be quiet before its changes are planned, so that a form's series of patches is one plan."""
FLIPS_MAX = 5
"""Times the follower makes the same write within a minute before the document is left to a person (F6.4)."""
FLIPS_REMEMBERED_MAX = 10_000
FLIP_WINDOW_SECONDS = 60.0
QUERY = '*[_type in $types || _type == "system.release"]'
RELEASES = "_.releases."
"""Ids of release documents start so; when one changes state, what waited for it is tried again."""


class CursorStore(Protocol):
    """Where a follower keeps its place between runs."""

    def load(self) -> str | None:
        """Return the cursor of the last run, None for a first run."""
        ...

    def save(self, cursor: str) -> None:
        """Keep the cursor: everything up to it has been carried through."""
        ...


class Follower:
    """Follows the changes of one dataset and keeps its relations in step.

    `drain()` handles whatever has arrived and is quiet; `settle()` everything; `run()` goes on until `stop()`. Changes
    made while nobody followed are caught up with from the cursor, by the documents as they stood then.
    """

    def __init__(
        self, carrier: Carrier, *, cursor: CursorStore | None = None, debounce: float = DEBOUNCE_SECONDS
    ) -> None:
        """Start listening, and catch up with what changed since the cursor."""
        self._carrier = carrier
        self._cursor = cursor
        self._debounce = debounce
        self._sequencer = Sequencer()
        self._earlier: dict[str, Document | None] = {}
        self._touched_at: dict[str, float] = {}
        self._flips: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._quarantined: set[str] = set()
        self._stopped = False
        self._retry = False
        self._types = [name for name in carrier.schema.types if carrier.schema.fields_of(name)]
        self._stream = carrier.backend.listen(QUERY, {"types": self._types})
        place = cursor.load() if cursor is not None else None
        self._position = carrier.backend.position() if place is None else place
        if cursor is not None and place is None:
            # A first run that ends before anything was carried through must not be a first run again.
            cursor.save(self._position)
        self._catch_up()

    @property
    def quarantined(self) -> frozenset[str]:
        """Groups the follower leaves alone because it and somebody else kept undoing each other's writes."""
        return frozenset(self._quarantined)

    def close(self) -> None:
        """Stop listening; the cursor stays where everything has been carried through."""
        self._stopped = True
        self._stream.close()

    def __enter__(self) -> Follower:
        """Return the follower itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self.close()

    # ------------------------------------------------------------------------------------------------- events

    def drain(self) -> list[Outcome]:
        """Take in what has arrived and carry through the groups that are quiet; return what was done."""
        self._take_in()
        now = self._now()
        ready = [key for key in self._earlier if now - self._touched_at[group_of(key)] >= self._debounce]
        return [*self._carry(ready), *self._healed()]

    def settle(self) -> list[Outcome]:
        """Take in and carry through everything, quiet or not, until nothing is left to do."""
        done: list[Outcome] = []
        while True:
            self._take_in(patience=False)
            if not self._earlier:
                done += self._healed()
                self._advance()
                return done
            done += self._carry(list(self._earlier))

    def run(self, *, poll_seconds: float = 1.0) -> None:
        """Follow until `stop()` is called; `poll_seconds` bounds the wait for an event.

        Where the lake is busy or away, what was not carried through is tried again with the next round.
        """
        while not self._stopped:
            event = self._stream.get(poll_seconds)
            if event is not None:
                self._take(event)
            try:
                self.drain()
            except RateLimited as error:
                self._carrier.backend.clock.sleep(error.retry_after)
            except (RevisionConflict, Unavailable, UnknownOutcome):
                self._carrier.backend.clock.sleep(poll_seconds)

    def stop(self) -> None:
        """Make `run` return after the event at hand."""
        self._stopped = True

    def _now(self) -> float:
        return self._carrier.backend.clock.monotonic()

    def _take_in(self, *, patience: bool = True) -> None:
        for event in self._stream.drain():
            self._take(event)
        gaps = self._sequencer.broken(self._now())
        if gaps or (not patience and self._sequencer.waiting):
            # An event is missing: what happened stands in the history.
            self._carrier.counters["gaps"] += 1
            self._sequencer.restart()
            self._catch_up()

    def _take(self, event: Mapping[str, Any]) -> None:
        kind = event.get("type", "mutation")
        if kind in ("reset", "error", "reconnect"):
            self._sequencer.restart()
            self._catch_up()
        if kind != "mutation":
            return
        for step in self._sequencer.take(event, self._now()):
            self._remember(step)

    def _remember(self, step: Step) -> None:
        group = group_of(step.document_id)
        if group.startswith(RELEASES):
            self._retry = True
            return
        if self._carrier.carried_through(step.transaction_id) or group in self._quarantined:
            return
        self._touched_at[group] = self._now()
        if step.document_id in self._earlier:
            return
        if step.known_before:
            self._earlier[step.document_id] = step.before
        else:
            self._catch_up()

    def _catch_up(self) -> None:
        """Compare with what stood at the cursor: every document that changed since, by whoever, is looked at."""
        for document_id, before in self._carrier.backend.changed_since(self._position, self._types).items():
            if group_of(document_id) not in self._quarantined:
                self._earlier[document_id] = before
                self._touched_at[group_of(document_id)] = self._now()

    # ---------------------------------------------------------------------------------------------- carrying

    def _carry(self, ready: list[str]) -> list[Outcome]:
        if not ready:
            self._advance()
            return []
        # A group goes as a whole: its versions explain one another.
        groups = {group_of(key) for key in ready}
        waited = [one.key for one in self._carrier.store if one.source in groups or one.target in groups]
        earlier = {key: self._earlier.pop(key) for key in list(self._earlier) if group_of(key) in groups}
        run = self._carrier.start()
        names = tuple(sorted(groups))
        try:
            self._carrier.read(run, Reading(names, (), names, deep=True))
            outcome = self._carrier.follow_up(earlier, run)
        except BackendError:
            self._carrier.counters["follow_failures"] += 1
            self._earlier = {**earlier, **self._earlier}
            raise
        self._count_flips(outcome, earlier, run.snapshot)
        healed = self._heal_pending(waited)
        self._advance()
        return [outcome, *healed]

    def _heal_pending(self, waited: Collection[Key]) -> list[Outcome]:
        """Try again the halves that waited for one of the groups that changed (F8)."""
        store = self._carrier.store
        if not any(key in store for key in waited):
            return []
        outcome = reconcile.heal(self._carrier.schema, self._carrier.backend, store, only=waited)
        return [outcome] if outcome.writes else []

    def _healed(self) -> list[Outcome]:
        """Try again what waited for a release to take writes."""
        if not self._retry:
            return []
        self._retry = False
        outcome = reconcile.heal(self._carrier.schema, self._carrier.backend, self._carrier.store)
        return [outcome] if outcome.writes else []

    def _count_flips(self, outcome: Outcome, earlier: Mapping[str, Document | None], snapshot: Snapshot) -> None:
        """Notice that the same write is made again and again: somebody keeps undoing it.

        Then the document and those whose changes led to the write are left alone; others that point at it are not.
        """
        now = self._now()
        for mutation in outcome.mutations:
            (body,) = mutation.values()
            group = group_of(str(body.get("_id") or body.get("id")))
            what = json.dumps({**body, "ifRevisionID": None}, sort_keys=True)
            flips = self._flips.setdefault((group, what), deque())
            flips.append(now)
            self._flips.move_to_end((group, what))
            while len(self._flips) > FLIPS_REMEMBERED_MAX:
                self._flips.popitem(last=False)
            while flips and now - flips[0] > FLIP_WINDOW_SECONDS:
                flips.popleft()
            if len(flips) > FLIPS_MAX:
                for one in sorted({group, *self._causes(group, earlier, snapshot)} - self._quarantined):
                    self._quarantined.add(one)
                    self._carrier.counters["quarantined"] += 1
                    self._carrier.journal.quarantined(one, len(flips))

    def _causes(self, group: str, earlier: Mapping[str, Document | None], snapshot: Snapshot) -> set[str]:
        """Return the groups among those that changed that are or were linked with `group`; all where none is."""
        schema = self._carrier.schema
        linked = {
            group_of(key)
            for key, before in earlier.items()
            for document in (before, snapshot.documents.get(key))
            if document is not None
            for field in schema.fields_of(str(document.get("_type")))
            if group in targets_of(document, field)
        }
        return linked or {group_of(key) for key in earlier}

    def _advance(self) -> None:
        """Move the cursor to here if nothing is left behind it."""
        if self._earlier or self._sequencer.waiting:
            return
        self._position = self._carrier.backend.position()
        if self._cursor is not None:
            self._cursor.save(self._position)
