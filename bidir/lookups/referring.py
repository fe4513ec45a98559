"""Who points at a document through a relation: the derived inverse, answered by one query with count and paging."""

from __future__ import annotations

from typing import Any

from bidir.lookups.naming import checked_id, relation_named
from bidir.lookups.paging import ordering, page_bounds
from bidir.lookups.question import Question, checked_perspective
from bidir.lookups.text import checked_projection, points_at, preview
from bidir.relations import Relation, Schema

__all__ = ["ORDER_DEFAULT", "referring_question"]

Json = Any

ORDER_DEFAULT = "_updatedAt desc"
"""Newest first."""


def referring_question(
    schema: Schema,
    document_id: str,
    relation: str | Relation,
    *,
    perspective: str,
    page: int,
    page_size: int,
    order: str,
    projection: str | None,
) -> Question:
    """Return the question whose answer is `{total, items}`; see `Engine.referring`.

    Raises: IntentError for an unknown relation, a page or size out of bounds, an order or projection that is none.
    """
    field = relation_named(schema, relation).owner_field
    group = checked_id(document_id, "the document")
    first, end = page_bounds(page, page_size)
    declared = schema.types.get(field.type)
    sorting = ordering(order, declared.attributes if declared is not None else (), field.type)
    found = f"*[_type == $type && {points_at(field, '$id')}]"
    shown = preview(schema, [field.type]) if projection is None else checked_projection(projection)
    groq = f'{{"total": count({found}), "items": {found} | order({sorting})[{first}...{end}]{shown}}}'
    # A projection of the caller's own may follow references anywhere.
    types = frozenset({field.type}) if projection is None else None
    return Question(groq, {"type": field.type, "id": group}, checked_perspective(perspective), types)
