"""The lake's schema for templates: a document type each, links with strength and metadata, inverses on the targets."""

from __future__ import annotations

from typing import Any, Final

from bidir import Schema
from bidir.relations import Field, Relation
from codex_fields.definitions import ReferenceField
from codex_fields.templates import Templates

__all__ = ["LINK_MEMBER", "lake_schema", "relation_of", "schema_types"]

Json = Any

LINK_MEMBER: Final = "codex"
"""The member of a link that holds the reference; strength and metadata stand beside it."""

_VALUE_TYPES: Final = {"TEXT": "text", "NUMBER": "number", "BOOLEAN": "boolean"}


def lake_schema(templates: Templates) -> Schema:
    """Return the schema by which the engine keeps both sides of every reference field in step."""
    return Schema.load(schema_types(templates))


def schema_types(templates: Templates) -> list[dict[str, Json]]:
    """Return Sanity's form of the same, for a Studio."""
    types = []
    for template in templates:
        fields: list[dict[str, Json]] = [
            {"name": "title", "type": "string"},
            {"name": "tags", "type": "array", "of": [{"type": "string"}]},
        ]
        fields += [{"name": one.id, "type": _VALUE_TYPES[one.kind]} for one in template.values.values()]
        fields += [_stored(one) for one in template.references.values()]
        fields += _inverses(templates, template.id)
        types.append({"name": template.id, "type": "document", "title": template.label, "fields": fields})
    return types


def relation_of(schema: Schema, field: ReferenceField) -> tuple[Relation, Field]:
    """Return the engine's relation for a reference field, and its end there."""
    for relation in schema.relations:
        end = relation.left
        if end.type == field.template and end.path[0] == field.id:
            return relation, end
    raise AssertionError("every reference field was made into a relation")


def _stored(field: ReferenceField) -> dict[str, Json]:
    options: dict[str, Json] = {"targetField": field.inverse, "name": field.name}
    if field.least:
        options["min"] = field.least
    if field.many and field.max_items is not None:
        options["max"] = field.max_items
    link = {
        "type": "object",
        "fields": [
            {
                "name": LINK_MEMBER,
                "type": "reference",
                "to": [{"type": field.target_template}],
                "bidirectional": options,
            },
            {"name": "strength", "type": "number"},
            {"name": "metadata", "type": "object", "fields": []},
            {"name": "createdAt", "type": "datetime"},
            {"name": "updatedAt", "type": "datetime"},
        ],
    }
    return {"name": field.id, **({"type": "array", "of": [link]} if field.many else link)}


def _inverses(templates: Templates, target: str) -> list[dict[str, Json]]:
    pointing: dict[str, list[str]] = {}
    for field in templates.reference_fields:
        if field.target_template == target:
            pointing.setdefault(field.inverse, []).append(field.template)
    return [
        {"name": name, "type": "array", "of": [{"type": "reference", "to": [{"type": one} for one in sources]}]}
        for name, sources in pointing.items()
    ]
