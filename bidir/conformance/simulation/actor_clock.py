"""The clock of one actor: virtual, and not quite right."""

from __future__ import annotations

from random import Random

from bidir.conformance.simulation.stage import Actor

__all__ = ["ActorClock"]

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
NONCE_LENGTH = 16


class ActorClock:
    """The stage's time with an offset and a drift; waiting hands the baton on; nonces and jitter come from a seed."""

    def __init__(self, actor: Actor, random: Random, *, offset: float = 0.0, drift: float = 0.0) -> None:
        """Show `offset` seconds more than the stage's time, and run faster than it by the fraction `drift`."""
        self._actor = actor
        self._random = random
        self._offset = offset
        self._rate = 1.0 + drift

    def monotonic(self) -> float:
        """Return seconds since some fixed point."""
        return self._offset + self._actor.stage.now * self._rate

    def sleep(self, seconds: float) -> None:
        """Wait, while others go on."""
        self._actor.wait(max(0.0, seconds) / self._rate)

    def nonce(self) -> str:
        """Return 16 base36 characters."""
        return "".join(self._random.choices(_BASE36, k=NONCE_LENGTH))

    def jitter(self) -> float:
        """Return a number in [0, 1)."""
        return self._random.random()
