"""A customer's view of a product: shop and lake asked at once, editors' content first, the shop's words otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Final

from medusa_sync.commerce import Commerce
from medusa_sync.errors import LakeRefusedError, LakeUnavailableError
from medusa_sync.lake import ContentLake
from medusa_sync.models import Product, Variant

__all__ = ["CONTENT_QUERY", "Addon", "Page", "product_page", "spec_for"]

CONTENT_QUERY: Final = """*[_id == $id][0]{
  specs[]{lang, title, content},
  addons{title, "products": products[]->{_id, title}}
}"""
"""Everything the page needs of the lake, the recommended products followed, in one query by id."""


@dataclass(frozen=True, slots=True)
class Addon:
    """A recommended product that can be bought; `price` of its cheapest variant, None without variants."""

    product_id: str
    title: str
    handle: str
    price: int | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown: title, variants and stock are the shop's, the description is whichever `description_from` says.

    `content_problem` says why the lake's part is missing, where the lake did not answer.
    """

    product_id: str
    title: str
    language: str
    description: str
    description_from: str
    variants: tuple[Variant, ...]
    addons_title: str | None
    addons: tuple[Addon, ...]
    content_problem: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def product_page(commerce: Commerce, lake: ContentLake, handle: str, *, language: str) -> Page | None:
    """Return the page at an address, None (page not found) where the shop does not have the product.

    Both sides are asked at once. The shop's word is final: content without a product is not shown. A lake that does
    not answer costs the content, not the page.
    """
    product_id = commerce.id_of_handle(handle)
    if product_id is None:
        return None
    with ThreadPoolExecutor(2, thread_name_prefix="medusa-page") as pool:
        asked_shop = pool.submit(commerce.product, product_id)
        asked_lake = pool.submit(lake.query, CONTENT_QUERY, {"id": product_id}, perspective="published")
        product = asked_shop.result()
        problem: str | None = None
        content: Mapping[str, Any] = {}
        try:
            content = asked_lake.result() or {}
        except (LakeUnavailableError, LakeRefusedError) as error:
            problem = str(error)
    return None if product is None else _page(product, content, language, problem, commerce)


def spec_for(specs: Sequence[Mapping[str, Any]] | None, language: str) -> Mapping[str, Any] | None:
    """Return the spec of a language: `es-MX` takes `es-MX`, else `es`; None if editors wrote neither."""
    wanted = language.lower()
    for name in dict.fromkeys((wanted, wanted.partition("-")[0])):
        for spec in specs or []:
            if str(spec.get("lang") or "").lower() == name:
                return spec
    return None


def _page(product: Product, content: Mapping[str, Any], language: str, problem: str | None, commerce: Commerce) -> Page:
    spec = spec_for(content.get("specs"), language)
    written = str((spec or {}).get("content") or "")
    addons = content.get("addons") or {}
    return Page(
        product.id,
        product.title,
        language,
        written or product.description,
        "lake" if written else "shop",
        product.variants,
        addons.get("title"),
        tuple(_addons(addons.get("products") or [], commerce)),
        problem,
    )


def _addons(documents: Sequence[Mapping[str, Any] | None], commerce: Commerce) -> list[Addon]:
    """Return the recommended products that the shop has; who cannot be bought is not shown."""
    shown = []
    for document in documents:
        product = None if document is None else commerce.product(document["_id"])
        if product is None:
            continue
        cheapest = min(product.variants, key=lambda one: one.price, default=None)
        price, currency = (None, None) if cheapest is None else (cheapest.price, cheapest.currency)
        shown.append(Addon(product.id, product.title, product.handle, price, currency))
    return shown
