"""Changes that are handled together come to what they come to one by one (I11)."""

import pytest

from bidir import Engine
from bidir.conformance.invariants import check_invariants, resolve_view, targets


def ref(target):
    return {"_type": "reference", "_ref": target, "_weak": True}


def many(*targets):
    return [{**ref(one), "_key": f"k{one}"} for one in targets]


def create(stored, **fields):
    name = "book" if stored.rpartition(".")[2].startswith("b") else "author"
    return {"create": {"_id": stored, "_type": name, **fields}}


def patch(stored, **operations):
    return {"patch": {"id": stored, **operations}}


def append(stored, field, target):
    insert = {"after": f"{field}[-1]", "items": many(target)}
    return patch(stored, setIfMissing={field: []}, insert=insert)


STORIES = {
    # A draft said "no author"; a list published later, which names the book, was taken for one that had waited.
    "a pointer written after the draft it names": (
        "n:1",
        [create("drafts.b1", author=None), create("a1", books=many("b1"))],
        {"drafts b1": ["a1"], "published a1": ["b1"]},
    ),
    # A document that came with a value of its own was given the one that had waited for it as well.
    "a document that comes with a value of its own": (
        "n:m",
        [create("b1", author=many("a1")), create("a1", books=many("b2"))],
        {"published b1": [], "published a1": ["b2"]},
    ),
    "a document that comes silent takes the smallest of those who wait": (
        "1:1",
        [create("b1", author=ref("a1")), create("b2", author=ref("a1")), create("a1")],
        {"published a1": ["b1"], "published b2": []},
    ),
    "a draft points at what is published later with a value of its own": (
        "1:1",
        [create("drafts.b1", author=ref("a1")), create("a1", books=ref("b2"))],
        {"drafts b1": [], "drafts a1": ["b2"]},
    ),
    # The order of two changes of a list was that of the list's last change, whatever it was about.
    "a list changes again after one of its books went elsewhere": (
        "n:1",
        [
            *(create(one) for one in ("a1", "a2", "b1", "b3")),
            append("a1", "books", "b1"),
            patch("b1", set={"author": ref("a2")}),
            append("a1", "books", "b3"),
        ],
        {"published a1": ["b3"], "published a2": ["b1"], "published b1": ["a2"]},
    ),
    "a place emptied after it was claimed from the other side": (
        "n:1",
        [
            *(create(one) for one in ("a1", "a2")),
            create("b1", author=ref("a2")),
            append("a1", "books", "b1"),
            patch("b1", unset=["author"]),
        ],
        {"published a1": [], "published a2": [], "published b1": []},
    ),
    "a pointer written after the deletion of what it names": (
        "n:1",
        [create("a1"), {"delete": {"id": "a1"}}, create("b1", author=ref("a1"))],
        {"published b1": ["a1"]},
    ),
}


def played(world, kind, mutations, together):
    dataset, engine = world(kind, empty=True)
    with Engine(engine.schema, engine.backend).follow() as follower:
        for mutation in mutations:
            dataset.mutate([mutation])
            dataset.clock.advance(1)
            if not together:
                follower.settle()
        follower.settle()
        assert not any(outcome.mutations for outcome in follower.settle())
        pending = list(follower._carrier.store)
    documents = {document["_id"]: document for document in dataset.documents()}
    assert check_invariants(engine.schema, documents, pending=pending) == []
    return {
        f"{view} {group}": sorted(
            target for field in engine.schema.fields_of(one["_type"]) for target in targets(one, field)
        )
        for view in ("published", "drafts")
        for group, one in resolve_view(documents, view).items()
    }


@pytest.mark.parametrize("story", STORIES)
def test_together_as_one_by_one(world, story):
    kind, mutations, expected = STORIES[story]
    single, together = (played(world, kind, mutations, together) for together in (False, True))
    assert {key: single[key] for key in expected} == expected
    assert together == single


@pytest.mark.parametrize("heard", [False, True], ids=["net", "told"])
def test_a_link_made_by_another_engine_and_taken_back_at_once_is_let_go(world, heard):
    # The list said the same as before both, so that its partner kept a pointer nobody answered: the making had been
    # looked at once more, because the follower had just written about that list, and the partner's half had not.
    dataset, engine = world("symmetric n:m")
    with Engine(engine.schema, engine.backend).follow() as follower:
        dataset.mutate([append("b3", "author", "b1")])
        follower.settle()
        engine.submit([append("b2", "author", "b3")], perspective="published")
        dataset.mutate([patch("b3", unset=['author[_ref=="b2"]'])])
        if heard:
            follower.drain()
        follower.settle()
    assert dataset.get("b2").get("author", []) == []
    assert [item["_ref"] for item in dataset.get("b3")["author"]] == ["b1"]


def test_a_draft_follows_what_was_added_below_also_where_it_changed_later_in_another_item(world):
    # The draft was new to the follower, and its whole list counted as said last.
    dataset, engine = world("n:m")
    with engine.follow() as follower:
        dataset.mutate([create("drafts.a1", books=[])])
        dataset.clock.advance(1)
        dataset.mutate([append("a1", "books", "b1")])
        dataset.clock.advance(1)
        dataset.mutate([append("drafts.a1", "books", "b2")])
        follower.settle()
    assert sorted(item["_ref"] for item in dataset.get("drafts.a1")["books"]) == ["b1", "b2"]
    assert [item["_ref"] for item in dataset.get("a1")["books"]] == ["b1"]
