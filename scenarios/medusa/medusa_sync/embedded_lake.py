"""The content lake in this process: a dataset of lakesim behind the sync's port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bidir.backends import LakeBackend
from lakesim import errors as lake_errors
from lakesim.faults import InjectedError
from lakesim.faults import LakeUnavailableError as ConnectionLost
from lakesim.lake import Dataset
from medusa_sync.errors import LakeUnavailableError, SyncError
from medusa_sync.lake import NO_ANSWER, Requests, description_of, refusal

__all__ = ["EmbeddedLake"]


class EmbeddedLake:
    """A dataset of an embedded lake; faults that are placed there (`lake.faults`) are met as over a network."""

    def __init__(self, dataset: Dataset) -> None:
        """Take the dataset."""
        self.dataset = dataset
        self.requests = Requests()

    def query(self, groq: str, params: Mapping[str, Any] | None = None, *, perspective: str = "raw") -> Any:
        """Return the result of a GROQ query."""
        self.requests.count("query")
        try:
            return self.dataset.query(groq, params, perspective=perspective)
        except lake_errors.LakeError as error:
            raise _translated(error) from error

    def mutate(
        self, mutations: Sequence[Mapping[str, Any]], *, transaction_id: str | None = None
    ) -> list[dict[str, Any]]:
        """Write one transaction; return its results in order."""
        self.requests.count("mutate")
        try:
            answer = self.dataset.mutate(
                mutations, transaction_id=transaction_id, return_ids=True, return_documents=True
            )
        except lake_errors.LakeError as error:
            raise _translated(error) from error
        results: list[dict[str, Any]] = answer["results"]
        return results

    def act(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Carry out actions as one transaction."""
        self.requests.count("action")
        try:
            self.dataset.actions(actions)
        except lake_errors.LakeError as error:
            raise _translated(error) from error

    def generate_id(self) -> str:
        """Return a fresh id, reproducible where the lake is seeded."""
        return self.dataset.clock.generate_id()

    def backend(self) -> LakeBackend:
        """Return the dataset as the engine takes it."""
        return LakeBackend(self.dataset)


def _translated(error: lake_errors.LakeError) -> SyncError:
    if isinstance(error, ConnectionLost):
        return LakeUnavailableError(NO_ANSWER)
    if isinstance(error, InjectedError):
        text = f"{error.status}: {description_of(error.body())}"
        return refusal(text, type=error.type, status=error.status, retry_after=error.retry_after)
    causes = error.causes if isinstance(error, lake_errors.TransactionError) else []
    return refusal(str(error), type=causes[0][1].type if causes else error.type)
