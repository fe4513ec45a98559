"""Adding, removing and reordering links without writing patches by hand: one read, one write, both sides kept in step.

The calls build ordinary mutations of the one document and hand them to the planner like any edit, together with what
was read to build them, so that nothing is read twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bidir.carrying import Carrier, Run
from bidir.errors import DocumentMissing, IntentError, NotSupportedError, RevisionConflict
from bidir.lookups.link_patches import LinkPatches, add_patches, remove_patches, reorder_patches
from bidir.lookups.naming import checked_id, field_key, fields_named
from bidir.outcome import Outcome
from bidir.planning import Intent, parse_intent
from bidir.planning.reading import Reading
from bidir.refs import DRAFTS, PUBLISHED, group_of, in_release, layer_of, stored_id
from bidir.relations import Field, Schema
from bidir.siblings import Snapshot, World
from bidir.suggest import one_of

__all__ = ["ATTEMPTS_MAX", "Linker", "Wish"]

Json = Any
Document = Mapping[str, Any]

ATTEMPTS_MAX = 4
"""Times an edit that names positions is built, because others changed the same document meanwhile."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Where an edit goes: the layer, tokens of conflicts that may go through, a transaction id of the caller's own."""

    layer: str
    consent: frozenset[str] = frozenset()
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """The document at hand as its layer shows it; `version` is that layer's own, None if it is to be made on demand.

    `drafted`: it is to be made in a release from the draft, whose links were never true there (E8.7).
    """

    group: str
    type: str
    shown: Document
    version: Document | None
    drafted: bool


_Build = Callable[[World, _Source], LinkPatches]


class Linker:
    """Carries out `add`, `remove` and `reorder` for one engine."""

    def __init__(self, schema: Schema, carrier: Carrier) -> None:
        """Work by `schema` through `carrier`."""
        self._schema = schema
        self._carrier = carrier

    def add(
        self,
        document_id: str,
        field: str,
        target: str,
        wish: Wish,
        *,
        item: Mapping[str, Json] | None,
        at: int | None,
    ) -> Outcome:
        """Make `field` point at `target`; see `Engine.add`."""
        wanted = checked_id(target, "the target")

        def build(world: World, source: _Source) -> LinkPatches:
            name = world.type_of(wanted)
            if name is None:
                raise _no_such(wanted, "there is nothing to point at; create it first")
            end = self._end_for(source, field, name)
            planned = self._carrier.mode == "on" and self._schema.inverse(end, name) is not None
            reference = _as_declared(end, wanted) if planned else _reference(world, end, wanted, wish.layer)
            label = self._label(end, name)
            return add_patches(source.shown, end, reference, label=label, item=item, at=at, anew=source.drafted)

        return self._carry(document_id, (wanted,), wish, build)

    def remove(self, document_id: str, field: str, target: str, wish: Wish) -> Outcome:
        """Take `target` out of `field`; see `Engine.remove`."""
        unwanted = checked_id(target, "the target")

        def build(world: World, source: _Source) -> LinkPatches:
            for end in fields_named(self._schema, source.type, field):
                made = remove_patches(source.shown, end, unwanted)
                if made.patches:
                    return made
            if world.type_of(unwanted) is None:
                raise _no_such(unwanted, f"and {source.group}.{field} does not point at it")
            return LinkPatches()

        return self._carry(document_id, (unwanted,), wish, build)

    def reorder(self, document_id: str, field: str, targets: Sequence[str], wish: Wish) -> Outcome:
        """Put the items of `field` into the order of `targets`; see `Engine.reorder`."""
        if isinstance(targets, (str, bytes)) or not isinstance(targets, Sequence):
            raise IntentError(f"reorder takes the list of target ids in their new order, not {targets!r}")
        order = [checked_id(target, "a target") for target in targets]

        def build(_: World, source: _Source) -> LinkPatches:
            ends = fields_named(self._schema, source.type, field)
            if len({end.member for end in ends}) > 1:
                names = one_of(dict.fromkeys(end.name for end in ends), word="and")
                raise NotSupportedError(
                    f"reorder of items that carry their reference under several names ({names}) is not supported; "
                    "submit unset and insert patches by _key instead"
                )
            return reorder_patches(source.shown, ends[0], order)

        return self._carry(document_id, (), wish, build)

    # --------------------------------------------------------------------------------------------------- carrying

    def _carry(self, document_id: str, targets: Sequence[str], wish: Wish, build: _Build) -> Outcome:
        group = checked_id(document_id, "the document")
        if layer_of(document_id) not in (PUBLISHED, wish.layer):
            own = layer_of(document_id)
            raise IntentError(
                f'"{document_id}" belongs to the layer "{own}", this edit is made in "{wish.layer}": '
                f'use the published id "{group}", or perspective="{own}"'
            )
        # As targets, not as sources: the partners of a long list's other items are nobody's business here.
        involved = tuple(dict.fromkeys((group, *targets)))
        reading = Reading((), involved, arriving=involved if in_release(wish.layer) else ())
        run = self._carrier.start()
        for attempt in range(1, ATTEMPTS_MAX + 1):
            self._carrier.read(run, reading)
            if attempt > 1:
                self._reread(run, group)
            world = World(self._schema, run.snapshot)
            source = _source(world, group, wish.layer)
            made = build(world, source)
            if not made.patches:
                return Outcome(reads=run.reads, retries=run.retries)
            intent = Intent(parse_intent(_mutations(source, made)), wish.layer, consent=wish.consent, exact=made.exact)
            try:
                return self._carrier.carry_out(intent, reading, wish.transaction_id, run)
            except RevisionConflict:
                if not made.exact or attempt == ATTEMPTS_MAX:
                    raise
                run = replace(run, retries=run.retries + 1, snapshot=Snapshot())
        raise AssertionError("the last attempt returns or raises")

    def _reread(self, run: Run, group: str) -> None:
        """Read the document again by id: after a conflict a query may still show what was true before (F3)."""
        mine = [key for key in run.snapshot.documents if group_of(key) == group]
        keys = sorted({*mine, *(stored_id(group, layer) for layer in (PUBLISHED, DRAFTS))})
        run.reads += 1
        found = self._carrier.backend.documents(keys)
        kept = {key: value for key, value in run.snapshot.documents.items() if key not in found}
        fresh = {key: value for key, value in found.items() if value is not None}
        run.snapshot = replace(run.snapshot, documents={**kept, **fresh})

    # ----------------------------------------------------------------------------------------------------- fields

    def _end_for(self, source: _Source, field: str, target_type: str) -> Field:
        """Return the field that is meant and may point at the target's type.

        Raises: IntentError naming the types it takes.
        """
        ends = fields_named(self._schema, source.type, field)
        for end in ends:
            if target_type in end.to:
                return end
        allowed = dict.fromkeys(name for end in ends for name in end.to)
        raise IntentError(
            f'{ends[0].name} takes documents of type {one_of(allowed)}; the target is of type "{target_type}"'
        )

    def _label(self, end: Field, target_type: str) -> str:
        """Return the name from which the item's key is derived: the relation's, so that a retry meets its own item."""
        found = self._schema.inverse(end, target_type)
        return found[0].name if found is not None else f"{end.type}.{field_key(end)}"


def _source(world: World, group: str, layer: str) -> _Source:
    """Return the document as an edit in `layer` finds it (E8.1, E8.7, E8.17).

    Raises: DocumentMissing if there is none that the layer could show.
    """
    name = world.type_of(group)
    if name is None:
        raise _no_such(group, "there is nothing to edit")
    home = PUBLISHED if layer == DRAFTS and world.is_live(group) else layer
    if world.marked(group, home):
        raise IntentError(f'"{group}" is to be unpublished by the release "{home}": it takes no edits there')
    version = world.own(group, home)
    shown = version
    if shown is None and home != PUBLISHED:
        shown = world.own(group, PUBLISHED)
    drafted = shown is None and in_release(home)
    if drafted:
        shown = world.own(group, DRAFTS)
    if shown is None:
        layers = one_of(world.layers_of(group), word="and")
        raise DocumentMissing(
            f'"{group}" has no version that "{layer}" shows; it exists in {layers}',
            type="documentNotFoundError",
            document_id=stored_id(group, home),
        )
    return _Source(group, name, shown, version, drafted)


def _mutations(source: _Source, made: LinkPatches) -> list[dict[str, Json]]:
    mutations: list[dict[str, Json]] = [{"patch": {"id": source.group, **patch}} for patch in made.patches]
    if made.exact and source.version is not None:
        mutations[0]["patch"]["ifRevisionID"] = source.version["_rev"]
    return mutations


def _reference(world: World, end: Field, target: str, layer: str) -> dict[str, Json]:
    """Return the reference object as the Studio writes it: weak, with a stamp, while its target is unpublished."""
    reference = _as_declared(end, target)
    if world.own(target, PUBLISHED) is None and not (in_release(layer) and world.own(target, layer) is not None):
        stamp: dict[str, Json] = {"type": world.type_of(target)}
        reference |= {"_weak": True, "_strengthenOnPublish": {**stamp, "weak": True} if end.weak else stamp}
    return reference


def _as_declared(end: Field, target: str) -> dict[str, Json]:
    """Return the reference object with the field's own strength; where it needs another, the planner gives it."""
    reference: dict[str, Json] = {"_type": end.reference_type, "_ref": target}
    return {**reference, "_weak": True} if end.weak else reference


def _no_such(group: str, rest: str) -> DocumentMissing:
    return DocumentMissing(f'no document has the id "{group}": {rest}', type="documentNotFoundError", document_id=group)
