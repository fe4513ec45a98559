"""Whole datasets: what an audit lists, what a repair writes, and that a second one writes nothing."""

from collections import Counter
from pathlib import Path

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
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
