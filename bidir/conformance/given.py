"""Turns the `given` of a scenario into stored documents, with links as the engine itself would have left them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bidir.conformance.arrows import Arrow, expand
from bidir.conformance.naming import Naming
from bidir.conformance.scenario import Given
from bidir.relations import Field, Schema
from lakesim.ids import parse_id, published_id
from lakesim.jsonvalue import Json
from lakesim.suggest import did_you_mean

__all__ = ["GivenError", "given_documents"]

_LINK = re.compile(r"\s*(\S+)\s*->\s*(\S+)\s*")
Body = dict[str, Any]


class GivenError(ValueError):
    """A `given` that cannot be built: a link between documents that are not there, an unknown field."""


def given_documents(given: Given, schema: Schema, naming: Naming) -> dict[str, Body]:
    """Return the documents to store, by stored id, in the order of the file.

    Raises: GivenError naming the document or link that does not fit.
    """
    builder = _Builder(given, schema, naming)
    for document_id, body in given.documents.items():
        builder.add_document(document_id, body)
    for link in given.links:
        builder.add_link(link)
    return builder.documents


class _Builder:
    """Collects the bodies; they are built here and belong to nobody else yet, so they may be filled in place."""

    def __init__(self, given: Given, schema: Schema, naming: Naming) -> None:
        self.schema = schema
        self.naming = naming
        self.documents: dict[str, Body] = {}
        self.stored = {naming.given(document_id) for document_id in given.documents}
        self.types = {
            published_id(key): body if isinstance(body, str) else str(body.get("_type", ""))
            for key, body in given.documents.items()
        }

    def add_document(self, document_id: str, body: str | Mapping[str, Any]) -> None:
        """Add a document given by its type's name or by its body."""
        full: Body = {"_type": body} if isinstance(body, str) else dict(body)
        if not isinstance(full.get("_type"), str):
            raise GivenError(
                f'document "{document_id}" has no `_type`; write {{_type: book, …}} or just the type\'s name'
            )
        stored = self.naming.given(document_id)
        fields = self.schema.fields_of(full["_type"])

        def make(arrow: Arrow, path: tuple[str, ...], in_array: bool) -> Json:
            field = next((one for one in fields if one.path + one.member == path), None)
            reference = self._reference(field, arrow)
            return {"_key": arrow.target, **reference} if in_array else reference

        self.documents[stored] = {**expand(full, make), "_id": stored}

    def add_link(self, text: str) -> None:
        """Write both halves of `b1.author -> a1`."""
        match = _LINK.fullmatch(text)
        if match is None:
            raise GivenError(f'link "{text}" is not of the form "b1.author -> a1"')
        place, target = match.groups()
        # Unlike a place of an edit a link names a declared field, so the longest id that stands in `given` is meant.
        source = next((key for key in _prefixes(place) if self.naming.given(key) in self.stored), None)
        if source is None:
            raise GivenError(f'link "{text}" starts at no document of `given`.{did_you_mean(place, self.types)}')
        stored = self.naming.given(source)
        body = self.documents[stored]
        field = self._field(body["_type"], place[len(source) + 1 :], text)
        target_type = self.types.get(published_id(target))
        if target_type is None:
            raise GivenError(f'link "{text}" ends at no document of `given`.{did_you_mean(target, self.types)}')
        self._write(body, field, target)
        found = self.schema.inverse(field, target_type)
        if found is None:
            return
        sibling = _sibling(stored, target)
        if sibling not in self.documents:
            raise GivenError(f'link "{text}" needs the document "{sibling}" in `given`: a link stays in one layer')
        if not (sibling == stored and found[1] == field):
            self._write(self.documents[sibling], found[1], published_id(stored))

    def _field(self, document_type: str, name: str, link: str) -> Field:
        fields = {one.name.removeprefix(f"{document_type}."): one for one in self.schema.fields_of(document_type)}
        found = fields.get(name) or next((one for one in fields.values() if ".".join(one.path) == name), None)
        if found is None:
            raise GivenError(
                f'link "{link}": {document_type} has no relation field "{name}".{did_you_mean(name, fields)}'
                f" It has: {', '.join(fields) or 'none'}"
            )
        return found

    def _write(self, body: Body, field: Field, target: str) -> None:
        """Put a reference to `target` into `field`, at the end of a list."""
        reference = self._reference(field, Arrow(target, "any"))
        holder = body
        for name in field.path[:-1]:
            holder = holder.setdefault(name, {})
        if not field.many:
            holder[field.path[-1]] = reference
            return
        item: Json = reference
        for name in reversed(field.member):
            item = {name: item}
        kind = {"_type": field.item_type} if field.member and field.item_type else {}
        holder.setdefault(field.path[-1], []).append({"_key": target, **kind, **item})

    def _reference(self, field: Field | None, arrow: Arrow) -> Body:
        """Return the reference as it would stand at rest: inverse ends weak, forward ends by what they point at."""
        plain: Body = {"_type": "reference" if field is None else field.reference_type, "_ref": arrow.target}
        if arrow.strength == "weak":
            return {**plain, "_weak": True}
        if arrow.strength == "strong" or field is None:
            return plain
        target_type = self.types.get(published_id(arrow.target))
        found = None if target_type is None else self.schema.inverse(field, target_type)
        if found is not None and (found[0].symmetric or not found[0].is_forward(field)):
            return {**plain, "_weak": True}
        if published_id(arrow.target) in self.stored:
            return {**plain, "_weak": True} if field.weak else plain
        stamp = {"type": target_type or field.to[0]} | ({"weak": True} if field.weak else {})
        return {**plain, "_weak": True, "_strengthenOnPublish": stamp}


def _prefixes(place: str) -> list[str]:
    """Return the ids that `place` may start with, longest first."""
    parts = place.split(".")
    return [".".join(parts[:length]) for length in range(len(parts) - 1, 0, -1)]


def _sibling(stored: str, target: str) -> str:
    """Return the stored id of `target` in the layer of `stored`."""
    return stored[: len(stored) - len(parse_id(stored).group)] + published_id(target)
