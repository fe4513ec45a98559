"""Plays one intent in virtual time on a fresh lake: cold by the engine alone, or warm in an editor's form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from bidir.conformance.answers import called
from bidir.conformance.checking import described
from bidir.conformance.lakes import LakeFactory
from bidir.conformance.latency_backend import SERVICE_SECONDS, VirtualBackend
from bidir.conformance.latency_cases import Case, Place, given_documents
from bidir.conformance.playing import EngineFactory
from bidir.conformance.proxy import ObservedBackend
from bidir.engine import Engine
from bidir.form import EditSession
from bidir.relations import Schema

__all__ = ["PLANNING_MS", "Player", "Sample", "Service"]

PLANNING_MS = 2
"""Planning and the larger request, as assumed in F9; the planner's real time is a benchmark of its own."""

Service: TypeAlias = Callable[[], float]
"""What the lake takes to answer the next request, in seconds."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one intent took: milliseconds beyond a plain write of one document, and what the lake counted.

    `error` is what the engine raised instead of doing it, empty if it did.
    """

    added_ms: float
    reads: int
    writes: int
    documents: int
    error: str = ""


def _steady() -> float:
    return SERVICE_SECONDS


class Player:
    """Plays intents with engines of one kind on lakes of one kind."""

    def __init__(self, engine_factory: EngineFactory, lake_factory: LakeFactory) -> None:
        """Play with engines made by `engine_factory` on lakes made by `lake_factory`."""
        self.engine_factory = engine_factory
        self.lake_factory = lake_factory

    def cold(
        self, case: Case, place: Place, round_trip_ms: int, *, rivals: int = 0, service: Service = _steady
    ) -> Sample:
        """Play an intent of an engine that knows nothing yet."""
        try:
            backend, engine = self._start(case, place, round_trip_ms, rivals, service)
        except Exception as error:
            return Sample(0.0, 0, 0, 0, f"the engine cannot be made: {described(error)}")
        started = backend.clock.monotonic()
        try:
            called(engine, "submit", case.mutations, perspective="published" if place == "published" else "drafts")
        except Exception as error:
            return replace(self._sample(backend, started), error=described(error))
        return self._sample(backend, started)

    def warm(self, case: Case, place: Place, round_trip_ms: int) -> Sample | None:
        """Play an intent in a form that is open, its targets shown by the picker; None if the engine has no form."""
        try:
            backend, engine = self._start(case, place, round_trip_ms, 0, _steady)
        except Exception:
            return None
        if not isinstance(engine, Engine):
            return None
        perspective = "published" if place == "published" else "drafts"
        try:
            with EditSession(engine, case.group, perspective=perspective) as form:
                form.prefetch(_targets(case.patch))
                backend.reads = backend.writes = backend.documents_written = 0
                started = backend.clock.monotonic()
                form.patch(case.group, **case.patch)
                form.commit()
                return self._sample(backend, started)
        except Exception as error:
            return Sample(0.0, backend.reads, backend.writes, backend.documents_written, described(error))

    def _start(
        self, case: Case, place: Place, round_trip_ms: int, rivals: int, service: Service
    ) -> tuple[VirtualBackend, Any]:
        lake = self.lake_factory()
        lake.mutate([{"create": document} for document in given_documents(case, place)])
        backend = VirtualBackend(
            ObservedBackend(lake.backend()), round_trip=round_trip_ms / 1000, service=service, rivals=rivals
        )
        return backend, self.engine_factory(Schema.load(list(case.kind_facts.types)), backend)

    @staticmethod
    def _sample(backend: VirtualBackend, started: float) -> Sample:
        total = backend.clock.monotonic() - started
        plain = backend.round_trip + SERVICE_SECONDS
        return Sample((total - plain) * 1000 + PLANNING_MS, backend.reads, backend.writes, backend.documents_written)


def _targets(value: Any) -> Iterator[str]:
    """Yield every document that a patch points at."""
    if isinstance(value, dict):
        if isinstance(value.get("_ref"), str):
            yield value["_ref"]
        for inner in value.values():
            yield from _targets(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _targets(inner)
