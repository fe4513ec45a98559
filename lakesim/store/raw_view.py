"""A store as the query language sees it: all stored documents under their stored ids, in `_id` order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from typing import Final, TypeAlias

from lakesim.ids import draft_id
from lakesim.store.documents import Document
from lakesim.store.idbuckets import between, count_between, prefix_end
from lakesim.store.memory import MemoryStore

__all__ = ["RELEASE_TYPE", "IdRange", "RawView", "Readable", "both", "distinct"]

RELEASE_TYPE: Final = "system.release"
"""`_type` of the documents that describe releases."""

Readable: TypeAlias = Callable[[Document], bool]
"""Whether the caller may read a stored document."""


def both(first: Readable | None, second: Readable | None) -> Readable | None:
    """Return what admits the documents that both admit; None admits all."""
    if first is None or second is None:
        return first or second
    return lambda document: first(document) and second(document)


class IdRange:
    """The ids of some stretches of sorted sequences, merged: a lazy index answer.

    Shape: `stretches` are (sorted ids, lowest, first above), ascending within each; `len()` is an upper bound where an
    id lies in several or may not be read.
    """

    __slots__ = ("_admits", "_stretches")

    def __init__(
        self,
        stretches: Sequence[tuple[Sequence[str], str | None, str | None]],
        admits: Callable[[str], bool] | None = None,
    ) -> None:
        """Take the stretches, and what an id must fulfil besides lying in one."""
        self._stretches = stretches
        self._admits = admits

    def __len__(self) -> int:
        """Return how many ids there are at most, without visiting them."""
        return sum(count_between(ids, low, high) for ids, low, high in self._stretches)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the ids, ascending, each once."""
        parts = [between(ids, low, high) for ids, low, high in self._stretches]
        ids = parts[0] if len(parts) == 1 else distinct(merge(*parts))
        return ids if self._admits is None else filter(self._admits, ids)


def distinct(ids: Iterable[str]) -> Iterator[str]:
    """Iterate over an ascending sequence without its repeats."""
    last = None
    for document_id in ids:
        if document_id != last:
            last = document_id
            yield document_id


class RawView:
    """Everything in a store that `readable` admits (default: all); implements the query language's `Dataset`.

    Keys are stored ids. A view is made per query and read under the store's lock.
    """

    __slots__ = ("_admits", "_readable", "_store")

    def __init__(self, store: MemoryStore, *, readable: Readable | None = None) -> None:
        """Look at `store`."""
        self._store = store
        self._readable = readable
        self._admits = None if readable is None else self._may_read

    def _may_read(self, document_id: str) -> bool:
        document = self._store.documents.get(document_id)
        return document is not None and (self._readable is None or self._readable(document))

    @property
    def regular(self) -> bool:
        """Every stored document is an object with string `_id` and `_type`."""
        return True

    def __len__(self) -> int:
        """Return the number of stored documents."""
        return len(self._store.documents)

    def documents(self) -> Iterator[Document]:
        """Iterate over all documents by `_id`, ascending."""
        documents, admits = self._store.documents, self._admits
        return (documents[key] for key in self._store.indexes.ids if admits is None or admits(key))

    def get(self, document_id: str) -> Document | None:
        """Return the document stored under this id."""
        document = self._store.documents.get(document_id)
        if document is None or self._readable is None or self._readable(document):
            return document
        return None

    def document(self, key: str) -> Document:
        """Return the document of a key that an index answered."""
        return self._store.documents[key]

    def keys_of_id(self, document_id: str) -> Sequence[str]:
        """Return the id itself if it is stored."""
        return (document_id,) if self.get(document_id) is not None else ()

    def keys_of_type(self, type_name: str) -> IdRange:
        """Return the ids of the documents of a type."""
        return IdRange([(self._store.indexes.types.ids(type_name), None, None)], self._admits)

    def keys_of_referrers(self, document_id: str) -> IdRange:
        """Return the ids of the documents with a reference, strong or weak, to this id."""
        indexes = self._store.indexes
        buckets = [ids for index in (indexes.strong, indexes.weak) if (ids := index.ids(document_id))]
        return IdRange([(ids, None, None) for ids in buckets or ((),)], self._admits)

    def keys_with_prefix(self, prefix: str) -> IdRange:
        """Return the stored ids that start with `prefix`."""
        return IdRange([(self._store.indexes.ids, prefix, prefix_end(prefix) if prefix else None)], self._admits)

    def keys_of_group(self, published_id: str) -> Sequence[str]:
        """Return the ids of the published document, its draft and its versions, as far as they are stored."""
        candidates = {published_id, draft_id(published_id), *self._store.indexes.versions.ids(published_id)}
        return sorted(key for key in candidates if self.get(key) is not None)

    def releases(self) -> list[Document]:
        """Return the documents of all releases."""
        return [self._store.documents[key] for key in self.keys_of_type(RELEASE_TYPE)]
