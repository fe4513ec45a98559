"""Titles that differ, orphans, products without content, the weekly look, and taking a sync back."""

import pytest
from medusa_sync import Addons, Step, clean_up, find_orphans, product_page, reconcile
from medusa_sync.errors import BadInputError, LakeUnavailableError, StepFailedError


def fail(run):
    raise StepFailedError("the storefront is closed")


FAILS = Step("revalidate", fail)


def cleaned(world, deletes, **options):
    service = world.service
    timeline = service.timeline()
    return [
        (one.product_id, one.fate)
        for one in clean_up(
            world.shop, world.lake, deletes=deletes, policy=service.policy, timeline=timeline, **options
        )
    ]


class TestTitles:
    def test_the_page_shows_the_shops_title_and_a_sync_puts_the_lakes_right(self, world):
        world.synced("prod_a")
        world.editor.patch("prod_a", {"set": {"title": "Best Ever"}})
        world.editor.publish("prod_a")
        page = product_page(world.shop, world.lake, "title-of-prod-a", language="en")
        assert page.title == "Title of prod_a"
        assert world.service.sync(["prod_a"]).result.updated == ["prod_a"]
        assert world.document("prod_a")["title"] == "Title of prod_a"

    @pytest.mark.parametrize("title", [None, 3, True, ["Title of prod_a"]])
    def test_a_title_that_is_no_text_is_put_right(self, world, title):
        world.synced("prod_a")
        change = {"unset": ["title"]} if title is None else {"set": {"title": title}}
        world.lake.mutate([{"patch": {"id": "prod_a", **change}}])
        assert world.service.sync().result.updated == ["prod_a"]
        assert world.document("prod_a")["title"] == "Title of prod_a"


class TestOrphans:
    def test_in_step_means_none(self, world):
        world.synced("prod_a")
        assert find_orphans(world.shop, world.lake) == []

    def test_a_draft_without_a_product_is_one_too(self, world):
        world.lake.mutate([{"create": {"_id": "drafts.prod_x", "_type": "product", "title": "Planned"}}])
        (orphan,) = find_orphans(world.shop, world.lake)
        assert (orphan.product_id, orphan.stored_ids, orphan.title) == ("prod_x", ("drafts.prod_x",), "Planned")

    def test_documents_of_other_types_are_nobodys_business(self, world):
        world.lake.mutate([{"create": {"_id": "home", "_type": "page", "title": "Home"}}])
        assert find_orphans(world.shop, world.lake) == []

    def test_remove_keeps_what_is_recommended_and_goes_on_as_chains_come_apart(self, world):
        world.synced("prod_a", "prod_b", "prod_c", "prod_d", *(f"prod_{number}" for number in range(6)))
        addons = Addons(world.lake)
        addons.recommend("prod_c", "Look", ["prod_b"])
        addons.recommend("prod_b", "Look", ["prod_a"])
        addons.recommend("prod_0", "Look", ["prod_d"])
        for product_id in ("prod_a", "prod_b", "prod_c", "prod_d"):
            world.shop.delete_product(product_id)
        assert cleaned(world, "remove") == [
            ("prod_a", "removed"),
            ("prod_b", "removed"),
            ("prod_c", "removed"),
            ("prod_d", "kept"),
        ]
        assert [one.product_id for one in find_orphans(world.shop, world.lake)] == ["prod_d"]
        assert cleaned(world, "unlink") == [("prod_d", "removed")]
        assert world.document("prod_0")["addons"]["products"] == []
        assert addons.broken() == []

    def test_the_wrong_database_is_noticed(self, world):
        world.synced("prod_a", "prod_b", "prod_c")
        for product_id in ("prod_a", "prod_b"):
            world.shop.delete_product(product_id)
        with pytest.raises(BadInputError, match="2 of 3 documents have no product"):
            cleaned(world, "remove")
        assert len(world.documents()) == 3
        assert [fate for _, fate in cleaned(world, "remove", even_most=True)] == ["removed", "removed"]

    def test_keep_cleans_nothing(self, world):
        with pytest.raises(BadInputError, match='"remove" or "unlink"'):
            cleaned(world, "keep")

    def test_listing_needs_a_lake(self, world):
        with world.away(), pytest.raises(LakeUnavailableError):
            find_orphans(world.shop, world.lake)


class TestWeekly:
    def test_everything_is_found_and_put_right(self, world):
        world.synced("prod_a", "prod_b", "prod_c", "prod_d")
        world.editor.write_spec("prod_a", "en", content="Words")
        world.editor.publish("prod_a")
        world.shop.update_product("prod_b", title="New")
        world.shop.delete_product("prod_c")
        world.add("prod_e")
        found = reconcile(world.service)
        assert (found.products, found.documents, found.in_step) == (4, 4, False)
        assert (found.missing, found.differing) == (("prod_e",), {"prod_b": ("New", "Title of prod_b")})
        assert found.without_content == ("prod_b", "prod_d", "prod_e")
        assert [one.product_id for one in found.orphans] == ["prod_c"]
        assert (found.outcome.result.created, found.outcome.result.updated) == (["prod_e"], ["prod_b"])
        again = reconcile(world.service)
        assert (again.missing, again.differing, again.outcome) == ((), {}, None)

    def test_a_dry_run_writes_nothing(self, world):
        world.add("prod_a")
        assert reconcile(world.service, fix=False).missing == ("prod_a",)
        assert world.documents() == {}

    def test_events_that_were_set_aside_are_taken_up(self, world):
        world.lake.mutate([{"create": {"_id": "prod_a", "_type": "page"}}])
        world.add("prod_a")
        assert world.service.drain().set_aside == 1
        assert reconcile(world.service).retried == 0
        assert [one.product_id for one in world.shop.failed_events()] == ["prod_a"]
        world.lake.mutate([{"delete": {"id": "prod_a"}}])
        assert reconcile(world.service).retried == 1
        assert (world.shop.failed_events(), world.document("prod_a")["title"]) == ([], "Title of prod_a")

    def test_a_large_catalogue_is_read_in_pages(self, world):
        world.add(*(f"prod_{number:04d}" for number in range(1001)))
        world.service.sync()
        world.lake.requests.take()
        assert reconcile(world.service).documents == 1001
        assert world.lake.requests.take() == {"query": 3}  # 1000, 1, and none


class TestTakingBack:
    def test_the_upsert_map_restores_the_lake(self, world):
        world.synced("prod_a", "prod_b")
        world.editor.write_spec("prod_b", "en", content="Half a sen")
        before = world.documents()
        for product_id in ("prod_a", "prod_b"):
            world.shop.update_product(product_id, title="New")
        world.add("prod_c")
        outcome = world.serve(then=[FAILS]).sync()
        assert (outcome.status, outcome.error) == ("compensated", "revalidate: the storefront is closed")
        unversioned = {key: {**one, "_rev": "", "_updatedAt": ""} for key, one in world.documents().items()}
        assert unversioned == {key: {**one, "_rev": "", "_updatedAt": ""} for key, one in before.items()}

    def test_what_editors_wrote_meanwhile_stays(self, world):
        world.synced("prod_a")

        def busy(run):
            for product_id in ("prod_a", "prod_b"):
                world.editor.write_spec(product_id, "es", content="Palabras")
                world.editor.publish(product_id)
            fail(run)

        world.shop.update_product("prod_a", title="New")
        world.add("prod_b", "prod_c")
        outcome = world.serve(then=[Step("revalidate", busy)]).sync()
        assert outcome.status == "compensated"
        assert set(world.documents()) == {"prod_a", "prod_b"}
        assert [world.contents(one)["es"] for one in ("prod_a", "prod_b")] == ["Palabras", "Palabras"]
        assert world.document("prod_a")["title"] == "Title of prod_a"

    def test_a_title_that_somebody_changed_since_is_left_alone(self, world):
        world.synced("prod_a")

        def renamed(run):
            world.lake.mutate([{"patch": {"id": "prod_a", "set": {"title": "By a script"}}}])
            fail(run)

        world.shop.update_product("prod_a", title="New")
        world.serve(then=[Step("revalidate", renamed)]).sync()
        assert world.document("prod_a")["title"] == "By a script"

    @pytest.mark.parametrize(
        ("product_id", "change"),
        [
            ("prod_a", {"set": {"title": "By a script"}}),
            ("prod_b", {"set": {'specs[_key=="prod_b"].content': "Words"}}),
        ],
    )
    def test_who_is_faster_than_taking_back_loses_nothing(self, world, product_id, change):
        """Right between the look at a document and its restoration, or its removal, something is written there."""
        world.synced("prod_a")
        world.shop.update_product("prod_a", title="New")
        world.add("prod_b", "prod_c")
        mutate = world.lake.mutate
        written = {}

        def write_first(mutations, **options):
            world.lake.mutate = mutate
            world.lake.mutate([{"patch": {"id": product_id, **change}}])
            written.update(world.document(product_id))
            return mutate(mutations, **options)

        def fail_then_race(run):
            world.lake.mutate = write_first
            fail(run)

        outcome = world.serve(then=[Step("revalidate", fail_then_race)]).sync()
        assert outcome.status == "compensated"
        assert world.document(product_id) == written
        assert world.document("prod_c") is None

    def test_a_draft_begun_during_the_sync_is_not_the_syncs_to_remove(self, world):
        world.synced("prod_a")
        world.shop.update_product("prod_a", title="New")
        mutate = world.lake.mutate

        def open_first(mutations, **options):
            world.lake.mutate = mutate
            world.editor.patch("prod_a", {"unset": ["nothing"]})
            return mutate(mutations, **options)

        world.lake.mutate = open_first
        assert world.serve(then=[FAILS]).sync().status == "compensated"
        assert set(world.documents()) == {"prod_a", "drafts.prod_a"}
        assert world.document("prod_a")["title"] == "Title of prod_a"

    def test_what_a_sync_needed_two_rounds_for_is_taken_back_as_a_whole(self, world):
        """In the first round both titles are written; then an editor publishes, and the shop changes once more."""
        world.synced("prod_a", "prod_b")
        for product_id in ("prod_a", "prod_b"):
            world.shop.update_product(product_id, title="New")
        mutate = world.lake.mutate

        def busy(mutations, **options):
            world.lake.mutate = mutate
            answer = mutate(mutations, **options)
            world.editor.write_spec("prod_a", "en", content="Words")
            world.editor.publish("prod_a")
            world.shop.update_product("prod_b", title="Newer")
            return answer

        world.lake.mutate = busy
        assert world.serve(then=[FAILS]).sync().status == "compensated"
        assert [world.document(one)["title"] for one in ("prod_a", "prod_b")] == ["Title of prod_a", "Title of prod_b"]
        assert world.contents("prod_a") == {"en": "Words"}

    def test_a_document_that_others_recommend_by_now_is_kept(self, world):
        world.synced("prod_a")

        def recommended(run):
            items = [{"_type": "reference", "_ref": "prod_b", "_key": "k"}]
            world.lake.mutate([{"patch": {"id": "prod_a", "set": {"addons": {"products": items}}}}])
            fail(run)

        world.add("prod_b", "prod_c")
        world.serve(then=[Step("revalidate", recommended)]).sync()
        assert set(world.documents()) == {"prod_a", "prod_b"}

    def test_steps_after_it_are_tried_again_first(self, world):
        attempts = []

        def flaky(run):
            attempts.append(run.id)
            if len(attempts) < 3:
                fail(run)

        world.add("prod_a")
        outcome = world.serve(then=[Step("revalidate", flaky, attempts=3)]).sync()
        assert (outcome.status, len(attempts)) == ("done", 3)

    def test_steps_are_taken_back_last_first(self, world):
        undone = []
        steps = [Step(name, lambda run: None, lambda run, data, name=name: undone.append(name)) for name in "ab"]
        world.add("prod_a")
        assert world.serve(then=[*steps, FAILS]).sync().status == "compensated"
        assert undone == ["b", "a"]
        assert world.documents() == {}

    def test_the_event_waits_for_another_round(self, world):
        (event,) = world.add("prod_a")
        assert world.serve(then=[FAILS]).handle(event).status == "compensated"
        assert [one.error for one in world.shop.pending_events(9)] == ["revalidate: the storefront is closed"]
        assert world.service.drain().handled == 1
        assert world.document("prod_a")["title"] == "Title of prod_a"

    def test_an_event_that_has_to_wait_holds_up_no_other(self, world):
        """The outbox stopped at the first event whose later step failed, and the others never had their turn."""
        world.add("prod_a", "prod_b")

        def refuse_a(run):
            if run.input["product_ids"] == ["prod_a"]:
                fail(run)

        drained = world.serve(then=[Step("revalidate", refuse_a)]).drain()
        assert (drained.handled, drained.waiting, drained.stopped) == (1, 1, False)
        assert set(world.documents()) == {"prod_b"}
        assert [one.product_id for one in world.shop.pending_events(9)] == ["prod_a"]

    def test_taking_back_rides_out_an_outage(self, world):
        world.add("prod_a")

        def fail_and_break(run):
            world.stage.add_fault({"effect": {"status": 503}, "count": 2})
            fail(run)

        assert world.serve(then=[Step("revalidate", fail_and_break)]).sync().status == "compensated"
        assert world.documents() == {}

    def test_taking_back_is_finished_later_if_the_lake_stays_away(self, world):
        world.synced("prod_a")
        world.shop.update_product("prod_a", title="New")

        def fail_and_break(run):
            world.stage.add_fault({"effect": {"status": 503}})
            fail(run)

        service = world.serve(then=[Step("revalidate", fail_and_break)])
        assert service.sync().status == "compensating"
        (run,) = service.executions.open()
        assert [one.before["title"] for one in run.undo] == ["Title of prod_a"]
        assert service.resume() == []

        world.stage.clear_faults()
        assert world.document("prod_a")["title"] == "New"
        assert service.resume() == [run.id]
        assert world.document("prod_a")["title"] == "Title of prod_a"
        assert (service.executions.open(), service.resume()) == ([], [])
