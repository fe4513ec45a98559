"""The eight scenarios of the data flow, as chapters: what people do, both sides before and after, what must hold."""

from __future__ import annotations

from typing import Any, Final

from medusa_sync.admin import sync_one, sync_status
from medusa_sync.lanes import BATCH_SIZE
from medusa_sync.orphans import find_orphans
from medusa_sync.scene import SHIRT, SHIRT_TITLE, Scene
from medusa_sync.storefront import product_page
from medusa_sync.transform import document_for

__all__ = [
    "CATALOGUE_SIZE",
    "adding_addons",
    "bulk_sync",
    "creating",
    "customer_view",
    "deleting",
    "enriching",
    "manual_sync",
    "updating_the_title",
]

CATALOGUE_SIZE: Final = 1_250
HANDLE: Final = "premium-cotton-t-shirt"
ENGLISH: Final = "Made from 100% organic cotton, this premium t-shirt offers unmatched comfort and durability."
SPANISH: Final = "Hecha de algodón 100% orgánico."
FRENCH: Final = "Fabriqué à partir de coton 100% bio."


def creating(scene: Scene) -> None:
    """An admin saves a new product; its event makes one document with the same id."""
    narrator = scene.narrator
    narrator.step(f'An admin saves "{SHIRT_TITLE}"; the shop emits product.created')
    with scene.both_sides():
        timeline = scene.service.timeline()
        timeline.note("clicked", "the admin clicks Save")
        event = scene.create_shirt()
        timeline.note("saved", f"{SHIRT} saved together with its event")
        outcome = scene.service.handle(event, timeline=timeline)
        scene.timeline(outcome.timeline)
    document = scene.document(SHIRT)
    made = {key: value for key, value in document.items() if not key.startswith("_") or key in ("_id", "_type")}
    narrator.claim("one document, with the product's id", list(scene.documents()) == [SHIRT])
    narrator.claim("one spec, keyed by the id, in English, its content empty", made == document_for(SHIRT, SHIRT_TITLE))
    narrator.claim("one product was synced, and there was no document before", _upserts(outcome) == [(1, None)])


def enriching(scene: Scene) -> None:
    """A content manager writes specs in three languages; the shop hears nothing of it."""
    narrator = scene.narrator
    scene.synced_shirt()
    shop = scene.commerce.database.dump("product", "variant", "event")
    narrator.step("A content manager fills in English, adds Spanish and French, and publishes")
    with scene.both_sides():
        _enrich(scene)
    document = scene.document(SHIRT)
    contents = {spec["lang"]: spec["content"] for spec in document["specs"]}
    narrator.claim("three languages are published", contents == {"en": ENGLISH, "es": SPANISH, "fr": FRENCH})
    untouched = scene.commerce.database.dump("product", "variant", "event") == shop
    narrator.claim("the shop is untouched to the byte: nothing syncs back, no event", untouched)


def customer_view(scene: Scene) -> None:
    """A page asks both systems at once and shows the editors' words, or the shop's where there are none."""
    narrator = scene.narrator
    scene.synced_shirt()
    scene.synced("prod_jeans_001", "Slim Fit Jeans", 7_999)
    _enrich(scene)
    scene.addons().recommend(SHIRT, "Complete Your Look", ["prod_jeans_001"])
    scene.lake.requests.take()
    prices: list[int | None] = []
    with scene.both_sides():
        for language in ("en", "es", "de"):
            narrator.step(f"A customer opens /us/products/{HANDLE} in {language}")
            page = product_page(scene.commerce, scene.lake, HANDLE, language=language)
            assert page is not None
            shown = page.to_json()
            narrator.data("page", {name: shown[name] for name in ("title", "description", "addons_title", "addons")})
            prices = [one.price for one in page.addons]
            expected = {"en": ENGLISH, "es": SPANISH}.get(language, "A comfortable t-shirt")
            narrator.claim(f"the description is the {page.description_from}'s", page.description == expected)
    requests = scene.lake.requests.take()
    narrator.claim("one query a page, the recommended products followed in it", requests["query"] == 3 + 2)
    narrator.claim("the recommendation carries the shop's price", prices == [7_999])
    narrator.claim("nobody wrote anything", set(requests) == {"query"})


def updating_the_title(scene: Scene) -> None:
    """The shop changes a title: the document's title follows, the editors' specs stay as they are."""
    narrator = scene.narrator
    scene.synced_shirt()
    _enrich(scene)
    before = scene.document(SHIRT)
    narrator.step('An admin changes the title to "Premium Organic Cotton T-Shirt"')
    with scene.both_sides():
        event = scene.commerce.update_product(SHIRT, title="Premium Organic Cotton T-Shirt")
        outcome = scene.handle(event)
    after = scene.document(SHIRT)
    narrator.claim("the title followed", after["title"] == "Premium Organic Cotton T-Shirt")
    narrator.claim("specs are preserved", after["specs"] == before["specs"])
    narrator.claim("the upsert map knows the document before", outcome.result.upserts[0].before == before)
    narrator.step("The same event is delivered once more")
    scene.lake.requests.take()
    scene.handle(event)
    narrator.claim("nothing is written: one query, no transaction", scene.lake.requests.take() == {"query": 1})


def deleting(scene: Scene) -> None:
    """A deleted product leaves an orphan by default; on request it is removed, unless others recommend it."""
    narrator = scene.narrator
    scene.synced_shirt()
    scene.synced("prod_jeans_001", "Slim Fit Jeans")
    scene.synced("prod_hat_003", "Baseball Cap")
    _enrich(scene)
    scene.addons().recommend("prod_jeans_001", "Goes well with", [SHIRT])
    narrator.step("An admin deletes the shirt; by default its document stays")
    with scene.both_sides():
        deletion = scene.commerce.delete_product(SHIRT)
        scene.handle(deletion)
    orphans = find_orphans(scene.commerce, scene.lake)
    for orphan in orphans:
        narrator.data("orphan", orphan.to_json())
    narrator.claim("the page is not found", product_page(scene.commerce, scene.lake, HANDLE, language="en") is None)
    narrator.claim("the document is listed as an orphan", [one.product_id for one in orphans] == [SHIRT])

    narrator.step("With deletes=remove: the cap goes, nobody recommends it")
    removing = scene.serve(deletes="remove")
    with scene.both_sides():
        scene.handle(scene.commerce.delete_product("prod_hat_003"), service=removing)
    narrator.claim("its document is gone", scene.document("prod_hat_003") is None)

    narrator.step("The deletion of the shirt comes once more, now with deletes=remove: the jeans recommend it")
    outcome = scene.handle(deletion, service=removing)
    kept = outcome.deletion is not None and outcome.deletion.recommended_by == ("prod_jeans_001",)
    narrator.claim("it is kept, and who recommends it is named", kept and scene.document(SHIRT) is not None)

    narrator.step("And with deletes=unlink: taken out of the recommendations first, in the same transaction")
    with scene.both_sides():
        scene.handle(deletion, service=scene.serve(deletes="unlink"))
    products = scene.document("prod_jeans_001")["addons"]["products"]
    narrator.claim("no document and no pointer is left", scene.document(SHIRT) is None and not products)


def bulk_sync(scene: Scene) -> None:
    """Without ids everything is synced: batches of 200 in parallel, the total returned."""
    narrator = scene.narrator
    narrator.step(f"The shop has {CATALOGUE_SIZE:,} products and the lake none; an admin starts a bulk sync")
    fill(scene, CATALOGUE_SIZE)
    scene.lake.requests.take()
    outcome = scene.service.sync()
    requests = scene.lake.requests.take()
    scene.timeline(outcome.timeline)
    narrator.data("result", {**outcome.result.report(), "requests": requests})
    batches = -(-CATALOGUE_SIZE // BATCH_SIZE)
    narrator.claim(f"the total is {CATALOGUE_SIZE:,}", outcome.total == CATALOGUE_SIZE)
    narrator.claim(f"{batches} batches, a query and a transaction each", requests == {"mutate": 7, "query": 7})
    narrator.step("The same again")
    again = scene.service.sync()
    narrator.claim("everything is in step", len(again.result.unchanged) == CATALOGUE_SIZE)
    narrator.claim(f"only {batches} queries", scene.lake.requests.take() == {"query": 7})


def manual_sync(scene: Scene) -> None:
    """An admin sees on a product's page whether it is synced, and presses the button."""
    narrator = scene.narrator
    scene.create_shirt()
    narrator.step("An admin opens the product; its event has not been handled yet")
    before = sync_status(scene.service, SHIRT)
    narrator.data("widget", before.to_json())
    narrator.claim('the badge says "not synced", and why', (before.status, bool(before.reason)) == ("not synced", True))
    narrator.step("The admin presses Sync")
    with scene.both_sides():
        outcome, after = sync_one(scene.service, SHIRT)
        scene.timeline(outcome.timeline)
    narrator.data("widget", after.to_json())
    narrator.claim('the badge says "synced"', after.status == "synced")
    narrator.claim("the link opens the document in the Studio", after.link.endswith(f"/structure/product;{SHIRT}"))


def adding_addons(scene: Scene) -> None:
    """Recommendations are references, two-way: each product also knows which products recommend it."""
    narrator = scene.narrator
    scene.synced_shirt()
    others = {"prod_jeans_001": "Slim Fit Jeans", "prod_shoes_002": "Casual Sneakers", "prod_hat_003": "Baseball Cap"}
    for product_id, title in others.items():
        scene.synced(product_id, title)
    addons = scene.addons()
    narrator.step('A content manager adds "Complete Your Look" with three products and publishes')
    with scene.both_sides():
        addons.recommend(SHIRT, "Complete Your Look", list(others))
    narrator.data("who recommends the jeans", addons.recommended_by("prod_jeans_001"))
    named = [one["_id"] for one in addons.recommended_by("prod_jeans_001")]
    narrator.claim("the jeans know who recommends them", named == [SHIRT])

    narrator.step("A script takes the sneakers out, past the engine; the engine follows")
    with scene.both_sides():
        place = addons.place()
        unset = {"unset": ['addons.products[_ref=="prod_shoes_002"]']}
        scene.lake.mutate([{"patch": {"id": SHIRT, **unset}}])
        addons.catch_up(place)
    narrator.claim("the sneakers are recommended by nobody", addons.recommended_by("prod_shoes_002") == [])
    narrator.claim("both sides of every recommendation stand", addons.broken() == [])


def fill(scene: Scene, count: int) -> None:
    """Put products into the shop, without handling their events."""
    for number in range(1, count + 1):
        scene.commerce.create_product(f"prod_{number:05d}", f"Product {number}")


def _enrich(scene: Scene) -> None:
    scene.editor.write_spec(SHIRT, "en", content=ENGLISH)
    scene.editor.write_spec(SHIRT, "es", content=SPANISH, title="Camiseta de Algodón Premium")
    scene.editor.write_spec(SHIRT, "fr", content=FRENCH, title="T-Shirt en Coton Premium")
    scene.editor.publish(SHIRT)


def _upserts(outcome: Any) -> list[tuple[int, Any]]:
    return [(outcome.total, one.before) for one in outcome.result.upserts]
