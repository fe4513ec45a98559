"""Which stored documents a request names: mutations and actions in wire form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

__all__ = ["acted_ids", "mutated_ids"]

RELEASE_ID: Final = "_.releases."
_NAMES: Final = ("publishedId", "draftId", "versionId", "documentId")
_LISTS: Final = ("includeDrafts", "includeVersions")
_BODIES: Final = ("attributes", "document")


def mutated_ids(mutations: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the stored ids that mutations name, each once, in order; query forms name none."""
    bodies = [body for mutation in mutations for body in mutation.values() if isinstance(body, Mapping)]
    found = [body.get("id", body.get("_id")) for body in bodies]
    return list(dict.fromkeys(one for one in found if isinstance(one, str)))


def acted_ids(actions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the stored ids that actions name, release documents included, each once, in order."""
    found: list[Any] = []
    for action in actions:
        found += [action.get(name) for name in _NAMES]
        found += [one for name in _LISTS for one in action.get(name) or ()]
        found += [body.get("_id") for name in _BODIES if isinstance(body := action.get(name), Mapping)]
        if isinstance(action.get("releaseId"), str):
            found.append(f"{RELEASE_ID}{action['releaseId']}")
    return list(dict.fromkeys(one for one in found if isinstance(one, str)))
