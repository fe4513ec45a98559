"""From the planned state back to wire mutations: element operations, locks, and an order safe under either reading
of the reference check.

Source: bidirectional semantics, F2 (order), F4 (locks), E8.4 (nothing written without a change).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from bidir.planning.intent import Simulated
from bidir.planning.restated import overwrites
from bidir.planning.work import Work
from bidir.refs import DRAFTS, PUBLISHED, Item, stored_id
from bidir.relations import Field
from bidir.siblings import Slot

__all__ = ["Emitted", "emit"]

Wire = dict[str, Any]
Place = tuple[str, str]

LOCK_FIELD = "_revision_lock_pseudo_field_"
"""What an effect-free patch unsets, to lock a document before another kind of mutation (the Studio does the same)."""


@dataclass(slots=True)
class Emitted:
    """The mutations of one plan in the order they are sent; `documents` are the stored ids they touch."""

    mutations: list[Wire] = dataclass_field(default_factory=list)
    documents: list[str] = dataclass_field(default_factory=list)


@dataclass(slots=True)
class _Edits:
    """Patch operations for one document; `exact` says that they count positions and so need the revision they saw."""

    operations: list[Wire] = dataclass_field(default_factory=list)
    adds: bool = False
    exact: bool = False


def emit(work: Work, simulated: Simulated, *, lock_all: bool = False) -> Emitted:
    """Return the transaction: versions made, removals, additions, the user's own, repairs of them, deletes."""
    world = work.world
    mine: dict[Place, bool] = {}
    for step in simulated.steps:
        place = (step.group, step.layer)
        written_over = mine.get(place) or any(overwrites(step, field) for field in world.fields_of(step.group))
        mine[place] = bool(written_over)
    creates: list[Wire] = []
    removals: list[Wire] = []
    additions: list[Wire] = []
    repairs: list[Wire] = []
    deletes: list[Wire] = []
    replaced: set[Place] = set()
    locks: dict[Place, str] = {}
    places = list(dict.fromkeys([*mine, *work.made, *work.written]))
    copied = _copied_from(work, simulated)
    for group, layer in places:
        place = (group, layer)
        base, own = world.base(group, layer), world.own(group, layer)
        target = stored_id(group, layer)
        if place in simulated.on_demand:
            creates.append({"create": dict(simulated.on_demand[place])})
        if own is None:
            if base is not None and place not in mine:
                deletes += [_lock(target, base), {"delete": {"id": target}}]
            elif base is not None:
                locks[place] = base["_rev"]
            continue
        if place in work.rewritten:
            replaced.add(place)
            document = dict(world.document(group, layer) or {})
            if base is not None:
                creates += [_lock(target, base), {"createOrReplace": document}]
            else:
                creates.append({"create": document})
            continue
        if base is None and place in work.made and place not in mine:
            creates.append({"create": dict(world.document(group, layer) or {})})
            continue
        if place in work.made and place in mine:
            replaced.add(place)
            creates.append({"createOrReplace": dict(world.document(group, layer) or {})})
            continue
        edits = _edits(work, place)
        if base is not None and (
            lock_all or edits.exact or mine.get(place) or place in copied or _needs_lock(work, place)
        ):
            locks[place] = base["_rev"]
        patches = [{"patch": {"id": target, **operation}} for operation in edits.operations]
        if place in mine:
            repairs += patches
        elif patches:
            rev = locks.pop(place, None)
            if rev is not None:
                patches[0]["patch"] = {"id": target, "ifRevisionID": rev, **edits.operations[0]}
            (additions if edits.adds else removals).extend(patches)
    if work.source_only is not None:
        # Nobody else is written, so nothing depends on what was read: the user's edit must not fail for it.
        locks.clear()
    users = _user_mutations(simulated, locks, replaced)
    out = Emitted([*creates, *removals, *additions, *users, *repairs, *deletes])
    out.documents = list(dict.fromkeys(_target(mutation) for mutation in out.mutations))
    return out


def _copied_from(work: Work, simulated: Simulated) -> set[Place]:
    """Return what the new versions are copies of: where that is written as well, it must still be what was copied."""
    world = work.world
    fresh = [place for place in (*work.made, *simulated.on_demand) if world.base(*place) is None]
    return {(group, PUBLISHED if world.base(group, PUBLISHED) is not None else DRAFTS) for group, _ in fresh}


def _target(mutation: Wire) -> str:
    (body,) = mutation.values()
    return str(body.get("_id") or body.get("id"))


def _lock(target: str, base: Mapping[str, Any]) -> Wire:
    return {"patch": {"id": target, "ifRevisionID": base["_rev"], "unset": [LOCK_FIELD]}}


def _user_mutations(simulated: Simulated, locks: dict[Place, str], replaced: set[Place]) -> list[Wire]:
    """Return the user's mutations in their order, each document's first one carrying its lock."""
    out: list[Wire] = []
    for step in simulated.steps:
        place = (step.group, step.layer)
        if place in replaced:
            continue
        wire = step.wire()
        rev = locks.pop(place, None)
        if rev is not None and step.kind == "patch":
            wire["patch"] = {"ifRevisionID": rev, **wire["patch"]}
        elif rev is not None and step.kind != "create":
            out.append({"patch": {"id": step.stored_id, "ifRevisionID": rev, "unset": [LOCK_FIELD]}})
        out.append(wire)
    return out


def _needs_lock(work: Work, place: Place) -> bool:
    """Whether a single-valued place of the document changes (F4), or a list whose bounds the plan relied on."""
    world = work.world
    group, layer = place
    if place in work.relied:
        return True
    for field in world.fields_of(group):
        if field.many and field.max is None and not field.acyclic:
            continue
        now = world.slot(group, field, layer)
        base = world.base(group, layer)
        start = None if base is None else world.parsed(base, field)
        if now is not None and list(now.counts) != list(start.counts if start is not None else ()):
            return True
        if not field.many and now is not None and start is not None and now.items != start.items:
            # Only its strength changes; but whose strength that is must not have changed meanwhile.
            return True
    return any(_takes_back(work, place, field) for field in world.pointers_of(group) if not field.many)


def _takes_back(work: Work, place: Place, field: Field) -> bool:
    """Whether the plan itself changes a single place, be it that of a derived relation only."""
    own, slot = work.world.own(*place), work.world.slot(place[0], field, place[1])
    return own is not None and slot is not None and slot.items != work.world.parsed(own, field).items


def _edits(work: Work, place: Place) -> _Edits:
    """Return the operations that lead from the document as the user leaves it to the planned one."""
    world = work.world
    group, layer = place
    own = world.own(group, layer)
    out = _Edits()
    if own is None:
        return out
    for field in world.pointers_of(group):
        slot = world.slot(group, field, layer)
        start = world.parsed(own, field)
        if slot is None or slot is start:
            continue
        if field.many:
            _list_edits(field, start, slot, out)
        else:
            _single_edits(field, start, slot, out)
    return out


def _single_edits(field: Field, start: Slot, end: Slot, out: _Edits) -> None:
    path = ".".join(field.path)
    before = start.items[0] if start.items else None
    after = end.items[0] if end.items else None
    if before is after:
        return
    if after is None:
        out.operations.append({"unset": [path]})
    elif before is not None and before.target == after.target:
        _amend(path, before, after, out)
    else:
        out.operations.append({"set": {path: after.raw}})
        out.adds = True


def _amend(path: str, before: Item, after: Item, out: _Edits) -> None:
    """Change a reference where it stands, attribute by attribute."""
    old, new = before.reference or {}, after.reference or {}
    changed = {f"{path}.{name}": value for name, value in new.items() if name not in old or old[name] != value}
    gone = [f"{path}.{name}" for name in old if name not in new]
    if changed:
        out.operations.append({"set": changed})
    if gone:
        out.operations.append({"unset": gone})


def _list_edits(field: Field, start: Slot, end: Slot, out: _Edits) -> None:
    path = ".".join(field.path)
    kept = {id(item) for item in start.items} & {id(item) for item in end.items}
    gone = [item for item in start.items if id(item) not in kept]
    fresh = [item for item in end.items if id(item) not in kept]
    amended: dict[int, Item] = {}
    for item in fresh:
        twin = next((old for old in gone if _same_place(old, item)), None)
        if twin is not None:
            amended[id(item)] = twin
            gone.remove(twin)
    for item in fresh:
        if id(item) in amended:
            twin = amended[id(item)]
            where = _address(path, twin, start, out)
            if twin.key != item.key and field.member:
                out.operations.append({"set": {f"{where}._key": item.key}})
            _amend(".".join((where, *field.member)), twin, item, out)
    _remove(path, gone, start, out)
    _insert(path, end, {id(item) for item in fresh} - set(amended), out)


def _same_place(old: Item, new: Item) -> bool:
    """Whether `new` is `old` with other attributes: same target, and the same key unless it had none."""
    return old.target == new.target and (old.key is None or old.key == new.key)


def _address(path: str, item: Item, slot: Slot, out: _Edits) -> str:
    # Only a key that no other item has names one item: a patch through a shared one would overwrite its neighbour.
    if item.key is not None and sum(other.key == item.key for other in slot.items) == 1:
        return f"{path}[_key=={json.dumps(item.key)}]"
    out.exact = True
    return f"{path}[{next(index for index, other in enumerate(slot.items) if other is item)}]"


def _remove(path: str, gone: Sequence[Item], slot: Slot, out: _Edits) -> None:
    keys = [item.key for item in slot.items]
    unkeyed = [item for item in gone if item.key is None or keys.count(item.key) > 1]
    # From the end, so that an index still counts when its turn comes.
    places = [f"{path}[{index}]" for index, item in enumerate(slot.items) if any(item is one for one in unkeyed)]
    places.reverse()
    out.exact = out.exact or bool(places)
    places += [f"{path}[_key=={json.dumps(item.key)}]" for item in gone if not any(item is one for one in unkeyed)]
    if places:
        out.operations.append({"unset": places})


def _insert(path: str, end: Slot, fresh: set[int], out: _Edits) -> None:
    """Insert runs of new items: one at the end as an append, one in the middle behind its neighbour."""
    runs: list[tuple[int, list[Item]]] = []
    for index, item in enumerate(end.items):
        if id(item) not in fresh:
            continue
        if runs and runs[-1][0] + len(runs[-1][1]) == index:
            runs[-1][1].append(item)
        else:
            runs.append((index, [item]))
    if not runs:
        return
    out.adds = True
    out.operations.append({"setIfMissing": {path: []}})
    out.operations.append({"unset": [f"{path}[_key=={json.dumps(item.key)}]" for _, run in runs for item in run]})
    for index, run in runs:
        items = [item.raw for item in run]
        if index + len(run) == len(end.items):
            out.operations.append({"insert": {"after": f"{path}[-1]", "items": items}})
            continue
        out.exact = True
        before = end.items[index - 1] if index else None
        if before is not None and before.key is not None:
            anchor = {"after": f"{path}[_key=={json.dumps(before.key)}]"}
        else:
            anchor = {"before": f"{path}[{index}]"}
        out.operations.append({"insert": {**anchor, "items": items}})
