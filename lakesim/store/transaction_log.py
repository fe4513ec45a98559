"""Choosing rows of the log as the history endpoint does: by document, transaction, time, author and count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from lakesim.errors import BadRequestError
from lakesim.store.history import History, LoggedTransaction
from lakesim.store.raw_view import Readable
from lakesim.store.seen import seen_row

__all__ = ["select_transactions"]


def select_transactions(
    history: History,
    document_ids: Sequence[str] | None,
    *,
    from_transaction: str | None = None,
    to_transaction: str | None = None,
    from_time: datetime | None = None,
    to_time: datetime | None = None,
    authors: Sequence[str] | None = None,
    reverse: bool = False,
    limit: int | None = None,
    readable: Readable | None = None,
) -> list[LoggedTransaction]:
    """Return the rows that fulfil every condition given, oldest first or `reverse`; all bounds are inclusive.

    What is not `readable` is left out of the rows, and rows of which nothing is left do not count.
    Source: content-lake reference, section 6.2.
    Raises: BadRequestError for an unknown transaction or a negative limit.
    """
    if limit is not None and limit < 0:
        raise BadRequestError(f"Invalid limit: {limit} (right would be 0 or more)")
    first = 0 if from_transaction is None else history.number_of(from_transaction)
    last = len(history) if to_transaction is None else history.number_of(to_transaction)
    rows = [
        row
        for row in _rows(history, document_ids, readable)
        if first <= history.number_of(row.transaction_id) <= last
        and (from_time is None or row.timestamp >= from_time)
        and (to_time is None or row.timestamp <= to_time)
        and (authors is None or row.author in authors)
    ]
    if reverse:
        rows.reverse()
    return rows if limit is None else rows[:limit]


def _rows(
    history: History, document_ids: Sequence[str] | None, readable: Readable | None
) -> Iterator[LoggedTransaction]:
    """Yield the rows in which the reader sees a change of any of the documents, or of any document at all."""
    for row in history if document_ids is None else history.rows_of(document_ids):
        seen = seen_row(row, readable)
        if seen is None:
            continue
        if readable is None or document_ids is None or any(one.document_id in document_ids for one in seen.changes):
            yield seen
