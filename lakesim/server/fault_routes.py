"""The fault rules over HTTP: `/_lake/faults` lists, adds and removes them."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from lakesim.faults import FaultRule, FaultRuleError, PlacedRule
from lakesim.server.call import Call
from lakesim.server.controls import check_params, controlled
from lakesim.server.endpoint import RouteSpec
from lakesim.server.gateway import EndpointNotFoundError
from lakesim.server.wire import json_answer, json_body

__all__ = ["FAULT_ROUTES"]

_WHAT: Final = "the fault rules"


def list_faults(call: Call) -> Response:
    """List the rules in the order they are asked, each with its hits."""
    check_params(call)
    return json_answer({"faults": [placed.to_wire() for placed in controlled(call, _WHAT).lake.faults]})


def add_fault(call: Call) -> Response:
    """Add the rule, or the list of rules, that the body holds; of a list either all are added or none.

    Raises: InvalidRequestBodyError for a body that is no JSON, FaultRuleError.
    """
    check_params(call)
    faults = controlled(call, _WHAT).lake.faults
    value = json_body(call.body)
    if not isinstance(value, list):
        return json_answer(faults.add(FaultRule.parse(value)).to_wire())
    rules = [_parse(index, item) for index, item in enumerate(value)]
    return json_answer({"faults": [placed.to_wire() for placed in faults.add_all(rules)]})


def _parse(index: int, value: Any) -> FaultRule:
    try:
        return FaultRule.parse(value)
    except FaultRuleError as error:
        raise FaultRuleError(f"[{index}] {error.description}") from None


def delete_faults(call: Call) -> Response:
    """Remove every rule."""
    check_params(call)
    faults = controlled(call, _WHAT).lake.faults
    count = len(faults)
    faults.clear()
    return json_answer({"deleted": count})


def get_fault(call: Call) -> Response:
    """Show one rule with its hits."""
    check_params(call)
    return json_answer(_find(call).to_wire())


def delete_fault(call: Call) -> Response:
    """Remove one rule."""
    check_params(call)
    placed = _find(call)
    controlled(call, _WHAT).lake.faults.remove(placed)
    return json_answer({"deleted": 1})


def _find(call: Call) -> PlacedRule:
    faults = controlled(call, _WHAT).lake.faults
    try:
        return faults.find(call.path["rule"])
    except FaultRuleError as error:
        raise EndpointNotFoundError(error.description) from None


FAULT_ROUTES: Final[list[RouteSpec]] = [
    ("GET", "/_lake/faults", list_faults),
    ("POST", "/_lake/faults", add_fault),
    ("DELETE", "/_lake/faults", delete_faults),
    ("GET", "/_lake/faults/{rule}", get_fault),
    ("DELETE", "/_lake/faults/{rule}", delete_fault),
]
