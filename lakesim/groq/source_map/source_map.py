"""The map from places of an answer to places in documents, in the wire form (content-lake reference, section 4.5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from lakesim.groq.dataset import Document
from lakesim.groq.errors import GroqError
from lakesim.groq.source_map.json_path import by_key, by_step
from lakesim.groq.source_map.traced import Place, Traced
from lakesim.groq.values import Value
from lakesim.jsonvalue import Json

__all__ = ["MAPPINGS_MAX", "SourceMap"]

MAPPINGS_MAX: Final = 1_000_000
"""Mappings of one source map; an answer can be far larger than the documents it is made of."""


class SourceMap:
    """Where the values of one answer come from.

    A value that a document holds is mapped as a whole: what is inside it is found by appending the rest of the path,
    as consumers do. A document that is returned whole is mapped attribute by attribute. Nulls have no mapping.
    """

    def __init__(self, *, keyed: bool = False) -> None:
        """Start empty.

        With `keyed` array items that have a `_key` of their own are addressed by it in documents, and mapped one by
        one, so that their place survives reordering; in the answer they are always addressed by position.
        """
        self._keyed = keyed
        self._documents: list[Json] = []
        self._document_numbers: dict[int, tuple[Document, int | None]] = {}
        self._path_numbers: dict[str, int] = {}
        self._keys: dict[int, tuple[list[Value], list[str | None]]] = {}
        self._mappings: dict[str, Json] = {}

    def fill(self, answer: Traced) -> None:
        """Take in an answer.

        Raises: GroqError if there is too much of it, or it is nested beyond all bounds.
        """
        try:
            self._walk(answer, "$")
        except RecursionError:
            raise GroqError("the answer is nested too deeply for a source map") from None

    def to_json(self) -> dict[str, Any]:
        """Return `{"documents": […], "paths": […], "mappings": {…}}`."""
        return {"documents": self._documents, "paths": list(self._path_numbers), "mappings": self._mappings}

    def _walk(self, traced: Traced, path: str) -> None:
        if traced.value is None:
            return
        if isinstance(traced.origin, Place):
            self._copied(traced, traced.origin, path)
        elif traced.parts is None:
            self._map(path, {"type": traced.origin})
        elif isinstance(traced.parts, Mapping):
            for name, member in traced.parts.items():
                self._walk(member, path + by_step(name))
        else:
            for position, element in enumerate(traced.parts):
                self._walk(element, path + by_step(position))

    def _copied(self, traced: Traced, place: Place, path: str) -> None:
        """Map a value that is as it is in a document."""
        if not place.path and type(traced.value) is dict:
            for name, member in traced.members().items():
                self._walk(member, path + by_step(name))
            return
        number = self._document_number(place.document)
        if number is None:
            self._map(path, {"type": "unknown"})
            return
        source = self._path_text(place)
        self._map_to(path, number, source)
        if self._keyed:
            self._map_items(traced.value, path, number, source)

    def _map_items(self, value: Value, path: str, number: int, source: str) -> None:
        """Map the items with keys inside a value that is mapped already."""
        if type(value) is dict:
            for name, member in value.items():
                self._map_items(member, path + by_step(name), number, source + by_step(name))
        elif type(value) is list:
            keys = self._keys_of(value)
            for position, item in enumerate(value):
                inner, key = path + by_step(position), keys[position]
                there = source + (by_step(position) if key is None else by_key(key))
                if key is not None:
                    self._map_to(inner, number, there)
                self._map_items(item, inner, number, there)

    def _path_text(self, place: Place) -> str:
        text, value = "$", place.document
        for step in place.path:
            key = self._keys_of(value)[step] if self._keyed and isinstance(step, int) else None
            text += by_step(step) if key is None else by_key(key)
            value = value[step]
        return text

    def _keys_of(self, items: list[Value]) -> list[str | None]:
        """Return the `_key` of each item, None for one that has none or shares it with another."""
        known = self._keys.get(id(items))
        if known is None:
            keys = [item.get("_key") if type(item) is dict else None for item in items]
            counts = Counter(key for key in keys if type(key) is str)
            own = [key if type(key) is str and key and counts[key] == 1 else None for key in keys]
            known = self._keys[id(items)] = (items, own)
        return known[1]

    def _document_number(self, document: Document) -> int | None:
        """Return the number of a document in the list, None for a value that no id tells from others."""
        known = self._document_numbers.get(id(document))
        if known is None:
            number = None
            described = _described(document)
            if described is not None:
                number = len(self._documents)
                self._documents.append(described)
            # The document is kept alive beside its number, as are arrays beside their keys, so that ids stay their own.
            known = self._document_numbers[id(document)] = (document, number)
        return known[1]

    def _map_to(self, path: str, number: int, source: str) -> None:
        place = self._path_numbers.setdefault(source, len(self._path_numbers))
        self._map(path, {"document": number, "path": place, "type": "documentValue"})

    def _map(self, path: str, source: Json) -> None:
        if len(self._mappings) >= MAPPINGS_MAX:
            raise GroqError(f"the source map has more than {MAPPINGS_MAX} mappings; ask for less, or without it")
        self._mappings[path] = {"source": source, "type": "value"}


def _described(document: Document) -> Json:
    """Return how a map names a document: by the id it is stored under, and its type."""
    if type(document) is not dict or type(document.get("_id")) is not str:
        return None
    original = document.get("_originalId")
    named = {"_id": original if type(original) is str else document["_id"]}
    return {**named, "_type": document["_type"]} if type(document.get("_type")) is str else named
