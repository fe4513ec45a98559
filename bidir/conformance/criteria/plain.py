"""What becomes of references nothing is declared on: the same edits with and without an engine, to the byte."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bidir.clock import SystemClock
from bidir.conformance.answers import called
from bidir.conformance.checking import described
from bidir.conformance.criteria.catalogue import GROUPS, given_documents, reference, schema
from bidir.conformance.lakes import EmbeddedLake
from bidir.conformance.playing import EngineFactory
from bidir.conformance.proxy import ObservedBackend
from bidir.engine import Engine
from bidir.form import EditSession
from bidir.ports import Backend, Committed
from lakesim.jsonvalue import dump_bytes, equal

__all__ = ["EDITS", "Comparison", "Tally", "compare_plain", "plain_edits"]

EDITS: Final = 60
"""Edits of plain references that are compared."""
OWN: Final = frozenset({"_rev", "_createdAt", "_updatedAt"})
"""What differs between two runs that store the same."""

Mutation = dict[str, Any]
Play = Callable[[Backend, Sequence[Mutation]], None]


@dataclass(frozen=True, slots=True)
class Tally:
    """What the lake saw of a run: requests, documents written, bytes of the mutations sent, and what is stored."""

    reads: int
    writes: int
    documents: int
    bytes_sent: int
    stored: Mapping[str, Mapping[str, Any]]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same edits by a client alone, through the engine, and through an open form (None where there is none)."""

    edits: int
    without: Tally
    engine: Tally
    form: Tally | None

    @property
    def faults(self) -> list[str]:
        """What is not as before, in words."""
        found = []
        ways = [("the engine", self.engine, self.edits), ("an open form", self.form, 0)]
        for name, tally, reads_max in ways:
            if tally is None:
                continue
            if tally.error:
                found.append(f"{name} refused an edit of a plain reference: {tally.error}")
            if tally.writes != self.without.writes:
                found.append(f"{name} sent {tally.writes} writes, a client alone {self.without.writes}")
            if tally.documents != self.without.documents:
                found.append(f"{name} wrote {tally.documents} documents, a client alone {self.without.documents}")
            if tally.reads > reads_max:
                found.append(f"{name} sent {tally.reads} reads for {self.edits} edits")
            if not equal(tally.stored, self.without.stored):
                found.append(f"{name} left other documents than a client alone")
        return found


def plain_edits(edits: int = EDITS, *, seed: int = 0) -> list[Mutation]:
    """Return patches of drafts that set, replace and clear a plain reference and change a plain list of them."""
    chance = SystemClock(seed=seed).jitter
    found: list[Mutation] = []
    for number in range(edits):
        book = GROUPS["book"][int(chance() * len(GROUPS["book"]))]
        target = reference(GROUPS["publisher"][int(chance() * len(GROUPS["publisher"]))])
        item = {"_key": f"k{number}", **target}
        patches: tuple[dict[str, Any], ...] = (
            {"set": {"publisher": target}},
            {"set": {"publisher": {**target, "_weak": True}}},
            {"unset": ["publisher"]},
            {"setIfMissing": {"reviewers": []}, "insert": {"after": "reviewers[-1]", "items": [item]}},
            {"set": {"reviewers": [item]}},
            {"unset": ["reviewers"]},
        )
        found.append({"patch": {"id": f"drafts.{book}", **patches[int(chance() * len(patches))]}})
    return found


def compare_plain(engine_factory: EngineFactory, *, edits: int = EDITS, seed: int = 0) -> Comparison:
    """Play the edits three ways, each on a lake of its own."""
    mutations = plain_edits(edits, seed=seed)

    def alone(backend: Backend, mutations: Sequence[Mutation]) -> None:
        for one in mutations:
            backend.commit([one], transaction_id=None)

    def by_engine(backend: Backend, mutations: Sequence[Mutation]) -> None:
        engine = engine_factory(schema(), backend)
        for one in mutations:
            called(engine, "submit", [one], perspective="drafts")

    has_form = isinstance(engine_factory(schema(), EmbeddedLake().backend()), Engine)
    form = _tally(_by_form(engine_factory), mutations) if has_form else None
    return Comparison(edits, _tally(alone, mutations), _tally(by_engine, mutations), form)


def _by_form(engine_factory: EngineFactory) -> Play:
    def play(backend: Backend, mutations: Sequence[Mutation]) -> None:
        engine = engine_factory(schema(), backend)
        with EditSession(engine, GROUPS["book"]) as form:
            # Everything has been read by the time somebody edits.
            form.prefetch(GROUPS["publisher"])
            _reset(backend)
            for one in mutations:
                body = dict(one["patch"])
                form.patch(str(body.pop("id")), **body)
                form.commit()

    return play


def _reset(backend: Backend) -> None:
    assert isinstance(backend, _Recorded), "every way is played on a recorded backend"
    backend.traffic.reads = 0


class _Recorded(ObservedBackend):
    """Counts what is sent, in bytes too."""

    bytes_sent = 0

    def commit(self, mutations: Sequence[Mapping[str, Any]], *, transaction_id: str | None) -> Committed:
        """Count and pass on."""
        self.bytes_sent += len(dump_bytes(list(mutations)))
        return super().commit(mutations, transaction_id=transaction_id)


def _tally(play: Play, mutations: Sequence[Mutation]) -> Tally:
    lake = EmbeddedLake()
    drafts = [{**one, "_id": f"drafts.{one['_id']}"} for one in given_documents() if one["_type"] == "book"]
    lake.mutate([{"create": one} for one in [*given_documents(), *drafts]])
    backend = _Recorded(lake.backend())
    error = ""
    try:
        play(backend, mutations)
    except Exception as raised:
        error = described(raised)
    stored = {
        key: {name: value for name, value in body.items() if name not in OWN} for key, body in lake.documents().items()
    }
    seen = backend.traffic
    return Tally(seen.reads, seen.writes, seen.documents_written, backend.bytes_sent, stored, error)
