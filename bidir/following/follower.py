"""The listener host of the planner: edits made by scripts, other editors and the server itself are carried through.

Source: bidirectional semantics, E4 row 31, F6 (loops), F7. The follower reacts to states: what it is told more than
once, late, or out of order leads to the same fixpoint, and a symmetric state plans nothing.
"""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from bidir import reconcile
from bidir.carrying import Carrier
from bidir.errors import BackendError, RateLimited, RevisionConflict, Unavailable, UnknownOutcome
from bidir.following.sequence import BUFFER_SECONDS_MAX, GONE, Sequencer, Step
from bidir.outcome import Outcome
from bidir.pending import Key
from bidir.planning.plan import Plan
from bidir.planning.reading import Reading
from bidir.refs import PUBLISHED, group_of, layer_of, same_json, targets_of, value_at
from bidir.siblings import Snapshot

__all__ = ["DEBOUNCE_SECONDS", "CursorStore", "Follower"]

Document = Mapping[str, Any]

DEBOUNCE_SECONDS = 0.075
"""How long a group must be quiet before its changes are planned, so that a form's series of patches is one plan."""
FLIPS_MAX = 5
"""Times the follower makes the same write within a minute before the document is left to a person (F6.4)."""
FLIPS_REMEMBERED_MAX = 10_000
CARRIED_MAX = 10_000
"""Documents that are remembered as they were when they were carried through."""
FLIP_WINDOW_SECONDS = 60.0
IN_FLIGHT_SECONDS_MAX = BUFFER_SECONDS_MAX
"""How long an event may be on its way; the cursor stays that far behind the present, so that a restart misses none."""
OVERTAKEN_SECONDS_MAX = 5.0
"""How long a change waits for the events of what happened to the same documents since, before the history is asked."""
MARK_SECONDS = 5.0
"""How far apart the places are that the cursor may move to."""
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


class _Overtaken(Exception):
    """Documents have changed since what was heard of them: their events must come first."""


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
        # When the lake took the change of which field of which document, for what is in `_earlier`.
        self._changed_at: dict[str, dict[str, str]] = {}
        # What stood there when it was last carried through (None: nothing); hearing of it again is no change.
        self._carried: OrderedDict[str, Document | None] = OrderedDict()
        self._overtaken_since: float | None = None
        # When the follower last wrote because of a change of these groups, or to them.
        self._answered_at: OrderedDict[str, float] = OrderedDict()
        # When a version of these groups came into being above the published document.
        self._appeared_at: OrderedDict[str, float] = OrderedDict()
        self._flips: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()
        self._quarantined: set[str] = set()
        self._stopped = False
        self._retry = False
        # Places in the history from which on something may have been missed, of all or only of some documents; kept
        # until it has been looked at.
        self._behind: dict[str, frozenset[str]] = {}
        self._marks: deque[tuple[float, str]] = deque()
        self._types = [name for name in carrier.schema.types if carrier.schema.fields_of(name)]
        self._stream = carrier.backend.listen(QUERY, {"types": self._types})
        place = cursor.load() if cursor is not None else None
        self._position = carrier.backend.position() if place is None else place
        if cursor is not None and place is None:
            # A first run that ends before anything was carried through must not be a first run again.
            cursor.save(self._position)
        self._fall_behind()
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
            done += self._carry(list(self._earlier), patience=False)

    def run(self, *, poll_seconds: float = 1.0, on_outcome: Callable[[Outcome], object] | None = None) -> None:
        """Follow until `stop()` is called; `poll_seconds` bounds the wait for an event.

        `on_outcome` hears of everything that was done. Where the lake is busy or away, what was not carried through is
        tried again with the next round.
        """
        while not self._stopped:
            # What waits only for quiet is not left waiting for the next event.
            event = self._stream.get(min(poll_seconds, self._debounce) if self._earlier else poll_seconds)
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
            # An event is missing: what happened stands in the history, behind the last event of the broken chains.
            self._carrier.counters["gaps"] += 1
            self._fall_behind(self._sequencer.last_known())
            self._restart()
        self._catch_up()

    def _restart(self) -> None:
        """Give up the chains of events; what was held back still tells when something changed."""
        for step in self._sequencer.restart():
            self._note_change(step)

    def _take(self, event: Mapping[str, Any]) -> None:
        kind = event.get("type", "mutation")
        if kind in ("reset", "error", "reconnect"):
            self._restart()
            self._fall_behind()
        if kind != "mutation":
            return
        for step in self._sequencer.take(event, self._now()):
            self._remember(step)

    def _remember(self, step: Step) -> None:
        group = group_of(step.document_id)
        if group.startswith(RELEASES):
            self._retry = True
            return
        if group in self._quarantined:
            return
        if step.before is None and step.known_before and layer_of(step.document_id) != PUBLISHED:
            self._note_moment(self._appeared_at, group)
        if self._carrier.carried_through(step.transaction_id) and not self._may_be_stale(step):
            shows = step.after is not None or self._sequencer.heard(step.document_id) == GONE
            if step.document_id not in self._earlier and shows:
                self._keep_carried(step.document_id, step.after)
            return
        self._touched_at[group] = self._now()
        self._note_change(step)
        if step.document_id in self._earlier:
            if self._earlier[step.document_id] is None and step.after is None and step.known_before:
                # It came and went before it was looked at; what it linked while it was there has to be let go.
                self._earlier[step.document_id] = step.before
            return
        if step.known_before:
            # An event may come late, after what it tells was caught up with: then that is where the change begins.
            self._earlier[step.document_id] = self._carried.get(step.document_id, step.before)
        else:
            self._fall_behind()

    def _may_be_stale(self, step: Step) -> bool:
        """Whether another engine relied on what no lock holds fast, so that its transaction is looked at all the same.

        A new version is a copy of what lies below, which is not locked, as little as the place where it was not yet.
        And where this follower has just written one half because the other stood already, neither of the two locked
        what the other wrote.
        """
        if self._carrier.wrote(step.transaction_id):
            return False
        group, upper = group_of(step.document_id), layer_of(step.document_id) != PUBLISHED
        moments = (self._answered_at.get(group), None if upper else self._appeared_at.get(group))
        recent = any(one is not None and self._now() - one < IN_FLIGHT_SECONDS_MAX for one in moments)
        return (step.before is None and upper) or recent

    def _note_change(self, step: Step) -> None:
        """Remember when the fields that a step changed were changed last."""
        times = self._changed_at.setdefault(step.document_id, {})
        for name, moment in self._moments(step).items():
            times[name] = max(moment, times.get(name, ""))

    def _moments(self, step: Step) -> dict[str, str]:
        """Return the fields that a step changed, with its time."""
        shown = step.after or step.before or {}
        fields = self._carrier.schema.fields_of(str(shown.get("_type")))
        if not step.timestamp:
            return {}
        return {
            field.name: step.timestamp
            for field in fields
            if step.before is None
            or step.after is None
            or not same_json(value_at(step.before, field.path), value_at(step.after, field.path))
        }

    def _fall_behind(self, chains: Mapping[str, str] | None = None) -> None:
        """Note that something may have been missed since the cursor; of the documents in `chains` since a revision."""
        self._behind[self._position] = frozenset()
        for document_id, revision in (chains or {}).items():
            if revision not in (GONE, self._position) and document_id not in self._earlier:
                self._behind[revision] = self._behind.get(revision, frozenset()) | {document_id}

    def _catch_up(self) -> None:
        """Compare with what stood where we fell behind: every document that changed since is looked at.

        Where the lake does not answer, what is still to be looked at stays noted.
        """
        while self._behind:
            place, only = next(iter(self._behind.items()))
            for document_id, before in self._carrier.backend.changed_since(place, self._types).items():
                if (not only or document_id in only) and group_of(document_id) not in self._quarantined:
                    self._earlier[document_id] = self._carried.get(document_id, before)
                    self._touched_at[group_of(document_id)] = self._now()
                    # Whether this follower answered it before it was started anew is not known any more.
                    self._note_moment(self._answered_at, group_of(document_id))
            del self._behind[place]

    # ---------------------------------------------------------------------------------------------- carrying

    def _carry(self, ready: list[str], *, patience: bool = True) -> list[Outcome]:
        if not ready:
            self._advance()
            return []
        # A group goes as a whole: its versions explain one another.
        groups = {group_of(key) for key in ready}
        waited = [one.key for one in self._carrier.store if one.source in groups or one.target in groups]
        earlier = {key: self._earlier.pop(key) for key in list(self._earlier) if group_of(key) in groups}
        run = self._carrier.start()
        names = tuple(sorted(groups))
        waited_long = self._overtaken_since is not None and self._now() - self._overtaken_since > OVERTAKEN_SECONDS_MAX

        def nothing_newer(made: Plan, snapshot: Snapshot) -> None:
            if patience and not waited_long:
                self._nothing_newer(made, snapshot, earlier)

        try:
            self._carrier.read_all(run, Reading(names, (), names, deep=True), map(layer_of, earlier))
            changed = self._not_carried_yet(earlier, run.snapshot)
            outcome = self._carrier.follow_up(
                changed, run, changed_at=self._times_of(changed, run.snapshot), confirm=nothing_newer
            )
        except _Overtaken:
            self._overtaken_since = self._overtaken_since or self._now()
            self._earlier = {**earlier, **self._earlier}
            return []
        except BackendError:
            self._carrier.counters["follow_failures"] += 1
            self._earlier = {**earlier, **self._earlier}
            raise
        self._overtaken_since = None
        for key in earlier:
            self._changed_at.pop(key, None)
            document = run.snapshot.documents.get(key)
            if self._sequencer.heard(key) in (None, _revision(document)):
                self._keep_carried(key, document)
        self._note_answer(outcome, groups)
        self._count_flips(outcome, earlier, run.snapshot)
        healed = self._heal_pending(waited)
        self._advance()
        return [outcome, *healed]

    def _times_of(self, earlier: Mapping[str, Document | None], snapshot: Snapshot) -> dict[str, dict[str, str]]:
        """Return when the fields of what changed were changed; what no event told, when the document was."""
        times: dict[str, dict[str, str]] = {}
        for key, before in earlier.items():
            now = snapshot.documents.get(key)
            shown = now or before or {}
            known = times[key] = dict(self._changed_at.get(key, {}))
            for field in self._carrier.schema.fields_of(str(shown.get("_type"))):
                values = [value_at(one, field.path) if one is not None else None for one in (before, now)]
                if field.name not in known and "_updatedAt" in shown and not same_json(*values):
                    known[field.name] = str(shown["_updatedAt"])
        return times

    def _nothing_newer(self, made: Plan, snapshot: Snapshot, earlier: Collection[str]) -> None:
        """Make sure that the documents a plan is about are as they were heard of.

        A write that answers an old change may otherwise undo a newer one, of which the events are still on their way.
        Raises: _Overtaken.
        """
        groups = {group_of(key) for key in (*made.documents, *earlier)}
        unknown: list[str] = []
        for key in snapshot.documents:
            revision = _revision(snapshot.documents[key])
            heard = self._sequencer.heard(key)
            if group_of(key) not in groups or self._carrier.wrote(revision):
                continue
            if heard not in (None, revision):
                raise _Overtaken
            if heard is None and key not in earlier and _revision(self._carried.get(key)) != revision:
                unknown.append(key)
        if unknown:
            # Nothing was heard of these: then nothing may have happened to them since the cursor.
            changed = self._carrier.backend.changed_since(self._position, self._types)
            if any(key in changed for key in unknown):
                raise _Overtaken

    def _not_carried_yet(
        self, earlier: Mapping[str, Document | None], snapshot: Snapshot
    ) -> dict[str, Document | None]:
        """Return what of `earlier` is not as it was when it was carried through; the rest was only told again."""
        return {
            key: before
            for key, before in earlier.items()
            if key not in self._carried or _revision(self._carried[key]) != _revision(snapshot.documents.get(key))
        }

    def _note_answer(self, outcome: Outcome, groups: Collection[str]) -> None:
        """Remember which groups a write of the follower was about."""
        written = {
            group_of(str(body.get("_id") or body.get("id"))) for one in outcome.mutations for body in one.values()
        }
        for group in sorted({*groups, *written} if written else ()):
            self._note_moment(self._answered_at, group)

    def _note_moment(self, moments: OrderedDict[str, float], group: str) -> None:
        moments[group] = self._now()
        moments.move_to_end(group)
        while len(moments) > CARRIED_MAX:
            moments.popitem(last=False)

    def _keep_carried(self, document_id: str, document: Document | None) -> None:
        """Remember what a document was when it was carried through."""
        self._carried[document_id] = document
        self._carried.move_to_end(document_id)
        while len(self._carried) > CARRIED_MAX:
            self._carried.popitem(last=False)

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
        for mutation in outcome.mutations if outcome.writes else ():
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
        """Move the cursor on if nothing is left behind it.

        What the lake has committed by now may not have been heard yet, so the cursor goes to where the lake was so long
        ago that every event of that time has come.
        """
        if self._earlier or self._behind or self._sequencer.waiting:
            return
        now = self._now()
        place = None
        while self._marks and now - self._marks[0][0] >= IN_FLIGHT_SECONDS_MAX:
            place = self._marks.popleft()[1]
        if place is not None:
            self._position = place
            if self._cursor is not None:
                self._cursor.save(place)
        if not self._marks or now - self._marks[-1][0] >= MARK_SECONDS:
            self._marks.append((now, self._carrier.backend.position()))


def _revision(document: Document | None) -> str:
    """Return the revision of a document; one that does not exist has that of a deleted one."""
    return GONE if document is None else str(document.get("_rev"))
