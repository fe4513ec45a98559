"""All product documents of a lake, page by page, as the comparison with the shop needs them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from medusa_sync.lake import ContentLake
from medusa_sync.transform import DOCUMENT_TYPE, group_of

__all__ = ["PAGE_SIZE", "ProductDocuments", "product_documents"]

PAGE_SIZE: Final = 1_000
"""Stored documents in one query."""
_PAGE: Final = """*[_type == $type && _id > $last] | order(_id asc) [0...$size] {
  _id, title,
  "languages": specs[defined(content) && content != ""].lang,
  "recommends": addons.products[]._ref
}"""


@dataclass(slots=True)
class ProductDocuments:
    """The stored versions of one product's document.

    `titles` by stored id; `languages` with content in any version; `recommended_by` the products that recommend it.
    """

    product_id: str
    titles: dict[str, str | None]
    languages: set[str]
    recommended_by: set[str]

    @property
    def is_published(self) -> bool:
        """Whether there is a published document."""
        return self.product_id in self.titles


def product_documents(lake: ContentLake, *, page_size: int = PAGE_SIZE) -> dict[str, ProductDocuments]:
    """Return the product documents by product id.

    Raises: LakeUnavailableError, LakeRefusedError.
    """
    found: dict[str, ProductDocuments] = {}
    recommends: list[tuple[str, str]] = []
    for row in _rows(lake, page_size):
        product_id = group_of(row["_id"])
        one = found.setdefault(product_id, ProductDocuments(product_id, {}, set(), set()))
        one.titles[row["_id"]] = row["title"]
        one.languages.update(language for language in row["languages"] or [] if isinstance(language, str))
        recommends += [(product_id, target) for target in row["recommends"] or [] if isinstance(target, str)]
    for source, target in recommends:
        if target in found and target != source:
            found[target].recommended_by.add(source)
    return found


def _rows(lake: ContentLake, page_size: int) -> Iterator[dict[str, Any]]:
    last = ""
    while page := lake.query(_PAGE, {"type": DOCUMENT_TYPE, "last": last, "size": page_size}):
        yield from page
        last = page[-1]["_id"]
