"""`engine.why`: the last engine transaction that touched a field, and nobody else's."""

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from bidir.errors import IntentError
from lakesim import Lake

SCHEMA = [
    {
        "name": "book",
        "type": "document",
        "fields": [
            {
                "name": "author",
                "type": "reference",
                "to": [{"type": "author"}],
                "bidirectional": {"targetField": "currentBook"},
            }
        ],
    },
    {
        "name": "author",
        "type": "document",
        "fields": [{"name": "currentBook", "type": "reference", "to": [{"type": "book"}]}],
    },
]
LINK = {"_type": "reference", "_ref": "a1"}


@pytest.fixture
def engine():
    dataset = Lake(seed=0).dataset("production")
    dataset.mutate([{"create": {"_id": "b1", "_type": "book"}}, {"create": {"_id": "a1", "_type": "author"}}])
    return Engine(Schema.load(SCHEMA), LakeBackend(dataset))


def test_the_other_side_names_the_transaction_that_wrote_it(engine):
    outcome = engine.submit([{"patch": {"id": "b1", "set": {"author": LINK}}}])
    found = engine.why("a1", "currentBook")
    assert (found.document_id, found.transaction_id) == ("drafts.a1", outcome.transaction_id)
    assert (found.relation, found.others) == ("book.author", ("drafts.b1",))
    assert "drafts.a1: currentBook was last written by bidir.book.author." in str(found)


def test_a_callers_own_transaction_id_is_recognised(engine):
    engine.submit([{"patch": {"id": "b1", "set": {"author": LINK}}}], transaction_id="studio-1")
    assert engine.why("a1", "currentBook").transaction_id == "studio-1"


def test_writes_that_left_the_field_alone_do_not_count(engine):
    first = engine.submit([{"patch": {"id": "b1", "set": {"author": LINK}}}])
    engine.submit([{"patch": {"id": "a1", "set": {"name": "Ann"}}}], transaction_id="text-only")
    assert engine.why("a1", "currentBook").transaction_id == first.transaction_id


def test_nobody_wrote_it(engine):
    assert engine.why("b1", "author") is None


def test_a_misspelt_field_is_named(engine):
    with pytest.raises(IntentError, match="currentBook"):
        engine.why("a1", "curentBook")
