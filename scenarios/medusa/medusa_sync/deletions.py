"""What becomes of the document of a product that left the shop: kept as an orphan, or removed unless referred to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeVar, get_args

from bidir.errors import (
    BidirError,
    DocumentMissing,
    RateLimited,
    RevisionConflict,
    Unavailable,
    UnknownOutcome,
)
from lakesim.suggest import did_you_mean
from medusa_sync.addons import Addons
from medusa_sync.errors import (
    BadInputError,
    LakeConflictError,
    LakeRefusedError,
    LakeUnavailableError,
    StepFailedError,
)
from medusa_sync.lake import ContentLake
from medusa_sync.retrying import Patience, RetryPolicy
from medusa_sync.timeline import Timeline
from medusa_sync.transform import DOCUMENT_TYPE, group_of

__all__ = ["POLICIES", "Deletion", "DeletionPolicy", "check_policy", "handle_deletion"]

DeletionPolicy = Literal["keep", "remove", "unlink"]
"""`keep` leaves the document, an orphan; `remove` deletes it unless other products recommend it; `unlink` takes it out
of their recommendations first."""
POLICIES: Final = get_args(DeletionPolicy)

_LOOK: Final = """{
  "stored": *[_type == $type && sanity::versionOf($id)]._id,
  "recommenders": *[_type == $type && references($id) && $id in addons.products[]._ref]._id
}"""
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Deletion:
    """What became of a document: `fate` is `absent`, `kept` or `removed`.

    `recommended_by` are the products that recommended it; `error` says why it was not removed although it should have
    been, `away` that only the lake was missing.
    """

    product_id: str
    fate: Literal["absent", "kept", "removed"]
    recommended_by: tuple[str, ...] = ()
    error: str | None = None
    away: bool = False


def check_policy(deletes: object) -> Any:
    """Return the policy.

    Raises: BadInputError for a word that is none.
    """
    if deletes in POLICIES:
        return deletes
    hint = did_you_mean(deletes, POLICIES) if isinstance(deletes, str) else ""
    raise BadInputError(f"deletes: {deletes!r} is not one of {', '.join(POLICIES)}.{hint}")


def handle_deletion(
    product_id: str, *, lake: ContentLake, deletes: DeletionPolicy, policy: RetryPolicy, timeline: Timeline
) -> Deletion:
    """Do to the document of a product that is gone what the policy says.

    A document that others recommend is never removed under `remove`: it stays, the result names them and the list of
    orphans shows it. Never raises: trouble with the lake is in the result.
    """
    try:
        return _patiently(lambda: _delete(product_id, lake, deletes, timeline), policy, timeline)
    except StepFailedError as error:
        timeline.note("failed", str(error))
        return Deletion(product_id, "kept", error=str(error), away=True)
    except (BidirError, LakeRefusedError) as error:
        timeline.note("refused", str(error))
        return Deletion(product_id, "kept", error=str(error))


def _delete(product_id: str, lake: ContentLake, deletes: DeletionPolicy, timeline: Timeline) -> Deletion:
    found = lake.query(_LOOK, {"id": product_id, "type": DOCUMENT_TYPE})
    recommenders = tuple(sorted({group_of(one) for one in found["recommenders"]} - {product_id}))
    timeline.note("check", f"{len(found['stored'])} versions, recommended by {', '.join(recommenders) or 'nobody'}")
    if not found["stored"]:
        return Deletion(product_id, "absent")
    if deletes == "keep":
        timeline.note("kept", f"{product_id} stays as an orphan, with all that editors wrote")
        return Deletion(product_id, "kept", recommenders)
    if deletes == "remove" and recommenders:
        timeline.note("kept", f"{product_id} stays as an orphan: recommended by {', '.join(recommenders)}")
        return Deletion(product_id, "kept", recommenders)
    timeline.note("request", f"delete {product_id}, and every pointer to it, in one transaction")
    try:
        outcome = Addons(lake).delete_document(product_id)
    except DocumentMissing:
        return Deletion(product_id, "absent")
    timeline.note("stored", f"{outcome.documents_written} documents changed or deleted")
    return Deletion(product_id, "removed", recommenders)


def _patiently(action: Callable[[], _Answer], policy: RetryPolicy, timeline: Timeline) -> _Answer:
    """Try again while the lake is away, and at once where somebody was faster."""
    patience = Patience(policy, timeline)
    while True:
        try:
            return action()
        except (LakeConflictError, RevisionConflict) as error:
            patience.again(error)
        except (LakeUnavailableError, RateLimited, Unavailable, UnknownOutcome) as error:
            patience.wait(error)
