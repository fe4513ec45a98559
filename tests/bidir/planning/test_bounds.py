"""`min`, `max` and `acyclic` where the engine adds and removes on its own: publishes, edits of others, healing."""

from __future__ import annotations

from typing import Any

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from bidir.siblings import World
from lakesim import Dataset, Lake

Json = Any


def ref(target: str) -> dict[str, Json]:
    return {"_type": "reference", "_ref": target}


def field(name: str, to: str, *, many: bool = False, **declared: Json) -> dict[str, Json]:
    reference = {"type": "reference", "to": [{"type": to}]}
    body = {"name": name, "type": "array", "of": [reference]} if many else {"name": name, **reference}
    return {**body, **({"bidirectional": declared} if declared else {})}


def shelf(*, live: bool = False, **books: Json) -> tuple[Dataset, Engine]:
    """Books b1–b3 and author a1 published; `books` are the options of author.books, `live`: books are edited live."""
    types = [
        {
            "name": "book",
            "type": "document",
            "liveEdit": live,
            "fields": [field("author", "author", targetField="books")],
        },
        {
            "name": "author",
            "type": "document",
            "fields": [field("books", "book", many=True, targetField="author", **books)],
        },
    ]
    dataset = Lake(seed=0).dataset("production")
    made = [("b1", "book"), ("b2", "book"), ("b3", "book"), ("a1", "author"), ("a2", "author")]
    dataset.mutate([{"create": {"_id": one, "_type": name}} for one, name in made])
    return dataset, Engine(Schema.load(types), LakeBackend(dataset))


def hierarchy(count: int, *, many: bool = False, **options: Json) -> tuple[Dataset, Engine]:
    """Nodes n0… published, node.parent(s) ⇄ node.children without cycles."""
    name = "parents" if many else "parent"
    own = field(name, "node", many=many, targetField="children", acyclic=True, **options)
    types = [{"name": "node", "type": "document", "fields": [own, field("children", "node", many=True)]}]
    dataset = Lake(seed=0).dataset("production")
    dataset.mutate([{"create": {"_id": f"n{number}", "_type": "node"}} for number in range(count)])
    return dataset, Engine(Schema.load(types), LakeBackend(dataset))


def write(book: str, author: str | None) -> dict[str, Json]:
    return {"patch": {"id": book, **({"set": {"author": ref(author)}} if author else {"unset": ["author"]})}}


def books(dataset: Dataset, document_id: str = "a1") -> list[str]:
    return [item["_ref"] for item in dataset.get(document_id).get("books", [])]


def place_given_on_in_draft(**options: Json) -> tuple[Dataset, Engine]:
    """a1 is full with b1 and b2; drafts give the place of b1 to b3."""
    dataset, engine = shelf(max=2, **options)
    engine.submit([write("b1", "a1"), write("b2", "a1")], perspective="published")
    assert not engine.submit([write("b1", None), write("b3", "a1")]).conflicts
    return dataset, engine


@pytest.mark.parametrize("policy", ["reject", "trim"])
def test_a_publish_never_fills_a_partner_beyond_its_bound(policy):
    # The draft is within the bound, the published list still is not: it got a third item without a word.
    dataset, engine = place_given_on_in_draft(maxPolicy=policy)
    outcome = engine.publish("b3")
    assert dataset.get("b3")["author"] == ref("a1")
    assert books(dataset) == ["b1", "b2"]
    assert [(one.reason, one.source, one.target) for one in outcome.pending] == [("conflict", "b3", "a1")]
    assert engine.heal().documents_written == 0
    engine.publish("b1")
    engine.heal()
    assert books(dataset) == ["b2", "b3"]
    assert (list(engine.audit()), engine.pending()) == ([], [])


@pytest.mark.parametrize("ids", ["a1", ["b1", "b3"], ["b3", "a1", "b1"]])
def test_what_makes_room_in_the_same_publish_lets_the_new_one_in(ids):
    dataset, engine = place_given_on_in_draft()
    assert engine.publish(ids).pending == ()
    assert books(dataset) == ["b2", "b3"]
    assert list(engine.audit()) == []


@pytest.mark.parametrize("policy", ["reject", "trim"])
@pytest.mark.parametrize("layer", ["", "drafts."])
def test_a_script_never_makes_the_engine_fill_a_list_beyond_its_bound(policy, layer):
    # A follower answered the third link, and `heal` took away what the script had written.
    dataset, engine = shelf(max=2, maxPolicy=policy)
    engine.submit([write("b1", "a1"), write("b2", "a1")], perspective="published")
    if layer:
        dataset.mutate([{"create": {"_id": "drafts.b3", "_type": "book"}}])
    with engine.follow() as follower:
        dataset.mutate([write(f"{layer}b3", "a1")])
        follower.settle()
        engine.heal()
        assert dataset.get(f"{layer}b3")["author"] == ref("a1")
        assert books(dataset) == ["b1", "b2"]
        assert [(one.reason, one.source) for one in engine.pending()] == [("conflict", "b3")]
        dataset.mutate([write("b1", None)])
        follower.settle()
    assert books(dataset, "drafts.a1" if layer else "a1") == ["b2", "b3"]
    assert (list(engine.audit()), engine.pending()) == ([], [])


@pytest.mark.parametrize(
    ("mutations", "told"),
    [
        ([write("b1", None)], ["a1"]),
        ([{"patch": {"id": "a2", "set": {"books": [{**ref("b1"), "_key": "k"}]}}}], ["a1"]),
        ([{"patch": {"id": "a1", "unset": ["books"]}}], ["a1"]),
        ([write("b1", "a2")], ["a1"]),
        ([write("b1", None), write("b3", "a1")], []),
    ],
    ids=["unlinked", "taken by another", "emptied by hand", "moved", "replaced"],
)
def test_a_field_is_called_too_empty_only_where_it_ends_so(mutations, told):
    # A book that one author took from another passed through having none, and was told to need one.
    _, engine = shelf(min=2)
    engine.submit([write("b1", "a1"), write("b2", "a1")])
    outcome = engine.submit(mutations)
    assert [one.documents[0] for one in outcome.notices if one.kind == "required-empty"] == told


@pytest.mark.parametrize("waits", [False, True], ids=["all there", "one waits"])
def test_of_items_that_are_too_many_the_last_are_left_out(waits):
    # The first new one was refused for the sake of those behind it, and a target that waits was not counted at all.
    dataset, engine = shelf(max=2, maxPolicy="trim")
    named = ["b1", "b9" if waits else "b2", "b3"]
    listed = [{**ref(one), "_key": f"k{one}"} for one in named]
    outcome = engine.submit([{"patch": {"id": "a1", "set": {"books": listed}}}])
    assert books(dataset, "drafts.a1") == named[:2]
    assert [one.documents for one in outcome.notices if one.kind == "claim-refused"] == [("b3", "a1")]
    assert list(engine.audit()) == []


@pytest.mark.parametrize("there", [True, False], ids=["in a release", "nowhere"])
def test_a_list_that_is_full_of_what_waits_takes_no_more(there):
    dataset, engine = shelf(max=2)
    engine.create_release("r1")
    names = ("b7", "b8", "b9")
    dataset.mutate([{"create": {"_id": f"versions.r1.{one}", "_type": "book"}} for one in names if there])
    listed = [{**ref(one), "_key": one} for one in names]
    refused = engine.submit([{"patch": {"id": "a1", "set": {"books": listed}}}])
    assert [(one.kind, one.place) for one in refused.conflicts] == [("max", "b9.author")]
    assert dataset.get("drafts.a1") is None


def test_a_live_edit_does_not_fill_a_draft_beyond_its_bound():
    # Row 8 gives the draft of the target the pair, whether there was room or not.
    dataset, engine = shelf(live=True, max=1)
    dataset.mutate([{"delete": {"id": "a1"}}, {"create": {"_id": "drafts.a1", "_type": "author"}}])
    for book in ("b1", "b2"):
        engine.submit([write(book, "a1")])
    assert books(dataset, "drafts.a1") == ["b1"]
    assert ("deferred-live", "a1", "b2") in [
        (one.reason, *sorted((one.source, one.target))) for one in engine.pending()
    ]
    assert list(engine.audit()) == []


def test_one_token_lets_one_cycle_through():
    # Each end asked for a consent of its own, the second only after the first was given.
    dataset, engine = hierarchy(2)
    assert not engine.add("n1", "parent", "n0", perspective="published").conflicts
    refused = engine.add("n0", "parent", "n1", perspective="published")
    assert [(one.kind, one.claimant, one.holder) for one in refused.conflicts] == [("acyclic", "n0", "n1")]
    consent = [one.token for one in refused.conflicts]
    assert not engine.add("n0", "parent", "n1", perspective="published", consent=consent).conflicts
    assert dataset.get("n0")["parent"] == ref("n1")


def test_a_cycle_made_by_a_script_waits_for_a_person():
    dataset, engine = hierarchy(2)
    engine.add("n1", "parent", "n0", perspective="published")
    with engine.follow() as follower:
        dataset.mutate([{"patch": {"id": "n0", "set": {"parent": ref("n1")}}}])
        follower.settle()
    assert dataset.get("n0")["parent"] == ref("n1")
    assert "children" not in dataset.get("n1")
    assert [(one.reason, one.source, one.target) for one in engine.pending()] == [("conflict", "n0", "n1")]


def test_the_search_for_a_cycle_looks_at_a_group_once_however_many_ways_lead_there():
    # Nine ranks of four, everybody under everybody of the rank above: more than 200,000 ways from bottom to top.
    ranks, width = 9, 4
    _, engine = hierarchy(ranks * width + 1, many=True)
    mutations = []
    for number in range(width, ranks * width):
        above = (number // width - 1) * width
        parents = [{**ref(f"n{above + place}"), "_key": f"k{place}"} for place in range(width)]
        mutations.append({"patch": {"id": f"n{number}", "set": {"parents": parents}}})
    assert not engine.submit(mutations, perspective="published").conflicts
    calls = 0

    def counted(targets):
        def call(*arguments):
            nonlocal calls
            calls += 1
            return targets(*arguments)

        return call

    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(World, "targets", counted(World.targets))
        engine.add(f"n{ranks * width}", "children", "n0", perspective="published")
        outcome = engine.add("n0", "parents", f"n{ranks * width - 1}", perspective="published")
    assert [one.kind for one in outcome.conflicts] == ["acyclic"]
    assert calls < 10 * ranks * width
