"""Others at work during a sync: editors, the shop's admins, a second sync. Each comes at the worst moment."""

import threading

import pytest

COUNT = 8


@pytest.fixture
def just_before(world):
    """Let something happen once, right before the next write of the sync, after it has read."""

    def arrange(happens):
        mutate = world.lake.mutate

        def first(*args, **options):
            world.lake.mutate = mutate
            happens()
            return mutate(*args, **options)

        world.lake.mutate = first

    return arrange


def test_an_editor_publishes_between_reading_and_writing(world, just_before):
    world.synced("prod_a")

    def enrich():
        world.editor.write_spec("prod_a", "en", content="Words")
        world.editor.publish("prod_a")

    just_before(enrich)
    world.service.handle(world.shop.update_product("prod_a", title="New"))
    assert (world.document("prod_a")["title"], world.contents("prod_a")) == ("New", {"en": "Words"})


def test_a_draft_begun_between_reading_and_writing_gets_the_title(world, just_before):
    """Publishing it would have taken the title back."""
    world.synced("prod_a")
    just_before(lambda: world.editor.write_spec("prod_a", "en", content="Words"))
    world.service.handle(world.shop.update_product("prod_a", title="New"))
    world.editor.publish("prod_a")
    assert (world.document("prod_a")["title"], world.contents("prod_a")) == ("New", {"en": "Words"})


def test_a_draft_published_between_reading_and_writing(world, just_before):
    world.synced("prod_a")
    world.editor.write_spec("prod_a", "en", content="Words")
    just_before(lambda: world.editor.publish("prod_a"))
    outcome = world.service.handle(world.shop.update_product("prod_a", title="New"))
    assert outcome.status == "done"
    assert list(world.documents()) == ["prod_a"]
    assert (world.document("prod_a")["title"], world.contents("prod_a")) == ("New", {"en": "Words"})


def test_the_shop_changes_again_between_reading_and_writing(world, just_before):
    world.synced("prod_a")
    event = world.shop.update_product("prod_a", title="New")
    just_before(lambda: world.shop.update_product("prod_a", title="Newer"))
    outcome = world.service.handle(event)
    assert world.document("prod_a")["title"] == "Newer"
    (upsert,) = outcome.result.upserts
    assert (upsert.before["title"], upsert.after["title"]) == ("Title of prod_a", "Newer")
    assert "the shop has changed meanwhile" in " ".join(one.text for one in outcome.timeline)


def test_a_slower_sync_does_not_bring_an_old_title_back(world, just_before):
    """Both read the title at different times; the one that writes last had the older one."""
    world.synced("prod_a")
    slow = world.shop.update_product("prod_a", title="Old")

    def overtake():
        quick = world.shop.update_product("prod_a", title="New")
        world.serve().handle(quick)

    just_before(overtake)
    world.service.handle(slow)
    assert world.document("prod_a")["title"] == "New"


def test_another_sync_makes_the_document_first(world, just_before):
    (event,) = world.add("prod_a")

    def overtake():
        world.serve().handle(event)
        world.editor.write_spec("prod_a", "en", content="Words")
        world.editor.publish("prod_a")
        world.shop.update_product("prod_a", title="New")

    just_before(overtake)
    outcome = world.service.handle(event)
    assert (outcome.status, outcome.result.updated) == ("done", ["prod_a"])
    assert (world.document("prod_a")["title"], world.contents("prod_a")) == ("New", {"en": "Words"})


def test_a_script_makes_the_document_first_with_a_title_of_its_own(world, just_before):
    (event,) = world.add("prod_a")
    just_before(lambda: world.lake.mutate([{"create": {"_id": "prod_a", "_type": "product", "title": "Mine"}}]))
    outcome = world.service.handle(event)
    assert (outcome.result.created, outcome.result.updated) == ([], ["prod_a"])
    assert world.document("prod_a")["title"] == "Title of prod_a"


def test_the_document_is_deleted_between_reading_and_writing(world, just_before):
    world.synced("prod_a")
    event = world.shop.update_product("prod_a", title="New")
    just_before(lambda: world.lake.mutate([{"delete": {"id": "prod_a"}}]))
    assert world.service.handle(event).status == "done"
    assert world.document("prod_a")["title"] == "New"


def test_the_product_is_deleted_between_reading_and_writing(world, just_before):
    (event,) = world.add("prod_a")
    just_before(lambda: world.shop.delete_product("prod_a"))
    outcome = world.service.handle(event)
    assert (outcome.status, outcome.total, outcome.result.missing) == ("done", 0, ["prod_a"])
    drained = world.serve(deletes="remove").drain()
    assert [one.deletion.fate for one in drained.outcomes] == ["removed"]
    assert world.documents() == {}


def test_somebody_who_never_stops_ends_the_attempts(world):
    world.synced("prod_a")
    titles = iter(range(10_000))
    mutate = world.lake.mutate

    def rename(*args, **options):
        world.shop.update_product("prod_a", title=f"Title {next(titles)}")
        return mutate(*args, **options)

    world.shop.update_product("prod_a", title="New")
    world.lake.mutate = rename
    outcome = world.service.sync(["prod_a"])
    assert outcome.status == "failed"
    assert "again and again" in outcome.error
    assert not outcome.lake_away
    assert world.lake.requests.take()["mutate"] == 1 + world.service.policy.conflicts


def test_two_bulk_syncs_and_editors_at_once(world):
    """Whole threads this time: two syncs, and an editor for each product, all at the same moment."""
    world.add(*(f"prod_{number}" for number in range(COUNT)))
    world.service.sync()
    for number in range(COUNT):
        world.shop.update_product(f"prod_{number}", title=f"New {number}")
    start = threading.Barrier(2 + COUNT, timeout=20)
    problems = []

    def alongside(work):
        def body():
            try:
                start.wait()
                work()
            except BaseException as error:
                problems.append(error)

        return threading.Thread(target=body)

    def edit(product_id):
        world.editor.write_spec(product_id, "en", content=f"Words for {product_id}")
        world.editor.publish(product_id)

    threads = [alongside(lambda: world.serve(batch_size=3).sync()) for _ in range(2)]
    threads += [alongside(lambda one=f"prod_{number}": edit(one)) for number in range(COUNT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    # An editor's form may have published the title it was opened with: the next look puts that right.
    world.service.sync()
    assert {key: one["title"] for key, one in world.documents().items()} == {
        f"prod_{number}": f"New {number}" for number in range(COUNT)
    }
    assert all(world.contents(f"prod_{n}") == {"en": f"Words for prod_{n}"} for n in range(COUNT))
