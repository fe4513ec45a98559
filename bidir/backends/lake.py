"""The embedded lake as a backend: the only place where the engine meets the emulator."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bidir.backends.lake_events import LakeEventStream
from bidir.backends.patching import patched
from bidir.backends.refusals import translated
from bidir.clock import EngineClock
from bidir.errors import UnknownOutcome
from bidir.ports import EventStream
from bidir.refs import group_of, revision_rank
from lakesim import errors as lake_errors
from lakesim.clock import Clock
from lakesim.lake import Dataset
from lakesim.listen.listener import Listener

__all__ = ["LakeBackend", "LakeCommit"]

Json = Any
Document = Mapping[str, Any]

SCAN_QUERY = "*[_type in $types]"


@dataclass(frozen=True, slots=True)
class LakeCommit:
    """The answer to a commit: its id and the stored ids it wrote."""

    transaction_id: str
    documents: tuple[str, ...]


@contextmanager
def _translating() -> Generator[None]:
    """Let a refusal of the lake leave as the engine's word for it."""
    try:
        yield
    except lake_errors.LakeError as error:
        raise translated(error) from error


class _LakeClock:
    """The lake's own clock as the engine sees it: seeded with the lake, and manual where the lake's is."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def monotonic(self) -> float:
        return self._clock.now().timestamp() if self._clock.is_manual else self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        if self._clock.is_manual:
            self._clock.advance(seconds)

    def nonce(self) -> str:
        return self._clock.generate_id()

    def jitter(self) -> float:
        return int(self._clock.generate_key(), 16) / float(16**12)


class LakeBackend:
    """A dataset of the embedded lake (`lakesim.Lake().dataset(name)`) behind the engine's port."""

    consistent_queries = True

    def __init__(self, dataset: Dataset) -> None:
        """Wrap `dataset`."""
        self.dataset = dataset
        self._clock = _LakeClock(dataset.clock)
        self._choices = dataset.choices.patch

    @property
    def clock(self) -> EngineClock:
        """The lake's clock."""
        return self._clock

    def query(self, groq: str, params: Mapping[str, Json], *, perspective: str = "raw") -> Json:
        """Return the result over all stored documents, or over what another perspective shows."""
        with _translating():
            return self.dataset.query(groq, dict(params), perspective=perspective)

    def documents(self, ids: Sequence[str]) -> dict[str, Document | None]:
        """Return the stored documents by id, None for each that does not exist."""
        with _translating():
            return {document_id: self.dataset.get(document_id) for document_id in ids}

    def commit(self, mutations: Sequence[Mapping[str, Json]], *, transaction_id: str | None) -> LakeCommit:
        """Write one atomic transaction; without an id the lake makes one."""
        with _translating():
            answer = self.dataset.mutate(list(mutations), transaction_id=transaction_id, return_ids=True)
        written = dict.fromkeys(row["id"] for row in answer["results"] if row["operation"] != "none")
        return LakeCommit(answer["transactionId"], tuple(written))

    def act(self, actions: Sequence[Mapping[str, Json]]) -> LakeCommit:
        """Perform actions as one request; which documents they wrote stands in the history."""
        name = self._clock.nonce()
        lost: UnknownOutcome | None = None
        try:
            with _translating():
                self.dataset.actions(list(actions), transaction_id=name)
        except UnknownOutcome as error:
            lost = error
        if not actions:
            return LakeCommit(name, ())
        try:
            rows = list(self.dataset.transactions(from_transaction=name, exclude_mutations=True))
        except lake_errors.BadRequestError:
            # No transaction has that id: what was asked for has not been done.
            if lost is not None:
                raise lost from None
            raise
        written = dict.fromkeys(document_id for row in rows for document_id in row["documentIDs"])
        return LakeCommit(name, tuple(written))

    def revision(self, document_id: str, revision: str) -> Document | None:
        """Return the version that had this `_rev`, as it was then: the one named, else the first of its group."""
        try:
            rows = self.dataset.transactions(from_transaction=revision, to_transaction=revision, exclude_mutations=True)
        except lake_errors.BadRequestError:
            # No transaction has that id.
            return None
        group = group_of(document_id)
        names = [name for row in rows for name in row["documentIDs"] if group_of(name) == group]
        for name in sorted(names, key=lambda one: revision_rank(one, document_id)):
            found = self.dataset.revision(name, revision)
            if found is not None:
                return found
        return None

    def history(self, document_id: str) -> Iterator[Mapping[str, Json]]:
        """Yield the transactions that touched a stored document, newest first."""
        with _translating():
            rows = self.dataset.transactions([document_id], reverse=True)
        yield from rows

    def listen(self, groq: str, params: Mapping[str, Json]) -> EventStream:
        """Listen to every stored version of the documents a filter matches."""
        return LakeEventStream(lambda: self._listener(groq, dict(params)))

    def _listener(self, groq: str, params: dict[str, Json]) -> Listener:
        with _translating():
            return self.dataset.listen(groq, params, include_result=True, include_previous_revision=True)

    def position(self) -> str:
        """Return the id of the last transaction, or an empty text for a dataset without any."""
        rows = self.dataset.log_tail(1)
        return rows[-1].transaction_id if rows else ""

    def changed_since(self, position: str, types: Iterable[str]) -> dict[str, Document | None]:
        """Return what every document that changed since was then."""
        wanted = frozenset(types)
        earlier: dict[str, Document | None] = {}
        with _translating():
            rows = self.dataset.log_since(position)
        for row in rows:
            for change in row.changes:
                shown = change.after or change.before or {}
                if shown.get("_type") in wanted and change.document_id not in earlier:
                    earlier[change.document_id] = change.before
        return earlier

    def scan(self, types: Iterable[str] | None) -> Iterator[Document]:
        """Yield every stored document of the types, None for any."""
        if types is None:
            yield from self.dataset.query("*", {}, perspective="raw")
            return
        yield from self.dataset.query(SCAN_QUERY, {"types": list(types)}, perspective="raw")

    def patched(self, document: Document, patch: Mapping[str, Json]) -> dict[str, Any]:
        """Return the document as the lake would store it after a patch."""
        return patched(document, patch, self._choices)

    def generate_id(self) -> str:
        """Return a fresh document id."""
        return self.dataset.clock.generate_id()
