"""The workers of a scenario: engines that follow the edits of others, stopped and started as the file says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bidir.conformance.proxy import ObservedBackend
from bidir.conformance.scenario import EventFault
from lakesim.suggest import did_you_mean

__all__ = ["Workers", "WorkersError"]


class WorkersError(Exception):
    """A step about a worker that means nothing: it is not there, it runs already, its events never came."""


class Cursor:
    """A worker's place in the history, kept while its process comes and goes."""

    def __init__(self) -> None:
        """Start without a place."""
        self.place: str | None = None

    def load(self) -> str | None:
        """Return the place of the last run."""
        return self.place

    def save(self, cursor: str) -> None:
        """Keep the place."""
        self.place = cursor


class Workers:
    """Followers by name.

    An engine follows if it has `follow(cursor=store)`, whose result has `settle()`, which handles every event and
    returns outcomes, and `close()`.
    """

    def __init__(self) -> None:
        """Start with none."""
        self._followers: dict[str, Any] = {}
        self._backends: dict[str, ObservedBackend] = {}
        self._cursors: dict[str, Cursor] = {}

    def __contains__(self, name: str) -> bool:
        """Whether this worker runs."""
        return name in self._followers

    def __bool__(self) -> bool:
        """Whether any worker runs."""
        return bool(self._followers)

    def start(self, name: str, follow: Callable[..., Any], backend: ObservedBackend) -> None:
        """Let an engine follow, from the place where a worker of that name stopped.

        Raises: WorkersError if it runs.
        """
        if name in self._followers:
            raise WorkersError(f'"{name}" follows already; stop_worker comes first')
        self._followers[name] = follow(cursor=self._cursors.setdefault(name, Cursor()))
        self._backends[name] = backend

    def stop(self, name: str) -> None:
        """End a worker; its cursor stays.

        Raises: WorkersError if it does not run, or events it should have missed never came.
        """
        self._known(name)
        self.check_faults(name)
        self._followers.pop(name).close()
        self._backends.pop(name)

    def arm(self, fault: EventFault) -> None:
        """Let something happen to the next events of one worker or of all.

        Raises: WorkersError if there is no such worker.
        """
        if fault.to is not None:
            self._known(fault.to)
        for name in [fault.to] if fault.to is not None else list(self._followers):
            for stream in self._backends[name].streams:
                stream.arm(fault)

    def settle(self, only: str | None = None) -> list[Any]:
        """Let every worker (or one) handle the events that have come; return what they did.

        Raises: WorkersError if an event that was to be lost, doubled or turned round never came.
        """
        done: list[Any] = []
        for name in [only] if only is not None else list(self._followers):
            done += self._followers[name].settle() or ()
            self.check_faults(name)
        return done

    def check_faults(self, name: str) -> None:
        """Make sure that the events of a worker have met their faults.

        Raises: WorkersError.
        """
        unused = sum(stream.unused for stream in self._backends[name].streams)
        if unused:
            raise WorkersError(f'events: {unused} fewer came to "{name}" than were to be lost, doubled or turned round')

    def quarantined(self) -> list[str] | None:
        """Return the documents that the workers leave alone, None if one of them does not tell."""
        found: set[str] = set()
        for follower in self._followers.values():
            told = getattr(follower, "quarantined", None)
            if told is None:
                return None
            found |= set(told)
        return sorted(found)

    def close(self) -> None:
        """End all of them."""
        for follower in self._followers.values():
            follower.close()
        self._followers.clear()

    def _known(self, name: str) -> None:
        if name not in self._followers:
            raise WorkersError(f'no worker "{name}" follows.{did_you_mean(name, self._followers)}')
