"""The widget on a product's page in the admin: synced or not, why, a link to the Studio, and the button to sync."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from medusa_sync.errors import LakeRefusedError, LakeUnavailableError, ProductNotFoundError
from medusa_sync.models import check_product_id
from medusa_sync.service import Outcome, SyncService
from medusa_sync.transform import DOCUMENT_TYPE

__all__ = ["NOT_SYNCED", "STUDIO_URL", "SYNCED", "SyncStatus", "sync_one", "sync_status"]

SYNCED: Final = "synced"
NOT_SYNCED: Final = "not synced"
STUDIO_URL: Final = "http://localhost:8000/studio"
_DOCUMENT: Final = "*[_id == $id][0]{_type, title}"


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """What the widget shows: `status` is `synced` or `not synced`, `reason` says why not, `link` opens the Studio."""

    product_id: str
    status: str
    reason: str | None
    link: str

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"productId": self.product_id, "status": self.status, "reason": self.reason, "link": self.link}


def sync_status(service: SyncService, product_id: str, *, studio_url: str = STUDIO_URL) -> SyncStatus:
    """Say whether the published document of a product carries the shop's title; one request.

    Raises: ProductNotFoundError; BadInputError for a malformed id.
    """
    product = service.commerce.product(check_product_id(product_id))
    if product is None:
        raise ProductNotFoundError(f"there is no product {product_id}")
    link = f"{studio_url.rstrip('/')}/structure/{DOCUMENT_TYPE};{product_id}"
    try:
        document = service.lake.query(_DOCUMENT, {"id": product_id})
    except (LakeUnavailableError, LakeRefusedError) as error:
        return SyncStatus(product_id, NOT_SYNCED, f"the lake does not tell: {error}", link)
    if document is None:
        return SyncStatus(product_id, NOT_SYNCED, "there is no document", link)
    if document["_type"] != DOCUMENT_TYPE:
        return SyncStatus(product_id, NOT_SYNCED, f'the id belongs to a document of type "{document["_type"]}"', link)
    if document["title"] != product.title:
        reason = f'the shop says "{product.title}", the document "{document["title"]}"'
        return SyncStatus(product_id, NOT_SYNCED, reason, link)
    return SyncStatus(product_id, SYNCED, None, link)


def sync_one(service: SyncService, product_id: str, *, studio_url: str = STUDIO_URL) -> tuple[Outcome, SyncStatus]:
    """Sync one product now, as the widget's button does, and return how it went and the status afterwards.

    Raises: ProductNotFoundError; BadInputError for a malformed id.
    """
    if service.commerce.product(check_product_id(product_id)) is None:
        raise ProductNotFoundError(f"there is no product {product_id}")
    outcome = service.sync([product_id])
    return outcome, sync_status(service, product_id, studio_url=studio_url)
