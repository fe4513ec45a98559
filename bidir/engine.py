"""The engine: one intent in, at most one read and one write out, both sides of every relation in the same transaction.

Source: bidirectional semantics, sections E and F. The planner does the thinking (`bidir.planning`), the carrier reads,
commits, retries and degrades (`bidir.carrying`); this is the face of both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from bidir import explain, publishing, reconcile, releases
from bidir.carrying import BUDGET_SECONDS, Carrier, Mode
from bidir.errors import DocumentMissing, IntentError
from bidir.explain import Explanation
from bidir.following import DEBOUNCE_SECONDS, CursorStore, Follower
from bidir.journal import Journal
from bidir.lookups import CANDIDATES_DEFAULT, ORDER_DEFAULT, PAGE_SIZE_DEFAULT, Linker, Lookups, Page, Wish
from bidir.outcome import Outcome, Pending
from bidir.planning import Intent, Operation, Step, parse_intent
from bidir.planning.reading import Reading, named_by, reading_for
from bidir.ports import Backend
from bidir.reconcile import Report, Violation
from bidir.refs import DRAFTS, PUBLISHED, group_of, layer_of
from bidir.relations import Field, Relation, Schema
from bidir.run import Run

__all__ = ["Engine", "writing_layer"]

Json = Any
PublishMode = Literal["atomic", "action"]


class Engine:
    """Keeps the relations of `schema` in step on a `backend`.

    Use one engine per worker. Nothing is kept but pending halves, the ids of versions the engine made, counters, and a
    short journal of what it wrote.
    """

    def __init__(
        self,
        schema: Schema,
        backend: Backend,
        *,
        mode: Mode = "on",
        publish: PublishMode = "atomic",
        budget: float = BUDGET_SECONDS,
    ) -> None:
        """Work by `schema` on `backend`.

        `mode` is the feature flag; `publish` says whether a publish is one transaction with its consequences
        ("atomic", in mutations) or the lake's own action and a second transaction ("action"); `budget` in seconds
        bounds an edit's delay.
        """
        if publish not in ("atomic", "action"):
            raise IntentError(f'unknown publish mode "{publish}": "atomic" or "action"')
        self.publish_mode: PublishMode = publish
        self.carrier = Carrier(schema, backend, mode=mode, budget=budget)
        self._linker = Linker(schema, self.carrier)
        self._lookups = Lookups(schema, self.carrier)
        self.schema = schema
        self.backend = backend

    @property
    def mode(self) -> Mode:
        """The feature flag: "off", "observe" or "on"."""
        return self.carrier.mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self.carrier.mode = mode

    @property
    def counters(self) -> Counter[str]:
        """What happened so far, counted (bidirectional semantics, F10)."""
        return self.carrier.counters

    @property
    def journal(self) -> Journal:
        """What was written where, most recently."""
        return self.carrier.journal

    # --------------------------------------------------------------------------------------------------- edits

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
        layer = writing_layer(perspective)
        steps = tuple(self._with_id(step) for step in parse_intent(self._resolved(mutations, layer)))
        if not steps:
            return Outcome()
        intent = Intent(steps, layer, consent=frozenset(consent))
        return self.carrier.carry_out(intent, reading_for(self.schema, steps, layer), transaction_id)

    def add(
        self,
        document_id: str,
        field: str,
        target: str,
        *,
        item: Mapping[str, Json] | None = None,
        at: int | None = None,
        perspective: str = DRAFTS,
        consent: Iterable[str] = (),
        transaction_id: str | None = None,
    ) -> Outcome:
        """Point `field` ("author", "books", "credits") at `target`: a single field is set, a list gets an item.

        `item` holds further members of an array item (`{"role": "illustrator"}`), `at` the position it is inserted
        before (None: the end). Where the list points at `target` already nothing is added: the item there gets the
        members of `item`, and keeps its place. A target that is not published yet is pointed at weakly, as in the
        Studio. One write; none if there is nothing to do.
        Raises: IntentError for a field, item or position that does not fit, or a target of a type the field does not
        take; DocumentMissing if document or target do not exist.
        """
        wish = Wish(writing_layer(perspective), frozenset(consent), transaction_id)
        return self._linker.add(document_id, field, target, wish, item=item, at=at)

    def remove(
        self,
        document_id: str,
        field: str,
        target: str,
        *,
        perspective: str = DRAFTS,
        transaction_id: str | None = None,
    ) -> Outcome:
        """Take `target` out of `field`: a single field is unset if it points there, a list loses that item.

        One write; none where the field does not point at `target`.
        Raises: IntentError for an unknown field; DocumentMissing if the document does not exist, or a target the field
        does not point at does not.
        """
        return self._linker.remove(
            document_id, field, target, Wish(writing_layer(perspective), frozenset(), transaction_id)
        )

    def reorder(
        self,
        document_id: str,
        field: str,
        targets: Sequence[str],
        *,
        perspective: str = DRAFTS,
        transaction_id: str | None = None,
    ) -> Outcome:
        """Put the items of a list into the order of `targets`, which names each of them once.

        Items move whole, with `_key` and metadata, and only those that are out of order; partners are not written.
        Raises: IntentError for an unknown field, or targets that are not those of the list; DocumentMissing;
        RevisionConflict if others kept changing the document.
        """
        wish = Wish(writing_layer(perspective), frozenset(), transaction_id)
        return self._linker.reorder(document_id, field, targets, wish)

    # ---------------------------------------------------------------------------------------------- life cycle

    def publish(
        self, document_id: str | Sequence[str], *, perspective: str = DRAFTS, transaction_id: str | None = None
    ) -> Outcome:
        """Publish a draft, or several together; partners' published relation field follows (R5).

        With a release as `perspective` its one version is published alone.
        Raises: DocumentMissing without a draft, IntentError for a type that is edited live.
        """
        ids = [document_id] if isinstance(document_id, str) else document_id
        layer = writing_layer(perspective)
        if layer == PUBLISHED:
            raise IntentError('publish takes what is not published yet: perspective="drafts" or a release name')
        if self.publish_mode == "action":
            return publishing.publish_by_action(self.carrier, _groups(ids), layer)
        return self._operate(Operation("publish", _groups(ids), layer), transaction_id)

    def unpublish(self, document_id: str, *, transaction_id: str | None = None) -> Outcome:
        """Take a document offline, keeping or making its draft (E4 rows 19 and 20)."""
        return self._operate(Operation("unpublish", _groups([document_id]), PUBLISHED), transaction_id)

    def discard(self, document_id: str, *, perspective: str = DRAFTS, transaction_id: str | None = None) -> Outcome:
        """Drop a draft or a release version; partners go back to what lies below (R6), or forget it (R7)."""
        return self._operate(Operation("discard", _groups([document_id]), writing_layer(perspective)), transaction_id)

    def delete(self, document_id: str, *, consent: Iterable[str] = (), transaction_id: str | None = None) -> Outcome:
        """Delete every version of a document, the pointers to it first (E4 row 23)."""
        operation = Operation("delete", _groups([document_id]), PUBLISHED)
        return self._operate(operation, transaction_id, consent=frozenset(consent))

    def duplicate(
        self, document_id: str, new_id: str, *, perspective: str = DRAFTS, transaction_id: str | None = None
    ) -> Outcome:
        """Copy a document; the copy keeps the links that two documents may have at once (E4 rows 28 and 29)."""
        (copy,) = _groups([new_id])
        operation = Operation("duplicate", _groups([document_id]), writing_layer(perspective), copy_id=copy)
        return self._operate(operation, transaction_id)

    def restore(self, document_id: str, revision: str, *, transaction_id: str | None = None) -> Outcome:
        """Put an old revision into the draft; its links are claims, nobody loses a place to them (E4 row 30).

        Where one transaction gave several versions of the document the same revision, the stored id says which is meant
        (`versions.r1.b1`); a published id means what the drafts view showed. To ask the history is a read of its own.

        Raises: DocumentMissing if no version of the document had that revision.
        """
        group = group_of(document_id)
        run = self.carrier.start()
        run.reads += 1
        found = self.backend.revision(document_id, revision)
        if found is None:
            raise DocumentMissing(
                f'"{group}" had no revision "{revision}"', type="documentNotFoundError", document_id=group
            )
        operation = Operation("restore", (group,), DRAFTS, document=found)
        return self._operate(operation, transaction_id, run=run)

    def create_version(self, document_id: str, release: str, *, transaction_id: str | None = None) -> Outcome:
        """Give a document a version in a release: a copy of published, or of the draft with its links as claims."""
        return self._operate(
            Operation("create_version", _groups([document_id]), writing_layer(release)), transaction_id
        )

    # ------------------------------------------------------------------------------------------------ releases

    def create_release(self, name: str, **metadata: Json) -> Outcome:
        """Create a release; `metadata` is its title, description, releaseType, intendedPublishAt."""
        return releases.create(self.carrier, name, metadata)

    def publish_release(self, name: str) -> Outcome:
        """Publish a release as a whole, then bring the layers above into step (E4 row 25)."""
        return releases.publish(self.carrier, name)

    def schedule_release(self, name: str, at: str) -> Outcome:
        """Schedule a release for the time `at` (RFC 3339); until then its versions are locked."""
        return releases.schedule(self.carrier, name, at)

    def unschedule_release(self, name: str) -> Outcome:
        """Take a schedule back; the release is active again."""
        return releases.unschedule(self.carrier, name)

    def archive_release(self, name: str) -> Outcome:
        """Archive a release; nothing else changes, it can be unarchived."""
        return releases.archive(self.carrier, name)

    def unarchive_release(self, name: str) -> Outcome:
        """Bring an archived release back."""
        return releases.unarchive(self.carrier, name)

    def delete_release(self, name: str) -> Outcome:
        """Delete an archived or published release; groups that lived only there are erased (R7)."""
        return releases.delete(self.carrier, name)

    # ---------------------------------------------------------------------------------------- edits elsewhere

    def follow(self, *, cursor: CursorStore | None = None, debounce: float = DEBOUNCE_SECONDS) -> Follower:
        """Follow edits made by anybody else and carry them through; see `Follower` for how to drive it.

        `cursor` keeps the place between runs; what changed while nobody followed is caught up with first.
        """
        return Follower(self.carrier, cursor=cursor, debounce=debounce)

    # -------------------------------------------------------------------------------------------- what waits

    def heal(self) -> Outcome:
        """Try again to write every pending half; what has become possible is written, the rest keeps waiting."""
        self._lookups.forget()
        return reconcile.heal_and_tell(self.carrier)

    def pending(self) -> list[Pending]:
        """Return the halves that wait, oldest first; those that were healed elsewhere are dropped first."""
        reconcile.drop_healed(self.schema, self.backend, self.carrier.store)
        return list(self.carrier.store)

    def waiting(self) -> dict[str, tuple[int, float]]:
        """Return, by reason, how many halves wait and for how many seconds the oldest of them has (F10).

        That is what this engine remembers, without a request; `pending` looks whether it is still so.
        """
        store = self.carrier.store
        ages: dict[str, list[float]] = {}
        for item in store:
            ages.setdefault(item.reason, []).append(store.age(item.key))
        return {reason: (len(some), max(some)) for reason, some in sorted(ages.items())}

    def why(self, document_id: str, field: str, *, perspective: str = DRAFTS) -> Explanation | None:
        """Return the last engine transaction that touched a relation field, None if no engine ever did (F10)."""
        return explain.why(
            self.schema, self.backend, document_id, field, perspective=perspective, wrote=self.carrier.wrote
        )

    # ------------------------------------------------------------------------------------------------ lookups

    def candidates(
        self,
        relation_or_field: str | Relation | Field,
        *,
        search: str | None = None,
        limit: int = CANDIDATES_DEFAULT,
        document: str | None = None,
        perspective: str = DRAFTS,
        projection: str | None = None,
        cache: bool = True,
    ) -> list[dict[str, Json]]:
        """Return what a picker offers for a field ("book.author") or relation: documents of its target types.

        Newest first, at most `limit`; each is `{_id, _type, _updatedAt, title}` with its published id, or what a
        `projection` in GROQ makes of it. `search` keeps those whose title or texts have words beginning with every word
        of it; with `document`, the id of the one being edited, that one and what its field points at already are left
        out. One request, none where the `cache` knows.
        Raises: IntentError for an unknown field, a limit out of bounds, a projection that makes no sense or a
        perspective that shows no documents.
        """
        return self._lookups.candidates(
            relation_or_field,
            search=search,
            limit=limit,
            document=document,
            perspective=perspective,
            projection=projection,
            cache=cache,
        )

    def references(
        self,
        ids: Iterable[str],
        *,
        relation: str | Relation | None = None,
        previews: bool = False,
        perspective: str = DRAFTS,
        cache: bool = True,
    ) -> dict[str, dict[str, list[Json]]]:
        """Return what the relation fields of many documents point at: `{id: {field: [target, …]}}`, in one request.

        Every field of a document is listed, also an empty one ("author", "credits[].person"), or only those of
        `relation`; a document the perspective does not show has none. A target is its id, or with `previews` an object
        `{_id, _type, _updatedAt, title, strength, item}`: what the perspective shows of it (None where nothing), "weak"
        or "strong", and the item as stored, with its key and metadata.
        Raises: IntentError for an unknown relation, or too many ids for one request.
        """
        return self._lookups.references(ids, relation=relation, previews=previews, perspective=perspective, cache=cache)

    def referring(
        self,
        document_id: str,
        relation: str | Relation,
        *,
        perspective: str = DRAFTS,
        page: int = 1,
        page_size: int = PAGE_SIZE_DEFAULT,
        order: str = ORDER_DEFAULT,
        projection: str | None = None,
        cache: bool = True,
    ) -> Page:
        """Return a page of the documents that point at this one through the owner field of `relation`.

        That is how a derived inverse is read (also by its own name, "studio.scenes"); stored relations answer as well.
        `order` is like "_updatedAt desc" or "lower(title), year desc". Items are `{_id, _type, _updatedAt, title}`
        with published ids, or what a `projection` in GROQ makes of them. One request, none where the `cache` knows.
        Raises: IntentError for an unknown relation, a page, size, order or projection that makes no sense.
        """
        return self._lookups.referring(
            document_id,
            relation,
            perspective=perspective,
            page=page,
            page_size=page_size,
            order=order,
            projection=projection,
            cache=cache,
        )

    # ------------------------------------------------------------------------------------------- whole dataset

    def audit(self, *, notes: bool = False) -> Iterator[Violation]:
        """Yield what breaks the invariants I1–I3, I5 and I9 in any single view and is not pending (F8, E8.19).

        With `notes` also what is only remarkable: strong inverse pointers, tolerated danglings, overlap.
        """
        for violation in reconcile.audit(self.schema, self.backend, self.carrier.store, notes=notes):
            self.counters[f"violation.{violation.kind}"] += 1
            yield violation

    def repair(self, dry_run: bool = True, *, progress: reconcile.Progress | None = None) -> Report:
        """Write what is missing and take away what contradicts, the owner side deciding (E6); in batches, with locks.

        `progress(done, total)` is told the documents written so far. A second repair writes nothing.
        """
        self._lookups.forget()
        started = self.backend.clock.monotonic()
        report = reconcile.repair(self.schema, self.backend, self.carrier.store, dry_run=dry_run, progress=progress)
        if not dry_run:
            self.counters["documents"] += report.writes
            self.counters["writes"] += report.batches
        self.journal.repaired(report.numbers(), self.backend.clock.monotonic() - started)
        return report

    # ----------------------------------------------------------------------------------------------- internals

    def _operate(
        self,
        operation: Operation,
        transaction_id: str | None,
        *,
        consent: frozenset[str] = frozenset(),
        run: Run | None = None,
    ) -> Outcome:
        intent = Intent((), operation.layer, operation, consent)
        copies = (group_of(operation.copy_id),) if operation.copy_id else ()
        restored = () if operation.document is None else named_by(operation.document)
        involved = (*operation.groups, *copies)
        reading = Reading(involved, restored, involved, deep=True)
        return self.carrier.carry_out(intent, reading, transaction_id, run)

    def _with_id(self, step: Step) -> Step:
        if step.document_id is not None:
            return step
        return replace(step, document_id=self.backend.generate_id(), generated=True)

    def _resolved(self, mutations: Sequence[Mapping[str, Json]], layer: str) -> Sequence[Mapping[str, Json]]:
        """Return the mutations with query forms replaced by the ids they select now (E8.2).

        A query looks at every stored document. Versions in other layers are left alone, and a document that is found
        as published and in its version of this layer is meant once.
        """
        if isinstance(mutations, (str, bytes, Mapping)) or not isinstance(mutations, Sequence):
            return mutations
        out: list[Mapping[str, Json]] = []
        for mutation in mutations:
            kind, body = next(iter(mutation.items())) if isinstance(mutation, Mapping) and mutation else ("", None)
            if kind not in ("patch", "delete") or not isinstance(body, Mapping) or "query" not in body:
                out.append(mutation)
                continue
            found = self.backend.query(str(body["query"]), body.get("params") or {})
            ids = [row["_id"] for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
            groups = dict.fromkeys(group_of(one) for one in ids if layer_of(one) in (PUBLISHED, layer))
            rest = {key: value for key, value in body.items() if key not in ("query", "params")}
            out.extend({kind: {**rest, "id": one}} for one in groups)
        return out


def _groups(document_ids: Sequence[str]) -> tuple[str, ...]:
    if not isinstance(document_ids, Sequence):
        raise IntentError(f'documents are given by id: "b1", or a list of such, not {document_ids!r}')
    for document_id in document_ids:
        if not isinstance(document_id, str) or not document_id:
            raise IntentError(f"a document id is a text, not {document_id!r}")
    return tuple(dict.fromkeys(group_of(document_id) for document_id in document_ids))


def writing_layer(perspective: str) -> str:
    """Return the layer that a perspective writes to: "drafts", "published" or a release name.

    Raises: IntentError for one that is for reading, or no layer at all.
    """
    if not isinstance(perspective, str) or not perspective or "," in perspective or "." in perspective:
        raise IntentError(
            f'perspective {perspective!r} is no layer to write to: "drafts", "published" or a release name'
        )
    if perspective in ("raw", "previewDrafts"):
        raise IntentError(f'perspective "{perspective}" is for reading; write to "drafts", "published" or a release')
    return perspective
