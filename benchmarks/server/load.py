"""Load on a served lake: requests by several clients at once, and events to many listeners."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from urllib.parse import quote

import http_client

__all__ = ["Fanout", "Measured", "ask_at_once", "fan_out", "mutation", "query", "seed"]

BASE = "/v2025-02-19/data"
DOCUMENTS = 1_000
"""Documents that the requests are about."""

Request = tuple[str, str, bytes]


@dataclass(frozen=True, slots=True)
class Measured:
    """What a number of requests took. Units: `seconds` in all, the rest in milliseconds per request."""

    kind: str
    clients: int
    requests: int
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds

    def to_json(self) -> dict[str, object]:
        """Return all figures."""
        return {**asdict(self), "per_second": round(self.per_second)}


@dataclass(frozen=True, slots=True)
class Fanout:
    """What it took to tell every listener of every change, and whether each was told of all of them in their order."""

    listeners: int
    changes: int
    delivered: int
    in_order: bool
    seconds: float

    def to_json(self) -> dict[str, object]:
        """Return all figures."""
        return {**asdict(self), "events_per_second": round(self.delivered / self.seconds)}


def query(number: int) -> Request:
    """Return the request for one document and one it refers to."""
    text = quote('*[_id == $id][0]{title, pages, "author": author->title}')
    return "GET", f"{BASE}/query/production?query={text}&$id=%22doc-{number % DOCUMENTS}%22&perspective=raw", b""


def mutation(number: int) -> Request:
    """Return the request that changes one document."""
    patch = {"id": f"doc-{number % DOCUMENTS}", "set": {"title": f"Changed {number}"}, "inc": {"pages": 1}}
    return "POST", f"{BASE}/mutate/production", json.dumps({"mutations": [{"patch": patch}]}).encode()


async def seed(host: str, port: int) -> None:
    """Store the documents that the requests are about."""
    connection = await http_client.connect(host, port)
    documents = [
        {"_id": f"doc-{n}", "_type": "book", "title": f"Title {n}", "pages": n, "author": {"_ref": "doc-0"}}
        for n in range(DOCUMENTS)
    ]
    status, body = await connection.ask("POST", "/_lake/seed", json.dumps(documents).encode())
    connection.close()
    if status != 200:
        raise RuntimeError(f"the lake could not be seeded: {status} {body[:200]!r}")


async def ask_at_once(host: str, port: int, make: Callable[[int], Request], *, clients: int, requests: int) -> Measured:
    """Send requests by `clients` connections at once, each the next as soon as it has its answer."""
    connections = [await http_client.connect(host, port) for _ in range(clients)]
    numbers = iter(range(requests))
    took: list[float] = []
    failed = 0

    async def client(connection: http_client.Connection) -> None:
        nonlocal failed
        for number in numbers:
            began = time.perf_counter()
            status, _ = await connection.ask(*make(number))
            took.append(time.perf_counter() - began)
            failed += status != 200

    began = time.perf_counter()
    await asyncio.gather(*(client(connection) for connection in connections))
    seconds = time.perf_counter() - began
    for connection in connections:
        connection.close()
    took.sort()
    p50, p99 = (took[int(len(took) * part)] * 1000 for part in (0.5, 0.99))
    return Measured(make.__name__, clients, len(took), failed, round(seconds, 3), round(p50, 3), round(p99, 3))


async def fan_out(host: str, port: int, *, listeners: int, changes: int) -> Fanout:
    """Open streams, change documents one after another, and see that every stream tells of every change in order."""
    ready = asyncio.Semaphore(0)
    heard: list[list[str]] = []

    async def listen() -> None:
        connection = await http_client.connect(host, port)
        seen: list[str] = []
        heard.append(seen)
        async for name, data in http_client.events(
            connection, f"{BASE}/listen/production?query=*&includeMutations=false"
        ):
            if name == "welcome":
                ready.release()
            else:
                seen.append(data["transactionId"])
            if len(seen) == changes:
                break
        connection.close()

    tasks = [asyncio.create_task(listen()) for _ in range(listeners)]
    for _ in range(listeners):
        await ready.acquire()
    connection = await http_client.connect(host, port)
    began = time.perf_counter()
    committed = []
    for number in range(changes):
        _, body = await connection.ask(*mutation(number))
        committed.append(json.loads(body)["transactionId"])
    await asyncio.gather(*tasks)
    seconds = time.perf_counter() - began
    connection.close()
    in_order = all(seen == committed for seen in heard)
    return Fanout(listeners, changes, sum(map(len, heard)), in_order, round(seconds, 3))
