"""The eight verifications of the table, on the embedded lake and over HTTP, each leaving nothing behind."""

import pytest
from stash_relations.verifications import VERIFICATIONS, Verification, verify

from bidir import Engine
from bidir.errors import Unavailable

KEYS = ["gallery-scene", "scene-gallery", "tag", "performer", "studio", "group", "removal", "bulk"]


def test_there_are_the_eight_of_the_table():
    assert [one.key for one in VERIFICATIONS] == KEYS
    assert {one.pattern for one in VERIFICATIONS} == {"direct field", "filter query", "complex object", "all three"}


@pytest.mark.parametrize("verification", VERIFICATIONS, ids=KEYS)
def test_it_holds_and_cleans_up(stash, backend, verification):
    done = verify(stash, verification)
    assert [text for text, held in done.steps if not held] == []
    assert len(done.steps) >= 2
    assert (done.left, done.holds) == ((), True)
    assert backend.query("*", {}) == []


@pytest.mark.parametrize(
    "verification", [one for one in VERIFICATIONS if one.key != "studio"], ids=[one for one in KEYS if one != "studio"]
)
def test_it_can_fail(stash, verification):
    """Without an engine that keeps the other side in step, every verification that has another side says so."""
    stash.engine = Engine(stash.library.schema, stash.backend, mode="off")
    assert not verify(stash, verification).holds


def test_what_cannot_be_cleaned_up_is_named(stash, backend):
    def play(work):
        kept = work.gallery()
        work.claim("a claim", True)
        backend.denied.add(kept.id)

    done = verify(stash, Verification("x", "X", "", "", play))
    assert len(done.left) == 1
    assert not done.holds


def test_it_cleans_up_when_something_goes_wrong(stash, backend):
    def play(work):
        work.gallery()
        raise Unavailable("gone")

    with pytest.raises(Unavailable):
        verify(stash, Verification("x", "X", "", "", play))
    assert backend.query("*", {}) == []
