"""A bare HTTP/1.1 client for load: one kept connection, answers with a length, streams of server-sent events.

Libraries for people spend more time on a request than the server does; this one must not be what is measured.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

__all__ = ["Connection", "connect", "events"]


class Connection:
    """One kept connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Send a request and return status and body."""
        self.send(method, path, body)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r")[0])
        return int(head[9:12]), await self.reader.readexactly(length)

    def send(self, method: str, path: str, body: bytes = b"") -> None:
        """Send a request."""
        length = f"content-length: {len(body)}\r\n" if body else ""
        self.writer.write(f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n{length}\r\n".encode() + body)

    def close(self) -> None:
        """Hang up."""
        self.writer.close()


async def connect(host: str, port: int) -> Connection:
    """Return a new connection."""
    return Connection(*await asyncio.open_connection(host, port, limit=1 << 20))


async def events(connection: Connection, path: str) -> AsyncIterator[tuple[str, Any]]:
    """Open a stream and yield its events: name and data."""
    connection.send("GET", path)
    await connection.reader.readuntil(b"\r\n\r\n")
    name = ""
    async for line in _lines(connection.reader):
        if line.startswith(b"event: "):
            name = line[7:].decode()
        elif line.startswith(b"data: "):
            yield name, json.loads(line[6:])


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yield the lines of a chunked body."""
    rest = b""
    while size := int(await reader.readline(), 16):
        rest += await reader.readexactly(size)
        await reader.readexactly(2)
        *lines, rest = rest.split(b"\n")
        for line in lines:
            yield line
