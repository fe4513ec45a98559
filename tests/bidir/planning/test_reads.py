"""One read is enough for each step of the life cycle, whatever it brings into view."""

from __future__ import annotations

import pytest


def ref(target, **more):
    return {"_type": "reference", "_ref": target, **more}


def linked(world, kind):
    dataset, engine = world(kind)
    many = kind in ("1:n", "n:m")
    value = [ref("a1", _key="k")] if many else ref("a1")
    engine.submit([{"patch": {"id": "b1", "set": {"author": value}}}], perspective="published")
    return dataset, engine


def restore_what_was_cleared(dataset, engine):
    revision = dataset.get("b1")["_rev"]
    engine.submit([{"patch": {"id": "b1", "unset": ["author"]}}], perspective="published")
    return engine.restore("b1", revision)


def restore_what_was_deleted(dataset, engine):
    revision = dataset.get("b1")["_rev"]
    engine.delete("b1")
    return engine.restore("b1", revision)


OPERATIONS = {
    "duplicate": lambda _, engine: engine.duplicate("b1", "b9"),
    "duplicate of the other end": lambda _, engine: engine.duplicate("a1", "a9", perspective="published"),
    "restore": restore_what_was_cleared,
    "undelete": restore_what_was_deleted,
    "unpublish": lambda _, engine: engine.unpublish("b1"),
    "delete": lambda _, engine: engine.delete("a1"),
}


@pytest.mark.parametrize("kind", ["1:1", "n:1", "1:n", "n:m"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_takes_one_read_and_one_write(world, kind, operation):
    # Who refers to the copy, and what the restored revision pointed at, was read in a second request.
    dataset, engine = linked(world, kind)
    outcome = OPERATIONS[operation](dataset, engine)
    asked_of_history = 1 if operation in ("restore", "undelete") else 0
    assert (outcome.reads - asked_of_history, outcome.writes) == (1, 1)
    assert list(engine.audit()) == []


def test_a_document_whose_id_the_lake_makes_takes_one_read(world):
    # Nobody can refer to it yet, and that was asked in a second request.
    dataset, engine = world()
    outcome = engine.submit([{"create": {"_type": "book", "author": ref("a1")}}])
    assert (outcome.reads, outcome.writes, outcome.documents_written) == (1, 1, 2)
    assert dataset.get("drafts.a1")["books"]["_ref"] != "b1"
