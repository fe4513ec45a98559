"""Memory of a lake in a process of its own: prints JSON with the resident megabytes before and after.

`python benchmarks/server/memory.py 100000`
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

from lakesim import Dataset, Lake

BATCH = 1_000


def resident_megabytes() -> float:
    """Return what this process has in memory now; where the system does not say, the most that it ever had."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def fill(dataset: Dataset, size: int) -> None:
    """Create `size` documents of some 400 bytes that refer to one another."""
    for start in range(0, size, BATCH):
        dataset.mutate(
            [
                {
                    "create": {
                        "_id": f"doc-{n}",
                        "_type": "book" if n % 2 else "author",
                        "title": f"Title {n}",
                        "slug": {"_type": "slug", "current": f"title-{n}"},
                        "author": {"_type": "reference", "_ref": f"doc-{n // 2}"},
                        "pages": n,
                        "tags": ["a", "b", f"tag-{n % 100}"],
                        "body": [
                            {"_key": f"k{n}", "_type": "block", "children": [{"_type": "span", "text": "x" * 100}]}
                        ],
                    }
                }
                for n in range(start, min(start + BATCH, size))
            ]
        )


def main() -> None:
    """Measure the size that the command names."""
    size = int(sys.argv[1])
    gc.collect()
    before = resident_megabytes()
    dataset = Lake(seed=0).dataset("production")
    fill(dataset, size)
    gc.collect()
    after = resident_megabytes()
    figures = {
        "documents": len(dataset),
        "before_mb": round(before),
        "after_mb": round(after),
        "bytes_per_document": round((after - before) * 1024 * 1024 / size),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
