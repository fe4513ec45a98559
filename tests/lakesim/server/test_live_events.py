"""The stream of stale tags over HTTP, and the tags of answers."""

from contextlib import contextmanager

import pytest

from lakesim import Lake
from lakesim.limits import Limits

V = "/v2025-02-19"
STREAM = {"accept": "text/event-stream"}


def read_events(response):
    block = {}
    for line in response.iter_lines():
        if line == "":
            yield block
            block = {}
        else:
            name, _, value = line.partition(": ")
            block[name] = value


@contextmanager
def live(client, *, headers=None, **params):
    path = f"{V}/data/live/events/production"
    with client.stream("GET", path, params=params, headers={**STREAM, **(headers or {})}) as response:
        yield read_events(response)


def tags_of(client, query):
    return client.get(f"{V}/data/query/production", params={"query": query}).json()["syncTags"]


def test_a_change_names_a_tag_of_each_answer_it_can_alter(client, mutate):
    books, films = tags_of(client, "*[_type == 'book']"), tags_of(client, "*[_type == 'film']")
    with live(client) as events:
        assert next(events)["event"] == "welcome"
        mutate({"create": {"_id": "a", "_type": "book"}})
        message = next(events)
    assert message["event"] == "message"
    assert any(tag in message["data"] for tag in books)
    assert not any(tag in message["data"] for tag in films)


def test_drafts_are_told_of_on_request_and_a_seen_position_is_gone_on_from(client, mutate):
    with live(client, includeDrafts="true") as events:
        position = next(events)["id"]
        mutate({"create": {"_id": "drafts.a", "_type": "book"}})
        assert next(events)["event"] == "message"
    with live(client, includeDrafts="true", headers={"last-event-id": position}) as events:
        assert [next(events)["event"], next(events)["event"]] == ["welcome", "message"]
    with live(client, headers={"last-event-id": "unknown#"}) as events:
        assert next(events)["event"] == "restart"


@pytest.mark.parametrize(
    ("version", "headers", "params", "status"),
    [
        ("2025-02-19", {"accept": "application/json"}, {}, 406),
        ("1", STREAM, {}, 400),
        ("2025-02-19", STREAM, {"waitFor": "godot"}, 400),
        ("2025-02-19", STREAM, {"includeDrafts": "perhaps"}, 400),
    ],
)
def test_what_cannot_be_streamed_is_refused(direct, version, headers, params, status):
    answer = direct.get(f"/v{version}/data/live/events/production", headers=headers, params=params)
    assert answer.status_code == status


def test_an_unknown_dataset_is_not_found(direct):
    assert direct.get(f"{V}/data/live/events/nope", headers=STREAM).status_code == 404


def test_drafts_take_a_token_and_published_documents_take_none(serve):
    with serve("secret") as client:
        refused = client.get(f"{V}/data/live/events/production", params={"includeDrafts": "true"}, headers=STREAM)
        assert refused.status_code == 401
        assert "errorCode" not in refused.json()
        with live(client) as events:
            assert next(events)["event"] == "welcome"
        with live(client, includeDrafts="true", headers={"authorization": "Bearer secret"}) as events:
            assert next(events)["event"] == "welcome"


def test_one_too_many_is_sent_away(serve):
    limits = Limits(listeners_max=1)
    with serve(make_lake=lambda project_id: Lake(seed=0, limits=limits)) as client, live(client) as first:
        next(first)
        with live(client) as second:
            event = next(second)
    assert event["event"] == "goaway"
    assert "Max listener limit" in event["data"]


def test_a_deleted_dataset_sends_its_listeners_away(client):
    with live(client) as events:
        next(events)
        client.delete(f"{V}/datasets/production")
        assert next(events)["event"] == "goaway"


def test_freshness_and_plan_are_options_of_a_query(direct, dataset):
    dataset.mutate([{"create": {"_id": "a", "_type": "book"}}, {"create": {"_id": "b", "_type": "film"}}])
    query = {"query": "*[_type == 'book']._id"}
    ask = lambda **more: direct.get(f"{V}/data/query/production", params={**query, **more})  # noqa: E731
    fresh = ask(cacheMode="noStale", lastLiveEventId="x#", returnQuery="false").json()
    assert fresh["result"] == ["a"]
    assert "query" not in fresh
    assert ask(cacheMode="stale").status_code == 400
    assert "index type" in ask(explain="true").json()["explain"]
    only = ask(explain="only").json()
    assert (only["result"], "index type" in only["explain"]) == (None, True)
    assert ask(explain="maybe").status_code == 400
