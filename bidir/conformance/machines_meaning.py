"""What one step of a run asks for, read from the step and the documents before it: the judge's own understanding.

It shares nothing with an engine: for each operation it says which groups the user touched, what those documents hold by
the user's own words, what is deleted, and what each relation field must show afterwards (bidirectional semantics, E4,
E8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from bidir.conformance.frame import Intent
from bidir.conformance.invariants import (
    DRAFTS,
    PUBLISHED,
    Document,
    Documents,
    layers_of,
    resolve_view,
    split_id,
    targets,
)
from bidir.relations import Field, Schema
from lakesim.jsonvalue import equal

__all__ = ["Meaning", "Meanings", "Place", "Wanted", "stored_id", "waiting_for"]

Place: TypeAlias = tuple[str, str, Field]
"""A view, a group, one of its relation fields."""

Mutation: TypeAlias = Mapping[str, Any]
Patcher: TypeAlias = Callable[[Document, Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a field must hold after a step: exactly `value`, or (`exact` False) nothing but what is in it."""

    value: tuple[str, ...]
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a step asks for.

    `touched` are the groups that the user named; `intent` is it as the frame sees it; `wanted` what places must show;
    `writes_max` how many write requests it may take. `bounded`: one existing document is edited in an upper layer, so
    that the bounds of E3 hold. `restated`: nothing but relation fields is said, and that stands there already (E8.4).
    `parked` are groups whose versions are put away and not deleted, so that pointers at them stay (R7).
    """

    kind: str
    layer: str
    intent: Intent
    touched: frozenset[str] = frozenset()
    wanted: Mapping[Place, Wanted] = field(default_factory=dict)
    writes_max: int = 1
    bounded: bool = False
    parked: frozenset[str] = frozenset()
    restated: bool = False


def stored_id(layer: str, group: str) -> str:
    """Return the id under which a group's version in a layer is stored."""
    if layer == PUBLISHED:
        return group
    return f"drafts.{group}" if layer == DRAFTS else f"versions.{layer}.{group}"


class Meanings:
    """Reads steps for one schema; `revisions` are all seen, by group and revision, `archived` those put away."""

    def __init__(self, schema: Schema, patched: Patcher) -> None:
        """Know the schema, and what a patch makes of a document."""
        self.schema = schema
        self._patched = patched
        self.revisions: dict[tuple[str, str], dict[str, Document]] = {}
        self.archived: dict[str, dict[str, Document]] = {}

    # ---------------------------------------------------------------------------------------------------- submits

    def submit(self, mutations: Sequence[Mutation], perspective: str, before: Documents) -> Meaning:
        """Read a submit: ids of groups mean the version of the perspective's layer (E8.1)."""
        stated: dict[str, Document] = {}
        deleted: set[str] = set()
        groups: set[str] = set()
        silent: set[str] = set()
        layers: set[str] = set()
        unsure = patches = False
        for mutation in mutations:
            kind, body = next(iter(mutation.items()))
            group = split_id(str(body.get("id", body.get("_id"))))[1]
            type_name = body.get("_type") or self._type_of(before, group)
            layer = PUBLISHED if perspective == DRAFTS and self.schema.is_live(str(type_name)) else perspective
            name = stored_id(layer, group)
            groups.add(group)
            layers.add(layer)
            if kind == "delete":
                deleted.add(name)
            elif kind == "patch":
                base = stated.get(name) or self.base(before, layer, group)
                if base is not None:
                    # What a version made from a draft holds beside the edit is a claim (E8.7).
                    unsure |= name not in before and group not in before and layer not in (PUBLISHED, DRAFTS)
                    patch = {key: value for key, value in body.items() if key != "id"}
                    stated[name] = self._patched({**base, "_id": name}, patch)
                    patches = True
            elif kind != "createIfNotExists" or name not in before:
                stated[name] = {**body, "_id": name}
                silent |= {name} if kind != "createOrReplace" else set()
        layer = PUBLISHED if PUBLISHED in layers else perspective
        wanted = {} if len(groups) > 1 or unsure else self._stated(stated, before, silent)
        weakened = self._groups(before) if unsure else ()
        intent = replace(self._intent(layer, before, stated, deleted, weakened=weakened), carried=False)
        bounded = patches and len(groups) == 1 and layer != PUBLISHED and not deleted and not unsure
        if len(groups) > 1:
            # One edit may take a place that the next one gives up again.
            groups |= {one for body in stated.values() for end in self._fields(body) for one in targets(body, end)}
        restated = bool(mutations) and not unsure and all(self._restates(one, perspective, before) for one in mutations)
        return Meaning("submit", layer, intent, frozenset(groups), wanted, bounded=bounded, restated=restated)

    def _restates(self, mutation: Mutation, perspective: str, before: Documents) -> bool:
        """Whether a mutation only says of relation fields what they hold."""
        patch = mutation.get("patch")
        if patch is None or not patch.keys() <= {"id", "set", "unset"}:
            return False
        base = self.base(before, perspective, split_id(str(patch["id"]))[1]) or {}
        own = {end.path[0] for end in self._fields(base) if len(end.path) == 1}
        said = {**patch.get("set", {}), **dict.fromkeys(patch.get("unset", ()))}
        return bool(said) and own >= said.keys() and all(equal(base.get(name), said[name]) for name in said)

    def _stated(self, stated: Mapping[str, Document], before: Documents, silent: Iterable[str]) -> dict[Place, Wanted]:
        """Return what the fields that the user's words change must hold: that, each target once (I8, R11)."""
        wanted: dict[Place, Wanted] = {}
        for name, document in stated.items():
            layer, group = split_id(name)
            base = self.base(before, layer, group) or {}
            for end in self._fields(document):
                if name in silent and end.path[0] not in document:
                    continue
                value = _once(targets(document, end))
                if value != _once(targets(base, end)) or name in silent:
                    wanted[layer, group, end] = Wanted(value)
        return wanted

    # ------------------------------------------------------------------------------------------------- life cycle

    def publish(self, groups: Iterable[str], layer: str, before: Documents) -> Meaning:
        """A published document holds exactly what its draft (or version) held (I8, E8.8)."""
        bodies = {group: before[stored_id(layer, group)] for group in groups if stored_id(layer, group) in before}
        stated: dict[str, Document] = {group: {**body, "_id": group} for group, body in bodies.items()}
        deleted = {stored_id(layer, group) for group in bodies}
        # Drafts that claim the same live document contradict each other when they are published together.
        wanted = self._same(bodies.values(), PUBLISHED, exact=len(bodies) == 1)
        wanted = {place: one for place, one in wanted.items() if not self._contradicted(place, bodies)}
        intent = self._intent(PUBLISHED, before, stated, deleted, weakened=self._groups(before))
        return Meaning("publish", PUBLISHED, intent, frozenset(bodies), wanted)

    def unpublish(self, group: str, before: Documents) -> Meaning:
        """The draft stays, or one is made that says what was published (rows 19 and 20)."""
        draft = {**(before.get(f"drafts.{group}") or before.get(group, {})), "_id": f"drafts.{group}"}
        intent = self._intent(PUBLISHED, before, {draft["_id"]: draft}, {group}, weakened={group})
        return Meaning("unpublish", PUBLISHED, intent, frozenset((group,)), self._same([draft], DRAFTS))

    def discard(self, group: str, layer: str, before: Documents) -> Meaning:
        """The field shows what lies below, but for what others took meanwhile (R6)."""
        below = before.get(group)
        wanted = {} if below is None else self._same([{**below, "_id": stored_id(layer, group)}], layer, exact=False)
        wanted = self._answering(wanted, before, layer, group)
        intent = self._intent(layer, before, {}, {stored_id(layer, group)})
        return Meaning("discard", layer, intent, frozenset((group,)), wanted)

    def delete(self, group: str, before: Documents) -> Meaning:
        """Every version goes (row 23)."""
        deleted = {name for name in before if split_id(name)[1] == group}
        return Meaning(
            "delete_everywhere", PUBLISHED, self._intent(PUBLISHED, before, {}, deleted), frozenset((group,))
        )

    def duplicate(self, group: str, copy: str, layer: str, before: Documents) -> Meaning:
        """The copy holds what two documents may hold at once, and not the original itself (rows 28 and 29)."""
        body = resolve_view(before, layer)[group]
        layer = PUBLISHED if layer == DRAFTS and self.schema.is_live(str(body["_type"])) else layer
        wanted = {}
        # Whoever points at an id before it exists is answered, so only one that nobody waits for is sure.
        awaited = any(copy in targets(one, end) for one in before.values() for end in self._fields(one))
        for end in () if awaited else self._fields(body):
            shared = self._shared(end)
            value = tuple(name for name in _once(targets(body, end)) if name != group)
            # Nobody holds a place at what has no version, so a copy may go on pointing there.
            free = tuple(name for name in value if name not in self._groups(before))
            # A list with a maximum may be full: what a copy says is a claim.
            wanted[layer, copy, end] = (
                Wanted(value, exact=not self._bounded(end)) if shared else Wanted(free, exact=False)
            )
        name = stored_id(layer, copy)
        intent = self._intent(layer, before, {name: {**body, "_id": name}}, set())
        return Meaning("duplicate", layer, intent, frozenset((copy,)), wanted)

    def note(self, documents: Documents) -> None:
        """Remember what is stored now, so that it can be restored."""
        for name, document in documents.items():
            self.revisions.setdefault((split_id(name)[1], str(document["_rev"])), {})[name] = document

    def restore(self, name: str, revision: str, before: Documents) -> Meaning:
        """The draft holds the revision; its links are claims, of which some may be refused (row 30).

        Of several versions that one transaction wrote, the one named counts, then what the drafts view showed.
        """
        group = split_id(name)[1]
        had = self.revisions[group, revision]
        named = [name] if name != group else []
        body = had[next(one for one in [*named, f"drafts.{group}", group, *sorted(had)] if one in had)]
        layer = PUBLISHED if self.schema.is_live(str(body["_type"])) else DRAFTS
        document = {**body, "_id": stored_id(layer, group)}
        intent = self._intent(layer, before, {document["_id"]: document}, set())
        wanted = self._answering(self._same([document], layer, exact=False), before, layer, group)
        return Meaning("restore", layer, intent, frozenset((group,)), wanted)

    def create_version(self, group: str, release: str, before: Documents) -> Meaning:
        """A copy of published, or of the draft (E8.7)."""
        name = stored_id(release, group)
        body = {**self._below(before, release, group), "_id": name}
        intent = self._intent(release, before, {name: body}, set())
        # What waited for a group that appears there is adopted, so only a copy of published is sure.
        wanted = self._same([body], release) if group in before else {}
        return Meaning("create_version", release, intent, frozenset((group,)), wanted)

    # --------------------------------------------------------------------------------------------------- releases

    def publish_release(self, release: str, before: Documents, *, kind: str = "publish_release") -> Meaning:
        """What the release's view showed is published (row 25); what is marked for unpublishing keeps a draft."""
        held = {name: split_id(name)[1] for name in before if split_id(name)[0] == release}
        stated: dict[str, Document] = {}
        deleted = set(held)
        for name, group in held.items():
            if group in resolve_view(before, release):
                stated[group] = {**before[name], "_id": group}
                continue
            draft = f"drafts.{group}"
            stated[draft] = {**(before.get(draft) or before.get(group, {})), "_id": draft}
            deleted.add(group)
        wanted = self._same([before[name] for name, group in held.items() if group in stated], PUBLISHED)
        offline = [group for name, group in held.items() if group not in stated and group in before]
        for place in wanted:
            lost = {group for group in offline if self._let_go(before[group], place)}
            wanted[place] = Wanted(tuple(one for one in wanted[place].value if one not in lost))
        intent = self._intent(PUBLISHED, before, stated, deleted, weakened=self._groups(before))
        # What is to be taken offline needs its pointers made weak first (E8.13).
        writes = 2 if len(stated.keys() & set(held.values())) == len(held) else 3
        return Meaning(kind, PUBLISHED, intent, frozenset(held.values()), wanted, writes_max=writes)

    def _let_go(self, offline: Document, place: Place) -> bool:
        """Whether a partner lets go of what is taken offline, by `on_unpublish` or as it is edited live (row 20)."""
        _, group, end = place
        found = self.schema.inverse(end, str(offline["_type"]))
        if found is None or group not in targets(offline, found[1]):
            return False
        return found[0].on_unpublish == "clear" or (found[0].on_unpublish is None and self.schema.is_live(end.type))

    def archive(self, release: str, before: Documents) -> Meaning:
        """The versions go and can come back; nothing else changes (row 27)."""
        gone = {name: body for name, body in before.items() if split_id(name)[0] == release}
        self.archived[release] = gone
        intent = Intent(release, deleted=frozenset(gone))
        groups = frozenset(split_id(name)[1] for name in gone)
        return Meaning("archive_release", release, intent, groups, parked=groups)

    def delete_release(self, release: str, before: Documents) -> Meaning:
        """Groups that lived only there are erased (R7)."""
        gone = {split_id(name)[1] for name in self.archived.pop(release, {})} - self._groups(before)
        intent = Intent(release, erased=frozenset(gone - self.parked))
        return Meaning("delete_release", release, intent, frozenset(gone), writes_max=2)

    @property
    def parked(self) -> set[str]:
        """The groups that have a version in an archived release."""
        return {split_id(name)[1] for versions in self.archived.values() for name in versions}

    # -------------------------------------------------------------------------------------------------- elsewhere

    def elsewhere(self, kind: str, before: Documents, after: Documents) -> Meaning:
        """Read edits made past the engine from what they left: the documents that differ are the user's words."""
        changed = {
            name: body for name, body in after.items() if name not in before or before[name]["_rev"] != body["_rev"]
        }
        deleted = before.keys() - after.keys()
        names = {*changed, *deleted}
        layers = {split_id(name)[0] for name in names}
        layer = layers.pop() if len(layers) == 1 else PUBLISHED
        intent = self._intent(layer, before, changed, deleted)
        wanted = self._stated(changed, before, ()) if len(names) == 1 and names & before.keys() else {}
        # Whether a pointer at what has no version stays is the worker's to say: it may just have been deleted (R7).
        there = self._groups(after)
        wanted = {place: one for place, one in wanted.items() if there.issuperset(one.value)}
        return Meaning(kind, layer, intent, frozenset(split_id(name)[1] for name in names), wanted)

    # ------------------------------------------------------------------------------------------------------ parts

    def base(self, before: Documents, layer: str, group: str) -> Document | None:
        """Return what a group's version in a layer holds, or what one made on demand is a copy of (R3)."""
        own = before.get(stored_id(layer, group))
        return own if own is not None else self._below(before, layer, group) or None

    @staticmethod
    def _below(before: Documents, layer: str, group: str) -> Document:
        draft = {} if layer in (PUBLISHED, DRAFTS) else before.get(f"drafts.{group}", {})
        return {} if layer == PUBLISHED else before.get(group, draft)

    def _intent(
        self,
        layer: str,
        before: Documents,
        stated: Mapping[str, Document],
        deleted: Iterable[str],
        *,
        weakened: Iterable[str] = (),
    ) -> Intent:
        gone = frozenset(deleted)
        left = {split_id(name)[1] for name in (*stated, *(before.keys() - gone))}
        erased = frozenset(split_id(name)[1] for name in gone) - left
        offline = {name for name in gone if split_id(name)[0] == PUBLISHED and name not in stated}
        # What is kept of a pointer at something deleted becomes weak, as when it only goes offline (E8.14).
        soft = frozenset(weakened) | offline | erased
        return Intent(layer, stated, gone - stated.keys(), erased, soft, carried=True)

    def _answering(
        self, wanted: Mapping[Place, Wanted], before: Documents, layer: str, group: str
    ) -> dict[Place, Wanted]:
        """Return what a group may hold: one that appears in a layer answers those who went on pointing at it (R8)."""
        if group in resolve_view(before, layer):
            return dict(wanted)
        return {
            place: Wanted((*one.value, *waiting_for(self.schema, before, layer, group, place[2])), exact=False)
            for place, one in wanted.items()
        }

    def _same(self, bodies: Iterable[Document], view: str, *, exact: bool = True) -> dict[Place, Wanted]:
        return {
            (view, split_id(str(body["_id"]))[1], end): Wanted(_once(targets(body, end)), exact)
            for body in bodies
            if "_type" in body
            for end in self._fields(body)
        }

    def _shared(self, end: Field) -> bool:
        """Whether two documents may point at the same target through this field."""
        found = [self.schema.inverse(end, name) for name in end.to]
        return all(one[1].many for one in found if one is not None)

    def _bounded(self, end: Field) -> bool:
        """Whether what answers a field takes so many links at most."""
        found = [self.schema.inverse(end, name) for name in end.to]
        return any(one[1].max is not None for one in found if one is not None and one[1].many)

    def _contradicted(self, place: Place, bodies: Mapping[str, Document]) -> bool:
        """Whether one of the documents claims a place that its owner among them gives to somebody else."""
        _, group, end = place
        others = [(name, body) for name, body in bodies.items() if name != group]
        return any(
            group in targets(body, theirs) and name not in targets(bodies[group], end)
            for name, body in others
            for theirs in self._fields(body)
            if (found := self.schema.inverse(theirs, end.type)) is not None and found[1] == end
        )

    def _fields(self, document: Document) -> tuple[Field, ...]:
        return self.schema.fields_of(str(document.get("_type")))

    @staticmethod
    def _groups(documents: Documents) -> set[str]:
        return {split_id(name)[1] for name in documents}

    @staticmethod
    def _type_of(documents: Documents, group: str) -> str | None:
        for layer in (*layers_of(documents),):
            found = documents.get(stored_id(layer, group))
            if found is not None:
                return str(found["_type"])
        return None


def waiting_for(schema: Schema, documents: Documents, view: str, group: str, end: Field) -> Iterator[str]:
    """Yield who points in `view` at `group` by fields that `end` answers, in order."""
    for claimant, document in sorted(resolve_view(documents, view).items()):
        for theirs in schema.fields_of(str(document.get("_type"))) if claimant != group else ():
            answer = schema.inverse(theirs, end.type)
            if answer is not None and answer[1] == end and group in targets(document, theirs):
                yield claimant


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
