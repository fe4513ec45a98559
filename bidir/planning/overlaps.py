"""Layers that are independent of each other and say different things of one field: told, never mended.

Source: bidirectional semantics, E5 (stacked views), E8.15, E8.19, C52. Each of the layers is right by itself; only a
stack of both would show the contradiction, and mending it would need a version in one for every edit in the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bidir.planning.work import Work
from bidir.refs import PUBLISHED
from bidir.relations import Field
from bidir.siblings import World

__all__ = ["overlapping", "tell_overlaps"]


def overlapping(world: World, group: str, field: Field, layer: str) -> Iterator[str]:
    """Yield the layers above published that say something else of the field than `layer`, where neither says what is
    published; in order.
    """
    if layer == PUBLISHED or world.own(group, layer) is None or world.marked(group, layer):
        return
    below, mine = _said(world, group, field, PUBLISHED), _said(world, group, field, layer)
    if mine == below:
        return
    for other in world.layers_of(group):
        if other in (PUBLISHED, layer) or world.marked(group, other):
            continue
        if _said(world, group, field, other) not in (below, mine):
            yield other


def tell_overlaps(work: Work, places: Iterable[tuple[str, str]]) -> None:
    """Tell once, for the versions a user edited, where another layer has an opinion of its own on the same field."""
    world = work.world
    for group, layer in places:
        for field in world.fields_of(group):
            if set(world.targets_before(group, field, layer)) == set(world.targets(group, field, layer)):
                continue
            others = list(overlapping(world, group, field, layer))
            if others:
                text = f"{group}: {field.name} says something else in {', '.join(others)}; both stay as they are"
                relation = work.schema.relations_of(field)[0]
                work.notice("overlap", relation.name, (group,), layer, text)


def _said(world: World, group: str, field: Field, layer: str) -> frozenset[str]:
    slot = world.slot(group, field, layer)
    return frozenset(slot.counts if slot is not None else ())
