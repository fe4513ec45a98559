"""A dataset of a served lake or a real project behind the engine's port, by the public HTTP API alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Any, Final

import httpx2

from bidir.backends.http.address import API_VERSION, DATASET, Address, address_of
from bidir.backends.http.answers import member
from bidir.backends.http.connection import (
    CONNECT_SECONDS,
    PATIENCE_SECONDS,
    READ_SECONDS,
    RETRIES_MAX,
    Connection,
)
from bidir.backends.http.events import HttpEventStream
from bidir.backends.http.past import (
    IDS_PER_REQUEST,
    QUIET_SECONDS,
    Position,
    changed_since,
    documents_at,
    query,
    until,
)
from bidir.backends.naming import acted_ids, mutated_ids
from bidir.backends.patching import patched
from bidir.clock import EngineClock, SystemClock
from bidir.errors import BackendError, Refused, Unavailable
from bidir.ports import EventStream
from bidir.refs import DRAFTS, PUBLISHED, group_of, revision_rank, stored_id
from lakesim.clock import parse_time
from lakesim.jsonvalue import dumps

__all__ = ["HttpBackend", "HttpCommit"]

Json = Any
Document = Mapping[str, Any]

HISTORY_PAGE: Final = 50
"""Transactions in one request for a document's history, as the Studio asks for them."""
NOWHERE: Final = "*[_id == $nowhere]"
"""What a listener hears nothing of: it is opened to learn the position."""
VERSIONS: Final = "*[sanity::versionOf($group)]._id"


@dataclass(frozen=True, slots=True)
class HttpCommit:
    """The answer to a commit: its id and the stored ids it wrote."""

    transaction_id: str
    documents: tuple[str, ...]


class HttpBackend:
    """A dataset over HTTP. Every method is one request, but: `listen` and `position` ask for the time first, `act`
    asks what was written, `documents`, `history` and `scan` go page by page, and `changed_since` takes what it needs.

    A context manager; leaving it closes the listeners and the connections.
    """

    def __init__(
        self,
        url: str,
        *,
        project: str | None = None,
        dataset: str = DATASET,
        token: str | None = None,
        api_version: str = API_VERSION,
        clock: EngineClock | None = None,
        consistent_queries: bool | None = None,
        patience: float = PATIENCE_SECONDS,
        retries: int = RETRIES_MAX,
        connect_timeout: float = CONNECT_SECONDS,
        read_timeout: float = READ_SECONDS,
        quiet: float = QUIET_SECONDS,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        """Take a lake's address (`http://127.0.0.1:3333`, `https://PROJECT.api.sanity.io`); nothing is sent yet.

        `patience` is what one call may wait between attempts, `retries` how many it makes after the first;
        `consistent_queries` says whether queries see every write at once (default: a lake on this machine does, others
        may not); `quiet` is the silence that ends the catching up of `changed_since`. All times are in seconds.
        `transport` replaces the network. Raises: AddressError.
        """
        self._address = address_of(url, project=project, dataset=dataset, api_version=api_version)
        self.clock: EngineClock = clock or SystemClock()
        self.consistent_queries = self._address.is_local if consistent_queries is None else consistent_queries
        self._quiet = quiet
        self._streams: list[HttpEventStream] = []
        self._connection = Connection(
            self._address,
            token=token,
            clock=self.clock,
            patience=patience,
            retries=retries,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            transport=transport,
        )

    @property
    def address(self) -> Address:
        """Where the dataset is."""
        return self._address

    @property
    def requests(self) -> Counter[str]:
        """How many requests were sent, by endpoint: query, doc, mutate, actions, history, export, listen."""
        return self._connection.requests

    @contextmanager
    def hurried(self, seconds: float) -> Generator[None]:
        """Let calls wait at most so long between their attempts, all together: somebody waits for them."""
        usual, self._connection.patience = self._connection.patience, min(seconds, self._connection.patience)
        try:
            yield
        finally:
            self._connection.patience = usual

    def __repr__(self) -> str:
        """Name the place; the token stays hidden."""
        return f"<HttpBackend: {self._address}>"

    def close(self) -> None:
        """Close every listener and every connection."""
        for stream in list(self._streams):
            stream.close()
        self._connection.close()

    def __enter__(self) -> HttpBackend:
        """Return the backend itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    # -------------------------------------------------------------------------------------------------- reading

    def query(self, groq: str, params: Mapping[str, Json], *, perspective: str = "raw") -> Json:
        """Return the result over all stored documents, or over what another perspective shows."""
        return query(self._connection, groq, params, perspective=perspective)

    def documents(self, ids: Sequence[str]) -> dict[str, Document | None]:
        """Return the stored documents by id, None for each that does not exist or may not be read."""
        found: dict[str, Document | None] = dict.fromkeys(ids)
        wanted = list(found)
        for start in range(0, len(wanted), IDS_PER_REQUEST):
            names = ",".join(wanted[start : start + IDS_PER_REQUEST])
            answer = self._connection.read("GET", "doc", f"/{names}")
            found.update((one["_id"], one) for one in member(answer, "documents") if one["_id"] in found)
        return found

    def scan(self, types: Iterable[str] | None) -> Iterator[Document]:
        """Yield every stored document of the types (None: any), from an export; one that breaks off is taken up again.

        Raises: BackendError.
        """
        seen: set[str] = set()
        params = None if types is None else {"types": ",".join(types)}
        attempts = 0
        while params is None or params["types"]:
            try:
                for document in self._connection.lines("export", "", params=params):
                    if document["_id"] not in seen:
                        seen.add(document["_id"])
                        yield document
                return
            except Unavailable:
                attempts += 1
                if attempts > self._connection.retries:
                    raise

    # -------------------------------------------------------------------------------------------------- writing

    def commit(self, mutations: Sequence[Mapping[str, Json]], *, transaction_id: str | None) -> HttpCommit:
        """Write one atomic transaction; without an id the lake makes one, and a lost answer is not asked for again."""
        named = {} if transaction_id is None else {"transactionId": transaction_id}
        answer = self._connection.write(
            "mutate",
            params={"returnIds": "true", "visibility": "sync"},
            body={"mutations": list(mutations), **named},
            items=mutations,
            settle=None if transaction_id is None else partial(self._settled, transaction_id, mutated_ids(mutations)),
        )
        if isinstance(answer, HttpCommit):
            return answer
        written = dict.fromkeys(row["id"] for row in member(answer, "results") if row["operation"] != "none")
        return HttpCommit(member(answer, "transactionId"), tuple(written))

    def act(self, actions: Sequence[Mapping[str, Json]]) -> HttpCommit:
        """Perform actions as one request; a second one asks the history which documents they wrote."""
        name = self.clock.nonce()
        ids = acted_ids(actions)
        answer = self._connection.write(
            "actions",
            params={},
            body={"actions": list(actions), "transactionId": name},
            items=actions,
            settle=partial(self._settled, name, ids),
        )
        if isinstance(answer, HttpCommit):
            return answer
        made = str(member(answer, "transactionId"))
        if not actions:
            return HttpCommit(made, ())
        written: list[str] | None = None
        # What was done is done, whether or not the history can be read.
        with suppress(BackendError):
            written = self._written_since(made, ids)
        return HttpCommit(made, tuple(dict.fromkeys(written if written is not None else ids)))

    def _settled(self, transaction_id: str, ids: Sequence[str]) -> HttpCommit | None:
        """Return what a transaction whose answer was lost did, None if it did not take place.

        Its id is the revision of what it wrote; where others wrote since, or all of it was deletions, the history
        knows it.
        """
        found = self.documents(ids)
        if any(one is not None and one.get("_rev") == transaction_id for one in found.values()):
            written = [key for key, one in found.items() if one is None or one.get("_rev") == transaction_id]
            return HttpCommit(transaction_id, tuple(written))
        try:
            rows = list(self._rows(ids, fromTransaction=transaction_id, toTransaction=transaction_id))
        except Refused:
            # The lake does not know the transaction.
            return None
        touched = dict.fromkeys(one for row in rows if row["id"] == transaction_id for one in row["documentIDs"])
        return HttpCommit(transaction_id, tuple(touched)) if touched else None

    def _written_since(self, transaction_id: str, ids: Sequence[str]) -> list[str]:
        return [one for row in self._rows(ids, fromTransaction=transaction_id) for one in row["documentIDs"]]

    # ------------------------------------------------------------------------------------------------- the past

    def revision(self, document_id: str, revision: str) -> Document | None:
        """Return the version that had this `_rev`, as it was then: the one named, else the first of its group.

        Other versions in releases are asked for only where neither that nor the published document or the draft had it.
        """
        group = group_of(document_id)
        names = {document_id, *(stored_id(group, layer) for layer in (PUBLISHED, DRAFTS))}
        near = sorted(names, key=lambda one: revision_rank(one, document_id))
        found = self._with_revision(near, revision)
        if found is not None:
            return found
        others = sorted(one for one in self.query(VERSIONS, {"group": group}) if one not in near)
        return self._with_revision(others, revision) if others else None

    def _with_revision(self, ids: Sequence[str], revision: str) -> Document | None:
        try:
            found = documents_at(self._connection, ids, revision=revision)
        except Refused:
            # No transaction has that id.
            return None
        there = (found[name] for name in ids if name in found)
        return next((one for one in there if one.get("_rev") == revision), None)

    def history(self, document_id: str) -> Iterator[Mapping[str, Json]]:
        """Yield the transactions that touched a stored document, newest first; a page is asked for when it is read."""
        last: str | None = None
        while True:
            bound = {} if last is None else {"toTransaction": last}
            page = list(self._rows([document_id], reverse="true", limit=str(HISTORY_PAGE), mutations=True, **bound))
            # The bound is part of its page, so every page but the first begins with what ended the one before.
            fresh = page if last is None else [row for row in page if row["id"] != last]
            yield from fresh
            if len(page) < HISTORY_PAGE or not fresh:
                return
            last = str(fresh[-1]["id"])

    def _rows(self, ids: Sequence[str], *, mutations: bool = False, **bounds: str) -> Iterator[Mapping[str, Json]]:
        params = {**bounds, **({} if mutations else {"excludeMutations": "true"})}
        for start in range(0, len(ids), IDS_PER_REQUEST):
            names = ",".join(ids[start : start + IDS_PER_REQUEST])
            yield from self._connection.lines("history", f"/transactions/{names}", params=params)

    # ------------------------------------------------------------------------------------------------ following

    def listen(self, groq: str, params: Mapping[str, Json]) -> EventStream:
        """Listen to every stored version of the documents a filter matches."""
        return self._listening(groq, params)

    def _listening(self, groq: str, params: Mapping[str, Json]) -> HttpEventStream:
        options = {
            "query": groq,
            **{f"${name}": dumps(value) for name, value in params.items()},
            "includeResult": "true",
            "includePreviousRevision": "true",
            "includeAllVersions": "true",
            # Who reads by query after an event wants to find what the event told.
            "visibility": "transaction" if self.consistent_queries else "query",
        }
        opened_at = until(str(self.query("now()", {})))
        stream = HttpEventStream(self._connection, options, opened_at=opened_at, on_close=self._forget)
        self._streams.append(stream)
        return stream

    def _forget(self, stream: HttpEventStream) -> None:
        if stream in self._streams:
            self._streams.remove(stream)

    def position(self) -> str:
        """Return a cursor for `changed_since`: after the last event that every open listener has handed out.

        So nothing is skipped that happened and has not been told yet. Without a listener it stands for now.
        """
        if not self._streams:
            stream = self._listening(NOWHERE, {"nowhere": ""})
            try:
                stream.drain()
                return str(Position(stream.timestamp, stream.position))
            finally:
                stream.close()
        first = min(self._streams, key=lambda stream: parse_time(stream.timestamp))
        return str(Position(first.timestamp, first.position))

    def changed_since(self, position: str, types: Iterable[str]) -> dict[str, Document | None]:
        """Return what every document that changed since was then; an empty position is the beginning."""
        if not position:
            return {document["_id"]: None for document in self.scan(types)}
        return changed_since(self._connection, Position.parse(position), types, quiet=self._quiet)

    # --------------------------------------------------------------------------------------- without a request

    def patched(self, document: Document, patch: Mapping[str, Json]) -> dict[str, Any]:
        """Return the document as the lake would store it after a patch."""
        return patched(document, patch)

    def generate_id(self) -> str:
        """Return a fresh document id."""
        return self.clock.nonce()
