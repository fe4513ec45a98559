"""Relationships read from documents: one for each source, target, type and field, with strength and metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from bidir.refs import Item, group_of, read_items, value_at
from bidir.relations import Field
from codex_fields.definitions import ReferenceField

__all__ = ["STRENGTH_DEFAULT", "CodexSummary", "Relationship", "relationships_in", "shown_with", "summary_of"]

Json = Any
Document = Mapping[str, Any]

STRENGTH_DEFAULT: Final = 1.0
"""How strong a relationship is if nobody says."""


@dataclass(frozen=True, slots=True)
class CodexSummary:
    """What a list shows of a codex."""

    id: str
    template: str
    title: str | None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Relationship:
    """One link from a field of a codex to another codex.

    `position` is its place among the field's links, from 0. `codex` is what there is to show of the other end, None
    where nothing is there or it was not asked for. Times are RFC 3339, None for links made elsewhere.
    """

    source_id: str
    target_id: str
    type: str
    field_id: str
    strength: float = STRENGTH_DEFAULT
    metadata: Mapping[str, Json] | None = None
    created_at: str | None = None
    updated_at: str | None = None
    position: int = 0
    codex: CodexSummary | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What no two relationships share: source, target, type, field."""
        return (self.source_id, self.target_id, self.type, self.field_id)

    def to_json(self) -> dict[str, Json]:
        """Return it as one JSON object."""
        shown: dict[str, Json] = {
            "sourceId": self.source_id,
            "targetId": self.target_id,
            "type": self.type,
            "fieldId": self.field_id,
            "strength": self.strength,
            "metadata": None if self.metadata is None else dict(self.metadata),
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "position": self.position,
        }
        if self.codex is not None:
            shown["codex"] = {
                "id": self.codex.id,
                "template": self.codex.template,
                "title": self.codex.title,
                "tags": [*self.codex.tags],
            }
        return shown


def relationships_in(document: Document, field: ReferenceField, end: Field) -> Iterator[Relationship]:
    """Yield the relationships of one field, in its order, each target once; `end` is the engine's field for it."""
    source = group_of(str(document["_id"]))
    seen: set[str] = set()
    for item in read_items(document, end):
        if item.target is None or item.target in seen:
            continue
        link = _link(document, field, item)
        metadata = link.get("metadata")
        yield Relationship(
            source,
            item.target,
            field.relationship_type,
            field.id,
            _strength(link.get("strength")),
            metadata if isinstance(metadata, Mapping) else None,
            _text(link.get("createdAt")),
            _text(link.get("updatedAt")),
            len(seen),
        )
        seen.add(item.target)


def shown_with(relationship: Relationship, codex: CodexSummary | None) -> Relationship:
    """Return the relationship with what there is to show of its other end."""
    return replace(relationship, codex=codex)


def summary_of(row: Mapping[str, Json]) -> CodexSummary:
    """Return a row of `{_id, _type, title, tags}` as a summary."""
    tags = row.get("tags")
    return CodexSummary(
        group_of(str(row["_id"])),
        str(row["_type"]),
        _text(row.get("title")),
        tuple(one for one in tags if isinstance(one, str)) if isinstance(tags, list) else (),
    )


def _link(document: Document, field: ReferenceField, item: Item) -> Mapping[str, Json]:
    """Return the object round the reference, which holds strength and metadata."""
    link = item.raw if field.many else value_at(document, (field.id,))
    return link if isinstance(link, Mapping) else {}


def _strength(value: Json) -> float:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else STRENGTH_DEFAULT


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
