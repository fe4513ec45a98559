"""Which documents a document refers to: every object with `_ref` in it.

Source: content-lake reference, section 1.7; GROQ's `references()` for what lies inside such an object.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lakesim.jsonvalue import Json

__all__ = ["Reference", "is_external", "references_in"]


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference inside a document.

    Shape: `target` is the `_ref`; `weak` is True only for `_weak: true`; `path` leads to the reference object;
    `strengthen` is its `_strengthenOnPublish`, None without one; `external` says that the target lives in another
    dataset or resource, so that nothing in this one can satisfy or break it.
    """

    target: str
    weak: bool
    path: tuple[str | int, ...]
    strengthen: Any = None
    external: bool = False


def references_in(document: Json) -> list[Reference]:
    """Return every reference in `document`, at any depth, in document order.

    Inside an object with `_ref` nothing else is searched. Objects whose `_ref` is no string are not references.
    """
    found: list[Reference] = []
    path: list[str | int] = []
    stack = [_children(document, found, path)]
    while stack:
        for key, value in stack[-1]:
            kind = type(value)
            if kind is dict or kind is list:
                path.append(key)
                stack.append(_children(value, found, path))
                break
        else:
            stack.pop()
            if path:
                path.pop()
    return found


def _children(value: Json, found: list[Reference], path: list[str | int]) -> Iterator[tuple[str | int, Any]]:
    """Note `value` if it is a reference, and return what is left to search inside it."""
    if type(value) is list:
        return iter(enumerate(value))
    if type(value) is not dict:
        return iter(())
    target = value.get("_ref")
    if isinstance(target, str):
        found.append(
            Reference(
                target,
                value.get("_weak") is True,
                tuple(path),
                value.get("_strengthenOnPublish"),
                is_external(value),
            )
        )
        return iter(())
    return iter(value.items())


def is_external(reference: Json) -> bool:
    """Whether a reference object points out of the dataset: cross-dataset keys, or a global id with colons."""
    return "_dataset" in reference or "_projectId" in reference or ":" in reference["_ref"]
