"""States and documents are two forms of one thing, and the small lake refuses what a lake refuses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidir.conformance.states.coding import ABSENT, Coding, UnknownCellError
from bidir.conformance.states.renaming import Renaming
from bidir.conformance.states.scope import Scope
from bidir.conformance.states.scopes import SCOPES
from bidir.conformance.states.small_lake import LakeRefusedError, commit, patched, publish_release
from bidir.conformance.states.standing import standing_faults

CODINGS = {name: Coding(scope) for name, scope in SCOPES.items()}


@st.composite
def states(draw: st.DrawFn) -> tuple[Coding, str]:
    coding = CODINGS[draw(st.sampled_from(sorted(CODINGS)))]
    letters = [draw(st.sampled_from((ABSENT, *coding.cells[group]))) for group, _ in coding.places]
    return coding, "".join(letters)


@given(states())
def test_reading_the_documents_of_a_state_gives_the_state_again(case: tuple[Coding, str]) -> None:
    coding, state = case
    documents = coding.documents(state)
    ours = {
        coding.ids[place] for place, (group, layer) in enumerate(coding.places) if _is_ours(coding, state, group, layer)
    }
    read = [
        coding.read(place, documents[name], ours=name in ours) if name in documents else ABSENT
        for place, name in enumerate(coding.ids)
    ]
    published = [place for place, (_, layer) in enumerate(coding.places) if layer == "published"]
    # A published document is nobody's: that one letter is read back as the other.
    assert [one for place, one in enumerate(read) if place not in published] == [
        one for place, one in enumerate(state) if place not in published
    ]
    for place in published:
        cells = coding.cells[coding.places[place][0]]
        assert getattr(cells.get(read[place]), "targets", None) == getattr(cells.get(state[place]), "targets", None)


def _is_ours(coding: Coding, state: str, group: str, layer: str) -> bool:
    cell = coding.cell(state, group, layer)
    return cell is not None and cell.ours


@given(states())
def test_an_orbit_has_one_canonical_state_and_faults_do_not_depend_on_names(case: tuple[Coding, str]) -> None:
    coding, state = case
    renaming = Renaming(coding)
    orbit = renaming.orbit(state)
    assert state in orbit
    assert {renaming.canonical(one) for one in orbit} == {renaming.canonical(state)}
    broken = {tuple(sorted((fault.rule, fault.view) for fault in standing_faults(coding, one))) for one in orbit}
    assert len(broken) == 1


def test_a_document_that_names_a_group_twice_has_no_letter() -> None:
    coding = CODINGS["n:1/three"]
    twice = {"books": [{"_ref": "b1"}, {"_ref": "b1"}]}
    with pytest.raises(UnknownCellError, match=r"a1: books holds \[b1, b1\]"):
        coding.read(coding.position["a1", "published"], twice, ours=False)


BOOK: dict[str, Any] = {"_id": "b1", "_type": "book", "_rev": "read", "_createdAt": "then"}
REFUSED = {
    "create of what exists": [{"create": {"_id": "b1", "_type": "book"}}],
    "patch of what does not": [{"patch": {"id": "b2", "unset": ["author"]}}],
    "lock that does not hold": [{"patch": {"id": "b1", "ifRevisionID": "other", "unset": ["author"]}}],
    "patch the lake refuses": [{"patch": {"id": "b1", "set": {"_id": "b2"}}}],
}


@pytest.mark.parametrize("mutations", REFUSED.values(), ids=REFUSED)
def test_the_small_lake_refuses(mutations: list[dict[str, Any]]) -> None:
    with pytest.raises(LakeRefusedError):
        commit({"b1": BOOK}, mutations)


def test_a_transaction_leaves_what_it_does_not_write() -> None:
    other = {**BOOK, "_id": "b2"}
    after = commit({"b1": BOOK, "b2": other}, [{"patch": {"id": "b1", "set": {"title": "New"}}}])
    assert after["b2"] is other
    assert (after["b1"]["title"], after["b1"]["_rev"], BOOK.get("title")) == ("New", "written", None)
    assert patched(BOOK, {}) == BOOK


def test_a_release_is_published_as_a_whole() -> None:
    documents = {
        "b1": BOOK,
        "b2": {**BOOK, "_id": "b2", "title": "old"},
        "versions.r1.b2": {**BOOK, "_id": "versions.r1.b2", "title": "new"},
        "versions.r1.b1": {**BOOK, "_id": "versions.r1.b1", "_system": {"delete": True}},
    }
    after = publish_release(documents)
    assert sorted(after) == ["b2", "drafts.b1"]
    assert after["b2"]["title"] == "new"


def test_what_a_scope_points_at() -> None:
    scope: Scope = SCOPES["symmetric"]
    assert scope.targets_for("p1") == ("p1", "p2", "p3")
    assert SCOPES["1:1"].targets_for("b1") == ("a1", "a2")
