"""Patches that add, remove or move links in one field: element operations by key, never a whole array.

Pure: a document as it was read goes in, wire patches without id come out. Source: bidirectional semantics, F2 (separate
patches, so that no order of operations inside one is assumed), F4 (element operations), E8.5 (positions), R11 (keys).
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bidir.errors import IntentError
from bidir.origin import item_key
from bidir.refs import Item, read_items, same_json, value_at, with_value_at
from bidir.relations import Field
from bidir.suggest import one_of

__all__ = ["LinkPatches", "add_patches", "remove_patches", "reorder_patches"]

Json = Any
Document = Mapping[str, Any]

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
"""What the lake takes as the name of an attribute."""
_OWN_MEMBERS = frozenset({"_key", "_type", "_ref", "_weak", "_strengthenOnPublish"})
"""What a reference object may hold besides nothing: the lake refuses metadata beside a reference."""


@dataclass(frozen=True, slots=True)
class LinkPatches:
    """Patches for one document, to be sent in this order; none if there is nothing to do.

    `exact`: they name neighbours, positions or whole items as they were read, so they hold for that revision only.
    """

    patches: tuple[dict[str, Json], ...] = ()
    exact: bool = False


def add_patches(
    document: Document,
    field: Field,
    reference: Mapping[str, Json],
    *,
    label: str,
    item: Mapping[str, Json] | None = None,
    at: int | None = None,
    anew: bool = False,
) -> LinkPatches:
    """Return the patches that make `field` point at `reference["_ref"]`.

    `item` holds further members of an array item, `at` is the position it is inserted before (None: the end), `label`
    the relation's name, from which its key is derived. A target that is there already is not added again: its item
    gets the members of `item` and keeps its place; with `anew` it is said again, because what the document says was
    said in another layer.
    Raises: IntentError for an item or a position that does not fit the field.
    """
    _check_item(field, item)
    if not field.many:
        if at is not None:
            raise IntentError(f"{field.name} is a single reference and has no positions; leave `at` out")
        return _set_single({} if anew else document, field, reference)
    items = _items(document, field)
    target = str(reference["_ref"])
    for index, held in enumerate(items):
        if held.target == target:
            again = _said_again(field, items, index, reference) if anew else LinkPatches()
            amended = _amended(field, items, index, item or {})
            return LinkPatches((*again.patches, *amended.patches), again.exact or amended.exact)
    raw = _new_item(field, reference, item, label, items)
    return _inserted(field, items, raw, at)


def remove_patches(document: Document, field: Field, target: str) -> LinkPatches:
    """Return the patches after which `field` no longer points at the group `target`."""
    if not field.many:
        held = read_items(document, field)
        if any(one.target == target for one in held):
            return LinkPatches(({"unset": [".".join(field.path)]},))
        return LinkPatches()
    items = _items(document, field)
    gone = [index for index, held in enumerate(items) if held.target == target]
    return _unset(field, items, gone)


def reorder_patches(document: Document, field: Field, targets: Sequence[str]) -> LinkPatches:
    """Return the patches after which `field` points at `targets` in this order; items move whole, with key and members.

    Only the items that are not in order already are moved. Items without a usable reference keep their position.
    Raises: IntentError if `targets` are not exactly those the field points at.
    """
    if not field.many:
        raise IntentError(f"{field.name} is a single reference: there is nothing to reorder")
    items = _items(document, field)
    _check_permutation(field, items, targets)
    rank = {target: place for place, target in enumerate(targets)}
    movable = [index for index, held in enumerate(items) if held.target is not None]
    # Sorting is stable: two items for one target (old data) stay together in the order they had.
    wanted = iter(sorted(movable, key=lambda index: rank[items[index].target or ""]))
    order = [next(wanted) if held.target is not None else index for index, held in enumerate(items)]
    staying = _longest_rising(order)
    moved = [index for index in order if index not in staying]
    if not moved:
        return LinkPatches()
    unset = _unset(field, items, sorted(moved))
    return LinkPatches((*unset.patches, *_reinserted(field, items, order, staying)), exact=True)


# ------------------------------------------------------------------------------------------------------- reading


def _items(document: Document, field: Field) -> list[Item]:
    """Return the items of an array field; an absent or null one has none.

    Raises: IntentError where something else than an array is stored.
    """
    value = value_at(document, field.path)
    if value is not None and not isinstance(value, list):
        raise IntentError(f"{document['_id']}: {field.name} should be an array and is {json.dumps(value)[:60]}")
    return read_items(document, field)


def _check_item(field: Field, item: Mapping[str, Json] | None) -> None:
    if item is None:
        return
    if not isinstance(item, Mapping) or not all(isinstance(name, str) and name for name in item):
        raise IntentError(f"item is an object with the further members of the array item, not {item!r}")
    for name in item:
        if not _NAME.fullmatch(name):
            raise IntentError(f'item: "{name}" is no attribute name; they have letters, digits, _ and - only')
    if not field.many:
        raise IntentError(f"{field.name} is a single reference and holds no metadata; leave `item` out")
    key = item.get("_key")
    if key is not None and not (isinstance(key, str) and key):
        raise IntentError(f'item: "_key" is a text, not {key!r}')
    if not field.member:
        extra = [name for name in item if name not in _OWN_MEMBERS - {"_ref"}]
        if extra:
            raise IntentError(
                f"{field.name} holds plain references, which take no other members such as {one_of(extra[:3])}; "
                "make its items objects that carry the reference"
            )
    elif (fault := _fault_on_the_way(item, field.member)) is not None:
        raise IntentError(fault)
    elif field.item_type is not None and item.get("_type", field.item_type) != field.item_type:
        raise IntentError(f'item: items of {field.name} have the _type "{field.item_type}", not "{item["_type"]}"')


def _fault_on_the_way(item: Mapping[str, Json], member: Sequence[str]) -> str | None:
    """Return what is wrong with `item` where the reference will stand, None if nothing is."""
    value: Json = item
    for depth, name in enumerate(member):
        value = value.get(name)
        if value is None:
            return None
        if depth + 1 < len(member) and not isinstance(value, dict):
            return f'item: "{".".join(member[: depth + 1])}" is an object, in which the reference stands, not {value!r}'
    return f'item: "{".".join(member)}" is the reference itself; name its target as `target` and leave it out'


def _check_permutation(field: Field, items: Sequence[Item], targets: Sequence[str]) -> None:
    held = dict.fromkeys(item.target for item in items if item.target is not None)
    uses = Counter(targets)
    missing = [target for target in held if target not in uses]
    unknown = [target for target in uses if target not in held]
    twice = [target for target in uses if uses[target] > 1]
    faults = []
    for word, names in (("leaves out", missing), ("names what is not there:", unknown), ("names twice", twice)):
        if names:
            faults.append(f"{word} {one_of(names[:5], word='and')}" + (" and more" if len(names) > 5 else ""))
    if faults:
        raise IntentError(
            f"reorder of {field.name} takes every target once, in the new order; this list {', and '.join(faults)}"
        )


# ------------------------------------------------------------------------------------------------------- patches


def _set_single(document: Document, field: Field, reference: Mapping[str, Json]) -> LinkPatches:
    held = read_items(document, field)
    if any(one.target == reference["_ref"] for one in held):
        return LinkPatches()
    return LinkPatches(({"set": {".".join(field.path): dict(reference)}},))


def _new_item(
    field: Field, reference: Mapping[str, Json], item: Mapping[str, Json] | None, label: str, items: Sequence[Item]
) -> dict[str, Json]:
    taken = {held.key for held in items if held.key is not None}
    given = dict(item or {})
    key = given.pop("_key", None)
    if key is None:
        attempt = 0
        while (key := item_key(label, str(reference["_ref"]), attempt)) in taken:
            attempt += 1
    elif key in taken:
        raise IntentError(f'item: the _key "{key}" is taken by another item of {field.name}; leave it out')
    if not field.member:
        return {**reference, **given, "_key": key}
    raw: dict[str, Json] = {"_key": key}
    if field.item_type is not None:
        raw["_type"] = field.item_type
    return with_value_at({**raw, **given}, field.member, dict(reference))


def _inserted(field: Field, items: Sequence[Item], raw: dict[str, Json], at: int | None) -> LinkPatches:
    path = ".".join(field.path)
    if at is not None and (not isinstance(at, int) or isinstance(at, bool) or not 0 <= at <= len(items)):
        raise IntentError(f"at is a position from 0 to {len(items)} in {field.name}, not {at!r}")
    exact = False
    if at is None or at == len(items):
        anchor = {"after": f"{path}[-1]"}
    elif at == 0:
        anchor = {"before": f"{path}[0]"}
    else:
        anchor = {"before": _places(field, items)[at]}
        exact = True
    return LinkPatches(({"setIfMissing": {path: []}}, {"insert": {**anchor, "items": [raw]}}), exact)


def _amended(field: Field, items: Sequence[Item], index: int, item: Mapping[str, Json]) -> LinkPatches:
    """Set the members of `item` that differ on the item that is there; its key and reference stay."""
    where = _places(field, items)[index]
    changes = dict(_changes(items[index].raw, item, field.member, where))
    return LinkPatches(({"set": changes},), exact=not _by_key(where)) if changes else LinkPatches()


def _said_again(field: Field, items: Sequence[Item], index: int, reference: Mapping[str, Json]) -> LinkPatches:
    """Set the reference of the item that is there; its key and other members stay."""
    where = _places(field, items)[index]
    key = items[index].key
    whole = {**reference, "_key": key} if key is not None and not field.member else dict(reference)
    return LinkPatches(({"set": {where + "".join(map(_attribute, field.member)): whole}},), exact=not _by_key(where))


def _changes(raw: Json, item: Mapping[str, Json], member: Sequence[str], where: str) -> Iterator[tuple[str, Json]]:
    """Yield path and value of what `item` says differently; beside the reference every member is set on its own."""
    held = raw if isinstance(raw, dict) else {}
    for name, value in item.items():
        if name in ("_key", "_type"):
            continue
        if member and name == member[0]:
            yield from _changes(held.get(name), value, member[1:], where + _attribute(name))
        elif not (name in held and same_json(held[name], value)):
            yield where + _attribute(name), value


def _attribute(name: str) -> str:
    return f".{name}" if _IDENTIFIER.fullmatch(name) else f"['{name}']"


def _places(field: Field, items: Sequence[Item]) -> list[str]:
    """Return the path of every item: by key, or by index where it has no key of its own."""
    path = ".".join(field.path)
    uses = Counter(item.key for item in items)
    return [
        f"{path}[{index}]" if item.key is None or uses[item.key] > 1 else f"{path}[_key=={json.dumps(item.key)}]"
        for index, item in enumerate(items)
    ]


def _by_key(place: str) -> bool:
    return place.endswith('"]')


def _unset(field: Field, items: Sequence[Item], gone: Sequence[int]) -> LinkPatches:
    """Return one patch that takes out the items at the rising positions `gone`."""
    if not gone:
        return LinkPatches()
    # From the end, so that an index still counts when its turn comes; keys do not mind.
    every = _places(field, items)
    places = [every[index] for index in reversed(gone)]
    return LinkPatches(({"unset": places},), exact=not all(map(_by_key, places)))


def _longest_rising(order: Sequence[int]) -> frozenset[int]:
    """Return the members of a longest rising subsequence: the items that need not move."""
    tails: list[int] = []
    ends: list[int] = []
    before: dict[int, int | None] = {}
    for index in order:
        place = bisect_left(tails, index)
        before[index] = ends[place - 1] if place else None
        if place == len(tails):
            tails.append(index)
            ends.append(index)
        else:
            tails[place] = index
            ends[place] = index
    kept: set[int] = set()
    last = ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = before[last]
    return frozenset(kept)


def _reinserted(
    field: Field, items: Sequence[Item], order: Sequence[int], staying: frozenset[int]
) -> Iterator[dict[str, Json]]:
    """Yield one insert per run of moved items, from the front, so that all before it stands as wanted already."""
    path, places = ".".join(field.path), _places(field, items)
    place = 0
    while place < len(order):
        if order[place] in staying:
            place += 1
            continue
        run = place
        while run < len(order) and order[run] not in staying:
            run += 1
        moved = [items[index].raw for index in order[place:run]]
        before = places[order[place - 1]] if place else ""
        after = before if _by_key(before) else f"{path}[{place - 1}]"
        yield {"insert": {**({"after": after} if place else {"before": f"{path}[0]"}), "items": moved}}
        place = run
