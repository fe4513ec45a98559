"""Bringing a state into step without an intent: what breaks the invariants, and the plan that mends it.

Source: bidirectional semantics, E5 (invariants), E6 (which half wins), F8, E8.19.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from bidir.outcome import Pending
from bidir.planning.closure import connect, disconnect, displaced_by, wait_for
from bidir.planning.emit import emit
from bidir.planning.intent import Simulated
from bidir.planning.items import free_key, with_reference
from bidir.planning.plan import Plan
from bidir.planning.upward import reconcile_above, settle_view
from bidir.planning.work import STEPS_MAX, Link, Work, link_between
from bidir.refs import DRAFTS, PUBLISHED, Item, stored_id
from bidir.relations import Field, Schema
from bidir.siblings import Snapshot, World

__all__ = [
    "Kind",
    "Violation",
    "find_violations",
    "halves_in",
    "is_deferred",
    "mend_all",
    "mend_pending",
    "normalise",
    "unanswerable_in",
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

STEPS_PER_DOCUMENT = 1_000
"""Links a repair may write per document of the dataset before it is taken for a loop."""
PASSES_MAX = 5
"""Passes over all views; one more than is needed for a version made in one of them to be taken into account."""


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
    """Yield every fault in every single view, one per pair and view; a view above repeats nothing that lies below."""
    for view in (PUBLISHED, *world.release_views()):
        for group in world.groups():
            if world.own(group, view) is None:
                continue
            for field in world.fields_of(group):
                yield from _item_faults(world, view, group, field, notes)
        yield from _pair_faults(world, view, waiting, notes)


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
    if field.many and field.max is not None and len(counts) > field.max:
        text = f"{group}: {field.name} holds {len(counts)} and takes at most {field.max}"
        yield Violation("over-cardinality", name, view, group, field.name, "", text)


def _pair_faults(
    world: World, view: str, waiting: Collection[tuple[str, str, str, str]], notes: bool
) -> Iterator[Violation]:
    for half in halves_in(world, view):
        name = half.relation.name
        if _waits(half, view, waiting):
            continue
        if not world.visible(half.target, view):
            yield from _dangling(world, view, half, notes)
            continue
        if not world.holds(half.target, half.mirrored.field, view, half.group):
            if is_deferred(world, view, half) or _is_ahead(world, view, half) or _is_given_up(view, half):
                continue
            yield _asymmetry(world, view, half)
        elif notes and half.relation.inverse_weak and not half.relation.is_forward(half.field):
            slot = world.slot(half.group, half.field, world.layer_seen(half.group, view) or view)
            for item in slot.items if slot is not None else ():
                if item.target == half.target and (item.reference or {}).get("_weak") is not True:
                    text = (
                        f"{half.group}: {half.field.name} points at {half.target} strongly; inverse pointers are weak"
                    )
                    yield Violation("strong-inverse", name, view, half.group, half.field.name, half.target, text)
    awaited = {key[:3] for key in waiting}
    for group, field, target in unanswerable_in(world, view):
        key = (_relation_name(world, field), group, target, view)
        if world.type_of(target) is None:
            if key[:3] not in awaited:
                text = f"{group}: {field.name} points at {target}, which does not exist"
                yield Violation("dangling", key[0], view, group, field.name, target, text)
        elif notes:
            text = (
                f"{group}: {field.name} points at {target} of type {world.type_of(target)}, which has no inverse field"
            )
            yield Violation("wrong-type", key[0], view, group, field.name, target, text)


def _asymmetry(world: World, view: str, half: Link) -> Violation:
    holders = world.targets(half.target, half.mirrored.field, view)
    rival = next((one for one in holders if one != half.group), None)
    if not half.mirrored.field.many and rival is not None:
        agreed = world.link_exists(rival, half.target, half.mirrored.field, view)
        if agreed:
            text = f"{half.group}: {half.field.name} claims {half.target}, which is with {rival}"
            return Violation("double-claim", half.relation.name, view, half.group, half.field.name, half.target, text)
    text = f"{half.group}: {half.field.name} points at {half.target}, {half.mirrored.field.name} does not point back"
    return Violation("one-sided", half.relation.name, view, half.group, half.field.name, half.target, text)


def _dangling(world: World, view: str, half: Link, notes: bool) -> Iterator[Violation]:
    layer = world.layer_seen(half.group, view)
    slot = None if layer is None else world.slot(half.group, half.field, layer)
    strong = any(
        item.target == half.target and (item.reference or {}).get("_weak") is not True
        for item in (slot.items if slot is not None else ())
    )
    if strong:
        text = f"{half.group}: {half.field.name} points strongly at {half.target}, which this view does not show"
        yield Violation("dangling", half.relation.name, view, half.group, half.field.name, half.target, text)
    elif notes:
        text = f"{half.group}: {half.field.name} points at {half.target}, which this view does not show (yet)"
        yield Violation("tolerated-dangling", half.relation.name, view, half.group, half.field.name, half.target, text)


def _waits(half: Link, view: str, waiting: Collection[tuple[str, str, str, str]]) -> bool:
    name = half.relation.name
    return (name, half.group, half.target, view) in waiting or (name, half.target, half.group, view) in waiting


def is_deferred(world: World, view: str, half: Link) -> bool:
    """Whether the pair waits for a publish because one end is edited live (E5, mixed liveEdit pairs)."""
    return view == DRAFTS and (world.is_live(half.group) != world.is_live(half.target))


def _is_given_up(view: str, half: Link) -> bool:
    """Whether the relation does not ask for symmetry in published (`publish_partners: none`, E8.12)."""
    return view == PUBLISHED and half.relation.publish_partners == "none"


def _is_ahead(world: World, view: str, half: Link) -> bool:
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


# ------------------------------------------------------------------------------------------------------- mending


def mend_all(
    schema: Schema,
    snapshot: Snapshot,
    *,
    waiting: Collection[tuple[str, str, str, str]] = (),
) -> tuple[Plan, list[Violation]]:
    """Return the plan that mends a whole dataset, and the claims that lost a place on the way."""
    world = World(schema, snapshot)
    work = Work(world, steps_max=STEPS_MAX + STEPS_PER_DOCUMENT * len(snapshot.documents))
    lost: dict[Violation, None] = {}
    for _ in range(PASSES_MAX):
        steps = work.steps
        for view in (PUBLISHED, *world.release_views()):
            if view not in snapshot.locked:
                _normalise_view(work, view)
                _mend_view(work, view, waiting, lost)
        # A version made in this pass may contradict what was left below: then there is more to mend.
        if work.steps == steps:
            break
    _keep_waiting_for_missing(work, waiting)
    _keep_waiting_for_others(work, waiting)
    return _as_plan(work), list(lost)


def _normalise_view(work: Work, view: str) -> None:
    world = work.world
    for group in world.groups():
        if world.own(group, view) is not None and not world.marked(group, view):
            for field in world.fields_of(group):
                normalise(work, view, group, field)


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


def normalise(work: Work, view: str, group: str, field: Field) -> None:
    """Give the field of a version plain group ids, a key on every item, and each group once."""
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
        if field.many and item.key is None:
            mended = _keyed(work, view, group, field, mended)
        if mended is not item:
            world.changing(group, field, view).replace(item, replace(mended, fault=None))
            work.written[(group, view)] = None


def _keyed(work: Work, view: str, group: str, field: Field, item: Item) -> Item:
    relation = work.schema.relations_of(field)[0]
    key = free_key(relation, item.target or "", work.world.changing(group, field, view))
    raw = {**item.raw, "_key": key}
    return replace(item, raw=raw, key=key, reference=item.reference if field.member else raw)


def _mend_view(
    work: Work, view: str, waiting: Collection[tuple[str, str, str, str]], lost: dict[Violation, None]
) -> None:
    """Accept pairs in order – agreed ones, then what the owner side says – and make every slot hold just those."""
    world = work.world
    halves = [half for half in halves_in(world, view) if not _waits(half, view, waiting)]
    halves = [half for half in halves if world.visible(half.target, view) and not is_deferred(world, view, half)]
    halves = [half for half in halves if not (_is_ahead(world, view, half) or _is_given_up(view, half))]
    accepted: dict[tuple[str, str, str], Link] = {}
    places: dict[tuple[str, str], int] = {}
    refused: list[Link] = []
    agreed = [half for half in halves if world.holds(half.target, half.mirrored.field, view, half.group)]
    owned = [half for half in halves if half.relation.symmetric or half.field == half.relation.owner_field]
    for half in [*agreed, *sorted(owned, key=lambda one: (one.group, one.field.name))]:
        if half.key in accepted:
            continue
        if _fits(half, places):
            accepted[half.key] = half
            ends = (half,) if half.mirrored == half else (half, half.mirrored)
            for end in ends:
                places[end.group, end.field.name] = places.get((end.group, end.field.name), 0) + 1
        else:
            refused.append(half)
    lost.update(dict.fromkeys(_asymmetry(world, view, half) for half in refused))
    for half in halves:
        if half.key not in accepted:
            disconnect(work, view, half)
    for half in accepted.values():
        work.add_half(half, view)
        work.add_half(half.mirrored, view)


def _fits(half: Link, places: dict[tuple[str, str], int]) -> bool:
    for end in (half, half.mirrored):
        most = 1 if not end.field.many else end.field.max
        if most is not None and places.get((end.group, end.field.name), 0) >= most:
            return False
    return True


def _keep_waiting_for_missing(work: Work, waiting: Collection[tuple[str, str, str, str]]) -> None:
    """A pointer at an id without versions is kept and waits (I9)."""
    world = work.world
    for view in (PUBLISHED, *world.release_views()):
        for group, field, target in unanswerable_in(world, view):
            relation = work.schema.relations_of(field)[0]
            key = (relation.name, group, target, view)
            if world.type_of(target) is None and key not in waiting:
                text = f"{group}: {field.name} points at {target}, which does not exist"
                work.wait(Link(relation, field, group, target), view, "missing", text)


def _keep_waiting_for_others(work: Work, waiting: Collection[tuple[str, str, str, str]]) -> None:
    """What is one-sided where nothing may be written, in a live document or a locked release, waits (rows 5, 26)."""
    world = work.world
    for view in world.release_views():
        for half in list(halves_in(world, view)):
            if _waits(half, view, waiting) or not world.visible(half.target, view):
                continue
            if world.holds(half.target, half.mirrored.field, view, half.group):
                continue
            if is_deferred(world, view, half):
                wait_for(work, view, half.mirrored if world.is_live(half.group) else half, "deferred-live")
            elif view in world.snapshot.locked:
                wait_for(work, view, half, "locked-release")


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
        if link is None or item.layer in snapshot.locked:
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
    # When the source was written alone the layers above were left for now; whoever writes the half settles them (R8).
    touched = [group for group, layer in work.written if layer == PUBLISHED]
    if touched:
        reconcile_above(work, touched, [group for group, _ in work.written], links=public)
    return _as_plan(work)


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
