"""A change that can alter an answer always names one of the answer's tags; and the feed of changes can be resumed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakesim import Lake
from lakesim.errors import BadRequestError, LakeError
from lakesim.limits import Limits
from lakesim.live import Reads, feed
from lakesim.live.reads import TAGS_MAX
from lakesim.testing.groq_strategies import PARAMS, queries
from lakesim.testing.strategies import IDS, transactions

FIXED = (
    "*",
    "*[_type == 'book']",
    "*[_type == 'book' && references('a')]",
    "*[_type == 'author'].title",
    "*[_id == 'a'][0]{..., ref->}",
    "*[_id in ['a', 'drafts.b']]{refs[]->{title}}",
    "*[references('c')]._id",
    "*[sanity::versionOf('a')]._id",
    "*[sanity::partOfRelease('r1')]._id",
    "*[_id in path('drafts.**')]",
    "count(*[_type in ['book', 'author']])",
    "releases::all()",
)
PERSPECTIVES = ("raw", "drafts", "published", "r1", "r2,drafts")


def answer(dataset, query, perspective):
    reads = Reads()
    return dataset.query(query, PARAMS, perspective=perspective, reads=reads), set(reads.tags(dataset.name))


def told(dataset, **options):
    events = []
    dataset.live_events(events.append, **options)
    return events


def apply(dataset, mutations):
    try:
        dataset.mutate(mutations)
    except LakeError:
        return False
    return True


@settings(max_examples=120, deadline=None)
@given(
    before=st.lists(transactions(), max_size=4),
    change=transactions(size_max=3),
    query=st.sampled_from(FIXED) | queries(),
    perspective=st.sampled_from(PERSPECTIVES),
)
def test_a_changed_answer_has_a_tag_that_the_change_names(before, change, query, perspective):
    dataset = Lake(seed=0).dataset("d")
    for mutations in before:
        apply(dataset, mutations)
    try:
        first, tags = answer(dataset, query, perspective)
    except LakeError:
        return
    all_events, published_events = told(dataset, include_drafts=True), told(dataset)
    apply(dataset, change)
    second, _ = answer(dataset, query, perspective)
    if first != second and "now()" not in query:
        assert stale(all_events) & tags
        if perspective == "published":
            assert stale(published_events) & tags


def stale(events):
    return {tag for event in events if event["type"] == "message" for tag in event["tags"]}


def test_a_draft_that_goes_lets_the_published_type_show_again():
    dataset = Lake(seed=0).dataset("d")
    dataset.mutate([{"create": {"_id": "a", "_type": "book"}}, {"create": {"_id": "drafts.a", "_type": "author"}}])
    first, tags = answer(dataset, "*[_type == 'book']", "drafts")
    events = told(dataset, include_drafts=True)
    dataset.mutate([{"delete": {"id": "drafts.a"}}])
    assert first == []
    assert stale(events) & tags


A = {"_id": "a", "_type": "book", "ref": {"_ref": "b"}}
B = {"_id": "b", "_type": "author", "name": "B"}


@pytest.mark.parametrize(
    ("query", "mutation"),
    [
        ("*[_type == 'film']", {"create": {"_id": "x", "_type": "film"}}),
        ("*[_id == 'x']", {"create": {"_id": "x", "_type": "film"}}),
        ("*[references('b')]._id", {"create": {"_id": "x", "_type": "film", "deep": [{"r": {"_ref": "b"}}]}}),
        ("*[references('b')]._id", {"patch": {"id": "a", "unset": ["ref"]}}),
        ("*[_id == 'a'][0].ref->name", {"patch": {"id": "b", "set": {"name": "C"}}}),
        ("*[sanity::versionOf('x')]._id", {"create": {"_id": "x", "_type": "film"}}),
        ("releases::all()[]._id", {"create": {"_id": "x", "_type": "system.release"}}),
        ("count(*)", {"create": {"_id": "x", "_type": "film"}}),
        ("*[_id in path('x.**')]._id", {"create": {"_id": "x.y", "_type": "film"}}),
    ],
)
def test_each_way_of_reading_has_a_tag_of_its_own(query, mutation):
    dataset = Lake(seed=0).dataset("d")
    dataset.mutate([{"create": B}, {"create": A}])
    first, tags = answer(dataset, query, "raw")
    events = told(dataset)
    dataset.mutate([mutation])
    assert answer(dataset, query, "raw")[0] != first
    assert stale(events) & tags


@pytest.mark.parametrize(
    ("query", "unconcerned"),
    [
        ("*[_type == 'book']", {"_id": "x", "_type": "film"}),
        ("*[_id == 'a']", {"_id": "b", "_type": "book"}),
        ("*[references('a')]", {"_id": "x", "_type": "film"}),
        ("*[_id == 'a'][0].ref->", {"_id": "x", "_type": "film"}),
    ],
)
def test_a_change_elsewhere_leaves_the_answer_alone(query, unconcerned):
    dataset = Lake(seed=0).dataset("d")
    dataset.mutate([{"create": {"_id": "a", "_type": "book"}}])
    _, tags = answer(dataset, query, "published")
    events = told(dataset)
    dataset.mutate([{"create": unconcerned}])
    assert not stale(events) & tags
    assert tags


def test_an_answer_that_reads_no_document_has_no_tags_and_one_that_reads_many_has_one():
    dataset = Lake(seed=0).dataset("d")
    assert answer(dataset, "1 + 1", "raw")[1] == set()
    ids = [f"x{number}" for number in range(TAGS_MAX + 1)]
    reads = Reads()
    dataset.mutate([{"create": {"_id": name, "_type": "t"}} for name in ids])
    dataset.query("*[_id in $ids]", {"ids": ids[:-1]}, reads=reads)
    assert len(reads.tags("d")) == TAGS_MAX
    dataset.query("*[_id in $ids]", {"ids": ids}, reads=reads)
    assert reads.tags("d") == answer(dataset, "*", "raw")[1].pop().split("\n")


def test_drafts_are_told_of_on_request_only():
    dataset = Lake(seed=0).dataset("d")
    published, everything = told(dataset), told(dataset, include_drafts=True)
    dataset.mutate([{"create": {"_id": "drafts.a", "_type": "book"}}])
    dataset.mutate([{"create": {"_id": "b", "_type": "book"}}])
    assert [event["type"] for event in published] == ["welcome", "message"]
    assert [event["type"] for event in everything] == ["welcome", "message", "message"]


def test_a_change_that_history_forgets_at_once_is_told():
    dataset = Lake(seed=0).dataset("d")
    dataset.mutate([{"create": {"_id": "drafts.a", "_type": "book"}}])
    _, tags = answer(dataset, "*[_type == 'book']", "drafts")
    events = told(dataset, include_drafts=True)
    dataset.actions([{"actionType": "sanity.action.document.version.discard", "versionId": "drafts.a", "purge": True}])
    assert dataset.get("drafts.a") is None
    assert stale(events) & tags


def write(dataset, count):
    for number in range(count):
        dataset.mutate([{"create": {"_id": f"n{len(dataset)}-{number}", "_type": "t"}}])


def test_resuming_tells_what_was_missed_and_no_more():
    dataset = Lake(seed=0).dataset("d")
    write(dataset, 2)
    first = told(dataset)
    write(dataset, 3)
    assert [event["type"] for event in first] == ["welcome", *["message"] * 3]
    for number, event in enumerate(first):
        resumed = told(dataset, after=event["id"])
        assert resumed[0] == {"type": "welcome", "id": event["id"]}
        assert resumed[1:] == first[number + 1 :]


def test_a_position_that_is_not_known_starts_anew(monkeypatch):
    monkeypatch.setattr(feed, "REMEMBERED_MAX", 2)
    dataset = Lake(seed=0).dataset("d")
    first = told(dataset)
    write(dataset, 3)
    assert [event["type"] for event in told(dataset, after="nonsense")] == ["restart"]
    assert [event["type"] for event in told(dataset, after=first[0]["id"])] == ["restart"]
    assert told(dataset, after=first[1]["id"])[1:] == first[2:]


def test_a_transaction_that_touches_too_much_makes_everybody_start_anew(monkeypatch):
    monkeypatch.setattr(feed, "EVENT_TAGS_MAX", 5)
    dataset = Lake(seed=0).dataset("d")
    events = told(dataset)
    dataset.mutate([{"create": {"_id": name, "_type": "t"}} for name in IDS[:3]])
    dataset.mutate([{"create": {"_id": f"x{number}", "_type": "t"}} for number in range(5)])
    assert [event["type"] for event in events] == ["welcome", "message", "restart"]


def test_a_closed_subscription_hears_nothing_and_makes_room():
    dataset = Lake(seed=0, limits=Limits(listeners_max=1)).dataset("d")
    events = []
    subscription = dataset.live_events(events.append)
    with pytest.raises(BadRequestError, match="Max listener limit"):
        dataset.live_events(events.append)
    subscription.close()
    write(dataset, 1)
    dataset.live_events(events.append)
    assert [event["type"] for event in events] == ["welcome", "welcome"]
