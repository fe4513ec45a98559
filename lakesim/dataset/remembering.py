"""The past of a dataset: documents as they were, and the log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakesim.access import Standing
from lakesim.clock import parse_time
from lakesim.dataset.core import Core
from lakesim.errors import BadRequestError
from lakesim.ids import validate_id
from lakesim.jsonvalue import copy
from lakesim.store.history import LoggedTransaction
from lakesim.store.past import Past

__all__ = ["Remembering"]


@dataclass(frozen=True, slots=True)
class Remembering:
    """What somebody of a certain standing may know of a dataset's past. Documents are copied, rows of the log are not.

    Two rights are told apart: the past (`history` and `read`), and the news of what is committed, which takes no more
    than to read.
    """

    core: Core
    standing: Standing

    @property
    def _past(self) -> Past:
        return Past(self.core.store.history, self.standing.remembered)

    @property
    def _news(self) -> Past:
        return Past(self.core.store.history, self.standing.readable)

    def at_revision(self, document_id: str, revision: str) -> dict[str, Any] | None:
        """Return the document as it stood after a transaction; None if it did not exist then.

        Raises: BadRequestError for an unknown revision, InvalidValueError for a malformed id.
        """
        validate_id(document_id, self.core.limits)
        with self.core.settled():
            found: dict[str, Any] | None = copy(self._past.at_revision(document_id, revision))
        return found

    def at_time(self, document_id: str, time: datetime | str) -> dict[str, Any] | None:
        """Return the document as it stood at a time; None if it did not exist then.

        Raises: BadRequestError for a malformed time, InvalidValueError for a malformed id.
        """
        validate_id(document_id, self.core.limits)
        with self.core.settled():
            found: dict[str, Any] | None = copy(self._past.at_time(document_id, _instant(time)))
        return found

    def last_revision(self, document_id: str) -> dict[str, Any] | None:
        """Return the document, or its last state before it was deleted; None if it never existed.

        Raises: InvalidValueError for a malformed id.
        """
        validate_id(document_id, self.core.limits)
        with self.core.settled():
            found: dict[str, Any] | None = copy(self._past.last_revision(document_id))
        return found

    def select(
        self,
        document_ids: Sequence[str] | None,
        *,
        from_time: datetime | str | None,
        to_time: datetime | str | None,
        **conditions: Any,
    ) -> list[LoggedTransaction]:
        """Return the rows within bounds; `conditions` are those of `select_transactions`.

        Raises: BadRequestError for an unknown transaction, a malformed time or limit.
        """
        with self.core.settled():
            return self._past.select(
                None if document_ids is None else list(document_ids),
                from_time=None if from_time is None else _instant(from_time),
                to_time=None if to_time is None else _instant(to_time),
                **conditions,
            )

    def rows(self) -> list[LoggedTransaction]:
        """Return the log, oldest first, as far as the past may be known."""
        with self.core.settled():
            return self._past.rows()

    def news(self) -> list[LoggedTransaction]:
        """Return the log, oldest first."""
        with self.core.settled():
            return self._news.rows()

    def news_tail(self, count: int) -> list[LoggedTransaction]:
        """Return the last `count` rows of the log, oldest first."""
        with self.core.settled():
            return self._news.tail(count)

    def news_since(self, transaction_id: str) -> list[LoggedTransaction]:
        """Return the rows after a transaction, oldest first; an empty id stands for the beginning.

        Raises: BadRequestError for an unknown transaction.
        """
        with self.core.settled():
            return self._news.since(transaction_id)

    def news_of(self, transaction_id: str) -> LoggedTransaction:
        """Return one row of the log.

        Raises: BadRequestError for an unknown transaction.
        """
        with self.core.settled():
            return self._news.row(transaction_id)


def _instant(time: datetime | str) -> datetime:
    if isinstance(time, datetime):
        if time.tzinfo is None:
            raise BadRequestError(f"Invalid time: {time!r} has no time zone")
        return time
    try:
        return parse_time(time)
    except (ValueError, TypeError) as error:
        raise BadRequestError(f"Invalid time: {error}") from None
