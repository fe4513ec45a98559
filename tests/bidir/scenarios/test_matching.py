"""What an expectation accepts and what it does not, value by value and by the frame."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidir.conformance.display import ABSENT
from bidir.conformance.matching import match_documents, match_value
from lakesim.jsonvalue import equal

STRONG = {"_type": "reference", "_ref": "a1"}
WEAK = {**STRONG, "_weak": True}
OTHER = {"_type": "reference", "_ref": "a2"}

ACCEPTED = [
    ("-> a1", STRONG),
    ("-> a1", {**WEAK, "_key": "k"}),
    ("~> a1", WEAK),
    ("=> a1", STRONG),
    (None, None),
    (None, []),
    (None, ABSENT),
    ([], []),
    (["-> a1", "-> a2"], [{**WEAK, "_key": "x"}, {**OTHER, "_key": "y"}]),
    ({"$set": ["-> a2", "-> a1"]}, [{**WEAK, "_key": "x"}, {**OTHER, "_key": "y"}]),
    ({"$absent": True}, ABSENT),
    ({"$any": True}, False),
    ({"$text": "-> a1"}, "-> a1"),
    ({"person": "-> a1", "role": "x"}, {"_key": "k", "_type": "credit", "person": STRONG, "role": "x"}),
    ({"_key": "k", "_ref": "a1"}, {**WEAK, "_key": "k"}),
]

REFUSED = [
    ("-> a1", OTHER),
    ("-> a1", "-> a1"),
    ("-> a1", ABSENT),
    ("~> a1", STRONG),
    ("=> a1", WEAK),
    (None, STRONG),
    (None, [STRONG]),
    (None, ""),
    (None, False),
    ([], ABSENT),
    (["-> a1"], []),
    (["-> a1", "-> a2"], [{**OTHER, "_key": "y"}, {**WEAK, "_key": "x"}]),
    (["-> a1", "-> a2"], [{**WEAK, "_key": "x"}, {**OTHER, "_key": "x"}]),
    ({"$set": ["-> a1"]}, [WEAK, OTHER]),
    ({"$set": ["-> a1", "-> a1"]}, [WEAK, OTHER]),
    ({"$set": ["-> a1"]}, ABSENT),
    ({"$absent": True}, None),
    ({"$any": True}, ABSENT),
    ({"person": "-> a1"}, {"person": STRONG, "role": "x"}),
    ({"_key": "k", "_ref": "a1"}, {**WEAK, "_key": "other"}),
    (1, True),
    (0, False),
    ("x", ABSENT),
]


@pytest.mark.parametrize(("expected", "got"), ACCEPTED)
def test_accepts(expected: Any, got: Any) -> None:
    assert match_value(expected, got, "field") == []


@pytest.mark.parametrize(("expected", "got"), REFUSED)
def test_refuses(expected: Any, got: Any) -> None:
    found = match_value(expected, got, "field")
    assert found
    assert all(one.what.startswith("field") and one.expected != one.got for one in found)


plain = st.recursive(
    st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


@given(plain, plain)
def test_plain_values_match_exactly_when_they_are_equal(expected: Any, got: Any) -> None:
    assert (match_value(expected, got, "field") == []) == equal(expected, got)


def stored(document_id: str, revision: str = "r1", **fields: Any) -> dict[str, Any]:
    return {"_id": document_id, "_type": "book", "_rev": revision, "_updatedAt": revision, **fields}


B1 = stored("b1", title="T", author=STRONG)
A1 = stored("a1", name="Ann")
BEFORE = {"b1": B1, "a1": A1}

FRAME = [
    pytest.param({"b1": {"author": None}}, {"b1": stored("b1", "r2", title="T"), "a1": A1}, [], id="named change"),
    pytest.param(
        {"b1": {"author": None}},
        {"b1": stored("b1", "r2"), "a1": A1},
        [("b1.title", "T (unchanged)", "nothing")],
        id="field lost beside the named one",
    ),
    pytest.param(
        {"b1": {"author": None}},
        {"b1": stored("b1", "r2", title="T"), "a1": stored("a1", "r2", name="Ann")},
        [("a1", "not written", "written without a change (new revision)")],
        id="document written for nothing",
    ),
    pytest.param(
        {},
        {"b1": B1, "a1": stored("a1", "r2", name="Ben")},
        [("a1.name", "Ann (unchanged)", "Ben")],
        id="document not named",
    ),
    pytest.param({}, {"b1": B1}, [("a1", "{_type: book, name: Ann} (unchanged)", "no such document")], id="deleted"),
    pytest.param({"a1": "absent"}, {"b1": B1}, [], id="deletion expected"),
    pytest.param(
        {"a1": "absent"}, BEFORE, [("a1", "no such document", "{_type: book, name: Ann}")], id="deletion missing"
    ),
    pytest.param(
        {"drafts.b1": {"author": None}},
        {**BEFORE, "drafts.b1": stored("drafts.b1", "r2", title="T")},
        [],
        id="version made from published",
    ),
    pytest.param(
        {"drafts.b1": {"author": None}},
        {**BEFORE, "drafts.b1": stored("drafts.b1", "r2")},
        [("drafts.b1.title", "T (unchanged)", "nothing")],
        id="version that lost a field",
    ),
    pytest.param(
        {},
        {**BEFORE, "drafts.b1": stored("drafts.b1", "r2")},
        [("drafts.b1", "no such document (unchanged)", "{_type: book}")],
        id="version nobody expected",
    ),
    pytest.param({"b1": {"_rest": "any"}}, {"b1": stored("b1", "r2"), "a1": A1}, [], id="rest of one document"),
]


@pytest.mark.parametrize(("expected", "after", "differences"), FRAME)
def test_the_frame(expected: dict[str, Any], after: dict[str, Any], differences: list[tuple[str, str, str]]) -> None:
    found = match_documents(expected, BEFORE, after)
    assert [(one.what, one.expected, one.got) for one in found] == differences


def test_others_may_be_anything_if_the_scenario_says_so() -> None:
    assert match_documents({"a1": {"name": "Ann"}}, BEFORE, {"a1": A1}, others="any") == []
