"""The declared relations as values: fields, relations and document types, ready for planning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "MAX_DEPTH_DEFAULT",
    "DocumentType",
    "Field",
    "LiveTarget",
    "MaxPolicy",
    "OnConflict",
    "OnDelete",
    "OnUnpublish",
    "Owner",
    "PublishPartners",
    "Relation",
]

MAX_DEPTH_DEFAULT = 10
"""How many steps the search for a cycle takes before it gives up."""

MaxPolicy = Literal["reject", "trim"]
Owner = Literal["left", "right"]
OnConflict = Literal["steal", "reject", "ask"]
OnDelete = Literal["clear", "block", "keep"]
OnUnpublish = Literal["keep", "clear"]
PublishPartners = Literal["field", "warn", "none"]
LiveTarget = Literal["defer", "write_through"]


@dataclass(frozen=True, slots=True)
class Field:
    """One end of one or more relations: a field of a document type that holds references.

    `path` leads from the document to the reference or to the array; `member` leads from an array item to the
    reference (empty: the item is the reference itself). `item_type` is the `_type` of object items, None if the schema
    names none; `reference_type` the `_type` of the reference value. `to` are the document types it may point at, `weak`
    its declared strength. `min` and `max` bound how many links it holds; a single reference (`many` False) holds at
    most one whatever `max` says.
    """

    type: str
    path: tuple[str, ...]
    many: bool
    member: tuple[str, ...] = ()
    item_type: str | None = None
    reference_type: str = "reference"
    to: tuple[str, ...] = ()
    weak: bool = False
    min: int | None = None
    max: int | None = None
    max_policy: MaxPolicy = "reject"
    acyclic: bool = False
    max_depth: int = MAX_DEPTH_DEFAULT

    @property
    def name(self) -> str:
        """The end as people write it: `book.author`, or `film.credits[].person` for a member of array items."""
        place = ".".join((self.type, *self.path))
        return f"{place}[].{'.'.join(self.member)}" if self.member else place


@dataclass(frozen=True, slots=True)
class Relation:
    """Two fields kept in step (bidirectional semantics, E1).

    `left` is the end that carries the declaration, the first in the schema if both do. `owner` is the end whose value
    wins in repair and whose order counts. `symmetric`: both ends are literally the same field. `on_unpublish` None
    means: keep towards normal partners, clear towards liveEdit ones. `derived`: nothing is stored for `right`.
    """

    name: str
    left: Field
    right: Field
    owner: Owner
    symmetric: bool = False
    on_conflict: OnConflict = "steal"
    on_delete: OnDelete = "clear"
    on_unpublish: OnUnpublish | None = None
    publish_partners: PublishPartners = "field"
    live_target: LiveTarget = "defer"
    enabled: bool = True
    inverse_weak: bool = True
    derived: bool = False

    @property
    def owner_field(self) -> Field:
        """The field of the owner side."""
        return self.left if self.owner == "left" else self.right

    def is_forward(self, field: Field) -> bool:
        """Whether `field` is the declaring end (in a symmetric relation both are).

        Raises: ValueError if `field` is no end of this relation.
        """
        if field is self.left or field == self.left:
            return True
        if field is self.right or field == self.right:
            return False
        raise ValueError(f"{field.name} is no end of the relation {self.name} ({self.left.name} ⇄ {self.right.name})")

    def other(self, field: Field) -> Field:
        """Return the end opposite to `field`; in a symmetric relation `field` itself.

        Raises: ValueError if `field` is no end of this relation.
        """
        return self.right if self.is_forward(field) else self.left


@dataclass(frozen=True, slots=True)
class DocumentType:
    """A document type of the schema.

    `fields` are its ends of relations, `attributes` the names of all its fields, `texts` of those that hold a text;
    `title` is the dotted path of what stands for a document in a list, None if nothing does.
    """

    name: str
    live_edit: bool
    fields: tuple[Field, ...]
    attributes: tuple[str, ...]
    title: str | None = None
    texts: tuple[str, ...] = ()
