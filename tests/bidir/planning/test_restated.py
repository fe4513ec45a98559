"""Which of a user's patches write over what somebody else may have put into a relation field meanwhile."""

import pytest

from bidir.planning.intent import Step
from bidir.planning.restated import overwrites
from bidir.relations import Field

SINGLE = Field(type="book", path=("author",), many=False)
LIST = Field(type="book", path=("profile", "tags"), many=True)
OBJECTS = Field(type="film", path=("credits",), many=True, member=("person",))

CASES = [
    (SINGLE, {"set": {"author": {}}}, True),
    (SINGLE, {"set": {"author._ref": "a1"}}, True),
    (SINGLE, {"unset": ["author"]}, True),
    (SINGLE, {"set": {"authors": 1, "title": "x"}}, False),
    (SINGLE, {"unset": ["..author"]}, True),
    (LIST, {"set": {"profile.tags": []}}, True),
    (LIST, {"set": {"profile": {}}}, True),
    (LIST, {"unset": ["profile"]}, True),
    (LIST, {"set": {"profile.name": "x"}}, False),
    (LIST, {"unset": ["profile.tags[0]"]}, True),
    (LIST, {"unset": ['profile.tags[_key=="k"]']}, False),
    (LIST, {"unset": ['profile.tags[_ref=="t1"]']}, True),
    (LIST, {"set": {'profile.tags[_key=="k"]': {}}}, True),
    (LIST, {"set": {'profile.tags[_key == "a\\"]b"]._ref': "t1"}}, True),
    (LIST, {"setIfMissing": {"profile": {}, "profile.tags": []}}, False),
    (LIST, {"insert": {"after": "profile.tags[-1]", "items": []}}, False),
    (LIST, {"insert": {"replace": 'profile.tags[_key=="k"]', "items": []}}, True),
    (OBJECTS, {"set": {'credits[_key=="k"].role': "x"}}, False),
    (OBJECTS, {"set": {'credits[_key=="k"].person': {}}}, True),
    (OBJECTS, {"set": {'credits[_key=="k"].person._ref': "p"}}, True),
    (OBJECTS, {"set": {'credits[_key=="k"].personal': "x"}}, False),
]


@pytest.mark.parametrize(("field", "patch", "expected"), CASES, ids=[str(patch) for _, patch, _ in CASES])
def test_a_patch(field, patch, expected):
    assert overwrites(Step("patch", "b1", patch), field) is expected


@pytest.mark.parametrize(("kind", "expected"), [("createOrReplace", True), ("createIfNotExists", False)])
def test_a_whole_document(kind, expected):
    assert overwrites(Step(kind, "b1", {"_type": "book"}), LIST) is expected
