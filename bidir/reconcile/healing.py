"""Healing what waits: pending halves that can be written now, and those that others have written meanwhile.

Source: bidirectional semantics, F8, E8.15.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from bidir.carrying import Carrier
from bidir.errors import BackendError
from bidir.origin import transaction_id
from bidir.outcome import Outcome, Pending
from bidir.pending import Key, PendingStore
from bidir.planning.mend import mend_pending, pending_link
from bidir.planning.reading import Reading, reading_query, snapshot_of
from bidir.ports import Backend
from bidir.refs import DRAFTS, PUBLISHED, layer_of, stored_id
from bidir.relations import Field, Schema
from bidir.siblings import Snapshot, World

__all__ = ["drop_healed", "heal", "heal_and_tell"]


def _read_pending(schema: Schema, backend: Backend, items: Sequence[Pending]) -> Snapshot:
    groups = list(dict.fromkeys(group for item in items for group in (item.source, item.target)))
    reading = Reading(sources=tuple(groups))
    snapshot = snapshot_of(schema, reading, backend.query(reading_query(schema), reading.params()))
    if backend.consistent_queries:
        return snapshot
    # What a query that is behind shows may have agreed before it came apart: then it would be forgotten.
    layers = {PUBLISHED, DRAFTS, *(item.layer for item in items), *map(layer_of, snapshot.documents)}
    found = backend.documents([stored_id(group, layer) for group in groups for layer in sorted(layers)])
    kept = {key: document for key, document in snapshot.documents.items() if key not in found}
    fresh = {key: document for key, document in found.items() if document is not None}
    return replace(snapshot, documents={**kept, **fresh})


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


def heal_and_tell(carrier: Carrier, *, only: Collection[Key] | None = None) -> Outcome:
    """As `heal`, for an engine: what was written is counted and logged."""
    started = carrier.backend.clock.monotonic()
    outcome = heal(carrier.schema, carrier.backend, carrier.store, only=only)
    carrier.counters["reads"] += outcome.reads
    carrier.counters["writes"] += outcome.writes
    return carrier.told("heal", PUBLISHED, outcome, started) if outcome.writes else outcome


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
