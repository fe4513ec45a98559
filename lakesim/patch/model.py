"""Typed mutations and patch operations: what a request asks for, after everything malformed has been refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from lakesim.jsonmatch import Path
from lakesim.jsonvalue import Json
from lakesim.patch.text import Hunk

__all__ = [
    "Anchor",
    "Create",
    "CreateIfNotExists",
    "CreateOrReplace",
    "Decrement",
    "Delete",
    "Increment",
    "Insert",
    "Mutation",
    "Operation",
    "Patch",
    "PatchMutation",
    "Selection",
    "Set",
    "SetIfMissing",
    "TextPatch",
    "Unset",
]

Anchor: TypeAlias = Literal["before", "after", "replace"]


@dataclass(frozen=True, slots=True)
class Set:
    """Put `value` at every place of `path`, creating objects on the way."""

    path: Path
    value: Json


@dataclass(frozen=True, slots=True)
class SetIfMissing:
    """Put `value` at every place of `path` that holds nothing."""

    path: Path
    value: Json


@dataclass(frozen=True, slots=True)
class Unset:
    """Remove every place of `path`; array items behind a removed one move up."""

    path: Path


@dataclass(frozen=True, slots=True)
class Increment:
    """Add `amount` to the number at every place of `path`."""

    path: Path
    amount: int | float


@dataclass(frozen=True, slots=True)
class Decrement:
    """Subtract `amount` from the number at every place of `path`."""

    path: Path
    amount: int | float


@dataclass(frozen=True, slots=True)
class Insert:
    """Put `items` before or after the array items that `path` ends in, or in their place."""

    anchor: Anchor
    path: Path
    items: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class TextPatch:
    """Apply `hunks` to the text at every place of `path` (the wire's `diffMatchPatch`)."""

    path: Path
    hunks: tuple[Hunk, ...]


Operation: TypeAlias = Set | SetIfMissing | Unset | Increment | Decrement | Insert | TextPatch


@dataclass(frozen=True, slots=True)
class Patch:
    """One patch of one document or of a query's documents.

    Shape: `operations` stand in the order in which they are applied, possibly none; `if_revision_id` is checked by
    the store; `wire` is the patch object as received, without selection and `ifRevisionID`, for events and history.
    """

    operations: tuple[Operation, ...]
    if_revision_id: str | None = None
    wire: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which documents a delete or patch means: either `ids` or a `query` with its `params`."""

    ids: tuple[str, ...] | None = None
    query: str | None = None
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Create:
    """Create `document`; an id that is taken is an error.

    Shape: `document` has `_type`; `_id` may be absent (the store makes one) or end in a dot (the store completes it).
    """

    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CreateIfNotExists:
    """Create `document` unless its id is taken; `_id` and `_type` are present."""

    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CreateOrReplace:
    """Create `document`, or put it in the place of the one with its id; `_id` and `_type` are present."""

    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the selected documents; missing ones are no error."""

    selection: Selection


@dataclass(frozen=True, slots=True)
class PatchMutation:
    """Patch the selected documents; one that is missing by id is an error."""

    selection: Selection
    patch: Patch


Mutation: TypeAlias = Create | CreateIfNotExists | CreateOrReplace | Delete | PatchMutation
