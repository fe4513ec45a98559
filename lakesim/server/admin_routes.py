"""The emulator's own controls below `/_lake`: health, reset, clock, transactions."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from lakesim.clock import format_micros, parse_time
from lakesim.errors import BadRequestError, InvalidRequestBodyError
from lakesim.jsonvalue import dump_bytes, type_name
from lakesim.server.call import Call
from lakesim.server.endpoint import RouteSpec
from lakesim.server.projects import FIRST_DATASET
from lakesim.server.wire import json_answer, json_object, ndjson_answer, number

__all__ = ["ADMIN_ROUTES"]

ADVANCE_SECONDS_MAX: Final = 100 * 365 * 24 * 3600
"""How far one request may move the clock: about a century."""


def health(call: Call) -> Response:
    """Say that the server answers."""
    return json_answer({"status": "ok"})


def reset(call: Call) -> Response:
    """Forget every project, so that each starts as at the server's start."""
    call.caller.require_management("resetting the lake")
    call.projects.reset()
    return json_answer({"reset": True})


def get_clock(call: Call) -> Response:
    """Show the time in the project that the request names."""
    call.caller.require_management("the clock")
    return json_answer(_time(call))


def move_clock(call: Call) -> Response:
    """Move the clock of the project that the request names: `{"set": TIME}` or `{"advance": SECONDS}`.

    Raises: InvalidRequestBodyError, BadRequestError for a clock that follows the machine's.
    """
    call.caller.require_management("the clock")
    body = json_object(call.body, fields=("set", "advance"))
    if len(body) != 1:
        raise InvalidRequestBodyError('the body must hold either "set" (a time) or "advance" (seconds)')
    clock = call.project.lake.clock
    try:
        if "set" in body:
            clock.set(parse_time(_text(body["set"])))
        else:
            clock.advance(_seconds(body["advance"]))
    except (ValueError, OverflowError) as error:
        raise InvalidRequestBodyError(str(error)) from None
    except RuntimeError:
        raise BadRequestError(
            'This clock follows the machine\'s: send {"set": TIME} first, or start the server with --seed'
        ) from None
    return json_answer(_time(call))


def _time(call: Call) -> dict[str, Any]:
    clock = call.project.lake.clock
    return {"now": format_micros(clock.now()), "manual": clock.is_manual}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidRequestBodyError(f"set: expected a time as a string, got {type_name(value)}")
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidRequestBodyError(f"advance: expected a number of seconds, got {type_name(value)}")
    if not 0 <= value <= ADVANCE_SECONDS_MAX:
        raise InvalidRequestBodyError(f"advance: {value} is not between 0 and {ADVANCE_SECONDS_MAX} seconds")
    return float(value)


def transactions(call: Call) -> Response:
    """Return a dataset's log as JSON lines, oldest first; `limit` keeps the newest.

    Raises: DatasetNotFoundError.
    """
    call.caller.require_management("the log of transactions")
    dataset = call.project.record(call.params.get("dataset", FIRST_DATASET)).dataset
    limit = number(call.params, "limit")
    rows = dataset.log() if limit is None else dataset.log_tail(limit)
    return ndjson_answer([dump_bytes(row.to_wire()) + b"\n" for row in rows])


ADMIN_ROUTES: Final[list[RouteSpec]] = [
    ("GET", "/_lake/health", health),
    ("POST", "/_lake/reset", reset),
    ("GET", "/_lake/clock", get_clock),
    ("POST", "/_lake/clock", move_clock),
    ("GET", "/_lake/transactions", transactions),
]
