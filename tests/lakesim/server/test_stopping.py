"""Stopping: a server ends in time whatever its clients do, and lets them finish what they can."""

import json
import socket
from contextlib import contextmanager
from threading import Event, Thread
from urllib.parse import urlsplit

import pytest

from lakesim import Lake
from lakesim.server import runner
from lakesim.server.access import Access
from lakesim.server.projects import Projects

SECONDS_MAX = 20.0
"""How long a server may take before it counts as hanging."""
UPLOAD = "/v2025-02-19/assets/files/production"


@pytest.fixture
def stopping(monkeypatch):
    """Serve on a thread; gives the address, and what stops the server and tells whether it ended."""
    monkeypatch.setattr(runner, "FINISH_SECONDS_MAX", 0.1)
    monkeypatch.setattr(runner, "LEAVE_SECONDS_MAX", 0.1)
    ready, leave, state = Event(), Event(), {}

    def body():
        with runner.serving(Projects(lambda project_id: Lake(seed=0, project_id=project_id)), Access()) as url:
            state["url"] = url
            ready.set()
            leave.wait(SECONDS_MAX)

    thread = Thread(target=body, daemon=True)
    thread.start()
    assert ready.wait(SECONDS_MAX)

    def stop():
        leave.set()
        thread.join(SECONDS_MAX)
        return not thread.is_alive()

    return state["url"], stop


@contextmanager
def connected(url, sent):
    """Give a connection on which something was sent that has reached the server."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), SECONDS_MAX) as client:
        client.sendall(sent)
        # Asked and answered after it.
        with socket.create_connection((address.hostname, address.port), SECONDS_MAX) as other:
            other.sendall(b"GET /v1/ping HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
            assert other.makefile("rb").read().startswith(b"HTTP/1.1 200")
        yield client


# A server that was told to stop waited for every connection: an upload whose client stalled kept it for ever.
@pytest.mark.parametrize(
    "sent",
    [
        f"POST {UPLOAD} HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nonly a part".encode(),
        f"POST {UPLOAD} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n".encode(),
        b"GET /v1/ping HTTP/1.1\r\nHo",
        b"GET /v2025-02-19/data/listen/production?query=* HTTP/1.1\r\nHost: h\r\n\r\n",
        b"",
    ],
    ids=["an upload that stalls", "chunks that stop coming", "half a request", "a stream", "nothing"],
)
def test_a_client_that_stalls_does_not_keep_the_server(stopping, sent):
    url, stop = stopping
    with connected(url, sent):
        assert stop()


def test_a_request_that_cannot_be_finished_is_told_why(stopping):
    url, stop = stopping
    sent = f"POST {UPLOAD} HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nonly a part".encode()
    with connected(url, sent) as client:
        assert stop()
        head, _, body = client.makefile("rb").read().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503")
    assert json.loads(body)["message"] == "The server is stopping"


def test_what_can_be_finished_is(stopping, monkeypatch):
    monkeypatch.setattr(runner, "FINISH_SECONDS_MAX", SECONDS_MAX)
    url, stop = stopping
    sent = f"POST {UPLOAD} HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234".encode()
    with connected(url, sent) as client:
        stopped = Thread(target=stop, daemon=True)
        stopped.start()
        client.sendall(b"56789")
        assert client.makefile("rb").readline().startswith(b"HTTP/1.1 201")
        stopped.join(SECONDS_MAX)
        assert not stopped.is_alive()
