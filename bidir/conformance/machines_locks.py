"""What a release that takes no writes holds fast, so that an engine may refuse to delete it or take it offline.

The judge's own reading of the documents; it shares nothing with an engine (bidirectional semantics, E8.13, E8.14).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bidir.conformance.checking import Happened
from bidir.conformance.invariants import PUBLISHED, references, split_id
from bidir.conformance.machines_meaning import Meaning, stored_id
from bidir.relations import Schema

__all__ = ["leaving", "refused_by_name"]

RELEASE = "_.releases."
Documents = Mapping[str, Mapping[str, Any]]


def leaving(documents: Documents) -> frozenset[str]:
    """Return the groups that scheduled releases take offline when their time has come."""
    scheduled = {
        name.removeprefix(RELEASE)
        for name, body in documents.items()
        if name.startswith(RELEASE) and body.get("state") == "scheduled"
    }
    marks = (split_id(name) for name, body in documents.items() if _marks(body))
    return frozenset(group for layer, group in marks if layer in scheduled)


def refused_by_name(schema: Schema, meaning: Meaning, happened: Happened) -> bool:
    """Whether an operation was refused for a release in its way, by its name and before anything was sent."""
    words = str(happened.error)
    return happened.writes == 0 and any(f'"{release}"' in words for release in _in_the_way(schema, meaning, happened))


def _in_the_way(schema: Schema, meaning: Meaning, happened: Happened) -> Iterator[str]:
    """Yield the releases that take no writes and hold a version, or point strongly at what is to go offline."""
    before = happened.before
    locked = {name for name in before if name.startswith(RELEASE) and before[name].get("state") != "active"}
    locked = {name.removeprefix(RELEASE) for name in locked}
    offline = {name for name in meaning.intent.deleted if split_id(name)[0] == PUBLISHED}
    if meaning.kind == "schedule_release":
        offline = {split_id(name)[1] for name in before if split_id(name)[0] == meaning.layer and _marks(before[name])}
    yield from (split_id(name)[0] for name in meaning.intent.deleted if split_id(name)[0] in locked)
    for name, body in before.items():
        layer = split_id(name)[0]
        for end in schema.fields_of(str(body.get("_type"))) if layer in locked else ():
            for target, weak in references(body, end):
                stands = stored_id(layer, target)
                if not weak and target in offline and (stands not in before or stands in meaning.intent.deleted):
                    yield layer


def _marks(document: Mapping[str, Any]) -> bool:
    system = document.get("_system")
    return isinstance(system, Mapping) and system.get("delete") is True
