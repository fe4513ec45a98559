"""Reading a dataset whole, to say what is out of step and what waits.

Source: bidirectional semantics, F8, E8.19.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bidir.pending import Key, PendingStore
from bidir.planning.violations import Violation, find_violations
from bidir.planning.waiting import Waiting, find_waiting
from bidir.ports import Backend
from bidir.refs import group_of, targets_of
from bidir.relations import Schema
from bidir.siblings import Snapshot, World

__all__ = ["audit", "still_waiting", "waiting", "whole_snapshot"]

TYPES_QUERY = '$groups[]{"d": *[sanity::versionOf(^.g)]{_id, _type}}.d[]'


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


def audit(schema: Schema, backend: Backend, store: PendingStore, *, notes: bool) -> Iterator[Violation]:
    """Yield what is out of step and not pending."""
    snapshot = whole_snapshot(schema, backend)
    yield from find_violations(World(schema, snapshot), still_waiting(store, snapshot), notes=notes)


def still_waiting(store: PendingStore, snapshot: Snapshot) -> frozenset[Key]:
    """Return the keys of what is pending, without what waited for a release that takes writes again."""
    over = {
        item.key
        for item in store
        if item.reason == "locked-release" and not item.erased and item.layer not in snapshot.locked
    }
    return store.keys() - over


def waiting(schema: Schema, backend: Backend) -> list[Waiting]:
    """Return the halves that wait, by what the documents say; what an engine remembers is not needed for it."""
    return list(find_waiting(World(schema, whole_snapshot(schema, backend))))
