"""GROQ against groq-js on the same documents: CPU time by size and query.

As part of the tests the answers are checked on a small dataset. `python benchmarks/groq/bench_groq.py` measures and
writes `reports/groq.json` and `reports/groq.md`; with `npm install` done in this folder groq-js runs beside it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from lakesim.groq import CompiledQuery, Environment, ListDataset, compile_query, query
from lakesim.jsonvalue import equal
from lakesim.testing.library import SIZES, library

HERE = Path(__file__).parent
REPORTS = HERE.parents[1] / "reports"
QUERIES: list[dict[str, Any]] = json.loads((HERE / "queries.json").read_text())
SMALL = 300
REPEATS = 7
GROWTH_MAX = 2.0
"""How much dearer an indexed query may get when the dataset grows tenfold."""
AHEAD_MIN = 100.0
"""How many times faster than either mode of groq-js an indexed query must be at the largest size."""
SCAN_SYNC_MAX = 2.0
"""How many times groq-js's synchronous time a scan may take."""


def compiled(entry: dict[str, Any]) -> CompiledQuery:
    return compile_query(entry["query"], entry.get("params"))


@pytest.mark.parametrize("entry", QUERIES, ids=lambda entry: entry["name"])
def test_answer_is_that_of_a_plain_scan(benchmark: Any, entry: dict[str, Any]) -> None:
    documents = library(SMALL)
    dataset = ListDataset(documents)
    program = compiled(entry)
    answer = benchmark(program.run, dataset, Environment())
    assert equal(answer, query(entry["query"], documents, entry.get("params")))
    assert answer not in (None, [], 0)


def test_indexed_queries_look_at_as_many_documents_whatever_the_size() -> None:
    small, large = ListDataset(library(SMALL * 2)), ListDataset(library(SMALL * 20))
    for entry in QUERIES:
        if entry["kind"] == "index":
            program = compiled(entry)
            first, second = (program.explain(dataset).documents for dataset in (small, large))
            assert second < first * GROWTH_MAX, entry["name"]


def cpu_milliseconds(program: CompiledQuery, dataset: ListDataset) -> float:
    """Return the median CPU time of a run; short runs are repeated until they can be told from the clock's grain."""
    environment = Environment()
    program.run(dataset, environment)
    times = []
    for _ in range(REPEATS):
        runs, start = 0, time.process_time()
        while True:
            program.run(dataset, environment)
            runs += 1
            spent = time.process_time() - start
            if spent > 0.01:
                break
        times.append(spent / runs * 1000)
    return statistics.median(times)


def run_groq_js(documents: list[Any]) -> dict[str, dict[str, Any]]:
    """Return groq-js's times and answers by query, or nothing if Node or the package is missing."""
    if shutil.which("node") is None or not (HERE / "node_modules" / "groq-js").exists():
        return {}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(documents, file)
        file.flush()
        command = ["node", "groq_js.mjs", file.name, "queries.json", str(REPEATS)]
        done = subprocess.run(command, cwd=HERE, check=True, capture_output=True, text=True)
    return {entry["name"]: entry for entry in json.loads(done.stdout)}


def measure(sizes: list[int]) -> list[dict[str, Any]]:
    rows = []
    for size in sizes:
        documents = library(size)
        print(f"{size} documents", file=sys.stderr)
        theirs = run_groq_js(documents)
        dataset = ListDataset(documents)
        for entry in QUERIES:
            program = compiled(entry)
            other = theirs.get(entry["name"], {})
            if other:
                assert equal(program.run(dataset, Environment()), other["answer"]), entry["name"]
            row = {"size": size, "name": entry["name"], "kind": entry["kind"], "query": entry["query"]}
            row["lakesim"] = cpu_milliseconds(program, dataset)
            row["sync"], row["async"] = other.get("sync"), other.get("async")
            rows.append(row)
    return rows


def verdicts(rows: list[dict[str, Any]]) -> list[str]:
    """Return one line for every target that was missed."""
    missed = []
    times = {(row["name"], row["size"]): row["lakesim"] for row in rows}
    for row in rows:
        name, size, ours = row["name"], row["size"], row["lakesim"]
        if row["kind"] == "index":
            before = times.get((name, size // 10))
            if before and ours > before * GROWTH_MAX:
                missed.append(f"{name}: {ours / before:.1f} times dearer at {size} than at {size // 10} documents")
        if row["sync"] is None:
            continue
        if row["kind"] == "scan" and (ours > row["async"] or ours > row["sync"] * SCAN_SYNC_MAX):
            missed.append(f"{name} at {size}: {ours / row['sync']:.1f} times the synchronous time of groq-js")
        if row["kind"] == "index" and size == max(SIZES) and ours * AHEAD_MIN > min(row["sync"], row["async"]):
            missed.append(f"{name} at {size}: only {min(row['sync'], row['async']) / ours:.0f} times faster")
    return missed


def table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| documents | query | lakesim ms | groq-js sync ms | groq-js async ms | faster than sync | than async |",
        "|---:|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        cells = [str(row["size"]), row["name"], f"{row['lakesim']:.3f}"]
        theirs = [row[mode] for mode in ("sync", "async")]
        cells += ["–" if time_ is None else f"{time_:.1f}" for time_ in theirs]
        cells += ["–" if time_ is None else f"{time_ / row['lakesim']:,.1f}×" for time_ in theirs]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure GROQ against groq-js; CPU time, medians.")
    parser.add_argument("--size", type=int, action="append", help="documents; may be given several times")
    sizes = parser.parse_args().size or list(SIZES)
    rows = measure(sizes)
    missed = verdicts(rows)
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / "groq.json").write_text(json.dumps({"rows": rows, "missed": missed}, indent=2) + "\n")
    summary = "\n".join(
        ["", "Targets missed:", *(f"- {line}" for line in missed)] if missed else ["", "All targets met."]
    )
    (REPORTS / "groq.md").write_text(f"{table(rows)}\n{summary}\n")
    print(table(rows) + summary)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
