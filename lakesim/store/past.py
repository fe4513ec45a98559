"""The past of a dataset as one reader may know it: what stood when, and the log, without what is withheld."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from lakesim.store.documents import Document
from lakesim.store.history import History, LoggedTransaction, UnknownTransactionError
from lakesim.store.raw_view import Readable
from lakesim.store.seen import seen_row
from lakesim.store.transaction_log import select_transactions

__all__ = ["Past"]


class Past:
    """One reader's view of the history; made when asked for and read under the store's lock.

    States of documents that are not `remembered` (None: all are) are as if they had never been, and a transaction of
    which nothing is left as if it had never been committed.
    """

    __slots__ = ("_history", "_remembered")

    def __init__(self, history: History, remembered: Readable | None) -> None:
        """Look at `history`."""
        self._history = history
        self._remembered = remembered

    def at_revision(self, document_id: str, revision: str) -> Document | None:
        """Return the document as it stood when transaction `revision` had been committed; None: it did not exist.

        Raises: BadRequestError for an id that was never committed.
        """
        self.row(revision)
        return self._known(self._history.at_revision(document_id, revision))

    def at_time(self, document_id: str, instant: datetime) -> Document | None:
        """Return the document as it stood at `instant`."""
        return self._known(self._history.at_time(document_id, instant))

    def last_revision(self, document_id: str) -> Document | None:
        """Return the present document, or its last version before deletion; None if there never was one."""
        return self._known(self._history.last_revision(document_id))

    def rows(self) -> list[LoggedTransaction]:
        """Return the log, oldest first."""
        return self._seen(self._history)

    def tail(self, count: int) -> list[LoggedTransaction]:
        """Return the last `count` rows, oldest first."""
        if self._remembered is None:
            return self._history.tail(count)
        found: list[LoggedTransaction] = []
        for row in reversed(list(self._history)):
            if len(found) >= count:
                break
            found += self._seen([row])
        return found[::-1]

    def since(self, transaction_id: str) -> list[LoggedTransaction]:
        """Return the rows after a transaction, oldest first; an empty id stands for the beginning.

        Raises: BadRequestError for an id that was never committed.
        """
        if transaction_id:
            self.row(transaction_id)
        return self._seen(self._history.since(transaction_id))

    def row(self, transaction_id: str) -> LoggedTransaction:
        """Return one row.

        Raises: BadRequestError for an id that was never committed.
        """
        seen = seen_row(self._history.row(transaction_id), self._remembered)
        if seen is None:
            raise UnknownTransactionError(transaction_id)
        return seen

    def select(self, document_ids: list[str] | None, **conditions: Any) -> list[LoggedTransaction]:
        """Return the rows that `select_transactions` chooses.

        Raises: BadRequestError.
        """
        for bound in ("from_transaction", "to_transaction"):
            if conditions.get(bound) is not None:
                self.row(conditions[bound])
        return select_transactions(self._history, document_ids, readable=self._remembered, **conditions)

    def _known(self, document: Document | None) -> Document | None:
        if document is None or self._remembered is None or self._remembered(document):
            return document
        return None

    def _seen(self, rows: Iterable[LoggedTransaction]) -> list[LoggedTransaction]:
        return [seen for row in rows if (seen := seen_row(row, self._remembered)) is not None]
