"""A picture of a failure: the documents of every layer before and after it, as text, and as nodes and arrows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bidir.conformance.display import SYSTEM_FIELDS, show_document
from bidir.conformance.invariants import layers_of, split_id
from lakesim.ids import is_system_id
from lakesim.jsonvalue import equal

__all__ = ["Picture", "Pointer", "picture_text", "same_document"]

Documents = Mapping[str, Mapping[str, Any]]

DOCUMENTS_MAX = 40
"""Documents that a picture shows; a failure that needs more is not read by eye."""
CELL_MAX = 88
"""Characters of a document in a text picture."""
NOTHING = "-"
"""Stands where a layer has no version of a document."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A reference from one group to another, in one layer; `mutual` if that one points back there, too."""

    source: str
    target: str
    weak: bool
    mutual: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """What was stored before and after `moment`, which is a step or all of them."""

    before: Documents
    after: Documents
    moment: str = "all steps"

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers in which something is stored, published first."""
        names = [name for documents in (self.before, self.after) for name in _shown(documents)]
        stored = {split_id(name)[0] for name in names}
        return tuple(layer for layer in layers_of({name: {} for name in names}) if layer in stored)

    @property
    def groups(self) -> tuple[str, ...]:
        """The documents by published id, in order."""
        names = {split_id(name)[1] for documents in (self.before, self.after) for name in _shown(documents)}
        return tuple(sorted(names)[:DOCUMENTS_MAX])

    def documents(self, layer: str, *, after: bool) -> dict[str, Mapping[str, Any]]:
        """Return the versions stored in a layer, by published id."""
        found = self.after if after else self.before
        split = {name: split_id(name) for name in _shown(found)}
        return {group: found[name] for name, (where, group) in split.items() if where == layer}

    def pointers(self, layer: str, *, after: bool) -> list[Pointer]:
        """Return the references stored in a layer, each once; the way back may stand in the published document."""
        here = self.documents(layer, after=after)
        view = {**self.documents("published", after=after), **here}
        points = {group: dict(_references(body)) for group, body in view.items()}
        return [
            Pointer(group, target, weak, group in points.get(target, ()))
            for group in here
            for target, weak in points[group].items()
        ]


def picture_text(picture: Picture) -> str:
    """Return the documents of every layer as a table, before and after, changed ones marked with `*`."""
    rows = []
    for layer in picture.layers:
        before, after = (picture.documents(layer, after=late) for late in (False, True))
        for group in picture.groups:
            if group in before or group in after:
                changed = not same_document(before.get(group), after.get(group))
                cells = [_cell(before.get(group)), _cell(after.get(group)) if changed else "the same"]
                rows.append(["*" if changed else " ", layer, group, *cells])
    if not rows:
        return f"  documents before and after {picture.moment}: none"
    rows.insert(0, [" ", "layer", "id", "before", "after"])
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = ["  ".join([*map(str.ljust, row[:4], widths), row[4]]).rstrip() for row in rows]
    return "\n".join([f"  documents before and after {picture.moment}", *(f"  {line}" for line in lines)])


def _shown(documents: Documents) -> list[str]:
    return [name for name in documents if not is_system_id(name)]


def _cell(document: Mapping[str, Any] | None) -> str:
    text = NOTHING if document is None else show_document(document)
    return text if len(text) <= CELL_MAX else f"{text[: CELL_MAX - 1]}…"


def same_document(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> bool:
    """Whether two versions say the same, the lake's own attributes apart; None is no version."""
    if before is None or after is None:
        return before is after
    plain = [{key: value for key, value in one.items() if key not in SYSTEM_FIELDS} for one in (before, after)]
    return equal(plain[0], plain[1])


def _references(value: Any) -> Iterator[tuple[str, bool]]:
    """Yield (published id, weak) of every reference anywhere in a value."""
    if isinstance(value, Mapping):
        if isinstance(value.get("_ref"), str):
            yield split_id(value["_ref"])[1], value.get("_weak") is True
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
