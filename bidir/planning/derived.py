"""The stored ends of derived relations: no other half to keep in step, but pointers that must not break or block.

Source: bidirectional semantics, E3 ("write e only; inverse is a query"), E8.6 (strength).
"""

from __future__ import annotations

from bidir.planning.arrivals import tell_weakened
from bidir.planning.items import weakened
from bidir.planning.work import Work
from bidir.relations import Field

__all__ = ["secure_derived"]


def secure_derived(work: Work, group: str, layer: str) -> None:
    """Make the user's new pointers at what is not published weak, with the stamp to grow strong later (E8.6)."""
    world = work.world
    if world.own(group, layer) is None:
        return
    ends = world.fields_of(group)
    for field in world.pointers_of(group):
        if field in ends:
            continue
        slot, stood = world.slot(group, field, layer), _strong_before(work, group, layer, field)
        for item in list(slot.items if slot is not None else ()):
            if item.target is None or item.target in stood or not item.is_strong:
                continue
            name = world.type_of(item.target)
            relation = work.schema.derived_of(field, name)
            safe = item if relation is None else weakened(world, relation, field, item, layer)
            if relation is not None and safe is not item:
                if name is None:
                    tell_weakened(work, relation, group, item.target, layer)
                world.changing(group, field, layer).replace(item, safe)
                work.written[(group, layer)] = None
                work.relations[relation.name] = None


def _strong_before(work: Work, group: str, layer: str, field: Field) -> set[str]:
    """Return what the field pointed at strongly before: what stands was accepted by the lake."""
    world = work.world
    document = world.shown_before(group, layer)
    items = () if document is None else world.parsed(document, field).items
    return {item.target for item in items if item.target is not None and item.is_strong}
