"""The last chapter: the requirement's success criteria, measured where the demonstration plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bidir.conformance.criteria.catalogue import RELEASE, SCHEMA_TYPES
from bidir.conformance.criteria.report import measure_criteria, percent
from bidir.conformance.criteria.success import EDITS
from bidir.demos.prd.scene import Scene
from bidir.engine import Engine
from bidir.ports import Backend

__all__ = ["MEASURED_TYPES", "criteria"]

MEASURED_TYPES: Final = tuple(str(one["name"]) for one in SCHEMA_TYPES)
"""What the measuring writes."""


class _Ground:
    """The chapter's lake, as the measuring needs it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def backend(self) -> Backend:
        """Return the connection of the chapter, whose clock stands still."""
        return self._scene.backend

    def documents(self) -> dict[str, dict[str, Any]]:
        """Return every document of the catalogue."""
        found = self._scene.lake.query("*[_type in $types]", {"types": list(MEASURED_TYPES)})
        return {one["_id"]: one for one in found}

    def mutate(self, mutations: Sequence[Mapping[str, Any]]) -> None:
        """Write past the engine."""
        self._scene.lake.commit(mutations, transaction_id=None)

    def act(self, actions: Sequence[Mapping[str, Any]]) -> None:
        """Perform actions past the engine."""
        self._scene.lake.act(actions)


def criteria(scene: Scene) -> None:
    """95 % right, under 200 ms, no regression, clear messages: measured over seeded edits, some with trouble."""
    narrator = scene.narrator
    narrator.step(f"{EDITS} updates of books, authors and series, in drafts, published and a release")
    try:
        found = measure_criteria(Engine, _Ground(scene))
    finally:
        scene.engine.archive_release(RELEASE)
        scene.engine.delete_release(RELEASE)
    rows = [
        f"{trouble or 'nothing comes between':32} {count:5} updates {once:5} right at once {rest:5} at rest"
        for trouble, (count, once, rest) in found.run.by_trouble().items()
    ]
    narrator.lines("success, by what comes between", rows)
    writes = [f"{count} updates with {number}" for number, count in sorted(found.run.writes.items())]
    narrator.lines("write requests of an undisturbed update, as many as without the engine", writes)
    narrator.lines(
        "milliseconds added to a plain write, in virtual time",
        [
            f"round trip {row.rtt_ms:3} ms: {row.in_a_form:5g} in an open form, {row.alone:5g} without one,"
            f" {row.overtaken:5g} where somebody else is faster"
            for row in found.added
        ],
    )
    plain = found.plain
    ways = (("a client alone", plain.without), ("the engine", plain.engine), ("an open form", plain.form))
    narrator.lines(
        f"{plain.edits} edits of plain references, and what was sent",
        [
            f"{name:16} {way.reads:3} reads {way.writes:3} writes {way.documents:3} documents {way.bytes_sent:6} bytes"
            for name, way in ways
            if way is not None
        ],
    )
    for one in found.criteria:
        narrator.lines(f"asked for: {one.asked}", [one.measured, *one.faults])
        narrator.claim(one.asked, one.holds)
    narrator.claim(
        f"ours is stricter: {percent(found.run.at_rest)} at rest, and no write request more",
        found.run.at_rest == 1 and set(found.run.writes) == {1},
    )
