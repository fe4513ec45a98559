"""The weekly look at everything: products without document, title or content, and documents without product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from medusa_sync.catalogue import product_documents
from medusa_sync.lanes import whole_catalogue
from medusa_sync.orphans import Orphan, orphans_among
from medusa_sync.service import Outcome, SyncService

__all__ = ["Reconciliation", "reconcile"]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What a comparison of both sides found, by product id, and the sync that put it right (None: not asked for).

    `differing` holds shop's and lake's title of each version that differs; `without_content` products that no editor
    has written anything for: the page shows the shop's description. `retried` are events taken up again.
    """

    products: int
    documents: int
    missing: tuple[str, ...]
    differing: dict[str, tuple[str, str | None]]
    without_content: tuple[str, ...]
    orphans: tuple[Orphan, ...]
    outcome: Outcome | None
    retried: int

    @property
    def in_step(self) -> bool:
        """Whether every product had its document with its title, and every document its product."""
        return not (self.missing or self.differing or self.orphans)

    def report(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "products": self.products,
            "documents": self.documents,
            "missing": list(self.missing),
            "differing": {key: {"shop": shop, "lake": lake} for key, (shop, lake) in self.differing.items()},
            "withoutContent": list(self.without_content),
            "orphans": [one.to_json() for one in self.orphans],
            "fixed": None if self.outcome is None else self.outcome.result.report(),
            "retriedEvents": self.retried,
        }


def reconcile(service: SyncService, *, fix: bool = True) -> Reconciliation:
    """Compare shop and lake, and unless `fix` is off sync what is missing or differs; orphans are only listed.

    Events that had been set aside are settled if their products are in step afterwards.
    Raises: LakeUnavailableError, LakeRefusedError while comparing.
    """
    commerce = service.commerce
    documents = product_documents(service.lake)
    missing: list[str] = []
    differing: dict[str, tuple[str, str | None]] = {}
    without_content: list[str] = []
    products = 0
    for ids in whole_catalogue(commerce):
        for product_id, title in commerce.titles(ids).items():
            products += 1
            found = documents.get(product_id)
            if found is None or not found.is_published:
                missing.append(product_id)
            if found is None or not found.languages:
                without_content.append(product_id)
            if found is not None:
                differing |= {key: (title, one) for key, one in found.titles.items() if one != title}
    wrong = sorted({*missing, *(key.rsplit(".", 1)[-1] for key in differing)})
    outcome = service.sync(wrong) if fix and wrong else None
    return Reconciliation(
        products,
        len(documents),
        tuple(missing),
        differing,
        tuple(without_content),
        tuple(orphans_among(documents, commerce)),
        outcome,
        _settle_events(service, outcome) if fix else 0,
    )


def _settle_events(service: SyncService, outcome: Outcome | None) -> int:
    """Settle the events whose products are in step: the comparison has seen to them."""
    failed = frozenset() if outcome is None else frozenset(outcome.result.failures)
    if outcome is not None and outcome.status not in ("done", "failed"):
        return 0
    settled = 0
    for event in service.commerce.failed_events():
        if event.product_id not in failed:
            service.commerce.settle_event(event)
            settled += 1
    return settled
