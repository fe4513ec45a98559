"""One baton and one virtual time: actors run in threads of their own, but only ever one, and the stage says which.

An actor runs until it waits; then the baton goes back to the stage, which takes the next event from its queue (by time,
then by order of entry). So a run depends on nothing but what is put into the queue: not on the machine, not on how
threads are scheduled, not on real time.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from threading import Lock, Thread

from bidir.conformance.proxy import ProcessDied

__all__ = ["Actor", "Stage", "StageError"]

CALLS_AFTER_DEATH_MAX = 50
"""Waits that a killed actor may begin (engines have `finally` clauses) before it is taken for one that will not die."""


class StageError(Exception):
    """The stage was used against its rules: by a thread that has not got the baton."""


class Actor:
    """A piece of code that can wait; made by `Stage.spawn`.

    `alive` until its body has returned or it was killed; `immortal` if it went on after its death. `on_end` is called
    once, by the stage, when it is not alive any more.
    """

    def __init__(self, stage: Stage, name: str, body: Callable[[Actor], None]) -> None:
        """Prepare the actor; it starts with its first turn."""
        self.stage = stage
        self.name = name
        self.alive = True
        self.killed = False
        self.immortal = False
        self.error: BaseException | None = None
        self.on_end: Callable[[], None] | None = None
        self._body = body
        self._thread: Thread | None = None
        self._go, self._back = Lock(), Lock()
        self._go.acquire()
        self._back.acquire()
        self._waits = 0
        self._deaths = 0

    # ------------------------------------------------------------------------------------ on the stage's side

    def turn(self) -> None:
        """Hand the baton over and get it back when the actor waits or ends."""
        if not self.alive:
            return
        self._waits += 1
        if self._thread is None:
            self._thread = Thread(target=self._run, name=self.name, daemon=True)
            self._thread.start()
        else:
            self._go.release()
        self._back.acquire()
        self._after_turn()

    def wake(self, ticket: int) -> None:
        """Give the actor its turn if it still waits for what the ticket stands for."""
        if ticket == self._waits:
            self.turn()

    def kill(self) -> None:
        """End the actor where it waits; what it does on its way out cannot wait any more."""
        self.killed = True
        if self._thread is None and self.alive:
            self.alive = False
            self._ended()
        while self.alive and not self.immortal:
            self.turn()

    def _after_turn(self) -> None:
        if self.alive:
            return
        if not self.immortal and self._thread is not None:
            self._thread.join()
            if self.error is not None:
                raise self.error
        self._ended()

    def _ended(self) -> None:
        if self.on_end is not None:
            ended, self.on_end = self.on_end, None
            ended()

    # ------------------------------------------------------------------------------------ on the actor's side

    def wait(self, seconds: float) -> None:
        """Let virtual time pass.

        Raises: ProcessDied if the actor is killed meanwhile.
        """
        ticket = self.ticket()
        self.stage.after(seconds, lambda: self.wake(ticket))
        self.suspend()

    def ticket(self) -> int:
        """Return what `wake` needs to end the next wait, and only that."""
        return self._waits

    def suspend(self) -> None:
        """Give the baton back until somebody wakes the actor.

        Raises: ProcessDied.
        """
        if self.killed:
            self._die()
        self._back.release()
        self._go.acquire()
        if self.killed:
            self._die()

    def _die(self) -> None:
        self._deaths += 1
        if self._deaths > CALLS_AFTER_DEATH_MAX:
            # It catches its own death and goes on: it never gets the baton again.
            self.immortal = True
            self.alive = False
            self._back.release()
            self._go.acquire()
        raise ProcessDied

    def _run(self) -> None:
        try:
            self._body(self)
        except ProcessDied:
            pass
        except BaseException as error:
            self.error = error
        self.alive = False
        self._back.release()


class Stage:
    """The queue of what happens when, and the virtual time in seconds."""

    def __init__(self) -> None:
        """Start at zero with nothing to do."""
        self.now = 0.0
        self.events = 0
        self.actors: list[Actor] = []
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._entered = 0

    def after(self, seconds: float, happening: Callable[[], None]) -> None:
        """Let something happen so many seconds from now."""
        self._entered += 1
        heapq.heappush(self._queue, (self.now + max(0.0, seconds), self._entered, happening))

    def spawn(self, name: str, body: Callable[[Actor], None], *, delay: float = 0.0) -> Actor:
        """Add an actor, which starts after `delay` seconds."""
        actor = Actor(self, name, body)
        self.actors.append(actor)
        self.after(delay, lambda: actor.wake(0))
        return actor

    def run(self, until: float) -> None:
        """Let everything happen that is due up to the moment `until`, and move there.

        Raises: whatever an actor's body raises (its own death apart).
        """
        while self._queue and self._queue[0][0] <= until:
            moment, _, happening = heapq.heappop(self._queue)
            self.now = max(self.now, moment)
            self.events += 1
            happening()
        self.now = max(self.now, until)

    def close(self) -> None:
        """End every actor that is left; no thread outlives the stage but those of actors that refuse to die."""
        for actor in self.actors:
            actor.kill()
        self._queue.clear()
