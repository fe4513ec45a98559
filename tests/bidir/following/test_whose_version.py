"""Whose draft it is: what the engine made is the engine's until somebody else writes it, or it is gone (E8.10).

A follower once remembered for ever the ids of drafts that it had made. One that it had removed again, and that a
person then opened under the same id, vanished under that person's hands as soon as it said what published says.
"""

from __future__ import annotations

from typing import Any

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from bidir.conformance.shorthand import schema_from_relations
from lakesim import Lake

REFERENCE = {"_type": "reference", "_ref": "a1", "_weak": True}


class Desk:
    """A dataset, a follower, and somebody who edits without any engine."""

    def __init__(self) -> None:
        self.dataset = Lake(seed=1).dataset("production")
        self.dataset.mutate([{"create": {"_id": "b1", "_type": "book"}}, {"create": {"_id": "a1", "_type": "author"}}])
        schema = Schema.load(schema_from_relations(["book.author <-> author.currentBook"]))
        self.engine = Engine(schema, LakeBackend(self.dataset))
        self.follower = self.engine.follow()

    def write(self, *mutations: dict[str, Any]) -> set[str]:
        self.dataset.mutate(list(mutations))
        self.follower.settle()
        return {one["_id"] for one in self.dataset.documents()}

    def link(self) -> set[str]:
        return self.write({"create": {"_id": "drafts.b1", "_type": "book", "author": REFERENCE}})

    def unlink(self) -> set[str]:
        return self.write({"patch": {"id": "drafts.b1", "unset": ["author"]}})


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_draft_the_engine_made_goes_again_with_the_link(desk: Desk) -> None:
    assert "drafts.a1" in desk.link()
    assert "drafts.a1" not in desk.unlink()
    assert not desk.engine.carrier.store.engine_versions


def test_a_draft_opened_by_somebody_under_the_same_id_stays(desk: Desk) -> None:
    desk.link()
    desk.unlink()
    desk.write({"create": {"_id": "drafts.a1", "_type": "author"}})
    desk.write({"patch": {"id": "drafts.b1", "set": {"author": REFERENCE}}})
    assert "drafts.a1" in desk.unlink()


def test_a_draft_the_engine_made_and_somebody_wrote_stays(desk: Desk) -> None:
    desk.link()
    desk.write({"patch": {"id": "drafts.a1", "set": {"name": "Ann"}}})
    desk.write({"patch": {"id": "drafts.a1", "unset": ["name"]}})
    assert "drafts.a1" in desk.unlink()
