"""What an engine can be asked without writing anything; every question is one request."""

from __future__ import annotations

from typing import Any

from bidir.carrying import Carrier
from bidir.errors import IntentError, Refused
from bidir.lookups.cache import LookupCache
from bidir.lookups.candidates import candidates_question
from bidir.lookups.paging import Page, page_of
from bidir.lookups.question import Question
from bidir.lookups.references import checked_ids, loaded_references, references_question
from bidir.lookups.referring import referring_question
from bidir.relations import Field, Relation, Schema

__all__ = ["Lookups"]

Json = Any


class Lookups:
    """Answers `candidates`, `references` and `referring` for one engine."""

    def __init__(self, schema: Schema, carrier: Carrier) -> None:
        """Ask the backend of `carrier` by `schema`."""
        self._schema = schema
        self._carrier = carrier
        self._cache = LookupCache(carrier.backend, carrier.counters, types=tuple(schema.types))

    def candidates(
        self,
        relation_or_field: str | Relation | Field,
        *,
        search: str | None,
        limit: int,
        document: str | None,
        perspective: str,
        projection: str | None,
        cache: bool,
    ) -> list[dict[str, Json]]:
        """Return what may be chosen; see `Engine.candidates`."""
        question = candidates_question(
            self._schema,
            relation_or_field,
            search=search,
            limit=limit,
            document=document,
            perspective=perspective,
            projection=projection,
        )
        return list(self._ask_with(projection, question, cache=cache))

    def references(
        self, ids: object, *, relation: str | Relation | None, previews: bool, perspective: str, cache: bool
    ) -> dict[str, dict[str, list[Json]]]:
        """Return the references of many documents; see `Engine.references`."""
        groups = checked_ids(ids)
        question = references_question(
            self._schema, groups, relation=relation, previews=previews, perspective=perspective
        )
        answer = self._ask(question, cache=cache) if groups else {"documents": []}
        return loaded_references(self._schema, groups, answer, relation=relation, previews=previews)

    def referring(
        self,
        document_id: str,
        relation: str | Relation,
        *,
        perspective: str,
        page: int,
        page_size: int,
        order: str,
        projection: str | None,
        cache: bool,
    ) -> Page:
        """Return a page of what points at a document; see `Engine.referring`."""
        question = referring_question(
            self._schema,
            document_id,
            relation,
            perspective=perspective,
            page=page,
            page_size=page_size,
            order=order,
            projection=projection,
        )
        answer = self._ask_with(projection, question, cache=cache)
        return page_of(answer["items"], answer["total"], page, page_size)

    def forget(self) -> None:
        """Drop every answer kept, because something is about to be written that the cache would not hear of."""
        self._cache.forget()

    def _ask_with(self, projection: str | None, question: Question, *, cache: bool) -> Json:
        """Ask, and blame a refusal on the caller's projection if there is one.

        Raises: IntentError.
        """
        try:
            return self._ask(question, cache=cache)
        except Refused as error:
            if projection is None:
                raise
            raise IntentError(f"projection {projection}: {error.description}") from error

    def _ask(self, question: Question, *, cache: bool) -> Json:
        def ask() -> Json:
            self._carrier.counters["lookups"] += 1
            return self._carrier.backend.query(question.groq, question.params, perspective=question.perspective)

        return self._cache.answer(question, ask) if cache else ask()
