"""What an operator sees: one structured line per intent, counters, and for how long halves have waited (F10)."""

import json
import logging

import pytest

from bidir.backends import LakeBackend
from bidir.errors import BackendError, PermissionRefused


def ref(target):
    return {"_type": "reference", "_ref": target}


def link(book, author):
    return [{"patch": {"id": book, "set": {"author": ref(author)}}}]


class Refusing(LakeBackend):
    """Refuses whatever writes the documents in `refused`."""

    refused = ()

    def commit(self, mutations, *, transaction_id):
        for mutation in mutations:
            ((_, body),) = mutation.items()
            name = body.get("id") or body.get("_id")
            if name in self.refused:
                raise PermissionRefused("no", type="insufficientPermissionsError", document_id=name)
        return super().commit(mutations, transaction_id=transaction_id)


@pytest.fixture
def lines(caplog):
    caplog.set_level(logging.INFO, logger="bidir")

    def read():
        found = [json.loads(record.getMessage()) for record in caplog.records]
        caplog.clear()
        return found

    return read


def test_a_line_names_relation_layer_pairs_transaction_and_how_it_ended(world, lines):
    _, engine = world()
    engine.submit(link("b1", "a1"), perspective="published")
    outcome = engine.submit(link("b1", "a2"), perspective="published")
    first, second = lines()
    assert (first["added"], first["removed"]) == (["book.author: b1 – a1 in published"], [])
    assert second["added"] == ["book.author: b1 – a2 in published"]
    assert second["removed"] == ["book.author: b1 – a1 in published"]
    expected = {
        "event": "intent",
        "outcome": "written",
        "layer": "published",
        "relations": ["book.author"],
        "transaction": outcome.transaction_id,
        "documents": 3,
        "reads": 1,
        "writes": 1,
        "retries": 0,
    }
    assert {name: second[name] for name in expected} == expected
    assert second["ms"] >= 0


def refuse_partner(engine):
    engine.backend.refused = ("a1",)


def refuse_source(engine):
    engine.backend.refused = ("b1",)


ENDS = {
    "written": (lambda engine: None, "written"),
    "said again": (lambda engine: engine.submit(link("b1", "a1"), perspective="published"), "nothing"),
    "the partner refused": (refuse_partner, "alone"),
    "the source refused": (refuse_source, "PermissionRefused"),
}


@pytest.mark.parametrize(("before", "word"), ENDS.values(), ids=ENDS)
def test_every_intent_has_one_line_also_one_that_fails(world, lines, before, word):
    _, engine = world(backend=Refusing)
    before(engine)
    lines()
    try:
        engine.submit(link("b1", "a1"), perspective="published")
    except BackendError:
        assert word == "PermissionRefused"
    assert [(line["event"], line["outcome"]) for line in lines()] == [("intent", word)]


def test_a_refusal_by_policy_is_a_conflict(world, lines):
    _, engine = world(onConflict="reject")
    engine.submit(link("b1", "a1"), perspective="published")
    engine.submit(link("b2", "a1"), perspective="published")
    assert [(line["outcome"], line["relations"]) for line in lines()] == [
        ("written", ["book.author"]),
        ("conflict", ["book.author"]),
    ]


def test_counters_of_steals_versions_violations_and_healing(world, lines):
    dataset, engine = world(backend=Refusing)
    engine.submit(link("b1", "a1"))
    engine.submit(link("b2", "a1"))
    engine.submit([{"patch": {"id": "b2", "unset": ["author"]}}])
    counters = engine.counters
    assert (counters["steals"], counters["versions_created"], counters["versions_removed"]) == (1, 1, 1)
    dataset.mutate([{"patch": {"id": "b3", "set": {"author": ref("a2")}}}])
    assert len(list(engine.audit())) == counters["violation.one-sided"] == 1
    engine.backend.refused = ("a1",)
    engine.submit(link("b1", "a1"), perspective="published")
    engine.backend.refused = ()
    lines()
    before = counters["writes"]
    assert engine.heal().writes == 1
    assert (counters["writes"], [line["event"] for line in lines()]) == (before + 1, ["heal"])


def rounded(waiting):
    return {reason: (many, round(seconds)) for reason, (many, seconds) in waiting.items()}


def test_how_long_halves_have_waited(world):
    dataset, engine = world(backend=Refusing)
    engine.submit(link("b1", "a8"), perspective="published")
    dataset.clock.advance(60)
    engine.backend.refused = ("a1",)
    engine.submit(link("b2", "a1"), perspective="published")
    dataset.clock.advance(5)
    assert rounded(engine.waiting()) == {"missing": (1, 65), "permission": (1, 5)}
    engine.backend.refused = ()
    engine.heal()
    assert rounded(engine.waiting()) == {"missing": (1, 65)}


def test_release_actions_have_their_line(world, lines):
    _, engine = world()
    engine.create_release("r1")
    engine.archive_release("r1")
    assert [(line["event"], line["layer"]) for line in lines()] == [("release.create", "r1"), ("release.archive", "r1")]


def test_a_repair_has_one_line_and_counts_what_it_wrote(world, lines):
    """Repairs went unlogged, though they write more than anything else."""
    dataset, engine = world()
    dataset.mutate(link("b1", "a1"))
    engine.repair(dry_run=True)
    assert engine.counters["documents"] == 0
    engine.repair(dry_run=False)
    looked, done = lines()
    assert (looked["event"], looked["dry_run"], looked["found"], looked["documents"]) == (
        *("repair", True),
        *({"one-sided": 1}, 1),
    )
    assert (done["dry_run"], done["documents"], done["transactions"], done["lost"]) == (False, 1, 1, 0)
    assert (engine.counters["documents"], engine.counters["writes"]) == (1, 1)
