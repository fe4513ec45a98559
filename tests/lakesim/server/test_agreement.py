"""The lake over HTTP and the lake in process: same histories, same answers, same refusals; and no input is a fault."""

import json
import os
from urllib.parse import quote

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakesim import Lake, LakeError
from lakesim.server.access import Access
from lakesim.server.projects import Projects
from lakesim.server.runner import serving
from lakesim.testing.action_strategies import Situation, action_lists
from lakesim.testing.groq_strategies import PARAMS, queries
from lakesim.testing.strategies import transactions

DEEP = os.environ.get("LAKESIM_PROFILE") == "deep"
V = "/v2025-02-19"
USER = "pAdministrator"


@pytest.fixture(scope="module")
def wire():
    """A client of a server that lasts for all examples of a test; each starts with a reset."""
    with (
        serving(Projects(lambda project_id: Lake(seed=0, project_id=project_id)), Access()) as url,
        httpx2.Client(base_url=url, timeout=20) as client,
    ):
        yield client


def either(request, *arguments, **options):
    """Return what a call in process gives, or the body of its refusal."""
    try:
        return request(*arguments, **options)
    except LakeError as error:
        return error.body()


@settings(max_examples=40 if DEEP else 15, deadline=None)
@given(history=st.lists(transactions(), max_size=4), groq=queries())
def test_mutations_queries_history_and_export_agree(wire, history, groq):
    wire.post("/_lake/reset")
    dataset = Lake(seed=0).dataset("production")
    params = {"returnIds": "true", "returnDocuments": "true"}
    for mutations in history:
        expected = either(dataset.mutate, mutations, return_ids=True, return_documents=True, author=USER)
        answer = wire.post(f"{V}/data/mutate/production", params=params, json={"mutations": mutations})
        assert answer.json() == expected
        assert (answer.status_code == 200) == ("error" not in expected)
    posted = wire.post(f"{V}/data/query/production?perspective=drafts", json={"query": groq, "params": PARAMS}).json()
    expected = either(lambda: {"result": dataset.query(groq, PARAMS, perspective="drafts")})
    assert {name: posted[name] for name in expected} == expected
    log = [json.loads(line) for line in wire.get("/_lake/transactions").text.splitlines()]
    assert log == dataset.transactions()
    exported = [json.loads(line) for line in wire.get(f"{V}/data/export/production").text.splitlines()]
    assert exported == list(dataset.documents())


def situation_of(documents):
    states = {document["name"]: document["state"] for document in documents if document["_type"] == "system.release"}
    present = frozenset(document["_id"] for document in documents)
    return Situation(present=present, states=states, times=("2099-01-01T00:00:00Z",))


@settings(max_examples=40 if DEEP else 15, deadline=None)
@given(data=st.data())
def test_actions_agree(wire, data):
    wire.post("/_lake/reset")
    dataset = Lake(seed=0).dataset("production")
    for _ in range(3):
        actions = data.draw(action_lists(situation_of(list(dataset.documents()))))
        expected = either(dataset.actions, actions, author=USER)
        answer = wire.post(f"{V}/data/actions/production", json={"actions": actions})
        assert answer.json() == expected
    exported = [json.loads(line) for line in wire.get(f"{V}/data/export/production").text.splitlines()]
    assert exported == list(dataset.documents())


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["mutations", "actions", "query", "params", "set", "create", "patch", "actionType", "_id"])
            | st.text(max_size=5),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)
BODIES = [
    ("POST", f"{V}/data/mutate/production"),
    ("POST", f"{V}/data/actions/production"),
    ("POST", f"{V}/data/query/production"),
    ("PUT", "/v1/datasets/new"),
    ("PATCH", "/v1/datasets/production"),
    ("POST", "/_lake/clock"),
]


@pytest.mark.parametrize(("method", "path"), BODIES)
@settings(max_examples=40 if DEEP else 15, deadline=None)
@given(
    body=st.binary(max_size=40)
    | ANYTHING.map(lambda value: json.dumps(value).encode())
    | st.builds(
        lambda name, value: json.dumps({name: value}).encode(),
        st.sampled_from(["mutations", "actions", "query", "params", "set", "advance", "aclMode", "transactionId"]),
        ANYTHING,
    )
)
def test_no_body_is_a_fault_of_the_server(wire, method, path, body):
    answer = wire.request(method, path, content=body)
    assert answer.status_code < 500, answer.text
    assert isinstance(answer.json(), dict)


NAMES = ["query", "$x", "perspective", "tag", "time", "revision", "limit", "authors", "types", "returnIds", "fromTime"]
PATHS = ["query/production", "doc/production/{}", "export/production", "history/production/documents/{}"]
PATHS += ["history/production/transactions/{}", "ping/{}", "query/{}"]


@settings(max_examples=80 if DEEP else 30, deadline=None)
@given(
    path=st.sampled_from(PATHS),
    name=st.text(min_size=1, max_size=8),
    params=st.dictionaries(st.sampled_from(NAMES), st.text(max_size=12), max_size=3),
)
def test_no_address_is_a_fault_of_the_server(wire, path, name, params):
    answer = wire.get(f"{V}/data/{path.format(quote(name, safe=''))}", params=params)
    assert answer.status_code < 500, (answer.url, answer.text)
