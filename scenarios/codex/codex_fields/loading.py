"""Relationships of many codices in one request, from their own fields or from those that point at them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from bidir.lookups.text import references_in
from bidir.refs import group_of
from bidir.relations import Field
from codex_fields.definitions import ReferenceField
from codex_fields.errors import BadValueError
from codex_fields.relationships import Relationship, relationships_in, shown_with, summary_of

__all__ = ["BATCH_MAX", "Direction", "checked_direction", "known_ids", "loaded", "loading_query"]

Json = Any
Direction = Literal["outgoing", "incoming"]

BATCH_MAX: Final = 1_000
"""Codices whose relationships are loaded in one request."""
SUMMARY: Final = "{_id, _type, title, tags}"
_DIRECTIONS: Final = ("outgoing", "incoming")


def checked_direction(direction: object) -> Direction:
    """Return a direction.

    Raises: BadValueError.
    """
    if direction == "outgoing":
        return "outgoing"
    if direction == "incoming":
        return "incoming"
    raise BadValueError(f'direction is "outgoing" or "incoming", not {direction!r}')


def loading_query(ends: Sequence[Field], direction: Direction) -> str:
    """Return the query with the parameters `ids` and `types` (those that point); the answer has `documents`, `others`.

    `documents` are those whose fields are read, `others` summaries of the other ends.
    """
    if direction == "incoming":
        # What references one of the ids anywhere; which field it is, and whether it is one of ours, is read from it.
        return f'{{"documents": *[_type in $types && references($ids)], "known": *[_id in $ids]{SUMMARY}}}'
    pointed = ", ".join(dict.fromkeys(f"...documents[].{references_in(end)}" for end in ends))
    return (
        '{"documents": *[_id in $ids]}'
        f'{{documents, "pointed": [{pointed}]}}{{documents, "others": *[_id in ^.pointed]{SUMMARY}}}'
    )


def loaded(
    ids: Iterable[str],
    answer: Mapping[str, Json],
    fields: Sequence[tuple[ReferenceField, Field]],
    direction: Direction,
) -> dict[str, list[Relationship]]:
    """Return the relationships of each id from the answer, by field and in the field's order; incoming by source."""
    documents = {group_of(one["_id"]): one for one in answer["documents"]}
    rows = answer.get("others") if direction == "outgoing" else answer["documents"]
    shown = {group_of(row["_id"]): summary_of(row) for row in rows or ()}
    out: dict[str, list[Relationship]] = {one: [] for one in ids}
    for group in sorted(documents):
        document = documents[group]
        for field, end in fields:
            if field.template != document.get("_type"):
                continue
            for found in relationships_in(document, field, end):
                mine, other = (
                    (found.source_id, found.target_id)
                    if direction == "outgoing"
                    else (found.target_id, found.source_id)
                )
                if mine in out:
                    out[mine].append(shown_with(found, shown.get(other)))
    return out


def known_ids(answer: Mapping[str, Json], direction: Direction) -> set[str]:
    """Return which of the ids that were asked for exist."""
    rows = answer["documents"] if direction == "outgoing" else answer["known"]
    return {group_of(row["_id"]) for row in rows}
