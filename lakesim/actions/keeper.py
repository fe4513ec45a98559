"""Moves every release that is due, arrow by arrow, until all rest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final, Protocol

from lakesim.actions.arrows import fall_back, take_arrow
from lakesim.actions.release_document import state_of
from lakesim.actions.schedule import Schedule
from lakesim.actions.states import ARROWS, Arrow
from lakesim.actions.work import Work
from lakesim.clock import Clock
from lakesim.errors import LakeError, TransactionError
from lakesim.ids import release_document_id
from lakesim.limits import Limits
from lakesim.store.choices import LakeChoices
from lakesim.store.documents import Document
from lakesim.store.history import LoggedTransaction
from lakesim.store.memory import MemoryStore
from lakesim.store.transaction import Transaction

__all__ = ["Keeper", "Write"]

_NO_BOUND: Final = 2**63
"""For the dataset-wide limits, which may not keep the lake from writing down the state of a release."""


class Write(Protocol):
    """How a dataset commits one transaction of the lake's own, under the store's lock, with a fresh id."""

    def __call__(
        self, body: Callable[[Transaction], object], *, author: str | None, system: bool, limits: Limits
    ) -> object:
        """Run `body` on a new transaction, check it and commit it."""
        ...


class Keeper:
    """Keeps the releases of one dataset moving; its methods are called under the store's lock, but for `is_due`."""

    def __init__(self, store: MemoryStore, write: Write, *, clock: Clock, limits: Limits, choices: LakeChoices) -> None:
        """Keep the releases in `store`, writing by `write`."""
        self._store = store
        self._write = write
        self._clock = clock
        self._limits = limits
        self._choices = choices
        self._schedule = Schedule(store)

    def note(self, row: LoggedTransaction) -> None:
        """Take in a committed transaction, whoever's it was."""
        self._schedule.note(row)

    def is_due(self) -> bool:
        """Whether any release has to be moved now; costs nothing while none waits."""
        return self._schedule.is_due(self._now())

    def settle(self, *, author: str | None = None) -> list[str]:
        """Take every arrow that is due and return the releases that moved, in order, each once.

        `author` signs the arrows; without one it is the caller who first moved the release (`userId`). Each arrow
        leads on, and every chain ends at rest, so this ends.
        """
        moved: dict[str, None] = {}
        while (name := self._schedule.due(self._now())) is not None:
            release = self._store.documents[release_document_id(name)]
            self._take(name, ARROWS[state_of(release)], author or _user_of(release))
            moved[name] = None
        return list(moved)

    def _take(self, name: str, arrow: Arrow, author: str | None) -> None:
        taking = partial(take_arrow, history=self._store.history, name=name, arrow=arrow)
        if arrow.on_failure is None:
            self._commit(taking, author, self._boundless())
            return
        try:
            self._commit(taking, author, self._limits)
        except LakeError as error:
            back = partial(fall_back, name=name, arrow=arrow, message=_message(error))
            self._commit(back, author, self._boundless())

    def _commit(self, body: Callable[[Work], None], author: str | None, limits: Limits) -> None:
        def run(transaction: Transaction) -> None:
            body(Work(transaction, choices=self._choices, limits=limits, author=author))

        self._write(run, author=author, system=True, limits=limits)

    def _boundless(self) -> Limits:
        return replace(self._limits, dataset_attributes_max=_NO_BOUND, dataset_documents_max=_NO_BOUND)

    def _now(self) -> datetime:
        """Return the time by the clock, or by the log where the clock lags behind it: "now" has to be due at once."""
        last, now = self._store.history.last_timestamp, self._clock.now()
        return now if last is None or now > last else last


def _message(error: LakeError) -> str:
    if isinstance(error, TransactionError) and error.causes:
        return error.causes[0][1].description
    return error.description


def _user_of(release: Document) -> str | None:
    user = release.get("userId")
    return user if isinstance(user, str) else None
