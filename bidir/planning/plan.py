"""The one planner: what was read and what is wanted go in, mutations and findings come out.

Pure, total and deterministic: no clock, no randomness, no I/O. Everything in section E of the bidirectional semantics
is a property of this function plus the engine's retry loop.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import Any

from bidir.errors import NotSupportedError
from bidir.outcome import Conflict, Notice, Pending, PendingReason
from bidir.planning.arrivals import adopt, adopt_arrived, erase, loosen_copies, park, resync, withdraw
from bidir.planning.bounds import require_room
from bidir.planning.carrying_up import carry_up
from bidir.planning.closure import SlotEdit, close_layer
from bidir.planning.derived import secure_derived
from bidir.planning.elsewhere import Ranks, Told
from bidir.planning.emit import emit
from bidir.planning.finish import (
    Key,
    carry_waiting,
    drop_repeats,
    prune,
    report_odd_items,
    report_shortfalls,
    secure_items,
)
from bidir.planning.intent import Patched, Simulated, Step, simulate
from bidir.planning.lifecycle import Operation, Staged, put_stamps_back, stage, strengthen_published
from bidir.planning.overlaps import tell_overlaps
from bidir.planning.restated import last_mention, named_targets, only_restates
from bidir.planning.upward import leave_above, reconcile_above
from bidir.planning.work import Work
from bidir.refs import DRAFTS, PUBLISHED, group_of, layer_of, stored_id
from bidir.relations import Field, Schema
from bidir.siblings import Snapshot, World, is_variant

__all__ = ["Intent", "Plan", "plan", "plan_aftermath"]


@dataclass(frozen=True, slots=True)
class Intent:
    """What is wanted: the user's steps in a layer, or an operation of the life cycle.

    `consent` holds tokens of conflicts that may go through. `source_only` gives a reason why no partner may be
    written: then only the user's own mutations are planned and every other half is pending for that reason.
    `exact`: the steps hold only for what was read; where somebody was faster they must be made anew by the caller.
    """

    steps: tuple[Step, ...]
    layer: str
    operation: Operation | None = None
    consent: frozenset[str] = frozenset()
    source_only: PendingReason | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send and what was found.

    With `needs` or `needs_claims` the snapshot was too small: read those groups (their referrers) and plan again.
    With `conflicts` nothing is to be sent. `made` and `user_owned` are stored ids of versions that the engine made and
    that have become the user's; `settled` are the keys of pending items that are no longer pending. `linked` names the
    pairs (relation, left group, right group, layer) that the engine joined (True) or parted (False).
    """

    mutations: tuple[dict[str, Any], ...] = ()
    documents: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    pending: tuple[Pending, ...] = ()
    settled: frozenset[tuple[str, str, str, str]] = frozenset()
    notices: tuple[Notice, ...] = ()
    relations: tuple[str, ...] = ()
    made: frozenset[str] = frozenset()
    user_owned: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    needs_claims: frozenset[str] = frozenset()
    linked: Mapping[tuple[str, str, str, str], bool] = dataclass_field(default_factory=dict)


@dataclass(slots=True)
class _Changes:
    """The user's changes, sorted: field edits and mere claims by layer, groups that appeared, versions that went."""

    edits: dict[str, list[SlotEdit]] = dataclass_field(default_factory=dict)
    claims: dict[str, list[SlotEdit]] = dataclass_field(default_factory=dict)
    arrivals: list[tuple[str, str]] = dataclass_field(default_factory=list)
    departures: list[tuple[str, str]] = dataclass_field(default_factory=list)


def plan(
    schema: Schema,
    snapshot: Snapshot,
    intent: Intent,
    *,
    patched: Patched,
    engine_versions: Collection[str] = (),
    waiting: Mapping[Key, PendingReason] | None = None,
) -> Plan:
    """Return the transaction that does what `intent` wants and keeps every relation in step.

    `patched` applies one wire patch to one document as the lake would; `engine_versions` are the stored ids of
    versions the engine made earlier and nobody has edited since (E8.10); `waiting` the keys of what is pending, and
    for what.
    Raises: IntentError for an id of another layer, Refused for a patch the lake would refuse, QuarantineError.
    """
    world = World(schema, snapshot)
    _refuse_variants(world, intent)
    work = Work(world, intent.consent, intent.source_only)
    if intent.operation is not None:
        staged = stage(work, intent.operation)
    else:
        staged = Staged(simulate(intent.steps, world, intent.layer, patched))
        work.user = dict.fromkeys(staged.simulated.touched)
        if only_restates(staged.simulated, world):
            return Plan(needs=frozenset(world.needs))
    _carry_through(work, staged)
    prune(work, engine_versions, [*work.user, *work.written])
    loosen_copies(work, dict.fromkeys([*work.user, *work.made, *work.written]))
    carry_waiting(work, waiting or {})
    carry_up(work, waiting or {})
    tell_overlaps(work, staged.simulated.touched if intent.steps else ())
    made = _finish(work, staged.simulated)
    if intent.operation is not None:
        require_room(intent.operation.kind, intent.operation.groups, len(made.documents))
    return made


def _refuse_variants(world: World, intent: Intent) -> None:
    """Refuse to write a variant, and to delete a document that has some: which readers are meant cannot be guessed.

    Raises: NotSupportedError.
    """
    for step in intent.steps:
        written = world.snapshot.documents.get(stored_id(group_of(step.document_id or step.group), intent.layer))
        if written is not None and is_variant(written):
            raise NotSupportedError(
                f'"{written["_id"]}" is a variant, which the engine does not write; edit the published document, its '
                "draft or a release version, or send the mutation to the lake itself"
            )
    operation = intent.operation
    for group in operation.groups if operation is not None and operation.kind == "delete" else ():
        if world.has_variants(group):
            raise NotSupportedError(
                f'"{group}" has variants, which the engine does not write; delete those first, with the lake\'s action'
            )


def plan_aftermath(
    schema: Schema,
    snapshot: Snapshot,
    earlier: Mapping[str, Mapping[str, Any] | None],
    *,
    engine_versions: Collection[str] = (),
    restamp: Mapping[str, Mapping[str, Any]] | None = None,
    refused: Collection[str] = (),
    told: Mapping[str, Told] | None = None,
) -> Plan:
    """Return the transaction that carries the consequences of a change others have committed already.

    `earlier` maps the stored ids that changed to what they were before (None: did not exist); `snapshot` shows what
    they are now; `restamp` gives, by group, the document whose `_strengthenOnPublish` stamps were taken out for the
    lake's own publish and go back in; `refused` are groups that may not be written: their halves wait. `told` is
    what events said of the stored documents: where two changes contradict each other the later one holds.
    Bidirectional semantics, E4 rows 25, 26 and 31: the change's direction decides.
    """
    world = World(schema, snapshot, earlier)
    work = Work(world)
    work.refused = frozenset(refused)
    work.committed = True
    work.ranks = Ranks(told)
    simulated = Simulated([], {}, [(group_of(one), layer_of(one)) for one in earlier], [])
    # First of all: what is made from the published document in the layers above is a copy of it.
    for group, draft in (restamp or {}).items():
        put_stamps_back(work, group, draft)
    _carry_through(work, Staged(simulated, stated=True))
    # What somebody else has written is theirs from then on, also where the engine had made it (E8.10).
    theirs = frozenset(earlier)
    prune(work, set(engine_versions) - theirs, [*simulated.touched, *work.written])
    loosen_copies(work, dict.fromkeys([*simulated.touched, *work.made, *work.written]))
    return replace(_finish(work, simulated), user_owned=theirs & frozenset(engine_versions))


def _carry_through(work: Work, staged: Staged) -> None:
    """Carry what was done to the documents to all others, layer by layer."""
    simulated = staged.simulated
    changes = _changes(work, simulated)
    for layer in dict.fromkeys([PUBLISHED, *changes.edits]):
        _close(work, staged, changes, layer)
    for group, layer in changes.departures:
        _depart(work, group, layer)
    adopt_arrived(work)
    arrived = [group for group, layer in changes.arrivals if layer == PUBLISHED] if work.committed else []
    for group in [*staged.published, *arrived]:
        strengthen_published(work, group)
    _above(work, simulated)
    adopt_arrived(work)
    for group, layer in simulated.touched:
        if not work.committed and not staged.copied:
            secure_derived(work, group, layer)
        report_odd_items(work, group, layer)


def _close(work: Work, staged: Staged, changes: _Changes, layer: str) -> None:
    """Bring one layer into step: the edits, the claims of a copied draft, adoption, then safe items."""
    edits, claims = changes.edits.get(layer, []), changes.claims.get(layer, [])
    work.publishing = bool(staged.published)
    stands = work.publishing or work.committed
    close_layer(work, layer, edits, mode="claim" if staged.claims else "stands" if stands else "steal")
    close_layer(work, layer, claims, mode="claim")
    for group, arrived_in in changes.arrivals:
        if arrived_in == layer:
            body = _body_of(work, group, layer) if work.committed else _stated(staged.simulated, group, layer)
            # What had a version elsewhere and appears in published was published, and a publish states every value.
            earlier = [one for one in work.world.layers_before(group) if work.ranks.born(group, one) is None]
            elsewhere = work.committed and layer == PUBLISHED and bool(earlier)
            adopt(work, group, layer, body, all_stated=bool(staged.published) or elsewhere)
    adopt_arrived(work)
    for edit in [*edits, *claims]:
        if work.committed:
            # Two who added the same partner at once have each put an item there: lists are not locked (F4).
            drop_repeats(work, layer, edit)
        else:
            secure_items(work, layer, edit)


def _body_of(work: Work, group: str, layer: str) -> Mapping[str, Any] | None:
    """Return what others created: as it came into being if somebody told, else as it is."""
    return work.ranks.born(group, layer) or work.world.own(group, layer)


def _changes(work: Work, simulated: Simulated) -> _Changes:
    world = work.world
    out = _Changes()
    for group, layer in simulated.touched:
        if world.own(group, layer) is None:
            if world.own_before(group, layer) is not None:
                out.departures.append((group, layer))
            continue
        if world.marked(group, layer):
            # A mark takes effect when the release is published; until then its partners keep what they say (row 24).
            continue
        if world.layer_seen_before(group, layer) is None:
            out.arrivals.append((group, layer))
        for field in world.fields_of(group):
            before = list(world.targets_before(group, field, layer))
            after = list(world.targets(group, field, layer))
            if (group, layer) in simulated.from_draft:
                # What the draft said was never true in the release: it may be claimed, not taken (E8.7). What the user
                # says again is the user's own wish (I8).
                said = named_targets(simulated.steps, group, layer)
                copied = [one for one in after if world.holds(group, field, DRAFTS, one) and one not in said]
                out.claims.setdefault(layer, []).append(SlotEdit(group, field, before, copied))
                before = copied
            if work.committed:
                out.edits.setdefault(layer, []).append(_told_edit(work, layer, group, field, before, after))
                continue
            order = last_mention(simulated.steps, group, layer, field)
            out.edits.setdefault(layer, []).append(SlotEdit(group, field, before, after, order))
    out.arrivals.sort(key=lambda place: work.ranks.birth(*place))
    return out


def _told_edit(
    work: Work, layer: str, group: str, field: Field, before: Sequence[str], after: Sequence[str]
) -> SlotEdit:
    """Return what others did to a field, step by step as far as somebody told.

    A link that came and went again was made and taken back, one that went and came again was taken up anew.
    """
    orders = work.ranks.pairs(group, layer, field)
    passed = [one for one in orders if one not in before and one not in after]
    # A new version repeats what the view showed: that is no link taken up anew, unless it was news there as well.
    birth = work.ranks.birth(group, layer)
    news = {one for one, rank in work.ranks.pairs(group, PUBLISHED, field).items() if rank < birth}
    kept = [one for one in before if one not in after or (orders.get(one, birth) == birth and one not in news)]
    order, stated = work.ranks.field(group, layer, field), work.ranks.stated(group, layer, field)
    return SlotEdit(group, field, [*kept, *passed], after, order, orders, stated)


def _stated(simulated: Simulated, group: str, layer: str) -> dict[str, Any] | None:
    """Return what the creator said, all steps on the new document together; what a draft said says nothing here."""
    stated: dict[str, Any] = {}
    for step in simulated.steps:
        if (step.group, step.layer) != (group, layer):
            continue
        if step.kind in ("create", "createOrReplace", "createIfNotExists"):
            stated.update(step.body)
        elif step.kind == "patch":
            for name in ("set", "setIfMissing"):
                stated.update(
                    {path.split(".")[0].split("[")[0]: value for path, value in step.body.get(name, {}).items()}
                )
            stated.update({path: None for path in step.body.get("unset", ()) if isinstance(path, str)})
    return stated


def _depart(work: Work, group: str, layer: str) -> None:
    world = work.world
    if layer in world.snapshot.archived:
        park(work, group)
        return
    fields = world.fields_of(group)
    before = {field.name: world.own_targets_before(group, field, layer) for field in fields}
    if not world.layers_of(group):
        if world.has_variants(group):
            # Something of it is left, so it is not gone; what points at it stays.
            return
        erase(work, group, fields)
    elif layer == PUBLISHED:
        withdraw(work, group, before)
    elif layer in world.snapshot.locked:
        # A release that takes no writes loses its versions only by being over: there is no view to bring into step.
        return
    elif world.layer_seen_before(group, layer) == layer:
        resync(work, group, layer, before)
    else:
        # A version marked for unpublishing showed nothing: without it the group appears, with what lies below, and
        # answers those who went on pointing at it (R8).
        resync(work, group, layer, {})
        adopt(work, group, layer, None)


def _above(work: Work, simulated: Simulated) -> None:
    """Carry what changed in published to the views above; new versions made there need no second round."""
    touched = [group for group, layer in [*simulated.touched, *work.written] if layer == PUBLISHED]
    if work.source_only is not None:
        # What is above contradicts only for as long as the other half waits; whoever writes that settles it.
        leave_above(work, touched, work.source_only)
        return
    if touched:
        involved = [group for group, _ in [*simulated.touched, *work.written]]
        reconcile_above(work, touched, involved, links=work.withdrawn.values())


def _finish(work: Work, simulated: Simulated) -> Plan:
    world = work.world
    if world.needs or world.needs_claims:
        return Plan(needs=frozenset(world.needs), needs_claims=frozenset(world.needs_claims))
    if work.conflicts:
        return Plan(conflicts=tuple(work.conflicts.values()))
    report_shortfalls(work, simulated.touched)
    emitted = emit(work, simulated)
    made = frozenset(stored_id(*place) for place in work.made)
    for group, layer in work.made:
        if world.base(group, layer) is not None:
            continue
        relation = next(iter(work.relations), "")
        work.notice(
            "version-created",
            relation,
            (group,),
            layer,
            f'{group} got a version in "{layer}", so that its side of the link can be written there',
        )
    return Plan(
        mutations=tuple(emitted.mutations),
        documents=tuple(emitted.documents),
        pending=tuple(work.pending.values()),
        settled=frozenset(work.settled),
        notices=tuple(work.notices),
        relations=tuple(work.relations),
        linked=work.linked,
        made=made,
        user_owned=frozenset(stored_id(*place) for place in work.user if place not in work.made),
    )
