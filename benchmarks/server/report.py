"""Measures `lakesim serve` and prints a table; the figures go to reports/server.json as well.

    python benchmarks/server/report.py             # about a minute
    python benchmarks/server/report.py --quick     # a few seconds, for a look

The server runs in one process, the load comes from this one: two cores are what it takes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parent))

import load
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
CLIENTS = (1, 16, 64)
LISTENERS = 100
WARM_UP = 300


@contextmanager
def served() -> Iterator[tuple[str, int]]:
    """Run `lakesim serve` while the block runs; gives host and port."""
    command = [sys.executable, "-c", "from lakesim.cli import main; main()", "serve", "--port", "0", "--seed", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        ready = process.stdout.readline()
        address = urlsplit(ready.removeprefix("ready ").strip())
        yield str(address.hostname), int(address.port or 0)
    finally:
        process.terminate()
        process.wait(timeout=30)


async def measure(host: str, port: int, *, requests: int, changes: int) -> tuple[list[load.Measured], load.Fanout]:
    """Put load on the server: each kind of request by more and more clients, then the listeners."""
    await load.seed(host, port)
    measured = []
    for make in (load.query, load.mutation):
        await load.ask_at_once(host, port, make, clients=1, requests=WARM_UP)
        measured += [
            await load.ask_at_once(host, port, make, clients=clients, requests=requests) for clients in CLIENTS
        ]
    return measured, await load.fan_out(host, port, listeners=LISTENERS, changes=changes)


def measure_memory(documents: int) -> dict[str, int]:
    """Fill a lake in a fresh process and return what it takes."""
    command = [sys.executable, str(HERE / "memory.py"), str(documents)]
    figures: dict[str, int] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return figures


def show(measured: list[load.Measured], fanout: load.Fanout, memory: dict[str, int]) -> None:
    """Print the tables."""
    console = Console()
    table = Table("request", "clients", "requests/s", "p50 ms", "p99 ms", "failed", title="Requests")
    for one in measured:
        figures = (one.clients, round(one.per_second), one.p50_ms, one.p99_ms, one.failed)
        table.add_row(one.kind, *map(str, figures))
    console.print(table)
    order = "all in commit order" if fanout.in_order else "OUT OF ORDER"
    console.print(
        f"Fan-out: {fanout.changes} changes to {fanout.listeners} listeners, {fanout.delivered} events in"
        f" {fanout.seconds} s, {order}"
    )
    console.print(
        f"Memory: {memory['documents']} documents, {memory['after_mb'] - memory['before_mb']} MB"
        f" ({memory['bytes_per_document']} bytes each)"
    )


def main() -> int:
    """Measure, print, write; exit code 1 if a request failed or an event came out of order."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer requests and documents")
    parser.add_argument("--output", type=Path, default=Path("reports/server.json"))
    options = parser.parse_args()
    requests, changes, documents = (600, 20, 10_000) if options.quick else (4_000, 200, 100_000)
    with served() as (host, port):
        measured, fanout = asyncio.run(measure(host, port, requests=requests, changes=changes))
    memory = measure_memory(documents)
    show(measured, fanout, memory)
    figures = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "requests": [one.to_json() for one in measured],
        "fan_out": fanout.to_json(),
        "memory": memory,
    }
    options.output.parent.mkdir(exist_ok=True)
    options.output.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 1 if any(one.failed for one in measured) or not fanout.in_order else 0


if __name__ == "__main__":
    sys.exit(main())
