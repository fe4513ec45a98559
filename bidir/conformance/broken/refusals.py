"""Engines that take a refusing, busy or lagging lake the wrong way (bidirectional semantics, F3, F5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bidir.conformance.broken.outgoing import Around, Mutations
from bidir.engine import Engine
from bidir.errors import PermissionRefused, RateLimited, Refused
from bidir.outcome import Outcome
from bidir.ports import Backend, Committed
from bidir.relations import Schema

__all__ = ["busy_is_an_error", "nameless_transactions", "slow", "swallows_403_on_the_source", "trusts_queries"]


class _Swallowing(Engine):
    """Takes it that an edit which the lake refused was made."""

    def submit(self, mutations: Mutations, **options: Any) -> Outcome:
        try:
            return super().submit(mutations, **options)
        except PermissionRefused:
            return Outcome()


class _Trusting(Around):
    consistent_queries = True


class _Impatient(Around):
    def commit(self, mutations: Mutations, *, transaction_id: str | None) -> Committed:
        try:
            return self._inner.commit(mutations, transaction_id=transaction_id)
        except RateLimited as error:
            raise Refused(str(error)) from None


class _Nameless(Around):
    def commit(self, mutations: Mutations, *, transaction_id: str | None) -> Committed:
        return self._inner.commit(mutations, transaction_id=None)


class _Slow(Around):
    """Answers each commit only after a second."""

    def commit(self, mutations: Mutations, *, transaction_id: str | None) -> Committed:
        self._inner.clock.sleep(1)
        return self._inner.commit(mutations, transaction_id=transaction_id)


def _on(wrapped: type[Around]) -> Callable[[Schema, Backend], Engine]:
    return lambda schema, backend: Engine(schema, wrapped(backend))


swallows_403_on_the_source = _Swallowing
trusts_queries = _on(_Trusting)
busy_is_an_error = _on(_Impatient)
nameless_transactions = _on(_Nameless)
slow = _on(_Slow)
