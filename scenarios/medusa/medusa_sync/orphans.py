"""Documents without a product: found by comparing both sides, listed by default, cleaned up on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from medusa_sync.catalogue import ProductDocuments, product_documents
from medusa_sync.commerce import Commerce
from medusa_sync.deletions import Deletion, DeletionPolicy, check_policy, handle_deletion
from medusa_sync.errors import BadInputError
from medusa_sync.lake import ContentLake
from medusa_sync.retrying import RetryPolicy
from medusa_sync.timeline import Timeline

__all__ = ["ORPHAN_SHARE_MAX", "Orphan", "clean_up", "find_orphans", "orphans_among"]

ORPHAN_SHARE_MAX: Final = 0.5
"""Beyond this share of all documents a clean-up asks twice: more likely it was pointed at the wrong database."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """A document without a product: stored ids, title, languages with content, and who recommends it."""

    product_id: str
    stored_ids: tuple[str, ...]
    title: str | None
    languages: tuple[str, ...]
    recommended_by: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "productId": self.product_id,
            "storedIds": list(self.stored_ids),
            "title": self.title,
            "languages": list(self.languages),
            "recommendedBy": list(self.recommended_by),
        }


def find_orphans(commerce: Commerce, lake: ContentLake) -> list[Orphan]:
    """Return the documents whose product the shop does not have, by id.

    Raises: LakeUnavailableError, LakeRefusedError.
    """
    return orphans_among(product_documents(lake), commerce)


def orphans_among(documents: dict[str, ProductDocuments], commerce: Commerce) -> list[Orphan]:
    """Return the orphans among documents that have been read."""
    known = commerce.known(documents)
    return [
        Orphan(
            one.product_id,
            tuple(sorted(one.titles)),
            one.titles.get(one.product_id) or next(iter(one.titles.values())),
            tuple(sorted(one.languages)),
            tuple(sorted(one.recommended_by)),
        )
        for product_id, one in sorted(documents.items())
        if product_id not in known
    ]


def clean_up(
    commerce: Commerce,
    lake: ContentLake,
    *,
    deletes: DeletionPolicy,
    policy: RetryPolicy,
    timeline: Timeline,
    even_most: bool = False,
) -> list[Deletion]:
    """Remove the orphans (`remove`: those that nobody recommends; `unlink`: all) and return what became of each.

    An orphan is removed only after asking the shop once more. Chains of orphans that recommend only one another go in
    as many rounds as they need.
    Raises: BadInputError for `keep`, and where more than half of all documents are orphans unless `even_most`;
    LakeUnavailableError, LakeRefusedError while listing.
    """
    if check_policy(deletes) == "keep":
        raise BadInputError('to clean up means "remove" or "unlink"; without either the orphans are only listed')
    documents = product_documents(lake)
    orphans = orphans_among(documents, commerce)
    if len(orphans) > ORPHAN_SHARE_MAX * len(documents) and not even_most:
        raise BadInputError(
            f"{len(orphans)} of {len(documents)} documents have no product; is this the right commerce database?"
            " If it is, say so with --even-most"
        )
    done: dict[str, Deletion] = {}
    left = [one.product_id for one in orphans]
    while left:
        removed = _round(left, commerce, lake, deletes, policy, timeline, done)
        left = [one for one in left if done[one].fate == "kept" and done[one].error is None] if removed else []
    return [done[one.product_id] for one in orphans]


def _round(
    product_ids: Sequence[str],
    commerce: Commerce,
    lake: ContentLake,
    deletes: DeletionPolicy,
    policy: RetryPolicy,
    timeline: Timeline,
    done: dict[str, Deletion],
) -> int:
    removed = 0
    for product_id in product_ids:
        if commerce.product(product_id) is not None:
            done[product_id] = Deletion(product_id, "kept", error="the shop has this product again")
            continue
        done[product_id] = handle_deletion(product_id, lake=lake, deletes=deletes, policy=policy, timeline=timeline)
        removed += done[product_id].fate == "removed"
    return removed
