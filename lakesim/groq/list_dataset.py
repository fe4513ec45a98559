"""A plain list as a dataset, with indexes that are built when they are first worth it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from lakesim.groq.dataset import Document
from lakesim.ids import published_id
from lakesim.jsonvalue import Json

__all__ = ["ListDataset", "reference_ids"]


def reference_ids(value: Json) -> set[str]:
    """Return every string `_ref` of every object at any depth in `value`."""
    found: set[str] = set()
    stack = [(value,)]
    while stack:
        for item in stack.pop():
            kind = type(item)
            if kind is dict:
                target = item.get("_ref")
                if type(target) is str:
                    found.add(target)
                stack.append(item.values())
            elif kind is list:
                stack.append(item)
    return found


class _Positions:
    """An index from strings to ascending positions; most strings have one, which costs no list."""

    __slots__ = ("_places",)

    def __init__(self, entries: Iterable[tuple[str, int]]) -> None:
        places: dict[str, int | list[int]] = {}
        for name, position in entries:
            known = places.setdefault(name, position)
            if type(known) is list:
                known.append(position)
            elif known != position:
                places[name] = [cast(int, known), position]
        self._places = places

    def find(self, name: str) -> Sequence[int]:
        found = self._places.get(name, ())
        return (found,) if type(found) is int else cast(Sequence[int], found)

    def first(self, name: str) -> int | None:
        found = self._places.get(name)
        return found[0] if type(found) is list else cast("int | None", found)


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
        self._indexes: dict[str, _Positions] = {}
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
        index = self._indexes.get("id")
        if index is None:
            index = self._indexes["id"] = _Positions(self._entries("id"))
        position = index.first(document_id)
        return None if position is None else self._documents[position]

    def keys_of_id(self, document_id: str) -> Sequence[int] | None:
        """Return the positions of the documents with this `_id`."""
        return self._find("id", document_id)

    def keys_of_type(self, type_name: str) -> Sequence[int] | None:
        """Return the positions of the documents with this `_type`."""
        return self._find("type", type_name)

    def keys_of_referrers(self, document_id: str) -> Sequence[int] | None:
        """Return the positions of the documents that hold a reference to this id at any depth."""
        return self._find("reference", document_id)

    def keys_of_group(self, published: str) -> Sequence[int] | None:
        """Return the positions of the document, its draft and its versions."""
        return self._find("group", published)

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

    def releases(self) -> Iterable[Document] | None:
        """Return None: the releases are the documents of their type."""
        return None

    def _worth_it(self, name: str) -> bool:
        """Whether an index has been asked for often enough to pay for itself."""
        asked = self._asked.get(name, 0)
        self._asked[name] = asked + 1
        return asked >= self._patience

    def _find(self, index_name: str, name: str) -> Sequence[int] | None:
        index = self._indexes.get(index_name)
        if index is None:
            if not self._worth_it(index_name):
                return None
            index = self._indexes[index_name] = _Positions(self._entries(index_name))
        return index.find(name)

    def _entries(self, index_name: str) -> Iterator[tuple[str, int]]:
        """Yield what an index holds: names and positions, positions ascending."""
        objects = ((item, position) for position, item in enumerate(self._documents) if type(item) is dict)
        if index_name == "reference":
            # A document that is no object may hold references too.
            for position, item in enumerate(self._documents):
                for target in reference_ids(item):
                    yield target, position
        elif index_name == "group":
            for item, position in objects:
                if type(item.get("_id")) is str:
                    yield published_id(item["_id"]), position
        else:
            attribute = f"_{index_name}"
            for item, position in objects:
                name = item.get(attribute)
                if type(name) is str:
                    yield name, position
