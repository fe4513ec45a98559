"""The engine: one intent in, at most one read and one write out, both sides of every relation in the same transaction.

Source: bidirectional semantics, F1–F5; the planner does the thinking, this module reads, commits, retries and
degrades, so that an editor's own edit is never blocked by the other half of a link.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bidir import reconcile
from bidir.errors import (
    BackendError,
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
from bidir.journal import Journal
from bidir.origin import transaction_id as make_transaction_id
from bidir.outcome import Outcome, Pending
from bidir.pending import PendingStore
from bidir.planning import Intent, Plan, Step, parse_intent, plan
from bidir.planning.reading import Reading, reading_for, reading_query, snapshot_of
from bidir.ports import Backend, Committed
from bidir.reconcile import Report, Violation
from bidir.refs import DRAFTS, PUBLISHED, group_of, layer_of, stored_id
from bidir.relations import Schema
from bidir.siblings import Snapshot

__all__ = ["BUDGET_SECONDS", "Engine", "Mode"]

Json = Any
Mode = Literal["off", "observe", "on"]
"""off: relations are left alone; observe: only say what would be written; on: keep both sides in step."""

BUDGET_SECONDS = 0.15
"""How long an editor's own write may be held back by re-planning, of the 200 ms that a reference change may cost."""
RETRIES_MAX = 3
"""Plans thrown away because somebody else was faster, before the source is written alone."""
READS_MAX = 40
"""Reads one intent may need; only a search along an acyclic relation takes more than two."""
JITTER_SECONDS = 0.005
"""Longest first wait before planning again; it doubles with each retry."""


@dataclass(slots=True)
class _Run:
    """The course of one intent: requests counted, and the snapshot as far as it was read."""

    started: float
    reads: int = 0
    writes: int = 0
    retries: int = 0
    snapshot: Snapshot = field(default_factory=Snapshot)


class Engine:
    """Keeps the relations of `schema` in step on a `backend`.

    Thread-safety is the backend's; use one engine per worker. Nothing is kept but pending halves, the ids of versions
    the engine made, counters, and a short journal of what it wrote.
    """

    def __init__(self, schema: Schema, backend: Backend, *, mode: Mode = "on", budget: float = BUDGET_SECONDS) -> None:
        """Work by `schema` on `backend`; `mode` is the feature flag, `budget` in seconds bounds an edit's delay."""
        if mode not in ("off", "observe", "on"):
            raise IntentError(f'unknown mode "{mode}": one of "off", "observe", "on"')
        self.schema = schema
        self.backend = backend
        self.mode: Mode = mode
        self.budget = budget
        self.counters: Counter[str] = Counter()
        self.journal = Journal()
        self._store = PendingStore()
        self._query = reading_query(schema)
        self._passive = schema.without_relations()

    # --------------------------------------------------------------------------------------------------- intents

    def submit(
        self,
        mutations: Sequence[Mapping[str, Json]],
        *,
        perspective: str = DRAFTS,
        consent: Iterable[str] = (),
        transaction_id: str | None = None,
    ) -> Outcome:
        """Write the user's mutations and their consequences as one transaction.

        Ids in the mutations are published ids, which mean the version of the perspective's layer (made on demand), or
        ids of that layer. `perspective` is "drafts", "published" or a release name; `consent` takes tokens of conflicts
        from an earlier outcome. A caller's own `transaction_id` is kept.
        Raises: IntentError for what cannot be understood, BackendError where the lake refuses the user's own write.
        """
        layer = self._layer(perspective)
        steps = tuple(self._with_id(step) for step in parse_intent(self._resolved(mutations)))
        return self._carry_out(Intent(steps, layer, frozenset(consent)), transaction_id)

    def delete(self, document_id: str, *, transaction_id: str | None = None) -> Outcome:
        """Delete every version of a document, its pointers first (bidirectional semantics, E4 row 23)."""
        group = group_of(document_id)
        run = _Run(self.backend.clock.monotonic())
        probe = Step("delete", group, {}, group, PUBLISHED)
        self._read(run, reading_for(self.schema, [probe]))
        layers = [layer_of(key) for key in run.snapshot.documents if group_of(key) == group]
        if not layers:
            raise DocumentMissing(
                f'The document with the ID "{group}" was not found', type="documentNotFoundError", document_id=group
            )
        steps = tuple(Step("delete", group, {}, group, layer) for layer in sorted(layers))
        return self._carry_out(Intent(steps, PUBLISHED), transaction_id, run)

    def heal(self) -> Outcome:
        """Try again to write every pending half; what has become possible is written, the rest keeps waiting."""
        return reconcile.heal(self.schema, self.backend, self._store)

    def pending(self) -> list[Pending]:
        """Return the halves that wait, oldest first; those that were healed elsewhere are dropped first."""
        reconcile.drop_healed(self.schema, self.backend, self._store)
        return list(self._store)

    # --------------------------------------------------------------------------------------------- whole dataset

    def audit(self, *, notes: bool = False) -> Iterator[Violation]:
        """Yield what breaks the invariants I1–I3, I5 and I9 in any single view and is not pending (F8, E8.19).

        With `notes` also what is only remarkable: strong inverse pointers, tolerated danglings, overlap.
        """
        return reconcile.audit(self.schema, self.backend, self._store, notes=notes)

    def repair(self, *, dry_run: bool = True, progress: reconcile.Progress | None = None) -> Report:
        """Write what is missing and take away what contradicts, the owner side deciding (E6); in batches, with locks.

        `progress(done, total)` is told the documents written so far. A second repair writes nothing.
        """
        return reconcile.repair(self.schema, self.backend, self._store, dry_run=dry_run, progress=progress)

    # -------------------------------------------------------------------------------------------------- internals

    def _layer(self, perspective: str) -> str:
        if not isinstance(perspective, str) or not perspective or "," in perspective or "." in perspective:
            raise IntentError(
                f'perspective {perspective!r} is no layer to write to: "drafts", "published" or a release name'
            )
        if perspective in ("raw", "previewDrafts"):
            raise IntentError(
                f'perspective "{perspective}" is for reading; write to "drafts", "published" or a release'
            )
        return perspective

    def _with_id(self, step: Step) -> Step:
        if step.document_id is not None:
            return step
        return replace(step, document_id=self.backend.generate_id())

    def _resolved(self, mutations: Sequence[Mapping[str, Json]]) -> Sequence[Mapping[str, Json]]:
        """Return the mutations with query forms replaced by the ids they select now (E8.2)."""
        out: list[Mapping[str, Json]] = []
        if isinstance(mutations, (str, bytes, Mapping)) or not isinstance(mutations, Sequence):
            return mutations
        for mutation in mutations:
            kind, body = next(iter(mutation.items())) if isinstance(mutation, Mapping) and mutation else ("", None)
            if kind not in ("patch", "delete") or not isinstance(body, Mapping) or "query" not in body:
                out.append(mutation)
                continue
            found = self.backend.query(str(body["query"]), body.get("params") or {})
            ids = [row["_id"] for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
            rest = {key: value for key, value in body.items() if key not in ("query", "params")}
            out.extend({kind: {**rest, "id": one}} for one in ids)
        return out

    def _carry_out(self, intent: Intent, transaction_id: str | None, run: _Run | None = None) -> Outcome:
        self.counters["intents"] += 1
        course = run or _Run(self.backend.clock.monotonic())
        wanted = intent
        if self.mode == "on":
            outcome = self._attempts(wanted, transaction_id, course)
        else:
            outcome = self._passed_through(intent, transaction_id, course)
        self._note(intent, outcome, course)
        return outcome

    def _passed_through(self, intent: Intent, transaction_id: str | None, run: _Run) -> Outcome:
        """Write the user's mutations alone; when observing, say what would have been written beside them."""
        self._read(run, reading_for(self.schema, intent.steps))
        if self.mode == "observe":
            would, _ = self._planned(intent, run)
            self.journal.observed(intent, would)
        mine = plan(self._passive, run.snapshot, intent, patched=self.backend.patched)
        committed = self._commit(mine, transaction_id, run)
        return self._outcome(mine, committed, run)

    def _attempts(self, intent: Intent, transaction_id: str | None, run: _Run) -> Outcome:
        """Plan and commit; plan again where somebody was faster; past the budget write the source alone."""
        if not intent.steps:
            return Outcome()
        if not run.snapshot.known:
            self._read(run, reading_for(self.schema, intent.steps))
        while True:
            made, _ = self._planned(intent, run)
            if made.conflicts or not made.mutations:
                return self._outcome(made, None, run)
            name = transaction_id or self._transaction_id(made)
            try:
                committed = self._commit(made, name, run)
            except BackendError as error:
                settled = self._settled_unknown(error, made, name, run)
                if settled is not None:
                    return self._outcome(made, settled, run)
                intent = self._after_refusal(error, intent, made, run)
                continue
            return self._outcome(made, committed, run)

    def _transaction_id(self, made: Plan) -> str | None:
        """Name the transaction after its relation; one that touches none is the lake's to name."""
        if not made.relations:
            return None
        return make_transaction_id(made.relations[0], self.backend.clock.nonce())

    def _planned(self, intent: Intent, run: _Run) -> tuple[Plan, Snapshot]:
        while True:
            versions = self._store.engine_versions
            made = plan(self.schema, run.snapshot, intent, patched=self.backend.patched, engine_versions=versions)
            self.counters["plans"] += 1
            if not made.needs and not made.needs_claims:
                if self._absence_confirmed(made, run):
                    return made, run.snapshot
                continue
            if run.reads >= READS_MAX:
                raise QuarantineError(
                    f"planning still asked for documents after {READS_MAX} reads; nothing was written"
                )
            everything = Reading(tuple(sorted(made.needs)), (), tuple(sorted(made.needs_claims)))
            self._read(run, everything)

    def _read(self, run: _Run, reading: Reading) -> None:
        run.reads += 1
        self.counters["reads"] += 1
        result = self.backend.query(self._query, reading.params())
        run.snapshot = run.snapshot.merged(snapshot_of(self.schema, reading, result))

    def _absence_confirmed(self, made: Plan, run: _Run) -> bool:
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

    def _commit(self, made: Plan, transaction_id: str | None, run: _Run) -> Committed | None:
        if not made.mutations:
            return None
        run.writes += 1
        self.counters["writes"] += 1
        return self.backend.commit(made.mutations, transaction_id=transaction_id)

    def _settled_unknown(self, error: BackendError, made: Plan, name: str | None, run: _Run) -> Committed | None:
        """After a lost answer: was the transaction committed? Its id is the revision of what it wrote (F5)."""
        if not isinstance(error, UnknownOutcome) or name is None:
            return None
        run.reads += 1
        found = self.backend.documents(made.documents)
        if any(document is not None and document.get("_rev") == name for document in found.values()):
            return _Known(name, made.documents)
        return None

    def _after_refusal(self, error: BackendError, intent: Intent, made: Plan, run: _Run) -> Intent:
        """Return the intent to plan next; raise `error` where the user's own write is what was refused."""
        if self._is_users_own(error, intent):
            raise error
        if isinstance(error, (PermissionRefused, RateLimited)):
            if intent.source_only is not None:
                raise error
            self.counters["degraded"] += 1
            return replace(intent, source_only="permission" if isinstance(error, PermissionRefused) else "budget")
        if not isinstance(error, (RevisionConflict, DocumentMissing, ReferenceRefused, UnknownOutcome, Unavailable)):
            raise error
        run.retries += 1
        self.counters["retries"] += 1
        if run.retries > 2 * RETRIES_MAX:
            raise error
        self._refresh(made, run)
        spent = self.backend.clock.monotonic() - run.started
        if intent.source_only is None and (run.retries > RETRIES_MAX or spent > self.budget):
            self.counters["degraded"] += 1
            return replace(intent, source_only="budget" if spent > self.budget else "conflict")
        wait = JITTER_SECONDS * 2 ** (run.retries - 1) * self.backend.clock.jitter()
        if run.retries > 1 and spent + wait < self.budget:
            self.backend.clock.sleep(wait)
        return intent

    def _is_users_own(self, error: BackendError, intent: Intent) -> bool:
        """Whether the refusal is about what the user demanded: a guard, a create, a patch of nothing."""
        if isinstance(error, Refused):
            return True
        for step in intent.steps:
            target = error.document_id
            if target is None or group_of(target) != group_of(step.document_id or step.group):
                continue
            if isinstance(error, RevisionConflict) and "ifRevisionID" in step.body:
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

    def _refresh(self, made: Plan, run: _Run) -> None:
        """Read again, by id, everything the plan looked at; a query might still show what was true before."""
        ids = {stored_id(group, layer) for group in run.snapshot.known for layer in (PUBLISHED, DRAFTS)}
        ids |= set(run.snapshot.documents) | set(made.documents)
        run.reads += 1
        found = self.backend.documents(sorted(ids))
        kept = {key: value for key, value in run.snapshot.documents.items() if key not in found}
        fresh = {key: document for key, document in found.items() if document is not None}
        run.snapshot = replace(run.snapshot, documents={**kept, **fresh})

    def _outcome(self, made: Plan, committed: Committed | None, run: _Run) -> Outcome:
        if not made.conflicts:
            self._store.settle(made.settled)
            self._store.add(made.pending)
            self._store.remember_versions(made.made, no_longer=made.user_owned)
        written = committed.documents if committed is not None else ()
        return Outcome(
            transaction_id=committed.transaction_id if committed is not None else None,
            documents_written=len(written),
            reads=run.reads,
            writes=run.writes,
            conflicts=made.conflicts,
            pending=made.pending,
            notices=made.notices,
            retries=run.retries,
            mutations=made.mutations if committed is not None else (),
        )

    def _note(self, intent: Intent, outcome: Outcome, run: _Run) -> None:
        elapsed = self.backend.clock.monotonic() - run.started
        self.counters["documents"] += outcome.documents_written
        self.counters["conflicts"] += len(outcome.conflicts)
        self.counters["empty_plans"] += not outcome.mutations
        for item in outcome.pending:
            self.counters[f"pending.{item.reason}"] += 1
        for notice in outcome.notices:
            self.counters[f"notice.{notice.kind}"] += 1
        self.journal.done(intent.layer, outcome, elapsed)


@dataclass(frozen=True, slots=True)
class _Known:
    """A commit whose answer was lost and whose traces were found."""

    transaction_id: str
    documents: tuple[str, ...]
