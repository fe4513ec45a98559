"""Measures the store by size, next to the in-memory store of npm `@sanity/mutate`, and writes a table.

    benchmarks/store/peer/setup.sh                  # once, for the peer
    python benchmarks/store/compare_stores.py       # writes reports/store-benchmark.{json,md}

Every measurement is a process of its own, so that each size has its own heap; the sizes and both sides take turns and
the median of the repetitions counts, so that a busy machine falls on all alike. Rates are per processor second.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
REPORTS = HERE.parents[1] / "reports"
SIZES = (100, 1_000, 100_000)
REPETITIONS = 3
ROUNDS = 40
BATCH = 100
SECONDS = 6
GROWTH = {"size": 100_000, "parts": 10}

OURS = [sys.executable, str(HERE / "store_workload.py")]
PEER = ["node", str(HERE / "peer" / "run.mjs")]
OPERATIONS = ("create", "patch")


def run(command: list[str], options: dict[str, Any]) -> Any:
    """Run one measurement in its own process and return its JSON."""
    done = subprocess.run([*command, json.dumps(options)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def has_peer() -> bool:
    """Whether Node and the packages of `peer/setup.sh` are there."""
    return shutil.which("node") is not None and (HERE / "peer" / "node_modules").is_dir()


def measure() -> dict[str, Any]:
    """Return rates by side, size and operation, and those of a dataset that grows from nothing."""
    sides = {"lakesim": OURS} | ({"@sanity/mutate": PEER} if has_peer() else {})
    runs: dict[tuple[str, int], list[Any]] = {}
    for _ in range(REPETITIONS):
        for size in SIZES:
            for side, command in sides.items():
                options = {"size": size, "rounds": ROUNDS, "batch": BATCH, "seconds": SECONDS}
                runs.setdefault((side, size), []).append(run(command, options))
                print(side, size, runs[side, size][-1], file=sys.stderr)
    rates = [
        {
            "side": side,
            "size": size,
            **{kind: median(one[f"{kind}_per_second"] for one in results) for kind in OPERATIONS},
        }
        for (side, size), results in runs.items()
    ]
    return {"unit": "transactions per processor second", "rates": rates, "growth": run(OURS, GROWTH)}


def table(result: dict[str, Any]) -> str:
    """Return the figures as Markdown, with the two ratios that matter."""
    by_key = {(row["side"], row["size"]): row for row in result["rates"]}
    lines = [f"Store: {result['unit']}", "", "| side | documents | create | patch |", "|---|---:|---:|---:|"]
    lines += [
        f"| {side} | {size:,} | {row['create']:,.0f} | {row['patch']:,.0f} |" for (side, size), row in by_key.items()
    ]
    lines.append("")
    for kind in OPERATIONS:
        ours = [by_key["lakesim", size][kind] for size in SIZES]
        lines.append(f"- {kind}: the slowest size has {min(ours) / max(ours):.0%} of the fastest one's rate")
        if ("@sanity/mutate", SIZES[0]) in by_key:
            ratios = [
                f"{by_key['lakesim', size][kind] / by_key['@sanity/mutate', size][kind]:,.1f}× at {size:,}"
                for size in SIZES
            ]
            lines.append(f"- {kind}, against the peer: {', '.join(ratios)}")
    shown = ", ".join(f"{rate:,}" for rate in result["growth"])
    lines.append(f"- creating {GROWTH['size']:,} documents one by one from nothing, by tenths: {shown}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print the table, write both reports."""
    result = measure()
    text = table(result)
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / "store-benchmark.json").write_text(json.dumps(result, indent=2) + "\n")
    (REPORTS / "store-benchmark.md").write_text(text)
    print(text, end="")


if __name__ == "__main__":
    main()
