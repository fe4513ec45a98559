"""One batch of products on its way into the lake: read, plan, write, and look again until nothing is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from medusa_sync.commerce import Commerce
from medusa_sync.errors import LakeConflictError, LakeRefusedError, LakeUnavailableError, StepFailedError
from medusa_sync.lake import ContentLake, Document
from medusa_sync.planning import DOCUMENTS_QUERY, Plan, parse_found, plan_upserts
from medusa_sync.retrying import Patience, RetryPolicy
from medusa_sync.timeline import NAMES_SHOWN_MAX, Timeline, named
from medusa_sync.transform import DOCUMENT_TYPE, draft_of, group_of
from medusa_sync.upserts import SyncResult, Upsert

__all__ = ["sync_batch"]


@dataclass(slots=True)
class _Batch:
    """What is known of a batch while it is being written.

    `transactions` are the ids of those whose fate is open or that went through: a document with such a revision was
    written here, whatever became of the answer.
    """

    ids: Sequence[str]
    name: str
    before: dict[str, Document | None] = field(default_factory=dict)
    after: dict[str, Document] = field(default_factory=dict)
    transactions: set[str] = field(default_factory=set)
    created: set[str] = field(default_factory=set)
    updated: set[str] = field(default_factory=set)


def sync_batch(
    product_ids: Sequence[str],
    *,
    commerce: Commerce,
    lake: ContentLake,
    policy: RetryPolicy,
    timeline: Timeline,
    name: str,
) -> SyncResult:
    """Bring the documents of some products in step with the shop, in one transaction of the lake.

    `name` is unique to the run and the batch; the ids of the transactions begin with it. Trouble is in the result: a
    lake that stays away fails the whole batch, a product that the lake refuses fails alone.
    """
    batch = _Batch(product_ids, name)
    patience = Patience(policy, timeline)
    while True:
        try:
            try:
                return _round(batch, commerce, lake, timeline)
            except LakeUnavailableError as error:
                patience.wait(error)
            except LakeConflictError as error:
                patience.again(error)
        except LakeRefusedError as error:
            return _apart(product_ids, error, commerce, lake, policy, timeline, name)
        except StepFailedError as error:
            timeline.note("failed", str(error))
            return _failed(product_ids, str(error), away=isinstance(error.__cause__, LakeUnavailableError))


def _round(batch: _Batch, commerce: Commerce, lake: ContentLake, timeline: Timeline) -> SyncResult:
    """Read both sides and write what is missing.

    Raises: LakeConflictError if either side changed meanwhile, so that another round is due.
    """
    titles = commerce.titles(batch.ids)
    timeline.note("query", f"{named(list(titles))} read from the shop")
    found = parse_found(lake.query(DOCUMENTS_QUERY, _question(batch.ids)), batch.ids)
    _recognise(batch, found.documents)
    plan = plan_upserts(titles, found)
    timeline.note("transform", _said(plan))
    timeline.note("check", f"{named(sorted(found.documents))} found in the lake")
    if plan.mutations:
        _write(batch, plan, lake, timeline)
    # Whoever writes last has looked at the shop after writing: two syncs at once cannot leave an old title behind.
    if commerce.titles(batch.ids) != titles:
        raise LakeConflictError("the shop has changed meanwhile")
    return _result(batch, titles, plan)


def _question(product_ids: Sequence[str]) -> dict[str, Any]:
    return {"ids": [*product_ids, *map(draft_of, product_ids)], "type": DOCUMENT_TYPE}


def _recognise(batch: _Batch, documents: Mapping[str, Document]) -> None:
    """Note how the documents were at first, and which of them a transaction without an answer has written after all."""
    earlier, batch.before = batch.before, {}
    for document_id, document in documents.items():
        if document_id in batch.after or document["_rev"] in batch.transactions:
            if document_id in earlier:
                batch.before[document_id] = earlier[document_id]
            _written(batch, document)
        else:
            batch.before[document_id] = document


def _written(batch: _Batch, document: Document) -> None:
    document_id = document["_id"]
    batch.after[document_id] = document
    kind = batch.created if batch.before.get(document_id) is None and document_id in batch.ids else batch.updated
    kind.add(group_of(document_id))


def _write(batch: _Batch, plan: Plan, lake: ContentLake, timeline: Timeline) -> None:
    """Write a plan as one transaction.

    Raises: LakeConflictError also if a document that was to be made was there already; the rest is written then.
    """
    transaction_id = f"{batch.name}-{len(batch.transactions)}"
    batch.transactions.add(transaction_id)
    timeline.note("request", _shown(plan.mutations))
    results = lake.mutate(plan.mutations, transaction_id=transaction_id)
    for row in results:
        if row["operation"] in ("create", "update") and row.get("document") is not None:
            _written(batch, row["document"])
    stored = sorted({row["id"] for row in results if row["operation"] != "none"})
    timeline.note("stored", named(stored))
    made = {row["id"] for row in results if row["operation"] == "create"}
    if not made.issuperset(plan.created):
        raise LakeConflictError(f"{named([one for one in plan.created if one not in made])} made by somebody else")


def _result(batch: _Batch, titles: Mapping[str, str], plan: Plan) -> SyncResult:
    done = [product_id for product_id in titles if product_id not in plan.refused]
    changed = batch.created | batch.updated
    return SyncResult(
        created=[one for one in done if one in batch.created],
        updated=[one for one in done if one in batch.updated - batch.created],
        unchanged=[one for one in done if one not in changed],
        missing=[one for one in batch.ids if one not in titles],
        failures=dict(plan.refused),
        # A draft that was made between reading and writing got the title; how it was before nobody has seen.
        upserts=[
            Upsert(batch.before.get(key), document)
            for key, document in batch.after.items()
            if key in batch.before or key in batch.created
        ],
        batches=1,
    )


def _failed(product_ids: Sequence[str], reason: str, *, away: bool = False) -> SyncResult:
    return SyncResult(failures=dict.fromkeys(product_ids, reason), away=set(product_ids) if away else set(), batches=1)


def _apart(
    product_ids: Sequence[str],
    error: LakeRefusedError,
    commerce: Commerce,
    lake: ContentLake,
    policy: RetryPolicy,
    timeline: Timeline,
    name: str,
) -> SyncResult:
    """Send a refused batch in halves, so that one bad product stops no other."""
    if len(product_ids) == 1:
        timeline.note("refused", f"{product_ids[0]}: {error}")
        return _failed(product_ids, str(error))
    timeline.note("refused", f"in halves again, something among {len(product_ids)} products is refused: {error}")
    result = SyncResult()
    middle = len(product_ids) // 2
    for half, ids in (("a", product_ids[:middle]), ("b", product_ids[middle:])):
        part = sync_batch(ids, commerce=commerce, lake=lake, policy=policy, timeline=timeline, name=f"{name}{half}")
        result.add(part)
    result.batches = 1
    return result


def _said(plan: Plan) -> str:
    parts = [f"create {named(plan.created)}"] if plan.created else []
    parts += [f"retitle {named(plan.updated)}"] if plan.updated else []
    parts += [f"refuse {named(list(plan.refused))}"] if plan.refused else []
    return ", ".join(parts) or "nothing to write"


def _shown(mutations: Sequence[Mapping[str, Any]]) -> str:
    shown = []
    for mutation in mutations[:NAMES_SHOWN_MAX]:
        ((kind, body),) = mutation.items()
        shown.append(f"{kind} {body.get('_id') or body.get('id') or 'draft of the same'}")
    more = len(mutations) - len(shown)
    return ", ".join(shown) + (f" and {more} more mutations" if more else "")
