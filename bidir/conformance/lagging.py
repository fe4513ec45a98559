"""A backend whose queries are behind: what a search index shows while reads by id see every committed write."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bidir.backends import LakeBackend
from bidir.errors import NotSupportedError
from lakesim.groq import query as run_query
from lakesim.lake import Dataset

__all__ = ["LaggingBackend"]


class LaggingBackend(LakeBackend):
    """The embedded lake with queries that show the documents as they were `lag` seconds ago."""

    consistent_queries = False

    def __init__(self, dataset: Dataset, *, lag: float) -> None:
        """Wrap `dataset`."""
        super().__init__(dataset)
        self._lag = timedelta(seconds=lag)

    def query(self, groq: str, params: Mapping[str, Any], *, perspective: str = "raw") -> Any:
        """Return the result over all stored documents as they were then.

        Raises: NotSupportedError for another perspective than `raw`.
        """
        if perspective != "raw":
            raise NotSupportedError(f'a query behind its time shows what is stored ("raw"), not "{perspective}"')
        return run_query(groq, self._documents_then(), dict(params))

    def _documents_then(self) -> list[dict[str, Any]]:
        """Return the stored documents of that moment: today's, with everything since undone from the log."""
        since = self.dataset.clock.now() - self._lag
        documents: dict[str, Any] = {document["_id"]: document for document in self.dataset.documents()}
        for row in reversed(self.dataset.log()):
            if row.timestamp <= since:
                break
            for change in reversed(row.changes):
                if change.before is None:
                    documents.pop(change.document_id, None)
                else:
                    documents[change.document_id] = change.before
        return list(documents.values())
