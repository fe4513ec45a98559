"""What the engine needs of a lake: the small protocol that backends implement and proxies wrap.

A proxy round a backend is how faults, latency and sabotage are injected; an engine under test sees only this.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

from bidir.clock import EngineClock

__all__ = ["Backend", "Committed", "EventStream", "Hurrying"]

Json = Any
Document = Mapping[str, Any]


class Committed(Protocol):
    """The answer to a commit."""

    @property
    def transaction_id(self) -> str:
        """The transaction's id, which is the new revision of every document it wrote."""
        ...

    @property
    def documents(self) -> tuple[str, ...]:
        """Stored ids of the documents created, changed or deleted, each once."""
        ...


class EventStream(Protocol):
    """Events of a listener as they arrive: `{"type": "mutation", "documentId", "transactionId", "transition",
    "previousRev", "resultRev", "previous", "result", …}`, or another `type` of the lake.

    After an interruption a stream goes on by itself; where it cannot tell what happened meanwhile, the next event is of
    the type `reset`. Once the lake has ended it for good, reading raises a BackendError.
    """

    def drain(self) -> list[dict[str, Any]]:
        """Return every event that waits, without blocking."""
        ...

    def get(self, timeout: float | None = None) -> dict[str, Any] | None:
        """Wait up to `timeout` seconds for the next event."""
        ...

    def close(self) -> None:
        """Stop listening."""
        ...


class Backend(Protocol):
    """A Content Lake dataset as the engine sees it.

    Every method but `patched` and `generate_id` is one request. Refusals are raised as the classes of `bidir.errors`.
    """

    @property
    def clock(self) -> EngineClock:
        """Where the engine takes durations, waiting and nonces from."""
        ...

    @property
    def consistent_queries(self) -> bool:
        """Whether a query sees every committed write at once; if not, absence is confirmed by id."""
        ...

    def query(self, groq: str, params: Mapping[str, Json], *, perspective: str = "raw") -> Json:
        """Return the result of a GROQ query: over all stored documents, or what another perspective shows."""
        ...

    def documents(self, ids: Sequence[str]) -> dict[str, Document | None]:
        """Return the stored documents by stored id, None for each that does not exist (consistent read)."""
        ...

    def commit(self, mutations: Sequence[Mapping[str, Json]], *, transaction_id: str | None) -> Committed:
        """Write one atomic transaction; without an id the lake makes one.

        Raises: RevisionConflict, DocumentMissing, ReferenceRefused, PermissionRefused, RateLimited, Unavailable,
        UnknownOutcome, Refused.
        """
        ...

    def act(self, actions: Sequence[Mapping[str, Json]]) -> Committed:
        """Perform actions (`sanity.action.…`) as one request.

        Raises: as `commit`.
        """
        ...

    def revision(self, document_id: str, revision: str) -> Document | None:
        """Return the document as it was when it had this `_rev`; None if no version of its group ever had it.

        One transaction gives all it writes the same one: the version that `document_id` names counts first, then the
        group's draft, the published document, and versions in releases by name (`bidir.refs.revision_rank`).
        """
        ...

    def history(self, document_id: str) -> Iterator[Mapping[str, Json]]:
        """Yield the transactions that touched a stored document, newest first: `id`, `timestamp`, `documentIDs`,
        `mutations`.
        """
        ...

    def listen(self, groq: str, params: Mapping[str, Json]) -> EventStream:
        """Listen to every stored version of the documents a filter matches, with the documents before and after."""
        ...

    def position(self) -> str:
        """Return a cursor that stands for now, for `changed_since`."""
        ...

    def changed_since(self, position: str, types: Iterable[str]) -> dict[str, Document | None]:
        """Return, for every stored document of the types that changed since, what it was then (None: nothing)."""
        ...

    def scan(self, types: Iterable[str] | None) -> Iterator[Document]:
        """Yield every stored document of the types (None: of any type), in all layers."""
        ...

    def patched(self, document: Document, patch: Mapping[str, Json]) -> dict[str, Any]:
        """Return the document as the lake would store it after a patch (pure; `patch` is the wire object).

        Raises: Refused for a patch the lake would refuse.
        """
        ...

    def generate_id(self) -> str:
        """Return a fresh document id."""
        ...


@runtime_checkable
class Hurrying(Protocol):
    """What a backend offers that tries requests again by itself: not to, where an editor waits."""

    def hurried(self, seconds: float) -> AbstractContextManager[None]:
        """Return a context in which a call waits at most so long between its attempts, all together."""
        ...
