"""What a transaction may change: what its act asked for, on the documents as its sender had seen them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from bidir.backends.patching import patched
from bidir.conformance.frame import Intent
from bidir.conformance.invariants import DRAFTS, PUBLISHED, split_id
from bidir.conformance.simulation.course import Act
from bidir.conformance.simulation.ledger import Entry
from bidir.conformance.simulation.running import Run
from bidir.conformance.simulation.wishes import mark_of, operations_of
from bidir.errors import Refused

__all__ = ["EDITS", "Bases", "asked_of", "bases_of", "had_seen", "stated_by", "stored_of"]

Document = Mapping[str, Any]
Bases: TypeAlias = Mapping[str, Document | None]
"""What new versions are copies of, by stored id; None: taken for absent."""

EDITS = ("set", "unset", "add", "remove", "text", "create")
"""The moves that are a submit of the editor's own mutations."""


def stored_of(act: Act) -> str:
    """Return the stored id that an act is about."""
    if act.home == PUBLISHED:
        return act.group
    return f"drafts.{act.group}" if act.home == DRAFTS else f"versions.{act.home}.{act.group}"


def stated_by(run: Run, act: Act, before: Mapping[str, Document]) -> dict[str, Document]:
    """Return the documents that an edit touches, as its own mutations alone would leave them."""
    name = stored_of(act)
    if act.move == "create":
        return {name: {"_id": name, "_type": run.kind.type_of[act.group], mark_of(act): act.number}}
    base = before.get(name) or before.get(act.group) or before.get(f"drafts.{act.group}")
    if base is None:
        return {}
    document = {**base, "_id": name}
    for patch in operations_of(act, run.kind):
        try:
            document = patched(document, patch)
        except Refused:
            return {}
    return {name: document}


def asked_of(run: Run, entry: Entry, bases: Bases) -> Intent:
    """Return what a transaction may change: its act, or the consequences of others' changes."""
    intent = _intent(run, entry, bases)
    return replace(intent, stated={**_stale_copies(run, entry), **intent.stated})


def _intent(run: Run, entry: Entry, bases: Bases) -> Intent:
    act = entry.act
    before = {name: body for name, body in {**entry.before, **bases}.items() if body is not None}
    everybody = frozenset(run.kind.type_of)
    if act is None:
        return Intent(PUBLISHED, weakened=everybody)
    if act.move in EDITS:
        # A pointer at what is not published must not be strong; in a release that depends on what else has a version
        # there, and a draft's items are copied (E8.6).
        unpublished = frozenset(group for group in everybody if group not in entry.before)
        strength = unpublished if act.home in (PUBLISHED, DRAFTS) else everybody
        if act.move in ("set", "add") and not had_seen(entry, stored_of(act)):
            # To who has not seen that it stands there already, the pointer is a new one.
            strength |= {act.target}
        return Intent(act.home, stated_by(run, act, before), weakened=strength)
    name = stored_of(act)
    versions = frozenset(one for one in before if split_id(one)[1] == act.group)
    if act.move == "publish":
        text = {**before[name], "_id": act.group} if name in before else {}
        return Intent(PUBLISHED, {act.group: text} if text else {}, frozenset((name,)), weakened=everybody)
    if act.move == "unpublish":
        draft = f"drafts.{act.group}"
        kept = before.get(draft) or before.get(act.group, {})
        return Intent(PUBLISHED, {draft: kept}, frozenset((act.group,)), weakened=everybody)
    if act.move == "delete":
        return Intent(PUBLISHED, {}, versions, frozenset((act.group,)), everybody)
    if act.move == "discard":
        # A version made between reading and writing cannot be locked: nothing was there to lock. Nor can one be found
        # by its id whose release a query does not show yet.
        last = {one for one in entry.shown if split_id(one)[1] == act.group} <= {name} or versions <= {name}
        last = last or bool(run.course.dials.lag_max)
        gone = frozenset((act.group,)) if last else frozenset()
        return Intent(act.layer, {}, frozenset((name,)), gone, weakened=gone)
    if act.move == "create_version":
        base = before.get(act.group) or before.get(f"drafts.{act.group}")
        name = f"versions.{act.layer}.{act.group}"
        return Intent(act.layer, {} if base is None else {name: base}, weakened=everybody)
    return Intent(PUBLISHED, weakened=everybody)


def bases_of(entry: Entry, *, drafts: bool = False) -> dict[str, Document | None]:
    """Return what new versions are copies of, as their maker had seen it: what is only copied from is not locked.

    With `drafts` the published document counts as not there yet, or gone, so that the draft is what was copied.
    """
    found: dict[str, Document | None] = {}
    for name in entry.changed:
        layer, group = split_id(name)
        if name in entry.before or layer == PUBLISHED:
            continue
        for base in (group, f"drafts.{group}"):
            if base in entry.shown and base not in entry.changed:
                found[base] = entry.shown[base]
        if drafts and (group not in entry.before or f"drafts.{group}" in entry.shown):
            found[group] = None
    return found


def _stale_copies(run: Run, entry: Entry) -> dict[str, Document]:
    """Return new versions whose base is written in the same transaction, as copies of what their maker had seen."""
    found: dict[str, Document] = {}
    for name in entry.changed:
        layer, group = split_id(name)
        if name in entry.before or layer == PUBLISHED or group not in entry.changed or had_seen(entry, group):
            continue
        base = entry.shown.get(group)
        if base is not None and entry.act is not None and entry.act.move in EDITS:
            base = stated_by(run, entry.act, {**entry.before, group: base}).get(group, base)
        if base is not None:
            found[name] = {**base, "_id": name}
    return found


def had_seen(entry: Entry, name: str) -> bool:
    """Whether the sender had seen the last revision of a document."""
    old = entry.before.get(name)
    return old is not None and entry.sent is not None and entry.sent.seen.get(name) == old.get("_rev")
