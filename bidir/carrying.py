"""Carrying an intent out: read, plan, commit; plan again where somebody was faster; degrade before the editor waits.

Source: bidirectional semantics, F3 (one read), F5 (conflicts, unknown outcome, budget).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Literal

from bidir.errors import (
    BackendError,
    BidirError,
    DocumentMissing,
    IntentError,
    PermissionRefused,
    QuarantineError,
    RateLimited,
    ReferenceRefused,
    Refused,
    RevisionConflict,
    Unavailable,
    UnknownOutcome,
)
from bidir.journal import Journal, count
from bidir.locks import locked_among
from bidir.origin import transaction_id as make_transaction_id
from bidir.outcome import Outcome
from bidir.own_writes import OwnWrites
from bidir.pending import PendingStore
from bidir.planning import Intent, Plan, plan, plan_aftermath
from bidir.planning.elsewhere import Told
from bidir.planning.reading import Reading, reading_query, snapshot_of
from bidir.planning.unread import snapshot_by_id
from bidir.ports import Backend, Committed, Hurrying
from bidir.refs import DRAFTS, PUBLISHED, group_of, layer_of, stored_id
from bidir.relations import Schema
from bidir.run import Run
from bidir.siblings import Snapshot

__all__ = ["BUDGET_SECONDS", "Carrier", "Mode", "Run"]

Document = Mapping[str, Any]
Mode = Literal["off", "observe", "on"]
"""off: relations are left alone; observe: only say what would be written; on: keep both sides in step."""

BUDGET_SECONDS = 0.2
"""What a reference change may add to an editor's own write; past it the source is written alone."""
RETRIES_MAX = 3
"""Plans thrown away because somebody else was faster, before the source is written alone."""
READS_MAX = 40
"""Reads one intent may need; only a search along an acyclic relation takes more than two."""
JITTER_SECONDS = 0.005
"""Longest first wait before planning again; it doubles with each retry."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A commit whose answer was lost and whose traces were found."""

    transaction_id: str
    documents: tuple[str, ...]


class Carrier:
    """Reads, plans and commits for one engine; holds what the engine remembers."""

    def __init__(self, schema: Schema, backend: Backend, *, mode: Mode, budget: float) -> None:
        """Work by `schema` on `backend`.

        Raises: IntentError for an unknown mode.
        """
        if mode not in ("off", "observe", "on"):
            raise IntentError(f'unknown mode "{mode}": one of "off", "observe", "on"')
        self.schema = schema
        self.backend = backend
        self.mode: Mode = mode
        self.budget = budget
        self.counters: Counter[str] = Counter()
        self.journal = Journal()
        self.store = PendingStore(backend.clock.monotonic)
        self._ours = OwnWrites(relation.name for relation in schema.relations)
        self._query = reading_query(schema)
        self._passive = schema.without_relations()

    def start(self) -> Run:
        """Return a run that starts now."""
        return Run(self.backend.clock.monotonic())

    def carry_out(
        self, intent: Intent, reading: Reading, transaction_id: str | None = None, run: Run | None = None
    ) -> Outcome:
        """Do what `intent` wants; `reading` says what to read first, unless `run` brings a snapshot.

        Raises: IntentError, BackendError where the lake refuses the user's own write.
        """
        self.counters["intents"] += 1
        course = run or self.start()
        course.layers.add(intent.layer)
        carry = self._attempts if self.mode == "on" else self._passed_through
        try:
            if not course.snapshot.known and (intent.steps or intent.operation):
                intent = self._first_read(intent, reading, course)
            return self._noted(intent, course, lambda: carry(intent, transaction_id, course))
        except BidirError as error:
            self.journal.failed(intent.layer, error, self.backend.clock.monotonic() - course.started)
            raise

    def _first_read(self, intent: Intent, reading: Reading, run: Run) -> Intent:
        """Read what the intent needs; where the lake is too busy for it return the intent for the source alone (F5)."""
        try:
            with self._in_time(intent, run):
                self.read(run, reading)
            return intent
        except (RateLimited, Unavailable, UnknownOutcome):
            if self.mode != "on":
                raise
        if not intent.steps:
            # An operation cannot be done by halves without knowing what it is about: then it waits its turn.
            self.read(run, reading)
            return intent
        self.counters["degraded"] += 1
        run.snapshot = snapshot_by_id(self.schema, intent.steps, intent.layer, self.backend.documents)
        run.reads += 2
        self.counters["reads"] += 2
        return replace(intent, source_only="budget")

    def _in_time(self, intent: Intent, run: Run) -> AbstractContextManager[None]:
        """Return a context in which the backend repeats nothing for longer than the budget has left.

        There is something to leave out then; the source alone is repeated for as long as any other write.
        """
        may_leave_out = self.mode == "on" and intent.source_only is None and bool(intent.steps or intent.operation)
        if not may_leave_out or not isinstance(self.backend, Hurrying):
            return nullcontext()
        return self.backend.hurried(max(0.0, self.budget - (self.backend.clock.monotonic() - run.started)))

    def follow_up(
        self,
        earlier: Mapping[str, Document | None],
        run: Run,
        restamp: Mapping[str, Document] | None = None,
        *,
        told: Mapping[str, Told] | None = None,
        confirm: Callable[[Plan, Snapshot], None] | None = None,
    ) -> Outcome:
        """Carry the consequences of a change that is committed already; `run` holds what is there now.

        A document that may not be written holds up no other: its halves wait. `told` as `plan_aftermath` takes
        it; `confirm` is asked before anything is written, and may raise.
        """
        refused: set[str] = set()

        def aftermath(snapshot: Snapshot) -> Plan:
            made = plan_aftermath(
                self.schema,
                snapshot,
                earlier,
                engine_versions=self.store.engine_versions,
                restamp=restamp,
                refused=refused,
                told=told,
            )
            if confirm is not None and not made.needs and not made.needs_claims:
                confirm(made, snapshot)
            return made

        if self.mode == "off":
            return Outcome()
        if self.mode == "observe":
            return self._observed(run, aftermath)
        intent = Intent((), PUBLISHED)
        while True:
            try:
                return self._noted(intent, run, lambda: self._attempts(intent, None, run, aftermath))
            except PermissionRefused as error:
                group = group_of(error.document_id or "")
                if not group or group in refused:
                    raise
                refused.add(group)

    def _observed(self, run: Run, planner: Callable[[Snapshot], Plan]) -> Outcome:
        """Say what would be written after a change made elsewhere; nothing is sent and nothing remembered."""
        would = self._planned(run, planner)
        if would.mutations:
            self.journal.observed(Intent((), PUBLISHED), would)
        return Outcome(
            reads=run.reads,
            conflicts=would.conflicts,
            pending=would.pending,
            notices=would.notices,
            mutations=would.mutations,
        )

    def _passed_through(self, intent: Intent, transaction_id: str | None, run: Run) -> Outcome:
        """Write the user's mutations alone; when observing, say what would have been written beside them."""
        if self.mode == "observe":
            try:
                self.journal.observed(intent, self._planned(run, self._planner(intent)))
            except BidirError as error:
                # Who only watches stands in nobody's way.
                self.journal.not_observed(intent, error)

        def alone(snapshot: Snapshot) -> Plan:
            return plan(self._passive, snapshot, intent, patched=self.backend.patched)

        return self._attempts(intent, transaction_id, run, alone)

    def _planner(self, intent: Intent) -> Callable[[Snapshot], Plan]:
        versions = self.store.engine_versions
        return lambda snapshot: plan(
            self.schema,
            snapshot,
            intent,
            patched=self.backend.patched,
            engine_versions=versions,
            waiting=self.store.reasons(),
        )

    def _attempts(
        self,
        intent: Intent,
        transaction_id: str | None,
        run: Run,
        planner: Callable[[Snapshot], Plan] | None = None,
    ) -> Outcome:
        """Plan and commit; plan again where somebody was faster; past the budget write the source alone."""
        while True:
            made = self._planned(run, planner or self._planner(intent))
            if made.conflicts or not made.mutations:
                return self._outcome(intent, made, None, run)
            name = transaction_id or self._transaction_id(made)
            try:
                with self._in_time(intent, run):
                    committed = self._commit(made, name, run)
            except BackendError as error:
                settled = self._settled_unknown(error, made, name, run)
                if settled is not None:
                    return self._outcome(intent, made, settled, run)
                intent = self._after_refusal(error, intent, made, run)
                continue
            if committed is not None and intent.source_only is not None:
                self._ours.add(committed.transaction_id, whole=False)
            return self._outcome(intent, made, committed, run)

    def _transaction_id(self, made: Plan) -> str:
        """Name the transaction after its relation, also where that side waits; then the name says so.

        One that touches none gets a plain id: without a name of ours a lost answer could not be told from a lost
        request (F5).
        """
        nonce = self.backend.clock.nonce()
        relations = [*made.relations, *(item.relation for item in made.pending)]
        return make_transaction_id(relations[0], nonce, waits=bool(made.pending)) if relations else nonce

    def _planned(self, run: Run, planner: Callable[[Snapshot], Plan]) -> Plan:
        while True:
            made = planner(run.snapshot)
            self.counters["plans"] += 1
            if not made.needs and not made.needs_claims:
                if self._absence_confirmed(made, run) and self._unlocked_confirmed(made, run):
                    return made
                continue
            if run.reads >= READS_MAX:
                raise QuarantineError(
                    f"planning still asked for documents after {READS_MAX} reads; nothing was written"
                )
            self.read(run, Reading(tuple(sorted(made.needs)), (), tuple(sorted(made.needs_claims))))
            if (run.retries or run.fresh) and not self.backend.consistent_queries:
                # The query was behind already; what a plan made anew needs must not be what was true before.
                self._read_by_id(run.snapshot.known, run)

    def read(self, run: Run, reading: Reading) -> None:
        """Add what `reading` asks for to the run's snapshot: one request."""
        run.reads += 1
        self.counters["reads"] += 1
        result = self.backend.query(self._query, reading.params())
        run.snapshot = run.snapshot.merged(snapshot_of(self.schema, reading, result))

    def read_all(self, run: Run, reading: Reading, layers: Iterable[str] = ()) -> None:
        """As `read`, but nothing in it, at least in `layers`, is older than the call, whatever a query shows (F3)."""
        run.layers.update(layers)
        self.read(run, reading)
        run.fresh = True
        if not self.backend.consistent_queries:
            self._read_by_id(run.snapshot.known, run)

    def _read_by_id(self, groups: Iterable[str], run: Run) -> None:
        """Read the groups again, in every layer the run has met, from where reads are consistent."""
        layers = {PUBLISHED, DRAFTS, *run.layers, *(layer_of(key) for key in run.snapshot.documents)}
        ids = [stored_id(group, layer) for group in sorted(groups) for layer in sorted(layers)]
        if not ids or run.reads >= READS_MAX:
            return
        run.reads += 1
        self.counters["reads"] += 1
        found = self.backend.documents(ids)
        kept = {key: value for key, value in run.snapshot.documents.items() if key not in found}
        fresh = {key: document for key, document in found.items() if document is not None}
        run.snapshot = replace(run.snapshot, documents={**kept, **fresh})

    def _absence_confirmed(self, made: Plan, run: Run) -> bool:
        """Confirm by id that what a lagging query did not find is not there (F3); False if the plan must be redone."""
        missing = {item.target for item in made.pending if item.reason in ("missing", "not-visible")}
        if self.backend.consistent_queries or not missing:
            return True
        ids = [stored_id(group, layer) for group in sorted(missing) for layer in (PUBLISHED, DRAFTS)]
        ids = [key for key in ids if key not in run.snapshot.documents]
        if not ids or run.reads >= READS_MAX:
            return True
        run.reads += 1
        found = {key: document for key, document in self.backend.documents(ids).items() if document is not None}
        if not found:
            return True
        run.snapshot = replace(run.snapshot, documents={**run.snapshot.documents, **found})
        return False

    def _unlocked_confirmed(self, made: Plan, run: Run) -> bool:
        """Confirm by id what a lagging query showed and no lock will check; False if the plan must be redone.

        That is what a new version is a copy of, a document that is written although none was seen, and everything
        where nothing is to be written.
        """
        if self.backend.consistent_queries or run.fresh:
            return True
        # A lock holds what was seen; what a copy is made of and what was not there have none.
        written = {group_of(one) for one in made.documents if one not in run.snapshot.documents}
        groups = (written if made.mutations else run.snapshot.known) - run.confirmed
        if not groups or run.reads >= READS_MAX:
            return True
        before = run.snapshot.documents
        self._read_by_id(groups, run)
        run.confirmed |= groups
        # Once the query has turned out to be behind, nothing else that it shows is taken for true.
        run.fresh = before != run.snapshot.documents
        return not run.fresh

    def _commit(self, made: Plan, transaction_id: str | None, run: Run) -> Committed | None:
        if not made.mutations:
            return None
        run.writes += 1
        self.counters["writes"] += 1
        committed = self.backend.commit(made.mutations, transaction_id=transaction_id)
        self._ours.add(committed.transaction_id, whole=True)
        return committed

    def wrote(self, transaction_id: str) -> bool:
        """Whether this engine made the transaction."""
        return transaction_id in self._ours

    def carried_through(self, transaction_id: str) -> bool:
        """Whether an engine made the transaction with all its consequences in it; see `OwnWrites`."""
        return self._ours.carried_through(transaction_id)

    def _settled_unknown(self, error: BackendError, made: Plan, name: str | None, run: Run) -> Committed | None:
        """After a lost answer: was the transaction committed? Its id is the revision of what it wrote (F5)."""
        if not isinstance(error, UnknownOutcome) or name is None:
            return None
        run.reads += 1
        found = self.backend.documents(made.documents)
        if any(document is not None and document.get("_rev") == name for document in found.values()):
            return _Known(name, made.documents)
        deleted = next((str(one["delete"]["id"]) for one in made.mutations if "delete" in one), None)
        if deleted is not None and found.get(deleted) is None:
            # What is gone has no revision to show; its history has.
            run.reads += 1
            last = next(iter(self.backend.history(deleted)), None)
            if last is not None and last["id"] == name:
                return _Known(name, made.documents)
        return None

    def _after_refusal(self, error: BackendError, intent: Intent, made: Plan, run: Run) -> Intent:
        """Return the intent to plan next; raise `error` where the user's own write is what was refused."""
        if self._locked_meanwhile(error, intent, made, run):
            return intent
        if self._is_users_own(error, intent):
            raise error
        if isinstance(error, (PermissionRefused, RateLimited)):
            if self.mode != "on" or intent.source_only is not None or not (intent.steps or intent.operation):
                # There is nothing left to leave out: the source stands alone, or was written by others.
                raise error
            self.counters["degraded"] += 1
            return replace(intent, source_only="permission" if isinstance(error, PermissionRefused) else "budget")
        if not isinstance(error, (RevisionConflict, DocumentMissing, ReferenceRefused, UnknownOutcome, Unavailable)):
            raise error
        run.retries += 1
        self.counters["retries"] += 1
        if run.retries > 2 * RETRIES_MAX:
            raise error
        spent = self.backend.clock.monotonic() - run.started
        # The write to come replaces the plain one, so what is added is the time so far and the read to come (F9).
        too_late = spent + spent / max(1, run.reads + run.writes) > self.budget
        if (
            self.mode == "on"
            and intent.source_only is None
            and intent.steps
            and (run.retries > RETRIES_MAX or too_late)
        ):
            self.counters["degraded"] += 1
            return replace(intent, source_only="budget" if too_late else "conflict")
        self._refresh(made, run)
        wait = JITTER_SECONDS * 2 ** (run.retries - 1) * self.backend.clock.jitter()
        if run.retries > 1 and spent + wait < self.budget:
            self.backend.clock.sleep(wait)
        return intent

    def _locked_meanwhile(self, error: BackendError, intent: Intent, made: Plan, run: Run) -> bool:
        """Whether a release that only consequences wrote to takes no writes any more; those have to wait (E8.13)."""
        layers = {layer_of(key) for key in made.documents} - {PUBLISHED, DRAFTS, *run.snapshot.locked}
        if intent.steps or intent.operation:
            layers.discard(intent.layer)
        if not isinstance(error, Refused) or not layers or run.reads >= READS_MAX:
            return False
        run.reads += 1
        run.retries += 1
        self.counters["retries"] += 1
        locked = locked_among(self.backend, layers)
        run.snapshot = replace(run.snapshot, locked=run.snapshot.locked | locked)
        return bool(locked)

    def _is_users_own(self, error: BackendError, intent: Intent) -> bool:
        """Whether the refusal is about what the user demanded: a guard, a create, a patch of nothing."""
        if isinstance(error, Refused):
            return True
        if intent.exact and isinstance(error, RevisionConflict) and error.document_id is None:
            return True
        for step in intent.steps:
            target = error.document_id
            if target is None or group_of(target) != group_of(step.document_id or step.group):
                continue
            if isinstance(error, RevisionConflict) and (intent.exact or "ifRevisionID" in step.body):
                return True
            if (
                isinstance(error, RevisionConflict)
                and step.kind == "create"
                and error.type == "documentAlreadyExistsError"
            ):
                return True
            if isinstance(error, DocumentMissing) and step.kind == "patch":
                return True
        return False

    def _refresh(self, made: Plan, run: Run) -> None:
        """Read again, by id, everything the plan looked at; a query might still show what was true before.

        Who refers to what comes and goes is asked again first: somebody may have begun to.
        """
        if run.snapshot.claims_known:
            self.read(run, Reading((), (), tuple(sorted(run.snapshot.claims_known))))
        ids = {stored_id(group, layer) for group in run.snapshot.known for layer in (PUBLISHED, DRAFTS)}
        ids |= set(run.snapshot.documents) | set(made.documents)
        run.reads += 1
        found = self.backend.documents(sorted(ids))
        kept = {key: value for key, value in run.snapshot.documents.items() if key not in found}
        fresh = {key: document for key, document in found.items() if document is not None}
        run.snapshot = replace(run.snapshot, documents={**kept, **fresh})

    def _outcome(self, intent: Intent, made: Plan, committed: Committed | None, run: Run) -> Outcome:
        if not made.conflicts:
            self.store.settle(made.settled)
            self.store.add(made.pending)
            gone = {str(one["delete"].get("id")) for one in made.mutations if "delete" in one}
            self.store.remember_versions(made.made, no_longer=made.user_owned | gone)
        run.made, run.alone = made, intent.source_only is not None
        return Outcome(
            transaction_id=committed.transaction_id if committed is not None else None,
            documents_written=_written(made, committed, run.snapshot),
            reads=run.reads,
            writes=run.writes,
            conflicts=made.conflicts,
            pending=made.pending,
            notices=made.notices,
            retries=run.retries,
            mutations=made.mutations if committed is not None else (),
        )

    def told(self, event: str, layer: str, outcome: Outcome, started: float) -> Outcome:
        """Count and log what was done past the planner's intents: a healing, an action of a release."""
        count(self.counters, outcome, None, self.store.engine_versions)
        self.journal.done(layer, outcome, self.backend.clock.monotonic() - started, event=event)
        return outcome

    def _noted(self, intent: Intent, run: Run, carry: Callable[[], Outcome]) -> Outcome:
        """Carry an intent out, count it and log it (F10)."""
        versions = self.store.engine_versions
        outcome = carry()
        count(self.counters, outcome, run.made, versions)
        elapsed = self.backend.clock.monotonic() - run.started
        self.journal.done(intent.layer, outcome, elapsed, made=run.made, alone=run.alone)
        return outcome


def _written(made: Plan, committed: Committed | None, snapshot: Snapshot) -> int:
    """Return how many stored documents a commit touched; the lake lists a deletion of what is not there as well."""
    bodies = [(kind, body) for mutation in made.mutations for kind, body in mutation.items()]
    created = {body.get("_id") for kind, body in bodies if kind.startswith("create")}
    deleted = {body.get("id") for kind, body in bodies if kind == "delete"}
    in_vain = deleted - created - snapshot.documents.keys()
    return 0 if committed is None else sum(key not in in_vain for key in committed.documents)
