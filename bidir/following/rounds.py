"""One round of a follower: read what changed groups are now, plan what follows, write it, and remember what was done.

Source: bidirectional semantics, E4 rows 25, 26 and 31, F5 (locks), F7 (a newer edit is not undone by an older event).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from bidir import reconcile
from bidir.carrying import Carrier
from bidir.errors import BackendError
from bidir.following.batch import Batch
from bidir.following.memory import Memory, revision_of
from bidir.following.quarrels import Quarrels
from bidir.outcome import Outcome
from bidir.pending import Key
from bidir.planning.plan import Plan
from bidir.planning.reading import Reading
from bidir.refs import group_of, layer_of
from bidir.siblings import Snapshot

__all__ = ["OVERTAKEN_SECONDS_MAX", "Rounds"]

Document = Mapping[str, Any]

OVERTAKEN_SECONDS_MAX = 5.0
"""How long a change waits for the events of what happened to the same documents since, before the history is asked."""


class _Overtaken(Exception):
    """Documents have changed since what was heard of them: their events must come first."""


class Rounds:
    """Carries gathered changes through.

    `heard` tells the last revision an event of a document led to, `since_cursor` what changed since the cursor.
    """

    def __init__(
        self,
        carrier: Carrier,
        batch: Batch,
        memory: Memory,
        quarrels: Quarrels,
        *,
        heard: Callable[[str], str | None],
        since_cursor: Callable[[], Collection[str]],
    ) -> None:
        """Work on what `batch` gathers."""
        self._carrier = carrier
        self._batch = batch
        self._memory = memory
        self._quarrels = quarrels
        self._heard = heard
        self._since_cursor = since_cursor
        self._overtaken_since: float | None = None

    def carry(self, ready: Collection[str], *, patience: bool = True) -> list[Outcome]:
        """Carry the changes of the groups of `ready` (stored ids) through.

        With `patience` changes wait for events that are known to be on their way.
        Raises: BackendError; then what was to be carried through is kept.
        """
        if not ready:
            return []
        # A group goes as a whole: its versions explain one another.
        groups = {group_of(key) for key in ready}
        waited = [one.key for one in self._carrier.store if one.source in groups or one.target in groups]
        earlier = self._batch.take(groups)
        run = self._carrier.start()
        names = tuple(sorted(groups))
        hasty = not patience or self._waited_long()

        def nothing_newer(made: Plan, snapshot: Snapshot) -> None:
            if not hasty:
                self._nothing_newer(made, snapshot, earlier)

        try:
            self._carrier.read_all(run, Reading(names, (), names, deep=True), map(layer_of, earlier))
            changed = self._memory.news(earlier, run.snapshot)
            told = self._batch.told_of(changed, run.snapshot)
            outcome = self._carrier.follow_up(changed, run, told=told, confirm=nothing_newer)
        except _Overtaken:
            self._overtaken_since = self._overtaken_since or self._now()
            self._batch.put_back(earlier)
            return []
        except BackendError:
            self._carrier.counters["follow_failures"] += 1
            self._batch.put_back(earlier)
            raise
        self._overtaken_since = None
        self._remember(earlier, run.snapshot, outcome, groups)
        return [outcome, *self._heal(waited)]

    def _now(self) -> float:
        return self._carrier.backend.clock.monotonic()

    def _waited_long(self) -> bool:
        return self._overtaken_since is not None and self._now() - self._overtaken_since > OVERTAKEN_SECONDS_MAX

    def _nothing_newer(self, made: Plan, snapshot: Snapshot, earlier: Collection[str]) -> None:
        """Make sure that the documents a plan is about are as they were heard of.

        A write that answers an old change may otherwise undo a newer one, of which the events are still on their way.
        Raises: _Overtaken.
        """
        groups = {group_of(key) for key in (*made.documents, *earlier)}
        unknown: list[str] = []
        for key in snapshot.documents:
            revision = revision_of(snapshot.documents[key])
            heard = self._heard(key)
            if group_of(key) not in groups or self._carrier.wrote(revision):
                continue
            if heard not in (None, revision):
                raise _Overtaken
            if heard is None and key not in earlier and self._memory.revision(key) != revision:
                unknown.append(key)
        if unknown:
            # Nothing was heard of these: then nothing may have happened to them since the cursor.
            changed = self._since_cursor()
            if any(key in changed for key in unknown):
                raise _Overtaken

    def _remember(
        self, earlier: Mapping[str, Document | None], snapshot: Snapshot, outcome: Outcome, groups: set[str]
    ) -> None:
        """Keep what was carried through, which groups a write was about, and how often the same was written."""
        self._batch.done(earlier)
        for key in earlier:
            document = snapshot.documents.get(key)
            if self._heard(key) in (None, revision_of(document)):
                self._memory.keep(key, document)
        bodies = [body for mutation in outcome.mutations for body in mutation.values()]
        written = {group_of(str(body.get("_id") or body.get("id"))) for body in bodies}
        if written:
            self._memory.note_answered(sorted(groups | written), self._now())
        sent = outcome.mutations if outcome.writes else ()
        for group, times in self._quarrels.count(sent, earlier, snapshot, self._now()):
            self._carrier.counters["quarantined"] += 1
            self._carrier.journal.quarantined(group, times)

    def _heal(self, waited: Collection[Key]) -> list[Outcome]:
        """Try again the halves that waited for one of the groups that changed (F8)."""
        store = self._carrier.store
        if not any(key in store for key in waited):
            return []
        outcome = reconcile.heal_and_tell(self._carrier, only=waited)
        return [outcome] if outcome.writes else []
