"""What the sync needs of a Content Lake: queries, transactions and actions, counted; how refusals are told apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, Final, Protocol

from bidir.ports import Backend
from medusa_sync.errors import LakeConflictError, LakeRefusedError, LakeUnavailableError, SyncError

__all__ = ["NO_ANSWER", "ContentLake", "Document", "Requests", "description_of", "refusal"]

Document = Mapping[str, Any]

NO_ANSWER: Final = "no answer came; whether the request was carried out is unknown"

_RETRIED: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""
_CLOSED: Final = frozenset({401, 404})
"""Statuses of a lake that does not know the caller, or in which there is no such dataset."""
_CONFLICTS: Final = frozenset(
    {"documentRevisionIDDoesNotMatchError", "documentAlreadyExistsError", "documentNotFoundError"}
)
"""Refusals that mean: the document is not (any more) what it was when it was read."""


class ContentLake(Protocol):
    """One dataset, reached in process or over HTTP; every method but `generate_id` and `backend` is one request.

    Raises, all of them: LakeUnavailableError, LakeConflictError, LakeRefusedError.
    """

    @property
    def requests(self) -> Requests:
        """How many requests have been made."""
        ...

    def query(self, groq: str, params: Mapping[str, Any] | None = None, *, perspective: str = "raw") -> Any:
        """Return the result of a GROQ query."""
        ...

    def mutate(
        self, mutations: Sequence[Mapping[str, Any]], *, transaction_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Write one transaction; return its results in order: `{"id", "operation", "document"?}`."""
        ...

    def act(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Carry out actions, such as publishing, as one transaction."""
        ...

    def generate_id(self) -> str:
        """Return a fresh id."""
        ...

    def backend(self) -> Backend:
        """Return the same dataset as the engine for two-way references takes it."""
        ...


class Requests:
    """Counts requests by kind: `query`, `mutate`, `action`; those that failed are counted, too."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def count(self, kind: str) -> None:
        """Count one; lanes of a bulk sync do so at once."""
        with self._lock:
            self._counts[kind] += 1

    def take(self) -> dict[str, int]:
        """Return the counts so far and start again."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        return dict(sorted(counts.items()))


def refusal(description: str, *, type: str, status: int | None = None, retry_after: float | None = None) -> SyncError:
    """Return the sync's word for an answer of the lake that is no success; `type` is that of its first failing item."""
    if status in _CLOSED and type not in _CONFLICTS:
        return LakeUnavailableError(description, is_closed=True)
    if status in _RETRIED:
        return LakeUnavailableError(description, retry_after=retry_after or 0.0)
    if type in _CONFLICTS:
        return LakeConflictError(description)
    return LakeRefusedError(description, type=type)


def description_of(body: Any) -> str:
    """Return what an answer that is no success says, in whichever of the service's shapes it says it."""
    error = body.get("error") if isinstance(body, Mapping) else None
    if isinstance(error, Mapping):
        return str(error.get("description", "refused without a description"))
    if isinstance(body, Mapping) and "message" in body:
        return str(body["message"])
    return "an answer that is not the lake's; is the address right?"
