"""`bidir follow`: keeps the edits of others in step on a lake over HTTP until it is told to stop."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import typer

from bidir.cli.common import FOUND, OK, fail, guarded, write_text
from bidir.cli.connection import API_VERSION, DATASET, ApiVersion, Dataset, Project, Token, Url, connected
from bidir.cli.cursor import FileCursor
from bidir.engine import Engine
from bidir.outcome import Outcome
from bidir.refs import group_of
from bidir.relations import Schema
from lakesim.jsonvalue import dumps
from lakesim.suggest import did_you_mean

__all__ = ["follow"]

MODES = ("on", "observe")
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
POLL_SECONDS = 1.0
"""How long a signal to stop may go unheard."""


@guarded
def follow(
    schema: Annotated[Path, typer.Argument(help="The schema file, JSON or YAML.", metavar="SCHEMA")],
    url: Url = "",
    project: Project = "",
    dataset: Dataset = DATASET,
    token: Token = "",
    api_version: ApiVersion = API_VERSION,
    mode: Annotated[str, typer.Option(help="on: write what is missing; observe: only say what would be written.")] = (
        "on"
    ),
    cursor: Annotated[
        Path | None, typer.Option(help="Keep the place in this file, and begin there the next time.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Carry through what has changed so far, then stop.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line instead of text.")] = False,
) -> None:
    """Listen to a lake and carry through the edits that others make; one line for each repair.

    Runs until SIGINT (Ctrl-C) or SIGTERM, then stops cleanly with exit code 0. What changed while nobody followed is
    caught up with from the --cursor, which stays where it is with --mode observe. With --mode observe --once the exit
    code is 1 if something would be written.

    \b
    Examples:
      bidir follow schema.yaml --url http://127.0.0.1:3333
      bidir follow schema.yaml --url http://127.0.0.1:3333 --mode observe --json
      SANITY_TOKEN=... bidir follow schema.yaml --url https://abc123.api.sanity.io --cursor production.cursor
      bidir follow schema.yaml --url http://127.0.0.1:3333 --cursor production.cursor --once
    """
    if not url:
        fail("bidir follow listens to a lake: --url http://127.0.0.1:3333")
    if mode not in MODES:
        fail(f'--mode: "{mode}" is none of {", ".join(MODES)}.{did_you_mean(mode, MODES)}')
    declared = Schema.load(schema)
    told = _Teller(json=json)
    with connected(url, project=project, dataset=dataset, token=token, api_version=api_version) as backend:
        engine = Engine(declared, backend, mode=cast(Literal["on", "observe"], mode))
        # Who only observes carries nothing through, so the place stays for those who do.
        place = None if cursor is None else FileCursor(cursor, str(backend.address), moves=mode == "on")
        with engine.follow(cursor=place) as follower, _stopping(follower.stop):
            if once:
                begun = backend.position()
                for outcome in follower.settle():
                    told.tell(outcome, follower.quarantined)
                # Everything before this run's beginning is carried through; what came meanwhile is seen again.
                follower.reach(begun)
            else:
                _say(f"following {backend.address}; Ctrl-C stops")
                follower.run(
                    poll_seconds=POLL_SECONDS, on_outcome=lambda outcome: told.tell(outcome, follower.quarantined)
                )
        if follower.quarantined:
            _say("left to a person: " + ", ".join(sorted(follower.quarantined)))
    raise typer.Exit(FOUND if once and mode == "observe" and told.count else OK)


@contextmanager
def _stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` where the process is told to end, instead of ending it at once."""
    before = {number: signal.signal(number, lambda *_: stop()) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


class _Teller:
    """Writes one line for each outcome that has something to tell, and counts them."""

    def __init__(self, *, json: bool) -> None:
        self.count = 0
        self._json = json
        self._left: set[str] = set()

    def tell(self, outcome: Outcome, quarantined: Collection[str] = ()) -> None:
        """Write the line, at once: whoever reads it reads it through a pipe; `quarantined` is told when it grows."""
        self._leave(quarantined)
        if not (outcome.mutations or outcome.pending or outcome.conflicts):
            return
        self.count += bool(outcome.mutations)
        line = _line(outcome)
        write_text(dumps(line) if self._json else _as_text(line))
        sys.stdout.flush()

    def _leave(self, quarantined: Collection[str]) -> None:
        fresh = sorted(set(quarantined) - self._left)
        self._left.update(fresh)
        if not fresh:
            return
        if self._json:
            write_text(dumps({"event": "quarantined", "groups": fresh}))
            sys.stdout.flush()
        _say(f"left to a person: {', '.join(fresh)}; somebody keeps undoing what is written there")


def _line(outcome: Outcome) -> dict[str, Any]:
    bodies = [body for mutation in outcome.mutations for body in mutation.values()]
    documents = list(dict.fromkeys(str(body.get("_id") or body.get("id")) for body in bodies))
    event = "repaired" if outcome.transaction_id else "would repair" if outcome.mutations else "waits"
    return {
        "event": event,
        "transaction": outcome.transaction_id,
        "documents": documents,
        "groups": list(dict.fromkeys(map(group_of, documents))),
        "reads": outcome.reads,
        "writes": outcome.writes,
        "retries": outcome.retries,
        "pending": [f"{item.reason}: {item.text}" for item in outcome.pending],
        "notices": [f"{notice.kind}: {notice.text}" for notice in outcome.notices],
        "conflicts": [conflict.text for conflict in outcome.conflicts],
    }


def _as_text(line: dict[str, Any]) -> str:
    said = f"{line['event']}"
    if line["documents"]:
        said += f" {', '.join(line['documents'])}"
    if line["transaction"]:
        said += f" in {line['transaction']}"
    for name in ("notices", "pending", "conflicts"):
        said += "".join(f"; {text}" for text in line[name])
    return said
