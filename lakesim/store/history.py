"""The log of transactions: what each did to which document, and the state of a document at any point of it.

A row refers to the document versions before and after, which share their branches, so the log costs what changed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lakesim.clock import format_micros
from lakesim.errors import BadRequestError
from lakesim.store.documents import Document
from lakesim.store.mendoza import effects_of

__all__ = ["Change", "History", "LoggedTransaction", "UnknownTransactionError"]

SEARCHED_CHANGES_MAX = 32
"""Changes of one transaction that are searched one by one; larger ones (imports) get an index."""


class UnknownTransactionError(BadRequestError):
    """A transaction id that was never committed to this dataset."""

    def __init__(self, transaction_id: str) -> None:
        """Name the id."""
        super().__init__(
            f'No transaction with ID "{transaction_id}" in this dataset; a revision is the ID of the transaction'
            " that wrote it"
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What one transaction did to one document.

    Shape: `before` and `after` are stored versions, None where the document did not exist; `mutations` is wire JSON
    that leads from one to the other (but for `_rev` and `_updatedAt` of patches): creations with their system fields,
    patches by query turned into patches by id.
    """

    document_id: str
    before: Document | None
    after: Document | None
    mutations: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class LoggedTransaction:
    """One committed transaction; `changes` come in the order in which the documents were first touched."""

    transaction_id: str
    timestamp: datetime
    author: str | None
    changes: tuple[Change, ...]

    def to_wire(
        self, *, mutations: bool = True, effects: bool = False, only: frozenset[str] | None = None
    ) -> dict[str, Any]:
        """Return the row as the history endpoint shows it (section 6.2); it shares structure with stored documents.

        With `only`, documents and mutations of other ids are left out.
        """
        changes = [change for change in self.changes if only is None or change.document_id in only]
        row: dict[str, Any] = {
            "id": self.transaction_id,
            "timestamp": format_micros(self.timestamp),
            "author": self.author,
            "documentIDs": [change.document_id for change in changes],
        }
        if mutations:
            row["mutations"] = [mutation for change in changes for mutation in change.mutations]
        if effects:
            row["effects"] = {change.document_id: effects_of(change.before, change.after) for change in changes}
        return row


class History:
    """All transactions of one dataset, oldest first, found by id, by document and by time."""

    __slots__ = ("_by_document", "_by_id", "_large", "_rows")

    def __init__(self) -> None:
        """Start empty."""
        self._rows: list[LoggedTransaction] = []
        self._by_id: dict[str, int] = {}
        # A document that was written once is filed as a bare number: most are, and a list each would weigh.
        self._by_document: dict[str, int | list[int]] = {}
        # The changes of large rows by document, made when first asked for.
        self._large: dict[int, dict[str, Change]] = {}

    def __len__(self) -> int:
        """Return the number of transactions."""
        return len(self._rows)

    def __iter__(self) -> Iterator[LoggedTransaction]:
        """Iterate oldest first over the rows there are now; later ones are not included."""
        return iter(self._rows[:])

    def __contains__(self, transaction_id: object) -> bool:
        """Whether a transaction of this id was committed."""
        return transaction_id in self._by_id

    @property
    def last_timestamp(self) -> datetime | None:
        """The time of the newest transaction, None before the first."""
        return self._rows[-1].timestamp if self._rows else None

    def append(self, row: LoggedTransaction) -> None:
        """Add a committed transaction; its id is new and its time not before the last one's."""
        number = len(self._rows)
        self._rows.append(row)
        self._by_id[row.transaction_id] = number
        by_document = self._by_document
        for change in row.changes:
            numbers = by_document.get(change.document_id)
            if numbers is None:
                by_document[change.document_id] = number
            elif type(numbers) is int:
                by_document[change.document_id] = [numbers, number]
            elif type(numbers) is list:
                numbers.append(number)

    def purge(self, document_ids: Iterable[str]) -> None:
        """Erase what is known of documents before the newest transaction; what that one left of them stays.

        The transactions themselves stay, without those changes.
        """
        for document_id in dict.fromkeys(document_ids):
            numbers = self._numbers(document_id)
            newest = len(self._rows) - 1
            survivor = None
            for number in numbers:
                row = self._rows[number]
                change = self._change(document_id, number)
                kept = tuple(other for other in row.changes if other is not change)
                if number == newest and change.after is not None:
                    survivor = replace(change, before=None)
                    kept = tuple(survivor if other is change else other for other in row.changes)
                self._rows[number] = replace(row, changes=kept)
                self._large.pop(number, None)
            if survivor is not None:
                self._by_document[document_id] = newest
            else:
                self._by_document.pop(document_id, None)

    def _numbers(self, document_id: str) -> Sequence[int]:
        numbers = self._by_document.get(document_id, ())
        return (numbers,) if type(numbers) is int else numbers  # type: ignore[return-value]

    def number_of(self, transaction_id: str) -> int:
        """Return the position of a transaction.

        Raises: BadRequestError for an id that was never committed.
        """
        try:
            return self._by_id[transaction_id]
        except KeyError:
            raise UnknownTransactionError(transaction_id) from None

    def row(self, transaction_id: str) -> LoggedTransaction:
        """Return one transaction.

        Raises: BadRequestError for an id that was never committed.
        """
        return self._rows[self.number_of(transaction_id)]

    def tail(self, count: int) -> list[LoggedTransaction]:
        """Return the last `count` transactions, oldest first."""
        return self._rows[-count:] if count > 0 else []

    def since(self, transaction_id: str) -> list[LoggedTransaction]:
        """Return the transactions after one, oldest first; an empty id stands for the beginning.

        Raises: BadRequestError for an id that was never committed.
        """
        return self._rows[self.number_of(transaction_id) + 1 if transaction_id else 0 :]

    def rows_of(self, document_ids: Sequence[str]) -> list[LoggedTransaction]:
        """Return the transactions that touched any of the documents, oldest first."""
        numbers = {number for document_id in document_ids for number in self._numbers(document_id)}
        return [self._rows[number] for number in sorted(numbers)]

    def at_revision(self, document_id: str, revision: str) -> Document | None:
        """Return the document as it stood when transaction `revision` had been committed; None: it did not exist.

        Raises: BadRequestError for an id that was never committed.
        """
        return self._after(document_id, self.number_of(revision))

    def at_time(self, document_id: str, instant: datetime) -> Document | None:
        """Return the document as it stood at `instant`, transactions of that very instant included."""
        return self._after(document_id, bisect_right(self._rows, instant, key=_time_of) - 1)

    def last_revision(self, document_id: str) -> Document | None:
        """Return the present document, or its last version before deletion; None if there never was one."""
        numbers = self._numbers(document_id)
        if not numbers:
            return None
        change = self._change(document_id, numbers[-1])
        return change.after if change.after is not None else change.before

    def _after(self, document_id: str, number: int) -> Document | None:
        numbers = self._numbers(document_id)
        place = bisect_right(numbers, number) - 1
        return None if place < 0 else self._change(document_id, numbers[place]).after

    def _change(self, document_id: str, number: int) -> Change:
        changes = self._rows[number].changes
        if len(changes) <= SEARCHED_CHANGES_MAX:
            return next(change for change in changes if change.document_id == document_id)
        if number not in self._large:
            self._large[number] = {change.document_id: change for change in changes}
        return self._large[number][document_id]


def _time_of(row: LoggedTransaction) -> datetime:
    return row.timestamp
