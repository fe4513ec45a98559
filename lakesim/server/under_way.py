"""The requests that are being answered, so that a server that has to stop can end those that would not end in time."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lakesim.server.gateway import StoppingError
from lakesim.server.wire import error_answer

__all__ = ["UnderWay"]


class UnderWay:
    """Middleware that knows the requests under way; only used in the event loop's thread."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the application to wrap."""
        self._app = app
        self._tasks: set[asyncio.Task[object]] = set()
        self._is_ending = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        task = asyncio.current_task()
        if task is None:
            await self._app(scope, receive, send)
            return
        began = False

        async def send_and_note(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        self._tasks.add(task)
        try:
            await self._app(scope, receive, send_and_note)
        except asyncio.CancelledError:
            if began or not self._is_ending:
                raise
            task.uncancel()
            await error_answer(StoppingError())(scope, receive, send)
        finally:
            self._tasks.discard(task)

    def end(self) -> None:
        """End them all, wherever they wait; clients that have no part of an answer yet are told why."""
        self._is_ending = True
        for task in list(self._tasks):
            task.cancel()
