"""What a picker offers for a field: documents of its target types, newest first, in one request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bidir.errors import IntentError
from bidir.lookups.naming import checked_id, end_named
from bidir.lookups.question import Question, checked_count, checked_perspective
from bidir.lookups.text import after_dot, attribute, checked_projection, preview, references_in
from bidir.relations import Field, Relation, Schema

__all__ = ["CANDIDATES_DEFAULT", "CANDIDATES_MAX", "candidates_question"]

Json = Any

CANDIDATES_DEFAULT = 50
"""How many candidates are offered if the caller does not say."""
CANDIDATES_MAX = 1_000
"""The most that can be asked for at once; a picker narrows by searching instead."""


def candidates_question(
    schema: Schema,
    relation_or_field: str | Relation | Field,
    *,
    search: str | None,
    limit: int,
    document: str | None,
    perspective: str,
    projection: str | None = None,
) -> Question:
    """Return the question whose answer is the list of candidates; see `Engine.candidates`.

    Raises: IntentError for an unknown field, a limit out of bounds, a search that is no text, what is no projection.
    """
    field, types = end_named(schema, relation_or_field)
    count = checked_count(limit, "limit", most=CANDIDATES_MAX)
    view = checked_perspective(perspective)
    params: dict[str, Json] = {"types": list(types)}
    conditions = ["_type in $types"]
    terms = _terms(search)
    if terms:
        params["terms"] = terms
        conditions.append(_search(schema, types))
    if document is not None:
        params["document"] = checked_id(document, "the document")
        conditions += ["_id != $document", "!(_id in ^.taken)"]
    shown = preview(schema, types) if projection is None else checked_projection(projection)
    found = f"*[{' && '.join(conditions)}] | order(_updatedAt desc, _id asc)[0...{count}]{shown}"
    # A projection of the caller's own may follow references anywhere.
    watched = None if projection is not None else frozenset(types if document is None else {*types, field.type})
    if document is not None:
        own = f"*[_id == $document][0]{after_dot(references_in(field))}"
        taken = f"coalesce({own}, [])" if field.many else f"[{own}]"
        found = f'{{"taken": {taken}}}{{"found": {found}}}.found'
    return Question(found, params, view, watched)


def _terms(search: object) -> list[str]:
    """Return the words of a search as patterns that match the beginnings of words.

    Raises: IntentError for anything but a text.
    """
    if search is None:
        return []
    if not isinstance(search, str):
        raise IntentError(f"search is a text, not {search!r}")
    return [f"{word.rstrip('*')}*" for word in search.split() if word.strip("*")]


def _search(schema: Schema, types: Sequence[str]) -> str:
    """Return the condition that every term begins a word in the title or a text of the document."""
    places: dict[str, None] = {}
    for name in types:
        declared = schema.types.get(name)
        for path in (declared.title, *declared.texts) if declared is not None else ():
            if path is not None:
                places[attribute(path.split("."))] = None
    return f"[{', '.join(places)}] match $terms"
