"""One dataset as users hold it: mutate, actions, query, get, listen and history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy as same_parts
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from lakesim.access import OWNER, Rights, Role, role_from, standing_of
from lakesim.actions import Keeper, Work, creates_something, parse_actions, run_actions
from lakesim.clock import Clock, parse_time
from lakesim.errors import (
    ActionError,
    BadRequestError,
    InsufficientPermissionsError,
    InvalidRequestBodyError,
    MutationError,
    TransactionAlreadyExistsError,
)
from lakesim.faults import Faults
from lakesim.faults.in_process import under_faults
from lakesim.faults.line import EventFaults
from lakesim.faults.operation import operation_in_process
from lakesim.groq import Dataset as GroqDataset
from lakesim.groq import Environment, Explanation, compile_filter, compile_query
from lakesim.groq.environment import ANONYMOUS
from lakesim.ids import validate_id
from lakesim.jsonvalue import Json, copy
from lakesim.limits import Limits
from lakesim.listen.events import EventOptions
from lakesim.listen.hub import Hub
from lakesim.listen.listener import Listener, OnEvent
from lakesim.live import LiveFeed, OnLiveEvent, Reads, Subscription
from lakesim.patch import Delete, PatchMutation, parse_mutations
from lakesim.perspective import RAW, Perspective, PerspectiveView, view_of
from lakesim.store.answer import mutate_answer
from lakesim.store.blobs import Blobs
from lakesim.store.choices import LakeChoices
from lakesim.store.history import LoggedTransaction
from lakesim.store.memory import MemoryStore
from lakesim.store.past import Past
from lakesim.store.raw_view import RawView, Readable, both
from lakesim.store.replay import replay
from lakesim.store.selection import resolve_selections
from lakesim.store.statistics import statistics_of
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
        self.name = name
        self.limits = limits
        self.choices = choices
        self._clock = clock
        self.project_id = project_id
        """What `sanity::projectId()` answers."""
        self._store = store or MemoryStore()
        self.faults = Faults(clock) if faults is None else faults
        """The lake's fault rules; they act on whatever a client could have sent as a request."""
        listening = EventFaults(
            self.faults, lambda: operation_in_process("listen", project=self.project_id, dataset=self.name)
        )
        self._hub = Hub(limits, choices, faults=listening)
        self._live = LiveFeed(self._store, name, subscribers_max=limits.listeners_max)
        self._keeper = Keeper(self._store, self._write, clock=clock, limits=limits, choices=choices)
        self._standing = OWNER
        self.blobs = Blobs()
        """The bytes of the uploaded images and files."""

    def __repr__(self) -> str:
        """Show name and size."""
        return f"<Dataset {self.name!r}: {len(self)} documents>"

    def __len__(self) -> int:
        """Return the number of stored documents, drafts and versions counted."""
        self.run_due()
        if self._standing.readable is None:
            return len(self._store.documents)
        return sum(1 for _ in self.documents())

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

    @property
    def clock(self) -> Clock:
        """The lake's clock."""
        return self._clock

    def as_caller(self, role: Role | str | Sequence[Any], *, identity: str | None = None) -> Dataset:
        """Return this dataset as somebody may use it: the same documents, read and written within a role's grants.

        Shape: `role` is a built-in role's name, a `Role`, or grants such as `{"filter": "_type == \"post\"",
        "permissions": ["read", "update"]}`; `identity` signs what is written and answers `identity()`, None is a
        caller without a name. What the grants do not let it read is absent from every answer; writes they do not
        cover are refused (`lakesim.access.judge` has the rules).
        Raises: GrantError, BadRequestError for an unknown role.
        """
        made = same_parts(self)
        made._standing = standing_of(role_from(role).grants, identity, made._environment)
        return made

    def showing(self, shown: Readable) -> Dataset:
        """Return this dataset as if only the `shown` documents could be seen; what may be written stays the same."""
        made = same_parts(self)
        standing = self._standing
        made._standing = replace(
            standing, readable=both(standing.readable, shown), remembered=both(standing.remembered, shown)
        )
        return made

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
        if self._standing.rights is not None and not self._standing.rights.writes:
            creates = not parsed or not isinstance(parsed[0], (Delete, PatchMutation))
            raise MutationError([(0, InsufficientPermissionsError("create" if creates else "update"))])

        def apply_all(transaction: Transaction) -> None:
            view = RawView(self._store, readable=self._standing.readable)
            targets = resolve_selections(parsed, view, self._environment(), self.limits)
            for index, mutation in enumerate(parsed):
                transaction.apply(index, mutation, targets.get(index, ()))

        transaction = self.transact(
            apply_all,
            transaction_id=transaction_id,
            author=author,
            dry_run=dry_run or not parsed,
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
        with self._settled():
            transaction = self._write(
                body,
                transaction_id=transaction_id,
                author=author or self._standing.identity,
                dry_run=dry_run,
                auto_generate_array_keys=auto_generate_array_keys,
                system=system,
                every_failure=every_failure,
                rights=self._standing.rights,
            )
        self._hub.dispatch()
        return transaction

    def _write(
        self,
        body: Callable[[Transaction], object],
        *,
        transaction_id: str | None = None,
        author: str | None,
        dry_run: bool = False,
        auto_generate_array_keys: bool = False,
        system: bool = False,
        every_failure: bool = False,
        limits: Limits | None = None,
        rights: Rights | None = None,
    ) -> Transaction:
        """Do what `transact` says under the lock that the caller holds; the listeners' callbacks are left to it."""
        clock = self._clock.fork() if dry_run else self._clock
        transaction = Transaction(
            self._store,
            transaction_id=self._new_transaction_id(transaction_id, clock),
            now=self._next_instant(clock),
            clock=clock,
            limits=limits or self.limits,
            choices=self.choices,
            author=author,
            auto_generate_array_keys=auto_generate_array_keys,
            system=system,
            rights=rights,
        )
        body(transaction)
        transaction.check(every_failure=every_failure)
        if not dry_run:
            row = transaction.commit()
            clock.tick(row.timestamp)
            self._hub.publish(row)
            self._live.note(row)
            self._keeper.note(row)
        return transaction

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
        if self._standing.rights is not None and not self._standing.rights.writes:
            creates = bool(parsed) and creates_something(parsed[0])
            raise ActionError([(0, InsufficientPermissionsError("create" if creates else "update"))])
        dry_run = dry_run or not parsed
        author = author or self._standing.identity
        purged: list[str] = []

        def run_all(transaction: Transaction) -> None:
            history = self._store.history
            work = Work(transaction, choices=self.choices, limits=self.limits, author=author, history=history)
            run_actions(work, parsed)
            purged.extend(work.purged)

        with self._settled():
            try:
                transaction = self._write(
                    run_all,
                    transaction_id=transaction_id,
                    author=author,
                    dry_run=dry_run,
                    auto_generate_array_keys=True,
                    system=True,
                    rights=self._standing.rights,
                )
            except MutationError as error:
                # From the check of the end state; the actions' own refusals are ActionErrors already.
                raise ActionError(error.causes) from None
            if not dry_run:
                self._store.history.purge(purged)
                self._keeper.settle(author=author)
        self._hub.dispatch()
        return {"transactionId": transaction.transaction_id}

    def run_due(self) -> list[str]:
        """Publish the scheduled releases whose time has come; return the names of the releases moved, in order.

        Every other method does this first, and so does moving a manual clock.
        """
        if not self._keeper.is_due():
            return []
        with self._store.lock:
            moved = self._keeper.settle()
        self._hub.dispatch()
        return moved

    @contextmanager
    def _settled(self) -> Iterator[None]:
        """Hold the store's lock over a dataset in which nothing is due."""
        self.run_due()
        with self._store.lock:
            yield

    def _new_transaction_id(self, given: str | None, clock: Clock) -> str:
        if given is None:
            return clock.generate_id()
        longest = self.limits.transaction_id_length_max
        if not isinstance(given, str) or not 1 <= len(given) <= longest:
            raise InvalidRequestBodyError(f"transactionId must be a string of 1 to {longest} characters, not {given!r}")
        if given in self._store.history:
            raise TransactionAlreadyExistsError(given)
        return given

    def _next_instant(self, clock: Clock) -> datetime:
        # A manual clock can be set back; the log of a dataset still runs forward.
        last = self._store.history.last_timestamp
        upcoming = clock.upcoming()
        return upcoming if last is None or upcoming > last else last

    # -- reading

    @under_faults("doc")
    def get(self, document_id: str) -> dict[str, Any] | None:
        """Return the document stored under this id (stored, not published, id), or None.

        Raises: InvalidValueError for a malformed id.
        """
        validate_id(document_id, self.limits)
        with self._settled():
            document = RawView(self._store, readable=self._standing.readable).get(document_id)
        found: dict[str, Any] | None = copy(document)
        return found

    @under_faults("doc")
    def fetch(self, document_ids: Iterable[str], *, include_all_versions: bool = False) -> dict[str, Any]:
        """Return `{"documents": […], "omitted": [{"id", "reason"}, …]}` for stored ids, as the doc endpoint does.

        All come from one state of the dataset; `include_all_versions` adds the draft and versions of each id.
        Raises: InvalidValueError for a malformed id.
        """
        wanted = [validate_id(document_id, self.limits) for document_id in document_ids]
        with self._settled():
            raw = RawView(self._store, readable=self._standing.readable)
            if include_all_versions:
                wanted = list(dict.fromkeys(key for document_id in wanted for key in raw.keys_of_group(document_id)))
            found = [(document_id, raw.get(document_id)) for document_id in wanted]
            omitted = [{"id": key, "reason": self._why_omitted(key)} for key, document in found if document is None]
        return {"documents": [copy(document) for _, document in found if document is not None], "omitted": omitted}

    def _why_omitted(self, document_id: str) -> str:
        # To callers without a name what they may not read does not exist (section 1.4); others are told (6.1).
        standing, document = self._standing, self._store.get(document_id)
        if document is None or standing.rights is None or standing.is_anonymous:
            return "existence"
        return "existence" if standing.rights.may("read", document) else "permission"

    @under_faults("query")
    def query(
        self,
        groq: str,
        params: Mapping[str, Any] | None = None,
        *,
        perspective: Perspective = RAW,
        readable: Readable | None = None,
        reads: Reads | None = None,
    ) -> Json:
        """Return the result of a GROQ query.

        `perspective` defaults to `raw`, everything as stored: callers in process have no API version that would
        choose. See `lakesim.perspective` for the others. Stored documents that are not `readable` are as if absent.
        What the answer depends on is noted in `reads`.
        Raises: GroqError for an invalid query, BadRequestError for an invalid perspective.
        """
        compiled = compile_query(groq, dict(params or {}))
        with self._settled():
            view: GroqDataset = self._view(perspective, readable)
            result = compiled.run(view if reads is None else reads.over(view), self._environment())
        return copy(result)

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
        compiled = compile_query(groq, dict(params or {}))
        with self._settled():
            view = self._view(perspective, None)
            account = compiled.explain(view, self._environment())
        # Of a dataset that is not wholly shown, its size is not told either.
        return account if self._standing.readable is None else replace(account, dataset_size=len(self))

    def statistics(self) -> dict[str, Any]:
        """Return how much of the dataset's bounds is used up, in the shape of the stats endpoint."""
        with self._settled():
            return statistics_of(self._store, self.limits, readable=self._standing.readable)

    def view(self, perspective: Perspective = RAW) -> GroqDataset:
        """Return what a query in this perspective reads, as `lakesim.groq` takes it; valid until the next write.

        Raises: BadRequestError for an invalid perspective.
        """
        self.run_due()
        return self._view(perspective, None)

    def _view(self, perspective: Perspective, readable: Readable | None) -> RawView | PerspectiveView:
        return view_of(self._store, perspective, self.choices, readable=both(self._standing.readable, readable))

    def documents(self) -> Iterator[dict[str, Any]]:
        """Iterate over copies of all stored documents by `_id`, as they were at the call."""
        with self._settled():
            documents = list(RawView(self._store, readable=self._standing.readable).documents())
        return map(copy, documents)

    def _environment(self) -> Environment:
        identity = self._standing.identity or ANONYMOUS
        return Environment(now=self._clock.now(), identity=identity, project_id=self.project_id, dataset=self.name)

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
        with self._settled():
            listener = self._hub.listen(
                lambda document: matches_in(document, self._environment()),
                options,
                queue_max=queue_max,
                on_event=on_event,
                readable=self._standing.readable,
            )
        self._hub.dispatch()
        return listener

    def live_events(
        self, on_event: OnLiveEvent, *, include_drafts: bool = False, after: str | None = None
    ) -> Subscription:
        """Tell `on_event` after each transaction which tags of answers went stale, from the position `after` on.

        The events are those of `lakesim.live.feed`; drafts and versions count with `include_drafts`.
        Raises: BadRequestError when there are too many subscribers.
        """
        with self._settled():
            return self._live.subscribe(
                on_event, include_drafts=include_drafts, after=after, readable=self._standing.readable
            )

    # -- history

    @under_faults("history")
    def revision(self, document_id: str, revision: str) -> dict[str, Any] | None:
        """Return the document as it stood after the transaction `revision`; None if it did not exist then.

        Raises: BadRequestError for an unknown revision, InvalidValueError for a malformed id.
        """
        validate_id(document_id, self.limits)
        with self._settled():
            found: dict[str, Any] | None = copy(self._past().at_revision(document_id, revision))
        return found

    @under_faults("history")
    def at(self, document_id: str, time: datetime | str) -> dict[str, Any] | None:
        """Return the document as it stood at a time (aware, or RFC 3339 text); None if it did not exist then.

        Raises: BadRequestError for a malformed time, InvalidValueError for a malformed id.
        """
        validate_id(document_id, self.limits)
        with self._settled():
            found: dict[str, Any] | None = copy(self._past().at_time(document_id, _instant(time)))
        return found

    @under_faults("history")
    def last_revision(self, document_id: str) -> dict[str, Any] | None:
        """Return the document, or its last state before it was deleted; None if it never existed.

        Raises: InvalidValueError for a malformed id.
        """
        validate_id(document_id, self.limits)
        with self._settled():
            found: dict[str, Any] | None = copy(self._past().last_revision(document_id))
        return found

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
        with self._settled():
            rows = self._past().select(
                None if document_ids is None else list(document_ids),
                from_transaction=from_transaction,
                to_transaction=to_transaction,
                from_time=None if from_time is None else _instant(from_time),
                to_time=None if to_time is None else _instant(to_time),
                authors=authors,
                reverse=reverse,
                limit=limit,
            )
        only = frozenset(document_ids or ()) if include_identified_documents_only and document_ids is not None else None
        return [copy(row.to_wire(mutations=not exclude_mutations, effects=include_effects, only=only)) for row in rows]

    @under_faults("history")
    def remembered_log(self) -> list[LoggedTransaction]:
        """Return the log, oldest first, as far as the caller may know the past; to be read only."""
        with self._settled():
            return self._past().rows()

    def log(self) -> list[LoggedTransaction]:
        """Return the rows of the log, oldest first; they share the stored documents, so they are to be read only."""
        with self._settled():
            return self._log().rows()

    def log_tail(self, count: int) -> list[LoggedTransaction]:
        """Return the last `count` rows of the log, oldest first; to be read only."""
        with self._settled():
            return self._log().tail(count)

    def log_since(self, transaction_id: str) -> list[LoggedTransaction]:
        """Return the rows after a transaction, oldest first; an empty id stands for the beginning. To be read only.

        Raises: BadRequestError for an unknown transaction.
        """
        with self._settled():
            return self._log().since(transaction_id)

    def log_of(self, transaction_id: str) -> LoggedTransaction:
        """Return one row of the log; to be read only.

        Raises: BadRequestError for an unknown transaction.
        """
        with self._settled():
            return self._log().row(transaction_id)

    def _past(self) -> Past:
        return Past(self._store.history, self._standing.remembered)

    def _log(self) -> Past:
        # What was committed is news, as to a listener, and takes no right to the past.
        return Past(self._store.history, self._standing.readable)

    def replay(self) -> Dataset:
        """Return a new dataset of the same name, rebuilt from this one's log alone; it stands outside the lake."""
        return Dataset(
            self.name,
            clock=self._clock,
            limits=self.limits,
            choices=self.choices,
            project_id=self.project_id,
            store=replay(self.log(), self.limits),
        )

    def close(self) -> None:
        """Close every listener; the documents stay."""
        self._hub.close()


def _instant(time: datetime | str) -> datetime:
    if isinstance(time, datetime):
        if time.tzinfo is None:
            raise BadRequestError(f"Invalid time: {time!r} has no time zone")
        return time
    try:
        return parse_time(time)
    except (ValueError, TypeError) as error:
        raise BadRequestError(f"Invalid time: {error}") from None
