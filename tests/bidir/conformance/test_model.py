"""The model itself: every state it predicts is symmetric, and the textbook moves come out right."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bidir.conformance.machines_kinds import KINDS, Kind
from bidir.conformance.model import Layer, Model, ModelEdit, State, View

BY_NAME = {kind.name: kind for kind in KINDS}


def start(kind: Kind, layer: Layer = "drafts") -> tuple[Model, State]:
    """Every group visible, unlinked: published, or with a draft as well."""
    model = Model(kind.relations, kind.type_of)
    empty: View = {(group, field): () for group in kind.type_of for field in model.fields(group)}
    return model, State(dict(empty), dict(empty), frozenset(kind.type_of) if layer == "drafts" else frozenset())


def play(kind: Kind, steps: list[tuple[str, str, tuple[str, ...]]], layer: Layer = "drafts") -> View:
    model, state = start(kind, layer)
    for group, field, value in steps:
        state = model.edit(state, layer, [ModelEdit(group, field, value)]).state
    return state.view(layer)


def links(view: View, *fields: str) -> dict[str, list[str]]:
    return {f"{group}.{field}": list(value) for (group, field), value in view.items() if value and field in fields}


A = ("b1", "author", ("a1",))

MOVES = [
    pytest.param(
        "one-to-one", [A, ("b1", "author", ("a2",))], {"b1.author": ["a2"], "a2.currentBook": ["b1"]}, id="C1-replace",
    ),
    pytest.param(
        "one-to-one", [A, ("b2", "author", ("a2",)), ("b1", "author", ("a2",))],
        {"b1.author": ["a2"], "a2.currentBook": ["b1"]}, id="C2-chain-steal",
    ),
    pytest.param(
        "one-to-one", [A, ("b2", "author", ("a2",)), ("a2", "currentBook", ("b1",))],
        {"b1.author": ["a2"], "a2.currentBook": ["b1"]}, id="C3-from-the-inverse",
    ),
    pytest.param("one-to-one", [A, ("b1", "author", ())], {}, id="clear"),
    pytest.param("one-to-one", [A, ("a1", "currentBook", ())], {}, id="clear-from-the-inverse"),
    pytest.param(
        "many-to-one", [A, ("a2", "books", ("b1",))], {"b1.author": ["a2"], "a2.books": ["b1"]}, id="C7",
    ),
    pytest.param(
        "many-to-one", [("a1", "books", ("b3", "b1")), ("b2", "author", ("a1",))],
        {"a1.books": ["b3", "b1", "b2"], "b1.author": ["a1"], "b2.author": ["a1"], "b3.author": ["a1"]},
        id="C17-at-the-end",
    ),
    pytest.param(
        "symmetric-one", [("p1", "spouse", ("p2",)), ("p3", "spouse", ("p1",))],
        {"p1.spouse": ["p3"], "p3.spouse": ["p1"]}, id="C9",
    ),
    pytest.param("symmetric-one", [("p1", "spouse", ("p1",))], {"p1.spouse": ["p1"]}, id="C10-self"),
    pytest.param(
        "symmetric-many", [("p1", "friends", ("p1", "p2")), ("p1", "friends", ("p2",))],
        {"p1.friends": ["p2"], "p2.friends": ["p1"]}, id="C11-self-then-not",
    ),
    pytest.param(
        "many-to-many", [("b1", "authors", ("a1", "a1"))], {"b1.authors": ["a1"], "a1.books": ["b1"]},
        id="C12-no-duplicate",
    ),
    pytest.param(
        "two-relations", [("b1", "editor", ("a1",)), A, ("b1", "author", ())],
        {"b1.editor": ["a1"], "a1.edits": ["b1"]}, id="C14-the-other-relation-stays",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "steps", "expected"), MOVES)
@pytest.mark.parametrize("layer", ["drafts", "published"])
def test_textbook_moves(name: str, steps: Any, expected: dict[str, list[str]], layer: Layer) -> None:
    kind = BY_NAME[name]
    fields = {end[1] for relation in kind.relations for end in (relation.left, relation.right)}
    assert links(play(kind, steps, layer), *fields) == expected


def test_a_swap_in_one_submit_leaves_nobody_empty() -> None:
    model, state = start(BY_NAME["reject"])
    state = model.edit(state, "drafts", [ModelEdit("b1", "author", ("a1",))]).state
    state = model.edit(state, "drafts", [ModelEdit("b2", "author", ("a2",))]).state
    swap = [ModelEdit("b1", "author", ("a2",)), ModelEdit("b2", "author", ("a1",))]
    prediction = model.edit(state, "drafts", swap)
    assert not prediction.conflicts
    assert links(prediction.state.drafts, "author") == {"b1.author": ["a2"], "b2.author": ["a1"]}


def test_refusal_names_claimant_place_and_holder_and_changes_nothing() -> None:
    model, state = start(BY_NAME["reject"])
    state = model.edit(state, "drafts", [ModelEdit("b2", "author", ("a2",))]).state
    prediction = model.edit(state, "drafts", [ModelEdit("b1", "author", ("a2",))])
    assert prediction.conflicts == {("b1", "a2", "b2")}
    assert prediction.state == state


def test_consent_takes_the_place() -> None:
    model, state = start(BY_NAME["reject"])
    state = model.edit(state, "drafts", [ModelEdit("b2", "author", ("a2",))]).state
    prediction = model.edit(state, "drafts", [ModelEdit("b1", "author", ("a2",))], consented=True)
    assert links(prediction.state.drafts, "author") == {"b1.author": ["a2"]}


def test_two_edits_that_overfill_a_list_are_left_open() -> None:
    """Found by the property below: the list's own edit and a claim on it, each within the bound, together past it."""
    model, state = start(BY_NAME["bounded"])
    edits = [ModelEdit("a3", "books", ("b1", "b2")), ModelEdit("b3", "author", ("a3",))]
    assert not model.edit(state, "drafts", edits).sure


def test_a_full_list_refuses_the_third_link() -> None:
    model, state = start(BY_NAME["bounded"])
    state = model.edit(state, "drafts", [ModelEdit("a1", "books", ("b1", "b2"))]).state
    assert model.edit(state, "drafts", [ModelEdit("b3", "author", ("a1",))]).conflicts == {("b3", "a1", None)}


def test_a_draft_edit_leaves_the_published_view_alone() -> None:
    model, state = start(BY_NAME["one-to-one"], "published")
    after = model.edit(state, "drafts", [ModelEdit("b1", "author", ("a1",))]).state
    assert after.published == state.published
    assert after.drafts["a1", "currentBook"] == ("b1",)


def test_a_published_steal_is_followed_by_a_draft_that_only_inherited() -> None:
    """C44: the draft of b2 was made for its title; it still says a1 because published said so."""
    model, state = start(BY_NAME["one-to-one"], "published")
    state = model.edit(state, "published", [ModelEdit("b2", "author", ("a1",))]).state
    state = State(state.published, state.drafts, frozenset({"b2"}))
    after = model.edit(state, "published", [ModelEdit("b1", "author", ("a1",))]).state
    assert after.drafts["b2", "author"] == ()
    assert after.drafts["a1", "currentBook"] == ("b1",)


def test_an_override_in_a_draft_wins_over_a_published_edit() -> None:
    """R8: b2 took a1 in drafts; a published b1 := a1 is seen in drafts as b1 without an author."""
    model, state = start(BY_NAME["one-to-one"], "published")
    state = model.edit(state, "drafts", [ModelEdit("b2", "author", ("a1",))]).state
    state = State(state.published, state.drafts, frozenset({"a1", "b2"}))
    after = model.edit(state, "published", [ModelEdit("b1", "author", ("a1",))]).state
    assert links(after.published, "author") == {"b1.author": ["a1"]}
    assert links(after.drafts, "author") == {"b2.author": ["a1"]}


def test_a_discard_gives_back_what_is_free_and_not_what_is_taken() -> None:
    """C35 and C36."""
    model, state = start(BY_NAME["one-to-one"], "published")
    state = model.edit(state, "published", [ModelEdit("b1", "author", ("a1",))]).state
    moved = model.edit(state, "drafts", [ModelEdit("b1", "author", ("a2",))]).state
    moved = State(moved.published, moved.drafts, frozenset({"a1", "a2", "b1"}))
    assert links(model.delete(moved, "drafts", "b1").state.drafts, "author") == {"b1.author": ["a1"]}
    taken = model.edit(moved, "drafts", [ModelEdit("b2", "author", ("a1",))]).state
    assert links(model.delete(taken, "drafts", "b1").state.drafts, "author") == {"b2.author": ["a1"]}


def test_a_deleted_group_is_forgotten_everywhere_and_not_resurrected() -> None:
    """C57 and C58."""
    model, state = start(BY_NAME["many-to-one"], "published")
    state = model.edit(state, "published", [ModelEdit("a1", "books", ("b1", "b2"))]).state
    state = model.delete(state, "published", "a1").state
    assert links(state.drafts, "author", "books") == links(state.published, "author", "books") == {}
    assert links(model.create(state, "drafts", "a1", {}).state.drafts, "author", "books") == {}


@pytest.mark.parametrize(
    ("stated", "author", "books"),
    [({}, "a1", ("b1", "b2")), ({"books": ("b2",)}, "", ("b2",)), ({"books": ()}, "", ())],
    ids=["silent-adopts", "stated-holds", "stated-empty"],
)
def test_who_waits_for_a_new_group_is_adopted_only_if_it_is_silent(stated: Any, author: str, books: Any) -> None:
    kind = BY_NAME["many-to-one"]
    model, state = start(kind)
    for key in [key for key in state.published if key[0] == "a1"]:
        del state.published[key], state.drafts[key]
    for book in ("b1", "b2"):
        state = model.edit(state, "drafts", [ModelEdit(book, "author", ("a1",))]).state
    after = model.create(state, "drafts", "a1", stated).state.drafts
    assert after["a1", "books"] == books
    assert after["b1", "author"] == ((author,) if author else ())


@st.composite
def histories(draw: st.DrawFn) -> tuple[Kind, list[tuple[Layer, list[ModelEdit]]]]:
    kind = draw(st.sampled_from(KINDS))
    model = Model(kind.relations, kind.type_of)
    steps = []
    for _ in range(draw(st.integers(1, 6))):
        edits = {}
        for _ in range(draw(st.integers(1, 2))):
            group = draw(st.sampled_from(sorted(kind.type_of)))
            field = draw(st.sampled_from(model.fields(group)))
            targets = kind.groups[model.target_type(group, field)]
            most = 3 if model.is_many(group, field) else 1
            value = tuple(draw(st.lists(st.sampled_from(targets), max_size=most, unique=True)))
            edits[group, field] = ModelEdit(group, field, value[: model.room(group, field)])
        steps.append((draw(st.sampled_from(("drafts", "published"))), list(edits.values())))
    return kind, steps


@settings(max_examples=200, deadline=None)
@given(histories())
def test_every_predicted_view_is_symmetric_and_within_bounds(history: Any) -> None:
    kind, steps = history
    model, state = start(kind, "published")
    for layer, edits in steps:
        before = state
        prediction = model.edit(state, layer, edits)
        if not prediction.sure:
            return
        state = prediction.state
        # As a lake would have it: whoever differs from the published view has a draft.
        drafted = {key[0] for key in state.drafts if state.drafts[key] != state.published[key]}
        state = State(state.published, state.drafts, frozenset(drafted | before.drafted))
        for view in (state.published, state.drafts):
            for (group, field), value in view.items():
                assert len(set(value)) == len(value) <= model.room(group, field)
                for target in value:
                    assert group in view[target, model.inverse(group, field)]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([kind for kind in KINDS if kind.name not in ("reject", "bounded")]), st.data())
def test_one_new_link_is_the_same_from_either_side(kind: Kind, data: st.DataObject) -> None:
    """I11: the same link change entered from either side gives the same link set."""
    model, state = start(kind)
    group = data.draw(st.sampled_from(sorted(kind.type_of)))
    field = data.draw(st.sampled_from(model.fields(group)))
    target = data.draw(st.sampled_from(kind.groups[model.target_type(group, field)]))
    inverse = model.inverse(group, field)

    def with_link(one: str, name: str, other: str) -> View:
        value = (other,) if not model.is_many(one, name) else (*state.drafts[one, name], other)
        return model.edit(state, "drafts", [ModelEdit(one, name, value)]).state.drafts

    assert with_link(group, field, target) == with_link(target, inverse, group)
