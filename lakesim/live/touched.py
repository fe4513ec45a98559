"""The places that a committed transaction touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lakesim.ids import is_published_id, published_id
from lakesim.jsonvalue import Json
from lakesim.live.places import EVERYTHING, Place
from lakesim.store.documents import Document
from lakesim.store.history import Change, LoggedTransaction
from lakesim.store.memory import MemoryStore
from lakesim.store.raw_view import RawView, Readable

__all__ = ["touched_by"]


def touched_by(
    row: LoggedTransaction, store: MemoryStore, *, drafts: bool, readable: Readable | None = None
) -> frozenset[Place]:
    """Return the places that a transaction touched; without `drafts`, changes of drafts and versions do not count.

    `store` stands as the transaction left it, or later; other versions than those `readable` touch nothing.
    """
    changes = [change for change in row.changes if drafts or is_published_id(change.document_id)]
    if not changes:
        return frozenset()
    places: set[Place] = {EVERYTHING}
    for document in _versions(changes, RawView(store, readable=readable)):
        places.add(("type", document["_type"]))
        places.update(("reference", target) for target in _targets(document))
    places.update(("group", published_id(change.document_id)) for change in changes)
    return frozenset(places)


def _versions(changes: Iterable[Change], view: RawView) -> Iterator[Document]:
    """Yield every version, before and after, of the groups that changed."""
    for change in changes:
        # The version after it too: an id of a form such as `drafts.drafts.a` is in no group.
        yield from (document for document in (change.before, change.after) if document is not None)
    for group in {published_id(change.document_id) for change in changes}:
        yield from map(view.document, view.keys_of_group(group))


def _targets(document: Document) -> Iterator[str]:
    """Yield what the objects of a document with `_ref` name, at any depth."""
    stack: list[Json] = [document]
    while stack:
        value = stack.pop()
        if type(value) is dict:
            if type(value.get("_ref")) is str:
                yield value["_ref"]
            stack.extend(value.values())
        elif type(value) is list:
            stack.extend(value)
