"""The reading half of a dataset: documents by id, queries, and how much there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from lakesim.access import Standing
from lakesim.dataset.core import Core
from lakesim.groq import CompiledQuery, Environment, Explanation, SourceMap
from lakesim.groq import Dataset as GroqDataset
from lakesim.ids import validate_id
from lakesim.jsonvalue import Json, copy
from lakesim.live import Reads
from lakesim.perspective import Perspective, PerspectiveView, view_of
from lakesim.store.raw_view import RawView, Readable, both
from lakesim.store.statistics import statistics_of

__all__ = ["Reading"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What somebody of a certain standing reads in a dataset. All that is returned is copied."""

    core: Core
    standing: Standing

    @property
    def raw(self) -> RawView:
        """The documents as they are stored, as far as they may be read."""
        return RawView(self.core.store, readable=self.standing.readable)

    def count(self) -> int:
        """Return the number of documents."""
        self.core.run_due()
        if self.standing.readable is None:
            return len(self.core.store.documents)
        return sum(1 for _ in self.documents())

    def documents(self) -> Iterator[dict[str, Any]]:
        """Iterate over copies of all documents by `_id`, as they were at the call."""
        with self.core.settled():
            documents = list(self.raw.documents())
        return map(copy, documents)

    def get(self, document_id: str) -> dict[str, Any] | None:
        """Return the document stored under this id, or None.

        Raises: InvalidValueError for a malformed id.
        """
        validate_id(document_id, self.core.limits)
        with self.core.settled():
            document = self.raw.get(document_id)
        found: dict[str, Any] | None = copy(document)
        return found

    def fetch(self, document_ids: Iterable[str], *, include_all_versions: bool) -> dict[str, Any]:
        """Return the documents stored under these ids, and why others are not among them.

        Raises: InvalidValueError for a malformed id.
        """
        wanted = [validate_id(document_id, self.core.limits) for document_id in document_ids]
        with self.core.settled():
            raw = self.raw
            if include_all_versions:
                wanted = list(dict.fromkeys(key for document_id in wanted for key in raw.keys_of_group(document_id)))
            found = [(document_id, raw.get(document_id)) for document_id in wanted]
            omitted = [{"id": key, "reason": self._why_omitted(key)} for key, document in found if document is None]
        return {"documents": [copy(document) for _, document in found if document is not None], "omitted": omitted}

    def _why_omitted(self, document_id: str) -> str:
        # To callers without a name what they may not read does not exist (section 1.4); others are told (6.1).
        standing, document = self.standing, self.core.store.get(document_id)
        if document is None or standing.rights is None or standing.is_anonymous:
            return "existence"
        return "existence" if standing.rights.may("read", document) else "permission"

    def query(
        self,
        compiled: CompiledQuery,
        *,
        perspective: Perspective,
        readable: Readable | None,
        reads: Reads | None,
        source_map: SourceMap | None,
    ) -> Json:
        """Return the result of a query; what it read is noted in `reads`, whence its values came in `source_map`.

        Raises: GroqError, BadRequestError for an invalid perspective.
        """
        with self.core.settled():
            view: GroqDataset = self.view(perspective, readable)
            environment = self.environment()
            result = compiled.run(view if reads is None else reads.over(view), environment)
            if source_map is not None:
                source_map.fill(compiled.trace(view, environment))
        return copy(result)

    def explain(self, compiled: CompiledQuery, *, perspective: Perspective) -> Explanation:
        """Run a query and return the account of it.

        Raises: as `query`.
        """
        with self.core.settled():
            account = compiled.explain(self.view(perspective), self.environment())
        # Of a dataset that is not wholly shown, its size is not told either.
        return account if self.standing.readable is None else replace(account, dataset_size=self.count())

    def view(self, perspective: Perspective, readable: Readable | None = None) -> RawView | PerspectiveView:
        """Return what a query in this perspective reads, of that only what is `readable`; valid until the next write.

        Raises: BadRequestError for an invalid perspective.
        """
        core = self.core
        return view_of(core.store, perspective, core.choices, readable=both(self.standing.readable, readable))

    def environment(self) -> Environment:
        """Return what queries know of their surroundings at this moment."""
        return self.core.environment(self.standing.identity)

    def statistics(self) -> dict[str, Any]:
        """Return how much of the dataset's bounds is used up."""
        with self.core.settled():
            return statistics_of(self.core.store, self.core.limits, readable=self.standing.readable)
