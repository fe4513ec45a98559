"""Live content over HTTP: a stream that tells which tags of answers went stale (content-lake reference, 5.6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from lakesim.errors import BadRequestError
from lakesim.lake import Dataset
from lakesim.listen.events import Event
from lakesim.live import Subscription
from lakesim.server.call import Call
from lakesim.server.event_wire import KEEP_ALIVE, EventStreamAnswer, block
from lakesim.server.faulty import offer_under_faults
from lakesim.server.gateway import MethodNotAllowedError, NotAcceptableError, UnauthorizedError
from lakesim.server.streams import EventStream, events_of
from lakesim.server.wire import boolean

__all__ = ["LIVE_SINCE", "live_events"]

LIVE_SINCE: Final = "2021-03-25"
"""The API version from which there are live events."""
_STREAM_TYPE: Final = "text/event-stream"
_WAITING: Final = ("", "function")


async def live_events(call: Call) -> Response:
    """Open a stream of stale tags.

    It carries no content, so anybody may hear of published documents, of private datasets too: clients that have a
    token do not send it here unless they ask for drafts. With drafts the stream tells of what the caller may read.
    Raises: BadRequestError, NotAcceptableError, UnauthorizedError for drafts without a token, DatasetNotFoundError.
    """
    if call.method != "GET":
        raise MethodNotAllowedError("A stream of events is asked for with GET")
    if not call.since(LIVE_SINCE):
        raise BadRequestError(f"Live events need API version v{LIVE_SINCE} or later")
    if _STREAM_TYPE not in call.headers.get("accept", ""):
        raise NotAcceptableError(f"Live events are sent as {_STREAM_TYPE}, which the header Accept must include")
    include_drafts = boolean(call.params, "includeDrafts", False)
    if include_drafts and call.caller.user_id is None:
        raise UnauthorizedError("includeDrafts=true needs a token")
    if call.params.get("waitFor", "") not in _WAITING:
        raise BadRequestError('Unknown waitFor (right would be "function"; there are none here to wait for)')
    dataset = call.dataset if include_drafts else call.record.dataset
    session = _Session(dataset, include_drafts, call.headers.get("last-event-id") or None)
    record = call.record
    try:
        await run_in_threadpool(session.start)
    except BadRequestError as error:
        return EventStreamAnswer(_refusal(error.description))
    record.streams.add(session.stream)

    def close() -> None:
        record.streams.discard(session.stream)
        session.close()

    return EventStreamAnswer(session.blocks(), close=close)


async def _refusal(reason: str) -> AsyncIterator[bytes]:
    """Tell a client that it must not come back and should ask from time to time instead."""
    yield block({"type": "goaway", "reason": reason})


class _Session:
    """One open stream."""

    def __init__(self, dataset: Dataset, include_drafts: bool, after: str | None) -> None:
        self._dataset = dataset
        self._include_drafts = include_drafts
        self._after = after
        self._subscription: Subscription | None = None
        self.stream = EventStream(dataset.limits.listener_queue_max)

    def start(self) -> None:
        """Hear of changes from now on."""
        self._subscription = self._dataset.live_events(
            offer_under_faults(self._dataset, self.stream), include_drafts=self._include_drafts, after=self._after
        )

    def close(self) -> None:
        """Hear no more."""
        if self._subscription is not None:
            self._subscription.close()

    async def blocks(self) -> AsyncIterator[bytes]:
        """Yield the stream's text until it ends."""
        async for event in events_of(self.stream, self._dataset):
            yield KEEP_ALIVE if event is None else _block(event)


def _block(event: Event) -> bytes:
    if event["type"] == "disconnect":
        # What listeners call a disconnect is here a request to go away.
        return block({"type": "goaway", "reason": event["reason"]})
    data: dict[str, Any] = {name: value for name, value in event.items() if name != "id"}
    return block(data, event_id=event.get("id"))
