"""Halves that were not written in published, and a version above of one of their ends: there they wait as well.

Source: bidirectional semantics, E8.11 (when a call returns every view is symmetric but for what is pending), F8.
"""

from __future__ import annotations

from collections.abc import Mapping

from bidir.outcome import PendingReason
from bidir.pending import Key
from bidir.planning.closure import wait_for
from bidir.planning.work import Link, Work
from bidir.refs import PUBLISHED

__all__ = ["carry_up"]

NOT_WRITTEN = frozenset({"permission", "budget", "conflict"})
"""Reasons that speak of a half that could be there and is not."""


def carry_up(work: Work, waiting: Mapping[Key, PendingReason]) -> None:
    """Let such a half wait in every layer in which this plan gives one of the two a version of its own.

    Until then the view above showed what published does, and the one entry stood for both.
    """
    below: dict[str, list[Key]] = {}
    for key, reason in waiting.items():
        if key[3] == PUBLISHED and reason in NOT_WRITTEN:
            below.setdefault(key[1], []).append(key)
            below.setdefault(key[2], []).append(key)
    for group, layer in dict.fromkeys([*work.user, *work.made]) if below else ():
        if layer == PUBLISHED or work.world.own(group, layer) is None or work.world.marked(group, layer):
            continue
        for key in below.get(group, ()):
            above = (*key[:3], layer)
            link = None if above in work.pending or above in work.settled else _pair(work, key)
            if link is not None and _may_differ(work, link, layer):
                wait_for(work, layer, link, waiting[key])


def _pair(work: Work, key: Key) -> Link | None:
    """Return the link a key speaks of, by whichever end was read."""
    name, source, target, _ = key
    relation = next((one for one in work.schema.relations if one.name == name), None)
    if relation is None:
        return None
    for group, other in ((source, target), (target, source)):
        for field in work.world.fields_of(group) if group in work.world.snapshot.known else ():
            if field in (relation.left, relation.right):
                link = Link(relation, field, group, other)
                return link if group == source else link.mirrored
    return None


def _may_differ(work: Work, link: Link, layer: str) -> bool:
    """Whether the halves of a pair say different things in `layer`, or one of them was not read."""
    world = work.world
    if not all(group in world.snapshot.known for group in (link.group, link.target)):
        return True
    if not (world.visible(link.group, layer) and world.visible(link.target, layer)):
        return False
    there = world.holds(link.target, link.mirrored.field, layer, link.group)
    return world.holds(link.group, link.field, layer, link.target) != there
