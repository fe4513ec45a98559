"""The emulator's own controls below `/_lake`: health, reset, clock and log; the others have files of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from starlette.responses import Response

from lakesim.clock import Clock, format_micros, parse_time
from lakesim.errors import BadRequestError, InvalidRequestBodyError
from lakesim.jsonvalue import dump_bytes, type_name
from lakesim.server.call import Call
from lakesim.server.controls import check_params, controlled
from lakesim.server.endpoint import RouteSpec
from lakesim.server.fault_routes import FAULT_ROUTES
from lakesim.server.projects import FIRST_DATASET, Project
from lakesim.server.request_routes import REQUEST_ROUTES
from lakesim.server.seed_routes import SEED_ROUTES
from lakesim.server.wire import json_answer, json_object, ndjson_answer, number

__all__ = ["ADMIN_ROUTES"]

ADVANCE_SECONDS_MAX: Final = 100 * 365 * 24 * 3600
"""How far one request may move the clock: about a century."""


def health(call: Call) -> Response:
    """Say that the server answers."""
    return json_answer({"status": "ok"})


def reset(call: Call) -> Response:
    """Forget every project, so that each starts as at the server's start; fault rules and the log of requests too."""
    call.caller.require_management("resetting the lake")
    check_params(call)
    call.projects.reset()
    return json_answer({"reset": True})


def get_clock(call: Call) -> Response:
    """Show the time in the project that the request names."""
    check_params(call)
    return json_answer(_time(controlled(call, "the clock")))


def move_clock(call: Call) -> Response:
    """Move a project's clock: `{"set": TIME}`, `{"advance": SECONDS}`, `{"freeze": true}` or `{"seed": NUMBER}`.

    Frozen, it stands where it is and moves only on request; with a seed it begins anew, and so do generated ids.
    Raises: InvalidRequestBodyError, BadRequestError for a clock that follows the machine's.
    """
    project = controlled(call, "the clock")
    check_params(call)
    body = json_object(call.body, fields=tuple(_MOVES))
    if len(body) != 1:
        raise InvalidRequestBodyError(
            'the body must hold one of "set" (a time), "advance" (seconds), "freeze" (true) and "seed" (a number)'
        )
    ((name, value),) = body.items()
    try:
        _MOVES[name](project.lake.clock, value)
    except (ValueError, OverflowError) as error:
        raise InvalidRequestBodyError(str(error)) from None
    except RuntimeError:
        raise BadRequestError(
            'This clock follows the machine\'s: send {"set": TIME} or {"freeze": true} first,'
            " or start the server with --seed"
        ) from None
    return json_answer(_time(project))


def _set(clock: Clock, value: Any) -> None:
    clock.set(parse_time(_text(value)))


def _advance(clock: Clock, value: Any) -> None:
    clock.advance(_seconds(value))


def _freeze(clock: Clock, value: Any) -> None:
    if value is not True:
        raise InvalidRequestBodyError("freeze: expected true; a clock that was stopped is only moved")
    clock.set(clock.now())


def _seed(clock: Clock, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidRequestBodyError(f"seed: expected a whole number, got {type_name(value)}")
    clock.reseed(value)


_MOVES: Final[dict[str, Callable[[Clock, Any], None]]] = {
    "set": _set,
    "advance": _advance,
    "freeze": _freeze,
    "seed": _seed,
}


def _time(project: Project) -> dict[str, Any]:
    clock = project.lake.clock
    return {"now": format_micros(clock.now()), "manual": clock.is_manual, "seed": clock.seed}


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
    project = controlled(call, "the log of transactions")
    check_params(call, "dataset", "limit")
    dataset = project.record(call.params.get("dataset", FIRST_DATASET)).dataset
    limit = number(call.params, "limit")
    rows = dataset.log() if limit is None else dataset.log_tail(limit)
    return ndjson_answer([dump_bytes(row.to_wire()) + b"\n" for row in rows])


ADMIN_ROUTES: Final[list[RouteSpec]] = [
    ("GET", "/_lake/health", health),
    ("POST", "/_lake/reset", reset),
    ("GET", "/_lake/clock", get_clock),
    ("POST", "/_lake/clock", move_clock),
    ("GET", "/_lake/transactions", transactions),
    *SEED_ROUTES,
    *FAULT_ROUTES,
    *REQUEST_ROUTES,
]
