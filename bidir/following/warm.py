"""Documents kept as they are now: read once, then told of by the listener, and read again where its word has a gap.

Source: bidirectional semantics, F3 (warm: no request at commit) and F7 (`previousRev` → `resultRev`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bidir.carrying import Carrier, Run
from bidir.errors import BackendError, IntentError
from bidir.following.sequence import GONE
from bidir.outcome import Outcome
from bidir.planning.reading import Reading
from bidir.refs import RELEASES, group_of
from bidir.siblings import Snapshot

__all__ = ["WarmDocuments"]

Document = Mapping[str, Any]
Event = Mapping[str, Any]

QUERY = '*[_type in $types || _type == "system.release"]'
STREAM_BREAKS = frozenset({"reset", "error", "reconnect", "channelError", "disconnect"})
"""Events after which something may have happened that is never told."""
SEEN_MAX = 10_000
"""Events and earlier revisions remembered, so that what comes twice or late is recognised."""


class WarmDocuments:
    """A snapshot of some groups and what they are linked with, kept up to date.

    An event is taken in only where it goes on from the revision that is known. One that does not came too early or too
    late, or one before it was lost: what the others do not explain is read again, by id. After an interruption
    everything is. So `snapshot` is never older than what has been heard of; what has not been heard yet, the locks of a
    commit notice.
    """

    def __init__(self, carrier: Carrier, groups: Sequence[str], *, layer: str) -> None:
        """Listen, then read `groups` and their partners as far as an edit in `layer` needs them.

        Raises: BackendError where the lake refuses either.
        """
        self.snapshot = Snapshot()
        self.reads = 0
        self._carrier = carrier
        self._groups = tuple(groups)
        self._layer = layer
        self._types = list(carrier.schema.related_types)
        self._held: dict[str, list[Event]] = {}
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._past: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._releases: dict[str, str] = {}
        self._cold = self._closed = False
        # Listening starts before reading, so that nothing falls between the two.
        self._stream = carrier.backend.listen(QUERY, {"types": self._types})
        self.read(Reading(self._groups, (), (), deep=True))

    def close(self) -> None:
        """Stop listening."""
        self._closed = True
        self._stream.close()

    def read(self, reading: Reading) -> None:
        """Add what `reading` asks for; nothing in it is older than the call."""
        run = self.run()
        self._carrier.read_all(run, reading, (self._layer,))
        self.snapshot = run.snapshot
        self.reads += run.reads

    def run(self) -> Run:
        """Return a run that starts now, on what is known; no query needs to confirm that."""
        run = self._carrier.start()
        run.snapshot, run.fresh = self.snapshot, True
        return run

    def refresh(self) -> int:
        """Take in what others have changed meanwhile and return how many changes of documents that were.

        Raises: IntentError after `close`, BackendError where the lake cannot be read although it must be.
        """
        if self._closed:
            raise IntentError("this session is closed: nothing tells it any more what others write; open another one")
        changed = sum(self._take(event) for event in self._heard())
        if self._cold:
            self._read_everything()
        elif self._held:
            self._read_held()
        return changed

    def wrote(self, outcome: Outcome, run: Run) -> None:
        """Take over what a commit read and wrote, whose own events may still be on their way."""
        self.snapshot = run.snapshot
        if outcome.transaction_id is None:
            return
        documents = dict(self.snapshot.documents)
        for mutation in outcome.mutations:
            (kind, body), *_ = mutation.items()
            key = str(body.get("_id") or body.get("id"))
            if kind == "delete":
                documents.pop(key, None)
                continue
            if kind == "patch" and key not in documents:
                continue
            operations = {name: value for name, value in body.items() if name not in ("id", "ifRevisionID")}
            written = self._carrier.backend.patched(documents[key], operations) if kind == "patch" else dict(body)
            before = _revision(documents.get(key))
            if before != outcome.transaction_id:
                self._remember(self._past, (key, before))
            documents[key] = {**written, "_rev": outcome.transaction_id}
        self.snapshot = replace(self.snapshot, documents=documents)

    # --------------------------------------------------------------------------------------------------- events

    def _heard(self) -> list[dict[str, Any]]:
        try:
            return self._stream.drain()
        except BackendError:
            # The lake has ended the stream for good; another one may still be had.
            self._cold = True
        self._stream.close()
        try:
            self._stream = self._carrier.backend.listen(QUERY, {"types": self._types})
        except BackendError:
            return []
        return self._stream.drain()

    def _take(self, event: Event) -> int:
        kind = event.get("type", "mutation")
        if kind in STREAM_BREAKS:
            self._cold = True
        if kind != "mutation":
            return 0
        key = str(event["documentId"])
        mark = (key, str(event["transactionId"]))
        if mark in self._seen:
            return 0
        self._remember(self._seen, mark)
        if key.startswith(RELEASES):
            self._note_release(key, event)
            return 0
        if group_of(key) not in self.snapshot.known:
            return 0
        return self._chain(key, event)

    def _chain(self, key: str, event: Event) -> int:
        """Take in an event where it goes on from what is known, and those held back that follow it."""
        known = _revision(self.snapshot.documents.get(key))
        if _after(event) != GONE and (key, _after(event)) in self._past:
            # An own commit went on from there already.
            return 0
        if _after(event) == known:
            # Read already, or our own: then what came before it was read as well.
            self._put(key, event)
            self._drop_past(key, _before(event))
            return 0
        if _before(event) != known:
            self._held.setdefault(key, []).append(event)
            return 0
        self._put(key, event)
        changed = 1
        following = [one for one in self._held.get(key, ()) if _before(one) == _after(event)]
        for one in following:
            self._release(key, one)
            changed += self._chain(key, one)
        return changed

    @staticmethod
    def _remember(where: OrderedDict[tuple[str, str], None], what: tuple[str, str]) -> None:
        where[what] = None
        while len(where) > SEEN_MAX:
            where.popitem(last=False)

    def _drop_past(self, key: str, revision: str) -> None:
        for one in [one for one in self._held.get(key, ()) if _after(one) == revision]:
            self._release(key, one)
            self._drop_past(key, _before(one))

    def _release(self, key: str, event: Event) -> None:
        held = [one for one in self._held.get(key, ()) if one is not event]
        self._held.pop(key, None)
        if held:
            self._held[key] = held

    def _put(self, key: str, event: Event) -> None:
        documents = {name: document for name, document in self.snapshot.documents.items() if name != key}
        result = event.get("result")
        if result is not None:
            documents[key] = result
        self.snapshot = replace(self.snapshot, documents=documents)

    def _note_release(self, key: str, event: Event) -> None:
        known = self._releases.get(key)
        if known not in (None, _before(event)):
            self._cold = True
        self._releases[key] = _after(event)
        shown = event.get("result") or event.get("previous") or {}
        name = shown.get("name")
        if not isinstance(name, str):
            self._cold = True
            return
        is_locked = event.get("result") is not None and shown.get("state") != "active"
        locked = self.snapshot.locked | {name} if is_locked else self.snapshot.locked - {name}
        self.snapshot = replace(self.snapshot, locked=locked)

    # -------------------------------------------------------------------------------------------------- reading

    def _read_everything(self) -> None:
        others = tuple(sorted(self.snapshot.known - set(self._groups)))
        self._carrier.counters["gaps"] += 1
        run = self._carrier.start()
        self._carrier.read_all(run, Reading(self._groups, others, (), deep=True), (self._layer,))
        self.snapshot = run.snapshot
        self.reads += run.reads
        self._held.clear()
        self._releases.clear()
        self._cold = False

    def _read_held(self) -> None:
        self._carrier.counters["gaps"] += 1
        self._carrier.counters["reads"] += 1
        self.reads += 1
        documents = dict(self.snapshot.documents)
        for key, document in self._carrier.backend.documents(sorted(self._held)).items():
            documents.pop(key, None)
            if document is not None:
                documents[key] = document
        self.snapshot = replace(self.snapshot, documents=documents)
        self._held.clear()


def _revision(document: Document | None) -> str:
    return GONE if document is None else str(document.get("_rev"))


def _before(event: Event) -> str:
    return str(event.get("previousRev") or GONE)


def _after(event: Event) -> str:
    return GONE if event.get("result") is None else str(event.get("resultRev") or event["transactionId"])
