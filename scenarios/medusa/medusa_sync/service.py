"""The sync as a host runs it: events in, the workflow over the products they name, a record of every run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lakesim.clock import format_millis
from medusa_sync.batch import sync_batch
from medusa_sync.commerce import Commerce
from medusa_sync.compensation import compensate
from medusa_sync.deletions import Deletion, DeletionPolicy, check_policy, handle_deletion
from medusa_sync.errors import StepFailedError
from medusa_sync.executions import Executions
from medusa_sync.lake import ContentLake
from medusa_sync.lanes import BATCH_SIZE, LANES, batches_of, in_lanes, whole_catalogue
from medusa_sync.models import DELETED, Event, check_event_name, check_product_id
from medusa_sync.pace import Pace, VirtualPace
from medusa_sync.retrying import RetryPolicy
from medusa_sync.timeline import Moment, Timeline, named
from medusa_sync.upserts import SyncResult
from medusa_sync.workflow import COMPENSATED, COMPENSATING, DONE, FAILED, Run, Step, run_workflow

__all__ = ["DRAIN_MAX", "Drained", "Outcome", "SyncService"]

DRAIN_MAX: Final = 10_000
"""Events handled in one round."""
WORKFLOW: Final = "sanity-sync-products"
_RESULT: Final = "result"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one event, or one request to sync, led to.

    `status` is `done`, `failed`, `compensated` or `compensating`; `total` the products in step; `deletion` stands for
    a `product.deleted` event, whose `result` is empty.
    """

    status: str
    result: SyncResult
    error: str | None
    timeline: tuple[Moment, ...]
    deletion: Deletion | None = None

    @property
    def total(self) -> int:
        """Products whose documents are in step now."""
        return self.result.total

    @property
    def lake_away(self) -> bool:
        """Whether it failed for want of the lake alone, so that trying later will do."""
        return self.status != DONE and (bool(self.result.away) or (self.deletion is not None and self.deletion.away))


@dataclass(frozen=True, slots=True)
class Drained:
    """What a round over the outbox did, in numbers of events.

    `handled` are done, `set_aside` were refused for good, `waiting` were taken back and come again; `stopped` says that
    the lake stayed away, so that the rest was not tried.
    """

    outcomes: tuple[Outcome, ...]
    handled: int
    set_aside: int
    waiting: int
    stopped: bool


class SyncService:
    """Keeps product documents in a lake in step with a shop, one way.

    `then` are further steps of the workflow, after the sync: when one fails, the lake is restored. `deletes` says what
    a deleted product's document becomes. `on_timeline` is called with every moment list as soon as a run has ended.
    """

    def __init__(
        self,
        commerce: Commerce,
        lake: ContentLake,
        *,
        policy: RetryPolicy | None = None,
        pace: Pace | None = None,
        deletes: DeletionPolicy = "keep",
        then: Sequence[Step] = (),
        batch_size: int = BATCH_SIZE,
        lanes: int = LANES,
        on_timeline: Callable[[Sequence[Moment]], object] | None = None,
    ) -> None:
        """Connect both sides.

        Raises: BadInputError for an unknown policy of deletes.
        """
        self.commerce, self.lake = commerce, lake
        self.policy = policy or RetryPolicy()
        self.pace = pace or VirtualPace()
        self.deletes: DeletionPolicy = check_policy(deletes)
        self.executions = Executions(commerce.database)
        self._then = tuple(then)
        self._batch_size, self._lanes = batch_size, lanes
        self._on_timeline = on_timeline

    # -- events

    def timeline(self) -> Timeline:
        """Start a timeline now, for a caller who has something to note before the event."""
        return Timeline(self.pace)

    def handle(self, event: Event, *, timeline: Timeline | None = None) -> Outcome:
        """Do what an event asks for, and note in the outbox how it went.

        Events carry ids only and the shop is asked what is true now, so that they may come twice, late, or in any
        order. An event that failed waits in the outbox if the lake was away, and is set aside if it was refused.
        """
        check_event_name(event.name)
        timeline = timeline or self.timeline()
        timeline.note("event", f"{event.name} {event.product_id}")
        gone = self.commerce.product(event.product_id) is None
        if event.name == DELETED and gone:
            outcome = self._handle_deletion(event.product_id, timeline)
        else:
            timeline.note("triggered", f"workflow {WORKFLOW} with {event.product_id}")
            outcome = self._sync([event.product_id], timeline)
        if outcome.status == DONE:
            self.commerce.settle_event(event)
        else:
            refused = outcome.status == FAILED and not outcome.lake_away
            self.commerce.keep_event(event, outcome.error or outcome.status, for_good=refused)
        return outcome

    def drain(self, *, limit: int = DRAIN_MAX) -> Drained:
        """Handle what waits in the outbox, oldest first; stop where the lake stays away."""
        self.resume()
        outcomes: list[Outcome] = []
        handled = set_aside = waiting = 0
        for event in self.commerce.pending_events(limit):
            outcome = self.handle(event)
            outcomes.append(outcome)
            if outcome.lake_away:
                return Drained(tuple(outcomes), handled, set_aside, waiting + 1, stopped=True)
            handled += outcome.status == DONE
            set_aside += outcome.status == FAILED
            waiting += outcome.status in (COMPENSATED, COMPENSATING)
        return Drained(tuple(outcomes), handled, set_aside, waiting, stopped=False)

    # -- syncing on request

    def sync(self, product_ids: Sequence[str] | None = None) -> Outcome:
        """Bring products in step, all of them without ids; batches of 200 in parallel lanes.

        What cannot be written stops nothing else and is in `result.failures`; the status is `failed` then, and what
        was written stays, because it is right.
        Raises: BadInputError for a malformed id.
        """
        timeline = self.timeline()
        which = "all products" if product_ids is None else named(product_ids)
        timeline.note("triggered", f"workflow {WORKFLOW} with {which}")
        return self._sync(product_ids, timeline)

    def resume(self) -> list[str]:
        """Finish compensations that the lake's absence had left open; return the ids of the runs closed."""
        closed = []
        for run in self.executions.open():
            timeline = self.timeline()
            try:
                compensate(run.undo, lake=self.lake, policy=self.policy, timeline=timeline)
            except StepFailedError:
                # Still away: the record stays, and so does what has to be done.
                break
            finally:
                self._tell(timeline)
            self.executions.close(run.id)
            closed.append(run.id)
        return closed

    # -- internals

    def _sync(self, product_ids: Sequence[str] | None, timeline: Timeline) -> Outcome:
        if product_ids is None:
            batches = list(whole_catalogue(self.commerce, self._batch_size))
        else:
            batches = list(batches_of([check_product_id(one) for one in product_ids], self._batch_size))
        run = Run(self.lake.generate_id(), WORKFLOW, {"product_ids": product_ids}, timeline)
        result = SyncResult()

        def sync_step(current: Run) -> Any:
            result.add(in_lanes(batches, self._batch_work(current), timeline, lanes=self._lanes))
            current.output[_RESULT] = result
            if result.failures:
                reason = next(iter(result.failures.values()))
                raise StepFailedError(f"not synced: {named(list(result.failures))}: {reason}")
            return result.upserts

        def take_back(current: Run, upserts: Any) -> object:
            return compensate(upserts, lake=self.lake, policy=self.policy, timeline=timeline)

        return self._run(run, [Step("sync", sync_step, take_back), *self._then], result)

    def _batch_work(self, run: Run) -> Callable[[int, Sequence[str], Timeline], SyncResult]:
        def work(number: int, ids: Sequence[str], timeline: Timeline) -> SyncResult:
            name = f"medusa-{run.id}-{number}"
            return sync_batch(
                ids, commerce=self.commerce, lake=self.lake, policy=self.policy, timeline=timeline, name=name
            )

        return work

    def _run(self, run: Run, steps: Sequence[Step], result: SyncResult) -> Outcome:
        started_at = format_millis(self.pace.now())
        run_workflow(run, steps, policy=self.policy)
        self.executions.record(run, total=result.total, report=result.report(), started_at=started_at)
        self._tell(run.timeline)
        return Outcome(run.status, result, run.error, tuple(run.timeline.moments))

    def _handle_deletion(self, product_id: str, timeline: Timeline) -> Outcome:
        deletion = handle_deletion(
            product_id, lake=self.lake, deletes=self.deletes, policy=self.policy, timeline=timeline
        )
        self._tell(timeline)
        status = DONE if deletion.error is None else FAILED
        return Outcome(status, SyncResult(), deletion.error, tuple(timeline.moments), deletion)

    def _tell(self, timeline: Timeline) -> None:
        if self._on_timeline is not None:
            self._on_timeline(tuple(timeline.moments))
