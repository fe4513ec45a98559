"""The form: what is shown at once, what a commit costs, and how changes made by others come in."""

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from bidir.errors import IntentError, Refused
from bidir.form import EditSession
from lakesim import Lake

SCHEMA = [
    {
        "name": "book",
        "type": "document",
        "fields": [
            {"name": "title", "type": "string"},
            {
                "name": "author",
                "type": "reference",
                "to": [{"type": "author"}],
                "bidirectional": {"targetField": "currentBook"},
            },
        ],
    },
    {
        "name": "author",
        "type": "document",
        "fields": [{"name": "currentBook", "type": "reference", "to": [{"type": "book"}]}],
    },
]


def ref(target):
    return {"_type": "reference", "_ref": target}


@pytest.fixture
def lake_and_engine():
    dataset = Lake(seed=0).dataset("production")
    dataset.mutate(
        [
            {"create": {"_id": "b1", "_type": "book", "title": "Rope"}},
            {"create": {"_id": "b2", "_type": "book"}},
            {"create": {"_id": "a1", "_type": "author"}},
            {"create": {"_id": "a2", "_type": "author"}},
        ]
    )
    return dataset, Engine(Schema.load(SCHEMA), LakeBackend(dataset))


def test_a_patch_shows_at_once_and_nothing_is_written_before_the_commit(lake_and_engine):
    dataset, engine = lake_and_engine
    with EditSession(engine, "b1") as session:
        session.patch("b1", set={"author": ref("a1")})
        assert session.document("b1")["author"]["_ref"] == "a1"
        assert dataset.get("drafts.b1") is None


def test_a_warm_commit_needs_no_read_and_writes_both_sides(lake_and_engine):
    dataset, engine = lake_and_engine
    with EditSession(engine, "b1") as session:
        session.prefetch(["a1", "a2"])
        session.patch("b1", set={"author": ref("a1")})
        outcome = session.commit()
    assert (outcome.reads, outcome.writes, outcome.documents_written) == (0, 1, 2)
    assert dataset.get("drafts.a1")["currentBook"]["_ref"] == "b1"


def test_a_second_warm_commit_knows_what_the_first_did(lake_and_engine):
    dataset, engine = lake_and_engine
    with EditSession(engine, "b1") as session:
        session.prefetch(["a1", "a2"])
        session.patch("b1", set={"author": ref("a1")})
        session.commit()
        session.patch("b1", set={"author": ref("a2")})
        outcome = session.commit()
    assert (outcome.reads, outcome.retries) == (0, 0)
    assert dataset.get("drafts.a1") is None  # made by the engine, says nothing any more
    assert dataset.get("drafts.a2")["currentBook"]["_ref"] == "b1"


def test_open_patches_are_applied_again_on_top_of_what_others_change(lake_and_engine):
    dataset, engine = lake_and_engine
    with EditSession(engine, "b1", perspective="published") as session:
        session.patch("b1", set={"author": ref("a1")})
        dataset.mutate([{"patch": {"id": "b1", "set": {"title": "Rope, 2nd edition"}}}])
        shown = session.document("b1")
        assert (shown["title"], shown["author"]["_ref"]) == ("Rope, 2nd edition", "a1")
        outcome = session.commit()
    assert outcome.retries == 0
    assert dataset.get("b1")["title"] == "Rope, 2nd edition"


def test_a_half_that_will_wait_is_said_beside_the_field(lake_and_engine):
    _, engine = lake_and_engine
    with EditSession(engine, "b1") as session:
        session.patch("b1", set={"author": ref("ghost")})
        assert [warning.kind for warning in session.warnings()] == ["missing"]


def test_another_layer_that_says_something_else_is_a_warning(lake_and_engine):
    _, engine = lake_and_engine
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a2")}}}], perspective="rSpring")
    with EditSession(engine, "b1") as session:
        (warning,) = session.warnings()
    assert (warning.kind, warning.document, warning.field) == ("overlap", "b1", "book.author")
    assert "rSpring" in warning.text


def test_a_refused_patch_leaves_the_session_as_it_was(lake_and_engine):
    _, engine = lake_and_engine
    with EditSession(engine, "b1") as session:
        with pytest.raises(Refused):
            session.patch("b1", inc={"title": 1})
        assert session.open_patches == ()


def test_only_open_documents_can_be_patched(lake_and_engine):
    _, engine = lake_and_engine
    with EditSession(engine, "b1") as session, pytest.raises(IntentError, match="b2"):
        session.patch("b2", set={"title": "x"})


def test_a_conflict_keeps_the_patches_open_for_consent(lake_and_engine):
    dataset, _ = lake_and_engine
    strict = [dict(SCHEMA[0]), SCHEMA[1]]
    strict[0]["fields"] = [
        SCHEMA[0]["fields"][0],
        {**SCHEMA[0]["fields"][1], "bidirectional": {"targetField": "currentBook", "onConflict": "ask"}},
    ]
    engine = Engine(Schema.load(strict), LakeBackend(dataset))
    engine.submit([{"patch": {"id": "b2", "set": {"author": ref("a1")}}}])
    with EditSession(engine, "b1") as session:
        session.patch("b1", set={"author": ref("a1")})
        (conflict,) = session.commit().conflicts
        assert (conflict.holder, len(session.open_patches)) == ("b2", 1)
        assert session.commit(consent=[conflict.token]).documents_written == 3
        assert session.open_patches == ()


def test_observing_writes_the_editors_own_edit_only(lake_and_engine):
    dataset, _ = lake_and_engine
    engine = Engine(Schema.load(SCHEMA), LakeBackend(dataset), mode="observe")
    with EditSession(engine, "b1") as session:
        session.patch("b1", set={"author": ref("a1")})
        assert session.commit().documents_written == 1
    assert dataset.get("drafts.a1") is None


@pytest.mark.parametrize("perspective", ["raw", "previewDrafts", "drafts,r1", ""])
def test_a_perspective_that_is_for_reading_is_refused_before_anything_is_opened(lake_and_engine, perspective):
    _, engine = lake_and_engine
    with pytest.raises(IntentError, match="perspective"):
        EditSession(engine, "b1", perspective=perspective)


def test_an_obsolete_draft_of_a_live_document_is_not_what_the_form_shows():
    dataset = Lake(seed=0).dataset("production")
    dataset.mutate([{"create": {"_id": one, "_type": "author", "name": one}} for one in ("a1", "drafts.a1")])
    schema = [SCHEMA[0], {**SCHEMA[1], "liveEdit": True}]
    with EditSession(Engine(Schema.load(schema), LakeBackend(dataset)), "a1") as session:
        assert session.document("a1")["name"] == "a1"
        session.patch("a1", set={"name": "Ann"})
        session.commit()
        assert (session.document("a1")["name"], dataset.get("a1")["name"]) == ("Ann", "Ann")
