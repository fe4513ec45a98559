"""The items the engine writes: their strength, key and place, and what the user's own new items must become.

Source: bidirectional semantics, E8.5 (positions), E8.6 (strength), R11 (one pointer per pair, derived keys).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bidir.origin import item_key
from bidir.refs import PUBLISHED, Item, in_release, with_value_at
from bidir.relations import Field, Relation
from bidir.siblings import Slot, World

__all__ = [
    "founded",
    "grounded",
    "grows_strong",
    "keyed",
    "make_item",
    "must_be_weak",
    "place_for",
    "reference_to",
    "stamp_for",
    "stays_weak",
    "undo_of",
    "weakened",
]

Document = Mapping[str, Any]


def grounded(world: World, target: str, layer: str) -> bool:
    """Whether a strong pointer in `layer` at `target` stands on something the lake accepts, and goes on accepting.

    What a scheduled release takes offline is no ground: the lake would not publish the release for such a pointer.
    """
    if world.own(target, PUBLISHED) is not None and target not in world.snapshot.leaving:
        return True
    return in_release(layer) and world.own(target, layer) is not None and not world.marked(target, layer)


def stays_weak(relation: Relation, field: Field) -> bool:
    """Whether pointers of this end are weak for good: those of the inverse side, all of them where both are one."""
    return relation.inverse_weak and (relation.symmetric or not relation.is_forward(field))


def grows_strong(reference: Document) -> bool:
    """Whether a weak reference carries a stamp by which a publish makes it strong (content-lake reference, 1.8)."""
    stamp = reference.get("_strengthenOnPublish")
    return reference.get("_weak") is True and bool(stamp) and not (isinstance(stamp, Mapping) and stamp.get("weak"))


def must_be_weak(world: World, relation: Relation, field: Field, target: str, layer: str) -> tuple[bool, bool]:
    """Return (weak, stamped): whether a new pointer is weak, and whether it carries the stamp to grow strong later."""
    if stays_weak(relation, field):
        return True, False
    if grounded(world, target, layer):
        return field.weak, False
    return True, True


def stamp_for(world: World, field: Field, target: str) -> dict[str, Any]:
    """Return the attributes that remember a declared strength: `_strengthenOnPublish` as the Studio writes it.

    It names the target's type; where the target does not exist and the field allows several, none can be named and
    the pointer stays unstamped.
    """
    name = world.type_of(target) or (field.to[0] if len(field.to) == 1 else None)
    if name is None:
        return {}
    return {"_strengthenOnPublish": {"type": name, "weak": True} if field.weak else {"type": name}}


def reference_to(world: World, relation: Relation, field: Field, target: str, layer: str) -> dict[str, Any]:
    """Return the reference object the engine writes for a new pointer at `target`."""
    weak, stamped = must_be_weak(world, relation, field, target, layer)
    reference: dict[str, Any] = {"_type": field.reference_type, "_ref": target}
    if weak:
        reference["_weak"] = True
    if stamped:
        reference.update(stamp_for(world, field, target))
    return reference


def make_item(world: World, relation: Relation, field: Field, slot: Slot, target: str, layer: str) -> Item:
    """Return a new item for `target`; its key is derived from relation and target and never one that is in use."""
    reference = reference_to(world, relation, field, target, layer)
    if not field.many:
        return Item(target, reference, reference, None, None)
    key = free_key(relation, target, slot)
    if field.member:
        raw: dict[str, Any] = {"_key": key}
        if field.item_type:
            raw["_type"] = field.item_type
        raw = with_value_at(raw, field.member, reference)
    else:
        raw = reference = {**reference, "_key": key}
    return Item(target, raw, reference, key, None)


def free_key(relation: Relation, target: str, slot: Slot) -> str:
    """Return the derived key, or its first variant that no item of the slot has."""
    taken = slot.keys()
    attempt = 0
    while (key := item_key(relation.name, target, attempt)) in taken:
        attempt += 1
    return key


def place_for(world: World, group: str, field: Field, layer: str, target: str) -> tuple[int, Item | None]:
    """Return (index, item): where a new item goes, and the item of the list below that comes back, if there is one.

    New items go to the end; one that stands in the published list takes its place there again, behind the nearest
    predecessor that is still present (E8.5).
    """
    slot = world.slot(group, field, layer)
    end = len(slot.items) if slot is not None else 0
    below = None if layer == PUBLISHED else _below(world, group, field, target)
    if slot is None or below is None:
        return end, None
    position = next(index for index, item in enumerate(below.items) if item.target == target)
    item = _sound(world, field, below.items[position], slot)
    taken = slot.keys()
    if item.fault is not None or (item.key is not None and item.key in taken):
        return end, None
    if not field.many:
        return 0, item
    present = {other.target: index for index, other in enumerate(slot.items) if other.target is not None}
    for earlier in reversed(below.items[:position]):
        if earlier.target in present:
            return present[earlier.target] + 1, item
    return 0, item


def _below(world: World, group: str, field: Field, target: str) -> Slot | None:
    """Return the published list that has `target`: as it is now, or as it was before the change at hand.

    A version made above starts from what published says now; a link that goes on above keeps what was noted on it (I7).
    """
    now = world.slot(group, field, PUBLISHED)
    if now is not None and target in now.counts:
        return now
    before = world.own_before(group, PUBLISHED)
    was = None if now is None or before is None else world.parsed(before, field)
    return was if was is not None and target in was.counts else None


def _sound(world: World, field: Field, item: Item, slot: Slot) -> Item:
    """Return a carried-over item with a plain group id and a key, whatever it had where it comes from."""
    if item.fault == "draft-id":
        plain = {**(item.reference or {}), "_ref": item.target, "_weak": True}
        item = replace(with_reference(field, item, plain), fault=None)
    if field.many and item.key is None and item.target is not None:
        item = keyed(world.schema.relations_of(field)[0], field, item, slot)
    return item


def keyed(relation: Relation, field: Field, item: Item, slot: Slot) -> Item:
    """Return an item without a key as one that has a derived key, free in `slot`."""
    key = free_key(relation, item.target or "", slot)
    raw = {**item.raw, "_key": key}
    return replace(item, raw=raw, key=key, reference=item.reference if field.member else raw, fault=None)


def with_reference(field: Field, item: Item, reference: Document) -> Item:
    """Return `item` with another reference object inside it."""
    raw = (
        dict(reference) if not (field.many and field.member) else with_value_at(item.raw, field.member, dict(reference))
    )
    return replace(item, raw=raw, reference=reference)


def weakened(world: World, relation: Relation, field: Field, item: Item, layer: str) -> Item:
    """Return a user's new item as it must be stored: a plain group id, and weak where a strong pointer would break."""
    reference = dict(item.reference or {})
    target = item.target or ""
    weak, stamped = must_be_weak(world, relation, field, target, layer)
    changed = False
    if reference.get("_ref") != target:
        reference["_ref"] = target
        changed = True
    if weak and reference.get("_weak") is not True and not (field.weak and not stamped and relation.is_forward(field)):
        reference["_weak"] = True
        changed = True
        if stamped and "_strengthenOnPublish" not in reference:
            reference.update(stamp_for(world, field, target))
    if stays_weak(relation, field) and grows_strong(reference):
        # The Studio stamps what points at an unpublished document; on this side its publish must not act on it.
        del reference["_strengthenOnPublish"]
        changed = True
    if not changed:
        return item
    fixed = with_reference(field, item, reference)
    return replace(fixed, fault=None if item.fault == "draft-id" else item.fault)


def founded(world: World, relation: Relation, field: Field, item: Item, layer: str) -> Item:
    """Return an item that comes back from another version, weak where what it points at strongly is not there."""
    if item.target is not None and item.is_strong and not grounded(world, item.target, layer):
        return weakened(world, relation, field, item, layer)
    return item


def undo_of(
    world: World, relation: Relation, field: Field, group: str, target: str, layer: str
) -> tuple[dict[str, Any], ...]:
    """Return the mutations that put `target` back into `group`'s field in `layer`, as a caller of `submit` writes them.

    A list gets the item as it was, at the place it had.
    """
    path = ".".join(field.path)
    document = world.shown_before(group, layer)
    slot = Slot([]) if document is None else world.parsed(document, field)
    place = next((index for index, item in enumerate(slot.items) if item.target == target), None)
    if place is None:
        item = make_item(world, relation, field, slot, target, layer)
        ground: list[dict[str, Any]] = [{".".join(field.path[:end]): {}} for end in range(1, len(field.path))]
        ground += [{path: []}] if field.many else []
    else:
        item, ground = slot.items[place], []
    patch: dict[str, Any] = {"set": {path: item.raw}}
    if field.many:
        last = place is None or place == len(slot.items) - 1
        anchor = {"after": f"{path}[-1]"} if last else {"before": f"{path}[{place}]"}
        patch = {"insert": {**anchor, "items": [item.raw]}}
    patches = [*({"setIfMissing": one} for one in ground), patch]
    return tuple({"patch": {"id": group, **one}} for one in patches)
