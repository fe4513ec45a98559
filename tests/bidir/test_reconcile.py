"""Whole datasets: what an audit lists, what a repair writes, and that a second one writes nothing."""

from collections import Counter
from pathlib import Path

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from bidir.conformance.lagging import LaggingBackend
from bidir.errors import PermissionRefused, RateLimited, UnknownOutcome
from bidir.reconcile import BATCH_DOCUMENTS_MAX
from lakesim import Lake, interchange

DATA = Path(__file__).parents[2] / "benchmarks" / "data"


def ref(target, **more):
    return {"_type": "reference", "_ref": target, "_weak": True, **more}


def listed(engine, **options):
    return Counter((one.kind, one.layer, one.source, one.target) for one in engine.audit(**options))


@pytest.fixture(scope="module")
def films():
    dataset = Lake(seed=0).dataset("production")
    interchange.import_file(dataset, DATA / "films.ndjson")
    return dataset, Engine(Schema.load(DATA / "films-schema.yaml"), LakeBackend(dataset))


def test_the_film_catalogue_is_adopted_in_one_repair(films):
    dataset, engine = films
    assert Counter((one.kind, one.relation) for one in engine.audit()) == {
        ("one-sided", "film.director"): 1870,
        ("one-sided", "film.distributor"): 2969,
        ("one-sided", "film.genres"): 2926,
    }
    transactions = len(dataset.log())
    planned = engine.repair(dry_run=True)
    assert (len(dataset.log()), planned.writes, planned.dry_run) == (transactions, 736, True)
    told = []
    done = engine.repair(dry_run=False, progress=lambda written, total: told.append((written, total)))
    assert (done.writes, done.batches, done.lost) == (736, 8, ())
    assert told[-1] == (736, 736)
    assert all(len(row.changes) <= BATCH_DOCUMENTS_MAX for row in dataset.log()[transactions:])
    assert list(engine.audit()) == []
    again = engine.repair(dry_run=False)
    assert (again.writes, again.batches) == (0, 0)


def test_the_owner_side_decides_about_a_half(world):
    dataset, engine = world()
    dataset.mutate(
        [
            {"patch": {"id": "b1", "set": {"author": ref("a1")}}},
            {"patch": {"id": "a2", "set": {"books": ref("b2")}}},
        ]
    )
    assert listed(engine) == {("one-sided", "published", "b1", "a1"): 1, ("one-sided", "published", "a2", "b2"): 1}
    engine.repair(dry_run=False)
    assert dataset.get("a1")["books"]["_ref"] == "b1"
    assert "books" not in dataset.get("a2")


@pytest.mark.parametrize(("agreed", "winner"), [("b2", "b2"), (None, "b1")])
def test_of_two_claims_the_agreed_one_stays_else_the_smaller_id(world, agreed, winner):
    dataset, engine = world()
    dataset.mutate([{"patch": {"id": one, "set": {"author": ref("a1")}}} for one in ("b1", "b2")])
    if agreed:
        dataset.mutate([{"patch": {"id": "a1", "set": {"books": ref(agreed)}}}])
    report = engine.repair(dry_run=False)
    loser = {"b1": "b2", "b2": "b1"}[winner]
    assert dataset.get("a1")["books"]["_ref"] == winner
    assert "author" not in dataset.get(loser)
    assert [one.source for one in report.lost] == [loser]
    assert list(engine.audit()) == []


def test_odd_items_are_normalised(world):
    dataset, engine = world("n:m")
    dataset.mutate(
        [
            {"create": {"_id": "drafts.b2", "_type": "book"}},
            {"patch": {"id": "a1", "set": {"books": [ref("b1"), ref("b1", _key="x"), ref("drafts.b2", _key="y")]}}},
            *({"patch": {"id": one, "set": {"author": [ref("a1", _key="z")]}}} for one in ("b1", "b2")),
            {"patch": {"id": "drafts.b2", "set": {"author": [ref("a1", _key="z")]}}},
        ]
    )
    kinds = {one.kind for one in engine.audit()}
    assert kinds == {"duplicate-item", "draft-id-reference", "unkeyed-item"}
    engine.repair(dry_run=False)
    assert [(one["_ref"], "_key" in one) for one in dataset.get("a1")["books"]] == [("b1", True), ("b2", True)]
    assert list(engine.audit()) == []


def test_a_pointer_at_nothing_is_kept_and_waits(world):
    dataset, engine = world()
    dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("ghost")}}}])
    assert listed(engine) == {("dangling", "published", "b1", "ghost"): 1}
    assert engine.repair(dry_run=False).writes == 0
    assert dataset.get("b1")["author"]["_ref"] == "ghost"
    assert list(engine.audit()) == []
    assert [item.reason for item in engine.pending()] == ["missing"]


def test_a_draft_out_of_step_is_repaired_in_drafts_only(world):
    dataset, engine = world()
    dataset.mutate([{"create": {"_id": "drafts.b1", "_type": "book", "author": ref("a1")}}])
    assert listed(engine) == {("one-sided", "drafts", "b1", "a1"): 1}
    engine.repair(dry_run=False)
    assert dataset.get("drafts.a1")["books"]["_ref"] == "b1"
    assert "books" not in dataset.get("a1")


def test_notes_name_what_is_only_remarkable(world):
    dataset, engine = world()
    dataset.mutate(
        [
            {"patch": {"id": "b1", "set": {"author": {"_type": "reference", "_ref": "a1"}}}},
            {"patch": {"id": "a1", "set": {"books": {"_type": "reference", "_ref": "b1"}}}},
        ]
    )
    assert list(engine.audit()) == []
    assert [one.kind for one in engine.audit(notes=True)] == ["strong-inverse"]


def test_layers_that_disagree_are_named_once_and_only_where_each_has_an_opinion_of_its_own(world):
    _, engine = world()
    engine.create_release("r1")
    engine.create_release("r2")
    for layer, author in (("drafts", "a1"), ("r1", "a2"), ("r2", "a2")):
        engine.submit([{"patch": {"id": "b1", "set": {"author": ref(author)}}}], perspective=layer)
    engine.submit([{"patch": {"id": "b2", "set": {"title": "x"}}}])
    assert list(engine.audit()) == []
    found = [(one.kind, one.layer, one.source) for one in engine.audit(notes=True) if one.kind == "overlap"]
    assert found == [("overlap", "r1", "b1"), ("overlap", "r2", "b1")]
    engine.discard("b1")
    assert [one for one in engine.audit(notes=True) if one.kind == "overlap"] == []


def test_what_a_deletion_was_told_to_keep_is_no_violation(world):
    _, engine = world(onDelete="keep")
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
    engine.delete("a1")
    assert list(engine.audit()) == []
    assert [one.kind for one in engine.audit(notes=True)] == ["tolerated-dangling"]
    assert (engine.repair(dry_run=False).writes, engine.pending()) == (0, [])


class Rival(LakeBackend):
    """Somebody who edits one of the documents while the repair is on its way."""

    once = True

    def commit(self, mutations, *, transaction_id):
        if self.once:
            self.once = False
            self.dataset.mutate([{"patch": {"id": "a1", "set": {"text": "typed meanwhile"}}}])
        return super().commit(mutations, transaction_id=transaction_id)


def test_a_document_changed_meanwhile_is_repaired_in_the_next_pass(world):
    dataset, engine = world(backend=Rival)
    dataset.mutate([{"patch": {"id": f"b{n}", "set": {"author": ref(f"a{n}")}}} for n in (1, 2)])
    report = engine.repair(dry_run=False)
    assert (report.writes, report.left) == (2, ())
    assert (dataset.get("a1")["text"], dataset.get("a1")["books"]["_ref"]) == ("typed meanwhile", "b1")


def test_a_second_repair_writes_nothing_where_the_first_had_to_make_a_version(world):
    """A draft claimed an author that is with another book in published: one pass freed only one of the two ends."""
    dataset, engine = world()
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
    dataset.mutate([{"create": {"_id": "drafts.b2", "_type": "book", "author": ref("a1")}}])
    planned = engine.repair(dry_run=True).writes
    assert engine.repair(dry_run=False).writes == planned > 0
    assert engine.repair(dry_run=False).writes == 0
    assert list(engine.audit()) == []


def test_a_list_that_is_no_list_is_left_alone(world):
    """An insert into a text does nothing and says nothing: every repair used to count it as written."""
    dataset, engine = world("n:1")
    dataset.mutate(
        [{"patch": {"id": "a1", "set": {"books": "b1"}}}, {"patch": {"id": "b1", "set": {"author": ref("a1")}}}]
    )
    assert engine.repair(dry_run=False).writes == 0
    assert dataset.get("a1")["books"] == "b1"


class Between(LakeBackend):
    """Somebody who edits a published document between the reading of the dataset and the first write."""

    edited = False

    def scan(self, types):
        yield from super().scan(types)
        if not self.edited:
            self.edited = True
            self.dataset.mutate([{"patch": {"id": "a1", "set": {"text": "typed meanwhile"}}}])


def test_a_version_is_never_made_from_what_is_no_longer_there(world):
    """A draft was made for the partner from the published text as it had been read, and hid what was typed since."""
    dataset, engine = world(backend=Between)
    dataset.mutate([{"create": {"_id": "drafts.b1", "_type": "book", "author": ref("a1")}}])
    assert engine.repair(dry_run=False).writes == 1
    assert (dataset.get("drafts.a1")["text"], dataset.get("drafts.a1")["books"]["_ref"]) == ("typed meanwhile", "b1")


class Guarded(LakeBackend):
    """A lake in which the caller may not write one document."""

    forbidden = "a1"

    def commit(self, mutations, *, transaction_id):
        if any(body.get("id", body.get("_id")) == self.forbidden for one in mutations for body in one.values()):
            raise PermissionRefused("insufficient permissions", document_id=None)
        return super().commit(mutations, transaction_id=transaction_id)


def test_what_may_not_be_written_holds_nothing_else_up_and_waits(world):
    """One document without permission ended the whole repair with an error."""
    dataset, engine = world("n:1", backend=Guarded)
    dataset.mutate([{"patch": {"id": f"b{n}", "set": {"author": ref(f"a{n}")}}} for n in (1, 2, 3)])
    report = engine.repair(dry_run=False)
    assert (report.writes, report.left, report.refused) == (2, (), (("a1", "insufficient permissions"),))
    assert [(item.source, item.target, item.reason) for item in engine.pending()] == [("b1", "a1", "permission")]
    assert list(engine.audit()) == []
    engine.backend.forbidden = ""
    engine.heal()
    assert dataset.get("a1")["books"][0]["_ref"] == "b1"


class Busy(LakeBackend):
    """A lake that answers "too many requests" now and then, and once not at all."""

    calls = 0

    def commit(self, mutations, *, transaction_id):
        self.calls += 1
        if self.calls in (1, 3):
            raise RateLimited("too many requests", retry_after=2.0)
        done = super().commit(mutations, transaction_id=transaction_id)
        if self.calls == 2:
            raise UnknownOutcome("no answer came")
        return done


def test_a_busy_lake_and_a_lost_answer_are_survived(world, monkeypatch):
    monkeypatch.setattr("bidir.batches.BATCH_DOCUMENTS_MAX", 1)
    dataset, engine = world("n:1", backend=Busy)
    dataset.mutate([{"patch": {"id": f"b{n}", "set": {"author": ref(f"a{n}")}}} for n in (1, 2, 3)])
    report = engine.repair(dry_run=False)
    assert (report.left, list(engine.audit())) == ((), [])
    assert [len(dataset.get(f"a{n}")["books"]) for n in (1, 2, 3)] == [1, 1, 1]


def test_versions_that_a_repair_made_are_the_engines(world):
    """A draft that only answered another went on standing there when the other had let it go (R10, E8.10)."""
    dataset, engine = world()
    dataset.mutate([{"create": {"_id": "drafts.b1", "_type": "book", "author": ref("a1")}}])
    engine.repair(dry_run=False)
    assert dataset.get("drafts.a1") is not None
    engine.submit([{"patch": {"id": "b1", "unset": ["author"]}}])
    assert dataset.get("drafts.a1") is None


def test_what_a_scheduled_release_holds_waits_until_it_takes_writes_again(world):
    """A repair left a scheduled release out of step, rightly, and the audit went on calling that a violation."""
    dataset, engine = world()
    dataset.actions([{"actionType": "sanity.action.release.create", "releaseId": "r1"}])
    dataset.mutate([{"create": {"_id": "versions.r1.b1", "_type": "book", "author": ref("a1")}}])
    when = {"releaseId": "r1", "publishAt": "2099-01-01T00:00:00Z"}
    dataset.actions([{"actionType": "sanity.action.release.schedule", **when}])
    assert list(engine.audit()) == []
    assert listed(engine, notes=True) == {("one-sided", "r1", "b1", "a1"): 1}
    assert engine.repair(dry_run=False).writes == 0
    assert [(item.layer, item.reason) for item in engine.pending()] == [("r1", "locked-release")]
    dataset.actions([{"actionType": "sanity.action.release.unschedule", "releaseId": "r1"}])
    assert listed(engine) == {("one-sided", "r1", "b1", "a1"): 1}
    assert engine.repair(dry_run=False).writes == 1
    assert dataset.get("versions.r1.a1")["books"]["_ref"] == "b1"
    assert engine.pending() == []


@pytest.mark.parametrize("live", [("author",), ("book",), ("book", "author")])
def test_a_draft_beside_a_live_document_waits_for_its_publish(world, live):
    """Both ends edited live and one with a draft that it should not have: no repair could make drafts agree."""
    dataset, engine = world(live=live)
    dataset.mutate([{"create": {"_id": "drafts.b1", "_type": "book", "author": ref("a1")}}])
    assert list(engine.audit()) == []
    assert engine.repair(dry_run=False).writes == 0
    assert [(item.source, item.layer, item.reason) for item in engine.pending()] == [
        ("a1" if live == ("book",) else "b1", "drafts", "deferred-live")
    ]


def test_a_draft_that_said_what_published_said_goes_along_beside_a_live_document(world):
    """Published was repaired and the draft below the editor's hands was not: its next publish undid the repair (R9)."""
    dataset, engine = world(live=("author",), owner="target")
    claim = {"_type": "book", "author": ref("a1")}
    dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}, {"create": {"_id": "drafts.b1", **claim}}])
    engine.repair(dry_run=False)
    assert ("author" in dataset.get("b1"), "author" in dataset.get("drafts.b1")) == (False, False)
    assert engine.pending() == []


def test_a_pointer_at_nothing_keeps_its_place_from_a_claim(world):
    """The owner side's claim replaced a pointer at an id without versions, which a repair never removes (E8.19)."""
    dataset, engine = world()
    dataset.mutate(
        [{"patch": {"id": "a1", "set": {"books": ref("ghost")}}}, {"patch": {"id": "b1", "set": {"author": ref("a1")}}}]
    )
    report = engine.repair(dry_run=False)
    assert (dataset.get("a1")["books"]["_ref"], "author" in dataset.get("b1")) == ("ghost", False)
    assert [one.source for one in report.lost] == ["b1"]
    assert list(engine.audit()) == []


def test_a_strong_pointer_at_a_drafts_id_becomes_a_weak_one_at_the_group(world):
    """With a plain id it stayed strong, at something that is not published: the lake refused the whole batch."""
    dataset, engine = world()
    strong = {"_type": "reference", "_ref": "drafts.a9"}
    dataset.mutate(
        [{"create": {"_id": "drafts.a9", "_type": "author"}}, {"patch": {"id": "b1", "set": {"author": strong}}}]
    )
    engine.repair(dry_run=False)
    assert dataset.get("b1")["author"] == ref("a9", _strengthenOnPublish={"type": "author"})
    assert list(engine.audit()) == []


def test_a_version_that_only_says_unpublish_has_no_faults(world):
    """Its fields show nothing and are never written; the audit listed what stood in them for ever (E8.13)."""
    dataset, engine = world("n:m")
    dataset.actions([{"actionType": "sanity.action.release.create", "releaseId": "r1"}])
    items = [ref("b1"), ref("b1", _key="x"), ref("drafts.b2", _key="y")]
    gone = {"_id": "versions.r1.a1", "_type": "author", "books": items, "_system": {"delete": True}}
    dataset.mutate([{"create": gone}])
    assert (list(engine.audit()), engine.repair(dry_run=False).writes) == ([], 0)


def test_what_was_noted_on_a_link_goes_along_into_a_version():
    """Published lost a pair that the drafts still had; the draft made for it had the link back, without its role."""
    types = [
        {"name": "credit", "type": "object", "fields": [
            {"name": "person", "type": "reference", "to": [{"type": "person"}]}, {"name": "role", "type": "string"}]},
        {"name": "film", "type": "document", "fields": [
            {"name": "credits", "type": "array", "of": [{"type": "credit"}]}]},
        {"name": "person", "type": "document", "fields": [
            {"name": "films", "type": "array", "of": [{"type": "reference", "to": [{"type": "film"}]}],
             "bidirectional": {"targetField": "credits.person"}}]},
    ]  # fmt: skip
    dataset = Lake(seed=0).dataset("production")
    credit = {"_key": "k1", "_type": "credit", "person": ref("p1"), "role": "director"}
    dataset.mutate(
        [
            {"create": {"_id": "p1", "_type": "person", "films": []}},
            {"create": {"_id": "drafts.p1", "_type": "person", "films": [ref("f1", _key="x")]}},
            {"create": {"_id": "f1", "_type": "film", "credits": [credit]}},
        ]
    )
    Engine(Schema.load(types), LakeBackend(dataset)).repair(dry_run=False)
    assert (dataset.get("f1")["credits"], dataset.get("drafts.f1")["credits"]) == ([], [credit])


class OneAtATime(LakeBackend):
    def commit(self, mutations, *, transaction_id):
        if len(mutations) > 1:
            raise RateLimited("slow down")
        return super().commit(mutations, transaction_id=transaction_id)


def test_what_waited_for_the_lake_waits_for_the_document_once_that_is_gone(world):
    # It went on telling that the time had been too short.
    dataset, engine = world(backend=OneAtATime)
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
    assert [item.reason for item in engine.pending()] == ["budget"]
    dataset.mutate([{"delete": {"id": "a1"}}])
    engine.heal()
    assert [(item.reason, item.target) for item in engine.pending()] == [("missing", "a1")]
    dataset.mutate([{"create": {"_id": "a1", "_type": "author"}}])
    engine.heal()
    assert dataset.get("a1")["books"]["_ref"] == "b1"
    assert engine.pending() == []


def test_what_waits_is_not_forgotten_because_a_query_shows_what_was_before(world):
    # Both halves were missing a second ago, so they seemed to agree.
    dataset, engine = world(live=["book"], empty=True)
    behind = Engine(engine.schema, LaggingBackend(dataset, lag=1.0))
    documents = [("b1", "book"), ("a1", "author"), ("drafts.a1", "author")]
    dataset.mutate([{"create": {"_id": one, "_type": name}} for one, name in documents])
    dataset.clock.advance(60)
    outcome = behind.submit([{"patch": {"id": "a1", "set": {"books": ref("b1")}}}])
    waits = [(item.source, item.target, item.reason) for item in outcome.pending]
    assert waits == [("a1", "b1", "deferred-live")]
    assert [(item.source, item.target, item.reason) for item in behind.pending()] == waits
    behind.heal()
    assert [(item.source, item.target, item.reason) for item in behind.pending()] == waits
