"""Listening over HTTP: options, the life of a stream, resuming (content-lake reference, sections 5.1 to 5.4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from lakesim.errors import BadRequestError, DatasetNotFoundError, LakeError
from lakesim.groq import GroqError
from lakesim.lake import Dataset
from lakesim.listen.events import Event
from lakesim.listen.listener import Listener
from lakesim.server.call import Call
from lakesim.server.event_wire import KEEP_ALIVE, PREAMBLE, EventStreamAnswer, block, with_effects
from lakesim.server.gateway import MethodNotAllowedError
from lakesim.server.resume import Missed, missed_since, position_now
from lakesim.server.streams import EventStream, events_of
from lakesim.server.wire import boolean, groq_params, wants_effects

__all__ = ["listen"]

VERSIONS_ON_REQUEST_SINCE: Final = "2025-02-19"
"""The API version from which a listener hears of drafts and versions only if it says so."""
_VISIBILITIES: Final = ("transaction", "query")


@dataclass(frozen=True, slots=True)
class _Options:
    """What the caller of one stream asked for."""

    query: str
    params: dict[str, Any]
    include_result: bool
    include_previous_revision: bool
    include_mutations: bool
    include_all_versions: bool
    visibility: str
    effects: bool
    resumable: bool
    preamble: bool
    last_event_id: str | None


def _options(call: Call) -> _Options:
    params = call.params
    effects = wants_effects(params)
    visibility = params.get("visibility", _VISIBILITIES[0])
    if visibility not in _VISIBILITIES:
        raise BadRequestError(f'Unknown visibility: "{visibility}" (right would be "transaction" or "query")')
    return _Options(
        query=params.get("query", ""),
        params=groq_params(params),
        include_result=boolean(params, "includeResult", False),
        include_previous_revision=boolean(params, "includePreviousRevision", False),
        include_mutations=boolean(params, "includeMutations", True),
        include_all_versions=boolean(params, "includeAllVersions", not call.since(VERSIONS_ON_REQUEST_SINCE)),
        visibility=visibility,
        effects=effects,
        resumable=boolean(params, "enableResume", False),
        preamble=boolean(params, "evs_preamble", False),
        last_event_id=call.headers.get("last-event-id"),
    )


async def listen(call: Call) -> Response:
    """Open a stream of events; a query or dataset that is wrong is told in the stream, as the service does.

    Raises: BadRequestError, NotSupportedError for an option.
    """
    if call.method != "GET":
        raise MethodNotAllowedError("A stream of events is asked for with GET")
    options = _options(call)
    try:
        dataset = call.dataset
        session = await _Session.open(call, dataset, options)
    except (GroqError, DatasetNotFoundError) as error:
        return EventStreamAnswer(_refusal(error))
    return EventStreamAnswer(session.blocks(), close=session.close)


async def _refusal(error: LakeError) -> AsyncIterator[bytes]:
    yield block({"type": "channelError", "error": error.error(), "message": error.description})


class _Session:
    """One open stream: a listener whose events come through a bridge."""

    def __init__(self, call: Call, dataset: Dataset, options: _Options) -> None:
        self._dataset = dataset
        self._options = options
        self._record = call.record
        self._stream = EventStream(dataset.limits.listener_queue_max)
        self._listener: Listener
        self._position = ""
        self._missed: Missed | None = None

    @classmethod
    async def open(cls, call: Call, dataset: Dataset, options: _Options) -> _Session:
        """Start listening; what happens from here on will be in the stream."""
        session = cls(call, dataset, options)
        await run_in_threadpool(session._listen)
        session._record.streams.add(session._stream)
        return session

    def _listen(self) -> None:
        options = self._options
        # Taken before listening begins, so that resuming there may repeat a transaction but never miss one.
        self._position = position_now(self._dataset)
        self._listener = self._dataset.listen(
            options.query,
            options.params,
            include_result=options.include_result or options.effects,
            include_previous_revision=options.include_previous_revision or options.effects,
            include_mutations=options.include_mutations,
            include_all_versions=options.include_all_versions,
            visibility=options.visibility,  # type: ignore[arg-type]  # judged above
            on_event=self._stream.offer,
        )
        self._listener.on_break = self._stream.finish
        if self._is_resuming and options.last_event_id is not None:
            self._missed = missed_since(
                self._dataset,
                self._listener,
                options.last_event_id,
                events_max=self._dataset.limits.listener_queue_max,
            )

    @property
    def _is_resuming(self) -> bool:
        return self._options.resumable and self._options.last_event_id is not None

    async def blocks(self) -> AsyncIterator[bytes]:
        """Yield the stream's text until it ends."""
        if self._options.preamble:
            yield PREAMBLE
        missed, replayed = self._missed or ([], frozenset())
        async for event in events_of(self._stream, self._dataset):
            if event is None:
                yield KEEP_ALIVE
            elif event["type"] == "welcome":
                yield self._first(event)
                for earlier in missed:
                    yield self._mutation(earlier)
            elif event.get("transactionId") not in replayed:
                yield self._mutation(event)

    def close(self) -> None:
        """Stop listening."""
        self._record.streams.discard(self._stream)
        self._listener.close()

    def _first(self, welcome: Event) -> bytes:
        if not self._options.resumable:
            return block(welcome)
        if not self._is_resuming:
            return block(welcome, event_id=self._position)
        if self._missed is None:
            return block({"type": "reset"}, event_id=self._position)
        return block({**welcome, "type": "welcomeback"}, event_id=self._options.last_event_id)

    def _mutation(self, event: Event) -> bytes:
        if event["type"] != "mutation":
            return block(event)
        options = self._options
        if options.effects:
            event = with_effects(
                event, keep_result=options.include_result, keep_previous=options.include_previous_revision
            )
        return block(event, event_id=event["eventId"])
