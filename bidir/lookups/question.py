"""One question to the lake: a query, where it looks, and what its answer depends on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bidir.errors import IntentError
from bidir.refs import DRAFTS, PUBLISHED

__all__ = ["Question", "checked_count", "checked_perspective", "layers_of"]

Json = Any

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Question:
    """A GROQ query with its parameters, asked in one perspective.

    `types` are the document types the answer is made from (None: it may be any), which is what a cache must watch.
    """

    groq: str
    params: Mapping[str, Json]
    perspective: str
    types: frozenset[str] | None


def checked_perspective(perspective: object) -> str:
    """Return a perspective to read in: "published", "drafts", a release name, or several separated by commas.

    Raises: IntentError for anything else, `raw` included: what is looked up is documents, not their versions.
    """
    if isinstance(perspective, (list, tuple)):
        perspective = ",".join(map(str, perspective))
    names = perspective.split(",") if isinstance(perspective, str) else []
    if not names or not all(map(_NAME.fullmatch, names)) or "raw" in names:
        raise IntentError(
            f'perspective {perspective!r} shows no documents by their published ids: "drafts", "published", a release '
            'name, or several such as "rSpring,drafts"'
        )
    return ",".join(DRAFTS if name == "previewDrafts" else name for name in names)


def layers_of(perspective: str) -> frozenset[str]:
    """Return the layers of which a checked perspective shows something."""
    return frozenset({*perspective.split(","), PUBLISHED})


def checked_count(value: object, name: str, *, most: int | None = None) -> int:
    """Return a whole number of at least 1, and of `most` at the most.

    Raises: IntentError naming the argument and the bounds.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1 and (most is None or value <= most):
        return value
    bounds = "of at least 1" if most is None else f"from 1 to {most}"
    raise IntentError(f"{name} is a whole number {bounds}, not {value!r}")
