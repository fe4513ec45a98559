"""Carries a request out as the fault rules of its lake want it: late, refused, or with a connection that breaks."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lakesim.clock import Clock
from lakesim.errors import LakeError
from lakesim.faults import Faults
from lakesim.faults.line import EventFaults
from lakesim.faults.operation import STREAM_KINDS, Operation, operation_in_process
from lakesim.lake import Dataset
from lakesim.server.call import Call
from lakesim.server.request_kind import kind_of
from lakesim.server.request_log import HIT_RULES
from lakesim.server.streams import EventStream
from lakesim.server.wire import error_answer

__all__ = ["answer_under_faults", "offer_under_faults"]

_OPEN_FILES: Final = ("/proc/self/fd", "/dev/fd")
"""Directories that list the files that this process has open, on Linux and on other systems."""


async def answer_under_faults(
    faults: Faults, request: Request, call: Call, endpoint: str, handler: Callable[[Call], Awaitable[Response]]
) -> Response:
    """Return the answer to a call after whatever the rules do to it.

    Raises: whatever the handler raises.
    """
    kind = kind_of(request.url.path)
    operation = Operation(kind.kind, request.method, endpoint, request.url.path, call.project.project_id, kind.dataset)
    verdict = faults.judge(operation)
    if verdict.rules:
        request.scope[HIT_RULES] = verdict.rules
    if verdict.delay:
        await _wait(faults.clock, verdict.delay)
    if verdict.answer is not None:
        answer = error_answer(verdict.answer)
        answer.headers.update(verdict.answer.headers)
        return answer
    if verdict.drop is None:
        return await handler(call)
    if verdict.drop == "after" and operation.kind not in STREAM_KINDS:
        # A refusal is an answer like any other: it is lost.
        with suppress(LakeError):
            await handler(call)
    return BrokenConnection()


async def _wait(clock: Clock, seconds: float) -> None:
    if clock.is_manual:
        # Moving it may publish what is due.
        await run_in_threadpool(clock.advance, seconds)
    else:
        await anyio.sleep(seconds)


class BrokenConnection(Response):
    """No answer at all: the connection is closed under the client's hands."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Close the connection."""
        if not _close_connection(scope.get("client")):
            # Where it cannot be found, an answer that ends before it is complete comes nearest.
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})


def _close_connection(client: Any) -> bool:
    """Close the connection to a client, given by address and port; whether it was found.

    The server has no way of saying "no answer", but its sockets are this process's own.
    """
    if not client:
        return False
    wanted = (client[0], str(client[1]))
    directory = next((name for name in _OPEN_FILES if os.path.isdir(name)), None)
    return directory is not None and any(_close_if(int(name), wanted) for name in os.listdir(directory))


def _close_if(number: int, wanted: tuple[str, str]) -> bool:
    """Close the connection behind an open file if it is one, and the wanted one."""
    try:
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            return False
        # A second handle on the same socket; closing it leaves the server's own open.
        handle = socket.socket(fileno=os.dup(number))
    except OSError:
        return False
    with handle, suppress(OSError):
        if handle.family != socket.AF_UNIX:
            host, port = handle.getpeername()[:2]
            if (host, str(port)) == wanted:
                handle.shutdown(socket.SHUT_RDWR)
                return True
    return False


def offer_under_faults(dataset: Dataset, stream: EventStream) -> Callable[[dict[str, Any]], None]:
    """Return what offers the events of a live stream to its reader, by whatever the rules make of them."""
    faults = EventFaults(
        dataset.faults, lambda: operation_in_process("live", project=dataset.project_id, dataset=dataset.name)
    )

    def offer(event: dict[str, Any]) -> None:
        if not faults.armed or event["type"] != "message":
            stream.offer(event)
            return
        faults.carry(stream, event, deliver=stream.offer, settle=_nothing, end=lambda error: stream.finish())

    return offer


def _nothing() -> None:
    """Offered events need nothing else."""
