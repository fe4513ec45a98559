"""How requests become mutations, and how malformed ones are refused before any data is looked at."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lakesim import jsonvalue
from lakesim.errors import AttributeLimitError, InvalidRequestBodyError, LakeError, MutationError
from lakesim.limits import Limits
from lakesim.patch import (
    Create,
    CreateIfNotExists,
    CreateOrReplace,
    Delete,
    PatchMutation,
    Selection,
    Set,
    parse_mutations,
)

REFUSED: list[dict[str, Any]] = YAML(typ="safe").load(Path(__file__).with_name("refused_requests.yaml"))
LIMITS = Limits()

NAMES = st.sampled_from(
    ["create", "patch", "delete", "id", "query", "set", "unset", "insert", "_id", "_type", "a", "a["]
)
GARBAGE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=2), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: jsonvalue.dumps(case["mutations"])[:70])
def test_request_is_refused(case: dict[str, Any]) -> None:
    if "envelope" in case:
        with pytest.raises(InvalidRequestBodyError) as refused:
            parse_mutations(case["mutations"], LIMITS)
        assert case["envelope"] in refused.value.description
        return
    with pytest.raises(MutationError) as caught:
        parse_mutations(case["mutations"], LIMITS)
    items = caught.value.items
    assert [item["index"] for item in items] == case["items"]
    assert all(item["error"]["type"] == "validationError" for item in items)
    assert case["says"] in items[0]["error"]["description"]
    if "value" in case:
        assert items[0]["error"]["value"] == {"Kind": {"string_value": case["value"]}}


def test_every_kind_of_mutation() -> None:
    document = {"_id": "a", "_type": "t"}
    mutations = parse_mutations(
        [
            {"create": document},
            {"createIfNotExists": document},
            {"createOrReplace": document},
            {"delete": {"id": "a"}},
            {"delete": {"query": "*[_type == $t]", "params": {"t": "x"}}},
            {"patch": {"id": "drafts.a", "set": {"b": 1}, "ifRevisionID": "r"}},
            {"patch": {"query": "*", "unset": ["b"]}},
        ],
        LIMITS,
    )
    kinds = [Create, CreateIfNotExists, CreateOrReplace, Delete, Delete, PatchMutation, PatchMutation]
    assert [type(mutation) for mutation in mutations] == kinds
    assert [m.document for m in mutations if isinstance(m, (Create, CreateIfNotExists, CreateOrReplace))] == [
        document
    ] * 3
    assert [m.selection for m in mutations if isinstance(m, (Delete, PatchMutation))] == [
        Selection(ids=("a",)),
        Selection(query="*[_type == $t]", params={"t": "x"}),
        Selection(ids=("drafts.a",)),
        Selection(query="*"),
    ]
    patch = mutations[5]
    assert isinstance(patch, PatchMutation)
    assert patch.patch.if_revision_id == "r"
    assert [type(operation) for operation in patch.patch.operations] == [Set]
    assert patch.patch.wire == {"set": {"b": 1}}


@pytest.mark.parametrize("document", [{"_type": "t"}, {"_id": "py.", "_type": "t"}, {"_id": "drafts.", "_type": "t"}])
def test_create_leaves_ids_to_the_store(document: dict[str, Any]) -> None:
    (mutation,) = parse_mutations([{"create": document}], LIMITS)
    assert isinstance(mutation, Create)
    assert mutation.document == document


def test_a_list_of_ids_is_a_selection() -> None:
    (mutation,) = parse_mutations([{"delete": {"id": ["a", "b"]}}], LIMITS)
    assert mutation == Delete(Selection(ids=("a", "b")))


def test_no_mutations_are_no_mutations() -> None:
    assert parse_mutations([], LIMITS) == ()
    assert parse_mutations((), LIMITS) == ()


@pytest.mark.parametrize(
    "body", [{"id": "a"}, {"id": "a", "set": {}}, {"id": "a", "unset": []}, {"id": "a", "ifRevisionID": "x"}]
)
def test_a_patch_may_do_nothing(body: dict[str, Any]) -> None:
    (mutation,) = parse_mutations([{"patch": body}], LIMITS)
    assert isinstance(mutation, PatchMutation)
    assert mutation.patch.operations == ()


def test_system_fields_are_carried_along() -> None:
    document = {"_id": "a", "_type": "t", "_rev": "x", "_createdAt": "y", "_system": {"delete": True}}
    (mutation,) = parse_mutations([{"createOrReplace": document}], LIMITS)
    assert mutation == CreateOrReplace(document)


def test_the_caller_may_change_what_was_submitted() -> None:
    wire = [
        {"create": {"_type": "t", "list": [{"n": 1}]}},
        {"patch": {"id": "a", "set": {"x": {"n": 1}}, "insert": {"after": "l[-1]", "items": [{"n": 1}]}}},
        {"delete": {"query": "*", "params": {"list": [1]}}},
    ]
    mutations = parse_mutations(wire, LIMITS)
    shown = repr(mutations)
    wire[0]["create"]["list"][0]["n"] = 2
    wire[1]["patch"]["set"]["x"]["n"] = 2
    wire[1]["patch"]["insert"]["items"][0]["n"] = 2
    wire[2]["delete"]["params"]["list"].append(2)
    assert repr(mutations) == shown


def nested(levels: int) -> Any:
    value: Any = "leaf"
    for _ in range(levels):
        value = {"a": value}
    return value


def test_documents_nest_up_to_the_limit() -> None:
    deepest = LIMITS.nesting_depth_max
    parse_mutations([{"create": {"_type": "t", **nested(deepest)}}], LIMITS)
    with pytest.raises(MutationError, match=f"nests deeper than {deepest} levels"):
        parse_mutations([{"create": {"_type": "t", **nested(deepest + 1)}}], LIMITS)


def test_patches_carry_values_up_to_the_limit() -> None:
    value = nested(LIMITS.nesting_depth_max - 1)
    parse_mutations([{"patch": {"id": "a", "set": {"a": value}}}], LIMITS)
    with pytest.raises(MutationError, match=f"nested deeper than {LIMITS.nesting_depth_max} levels"):
        parse_mutations([{"patch": {"id": "a", "set": {"a": {"b": value}}}}], LIMITS)


@pytest.mark.parametrize(
    "build",
    [
        lambda value: {"create": {"_type": "t", "a": value}},
        lambda value: {"patch": {"id": "a", "set": {"b": value}}},
        lambda value: {"patch": {"id": "a", "insert": {"after": "b[-1]", "items": [value]}}},
        lambda value: {"delete": {"query": "*", "params": {"p": value}}},
    ],
)
@pytest.mark.parametrize("kind", ["objects", "lists", "tuples", "circle"])
def test_hostile_nesting_is_one_clear_error(build: Any, kind: str) -> None:
    value: Any = {}
    for _ in range(10_000):
        value = {"objects": {"a": value}, "lists": [value], "tuples": (value,)}.get(kind, value)
    if kind == "circle":
        value["a"] = value
    with pytest.raises(MutationError, match="deeper than"):
        parse_mutations([build(value)], LIMITS)


@pytest.mark.parametrize("value", [{1, 2}, object(), {1: 2}, float("nan"), float("inf"), b"x"])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(InvalidRequestBodyError, match=r"mutations\[0\]\.create: "):
        parse_mutations([{"create": {"_type": "t", "a": value}}], LIMITS)


@pytest.mark.parametrize("value", ["\ud800", 10**400])
def test_what_json_can_say_and_the_lake_cannot_store_is_refused(value: Any) -> None:
    with pytest.raises(MutationError, match=r"half a surrogate|beyond the range"):
        parse_mutations([{"create": {"_type": "t", "a": [value]}}], LIMITS)


def test_the_size_of_a_request_is_bounded() -> None:
    document = {"_type": "t", "a": "x" * 100}
    size = 2 * len(jsonvalue.dump_bytes(document))
    parse_mutations([{"create": document}] * 2, Limits(mutation_body_bytes_max=size))
    with pytest.raises(InvalidRequestBodyError, match=f"more than {size - 1} bytes"):
        parse_mutations([{"create": document}] * 2, Limits(mutation_body_bytes_max=size - 1))


def test_the_attributes_of_a_document_are_bounded() -> None:
    limits = Limits(document_attributes_max=3)
    parse_mutations([{"create": {"_type": "t", "a": 1, "b": 2}}], limits)
    with pytest.raises(AttributeLimitError, match="has 4 attributes; documents have 3 at most"):
        parse_mutations([{"create": {"_type": "t", "a": 1, "b": 2, "c": 3}}], limits)


@given(st.lists(GARBAGE, max_size=2) | GARBAGE | st.lists(st.dictionaries(NAMES, GARBAGE, max_size=1), max_size=2))
def test_any_value_gives_mutations_or_an_error_of_the_lake(wire: Any) -> None:
    try:
        mutations = parse_mutations(wire, LIMITS)
    except LakeError as error:
        mutations = ()
        jsonvalue.dumps(error.body())
    assert isinstance(mutations, tuple)
