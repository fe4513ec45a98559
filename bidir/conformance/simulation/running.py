"""Plays one course with one engine: a phase with faults, a phase without, and then everybody is asked what waits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from bidir.conformance.invariants import Documents
from bidir.conformance.machines_kinds import Kind
from bidir.conformance.playing import EngineFactory
from bidir.conformance.simulation.cast import Cast, abilities_of
from bidir.conformance.simulation.chaos import Chaos, Fault
from bidir.conformance.simulation.course import RELEASE, Course, given_documents
from bidir.conformance.simulation.kinds import kind_named
from bidir.conformance.simulation.network import Network
from bidir.conformance.simulation.records import Records
from bidir.conformance.simulation.stage import Actor, Stage
from bidir.relations import Schema

__all__ = ["CALM_SECONDS", "QUIET_SECONDS", "Run", "play", "schema_of"]

FAULT_SECONDS = 3.0
"""How long faults go on after the last act has begun."""
CALM_SECONDS = 75.0
"""Virtual time without faults in which everything must have come to rest (an event may be held back for 30 s)."""
QUIET_SECONDS = 60.0
"""Virtual time after that in which nothing may be written any more."""

OLD_FIELD = "editor"
"""The field of a book that the older configuration takes for the other side of the author's."""


@dataclass(slots=True)
class Run:
    """What came of one course.

    `schemas` are those that some have other than the common one; `documents` is what is stored at the end,
    `before_quiet` the number of transactions when it had to be at rest, `rows` the log of the lake, `given` how many of
    its rows are the beginning; `pending` what the engines list, `deaths` how many processes ended before their time,
    `events` how many things happened on the stage.
    """

    course: Course
    kind: Kind
    schema: Schema
    schemas: Mapping[str, Schema]
    abilities: frozenset[str]
    records: Records
    documents: Documents = field(default_factory=dict)
    rows: list[Any] = field(default_factory=list)
    given: int = 0
    before_quiet: int = 0
    pending: list[Any] = field(default_factory=list)
    deaths: int = 0
    events: int = 0
    faults_happened: tuple[Fault, ...] = ()

    @property
    def trace_hash(self) -> str:
        """A digest of everything that happened, when, and what is stored at the end."""
        told = [f"{moment:.6f} {who} {what}" for moment, who, what in self.records.story]
        stored = [repr(sorted(body.items(), key=lambda item: item[0])) for _, body in sorted(self.documents.items())]
        return hashlib.sha256("\n".join([*told, *stored]).encode()).hexdigest()


@lru_cache(maxsize=64)
def schema_of(kind: str) -> Schema:
    """Return the schema of a relation kind."""
    return Schema.load(list(kind_named(kind).types))


@lru_cache(maxsize=1)
def _old_schema() -> Schema:
    """The older configuration: the author's book is the other side of another field of the book."""
    book: Mapping[str, Any] = {
        "name": "book",
        "type": "document",
        "fields": [
            {
                "name": OLD_FIELD,
                "type": "reference",
                "to": [{"type": "author"}],
                "bidirectional": {"targetField": "currentBook"},
            }
        ],
    }
    author = {
        "name": "author",
        "type": "document",
        "fields": [{"name": "currentBook", "type": "reference", "to": [{"type": "book"}]}],
    }
    return Schema.load([book, author])


def play(course: Course, factory: EngineFactory) -> Run:
    """Play `course` on a fresh lake with engines from `factory`; the same course always plays the same.

    Raises: whatever a worker raises that is not a refusal of the lake.
    """
    schema = schema_of(course.kind)
    schemas = {"": schema} | ({f"worker {course.workers}": _old_schema()} if course.old_worker else {})
    stage, records = Stage(), Records()
    chaos = Chaos(course.seed, course.dials, only=course.faults)
    network = Network(stage, chaos, records, seed=len(course.seed), windows=course.windows)
    _begin(course, network)
    abilities = abilities_of(factory(schema, network.backend(lag=0.0)))
    run = Run(
        course, kind_named(course.kind), schema, schemas, abilities, records, given=len(network.lake.dataset.log())
    )
    calm_at = course.seconds + FAULT_SECONDS
    cast = Cast(course, network, factory, schemas, abilities, calm_at)
    try:
        stage.run(calm_at + CALM_SECONDS)
        run.before_quiet = len(network.lake.dataset.log())
        stage.run(calm_at + CALM_SECONDS + QUIET_SECONDS)
        run.rows = list(network.lake.dataset.log())
        run.documents = network.lake.documents()
        cast.end()
        _ask(cast, stage, run)
    finally:
        cast.end()
        stage.close()
    run.deaths, run.events, run.faults_happened = cast.deaths, stage.events, tuple(chaos.happened)
    return run


def _begin(course: Course, network: Network) -> None:
    network.lake.mutate([{"create": dict(body)} for body in given_documents(course)])
    if any(act.layer == RELEASE or act.move == "publish_release" for act in course.acts):
        network.lake.act([{"actionType": "sanity.action.release.create", "releaseId": RELEASE}])


def _ask(cast: Cast, stage: Stage, run: Run) -> None:
    """Ask every engine that lives what waits, and every worker what it leaves alone."""

    def ask(actor: Actor) -> None:
        for name in sorted(cast.processes):
            process = cast.processes[name]
            run.records.quarantined |= set(getattr(process.follower, "quarantined", ()) or ())
            process.connection.actor = actor
            if "pending" in run.abilities:
                run.pending += process.engine.pending()

    stage.spawn("judge", ask)
    stage.run(stage.now + CALM_SECONDS)
