"""A backend in virtual time: every request costs a round trip and a service time, and nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from bidir.clock import EngineClock
from bidir.errors import RevisionConflict
from bidir.ports import Backend, Committed, Document, EventStream

__all__ = ["SERVICE_SECONDS", "VirtualBackend", "VirtualClock"]

SERVICE_SECONDS = 0.010
"""What a lake takes to answer one request (bidirectional semantics, F9)."""


class VirtualClock:
    """Time that passes only when somebody waits; nonces and jitter are those of `inner`."""

    def __init__(self, inner: EngineClock) -> None:
        """Start at zero."""
        self._inner = inner
        self._now = 0.0

    def monotonic(self) -> float:
        """Return virtual seconds since the start."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds

    def nonce(self) -> str:
        """Return a fresh short text."""
        return self._inner.nonce()

    def jitter(self) -> float:
        """Return a number in [0, 1)."""
        return self._inner.jitter()


class VirtualBackend:
    """Passes everything on to `inner`; each request lets `round_trip` and `service()` seconds pass.

    `rivals` commits are answered 409, as if somebody else had been first each time.
    """

    def __init__(
        self,
        inner: Backend,
        *,
        round_trip: float,
        service: Callable[[], float] = lambda: SERVICE_SECONDS,
        rivals: int = 0,
    ) -> None:
        """Wrap `inner`; times are in seconds."""
        self.inner = inner
        self.round_trip = round_trip
        self.service = service
        self.rivals = rivals
        self.reads = 0
        self.writes = 0
        self.documents_written = 0
        self._clock = VirtualClock(inner.clock)

    @property
    def clock(self) -> EngineClock:
        """The virtual clock."""
        return self._clock

    @property
    def consistent_queries(self) -> bool:
        """As the inner backend."""
        return self.inner.consistent_queries

    def query(self, groq: str, params: Mapping[str, Any], *, perspective: str = "raw") -> Any:
        """One read."""
        self._read()
        return self.inner.query(groq, params, perspective=perspective)

    def documents(self, ids: Sequence[str]) -> dict[str, Document | None]:
        """One read."""
        self._read()
        return self.inner.documents(ids)

    def revision(self, document_id: str, revision: str) -> Document | None:
        """One read."""
        self._read()
        return self.inner.revision(document_id, revision)

    def history(self, document_id: str) -> Iterator[Mapping[str, Any]]:
        """One read."""
        self._read()
        return self.inner.history(document_id)

    def listen(self, groq: str, params: Mapping[str, Any]) -> EventStream:
        """One read, to open the stream; events come on their own."""
        self._read()
        return self.inner.listen(groq, params)

    def position(self) -> str:
        """No request: a cursor is a time."""
        return self.inner.position()

    def changed_since(self, position: str, types: Iterable[str]) -> dict[str, Document | None]:
        """One read."""
        self._read()
        return self.inner.changed_since(position, types)

    def act(self, actions: Sequence[Mapping[str, Any]]) -> Committed:
        """One write."""
        self.writes += 1
        self._pass()
        committed = self.inner.act(actions)
        self.documents_written += len(committed.documents)
        return committed

    def scan(self, types: Iterable[str] | None) -> Iterator[Document]:
        """One read."""
        self._read()
        return self.inner.scan(types)

    def patched(self, document: Document, patch: Mapping[str, Any]) -> dict[str, Any]:
        """No request."""
        return self.inner.patched(document, patch)

    def generate_id(self) -> str:
        """No request."""
        return self.inner.generate_id()

    def commit(self, mutations: Sequence[Mapping[str, Any]], *, transaction_id: str | None) -> Committed:
        """One write.

        Raises: RevisionConflict for each of the `rivals`, and whatever the inner backend raises.
        """
        self.writes += 1
        self._pass()
        if self.rivals:
            self.rivals -= 1
            raise RevisionConflict("somebody else was first", type="documentRevisionIDDoesNotMatchError")
        committed = self.inner.commit(mutations, transaction_id=transaction_id)
        self.documents_written += len(committed.documents)
        return committed

    def _read(self) -> None:
        self.reads += 1
        self._pass()

    def _pass(self) -> None:
        self._clock.sleep(self.round_trip + self.service())
