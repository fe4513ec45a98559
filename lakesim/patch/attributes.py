"""Counts the attributes of a document the way the service bounds them."""

from __future__ import annotations

from typing import Any

from lakesim.jsonvalue import Json, type_name

__all__ = ["attributes_of"]


def attributes_of(document: Json) -> set[tuple[str, str]]:
    """Return the attributes of a document as the service counts them: path without array positions, and datatype.

    An array counts itself and each type of item; nulls count (content-lake reference, section 9).
    """
    found: set[tuple[str, str]] = set()
    stack: list[tuple[str, Any]] = [("", document)]
    while stack:
        path, value = stack.pop()
        if type(value) is dict:
            inner = [(f"{path}.{name}" if path else name, item) for name, item in value.items()]
        elif type(value) is list:
            inner = [(f"{path}[]", item) for item in value]
        else:
            continue
        for place, item in inner:
            found.add((place, type_name(item)))
        stack.extend(inner)
    return found
