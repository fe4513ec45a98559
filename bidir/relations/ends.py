"""The places of a document type that can be an end of a relation, as declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Declaration", "End", "Ends"]


@dataclass(frozen=True, slots=True)
class Declaration:
    """A `bidirectional` as written, and where."""

    raw: Any
    place: str


@dataclass(frozen=True, slots=True)
class End:
    """A reference-shaped place of a document type, as declared (compare `Field` for the meaning of the parts)."""

    type: str
    path: tuple[str, ...]
    many: bool
    member: tuple[str, ...]
    item_type: str | None
    reference_type: str
    to: tuple[str, ...]
    weak: bool
    min: int | None
    max: int | None
    place: str
    declaration: Declaration | None = field(compare=False)

    @property
    def name(self) -> str:
        """The end as people write it: `book.author`, `film.credits[].person`."""
        place = ".".join((self.type, *self.path))
        return f"{place}[].{'.'.join(self.member)}" if self.member else place


@dataclass(frozen=True, slots=True)
class Ends:
    """What one document type offers: its ends, and every field it has with the reason why it is none."""

    type: str
    ends: tuple[End, ...]
    attributes: tuple[str, ...]
    others: Mapping[str, str]
    """Dotted path of a field that is no end → what it is instead, for messages."""

    @property
    def paths(self) -> tuple[str, ...]:
        """The dotted paths one can name in `targetField`."""
        return tuple(dict.fromkeys(".".join(end.path + end.member) for end in self.ends))
