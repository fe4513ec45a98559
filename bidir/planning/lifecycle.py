"""The life cycle as changes of the world: publish, unpublish, discard, delete, restore, duplicate, new versions.

Each operation only says what happens to the documents themselves; the planner then carries the consequences, by the
same rules as for an edit. Source: bidirectional semantics, E4 rows 14–30, E8.7, E8.12–E8.16.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, Literal

from bidir.errors import DocumentMissing, IntentError
from bidir.planning.arrivals import erase, tell_weakened, weaken_pointers
from bidir.planning.intent import Simulated
from bidir.planning.items import grounded, grows_strong, stamp_for, stays_weak, weakened, with_reference
from bidir.planning.locked import require_unlocked, strong_at
from bidir.planning.work import Work, link_between
from bidir.refs import DRAFTS, PUBLISHED, Item, group_of, read_items, replace_items, stored_id, with_value_at
from bidir.relations import Field
from bidir.siblings import World, copied

__all__ = ["Operation", "OperationKind", "stage", "strengthen_published"]

Document = Mapping[str, Any]
OperationKind = Literal[
    "publish", "unpublish", "discard", "delete", "restore", "duplicate", "create_version", "soften", "forget"
]

KEY_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the life cycle.

    `groups` are the documents concerned, `layer` the version meant; `document` is the revision to restore, `copy_id`
    the new group of a duplicate.
    """

    kind: OperationKind
    groups: tuple[str, ...]
    layer: str
    document: Document | None = None
    copy_id: str = ""


@dataclass(slots=True)
class Staged:
    """What an operation did to the world: `simulated` for the planner, and how its edits are to be taken.

    `claims`: additions take no taken place. `stated`: the new documents state every field, silent or not. `copied`:
    what they point at stands already, in the document they are a copy of.
    """

    simulated: Simulated
    claims: bool = False
    stated: bool = False
    copied: bool = False
    published: list[str] = dataclass_field(default_factory=list)


def stage(work: Work, operation: Operation) -> Staged:
    """Do the operation to the documents themselves.

    Raises: IntentError for an operation that makes no sense there, DocumentMissing where the version is missing.
    """
    staged = Staged(Simulated([], {}, [], []))
    for group in operation.groups:
        _STAGES[operation.kind](work, operation, group, staged)
    return staged


def _missing(group: str, layer: str) -> DocumentMissing:
    target = stored_id(group, layer)
    return DocumentMissing(
        f'The document with the ID "{target}" was not found', type="documentNotFoundError", document_id=target
    )


def require_unmarked(world: World, group: str, layer: str) -> None:
    """Make sure that the version is there to be published, and not only to say that its group goes offline.

    Raises: IntentError, as the lake refuses it too.
    """
    if world.marked(group, layer):
        raise IntentError(
            f'"{group}" is to be unpublished by the release "{layer}": publish the release, or take the mark back first'
        )


def _publish(work: Work, operation: Operation, group: str, staged: Staged) -> None:
    world = work.world
    if operation.layer == DRAFTS and world.is_live(group):
        raise IntentError(
            f'"{group}" is edited live: its published document is what everybody sees, nothing to publish'
        )
    version = world.document(group, operation.layer)
    if version is None:
        raise _missing(group, operation.layer)
    require_unmarked(world, group, operation.layer)
    body = copied(version, group, PUBLISHED)
    if world.own(group, PUBLISHED) is None and "_createdAt" in version:
        body["_createdAt"] = version["_createdAt"]
    work.rewrite(group, operation.layer, None)
    work.rewrite(group, PUBLISHED, _strengthened(body, world.pointers_of(group)))
    staged.simulated.touched.append((group, PUBLISHED))
    staged.published.append(group)
    staged.stated = staged.copied = True


def _unpublish(work: Work, operation: Operation, group: str, staged: Staged) -> None:
    world = work.world
    if world.is_live(group):
        raise IntentError(f'"{group}" is edited live and has no draft to go back to: delete it instead of unpublishing')
    published = world.document(group, PUBLISHED)
    if published is None:
        raise _missing(group, PUBLISHED)
    if world.own(group, DRAFTS) is None:
        work.rewrite(group, DRAFTS, copied(published, group, DRAFTS))
        work.user[(group, DRAFTS)] = None
    work.rewrite(group, PUBLISHED, None)
    staged.simulated.touched.append((group, PUBLISHED))


def _discard(work: Work, operation: Operation, group: str, staged: Staged) -> None:
    if operation.layer == PUBLISHED:
        raise IntentError("discard takes a draft or a release version; to take a document offline, unpublish it")
    if work.world.own(group, operation.layer) is None:
        raise _missing(group, operation.layer)
    work.rewrite(group, operation.layer, None)
    staged.simulated.touched.append((group, operation.layer))


def _delete(work: Work, operation: Operation, group: str, staged: Staged) -> None:
    world = work.world
    layers = world.layers_of(group)
    if not layers:
        raise _missing(group, PUBLISHED)
    require_unlocked(work, group, layers)
    for layer in reversed(layers):
        work.rewrite(group, layer, None)
    staged.simulated.touched.append((group, PUBLISHED if PUBLISHED in layers else layers[0]))


def _restore(work: Work, operation: Operation, group: str, staged: Staged) -> None:
    revision = operation.document
    if revision is None:
        raise _missing(group, operation.layer)
    layer = PUBLISHED if work.schema.is_live(str(revision.get("_type"))) else DRAFTS
    work.rewrite(group, layer, copied(revision, group, layer))
    work.user[(group, layer)] = None
    staged.simulated.touched.append((group, layer))
    staged.claims = True


def _duplicate(work: Work, operation: Operation, group: str, staged: Staged) -> None:
    world = work.world
    seen = world.layer_seen(group, operation.layer)
    original = None if seen is None else world.document(group, seen)
    if original is None:
        raise _missing(group, operation.layer)
    copy = group_of(operation.copy_id)
    if world.layers_of(copy):
        raise IntentError(f'"{copy}" exists already; a duplicate needs an id that is free')
    layer = PUBLISHED if operation.layer == DRAFTS and world.is_live(group) else operation.layer
    body: dict[str, Any] = copied(original, copy, layer)
    for field in world.fields_of(group):
        body = _copied_field(work, field, group, body)
    body = _rekeyed(body, copy)
    body["_id"] = stored_id(copy, layer)
    work.rewrite(copy, layer, body)
    work.user[(copy, layer)] = None
    staged.simulated.touched.append((copy, layer))
    staged.stated = staged.copied = True
    staged.claims = True


def _copied_field(work: Work, field: Field, group: str, body: dict[str, Any]) -> dict[str, Any]:
    """Keep in the copy what two documents may say at once: links whose other end is a list (rows 28 and 29)."""
    slot = work.world.parsed(body, field)
    kept = []
    for item in slot.items:
        link = None if item.target is None else work.link_of(field, group, item.target)
        shareable = link is None or link.mirrored.field.many
        if shareable and item.target != group:
            kept.append(item.raw)
    if field.many:
        return replace_items(body, field, kept) if slot.items else body
    return body if kept or not slot.items else with_value_at(body, field.path, None)


def _rekeyed(value: Any, salt: str, place: str = "") -> Any:
    """Return the value with fresh, reproducible `_key`s on the items of its arrays."""
    if isinstance(value, list):
        return [_rekeyed(item, salt, f"{place}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    out = {name: _rekeyed(inner, salt, f"{place}.{name}") for name, inner in value.items()}
    if isinstance(out.get("_key"), str):
        out["_key"] = hashlib.sha256(f"{salt}{place}{out['_key']}".encode()).hexdigest()[:KEY_LENGTH]
    return out


def _create_version(work: Work, operation: Operation, group: str, staged: Staged) -> None:
    world = work.world
    layer = operation.layer
    if layer in (PUBLISHED, DRAFTS):
        raise IntentError("create_version takes a release; a draft is made by its first edit")
    if world.own(group, layer) is not None:
        raise IntentError(f'"{group}" has a version in "{layer}" already')
    below = world.document(group, PUBLISHED)
    if below is None:
        below = world.document(group, DRAFTS)
        if below is None:
            raise _missing(group, PUBLISHED)
        staged.simulated.from_draft.append((group, layer))
    work.rewrite(group, layer, copied(below, group, layer))
    work.user[(group, layer)] = None
    staged.simulated.touched.append((group, layer))
    staged.copied = True


def _soften(work: Work, operation: Operation, group: str, staged: Staged) -> None:
    """Make strong relation pointers at a group the release unpublishes weak, in the release (E8.13) and beside it.

    Where another release unpublishes the group it is only about what this one says itself: once it is scheduled nobody
    can, and the other could not be published.
    """
    world, release = work.world, operation.layer
    here = world.marked(group, release)
    if here:
        _soften_beside(work, group, release)
    for claimant in world.claiming_groups(group):
        seen = world.layer_seen(claimant, release)
        if seen is None or claimant == group or not (here or seen == release):
            continue
        for field in world.pointers_of(claimant):
            if not strong_at(world.slot(claimant, field, seen), group) or not work.ensure(claimant, release):
                continue
            slot = world.changing(claimant, field, release)
            for item in strong_at(slot, group):
                slot.replace(item, with_reference(field, item, {**(item.reference or {}), "_weak": True}))
            work.written[(claimant, release)] = None
            link = work.pointer_of(field, claimant, group)
            relation = work.schema.relations_of(field)[0] if link is None else link.relation
            tell_weakened(work, relation, claimant, group, release)


def _soften_beside(work: Work, group: str, release: str) -> None:
    """Weaken what drafts and other releases say, as when the group is unpublished alone (E8.14).

    Published pointers are left alone: the release's own versions replace them, or it takes their documents offline as
    well. Of such documents the lake keeps a copy as a draft, which would have the strong pointer: it is made here.
    """
    world = work.world
    for claimant in world.claiming_groups(group):
        published = world.document(claimant, PUBLISHED)
        if published is None or not world.marked(claimant, release) or world.own(claimant, DRAFTS) is not None:
            continue
        if any(strong_at(world.slot(claimant, field, PUBLISHED), group) for field in world.pointers_of(claimant)):
            work.rewrite(claimant, DRAFTS, copied(published, claimant, DRAFTS))
            work.user[(claimant, DRAFTS)] = None
    published = world.own(group, PUBLISHED)
    # Seen as it will be, so that a pointer that was strong carries the stamp that says so.
    world.put(group, PUBLISHED, None)
    weaken_pointers(work, group, apart_from=(PUBLISHED, release))
    world.put(group, PUBLISHED, published)


def _forget(work: Work, operation: Operation, group: str, staged: Staged) -> None:
    """The group's last version is gone already, with a release: take the pointers to it out of every layer (R7).

    Where a release comes back that still points at it, out of that release alone: in the others it was done then.
    """
    if not work.world.layers_of(group) and not work.world.has_variants(group):
        every = tuple(field for name in work.schema.types for field in work.schema.fields_of(name))
        erase(work, group, every, within=None if operation.layer == PUBLISHED else operation.layer)


_STAGES = {
    "publish": _publish,
    "unpublish": _unpublish,
    "discard": _discard,
    "delete": _delete,
    "restore": _restore,
    "duplicate": _duplicate,
    "create_version": _create_version,
    "soften": _soften,
    "forget": _forget,
}


# ------------------------------------------------------------------------------------------------- strengthening


def _strengthened(body: dict[str, Any], relation_fields: tuple[Field, ...]) -> dict[str, Any]:
    """Do what the lake's own publish does to references outside the relations: stamped weak ones become strong."""
    kept = {id(item.reference) for field in relation_fields for item in read_items(body, field)}
    return {name: _strengthened_value(value, kept) for name, value in body.items()}


def _strengthened_value(value: Any, kept: Collection[int]) -> Any:
    if isinstance(value, list):
        return [_strengthened_value(item, kept) for item in value]
    if not isinstance(value, Mapping) or id(value) in kept:
        return value
    if value.get("_ref") is not None and value.get("_weak") and value.get("_strengthenOnPublish"):
        return strengthened_reference(value)
    return {name: _strengthened_value(inner, kept) for name, inner in value.items()}


def strengthened_reference(reference: Document, *, for_good: bool = False) -> dict[str, Any]:
    """Return a stamped weak reference as it stands after publishing (content-lake reference, section 1.8).

    `for_good`: it stays weak whatever the stamp says.
    """
    out = {name: value for name, value in reference.items() if name != "_strengthenOnPublish"}
    if grows_strong(reference) and not for_good:
        out.pop("_weak", None)
    return out


def strengthen_published(work: Work, group: str) -> None:
    """Make stamped pointers strong where their target is published now: the group's own, and those at it (E8.6)."""
    world = work.world
    for claimant in dict.fromkeys([group, *world.claiming_groups(group)]):
        if world.own(claimant, PUBLISHED) is None:
            continue
        for field in world.pointers_of(claimant):
            slot = world.slot(claimant, field, PUBLISHED)
            for item in list(slot.items if slot is not None else ()):
                if item.target is None or (claimant != group and item.target != group):
                    continue
                reference = item.reference or {}
                stamped = reference.get("_weak") and reference.get("_strengthenOnPublish")
                if not stamped or not grounded(world, item.target, PUBLISHED):
                    continue
                link = work.link_of(field, claimant, item.target)
                inverse = link is not None and stays_weak(link.relation, field)
                settled = with_reference(field, item, strengthened_reference(reference, for_good=inverse))
                world.changing(claimant, field, PUBLISHED).replace(item, settled)
                work.written[(claimant, PUBLISHED)] = None


def premature_stamps(world: World, group: str, layer: str) -> list[str]:
    """Return the paths of stamps that the lake's own publish may not act on.

    Their targets stay unpublished, or they are pointers of an inverse side, which are weak for good (E8.6).
    """
    paths = []
    for field in world.pointers_of(group):
        slot = world.slot(group, field, layer)
        for index, item in enumerate(slot.items if slot is not None else ()):
            reference = item.reference or {}
            if item.target is None or not reference.get("_strengthenOnPublish") or not reference.get("_weak"):
                continue
            link = link_between(world, field, group, item.target)
            inverse = link is not None and stays_weak(link.relation, field) and grows_strong(reference)
            if inverse or not grounded(world, item.target, PUBLISHED):
                paths.append(f"{_address(field, index, item)}._strengthenOnPublish")
    return paths


def _address(field: Field, index: int, item: Item) -> str:
    """Return the path of the reference in an item of a document."""
    where = f"[_key=={json.dumps(item.key)}]" if item.key is not None else f"[{index}]" if field.many else ""
    return ".".join([f"{'.'.join(field.path)}{where}", *field.member])


def fit_to_be_published(world: World, group: str, layer: str) -> tuple[list[str], Document]:
    """Return what a version says strongly of what only its release shows, and the version with that made weak.

    Published alone, without its release, it would point at nothing. The paths are those of the references.
    """
    paths: list[str] = []
    work = Work(world)
    for field in world.pointers_of(group):
        slot = world.slot(group, field, layer)
        for index, item in enumerate(list(slot.items if slot is not None else ())):
            if item.target is None or (item.reference or {}).get("_weak") is True:
                continue
            link = work.pointer_of(field, group, item.target)
            if link is None or grounded(world, item.target, PUBLISHED):
                continue
            paths.append(_address(field, index, item))
            world.changing(group, field, layer).replace(item, weakened(world, link.relation, field, item, PUBLISHED))
    return paths, world.document(group, layer) or {}


def fit_to_be_archived(world: World, group: str, release: str) -> dict[str, Any]:
    """Return a `set` patch that makes weak, with the stamp to grow strong, what stands on published documents only.

    They may be gone when the release is to come back; with a strong pointer at nothing the lake does not let it.
    """
    patch: dict[str, Any] = {}
    for field in world.pointers_of(group):
        slot = world.slot(group, field, release)
        for index, item in enumerate(slot.items if slot is not None else ()):
            if item.target is None or (item.reference or {}).get("_weak") is True:
                continue
            if world.own(item.target, release) is None:
                path = _address(field, index, item)
                patch[f"{path}._weak"] = True
                patch.update({f"{path}.{name}": value for name, value in stamp_for(world, field, item.target).items()})
    return patch


def put_stamps_back(work: Work, group: str, draft: Document) -> None:
    """Give pointers at unpublished targets the stamps again that the draft carried before its publish (E8.6)."""
    world = work.world
    for field in world.pointers_of(group):
        stamps = {
            item.target: (item.reference or {}).get("_strengthenOnPublish") for item in world.parsed(draft, field).items
        }
        slot = world.slot(group, field, PUBLISHED)
        for item in list(slot.items if slot is not None else ()):
            reference = item.reference or {}
            stamp = stamps.get(item.target)
            if stamp is None or not reference.get("_weak") or "_strengthenOnPublish" in reference:
                continue
            link = work.link_of(field, group, item.target or "")
            if link is not None and stays_weak(link.relation, field):
                continue
            if not grounded(world, item.target or "", PUBLISHED):
                stamped = with_reference(field, item, {**reference, "_strengthenOnPublish": stamp})
                world.changing(group, field, PUBLISHED).replace(item, stamped)
                work.written[(group, PUBLISHED)] = None
