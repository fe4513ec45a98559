"""What one document of an export contributes to an audit: its pointers, and the faults that show in it alone.

Source: bidirectional semantics, F8 and E8.19.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from bidir.adoption.catalogue import Catalogue
from bidir.planning.violations import Kind
from bidir.refs import Item, read_items
from bidir.relations import Field

__all__ = ["KINDS", "Fault", "Pointer", "faults_in", "pointers_in"]

KINDS: Final[tuple[Kind, ...]] = (
    "draft-id-reference",
    "unkeyed-item",
    "malformed-item",
    "duplicate-item",
    "over-cardinality",
    "one-sided",
    "double-claim",
    "dangling",
    "tolerated-dangling",
    "strong-inverse",
    "wrong-type",
    "overlap",
)
"""Kinds of violation; the tables hold their places in this list."""


class Pointer(NamedTuple):
    """A group that a field (by number) points at: the rank of its first item, and how many of its items are strong."""

    field: int
    target: str
    position: int
    strong: int


class Fault(NamedTuple):
    """A fault of one field: `kind` by name, `number` the item's index or a count, `order` its turn in the document."""

    field: int
    kind: Kind
    target: str
    number: int
    order: int


def pointers_in(catalogue: Catalogue, document: dict[str, Any], type: str) -> Iterator[Pointer]:
    """Yield what the relation fields of `document`, taken as of `type`, point at; each group once per field."""
    for number, field in catalogue.fields_of(type):
        strong: dict[str, int] = {}
        for item in read_items(document, field):
            if item.target is not None:
                weak = (item.reference or {}).get("_weak") is True
                strong[item.target] = strong.get(item.target, 0) + (not weak)
        for position, (target, count) in enumerate(strong.items()):
            yield Pointer(number, target, position, count)


def faults_in(catalogue: Catalogue, document: dict[str, Any], type: str) -> Iterator[Fault]:
    """Yield the faults of `document`'s relation fields that need no look at another document; also malformed items."""
    order = 0
    for number, field in catalogue.fields_of(type):
        items = read_items(document, field)
        for kind, target, figure in _field_faults(field, items):
            yield Fault(number, kind, target, figure, order)
            order += 1


def _field_faults(field: Field, items: list[Item]) -> Iterator[tuple[Kind, str, int]]:
    counts: dict[str, int] = {}
    for index, item in enumerate(items):
        if item.target is not None:
            counts[item.target] = counts.get(item.target, 0) + 1
        if item.fault == "draft-id":
            yield "draft-id-reference", item.target or "", index
        if field.many and item.target is not None and item.key is None:
            yield "unkeyed-item", item.target, index
        elif item.fault == "malformed":
            yield "malformed-item", "", index
    for target, count in counts.items():
        if count > 1:
            yield "duplicate-item", target, count
    if field.many and field.max is not None and len(counts) > field.max:
        yield "over-cardinality", "", len(counts)
