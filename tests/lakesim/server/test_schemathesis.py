"""Requests made from the description: nothing crashes, no status is undocumented, every body fits its schema."""

import os
from importlib.resources import files

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from ruamel.yaml import YAML
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lakesim import Lake
from lakesim.interchange import import_lines
from lakesim.server.access import Access
from lakesim.server.projects import Projects
from lakesim.server.runner import serving

DEEP = os.environ.get("LAKESIM_PROFILE") == "deep"
EXAMPLES_MAX = 100 if DEEP else 4
"""Requests for each operation."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
STREAMS = (".*/listen.*", ".*/live/events.*")
"""They never end; their statuses and events are tried elsewhere."""
FILMS = [
    b'{"_id": "film-1", "_type": "film", "title": "Heat", "by": {"_ref": "person-1"}}',
    b'{"_id": "person-1", "_type": "person"}',
]
TIMEOUT_SECONDS = 20.0

DESCRIPTION = YAML(typ="safe").load(files("lakesim.server").joinpath("openapi.yaml").read_text(encoding="utf-8"))
SCHEMA = schemathesis.openapi.from_dict(DESCRIPTION).exclude(path_regex="|".join(STREAMS))
# Boundary values of every parameter in turn: thousands of requests.
SCHEMA.config.phases.coverage.enabled = DEEP


@schemathesis.serializer("application/x-ndjson")
def send_as_it_is(context, value):
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(scope="module")
def lake():
    return Lake(seed=0)


@pytest.fixture(scope="module")
def url(lake):
    with serving(Projects(lambda project_id: lake), Access()) as url:
        yield url


def prepare(lake):
    """Take back what an earlier request did that would keep later ones from getting anywhere."""
    lake.faults.clear()
    dataset = lake.dataset("production")
    if dataset.get("film-1") is None:
        import_lines(dataset, FILMS, mode="replace")


def lead_somewhere(case):
    """Turn most of the made-up names into those of what is there; which ones depends on the name alone."""
    parts = case.path_parameters or {}
    for name, there in {"dataset": "production", "version": "2025-02-19", "ids": "film-1", "id": "film-1"}.items():
        if name in parts and len(str(parts[name])) % 4 and case.method != "DELETE":
            parts[name] = there


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES_MAX,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_answers_as_described(case, lake, url):
    prepare(lake)
    lead_somewhere(case)
    case.call_and_validate(base_url=url, checks=CHECKS, timeout=TIMEOUT_SECONDS)
