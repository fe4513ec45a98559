"""Which documents a mutation by query means: evaluated on the raw dataset, before the transaction begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lakesim.errors import InvalidValueError, MutationError
from lakesim.groq import Environment, compile_query
from lakesim.limits import Limits
from lakesim.patch import Delete, Mutation, PatchMutation
from lakesim.store.raw_view import RawView

__all__ = ["resolve_selections"]


def resolve_selections(
    mutations: Sequence[Mutation], view: RawView, environment: Environment, limits: Limits
) -> dict[int, tuple[str, ...]]:
    """Return, by position, the stored ids that each mutation by query means, in the query's order, each once.

    A query may be any that gives documents with `_id`, one or a list (content-lake reference, sections 2.2, 7.7).
    Raises: GroqError for an invalid query; MutationError if one gives something else, or too many documents.
    """
    found: dict[int, tuple[str, ...]] = {}
    for index, mutation in enumerate(mutations):
        if isinstance(mutation, (Delete, PatchMutation)) and mutation.selection.query is not None:
            selection = mutation.selection
            result = compile_query(mutation.selection.query, selection.params).run(view, environment)
            ids = dict.fromkeys(_id_of(item, index) for item in _documents(result))
            if len(ids) > limits.mutation_query_documents_max:
                raise MutationError([(index, _too_many(len(ids), limits))])
            found[index] = tuple(ids)
    return found


def _too_many(count: int, limits: Limits) -> InvalidValueError:
    return InvalidValueError(
        f"The query selects {count} documents, a mutation by query may touch {limits.mutation_query_documents_max};"
        " take it in parts, e.g. *[…][0...1000]"
    )


def _documents(result: Any) -> list[Any]:
    if result is None:
        return []
    return result if isinstance(result, list) else [result]


def _id_of(item: Any, index: int) -> str:
    document_id = item.get("_id") if isinstance(item, dict) else None
    if not isinstance(document_id, str):
        text = "The query of a mutation must give documents with their _id, e.g. *[_type == $type]"
        raise MutationError([(index, InvalidValueError(text))])
    return document_id
