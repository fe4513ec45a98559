"""The commands of `python -m codex_fields`: what an editor does, on a served lake or a real project."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from bidir.backends import HttpBackend
from bidir.cli.common import FOUND, OK, fail, guarded
from codex_fields.lake_schema import schema_types
from codex_fields.relationships import CodexSummary, Relationship
from codex_fields.templates import TEMPLATE_FILE, Templates, load_templates
from codex_fields.workspace import CANDIDATES_LIMIT, Workspace
from lakesim.jsonvalue import JsonDecodeError, dumps, loads

__all__ = ["app", "main"]

WATCH_SECONDS = 3600.0
"""How long a watching command waits for one event before it looks again whether it should end."""

app = typer.Typer(
    name="codex_fields",
    help="Reference fields between codices. Data on standard output, one JSON object a line.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Source = Annotated[str, typer.Argument(help="The codex that points.", metavar="SOURCE")]
Field = Annotated[str, typer.Argument(help="The field's id, such as portrait.", metavar="FIELD")]
Sets = Annotated[
    list[str] | None, typer.Option("--set", help="A field of the new codex, field=value; may be repeated.")
]
Strength = Annotated[float, typer.Option(help="How strong the relationship is.")]
Meta = Annotated[list[str] | None, typer.Option("--meta", help="Metadata, name=value; may be repeated.")]


@dataclass(frozen=True, slots=True)
class _Place:
    url: str
    project: str
    dataset: str
    token: str | None
    perspective: str
    templates: Path


@app.callback()
def _place(
    context: typer.Context,
    url: Annotated[str, typer.Option(help="The lake's address.", envvar="LAKESIM_URL")] = "",
    project: Annotated[str, typer.Option(help="The project's id.")] = "lakesim",
    dataset: Annotated[str, typer.Option(help="The dataset.")] = "production",
    token: Annotated[
        str, typer.Option(help="A token that may write.", envvar=["LAKESIM_TOKEN", "SANITY_TOKEN"], show_default=False)
    ] = "",
    perspective: Annotated[str, typer.Option(help="Where to look and write: published, drafts or a release.")] = (
        "published"
    ),
    templates: Annotated[Path, typer.Option(help="The templates, a YAML or JSON file.")] = TEMPLATE_FILE,
) -> None:
    context.obj = _Place(url, project, dataset, token or None, perspective, templates)


@app.command()
@guarded
def schema(context: typer.Context) -> None:
    """Print the lake's schema for the templates, as a Studio would declare it.

    \b
    Example:
      python -m codex_fields schema
    """
    _write({"types": schema_types(load_templates(context.obj.templates))})


@app.command()
@guarded
def create(
    context: typer.Context,
    template: str,
    title: str,
    codex_id: Annotated[str | None, typer.Option("--id", help="Its id; a fresh one by default.")] = None,
    sets: Sets = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag; may be repeated.")] = None,
) -> None:
    """Make a codex; values that are JSON count as JSON, so a list of references is '["alice","bob"]'.

    \b
    Examples:
      python -m codex_fields create string-codex Alice --id string-001
      python -m codex_fields create character Alice --id alice --set name=string-001 --set age=30
    """
    with _opened(context) as workspace:
        fields = _fields(sets, workspace.templates, template)
        made = workspace.create(template, title, fields=fields, tags=tag or (), codex_id=codex_id)
        _write({"id": made})


@app.command()
@guarded
def link(
    context: typer.Context,
    source: Source,
    field: Field,
    target: str,
    strength: Strength = 1.0,
    meta: Meta = None,
    at: Annotated[int | None, typer.Option(help="In a list: the place before which it comes, from 0.")] = None,
) -> None:
    """Point a field at a codex.

    \b
    Example:
      python -m codex_fields link scene-1 cast alice --meta role=lead --strength 0.8
    """
    with _opened(context) as workspace:
        _write(workspace.link(source, field, target, strength=strength, metadata=_pairs(meta) or None, at=at))


@app.command()
@guarded
def new(
    context: typer.Context,
    source: Source,
    field: Field,
    title: str,
    sets: Sets = None,
    strength: Strength = 1.0,
    meta: Meta = None,
) -> None:
    """Make a codex of the field's target template and point the field at it, in one transaction.

    \b
    Example:
      python -m codex_fields new alice name "Alice Smith"
    """
    with _opened(context) as workspace:
        template = workspace.templates.reference_field(workspace.codex(source)["_type"], field).target_template
        fields = _fields(sets, workspace.templates, template)
        _write(
            workspace.create_and_link(
                source, field, title, fields=fields, strength=strength, metadata=_pairs(meta) or None
            )
        )


@app.command()
@guarded
def unlink(
    context: typer.Context, source: Source, field: Field, target: Annotated[str | None, typer.Argument()] = None
) -> None:
    """Take a reference out of a field.

    \b
    Example:
      python -m codex_fields unlink scene-1 cast alice
    """
    with _opened(context) as workspace:
        _write(workspace.unlink(source, field, target))


@app.command()
@guarded
def reorder(context: typer.Context, source: Source, field: Field, targets: list[str]) -> None:
    """Put the references of a list into an order, which names each of them once.

    \b
    Example:
      python -m codex_fields reorder scene-1 cast bob alice
    """
    with _opened(context) as workspace:
        for one in workspace.reorder(source, field, targets):
            _write(one)


@app.command()
@guarded
def delete(
    context: typer.Context,
    codex: str,
    force: Annotated[bool, typer.Option("--force", help="Also where others cannot do without it.")] = False,
) -> None:
    """Delete a codex and the references to it.

    \b
    Example:
      python -m codex_fields delete alice
    """
    with _opened(context) as workspace:
        _write({"documentsWritten": workspace.delete(codex, force=force).documents_written})


@app.command()
@guarded
def show(
    context: typer.Context,
    codices: list[str],
    incoming: Annotated[bool, typer.Option("--incoming", help="What points at them instead.")] = False,
) -> None:
    """List the relationships of codices, in one request.

    \b
    Example:
      python -m codex_fields show alice bob --incoming
    """
    with _opened(context) as workspace:
        found = workspace.relationships_of(codices, direction="incoming" if incoming else "outgoing")
        for relationships in found.values():
            for one in relationships:
                _write(one)


@app.command()
@guarded
def pick(
    context: typer.Context,
    field: Annotated[str, typer.Argument(help="Such as character.portrait.")],
    search: Annotated[str | None, typer.Option(help="Words that title or texts begin with.")] = None,
    limit: Annotated[int, typer.Option(help="How many.")] = CANDIDATES_LIMIT,
    source: Annotated[str | None, typer.Option("--for", help="The codex being edited.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Stay open; a line with the whole list on each change.")] = (
        False
    ),
) -> None:
    """List what may be chosen for a field, newest first.

    \b
    Examples:
      python -m codex_fields pick character.name --search ali
      python -m codex_fields pick scene.cast --for scene-1 --watch
    """
    with _opened(context) as workspace:
        if not watch:
            for one in workspace.candidates(field, search=search, limit=limit, source_id=source):
                _write(asdict(one))
            return
        with workspace.open_picker(field, search=search, limit=limit, source_id=source, on_change=_write_all) as picker:
            _write_all(picker.candidates)
            while True:
                picker.update(WATCH_SECONDS)


@app.command()
@guarded
def watch(
    context: typer.Context,
    events: Annotated[int, typer.Option(help="End after so many events; 0: never.", min=0)] = 0,
) -> None:
    """Tell relationship:created, :updated and :removed as they happen, whoever edits.

    \b
    Example:
      python -m codex_fields watch
    """
    with _opened(context) as workspace, workspace.feed() as feed:
        sys.stderr.write("watching\n")
        told = 0
        while not events or told < events:
            for event in feed.wait(WATCH_SECONDS):
                _write({"event": event.name, **event.relationship.to_json()})
                told += 1


@app.command()
@guarded
def check(context: typer.Context) -> None:
    """List what is not as the templates want it; exit code 1 if there is anything.

    \b
    Example:
      python -m codex_fields check
    """
    with _opened(context) as workspace:
        found = workspace.problems()
        for one in found:
            _write(asdict(one))
    raise typer.Exit(FOUND if found else OK)


def main() -> None:
    """Run the command line; an interrupted watch ends quietly."""
    app()


@contextmanager
def _opened(context: typer.Context) -> Iterator[Workspace]:
    place: _Place = context.obj
    if not place.url:
        fail("where is the lake? Give --url http://127.0.0.1:3333 before the command, or set LAKESIM_URL")
    with (
        HttpBackend(place.url, project=place.project, dataset=place.dataset, token=place.token) as backend,
        Workspace(backend, load_templates(place.templates), perspective=place.perspective) as workspace,
    ):
        try:
            yield workspace
        except KeyboardInterrupt:
            raise typer.Exit(OK) from None


def _pairs(written: list[str] | None) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for one in written or ():
        name, equals, text = one.partition("=")
        if not equals or not name:
            fail(f'"{one}" is no pair; write name=value')
        try:
            pairs[name] = loads(text)
        except JsonDecodeError:
            pairs[name] = text
    return pairs


def _fields(written: list[str] | None, templates: Templates, template_id: str) -> dict[str, Any]:
    """Return the fields as given; a text field's value is a text, whatever it looks like."""
    values = templates.template(template_id).values
    texts = {one.partition("=")[0]: one.partition("=")[2] for one in written or ()}
    pairs = _pairs(written)
    return {
        name: texts[name] if name in values and values[name].kind == "TEXT" else value for name, value in pairs.items()
    }


def _write(value: Relationship | dict[str, Any]) -> None:
    shown = value.to_json() if isinstance(value, Relationship) else value
    sys.stdout.write(dumps(shown) + "\n")
    # A watcher's lines are read while it runs.
    sys.stdout.flush()


def _write_all(candidates: list[CodexSummary]) -> None:
    _write({"candidates": [asdict(one) for one in candidates]})
