"""Runs the application on a port: granian inside an event loop of ours, on a thread or until a signal comes.

Granian is the server because it also speaks HTTP/2 over TLS, which the real Studio will need. It binds the port
itself and says neither which one nor when, so both are found out here.
"""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any, Final

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from lakesim.server.access import Access
from lakesim.server.app import make_app
from lakesim.server.projects import Projects
from lakesim.server.under_way import UnderWay

__all__ = ["address", "run", "serving"]

START_SECONDS_MAX: Final = 10.0
"""How long a server may take to answer its first connection."""
POLL_SECONDS: Final = 0.005
GRACE_SECONDS: Final = 0.05
FINISH_SECONDS_MAX: Final = 2.0
"""How long requests may go on when the server has to stop; an upload whose client stalls would never end."""
LEAVE_SECONDS_MAX: Final = 2.0
"""How long the server may take to close connections that have no request to answer."""
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

Ready = Callable[[str], object]
"""What is called with the address as soon as the server answers."""


def address(host: str, port: int) -> str:
    """Return the address of a server, an IPv6 host in brackets."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(projects: Projects, access: Access, *, host: str, port: int, ready: Ready) -> None:
    """Serve until SIGTERM or SIGINT; port 0 stands for any free one.

    Raises: OSError when the port cannot be had.
    """

    async def main() -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, stopped.set)
        await _serve(projects, access, host, port, ready, stopped)

    asyncio.run(main())


@contextmanager
def serving(projects: Projects, access: Access, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
    """Serve on a thread while the block runs; gives the address.

    Raises: OSError when the port cannot be had.
    """
    began = Event()
    state: dict[str, Any] = {}

    async def main() -> None:
        state["loop"], state["stopped"] = asyncio.get_running_loop(), asyncio.Event()

        def ready(url: str) -> None:
            state["url"] = url
            began.set()

        await _serve(projects, access, host, port, ready, state["stopped"])

    def body() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            state["error"] = error
        finally:
            began.set()

    thread = Thread(target=body, name="lakesim-server", daemon=True)
    thread.start()
    began.wait()
    if "url" not in state:
        raise state["error"]
    try:
        yield state["url"]
    finally:
        with suppress(RuntimeError):
            state["loop"].call_soon_threadsafe(state["stopped"].set)
        thread.join()


async def _serve(
    projects: Projects, access: Access, host: str, port: int, ready: Ready, stopped: asyncio.Event
) -> None:
    app = UnderWay(make_app(projects, access))
    with _reserved(host, port) as actual_port:
        server = Server(
            app,
            address=host,
            port=actual_port,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            websockets=False,
            log_enabled=False,
        )
        task = asyncio.create_task(server.serve())
        try:
            await _answering(host, actual_port, task)
            ready(address(host, actual_port))
            waiting = asyncio.create_task(stopped.wait())
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
        finally:
            # Streams never end by themselves, and the server waits for those that are open.
            projects.end_streams()
            server.stop()  # type: ignore[no-untyped-call]
            await _ended(task, app)
            # The server's threads end a moment after it says that it has; see also `lakesim.cli.app`.
            await asyncio.sleep(GRACE_SECONDS)


async def _ended(task: asyncio.Task[None], app: UnderWay) -> None:
    """Wait for the server, which waits for its connections: for those that can end by themselves, then for none."""
    await asyncio.wait({task}, timeout=FINISH_SECONDS_MAX)
    app.end()
    await asyncio.wait({task}, timeout=LEAVE_SECONDS_MAX)
    if task.done():
        await task
    else:
        # A client that sent half a request and no more.
        task.cancel()


@contextmanager
def _reserved(host: str, port: int) -> Iterator[int]:
    """Hold a port for the server, which binds it a second time; gives its number.

    The server shares ports with whoever shares them too, so that a second one on the same port would go unnoticed and
    take half of the connections: a port that is in use is refused here.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if port:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            _bind(probe, host, port)
    with socket.socket(family) as holder:
        if sys.platform != "win32":
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        _bind(holder, host, port)
        yield holder.getsockname()[1]


def _bind(sock: socket.socket, host: str, port: int) -> None:
    try:
        sock.bind((host, port))
    except socket.gaierror as error:
        raise OSError(errno.EADDRNOTAVAIL, f"not an address of this machine: {error.strerror}", host) from None
    except OSError as error:
        raise OSError(error.errno, error.strerror, f"{host}:{port}") from None


async def _answering(host: str, port: int, task: asyncio.Task[None]) -> None:
    """Wait until the server takes connections."""
    async with asyncio.timeout(START_SECONDS_MAX):
        while not task.done():
            try:
                _, writer = await asyncio.open_connection(_reachable(host), port)
            except OSError:
                await asyncio.sleep(POLL_SECONDS)
            else:
                writer.close()
                await writer.wait_closed()
                return
    await task


def _reachable(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
