"""Streams that break: a server that tells what a test tells it to tell, connection by connection."""

import json
from collections import deque
from threading import Condition, Event

import httpx2
import pytest

from bidir.backends import HttpBackend
from bidir.errors import PermissionRefused, Refused, Unavailable

SECONDS_MAX = 20.0
NOW = httpx2.Response(200, json={"result": "2026-01-01T00:00:00.000Z"})


def block(kind, event_id=None, **data):
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def mutation(number, **more):
    event_id = f"tx-{number}#b1"
    data = {"documentId": "b1", "transactionId": f"tx-{number}", "timestamp": f"2026-01-01T00:00:{number:02}Z"}
    return block("mutation", event_id, eventId=event_id, **data, **more)


WELCOME = block("welcome", "tx-0#", listenerName="one")
BREAK = object()
"""The connection breaks here."""
END = object()
"""The lake ends the connection here, in order."""


class Line(httpx2.SyncByteStream):
    """One connection: parts to send; then it stays open until closed, unless it ends with BREAK or END."""

    def __init__(self, parts):
        self.parts = parts
        self.closed = Event()

    def __iter__(self):
        for part in self.parts:
            if part is BREAK:
                raise httpx2.ReadError("the connection broke")
            if part is END:
                return
            yield part
        self.closed.wait(SECONDS_MAX)

    def close(self):
        self.closed.set()


class Server:
    """Answers the n-th listener with the n-th script: parts of a stream, or a response; keeps what was asked."""

    def __init__(self, *scripts):
        self.scripts = deque(scripts)
        self.asked = []
        self.changed = Condition()
        self.lines = []

    def __call__(self, request):
        if "/listen/" not in request.url.path:
            return NOW
        with self.changed:
            self.asked.append(request)
            self.changed.notify_all()
            script = self.scripts.popleft() if self.scripts else [WELCOME]
        if isinstance(script, (httpx2.Response, Exception)):
            if isinstance(script, Exception):
                raise script
            return script
        self.lines.append(Line(script))
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=self.lines[-1])

    def wait_for(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.asked) >= count, SECONDS_MAX)


@pytest.fixture
def listening(clock):
    backends, servers = [], []

    def listen(*scripts):
        server = Server(*scripts)
        servers.append(server)
        backends.append(HttpBackend("http://127.0.0.1:1", transport=httpx2.MockTransport(server), clock=clock))
        return server, backends[-1], backends[-1].listen("*[_type == $type]", {"type": "book"})

    yield listen
    for server in servers:
        for line in server.lines:
            line.close()
    for backend in backends:
        backend.close()


def told(stream, count):
    events = []
    while len(events) < count:
        event = stream.get(SECONDS_MAX)
        assert event is not None, f"only {events} came"
        events.append(event)
    return [event.get("transactionId", event["type"]) for event in events]


def test_what_a_listener_asks_for(listening):
    server, _, _ = listening([WELCOME])
    (request,) = server.asked
    asked = dict(request.url.params)
    assert asked == {
        "query": "*[_type == $type]",
        "$type": '"book"',
        "includeResult": "true",
        "includePreviousRevision": "true",
        "includeAllVersions": "true",
        "visibility": "transaction",
        "enableResume": "true",
    }
    assert request.headers["accept"] == "text/event-stream"
    assert "last-event-id" not in request.headers


def test_a_stream_that_breaks_goes_on_where_it_was(listening):
    again = block("welcomeback", "tx-2#b1")
    server, _, stream = listening([WELCOME, mutation(1), mutation(2), BREAK], [again, mutation(3)])
    assert told(stream, 5) == ["welcome", "tx-1", "tx-2", "welcomeback", "tx-3"]
    assert server.asked[1].headers["last-event-id"] == "tx-2#b1"


def test_a_stream_that_the_lake_ends_goes_on_too(listening):
    _, _, stream = listening([WELCOME, mutation(1), END], [block("welcomeback", "tx-1#b1"), mutation(2)])
    assert told(stream, 4) == ["welcome", "tx-1", "welcomeback", "tx-2"]


def test_what_is_told_again_is_told_once(listening):
    again = block("welcomeback", "tx-1#b1")
    _, _, stream = listening([WELCOME, mutation(1), mutation(2), BREAK], [again, mutation(1), mutation(2), mutation(3)])
    assert told(stream, 5) == ["welcome", "tx-1", "tx-2", "welcomeback", "tx-3"]


@pytest.mark.parametrize("first", [block("reset", "tx-9#"), block("welcome", "tx-9#")], ids=["reset", "welcome"])
def test_a_lake_that_cannot_go_on_says_so_and_so_do_we(listening, first):
    _, _, stream = listening([WELCOME, mutation(1), BREAK], [first, mutation(10)])
    assert told(stream, 4) == ["welcome", "tx-1", "reset", "tx-10"]


def test_a_lake_that_is_away_for_a_while_is_asked_again(listening):
    away = httpx2.ConnectError("refused")
    busy = httpx2.Response(503, json={"message": "busy"})
    server, _, stream = listening([WELCOME, BREAK], away, busy, [block("welcomeback", "tx-0#"), mutation(1)])
    assert told(stream, 3) == ["welcome", "welcomeback", "tx-1"]
    assert len(server.asked) == 4


def test_the_position_is_behind_what_was_handed_out_and_not_behind_what_came(listening):
    _, backend, stream = listening([WELCOME, mutation(1), mutation(2)])
    assert backend.position() == "2026-01-01T00:00:00.000999Z tx-0#"
    told(stream, 2)
    assert backend.position() == "2026-01-01T00:00:01Z tx-1#b1"
    told(stream, 1)
    assert backend.position() == "2026-01-01T00:00:02Z tx-2#b1"


def test_with_two_listeners_the_position_is_that_of_the_one_behind(listening):
    server, backend, first = listening([WELCOME, mutation(1), mutation(2)], [WELCOME, mutation(1), mutation(2)])
    second = backend.listen("*", {})
    told(first, 3)
    told(second, 2)
    assert backend.position().endswith(" tx-1#b1")
    server.lines[1].close()
    second.close()
    assert backend.position().endswith(" tx-2#b1")


FIRST = {
    "unknown token": (httpx2.Response(401, json={"error": "Unauthorized", "message": "no"}), PermissionRefused),
    "bad query": (
        [block("channelError", error={"type": "queryParseError", "description": "unexpected ]"})],
        Refused,
    ),
    "no dataset": ([block("disconnect", reason="dataset gone")], Refused),
    "no lake": (httpx2.ConnectError("refused"), Unavailable),
    "no stream": (httpx2.Response(200, text="<html>"), Unavailable),
}


@pytest.mark.parametrize("name", FIRST)
def test_a_listener_that_cannot_begin_says_why(listening, name):
    answer, kind = FIRST[name]
    with pytest.raises(kind):
        listening(answer)


LAST = {
    "gone for good": ([block("disconnect", reason="dataset gone")], "dataset gone"),
    "token withdrawn": (httpx2.Response(401, json={"error": "Unauthorized", "message": "Session expired"}), "expired"),
}


@pytest.mark.parametrize("name", LAST)
def test_a_stream_that_ends_for_good_says_why_after_the_last_event(listening, name):
    answer, said = LAST[name]
    _, _, stream = listening([WELCOME, mutation(1), BREAK], answer)
    assert told(stream, 2) == ["welcome", "tx-1"]
    with pytest.raises((Refused, PermissionRefused), match=said):
        stream.get(SECONDS_MAX)
    with pytest.raises((Refused, PermissionRefused), match=said):
        stream.drain()


def test_an_error_in_the_stream_is_passed_on_and_the_stream_goes_on(listening):
    overflow = block("error", message="overflow")
    _, _, stream = listening([WELCOME, overflow, END], [block("reset", "tx-5#"), mutation(6)])
    assert told(stream, 4) == ["welcome", "error", "reset", "tx-6"]


def test_a_filter_longer_than_an_address_is_refused(listening):
    _, backend, _ = listening([WELCOME])
    with pytest.raises(Refused, match="14800"):
        backend.listen("*[_id in $ids]", {"ids": ["b" * 100] * 200})


def test_closing_ends_the_thread(listening):
    server, _, stream = listening([WELCOME])
    server.lines[0].close()
    stream.close()
    assert not stream._thread.is_alive()
    assert stream.get(0) is None


def test_a_live_stream_is_closed_at_once(lake_server):
    """A thread that waits for bytes is not woken by closing its socket; shutting the socket down wakes it."""
    with HttpBackend(lake_server) as backend:
        stream = backend.listen("*", {})
        stream.close()
        assert not stream._thread.is_alive()


def test_a_fault_of_our_own_reaches_the_reader(listening):
    """A thread that dies of something unforeseen must not leave its reader waiting for ever."""
    _, _, stream = listening([WELCOME, "text where bytes should be"])
    assert told(stream, 1) == ["welcome"]
    with pytest.raises(TypeError):
        stream.get(SECONDS_MAX)
