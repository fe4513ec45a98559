"""Fields and templates as values, as template authors write them: `{id, type: REFERENCE, targetTemplate, …}`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = [
    "MAX_DEPTH_DEFAULT",
    "REFERENCE_TYPE",
    "FieldKind",
    "ReferenceField",
    "Template",
    "ValueField",
]

MAX_DEPTH_DEFAULT: Final = 10
"""How long a chain of references may be if the field does not say."""
REFERENCE_TYPE: Final = "REFERENCE"
"""The type of a relationship if the field does not say."""

FieldKind = Literal["TEXT", "NUMBER", "BOOLEAN"]


@dataclass(frozen=True, slots=True)
class ValueField:
    """A field that holds a value of its own."""

    id: str
    kind: FieldKind
    label: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class ReferenceField:
    """A REFERENCE field, or with `many` a MULTI_REFERENCE one.

    `inverse` is the field of the target that points back. `min_items`, `max_items` and `allow_reorder` are for many.
    """

    template: str
    id: str
    target_template: str
    label: str
    many: bool = False
    required: bool = False
    allow_create: bool = True
    circular_check: bool = True
    max_depth: int = MAX_DEPTH_DEFAULT
    min_items: int = 0
    max_items: int | None = None
    allow_reorder: bool = True
    inverse: str = ""
    relationship_type: str = REFERENCE_TYPE

    @property
    def name(self) -> str:
        """The field with its template: `character.portrait`."""
        return f"{self.template}.{self.id}"

    @property
    def least(self) -> int:
        """How many references there must be at least."""
        return max(self.min_items, 1 if self.required else 0)


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of codex: its values and its references, by id."""

    id: str
    label: str
    values: dict[str, ValueField]
    references: dict[str, ReferenceField]

    @property
    def field_ids(self) -> tuple[str, ...]:
        """The ids of all fields."""
        return (*self.values, *self.references)
