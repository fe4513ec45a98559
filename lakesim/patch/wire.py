"""Reads the parts of a request body: types, unknown fields and detached copies, each refusal naming its place."""

from __future__ import annotations

from typing import Any

from lakesim import jsonvalue
from lakesim.errors import InvalidRequestBodyError, InvalidValueError
from lakesim.jsonvalue import Json, type_name
from lakesim.suggest import did_you_mean

__all__ = ["detached", "expect", "nests_deeper_than", "refuse_unknown_fields"]

_KINDS: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "boolean": bool,
}


def expect(value: Json, kind: str, where: str) -> Any:
    """Return `value` if it is of the JSON type `kind`.

    Raises: InvalidRequestBodyError naming `where` and both types.
    """
    if isinstance(value, _KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool)):
        return value
    article = "an" if kind[0] in "aeio" else "a"
    raise InvalidRequestBodyError(f"{where}: expected {article} {kind}, got {type_name(value)}")


def refuse_unknown_fields(value: dict[str, Any], known: frozenset[str], where: str) -> None:
    """Refuse a field outside `known`, in the words of the service's decoder.

    Raises: InvalidRequestBodyError.
    """
    if value.keys() <= known:
        return
    for name in value:
        if name not in known:
            near = did_you_mean(name, known) or f" The fields are {', '.join(sorted(known))}."
            raise InvalidRequestBodyError(f'json: unknown field "{name}" in {where}.{near}')


def detached(value: Json, where: str, *, depth_max: int) -> Json:
    """Return a copy of `value` that shares nothing with it, as plain JSON.

    Raises: InvalidValueError for a value nested deeper than `depth_max`, InvalidRequestBodyError for one that is no
    JSON.
    """
    if nests_deeper_than(value, depth_max):
        raise InvalidValueError(f"{where} nests deeper than {depth_max} levels")
    try:
        return jsonvalue.copy(value)
    except (TypeError, ValueError) as error:
        raise InvalidRequestBodyError(f"{where}: {error}") from None


def nests_deeper_than(value: Json, levels: int) -> bool:
    """Whether more than `levels` objects and arrays lie inside one another; stops at the first that does.

    Nothing recurses, so a hostile or circular value is answered too.
    """
    frontier: list[Any] = [value]
    for _ in range(levels):
        inner: list[Any] = []
        for item in frontier:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, (list, tuple)):
                inner.extend(item)
        if not inner:
            return False
        frontier = [item for item in inner if isinstance(item, (dict, list, tuple))]
        if not frontier:
            return False
    return any(isinstance(item, (dict, list, tuple)) for item in frontier)
