"""What breaks the invariants in a dataset, view by view: the audit, and the pairs it looks at.

Source: bidirectional semantics, E5 (invariants), F8, E8.19 (what is told, and what only on request).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bidir.planning.overlaps import overlapping
from bidir.planning.work import Link, link_between
from bidir.refs import DRAFTS, PUBLISHED
from bidir.relations import Field, Schema
from bidir.siblings import World

__all__ = [
    "Kind",
    "Violation",
    "asymmetry",
    "field_keeps",
    "find_violations",
    "halves_in",
    "is_ahead",
    "is_deferred",
    "is_given_up",
    "is_kept",
    "seats_of_missing",
    "unanswerable_in",
    "varies",
    "waits",
]

Kind = Literal[
    "one-sided",
    "double-claim",
    "duplicate-item",
    "over-cardinality",
    "dangling",
    "draft-id-reference",
    "unkeyed-item",
    "strong-inverse",
    "wrong-type",
    "malformed-item",
    "tolerated-dangling",
    "overlap",
]


@dataclass(frozen=True, slots=True)
class Violation:
    """One fault: `source` (a group) and its field, seen in the view of `layer`; `target` the group it concerns."""

    kind: Kind
    relation: str
    layer: str
    source: str
    field: str
    target: str
    text: str


def find_violations(
    world: World, waiting: Collection[tuple[str, str, str, str]], *, notes: bool = False
) -> Iterator[Violation]:
    """Yield every fault in every single view, one per pair and view; a view above repeats nothing that lies below.

    `waiting` are the keys of pending halves, which are no faults. What is out of step in a release that takes no writes
    waits too (`locked-release`, E8.13) and is told only with `notes`.
    """
    for view in (PUBLISHED, *world.release_views()):
        if view in world.snapshot.locked and not notes:
            continue
        for group in world.groups():
            if world.own(group, view) is None or world.marked(group, view):
                # What only says "unpublish" shows nothing, and its fields are never written (E8.13).
                continue
            for field in world.fields_of(group):
                yield from _item_faults(world, view, group, field, notes)
        yield from _pair_faults(world, view, waiting, notes)
        if notes:
            yield from _overlaps(world, view)


def _overlaps(world: World, view: str) -> Iterator[Violation]:
    """Yield the fields of which `view` and a layer before it, independent of it, each say something of their own."""
    for group in world.groups():
        for field in world.fields_of(group):
            other = next(overlapping(world, group, field, view), view)
            layers = world.layers_of(group)
            if other != view and layers.index(other) < layers.index(view):
                text = f"{group}: {field.name} says one thing in {other} and another in {view}"
                yield Violation("overlap", _relation_name(world, field), view, group, field.name, "", text)


def _relation_name(world: World, field: Field) -> str:
    return next((one.name for one in world.schema.relations_of(field)), "")


def _item_faults(world: World, view: str, group: str, field: Field, notes: bool) -> Iterator[Violation]:
    slot = world.slot(group, field, view)
    name = _relation_name(world, field)
    for index, item in enumerate(slot.items if slot is not None else ()):
        where = f"{group}: {field.name}[{index}]" if field.many else f"{group}: {field.name}"
        if item.fault == "draft-id":
            text = f"{where} names a version of {item.target}; references name the published id"
            yield Violation("draft-id-reference", name, view, group, field.name, item.target or "", text)
        if field.many and item.target is not None and item.key is None:
            text = f"{where} has no _key"
            yield Violation("unkeyed-item", name, view, group, field.name, item.target, text)
        elif notes and item.fault == "malformed":
            yield Violation("malformed-item", name, view, group, field.name, "", f"{where} is no reference")
    counts = slot.counts if slot is not None else {}
    for target, count in counts.items():
        if count > 1:
            text = f"{group}: {field.name} points at {target} {count} times"
            yield Violation("duplicate-item", name, view, group, field.name, target, text)
    if field.many and field.max is not None and len(counts) > max(field.max, seats_of_missing(world, counts)):
        text = f"{group}: {field.name} holds {len(counts)} and takes at most {field.max}"
        yield Violation("over-cardinality", name, view, group, field.name, "", text)


def seats_of_missing(world: World, targets: Iterable[str]) -> int:
    """Return how many of the groups have no version: pointers at them are never removed (E8.19), so they keep seats."""
    return sum(world.type_of(target) is None for target in targets)


def _pair_faults(
    world: World, view: str, waiting: Collection[tuple[str, str, str, str]], notes: bool
) -> Iterator[Violation]:
    for half in halves_in(world, view):
        name = half.relation.name
        if waits(half, view, waiting):
            continue
        if not world.visible(half.target, view):
            yield from _dangling(world, view, name, half.group, half.field, half.target, notes=notes)
            continue
        if not world.holds(half.target, half.mirrored.field, view, half.group):
            if is_deferred(world, view, half) or is_ahead(world, view, half) or is_given_up(view, half):
                continue
            if varies(world, half):
                continue
            yield asymmetry(world, view, half)
        elif notes and half.relation.inverse_weak and not half.relation.is_forward(half.field):
            slot = world.slot(half.group, half.field, world.layer_seen(half.group, view) or view)
            for item in slot.items if slot is not None else ():
                if item.target == half.target and item.is_strong:
                    text = (
                        f"{half.group}: {half.field.name} points at {half.target} strongly; inverse pointers are weak"
                    )
                    yield Violation("strong-inverse", name, view, half.group, half.field.name, half.target, text)
    awaited = {key[:3] for key in waiting}
    for group, field, target in unanswerable_in(world, view):
        key = (_relation_name(world, field), group, target, view)
        if world.type_of(target) is None:
            kept = is_kept(world, group, field, target, view)
            if key[:3] not in awaited and (notes or not kept):
                text = f"{group}: {field.name} points at {target}, which does not exist"
                kind: Kind = "tolerated-dangling" if kept else "dangling"
                yield Violation(kind, key[0], view, group, field.name, target, text)
            continue
        if not world.visible(target, view):
            yield from _dangling(world, view, key[0], group, field, target, notes=False)
        if notes:
            text = (
                f"{group}: {field.name} points at {target} of type {world.type_of(target)}, which has no inverse field"
            )
            yield Violation("wrong-type", key[0], view, group, field.name, target, text)


def is_kept(world: World, group: str, field: Field, target: str, view: str) -> bool:
    """Whether a pointer at what does not exist is what `on_delete: keep` leaves: weak, and meant (I5)."""
    slot = world.slot(group, field, view)
    items = [item for item in (slot.items if slot is not None else ()) if item.target == target]
    return field_keeps(world.schema, field) and not any(item.is_strong for item in items)


def field_keeps(schema: Schema, field: Field) -> bool:
    """Whether every relation of a field leaves the pointers at what was deleted (`on_delete: keep`)."""
    return all(relation.on_delete == "keep" for relation in schema.relations_of(field))


def asymmetry(world: World, view: str, half: Link) -> Violation:
    """Return what to tell of a half that is not answered in `view`."""
    holders = world.targets(half.target, half.mirrored.field, view)
    rival = next((one for one in holders if one != half.group), None)
    if not half.mirrored.field.many and rival is not None:
        agreed = world.link_exists(rival, half.target, half.mirrored.field, view)
        if agreed:
            text = f"{half.group}: {half.field.name} claims {half.target}, which is with {rival}"
            return Violation("double-claim", half.relation.name, view, half.group, half.field.name, half.target, text)
    text = f"{half.group}: {half.field.name} points at {half.target}, {half.mirrored.field.name} does not point back"
    return Violation("one-sided", half.relation.name, view, half.group, half.field.name, half.target, text)


def _dangling(
    world: World, view: str, name: str, group: str, field: Field, target: str, *, notes: bool
) -> Iterator[Violation]:
    """Tell of a pointer at what the view does not show: a fault where it is strong.

    It is none where the view's release takes the target offline: that makes the pointer weak when it happens (E8.13).
    """
    layer = world.layer_seen(group, view)
    slot = None if layer is None else world.slot(group, field, layer)
    strong = any(item.target == target and item.is_strong for item in (slot.items if slot is not None else ()))
    if strong and not world.marked(target, view):
        text = f"{group}: {field.name} points strongly at {target}, which this view does not show"
        yield Violation("dangling", name, view, group, field.name, target, text)
    elif notes:
        text = f"{group}: {field.name} points at {target}, which this view does not show (yet)"
        yield Violation("tolerated-dangling", name, view, group, field.name, target, text)


def waits(half: Link, view: str, waiting: Collection[tuple[str, str, str, str]]) -> bool:
    """Whether the pair is listed as pending in `view`, from either side."""
    name = half.relation.name
    return (name, half.group, half.target, view) in waiting or (name, half.target, half.group, view) in waiting


def is_deferred(world: World, view: str, half: Link) -> bool:
    """Whether what the two ends say in drafts waits for a publish, because one of them is edited live (E5).

    The drafts view never writes a live document (E8.17). Two live ones come apart there only through a draft that one
    of them should not have: the Studio has it published or discarded before anything else can be edited.
    """
    return view == DRAFTS and (world.is_live(half.group) or world.is_live(half.target))


def varies(world: World, half: Link) -> bool:
    """Whether an end has versions for different readers: what the pair says is nobody's to guess (C55)."""
    return world.has_variants(half.group) or world.has_variants(half.target)


def is_given_up(view: str, half: Link) -> bool:
    """Whether the relation does not ask for symmetry in published (`publish_partners: none`, E8.12)."""
    return view == PUBLISHED and half.relation.publish_partners == "none"


def is_ahead(world: World, view: str, half: Link) -> bool:
    """Whether a live document already says in public what a draft says (`live_target: write_through`)."""
    if half.relation.live_target != "write_through" or view != PUBLISHED:
        return False
    live, other = (half, half.mirrored) if world.is_live(half.group) else (half.mirrored, half)
    if not world.is_live(live.group) or world.is_live(other.group) or world.own(other.group, DRAFTS) is None:
        return False
    said = world.holds(live.group, live.field, PUBLISHED, live.target)
    return said == world.holds(other.group, other.field, DRAFTS, other.target)


def _in_view(world: World, view: str, group: str) -> Iterator[tuple[Field, str]]:
    for field in world.fields_of(group):
        for target in world.targets(group, field, view):
            yield field, target


def halves_in(world: World, view: str) -> Iterator[Link]:
    """Yield the links that stand in `view`, in order of groups; above published only those a version there touches."""
    for group in world.groups():
        own = world.own(group, view) is not None
        if view == PUBLISHED and not own:
            continue
        for field, target in list(_in_view(world, view, group)):
            if not own and world.own(target, view) is None:
                continue
            link = link_between(world, field, group, target)
            if link is not None:
                yield link


def unanswerable_in(world: World, view: str) -> Iterator[tuple[str, Field, str]]:
    """Yield (group, field, target) for pointers of versions in `view` at groups that have no field to point back."""
    for group in world.groups():
        if world.own(group, view) is None:
            continue
        for field, target in list(_in_view(world, view, group)):
            if link_between(world, field, group, target) is None:
                yield group, field, target
