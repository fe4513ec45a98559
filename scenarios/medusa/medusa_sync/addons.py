"""Recommendations between products, two-way: `addons.products[]` here, `recommendedBy[]` there, kept by the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bidir import Engine, Schema
from bidir.outcome import Outcome
from medusa_sync.errors import BadInputError
from medusa_sync.lake import ContentLake
from medusa_sync.transform import draft_of

__all__ = ["RECOMMENDED_BY_QUERY", "SCHEMA_FILE", "Addons", "load_schema"]

SCHEMA_FILE: Final = Path(__file__).parents[1] / "schemas" / "products.yaml"
FIELD: Final = "addons.products"
RECOMMENDED_BY_QUERY: Final = "*[_id == $id][0].recommendedBy[]->{_id, title}"
"""Which products recommend this one: stored on it, so that one look answers."""
_FOUND: Final = "*[_id in $ids]{_id, addons}"


def load_schema() -> Schema:
    """Return the product type with its relation, as `schemas/products.yaml` declares it."""
    return Schema.load(SCHEMA_FILE)


@dataclass(slots=True)
class _Place:
    """A follower's place, kept for as long as it catches up."""

    cursor: str

    def load(self) -> str:
        return self.cursor

    def save(self, cursor: str) -> None:
        self.cursor = cursor


class Addons:
    """What a content manager does with recommendations, by an engine on the same lake."""

    def __init__(self, lake: ContentLake) -> None:
        """Start an engine on the lake."""
        self.lake = lake
        self.engine = Engine(load_schema(), lake.backend())

    def recommend(self, product_id: str, title: str, products: Sequence[str], *, publish: bool = True) -> list[Outcome]:
        """Set the heading and the recommended products in the draft, and publish it; the other sides follow.

        Items that are there already keep their keys and metadata.
        Raises: BadInputError for a product that recommends itself or one that has no document; BackendError.
        """
        if product_id in products:
            raise BadInputError(f"{product_id} cannot recommend itself")
        there = {
            one["_id"]: one for one in self.lake.query(_FOUND, {"ids": [product_id, draft_of(product_id), *products]})
        }
        unknown = [one for one in products if one not in there]
        if unknown:
            raise BadInputError(f"{', '.join(unknown)}: no such product document; sync the product first")
        present = there.get(draft_of(product_id)) or there.get(product_id)
        if present is None:
            raise BadInputError(f"{product_id}: no such product document; sync the product first")
        kept = {item["_ref"]: item for item in (present.get("addons") or {}).get("products") or []}
        items = [kept.get(one) or {"_type": "reference", "_ref": one, "_key": one} for one in products]
        addons: dict[str, Any] = {**(present.get("addons") or {}), "title": title, "products": items}
        done = [self.engine.submit([{"patch": {"id": product_id, "set": {"addons": addons}}}])]
        if publish:
            done.append(self.engine.publish(product_id))
        return done

    def recommended_by(self, product_id: str) -> list[dict[str, Any]]:
        """Return id and title of the published products that recommend this one."""
        found = self.lake.query(RECOMMENDED_BY_QUERY, {"id": product_id}, perspective="published")
        return [one for one in found or [] if one is not None]

    def place(self) -> str:
        """Return a place in the lake's history that stands for now."""
        return self.engine.backend.position()

    def catch_up(self, place: str) -> list[Outcome]:
        """Carry through what was edited past the engine since a place, by the Studio or by scripts, as a worker does.

        A worker that runs on uses `engine.follow()` itself; it keeps its place in the same way.
        """
        with self.engine.follow(cursor=_Place(place)) as follower:
            return follower.settle()

    def broken(self) -> list[str]:
        """Return what an audit finds: pairs of which only one half stands."""
        return [str(one) for one in self.engine.audit()]

    def delete_document(self, product_id: str) -> Outcome:
        """Delete every version of a product's document, the pointers to it in the same transaction.

        Raises: BackendError, BidirError.
        """
        return self.engine.delete(product_id)
