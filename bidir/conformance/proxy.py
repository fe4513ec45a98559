"""A backend between an engine and the lake: counts every request and lets faults happen on purpose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bidir.backends.naming import acted_ids, mutated_ids
from bidir.conformance.answers import CALLS_MAX, RunawayError
from bidir.conformance.scenario import Fault
from bidir.conformance.streams import ObservedStream
from bidir.errors import PermissionRefused, RateLimited, RevisionConflict, Unavailable, UnknownOutcome
from bidir.ports import Backend, Committed, EventStream
from lakesim.ids import published_id

__all__ = ["ObservedBackend", "ProcessDied", "Traffic", "acted_ids", "mutated_ids"]


class ProcessDied(BaseException):
    """The engine's process dies here; not an Exception, because no engine may catch its own death."""


@dataclass(slots=True)
class Traffic:
    """What went through since the last reset: requests by kind, and the documents of each commit that took effect.

    `calls` counts everything that was asked of the backend, requests or not.
    """

    reads: int = 0
    writes: int = 0
    calls: int = 0
    committed: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def documents_written(self) -> int:
        """Documents created, changed or deleted, summed over the commits."""
        return sum(len(documents) for documents in self.committed)


class ObservedBackend:
    """Passes everything on to `inner`; `traffic` counts, `denied` refuses, `fault` and `before_commit` interfere."""

    def __init__(
        self, inner: Backend, *, denied: set[str] | None = None, on_request: Callable[[], None] | None = None
    ) -> None:
        """Wrap `inner`; `denied` (published ids nobody may write here) may be shared and changed from outside.

        `on_request` is called with every request, which is how one takes its time.
        """
        self.inner = inner
        self.streams: list[ObservedStream] = []
        self._on_request = on_request or _nothing
        self.traffic = Traffic()
        self.denied = set() if denied is None else denied
        self.before_commit: Callable[[], None] | None = None
        self._left: dict[str, int] = {}
        self._crash: str | None = None

    def arm(self, fault: Fault | None) -> None:
        """Let `fault` happen to the next commits; None takes what is left of an earlier one away."""
        self._left = {} if fault is None else fault.model_dump(include=set(_COUNTED))
        self._crash = None if fault is None else fault.crash

    def __getattr__(self, name: str) -> Any:
        """Pass everything that is no write on to the inner backend; what is a request is counted as a read."""
        self._bound()
        value = getattr(self.inner, name)
        if name in _NO_REQUEST or not callable(value):
            return value

        def read(*arguments: Any, **options: Any) -> Any:
            self.traffic.reads += 1
            self._on_request()
            return value(*arguments, **options)

        return read

    def listen(self, groq: str, params: Mapping[str, Any]) -> EventStream:
        """Open a stream whose events may be lost, doubled or turned round on the way (`streams`)."""
        stream = ObservedStream(self.inner.listen(groq, params))
        self.streams.append(stream)
        return stream

    def commit(self, mutations: Sequence[Mapping[str, Any]], *, transaction_id: str | None) -> Committed:
        """Count a write and pass it on, unless the fault of the day or a denied document is in the way."""
        return self._send(mutated_ids(mutations), lambda: self.inner.commit(mutations, transaction_id=transaction_id))

    def act(self, actions: Sequence[Mapping[str, Any]]) -> Committed:
        """Count a write and pass it on, as a commit."""
        return self._send(acted_ids(actions), lambda: self.inner.act(actions))

    def _bound(self) -> None:
        self.traffic.calls += 1
        if self.traffic.calls > CALLS_MAX:
            raise RunawayError

    def _send(self, ids: Sequence[str], send: Callable[[], Committed]) -> Committed:
        self._bound()
        self.traffic.writes += 1
        hook, self.before_commit = self.before_commit, None
        if hook is not None:
            hook()
        self._on_request()
        self._refuse(ids)
        if self._crash == "before-commit":
            raise ProcessDied
        committed = send()
        self.traffic.committed.append(tuple(committed.documents))
        if self._crash == "after-commit":
            raise ProcessDied
        if self._take("lose_response"):
            raise UnknownOutcome("the answer was lost on the way")
        return committed

    def _refuse(self, ids: Sequence[str]) -> None:
        if self._take("unavailable"):
            raise Unavailable("the lake does not take requests just now")
        if self._take("rate_limited"):
            raise RateLimited("too many requests", retry_after=1.0)
        if self._take("conflict"):
            raise RevisionConflict("somebody else was first", type="documentRevisionIDDoesNotMatchError")
        for document_id in ids:
            if published_id(document_id) in self.denied:
                raise PermissionRefused(
                    'Insufficient permissions; permission "update" required',
                    type="insufficientPermissionsError",
                    document_id=document_id,
                )

    def _take(self, name: str) -> bool:
        """Whether one more of the counted fault is due; it is used up by asking."""
        left = self._left.get(name, 0)
        self._left[name] = max(0, left - 1)
        return left > 0


_NO_REQUEST = frozenset({"clock", "consistent_queries", "patched", "generate_id", "hurried"})
"""What a backend offers without a request of its own."""


def _nothing() -> None:
    """Let a request take no time."""


_COUNTED = ("lose_response", "unavailable", "rate_limited", "conflict")
