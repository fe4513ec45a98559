"""The transactions an engine made itself, so that their events are recognised and never taken for somebody's wish.

Source: bidirectional semantics, F6.1 and F6.3.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from bidir.origin import is_whole, relation_of

__all__ = ["OwnWrites"]

REMEMBERED_MAX = 10_000
"""Own transactions remembered."""


class OwnWrites:
    """Transactions by id, each with whether all its consequences were in it."""

    def __init__(self, relations: Iterable[str]) -> None:
        """Start empty; `relations` are the names that an engine works by."""
        self._relations = frozenset(relations)
        self._whole: OrderedDict[str, bool] = OrderedDict()

    def __contains__(self, transaction_id: str) -> bool:
        """Whether this engine made the transaction."""
        return transaction_id in self._whole

    def add(self, transaction_id: str, *, whole: bool) -> None:
        """Remember a transaction; not `whole`: the source was written alone."""
        self._whole[transaction_id] = whole
        while len(self._whole) > REMEMBERED_MAX:
            self._whole.popitem(last=False)

    def carried_through(self, transaction_id: str) -> bool:
        """Whether an engine made the transaction with all its consequences in it (F6.3), not the source alone.

        This one, or another that works by the same relation: what engines write is never taken for somebody's wish,
        else two of them that see an edit at different times undo each other's answers to it (F6.1).
        """
        if transaction_id in self._whole:
            return self._whole[transaction_id]
        return is_whole(transaction_id) and relation_of(transaction_id) in self._relations
