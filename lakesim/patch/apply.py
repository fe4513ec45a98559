"""Applies a patch to one document: pure, and at the cost of what it touches.

Source: content-lake reference, sections 2.3 to 2.5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from lakesim import jsonvalue
from lakesim.errors import ImmutableAttributeError, PatchError
from lakesim.jsonmatch import Path
from lakesim.jsonmatch.ast import Index
from lakesim.jsonmatch.match import MISSING, Location, Match, matches
from lakesim.jsonvalue import Json, type_name
from lakesim.patch.choices import Choices
from lakesim.patch.insert import apply_insert
from lakesim.patch.model import (
    Decrement,
    Increment,
    Insert,
    Operation,
    Patch,
    Set,
    SetIfMissing,
    TextPatch,
    Unset,
)
from lakesim.patch.rewrite import REMOVED, Edit, rewrite
from lakesim.patch.text import apply_hunks

__all__ = ["IMMUTABLE_ATTRIBUTES", "apply_operation", "apply_patch"]

IMMUTABLE_ATTRIBUTES = ("_id", "_type")
"""Attributes that keep their value for the life of a document."""
WHOLE_FLOATS_MAX = 2.0**53
"""Up to here a sum without fraction is written as an integer, as the service's number type prints it."""

_DEFAULTS = Choices()


def apply_patch(document: Json, patch: Patch, choices: Choices | None = None) -> Json:
    """Return `document` with the patch applied; `ifRevisionID` is the caller's to check.

    Shape: unchanged branches are shared with the input; the same object comes back if nothing changed.
    Raises: PatchError for an operation that cannot apply, ImmutableAttributeError if `_id` or `_type` would change.
    """
    chosen = choices or _DEFAULTS
    result = document
    for operation in patch.operations:
        result = apply_operation(result, operation, chosen)
    if result is not document:
        for attribute in IMMUTABLE_ATTRIBUTES:
            if not jsonvalue.equal(document.get(attribute, MISSING), result.get(attribute, MISSING)):
                raise ImmutableAttributeError(attribute)
    return result


def apply_operation(document: Json, operation: Operation, choices: Choices) -> Json:
    """Return `document` with one operation applied, `_id` and `_type` not protected.

    Raises: PatchError.
    """
    return _APPLY[type(operation)](document, operation, choices)


def _places(document: Json, path: Path, choices: Choices, *, create: bool = False) -> list[Match]:
    found = matches(document, path.steps, create=create, map_arrays=choices.attribute_of_array == "map")
    if found and not found[0][0]:
        raise PatchError(
            f'"{path}" means the whole document, which a patch cannot replace or remove; name an attribute'
        )
    return found


def _rewritten(document: Json, places: list[Match], edit: Edit) -> Json:
    return rewrite(document, [(location, edit) for location, _ in places]) if places else document


def _set(document: Json, operation: Set, choices: Choices) -> Json:
    value = operation.value

    def edit(old: Any) -> Any:
        return old if old is not MISSING and jsonvalue.equal(old, value) else value

    places = _places(document, operation.path, choices, create=True)
    if not places and choices.set_at_length == "append":
        places = _just_past_the_end(document, operation.path, choices)
    return _rewritten(document, places, edit)


def _just_past_the_end(document: Json, path: Path, choices: Choices) -> list[Match]:
    last = path.steps[-1]
    if not isinstance(last, Index):
        return []
    arrays = matches(document, path.steps[:-1], map_arrays=choices.attribute_of_array == "map")
    return [
        ((*place, last.position), MISSING)
        for place, array in arrays
        if type(array) is list and len(array) == last.position
    ]


def _set_if_missing(document: Json, operation: SetIfMissing, choices: Choices) -> Json:
    value = operation.value

    def edit(old: Any) -> Any:
        return value if old is MISSING or (old is None and choices.null_is_missing) else old

    # Array items are never missing: a path that ends in one means those that are there.
    places = [
        place for place in _places(document, operation.path, choices, create=True) if not isinstance(place[0][-1], int)
    ]
    return _rewritten(document, places, edit)


def _unset(document: Json, operation: Unset, choices: Choices) -> Json:
    return _rewritten(document, _places(document, operation.path, choices), lambda _: REMOVED)


def _increment(document: Json, operation: Increment, choices: Choices) -> Json:
    return _added(document, operation.path, operation.amount, "increment", choices)


def _decrement(document: Json, operation: Decrement, choices: Choices) -> Json:
    return _added(document, operation.path, -operation.amount, "decrement", choices)


def _added(document: Json, path: Path, amount: int | float, verb: str, choices: Choices) -> Json:
    places = _places(document, path, choices)
    if not places:
        raise PatchError(f'Can\'t {verb} "{path}", because there is nothing there; set it first (setIfMissing)')
    for location, value in places:
        if type_name(value) != "number":
            raise PatchError(f'Can\'t {verb} "{_shown(location)}", because it is not a number but {_a(value)}')
    return _rewritten(document, places, lambda old: _sum(old, amount, path, verb))


def _sum(number: int | float, amount: int | float, path: Path, verb: str) -> int | float:
    if amount == 0:
        return number
    try:
        total = number + amount
    except OverflowError:
        total = math.inf
    if isinstance(total, float):
        if not math.isfinite(total):
            raise PatchError(f'Can\'t {verb} "{path}", because the result is no finite number')
        if total.is_integer() and abs(total) <= WHOLE_FLOATS_MAX:
            return int(total)
    return total


def _text_patch(document: Json, operation: TextPatch, choices: Choices) -> Json:
    places = _places(document, operation.path, choices)
    if not places and choices.text_patch_without_target == "refuse":
        raise PatchError(f'Can\'t diff-match-patch "{operation.path}", because there is nothing there')
    for location, value in places:
        if not isinstance(value, str):
            raise PatchError(f'Can\'t diff-match-patch "{_shown(location)}", because it is not a string')

    def edit(old: str) -> str:
        new = apply_hunks(operation.hunks, old)
        return old if new == old else new

    return _rewritten(document, places, edit)


def _insert(document: Json, operation: Insert, choices: Choices) -> Json:
    return apply_insert(document, operation, choices)


def _shown(location: Location) -> str:
    """Return a location as a path: `a.b[0]`."""
    out = ""
    for key in location:
        out += f"[{key}]" if isinstance(key, int) else f".{key}"
    return out.removeprefix(".")


def _a(value: Json) -> str:
    name = type_name(value)
    if name == "null":
        return name
    return f"{'an' if name in ('array', 'object') else 'a'} {name}"


_APPLY: dict[type, Callable[[Any, Any, Choices], Any]] = {
    Set: _set,
    SetIfMissing: _set_if_missing,
    Unset: _unset,
    Increment: _increment,
    Decrement: _decrement,
    Insert: _insert,
    TextPatch: _text_patch,
}
