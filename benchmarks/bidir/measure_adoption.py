"""Measures audit and repair of a large export, each in a process of its own: time, peak memory; prints JSON."""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import synthetic_export

from bidir import Schema
from bidir.adoption import opened, repair_export


def peak_megabytes() -> float:
    """Return the most memory this process has had resident."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_audit(path: Path, place: Path) -> dict[str, float]:
    """Audit the export at `path`, with tables below `place`."""
    schema = Schema.load(synthetic_export.SCHEMA)
    start = time.perf_counter()
    with opened(schema, path, directory=place) as export:
        loaded = time.perf_counter()
        count = sum(1 for _ in export.violations())
        return {
            "documents": export.documents,
            "violations": count,
            "load_seconds": round(loaded - start, 1),
            "join_seconds": round(time.perf_counter() - loaded, 1),
            "rows_held_max": export.tables.held_max,
        }


def measure_repair(path: Path, place: Path) -> dict[str, float]:
    """Repair the export at `path` into a file below `place`."""
    schema = Schema.load(synthetic_export.SCHEMA)
    start = time.perf_counter()
    report = repair_export(schema, path, place / "repaired.ndjson", dry_run=False, directory=place)
    return {
        "documents": report.documents,
        "violations": sum(report.found.values()),
        "writes": report.writes,
        "made": report.made,
        "lost": report.lost_count,
        "seconds": round(time.perf_counter() - start, 1),
    }


def measure(what: str, size: int, place: Path) -> dict[str, float]:
    """Write an export of `size` documents and audit or repair it."""
    path = place / "export.ndjson"
    synthetic_export.write_export(path, size)
    before = peak_megabytes()
    found = (measure_audit if what == "audit" else measure_repair)(path, place)
    return {
        **found,
        "export_megabytes": round(path.stat().st_size / 1e6, 1),
        "processor_seconds": round(time.process_time(), 1),
        "peak_megabytes_before": round(before, 1),
        "peak_megabytes": round(peak_megabytes(), 1),
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory:
        print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), Path(directory)), indent=2))
