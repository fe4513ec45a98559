"""Listening over HTTP: what comes through the stream, and when it ends."""

import asyncio
import json
import threading
from itertools import islice

import httpx2
import pytest

from lakesim.server import events as events_module
from lakesim.server import streams as streams_module
from lakesim.server.event_wire import with_effects
from lakesim.server.streams import EventStream


def take(stream, count):
    return list(islice(stream, count))


def book(document_id, **fields):
    return {"create": {"_id": document_id, "_type": "book", **fields}}


def test_a_stream_starts_with_welcome_and_tells_of_a_change(listening, mutate, dataset):
    with listening() as (response, stream):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert next(stream) == {"event": "welcome", "data": {"listenerName": "listener-1"}}
        mutate(book("a"))
        event = next(stream)
    row = dataset.transactions()[0]
    assert event == {
        "event": "mutation",
        "id": f"{row['id']}#a",
        "data": {
            "eventId": f"{row['id']}#a",
            "documentId": "a",
            "transactionId": row["id"],
            "transition": "appear",
            "identity": "pAdministrator",
            "resultRev": row["id"],
            "timestamp": row["timestamp"],
            "visibility": "transaction",
            "transactionTotalEvents": 1,
            "transactionCurrentEvent": 0,
            "mutations": row["mutations"],
        },
    }


@pytest.mark.parametrize(
    ("options", "present", "absent"),
    [
        ({}, {"mutations"}, {"result", "previous", "effects"}),
        ({"includeResult": "true"}, {"mutations", "result"}, {"previous", "effects"}),
        ({"includePreviousRevision": "true", "includeMutations": "false"}, {"previous"}, {"mutations", "result"}),
        ({"effectFormat": "mendoza"}, {"effects"}, {"result", "previous"}),
        ({"effectFormat": "mendoza", "includeResult": "true"}, {"effects", "result"}, {"previous"}),
    ],
)
def test_events_carry_what_was_asked_for(listening, mutate, options, present, absent):
    with listening(**options) as (_, stream):
        next(stream)
        mutate(book("a"))
        names = set(next(stream)["data"])
    assert present <= names
    assert not absent & names


def test_effects_replace_the_document_without_its_revision(listening, mutate, dataset):
    with listening(effectFormat="mendoza") as (_, stream):
        next(stream)
        mutate(book("a", n=1))
        mutate({"patch": {"id": "a", "set": {"n": 2}}})
        mutate({"delete": {"id": "a"}})
        made, changed, deleted = (event["data"]["effects"] for event in take(stream, 3))
    assert made["revert"] == deleted["apply"] == [0, None]
    assert made["apply"] == changed["revert"]
    assert changed["apply"] == deleted["revert"]
    assert (made["apply"][1]["n"], changed["apply"][1]["n"]) == (1, 2)
    assert "_rev" not in made["apply"][1]


def test_effects_leave_the_event_they_are_made_from_alone():
    event = {"type": "mutation", "result": {"_id": "a", "_rev": "r"}, "previous": None}
    with_effects(event, keep_result=False, keep_previous=False)
    assert event == {"type": "mutation", "result": {"_id": "a", "_rev": "r"}, "previous": None}


@pytest.mark.parametrize(
    ("version", "options", "ids"),
    [
        ("v2025-02-19", {}, ["a"]),
        ("v2025-02-19", {"includeAllVersions": "true"}, ["drafts.a", "a"]),
        ("v2025-02-18", {}, ["drafts.a", "a"]),
        ("v1", {"includeAllVersions": "false"}, ["a"]),
    ],
)
def test_drafts_are_told_of_on_request_or_to_older_versions(listening, mutate, version, options, ids):
    with listening(version=version, **options) as (_, stream):
        next(stream)
        mutate(book("drafts.a"), book("a"))
        assert [event["data"]["documentId"] for event in take(stream, len(ids))] == ids


def test_only_the_filter_counts_and_transitions_are_about_it(listening, mutate):
    with listening("*[n > $least]{title}", **{"$least": "1"}) as (_, stream):
        next(stream)
        mutate(book("a", n=0))
        for n in (2, 3, 1):
            mutate({"patch": {"id": "a", "set": {"n": n}}})
        transitions = [event["data"]["transition"] for event in take(stream, 3)]
    assert transitions == ["appear", "update", "disappear"]


def test_events_come_in_commit_order_whoever_writes(listening, mutate, dataset):
    with listening() as (_, stream):
        next(stream)
        for number in range(40):
            mutate(book(f"wire{number}"))
            dataset.mutate([book(f"here{number}"), book(f"there{number}")])
        told = [event["id"] for event in take(stream, 120)]
    assert told == [f"{row['id']}#{key}" for row in dataset.transactions() for key in row["documentIDs"]]


@pytest.mark.parametrize(
    ("groq", "options", "kind"),
    [
        ("*[", {}, "queryParseError"),
        ("", {}, "queryParseError"),
        ("*[_id == $id]", {}, "queryParseError"),
        ("*", {"dataset": "nope"}, "datasetNotFoundError"),
    ],
)
def test_a_wrong_query_or_dataset_is_told_in_the_stream_which_ends(listening, groq, options, kind):
    with listening(groq, **options) as (response, stream):
        assert response.status_code == 200
        (only,) = stream
    assert only["event"] == "channelError"
    assert only["data"]["error"]["type"] == kind
    assert only["data"]["message"] == only["data"]["error"]["description"]
    if kind == "queryParseError":
        assert {"query", "start", "end"} <= set(only["data"]["error"])


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"effectFormat": "diff"}, "notSupportedError"),
        ({"visibility": "sometime"}, "httpBadRequest"),
        ({"includeResult": "yes"}, "httpBadRequest"),
        ({"$x": "text"}, "httpBadRequest"),
    ],
)
def test_a_wrong_option_is_refused_before_the_stream_begins(client, options, kind):
    answer = client.get("/vX/data/listen/production", params={"query": "*", **options})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, kind)


def test_a_silent_stream_is_kept_alive(listening, mutate, monkeypatch):
    monkeypatch.setattr(streams_module, "KEEP_ALIVE_SECONDS", 0.01)
    with listening() as (_, stream):
        assert next(stream)["event"] == "welcome"
        assert take(stream, 2) == [{"comment": ""}, {"comment": ""}]
        mutate(book("a"))
        assert next(block for block in stream if "event" in block)["event"] == "mutation"


def test_an_old_stream_ends(listening, monkeypatch):
    monkeypatch.setattr(streams_module, "KEEP_ALIVE_SECONDS", 0.01)
    monkeypatch.setattr(streams_module, "STREAM_SECONDS_MAX", 0.0)
    with listening() as (_, stream):
        assert [block["event"] for block in stream] == ["welcome"]


def test_old_browsers_get_their_preamble(listening):
    with listening(evs_preamble="true") as (_, stream):
        assert len(next(stream)["comment"]) == 2056


def test_a_client_that_leaves_is_forgotten_without_being_written_to(listening, dataset, monkeypatch):
    forgotten = threading.Event()
    listen = dataset.listen

    def watched(*args, **options):
        listener = listen(*args, **options)
        close = listener.close
        listener.close = lambda: (close(), forgotten.set())
        return listener

    monkeypatch.setattr(dataset, "listen", watched)
    with listening() as (_, stream):
        next(stream)
        assert not forgotten.is_set()
    assert forgotten.wait(timeout=20)


def test_a_reader_that_falls_behind_is_told_and_let_go():
    async def read_late():
        stream = EventStream(queue_max=2)
        for number in range(4):
            stream.offer({"type": "mutation", "number": number})
        stream.finish({"type": "disconnect"})
        return [await stream.next(20) for _ in range(4)]

    first, second, error, end = asyncio.run(read_late())
    assert (first["number"], second["number"]) == (0, 1)
    assert error["type"] == "error"
    assert "2 events behind" in error["message"]
    assert end is None


def test_a_stream_outlives_its_loop():
    async def make():
        return EventStream(queue_max=2)

    stream = asyncio.run(make())
    stream.offer({"type": "mutation"})
    stream.finish()


def test_a_deleted_dataset_disconnects_its_listeners(client, listening):
    with listening() as (_, stream):
        next(stream)
        client.delete("/v1/datasets/production")
        (last,) = stream
    assert last["event"] == "disconnect"
    assert last["data"] == {"reason": 'Dataset "production" was deleted'}


def test_a_reset_ends_the_streams(client, listening):
    with listening() as (_, stream):
        next(stream)
        client.post("/_lake/reset")
        assert list(stream) == []


def test_who_may_read_nothing_hears_nothing(serve):
    create = {"mutations": [book("a")]}
    with serve("root", "eyes:viewer", anonymous="none") as client:
        path = "/v1/data/listen/production"
        with client.stream("GET", path, params={"query": "*"}) as deaf:
            lines = deaf.iter_lines()
            assert next(lines) == "event: welcome"
            answer = client.post("/v1/data/mutate/production", json=create, headers={"authorization": "Bearer root"})
            assert answer.status_code == 200
            client.post("/_lake/reset", headers={"authorization": "Bearer root"})
            rest = [line for line in lines if line]
    assert [line.partition(":")[0] for line in rest] == ["data"]


class TestResuming:
    """Streams that go on where another was interrupted."""

    def resumed(self, listening, position, **options):
        return listening(enableResume="true", headers={"last-event-id": position}, **options)

    def test_every_block_has_a_position(self, listening, mutate):
        with listening(enableResume="true") as (_, stream):
            assert next(stream)["id"] == "#"
        made = mutate(book("a"))["transactionId"]
        with listening(enableResume="true") as (_, stream):
            assert next(stream)["id"] == f"{made}#"

    def test_without_being_asked_for_there_is_none(self, listening, mutate):
        mutate(book("a"))
        with listening(headers={"last-event-id": "#"}) as (_, stream):
            assert next(stream) == {"event": "welcome", "data": {"listenerName": "listener-1"}}

    @pytest.mark.parametrize("place", range(7))
    def test_what_was_missed_follows_whatever_the_place(self, listening, mutate, place):
        """Transactions of two and one documents; interrupted after each of the six events, or before the first."""
        with listening(enableResume="true") as (_, stream):
            positions = [next(stream)["id"]]
            for number in range(2):
                mutate(book(f"a{number}"), book(f"b{number}"))
                mutate({"patch": {"id": f"a{number}", "inc": {"n": 1}, "setIfMissing": {"n": 0}}})
            whole = take(stream, 6)
        positions += [event["id"] for event in whole]
        with self.resumed(listening, positions[place]) as (_, stream):
            first = next(stream)
            assert (first["event"], first["id"]) == ("welcomeback", positions[place])
            assert take(stream, 6 - place) == whole[place:]
            mutate(book("later"))
            assert next(stream)["data"]["documentId"] == "later"

    def test_the_filter_and_the_options_are_the_new_streams(self, listening, mutate):
        mutate(book("a"), {"create": {"_id": "b", "_type": "film"}})
        with self.resumed(listening, "#", groq='*[_type == "film"]', includeResult="true") as (_, stream):
            assert next(stream)["event"] == "welcomeback"
            assert next(stream)["data"]["result"]["_id"] == "b"

    def test_what_is_written_while_a_stream_resumes_is_told_once(self, listening, mutate, dataset, monkeypatch):
        """Such a transaction waits in the new listener and stands in the log that is read afterwards, too."""
        mutate(book("before"))
        missed_since = events_module.missed_since

        def written_meanwhile(*args, **options):
            dataset.mutate([book("meanwhile")])
            return missed_since(*args, **options)

        monkeypatch.setattr(events_module, "missed_since", written_meanwhile)
        with self.resumed(listening, "#") as (_, stream):
            next(stream)
            first = next(stream)["data"]["documentId"]
            mutate(book("after"))
            assert [first, *(event["data"]["documentId"] for event in take(stream, 2))] == [
                "before",
                "meanwhile",
                "after",
            ]

    @pytest.mark.parametrize("position", ["unknown#a", "unknown", "unknown#"])
    def test_an_unknown_position_is_reset(self, listening, mutate, position):
        made = mutate(book("a"))["transactionId"]
        with self.resumed(listening, position) as (_, stream):
            assert next(stream) == {"event": "reset", "id": f"{made}#", "data": {}}
            mutate(book("b"))
            assert next(stream)["data"]["documentId"] == "b"

    def test_too_much_missed_is_reset(self, serve):
        from lakesim import Lake, Limits

        lake = Lake(seed=0, limits=Limits(listener_queue_max=3))
        lake.dataset("production").mutate([book(f"a{number}") for number in range(4)])
        with serve(make_lake=lambda project_id: lake) as client:
            params = {"query": "*", "enableResume": "true"}
            with client.stream(
                "GET", "/v1/data/listen/production", params=params, headers={"last-event-id": "#"}
            ) as response:
                lines = response.iter_lines()
                assert list(islice(lines, 3))[1] == "event: reset"


def test_a_hundred_listeners_hear_everything_in_order(lake_server, dataset):
    responses = []
    limits = httpx2.Limits(max_connections=None)
    with httpx2.Client(base_url=lake_server, timeout=20, limits=limits) as many:
        try:
            for _ in range(100):
                request = many.build_request("GET", "/v1/data/listen/production", params={"query": "*"})
                responses.append(many.send(request, stream=True))
            streams = [response.iter_lines() for response in responses]
            for stream in streams:
                assert take(stream, 3)[:1] == ["event: welcome"]
            for number in range(10):
                dataset.mutate([book(f"a{number}")])
            for stream in streams:
                lines = list(islice(stream, 40))
                told = [json.loads(line[6:])["documentId"] for line in lines if line.startswith("data: ")]
                assert told == [f"a{number}" for number in range(10)]
        finally:
            for response in responses:
                response.close()


def test_listeners_hear_only_of_what_they_may_read(serve, blocks_of):
    """Two streams side by side: each is told of its own part, and a document that leaves it disappears."""
    root = {"authorization": "Bearer root"}
    drafts = {"create": {"_id": "drafts.a", "_type": "book"}}
    with serve("root", "eyes:viewer") as client:
        options = {"query": "*", "includeResult": "true", "includeAllVersions": "true"}
        path = "/v2025-02-19/data/listen/production"
        with (
            client.stream("GET", path, params=options) as public,
            client.stream("GET", path, params=options, headers={"authorization": "Bearer eyes"}) as viewer,
        ):
            streams = [blocks_of(public), blocks_of(viewer)]
            assert [next(stream)["event"] for stream in streams] == ["welcome", "welcome"]
            for mutation in (drafts, book("a.b"), book("a")):
                body = {"mutations": [mutation]}
                assert client.post("/v1/data/mutate/production", json=body, headers=root).status_code == 200
            heard = [next(streams[0])["data"], *(next(streams[1])["data"] for _ in range(3))]
        with client.stream("GET", path, params=options) as public:
            stream = blocks_of(public)
            assert next(stream)["event"] == "welcome"
            private = {"aclMode": "private"}
            assert client.patch("/v1/datasets/production", json=private, headers=root).status_code == 200
            # The stream ends, so that the client comes back with the rights of the new mode.
            assert list(stream) == []
    assert [event["documentId"] for event in heard] == ["a", "drafts.a", "a.b", "a"]
    assert heard[0]["transactionTotalEvents"] == 1


def test_live_events_come_only_for_what_may_be_read(serve, blocks_of):
    path = "/v2025-02-19/data/live/events/production"
    live = {"accept": "text/event-stream"}
    with serve("root", "robot:write-only") as client:
        assert client.get(path, params={"includeDrafts": "true"}, headers=live).status_code == 401
        options = {"includeDrafts": "true"}
        with (
            client.stream("GET", path, params=options, headers={**live, "authorization": "Bearer robot"}) as robot,
            client.stream("GET", path, params=options, headers={**live, "authorization": "Bearer root"}) as owner,
        ):
            streams = [blocks_of(robot), blocks_of(owner)]
            assert [next(stream)["event"] for stream in streams] == ["welcome", "welcome"]
            body = {"mutations": [{"create": {"_id": "drafts.a", "_type": "book"}}]}
            root = {"authorization": "Bearer root"}
            assert client.post("/v1/data/mutate/production", json=body, headers=root).status_code == 200
            assert next(streams[1])["event"] == "message"
            client.post("/_lake/reset", headers=root)
            assert list(streams[0]) == []
