"""Relationships as listed: by field, with strength and metadata, in bulk, from the cache, and told as events."""

import pytest
from codex_fields import BadValueError, Link, UnknownCodexError, Workspace

SECONDS = 10.0


def keys(found):
    return [one.key for one in found]


def test_a_codex_lists_its_relationships_by_field(work):
    work.link("duel", "cast", "bob", strength=0.5, metadata={"role": "second"})
    work.create("location", "The park", fields={"name": "called"}, codex_id="park")
    work.link("duel", "places", "park")
    found = work.relationships("duel")
    assert [(one.field_id, one.target_id, one.position, one.strength, one.metadata) for one in found] == [
        ("cast", "alice", 0, 1.0, None),
        ("cast", "bob", 1, 0.5, {"role": "second"}),
        ("places", "park", 0, 1.0, None),
    ]
    assert [one.codex.title for one in found] == ["Alice", "Bob", "The park"]


def test_the_other_side_lists_the_same_relationships(work):
    work.link("bob", "mentor", "alice", strength=0.5)
    found = work.relationships("alice", direction="incoming")
    assert keys(found) == [("bob", "alice", "REFERENCE", "mentor"), ("duel", "alice", "REFERENCE", "cast")]
    assert (found[0].strength, found[0].codex.title, found[1].codex.template) == (0.5, "Bob", "scene")


def test_a_field_may_name_its_type_of_relationship(work):
    for one, within in (("house", {}), ("room", {"within": "house"})):
        work.create("location", one, fields={"name": "called", **within}, codex_id=one)
    assert keys(work.relationships("room"))[1] == ("room", "house", "PARENT_CHILD", "within")


def test_many_codices_are_one_request_then_none(work, requests):
    ids = ["alice", "bob", "carol", "dora", "duel", "called", "smile"]
    for direction in ("outgoing", "incoming"):
        requests.take()
        found = work.relationships_of(ids, direction=direction)
        assert list(found) == ids
        assert requests.take() == (1, 0)
        assert work.relationships_of(ids, direction=direction) == found
        assert work.relationships("bob", direction=direction) == found["bob"]
        assert requests.take() == (0, 0)
    assert work.cache.hits == 2 * (len(ids) + 1)


def test_what_is_not_known_alone_is_asked_for(work, requests):
    work.relationships_of(["alice", "bob"])
    requests.take()
    work.relationships_of(["alice", "bob", "carol"])
    assert requests.take() == (1, 0)


def test_own_writes_are_seen_at_once(work):
    assert work.relationships("bob", direction="incoming") == []
    work.relationships("duel")
    work.link("duel", "cast", "bob")
    assert len(work.relationships("duel")) == 2
    assert len(work.relationships("bob", direction="incoming")) == 1


def test_a_minute_is_how_long_an_answer_lives(embedded, add_people):
    with Workspace(embedded) as work:
        add_people(work, "alice")
        work.relationships("alice")
        embedded.traffic.reads = 0
        embedded.inner.dataset.clock.advance(59.9)
        work.relationships("alice")
        assert embedded.traffic.reads == 0
        embedded.inner.dataset.clock.advance(0.2)
        work.relationships("alice")
        assert embedded.traffic.reads == 1


@pytest.mark.parametrize("backend", ["embedded"], indirect=True)
def test_what_is_heard_or_invalidated_is_dropped_and_nothing_else(work, elsewhere, requests):
    work.relationships_of(["alice", "bob", "duel"])
    # The duel shows Alice's title.
    elsewhere({"patch": {"id": "alice", "set": {"title": "Alice the Bold"}}})
    requests.take()
    assert work.relationships("duel")[0].codex.title == "Alice the Bold"
    work.relationships("bob")
    assert requests.take() == (1, 0)
    work.invalidate("bob")
    work.relationships_of(["bob", "duel"])
    assert requests.take() == (1, 0)
    work.invalidate()
    assert len(work.cache) == 0


@pytest.mark.parametrize("backend", ["embedded"], indirect=True)
def test_a_reference_made_elsewhere_is_incoming_at_its_target(work, elsewhere):
    """A script writes one half only: nothing of the target changes, and still its relationships do."""
    assert work.relationships("bob", direction="incoming") == []
    elsewhere({"patch": {"id": "alice", "set": {"mentor": {"codex": {"_type": "reference", "_ref": "bob"}}}}})
    assert keys(work.relationships("bob", direction="incoming")) == [("alice", "bob", "REFERENCE", "mentor")]


def test_a_reference_that_stands_twice_is_one_relationship(work, elsewhere):
    item = {"codex": {"_type": "reference", "_ref": "bob"}, "strength": 0.4}
    elsewhere({"patch": {"id": "duel", "set": {"cast": [{"_key": "a", **item}, {"_key": "b", **item}]}}})
    work.invalidate()
    assert keys(work.relationships("duel")) == [("duel", "bob", "REFERENCE", "cast")]


@pytest.mark.parametrize(
    ("ids", "kind", "said"),
    [
        (["alice", "zoe", "yan"], UnknownCodexError, 'there is no codex "zoe", "yan"'),
        ("alice", BadValueError, "a list of ids is wanted"),
        ([1], BadValueError, "an id is a text"),
        ([f"c{n}" for n in range(1001)], BadValueError, "at most 1000"),
    ],
)
def test_bad_ids_are_said_so(work, ids, kind, said):
    with pytest.raises(kind, match=said):
        work.relationships_of(ids)
    with pytest.raises(BadValueError, match="outgoing"):
        work.relationships_of(["alice"], direction="sideways")


def told(feed, count):
    events = []
    while len(events) < count and (more := feed.wait(SECONDS)):
        events += more
    return [(one.name.partition(":")[2], *one.relationship.key) for one in events]


def test_events_tell_what_was_made_changed_and_removed(work, elsewhere):
    heard = []
    with work.feed() as feed:
        assert set(feed.start) == {
            one.key for found in work.relationships_of(["alice", "duel"]).values() for one in found
        } | {(one, "called", "REFERENCE", "name") for one in ("bob", "carol", "dora")}
        feed.on("relationship:created", heard.append)
        work.link("alice", "mentor", "bob")
        work.link("alice", "mentor", "bob", strength=0.5)
        work.link("alice", "mentor", "carol")
        elsewhere({"patch": {"id": "alice", "unset": ["mentor"]}})
        bob, carol = (("alice", one, "REFERENCE", "mentor") for one in ("bob", "carol"))
        assert told(feed, 5) == [
            ("created", *bob),
            ("updated", *bob),
            ("removed", *bob),
            ("created", *carol),
            ("removed", *carol),
        ]
        assert [one.target_id for one in heard] == ["bob", "carol"]
        with pytest.raises(BadValueError, match="relationship:created"):
            feed.on("created", heard.append)


def test_reordering_is_no_event(work):
    work.link("duel", "cast", "bob")
    with work.feed() as feed:
        work.reorder("duel", "cast", ["bob", "alice"])
        work.link("duel", "cast", "carol")
        assert told(feed, 1) == [("created", "duel", "carol", "REFERENCE", "cast")]


def test_drafts_are_told_as_the_drafts_show_them(backend, add_people):
    """A draft begins as a copy of what is published: that is no event, what the editor changes in it is."""
    with Workspace(backend) as public:
        add_people(public, "alice", "bob", "carol")
        public.create("scene", "S", fields={"cast": [Link("alice"), "bob"]}, codex_id="s")
    with Workspace(backend, perspective="drafts") as work, work.feed() as feed:
        work.link("s", "cast", "carol")
        work.unlink("s", "cast", "alice")
        work.engine.discard("s")
        assert told(feed, 4) == [
            ("created", "s", "carol", "REFERENCE", "cast"),
            ("removed", "s", "alice", "REFERENCE", "cast"),
            ("removed", "s", "carol", "REFERENCE", "cast"),
            ("created", "s", "alice", "REFERENCE", "cast"),
        ]


def test_after_an_interruption_the_difference_is_told(embedded, add_people):
    with Workspace(embedded) as work:
        add_people(work, "alice", "bob")
        with work.feed() as feed:
            work.link("alice", "mentor", "bob")
            embedded.streams[0].drain()
            lost = feed._take([{"type": "welcome"}, {"type": "reset"}])
            assert [(one.name, one.relationship.target_id) for one in lost] == [("relationship:created", "bob")]
