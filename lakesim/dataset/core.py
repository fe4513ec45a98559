"""What everybody's view of one dataset shares: documents and log, listeners, the schedule, and the one way to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from lakesim.access import Rights
from lakesim.actions import Keeper
from lakesim.clock import Clock
from lakesim.errors import InvalidRequestBodyError, TransactionAlreadyExistsError
from lakesim.faults import Faults
from lakesim.faults.line import EventFaults
from lakesim.faults.operation import operation_in_process
from lakesim.groq import Environment
from lakesim.groq.environment import ANONYMOUS
from lakesim.limits import Limits
from lakesim.listen.hub import Hub
from lakesim.live import LiveFeed
from lakesim.store.blobs import Blobs
from lakesim.store.choices import LakeChoices
from lakesim.store.memory import MemoryStore
from lakesim.store.transaction import Transaction

__all__ = ["Core"]


class Core:
    """One dataset without a point of view: nothing is withheld here, and nothing is copied.

    What is done under `settled()` sees and changes whole transactions only; `announce` afterwards, outside of it, lets
    listeners' callbacks run.
    """

    def __init__(
        self,
        name: str,
        *,
        clock: Clock,
        limits: Limits,
        choices: LakeChoices,
        project_id: str,
        store: MemoryStore | None,
        faults: Faults | None,
    ) -> None:
        """Put the parts together; without a `store` the dataset is empty, without `faults` it has rules of its own."""
        self.name = name
        self.clock = clock
        self.limits = limits
        self.choices = choices
        self.project_id = project_id
        self.store = store or MemoryStore()
        self.faults = Faults(clock) if faults is None else faults
        listening = EventFaults(
            self.faults, lambda: operation_in_process("listen", project=self.project_id, dataset=self.name)
        )
        self.hub = Hub(limits, choices, faults=listening)
        self.live = LiveFeed(self.store, name, subscribers_max=limits.listeners_max)
        self.keeper = Keeper(self.store, self.write, clock=clock, limits=limits, choices=choices)
        self.blobs = Blobs()

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Hold the store's lock over a dataset in which nothing is due."""
        self.run_due()
        with self.store.lock:
            yield

    def run_due(self) -> list[str]:
        """Publish the scheduled releases whose time has come; return the names of the releases moved, in order."""
        if not self.keeper.is_due():
            return []
        with self.store.lock:
            moved = self.keeper.settle()
        self.announce()
        return moved

    def announce(self) -> None:
        """Hand the events of what was committed to the listeners that have a callback; takes no lock."""
        self.hub.dispatch()

    def write(
        self,
        body: Callable[[Transaction], object],
        *,
        transaction_id: str | None = None,
        author: str | None,
        dry_run: bool = False,
        auto_generate_array_keys: bool = False,
        system: bool = False,
        every_failure: bool = False,
        limits: Limits | None = None,
        rights: Rights | None = None,
    ) -> Transaction:
        """Run `body` on a new transaction, check it and commit it unless `dry_run`, under the lock the caller holds.

        `system` lifts the bans on system documents and locked releases, `every_failure` lists all broken references
        where the service stops at the first, `rights` bound what may be written (None: nothing does).
        Raises: InvalidRequestBodyError, TransactionAlreadyExistsError, whatever `body` raises, and what the check of
        the end state does; nothing has changed then.
        """
        clock = self.clock.fork() if dry_run else self.clock
        transaction = Transaction(
            self.store,
            transaction_id=self._new_transaction_id(transaction_id, clock),
            now=self._next_instant(clock),
            clock=clock,
            limits=limits or self.limits,
            choices=self.choices,
            author=author,
            auto_generate_array_keys=auto_generate_array_keys,
            system=system,
            rights=rights,
        )
        body(transaction)
        transaction.check(every_failure=every_failure)
        if not dry_run:
            row = transaction.commit()
            clock.tick(row.timestamp)
            self.hub.publish(row)
            self.live.note(row)
            self.keeper.note(row)
        return transaction

    def _new_transaction_id(self, given: str | None, clock: Clock) -> str:
        if given is None:
            return clock.generate_id()
        longest = self.limits.transaction_id_length_max
        if not isinstance(given, str) or not 1 <= len(given) <= longest:
            raise InvalidRequestBodyError(f"transactionId must be a string of 1 to {longest} characters, not {given!r}")
        if given in self.store.history:
            raise TransactionAlreadyExistsError(given)
        return given

    def _next_instant(self, clock: Clock) -> datetime:
        # A manual clock can be set back; the log of a dataset still runs forward.
        last = self.store.history.last_timestamp
        upcoming = clock.upcoming()
        return upcoming if last is None or upcoming > last else last

    def environment(self, identity: str | None) -> Environment:
        """Return what queries know of their surroundings, asked now by somebody of this name."""
        return Environment(
            now=self.clock.now(), identity=identity or ANONYMOUS, project_id=self.project_id, dataset=self.name
        )
