"""The indexes over a dataset: ids in order, types, who refers to whom, versions by release, attributes in use.

All are updated by the difference between two versions, at commit, under the store's lock.
"""

from __future__ import annotations

from collections.abc import Iterator

from sortedcontainers import SortedList

from lakesim.ids import published_id, release_of
from lakesim.store.documents import Document
from lakesim.store.facts import Difference, Facts
from lakesim.store.idbuckets import IdBuckets, between, prefix_end

__all__ = ["Indexes"]


class Indexes:
    """Every index of one dataset.

    Shape: `ids` holds all stored ids in ascending order, which is the dataset's order; `types` files them by `_type`,
    `strong` and `weak` file referrers by the id they refer to, `versions` files version ids by published id;
    `attributes` counts the places of each attribute/datatype pair. `updates` counts index operations ever made.
    """

    __slots__ = ("attributes", "ids", "strong", "types", "updates", "versions", "weak")

    def __init__(self) -> None:
        """Start empty."""
        self.ids: SortedList = SortedList()
        self.types = IdBuckets()
        self.strong = IdBuckets()
        self.weak = IdBuckets()
        self.versions = IdBuckets()
        self.attributes: dict[str, int] = {}
        self.updates = 0

    def update(
        self, document_id: str, before: Document | None, after: Document | None, facts: Facts, change: Difference
    ) -> None:
        """Bring the indexes from version `before` to version `after`, whose facts are `facts` (None: no document)."""
        if before is None and after is not None:
            self._add(document_id, after["_type"])
        elif after is None and before is not None:
            self._remove(document_id, before["_type"])
        elif before is not None and after is not None and before["_type"] != after["_type"]:
            self.types.discard(before["_type"], document_id)
            self.types.add(after["_type"], document_id)
        self._refile(self.strong, document_id, change.lost_strong, change.gained_strong, facts.strong)
        self._refile(self.weak, document_id, change.lost_weak, change.gained_weak, facts.weak)
        attributes = self.attributes
        for name, count in change.attributes.items():
            total = attributes.get(name, 0) + count
            if total:
                attributes[name] = total
            else:
                attributes.pop(name, None)
        self.updates += 1 + len(change.attributes)

    def _add(self, document_id: str, type_name: str) -> None:
        self.ids.add(document_id)
        self.types.add(type_name, document_id)
        if release_of(document_id) is not None:
            self.versions.add(published_id(document_id), document_id)

    def _remove(self, document_id: str, type_name: str) -> None:
        self.ids.remove(document_id)
        self.types.discard(type_name, document_id)
        if release_of(document_id) is not None:
            self.versions.discard(published_id(document_id), document_id)

    def _refile(
        self, index: IdBuckets, document_id: str, lost: list[str], gained: list[str], targets: tuple[str, ...]
    ) -> None:
        if lost:
            still = frozenset(targets)
            for target in lost:
                if target not in still:
                    index.discard(target, document_id)
        for target in gained:
            index.add(target, document_id)
        self.updates += len(lost) + len(gained)

    def attributes_bound(self, changes: list[Difference]) -> int:
        """Return a cheap upper bound of `attributes_after`."""
        return len(self.attributes) + sum([len(change.attributes) for change in changes])

    def attributes_after(self, changes: list[Difference]) -> int:
        """Return how many attribute/datatype pairs the dataset would hold after `changes`."""
        sums: dict[str, int] = {}
        for change in changes:
            for name, count in change.attributes.items():
                sums[name] = sums.get(name, 0) + count
        total = len(self.attributes)
        for name, count in sums.items():
            if count:
                present = self.attributes.get(name, 0)
                total += (present == 0) - (present + count == 0)
        return total

    def with_prefix(self, prefix: str) -> Iterator[str]:
        """Iterate over the ids that start with `prefix`, ascending."""
        return between(self.ids, prefix, prefix_end(prefix))

    def count_with_prefix(self, prefix: str) -> int:
        """Return how many ids start with `prefix`, without visiting them."""
        return int(self.ids.bisect_left(prefix_end(prefix)) - self.ids.bisect_left(prefix))
