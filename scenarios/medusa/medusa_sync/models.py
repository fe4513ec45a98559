"""The values of the commerce side: products with their variants, and the events of their changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lakesim.suggest import did_you_mean
from medusa_sync.errors import BadInputError

__all__ = [
    "CREATED",
    "DELETED",
    "EVENT_NAMES",
    "UPDATED",
    "Event",
    "Product",
    "Variant",
    "check_event_name",
    "check_product_id",
]

CREATED: Final = "product.created"
UPDATED: Final = "product.updated"
DELETED: Final = "product.deleted"
EVENT_NAMES: Final = (CREATED, UPDATED, DELETED)

_PRODUCT_ID: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}")


@dataclass(frozen=True, slots=True)
class Variant:
    """What a customer puts into the cart; `price` in the currency's smallest unit (2999 is $29.99)."""

    id: str
    title: str
    price: int
    currency: str = "usd"
    inventory: int = 0


@dataclass(frozen=True, slots=True)
class Product:
    """A product of the shop; `created_at` and `updated_at` are RFC 3339."""

    id: str
    title: str
    handle: str
    description: str
    status: str
    created_at: str
    updated_at: str
    variants: tuple[Variant, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A change of a product, as the event bus tells it: which product, never what it is like now.

    `number` counts the events of one database; `attempts` the times that handling it failed.
    """

    number: int
    name: str
    product_id: str
    at: str
    attempts: int = 0
    error: str | None = None


def check_product_id(product_id: object) -> str:
    """Return a product's id, which is its document's id as well.

    Raises: BadInputError for an id that no published document can have.
    """
    if isinstance(product_id, str) and _PRODUCT_ID.fullmatch(product_id):
        return product_id
    raise BadInputError(
        f"product id {product_id!r}: letters, digits, _ and - are right (1 to 100 of them), such as prod_01ABC123;"
        " the document has the same id, and dots would make it a draft or a version"
    )


def check_event_name(name: object) -> str:
    """Return an event's name.

    Raises: BadInputError for a name that the sync does not know.
    """
    if isinstance(name, str) and name in EVENT_NAMES:
        return name
    hint = did_you_mean(name, EVENT_NAMES) if isinstance(name, str) else ""
    raise BadInputError(f"event {name!r} is not one of {', '.join(EVENT_NAMES)}.{hint}")
