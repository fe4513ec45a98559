"""Groups that come and go in a layer: adoption at creation (E8.8), resync on discard (R6), erase (R7).

Source: bidirectional semantics, E2 R6 and R7, E4 rows 19–23, E8.2, E8.8, E8.13, E8.14.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bidir.planning.closure import connect, disconnect, wait_for
from bidir.planning.items import grounded, weakened, with_reference
from bidir.planning.locked import require_released, strong_at
from bidir.planning.work import Link, Work
from bidir.refs import DRAFTS, PUBLISHED, Item, states
from bidir.relations import Field, Relation
from bidir.siblings import Slot

__all__ = [
    "adopt",
    "adopt_arrived",
    "erase",
    "loosen_copies",
    "park",
    "resync",
    "tell_weakened",
    "weaken_pointers",
    "withdraw",
]


def adopt(work: Work, group: str, layer: str, body: Mapping[str, Any] | None, *, all_stated: bool = False) -> None:
    """Answer the pointers that were waiting for `group` to appear in `layer`.

    `body` is what the creator stated: a field it does not mention is silent and takes the waiting pointers (a list
    all of them, a single place the smallest group id), a field it mentions holds exactly that. None: all is silent;
    `all_stated`: none is, as when a draft is published.
    """
    for field in work.world.fields_of(group):
        waiting = [
            (claimant, theirs)
            for claimant, theirs in work.world.claimants(group, layer)
            if claimant != group and _answers(work, theirs, field, group)
        ]
        stated = all_stated or (body is not None and states(body, field))
        free = field.many or not work.world.targets(group, field, layer)
        for claimant, theirs in waiting:
            link = work.link_of(theirs, claimant, group)
            if link is None or work.world.holds(group, field, layer, claimant):
                continue
            if _came_later(work, link, layer):
                # It did not wait: what it means here follows from the layer it was written in.
                continue
            if not stated and free:
                connect(work, layer, link, mode="claim")
                free = field.many
            elif (barred := work.barred(claimant)) is not None:
                # The pointer is not wanted, but its document may not be written: whoever may drops it.
                wait_for(work, layer, link, barred)
            else:
                why = "states another value" if stated else "has one place only"
                work.notice(
                    "claim-refused",
                    link.relation.name,
                    (claimant, group),
                    layer,
                    f"{claimant} pointed at {group} before it existed; {field.name} {why}, the pointer was dropped",
                )
                disconnect(work, layer, link)


def _came_later(work: Work, link: Link, layer: str) -> bool:
    """Whether a pointer was written, in another layer, after the group it points at had appeared in `layer`."""
    seen = work.world.layer_seen(link.group, layer)
    if seen is None or seen == layer:
        return False
    return work.ranks.pair(link.group, seen, link.field, link.target) > work.ranks.arrival(link.target, layer) > 0


def adopt_arrived(work: Work) -> None:
    """Adopt what waits for versions made from drafts; that may make further ones, which are adopted in turn."""
    while work.arrived:
        group, layer = work.arrived.pop(0)
        adopt(work, group, layer, None)


def _answers(work: Work, theirs: Field, field: Field, group: str) -> bool:
    name = work.world.type_of(group)
    pair = None if name is None else work.schema.inverse(theirs, name)
    return pair is not None and pair[1] == field


def resync(work: Work, group: str, layer: str, before: Mapping[str, Mapping[str, int]]) -> None:
    """After the group's own version in `layer` was discarded, bring its partners there back to what lies below (R6).

    `before` maps field names to what the discarded version pointed at. A place taken meanwhile stays taken: the group
    keeps a version without it (E6, "others win"). Where the drafts show nothing of the group now and a release still
    has it, their pointers at it stay (row 22).
    """
    world = work.world
    if layer == DRAFTS and not world.visible(group, layer):
        _leave_dangling(work, group, layer, before)
        return
    for field in world.fields_of(group):
        was, now = before.get(field.name, {}), dict(world.targets(group, field, layer))
        for target in was:
            link = work.link_of(field, group, target)
            if link is not None and target not in now:
                disconnect(work, layer, link)
        for target in now:
            link = work.link_of(field, group, target)
            if link is None or target in was:
                continue
            if _taken(work, layer, link):
                _keep_cleared(work, group, layer, link)
            else:
                connect(work, layer, link, mode="claim")


def _leave_dangling(work: Work, group: str, layer: str, before: Mapping[str, Mapping[str, int]]) -> None:
    """Let the pointers of a layer at a group it shows no more wait for it, those that were answered until now."""
    for field in work.world.fields_of(group):
        for target in before.get(field.name, {}):
            link = work.link_of(field, group, target)
            if link is None:
                continue
            work.settle(link, layer)
            half = link.mirrored
            if work.world.own(target, layer) is not None and work.world.holds(target, half.field, layer, group):
                wait_for(work, layer, half, "not-visible")


def _taken(work: Work, layer: str, link: Link) -> bool:
    half = link.mirrored
    held = work.world.targets(half.group, half.field, layer)
    if half.target in held:
        return False
    most = half.field.max if half.field.many else 1
    return most is not None and len(held) >= most


def _keep_cleared(work: Work, group: str, layer: str, link: Link) -> None:
    if work.remove_half(link, layer):
        holder = next(iter(work.world.targets(link.target, link.mirrored.field, layer)), "another")
        work.notice(
            "kept-cleared",
            link.relation.name,
            (group, link.target, holder),
            layer,
            f"{group} was discarded, but {link.target} is with {holder} now: {group} keeps a version without it",
        )
        work.settle(link, layer)
    else:
        wait_for(work, layer, link, "deferred-live")


def erase(work: Work, group: str, type_fields: tuple[Field, ...], *, within: str | None = None) -> None:
    """The group has no version left: take every pointer to it out of every layer, or only `within` one (R7).

    `on_delete`: clear does that, keep makes the pointers weak, block refuses while there are partners (E8.14).
    """
    world = work.world
    if _blocked(work, group, type_fields):
        return
    for claimant in world.claiming_groups(group):
        if claimant == group:
            continue
        for layer in world.layers_of(claimant):
            if within not in (None, layer):
                continue
            require_released(work, group, claimant, layer)
            for field in world.pointers_of(claimant):
                slot = world.slot(claimant, field, layer)
                link = _dead_link(work, field, claimant, group, type_fields)
                if slot is None or group not in slot.counts or link is None:
                    continue
                if not _called_since(work, claimant, layer, field, group):
                    _let_go(work, link, layer, slot)


def _called_since(work: Work, claimant: str, layer: str, field: Field, group: str) -> bool:
    """Whether somebody pointed at the group after it went: that is his word about what may come again (C66)."""
    said = work.ranks.pairs(claimant, layer, field).get(group, 0)
    if not said and group not in work.world.own_targets_before(claimant, field, layer):
        said = work.ranks.field(claimant, layer, field)
    return said > work.ranks.death(group) > 0


def _let_go(work: Work, link: Link, layer: str, slot: Slot) -> None:
    """Take one version's pointers at a group that is gone out, or leave them weak, by `on_delete`."""
    locked = layer in work.world.snapshot.locked
    barred = "locked-release" if locked else work.barred(link.group)
    if link.relation.on_delete == "keep":
        for item in [item for item in slot.items if item.target == link.target and barred is None]:
            _weaken_item(work, link, layer, item)
    elif barred is not None:
        work.wait_to_erase(link, layer, barred)
    elif work.world.marked(link.group, layer):
        # Its fields show nothing and are not written (E8.13), but for what would hold the group fast.
        for item in strong_at(slot, link.target):
            work.world.changing(link.group, link.field, layer).drop(item)
            work.written[(link.group, layer)] = None
            work.relations[link.relation.name] = None
    else:
        work.remove_half(link, layer)
        work.settle(link, layer)


def park(work: Work, group: str) -> None:
    """The group's version was put away with its release and can come back: no deletion, so nothing else changes (R7).

    Where no other version is left, what points at the group waits for it.
    """
    world = work.world
    if world.layers_of(group):
        return
    type_fields = world.fields_of(group)
    for claimant in world.claiming_groups(group):
        for layer in world.layers_of(claimant):
            for field in world.fields_of(claimant):
                link = _dead_link(work, field, claimant, group, type_fields)
                slot = world.slot(claimant, field, layer)
                if link is not None and slot is not None and group in slot.counts:
                    wait_for(work, layer, link, "missing")


def _blocked(work: Work, group: str, type_fields: tuple[Field, ...]) -> bool:
    """Whether a relation with `on_delete: block` still has partners of the group, and nobody consented."""
    world = work.world
    blocked = False
    for claimant in world.claiming_groups(group):
        for field in world.pointers_of(claimant):
            link = _dead_link(work, field, claimant, group, type_fields)
            if link is None or claimant == group or link.relation.on_delete != "block":
                continue
            if not any(world.holds(claimant, field, layer, group) for layer in world.layers_of(claimant)):
                continue
            text = f"{group} cannot be deleted while {claimant} points at it ({field.name})"
            blocked = not work.conflict("blocked", link.mirrored, claimant, PUBLISHED, text) or blocked
    return blocked


def _dead_link(work: Work, field: Field, claimant: str, group: str, type_fields: tuple[Field, ...]) -> Link | None:
    """Return the link from a claimant to a group that no longer has a version to read the type from."""
    for dead in type_fields:
        pair = work.schema.inverse(field, dead.type)
        if pair is not None:
            return Link(pair[0], field, claimant, group)
    relation = work.schema.one_sided(field, work.world.type_of(group))
    return None if relation is None else Link(relation, field, claimant, group)


def withdraw(work: Work, group: str, before: Mapping[str, Mapping[str, int]]) -> None:
    """The published document went, other versions stay: clear or weaken what published partners say (rows 19, 20)."""
    world = work.world
    for field in world.fields_of(group):
        for target in before.get(field.name, {}):
            link = work.link_of(field, group, target)
            if link is None or not world.holds(target, link.mirrored.field, PUBLISHED, group):
                continue
            if _called_since(work, target, PUBLISHED, link.mirrored.field, group):
                continue
            policy = link.relation.on_unpublish or ("clear" if world.is_live(target) else "keep")
            if policy == "clear" and (barred := work.barred(target)) is not None:
                wait_for(work, PUBLISHED, link.mirrored, barred)
            elif policy == "clear":
                work.remove_half(link.mirrored, PUBLISHED)
                work.withdrawn[target, link.mirrored.field.name, group] = link.mirrored
    _withdraw_derived(work, group)
    weaken_pointers(work, group)


def _withdraw_derived(work: Work, group: str) -> None:
    """Take published pointers of derived relations out where `on_unpublish` says so in words.

    It is never the default: a live document's pointer is all there is of the link, no draft would bring it back.
    """
    world = work.world
    for claimant in world.claiming_groups(group):
        for field in world.pointers_of(claimant):
            relation = work.schema.derived_of(field, world.type_of(group))
            if relation is None or relation.on_unpublish != "clear" or work.barred(claimant) is not None:
                continue
            if world.own(claimant, PUBLISHED) is not None:
                work.remove_half(Link(relation, field, claimant, group), PUBLISHED)


def weaken_pointers(work: Work, group: str, *, apart_from: Collection[str] = ()) -> None:
    """Make the relation's strong pointers at a group that leaves published weak, in every version (E8.14).

    The group's own drafts and versions are among them: to the lake a pointer at itself is a pointer like any other.
    Versions in the layers `apart_from` are left alone.
    """
    world = work.world
    for claimant in world.claiming_groups(group):
        for layer in world.layers_of(claimant):
            if layer in world.snapshot.locked:
                require_released(work, group, claimant, layer)
                continue
            if layer in apart_from:
                continue
            if claimant != group and work.barred(claimant) is not None:
                continue
            for field in world.pointers_of(claimant):
                slot = world.slot(claimant, field, layer)
                link = work.pointer_of(field, claimant, group)
                if slot is None or link is None or group not in slot.counts:
                    continue
                for item in [item for item in slot.items if item.target == group]:
                    _weaken_item(work, link, layer, item)


def loosen_copies(work: Work, places: Iterable[tuple[str, str]]) -> None:
    """Weaken what versions (group, layer) say strongly of documents that a scheduled release takes offline.

    They are copies of what says so in published, where the release's own version replaces it; left strong they would
    keep the lake from publishing the release when nobody is there.
    """
    world = work.world
    for group, layer in places if world.snapshot.leaving else ():
        if layer == PUBLISHED or layer in world.snapshot.locked or world.own(group, layer) is None:
            continue
        for field in world.pointers_of(group):
            slot = world.slot(group, field, layer)
            for item in list(slot.items if slot is not None else ()):
                if item.target is None or item.target not in world.snapshot.leaving:
                    continue
                link = work.pointer_of(field, group, item.target)
                if link is not None and not grounded(world, item.target, layer):
                    _weaken_item(work, link, layer, item)


def _weaken_item(work: Work, link: Link, layer: str, item: Item) -> None:
    if (item.reference or {}).get("_weak") is True:
        return
    softer = weakened(work.world, link.relation, link.field, item, layer)
    if softer is item and item.reference is not None:
        softer = with_reference(link.field, item, {**item.reference, "_weak": True})
    work.world.changing(link.group, link.field, layer).replace(item, softer)
    work.written[(link.group, layer)] = None
    work.relations[link.relation.name] = None
    tell_weakened(work, link.relation, link.group, link.target, layer)


def tell_weakened(work: Work, relation: Relation, group: str, target: str, layer: str) -> None:
    """Tell that the group's pointer at `target` is weak now."""
    text = f"{group}: the pointer at {target} became weak, so that it does not block"
    work.notice("weakened", relation.name, (group, target), layer, text)
