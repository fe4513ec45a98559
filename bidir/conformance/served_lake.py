"""A lake over HTTP to judge on (`lakesim serve`): a fresh dataset for every scenario, gone again afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final

from bidir.backends.http import HttpBackend, HttpCommit
from bidir.backends.http.address import API_VERSION, address_of
from bidir.backends.http.past import documents_at
from bidir.clock import EngineClock, SystemClock
from bidir.conformance.fenced import MARK_ID, MARK_TYPE, FencedStream, hearing_marks, mark
from bidir.conformance.lake_controls import LakeControls
from bidir.conformance.lakes import SEED
from bidir.errors import NotSupportedError
from bidir.ports import Backend, EventStream
from lakesim.clock import TRANSACTION_TICK, format_micros
from lakesim.groq import query as run_query
from lakesim.ids import is_system_id

__all__ = ["PROJECT", "ServedLake", "ServedLakes"]

PROJECT: Final = "bidir-conformance"
"""The project on the lake that belongs to the judge, so that nobody else's documents or clock are touched."""
Documents = dict[str, dict[str, Any]]


class ServedLakes:
    """Makes a fresh `ServedLake` whenever it is called; a context manager that deletes what is left."""

    def __init__(self, url: str, *, token: str | None = None, project: str = PROJECT) -> None:
        """Connect to a lake; nobody else should use its `project` meanwhile.

        Raises: AddressError, BackendError where the lake cannot be reached or does not admit this.
        """
        self.url = url
        self.token = token
        self.project = project
        address = address_of(url, project=project, dataset="production", api_version=API_VERSION)
        self.controls = LakeControls(address, token)
        self._run = SystemClock().nonce()[:8]
        self._made = 0
        self._open: list[ServedLake] = []

    def __call__(self) -> ServedLake:
        """Return a lake with nothing in it; those before it are closed.

        Raises: BackendError.
        """
        self._close_open()
        self._made += 1
        made = ServedLake(self, f"conformance-{self._run}-{self._made}")
        self._open.append(made)
        return made

    def _close_open(self) -> None:
        while self._open:
            self._open.pop().close()

    def close(self) -> None:
        """Delete what is left and disconnect."""
        self._close_open()
        self.controls.close()

    def __enter__(self) -> ServedLakes:
        """Return the maker itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()


class ServedLake:
    """A fresh dataset of a served lake, with time standing still where the lake lets it."""

    def __init__(self, lakes: ServedLakes, dataset: str) -> None:
        """Make the dataset.

        Raises: BackendError.
        """
        self._lakes = lakes
        self._controls = lakes.controls
        self._dataset = dataset
        self._controls.start_over()
        self._controls.create_dataset(dataset)
        self._ids = SystemClock(SEED)
        self.clock: EngineClock = _LakeTime(self, self._ids)
        self._backends: list[HttpBackend] = []
        self.writes = 0
        self._marks = 0
        # What the lake said after so many writes: nobody else writes here, so it holds until the next.
        self._known_seconds: tuple[int, float] | None = None
        self._known_log: tuple[int, list[dict[str, Any]]] | None = None
        self._rows_told = 0
        self._existing: set[str] = set()
        self._own = self._connected(_PlainBackend)

    def close(self) -> None:
        """Disconnect everybody and delete the dataset."""
        for backend in self._backends:
            backend.close()
        self._controls.delete_dataset(self._dataset)

    def backend(self, *, query_lag: float = 0) -> Backend:
        """Return a new connection for an engine, whose queries are so many seconds behind."""
        made = self._connected(_LaggingBackend if query_lag else _JudgedBackend)
        made.lag = query_lag
        return made

    def _connected(self, kind: type[_PlainBackend]) -> _PlainBackend:
        lakes = self._lakes
        made = kind(lakes.url, project=lakes.project, dataset=self._dataset, token=lakes.token, clock=self.clock)
        made.lake = self
        self._backends.append(made)
        return made

    # ---------------------------------------------------------------------------------------------- the judge's

    def seconds(self) -> float:
        """Return the time on the lake's clock, without what the marks took."""
        if self._known_seconds is None or self._known_seconds[0] != self.writes:
            spent = self._marks * TRANSACTION_TICK.total_seconds() if self._controls.stands_still else 0.0
            self._known_seconds = (self.writes, self._controls.seconds() - spent)
        return self._known_seconds[1]

    def documents(self) -> Documents:
        """Return every stored document by stored id."""
        rows = self._own.query("*[_id != $mark]", {"mark": MARK_ID})
        return {document["_id"]: document for document in rows}

    def mutate(self, mutations: Sequence[Mapping[str, Any]]) -> None:
        """Write past every engine."""
        self._own.commit(mutations, transaction_id=None)

    def act(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Perform lake actions past every engine."""
        self._own.act(actions)

    def advance(self, seconds: float) -> None:
        """Let time pass.

        Raises: SkipPlay for a lake whose clock cannot be moved.
        """
        self._controls.advance(seconds)
        self.writes += 1

    def transactions(self) -> int:
        """Return how many transactions have changed documents (the service's own, such as a release's, apart)."""
        return sum(any(not is_system_id(one) for one in row["documentIDs"]) for row in self.log())

    def events(self) -> list[tuple[str, str]]:
        """Return (stored id, transition) of everything that happened since the last call, in commit order."""
        rows = self.log()
        fresh = rows[self._rows_told :]
        self._rows_told = len(rows)
        return [(one, self._transition(one, row["mutations"])) for row in fresh for one in row["documentIDs"]]

    def _transition(self, document_id: str, mutations: Iterable[Mapping[str, Any]]) -> str:
        """Return how a listener on everything sees what a transaction did to a document."""
        was = document_id in self._existing
        last = [kind for one in mutations for kind, body in one.items() if _id_of(body) == document_id][-1:]
        if last == ["delete"]:
            self._existing.discard(document_id)
            return "disappear"
        self._existing.add(document_id)
        return "update" if was else "appear"

    # ------------------------------------------------------------------------------------- for the engines' side

    def log(self) -> list[dict[str, Any]]:
        """Return the log's rows without the marks.

        Raises: SkipPlay for a lake that does not show its log.
        """
        if self._known_log is None or self._known_log[0] != self.writes:
            rows = [row for row in self._controls.log(self._dataset) if row["documentIDs"] != [MARK_ID]]
            self._known_log = (self.writes, rows)
        return self._known_log[1]

    def write_mark(self) -> int:
        """Write a mark behind everything so far and return its number."""
        self._marks += 1
        self._own.commit([mark(self._marks)], transaction_id=None)
        return self._marks


def _id_of(body: Mapping[str, Any]) -> Any:
    return body.get("id", body.get("_id"))


class _LakeTime:
    """The lake's clock as an engine sees it; nonces come from one seeded sequence for all engines on a lake."""

    def __init__(self, lake: ServedLake, ids: SystemClock) -> None:
        self._lake = lake
        self._ids = ids

    def monotonic(self) -> float:
        return self._lake.seconds()

    def sleep(self, seconds: float) -> None:
        self._lake.advance(seconds)

    def nonce(self) -> str:
        return self._ids.nonce()

    def jitter(self) -> float:
        return self._ids.jitter()


class _PlainBackend(HttpBackend):
    """A backend that tells its lake of writes."""

    lake: ServedLake
    lag: float = 0

    def commit(self, mutations: Sequence[Mapping[str, Any]], *, transaction_id: str | None) -> HttpCommit:
        try:
            return super().commit(mutations, transaction_id=transaction_id)
        finally:
            self.lake.writes += 1

    def act(self, actions: Sequence[Mapping[str, Any]]) -> HttpCommit:
        try:
            return super().act(actions)
        finally:
            self.lake.writes += 1

    def at(self, ids: Iterable[str], time: str) -> list[dict[str, Any]]:
        """Return documents as they stood at a time."""
        return [dict(one) for one in documents_at(self._connection, ids, time=time).values()]


class _JudgedBackend(_PlainBackend):
    """A backend for an engine: its listeners have heard everything that was written when they are asked."""

    def listen(self, groq: str, params: Mapping[str, Any]) -> EventStream:
        inner = super().listen(hearing_marks(groq), params)
        return FencedStream(inner, lambda: self.lake.writes, self.lake.write_mark)

    def changed_since(self, position: str, types: Iterable[str]) -> dict[str, Mapping[str, Any] | None]:
        # The mark is the newest transaction then, so that it is certain when everything was told.
        self.lake.write_mark()
        earlier = super().changed_since(position, [*types, MARK_TYPE])
        earlier.pop(MARK_ID, None)
        return earlier


class _LaggingBackend(_JudgedBackend):
    """The same with queries that show the documents as they were `lag` seconds ago."""

    def __init__(self, url: str, **options: Any) -> None:
        super().__init__(url, **options, consistent_queries=False)

    def query(self, groq: str, params: Mapping[str, Any], *, perspective: str = "raw") -> Any:
        if groq == "now()":
            return super().query(groq, params)
        if perspective != "raw":
            raise NotSupportedError(f'a query behind its time shows what is stored ("raw"), not "{perspective}"')
        then = format_micros(datetime.fromtimestamp(self.lake.seconds() - self.lag, UTC))
        ids = dict.fromkeys(one for row in self.lake.log() for one in row["documentIDs"])
        return run_query(groq, self.at(ids, then), dict(params))
