"""The history check: lost updates, write skew and cycles among the transactions on one pair (F11.4, after Elle).

For each transaction it is known what its process had seen when it sent it, and what it wrote. Reading what is old is
allowed; what came of it must not differ from what somebody who had seen all would have left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bidir.conformance.invariants import DRAFTS, PUBLISHED, resolve_view, split_id, targets
from bidir.conformance.simulation.asked import EDITS, had_seen, stated_by
from bidir.conformance.simulation.findings import Finding
from bidir.conformance.simulation.ledger import Entry
from bidir.conformance.simulation.records import UNSEEN
from bidir.conformance.simulation.running import Run
from bidir.relations import Field

__all__ = ["judge_history"]

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Half:
    """A link as one document states it: stored id, field, target."""

    document: str
    field: Field
    target: str


def judge_history(run: Run, entries: list[Entry]) -> Iterator[Finding]:
    """Yield every anomaly between transactions of engines."""
    writers: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.sent is not None and not entry.sent.action:
            yield from _lost_updates(run, entry, writers)
            yield from _skew(run, entry, writers)
        for name in entry.changed:
            writers.setdefault(name, []).append(entry)


def _halves(run: Run, documents: Mapping[str, Document], name: str) -> dict[tuple[str, str], _Half]:
    document = documents.get(name)
    if document is None:
        return {}
    return {
        (field.name, target): _Half(name, field, target)
        for field in run.schema.fields_of(str(document.get("_type")))
        for target in targets(document, field)
    }


def _unseen(entry: Entry, name: str, writers: Mapping[str, list[Entry]]) -> list[Entry]:
    """Return the transactions on a document that the sender had not seen, oldest first."""
    assert entry.sent is not None
    seen = entry.sent.seen.get(name, UNSEEN)
    history = writers.get(name, [])
    for position in range(len(history) - 1, -1, -1):
        shown = history[position].transaction_id if name in history[position].after else None
        if shown == seen:
            return history[position + 1 :]
    return history


def _lost_updates(run: Run, entry: Entry, writers: Mapping[str, list[Entry]]) -> Iterator[Finding]:
    """A link that an editor wrote, and that an engine takes away in a write of its own without having seen it."""
    for name in entry.changed:
        if name not in entry.after:
            continue
        gone = _halves(run, entry.before, name).keys() - _halves(run, entry.after, name).keys()
        if not gone:
            continue
        if entry.act is not None and entry.act.move in EDITS:
            asked = stated_by(run, entry.act, entry.before)
            if name in asked:
                # The editor's own words may overwrite anything; that is what "last one wins" means.
                gone -= _halves(run, entry.before, name).keys() - _halves(run, asked, name).keys()
        for earlier in _unseen(entry, name, writers):
            fresh = _halves(run, earlier.after, name).keys() - _halves(run, earlier.before, name).keys()
            for field, target in sorted(gone & fresh):
                if entry.act is not None and target == entry.act.group:
                    # The other half of a link that the editor's own words take away.
                    continue
                yield Finding(
                    "lost update",
                    f"{name}: {field} → {target}, written by {_who(earlier)}, was taken away by {_who(entry)}, "
                    "which had not seen it",
                )


def _skew(run: Run, entry: Entry, writers: Mapping[str, list[Entry]]) -> Iterator[Finding]:
    """Two transactions on one pair, each in order by itself: the later had not seen the earlier, and they disagree."""
    for name in entry.changed:
        if name not in entry.after:
            # What lies below shows instead; whether that is right is for the frame and for liveness.
            continue
        # A new version is a copy of what its maker had seen below: what it says like that is no doing of its own.
        new, below = name not in entry.before, split_id(name)[1]
        before = _halves(run, {**entry.before, **entry.shown}, below) if new else _halves(run, entry.before, name)
        after = _halves(run, entry.after, name)
        for key in sorted(before.keys() ^ after.keys()):
            half = after.get(key) or _Half(name, before[key].field, before[key].target)
            yield from _disagreement(run, entry, half, holds=key in after, writers=writers)


def _disagreement(
    run: Run, entry: Entry, half: _Half, *, holds: bool, writers: Mapping[str, list[Entry]]
) -> Iterator[Finding]:
    layer, group = split_id(half.document)
    other = resolve_view(entry.after, layer).get(half.target)
    if other is None or entry.act is None or _alone(entry) or entry.act.form or run.course.dials.lag_max:
        # A worker answers what is one-sided already; and what is read too late, by a query that is behind or in a form
        # that has heard of one half and not of the other, hides what would have to be written, so that nothing is
        # locked. Where that is overtaken the next event brings it back (liveness).
        return
    inverse = run.schema.inverse(half.field, str(other.get("_type")))
    if inverse is None or (group in targets(other, inverse[1])) == holds:
        return
    place = str(other["_id"])
    own = f"drafts.{half.target}" if layer == DRAFTS else f"versions.{layer}.{half.target}"
    if own in entry.before and own not in entry.after and not had_seen(entry, place):
        # A version that said nothing new was removed; what it repeated has changed meanwhile, and cannot be locked.
        return
    if layer not in (PUBLISHED, entry.act.home) or (holds is False and split_id(place)[0] == PUBLISHED != layer):
        # What follows in another layer rests on a look at who is there, which may miss somebody (F3).
        return
    unseen = _unseen(entry, place, writers)
    if any(place not in earlier.before for earlier in unseen):
        # What was not there when it was looked for cannot be locked; the events bring both together again.
        return
    for earlier in unseen:
        if earlier.sent is None or earlier.act is None or earlier.author == entry.author:
            # A script, or a worker, who may write one half alone because the other stands already.
            continue
        then = _halves(run, earlier.before, place).keys() ^ _halves(run, earlier.after, place).keys()
        if any(target == group for _, target in then) or (not inverse[1].many and then):
            word = "cycle" if half.document in earlier.changed else "write skew"
            yield Finding(
                word,
                f"{half.document} {'points' if holds else 'does not point'} at {half.target} in {half.field.name} and "
                f"{place} disagrees: {_who(entry)} had not seen {_who(earlier)}",
            )
            return


def _alone(entry: Entry) -> bool:
    """Whether a transaction wrote nothing but its own document: the other half was given up on purpose, and waits."""
    return entry.act is not None and {split_id(name)[1] for name in entry.changed} <= {entry.act.group}


def _who(entry: Entry) -> str:
    what = "" if entry.act is None else f" for [{entry.act.number}]"
    return f"{entry.author}{what} ({entry.transaction_id})"
