"""Edits of reference fields: checked against what one request shows, then written under a lock of what was checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bidir import Engine
from bidir.errors import IntentError, RevisionConflict
from bidir.outcome import Outcome
from bidir.refs import PUBLISHED, group_of, layer_of, same_json, targets_of
from bidir.relations import Field
from codex_fields.creating import Draft, draft_codex
from codex_fields.definitions import ReferenceField
from codex_fields.errors import (
    BadValueError,
    CircularReferenceError,
    CodexError,
    CreateNotAllowedError,
    NotLinkedError,
    ReorderNotAllowedError,
    UnknownCodexError,
    UnknownTemplateError,
    WrongTemplateError,
)
from codex_fields.graph import chain_query, check_chain, edges_of, levels_needed
from codex_fields.links import Link, check_count, held_links, stored_links, stored_value
from codex_fields.relationships import CodexSummary, Relationship, relationships_in, shown_with, summary_of
from codex_fields.templates import Templates

__all__ = ["ATTEMPTS_MAX", "Reading", "Writer"]

Json = Any
Document = Mapping[str, Any]

ATTEMPTS_MAX: Final = 4
"""Times an edit is checked and tried, because others changed the same codex meanwhile."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an edit is decided on: the source as shown (None: there is none), the targets, the references behind them.

    `public` are the targets that are published, `now` is the lake's time.
    """

    source: Document | None
    targets: Mapping[str, CodexSummary]
    edges: Mapping[str, Sequence[str]]
    now: str
    public: frozenset[str]


class Writer:
    """Carries out the edits of one workspace."""

    def __init__(
        self,
        engine: Engine,
        templates: Templates,
        fields: Sequence[tuple[ReferenceField, Field]],
        perspective: str,
        on_written: Callable[[Outcome], object],
    ) -> None:
        """Write through `engine` in the layer `perspective`; every outcome is told to `on_written`."""
        self._engine = engine
        self._templates = templates
        self._fields = fields
        self._layer = perspective
        self._on_written = on_written

    # ------------------------------------------------------------------------------------------------- the edits

    def create(
        self, template_id: str, title: str, fields: Mapping[str, Json], tags: Sequence[str], codex_id: str | None
    ) -> str:
        """Make a codex; see `Workspace.create`."""
        draft = self._draft(template_id, title, fields, tags, codex_id)
        self._submit([{"create": self._checked_document(draft)[0]}])
        return draft.id

    def create_and_link(
        self,
        source_id: str,
        field_id: str,
        title: str,
        fields: Mapping[str, Json],
        tags: Sequence[str],
        codex_id: str | None,
        wish: Callable[[str], Link],
    ) -> Relationship:
        """Make a codex and point a field at it; see `Workspace.create_and_link`."""
        made: list[tuple[Draft, dict[str, Json]]] = []

        def build(reading: Reading, source: Document, field: ReferenceField, end: Field) -> list[Link]:
            if not field.allow_create:
                raise CreateNotAllowedError(
                    f"{field.name}: nothing is created from here (allowCreate: false); link one that is there"
                )
            if not made:
                draft = self._draft(field.target_template, title, fields, tags, codex_id)
                document, behind = self._checked_document(draft, levels_needed(self._templates, field))
                made.append((draft, document))
                if levels_needed(self._templates, field):
                    pointing = [one.target for links in draft.links.values() for one in links]
                    check_chain(group_of(source_id), draft.id, {**behind.edges, draft.id: pointing}, field)
            link = wish(made[0][0].id)
            kept = _kept(source, field, end) if field.many else []
            return [*kept, link]

        def extra() -> list[dict[str, Json]]:
            return [{"create": made[0][1]}]

        shown = self._edit(source_id, field_id, (), build, extra)
        new_id = made[0][0].id
        found = next(one for one in shown if one.target_id == new_id)
        return shown_with(found, summary_of(made[0][1]))

    def link(self, source_id: str, field_id: str, link: Link, at: int | None) -> Relationship:
        """Point a field at a codex; see `Workspace.link`."""

        def build(reading: Reading, source: Document, field: ReferenceField, end: Field) -> list[Link]:
            if not field.many:
                if at is not None:
                    raise BadValueError(f"{field.name} is a single reference and has no places; leave `at` out")
                return [link]
            return _inserted(_kept(source, field, end), link, at, field)

        shown = self._edit(source_id, field_id, (link.target,), build)
        return next(one for one in shown if one.target_id == link.target)

    def unlink(self, source_id: str, field_id: str, target_id: str | None) -> Relationship:
        """Take a reference out of a field; see `Workspace.unlink`."""
        wanted = None if target_id is None else Link.of(target_id).target
        removed: list[Relationship] = []

        def build(reading: Reading, source: Document, field: ReferenceField, end: Field) -> list[Link]:
            if wanted is None and field.many:
                raise BadValueError(f"{field.name} is a list: say which reference goes, by the id of its target")
            held = list(relationships_in(source, field, end))
            gone = [one for one in held if wanted in (None, one.target_id)]
            if not gone:
                what = "is empty" if not held else f'does not point at "{wanted}"'
                raise NotLinkedError(f"{group_of(source_id)}.{field.id} {what}; it holds {_names(held)}")
            removed[:] = gone
            return [one for one in _kept(source, field, end) if one.target != gone[0].target_id]

        self._edit(source_id, field_id, (), build)
        return removed[0]

    def assign(self, source_id: str, field_id: str, links: Sequence[str | Link]) -> list[Relationship]:
        """Give a field exactly these references; see `Workspace.assign`."""
        if isinstance(links, (str, bytes)) or not isinstance(links, Sequence):
            raise BadValueError(f'a field is given the list of its references, such as ["alice", "bob"], not {links!r}')
        wanted = [Link.of(one) for one in links]
        targets = [one.target for one in wanted]
        if len(set(targets)) < len(targets):
            twice = dict.fromkeys(one for one in targets if targets.count(one) > 1)
            raise BadValueError(f"{field_id}: each codex is referenced once; {', '.join(twice)} stands there twice")

        def build(reading: Reading, source: Document, field: ReferenceField, end: Field) -> list[Link]:
            kept = {one.target: one for one in _kept(source, field, end)}
            return [
                kept[link.target] if not isinstance(given, Link) and link.target in kept else link
                for given, link in zip(links, wanted, strict=True)
            ]

        return self._edit(source_id, field_id, targets, build)

    def reorder(self, source_id: str, field_id: str, target_ids: Sequence[str]) -> list[Relationship]:
        """Put the references of a list into an order; see `Workspace.reorder`."""
        if isinstance(target_ids, (str, bytes)) or not isinstance(target_ids, Sequence):
            raise BadValueError(f"reorder takes the list of target ids in their new order, not {target_ids!r}")
        order = [Link.of(one).target for one in target_ids]

        def build(reading: Reading, source: Document, field: ReferenceField, end: Field) -> list[Link]:
            if not field.many:
                raise ReorderNotAllowedError(f"{field.name} is a single reference: there is nothing to reorder")
            if not field.allow_reorder:
                raise ReorderNotAllowedError(f"{field.name}: its order is fixed (allowReorder: false)")
            kept = {one.target: one for one in _kept(source, field, end)}
            if sorted(order) != sorted(kept):
                raise NotLinkedError(
                    f"{group_of(source_id)}.{field.id}: the new order names each reference once, that is "
                    f"{', '.join(kept) or 'none'}; not {', '.join(order) or 'none'}"
                )
            return [kept[one] for one in order]

        return self._edit(source_id, field_id, (), build)

    # ------------------------------------------------------------------------------------------------- one edit

    def _edit(
        self,
        source_id: str,
        field_id: str,
        targets: Sequence[str],
        build: Callable[[Reading, Document, ReferenceField, Field], list[Link]],
        extra: Callable[[], list[dict[str, Json]]] = list,
    ) -> list[Relationship]:
        """Read, check, write; once more where somebody else changed the codex in between.

        `build` makes the field's new links from what was read, `extra` further mutations of the same transaction.
        Return the field's relationships afterwards.
        """
        group = Link.of(source_id).target
        for attempt in range(1, ATTEMPTS_MAX + 1):
            reading = self._read(group, targets, self._levels(field_id) if targets else 0)
            source, field, end = self._source(reading, group, field_id)
            links = build(reading, source, field, end)
            held = held_links(source, field, end)
            before = {target for target, _ in held}
            for link in links:
                if link.target in targets and link.target not in before:
                    self._check_target(reading, group, link.target, field)
            check_count(field, len(links), before=len(held), where=f"{group}.{field.id}")
            stored = stored_links(links, held, field, end, now=reading.now, layer=self._layer, public=reading.public)
            value = stored_value(source, stored, field, end)
            after = {**source, field.id: value}
            shown = [shown_with(one, reading.targets.get(one.target_id)) for one in relationships_in(after, field, end)]
            if same_json(source.get(field.id), value):
                self._on_written(Outcome())
                return shown
            patch: dict[str, Json] = {"id": group}
            if layer_of(str(source.get("_originalId", group))) == self._layer:
                patch["ifRevisionID"] = source["_rev"]
            patch |= {"unset": [field.id]} if value is None else {"set": {field.id: value}}
            try:
                self._submit([*extra(), {"patch": patch}])
            except RevisionConflict:
                if attempt == ATTEMPTS_MAX:
                    raise
                continue
            new = [link.target for link in links if link.target in targets and link.target not in before]
            self._check_again(group, new, field, end, source)
            return shown
        raise AssertionError("the last attempt returns or raises")

    def _check_again(
        self, group: str, targets: Sequence[str], field: ReferenceField, end: Field, before: Document
    ) -> None:
        """Look once more where a circle is possible: two links made at the same time may close one together.

        The link is taken back then; where both editors see the circle, both are.
        Raises: CircularReferenceError.
        """
        levels = levels_needed(self._templates, field)
        if not targets or not levels:
            return
        reading = self._read(group, targets, levels)
        try:
            for target in targets:
                if reading.source is not None and target in targets_of(reading.source, end):
                    check_chain(group, target, reading.edges, field)
        except CircularReferenceError:
            value = before.get(field.id)
            patch = {"unset": [field.id]} if value is None else {"set": {field.id: value}}
            self._submit([{"patch": {"id": group, **patch}}])
            raise
        except CodexError:
            # Somebody made the chain longer below: that is not this edit's doing.
            return

    def _read(self, group: str, targets: Sequence[str], levels: int) -> Reading:
        answer = self._engine.backend.query(
            chain_query([end for _, end in self._fields], levels),
            {"source": group, "targets": list(targets)},
            perspective=self._layer,
        )
        public = frozenset(targets)
        if self._layer != PUBLISHED and targets:
            found = self._engine.backend.documents(list(targets))
            public = frozenset(one for one, document in found.items() if document is not None)
        return Reading(
            answer["source"],
            {row["_id"]: summary_of(row) for row in answer["targets"]},
            edges_of(answer),
            answer["now"],
            public,
        )

    def _levels(self, field_id: str) -> int:
        """Return the levels any field of that id may need: which template the source has is not known yet."""
        same = [field for field, _ in self._fields if field.id == field_id]
        return max((levels_needed(self._templates, field) for field in same), default=0)

    def _source(self, reading: Reading, group: str, field_id: str) -> tuple[Document, ReferenceField, Field]:
        if reading.source is None:
            raise UnknownCodexError(f'there is no codex "{group}" to edit')
        template = reading.source["_type"]
        if template not in self._templates.ids:
            raise UnknownTemplateError(f'"{group}" is a {template}, which is no template')
        field = self._templates.reference_field(template, field_id)
        return reading.source, field, next(end for known, end in self._fields if known == field)

    def _check_target(self, reading: Reading, group: str, target: str, field: ReferenceField) -> None:
        found = reading.targets.get(target)
        if found is None:
            raise UnknownCodexError(f'{field.name}: there is no codex "{target}"')
        if found.template != field.target_template:
            raise WrongTemplateError(
                f'{field.name}: expected {field.target_template}, "{target}" is made from {found.template}'
            )
        if levels_needed(self._templates, field):
            check_chain(group, target, reading.edges, field)

    # -------------------------------------------------------------------------------------------------- creating

    def _draft(
        self, template_id: str, title: str, fields: Mapping[str, Json], tags: Sequence[str], codex_id: str | None
    ) -> Draft:
        made = codex_id if codex_id is not None else self._engine.backend.generate_id()
        return draft_codex(self._templates.template(template_id), Link.of(made).target, title, fields, tags)

    def _checked_document(self, draft: Draft, levels: int = 0) -> tuple[dict[str, Json], Reading]:
        """Return the document of a new codex, its references checked, and what was read for it in one request.

        At least so many `levels` of references behind its targets are read.

        Raises: BadValueError if the id is taken; CodexError as for links.
        """
        targets = list(dict.fromkeys(link.target for links in draft.links.values() for link in links))
        fields = {field.id: (field, end) for field, end in self._fields if field.template == draft.template.id}
        levels = max([levels, *(levels_needed(self._templates, fields[name][0]) for name in draft.links)])
        reading = self._read(draft.id, targets, levels)
        if reading.source is not None:
            raise BadValueError(f'there is a codex "{draft.id}" already; leave the id out and it gets a fresh one')
        document = dict(draft.document)
        for name, links in draft.links.items():
            field, end = fields[name]
            for link in links:
                self._check_target(reading, draft.id, link.target, field)
            stored = stored_links(links, (), field, end, now=reading.now, layer=self._layer, public=reading.public)
            if stored:
                document[name] = stored_value(None, stored, field, end)
        return document, reading

    def _submit(self, mutations: Sequence[Mapping[str, Json]]) -> None:
        try:
            outcome = self._engine.submit(mutations, perspective=self._layer)
        except IntentError as error:
            raise CodexError(str(error)) from error
        if outcome.conflicts:
            raise CodexError("; ".join(one.text for one in outcome.conflicts))
        self._on_written(outcome)


def _kept(source: Document, field: ReferenceField, end: Field) -> list[Link]:
    """Return the links a field holds, as they would be asked for."""
    return [Link(one.target_id, one.strength, one.metadata) for one in relationships_in(source, field, end)]


def _inserted(kept: list[Link], link: Link, at: int | None, field: ReferenceField) -> list[Link]:
    """Return the links with one more, or changed in its place, or moved to `at`."""
    if at is not None and (isinstance(at, bool) or not isinstance(at, int) or not 0 <= at <= len(kept)):
        raise BadValueError(f"{field.name}: `at` is a place from 0 to {len(kept)}, not {at!r}")
    places = [place for place, one in enumerate(kept) if one.target == link.target]
    if places and at is None:
        return [*kept[: places[0]], link, *kept[places[0] + 1 :]]
    if places and not field.allow_reorder and at != places[0]:
        raise ReorderNotAllowedError(f"{field.name}: its order is fixed (allowReorder: false)")
    rest = [one for one in kept if one.target != link.target]
    place = len(rest) if at is None else at
    return [*rest[:place], link, *rest[place:]]


def _names(held: Sequence[Relationship]) -> str:
    return ", ".join(one.target_id for one in held) or "nothing"
