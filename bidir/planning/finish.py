"""The last touches on a planned state: the user's own new items made safe, and versions that say nothing removed.

Source: bidirectional semantics, E8.6 (strength), C12, C24, C56, C83 (odd items), R10 and E8.10 (noise).
"""

from __future__ import annotations

from collections.abc import Iterable

from bidir.planning.closure import SlotEdit, deferral, wait_for
from bidir.planning.items import grows_strong, weakened
from bidir.planning.locked import strong_at, strong_items
from bidir.planning.restated import same_but_for_strength
from bidir.planning.work import Link, Work
from bidir.refs import PUBLISHED, Item, group_of, layer_of
from bidir.relations import Field, Relation
from bidir.siblings import World

__all__ = ["Key", "carry_waiting", "prune", "report_odd_items", "report_shortfalls", "secure_items"]

Key = tuple[str, str, str, str]
"""Relation, source, target, layer of a pending half."""


def secure_items(work: Work, layer: str, edit: SlotEdit) -> None:
    """Make the user's new items in one field plain group ids, one per group, and weak where strength would break."""
    world = work.world
    slot = world.slot(edit.group, edit.field, layer)
    if slot is None:
        return
    if work.source_only is None or world.base(edit.group, layer) is None:
        # What goes out alone goes out as it was said: it may rest on what was read too long ago. A version that is
        # made here rests on nothing but what is written with it.
        drop_repeats(work, layer, edit)
    old = _strengths_before(work, layer, edit)
    # A set: a list of a thousand items stored whole is gone through once.
    before = frozenset(edit.before)
    slot = world.slot(edit.group, edit.field, layer)
    for item in list(slot.items if slot is not None else ()):
        if item.target is None or (item.target in before and (item.target, _strength(item)) in old):
            continue
        relation = _relation_of(work, edit.field, item.target)
        if relation is None:
            continue
        safe = weakened(world, relation, edit.field, item, layer)
        if safe is not item:
            world.changing(edit.group, edit.field, layer).replace(item, safe)
            work.written[(edit.group, layer)] = None
            if item.fault == "draft-id":
                _tell_draft_id(work, layer, relation, edit, item)


def _strength(item: Item) -> tuple[bool, bool]:
    """Return (strong, to become strong by a stamp)."""
    return item.is_strong, grows_strong(item.reference or {})


def _strengths_before(work: Work, layer: str, edit: SlotEdit) -> set[tuple[str, tuple[bool, bool]]]:
    """Return how strong each target was pointed at before: an old pointer is left as it is, and reported by audit."""
    world = work.world
    document = world.shown_before(edit.group, layer)
    if document is None:
        return set()
    items = world.parsed(document, edit.field).items
    return {(item.target, _strength(item)) for item in items if item.target is not None}


def _relation_of(work: Work, field: Field, target: str) -> Relation | None:
    link = work.link_of(field, "", target)
    if link is not None:
        return link.relation
    return next(iter(work.schema.relations_of(field)), None)


def drop_repeats(work: Work, layer: str, edit: SlotEdit) -> None:
    """Leave one item per group of those that the edit made two of (R11); the first stays."""
    world = work.world
    slot = world.slot(edit.group, edit.field, layer)
    before = world.targets_before(edit.group, edit.field, layer)
    if slot is None:
        return
    for target, count in list(slot.counts.items()):
        spare = count - max(1, before.get(target, 0))
        if spare <= 0:
            continue
        changing = world.changing(edit.group, edit.field, layer)
        for item in [item for item in reversed(changing.items) if item.target == target][:spare]:
            changing.drop(item)
        work.written[(edit.group, layer)] = None
        # The item that stays may be gone by now; then the one left out is all there is.
        work.relied.add((edit.group, layer))


def _tell_draft_id(work: Work, layer: str, relation: Relation, edit: SlotEdit, item: Item) -> None:
    written = (item.reference or {}).get("_ref")
    work.notice(
        "draft-id-normalised",
        relation.name,
        (edit.group, item.target or ""),
        layer,
        f'{edit.group}: {edit.field.name} named the version "{written}"; references name "{item.target}"',
    )


def report_odd_items(work: Work, group: str, layer: str) -> None:
    """Tell about items of a touched document that the engine cannot use; they stay where they are."""
    world = work.world
    for field in world.fields_of(group):
        slot = world.slot(group, field, layer)
        relation = next(iter(work.schema.relations_of(field)), None)
        if slot is None or relation is None:
            continue
        for index, item in enumerate(slot.items):
            where = f"{group}: {field.name}[{index}]" if field.many else f"{group}: {field.name}"
            if item.fault == "unkeyed":
                work.notice("unkeyed-item", relation.name, (group,), layer, f"{where} has no _key; it is left as it is")
            elif item.fault == "malformed":
                text = f"{where} is no reference; it is left as it is"
                work.notice("unkeyed-item", relation.name, (group,), layer, text)
            elif item.fault == "unsupported":
                text = f"{where} points into another dataset; it is left one-sided"
                work.notice("unsupported-reference", relation.name, (group,), layer, text)


def report_shortfalls(work: Work, touched: Iterable[tuple[str, str]]) -> None:
    """Tell which fields end with fewer links than they need, and had more before: nothing refuses that (C26)."""
    world = work.world
    for group, layer in dict.fromkeys([*touched, *work.written]):
        for field in world.fields_of(group) if world.own(group, layer) is not None else ():
            left = len(world.targets(group, field, layer))
            if not field.min or left >= field.min or left >= len(world.targets_before(group, field, layer)):
                continue
            work.notice(
                "required-empty",
                work.schema.relations_of(field)[0].name,
                (group,),
                layer,
                f"{group}: {field.name} needs at least {field.min} and has fewer now",
            )


def carry_waiting(work: Work, waiting: Iterable[Key]) -> None:
    """Let a pointer at a missing document wait in every layer that has it, copies made in this plan included."""
    world = work.world
    known = {key[:3] for key in waiting}
    for group, layer in dict.fromkeys([*work.user, *work.made, *work.written]):
        for field in world.fields_of(group):
            slot = world.slot(group, field, layer)
            relation = next(iter(work.schema.relations_of(field)), None)
            for target in slot.counts if slot is not None and relation is not None else ():
                if relation is None or (relation.name, group, target, layer) in work.pending:
                    continue
                waits = (relation.name, group, target) in known
                gone = target in world.snapshot.known and world.type_of(target) is None
                if gone or (target not in world.snapshot.known and waits):
                    text = f'{group}: {field.name} points at "{target}", which does not exist'
                    work.wait(Link(relation, field, group, target), layer, "missing", text)
                elif waits and not world.visible(target, layer):
                    link = work.link_of(field, group, target)
                    if link is not None and deferral(work, layer, link) == "not-visible":
                        wait_for(work, layer, link, "not-visible")


def _lets_go(world: World, group: str, layer: str) -> bool:
    """Whether a release version says weakly what is said strongly in published of a group the release takes offline.

    The lake publishes the release only with it (E8.13), so it says something though nobody sees it.
    """
    return any(
        item.target is not None
        and world.marked(item.target, layer)
        and not strong_at(world.slot(group, field, layer), item.target)
        for field in world.pointers_of(group)
        for item in strong_items(world.slot(group, field, PUBLISHED))
    )


def prune(work: Work, engine_versions: Iterable[str], touched: Iterable[tuple[str, str]]) -> None:
    """Remove versions the engine made, now or earlier, that say what lies below (R10).

    Only those are looked at that the plan `touched` (group, layer), or the published document of which it did: a change
    in one upper layer is none of another's (I4).
    """
    world = work.world
    wanted = set(touched)
    places = [(group_of(one), layer_of(one)) for one in engine_versions]
    earlier = [place for place in places if place in wanted or (place[0], PUBLISHED) in wanted]
    for group, layer in dict.fromkeys([*work.made, *earlier]):
        # What the user discarded and the engine keeps for a link is the engine's from then on.
        users = (group, layer) in work.user and (group, layer) not in work.made
        # A mark for unpublishing is somebody's word, and a locked release takes no writes.
        if layer == PUBLISHED or users or layer in world.snapshot.locked or world.marked(group, layer):
            continue
        above, below = world.document(group, layer), world.document(group, PUBLISHED)
        if above is None or below is None or not same_but_for_strength(world, group, above, below):
            continue
        if _lets_go(world, group, layer):
            continue
        world.put(group, layer, None)
        work.made.pop((group, layer), None)
        if world.base(group, layer) is None:
            work.written.pop((group, layer), None)
        else:
            work.written[(group, layer)] = None
