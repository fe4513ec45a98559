"""What is refused before any document is looked at: the form of requests, names of actions and fields, ids."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakesim import ActionError, InvalidRequestBodyError, Lake, LakeError, Limits, NotSupportedError
from lakesim.actions import ACTIONS, VARIANT_ACTIONS, parse_actions
from lakesim.actions.model import CopyVersion, DeleteDocument, MoveRelease

PUBLISH = {"actionType": "sanity.action.document.publish", "publishedId": "a", "draftId": "drafts.a"}
CREATE = {
    "actionType": "sanity.action.document.create",
    "publishedId": "a",
    "attributes": {"_id": "drafts.a", "_type": "t"},
}


def of(name: str, **fields: Any) -> dict[str, Any]:
    return {"actionType": f"sanity.action.{name}", **fields}


WRONG_FORM = [
    ({}, "actions: expected an array, got object"),
    (None, "actions: expected an array, got null"),
    (["publish"], "actions[0]: expected an object, got string"),
    ([{"publishedId": "a"}], 'actions[0]: the field "actionType" is missing'),
    ([PUBLISH, {"actionType": 5}], "actions[1].actionType: expected a string, got number"),
    ([of("document.pubish")], 'unknown actionType "sanity.action.document.pubish". Did you mean "sanity.action.docu'),
    ([{"actionType": "xyz"}], 'actions[0]: unknown actionType "xyz".'),
    ([{**PUBLISH, "draft": "x"}], 'json: unknown field "draft" in actions[0]. Did you mean "draftId"?'),
    ([{**PUBLISH, "ifSourceRevisionId": "x"}], 'json: unknown field "ifSourceRevisionId"'),
    (
        [of("document.edit", publishedId="a", draftId="drafts.a", patch={"id": "drafts.a"})],
        'json: unknown field "id" in actions[0].patch.',
    ),
    (
        [of("document.edit", publishedId="a", draftId="drafts.a", patch=[])],
        "actions[0].patch: expected an object, got array",
    ),
    ([{**PUBLISH, "publishedId": 5}], "actions[0].publishedId: expected a string, got number"),
    ([{**CREATE, "attributes": "x"}], "actions[0].attributes: expected an object, got string"),
    ([{**CREATE, "attributes": {"_id": "a", "_type": "t", "n": {1}}}], "actions[0].attributes"),
    (
        [of("document.delete", publishedId="a", includeDrafts="drafts.a")],
        "actions[0].includeDrafts: expected an array, got string",
    ),
    ([of("document.version.discard", versionId="drafts.a", purge="yes")], "actions[0].purge: expected a boolean"),
]


@pytest.mark.parametrize(("actions", "text"), WRONG_FORM, ids=lambda value: value if isinstance(value, str) else "")
def test_wrong_form_is_a_fault_of_the_request(actions, text):
    with pytest.raises(InvalidRequestBodyError) as caught:
        parse_actions(actions)
    assert text in str(caught.value)


WRONG_VALUES = [
    (of("document.publish", publishedId="a"), 'the field "draftId" of sanity.action.document.publish is missing'),
    (of("document.publish", publishedId="a", draftId=None), 'the field "draftId"'),
    ({**PUBLISH, "publishedId": "drafts.a"}, '"drafts.a" is not a published ID (right would be "a")'),
    ({**PUBLISH, "publishedId": "versions.r.a"}, '"versions.r.a" is not a published ID (right would be "a")'),
    ({**PUBLISH, "publishedId": "a..b"}, 'Malformed document ID: "a..b"'),
    (
        {**PUBLISH, "draftId": "drafts.b"},
        'actions[0].draftId: "drafts.b" does not belong to publishedId "a" (right would be "drafts.a" or',
    ),
    ({**PUBLISH, "draftId": "a"}, '"a" is neither a draft nor a version ID (right would be "drafts.a"'),
    ({**PUBLISH, "versionId": "versions.r.a"}, '"draftId" and "versionId" are two names of one field and differ'),
    ({**PUBLISH, "draftId": "versions.published.a"}, '"published" is a reserved bundle name'),
    ({**PUBLISH, "publishedId": "_.releases.r"}, '"_.releases.r" is a system document'),
    ({**CREATE, "attributes": {"_id": "_.releases.r", "_type": "system.release"}}, "is a system document"),
    ({**CREATE, "attributes": {"_type": "t"}}, 'actions[0].attributes: the attribute "_id" is missing'),
    ({**CREATE, "attributes": {"_id": "a"}}, 'actions[0].attributes: the attribute "_type" is missing'),
    ({**CREATE, "attributes": {"_id": "a", "_type": ""}}, 'the attribute "_type" is ""'),
    ({**CREATE, "attributes": {"_id": "b", "_type": "t"}}, 'attributes._id: "b" does not belong to publishedId "a"'),
    ({**CREATE, "attributes": {"_id": "a", "_type": "t", "a b": 1}}, "attribute name 'a b' is not allowed"),
    ({**CREATE, "attributes": {"_id": "a", "_type": "t", "to": {"_ref": "b", "y": 1}}}, 'Key "y" not allowed in ref'),
    ({**CREATE, "ifExists": "replace"}, 'actions[0].ifExists: "replace" is none of "fail", "ignore".'),
    (of("document.delete", publishedId="a", includeDrafts=["drafts.b"]), 'includeDrafts[0]: "drafts.b" does not'),
    (of("document.delete", publishedId="a", includeDrafts=["a"]), 'includeDrafts[0]: "a" is neither a draft'),
    (of("document.edit", publishedId="a", draftId="drafts.a", patch={"set": {"a[": 1}}), "actions[0].patch.set"),
    (of("release.create", releaseId="a.b"), 'Malformed release name: "a.b"'),
    (of("release.create", releaseId="r" * 120), "Malformed document ID"),
]


@pytest.mark.parametrize(("action", "text"), WRONG_VALUES, ids=lambda value: value if isinstance(value, str) else "")
def test_wrong_values_are_faults_of_the_action(action, text):
    with pytest.raises(ActionError) as caught:
        parse_actions([action])
    ((index, cause),) = caught.value.causes
    assert (index, cause.type) == (0, "validationError")
    assert text in cause.description


def test_one_answer_names_every_faulty_action():
    faulty = {**PUBLISH, "draftId": "drafts.b"}
    with pytest.raises(ActionError) as caught:
        parse_actions([faulty, PUBLISH, faulty])
    assert [index for index, _ in caught.value.causes] == [0, 2]
    assert caught.value.body()["error"]["description"] == "Action(s) failed with 2 error(s)"


@pytest.mark.parametrize("name", sorted(VARIANT_ACTIONS))
def test_actions_on_variants_are_refused_by_name(name):
    with pytest.raises(NotSupportedError, match=name):
        parse_actions([{"actionType": name, "publishedId": "a", "variantId": "v"}])


def test_fields_have_two_names_each():
    (action,) = parse_actions([of("document.delete", publishedId="a", includeVersions=["drafts.a"])])
    assert action == DeleteDocument("a", ("drafts.a",))
    both = {**PUBLISH, "versionId": "drafts.a"}
    assert parse_actions([both]) == parse_actions([PUBLISH])


def test_null_is_an_absent_field():
    fields = {
        "publishedId": "a",
        "baseId": "a",
        "versionId": "versions.r.a",
        "ifBaseRevisionId": None,
        "document": None,
    }
    assert parse_actions([of("document.version.create", **fields)]) == (CopyVersion("a", "a", "versions.r.a"),)


def test_a_schedule_keeps_its_time_as_it_was_written():
    text = "2026-01-01T00:00:00.123456789+02:00"
    (action,) = parse_actions([of("release.schedule", releaseId="r1", publishAt=text)])
    assert action == MoveRelease("r1", "schedule", text)


def test_parsed_actions_are_detached_from_the_request():
    wire = [{**CREATE, "attributes": {"_id": "drafts.a", "_type": "t", "list": [{"n": 1}]}}]
    (action,) = parse_actions(wire)
    wire[0]["attributes"]["list"][0]["n"] = 2
    assert action.attributes["list"] == [{"n": 1}]


def test_a_request_beyond_the_size_of_a_mutation_body_is_refused():
    limits = Limits(mutation_body_bytes_max=100)
    with pytest.raises(InvalidRequestBodyError, match="more than 100 bytes of JSON; send them as several transactions"):
        parse_actions([PUBLISH, CREATE], limits)


def test_a_document_nested_without_end_is_refused_in_one_sentence():
    endless: dict[str, Any] = {"_id": "drafts.a", "_type": "t"}
    endless["self"] = endless
    with pytest.raises(LakeError, match="nests deeper than"):
        parse_actions([{**CREATE, "attributes": endless}])


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from(("", "a", "drafts.a", "versions.r1.a", "r1", "\x00")),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(("_id", "_type", "set", "x")), inner),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.data())
def test_whatever_the_fields_hold_there_is_an_answer_or_a_refusal(data):
    spec = ACTIONS[data.draw(st.sampled_from(sorted(ACTIONS)))]
    names = [name for field in spec.fields for name in (field.name, *field.aliases)]
    action = {"actionType": spec.name, **data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(names, _json)))}
    dataset = Lake(seed=0).dataset("production")
    try:
        dataset.actions([action])
    except LakeError:
        assert len(dataset) == 0
        assert dataset.log() == []
