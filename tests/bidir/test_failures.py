"""What a lake may answer, and what becomes of the editor's own edit: it is saved, once, and never waits too long."""

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from bidir.errors import (
    DocumentMissing,
    IntentError,
    PermissionRefused,
    RateLimited,
    Refused,
    RevisionConflict,
    Unavailable,
    UnknownOutcome,
)
from lakesim import Lake
from lakesim.faults import FaultRule

LINK = {"_type": "reference", "_ref": "a1"}
SET_AUTHOR = [{"patch": {"id": "b1", "set": {"author": LINK}}}]


class Scripted(LakeBackend):
    """A backend whose commits first do what a script says, one entry per commit: nothing, raise, or call."""

    def __init__(self, dataset):
        super().__init__(dataset)
        self.script = []
        self.commits = []

    def commit(self, mutations, *, transaction_id):
        self.commits.append(list(mutations))
        entry = self.script.pop(0) if self.script else None
        if isinstance(entry, Exception):
            raise entry
        if entry is not None:
            entry(mutations, transaction_id)
        return super().commit(mutations, transaction_id=transaction_id)


@pytest.fixture
def scripted(world):
    dataset, engine = world(backend=Scripted)
    return dataset, engine, engine.backend


def author_of(dataset, book="b1"):
    return (dataset.get(book) or {}).get("author", {}).get("_ref")


def book_of(dataset, author="a1"):
    return (dataset.get(author) or {}).get("books", {}).get("_ref")


def test_a_missing_target_does_not_stop_the_edit_and_heals_when_it_appears(world):
    dataset, engine = world()
    outcome = engine.submit(
        [{"patch": {"id": "b1", "set": {"author": {"_type": "reference", "_ref": "a9"}}}}], perspective="published"
    )
    assert [(item.reason, item.source, item.target) for item in outcome.pending] == [("missing", "b1", "a9")]
    assert dataset.get("b1")["author"]["_weak"] is True
    dataset.mutate([{"create": {"_id": "a9", "_type": "author"}}])
    assert [item.target for item in engine.pending()] == ["a9"]
    healed = engine.heal()
    assert (healed.documents_written, book_of(dataset, "a9")) == (1, "b1")
    assert engine.pending() == []


def test_a_refused_partner_leaves_the_edit_alone_saved_and_pending(scripted):
    dataset, engine, backend = scripted
    backend.script = [PermissionRefused("no", document_id="a1")]
    outcome = engine.submit(SET_AUTHOR, perspective="published")
    assert (author_of(dataset), book_of(dataset)) == ("a1", None)
    assert (outcome.writes, outcome.documents_written) == (2, 1)
    assert [item.reason for item in outcome.pending] == ["permission"]
    assert engine.heal().documents_written == 1
    assert book_of(dataset) == "b1"


def test_a_refusal_of_the_edit_itself_is_raised_and_writes_nothing(scripted):
    dataset, engine, backend = scripted
    backend.script = [PermissionRefused("no", document_id="b1"), PermissionRefused("no", document_id="b1")]
    with pytest.raises(PermissionRefused):
        engine.submit(SET_AUTHOR, perspective="published")
    assert (author_of(dataset), book_of(dataset)) == (None, None)


def test_a_conflict_is_planned_again_on_what_is_there_now(scripted):
    dataset, engine, backend = scripted

    def rival(mutations, transaction_id):
        dataset.mutate(
            [
                {"patch": {"id": "a1", "set": {"books": {"_type": "reference", "_ref": "b2", "_weak": True}}}},
                {"patch": {"id": "b2", "set": {"author": LINK}}},
            ]
        )

    backend.script = [rival]
    outcome = engine.submit(SET_AUTHOR, perspective="published")
    assert outcome.retries == 1
    assert (author_of(dataset), book_of(dataset), author_of(dataset, "b2")) == ("a1", "b1", None)
    assert [notice.kind for notice in outcome.notices] == ["steal"]


def test_a_storm_of_conflicts_ends_with_the_edit_saved_alone(scripted):
    dataset, engine, backend = scripted

    def rival(mutations, transaction_id):
        dataset.mutate([{"patch": {"id": "a1", "set": {"text": transaction_id}}}])

    backend.script = [rival] * 4
    outcome = engine.submit(SET_AUTHOR, perspective="published")
    assert author_of(dataset) == "a1"
    assert [item.reason for item in outcome.pending] == ["conflict"]
    assert outcome.retries <= 4
    assert engine.heal().documents_written == 1
    assert book_of(dataset) == "b1"


def test_past_the_budget_the_edit_goes_out_alone(scripted):
    dataset, engine, backend = scripted

    def slow_rival(mutations, transaction_id):
        dataset.clock.advance(1)
        dataset.mutate([{"patch": {"id": "a1", "set": {"text": "x"}}}])

    backend.script = [slow_rival]
    outcome = engine.submit(SET_AUTHOR, perspective="published")
    assert (author_of(dataset), [item.reason for item in outcome.pending]) == ("a1", ["budget"])


def test_a_text_typed_meanwhile_is_not_lost(scripted):
    dataset, engine, backend = scripted

    def typist(mutations, transaction_id):
        dataset.mutate([{"patch": {"id": "b1", "set": {"text": "typed meanwhile"}}}])

    backend.script = [typist]
    engine.submit(SET_AUTHOR, perspective="published")
    assert (dataset.get("b1")["text"], author_of(dataset), book_of(dataset)) == ("typed meanwhile", "a1", "b1")


def test_an_answer_lost_after_the_commit_is_recognised(scripted):
    dataset, engine, backend = scripted

    def lost(mutations, transaction_id):
        dataset.mutate(list(mutations), transaction_id=transaction_id)
        raise UnknownOutcome("time out")

    backend.script = [lost]
    outcome = engine.submit(SET_AUTHOR, perspective="published")
    assert (len(backend.commits), outcome.documents_written) == (1, 2)
    assert book_of(dataset) == "b1"


def test_an_answer_lost_after_the_source_went_out_alone_keeps_the_other_half_pending(scripted):
    # Alone the source touched no relation, so its transaction had no name of ours: it was planned again, found to
    # restate what stood there by now, and the half that waits was forgotten.
    dataset, engine, backend = scripted

    def lost(mutations, transaction_id):
        dataset.mutate(list(mutations), transaction_id=transaction_id)
        raise UnknownOutcome("time out")

    backend.script = [RateLimited("slow down"), lost]
    outcome = engine.submit(SET_AUTHOR, perspective="published")
    assert [item.reason for item in outcome.pending] == ["budget"]
    assert engine.heal().documents_written == 1
    assert book_of(dataset) == "b1"


def test_a_lost_answer_to_an_edit_without_relations_is_not_sent_twice(scripted):
    dataset, engine, backend = scripted

    def lost(mutations, transaction_id):
        dataset.mutate(list(mutations), transaction_id=transaction_id)
        raise UnknownOutcome("time out")

    dataset.mutate([{"patch": {"id": "b1", "set": {"copies": 1}}}])
    backend.script = [lost]
    engine.submit([{"patch": {"id": "b1", "inc": {"copies": 1}}}], perspective="published")
    assert dataset.get("b1")["copies"] == 2


def test_an_answer_lost_before_the_commit_is_sent_again(scripted):
    dataset, engine, backend = scripted
    backend.script = [UnknownOutcome("time out")]
    engine.submit(SET_AUTHOR, perspective="published")
    assert len(backend.commits) == 2
    assert book_of(dataset) == "b1"


def test_too_many_requests_does_not_hold_the_edit_back(scripted):
    dataset, engine, backend = scripted
    backend.script = [RateLimited("slow down", retry_after=30)]
    outcome = engine.submit(SET_AUTHOR, perspective="published")
    assert (author_of(dataset), [item.reason for item in outcome.pending]) == ("a1", ["budget"])


@pytest.mark.parametrize(
    ("mutations", "error"),
    [
        ([{"patch": {"id": "b1", "ifRevisionID": "other", "set": {"author": LINK}}}], RevisionConflict),
        ([{"create": {"_id": "b1", "_type": "book"}}], RevisionConflict),
        ([{"patch": {"id": "b9", "set": {"author": LINK}}}], DocumentMissing),
        ([{"patch": {"id": "b1", "inc": {"_type": 1}}}], Refused),
        ([{"patch": {"id": "b1", "set": {"other": {"_ref": "a1", "extra": 1}}}}], Refused),
    ],
)
def test_what_the_lake_refuses_of_the_users_own_is_the_lakes_error(world, mutations, error):
    dataset, engine = world()
    before = list(dataset.documents())
    with pytest.raises(error):
        engine.submit(mutations, perspective="published")
    assert list(dataset.documents()) == before


@pytest.mark.parametrize(
    ("mutations", "options", "told"),
    [
        ({"patch": {}}, {}, "list of mutations"),
        ([{"patch": {"id": "b1"}, "delete": {"id": "b1"}}], {}, "exactly one of"),
        ([{"pach": {"id": "b1"}}], {}, 'Did you mean "patch"'),
        ([{"patch": {"set": {}}}], {}, 'needs an "id"'),
        ([{"createOrReplace": {"_type": "book"}}], {}, 'needs an "_id"'),
        ([{"patch": {"id": "drafts.b1", "set": {}}}], {"perspective": "published"}, 'perspective="drafts"'),
        ([{"patch": {"id": "b1", "set": {}}}], {"perspective": "raw"}, "for reading"),
        ([{"patch": {"id": "b1", "set": {}}}], {"perspective": "drafts,published"}, "no layer to write to"),
    ],
)
def test_what_cannot_be_understood_is_said_before_anything_is_read(world, mutations, options, told):
    _, engine = world()
    with pytest.raises(IntentError, match=told):
        engine.submit(mutations, **options)


def test_switched_off_the_engine_passes_the_edit_through(world):
    dataset, engine = world()
    engine.mode = "off"
    outcome = engine.submit(SET_AUTHOR, perspective="published")
    assert (outcome.documents_written, author_of(dataset), book_of(dataset)) == (1, "a1", None)


def test_a_query_form_is_resolved_to_ids_first(world):
    dataset, engine = world("n:1")
    outcome = engine.submit(
        [{"patch": {"query": '*[_type == "book"]', "set": {"author": LINK}}}], perspective="published"
    )
    assert outcome.documents_written == 4
    assert [item["_ref"] for item in dataset.get("a1")["books"]] == ["b1", "b2", "b3"]


@pytest.mark.parametrize(("layer", "own"), [("drafts", "drafts.b1"), ("published", "b1"), ("r1", "versions.r1.b1")])
def test_a_query_form_means_each_document_once_and_no_version_of_another_layer(world, layer, own):
    # The query finds every stored version: the draft got the patch twice, and a release version was an error.
    dataset, engine = world("n:1")
    dataset.mutate([{"patch": {"id": "b1", "set": {"pages": 1}}}])
    engine.create_release("r1")
    for name in ("drafts", "r1"):
        engine.submit([{"patch": {"id": "b1", "set": {"title": name}}}], perspective=name)
    before = {document["_id"]: document for document in dataset.documents()}
    engine.submit([{"patch": {"query": '*[_type == "book" && pages > 0]', "inc": {"pages": 1}}}], perspective=layer)
    assert dataset.get(own)["pages"] == 2
    assert [key for key, document in before.items() if dataset.get(key) != document] == [own]


def test_a_deletion_of_nothing_is_no_document_written(world):
    _, engine = world()
    assert engine.submit([{"delete": {"id": "b9"}}]).documents_written == 0
    made = [{"create": {"_id": "b9", "_type": "book"}}, {"delete": {"id": "b9"}}]
    assert engine.submit(made).documents_written == 1
    assert engine.submit([{"delete": {"id": "b3"}}], perspective="published").documents_written == 1


def test_counters_tell_what_happened(world):
    _, engine = world()
    engine.submit(SET_AUTHOR, perspective="published")
    engine.submit(SET_AUTHOR, perspective="published")
    assert (engine.counters["intents"], engine.counters["writes"], engine.counters["documents"]) == (2, 1, 2)


@pytest.mark.parametrize("mode", ["off", "observe"])
def test_without_the_other_side_the_edit_survives_the_same_accidents(world, mode):
    # Switched off or watching only, a draft made meanwhile refused the edit, and a lost answer was taken for a loss.
    dataset, engine = world(backend=Scripted)
    engine.mode = mode
    engine.backend.script = [lambda *_: dataset.mutate([{"create": {"_id": "drafts.b1", "_type": "book", "n": 1}}])]
    assert engine.submit(SET_AUTHOR).retries == 1
    assert (author_of(dataset, "drafts.b1"), dataset.get("drafts.b1")["n"]) == ("a1", 1)

    def answer_lost(mutations, transaction_id):
        dataset.mutate(mutations, transaction_id=transaction_id)
        raise UnknownOutcome("no answer")

    engine.backend.script = [answer_lost]
    before = len(engine.backend.commits)
    assert engine.submit([{"patch": {"id": "b2", "set": {"author": LINK}}}]).documents_written == 1
    assert len(engine.backend.commits) == before + 1
    assert dataset.get("drafts.a1") is None


@pytest.mark.parametrize("mode", ["off", "observe"])
@pytest.mark.parametrize("refusal", [PermissionRefused("no"), RateLimited("busy")], ids=["refused", "busy"])
def test_without_the_other_side_there_is_nothing_to_leave_out(world, mode, refusal):
    _, engine = world(backend=Scripted)
    engine.mode = mode
    engine.backend.script = [refusal]
    with pytest.raises(type(refusal)):
        engine.submit(SET_AUTHOR, perspective="published")
    assert (len(engine.backend.commits), engine.counters["degraded"]) == (1, 0)


class Deaf(LakeBackend):
    """Answers no query for a while."""

    refusal = None

    def query(self, groq, params, *, perspective="raw"):
        refusal, self.refusal = self.refusal, None
        if refusal is not None:
            raise refusal
        return super().query(groq, params, perspective=perspective)


BUSY = {"429": RateLimited("busy"), "503": Unavailable("away"), "no answer": UnknownOutcome("time-out")}


@pytest.mark.parametrize("refusal", BUSY.values(), ids=BUSY)
@pytest.mark.parametrize("perspective", ["published", "drafts"])
def test_where_nothing_can_be_asked_the_edit_is_saved_alone_and_the_rest_follows(world, refusal, perspective):
    dataset, engine = world(backend=Deaf)
    engine.submit([{"patch": {"id": "b1", "set": {"author": {"_type": "reference", "_ref": "a2"}, "title": "T"}}}])
    engine.publish("b1")
    engine.backend.refusal = refusal
    outcome = engine.submit(SET_AUTHOR, perspective=perspective)
    stored = "b1" if perspective == "published" else "drafts.b1"
    assert (author_of(dataset, stored), dataset.get(stored)["title"]) == ("a1", "T")
    assert (outcome.writes, outcome.documents_written) == (1, 1)
    assert {(item.reason, item.source, item.target) for item in outcome.pending} == {
        ("budget", "b1", "a1"),
        ("budget", "b1", "a2"),
    }
    engine.heal()
    assert (engine.pending(), list(engine.audit())) == ([], [])


def test_what_cannot_be_done_by_halves_is_asked_again(world):
    dataset, engine = world(backend=Deaf)
    engine.submit(SET_AUTHOR)
    engine.backend.refusal = RateLimited("busy")
    engine.publish("b1")
    assert (author_of(dataset), book_of(dataset)) == ("a1", "b1")


GOING = {
    "delete": lambda engine: engine.delete("b1"),
    "discard": lambda engine: engine.discard("b2"),
    "a mutation": lambda engine: engine.submit([{"delete": {"id": "b1"}}], perspective="published"),
}


@pytest.mark.parametrize("go", GOING.values(), ids=GOING)
def test_a_deletion_whose_answer_was_lost_is_known_by_its_history(scripted, go):
    # What was deleted has no revision any more that could tell; the second attempt found nothing to delete.
    dataset, engine, backend = scripted
    dataset.mutate([{"create": {"_id": "drafts.b2", "_type": "book", "title": "x"}}])

    def answer_lost(mutations, transaction_id):
        dataset.mutate(mutations, transaction_id=transaction_id)
        raise UnknownOutcome("no answer")

    backend.script = [answer_lost]
    before = len(dataset.log())
    assert go(engine).documents_written == 1
    assert (len(backend.commits), len(dataset.log())) == (1, before + 1)


@pytest.mark.parametrize(("drop", "state"), [("after", "published"), ("before", "active")])
def test_a_release_whose_publish_was_not_answered_is_looked_for(drop, state, schema_of):
    lake = Lake(seed=0)
    dataset = lake.dataset("production")
    dataset.mutate([{"create": {"_id": "b1", "_type": "book"}}, {"create": {"_id": "a1", "_type": "author"}}])
    engine = Engine(schema_of(), LakeBackend(dataset))
    engine.create_release("r1")
    engine.submit(SET_AUTHOR, perspective="r1")
    with lake.faults(FaultRule(match={"kind": "action"}, effect={"drop": drop}, count=1)):
        if state == "published":
            assert engine.publish_release("r1").documents_written == 5
        else:
            with pytest.raises(UnknownOutcome):
                engine.publish_release("r1")
    assert dataset.get("_.releases.r1")["state"] == state
    assert list(engine.audit()) == []


class Fading(LakeBackend):
    """Answers the first query and no other."""

    answered = 0

    def query(self, groq, params, *, perspective="raw"):
        self.answered += 1
        if self.answered > 1:
            raise Unavailable("away")
        return super().query(groq, params, perspective=perspective)


def test_who_only_watches_stands_in_nobodys_way():
    # Whether a link closes a cycle takes further reads; that they failed stopped the edit itself.
    dataset = Lake(seed=0).dataset("production")
    dataset.mutate([{"create": {"_id": f"c{n}", "_type": "category"}} for n in range(4)])
    parent = {"name": "parent", "type": "reference", "to": [{"type": "category"}]}
    children = {"name": "children", "type": "array", "of": [{"type": "reference", "to": [{"type": "category"}]}]}
    parent["bidirectional"] = {"targetField": "children", "acyclic": True}
    schema = Schema.load([{"name": "category", "type": "document", "fields": [parent, children]}])
    for n in range(3):
        step = [{"patch": {"id": f"c{n + 1}", "set": {"parent": {"_type": "reference", "_ref": f"c{n}"}}}}]
        Engine(schema, LakeBackend(dataset)).submit(step, perspective="published")
    engine = Engine(schema, Fading(dataset), mode="observe")
    edit = [{"patch": {"id": "c0", "set": {"parent": {"_type": "reference", "_ref": "c3"}}}}]
    assert engine.submit(edit, perspective="published").documents_written == 1
    assert dataset.get("c0")["parent"]["_ref"] == "c3"
