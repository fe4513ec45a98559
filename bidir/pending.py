"""What waits: halves not written yet, and the versions the engine made that nobody has touched since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from bidir.outcome import Pending, PendingReason

__all__ = ["Key", "PendingStore"]

Key = tuple[str, str, str, str]
"""Relation, source, target, layer of a pending half."""


class PendingStore:
    """In-memory store of pending halves and of the ids of engine-made versions (bidirectional semantics, F8, E8.10)."""

    def __init__(self, now: Callable[[], float] = lambda: 0.0) -> None:
        """Start empty; `now` tells the time in seconds."""
        self._now = now
        self._since: dict[Key, float] = {}
        self._items: dict[Key, Pending] = {}
        self._versions: set[str] = set()

    def __iter__(self) -> Iterator[Pending]:
        """Yield what is pending, oldest first."""
        return iter(list(self._items.values()))

    def __len__(self) -> int:
        """Return how many halves wait."""
        return len(self._items)

    def __contains__(self, key: Key) -> bool:
        """Whether this half waits."""
        return key in self._items

    def add(self, items: Iterable[Pending]) -> None:
        """Remember halves; one that waits already keeps its place and takes the newer reason."""
        for item in items:
            self._items[item.key] = item
            self._since.setdefault(item.key, self._now())

    def settle(self, keys: Iterable[Key]) -> None:
        """Forget halves that have been written or are no longer wanted."""
        for key in keys:
            self._items.pop(key, None)
            self._since.pop(key, None)

    def age(self, key: Key) -> float:
        """Return for how many seconds a half has waited."""
        return self._now() - self._since[key]

    def reasons(self) -> dict[Key, PendingReason]:
        """Return what waits, by key, and for what."""
        return {key: item.reason for key, item in self._items.items()}

    def keys(self) -> frozenset[Key]:
        """Return the keys of what waits."""
        return frozenset(self._items)

    @property
    def engine_versions(self) -> frozenset[str]:
        """Stored ids of versions that a consequence created and that the user has not edited."""
        return frozenset(self._versions)

    def remember_versions(self, made: Iterable[str], *, no_longer: Iterable[str] = ()) -> None:
        """Add versions the engine made and drop those that are gone or have become the user's."""
        self._versions.update(made)
        self._versions.difference_update(no_longer)
