"""Bulk work: ids in batches, batches in parallel lanes, results and timelines in the order of the batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from medusa_sync.commerce import Commerce
from medusa_sync.errors import BadInputError
from medusa_sync.timeline import Timeline
from medusa_sync.upserts import SyncResult

__all__ = ["BATCH_SIZE", "LANES", "batches_of", "in_lanes", "whole_catalogue"]

BATCH_SIZE: Final = 200
"""Products in one query and one transaction."""
LANES: Final = 4
"""Batches under way at once."""

BatchWork = Callable[[int, Sequence[str], Timeline], SyncResult]
"""Takes the number of a batch, its ids and the lane's timeline."""


def whole_catalogue(commerce: Commerce, size: int = BATCH_SIZE) -> Iterator[list[str]]:
    """Yield all ids in batches, by the order of ids: products that come or go meanwhile shift nothing."""
    last = ""
    while ids := commerce.ids_after(last, size):
        yield ids
        last = ids[-1]


def batches_of(product_ids: Sequence[str], size: int = BATCH_SIZE) -> Iterator[list[str]]:
    """Yield the given ids in batches, each id once."""
    unique = list(dict.fromkeys(product_ids))
    for start in range(0, len(unique), size):
        yield unique[start : start + size]


def in_lanes(
    batches: Sequence[Sequence[str]], work: BatchWork, timeline: Timeline, *, lanes: int = LANES
) -> SyncResult:
    """Work on batches in parallel and return all results as one.

    Batch n goes to lane n modulo `lanes`, so that a run with virtual time is the same every time. When the lake stays
    away in one batch of a lane, the rest of that lane is not tried: it fails with the same reason.
    Raises: BadInputError for fewer than one lane.
    """
    if lanes < 1:
        raise BadInputError(f"lanes: {lanes} is too few, one is the least")
    lanes = min(lanes, max(len(batches), 1))
    branches = [timeline.branch() for _ in range(lanes)]

    def lane(index: int) -> list[SyncResult]:
        results: list[SyncResult] = []
        away: str | None = None
        for number in range(index, len(batches), lanes):
            ids = batches[number]
            if away is None:
                results.append(work(number, ids, branches[index]))
                away = next((reason for one, reason in results[-1].failures.items() if one in results[-1].away), None)
            else:
                results.append(SyncResult(failures=dict.fromkeys(ids, away), away=set(ids), batches=1))
        return results

    if lanes == 1:
        by_lane = [lane(0)]
    else:
        with ThreadPoolExecutor(lanes, thread_name_prefix="medusa-lane") as pool:
            by_lane = list(pool.map(lane, range(lanes)))
    timeline.join(branches)
    total = SyncResult()
    for number in range(len(batches)):
        total.add(by_lane[number % lanes][number // lanes])
    return total
