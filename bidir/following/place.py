"""The place in the history up to which everything has been carried through, and where something may have been missed.

Source: bidirectional semantics, F7 (cursor persisted; on start, what changed since the cursor is looked at).
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from itertools import islice
from typing import Protocol

from bidir.following.sequence import BUFFER_SECONDS_MAX, GONE
from bidir.outcome import Pending

__all__ = ["IN_FLIGHT_SECONDS_MAX", "MARK_SECONDS", "WAITING_MAX", "CursorStore", "Place"]

IN_FLIGHT_SECONDS_MAX = BUFFER_SECONDS_MAX
"""How long an event may be on its way; the cursor stays that far behind the present, so that a restart misses none."""
MARK_SECONDS = 5.0
"""How far apart the places are that the cursor may move to."""
WAITING_MAX = 10_000
"""Halves that are kept with the cursor because no later event would tell of them; the oldest first."""
_ENVELOPE = '{"position":'


class CursorStore(Protocol):
    """Where a follower keeps its place between runs."""

    def load(self) -> str | None:
        """Return the cursor of the last run, None for a first run."""
        ...

    def save(self, cursor: str) -> None:
        """Keep the cursor: everything up to it has been carried through."""
        ...


class Place:
    """A follower's place: `position` in the history, and what `waited` there when the last run ended.

    What waits lies behind the cursor: were it not kept with it, it would be forgotten with the process.
    """

    def __init__(
        self, cursor: CursorStore | None, present: Callable[[], str], waiting: Callable[[], Iterable[Pending]]
    ) -> None:
        """Begin where the last run ended, or now.

        `present` asks the lake for the place that is now, `waiting` tells what waits now.
        """
        self._cursor = cursor
        self._present = present
        self._waiting = waiting
        self._marks: deque[tuple[float, str]] = deque()
        # From a place on something may have been missed, of all or only of some documents; kept until it was looked at.
        self._behind: dict[str, frozenset[str]] = {}
        kept = cursor.load() if cursor is not None else None
        self.position, self.waited = (present(), ()) if kept is None else _opened(kept)
        if cursor is not None and kept is None:
            # A first run that ends before anything was carried through must not be a first run again.
            cursor.save(self.position)

    @property
    def behind(self) -> bool:
        """Whether there is a place from which on something may have been missed."""
        return bool(self._behind)

    def fall_behind(self, chains: Mapping[str, str] | None = None) -> None:
        """Note that something may have been missed since `position`; of the documents in `chains` since a revision."""
        self._behind[self.position] = frozenset()
        for document_id, revision in (chains or {}).items():
            if revision not in (GONE, self.position):
                self._behind[revision] = self._behind.get(revision, frozenset()) | {document_id}

    def missed(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Yield (place, documents; none: all) of what is still to be looked at; the next step forgets the last.

        Where the lake does not answer meanwhile, what was yielded stays noted.
        """
        while self._behind:
            place, only = next(iter(self._behind.items()))
            yield place, only
            del self._behind[place]

    def advance(self, now: float) -> None:
        """Move on, nothing being left to carry through.

        What the lake has committed by now may not have been heard yet, so the cursor goes to where the lake was so long
        ago that every event of that time has come.
        """
        reached = None
        while self._marks and now - self._marks[0][0] >= IN_FLIGHT_SECONDS_MAX:
            reached = self._marks.popleft()[1]
        if reached is not None:
            self.reach(reached)
        if not self._marks or now - self._marks[-1][0] >= MARK_SECONDS:
            self._marks.append((now, self._present()))

    def reach(self, position: str) -> None:
        """Keep the place: everything before `position` has been carried through, or waits."""
        self.position = position
        if self._cursor is not None:
            self._cursor.save(_closed(position, islice(self._waiting(), WAITING_MAX)))


def _closed(position: str, waiting: Iterable[Pending]) -> str:
    """Return the cursor's text: the position alone where nothing waits."""
    items = [asdict(one) for one in waiting]
    return json.dumps({"position": position, "waits": items}, ensure_ascii=False) if items else position


def _opened(cursor: str) -> tuple[str, tuple[Pending, ...]]:
    """Return the position and what waited."""
    if not cursor.startswith(_ENVELOPE):
        return cursor, ()
    held = json.loads(cursor)
    return held["position"], tuple(Pending(**one) for one in held["waits"])
