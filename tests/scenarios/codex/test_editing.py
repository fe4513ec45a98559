"""Edits of reference fields: both sides in one transaction, and what is refused, on the embedded lake and over HTTP."""

import pytest
from codex_fields import (
    BadValueError,
    ChainTooDeepError,
    CircularReferenceError,
    CodexError,
    CreateNotAllowedError,
    Link,
    NotLinkedError,
    ReorderNotAllowedError,
    RequiredFieldError,
    TooFewItemsError,
    TooManyItemsError,
    UnknownCodexError,
    UnknownFieldError,
    UnknownTemplateError,
    Workspace,
    WrongTemplateError,
)

from bidir.errors import RevisionConflict


def pointing(work, codex_id, field):
    return [one.target_id for one in work.relationships(codex_id) if one.field_id == field]


def inverse(work, codex_id, field):
    return [one["_ref"] for one in work.codex(codex_id).get(field) or []]


def test_a_reference_is_written_with_its_inverse_in_one_transaction(work, requests):
    made = work.link("alice", "mentor", "bob", strength=0.8, metadata={"since": 1890})
    # The check, the engine's reading, and the look for a circle closed meanwhile.
    assert requests.take() == (3, 1)
    assert made.key == ("alice", "bob", "REFERENCE", "mentor")
    assert (made.strength, made.metadata, made.codex.title) == (0.8, {"since": 1890}, "Bob")
    stored = work.codex("alice")["mentor"]
    assert stored["codex"] == {"_type": "reference", "_ref": "bob"}
    assert (stored["strength"], stored["metadata"], stored["createdAt"]) == (0.8, {"since": 1890}, made.created_at)
    assert inverse(work, "bob", "mentees") == ["alice"]
    assert work.codex("alice")["_rev"] == work.codex("bob")["_rev"] == work.last_outcome.transaction_id
    assert list(work.engine.audit()) == []


def test_a_reference_whose_template_leads_nowhere_needs_no_second_look(work, requests):
    work.create("string-codex", "Ali", codex_id="ali")
    requests.take()
    work.link("alice", "name", "ali")
    assert requests.take() == (2, 1)


def test_another_target_takes_the_place_of_the_first(work):
    work.link("alice", "mentor", "bob", metadata={"since": 1890})
    made = work.link("alice", "mentor", "carol")
    assert (inverse(work, "bob", "mentees"), inverse(work, "carol", "mentees")) == ([], ["alice"])
    assert made.metadata is None


def test_a_target_that_is_there_keeps_its_place_its_key_and_the_time_it_was_made(work):
    work.link("duel", "cast", "bob")
    before = work.codex("duel")["cast"]
    work.link("duel", "cast", "alice", strength=0.5, metadata={"role": "lead"})
    after = work.codex("duel")["cast"]
    assert [one["_key"] for one in after] == [one["_key"] for one in before]
    assert (after[0]["strength"], after[0]["createdAt"]) == (0.5, before[0]["createdAt"])
    assert after[1] == before[1]


def test_the_same_again_writes_nothing(work, requests):
    work.link("duel", "cast", "bob", strength=0.5, metadata={"a": 1})
    requests.take()
    work.link("duel", "cast", "bob", strength=0.5, metadata={"a": 1})
    assert requests.take() == (1, 0)
    # True is not 1.
    work.link("duel", "cast", "bob", strength=0.5, metadata={"a": True})
    assert requests.take()[1] == 1


def test_a_codex_is_made_and_linked_in_one_transaction(work, requests):
    made = work.create_and_link("alice", "mentor", "Eve", fields={"name": "called"}, codex_id="eve", tags=["new"])
    assert requests.take()[1] == 1
    assert (made.target_id, made.codex.title, made.codex.tags) == ("eve", "Eve", ("new",))
    assert work.codex("eve")["_rev"] == work.codex("alice")["_rev"]
    assert inverse(work, "eve", "mentees") == ["alice"]
    assert "eve" in inverse(work, "called", "nameOf")


def test_what_was_searched_for_becomes_the_text(work):
    made = work.create_and_link("alice", "name", "Alice Smith")
    assert work.codex(made.target_id)["value"] == "Alice Smith"


def test_a_list_is_filled_moved_reordered_and_emptied(work):
    work.link("duel", "cast", "bob")
    work.link("duel", "cast", "carol", at=0)
    assert pointing(work, "duel", "cast") == ["carol", "alice", "bob"]
    work.link("duel", "cast", "bob", at=1)
    assert pointing(work, "duel", "cast") == ["carol", "bob", "alice"]
    assert [one.target_id for one in work.move("duel", "cast", 2, 0)] == ["alice", "carol", "bob"]
    assert [one.target_id for one in work.reorder("duel", "cast", ["bob", "carol", "alice"])] == [
        "bob",
        "carol",
        "alice",
    ]
    assert work.unlink("duel", "cast", "carol").target_id == "carol"
    assert pointing(work, "duel", "cast") == ["bob", "alice"]
    assert inverse(work, "carol", "appearsIn") == []
    assert list(work.engine.audit()) == []


def test_reordering_writes_one_document_and_keeps_strength_and_metadata(work):
    work.link("duel", "cast", "bob", strength=0.3, metadata={"role": "second"})
    moved = work.reorder("duel", "cast", ["bob", "alice"])
    assert work.last_outcome.documents_written == 1
    assert (moved[0].strength, moved[0].metadata, moved[0].position) == (0.3, {"role": "second"}, 0)


def test_a_form_gives_the_whole_list(work):
    work.link("duel", "cast", "bob", metadata={"role": "second"})
    made = work.assign("duel", "cast", [Link("dora", 0.1), "bob"])
    assert [(one.target_id, one.strength, one.metadata) for one in made] == [
        ("dora", 0.1, None),
        ("bob", 1.0, {"role": "second"}),
    ]
    assert (inverse(work, "alice", "appearsIn"), inverse(work, "dora", "appearsIn")) == ([], ["duel"])


def test_a_single_reference_is_unlinked_without_naming_it(work):
    work.link("alice", "mentor", "bob", strength=0.2)
    assert work.unlink("alice", "mentor").strength == 0.2
    assert "mentor" not in work.codex("alice")
    assert inverse(work, "bob", "mentees") == []


def test_deleting_takes_the_references_along(work):
    work.link("alice", "mentor", "bob")
    work.delete("bob")
    assert pointing(work, "alice", "mentor") == []
    with pytest.raises(UnknownCodexError):
        work.codex("bob")


def test_a_codex_that_others_need_is_deleted_by_force_only(work):
    with pytest.raises(RequiredFieldError, match=r"alice\.name needs at least 1"):
        work.delete("called")
    work.delete("called", force=True)
    assert {(one.codex_id, one.code) for one in work.problems()} == {
        (one, "required") for one in ("alice", "bob", "carol", "dora")
    }


REFUSED = {
    "unknown source": (lambda w: w.link("zoe", "mentor", "bob"), UnknownCodexError, 'there is no codex "zoe"'),
    "unknown target": (lambda w: w.link("alice", "mentor", "zoe"), UnknownCodexError, 'there is no codex "zoe"'),
    "unknown field": (lambda w: w.link("alice", "mentr", "bob"), UnknownFieldError, 'Did you mean "mentor"'),
    "a value field": (lambda w: w.link("alice", "age", "bob"), UnknownFieldError, "holds a value of its own"),
    "wrong template": (
        lambda w: w.link("alice", "name", "smile"),
        WrongTemplateError,
        'expected string-codex, "smile" is made from image-codex',
    ),
    "oneself": (lambda w: w.link("alice", "mentor", "alice"), CircularReferenceError, "alice → alice"),
    "required emptied": (lambda w: w.unlink("alice", "name"), RequiredFieldError, "alice.name is required"),
    "required not given": (lambda w: w.create("character", "X"), RequiredFieldError, "character.name is required"),
    "required value": (lambda w: w.create("string-codex"), RequiredFieldError, "string-codex.value is required"),
    "too few": (lambda w: w.unlink("duel", "cast", "alice"), TooFewItemsError, "needs at least 1 reference,"),
    "none at all": (lambda w: w.create("scene", "X"), TooFewItemsError, "scene.cast needs at least 1"),
    "too many": (
        lambda w: w.assign("duel", "cast", ["alice", "bob", "carol", "dora", "erik"]),
        CodexError,
        'there is no codex "erik"',
    ),
    "twice": (lambda w: w.assign("duel", "cast", ["bob", "bob"]), BadValueError, "bob stands there twice"),
    "no create": (lambda w: w.create_and_link("alice", "portrait", "x"), CreateNotAllowedError, "allowCreate: false"),
    "not linked": (lambda w: w.unlink("duel", "cast", "bob"), NotLinkedError, 'does not point at "bob"'),
    "nothing linked": (lambda w: w.unlink("alice", "mentor"), NotLinkedError, "is empty"),
    "which one": (lambda w: w.unlink("duel", "cast"), BadValueError, "say which reference goes"),
    "order of others": (lambda w: w.reorder("duel", "cast", ["bob"]), NotLinkedError, "names each reference once"),
    "order of one": (lambda w: w.reorder("alice", "mentor", []), ReorderNotAllowedError, "nothing to reorder"),
    "no such place": (lambda w: w.link("duel", "cast", "bob", at=5), BadValueError, "a place from 0 to 1"),
    "a place for one": (lambda w: w.link("alice", "mentor", "bob", at=0), BadValueError, "has no places"),
    "move from nowhere": (lambda w: w.move("duel", "cast", 1, 0), BadValueError, "has 1 places"),
    "strength": (lambda w: w.link("alice", "mentor", "bob", strength="big"), BadValueError, "strength is a number"),
    "endless strength": (
        lambda w: w.link("alice", "mentor", "bob", strength=float("inf")),
        BadValueError,
        "a finite number",
    ),
    "metadata": (lambda w: w.link("alice", "mentor", "bob", metadata=[1]), BadValueError, "metadata is an object"),
    "no id": (lambda w: w.link("alice", "mentor", 7), BadValueError, "by the id of its target"),
    "unknown template": (lambda w: w.create("scen", "X"), UnknownTemplateError, 'Did you mean "scene"'),
    "unknown new field": (
        lambda w: w.create("character", "X", fields={"nam": "called"}),
        UnknownFieldError,
        'Did you mean "name"',
    ),
    "a text for a number": (
        lambda w: w.create("character", "X", fields={"name": "called", "age": "old"}),
        BadValueError,
        "character.age is a number",
    ),
    "an id that is taken": (
        lambda w: w.create("image-codex", "X", codex_id="smile"),
        BadValueError,
        'there is a codex "smile" already',
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_said_and_nothing_is_written(work, requests, case):
    call, kind, said = REFUSED[case]
    before = work.backend.query("*", {})
    requests.take()
    with pytest.raises(kind) as refused:
        call(work)
    assert said in str(refused.value)
    assert requests.take()[1] == 0
    assert work.backend.query("*", {}) == before


def test_one_too_many_is_refused(work, add_people):
    add_people(work, "erik")
    work.assign("duel", "cast", ["alice", "bob", "carol", "dora"])
    with pytest.raises(TooManyItemsError, match=r"duel\.cast takes at most 4 references, and there would be 5"):
        work.link("duel", "cast", "erik")


def test_a_circle_is_shown_with_its_path_in_one_request(work, requests):
    work.link("alice", "mentor", "bob")
    work.link("bob", "mentor", "carol")
    requests.take()
    with pytest.raises(CircularReferenceError, match="carol → alice → bob → carol") as refused:
        work.link("carol", "mentor", "alice")
    assert refused.value.path == ("carol", "alice", "bob", "carol")
    assert requests.take() == (1, 0)


def test_a_circle_through_a_codex_that_is_made_for_it_is_refused(work):
    with pytest.raises(CircularReferenceError) as refused:
        work.create_and_link("alice", "mentor", "Eve", codex_id="eve", fields={"name": "called", "mentor": "alice"})
    assert refused.value.path == ("alice", "eve", "alice")


def test_a_field_without_the_check_may_close_circles(work):
    work.link("alice", "rival", "bob")
    work.link("bob", "rival", "alice")
    assert pointing(work, "bob", "rival") == ["alice"]


@pytest.mark.parametrize(("depth", "field", "template"), [(10, "next", "scene"), (4, "within", "location")])
def test_a_chain_may_be_as_long_as_max_depth_and_no_longer(work, depth, field, template):
    fields = {"scene": {"cast": ["alice"]}, "location": {"name": "called"}}[template]
    work.create(template, "0", fields=fields, codex_id="c0")
    for number in range(1, depth + 1):
        work.create(template, str(number), fields={**fields, field: f"c{number - 1}"}, codex_id=f"c{number}")
    last = f"c{depth}"
    with pytest.raises(ChainTooDeepError) as refused:
        work.create(template, "too far", fields={**fields, field: last}, codex_id="far")
    assert refused.value.path[:3] == ("far", last, f"c{depth - 1}")


def test_what_is_below_the_least_may_grow(work, elsewhere):
    elsewhere({"create": {"_id": "empty", "_type": "scene", "title": "Empty"}})
    assert [(one.codex_id, one.code) for one in work.problems()] == [("empty", "min-items")]
    work.link("empty", "cast", "bob")
    assert work.problems() == []


def test_somebody_who_was_faster_is_not_overwritten(work, backend):
    """An edit is checked again if the codex changed after the check: two editors may each add to one list."""
    with Workspace(backend.inner) as other:
        backend.before_commit = lambda: other.link("duel", "cast", "bob")
        work.link("duel", "cast", "carol")
    assert pointing(work, "duel", "cast") == ["alice", "bob", "carol"]
    assert list(work.engine.audit()) == []


def test_the_most_holds_for_two_editors_at_once(work, backend):
    work.assign("duel", "cast", ["alice", "bob", "carol"])
    with Workspace(backend.inner) as other:
        other.create("character", "Erik", fields={"name": "called"}, codex_id="erik")
        backend.before_commit = lambda: other.link("duel", "cast", "erik")
        with pytest.raises(TooManyItemsError):
            work.link("duel", "cast", "dora")
    assert pointing(work, "duel", "cast") == ["alice", "bob", "carol", "erik"]


def test_a_circle_that_two_editors_close_together_is_opened_again(work, backend):
    """Neither edit sees the other's link when it is checked, and they write no document in common."""
    work.link("bob", "mentor", "carol")
    work.link("dora", "mentor", "alice")
    with Workspace(backend.inner) as other:
        backend.before_commit = lambda: other.link("carol", "mentor", "dora")
        with pytest.raises(CircularReferenceError):
            work.link("alice", "mentor", "bob")
    assert pointing(work, "carol", "mentor") == ["dora"]
    assert pointing(work, "alice", "mentor") == []
    assert work.problems() == []
    assert list(work.engine.audit()) == []


def test_an_edit_that_is_never_first_gives_up(work, backend, elsewhere):
    numbers = iter(range(100))

    def interfere():
        elsewhere({"patch": {"id": "duel", "set": {"title": f"The duel {next(numbers)}"}}})
        backend.before_commit = interfere

    backend.before_commit = interfere
    with pytest.raises(RevisionConflict):
        work.link("duel", "cast", "bob")
    backend.before_commit = None
    assert next(numbers) >= 4


def test_drafts_point_weakly_at_what_is_not_published(backend, add_people):
    with Workspace(backend) as public:
        add_people(public, "alice")
    with Workspace(backend, perspective="drafts") as work:
        add_people(work, "bob")
        work.create("scene", "Draft", fields={"cast": ["alice", "bob"]}, codex_id="s")
        cast = backend.documents(["drafts.s"])["drafts.s"]["cast"]
        assert [one["codex"] for one in cast] == [
            {"_type": "reference", "_ref": "alice"},
            {
                "_type": "reference",
                "_ref": "bob",
                "_weak": True,
                "_strengthenOnPublish": {"type": "character"},
            },
        ]
        assert pointing(work, "s", "cast") == ["alice", "bob"]
        work.engine.publish(["bob", "s"])
    with Workspace(backend) as public:
        assert pointing(public, "s", "cast") == ["alice", "bob"]
        assert inverse(public, "bob", "appearsIn") == ["s"]
