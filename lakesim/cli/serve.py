"""`lakesim serve` and `lakesim exec`: the lake over HTTP, for as long as it is wanted or as a command runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer

from lakesim import interchange
from lakesim.access import Roles, read_roles
from lakesim.cli.common import fail, guarded, write_text
from lakesim.errors import NotSupportedError
from lakesim.lake import Lake
from lakesim.server.access import Access, parse_token, role_named
from lakesim.server.projects import FIRST_DATASET, Projects, parse_datasets

__all__ = ["execute", "serve"]

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 3333
URL_VARIABLE = "LAKESIM_URL"
"""The environment variable in which a command finds the server's address."""
COMMAND_NOT_FOUND = 127
"""Exit code of shells for a command that does not exist."""
KILLED_BY_SIGNAL = 128
"""What shells add to a signal's number to make an exit code of it."""

Host = Annotated[str, typer.Option(help="Address to listen at.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")]
Tokens = Annotated[
    list[str] | None,
    typer.Option("--token", help="TOKEN or TOKEN:ROLE; may be repeated. Without any, every caller is administrator."),
]
Anonymous = Annotated[
    str | None,
    typer.Option(
        help="Role of callers without a token: public (the default if there are tokens; reads the public documents of"
        " public datasets), none, viewer, …"
    ),
]
RoleFiles = Annotated[
    list[Path] | None,
    typer.Option(
        "--roles",
        "--role",
        help='JSON file of roles for --token: {"name": …, "grants": [{"filter": GROQ, "permissions": [read, …]}]}, or'
        " a list of those; may be repeated.",
    ),
]
Datasets = Annotated[
    list[str] | None,
    typer.Option(
        "--dataset",
        help="NAME or NAME:MODE (public, private, custom), a dataset that each project has from the start; may be"
        " repeated. production is there in any case; production:private makes it private.",
    ),
]
Seed = Annotated[int | None, typer.Option(help="Make time and generated ids reproducible.")]
Import = Annotated[
    Path | None, typer.Option("--import", help="NDJSON file with which each project's dataset production starts.")
]
Data = Annotated[str | None, typer.Option(help="Not supported yet: a file that keeps the lake.")]
Tls = Annotated[bool, typer.Option("--tls", help="Not supported yet: HTTP/2 over TLS.")]


@guarded
def serve(
    host: Host = DEFAULT_HOST,
    port: Port = DEFAULT_PORT,
    token: Tokens = None,
    anonymous: Anonymous = None,
    roles: RoleFiles = None,
    dataset: Datasets = None,
    seed: Seed = None,
    import_file: Import = None,
    data: Data = None,
    tls: Tls = False,
) -> None:
    """Serve a lake over HTTP until SIGTERM or Ctrl-C; says `ready URL` as soon as it answers.

    \b
    Examples:
      lakesim serve
      lakesim serve --port 0 --seed 1 --import films.ndjson
      lakesim serve --token secret --token reader:viewer --anonymous none
      lakesim serve --token secret --dataset production:private --dataset staging
      lakesim serve --token secret --roles blogger.json --token bob:blogger
    """
    _refuse(data, tls)
    runner = _runner()
    access = _access(token or [], anonymous, roles or [])
    runner.run(_projects(seed, import_file, dataset or []), access, host=host, port=port, ready=_say_ready)


@guarded
def execute(
    command: Annotated[list[str], typer.Argument(help="The command and its arguments, after `--`.")],
    host: Host = DEFAULT_HOST,
    port: Port = 0,
    token: Tokens = None,
    anonymous: Anonymous = None,
    roles: RoleFiles = None,
    dataset: Datasets = None,
    seed: Seed = None,
    import_file: Import = None,
    data: Data = None,
    tls: Tls = False,
) -> None:
    """Start a lake, run a command with its address in LAKESIM_URL, stop; the command's exit code is passed on.

    \b
    Examples:
      lakesim exec -- npm test
      lakesim exec --import films.ndjson -- sh -c 'curl $LAKESIM_URL/v1/ping'
    """
    _refuse(data, tls)
    runner = _runner()
    access = _access(token or [], anonymous, roles or [])
    with runner.serving(_projects(seed, import_file, dataset or []), access, host=host, port=port) as url:
        try:
            code = subprocess.call(command, env={**os.environ, URL_VARIABLE: url})
        except FileNotFoundError:
            fail(f"{command[0]}: no such command", code=COMMAND_NOT_FOUND)
    raise typer.Exit(code if code >= 0 else KILLED_BY_SIGNAL - code)


def _runner() -> ModuleType:
    """Return the module that serves, whose packages the other commands do without."""
    try:
        from lakesim.server import runner
    except ModuleNotFoundError as error:
        raise NotSupportedError(
            f"Serving needs the package {error.name}, which is not installed: pip install 'lakesim[server]'"
        ) from None
    return runner


def _say_ready(url: str) -> None:
    write_text(f"ready {url}")
    # Whoever waits for the line reads it through a pipe.
    sys.stdout.flush()


def _refuse(data: str | None, tls: bool) -> None:
    if data is not None:
        raise NotSupportedError("--data is not supported yet: the lake lives in memory; --import fills it at the start")
    if tls:
        raise NotSupportedError("--tls is not supported yet: the lake is served over plain HTTP/1.1")


def _access(tokens: list[str], anonymous: str | None, role_files: list[Path]) -> Access:
    roles = Roles([role for file in role_files for role in read_roles(file)])
    role = None if anonymous is None else role_named(anonymous, roles)
    return Access([parse_token(text, roles) for text in tokens], anonymous=role, roles=roles)


def _projects(seed: int | None, file: Path | None, datasets: list[str]) -> Projects:
    def make_lake(project_id: str) -> Lake:
        lake = Lake(seed=seed, project_id=project_id)
        if file is not None:
            interchange.import_file(lake.dataset(FIRST_DATASET), file)
        return lake

    projects = Projects(make_lake, datasets=parse_datasets(datasets))
    # A file that cannot be imported is to be known before anybody is told that the server is ready.
    projects.project(None)
    return projects
