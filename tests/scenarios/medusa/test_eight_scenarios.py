"""The eight scenarios of the data flow, on the embedded lake and over HTTP, with exact documents and request counts."""

import threading

import pytest
from medusa_sync import Addons, Variant, find_orphans, product_page, sync_one, sync_status
from medusa_sync.errors import BadInputError, ProductNotFoundError

SHIRT = "prod_01ABC123"
SKELETON = {"_key": SHIRT, "_type": "spec", "title": "Premium Cotton T-Shirt", "lang": "en", "content": ""}


@pytest.fixture
def shirt(world):
    """The product of the data flow, in both systems."""
    event = world.shop.create_product(
        SHIRT,
        "Premium Cotton T-Shirt",
        description="A comfortable t-shirt",
        variants=[Variant("variant_small", "Small", 2999, "usd", 45)],
    )
    outcome = world.service.handle(event)
    assert outcome.status == "done"
    world.lake.requests.take()
    return event


def content_of(document):
    return {key: value for key, value in document.items() if key not in ("_rev", "_createdAt", "_updatedAt")}


class TestCreating:
    def test_makes_one_document_with_the_products_id_and_one_empty_spec(self, world):
        event = world.shop.create_product(SHIRT, "Premium Cotton T-Shirt")
        outcome = world.service.handle(event)
        (document,) = world.documents().values()
        assert content_of(document) == {
            "_id": SHIRT,
            "_type": "product",
            "title": "Premium Cotton T-Shirt",
            "specs": [SKELETON],
        }
        assert (outcome.total, [one.before for one in outcome.result.upserts]) == (1, [None])
        assert outcome.result.upserts[0].after == document
        assert world.lake.requests.take() == {"mutate": 1, "query": 2}  # the second query is this test's

    def test_prints_the_timeline_of_the_data_flow(self, world):
        timeline = world.service.timeline()
        timeline.note("clicked", "Save")
        event = world.shop.create_product(SHIRT, "Premium Cotton T-Shirt")
        timeline.note("saved", SHIRT)
        outcome = world.service.handle(event, timeline=timeline)
        assert [(one.at_ms, one.step) for one in outcome.timeline] == [
            (0, "clicked"),
            (100, "saved"),
            (150, "event"),
            (200, "triggered"),
            (250, "query"),
            (300, "transform"),
            (350, "check"),
            (400, "request"),
            (600, "stored"),
            (650, "completed"),
        ]

    def test_records_the_run(self, world, shirt):
        (run,) = world.service.executions.all()
        assert (run.status, run.total, run.error) == ("done", 1, None)
        assert world.shop.pending_events(9) == []


class TestEnriching:
    def test_adds_languages_and_leaves_the_shop_untouched(self, world, shirt):
        before = world.shop.database.dump("product", "variant", "event", "execution")
        world.editor.write_spec(SHIRT, "en", content="Made from organic cotton")
        world.editor.write_spec(SHIRT, "es", content="Hecha de algodón", title="Camiseta")
        world.editor.write_spec(SHIRT, "fr", content="Fabriqué à partir de coton")
        assert world.contents(SHIRT) == {"en": ""}
        world.editor.publish(SHIRT)
        assert world.contents(SHIRT) == {
            "en": "Made from organic cotton",
            "es": "Hecha de algodón",
            "fr": "Fabriqué à partir de coton",
        }
        assert world.document(SHIRT)["specs"][0]["_key"] == SHIRT
        assert world.shop.database.dump("product", "variant", "event", "execution") == before


class TestCustomerView:
    @pytest.mark.parametrize(
        ("language", "description", "source"),
        [
            ("en", "Organic", "lake"),
            ("es", "Algodón", "lake"),
            ("es-MX", "Algodón", "lake"),
            ("ES", "Algodón", "lake"),
            ("fr", "A comfortable t-shirt", "shop"),  # a spec with empty content
            ("de", "A comfortable t-shirt", "shop"),  # no spec
        ],
    )
    def test_content_first_and_the_description_as_fallback(self, world, shirt, language, description, source):
        for name, content in (("en", "Organic"), ("es", "Algodón"), ("fr", "")):
            world.editor.write_spec(SHIRT, name, content=content)
        world.editor.publish(SHIRT)
        world.lake.requests.take()
        page = product_page(world.shop, world.lake, "premium-cotton-t-shirt", language=language)
        assert (page.description, page.description_from) == (description, source)
        assert (page.title, page.variants[0].price, page.variants[0].inventory) == (
            "Premium Cotton T-Shirt",
            2999,
            45,
        )
        assert world.lake.requests.take() == {"query": 1}

    def test_addons_come_with_the_same_query_and_prices_from_the_shop(self, world, shirt):
        world.service.handle(
            world.shop.create_product(
                "prod_jeans", "Jeans", variants=[Variant("a", "L", 8999), Variant("b", "S", 7999)]
            )
        )
        world.synced("prod_gone")
        Addons(world.lake).recommend(SHIRT, "Complete Your Look", ["prod_jeans", "prod_gone"])
        world.shop.delete_product("prod_gone")
        world.lake.requests.take()
        page = product_page(world.shop, world.lake, "premium-cotton-t-shirt", language="en")
        assert page.addons_title == "Complete Your Look"
        assert [(one.title, one.price, one.currency) for one in page.addons] == [("Jeans", 7999, "usd")]
        assert world.lake.requests.take() == {"query": 1}

    def test_both_sides_are_asked_at_once(self, world, shirt):
        """Each answer waits until the other side has been asked; one after the other would wait for ever."""
        meeting = threading.Barrier(2, timeout=10)
        product, query = world.shop.product, world.lake.query
        world.shop.product = lambda *args: (meeting.wait(), product(*args))[1]
        world.lake.query = lambda *args, **options: (meeting.wait(), query(*args, **options))[1]
        page = product_page(world.shop, world.lake, "premium-cotton-t-shirt", language="en")
        assert page.title == "Premium Cotton T-Shirt"

    def test_drafts_are_not_shown(self, world, shirt):
        world.editor.write_spec(SHIRT, "en", content="Half a sen")
        page = product_page(world.shop, world.lake, "premium-cotton-t-shirt", language="en")
        assert page.description_from == "shop"

    def test_a_lake_that_does_not_answer_costs_the_content_and_not_the_page(self, world, shirt):
        with world.away():
            page = product_page(world.shop, world.lake, "premium-cotton-t-shirt", language="en")
        assert page.description == "A comfortable t-shirt"
        assert "503" in page.content_problem


class TestUpdatingTheTitle:
    def test_patches_the_title_alone(self, world, shirt):
        world.editor.write_spec(SHIRT, "es", content="Algodón")
        world.editor.publish(SHIRT)
        before = world.document(SHIRT)
        world.lake.requests.take()
        outcome = world.service.handle(world.shop.update_product(SHIRT, title="Premium Organic Cotton T-Shirt"))
        assert world.lake.requests.take() == {"mutate": 1, "query": 1}
        after = world.document(SHIRT)
        assert content_of(after) == {**content_of(before), "title": "Premium Organic Cotton T-Shirt"}
        assert [(one.before, one.after) for one in outcome.result.upserts] == [(before, after)]

    @pytest.mark.parametrize("change", [{"description": "Softer"}, {"status": "published"}, {"handle": "shirt"}])
    def test_what_the_lake_does_not_hold_is_not_written(self, world, shirt, change):
        before = world.document(SHIRT)
        world.lake.requests.take()
        world.service.handle(world.shop.update_product(SHIRT, **change))
        assert world.lake.requests.take() == {"query": 1}
        assert world.document(SHIRT) == before

    def test_an_open_draft_follows_so_that_publishing_takes_nothing_back(self, world, shirt):
        world.editor.write_spec(SHIRT, "en", content="Half a sentence")
        world.service.handle(world.shop.update_product(SHIRT, title="New"))
        world.editor.publish(SHIRT)
        assert (world.document(SHIRT)["title"], world.contents(SHIRT)) == ("New", {"en": "Half a sentence"})

    def test_a_release_version_follows_and_a_scheduled_one_waits(self, world, shirt):
        release = {"actionType": "sanity.action.release.create", "releaseId": "spring", "metadata": {}}
        world.lake.act([release])
        body = {key: world.document(SHIRT)[key] for key in ("_type", "title", "specs")}
        world.lake.mutate([{"create": {**body, "_id": f"versions.spring.{SHIRT}"}}])
        world.service.handle(world.shop.update_product(SHIRT, title="New"))
        assert world.document(f"versions.spring.{SHIRT}")["title"] == "New"

        at = "2126-01-01T00:00:00Z"
        world.lake.act([{"actionType": "sanity.action.release.schedule", "releaseId": "spring", "publishAt": at}])
        outcome = world.service.handle(world.shop.update_product(SHIRT, title="Newer"))
        assert outcome.status == "done"
        titles = {key: one["title"] for key, one in world.documents().items()}
        assert titles == {SHIRT: "Newer", f"versions.spring.{SHIRT}": "New"}


class TestDeleting:
    def test_by_default_the_document_stays_and_is_listed(self, world, shirt):
        world.editor.write_spec(SHIRT, "es", content="Algodón")
        world.editor.publish(SHIRT)
        before = world.documents()
        world.lake.requests.take()
        outcome = world.service.handle(world.shop.delete_product(SHIRT))
        assert (outcome.status, outcome.deletion.fate) == ("done", "kept")
        assert world.lake.requests.take() == {"query": 1}
        assert world.documents() == before
        (orphan,) = find_orphans(world.shop, world.lake)
        assert (orphan.product_id, orphan.languages) == (SHIRT, ("es",))
        assert product_page(world.shop, world.lake, "premium-cotton-t-shirt", language="es") is None

    def test_remove_deletes_every_version(self, world, shirt):
        world.editor.write_spec(SHIRT, "en", content="Half a sen")
        outcome = world.serve(deletes="remove").handle(world.shop.delete_product(SHIRT))
        assert outcome.deletion.fate == "removed"
        assert world.documents() == {}

    @pytest.mark.parametrize("publish", [True, False])
    def test_remove_respects_recommendations(self, world, shirt, publish):
        world.synced("prod_jeans")
        Addons(world.lake).recommend("prod_jeans", "Goes with", [SHIRT], publish=publish)
        before = world.documents()
        outcome = world.serve(deletes="remove").handle(world.shop.delete_product(SHIRT))
        assert (outcome.deletion.fate, outcome.deletion.recommended_by) == ("kept", ("prod_jeans",))
        assert world.documents() == before

    def test_remove_takes_the_products_own_recommendations_back(self, world, shirt):
        world.synced("prod_jeans")
        addons = Addons(world.lake)
        addons.recommend(SHIRT, "Goes with", ["prod_jeans"])
        outcome = world.serve(deletes="remove").handle(world.shop.delete_product(SHIRT))
        assert outcome.deletion.fate == "removed"
        assert not world.document("prod_jeans").get("recommendedBy")
        assert addons.broken() == []

    def test_unlink_takes_it_out_of_recommendations_in_the_same_transaction(self, world, shirt):
        world.synced("prod_jeans")
        Addons(world.lake).recommend("prod_jeans", "Goes with", [SHIRT])
        outcome = world.serve(deletes="unlink").handle(world.shop.delete_product(SHIRT))
        assert outcome.deletion.fate == "removed"
        documents = world.documents()
        assert list(documents) == ["prod_jeans"]
        assert documents["prod_jeans"]["addons"]["products"] == []

    def test_an_unknown_choice_is_refused(self, world):
        with pytest.raises(BadInputError, match='Did you mean "remove"'):
            world.serve(deletes="removed")


class TestBulk:
    def test_1250_products_are_seven_batches(self, world):
        world.add(*(f"prod_{number:04d}" for number in range(1250)))
        outcome = world.service.sync()
        assert (outcome.status, outcome.total, outcome.result.batches) == ("done", 1250, 7)
        assert world.lake.requests.take() == {"mutate": 7, "query": 7}
        assert len(world.documents()) == 1250
        world.lake.requests.take()
        again = world.service.sync()
        assert (again.total, len(again.result.unchanged)) == (1250, 1250)
        assert world.lake.requests.take() == {"query": 7}

    def test_batches_run_in_parallel(self, world):
        """Four lanes must meet in the lake before any goes on."""
        world.add(*(f"prod_{number}" for number in range(8)))
        meeting = threading.Barrier(4, timeout=10)
        mutate = world.lake.mutate
        world.lake.mutate = lambda *args, **options: (meeting.wait(), mutate(*args, **options))[1]
        assert world.serve(batch_size=2).sync().total == 8

    def test_parallel_lanes_take_the_time_of_the_longest(self, world):
        world.add(*(f"prod_{number}" for number in range(10)))
        ends = {
            lanes: world.serve(batch_size=2, lanes=lanes).sync(["prod_0", "prod_1", *map("prod_{}".format, range(10))])
            for lanes in (1, 5)
        }
        assert [one.timeline[-1].at_ms for one in ends.values()] == [50 + 5 * 400 + 50, 50 + 150 + 50]

    def test_ids_given_twice_count_once(self, world):
        world.add("prod_a")
        assert world.service.sync(["prod_a", "prod_a"]).total == 1

    def test_no_ids_is_all_and_an_empty_list_is_none(self, world):
        world.add("prod_a", "prod_b")
        assert world.service.sync([]).total == 0
        assert world.service.sync().total == 2

    def test_an_empty_shop(self, world):
        assert (world.service.sync().status, world.lake.requests.take()) == ("done", {})

    def test_one_refused_product_stops_no_other(self, world):
        world.lake.mutate([{"create": {"_id": "prod_3", "_type": "page", "title": "Taken"}}])
        world.add(*(f"prod_{number}" for number in range(6)))
        outcome = world.service.sync()
        assert (outcome.status, outcome.total) == ("failed", 5)
        assert outcome.result.failures == {"prod_3": 'the id belongs to a document of type "page"'}
        assert world.lake.query('*[_id == "prod_3"][0].title') == "Taken"

    def test_what_the_lake_refuses_is_found_by_halves(self, world):
        world.synced(*(f"prod_{number}" for number in range(8)))
        world.shop.database._open().execute("update product set title = title || ' new'")
        mutate = world.lake.mutate

        def refusing(mutations, **options):
            if any(one.get("patch", {}).get("id") == "prod_5" for one in mutations):
                mutations = [*mutations, {"patch": {"id": "prod_5", "set": {"_type": "page"}}}]
            return mutate(mutations, **options)

        world.lake.mutate = refusing
        outcome = world.service.sync()
        assert (outcome.total, list(outcome.result.failures)) == (7, ["prod_5"])
        # 8 together, 4 + 4, 2 + 2, 1 + 1: each a query and a transaction
        assert world.lake.requests.take() == {"mutate": 7, "query": 7}


class TestManualSync:
    def test_status_before_and_after_and_the_link(self, world):
        world.add(SHIRT)
        before = sync_status(world.service, SHIRT)
        assert (before.status, before.reason) == ("not synced", "there is no document")
        assert world.lake.requests.take() == {"query": 1}
        outcome, after = sync_one(world.service, SHIRT)
        assert (outcome.total, after.status, after.reason) == (1, "synced", None)
        assert after.link == f"http://localhost:8000/studio/structure/product;{SHIRT}"

    def test_a_title_that_differs_is_not_synced(self, world, shirt):
        world.shop.update_product(SHIRT, title="New")
        status = sync_status(world.service, SHIRT)
        assert (status.status, status.reason) == (
            "not synced",
            'the shop says "New", the document "Premium Cotton T-Shirt"',
        )

    def test_a_lake_that_does_not_tell(self, world, shirt):
        with world.away():
            status = sync_status(world.service, SHIRT)
            outcome, after = sync_one(world.service, SHIRT)
        assert status.status == after.status == "not synced"
        assert "503" in status.reason
        assert outcome.status == "failed"

    @pytest.mark.parametrize("ask", [sync_status, sync_one])
    def test_an_unknown_product(self, world, ask):
        with pytest.raises(ProductNotFoundError, match="there is no product prod_x"):
            ask(world.service, "prod_x")


class TestAddons:
    def test_which_products_recommend_me(self, world):
        world.synced("prod_a", "prod_b", "prod_c")
        addons = Addons(world.lake)
        addons.recommend("prod_a", "Look", ["prod_c"])
        addons.recommend("prod_b", "Look", ["prod_c", "prod_a"])
        assert [one["_id"] for one in addons.recommended_by("prod_c")] == ["prod_a", "prod_b"]
        assert [one["_id"] for one in addons.recommended_by("prod_a")] == ["prod_b"]
        addons.recommend("prod_b", "Look", ["prod_a"])
        assert [one["_id"] for one in addons.recommended_by("prod_c")] == ["prod_a"]
        assert addons.broken() == []

    def test_drafts_recommend_nothing_in_public(self, world):
        world.synced("prod_a", "prod_b")
        addons = Addons(world.lake)
        addons.recommend("prod_a", "Look", ["prod_b"], publish=False)
        assert addons.recommended_by("prod_b") == []

    def test_edits_past_the_engine_are_followed(self, world):
        world.synced("prod_a", "prod_b")
        addons = Addons(world.lake)
        place = addons.place()
        items = [{"_type": "reference", "_ref": "prod_b", "_key": "k"}]
        world.lake.mutate([{"patch": {"id": "prod_a", "set": {"addons": {"title": "Look", "products": items}}}}])
        addons.catch_up(place)
        assert [one["_id"] for one in addons.recommended_by("prod_b")] == ["prod_a"]

    def test_the_sync_leaves_recommendations_alone(self, world):
        world.synced("prod_a", "prod_b")
        addons = Addons(world.lake)
        addons.recommend("prod_a", "Look", ["prod_b"])
        world.service.handle(world.shop.update_product("prod_b", title="New"))
        assert addons.recommended_by("prod_b") == [{"_id": "prod_a", "title": "Title of prod_a"}]
        assert addons.broken() == []

    @pytest.mark.parametrize(
        ("source", "products", "said"),
        [
            ("prod_a", ["prod_a"], "cannot recommend itself"),
            ("prod_a", ["prod_x"], "prod_x: no such product document"),
            ("prod_x", ["prod_a"], "prod_x: no such product document"),
        ],
    )
    def test_what_cannot_be_recommended(self, world, source, products, said):
        world.synced("prod_a")
        with pytest.raises(BadInputError, match=said):
            Addons(world.lake).recommend(source, "Look", products)
