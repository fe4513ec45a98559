"""The versions of each group and how views resolve them: the state a plan reads and rewrites.

`Snapshot` is what was read from the lake, `World` the same with a plan's changes on top. Relation fields are held as
slots (lists of items), so that a thousand changes of one long list cost a thousand small steps and not a thousand
copies; documents are put together again only where they are sent or compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from bidir.refs import (
    DRAFTS,
    PUBLISHED,
    Item,
    group_of,
    layer_of,
    read_items,
    replace_items,
    set_single,
    stored_id,
    with_value_at,
)
from bidir.relations import Field, Schema

__all__ = ["Slot", "Snapshot", "World", "copied", "is_marked", "is_variant"]

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Stored documents as read from the lake.

    `documents` maps stored ids to documents; `known` are the groups of which every version was read (a version that
    is not in `documents` does not exist); `claims_known` the groups whose referrers, in every layer, are all there;
    `locked` the releases that take no writes, `archived` those of them whose versions are put away and can come back;
    `leaving` are the groups that scheduled ones take offline.
    """

    documents: Mapping[str, Document] = dataclass_field(default_factory=dict)
    known: frozenset[str] = frozenset()
    claims_known: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()
    archived: frozenset[str] = frozenset()
    leaving: frozenset[str] = frozenset()

    def merged(self, other: Snapshot) -> Snapshot:
        """Return both together; where they disagree `other`, the later read, wins."""
        kept = {key: value for key, value in self.documents.items() if group_of(key) not in other.known}
        return Snapshot(
            {**kept, **other.documents},
            self.known | other.known,
            self.claims_known | other.claims_known,
            # A schedule may have been taken back since.
            other.locked,
            other.archived,
            other.leaving,
        )


class Slot:
    """The items of one relation field in one stored document; `counts` says how often each group occurs."""

    __slots__ = ("counts", "items")

    def __init__(self, items: Iterable[Item]) -> None:
        """Take over the items, in order."""
        self.items = list(items)
        self.counts: dict[str, int] = {}
        for item in self.items:
            if item.target is not None:
                self.counts[item.target] = self.counts.get(item.target, 0) + 1

    def copy(self) -> Slot:
        """Return a slot that can change on its own."""
        return Slot(self.items)

    def insert(self, index: int, item: Item) -> None:
        """Put `item` before position `index`."""
        self.items.insert(index, item)
        if item.target is not None:
            self.counts[item.target] = self.counts.get(item.target, 0) + 1

    def remove(self, target: str) -> None:
        """Take out every item that points at `target`."""
        if self.counts.pop(target, 0):
            self.items = [item for item in self.items if item.target != target]

    def drop(self, item: Item) -> None:
        """Take out this one item."""
        self.items = [other for other in self.items if other is not item]
        if item.target is not None:
            left = self.counts[item.target] - 1
            if left:
                self.counts[item.target] = left
            else:
                del self.counts[item.target]

    def replace(self, old: Item, new: Item) -> None:
        """Put `new` where `old` stands; both point at the same group."""
        self.items = [new if item is old else item for item in self.items]

    def refill(self, items: Iterable[Item]) -> None:
        """Hold just these items, in order."""
        fresh = Slot(items)
        self.items, self.counts = fresh.items, fresh.counts

    def keys(self) -> set[str]:
        """Return the `_key`s in use."""
        return {item.key for item in self.items if item.key is not None}


class _Versions:
    """Documents by group and layer."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self.by_group: dict[str, dict[str, Document]] = {}
        for key, document in documents.items():
            if is_variant(document):
                # No view shows it and nothing is written to it: its group is answered by the other versions.
                continue
            self.by_group.setdefault(group_of(key), {})[layer_of(key)] = document

    def own(self, group: str, layer: str) -> Document | None:
        versions = self.by_group.get(group)
        return None if versions is None else versions.get(layer)

    def layer_seen(self, group: str, view: str) -> str | None:
        """Return the layer whose version the view shows, or None where the group is absent in it."""
        versions = self.by_group.get(group)
        if not versions:
            return None
        upper = versions.get(view)
        if upper is not None:
            return None if is_marked(upper) else view
        return PUBLISHED if PUBLISHED in versions else None


def is_marked(document: Document) -> bool:
    """Whether a release version says that its group is to be unpublished."""
    system = document.get("_system")
    return isinstance(system, dict) and system.get("delete") is True


def is_variant(document: Document) -> bool:
    """Whether a version is one of several for different readers; no layer shows it, so no pair can follow it (C55)."""
    system = document.get("_system")
    return isinstance(system, dict) and system.get("variant") is not None


class World:
    """What a plan looks at and rewrites.

    `before` methods answer from the state before the change at hand, `base` from what was read (the same, unless
    the change is already committed), the others from the state with all changes so far. A look at a group
    that was not read is remembered in `needs` (in `needs_claims` for its referrers) and answered as if it did not
    exist: the caller reads more and plans again.
    """

    def __init__(
        self, schema: Schema, snapshot: Snapshot, earlier: Mapping[str, Document | None] | None = None
    ) -> None:
        """Start from what was read.

        `earlier` says, by stored id, what documents were before a change that others have already committed (None: did
        not exist); without it "before" is what was read.
        """
        self.schema = schema
        self.snapshot = snapshot
        self.needs: set[str] = set()
        self.needs_claims: set[str] = set()
        self._base = _Versions(snapshot.documents)
        self._before = self._base
        if earlier is not None:
            was = {key: document for key, document in snapshot.documents.items() if key not in earlier}
            was.update({key: document for key, document in earlier.items() if document is not None})
            self._before = _Versions(was)
        self._now = _Versions({})
        self._now.by_group = dict(self._base.by_group)
        self._parsed: dict[tuple[int, str], tuple[Document, Slot]] = {}
        self._slots: dict[tuple[str, str, str], Slot] = {}
        self._variants: frozenset[str] | None = None
        self._claims: dict[str, set[tuple[str, str]]] | None = None

    # ------------------------------------------------------------------------------------------------ existence

    def _look(self, group: str) -> None:
        if group not in self.snapshot.known:
            self.needs.add(group)

    def own(self, group: str, layer: str) -> Document | None:
        """Return the group's own version in `layer`, without slot changes (see `document`)."""
        self._look(group)
        return self._now.own(group, layer)

    def base(self, group: str, layer: str) -> Document | None:
        """Return the group's own version in `layer` as it was read: what a write starts from and locks."""
        self._look(group)
        return self._base.own(group, layer)

    def own_before(self, group: str, layer: str) -> Document | None:
        """Return the group's own version in `layer` as it was before the change at hand."""
        self._look(group)
        return self._before.own(group, layer)

    def shown_before(self, group: str, view: str) -> Document | None:
        """Return the document that `view` showed of the group before the change at hand, None where it was absent."""
        seen = self.layer_seen_before(group, view)
        return None if seen is None else self._before.own(group, seen)

    def has_variants(self, group: str) -> bool:
        """Whether the group has versions for different readers, which the engine neither reads nor writes."""
        self._look(group)
        if self._variants is None:
            self._variants = frozenset(
                group_of(key) for key, document in self.snapshot.documents.items() if is_variant(document)
            )
        return group in self._variants

    def layers_of(self, group: str) -> tuple[str, ...]:
        """Return the layers in which the group has a version now: published, drafts, then releases by name."""
        self._look(group)
        return _sorted_layers(self._now.by_group.get(group, {}))

    def layers_before(self, group: str) -> tuple[str, ...]:
        """Return the layers in which the group had a version when it was read."""
        return _sorted_layers(self._before.by_group.get(group, {}))

    def layer_seen(self, group: str, view: str) -> str | None:
        """Return the layer whose version `view` shows, None where the group is absent in the view."""
        self._look(group)
        return self._now.layer_seen(group, view)

    def layer_seen_before(self, group: str, view: str) -> str | None:
        """Return the same for the state as it was read."""
        self._look(group)
        return self._before.layer_seen(group, view)

    def visible(self, group: str, view: str) -> bool:
        """Whether the group resolves to something in `view`."""
        return self.layer_seen(group, view) is not None

    def marked(self, group: str, view: str) -> bool:
        """Whether the group's version in this layer only says that it is to be unpublished."""
        document = self.own(group, view)
        return document is not None and is_marked(document)

    def type_of(self, group: str) -> str | None:
        """Return the document type of a group, from any of its versions, now or before; None if it has none."""
        self._look(group)
        for versions in (self._now.by_group.get(group), self._before.by_group.get(group)):
            if versions:
                for layer in _sorted_layers(versions):
                    name = versions[layer].get("_type")
                    if isinstance(name, str):
                        return name
        return None

    def is_live(self, group: str) -> bool:
        """Whether the group's type is edited live."""
        name = self.type_of(group)
        return name is not None and self.schema.is_live(name)

    def fields_of(self, group: str) -> tuple[Field, ...]:
        """Return the relation fields of the group's type."""
        name = self.type_of(group)
        return () if name is None else self.schema.fields_of(name)

    def pointers_of(self, group: str) -> tuple[Field, ...]:
        """Return the same and the stored ends of derived relations."""
        name = self.type_of(group)
        return () if name is None else self.schema.pointers_of(name)

    def put(self, group: str, layer: str, document: Document | None) -> None:
        """Replace the group's version in `layer`; None removes it. Slots of that version start afresh."""
        versions = dict(self._now.by_group.get(group, {}))
        if document is None:
            versions.pop(layer, None)
        else:
            versions[layer] = document
        self._now.by_group[group] = versions
        for key in [key for key in self._slots if key[0] == group and key[1] == layer]:
            del self._slots[key]

    # ---------------------------------------------------------------------------------------------------- slots

    def parsed(self, document: Document, field: Field) -> Slot:
        """Return the field's items in a document (to read only); each document is taken apart once."""
        key = (id(document), field.name)
        hit = self._parsed.get(key)
        if hit is not None and hit[0] is document:
            return hit[1]
        slot = Slot(read_items(document, field))
        self._parsed[key] = (document, slot)
        return slot

    def slot(self, group: str, field: Field, layer: str) -> Slot | None:
        """Return the field's items in the group's own version (to read only), None without a version."""
        changed = self._slots.get((group, layer, field.name))
        if changed is not None:
            return changed
        document = self.own(group, layer)
        return None if document is None else self.parsed(document, field)

    def changing(self, group: str, field: Field, layer: str) -> Slot:
        """Return the same for writing; the version must exist."""
        key = (group, layer, field.name)
        slot = self._slots.get(key)
        if slot is None:
            document = self._now.by_group[group][layer]
            slot = self._slots[key] = self.parsed(document, field).copy()
        return slot

    def targets(self, group: str, field: Field, view: str) -> Mapping[str, int]:
        """Return the groups the field points at in `view` (keys, in order of first occurrence in the map)."""
        layer = self.layer_seen(group, view)
        if layer is None:
            return {}
        slot = self.slot(group, field, layer)
        return {} if slot is None else slot.counts

    def targets_before(self, group: str, field: Field, view: str) -> Mapping[str, int]:
        """Return the same for the state as it was read."""
        document = self.shown_before(group, view)
        return {} if document is None else self.parsed(document, field).counts

    def targets_read(self, group: str, field: Field, view: str) -> Mapping[str, int]:
        """Return the same as it was read, with what others have committed already."""
        layer = self._base.layer_seen(group, view)
        document = None if layer is None else self._base.own(group, layer)
        return {} if document is None else self.parsed(document, field).counts

    def own_targets_before(self, group: str, field: Field, layer: str) -> Mapping[str, int]:
        """Return what the group's own version in `layer` pointed at when it was read."""
        document = self._before.own(group, layer)
        return {} if document is None else self.parsed(document, field).counts

    def own_targets(self, group: str, field: Field, layer: str) -> Mapping[str, int]:
        """Return what the group's own version in `layer` points at."""
        slot = self.slot(group, field, layer)
        return {} if slot is None else slot.counts

    def holds(self, group: str, field: Field, view: str, target: str) -> bool:
        """Whether the field points at `target` in `view`."""
        return target in self.targets(group, field, view)

    def held_before(self, group: str, field: Field, view: str, target: str) -> bool:
        """Whether it did when it was read."""
        return target in self.targets_before(group, field, view)

    def document(self, group: str, layer: str) -> Document | None:
        """Return the group's version in `layer` with every slot change worked in."""
        document = self._now.own(group, layer)
        if document is None:
            return None
        for field in self.pointers_of(group):
            slot = self._slots.get((group, layer, field.name))
            if slot is None:
                continue
            if field.many:
                document = replace_items(document, field, [item.raw for item in slot.items])
            else:
                document = set_single(document, field, slot.items[0].raw if slot.items else None)
        return document

    # --------------------------------------------------------------------------------------------------- claims

    def claimants(self, target: str, view: str) -> list[tuple[str, Field]]:
        """Return (group, field) of everything that points at `target` in `view`, in order of group ids."""
        if target not in self.snapshot.claims_known:
            self.needs_claims.add(target)
        found = []
        for group, name in sorted(self._claim_index().get(target, ())):
            for field in self.fields_of(group):
                if field.name == name and self.holds(group, field, view, target):
                    found.append((group, field))  # noqa: PERF401 - a comprehension over two loops reads worse
        return found

    def claiming_groups(self, target: str) -> list[str]:
        """Return every group that points at `target` in any layer, in order."""
        if target not in self.snapshot.claims_known:
            self.needs_claims.add(target)
        return sorted({group for group, _ in self._claim_index().get(target, ())})

    def _claim_index(self) -> dict[str, set[tuple[str, str]]]:
        """Return who may point at whom: a superset, taken from the snapshot and from what was put since."""
        if self._claims is None:
            self._claims = {}
            for source in (self._before.by_group, self._base.by_group, self._now.by_group):
                for group, versions in source.items():
                    for document in versions.values():
                        name = document.get("_type")
                        for field in self.schema.pointers_of(name) if isinstance(name, str) else ():
                            for target in self.parsed(document, field).counts:
                                self._claims.setdefault(target, set()).add((group, field.name))
        return self._claims

    def groups(self) -> list[str]:
        """Return every group looked at that has a version, in order of ids."""
        return sorted(group for group, versions in self._now.by_group.items() if versions)

    def link_exists(self, group: str, target: str, back: Field, view: str) -> bool:
        """Whether `group`, which `target` holds in its field `back`, points back at `target` in `view`."""
        name = self.type_of(group)
        pair = None if name is None else self.schema.inverse(back, name)
        return pair is not None and self.holds(group, pair[1], view, target)

    def release_views(self) -> tuple[str, ...]:
        """Return every upper layer in which any group looked at has a version: drafts first, then releases by name."""
        layers = {layer for versions in self._now.by_group.values() for layer in versions}
        layers |= {layer for versions in self._before.by_group.values() for layer in versions}
        layers.discard(PUBLISHED)
        return _sorted_layers(dict.fromkeys(layers))


def _sorted_layers(layers: Iterable[str]) -> tuple[str, ...]:
    rank = {PUBLISHED: 0, DRAFTS: 1}
    return tuple(sorted(layers, key=lambda layer: (rank.get(layer, 2), layer)))


def copied(document: Document, group: str, layer: str, *, without: Iterable[Field] = ()) -> dict[str, Any]:
    """Return the body of a new version of `group` in `layer`: a copy without system fields and without `without`."""
    body: dict[str, Any] = {"_id": stored_id(group, layer)}
    body.update(
        {
            key: value
            for key, value in document.items()
            if key not in ("_id", "_rev", "_createdAt", "_updatedAt", "_system", "_originalId")
        }
    )
    for field in without:
        body = with_value_at(body, field.path, None)
    return body
