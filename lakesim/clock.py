"""The only module that reads time or randomness; seeded, it stands still until told to move.

A seeded clock starts at a fixed instant and advances by one millisecond per transaction, so that two runs with the
same seed are the same byte for byte. An unseeded one follows the machine's clock.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush

__all__ = [
    "LATEST",
    "SEEDED_START",
    "TRANSACTION_TICK",
    "Clock",
    "format_micros",
    "format_millis",
    "format_seconds",
    "parse_time",
    "processor_seconds",
]

SEEDED_START = datetime(2026, 1, 1, tzinfo=UTC)
"""Where a seeded clock starts."""
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""How far a clock can be moved: after it there is room for every transaction still to come."""
TRANSACTION_TICK = timedelta(milliseconds=1)
"""How far a seeded clock moves with each transaction, so that history by time can tell them apart."""

GENERATED_ID_LENGTH = 22
"""Characters of a generated document or transaction id, base62 as the service's own."""
ARRAY_KEY_LENGTH = 12
"""Hex digits of a generated array `_key`, as the Studio writes them."""
_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BYTE_TO_BASE62 = bytes(_BASE62[byte % len(_BASE62)] for byte in range(256))


class Clock:
    """Time and ids for one lake.

    With a `seed` both are reproducible and time is manual (`set`, `advance`); without one both are the machine's.
    """

    def __init__(self, seed: int | None = None, *, start: datetime | None = None) -> None:
        """Start a clock; `start` (aware, UTC) applies to a seeded clock and defaults to `SEEDED_START`."""
        self.seed = seed
        self._random = random.Random(seed)
        self._manual: datetime | None = None if seed is None else (start or SEEDED_START)
        self._last: datetime | None = None
        self._watchers: list[Callable[[], object]] = []
        self._generators: dict[str, random.Random] = {}
        self._waiting: list[tuple[datetime, int, Callable[[], object]]] = []
        self._waited = 0

    @property
    def is_manual(self) -> bool:
        """Whether time moves only by `set`, `advance` and transactions."""
        return self._manual is not None

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC, with microseconds."""
        return datetime.now(UTC) if self._manual is None else self._manual

    def upcoming(self) -> datetime:
        """Return the instant that a transaction committed now would carry, without moving there."""
        if self._manual is not None:
            return self._manual + TRANSACTION_TICK
        now = datetime.now(UTC)
        if self._last is not None and now <= self._last:
            now = self._last + timedelta(microseconds=1)
        return now

    def tick(self, instant: datetime | None = None) -> datetime:
        """Move to the instant of a committed transaction and return it; by default the `upcoming` one."""
        moment = instant or self.upcoming()
        if self._manual is not None:
            self._manual = max(self._manual, moment)
        else:
            self._last = moment if self._last is None else max(self._last, moment)
        return moment

    def fork(self) -> Clock:
        """Return a clock that will give the same times and ids as this one, for work that must leave no trace."""
        twin = Clock(self.seed)
        twin._random.setstate(self._random.getstate())
        twin._manual, twin._last = self._manual, self._last
        return twin

    def set(self, instant: datetime) -> None:
        """Stop the clock at `instant` (aware); from here on it is manual.

        Raises: ValueError for a naive datetime, or one after `LATEST`.
        """
        if instant.tzinfo is None:
            raise ValueError(f"the clock takes aware datetimes; {instant!r} has no time zone")
        self._manual = _bounded(instant.astimezone(UTC))
        self._tell()

    def advance(self, seconds: float) -> datetime:
        """Move a manual clock forward by `seconds` and return the new instant.

        Raises: ValueError for a negative step, or one beyond `LATEST`; RuntimeError on the machine's clock.
        """
        if seconds < 0:
            raise ValueError(f"time goes forward only, not by {seconds} seconds")
        if self._manual is None:
            raise RuntimeError("this clock follows the machine's; call set() first or start the lake with a seed")
        moved_to = self._manual = _bounded(self._manual + timedelta(seconds=seconds))
        self._tell()
        return moved_to

    def watch(self, moved: Callable[[], object]) -> None:
        """Call `moved` after each `set` and `advance`, so that what waits for a time need not wait for a caller."""
        self._watchers.append(moved)

    def _tell(self) -> None:
        for moved in self._watchers:
            moved()
        while self._waiting and self._manual is not None and self._waiting[0][0] <= self._manual:
            heappop(self._waiting)[2]()

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass: a manual clock moves, with another one the thread waits."""
        if self._manual is None:
            time.sleep(seconds)
        else:
            self.advance(seconds)

    def call_later(self, seconds: float, what: Callable[[], object]) -> None:
        """Call `what` once, when `seconds` have passed.

        On a manual clock that is when `set` or `advance` brings it there, on the thread that moves it; otherwise it is
        on a thread of its own.
        """
        if self._manual is None:
            timer = threading.Timer(seconds, what)
            timer.daemon = True
            timer.start()
            return
        self._waited += 1
        heappush(self._waiting, (self._manual + timedelta(seconds=seconds), self._waited, what))

    def reseed(self, seed: int) -> None:
        """Begin anew with a seed: ids, time and everything drawn are from here on as on a new clock with it.

        What waits for a later time (`call_later`) still does.
        """
        self.seed = seed
        self._random = random.Random(seed)
        self._generators.clear()
        self._manual = SEEDED_START
        self._tell()

    def generator(self, name: str) -> random.Random:
        """Return the random numbers of one purpose, the same object every time: seeded as the clock is.

        Whoever draws from it takes nothing from the generated ids.
        """
        known = self._generators.get(name)
        if known is None:
            known = random.Random() if self.seed is None else random.Random(f"{self.seed}/{name}")
            self._generators[name] = known
        return known

    def generate_id(self) -> str:
        """Return a fresh id of 22 base62 characters."""
        # One call for all bytes is ten times as fast as one per character; that eight characters of the alphabet are
        # a little more frequent than the others takes nothing from some 130 bits.
        return self._random.randbytes(GENERATED_ID_LENGTH).translate(_BYTE_TO_BASE62).decode("ascii")

    def generate_key(self) -> str:
        """Return a fresh array key of 12 hex digits."""
        return f"{self._random.getrandbits(4 * ARRAY_KEY_LENGTH):0{ARRAY_KEY_LENGTH}x}"

    def monotonic(self) -> float:
        """Return seconds for measuring durations; never part of stored data."""
        return time.perf_counter()


def processor_seconds() -> float:
    """Return the processor time that this thread has used, for measuring what a piece of work costs."""
    return time.thread_time()


def _bounded(instant: datetime) -> datetime:
    if instant > LATEST:
        raise ValueError(f"the clock goes to {format_seconds(LATEST)}, not to {format_seconds(instant)}")
    return instant


def format_seconds(instant: datetime) -> str:
    """Return `2026-01-01T00:00:00Z`, the form of document timestamps."""
    # Cut from the ISO form, which is several times faster than strftime; every transaction needs one.
    return instant.isoformat(timespec="seconds")[:19] + "Z"


def format_millis(instant: datetime) -> str:
    """Return `2026-01-01T00:00:00.000Z`, the form of `now()`."""
    return instant.isoformat(timespec="milliseconds")[:23] + "Z"


def format_micros(instant: datetime) -> str:
    """Return `2026-01-01T00:00:00.000000Z`, the form of transaction timestamps."""
    # Not strftime, which writes years before 1000 with fewer than four digits on some systems.
    return instant.isoformat(timespec="microseconds")[:26] + "Z"


def parse_time(text: str) -> datetime:
    """Parse an RFC 3339 instant into an aware UTC datetime.

    Raises: ValueError naming the text and an example of the right form.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValueError(f'not an RFC 3339 time: "{text}" (right would be "2026-01-01T12:00:00Z")')
    return instant.astimezone(UTC)
