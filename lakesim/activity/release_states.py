"""The state that each release was in, followed along the log."""

from __future__ import annotations

from datetime import datetime

from lakesim.clock import parse_time
from lakesim.ids import release_document_id
from lakesim.jsonvalue import Json
from lakesim.store.documents import Document
from lakesim.store.history import LoggedTransaction

__all__ = ["ReleaseStates"]

_PREFIX = release_document_id("")


class ReleaseStates:
    """Knows, while rows are fed to it oldest first, the state of every release before and after the row."""

    def __init__(self) -> None:
        """Start at the beginning of the log."""
        self._now: dict[str, Document] = {}
        self._before: dict[str, Document | None] = {}
        self._timed: set[str] = set()

    def feed(self, row: LoggedTransaction) -> None:
        """Go on to the next row."""
        self._before = {}
        for change in row.changes:
            if change.document_id.startswith(_PREFIX):
                name = change.document_id.removeprefix(_PREFIX)
                self._before[name] = self._now.get(name)
                self._follow(name, change.after, row.timestamp)

    def _follow(self, name: str, after: Document | None, instant: datetime) -> None:
        if after is None:
            self._now.pop(name, None)
            self._timed.discard(name)
            return
        self._now[name] = after
        if after.get("state") == "scheduled" and _is_later(after.get("publishAt"), instant):
            self._timed.add(name)
        elif after.get("state") in ("active", "archived"):
            self._timed.discard(name)

    def state(self, name: str) -> str | None:
        """Return the state of a release after the row, None if there is none of that name."""
        release = self._now.get(name)
        return None if release is None else release.get("state")

    def moved(self, name: str) -> tuple[Document | None, Document | None] | None:
        """Return a release's document before and after the row, None if the row did not touch it."""
        return (self._before[name], self._now.get(name)) if name in self._before else None

    def is_timed(self, name: str) -> bool:
        """Whether a release is waiting for a time to come, or was until it was published.

        One that is published at once passes through being scheduled as well, for now.
        """
        return name in self._timed


def _is_later(time: Json, instant: datetime) -> bool:
    try:
        return isinstance(time, str) and parse_time(time) > instant
    except ValueError:
        return False
