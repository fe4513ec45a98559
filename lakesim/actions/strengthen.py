"""Makes the references of a document strong that were weak only because their targets were not published yet."""

from __future__ import annotations

from typing import Any

__all__ = ["strengthened"]


def strengthened(value: Any) -> Any:
    """Return `value` with every reference strengthened that carries both `_weak` and `_strengthenOnPublish`.

    The stamp goes, and `_weak` with it unless the stamp says `weak: true`; a stamp without `_weak` stays. Unchanged
    branches are shared; the same object comes back if nothing changed.
    Source: content-lake reference, section 1.8. Stored documents are shallow, so plain recursion does.
    """
    if type(value) is dict:
        if type(value.get("_ref")) is str:
            return _strengthened_reference(value)
        out: dict[str, Any] | None = None
        for name, item in value.items():
            new = strengthened(item)
            if new is not item:
                if out is None:
                    out = value.copy()
                out[name] = new
        return value if out is None else out
    if type(value) is list:
        items = [strengthened(item) for item in value]
        return value if all(map(_is_same, items, value)) else items
    return value


def _strengthened_reference(reference: dict[str, Any]) -> dict[str, Any]:
    stamp = reference.get("_strengthenOnPublish")
    if not stamp or not reference.get("_weak"):
        return reference
    stays_weak = type(stamp) is dict and stamp.get("weak") is True
    dropped = ("_strengthenOnPublish",) if stays_weak else ("_strengthenOnPublish", "_weak")
    return {name: item for name, item in reference.items() if name not in dropped}


def _is_same(left: Any, right: Any) -> bool:
    return left is right
