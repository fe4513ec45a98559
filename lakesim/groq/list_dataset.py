"""A plain list as a dataset, with indexes that are built when they are first worth it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from lakesim.groq.dataset import Document
from lakesim.ids import published_id
from lakesim.jsonvalue import Json

__all__ = ["ListDataset", "reference_ids"]


def reference_ids(value: Json) -> set[str]:
    """Return every string `_ref` of every object at any depth in `value`."""
    found: set[str] = set()
    stack = [value]
    while stack:
        current = stack.pop()
        if type(current) is dict:
            target = current.get("_ref")
            if type(target) is str:
                found.add(target)
            stack.extend(item for item in current.values() if type(item) is dict or type(item) is list)
        elif type(current) is list:
            stack.extend(item for item in current if type(item) is dict or type(item) is list)
    return found


class ListDataset:
    """Documents in a list, in the list's order; keys are positions.

    The list and its documents must not change while this object is in use. A `transient` one is meant for a single
    query: it assumes nothing of its documents, and builds an index only when it is asked a second time.
    """

    def __init__(self, documents: Sequence[Document], *, transient: bool = False) -> None:
        """Keep the list; nothing is looked at yet."""
        self._documents = documents if isinstance(documents, list) else list(documents)
        self._regular: bool | None = False if transient else None
        self._patience = 1 if transient else 0
        self._asked: dict[str, int] = {}
        self._by_id: dict[str, list[int]] | None = None
        self._by_type: dict[str, list[int]] | None = None
        self._by_reference: dict[str, list[int]] | None = None
        self._by_group: dict[str, list[int]] | None = None
        self._sorted_ids: list[tuple[str, int]] | None = None

    @property
    def regular(self) -> bool:
        """Whether every document is an object with string `_id` and `_type`; looked up once."""
        if self._regular is None:
            self._regular = all(
                type(document) is dict and type(document.get("_id")) is str and type(document.get("_type")) is str
                for document in self._documents
            )
        return self._regular

    def __len__(self) -> int:
        """Return the number of documents."""
        return len(self._documents)

    def documents(self) -> Iterable[Document]:
        """Return the list itself."""
        return self._documents

    def document(self, key: int) -> Document:
        """Return the document at a position."""
        return self._documents[key]

    def get(self, document_id: str) -> Document | None:
        """Return the first document with this `_id`."""
        if self._by_id is None:
            self._by_id = self._index("_id")
        positions = self._by_id.get(document_id)
        return None if positions is None else self._documents[positions[0]]

    def keys_of_id(self, document_id: str) -> Sequence[int] | None:
        """Return the positions of the documents with this `_id`."""
        if self._by_id is None:
            if not self._worth_it("id"):
                return None
            self._by_id = self._index("_id")
        return self._by_id.get(document_id, ())

    def keys_of_type(self, type_name: str) -> Sequence[int] | None:
        """Return the positions of the documents with this `_type`."""
        if self._by_type is None:
            if not self._worth_it("type"):
                return None
            self._by_type = self._index("_type")
        return self._by_type.get(type_name, ())

    def keys_of_referrers(self, document_id: str) -> Sequence[int] | None:
        """Return the positions of the documents that hold a reference to this id at any depth."""
        if self._by_reference is None:
            if not self._worth_it("reference"):
                return None
            index: dict[str, list[int]] = {}
            for position, document in enumerate(self._documents):
                for target in reference_ids(document):
                    index.setdefault(target, []).append(position)
            self._by_reference = index
        return self._by_reference.get(document_id, ())

    def keys_with_prefix(self, prefix: str) -> Sequence[int] | None:
        """Return the positions of the documents whose `_id` starts with `prefix`."""
        if self._sorted_ids is None:
            if not self._worth_it("prefix"):
                return None
            self._sorted_ids = sorted(
                (document["_id"], position)
                for position, document in enumerate(self._documents)
                if type(document) is dict and type(document.get("_id")) is str
            )
        start = bisect_left(self._sorted_ids, (prefix,))
        # The greatest character follows every continuation of the prefix.
        end = bisect_left(self._sorted_ids, (prefix + "\U0010ffff" * 2,), start)
        return sorted(position for _, position in self._sorted_ids[start:end])

    def keys_of_group(self, published: str) -> Sequence[int] | None:
        """Return the positions of the document, its draft and its versions."""
        if self._by_group is None:
            if not self._worth_it("group"):
                return None
            index: dict[str, list[int]] = {}
            for position, document in enumerate(self._documents):
                document_id = document.get("_id") if type(document) is dict else None
                if type(document_id) is str:
                    index.setdefault(published_id(document_id), []).append(position)
            self._by_group = index
        return self._by_group.get(published, ())

    def releases(self) -> Iterable[Document] | None:
        """Return None: the releases are the documents of their type."""
        return None

    def _worth_it(self, name: str) -> bool:
        """Whether an index has been asked for often enough to pay for itself."""
        asked = self._asked.get(name, 0)
        self._asked[name] = asked + 1
        return asked >= self._patience

    def _index(self, attribute: str) -> dict[str, list[int]]:
        index: dict[str, list[int]] = {}
        for position, document in enumerate(self._documents):
            if type(document) is dict:
                value = document.get(attribute)
                if type(value) is str:
                    index.setdefault(value, []).append(position)
        return index
