"""Draws updates of relation fields the way editors make them: set, replace, clear, add, remove, from either side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, TypeVar

from bidir.conformance.criteria.catalogue import GROUPS, WEIGHTS, reference
from bidir.conformance.invariants import resolve_view

__all__ = ["Update", "UpdateDrawer", "pointed_at"]

Documents = Mapping[str, Mapping[str, Any]]
_Item = TypeVar("_Item")

CLEARED_SHARE: Final = 0.25
"""How many of the updates of a field that holds something take it out."""
TRIES: Final = 1_000
"""Draws before a busy document is taken after all: an engine under which everything waits leaves no other."""
FIELDS: Final = (("book", "author"), ("author", "currentBook"), ("book", "series"), ("series", "books"))
LIST_FIELD: Final = "books"
TARGET_TYPES: Final = {"author": "author", "currentBook": "book", "series": "series", "books": "book"}


@dataclass(frozen=True, slots=True)
class Update:
    """One change of a relation field: in `layer` the field of `source` gets `target`, or loses it (`removes`).

    `patch` is what a client sends, without the id.
    """

    layer: str
    source: str
    field: str
    target: str
    removes: bool
    patch: Mapping[str, Any]

    @property
    def mutations(self) -> list[dict[str, Any]]:
        """The client's mutations."""
        return [{"patch": {"id": self.source, **self.patch}}]

    def stands(self, documents: Documents) -> bool:
        """Whether the user's own field says what the update wanted."""
        return (self.target in pointed_at(documents, self.layer, self.source, self.field)) != self.removes


def pointed_at(documents: Documents, layer: str, group: str, field: str) -> tuple[str, ...]:
    """Return the groups that a field holds in the view of a layer, in order."""
    value = resolve_view(documents, layer).get(group, {}).get(field)
    items = value if isinstance(value, list) else [value]
    return tuple(item["_ref"] for item in items if isinstance(item, Mapping) and "_ref" in item)


class UpdateDrawer:
    """Draws by `chance`, which gives numbers from 0 to 1; item keys count up, so that a run repeats."""

    def __init__(self, chance: Callable[[], float]) -> None:
        """Start counting keys."""
        self._chance = chance
        self._keys = 0

    def draw(self, documents: Documents, *, busy: Collection[str]) -> Update:
        """Draw an update that changes something; groups that are `busy` are left alone, as long as there are others."""
        for attempt in count():
            layer = self._layer()
            kind, field = self._one_of(FIELDS)
            source = self._one_of(GROUPS[kind])
            found = self._of(documents, layer, source, field)
            if found is not None and (attempt > TRIES or not {found.source, found.target} & set(busy)):
                return found
        raise AssertionError("counting never ends")

    def author_of_a_book(self, documents: Documents, *, busy: Collection[str], target: str | None = None) -> Update:
        """Draw the requirement's own update: a book gets another author, or the one called `target`."""
        for attempt in count():
            layer, source = self._layer(), self._one_of(GROUPS["book"])
            wanted = self._one_of(GROUPS["author"]) if target is None else target
            if wanted in pointed_at(documents, layer, source, "author"):
                continue
            if attempt > TRIES or not {source, wanted} & set(busy):
                return Update(layer, source, "author", wanted, False, {"set": {"author": reference(wanted)}})
        raise AssertionError("counting never ends")

    def _of(self, documents: Documents, layer: str, source: str, field: str) -> Update | None:
        held = pointed_at(documents, layer, source, field)
        free = [one for one in GROUPS[TARGET_TYPES[field]] if one not in held]
        removes = bool(held) and (not free or self._chance() < CLEARED_SHARE)
        target = self._one_of(held if removes else free)
        return Update(layer, source, field, target, removes, self._patch(field, target, removes))

    def _patch(self, field: str, target: str, removes: bool) -> dict[str, Any]:
        if field != LIST_FIELD:
            return {"unset": [field]} if removes else {"set": {field: reference(target)}}
        if removes:
            return {"unset": [f'{field}[_ref=="{target}"]']}
        self._keys += 1
        item = {"_key": f"k{self._keys}", **reference(target)}
        return {"setIfMissing": {field: []}, "insert": {"after": f"{field}[-1]", "items": [item]}}

    def _layer(self) -> str:
        left = self._chance()
        for layer, share in WEIGHTS:
            left -= share
            if left < 0:
                return layer
        return WEIGHTS[0][0]

    def _one_of(self, items: Sequence[_Item]) -> _Item:
        return items[int(self._chance() * len(items))]
