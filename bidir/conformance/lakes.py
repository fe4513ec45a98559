"""The lake that a scenario is played on, as the judge sees it: documents, raw edits, time, transactions, events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from bidir.backends import LakeBackend
from bidir.conformance.lagging import LaggingBackend
from bidir.ports import Backend
from lakesim import Lake, NotSupportedError
from lakesim.ids import is_system_id
from lakesim.store.history import Change

__all__ = ["SEED", "EmbeddedLake", "JudgedLake", "LakeFactory"]

DATASET = "production"
SEED = 1
"""Every scenario starts on a lake with this seed, so that a run repeats byte for byte."""


class JudgedLake(Protocol):
    """A fresh dataset with nothing in it, and the judge's own way in beside the engine's."""

    def backend(self, *, query_lag: float = 0) -> Backend:
        """Return a new connection for an engine, whose queries are so many seconds behind."""
        ...

    def seconds(self) -> float:
        """Return the time on the lake's clock, in seconds from any origin."""
        ...

    def documents(self) -> dict[str, dict[str, Any]]:
        """Return every stored document by stored id."""
        ...

    def mutate(self, mutations: Sequence[Mapping[str, Any]]) -> None:
        """Write past every engine."""
        ...

    def act(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Perform lake actions past every engine."""
        ...

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        ...

    def transactions(self) -> int:
        """Return how many transactions have changed documents (the service's own, such as a release's, apart)."""
        ...

    def events(self) -> list[tuple[str, str]]:
        """Return (stored id, transition) of everything that happened since the last call, in commit order."""
        ...


LakeFactory: TypeAlias = Callable[[], JudgedLake]


class EmbeddedLake:
    """A lake in this process, in memory, with time standing still."""

    def __init__(self, *, seed: int = SEED) -> None:
        """Start empty."""
        self.lake = Lake(seed=seed)
        self.dataset = self.lake.dataset(DATASET)
        self._seen = 0

    def backend(self, *, query_lag: float = 0) -> Backend:
        """Return a new connection for an engine, whose queries are so many seconds behind."""
        return LaggingBackend(self.dataset, lag=query_lag) if query_lag else LakeBackend(self.dataset)

    def seconds(self) -> float:
        """Return the time on the lake's clock."""
        return self.lake.clock.now().timestamp()

    def documents(self) -> dict[str, dict[str, Any]]:
        """Return every stored document by stored id."""
        return {document["_id"]: document for document in self.dataset.documents()}

    def mutate(self, mutations: Sequence[Mapping[str, Any]]) -> None:
        """Write past every engine."""
        self.dataset.mutate([dict(mutation) for mutation in mutations])

    def act(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Perform lake actions past every engine."""
        actions_of = getattr(self.dataset, "actions", None)
        if actions_of is None:
            raise NotSupportedError("the embedded lake has no actions yet; write the documents with mutations instead")
        actions_of([dict(action) for action in actions])

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.lake.clock.advance(seconds)

    def transactions(self) -> int:
        """Return how many transactions have changed documents (the service's own, such as a release's, apart)."""
        return sum(any(not is_system_id(change.document_id) for change in row.changes) for row in self.dataset.log())

    def events(self) -> list[tuple[str, str]]:
        """Return (stored id, transition) of everything that happened since the last call, in commit order."""
        rows = self.dataset.log()[self._seen :]
        self._seen += len(rows)
        return [(change.document_id, _transition(change)) for row in rows for change in row.changes]


def _transition(change: Change) -> str:
    """Return how a listener on everything sees a change."""
    if change.before is None:
        return "appear"
    return "disappear" if change.after is None else "update"
