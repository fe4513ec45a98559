"""A patch applied to a document as the lake would apply it, without a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bidir.backends.refusals import translated
from lakesim import errors as lake_errors
from lakesim.patch import Choices, apply_patch, parse_patch

__all__ = ["patched"]


def patched(document: Mapping[str, Any], patch: Mapping[str, Any], choices: Choices | None = None) -> dict[str, Any]:
    """Return the document after one wire patch; `choices` where the lake departs from the service.

    Raises: Refused for a patch the lake would refuse.
    """
    if not patch:
        return dict(document)
    try:
        out: dict[str, Any] = apply_patch(document, parse_patch(dict(patch), where="patch"), choices)
    except lake_errors.LakeError as error:
        raise translated(error) from error
    return out
