"""Engines that are wrong as a whole: that do nothing, forget the other half, or clear everything."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from bidir.conformance.broken.outgoing import Mutations, rewritten
from bidir.engine import Engine
from bidir.outcome import Outcome
from bidir.ports import Backend
from bidir.reconcile import Report
from bidir.relations import Schema
from lakesim.jsonvalue import dumps

__all__ = ["clears_everything", "does_nothing", "one_sided"]


class _Idle(Engine):
    """Writes nothing at all, and says that all is well."""

    def submit(self, mutations: Mutations, **options: Any) -> Outcome:
        return Outcome()

    def _operate(self, *arguments: Any, **options: Any) -> Outcome:
        return Outcome()

    def heal(self) -> Outcome:
        return Outcome()

    def audit(self, *, notes: bool = False) -> Iterator[Any]:
        return iter(())


class _OneSided(Engine):
    """Carries every operation to its layer, as ours does, leaves every other half alone and finds that in order."""

    def __init__(self, schema: Schema, backend: Backend) -> None:
        super().__init__(schema, backend, mode="off")

    def pending(self) -> list[Any]:
        return []

    def audit(self, *, notes: bool = False) -> Iterator[Any]:
        return iter(())

    def heal(self) -> Outcome:
        return Outcome()

    def repair(self, dry_run: bool = True, *, progress: Any = None) -> Report:
        return super().repair(dry_run=True)


class _Clearing:
    """Makes engines that unset every relation field of every document in whatever they send: always symmetric."""

    def __call__(self, schema: Schema, backend: Backend) -> Engine:
        types = [name for name in schema.types if schema.fields_of(name)]
        paths = sorted({".".join(field.path) for name in types for field in schema.fields_of(name)})
        everything = {"patch": {"query": f"*[_type in {dumps(types)}]", "unset": paths}}

        def rewrite(mutations: Mutations, mine: Collection[str]) -> list[Mutations]:
            return [[*mutations, everything]]

        return rewritten(rewrite)(schema, backend)


does_nothing = _Idle
one_sided = _OneSided
clears_everything = _Clearing()
