"""Strengthening on publish: which references change, and that nothing else does."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakesim.actions.strengthen import strengthened
from lakesim.patch import references_in

STAMP = {"type": "author", "template": {"id": "author"}}

CASES = [
    ({"_ref": "b", "_weak": True, "_strengthenOnPublish": STAMP}, {"_ref": "b"}),
    (
        {"_ref": "b", "_weak": True, "_strengthenOnPublish": {**STAMP, "weak": False}, "_type": "reference"},
        {"_ref": "b", "_type": "reference"},
    ),
    (
        {"_ref": "b", "_weak": True, "_strengthenOnPublish": {**STAMP, "weak": True}, "_key": "k"},
        {"_ref": "b", "_weak": True, "_key": "k"},
    ),
    ({"_ref": "b", "_weak": True}, None),
    ({"_ref": "b"}, None),
    ({"_ref": "b", "_strengthenOnPublish": STAMP}, None),
    ({"_ref": "b", "_weak": False, "_strengthenOnPublish": STAMP}, None),
    ({"_ref": "b", "_weak": True, "_strengthenOnPublish": None}, None),
    ({"_weak": True, "_strengthenOnPublish": STAMP}, None),
    ({"_ref": 5, "_weak": True, "_strengthenOnPublish": STAMP}, None),
]


@pytest.mark.parametrize(("reference", "expected"), CASES)
@pytest.mark.parametrize(
    "around", [lambda value: value, lambda value: {"to": value}, lambda value: [[{"deep": [value, 1]}]]]
)
def test_one_reference(reference, expected, around):
    assert strengthened(around(reference)) == around(reference if expected is None else expected)


_references = st.fixed_dictionaries(
    {"_ref": st.sampled_from("ab")},
    optional={
        "_weak": st.booleans(),
        "_strengthenOnPublish": st.fixed_dictionaries({"type": st.just("t")}, optional={"weak": st.booleans()}),
    },
)
_documents = st.recursive(
    st.integers(0, 2) | _references,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(_documents)
def test_targets_stay_and_a_second_time_changes_nothing(document: Any):
    kept = deepcopy(document)
    once = strengthened(document)
    assert document == kept
    assert [(one.target, one.path) for one in references_in(once)] == [
        (one.target, one.path) for one in references_in(document)
    ]
    assert strengthened(once) is once


@settings(deadline=None)
@given(_documents)
def test_what_does_not_change_is_shared(document: Any):
    once = strengthened(document)
    if once == document:
        assert once is document
    elif isinstance(document, dict):
        assert all(once[key] is value for key, value in document.items() if once.get(key) == value)


@settings(deadline=None)
@given(_documents)
def test_only_stamped_weak_references_get_stronger(document: Any):
    for before, after in zip(references_in(document), references_in(strengthened(document)), strict=True):
        stays = isinstance(before.strengthen, dict) and before.strengthen.get("weak") is True
        is_stamped = before.weak and bool(before.strengthen)
        assert after.weak == (before.weak and (stays or not is_stamped))
        assert after.strengthen == (None if is_stamped else before.strengthen)
