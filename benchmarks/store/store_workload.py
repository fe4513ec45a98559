"""What the store benchmarks do: single-document transactions on a dataset that stays at one size.

As a script it measures one size in its own process and prints one JSON line:
`python benchmarks/store/store_workload.py '{"size": 1000, "rounds": 20, "batch": 100, "seconds": 10}'`.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from typing import Any

from lakesim import Dataset, Lake

__all__ = ["Workload", "document", "filled", "grow"]

FILL_BATCH = 1000
PATCH: dict[str, Any] = {"set": {"title": "Changed"}, "inc": {"pages": 1}}


def document(document_id: str, number: int) -> dict[str, Any]:
    """Return the document that both sides of the comparison create."""
    return {
        "_id": document_id,
        "_type": "book" if number % 2 else "author",
        "title": f"Title {number}",
        "pages": number,
        "author": {"_type": "reference", "_ref": "base-0"},
        "tags": ["a", "b", "c"],
    }


def filled(size: int) -> Dataset:
    """Return a dataset of `size` documents."""
    dataset = Lake(seed=0).dataset("production")
    for start in range(0, size, FILL_BATCH):
        numbers = range(start, min(start + FILL_BATCH, size))
        dataset.mutate([{"create": document(f"base-{n}", n)} for n in numbers])
    return dataset


class Workload:
    """A dataset of one size, and how long creating and patching took on it in processor seconds.

    Garbage collection runs as in any program, so what a large heap costs is part of the figures.
    """

    def __init__(self, size: int, *, batch: int) -> None:
        """Fill the dataset; nothing of that is timed."""
        self.size = size
        self.dataset = filled(size)
        self.batch = batch
        self.rounds = 0
        self.create = 0.0
        self.patch = 0.0

    def round(self) -> None:
        """Create, patch and delete `batch` documents, one per transaction; deletions are not timed."""
        dataset = self.dataset
        ids = [f"new-{self.rounds}-{n}" for n in range(self.batch)]
        begin = time.process_time()
        for n, document_id in enumerate(ids):
            dataset.mutate([{"create": document(document_id, n)}])
        middle = time.process_time()
        for document_id in ids:
            dataset.mutate([{"patch": {"id": document_id, **PATCH}}])
        end = time.process_time()
        for document_id in ids:
            dataset.mutate([{"delete": {"id": document_id}}])
        self.create += middle - begin
        self.patch += end - middle
        self.rounds += 1

    def result(self) -> dict[str, Any]:
        """Return transactions per processor second."""
        done = self.rounds * self.batch
        return {
            "size": self.size,
            "create_per_second": round(done / self.create),
            "patch_per_second": round(done / self.patch),
            "done": done,
        }


def grow(size: int, *, parts: int) -> list[int]:
    """Create `size` documents one by one from nothing; return the rate of each of `parts` equal stretches."""
    dataset = Lake(seed=0).dataset("production")
    dataset.mutate([{"create": document("base-0", 0)}])
    rates = []
    for part in range(parts):
        begin = time.process_time()
        for n in range(part * size // parts, (part + 1) * size // parts):
            dataset.mutate([{"create": document(f"n{n}", n)}])
        rates.append(round(size / parts / (time.process_time() - begin)))
    return rates


def main(options: dict[str, Any]) -> None:
    """Run one measurement and print its result."""
    if "parts" in options:
        print(json.dumps(grow(options["size"], parts=options["parts"])))
        return
    workload = Workload(options["size"], batch=options["batch"])
    gc.collect()
    started = time.process_time()
    while workload.rounds < options["rounds"] and time.process_time() - started < options["seconds"]:
        workload.round()
    print(json.dumps(workload.result()))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
