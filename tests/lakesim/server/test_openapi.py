"""The description of the API against the route table, and against the rules for descriptions."""

from importlib.resources import files

import jsonschema
import pytest
from ruamel.yaml import YAML

from lakesim.actions.registry import ACTIONS
from lakesim.faults.effect import DELAY_SECONDS_MAX, DROPS, EVENTS
from lakesim.faults.match import METHODS
from lakesim.faults.operation import KINDS
from lakesim.server.app import STREAMS, UNVERSIONED, VERSION, VERSIONED

OPERATIONS = ("get", "put", "post", "delete", "patch", "head")
DESCRIPTION = YAML(typ="safe").load(files("lakesim.server").joinpath("openapi.yaml").read_text(encoding="utf-8"))
SCHEMAS = DESCRIPTION["components"]["schemas"]

SERVED = {
    *((method, VERSION + path) for method, path, _ in VERSIONED),
    *(("GET", VERSION + path) for path, _ in STREAMS),
    *((method, path) for method, path, _ in UNVERSIONED),
}
DESCRIBED = {
    (method.upper(), path): {**operation, "of the path": item.get("parameters", [])}
    for path, item in DESCRIPTION["paths"].items()
    for method, operation in item.items()
    if method in OPERATIONS
}


def test_every_endpoint_is_described_and_nothing_else():
    assert {"not described": SERVED - set(DESCRIBED), "not served": set(DESCRIBED) - SERVED} == {
        "not described": set(),
        "not served": set(),
    }


def test_the_description_is_openapi():
    from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

    OPENAPI_31_VALIDATOR.validate(DESCRIPTION)


def test_every_schema_is_a_json_schema():
    for schema in SCHEMAS.values():
        jsonschema.Draft202012Validator.check_schema(schema)


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)


def test_every_reference_leads_somewhere_and_every_schema_is_referred_to():
    found = set(references(DESCRIPTION))
    for reference in found:
        at = DESCRIPTION
        for part in reference.removeprefix("#/").split("/"):
            at = at[part]
    named = {
        f"#/components/{kind}/{name}" for kind in ("schemas", "responses") for name in DESCRIPTION["components"][kind]
    }
    assert named - found == set()


@pytest.mark.parametrize(("method", "path"), sorted(DESCRIBED), ids=str)
def test_an_operation_says_what_it_takes_and_gives(method, path):
    operation = DESCRIBED[method, path]
    named = [
        DESCRIPTION["components"]["parameters"][one["$ref"].rpartition("/")[2]]["name"]
        if "$ref" in one
        else one["name"]
        for one in operation["of the path"]
    ]
    for placeholder in [part[1:-1] for part in path.replace("/v{version}", "/{version}").split("/") if "{" in part]:
        assert placeholder in named
    assert operation["summary"]
    assert set(operation["tags"]) <= {tag["name"] for tag in DESCRIPTION["tags"]}
    assert {"400", "401", "403", "404", "413"} <= set(operation["responses"])
    assert not [status for status in operation["responses"] if status.startswith("5")]


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (SCHEMAS["Kind"]["enum"], KINDS),
        (SCHEMAS["FaultMatch"]["properties"]["method"]["enum"], METHODS),
        (SCHEMAS["FaultEffect"]["properties"]["events"]["enum"], EVENTS),
        (SCHEMAS["FaultEffect"]["properties"]["drop"]["enum"], DROPS),
        ([SCHEMAS["FaultEffect"]["properties"]["delay"]["maximum"]], (DELAY_SECONDS_MAX,)),
        (SCHEMAS["Action"]["properties"]["actionType"]["enum"], tuple(ACTIONS)),
    ],
    ids=["kinds", "methods", "events", "drops", "delay", "actions"],
)
def test_words_are_those_of_the_code(said, known):
    assert tuple(said) == tuple(known)
