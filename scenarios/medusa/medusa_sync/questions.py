"""What happens if …: the data flow's questions of consistency, as chapters, with faults placed in the lake itself."""

from __future__ import annotations

from medusa_sync.chapters import fill
from medusa_sync.errors import StepFailedError
from medusa_sync.orphans import clean_up, find_orphans
from medusa_sync.reconcile import reconcile
from medusa_sync.scene import SHIRT, SHIRT_TITLE, Scene
from medusa_sync.storefront import product_page
from medusa_sync.workflow import Run, Step

__all__ = [
    "a_later_step_fails",
    "content_without_product",
    "editor_during_bulk",
    "lake_down",
    "product_without_content",
    "title_differs",
    "weekly_reconcile",
]

HANDLE = "premium-cotton-t-shirt"


def lake_down(scene: Scene) -> None:
    """The lake is away during a sync: it is tried again, then reported, and the event waits until it can be handled."""
    narrator = scene.narrator
    event = scene.create_shirt()
    narrator.step("The lake answers 503 twice, then works again")
    with scene.both_sides(), scene.outage(count=2):
        outcome = scene.handle(event)
    narrator.claim("two retries, and the product is synced", (outcome.status, outcome.total) == ("done", 1))

    narrator.step("It takes the transaction and loses the answer")
    event = scene.commerce.update_product(SHIRT, title="Premium Organic Cotton T-Shirt")
    with scene.outage(match={"kind": "mutate"}, effect={"drop": "after"}, count=1):
        outcome = scene.handle(event)
    narrator.claim("reading again shows that it was written", outcome.result.updated == [SHIRT])

    narrator.step("It stays away")
    event = scene.commerce.update_product(SHIRT, title="Cotton T-Shirt")
    with scene.outage():
        outcome = scene.handle(event)
    narrator.claim("the failure is reported", outcome.status == "failed" and outcome.lake_away)
    narrator.claim(
        "the event waits in the outbox", [one.number for one in scene.commerce.pending_events(9)] == [event.number]
    )

    narrator.step("It is back; the outbox is drained")
    drained = scene.service.drain()
    narrator.claim("nothing was lost", drained.handled == 1 and scene.document(SHIRT)["title"] == "Cotton T-Shirt")


def title_differs(scene: Scene) -> None:
    """Somebody changes a title in the lake: pages show the shop's, and the next sync puts the lake's right."""
    narrator = scene.narrator
    scene.synced_shirt()
    narrator.step("An editor renames the document")
    scene.editor.patch(SHIRT, {"set": {"title": "Best Shirt Ever"}})
    scene.editor.publish(SHIRT)
    page = product_page(scene.commerce, scene.lake, HANDLE, language="en")
    narrator.claim("the page shows the shop's title", page is not None and page.title == SHIRT_TITLE)
    found = reconcile(scene.service, fix=False)
    narrator.data("compared", found.report())
    narrator.claim("the comparison shows both", found.differing == {SHIRT: (SHIRT_TITLE, "Best Shirt Ever")})
    narrator.step("A sync of the product")
    with scene.both_sides():
        scene.timeline(scene.service.sync([SHIRT]).timeline)
    narrator.claim("the shop decides on titles", scene.document(SHIRT)["title"] == SHIRT_TITLE)


def content_without_product(scene: Scene) -> None:
    """Orphans are listed with what would be lost, and removed only on request."""
    narrator = scene.narrator
    scene.synced_shirt()
    for number in (1, 2, 3):
        scene.synced(f"prod_{number:05d}", f"Product {number}")
    scene.editor.write_spec("prod_00001", "en", content="Words that somebody wrote.")
    scene.editor.publish("prod_00001")
    scene.addons().recommend(SHIRT, "Goes well with", ["prod_00002"])
    for number in (1, 2):
        scene.service.handle(scene.commerce.delete_product(f"prod_{number:05d}"))
    orphans = find_orphans(scene.commerce, scene.lake)
    for orphan in orphans:
        narrator.data("orphan", orphan.to_json())
    narrator.claim("both are listed", [one.product_id for one in orphans] == ["prod_00001", "prod_00002"])
    narrator.step("The clean-up removes what nobody refers to")
    with scene.both_sides():
        timeline = scene.service.timeline()
        policy = scene.service.policy
        done = clean_up(scene.commerce, scene.lake, deletes="remove", policy=policy, timeline=timeline)
        scene.timeline(timeline.moments)
    narrator.claim("one is removed, the recommended one is kept", [one.fate for one in done] == ["removed", "kept"])


def product_without_content(scene: Scene) -> None:
    """A product that no editor has written for is shown with the shop's words, and the weekly look names it."""
    narrator = scene.narrator
    scene.synced_shirt()
    scene.commerce.create_product("prod_new", "Brand New", description="Fresh from the factory")
    narrator.step("One product has a document with empty content, another no document at all")
    pages = [product_page(scene.commerce, scene.lake, one, language="en") for one in (HANDLE, "brand-new")]
    said = [page.description for page in pages if page is not None]
    narrator.claim(
        "both pages show the shop's description", said == ["A comfortable t-shirt", "Fresh from the factory"]
    )
    found = reconcile(scene.service, fix=False)
    narrator.claim("the weekly look names both", list(found.without_content) == [SHIRT, "prod_new"])
    narrator.claim("and says which has no document", found.missing == ("prod_new",))


def a_later_step_fails(scene: Scene) -> None:
    """A step after the sync fails: the upsert map restores the lake, and what an editor wrote meanwhile stays."""
    narrator = scene.narrator
    scene.synced_shirt()
    before = scene.document(SHIRT)

    def revalidate(run: Run) -> None:
        scene.editor.write_spec("prod_busy", "en", content="Typed while the workflow ran.")
        raise StepFailedError("the storefront does not take the new pages")

    service = scene.serve(then=[Step("revalidate-storefront", revalidate)])
    scene.commerce.update_product(SHIRT, title="Premium Organic Cotton T-Shirt")
    for product_id, title in (("prod_idle", "Idle"), ("prod_busy", "Busy")):
        scene.commerce.create_product(product_id, title)
    narrator.step("Three products are synced; the storefront refuses, while an editor writes for one of them")
    with scene.both_sides():
        outcome = service.sync()
        scene.timeline(outcome.timeline)
    narrator.claim("the run is compensated", outcome.status == "compensated")
    restored = {**scene.document(SHIRT), "_rev": None, "_updatedAt": None}
    narrator.claim("the old title is back", restored == {**before, "_rev": None, "_updatedAt": None})
    narrator.claim("the document that was made is gone", scene.document("prod_idle") is None)
    draft = scene.document("drafts.prod_busy") or {"specs": [{}]}
    kept = draft["specs"][0].get("content") == "Typed while the workflow ran."
    narrator.claim("what the editor wrote is still there", kept)


def weekly_reconcile(scene: Scene) -> None:
    """Once a week everything is compared: what is missing or differs is synced, orphans are listed."""
    narrator = scene.narrator
    fill(scene, 5)
    scene.service.sync(["prod_00001", "prod_00002", "prod_00003", "prod_00004"])
    scene.commerce.update_product("prod_00002", title="Renamed while nobody listened")
    scene.commerce.delete_product("prod_00003")
    narrator.step("A product was renamed, one deleted, one never synced; all their events were lost")
    with scene.both_sides():
        found = reconcile(scene.service)
    narrator.data("report", found.report())
    narrator.claim("what was missing is there", found.missing == ("prod_00005",))
    narrator.claim("what differed is right", list(found.differing) == ["prod_00002"])
    narrator.claim("the orphan is listed", [one.product_id for one in found.orphans] == ["prod_00003"])
    again = reconcile(scene.service)
    narrator.claim("a second look finds only the orphan", not again.missing and not again.differing)


def editor_during_bulk(scene: Scene) -> None:
    """An editor works while everything is synced: titles change, the words stay, in published and in the draft."""
    narrator = scene.narrator
    fill(scene, 5)
    scene.service.sync()
    scene.editor.write_spec("prod_00001", "en", content="Half a sen")
    scene.commerce.update_product("prod_00001", title="Renamed")
    narrator.step("A draft is open while the title changes; the editor goes on and publishes")
    with scene.both_sides():
        scene.timeline(scene.service.sync().timeline)
        scene.editor.write_spec("prod_00001", "en", content="Half a sentence, finished.")
        scene.editor.publish("prod_00001")
    document = scene.document("prod_00001")
    narrator.claim("the words are published", document["specs"][0]["content"] == "Half a sentence, finished.")
    narrator.claim("publishing did not take the title back", document["title"] == "Renamed")
