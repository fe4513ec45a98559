"""The `_system` field: which layer and group a document belongs to, and what the caller may say there himself.

The lake writes it only if told to (row 11 of section 10 of the content-lake reference); the shape is section 1.5's.
`variant` and `scopeId` belong to features the lake does not have and are left out.
"""

from __future__ import annotations

from typing import Any

from lakesim.ids import parse_id, release_document_id

__all__ = ["system_field"]


def system_field(document_id: str, submitted: Any, *, has_release: bool, base: Any = None) -> dict[str, Any]:
    """Return the `_system` of a document that is not a system document itself.

    Shape: of `submitted` only `delete: true` counts; `has_release` says whether the bundle of a version id is a
    release; `base` (`{"id", "rev"}`) is what the document was copied from, None if it was not.
    """
    place = parse_id(document_id)
    out: dict[str, Any] = {"group": {"_ref": place.group, "_weak": True}}
    if place.family != "published":
        out["bundleId"] = place.bundle
    if has_release:
        out["release"] = {"_ref": release_document_id(place.bundle), "_weak": True}
    if base is not None:
        out["base"] = base
    if isinstance(submitted, dict) and submitted.get("delete") is True:
        out["delete"] = True
    return out
