"""Sorted sets of document ids by key: the one data structure under every index."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from sortedcontainers import SortedList

__all__ = ["IdBuckets", "between", "count_between", "prefix_end"]

TUPLE_LENGTH_MAX = 16
"""Members up to which a bucket is a plain tuple: most buckets hold one to three ids, and a tuple of strings costs the
garbage collector nothing."""

_EMPTY: tuple[str, ...] = ()


class IdBuckets:
    """A mapping from a key to the sorted set of document ids filed under it.

    Shape: a bucket is a tuple while small and a `SortedList` when large; empty buckets do not exist.
    """

    __slots__ = ("_buckets",)

    def __init__(self) -> None:
        """Start empty."""
        self._buckets: dict[str, tuple[str, ...] | SortedList] = {}

    def add(self, key: str, document_id: str) -> None:
        """File `document_id` under `key`; a second time has no effect."""
        bucket = self._buckets.get(key)
        if bucket is None:
            self._buckets[key] = (document_id,)
        elif isinstance(bucket, tuple):
            place = bisect_left(bucket, document_id)
            if place < len(bucket) and bucket[place] == document_id:
                return
            grown = (*bucket[:place], document_id, *bucket[place:])
            self._buckets[key] = grown if len(grown) <= TUPLE_LENGTH_MAX else SortedList(grown)
        elif document_id not in bucket:
            bucket.add(document_id)

    def discard(self, key: str, document_id: str) -> None:
        """Take `document_id` out of `key`; no effect if it is not there."""
        bucket = self._buckets.get(key)
        if bucket is None:
            return
        if isinstance(bucket, tuple):
            place = bisect_left(bucket, document_id)
            if place == len(bucket) or bucket[place] != document_id:
                return
            shrunk: tuple[str, ...] | SortedList = (*bucket[:place], *bucket[place + 1 :])
        else:
            bucket.discard(document_id)
            # Half the bound, so that a bucket at the edge does not change its form with every write.
            shrunk = tuple(bucket) if len(bucket) <= TUPLE_LENGTH_MAX // 2 else bucket
        if shrunk:
            self._buckets[key] = shrunk
        else:
            del self._buckets[key]

    def ids(self, key: str) -> Sequence[str]:
        """Return the ids under `key` in ascending order; a live view, to be read under the store's lock."""
        bucket: Sequence[str] = self._buckets.get(key, _EMPTY)
        return bucket

    def count(self, key: str) -> int:
        """Return how many ids lie under `key`."""
        return len(self._buckets.get(key, _EMPTY))

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys that hold anything."""
        return iter(self._buckets)

    def __len__(self) -> int:
        """Return the number of keys that hold anything."""
        return len(self._buckets)


def prefix_end(prefix: str) -> str:
    """Return the smallest string above every string that starts with `prefix` (ids are ASCII)."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def between(ids: Sequence[str], low: str | None, high: str | None) -> Iterator[str]:
    """Iterate over the members of a sorted sequence from `low` (inclusive) up to `high` (exclusive); None is open."""
    if isinstance(ids, SortedList):
        inside: Iterator[str] = ids.irange(low, high, inclusive=(True, False))
        return inside
    start = 0 if low is None else bisect_left(ids, low)
    stop = len(ids) if high is None else bisect_left(ids, high)
    return iter(ids[start:stop])


def count_between(ids: Sequence[str], low: str | None, high: str | None) -> int:
    """Return how many members `between` would give, without visiting them."""
    find = ids.bisect_left if isinstance(ids, SortedList) else lambda value: bisect_left(ids, value)
    return max(0, (len(ids) if high is None else find(high)) - (0 if low is None else find(low)))
