"""The whole dataset: audit what is out of step, repair it in batches, heal what waits.

Source: bidirectional semantics, F8, E6 (which half wins), E8.19.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bidir.errors import BackendError, DocumentMissing, RevisionConflict
from bidir.origin import transaction_id
from bidir.outcome import Outcome, Pending
from bidir.pending import Key, PendingStore
from bidir.planning.mend import Violation, find_violations, mend_all, mend_pending, pending_link
from bidir.planning.plan import Plan
from bidir.planning.reading import Reading, reading_query, snapshot_of
from bidir.planning.waiting import Waiting, find_waiting
from bidir.ports import Backend
from bidir.refs import group_of, targets_of
from bidir.relations import Field, Schema
from bidir.siblings import Snapshot, World

__all__ = ["Progress", "Report", "Violation", "audit", "drop_healed", "heal", "repair", "waiting"]

Progress = Callable[[int, int], None]
"""(documents written so far, documents to write)."""

BATCH_DOCUMENTS_MAX = 100
"""Documents in one repair transaction."""
TYPES_QUERY = '$groups[]{"d": *[sanity::versionOf(^.g)]{_id, _type}}.d[]'
PASSES_MAX = 5
"""Passes over the dataset; a further one is made only where somebody changed documents meanwhile."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a repair did, or in a dry run would do.

    `found` counts violations by kind, `writes` documents written (or that would be), `batches` the transactions,
    `lost` lists claims that did not get their place, `left` documents that somebody kept changing.
    """

    dry_run: bool
    found: dict[str, int]
    writes: int
    batches: int
    lost: tuple[Violation, ...]
    left: tuple[str, ...]
    plan: tuple[dict[str, Any], ...]


def whole_snapshot(schema: Schema, backend: Backend) -> Snapshot:
    """Read every document that takes part in a relation, and the types of what they point at."""
    types = [name for name in schema.types if schema.fields_of(name)]
    documents = {document["_id"]: document for document in backend.scan(types)}
    groups = {group_of(key) for key in documents}
    targets = _pointed_at(schema, documents.values()) - groups
    # What is pointed at may be of a type that takes no part, or not exist at all; only its type matters.
    if targets:
        for document in backend.query(TYPES_QUERY, {"groups": [{"g": group} for group in sorted(targets)]}):
            if document is not None:
                documents[document["_id"]] = document
    locked = backend.query('*[_type == "system.release" && state != "active"].name', {})
    known = frozenset(groups | targets)
    return Snapshot(documents, known, known, frozenset(name for name in locked if isinstance(name, str)))


def _pointed_at(schema: Schema, documents: Iterable[Any]) -> set[str]:
    found: set[str] = set()
    for document in documents:
        for field in schema.fields_of(str(document.get("_type"))):
            found.update(targets_of(document, field))
    return found


def _waiting(store: PendingStore) -> frozenset[tuple[str, str, str, str]]:
    return frozenset(item.key for item in store)


def audit(schema: Schema, backend: Backend, store: PendingStore, *, notes: bool) -> Iterator[Violation]:
    """Yield what is out of step and not pending."""
    world = World(schema, whole_snapshot(schema, backend))
    yield from find_violations(world, _waiting(store), notes=notes)


def waiting(schema: Schema, backend: Backend) -> list[Waiting]:
    """Return the halves that wait, by what the documents say; what an engine remembers is not needed for it."""
    return list(find_waiting(World(schema, whole_snapshot(schema, backend))))


def repair(
    schema: Schema, backend: Backend, store: PendingStore, *, dry_run: bool, progress: Progress | None
) -> Report:
    """Mend the dataset; see `Engine.repair`."""
    found: Counter[str] = Counter()
    lost: list[Violation] = []
    plans: list[dict[str, Any]] = []
    writes = batches = 0
    left: tuple[str, ...] = ()
    for number in range(PASSES_MAX):
        snapshot = whole_snapshot(schema, backend)
        waiting = _waiting(store)
        if number == 0:
            found.update(one.kind for one in find_violations(World(schema, snapshot), waiting))
        made, losers = mend_all(schema, snapshot, waiting=waiting)
        if number == 0:
            lost, plans = losers, list(made.mutations)
        if dry_run:
            return Report(True, dict(found), len(made.documents), 0, tuple(lost), (), tuple(plans))
        store.add(made.pending)
        done, sent, left = _write(backend, made, progress)
        writes += done
        batches += sent
        if not left:
            break
    return Report(False, dict(found), writes, batches, tuple(lost), left, tuple(plans))


def _write(backend: Backend, made: Plan, progress: Progress | None) -> tuple[int, int, tuple[str, ...]]:
    """Commit a plan in batches of whole documents; return documents written, batches sent, documents left over."""
    by_document: dict[str, list[dict[str, Any]]] = {}
    for mutation in made.mutations:
        (body,) = mutation.values()
        by_document.setdefault(str(body.get("_id") or body.get("id")), []).append(mutation)
    names = list(by_document)
    done = sent = 0
    left: list[str] = []
    relation = made.relations[0] if made.relations else "repair"
    queue = [names[start : start + BATCH_DOCUMENTS_MAX] for start in range(0, len(names), BATCH_DOCUMENTS_MAX)]
    while queue:
        batch = queue.pop(0)
        mutations = [mutation for name in batch for mutation in by_document[name]]
        try:
            committed = backend.commit(mutations, transaction_id=transaction_id(relation, backend.clock.nonce()))
        except (RevisionConflict, DocumentMissing) as error:
            # Somebody changed one of them: that one waits for the next pass, the others go on.
            busy = [name for name in batch if name == error.document_id] or batch
            left += busy
            rest = [name for name in batch if name not in busy]
            if rest:
                queue.insert(0, rest)
            continue
        sent += 1
        done += len(committed.documents)
        if progress is not None:
            progress(done, len(names))
    return done, sent, tuple(left)


# ------------------------------------------------------------------------------------------------------- pending


def _read_pending(schema: Schema, backend: Backend, items: Sequence[Pending]) -> Snapshot:
    groups = list(dict.fromkeys(group for item in items for group in (item.source, item.target)))
    reading = Reading(sources=tuple(groups))
    return snapshot_of(schema, reading, backend.query(reading_query(schema), reading.params()))


def drop_healed(schema: Schema, backend: Backend, store: PendingStore) -> None:
    """Forget pending halves that agree by now."""
    items = list(store)
    if not items:
        return
    world = World(schema, _read_pending(schema, backend, items))
    for item in items:
        link = pending_link(world, item)
        if link is None:
            if not _points(world, item, item.layer):
                store.settle([item.key])
                store.add(_elsewhere(world, item))
            continue
        # Only the halves of this relation count: two documents may be joined by several.
        holds = world.holds(link.group, link.field, item.layer, link.target)
        there = world.holds(link.target, link.mirrored.field, item.layer, link.group)
        if holds == there and (not holds or world.visible(link.target, item.layer)):
            store.settle([item.key])


def _points(world: World, item: Pending, layer: str) -> bool:
    """Whether a field of the relation points at what the item names, in `layer`."""
    mine = (field for field in world.fields_of(item.source) if item.relation in _names(world.schema, field))
    return any(world.holds(item.source, field, layer, item.target) for field in mine)


def _names(schema: Schema, field: Field) -> set[str]:
    return {relation.name for relation in schema.relations_of(field)}


def _elsewhere(world: World, item: Pending) -> Iterator[Pending]:
    """Yield, for a pointer at a missing document that left its layer, the same in the layers that still have it.

    So it is where a document is taken offline and its draft says what it said.
    """
    for layer in world.layers_of(item.source) if world.type_of(item.target) is None else ():
        if _points(world, item, layer):
            yield replace(item, layer=layer)


def heal(schema: Schema, backend: Backend, store: PendingStore, *, only: Collection[Key] | None = None) -> Outcome:
    """Write the pending halves that can be written now; `only` gives the keys of those to try.

    All in one transaction where the lake takes it, else each on its own, so that one refusal holds up no other.
    """
    drop_healed(schema, backend, store)
    items = [item for item in store if only is None or item.key in only]
    if not items:
        return Outcome()
    try:
        return _heal_together(schema, backend, store, items)
    except BackendError:
        if len(items) == 1:
            return Outcome(pending=tuple(items))
    done = [heal(schema, backend, store, only=(item.key,)) for item in items]
    return Outcome(
        transaction_id=next((one.transaction_id for one in done if one.transaction_id), None),
        documents_written=sum(one.documents_written for one in done),
        reads=sum(one.reads for one in done),
        writes=sum(one.writes for one in done),
        pending=tuple(store),
        notices=tuple(notice for one in done for notice in one.notices),
        mutations=tuple(mutation for one in done for mutation in one.mutations),
    )


def _heal_together(schema: Schema, backend: Backend, store: PendingStore, items: Sequence[Pending]) -> Outcome:
    snapshot = _read_pending(schema, backend, items)
    made = mend_pending(schema, snapshot, items)
    reads = 1
    while made.needs or made.needs_claims:
        reading = Reading(tuple(sorted(made.needs)), (), tuple(sorted(made.needs_claims)))
        more = snapshot_of(schema, reading, backend.query(reading_query(schema), reading.params()))
        snapshot = snapshot.merged(more)
        made = mend_pending(schema, snapshot, items)
        reads += 1
    written: tuple[str, ...] = ()
    name = None
    if made.mutations:
        relation = made.relations[0] if made.relations else "heal"
        name = transaction_id(relation, backend.clock.nonce())
        written = backend.commit(made.mutations, transaction_id=name).documents
    store.settle(made.settled)
    store.add(made.pending)
    store.remember_versions(made.made)
    return Outcome(
        transaction_id=name,
        documents_written=len(written),
        reads=reads,
        writes=int(bool(made.mutations)),
        pending=made.pending,
        notices=made.notices,
        mutations=made.mutations,
    )
