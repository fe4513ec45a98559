"""The listener host of the planner: edits made by scripts, other editors and the server itself are carried through.

Source: bidirectional semantics, E4 row 31, F6 (loops), F7. The follower reacts to states: what it is told more than
once, late, or out of order leads to the same fixpoint, and a symmetric state plans nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bidir import reconcile, releases
from bidir.carrying import Carrier
from bidir.errors import RateLimited, RevisionConflict, Unavailable, UnknownOutcome
from bidir.following.batch import Batch
from bidir.following.memory import Memory, repeats
from bidir.following.place import CursorStore, Place
from bidir.following.quarrels import Quarrels
from bidir.following.rounds import Rounds
from bidir.following.sequence import GONE, Sequencer, Step
from bidir.outcome import Outcome
from bidir.refs import RELEASES, group_of

__all__ = ["DEBOUNCE_SECONDS", "Follower"]

DEBOUNCE_SECONDS = 0.075
"""How long a group must be quiet before its changes are planned, so that a form's series of patches is one plan."""
QUERY = '*[_type in $types || _type == "system.release"]'


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
        self._debounce = debounce
        self._sequencer = Sequencer()
        self._batch = Batch(carrier.schema)
        self._memory = Memory()
        self._quarrels = Quarrels(carrier.schema)
        self._stopped = False
        self._types = list(carrier.schema.related_types)
        self._stream = carrier.backend.listen(QUERY, {"types": self._types})
        self._place = Place(cursor, carrier.backend.position, lambda: carrier.store)
        carrier.store.add(self._place.waited)
        self._rounds = Rounds(
            carrier,
            self._batch,
            self._memory,
            self._quarrels,
            heard=lambda document_id: self._sequencer.heard(document_id),
            since_cursor=lambda: carrier.backend.changed_since(self._place.position, self._types),
        )
        # Something that waited may be written now: a release takes writes again, a document may be written again.
        self._retry = bool(self._place.waited)
        self._woken: set[str] = set()
        # Archived releases that somebody deleted: what lived only there is gone for good.
        self._deleted: list[str] = []
        self._place.fall_behind()
        self._catch_up()

    @property
    def quarantined(self) -> frozenset[str]:
        """Groups the follower leaves alone because it and somebody else kept undoing each other's writes."""
        return frozenset(self._quarrels.quarantined)

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

    # ------------------------------------------------------------------------------------------------- driving

    def drain(self) -> list[Outcome]:
        """Take in what has arrived and carry through the groups that are quiet; return what was done."""
        self._take_in()
        done = self._rounds.carry(self._batch.quiet(self._now(), self._debounce))
        self._advance()
        return [*done, *self._healed()]

    def settle(self) -> list[Outcome]:
        """Take in and carry through everything, quiet or not, until nothing is left to do."""
        done: list[Outcome] = []
        while True:
            self._take_in(patience=False)
            if not self._batch:
                done += self._healed()
                self._advance()
                return done
            done += self._rounds.carry(self._batch.documents, patience=False)

    def run(self, *, poll_seconds: float = 1.0, on_outcome: Callable[[Outcome], object] | None = None) -> None:
        """Follow until `stop()` is called; `poll_seconds` bounds the wait for an event.

        `on_outcome` hears of everything that was done. Where the lake is busy or away, what was not carried through is
        tried again with the next round.
        """
        while not self._stopped:
            # What waits only for quiet is not left waiting for the next event.
            event = self._stream.get(min(poll_seconds, self._debounce) if self._batch else poll_seconds)
            try:
                if event is not None:
                    self._take(event)
                for outcome in self.drain():
                    if on_outcome is not None:
                        on_outcome(outcome)
            except RateLimited as error:
                self._carrier.backend.clock.sleep(error.retry_after)
            except (RevisionConflict, Unavailable, UnknownOutcome):
                self._carrier.backend.clock.sleep(poll_seconds)

    def reach(self, position: str) -> None:
        """Move the cursor to `position` at once: the caller knows that everything before it has been heard of.

        What was asked of the lake as `position()` before a `settle()` is such a place after it.
        """
        if not (self._batch or self._place.behind or self._sequencer.waiting):
            self._place.reach(position)

    def stop(self) -> None:
        """Make `run` return after the event at hand."""
        self._stopped = True

    def _now(self) -> float:
        return self._carrier.backend.clock.monotonic()

    def _healed(self) -> list[Outcome]:
        """Let go of what was deleted with its release; try again what waited for a release to take writes, or for a
        place in a document an engine has written.
        """
        done: list[Outcome] = []
        while self._deleted:
            done.append(releases.deleted_elsewhere(self._carrier, self._deleted[0]))
            self._deleted.pop(0)
        store = self._carrier.store
        full = [one for one in store if one.reason == "conflict" and self._woken & {one.source, one.target}]
        woken = None if self._retry else {one.key for one in full}
        if woken is None or woken:
            done.append(reconcile.heal_and_tell(self._carrier, only=woken))
        # Only now: where the lake did not answer it is tried again.
        self._retry = False
        self._woken.clear()
        return [outcome for outcome in done if outcome.writes]

    def _advance(self) -> None:
        """Move the cursor on if nothing is left behind it."""
        if not (self._batch or self._place.behind or self._sequencer.waiting):
            self._place.advance(self._now())

    # ------------------------------------------------------------------------------------------------- listening

    def _take_in(self, *, patience: bool = True) -> None:
        for event in self._stream.drain():
            self._take(event)
        gaps = self._sequencer.broken(self._now())
        if gaps or (not patience and self._sequencer.waiting):
            # An event is missing: what happened stands in the history, behind the last event of the broken chains.
            self._carrier.counters["gaps"] += 1
            chains = self._sequencer.last_known()
            self._place.fall_behind({key: revision for key, revision in chains.items() if key not in self._batch})
            self._restart()
        self._catch_up()

    def _restart(self) -> None:
        """Give up the chains of events; what was held back still tells when something changed."""
        for step in self._sequencer.restart():
            self._batch.note(step)

    def _take(self, event: Mapping[str, Any]) -> None:
        kind = event.get("type", "mutation")
        if kind in ("reset", "error", "reconnect"):
            self._restart()
            self._place.fall_behind()
        if kind != "mutation":
            return
        for step in self._sequencer.take(event, self._now()):
            self._gather(step)

    def _gather(self, step: Step) -> None:
        """Add one event, in its place, to what is to be carried through."""
        group = group_of(step.document_id)
        if group.startswith(RELEASES):
            # When a release changes state, what waited for it is tried again.
            self._retry = True
            if step.after is None and (step.before or {}).get("state") == "archived":
                self._deleted.append(group.removeprefix(RELEASES))
            return
        if group in self._quarrels.quarantined:
            return
        self._memory.note_appeared(step, self._now())
        if self._is_carried_through(step):
            # It carries its own consequences, but what it makes room for may have been waiting (F8).
            self._woken.add(group)
            shows = step.after is not None or self._sequencer.heard(step.document_id) == GONE
            if step.document_id in self._batch:
                self._batch.pass_over(step)
            elif shows:
                self._memory.keep(step.document_id, step.after)
            return
        self._batch.note(step)
        if step.document_id in self._batch:
            self._batch.touch(step.document_id, self._now())
            self._batch.go_on(step)
        elif step.known_before:
            self._batch.begin(step.document_id, self._memory.before(step.document_id, step.before), self._now())
        else:
            self._place.fall_behind()

    def _is_carried_through(self, step: Step) -> bool:
        """Whether an engine wrote this with all that follows from it, relying on nothing that may have changed."""
        if not self._carrier.carried_through(step.transaction_id) or repeats(self._carrier.schema, step):
            return False
        return self._carrier.wrote(step.transaction_id) or not self._memory.may_be_stale(step, self._now())

    def _catch_up(self) -> None:
        """Compare with what stood where we fell behind: every document that changed since is looked at."""
        for place, only in self._place.missed():
            for document_id, before in self._carrier.backend.changed_since(place, self._types).items():
                group = group_of(document_id)
                if (not only or document_id in only) and group not in self._quarrels.quarantined:
                    self._batch.begin(document_id, self._memory.before(document_id, before), self._now())
                    # Whether this follower answered it before it was started anew is not known any more.
                    self._memory.note_answered([group], self._now())
