"""What a plan needs at the least when the lake answers no query: the documents themselves, by id.

Source: bidirectional semantics, F5 (the primary edit is never lost, the other half follows).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bidir.planning.intent import Step
from bidir.planning.reading import Reading, reading_for
from bidir.refs import DRAFTS, PUBLISHED, group_of, stored_id, targets_of
from bidir.relations import Schema
from bidir.siblings import Snapshot

__all__ = ["snapshot_by_id"]

Document = Mapping[str, Any]
Fetch = Callable[[Sequence[str]], Mapping[str, Document | None]]
"""Stored ids → documents, None for each that does not exist."""


def snapshot_by_id(schema: Schema, steps: Iterable[Step], layer: str, fetch: Fetch) -> Snapshot:
    """Return what `steps` write, and then what that points at, as it stands in published, drafts and `layer`.

    Enough to write the steps alone and to say what has to follow; two calls of `fetch`.
    """
    reading: Reading = reading_for(schema, steps, layer)
    found = _found(fetch, reading.sources, layer)
    pointed = {
        target
        for document in found.values()
        for field in schema.fields_of(str(document.get("_type")))
        for target in targets_of(document, field)
    }
    others = sorted({*reading.targets, *map(group_of, pointed)} - set(reading.sources))
    found.update(_found(fetch, others, layer))
    return Snapshot(found, frozenset({*reading.sources, *others}))


def _found(fetch: Fetch, groups: Iterable[str], layer: str) -> dict[str, Document]:
    ids = [stored_id(group, one) for group in groups for one in dict.fromkeys((PUBLISHED, DRAFTS, layer))]
    return {key: document for key, document in fetch(ids).items() if document is not None}
