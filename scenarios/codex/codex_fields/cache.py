"""Relationships remembered for a minute, and dropped as soon as a change of what they were made from is heard."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bidir.clock import EngineClock
from bidir.ports import EventStream
from bidir.refs import group_of
from codex_fields.relationships import Relationship

__all__ = ["CACHE_ENTRIES_MAX", "CACHE_SECONDS", "ReferenceCache", "groups_in"]

Json = Any

CACHE_SECONDS: Final = 60.0
"""How long relationships are good for, if nothing is heard."""
CACHE_ENTRIES_MAX: Final = 10_000
"""Codices remembered; the one that was not asked for the longest goes first."""


@dataclass(frozen=True, slots=True)
class _Entry:
    relationships: tuple[Relationship, ...]
    asked_at: float
    shows: frozenset[str]
    """Every codex the relationships say something about."""


class ReferenceCache:
    """Relationships by codex and direction.

    `stream` tells of changes by anybody; without one, time and `invalidate` limit what is kept.
    """

    def __init__(
        self, clock: EngineClock, *, seconds: float = CACHE_SECONDS, stream: EventStream | None = None
    ) -> None:
        """Keep relationships for `seconds` on the lake's clock."""
        self._clock = clock
        self._seconds = seconds
        self._stream = stream
        self._welcomed = False
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        """Return how many codices' relationships are kept."""
        return len(self._entries)

    def get(self, codex_id: str, direction: str) -> tuple[Relationship, ...] | None:
        """Return what is known and still good, else None."""
        self.hear()
        key = (codex_id, direction)
        entry = self._entries.get(key)
        if entry is not None and self._clock.monotonic() - entry.asked_at < self._seconds:
            self.hits += 1
            self._entries.move_to_end(key)
            return entry.relationships
        self._entries.pop(key, None)
        self.misses += 1
        return None

    def put(self, codex_id: str, direction: str, relationships: Iterable[Relationship]) -> None:
        """Remember relationships that were asked for after the last `get`; what changed since is heard by the next."""
        kept = tuple(relationships)
        shows = {codex_id, *(one.source_id for one in kept), *(one.target_id for one in kept)}
        self._entries[codex_id, direction] = _Entry(kept, self._clock.monotonic(), frozenset(shows))
        self._entries.move_to_end((codex_id, direction))
        while len(self._entries) > CACHE_ENTRIES_MAX:
            self._entries.popitem(last=False)

    def invalidate(self, *codex_ids: str) -> None:
        """Drop everything that says something about these codices."""
        changed = {group_of(one) for one in codex_ids}
        stale = [key for key, entry in self._entries.items() if not changed.isdisjoint(entry.shows)]
        for key in stale:
            del self._entries[key]

    def forget(self) -> None:
        """Drop everything."""
        self._entries.clear()

    def hear(self) -> None:
        """Take in what the lake has told since the last time."""
        changed: set[str] = set()
        for event in self._stream.drain() if self._stream is not None else ():
            if event.get("type", "mutation") == "mutation":
                changed |= groups_in(event)
            elif event.get("type") == "welcome" and not self._welcomed:
                self._welcomed = True
            else:
                # The stream broke and began again: what was missed is not known.
                self.forget()
        if changed:
            self.invalidate(*changed)


def groups_in(event: Mapping[str, Json]) -> set[str]:
    """Return the codex an event is about, and those it points at only before or only after: for them it is incoming."""
    before, after = ({group_of(one) for one in _references(event.get(name))} for name in ("previous", "result"))
    return {group_of(str(event["documentId"])), *(before ^ after)}


def _references(value: Json) -> Iterator[str]:
    if isinstance(value, Mapping):
        if isinstance(value.get("_ref"), str):
            yield value["_ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
