"""Engines that do not close a change of a link: who lost a partner is forgotten (bidirectional semantics, R1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bidir.conformance.broken.seams import weakened
from bidir.planning.closure import SlotEdit
from bidir.planning.work import Link, Mode, Work

__all__ = ["eviction_from_one_end", "no_clear_of_old_partner", "no_eviction", "shared_loop_flag"]

Displaced = Callable[[Work, str, Link], list[Link]]


def _only_own_places(displaced_by: Displaced) -> Displaced:
    def spoilt(work: Work, layer: str, link: Link) -> list[Link]:
        return [lost for lost in displaced_by(work, layer, link) if lost.group == link.group]

    return spoilt


def _only_from_the_declared_end(displaced_by: Displaced) -> Displaced:
    def spoilt(work: Work, layer: str, link: Link) -> list[Link]:
        forward = link.relation.is_forward(link.field)
        return [lost for lost in displaced_by(work, layer, link) if forward or lost.group == link.group]

    return spoilt


def _no_removals(collect: Callable[..., None]) -> Callable[..., None]:
    def spoilt(work: Work, layer: str, edit: SlotEdit, removed: Any, added: Any) -> None:
        collect(work, layer, edit, {}, added)

    return spoilt


def _one_relation_at_a_time(close_layer: Callable[..., None]) -> Callable[..., None]:
    def spoilt(work: Work, layer: str, edits: Iterable[SlotEdit], *, mode: Mode = "steal") -> None:
        every = list(edits)
        changed = [edit for edit in every if list(edit.before) != list(edit.after)]
        # The flag is up while the first relation is at work, and everything else takes it for its own echo.
        busy = {one.name for edit in changed[:1] for one in work.schema.relations_of(edit.field)}
        mine = [one for one in every if busy & {relation.name for relation in work.schema.relations_of(one.field)}]
        close_layer(work, layer, mine, mode=mode)

    return spoilt


no_eviction = weakened({"bidir.planning.closure.displaced_by": _only_own_places})
eviction_from_one_end = weakened({"bidir.planning.closure.displaced_by": _only_from_the_declared_end})
no_clear_of_old_partner = weakened({"bidir.planning.closure._collect": _no_removals})
shared_loop_flag = weakened({"bidir.planning.plan.close_layer": _one_relation_at_a_time})
