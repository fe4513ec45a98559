"""What changed since a position, as documents stood there: from a resumed stream, and from the times of changes.

The stream knows everything, deletions too, but only as long as the lake can resume there; the times of changes
(`_updatedAt`) are there for ever, but what was deleted has none. Source: content-lake reference, sections 5.4, 6.2.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from bidir.backends.http.answers import member
from bidir.backends.http.connection import Connection
from bidir.backends.http.events import HttpEventStream
from bidir.errors import Refused
from lakesim.clock import format_micros, parse_time
from lakesim.jsonvalue import dumps

__all__ = ["IDS_PER_REQUEST", "QUIET_SECONDS", "Position", "changed_since", "documents_at", "query", "until"]

Document = Mapping[str, Any]

IDS_PER_REQUEST: Final = 100
"""Ids in one request for documents, as many as the official client sends."""
QUIET_SECONDS: Final = 0.5
"""Silence after which a resumed stream is taken to have told all that was missed: nothing in it says so."""
MARGIN: Final = timedelta(seconds=2)
"""How far before the position changes are looked for: `_updatedAt` has whole seconds."""
CHANGED: Final = "*[_type in $types && dateTime(_updatedAt) >= dateTime($since)]{_id, _rev}"
FILTER: Final = "*[_type in $types]"
_TRANSACTION: Final = re.compile(r"[^\s:#]+")

log = logging.getLogger("bidir")


class Position:
    """A place in the stream of changes: the time there, and the id of the last event before it.

    Either may be empty where it is not known. The id of a transaction is a position too: the place behind it.
    """

    __slots__ = ("event_id", "time")

    def __init__(self, time: str, event_id: str) -> None:
        """Take both; `time` as RFC 3339."""
        self.time = time
        self.event_id = event_id

    def __str__(self) -> str:
        """Return the position as text: time, blank, event id."""
        return f"{self.time} {self.event_id}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """Return the position that a text stands for.

        Raises: Refused for a text that is none.
        """
        time, blank, event_id = text.partition(" ")
        if not blank and _TRANSACTION.fullmatch(text):
            return cls("", f"{text}#")
        try:
            parse_time(time)
        except (ValueError, TypeError):
            raise Refused(
                f"{text!r} is no position of a lake over HTTP; start without a cursor to begin with now"
            ) from None
        return cls(time, event_id)


def until(now: str) -> str:
    """Return the end of the millisecond that `now()` tells: what was written before the question was written by then.

    Transactions have microseconds, so at its beginning some of them would seem to be yet to come.
    """
    instant = parse_time(now)
    return format_micros(instant.replace(microsecond=instant.microsecond // 1000 * 1000 + 999))


def query(connection: Connection, groq: str, params: Mapping[str, Any], *, perspective: str = "raw") -> Any:
    """Return the result of a GROQ query, one request."""
    answer = connection.read(
        "POST",
        "query",
        params={"perspective": perspective, "returnQuery": "false"},
        body={"query": groq, "params": dict(params)},
    )
    return member(answer, "result")


def documents_at(connection: Connection, ids: Iterable[str], **point: str) -> dict[str, Document]:
    """Return stored documents as they stood at a point (`time=…` or `revision=…`), those that existed then."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, Document] = {}
    for start in range(0, len(wanted), IDS_PER_REQUEST):
        names = ",".join(wanted[start : start + IDS_PER_REQUEST])
        answer = connection.read("GET", "history", f"/documents/{names}", params=point)
        found.update((one["_id"], one) for one in member(answer, "documents"))
    return found


def changed_since(
    connection: Connection, position: Position, types: Iterable[str], *, quiet: float = QUIET_SECONDS
) -> dict[str, Document | None]:
    """Return, for every stored document of the types that changed since, what it was then (None: nothing)."""
    names = list(types)
    told = _told_since(connection, position, names, quiet) if position.event_id else None
    if told is None:
        line = {"event": "not resumed", "since": str(position), "missing": "documents deleted since"}
        log.warning("%s", dumps(line))
    elif told.is_whole:
        return told.earlier
    earlier = told.earlier if told is not None else {}
    by_time = _changed_by_time(connection, position.time, names, set(earlier)) if position.time else {}
    return {**by_time, **earlier}


@dataclass(slots=True)
class _Told:
    """What a resumed stream told; `is_whole` where it is certain that it told everything."""

    earlier: dict[str, Document | None]
    is_whole: bool = False


def _told_since(connection: Connection, position: Position, types: list[str], quiet: float) -> _Told | None:
    """Return what a stream resumed at the position tells, None where it cannot be resumed."""
    params = {
        "query": FILTER,
        "$types": dumps(types),
        "includePreviousRevision": "true",
        "includeAllVersions": "true",
        "includeMutations": "false",
    }
    newest = _newest(connection, params)
    if newest == position.event_id:
        return _Told({}, is_whole=True)
    told = _Told({})
    stream = HttpEventStream(connection, params, last_event_id=position.event_id)
    try:
        event = stream.get(0)
        if event is None or event["type"] != "welcomeback":
            return None
        of_newest = 0
        while (event := stream.get(quiet)) is not None:
            if event["type"] != "mutation":
                return None
            told.earlier.setdefault(str(event["documentId"]), event.get("previous"))
            of_newest += event["transactionId"] == newest.partition("#")[0]
            if of_newest == event.get("transactionTotalEvents") and of_newest:
                told.is_whole = True
                break
    finally:
        stream.close()
    return told


def _newest(connection: Connection, params: Mapping[str, str]) -> str:
    """Return the position at which a listener that is new begins."""
    stream = HttpEventStream(connection, params)
    stream.drain()
    stream.close()
    return stream.position


def _changed_by_time(
    connection: Connection, time: str, types: list[str], known: set[str]
) -> dict[str, Document | None]:
    since = format_micros(parse_time(time) - MARGIN)
    rows = query(connection, CHANGED, {"types": types, "since": since})
    now = {row["_id"]: row["_rev"] for row in rows if row["_id"] not in known}
    then = documents_at(connection, now, time=time)
    earlier = {document_id: then.get(document_id) for document_id in now}
    return {key: before for key, before in earlier.items() if before is None or before.get("_rev") != now[key]}
