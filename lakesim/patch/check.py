"""Refuses documents and values that the lake does not store: names, strings, references, nesting, size.

Source: content-lake reference, sections 1.6, 1.7 and 9; rows 3, 5, 6, 16 and 17 of section 10.
"""

from __future__ import annotations

import re
from functools import lru_cache
from operator import is_
from typing import Any

from lakesim import jsonvalue
from lakesim.errors import AttributeLimitError, InvalidValueError
from lakesim.ids import validate_id
from lakesim.jsonvalue import Json, type_name
from lakesim.limits import Limits
from lakesim.patch.attributes import attributes_of
from lakesim.patch.choices import Choices
from lakesim.patch.references import is_external

__all__ = ["ATTRIBUTE_NAME", "REFERENCE_KEYS", "check_document", "check_value", "is_attribute_name"]

ATTRIBUTE_NAME = re.compile(r"[A-Za-z0-9_-]+")
"""Row 5: what an attribute may be called."""
REFERENCE_KEYS = frozenset(
    {"_ref", "_type", "_key", "_weak", "_strengthenOnPublish", "_dataset", "_projectId"}
)  # fmt: skip
"""Everything that may stand in an object with `_ref`."""
NUMBER_MAX = 1.7976931348623157e308
"""The largest double; an integer beyond it is not a number of the service."""

NAME_CACHE_SIZE = 8192
"""Attribute names whose verdict is kept; as many as a document may have."""

_NUMBER_BYTES_MAX = 320
_CHARACTER_BYTES_MAX = 8
_ATTRIBUTE_BYTES_MIN = 5
_ABSENT = object()


def check_document(
    document: Json,
    limits: Limits | None = None,
    *,
    choices: Choices | None = None,
    before: Json = None,
    sizes: bool = True,
) -> None:
    """Refuse a document that could not be stored.

    `before` is the document's earlier, already checked state: branches that are the same object there are not looked
    at again. Without `sizes` the document's bytes and attributes are left to a caller who keeps count of them.
    Raises: InvalidValueError for a bad name, string, number, reference, nesting or size; AttributeLimitError for too
    many different attributes.
    """
    bounds = limits or Limits()
    checker = _Checker(bounds, choices or Choices())
    try:
        checker.visit(document, 1, _ABSENT if before is None else before)
    except _Fault as fault:
        raise fault.error("the document") from None
    if not sizes:
        return
    if before is None and checker.bytes_at_most() <= bounds.document_bytes_max:
        size = 0
    else:
        # Written out only when it may be too large, and never when it surely is.
        size = checker.weight if checker.weight > bounds.document_bytes_max else len(jsonvalue.dump_bytes(document))
    if size > bounds.document_bytes_max:
        raise InvalidValueError(
            f"the document is at least {size:,} bytes of JSON; documents have {bounds.document_bytes_max:,} at most"
        )
    most = bounds.document_attributes_max
    if checker.new_attributes > (0 if before is not None and size > most * _ATTRIBUTE_BYTES_MIN else most):
        count = len(attributes_of(document))
        if count > most:
            raise AttributeLimitError(f"the document has {count} attributes; documents have {most} at most")


def check_value(value: Json, where: str, limits: Limits, choices: Choices) -> None:
    """Refuse a value that could not be stored inside a document; `where` names the field it was submitted in.

    Raises: InvalidValueError.
    """
    try:
        _Checker(limits, choices).visit(value, 2, _ABSENT)
    except _Fault as fault:
        raise fault.error(where) from None


@lru_cache(maxsize=NAME_CACHE_SIZE)
def is_attribute_name(name: str) -> bool:
    """Whether an attribute may be called `name` (row 5)."""
    return ATTRIBUTE_NAME.fullmatch(name) is not None


class _Fault(Exception):
    """A fault on its way out, picking up the names of the places it passes."""

    def __init__(self, text: str, *, value: Any = None, verbatim: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.value = value
        self.verbatim = verbatim
        self.place = ""

    def inside(self, key: str | int) -> None:
        step = f"[{key}]" if isinstance(key, int) else f".{key}"
        self.place = step + self.place

    def error(self, where: str) -> InvalidValueError:
        place = self.place.removeprefix(".")
        if self.verbatim:
            # Clients know these texts; the place travels beside them.
            error = InvalidValueError(self.text, value=self.value)
            error.add_note(f'at "{place}" in {where}' if place else f"in {where}")
            return error
        return InvalidValueError(f'{self.text}, at "{place}" in {where}' if place else f"{self.text}, in {where}")


class _Checker:
    """One walk over what is new in a value.

    Shape: `weight` is at most the bytes of JSON seen, `new_attributes` at least the attributes that were not there
    before.
    """

    def __init__(self, limits: Limits, choices: Choices) -> None:
        self.limits = limits
        self.nulls = choices.nulls_in_arrays == "accept"
        self.nested_arrays = choices.arrays_in_arrays == "accept"
        self.weight = 0
        self.numbers = 0
        self.new_attributes = 0

    def bytes_at_most(self) -> int:
        """Return a number of bytes that what was seen cannot exceed as JSON."""
        return self.weight * _CHARACTER_BYTES_MAX + self.numbers * _NUMBER_BYTES_MAX

    def visit(self, value: Any, level: int, before: Any) -> None:
        kind = type(value)
        if value is before and before is not None:
            return
        if kind is str:
            self.text(value)
        elif kind is dict:
            self.enter(level)
            self.in_object(value, level, before)
        elif kind is list:
            self.enter(level)
            self.in_array(value, level, before)
        else:
            self.scalar(value)

    def enter(self, level: int) -> None:
        if level > self.limits.nesting_depth_max:
            raise _Fault(f"nested deeper than {self.limits.nesting_depth_max} levels")
        if self.weight > self.limits.document_bytes_max:
            raise _Fault(f"more than {self.limits.document_bytes_max:,} bytes of JSON")

    def text(self, value: str) -> None:
        self.weight += len(value) + 1
        if "\x00" in value:
            raise _Fault("a string holds the character U+0000, which cannot be stored")
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise _Fault("a string holds half a surrogate pair, which is not Unicode text") from None

    def scalar(self, value: Any) -> None:
        self.weight += 1
        if value is None or type(value) is bool:
            return
        self.numbers += 1
        if isinstance(value, (int, float)) and -NUMBER_MAX <= value <= NUMBER_MAX:
            return
        raise _Fault("a number beyond the range of doubles" if isinstance(value, (int, float)) else "no JSON value")

    def in_object(self, value: dict[str, Any], level: int, before: Any) -> None:
        if "_ref" in value:
            self.reference(value)
        known = before if type(before) is dict else {}
        for name, item in value.items():
            earlier = known.get(name, _ABSENT)
            if item is earlier and item is not None:
                continue
            if not is_attribute_name(name):
                raise _Fault(f"attribute name {name!a} is not allowed (letters, digits, _ and - only)")
            self.weight += len(name) + 1
            if earlier is _ABSENT or type_name(earlier) != type_name(item):
                self.new_attributes += 1
            if type(item) is str and item.isascii() and "\x00" not in item:
                # What `text` would find in order, without the call: most values are such strings.
                self.weight += len(item) + 1
                continue
            if type(item) is int and abs(item) <= NUMBER_MAX:
                self.weight += 1
                self.numbers += 1
                continue
            try:
                self.visit(item, level + 1, earlier)
            except _Fault as fault:
                fault.inside(name)
                raise

    def in_array(self, value: list[Any], level: int, before: Any) -> None:
        known = before if type(before) is list else []
        start, stop = _changed_part(value, known)
        moved = known[start : len(known) - (len(value) - stop)]
        shared = set(map(id, moved))
        by_key = {item["_key"]: item for item in moved if type(item) is dict and type(item.get("_key")) is str}
        for position in range(start, stop):
            item = value[position]
            kind = type(item)
            if item is not None and id(item) in shared:
                continue
            # Positions collapse when attributes are counted, so any earlier item shows which ones are known.
            earlier = known[0] if known else _ABSENT
            if kind is dict and type(item.get("_key")) is str:
                earlier = by_key.get(item["_key"], earlier)
            if earlier is _ABSENT or type_name(earlier) != type_name(item):
                self.new_attributes += 1
            try:
                if item is None and not self.nulls:
                    raise _Fault("null inside an array")
                if kind is list and not self.nested_arrays:
                    raise _Fault("an array directly inside an array")
                self.visit(item, level + 1, earlier)
            except _Fault as fault:
                fault.inside(position)
                raise

    def reference(self, value: dict[str, Any]) -> None:
        for name in value:
            if name not in REFERENCE_KEYS:
                raise _Fault(f'Key "{name}" not allowed in ref', verbatim=True)
        target = value["_ref"]
        if not isinstance(target, str):
            raise _Fault(f"_ref is a document id (a string), not {type_name(target)}")
        if is_external(value):
            return
        try:
            validate_id(target, self.limits)
        except InvalidValueError as error:
            raise _Fault(error.description, value=error.value, verbatim=True) from None


def _changed_part(value: list[Any], before: list[Any]) -> tuple[int, int]:
    """Return where the items that both arrays share at their beginnings end, and those at their ends begin in `value`.

    Most changes of a long array touch one place in it; the comparison by identity runs at the speed of C.
    """
    common = min(len(value), len(before))
    same = [*map(is_, value, before), False]
    start = same.index(False)
    same = [*map(is_, reversed(value), reversed(before)), False]
    return start, len(value) - min(same.index(False), common - start)
