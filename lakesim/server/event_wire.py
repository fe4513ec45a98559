"""Listener events as server-sent events: blocks of text, Mendoza effects, and the answer that streams them.

Source: content-lake reference, sections 5.1 to 5.5.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from lakesim.jsonvalue import dump_bytes
from lakesim.listen.events import Event
from lakesim.store.mendoza import effects_of

__all__ = ["KEEP_ALIVE", "PREAMBLE", "EventStreamAnswer", "block", "with_effects"]

KEEP_ALIVE: Final = b":\n\n"
"""A comment that keeps the connection from looking dead."""
PREAMBLE: Final = b":" + b" " * 2056 + b"\n\n"
"""What old browsers need before they hand anything over."""


def block(event: Event, *, event_id: str | None = None) -> bytes:
    """Return the event as one block of the stream; the data is one line of JSON."""
    data = {name: value for name, value in event.items() if name != "type"}
    head = f"event: {event['type']}\n"
    if event_id is not None:
        head = f"id: {event_id}\n{head}"
    return head.encode() + b"data: " + dump_bytes(data) + b"\n\n"


def with_effects(event: Event, *, keep_result: bool, keep_previous: bool) -> Event:
    """Return a mutation event with `effects`, made from its `result` and `previous`, which stay only if wanted.

    Shape: `{"apply": […], "revert": […]}`, each a Mendoza patch that replaces the whole document (section 5.5).
    """
    before, after = event.get("previous"), event.get("result")
    unwanted = {name for name, keep in (("result", keep_result), ("previous", keep_previous)) if not keep}
    kept: dict[str, Any] = {name: value for name, value in event.items() if name not in unwanted}
    return {**kept, "effects": effects_of(before, after)}


class EventStreamAnswer(Response):
    """An answer that goes on until its source ends or the client goes away.

    The framework's own streaming answer is not used because, with some servers, it learns of a client's leaving only
    when it sends; a quiet listener would stay.
    """

    def __init__(self, source: AsyncIterator[bytes], *, close: Callable[[], object] | None = None) -> None:
        """Take the blocks to send, and what is to be done when no more will be, even if none ever was."""
        super().__init__(
            headers={"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache, no-transform"}
        )
        del self.headers["content-length"]
        self._source = source
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until one side ends."""
        try:
            await self._stream(receive, send)
        finally:
            if self._close is not None:
                self._close()

    async def _stream(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with anyio.create_task_group() as tasks:

            async def wait_for_leaving() -> None:
                while (await receive())["type"] != "http.disconnect":
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(wait_for_leaving)
            try:
                async for part in self._source:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            except OSError:
                # How servers say that the client left while we were sending.
                pass
            tasks.cancel_scope.cancel()
