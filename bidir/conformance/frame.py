"""What one intent must leave alone: untouched fields and documents, item order and metadata, lower layers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Literal

from bidir.conformance.invariants import DRAFTS, PUBLISHED, Document, Documents, split_id
from bidir.relations import Field, Schema
from lakesim.jsonvalue import Json, equal

__all__ = ["FrameBreach", "Intent", "check_frame"]

SYSTEM = frozenset({"_id", "_rev", "_createdAt", "_updatedAt", "_system", "_originalId"})
STRENGTH = frozenset({"_weak", "_strengthenOnPublish"})

Rule = Literal["I4 isolation", "I7 frame", "E8.6 strength", "E8.4 needless write", "R10 noise", "I12 no loss"]


@dataclass(frozen=True, slots=True)
class Intent:
    """What the user did, as far as the frame is concerned.

    `layer` is where; `stated` holds each document that the user's mutations touch as they alone would leave it, by
    stored id; `deleted` the stored ids they delete; `erased` the groups that thereby lost their last version;
    `weakened` the groups whose pointers may change in strength (their published version goes), `leaving` those that a
    scheduled release takes offline, at which a copy points weakly from the start. `carried`: `stated` is
    not what the user says now but older words that were moved to this layer, so that its items keep their strength.
    """

    layer: str
    stated: Mapping[str, Document] = dataclass_field(default_factory=dict)
    deleted: frozenset[str] = frozenset()
    erased: frozenset[str] = frozenset()
    weakened: frozenset[str] = frozenset()
    carried: bool = False
    leaving: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FrameBreach:
    """Something that changed and should not have: by which rule, in which stored document, and in words."""

    rule: Rule
    document: str
    text: str

    def __str__(self) -> str:
        """Return the line for a report."""
        return f"{self.rule}: {self.document}: {self.text}"


def check_frame(schema: Schema, before: Documents, after: Documents, intent: Intent) -> list[FrameBreach]:
    """Compare the stored documents before and after one intent (bidirectional semantics, I4 and I7)."""
    judged = _Frame(schema, before, after, intent)
    return [*judged.vanished(), *judged.kept_or_new()]


class _Frame:
    """One comparison."""

    def __init__(self, schema: Schema, before: Documents, after: Documents, intent: Intent) -> None:
        self.schema = schema
        self.before = before
        self.after = after
        self.intent = intent

    def vanished(self) -> Iterator[FrameBreach]:
        """Judge the documents that are gone: deleted by the user, or a version that said nothing of its own (R10)."""
        for name in sorted(self.before.keys() - self.after.keys() - self.intent.deleted):
            layer, group = split_id(name)
            below = self.after.get(group)
            if layer == PUBLISHED or below is None:
                yield FrameBreach("I7 frame", name, "deleted, though nobody asked for it")
            elif not equal(self.rest(self.before[name]), self.rest(below)):
                yield FrameBreach("I7 frame", name, "a version with content of its own was removed")

    def kept_or_new(self) -> Iterator[FrameBreach]:
        """Judge the documents that are there afterwards."""
        for name in sorted(self.after):
            document = self.after[name]
            layer = split_id(name)[0]
            old = self.before.get(name)
            stated = self.intent.stated.get(name)
            if old is not None and old.get("_rev") == document.get("_rev"):
                if not equal(old, document):
                    yield FrameBreach("I7 frame", name, "changed without a new revision")
                continue
            base = self.base(name, stated)
            if base is None:
                yield FrameBreach("I7 frame", name, "created, though nobody asked for it")
                continue
            yield from self.isolation(name, layer, stated is not None)
            if not equal(self.rest(base), self.rest(document)):
                # What the user says himself is lost, or what stands in a document that he did not touch is changed.
                rule: Rule = "I7 frame" if stated is None or self.intent.carried else "I12 no loss"
                text = f"fields beside the relations changed: {self.difference(base, document)}"
                yield FrameBreach(rule, name, text)
            asked = stated is not None or name in self.intent.deleted
            if not asked and old is not None and equal(self.content(old), self.content(document)):
                yield FrameBreach("E8.4 needless write", name, "written although nothing in it changed")
            earlier = old
            if earlier is None:
                earlier = base if stated is None else self.below(split_id(name)[1], layer) or {}
            for field in self.schema.fields_of(str(document.get("_type"))):
                yield from self.items(name, field, base, earlier, document)

    def base(self, name: str, stated: Document | None) -> Document | None:
        """Return what a document's text must be that of: the user's, its own, or what it is a copy of."""
        if stated is not None:
            return stated
        # A draft that is discarded and yet stays, because others took its places, has the text of the layer below.
        if name in self.before and name not in self.intent.deleted:
            return self.before[name]
        layer, group = split_id(name)
        below = self.below(group, layer)
        if below is None or split_id(str(below.get("_id")))[0] == PUBLISHED:
            return below
        # What a draft says of its links was never true in the release, so that every link there is a new one (E8.7).
        for field in self.schema.fields_of(str(below.get("_type"))):
            below = _without(below, field.path)
        return below

    def below(self, group: str, layer: str) -> Document | None:
        """Return what a version made on demand is a copy of."""
        if layer == PUBLISHED:
            return None
        published = self.after.get(group, self.before.get(group))
        return published if published is not None else self.before.get(f"drafts.{group}") if layer != DRAFTS else None

    def isolation(self, name: str, layer: str, stated: bool) -> Iterator[FrameBreach]:
        """An edit in a layer changes nothing in another, but for pointers at what was erased or unpublished."""
        if stated or layer == self.intent.layer or self.intent.layer == PUBLISHED:
            return
        if self.intent.erased or self.intent.weakened:
            return
        yield FrameBreach("I4 isolation", name, f"changed by an edit in {self.intent.layer}")

    def items(
        self, name: str, field: Field, base: Document, old: Document, document: Document
    ) -> Iterator[FrameBreach]:
        """Surviving items keep their content and their order; new items of an inverse field are weak."""
        was, earlier, now = _entries(base, field), _entries(old, field), _entries(document, field)
        if field.many:
            kept = [key for key in was if key in now]
            if kept != [key for key in now if key in was]:
                yield FrameBreach("I7 frame", name, f"items of {field.name} changed their order")
        for key, entry in now.items():
            if key in was:
                # What the user put there in this intent gets the strength that the rules give it.
                fresh = key not in earlier or not equal(earlier[key], was[key])
                may_change = fresh or _target(entry, field) in self.intent.weakened | self.intent.leaving
                if not equal(*(_plain(item, field, strength=not may_change) for item in (was[key], entry))):
                    yield FrameBreach(
                        "I7 frame", name, f"the item {key!r} of {field.name} changed: {was[key]} became {entry}"
                    )
            if key not in earlier and not (self.intent.carried and key in was):
                yield from self.strength(name, field, entry)

    def strength(self, name: str, field: Field, entry: Json) -> Iterator[FrameBreach]:
        """A new item of an inverse field is weak (all of them in a symmetric relation)."""
        for target_type in field.to:
            found = self.schema.inverse(field, target_type)
            if found is None or not found[0].inverse_weak:
                continue
            if (found[0].symmetric or not found[0].is_forward(field)) and _reference(entry, field).get(
                "_weak"
            ) is not True:
                yield FrameBreach("E8.6 strength", name, f"a new inverse reference in {field.name} is strong: {entry}")
                return

    def rest(self, document: Document) -> Document:
        """Return a document without system fields and relation fields, empty containers left by them included."""
        out: Json = {key: value for key, value in document.items() if key not in SYSTEM}
        for field in self.schema.fields_of(str(document.get("_type"))):
            out = _without(out, field.path)
        return {key: value for key, value in out.items() if value not in (None, {})}

    def content(self, document: Document) -> Document:
        """Return a document without system fields."""
        return {key: value for key, value in document.items() if key not in SYSTEM}

    def difference(self, base: Document, document: Document) -> str:
        """Name the attributes that differ."""
        left, right = self.rest(base), self.rest(document)
        names = sorted(key for key in left.keys() | right.keys() if not equal(left.get(key), right.get(key)))
        return ", ".join(f"{key} {left.get(key)!r} became {right.get(key)!r}" for key in names)


def _without(value: Json, path: Sequence[str]) -> Json:
    if not isinstance(value, dict) or path[0] not in value:
        return value
    if len(path) == 1:
        return {key: item for key, item in value.items() if key != path[0]}
    inner = _without(value[path[0]], path[1:])
    return {**value, path[0]: inner}


def _entries(document: Document, field: Field) -> dict[str, Json]:
    """Return the entries of a relation field by key (a single reference: by its target; no key: by position)."""
    value: Json = document
    for name in field.path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if not field.many:
        return {} if value is None else {str(_target(value, field)): value}
    found: dict[str, Json] = {}
    for index, item in enumerate(value if isinstance(value, list) else []):
        key = item.get("_key") if isinstance(item, Mapping) else None
        found[key if isinstance(key, str) else f"#{index}"] = item
    return found


def _reference(entry: Json, field: Field) -> Mapping[str, Json]:
    for name in field.member if field.many else ():
        entry = entry.get(name) if isinstance(entry, Mapping) else None
    return entry if isinstance(entry, Mapping) else {}


def _target(entry: Json, field: Field) -> str | None:
    target = _reference(entry, field).get("_ref")
    return target if isinstance(target, str) else None


def _plain(entry: Json, field: Field, *, strength: bool) -> Json:
    """Return an entry, without the strength of its reference unless that counts."""
    if strength:
        return entry
    bare: Json = {key: value for key, value in _reference(entry, field).items() if key not in STRENGTH}
    path = field.member if field.many else ()
    if not path:
        return bare
    return _replaced(entry, path, bare)


def _replaced(value: Json, path: Sequence[str], new: Json) -> Json:
    if not path:
        return new
    return {**value, path[0]: _replaced(value.get(path[0]), path[1:], new)}
