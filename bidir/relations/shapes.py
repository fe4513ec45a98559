"""Resolves type names: which basic type a declaration comes down to, through types declared at top level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bidir.relations.problems import Problems
from bidir.relations.reading import Declared

__all__ = ["BASIC_TYPES", "OBJECT_SHAPES", "Shape", "TypeTable"]

OBJECT_SHAPES = frozenset({"object", "image", "file"})
"""Basic types that have fields of their own."""

BASIC_TYPES = frozenset(
    {
        "array",
        "block",
        "boolean",
        "crossDatasetReference",
        "date",
        "datetime",
        "document",
        "email",
        "file",
        "geopoint",
        "globalDocumentReference",
        "image",
        "number",
        "object",
        "reference",
        "slug",
        "span",
        "string",
        "text",
        "time",
        "url",
    }
)
"""The types Sanity itself brings."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a declaration comes down to: its basic type, and its body with what the named types between contribute."""

    base: str
    body: Mapping[str, Any]
    place: str
    named: frozenset[str]
    """The top-level types passed on the way, to notice an object inside itself."""


class TypeTable:
    """The types of a schema by name."""

    def __init__(self, types: Sequence[Declared], problems: Problems) -> None:
        """Keep `types`; faults met while resolving go to `problems`."""
        self._types = {declared.name: declared for declared in types}
        self._problems = problems

    @property
    def names(self) -> tuple[str, ...]:
        """All declared names, in the order of the schema."""
        return tuple(self._types)

    @property
    def documents(self) -> tuple[Declared, ...]:
        """The document types, in the order of the schema."""
        return tuple(declared for declared in self._types.values() if self.is_document(declared.name))

    def __contains__(self, name: str) -> bool:
        """Whether a type of that name is declared."""
        return name in self._types

    def is_document(self, name: str) -> bool:
        """Whether `name` is a declared document type."""
        return name in self._types and self._types[name].body.get("type") == "document"

    def shape(self, body: Mapping[str, Any], place: str) -> Shape:
        """Resolve a field or array member; an unknown type is its own basic type (a plugin may bring it)."""
        merged: dict[str, Any] = dict(body)
        named: list[str] = []
        base = body.get("type")
        while isinstance(base, str) and base in self._types and base not in BASIC_TYPES:
            if base in named:
                circle = " → ".join([*named, base])
                self._problems.add(f"{self._types[base].place}: the types {circle} are declared in terms of each other")
                base = "object"
                break
            named.append(base)
            if self.is_document(base):
                base = "document"
                break
            declared = self._types[base]
            merged = {**declared.body, **merged}
            # Fields of a named object are written where the type is declared: that is the place to name.
            place = declared.place if "fields" not in body and "of" not in body else place
            base = declared.body.get("type")
        return Shape(base if isinstance(base, str) else "", merged, place, frozenset(named))
