"""`add`, `remove` and `reorder` on the engine: one read, one write, both sides, clear refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from bidir.conformance.proxy import ObservedBackend, Traffic
from bidir.conformance.scenario import Fault
from bidir.errors import BidirError, DocumentMissing, IntentError, NotSupportedError, RevisionConflict
from lakesim import Dataset, Lake

Json = Any


def targets(dataset: Dataset, document_id: str, name: str) -> list[str]:
    value = (dataset.get(document_id) or {}).get(name)
    rows = [] if value is None else value if isinstance(value, list) else [value]
    return [row["person"]["_ref"] if "person" in row else row["_ref"] for row in rows]


def test_add_sets_a_single_field_and_the_list_it_answers(engine: Engine, dataset: Dataset, traffic: Traffic) -> None:
    outcome = engine.add("f1", "director", "ann")
    assert (targets(dataset, "drafts.f1", "director"), targets(dataset, "drafts.ann", "directed")) == (["ann"], ["f1"])
    assert (traffic.reads, traffic.writes) == (outcome.reads, outcome.writes) == (1, 1)
    assert outcome.documents_written == 2
    assert targets(dataset, "f1", "director") == []


def test_add_from_the_list_side_takes_the_film_from_its_director(engine: Engine, dataset: Dataset) -> None:
    engine.add("f1", "director", "ann")
    outcome = engine.add("bea", "directed", "f1")
    assert targets(dataset, "drafts.f1", "director") == ["bea"]
    assert targets(dataset, "drafts.ann", "directed") == []
    assert [notice.kind for notice in outcome.notices if notice.kind == "steal"] == ["steal"]


def test_metadata_order_and_keys_of_a_list_of_objects_are_kept(
    engine: Engine, dataset: Dataset, traffic: Traffic
) -> None:
    engine.add("f1", "credits", "ann", item={"role": "lead"})
    engine.add("f1", "credits", "bea", item={"role": "villain"})
    engine.add("f1", "credits", "cid", item={"role": "butler"}, at=0)
    before = {row["_key"]: row for row in dataset.get("drafts.f1")["credits"]}
    traffic.reads = traffic.writes = 0
    outcome = engine.reorder("f1", "credits", ["ann", "bea", "cid"])
    assert targets(dataset, "drafts.f1", "credits") == ["ann", "bea", "cid"]
    assert {row["_key"]: row for row in dataset.get("drafts.f1")["credits"]} == before
    assert [row["role"] for row in dataset.get("drafts.f1")["credits"]] == ["lead", "villain", "butler"]
    assert (outcome.documents_written, traffic.reads, traffic.writes) == (1, 1, 1)


def test_the_whole_array_is_never_sent(engine: Engine) -> None:
    outcomes = [engine.add("f1", "credits", name, item={"role": name}) for name in ("ann", "bea", "cid")]
    outcomes.append(engine.reorder("f1", "credits", ["cid", "ann", "bea"]))
    outcomes.append(engine.add("f1", "credits", "bea", item={"role": "other"}))
    outcomes.append(engine.remove("f1", "credits", "ann"))
    patches = [one["patch"] for outcome in outcomes for one in outcome.mutations if "patch" in one]
    assert patches
    assert not any("credits" in patch.get("set", {}) for patch in patches)
    assert not any("credits" in patch.get("unset", []) for patch in patches)


def test_add_with_metadata_updates_the_item_that_is_there(engine: Engine, dataset: Dataset) -> None:
    engine.add("f1", "credits", "ann", item={"role": "lead"})
    (key,) = [row["_key"] for row in dataset.get("drafts.f1")["credits"]]
    outcome = engine.add("f1", "credits", "ann", item={"role": "extra"})
    (row,) = dataset.get("drafts.f1")["credits"]
    assert (row["_key"], row["role"]) == (key, "extra")
    assert outcome.documents_written == 1


@pytest.mark.parametrize(
    "again",
    [
        lambda engine: engine.add("f1", "director", "ann"),
        lambda engine: engine.add("ann", "directed", "f1"),
        lambda engine: engine.add("f1", "credits", "bea"),
        lambda engine: engine.add("f1", "credits", "bea", item={"role": "lead"}),
        lambda engine: engine.remove("f1", "director", "cid"),
        lambda engine: engine.remove("f1", "credits", "cid"),
        lambda engine: engine.reorder("f1", "credits", ["bea"]),
        lambda engine: engine.reorder("cid", "friends", []),
    ],
)
def test_what_holds_already_is_not_written(engine: Engine, traffic: Traffic, again: Callable[[Engine], Any]) -> None:
    engine.add("f1", "director", "ann")
    engine.add("f1", "credits", "bea", item={"role": "lead"})
    traffic.reads = traffic.writes = 0
    outcome = again(engine)
    assert (outcome.transaction_id, outcome.documents_written, outcome.mutations) == (None, 0, ())
    assert (traffic.reads, traffic.writes) == (1, 0)


def test_remove_unsets_a_single_field_and_a_list_item(engine: Engine, dataset: Dataset) -> None:
    engine.add("f1", "director", "ann")
    engine.add("f1", "credits", "bea")
    engine.remove("f1", "director", "ann")
    engine.remove("bea", "appearsIn", "f1")
    assert "director" not in (dataset.get("drafts.f1") or {})
    assert targets(dataset, "drafts.f1", "credits") == []
    assert list(engine.audit()) == []


@pytest.mark.parametrize("name", ["credits", "credits[].person", "credits.person", "film.credits", "credits[]"])
def test_a_field_is_known_by_every_spelling(engine: Engine, dataset: Dataset, name: str) -> None:
    engine.add("f1", name, "ann")
    assert targets(dataset, "drafts.f1", "credits") == ["ann"]


@pytest.mark.parametrize(
    ("perspective", "stored"), [("drafts", "drafts.f1"), ("published", "f1"), ("rSpring", "versions.rSpring.f1")]
)
def test_each_layer_is_written_alone(engine: Engine, dataset: Dataset, perspective: str, stored: str) -> None:
    engine.create_release("rSpring")
    engine.add("f1", "credits", "ann", perspective=perspective)
    engine.add("f1", "credits", "bea", perspective=perspective)
    engine.reorder("f1", "credits", ["bea", "ann"], perspective=perspective)
    engine.remove("f1", "credits", "ann", perspective=perspective)
    assert targets(dataset, stored, "credits") == ["bea"]
    others = {"f1", "drafts.f1", "versions.rSpring.f1"} - {stored}
    assert [targets(dataset, other, "credits") for other in sorted(others)] == [[], []]


def test_reorder_makes_the_version_it_needs(engine: Engine, dataset: Dataset) -> None:
    for name in ("ann", "bea", "cid"):
        engine.add("f1", "credits", name, perspective="published")
    outcome = engine.reorder("f1", "credits", ["cid", "ann", "bea"])
    assert targets(dataset, "drafts.f1", "credits") == ["cid", "ann", "bea"]
    assert targets(dataset, "f1", "credits") == ["ann", "bea", "cid"]
    assert outcome.documents_written == 1


def test_a_target_without_a_published_version_is_pointed_at_weakly(engine: Engine, dataset: Dataset) -> None:
    dataset.mutate([{"create": {"_id": "drafts.eve", "_type": "person"}}])
    engine.add("f1", "director", "eve")
    assert dataset.get("drafts.f1")["director"] == {
        "_type": "reference",
        "_ref": "eve",
        "_weak": True,
        "_strengthenOnPublish": {"type": "person"},
    }


REFUSED: list[tuple[str, Callable[[Engine], Any], type[BidirError], str]] = [
    ("misspelt", lambda e: e.add("f1", "diretor", "ann"), IntentError, 'no relation field "diretor"'),
    ("hint", lambda e: e.add("f1", "diretor", "ann"), IntentError, 'Did you mean "director"?'),
    ("attribute", lambda e: e.add("f1", "title", "ann"), IntentError, "film.title takes part in no relation"),
    (
        "type",
        lambda e: e.add("f1", "director", "f2"),
        IntentError,
        'takes documents of type "person"; the target is of type "film"',
    ),
    ("no target", lambda e: e.add("f1", "director", "nobody"), DocumentMissing, 'no document has the id "nobody"'),
    (
        "no target to remove",
        lambda e: e.remove("f1", "credits", "nobody"),
        DocumentMissing,
        "f1.credits does not point at it",
    ),
    ("no document", lambda e: e.add("f9", "director", "ann"), DocumentMissing, 'no document has the id "f9"'),
    ("no fields", lambda e: e.add("p1", "films", "f1"), IntentError, "it has no relation fields"),
    ("single reorder", lambda e: e.reorder("f1", "director", ["ann"]), IntentError, "there is nothing to reorder"),
    ("text order", lambda e: e.reorder("f1", "credits", "ann"), IntentError, "reorder takes the list of target ids"),
    (
        "target is no text",
        lambda e: e.add("f1", "director", {"_ref": "ann"}),
        IntentError,
        "the target is given by its id",
    ),
    ("field is no text", lambda e: e.add("f1", None, "ann"), IntentError, "a field is given by its name"),
    (
        "other layer",
        lambda e: e.add("drafts.f1", "director", "ann", perspective="published"),
        IntentError,
        'belongs to the layer "drafts"',
    ),
    ("no layer", lambda e: e.add("f1", "director", "ann", perspective="raw"), IntentError, "is for reading"),
]


@pytest.mark.parametrize(("call", "kind", "text"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    engine: Engine, dataset: Dataset, traffic: Traffic, call: Callable[[Engine], Any], kind: type[BidirError], text: str
) -> None:
    dataset.mutate([{"create": {"_id": "p1", "_type": "page"}}])
    with pytest.raises(kind) as caught:
        call(engine)
    assert text in str(caught.value)
    assert traffic.writes == 0


def test_a_document_of_another_layer_only_is_named(engine: Engine, dataset: Dataset) -> None:
    engine.create_release("rSpring")
    dataset.mutate([{"create": {"_id": "versions.rSpring.f9", "_type": "film"}}])
    with pytest.raises(DocumentMissing, match='"f9" has no version that "drafts" shows; it exists in "rSpring"'):
        engine.add("f9", "director", "ann")


def test_a_dangling_pointer_can_be_removed(engine: Engine, dataset: Dataset) -> None:
    ghost = {"_type": "reference", "_ref": "ghost", "_weak": True}
    dataset.mutate([{"patch": {"id": "f1", "set": {"director": ghost}}}])
    engine.remove("f1", "director", "ghost", perspective="published")
    assert "director" not in dataset.get("f1")


def test_a_refusal_by_policy_is_an_outcome_that_consent_overrules(schema: Schema, dataset: Dataset) -> None:
    types = [
        {"name": "book", "type": "document", "fields": [author_field()]},
        {"name": "author", "type": "document", "fields": [book_field()]},
    ]
    engine = Engine(Schema.load(types), LakeBackend(dataset))
    books = [{"create": {"_id": name, "_type": "book"}} for name in ("b1", "b2")]
    dataset.mutate([*books, {"create": {"_id": "a1", "_type": "author"}}])
    engine.add("b1", "author", "a1")
    refused = engine.add("b2", "author", "a1")
    assert ([conflict.kind for conflict in refused.conflicts], refused.documents_written) == (["held"], 0)
    engine.add("b2", "author", "a1", consent=[refused.conflicts[0].token])
    assert targets(dataset, "drafts.a1", "book") == ["b2"]


def author_field() -> dict[str, Json]:
    declared = {"targetField": "book", "onConflict": "reject"}
    return {"name": "author", "type": "reference", "to": [{"type": "author"}], "bidirectional": declared}


def book_field() -> dict[str, Json]:
    return {"name": "book", "type": "reference", "to": [{"type": "book"}]}


# ------------------------------------------------------------------------------------------------ other editors


def test_reorder_that_was_too_late_is_built_again_from_what_is_there(
    engine: Engine, backend: ObservedBackend, dataset: Dataset
) -> None:
    for name in ("ann", "bea", "cid"):
        engine.add("f1", "credits", name, item={"role": name})
    key = dataset.get("drafts.f1")["credits"][2]["_key"]

    def rival() -> None:
        dataset.mutate([{"patch": {"id": "drafts.f1", "set": {f'credits[_key=="{key}"].role': "typed meanwhile"}}}])

    backend.before_commit = rival
    outcome = engine.reorder("f1", "credits", ["cid", "ann", "bea"])
    rows = dataset.get("drafts.f1")["credits"]
    assert [row["role"] for row in rows] == ["typed meanwhile", "ann", "bea"]
    assert outcome.retries == 1


def test_reorder_of_a_published_list_sees_the_draft_somebody_made_meanwhile(
    engine: Engine, backend: ObservedBackend, dataset: Dataset
) -> None:
    for name in ("ann", "bea", "cid"):
        engine.add("f1", "credits", name, item={"role": name}, perspective="published")

    def rival() -> None:
        rows = dataset.get("f1")["credits"]
        dataset.mutate(
            [{"create": {"_id": "drafts.f1", "_type": "film", "credits": [*rows[1:], {**rows[0], "role": "x"}]}}]
        )

    backend.before_commit = rival
    engine.reorder("f1", "credits", ["cid", "ann", "bea"])
    assert [row["role"] for row in dataset.get("drafts.f1")["credits"]] == ["cid", "x", "bea"]


def test_a_list_that_lost_an_item_meanwhile_is_not_given_it_back(
    engine: Engine, backend: ObservedBackend, dataset: Dataset
) -> None:
    for name in ("ann", "bea", "cid"):
        engine.add("f1", "credits", name)
    backend.before_commit = lambda: Engine(engine.schema, LakeBackend(dataset)).remove("f1", "credits", "cid")
    with pytest.raises(IntentError, match='names what is not there: "cid"'):
        engine.reorder("f1", "credits", ["cid", "ann", "bea"])
    assert targets(dataset, "drafts.f1", "credits") == ["ann", "bea"]


def test_an_append_needs_no_lock_and_no_second_attempt(
    engine: Engine, backend: ObservedBackend, dataset: Dataset
) -> None:
    engine.add("ann", "friends", "bea")
    backend.before_commit = lambda: Engine(engine.schema, LakeBackend(dataset)).add("ann", "friends", "cid")
    outcome = engine.add("ann", "friends", "dot")
    assert targets(dataset, "drafts.ann", "friends") == ["bea", "cid", "dot"]
    assert outcome.retries == 0


def test_an_item_without_key_is_not_removed_by_a_position_that_has_moved(
    engine: Engine, backend: ObservedBackend, dataset: Dataset
) -> None:
    rows = [{"person": {"_type": "reference", "_ref": name}} for name in ("ann", "bea")]
    dataset.mutate([{"create": {"_id": "drafts.f1", "_type": "film", "credits": rows}}])
    first = {"_key": "k", "person": {"_type": "reference", "_ref": "cid"}}
    insert = {"insert": {"before": "credits[0]", "items": [first]}}
    backend.before_commit = lambda: dataset.mutate([{"patch": {"id": "drafts.f1", **insert}}])
    engine.remove("f1", "credits", "ann")
    assert targets(dataset, "drafts.f1", "credits") == ["cid", "bea"]


class Lagging(LakeBackend):
    """A lake whose queries still show what was true at the start; reads by id are up to date."""

    consistent_queries = False

    def __init__(self, dataset: Dataset) -> None:
        super().__init__(dataset)
        self._shown = LakeBackend(dataset.replay())

    def query(self, groq: str, params: Any, *, perspective: str = "raw") -> Json:
        return self._shown.query(groq, params, perspective=perspective)


def test_a_second_attempt_reads_by_id_what_a_query_does_not_show_yet(engine: Engine, dataset: Dataset) -> None:
    for name in ("ann", "bea", "cid"):
        engine.add("f1", "credits", name, item={"role": name})
    backend = ObservedBackend(Lagging(dataset))
    key = dataset.get("drafts.f1")["credits"][2]["_key"]
    dataset.mutate([{"patch": {"id": "drafts.f1", "set": {f'credits[_key=="{key}"].role': "typed meanwhile"}}}])
    outcome = Engine(engine.schema, backend).reorder("f1", "credits", ["cid", "ann", "bea"])
    assert [row["role"] for row in dataset.get("drafts.f1")["credits"]] == ["typed meanwhile", "ann", "bea"]
    assert (outcome.retries, outcome.reads, outcome.writes) == (1, 3, 2)


def test_attempts_end(engine: Engine, backend: ObservedBackend, traffic: Traffic) -> None:
    for name in ("ann", "bea"):
        engine.add("f1", "credits", name)
    traffic.writes = 0
    backend.arm(Fault(conflict=100))
    with pytest.raises(RevisionConflict):
        engine.reorder("f1", "credits", ["bea", "ann"])
    assert traffic.writes == 4


def test_a_lost_answer_does_not_add_twice(engine: Engine, backend: ObservedBackend, dataset: Dataset) -> None:
    backend.arm(Fault(lose_response=1))
    engine.add("f1", "credits", "ann", item={"role": "lead"})
    backend.arm(None)
    engine.add("f1", "credits", "ann", item={"role": "lead"})
    assert targets(dataset, "drafts.f1", "credits") == ["ann"]


# ------------------------------------------------------------------------------------------------- other shapes


def credited(name: str, target: str, **more: Json) -> dict[str, Json]:
    member = {"name": target, "type": "reference", "to": [{"type": target}], **more}
    return {"type": "object", "name": name, "fields": [member, {"name": "role", "type": "string"}]}


def back(name: str) -> dict[str, Json]:
    return {"name": name, "type": "array", "of": [{"type": "reference", "to": [{"type": "show"}]}]}


def shows() -> tuple[Engine, Dataset]:
    declared = {"bidirectional": {"targetField": "shows"}}
    of = [credited("actorCredit", "actor", **declared), credited("firmCredit", "firm", **declared)]
    live = {
        "name": "channel",
        "type": "document",
        "liveEdit": True,
        "fields": [
            {"name": "best", "type": "reference", "to": [{"type": "show"}], "bidirectional": {"targetField": "bestOf"}}
        ],
    }
    types = [
        {
            "name": "show",
            "type": "document",
            "fields": [
                {"name": "credits", "type": "array", "of": of},
                {"name": "bestOf", "type": "reference", "to": [{"type": "channel"}]},
            ],
        },
        {"name": "actor", "type": "document", "fields": [back("shows")]},
        {"name": "firm", "type": "document", "fields": [back("shows")]},
        live,
    ]
    dataset = Lake(seed=0).dataset("production")
    rows = [("s1", "show"), ("x1", "actor"), ("y1", "firm"), ("c1", "channel")]
    dataset.mutate([{"create": {"_id": name, "_type": kind}} for name, kind in rows])
    return Engine(Schema.load(types), LakeBackend(dataset)), dataset


def test_in_an_array_of_several_item_types_the_target_decides_which_is_added() -> None:
    engine, dataset = shows()
    engine.add("s1", "credits", "x1", item={"role": "lead"})
    engine.add("s1", "credits", "y1", item={"role": "sponsor"}, at=0)
    rows = [{name: row[name] for name in row if name != "_key"} for row in dataset.get("drafts.s1")["credits"]]
    assert rows == [
        {"_type": "firmCredit", "firm": {"_type": "reference", "_ref": "y1"}, "role": "sponsor"},
        {"_type": "actorCredit", "actor": {"_type": "reference", "_ref": "x1"}, "role": "lead"},
    ]
    assert targets(dataset, "drafts.y1", "shows") == ["s1"]
    with pytest.raises(NotSupportedError, match="under several names"):
        engine.reorder("s1", "credits", ["x1", "y1"])
    engine.remove("s1", "credits", "y1")
    assert [row["_type"] for row in dataset.get("drafts.s1")["credits"]] == ["actorCredit"]
    assert targets(dataset, "drafts.y1", "shows") == []


def test_a_document_that_is_edited_live_is_written_where_it_is() -> None:
    engine, dataset = shows()
    engine.add("c1", "best", "s1")
    assert (dataset.get("drafts.c1"), targets(dataset, "c1", "best")) == (None, ["s1"])
    engine.remove("c1", "best", "s1")
    assert targets(dataset, "c1", "best") == []


def test_a_document_can_point_at_itself(engine: Engine, dataset: Dataset) -> None:
    outcome = engine.add("ann", "friends", "ann")
    assert (targets(dataset, "drafts.ann", "friends"), outcome.documents_written) == (["ann"], 1)
    engine.remove("ann", "friends", "ann")
    assert targets(dataset, "drafts.ann", "friends") == []


@pytest.mark.parametrize("mode", ["off", "observe"])
def test_switched_off_only_the_one_side_is_written(schema: Schema, dataset: Dataset, mode: Any) -> None:
    engine = Engine(schema, LakeBackend(dataset), mode=mode)
    engine.add("f1", "credits", "ann")
    engine.add("f1", "credits", "bea")
    engine.reorder("f1", "credits", ["bea", "ann"])
    assert targets(dataset, "drafts.f1", "credits") == ["bea", "ann"]
    assert dataset.get("drafts.ann") is None


# --------------------------------------------------------------------------------------------------- any sequence

NAMES = ("ann", "bea", "cid", "dot")
MOVES = st.one_of(
    st.tuples(st.just("add"), st.sampled_from(("f1", "f2")), st.sampled_from(NAMES), st.integers(0, 3)),
    st.tuples(st.just("remove"), st.sampled_from(("f1", "f2")), st.sampled_from(NAMES), st.just(0)),
    st.tuples(st.just("reorder"), st.sampled_from(("f1", "f2")), st.permutations(NAMES), st.just(0)),
)


@given(moves=st.lists(MOVES, max_size=10))
def test_any_sequence_agrees_with_plain_lists_and_leaves_both_sides_in_step(
    new_world: Callable[[], tuple[Engine, Dataset]], moves: list[Any]
) -> None:
    engine, dataset = new_world()
    model: dict[str, list[str]] = {"f1": [], "f2": []}
    for kind, film, what, at in moves:
        held = model[film]
        if kind == "add":
            engine.add(film, "credits", what, item={"role": what}, at=min(at, len(held)))
            if what not in held:
                held.insert(at, what)
        elif kind == "remove":
            engine.remove(film, "credits", what)
            model[film] = [one for one in held if one != what]
        else:
            model[film] = [one for one in what if one in held]
            engine.reorder(film, "credits", model[film])
    for film, held in model.items():
        shown = dataset.get(f"drafts.{film}") or {}
        assert [(row["person"]["_ref"], row["role"]) for row in shown.get("credits", [])] == [
            (one, one) for one in held
        ]
    assert list(engine.audit()) == []


def test_a_link_of_the_draft_is_said_again_in_a_release(engine: Engine, dataset: Dataset) -> None:
    # The draft's links were never true in the release: `add` saw one there and did nothing, so there was none.
    dataset.mutate([{"create": {"_id": "drafts.f9", "_type": "film"}}])
    engine.create_release("spring")
    engine.add("f9", "director", "ann")
    engine.add("f9", "credits", "ann", item={"role": "writer"})
    engine.add("f9", "director", "ann", perspective="spring")
    engine.add("f9", "credits", "ann", perspective="spring")
    version = dataset.get("versions.spring.f9")
    assert version is not None
    assert version["director"]["_ref"] == "ann"
    assert [(one["person"]["_ref"], one["role"]) for one in version["credits"]] == [("ann", "writer")]
    person = dataset.get("versions.spring.ann")
    assert person is not None
    assert [[one["_ref"] for one in person[name]] for name in ("directed", "appearsIn")] == [["f9"], ["f9"]]
