"""One dataset as users hold it: mutate, actions, query, get, listen and history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy as same_parts
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Literal

from lakesim.access import OWNER, Role, Standing, role_from, standing_of
from lakesim.actions import parse_actions
from lakesim.clock import Clock
from lakesim.dataset.core import Core
from lakesim.dataset.reading import Reading
from lakesim.dataset.remembering import Remembering
from lakesim.dataset.writing import Writing
from lakesim.errors import BadRequestError
from lakesim.faults import Faults
from lakesim.faults.in_process import under_faults
from lakesim.groq import Dataset as GroqDataset
from lakesim.groq import Explanation, SourceMap, compile_filter, compile_query
from lakesim.jsonvalue import Json, copy
from lakesim.limits import Limits
from lakesim.listen.events import EventOptions
from lakesim.listen.listener import Listener, OnEvent
from lakesim.live import OnLiveEvent, Reads, Subscription
from lakesim.patch import parse_mutations
from lakesim.perspective import RAW, Perspective
from lakesim.store.answer import mutate_answer
from lakesim.store.blobs import Blobs
from lakesim.store.choices import LakeChoices
from lakesim.store.history import LoggedTransaction
from lakesim.store.memory import MemoryStore
from lakesim.store.raw_view import Readable, both
from lakesim.store.replay import replay
from lakesim.store.transaction import Transaction
from lakesim.suggest import did_you_mean

__all__ = ["Dataset", "Visibility"]

Visibility = Literal["sync", "async", "deferred"]
"""When a write can be queried; here always at once, whichever is asked for."""

_VISIBILITIES = ("sync", "async", "deferred")


class Dataset:
    """One dataset of a lake.

    Everything it takes and gives is JSON that belongs to the caller: documents go in and come out as copies. Methods
    may be called from several threads; each sees whole transactions only.
    """

    def __init__(
        self,
        name: str,
        *,
        clock: Clock,
        limits: Limits,
        choices: LakeChoices,
        project_id: str,
        store: MemoryStore | None = None,
        faults: Faults | None = None,
    ) -> None:
        """Make a dataset; `Lake.dataset` does that."""
        self._core = Core(
            name, clock=clock, limits=limits, choices=choices, project_id=project_id, store=store, faults=faults
        )
        self._store = self._core.store
        self._stand(OWNER)

    def _stand(self, standing: Standing) -> None:
        self._standing = standing
        self._reading = Reading(self._core, standing)
        self._writing = Writing(self._core, standing)
        self._remembering = Remembering(self._core, standing)

    def _standing_as(self, standing: Standing) -> Dataset:
        made = same_parts(self)
        made._stand(standing)
        return made

    @property
    def name(self) -> str:
        """The dataset's name."""
        return self._core.name

    @property
    def project_id(self) -> str:
        """What `sanity::projectId()` answers; `Lake.rename` changes it."""
        return self._core.project_id

    @project_id.setter
    def project_id(self, project_id: str) -> None:
        self._core.project_id = project_id

    @property
    def limits(self) -> Limits:
        """The lake's bounds."""
        return self._core.limits

    @property
    def choices(self) -> LakeChoices:
        """How the lake behaves where the service's ways are not known."""
        return self._core.choices

    @property
    def clock(self) -> Clock:
        """The lake's clock."""
        return self._core.clock

    @property
    def faults(self) -> Faults:
        """The lake's fault rules; they act on whatever a client could have sent as a request."""
        return self._core.faults

    @property
    def blobs(self) -> Blobs:
        """The bytes of the uploaded images and files."""
        return self._core.blobs

    def __repr__(self) -> str:
        """Show name and size."""
        return f"<Dataset {self.name!r}: {len(self)} documents>"

    def __len__(self) -> int:
        """Return the number of stored documents, drafts and versions counted."""
        return self._reading.count()

    @property
    def stored_count(self) -> int:
        """The number of stored documents at this moment, whoever may read them; nothing that is due happens first."""
        return len(self._store.documents)

    @property
    def is_busy(self) -> bool:
        """Whether another thread is in the middle of reading or writing, so that a call would have to wait."""
        if not self._store.lock.acquire(blocking=False):
            return True
        self._store.lock.release()
        return False

    def as_caller(self, role: Role | str | Sequence[Any], *, identity: str | None = None) -> Dataset:
        """Return this dataset as somebody may use it: the same documents, read and written within a role's grants.

        Shape: `role` is a built-in role's name, a `Role`, or grants such as `{"filter": "_type == \"post\"",
        "permissions": ["read", "update"]}`; `identity` signs what is written and answers `identity()`, None is a
        caller without a name. What the grants do not let it read is absent from every answer; writes they do not
        cover are refused (`lakesim.access.judge` has the rules).
        Raises: GrantError, BadRequestError for an unknown role.
        """
        environment = partial(self._core.environment, identity)
        return self._standing_as(standing_of(role_from(role).grants, identity, environment))

    def showing(self, shown: Readable) -> Dataset:
        """Return this dataset as if only the `shown` documents could be seen; what may be written stays the same."""
        standing = self._standing
        return self._standing_as(
            replace(standing, readable=both(standing.readable, shown), remembered=both(standing.remembered, shown))
        )

    # -- writing

    @under_faults("mutate")
    def mutate(
        self,
        mutations: Sequence[Mapping[str, Any]],
        *,
        transaction_id: str | None = None,
        return_documents: bool = False,
        return_ids: bool = False,
        dry_run: bool = False,
        auto_generate_array_keys: bool = False,
        visibility: Visibility = "sync",
        author: str | None = None,
    ) -> dict[str, Any]:
        """Apply mutations, in wire form, as one transaction and return the wire answer.

        Shape: `{"transactionId": …, "results": [{"id"?, "operation", "document"?}, …]}` (content-lake reference,
        section 2.7). An empty list makes no transaction. With `dry_run` the answer is the same and nothing else
        happens: no id or instant is used up.
        Raises: InvalidRequestBodyError, BadRequestError, MutationError, TransactionAlreadyExistsError, GroqError,
        AttributeLimitError, DocumentLimitExceededError; nothing has changed then.
        """
        if visibility not in _VISIBILITIES:
            raise BadRequestError(
                f'Unknown visibility: {visibility!r} (right would be "sync", "async" or "deferred").'
                + did_you_mean(str(visibility), _VISIBILITIES)
            )
        parsed = parse_mutations(mutations, self.limits, choices=self.choices.patch)
        transaction = self._writing.mutate(
            parsed,
            transaction_id=transaction_id,
            author=author,
            dry_run=dry_run,
            auto_generate_array_keys=auto_generate_array_keys,
        )
        return mutate_answer(
            transaction,
            return_ids=return_ids,
            return_documents=return_documents,
            readable=self._standing.readable,
        )

    def transact(
        self,
        body: Callable[[Transaction], object],
        *,
        transaction_id: str | None,
        author: str | None,
        dry_run: bool,
        auto_generate_array_keys: bool,
        system: bool = False,
        every_failure: bool = False,
    ) -> Transaction:
        """Run `body` on a new transaction, check it, commit it unless `dry_run`, tell the listeners, return it.

        For the lake's own layers (actions, imports): `system` lifts the bans on system documents and locked releases,
        `every_failure` lists all broken references where the service stops at the first.
        Raises: whatever `body` raises, and what `mutate` does; nothing has changed then.
        """
        return self._writing.transact(
            body,
            transaction_id=transaction_id,
            author=author,
            dry_run=dry_run,
            auto_generate_array_keys=auto_generate_array_keys,
            system=system,
            every_failure=every_failure,
        )

    @under_faults("action")
    def actions(
        self,
        actions: Sequence[Mapping[str, Any]],
        *,
        transaction_id: str | None = None,
        dry_run: bool = False,
        skip_cross_dataset_reference_validation: bool = False,
        author: str | None = None,
    ) -> dict[str, Any]:
        """Carry out actions, in wire form and in order, as one transaction; return `{"transactionId": …}`.

        A release that is published, scheduled, archived and so on passes through its states in transactions of its
        own, all committed when this returns. If its documents cannot be published the request still succeeds, as on
        the service: the release is `active` again and carries `error.message`. References into other datasets are
        never checked here, so `skip_cross_dataset_reference_validation` changes nothing.
        Source: content-lake reference, section 3.
        Raises: InvalidRequestBodyError, NotSupportedError, ActionError, TransactionAlreadyExistsError,
        AttributeLimitError, DocumentLimitExceededError; nothing has changed then.
        """
        parsed = parse_actions(actions, self.limits, choices=self.choices.patch)
        transaction = self._writing.act(parsed, transaction_id=transaction_id, author=author, dry_run=dry_run)
        return {"transactionId": transaction.transaction_id}

    def run_due(self) -> list[str]:
        """Publish the scheduled releases whose time has come; return the names of the releases moved, in order.

        Every other method does this first, and so does moving a manual clock.
        """
        return self._core.run_due()

    # -- reading

    @under_faults("doc")
    def get(self, document_id: str) -> dict[str, Any] | None:
        """Return the document stored under this id (stored, not published, id), or None.

        Raises: InvalidValueError for a malformed id.
        """
        return self._reading.get(document_id)

    @under_faults("doc")
    def fetch(self, document_ids: Iterable[str], *, include_all_versions: bool = False) -> dict[str, Any]:
        """Return `{"documents": […], "omitted": [{"id", "reason"}, …]}` for stored ids, as the doc endpoint does.

        All come from one state of the dataset; `include_all_versions` adds the draft and versions of each id.
        Raises: InvalidValueError for a malformed id.
        """
        return self._reading.fetch(document_ids, include_all_versions=include_all_versions)

    @under_faults("query")
    def query(
        self,
        groq: str,
        params: Mapping[str, Any] | None = None,
        *,
        perspective: Perspective = RAW,
        readable: Readable | None = None,
        reads: Reads | None = None,
        source_map: SourceMap | None = None,
    ) -> Json:
        """Return the result of a GROQ query.

        `perspective` defaults to `raw`, everything as stored: callers in process have no API version that would
        choose. See `lakesim.perspective` for the others. Stored documents that are not `readable` are as if absent.
        What the answer depends on is noted in `reads`, where its values come from in `source_map`.
        Raises: GroqError for an invalid query, BadRequestError for an invalid perspective.
        """
        return self._reading.query(
            compile_query(groq, dict(params or {})),
            perspective=perspective,
            readable=readable,
            reads=reads,
            source_map=source_map,
        )

    def explain(
        self,
        groq: str,
        params: Mapping[str, Any] | None = None,
        *,
        perspective: Perspective = RAW,
    ) -> Explanation:
        """Run a query as `query` does and return the account of it: tree, indexes used, documents looked at.

        Raises: as `query`.
        """
        return self._reading.explain(compile_query(groq, dict(params or {})), perspective=perspective)

    def statistics(self) -> dict[str, Any]:
        """Return how much of the dataset's bounds is used up, in the shape of the stats endpoint."""
        return self._reading.statistics()

    def view(self, perspective: Perspective = RAW) -> GroqDataset:
        """Return what a query in this perspective reads, as `lakesim.groq` takes it; valid until the next write.

        Raises: BadRequestError for an invalid perspective.
        """
        self.run_due()
        return self._reading.view(perspective)

    def documents(self) -> Iterator[dict[str, Any]]:
        """Iterate over copies of all stored documents by `_id`, as they were at the call."""
        return self._reading.documents()

    # -- listening

    @under_faults("listen")
    def listen(
        self,
        groq: str = "*",
        params: Mapping[str, Any] | None = None,
        *,
        include_result: bool = False,
        include_previous_revision: bool = False,
        include_mutations: bool = True,
        include_all_versions: bool = True,
        visibility: Literal["transaction", "query"] = "transaction",
        queue_max: int | None = None,
        on_event: OnEvent | None = None,
    ) -> Listener:
        """Listen to the changes of the documents that a query's filter matches; only its outermost filter counts.

        The first event is `welcome`. Without `on_event` the events wait in the listener; with it they are handed over
        after each commit, in commit order, also those that the callback itself causes. Drafts and versions are
        reported unless `include_all_versions` is False.
        Raises: GroqError for an invalid query, or one whose filter looks at other documents; BadRequestError.
        """
        matches_in = compile_filter(groq, copy(dict(params or {})))
        options = EventOptions(
            include_result, include_previous_revision, include_mutations, include_all_versions, visibility
        )
        core, reading = self._core, self._reading
        with core.settled():
            listener = core.hub.listen(
                lambda document: matches_in(document, reading.environment()),
                options,
                queue_max=queue_max,
                on_event=on_event,
                readable=self._standing.readable,
            )
        core.announce()
        return listener

    def live_events(
        self, on_event: OnLiveEvent, *, include_drafts: bool = False, after: str | None = None
    ) -> Subscription:
        """Tell `on_event` after each transaction which tags of answers went stale, from the position `after` on.

        The events are those of `lakesim.live.feed`; drafts and versions count with `include_drafts`.
        Raises: BadRequestError when there are too many subscribers.
        """
        with self._core.settled():
            return self._core.live.subscribe(
                on_event, include_drafts=include_drafts, after=after, readable=self._standing.readable
            )

    # -- history

    @under_faults("history")
    def revision(self, document_id: str, revision: str) -> dict[str, Any] | None:
        """Return the document as it stood after the transaction `revision`; None if it did not exist then.

        Raises: BadRequestError for an unknown revision, InvalidValueError for a malformed id.
        """
        return self._remembering.at_revision(document_id, revision)

    @under_faults("history")
    def at(self, document_id: str, time: datetime | str) -> dict[str, Any] | None:
        """Return the document as it stood at a time (aware, or RFC 3339 text); None if it did not exist then.

        Raises: BadRequestError for a malformed time, InvalidValueError for a malformed id.
        """
        return self._remembering.at_time(document_id, time)

    @under_faults("history")
    def last_revision(self, document_id: str) -> dict[str, Any] | None:
        """Return the document, or its last state before it was deleted; None if it never existed.

        Raises: InvalidValueError for a malformed id.
        """
        return self._remembering.last_revision(document_id)

    @under_faults("history")
    def transactions(
        self,
        document_ids: Sequence[str] | None = None,
        *,
        from_transaction: str | None = None,
        to_transaction: str | None = None,
        from_time: datetime | str | None = None,
        to_time: datetime | str | None = None,
        authors: Sequence[str] | None = None,
        reverse: bool = False,
        limit: int | None = None,
        exclude_mutations: bool = False,
        include_effects: bool = False,
        include_identified_documents_only: bool = False,
    ) -> list[dict[str, Any]]:
        """Return the log, oldest first, in the history endpoint's shape; by default all of it.

        Bounds are inclusive. `document_ids` selects the transactions that touched any of them. `include_effects` adds
        what each document was before and after, as Mendoza patches.
        Raises: BadRequestError for an unknown transaction, a malformed time or limit.
        """
        rows = self._remembering.select(
            document_ids,
            from_transaction=from_transaction,
            to_transaction=to_transaction,
            from_time=from_time,
            to_time=to_time,
            authors=authors,
            reverse=reverse,
            limit=limit,
        )
        only = frozenset(document_ids or ()) if include_identified_documents_only and document_ids is not None else None
        return [copy(row.to_wire(mutations=not exclude_mutations, effects=include_effects, only=only)) for row in rows]

    @under_faults("history")
    def remembered_log(self) -> list[LoggedTransaction]:
        """Return the log, oldest first, as far as the caller may know the past; to be read only."""
        return self._remembering.rows()

    def log(self) -> list[LoggedTransaction]:
        """Return the rows of the log, oldest first; they share the stored documents, so they are to be read only."""
        return self._remembering.news()

    def log_tail(self, count: int) -> list[LoggedTransaction]:
        """Return the last `count` rows of the log, oldest first; to be read only."""
        return self._remembering.news_tail(count)

    def log_since(self, transaction_id: str) -> list[LoggedTransaction]:
        """Return the rows after a transaction, oldest first; an empty id stands for the beginning. To be read only.

        Raises: BadRequestError for an unknown transaction.
        """
        return self._remembering.news_since(transaction_id)

    def log_of(self, transaction_id: str) -> LoggedTransaction:
        """Return one row of the log; to be read only.

        Raises: BadRequestError for an unknown transaction.
        """
        return self._remembering.news_of(transaction_id)

    def replay(self) -> Dataset:
        """Return a new dataset of the same name, rebuilt from this one's log alone; it stands outside the lake."""
        return Dataset(
            self.name,
            clock=self.clock,
            limits=self.limits,
            choices=self.choices,
            project_id=self.project_id,
            store=replay(self.log(), self.limits),
        )

    def close(self) -> None:
        """Close every listener; the documents stay."""
        self._core.hub.close()
