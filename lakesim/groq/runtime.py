"""What a running program asks its surroundings: documents, time, names. One object per run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakesim.clock import format_millis
from lakesim.groq.dataset import Dataset, Document
from lakesim.groq.environment import Environment
from lakesim.groq.plan import documents_of, resolve
from lakesim.groq.values import DateTime, Value
from lakesim.jsonvalue import Json

__all__ = ["RELEASE_TYPE", "Reading", "Runtime", "TracingRuntime"]

RELEASE_TYPE = "system.release"
"""`_type` of the documents that `releases::all()` returns."""


class Runtime:
    """The state of one run of one program; `rt` in generated code."""

    __slots__ = ("_dataset", "_environment", "_instant", "get", "params", "root")

    def __init__(
        self, dataset: Dataset, environment: Environment, params: Mapping[str, Json], *, root: Value = None
    ) -> None:
        """Stand ready; the clock is not read until a query asks for the time.

        `root` is the value of `@` outside every scope, instead of the environment's.
        """
        self.root = environment.root if root is None else root
        self._dataset = dataset
        self._environment = environment
        self._instant: datetime | None = None
        self.params = params
        self.get: Callable[[str], Document | None] = dataset.get

    @property
    def identity(self) -> str:
        """The caller."""
        return self._environment.identity

    @property
    def project_id(self) -> str | None:
        """The project's id."""
        return self._environment.project_id

    @property
    def dataset_name(self) -> str | None:
        """The dataset's name."""
        return self._environment.dataset

    @property
    def before(self) -> Json:
        """The document before the change."""
        return self._environment.before

    @property
    def after(self) -> Json:
        """The document after the change."""
        return self._environment.after

    def instant(self) -> datetime:
        """Return the time of this run, the same however often it is asked."""
        if self._instant is None:
            self._instant = self._environment.instant()
        return self._instant

    def now(self) -> DateTime:
        """Return the time as a datetime."""
        return DateTime.of(self.instant())

    def now_text(self) -> str:
        """Return the time as text with milliseconds."""
        return format_millis(self.instant())

    def scan(self, source: int) -> Iterable[Document]:
        """Return all documents, for the program's source of this number."""
        return self._dataset.documents()

    def narrow(self, source: int, lookup: tuple[Any, ...]) -> Iterable[Document]:
        """Return the documents that a lookup allows, or all of them if that is no worse."""
        dataset = self._dataset
        answer = resolve(dataset, lookup)
        if answer is None or answer.size >= len(dataset):
            return dataset.documents()
        return documents_of(dataset, answer)

    def releases(self) -> list[Document]:
        """Return the documents of all releases."""
        found = self._dataset.releases()
        if found is not None:
            return list(found)
        keys = self._dataset.keys_of_type(RELEASE_TYPE)
        documents = self._dataset.documents() if keys is None else map(self._dataset.document, keys)
        return [document for document in documents if type(document) is dict and document.get("_type") == RELEASE_TYPE]


@dataclass(slots=True)
class Reading:
    """How one source was read during a run.

    Shape: `index` the index that answered, None for a scan; `times` how often; `documents` how many were looked at.
    """

    index: str | None = None
    times: int = 0
    documents: int = 0


class TracingRuntime(Runtime):
    """A runtime that keeps account of what is read."""

    __slots__ = ("readings",)

    def __init__(self, dataset: Dataset, environment: Environment, params: Mapping[str, Json]) -> None:
        """Start with an empty account."""
        super().__init__(dataset, environment, params)
        self.readings: dict[int, Reading] = {}

    def scan(self, source: int) -> Iterable[Document]:
        """Return all documents and count those that are taken."""
        return self._counted(source, None, super().scan(source))

    def narrow(self, source: int, lookup: tuple[Any, ...]) -> Iterable[Document]:
        """Return the documents that a lookup allows and count those that are taken."""
        answer = resolve(self._dataset, lookup)
        used = None if answer is None or answer.size >= len(self._dataset) else answer.index
        return self._counted(source, used, super().narrow(source, lookup))

    def _counted(self, source: int, index: str | None, documents: Iterable[Document]) -> Iterator[Document]:
        reading = self.readings.setdefault(source, Reading())
        reading.times += 1
        reading.index = index or reading.index
        for document in documents:
            reading.documents += 1
            yield document
