"""The only module of the engine that reads time or randomness."""

from __future__ import annotations

import random
import time
from typing import Protocol

__all__ = ["EngineClock", "SystemClock"]

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
NONCE_LENGTH = 16


class EngineClock(Protocol):
    """What the engine needs of time: durations, waiting, and nonces for transaction ids."""

    def monotonic(self) -> float:
        """Return seconds since some fixed point."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def nonce(self) -> str:
        """Return a fresh short text, unique enough to name a transaction."""
        ...

    def jitter(self) -> float:
        """Return a random number in [0, 1)."""
        ...


class SystemClock:
    """The machine's own clock; with a `seed` nonces and jitter are reproducible."""

    def __init__(self, seed: int | None = None) -> None:
        """Start with fresh randomness, or with the sequence that `seed` gives."""
        self._random = random.Random(seed)

    def monotonic(self) -> float:
        """Return seconds since some fixed point."""
        return time.perf_counter()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def nonce(self) -> str:
        """Return 16 base36 characters."""
        return "".join(self._random.choices(_BASE36, k=NONCE_LENGTH))

    def jitter(self) -> float:
        """Return a random number in [0, 1)."""
        return self._random.random()
