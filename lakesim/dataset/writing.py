"""The writing half of a dataset: mutations and actions as transactions, within what the writer may do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lakesim.access import Standing
from lakesim.actions import Work, creates_something, run_actions
from lakesim.actions.model import Action
from lakesim.dataset.core import Core
from lakesim.errors import ActionError, InsufficientPermissionsError, MutationError
from lakesim.patch import Delete, Mutation, PatchMutation
from lakesim.store.raw_view import RawView
from lakesim.store.selection import resolve_selections
from lakesim.store.transaction import Transaction

__all__ = ["Writing"]


@dataclass(frozen=True, slots=True)
class Writing:
    """What somebody of a certain standing writes in a dataset, under its own name unless an author is given."""

    core: Core
    standing: Standing

    def mutate(
        self,
        mutations: Sequence[Mutation],
        *,
        transaction_id: str | None,
        author: str | None,
        dry_run: bool,
        auto_generate_array_keys: bool,
    ) -> Transaction:
        """Apply mutations as one transaction; an empty list makes none.

        Raises: MutationError and whatever else refuses a transaction; nothing has changed then.
        """
        if self._may_write_nothing:
            creates = not mutations or not isinstance(mutations[0], (Delete, PatchMutation))
            raise MutationError([_refused(creates)])

        def apply_all(transaction: Transaction) -> None:
            core = self.core
            view = RawView(core.store, readable=self.standing.readable)
            environment = core.environment(self.standing.identity)
            targets = resolve_selections(mutations, view, environment, core.limits)
            for index, mutation in enumerate(mutations):
                transaction.apply(index, mutation, targets.get(index, ()))

        return self.transact(
            apply_all,
            transaction_id=transaction_id,
            author=author,
            dry_run=dry_run or not mutations,
            auto_generate_array_keys=auto_generate_array_keys,
            system=False,
            every_failure=False,
        )

    def transact(
        self,
        body: Callable[[Transaction], object],
        *,
        transaction_id: str | None,
        author: str | None,
        dry_run: bool,
        auto_generate_array_keys: bool,
        system: bool,
        every_failure: bool,
    ) -> Transaction:
        """Do what `Core.write` does, and tell the listeners.

        Raises: as `Core.write`.
        """
        with self.core.settled():
            transaction = self.core.write(
                body,
                transaction_id=transaction_id,
                author=author or self.standing.identity,
                dry_run=dry_run,
                auto_generate_array_keys=auto_generate_array_keys,
                system=system,
                every_failure=every_failure,
                rights=self.standing.rights,
            )
        self.core.announce()
        return transaction

    def act(
        self, actions: Sequence[Action], *, transaction_id: str | None, author: str | None, dry_run: bool
    ) -> Transaction:
        """Carry out actions as one transaction, and the arrows of releases that follow; an empty list makes none.

        Raises: ActionError and whatever else refuses a transaction; nothing has changed then.
        """
        if self._may_write_nothing:
            raise ActionError([_refused(bool(actions) and creates_something(actions[0]))])
        core = self.core
        dry_run = dry_run or not actions
        author = author or self.standing.identity
        purged: list[str] = []

        def run_all(transaction: Transaction) -> None:
            history = core.store.history
            work = Work(transaction, choices=core.choices, limits=core.limits, author=author, history=history)
            run_actions(work, actions)
            purged.extend(work.purged)

        with core.settled():
            try:
                transaction = core.write(
                    run_all,
                    transaction_id=transaction_id,
                    author=author,
                    dry_run=dry_run,
                    auto_generate_array_keys=True,
                    system=True,
                    rights=self.standing.rights,
                )
            except MutationError as error:
                # From the check of the end state; the actions' own refusals are ActionErrors already.
                raise ActionError(error.causes) from None
            if not dry_run:
                core.store.history.purge(purged)
                core.keeper.settle(author=author)
        core.announce()
        return transaction

    @property
    def _may_write_nothing(self) -> bool:
        return self.standing.rights is not None and not self.standing.rights.writes


def _refused(creates: bool) -> tuple[int, InsufficientPermissionsError]:
    """Return the failure of the first item, by the permission that it would have needed."""
    return 0, InsufficientPermissionsError("create" if creates else "update")
