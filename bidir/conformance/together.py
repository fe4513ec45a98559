"""Several editors at once, the same every time: all of them read, then they commit one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Semaphore, Thread

__all__ = ["Act", "play_together"]

Act = Callable[[Callable[[], None]], None]
"""What one editor does; it calls its argument where the others may overtake."""


def play_together(acts: Sequence[Act]) -> None:
    """Let every act run to its pause, in order, then every one to its end, in order.

    Only one runs at any time, so the outcome depends on nothing but the order.
    Raises: what an act raised, the first of them.
    """
    turns = [_Turn(act) for act in acts]
    for turn in turns:
        turn.go_on()
    for turn in turns:
        turn.go_on()
    for turn in turns:
        if turn.raised is not None:
            raise turn.raised


class _Turn:
    """One act in a thread of its own, which runs only while it has been told to go on."""

    def __init__(self, act: Act) -> None:
        self.raised: BaseException | None = None
        self._act = act
        self._go = Semaphore(0)
        self._back = Semaphore(0)
        self._over = False
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def go_on(self) -> None:
        """Let the act run to its pause or its end; nothing where it has ended."""
        if not self._over:
            self._go.release()
            self._back.acquire()

    def _pause(self) -> None:
        self._back.release()
        self._go.acquire()

    def _run(self) -> None:
        self._go.acquire()
        try:
            self._act(self._pause)
        except BaseException as error:
            self.raised = error
        self._over = True
        self._back.release()
