"""`bidir explain`: which engine transaction last touched a relation field, and why, from the lake's own history."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from bidir.cli.common import FOUND, OK, fail, guarded, write_text
from bidir.cli.connection import API_VERSION, DATASET, ApiVersion, Dataset, Project, Token, Url, connected
from bidir.engine import Engine
from bidir.explain import Explanation
from bidir.refs import DRAFTS, group_of
from bidir.relations import Schema
from lakesim.jsonvalue import dumps

__all__ = ["explain"]


@guarded
def explain(
    document: Annotated[str, typer.Argument(help="The document's id, published or as stored.", metavar="DOC")],
    field: Annotated[str, typer.Argument(help="The relation field, such as author or credits.", metavar="FIELD")],
    schema: Annotated[Path | None, typer.Option(help="The schema file, JSON or YAML.")] = None,
    url: Url = "",
    project: Project = "",
    dataset: Dataset = DATASET,
    token: Token = "",
    api_version: ApiVersion = API_VERSION,
    perspective: Annotated[str, typer.Option(help="Whose version: drafts, published or a release name.")] = DRAFTS,
    json: Annotated[bool, typer.Option("--json", help="One JSON object, null if no engine touched the field.")] = False,
) -> None:
    """Say which engine transaction last touched a field, for which relation, and what it did.

    Engines mark their transactions (bidir.RELATION.…), so any of them is recognised, whichever process made it. An
    engine that wrote under a transaction id of its caller is not. Exit code 1: no engine ever touched the field.

    \b
    Examples:
      bidir explain book-1 author --schema schema.yaml --url http://127.0.0.1:3333
      bidir explain ann books --schema schema.yaml --url http://127.0.0.1:3333 --perspective published --json
    """
    if schema is None:
        fail("bidir explain needs the schema: --schema schema.yaml")
    if not url:
        fail("bidir explain reads a lake's history: --url http://127.0.0.1:3333 (an exported file has none)")
    declared = Schema.load(schema)
    with connected(url, project=project, dataset=dataset, token=token, api_version=api_version) as backend:
        found = Engine(declared, backend).why(document, field, perspective=perspective)
        if json:
            write_text(dumps(None if found is None else dataclasses.asdict(found)))
        elif found is None:
            write_text(f"{document}: no engine has touched {field}, as far as the history goes.")
        else:
            _print(found)
    raise typer.Exit(OK if found is not None else FOUND)


def _print(found: Explanation) -> None:
    write_text(f"{found.document_id}: {found.field}")
    write_text(f"  written by  {found.transaction_id}")
    write_text(f"  at          {found.at}")
    write_text(f"  relation    {found.relation or 'not named: the caller chose the transaction id'}")
    write_text(f"  because     {_because(found)}")
    for mutation in found.mutations:
        write_text(f"  did         {dumps(mutation)}")


def _because(found: Explanation) -> str:
    """Say what the field's change belongs to: the other documents of the transaction, or what the links now say."""
    others = sorted({group_of(one) for one in found.others} - {group_of(found.document_id)})
    if others:
        return f"the other side changed in the same transaction: {', '.join(found.others)}"
    if found.others:
        return f"another version changed in the same transaction: {', '.join(found.others)}"
    named = list(dict.fromkeys(_targets(list(found.mutations))))
    if named:
        return f"{', '.join(named)} points here: a follower or a repair wrote the answer"
    return "nothing points here any more: a follower or a repair took the answer back"


def _targets(value: object) -> Iterator[str]:
    """Yield the groups that the references in a mutation name."""
    if isinstance(value, dict):
        target = value.get("_ref")
        if isinstance(target, str):
            yield group_of(target)
        for inner in value.values():
            yield from _targets(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _targets(inner)
