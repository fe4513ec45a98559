"""The lake that somebody else keeps in step, as the judge sees it: edits, documents, what changed, and time to wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from bidir.backends import LakeBackend
from bidir.backends.http import HttpBackend
from bidir.clock import EngineClock
from bidir.ports import Backend
from lakesim.ids import is_system_id
from lakesim.lake import Dataset

__all__ = ["Change", "EmbeddedWatched", "HttpWatched", "Watched"]

Change = tuple[str, str]
"""(transaction id, stored document id)."""

ALL_DOCUMENTS = '*[!(_id in path("_.**"))]'


class Watched(Protocol):
    """One dataset, watched from the start."""

    def backend(self) -> Backend:
        """Return the connection that the judge's own edits go through."""
        ...

    def documents(self) -> dict[str, dict[str, Any]]:
        """Return every stored document by stored id, the service's own apart."""
        ...

    def changes(self) -> list[Change]:
        """Return what was written since the last call, by anybody, in commit order."""
        ...

    def seconds(self) -> float:
        """Return the time, in seconds from any origin."""
        ...

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        ...


class EmbeddedWatched:
    """A lake in this process with a manual clock; `others` are called whenever time passes, each to do its work."""

    def __init__(self, dataset: Dataset, others: Sequence[Callable[[], object]] = ()) -> None:
        """Watch `dataset` from now on."""
        self._dataset = dataset
        self._others = list(others)
        self._seen = len(dataset.log())
        self.crashes: list[str] = []
        """What the others raised, in words."""

    def backend(self) -> Backend:
        """Return the connection that the judge's own edits go through."""
        return LakeBackend(self._dataset)

    def documents(self) -> dict[str, dict[str, Any]]:
        """Return every stored document by stored id."""
        return {one["_id"]: one for one in self._dataset.documents() if not is_system_id(one["_id"])}

    def changes(self) -> list[Change]:
        """Return what was written since the last call."""
        rows = self._dataset.log()[self._seen :]
        self._seen += len(rows)
        return [(row.transaction_id, one.document_id) for row in rows for one in row.changes]

    def seconds(self) -> float:
        """Return the time on the lake's clock."""
        return self._dataset.clock.now().timestamp()

    def wait(self, seconds: float) -> None:
        """Let time pass, then everybody else work."""
        self._dataset.clock.advance(seconds)
        for other in self._others:
            try:
                other()
            except Exception as error:
                # It runs beside the judge, as in a process of its own: its crash shows in what it leaves undone.
                self.crashes.append(f"{type(error).__name__}: {error}")


class HttpWatched:
    """A dataset by its address; what changes is heard from a listener, and real time passes."""

    def __init__(self, backend: HttpBackend, clock: EngineClock) -> None:
        """Listen from now on; `clock` is the judge's own."""
        self._backend = backend
        self._clock = clock
        self._stream = backend.listen("*", {})

    def backend(self) -> Backend:
        """Return the connection that the judge's own edits go through."""
        return self._backend

    def documents(self) -> dict[str, dict[str, Any]]:
        """Return every stored document by stored id."""
        return {one["_id"]: dict(one) for one in self._backend.query(ALL_DOCUMENTS, {})}

    def changes(self) -> list[Change]:
        """Return what was heard since the last call."""
        return [_change(event) for event in self._stream.drain() if event.get("type", "mutation") == "mutation"]

    def seconds(self) -> float:
        """Return the judge's own time."""
        return self._clock.monotonic()

    def wait(self, seconds: float) -> None:
        """Wait."""
        self._clock.sleep(seconds)

    def close(self) -> None:
        """Stop listening."""
        self._stream.close()


def _change(event: Mapping[str, Any]) -> Change:
    return str(event.get("transactionId")), str(event.get("documentId"))
