"""Which rows of the table "what is written where" (bidirectional semantics, E4) a step belongs to.

| rows | rule of the machine |
|---|---|
| 1–5, 9–13 | `edit`, `edit_several`, `restate`, `edit_under_a_colleague`: drafts and releases |
| 6–8 | `edit`, `edit_several` of a document whose type is edited live |
| 14–18 | `publish`, `publish_together` |
| 19, 20 | `unpublish` |
| 21, 22 | `discard` in drafts |
| 23 | `delete_everywhere` |
| 24 | `mark` (the lake's own action) |
| 25 | `publish_release` |
| 26 | `schedule` and `time_passes` |
| 27 | `discard` in a release, `move_release` |
| 28, 29 | `duplicate` |
| 30 | `restore` |
| 31 | `script` (an edit past the engine, carried through by a worker), `off_and_on` |
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from bidir.conformance.invariants import DRAFTS, PUBLISHED, Documents, resolve_view, split_id, targets
from bidir.conformance.machines_meaning import Meaning
from bidir.relations import Schema

__all__ = ["ROWS", "rows_of"]

ROWS: Mapping[int, str] = {
    1: "edit in drafts, target only a draft",
    2: "edit in drafts, target only published",
    3: "edit in drafts, target published with a draft",
    4: "edit in drafts, target only in a release",
    5: "edit in drafts, target edited live",
    6: "live edit, target edited live",
    7: "live edit, target published",
    8: "live edit, target only a draft",
    9: "edit in a release, target has a version there",
    10: "edit in a release, target published",
    11: "edit in a release, target only a draft",
    12: "edit in a release of a document edited live",
    13: "edit in a release, target marked for unpublishing there",
    14: "publish, partner published",
    15: "publish, partner only a draft",
    16: "publish of a removed link",
    17: "publish, partner edited live",
    18: "publish of several together",
    19: "unpublish, partner published",
    20: "unpublish, partner edited live",
    21: "discard of a draft over a published document",
    22: "discard of the last version",
    23: "delete of every version",
    24: "mark for unpublishing in a release",
    25: "publish of a release",
    26: "publish of a scheduled release by the clock",
    27: "discard in a release, archive",
    28: "duplicate, the place is single at the other end",
    29: "duplicate, the other end holds many",
    30: "restore",
    31: "edit made elsewhere",
}
"""The rows, by number, in short."""

_BY_KIND: Mapping[str, int] = {
    "delete_everywhere": 23,
    "elsewhere_actions": 24,
    "publish_release": 25,
    "scheduled": 26,
    "archive_release": 27,
    "restore": 30,
    "elsewhere": 31,
}


def rows_of(meaning: Meaning, schema: Schema, before: Documents) -> set[int]:
    """Return the rows that a step belongs to, by what it means and what stood there before it."""
    if meaning.kind in _BY_KIND:
        return {_BY_KIND[meaning.kind]}
    if meaning.kind == "discard":
        return {_discard(meaning, before)}
    found: set[int] = set()
    for name, document in meaning.intent.stated.items():
        for field in schema.fields_of(str(document.get("_type"))):
            if meaning.kind == "duplicate":
                found |= {29 if other.many else 28 for other in _inverses(schema, field) if targets(document, field)}
                continue
            old = before.get(split_id(name)[1], {}) if meaning.kind == "publish" else _seen(before, name)
            now, was = targets(document, field), targets(old, field)
            changed = {*now, *was} if meaning.kind in ("publish", "unpublish") else set(now) ^ set(was)
            for target in changed:
                found |= _link(meaning, schema, before, name, document, target, kept=target in now)
    if meaning.kind == "publish" and len(meaning.touched) > 1:
        found.add(18)
    return found


def _link(
    meaning: Meaning,
    schema: Schema,
    before: Documents,
    name: str,
    document: Mapping[str, Any],
    target: str,
    *,
    kept: bool,
) -> set[int]:
    """Return the rows of one link that an operation carries from `document`, stored as `name`, to `target`."""
    layers = {layer for one in before for layer, group in (split_id(one),) if group == target}
    if not layers:
        return set()
    target_type = next(str(before[one]["_type"]) for one in before if split_id(one)[1] == target)
    live = schema.is_live(target_type)
    if meaning.kind == "publish":
        if not kept:
            return {16} if PUBLISHED in layers else set()
        return {17} if live else {14} if PUBLISHED in layers else {15} if DRAFTS in layers else set()
    if meaning.kind == "unpublish":
        return {20} if live else {19} if PUBLISHED in layers else set()
    if meaning.kind != "submit":
        return set()
    source_live = schema.is_live(str(document.get("_type")))
    layer = split_id(name)[0]
    if layer == PUBLISHED:
        return _live_edit(layers, live=live) if source_live else set()
    if layer == DRAFTS:
        return {5 if live else _draft_edit(layers)}
    here = _release_edit(layer, layers, before, target)
    return {here, 12} if source_live else {here}


def _live_edit(layers: Collection[str], *, live: bool) -> set[int]:
    if live:
        return {6}
    return {7} if PUBLISHED in layers else {8} if DRAFTS in layers else set()


def _draft_edit(layers: Collection[str]) -> int:
    if DRAFTS in layers:
        return 3 if PUBLISHED in layers else 1
    return 2 if PUBLISHED in layers else 4


def _release_edit(release: str, layers: Collection[str], before: Documents, target: str) -> int:
    if release in layers:
        return 9 if target in resolve_view(before, release) else 13
    return 10 if PUBLISHED in layers else 11


def _discard(meaning: Meaning, before: Documents) -> int:
    if meaning.layer != DRAFTS:
        return 27
    return 21 if meaning.touched & before.keys() else 22


def _seen(before: Documents, name: str) -> Mapping[str, Any]:
    layer, group = split_id(name)
    return resolve_view(before, layer).get(group, {})


def _inverses(schema: Schema, field: Any) -> list[Any]:
    return [found[1] for name in field.to if (found := schema.inverse(field, name)) is not None]
