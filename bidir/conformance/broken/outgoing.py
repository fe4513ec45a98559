"""Changes what an engine sends on its way to the lake, as an engine that had planned it so would have sent it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from bidir.backends.naming import mutated_ids
from bidir.engine import Engine
from bidir.outcome import Outcome
from bidir.ports import Backend, Committed
from bidir.refs import group_of
from bidir.relations import Schema

__all__ = ["Around", "Mutations", "Rewrite", "patches", "rewritten"]

Mutations: TypeAlias = Sequence[Mapping[str, Any]]
Rewrite: TypeAlias = Callable[[Mutations, Collection[str]], Iterable[Mutations]]
"""Takes a transaction and the groups that the user's call names, and returns the transactions sent in its place."""


class Around:
    """A backend with something changed; all the rest passes through."""

    def __init__(self, inner: Backend) -> None:
        """Wrap `inner`."""
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        """Pass everything else through."""
        return getattr(self._inner, name)


class _Outgoing(Around):
    """Sends what `rewrite` makes of each transaction."""

    def __init__(self, inner: Backend, rewrite: Callable[[Mutations], Iterable[Mutations]]) -> None:
        super().__init__(inner)
        self._rewrite = rewrite

    def commit(self, mutations: Mutations, *, transaction_id: str | None) -> Committed:
        parts = [list(part) for part in self._rewrite(mutations)]
        committed = None
        for number, part in enumerate(parts):
            name = transaction_id if number == 0 or transaction_id is None else f"{transaction_id}-{number}"
            committed = self._inner.commit(part, transaction_id=name)
        return committed or self._inner.commit([], transaction_id=transaction_id)


class _Rewritten(Engine):
    """Our engine with its transactions rewritten; it knows which groups the call at hand is about."""

    def __init__(self, schema: Schema, backend: Backend, rewrite: Rewrite) -> None:
        self._mine: set[str] = set()
        super().__init__(schema, _Outgoing(backend, lambda sent: rewrite(sent, self._mine)))

    def submit(self, mutations: Mutations, **options: Any) -> Outcome:
        self._mine = {group_of(name) for name in mutated_ids(mutations)}
        return super().submit(mutations, **options)

    def _operate(self, operation: Any, *arguments: Any, **options: Any) -> Outcome:
        self._mine = set(operation.groups)
        return super()._operate(operation, *arguments, **options)


def rewritten(rewrite: Rewrite) -> Callable[[Schema, Backend], Engine]:
    """Return a factory of engines that send what `rewrite` makes of their transactions."""
    return lambda schema, backend: _Rewritten(schema, backend, rewrite)


def patches(mutations: Mutations, change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> list[dict[str, Any]]:
    """Return the mutations with every patch changed; None leaves it out."""
    out = []
    for mutation in mutations:
        if "patch" not in mutation:
            out.append(dict(mutation))
            continue
        changed = change(dict(mutation["patch"]))
        if changed is not None:
            out.append({"patch": changed})
    return out
