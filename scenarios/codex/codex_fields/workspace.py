"""Codices in a lake and the references between them: what an editor's form, a script or a command holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final

from bidir import Engine
from bidir.outcome import Outcome
from bidir.ports import Backend, EventStream
from bidir.refs import PUBLISHED, group_of
from bidir.relations import Field
from codex_fields.cache import CACHE_SECONDS, ReferenceCache
from codex_fields.definitions import ReferenceField
from codex_fields.errors import BadValueError, CodexError, RequiredFieldError, UnknownCodexError
from codex_fields.feed import RelationshipFeed
from codex_fields.lake_schema import lake_schema, relation_of
from codex_fields.links import Link
from codex_fields.loading import (
    BATCH_MAX,
    SUMMARY,
    Direction,
    checked_direction,
    known_ids,
    loaded,
    loading_query,
)
from codex_fields.picker import LISTEN_QUERY, Picker
from codex_fields.problems import Problem, find_problems
from codex_fields.relationships import STRENGTH_DEFAULT, CodexSummary, Relationship, summary_of
from codex_fields.templates import Templates, load_templates
from codex_fields.writing import Writer

__all__ = ["CANDIDATES_LIMIT", "Workspace"]

Json = Any

CANDIDATES_LIMIT: Final = 50
"""How many candidates a picker shows."""


class Workspace:
    """Codices of `templates` on a lake, seen and edited in one perspective: "published", "drafts" or a release name.

    Every edit is checked against the templates first (one request), then written with its inverse in one transaction.
    A context manager: it listens, so that what it remembers is never older than what it has heard.
    """

    def __init__(
        self,
        backend: Backend,
        templates: Templates | None = None,
        *,
        perspective: str = PUBLISHED,
        cache_seconds: float = CACHE_SECONDS,
    ) -> None:
        """Work on `backend`; nothing is asked before it is needed."""
        self.templates = templates if templates is not None else load_templates()
        self.engine = Engine(lake_schema(self.templates), backend)
        self.backend = backend
        self.perspective = perspective
        self.fields: tuple[tuple[ReferenceField, Field], ...] = tuple(
            (field, relation_of(self.engine.schema, field)[1]) for field in self.templates.reference_fields
        )
        self.last_outcome = Outcome()
        """What the last edit wrote: transaction, documents, requests."""
        self._cache_seconds = cache_seconds
        self._cache: ReferenceCache | None = None
        self._stream: EventStream | None = None
        self._writer = Writer(self.engine, self.templates, self.fields, perspective, self._written)

    # --------------------------------------------------------------------------------------------------- editing

    def create(
        self,
        template: str,
        title: str = "",
        *,
        fields: Mapping[str, Json] | None = None,
        tags: Sequence[str] = (),
        codex_id: str | None = None,
    ) -> str:
        """Make a codex, all its references with it, in one transaction; return its id.

        `fields` holds values, and for reference fields an id or a `Link`, or a list of them. A text field called
        `value` gets the title where nothing else is said.
        Raises: CodexError of every kind that a link may meet; RequiredFieldError, TooFewItemsError.
        """
        return self._writer.create(template, title, fields or {}, tags, codex_id)

    def link(
        self,
        source_id: str,
        field_id: str,
        target_id: str,
        *,
        strength: float = STRENGTH_DEFAULT,
        metadata: Mapping[str, Json] | None = None,
        at: int | None = None,
    ) -> Relationship:
        """Point a field at a codex: a single one changes its target, a list gets one more at the end or before `at`.

        A target that is there already keeps its place, or moves to `at`, and gets strength and metadata.
        Raises: UnknownCodexError, UnknownFieldError, WrongTemplateError, CircularReferenceError, ChainTooDeepError,
        TooManyItemsError, BadValueError.
        """
        link = Link.of(Link(target_id, strength, metadata))
        return self._writer.link(source_id, field_id, link, at)

    def create_and_link(
        self,
        source_id: str,
        field_id: str,
        title: str,
        *,
        fields: Mapping[str, Json] | None = None,
        tags: Sequence[str] = (),
        codex_id: str | None = None,
        strength: float = STRENGTH_DEFAULT,
        metadata: Mapping[str, Json] | None = None,
    ) -> Relationship:
        """Make a codex of the field's target template and point the field at it, in one transaction.

        Raises: CreateNotAllowedError, and whatever `create` and `link` raise.
        """
        return self._writer.create_and_link(
            source_id,
            field_id,
            title,
            fields or {},
            tags,
            codex_id,
            lambda new_id: Link.of(Link(new_id, strength, metadata)),
        )

    def unlink(self, source_id: str, field_id: str, target_id: str | None = None) -> Relationship:
        """Take a reference out of a field; `target_id` may be left out for a single one. Return what was there.

        Raises: NotLinkedError, RequiredFieldError, TooFewItemsError, UnknownCodexError, UnknownFieldError.
        """
        return self._writer.unlink(source_id, field_id, target_id)

    def assign(self, source_id: str, field_id: str, links: Sequence[str | Link]) -> list[Relationship]:
        """Give a field exactly these references, in this order, as a form does when it is saved.

        References that stay keep key, strength and metadata if they are given by their id.
        Raises: as `link` and `unlink`.
        """
        return self._writer.assign(source_id, field_id, links)

    def reorder(self, source_id: str, field_id: str, target_ids: Sequence[str]) -> list[Relationship]:
        """Put the references of a list into this order, which names each of them once.

        Raises: ReorderNotAllowedError, NotLinkedError, UnknownCodexError, UnknownFieldError.
        """
        return self._writer.reorder(source_id, field_id, target_ids)

    def move(self, source_id: str, field_id: str, start: int, end: int) -> list[Relationship]:
        """Move the reference at place `start` to place `end`, counted from 0, as dragging does.

        Raises: as `reorder`; BadValueError for a place that is not there.
        """
        held = [one.target_id for one in self.relationships(source_id) if one.field_id == field_id]
        for place in (start, end):
            if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < len(held):
                raise BadValueError(f"{source_id}.{field_id} has {len(held)} places, counted from 0; not {place!r}")
        held.insert(end, held.pop(start))
        return self.reorder(source_id, field_id, held)

    def delete(self, codex_id: str, *, force: bool = False) -> Outcome:
        """Delete a codex; the references to it go in the same transaction.

        Raises: RequiredFieldError or TooFewItemsError where others cannot do without it, unless `force` is given.
        """
        group = group_of(codex_id)
        if not force:
            self._check_dispensable(group)
        outcome = self.engine.delete(group)
        self._written(outcome)
        if outcome.conflicts:
            raise CodexError(outcome.conflicts[0].text)
        return outcome

    # --------------------------------------------------------------------------------------------------- reading

    def relationships(self, codex_id: str, *, direction: Direction = "outgoing") -> list[Relationship]:
        """Return what a codex points at, or with `direction="incoming"` what points at it; from the cache if known.

        Raises: UnknownCodexError.
        """
        return self.relationships_of([codex_id], direction=direction)[group_of(codex_id)]

    def relationships_of(
        self, codex_ids: Iterable[str], *, direction: Direction = "outgoing"
    ) -> dict[str, list[Relationship]]:
        """Return the relationships of many codices by id: one request for all that the cache does not know.

        Raises: UnknownCodexError naming those that are not there; BadValueError for too many.
        """
        way = checked_direction(direction)
        wanted = list(dict.fromkeys(group_of(one) for one in _ids(codex_ids)))
        cache = self._cached()
        known = {one: kept for one in wanted if (kept := cache.get(one, way)) is not None}
        missing = [one for one in wanted if one not in known]
        if missing:
            answer = self.backend.query(
                loading_query([end for _, end in self.fields], way),
                {"ids": missing, "types": [template.id for template in self.templates]},
                perspective=self.perspective,
            )
            absent = [one for one in missing if one not in known_ids(answer, way)]
            if absent:
                raise _unknown(absent)
            for one, found in loaded(missing, answer, self.fields, way).items():
                cache.put(one, way, found)
                known[one] = tuple(found)
        return {one: list(known[one]) for one in wanted}

    def invalidate(self, *codex_ids: str) -> None:
        """Forget what is remembered about these codices; everything, if none is named."""
        if codex_ids:
            self._cached().invalidate(*codex_ids)
        else:
            self._cached().forget()

    @property
    def cache(self) -> ReferenceCache:
        """What is remembered, with hits and misses counted."""
        return self._cached()

    def candidates(
        self, field: str, *, search: str | None = None, limit: int = CANDIDATES_LIMIT, source_id: str | None = None
    ) -> list[CodexSummary]:
        """Return what may be chosen for a field ("character.portrait"): its target template only, newest first.

        `search` keeps those whose title or texts have words that begin with its words; with `source_id` the codex
        itself and what its field points at are left out. One request.
        Raises: UnknownFieldError, UnknownTemplateError; IntentError for a limit out of bounds.
        """
        return self._candidates(self.templates.named(field), search, limit, source_id)

    def open_picker(
        self,
        field: str,
        *,
        search: str | None = None,
        limit: int = CANDIDATES_LIMIT,
        source_id: str | None = None,
        on_change: Callable[[list[CodexSummary]], object] | None = None,
    ) -> Picker:
        """Open a picker for a field, which keeps its candidates up to date; see `candidates`.

        Raises: as `candidates`.
        """
        named = self.templates.named(field)
        types = list(dict.fromkeys((named.target_template, named.template)))
        stream = self.backend.listen(LISTEN_QUERY, {"types": types})
        group = None if source_id is None else group_of(source_id)
        try:
            return Picker(
                named,
                lambda text: self._candidates(named, text, limit, group),
                stream,
                source_id=group,
                search=search,
                on_change=on_change,
            )
        except BaseException:
            stream.close()
            raise

    def feed(self) -> RelationshipFeed:
        """Begin to tell `relationship:created`, `:updated` and `:removed`."""
        return RelationshipFeed(self.backend, self.fields, perspective=self.perspective)

    def problems(self) -> list[Problem]:
        """Return what is not as the templates want it, in all codices; one request."""
        types = [template.id for template in self.templates]
        found = self.backend.query("*[_type in $types]", {"types": types}, perspective=self.perspective)
        return find_problems(found, self.templates, self.fields)

    def codex(self, codex_id: str) -> dict[str, Json]:
        """Return a codex as the perspective shows it.

        Raises: UnknownCodexError.
        """
        found = self.backend.query("*[_id == $id][0]", {"id": group_of(codex_id)}, perspective=self.perspective)
        if found is None:
            raise _unknown([codex_id])
        return dict(found)

    def close(self) -> None:
        """Stop listening."""
        if self._stream is not None:
            self._stream.close()
        self._stream = self._cache = None

    def __enter__(self) -> Workspace:
        """Return the workspace itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    # ------------------------------------------------------------------------------------------------- internals

    def _candidates(
        self, field: ReferenceField, search: str | None, limit: int, source_id: str | None
    ) -> list[CodexSummary]:
        end = next(end for known, end in self.fields if known == field)
        rows = self.engine.candidates(
            end,
            search=search,
            limit=limit,
            document=source_id,
            perspective=self.perspective,
            projection=SUMMARY,
            cache=False,
        )
        return [summary_of(row) for row in rows]

    def _check_dispensable(self, group: str) -> None:
        incoming = [one for one in self.relationships(group, direction="incoming") if one.source_id != group]
        if not incoming:
            return
        sources = list(dict.fromkeys(one.source_id for one in incoming))
        outgoing: dict[str, list[Relationship]] = {}
        for start in range(0, len(sources), BATCH_MAX):
            outgoing |= self.relationships_of(sources[start : start + BATCH_MAX])
        for one in incoming:
            template = one.codex.template if one.codex is not None else ""
            field = self.templates.reference_field(template, one.field_id)
            left = [held for held in outgoing[one.source_id] if held.field_id == field.id and held.target_id != group]
            if len(left) < field.least:
                raise RequiredFieldError(
                    f"{group} cannot be deleted: {one.source_id}.{field.id} needs at least {field.least}; choose "
                    "another there first, or delete it with force"
                )

    def _cached(self) -> ReferenceCache:
        if self._cache is None:
            types = [template.id for template in self.templates]
            self._stream = self.backend.listen(LISTEN_QUERY, {"types": types})
            self._cache = ReferenceCache(self.backend.clock, seconds=self._cache_seconds, stream=self._stream)
        return self._cache

    def _written(self, outcome: Outcome) -> None:
        """Forget what the workspace's own write changed at once: over HTTP its event comes a moment later."""
        self.last_outcome = outcome
        if self._cache is None:
            return
        ids = {str(body.get("id", body.get("_id"))) for one in outcome.mutations for body in one.values()}
        self._cache.invalidate(*ids)


def _ids(codex_ids: object) -> list[str]:
    if isinstance(codex_ids, (str, bytes, Mapping)) or not isinstance(codex_ids, Iterable):
        raise BadValueError(f'a list of ids is wanted, such as ["alice", "bob"], not {codex_ids!r}')
    ids = list(codex_ids)
    for one in ids:
        if not isinstance(one, str) or not one:
            raise BadValueError(f'an id is a text, such as "alice", not {one!r}')
    if len(ids) > BATCH_MAX:
        raise BadValueError(f"at most {BATCH_MAX} codices are loaded in one request, not {len(ids)}; ask in parts")
    return ids


def _unknown(ids: Sequence[str]) -> UnknownCodexError:
    names = ", ".join(f'"{one}"' for one in ids[:5]) + (" and more" if len(ids) > 5 else "")
    return UnknownCodexError(f"there is no codex {names}")
