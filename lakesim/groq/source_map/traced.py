"""A value together with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lakesim.groq.dataset import Document
from lakesim.groq.values import Value

__all__ = ["NULL", "Contents", "Origin", "Place", "Traced", "array", "computed", "document", "literal", "object_of"]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a document; `path` is the attributes and array positions that lead there, empty for all of it."""

    document: Document
    path: tuple[str | int, ...] = ()


Origin: TypeAlias = Place | Literal["literal", "unknown"]
"""Where a value comes from: a document, the query itself or its parameters, or a computation that hides it."""

Contents: TypeAlias = "Mapping[str, Traced] | Sequence[Traced]"
"""What an object or array was put together from by the query."""


@dataclass(frozen=True, slots=True)
class Traced:
    """A value and its origin.

    Shape: `value` is the value of the language; `parts` holds the members or elements of what the query put together
    itself, each with its own origin, and is None for everything that came as a whole.
    """

    value: Value
    origin: Origin
    parts: Contents | None = None

    def elements(self) -> list[Traced] | None:
        """Return the elements of an array, None for anything else."""
        if type(self.value) is not list:
            return None
        if self.parts is not None:
            return list(self.parts)  # type: ignore[arg-type]  # the parts of an array are a sequence
        return [self._inner(place, item) for place, item in enumerate(self.value)]

    def members(self) -> dict[str, Traced]:
        """Return the members of an object, none for anything else."""
        if type(self.value) is not dict:
            return {}
        if self.parts is not None:
            return dict(self.parts)  # type: ignore[arg-type]  # the parts of an object are a mapping
        return {name: self._inner(name, item) for name, item in self.value.items()}

    def attribute(self, name: str) -> Traced:
        """Return `value.name`: null for what is no object or has no such attribute."""
        if type(self.value) is not dict or name not in self.value:
            return NULL
        if isinstance(self.parts, Mapping):
            return self.parts[name]
        return self._inner(name, self.value[name])

    def _inner(self, step: str | int, value: Value) -> Traced:
        origin = self.origin
        return Traced(value, Place(origin.document, (*origin.path, step)) if isinstance(origin, Place) else origin)


def document(value: Document) -> Traced:
    """Return a whole document."""
    return Traced(value, Place(value))


def literal(value: Value) -> Traced:
    """Return a value that stands in the query, or is a parameter."""
    return Traced(value, "literal")


def computed(value: Value) -> Traced:
    """Return a value that was worked out."""
    return Traced(value, "unknown")


def array(elements: Sequence[Traced]) -> Traced:
    """Return an array that the query put together."""
    return Traced([element.value for element in elements], "unknown", elements)


def object_of(members: Mapping[str, Traced]) -> Traced:
    """Return an object that the query put together."""
    return Traced({name: member.value for name, member in members.items()}, "unknown", members)


NULL = literal(None)
"""The null that is nowhere in particular."""
