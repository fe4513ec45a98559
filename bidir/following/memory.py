"""What a follower remembers of its own past: what it has carried through, and when it wrote about what.

All of it is bounded, and all of it may be forgotten: then something is looked at once more, which writes nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from bidir.following.place import IN_FLIGHT_SECONDS_MAX
from bidir.following.sequence import GONE, Step
from bidir.refs import PUBLISHED, group_of, layer_of, read_items
from bidir.relations import Schema
from bidir.siblings import Slot, Snapshot

__all__ = ["REMEMBERED_MAX", "Memory", "repeats", "revision_of"]

Document = Mapping[str, Any]

REMEMBERED_MAX = 10_000
"""Documents that are remembered as they were when they were carried through, and groups with a moment."""


class Memory:
    """What stood where when it was carried through, and the moments that make another engine's write doubtful."""

    def __init__(self) -> None:
        """Start knowing nothing."""
        # What stood there when it was last carried through (None: nothing); hearing of it again is no change.
        self._carried: OrderedDict[str, Document | None] = OrderedDict()
        # When the follower last wrote because of a change of these groups, or to them.
        self._answered_at: OrderedDict[str, float] = OrderedDict()
        # When a version of these groups came into being above the published document.
        self._appeared_at: OrderedDict[str, float] = OrderedDict()

    def keep(self, document_id: str, document: Document | None) -> None:
        """Remember what a document was when it was carried through."""
        self._carried[document_id] = document
        self._carried.move_to_end(document_id)
        while len(self._carried) > REMEMBERED_MAX:
            self._carried.popitem(last=False)

    def before(self, document_id: str, told: Document | None) -> Document | None:
        """Return where a change begins: with what was carried through last, else with what was `told`.

        An event may come late, after what it tells was caught up with.
        """
        return self._carried.get(document_id, told)

    def revision(self, document_id: str) -> str:
        """Return the revision in which the document was carried through last; `GONE` also where it never was."""
        return revision_of(self._carried.get(document_id))

    def news(self, earlier: Mapping[str, Document | None], snapshot: Snapshot) -> dict[str, Document | None]:
        """Return what of `earlier` is not as it was when it was carried through; the rest was only told again."""
        return {
            key: before
            for key, before in earlier.items()
            if key not in self._carried or revision_of(self._carried[key]) != revision_of(snapshot.documents.get(key))
        }

    def note_answered(self, groups: Iterable[str], now: float) -> None:
        """Note that a write of the follower's was about these groups."""
        for group in groups:
            _note(self._answered_at, group, now)

    def note_appeared(self, step: Step, now: float) -> None:
        """Note, where a step brings a version above published into being, that it did."""
        if step.before is None and step.known_before and layer_of(step.document_id) != PUBLISHED:
            _note(self._appeared_at, group_of(step.document_id), now)

    def may_be_stale(self, step: Step, now: float) -> bool:
        """Whether another engine relied on what no lock holds fast, so that its transaction is looked at all the same.

        A new version is a copy of what lies below, which is not locked, as little as the place where it was not yet.
        And where this follower has just written one half because the other stood already, neither of the two locked
        what the other wrote.
        """
        group, upper = group_of(step.document_id), layer_of(step.document_id) != PUBLISHED
        moments = (self._answered_at.get(group), None if upper else self._appeared_at.get(group))
        recent = any(one is not None and now - one < IN_FLIGHT_SECONDS_MAX for one in moments)
        return (step.before is None and upper) or recent


def repeats(schema: Schema, step: Step) -> bool:
    """Whether a step left a list with one more pointer at a group that it pointed at already.

    Two engines that link the same pair from its two ends each put an item there: lists are not locked (F4, R11).
    """
    if step.after is None:
        return False
    for field in schema.fields_of(str(step.after.get("_type"))):
        before, now = (Slot(read_items(one, field)).counts for one in (step.before, step.after))
        if field.many and any(count > max(1, before.get(target, 0)) for target, count in now.items()):
            return True
    return False


def _note(moments: OrderedDict[str, float], group: str, now: float) -> None:
    moments[group] = now
    moments.move_to_end(group)
    while len(moments) > REMEMBERED_MAX:
        moments.popitem(last=False)


def revision_of(document: Document | None) -> str:
    """Return the revision of a document; one that does not exist has that of a deleted one."""
    return GONE if document is None else str(document.get("_rev"))
