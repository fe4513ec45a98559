"""How much of a dataset's bounds is used up, as far as a reader may know (content-lake reference, section 6.9)."""

from __future__ import annotations

from typing import Any

from lakesim.limits import Limits
from lakesim.store.facts import difference
from lakesim.store.memory import MemoryStore
from lakesim.store.raw_view import RawView, Readable

__all__ = ["statistics_of"]


def statistics_of(store: MemoryStore, limits: Limits, *, readable: Readable | None) -> dict[str, Any]:
    """Return the counts of documents and of fields (attributes with their datatype) with their bounds.

    Shape: `{"documents": {"count": {"value": n, "limit": m}}, "fields": …}`, of what is `readable`.
    """
    if readable is None:
        documents, fields = len(store.documents), len(store.indexes.attributes)
    else:
        seen = list(RawView(store, readable=readable).documents())
        documents = len(seen)
        fields = len({name for document in seen for name in difference(None, document, limits).attributes})
    return {
        "documents": {"count": {"value": documents, "limit": limits.dataset_documents_max}},
        "fields": {"count": {"value": fields, "limit": limits.dataset_attributes_max}},
    }
