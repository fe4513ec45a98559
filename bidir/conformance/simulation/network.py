"""The lake, and the way to it: every message takes its time, and may be lost, doubled, refused or overtaken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bidir.backends import LakeBackend
from bidir.conformance.lagging import LaggingBackend
from bidir.conformance.lakes import EmbeddedLake
from bidir.conformance.simulation.chaos import Chaos
from bidir.conformance.simulation.event_line import EventLine
from bidir.conformance.simulation.records import Records
from bidir.conformance.simulation.stage import Stage
from lakesim.clock import SEEDED_START
from lakesim.errors import LakeError
from lakesim.ids import is_published_id, published_id

__all__ = ["Network", "Window"]


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to `end` (virtual seconds) `actor` may not write the group `group`."""

    actor: str
    group: str
    start: float
    end: float


class Network:
    """One lake for all actors of a run; it alone reads and writes it, and moves its clock to the stage's time."""

    def __init__(
        self, stage: Stage, chaos: Chaos, records: Records, *, seed: int, windows: Sequence[Window] = ()
    ) -> None:
        """Start with an empty lake."""
        self.stage = stage
        self.chaos = chaos
        self.records = records
        self.windows = tuple(windows)
        self.lake = EmbeddedLake(seed=seed)
        self.lines: list[EventLine] = []
        self._rivals = 0

    def backend(self, *, lag: float) -> LakeBackend:
        """Return a direct connection whose queries are `lag` seconds behind."""
        return LaggingBackend(self.lake.dataset, lag=lag) if lag else LakeBackend(self.lake.dataset)

    def arrive(self) -> None:
        """Bring the lake's clock to the present; each write has moved it on by itself."""
        behind = SEEDED_START + timedelta(seconds=self.stage.now) - self.lake.lake.clock.now()
        if behind > timedelta(0):
            self.lake.advance(behind.total_seconds())

    def pump(self) -> None:
        """Send what has been committed to everybody who listens."""
        for line in self.lines:
            line.pump()

    def refused_to(self, actor: str, stored_ids: Collection[str]) -> str | None:
        """Return the first of the documents that the actor may not write now, None if it may write all."""
        if not self.chaos.on:
            return None
        closed = {one.group for one in self.windows if one.actor == actor and one.start <= self.stage.now < one.end}
        return next((one for one in stored_ids if published_id(one) in closed), None) if closed else None

    def rival(self, stored_ids: Sequence[str], occasion: str) -> None:
        """Let somebody type a text into one of the documents that are about to be written."""
        there = [one for one in stored_ids if self.lake.dataset.get(one) is not None]
        if not there:
            return
        self._rivals += 1
        chosen = self.chaos.random(f"{occasion} chosen").choice(sorted(there))
        self.stranger(
            [{"patch": {"id": chosen, "set": {f"rival{self._rivals}": self._rivals}}}],
            f"rival-{self._rivals}",
            act=None,
            who="rival",
        )

    def stranger(
        self, mutations: Sequence[Mapping[str, Any]], transaction_id: str, *, act: int | None, who: str
    ) -> bool:
        """Write past every engine; return whether the lake took it."""
        return self._past(
            lambda: self.lake.dataset.mutate(list(mutations), transaction_id=transaction_id), transaction_id, act, who
        )

    def strange_actions(self, actions: Sequence[Mapping[str, Any]], transaction_id: str, *, act: int, who: str) -> bool:
        """Perform lake actions past every engine; return whether the lake took them."""
        return self._past(
            lambda: self.lake.dataset.actions(list(actions), transaction_id=transaction_id), transaction_id, act, who
        )

    def _past(self, write: Callable[[], Any], transaction_id: str, act: int | None, who: str) -> bool:
        self.arrive()
        try:
            write()
        except LakeError as error:
            self.records.tell(self.stage.now, who, f"is refused: {str(error).splitlines()[0]}")
            return False
        self.records.strangers[transaction_id] = act
        self.records.tell(self.stage.now, "lake", f"took {transaction_id} of {who}")
        self.pump()
        return True

    def reconnect_all(self) -> None:
        """Let every line that has lost something notice it."""
        for line in self.lines:
            line.reconnect()

    def published_groups(self) -> list[str]:
        """Return the ids of the published documents."""
        return [one for one in self.lake.documents() if is_published_id(one)]
