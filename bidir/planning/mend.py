"""Bringing a state into step without an intent: the plan that mends a dataset, or the halves that waited.

Source: bidirectional semantics, E6 (which half wins), F8, E8.19.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from bidir.outcome import Pending, PendingReason
from bidir.planning.arrivals import adopt_arrived
from bidir.planning.closure import connect, disconnect, displaced_by, wait_for
from bidir.planning.emit import emit
from bidir.planning.intent import Simulated
from bidir.planning.items import grounded, keyed, stamp_for, stays_weak, with_reference
from bidir.planning.plan import Plan
from bidir.planning.seats import Seats, is_judged
from bidir.planning.upward import reconcile_above, settle_view, take_over
from bidir.planning.violations import (
    Violation,
    asymmetry,
    halves_in,
    is_deferred,
    is_given_up,
    is_kept,
    unanswerable_in,
    varies,
    waits,
)
from bidir.planning.work import STEPS_MAX, Link, Work, link_between
from bidir.refs import DRAFTS, PUBLISHED, stored_id
from bidir.relations import Field, Schema
from bidir.siblings import Snapshot, World

__all__ = ["mend_all", "mend_pending", "normalise", "pending_link"]

STEPS_PER_DOCUMENT = 1_000
"""Links a repair may write per document of the dataset before it is taken for a loop."""
ROUNDS_MAX = 5
"""Rounds over all views; one more than is needed for a version made in one of them to be taken into account."""


def mend_all(
    schema: Schema,
    snapshot: Snapshot,
    *,
    waiting: Collection[tuple[str, str, str, str]] = (),
    refused: Collection[str] = (),
) -> tuple[Plan, list[Violation]]:
    """Return the plan that mends a whole dataset, and the claims that lost a place on the way.

    `waiting` are the keys of halves that are pending already: those are left as they are. So are the groups `refused`,
    which the caller may not write, and their pairs: they are listed as pending.
    """
    world = World(schema, snapshot)
    work = Work(world, refused=frozenset(refused), steps_max=STEPS_MAX + STEPS_PER_DOCUMENT * len(snapshot.documents))
    lost: dict[Violation, None] = {}
    for _ in range(ROUNDS_MAX):
        steps = work.steps
        for view in (PUBLISHED, *world.release_views()):
            if view not in snapshot.locked:
                _normalise_view(work, view)
                if view == DRAFTS:
                    _follow_live(work)
                _mend_view(work, view, waiting, lost)
        # A version made in this round may contradict what was left below: then there is more to mend.
        if work.steps == steps:
            break
    for view in (PUBLISHED, *world.release_views()):
        _list_waiting(work, view, waiting)
    return _as_plan(work), list(lost)


def _normalise_view(work: Work, view: str) -> None:
    world = work.world
    for group in world.groups():
        if _is_open(work, group, view):
            for field in world.fields_of(group):
                normalise(work, view, group, field)


def _is_open(work: Work, group: str, view: str) -> bool:
    """Whether the group has a version in `view` that a repair may write."""
    world = work.world
    return world.own(group, view) is not None and not world.marked(group, view) and not work.barred(group)


def _as_plan(work: Work) -> Plan:
    if work.world.needs or work.world.needs_claims:
        return Plan(needs=frozenset(work.world.needs), needs_claims=frozenset(work.world.needs_claims))
    emitted = emit(work, Simulated([], {}, [], []), lock_all=True)
    return Plan(
        mutations=tuple(emitted.mutations),
        documents=tuple(emitted.documents),
        conflicts=tuple(work.conflicts.values()),
        pending=tuple(work.pending.values()),
        settled=frozenset(work.settled),
        notices=tuple(work.notices),
        relations=tuple(work.relations),
        made=frozenset(stored_id(*place) for place in work.made),
    )


def normalise(work: Work, view: str, group: str, field: Field, *, loose: Collection[str] | None = None) -> None:
    """Give the field of a version plain group ids, a key on every item, and each group once.

    A strong pointer at what has no version that the lake takes for a strong one there becomes weak, with the stamp that
    makes it strong in time (I5, E8.6). One at an id without any version is left as it is (E8.19). `loose` names the
    targets without such a version where the caller knows them better than the world does.
    """
    world = work.world
    slot = world.slot(group, field, view)
    seen: set[str] = set()
    for item in list(slot.items if slot is not None else ()):
        if item.target is None:
            continue
        mended = item
        if item.target in seen:
            world.changing(group, field, view).drop(item)
            work.written[(group, view)] = None
            continue
        seen.add(item.target)
        if item.fault == "draft-id":
            mended = with_reference(field, item, {**(item.reference or {}), "_ref": item.target})
        if item.is_strong and _is_loose(world, item.target, view, loose):
            link = work.link_of(field, group, item.target)
            relation = link.relation if link is not None else work.schema.relations_of(field)[0]
            stamp = {} if stays_weak(relation, field) else stamp_for(world, field, item.target)
            mended = with_reference(field, mended, {**(mended.reference or {}), "_weak": True, **stamp})
        if field.many and item.key is None:
            mended = keyed(work.schema.relations_of(field)[0], field, mended, world.changing(group, field, view))
        if mended is not item:
            world.changing(group, field, view).replace(item, replace(mended, fault=None))
            work.written[(group, view)] = None


def _is_loose(world: World, target: str, view: str, loose: Collection[str] | None) -> bool:
    if loose is not None:
        return target in loose
    return world.type_of(target) is not None and not grounded(world, target, view)


def _follow_live(work: Work) -> None:
    """R9 for the pairs that the drafts view does not settle: a draft that said what published said goes along with it.

    Else a repaired published field would be undone by the next publish of a draft that never had an opinion.
    """
    world = work.world
    for group in world.groups():
        if world.is_live(group) or not _is_open(work, group, DRAFTS):
            continue
        for field in world.fields_of(group):
            old = world.own_targets_before(group, field, PUBLISHED)
            new = dict(world.own_targets(group, field, PUBLISHED))
            mine = dict(world.own_targets(group, field, DRAFTS))
            if old.keys() == new.keys() or (not field.many and mine.keys() != old.keys()):
                continue
            for target in old:
                if target not in new and target in mine and world.is_live(target):
                    _go_along(work, group, field, target, add=False)
            for target in new:
                if target not in old and target not in mine and world.is_live(target):
                    _go_along(work, group, field, target, add=True)


def _go_along(work: Work, group: str, field: Field, target: str, *, add: bool) -> None:
    link = link_between(work.world, field, group, target)
    if link is not None:
        for _ in take_over(work, link.group, link.field, DRAFTS, target, add=add):
            pass


def _mend_view(
    work: Work, view: str, waiting: Collection[tuple[str, str, str, str]], lost: dict[Violation, None]
) -> None:
    """Accept pairs in order – agreed ones, then what the owner side says – and make every slot hold just those."""
    world = work.world
    halves = [half for half in halves_in(world, view) if is_judged(work, view, half, waiting)]
    agreed = [half for half in halves if world.holds(half.target, half.mirrored.field, view, half.group)]
    owned = [half for half in halves if half.relation.symmetric or half.field == half.relation.owner_field]
    seats = Seats(work, view, waiting)
    refused = seats.give(agreed)
    # A claim takes no place from anybody (E6): what this view does not judge keeps it.
    seats.unjudged_stay = True
    refused += seats.give(sorted(owned, key=lambda one: (one.group, one.field.name)))
    lost.update(dict.fromkeys(asymmetry(world, view, half) for half in refused))
    for half in halves:
        if half.key not in seats.given:
            disconnect(work, view, half)
    for half in seats.given.values():
        work.add_half(half, view)
        work.add_half(half.mirrored, view)
    _trim(work, view, seats.given, lost)


def _without_room(name: str, view: str, group: str, field: Field, target: str) -> Violation:
    text = f"{group}: {field.name} points at {target}, for which there is no room"
    return Violation("over-cardinality", name, view, group, field.name, target, text)


def _trim(work: Work, view: str, given: Collection[tuple[str, str, str]], lost: dict[Violation, None]) -> None:
    """Take out of lists that are still too long what no pair of this view stands on, from the end."""
    world = work.world
    for group in world.groups():
        if not _is_open(work, group, view):
            continue
        for field in world.fields_of(group):
            held = world.own_targets(group, field, view)
            if not field.many or field.max is None or len(held) <= field.max:
                continue
            links = {target: link_between(world, field, group, target) for target in held}
            spare = [
                target
                for target, link in links.items()
                if world.type_of(target) is not None and (link is None or link.key not in given)
            ]
            for target in spare[::-1][: len(held) - field.max]:
                link = links[target]
                name = (link.relation if link is not None else work.schema.relations_of(field)[0]).name
                lost[_without_room(name, view, group, field, target)] = None
                world.changing(group, field, view).remove(target)
                work.written[(group, view)] = None


def _list_waiting(work: Work, view: str, waiting: Collection[tuple[str, str, str, str]]) -> None:
    """List what stays out of step in a view: nobody may write there, a publish is to come, a target is missing."""
    world = work.world
    for half in halves_in(world, view):
        if waits(half, view, waiting) or not world.visible(half.target, view) or is_given_up(view, half):
            continue
        if world.holds(half.target, half.mirrored.field, view, half.group):
            continue
        reason = _hindrance(work, view, half)
        if reason is not None:
            # Told from the owner side: what it says is carried through when the time has come.
            owner = half if half.relation.symmetric or half.field == half.relation.owner_field else half.mirrored
            wait_for(work, view, owner, reason)
        elif is_deferred(world, view, half):
            wait_for(work, view, _source_of(world, half), "deferred-live")
    for group, field, target in unanswerable_in(world, view):
        relation = work.schema.relations_of(field)[0]
        key = (relation.name, group, target, view)
        if world.type_of(target) is None and key not in waiting and not is_kept(world, group, field, target, view):
            text = f"{group}: {field.name} points at {target}, which does not exist"
            work.wait(Link(relation, field, group, target), view, "missing", text)


def _hindrance(work: Work, view: str, half: Link) -> PendingReason | None:
    """Return why nobody may bring the pair into step now, None where it is not for that."""
    if view in work.world.snapshot.locked:
        return "locked-release"
    if varies(work.world, half):
        return "variant"
    return work.barred(half.group) or work.barred(half.target)


def _source_of(world: World, half: Link) -> Link:
    """Return the half whose document a pair in drafts waits for: the normal one; of two live ones that with a draft."""
    if world.is_live(half.group) != world.is_live(half.target):
        return half.mirrored if world.is_live(half.group) else half
    return half if world.own(half.group, DRAFTS) is not None else half.mirrored


def mend_pending(schema: Schema, snapshot: Snapshot, items: Iterable[Pending]) -> Plan:
    """Return the plan that writes the pending halves which can be written now; nobody's place is taken for it."""
    world = World(schema, snapshot)
    work = Work(world)
    public: list[Link] = []
    unlocked: dict[str, list[Link]] = {}
    for item in items:
        link = pending_link(world, item)
        if item.erased:
            _let_go(work, item)
            continue
        if item.layer in snapshot.locked:
            continue
        if link is None:
            _wait_for_missing(work, item)
            continue
        if item.reason == "locked-release":
            unlocked.setdefault(item.layer, []).append(link)
            continue
        if item.layer == PUBLISHED:
            public.append(link)
        if world.holds(link.group, link.field, item.layer, link.target):
            held = displaced_by(work, item.layer, link)
            if held:
                # Somebody else has the place by now: nothing is taken and nothing undone, a person decides (E8.15).
                who = " and ".join(f'"{one.group}" is with "{one.target}"' for one in held)
                text = f"{link.group}: {link.field.name}: {link.target} does not follow, for {who}; a person decides"
                work.wait(link, item.layer, "conflict", text)
            else:
                connect(work, item.layer, link, mode="stands")
        else:
            disconnect(work, item.layer, link)
    for layer, links in unlocked.items():
        settle_view(work, layer, links)
    adopt_arrived(work)
    # When the source was written alone the layers above were left for now; whoever writes the half settles them (R8).
    touched = [group for group, layer in work.written if layer == PUBLISHED]
    if touched:
        reconcile_above(work, touched, [group for group, _ in work.written], links=public)
        adopt_arrived(work)
    return _as_plan(work)


def _wait_for_missing(work: Work, item: Pending) -> None:
    """Whatever the half waited for at first, where there is no target any more it waits for that."""
    world = work.world
    fields = world.fields_of(item.source)
    points = any(world.holds(item.source, field, item.layer, item.target) for field in fields)
    if points and item.target in world.snapshot.known and world.type_of(item.target) is None:
        text = f'{item.source} points at "{item.target}", which does not exist; the other half follows when it does'
        work.pending[item.key] = replace(item, reason="missing", text=text)


def _let_go(work: Work, item: Pending) -> None:
    """Take out the pointer at a document that was deleted, where it may be done by now (R7)."""
    world = work.world
    relation = next((one for one in work.schema.relations if one.name == item.relation), None)
    for field in world.fields_of(item.source) if relation is not None else ():
        if relation is None or field not in (relation.left, relation.right):
            continue
        link = Link(relation, field, item.source, item.target)
        if item.layer not in world.snapshot.locked and work.remove_half(link, item.layer):
            work.settle(link, item.layer)


def pending_link(world: World, item: Pending) -> Link | None:
    """Return the link a pending item speaks of, None where its target's type is still unknown."""
    relation = next((one for one in world.schema.relations if one.name == item.relation), None)
    if relation is None:
        return None
    for field in world.fields_of(item.source):
        if field in (relation.left, relation.right):
            link = link_between(world, field, item.source, item.target)
            if link is not None:
                return link
    return None
