"""Which releases the lake has to move by itself, and when: those in transition at once, scheduled ones in their time.

It follows the log commit by commit, so that asking whether anything is due costs nothing while nothing waits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from lakesim.actions.release_document import publish_time, state_of
from lakesim.actions.states import ARROWS
from lakesim.ids import release_document_id
from lakesim.store.documents import Document
from lakesim.store.history import LoggedTransaction
from lakesim.store.memory import MemoryStore
from lakesim.store.raw_view import RELEASE_TYPE

__all__ = ["Schedule"]

_RELEASES: Final = release_document_id("")


class Schedule:
    """The releases of one dataset that wait for an arrow; used under the store's lock."""

    __slots__ = ("_moving", "_next", "_waiting")

    def __init__(self, store: MemoryStore) -> None:
        """Start with what a store holds already."""
        self._moving: set[str] = set()
        self._waiting: dict[str, datetime] = {}
        self._next: datetime | None = None
        for document_id in store.indexes.types.ids(RELEASE_TYPE):
            self._note(document_id, store.get(document_id))
        self._find_next()

    def note(self, row: LoggedTransaction) -> None:
        """Take in a committed transaction."""
        for change in row.changes:
            if change.document_id.startswith(_RELEASES):
                self._note(change.document_id, change.after)
                self._find_next()

    def _note(self, document_id: str, release: Document | None) -> None:
        name = document_id.removeprefix(_RELEASES)
        self._moving.discard(name)
        self._waiting.pop(name, None)
        arrow = None if release is None else ARROWS.get(state_of(release))
        if release is None or arrow is None:
            return
        if not arrow.timed:
            self._moving.add(name)
            return
        due = publish_time(release)
        # A scheduled release without a time stays until somebody moves it.
        if due is not None:
            self._waiting[name] = due

    def _find_next(self) -> None:
        self._next = min(self._waiting.values(), default=None)

    def is_due(self, now: datetime) -> bool:
        """Whether any release has to be moved at `now`."""
        return bool(self._moving) or (self._next is not None and self._next <= now)

    def due(self, now: datetime) -> str | None:
        """Return the release to move next: one in transition first, then by time; names decide between equals."""
        if self._moving:
            return min(self._moving)
        if self._next is None or self._next > now:
            return None
        return min(self._waiting, key=lambda name: (self._waiting[name], name))
