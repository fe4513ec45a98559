"""`lakesim query`: a GROQ query over an NDJSON file, its answer as JSON or as a table, or the account of how."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from lakesim import interchange
from lakesim.cli.common import fail, guarded, write_text
from lakesim.errors import NotSupportedError
from lakesim.groq import CompiledQuery, Dataset, ListDataset, compile_query
from lakesim.jsonvalue import Json, JsonDecodeError, dumps, load_lines, loads
from lakesim.lake import Lake
from lakesim.perspective import RAW

__all__ = ["query"]

CELL_CHARACTERS_MAX = 60
"""Characters of one table cell; longer values are cut with an ellipsis."""


@guarded
def query(
    groq: Annotated[str, typer.Argument(metavar="GROQ", help="The query; - reads it from standard input.")],
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="NDJSON file with the documents; - for standard input.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="A running lake (not supported yet).")] = None,
    param: Annotated[
        list[str] | None, typer.Option("--param", "-p", metavar="NAME=JSON", help="A parameter; repeatable.")
    ] = None,
    perspective: Annotated[
        str, typer.Option(help="raw, published, drafts, or release names separated by commas.")
    ] = RAW,
    json_output: Annotated[bool, typer.Option("--json", help="Compact JSON on one line, for machines.")] = False,
    table: Annotated[bool, typer.Option("--table", help="A table, one row per object of the answer.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the tree, the index used per filter and the documents looked at.")
    ] = False,
) -> None:
    """Answer a GROQ query.

    \b
    Examples:
      lakesim query '*[_type == "film"] | order(title)[0...3]{title}' --file films.ndjson
      lakesim query '*[_id == $id][0]' --file films.ndjson --param id='"film-1"' --json
      lakesim query 'count(*[references("genre-drama")])' --file films.ndjson --explain
    """
    if url is not None:
        raise NotSupportedError("--url is not supported yet: queries are answered from a file; use --file FILE.ndjson")
    if file is None:
        fail("query needs the documents: --file FILE.ndjson, or --file - for standard input")
    text = sys.stdin.read() if groq == "-" else groq
    if groq == "-" and str(file) == "-":
        fail("the query and the documents cannot both come from standard input")
    compiled = compile_query(text, _params(param or []))
    dataset = _dataset(file, perspective)
    if explain:
        _explain(compiled, dataset, json_output)
        return
    answer = compiled.run(dataset)
    if table:
        _print_table(answer)
    else:
        write_text(dumps(answer, indent=not json_output))


def _params(given: list[str]) -> dict[str, Json]:
    params = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name.lstrip("$").isidentifier():
            fail(f"--param {text}: write NAME=JSON, such as --param id='\"film-1\"' or --param limit=10")
        try:
            params[name.lstrip("$")] = loads(value)
        except JsonDecodeError as error:
            fail(f"--param {text}: the value is no JSON ({error.msg}, column {error.colno}); texts need double quotes")
    return params


def _dataset(file: Path, perspective: str) -> Dataset:
    if perspective == RAW:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        try:
            return ListDataset(load_lines(text))
        except ValueError as error:
            fail(f"{file}: {error}")
    dataset = Lake(seed=0).dataset("query")
    lines = sys.stdin.buffer if str(file) == "-" else file.read_bytes().splitlines()
    interchange.import_lines(dataset, lines)
    return dataset.view(perspective)


def _explain(compiled: CompiledQuery, dataset: Dataset, json_output: bool) -> None:
    account = compiled.explain(dataset)
    write_text(dumps(account.to_json(), indent=False) if json_output else str(account))


def _print_table(answer: Any) -> None:
    rows = answer if isinstance(answer, list) else [answer]
    names = list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row)) or ["value"]
    table = Table(*names)
    for row in rows:
        cells = row if isinstance(row, dict) else {"value": row}
        table.add_row(*(_cell(cells.get(name)) for name in names))
    Console(file=sys.stdout, highlight=False, markup=False, emoji=False).print(table)


def _cell(value: Json) -> str:
    text = "" if value is None else value if isinstance(value, str) else dumps(value)
    return text if len(text) <= CELL_CHARACTERS_MAX else text[: CELL_CHARACTERS_MAX - 1] + "…"
