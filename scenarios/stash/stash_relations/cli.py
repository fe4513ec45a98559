"""The commands of `python -m stash_relations`: the verifications, what is made from the schema, and entities."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from bidir.backends import HttpBackend, LakeBackend
from bidir.cli.common import FOUND, OK, fail, guarded
from lakesim.jsonvalue import JsonDecodeError, dumps, loads
from lakesim.lake import Lake
from stash_relations.client import StashClient
from stash_relations.generated import Stash
from stash_relations.library import SCHEMA_FILE, Library
from stash_relations.metadata import RelationshipMetadata, relationship_metadata
from stash_relations.module_text import module_text
from stash_relations.reading import PER_PAGE_DEFAULT
from stash_relations.verifications import VERIFICATIONS, Verified, verify

__all__ = ["app", "main"]

app = typer.Typer(
    name="stash_relations",
    help="Relationships of a media library. Data on standard output, as JSON lines.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)

Type = Annotated[str, typer.Argument(help="The type, such as scene.", metavar="TYPE")]
Id = Annotated[str, typer.Argument(help="The entity's id.", metavar="ID")]
Name = Annotated[str, typer.Argument(help="The relationship, such as galleries.", metavar="RELATIONSHIP")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="name=value; JSON counts as JSON; may be repeated.")]


@dataclass(frozen=True, slots=True)
class _Place:
    url: str
    project: str
    dataset: str
    token: str | None
    schema: Path


@app.callback()
def _place(
    context: typer.Context,
    url: Annotated[str, typer.Option(help="The lake's address.", envvar="LAKESIM_URL")] = "",
    project: Annotated[str, typer.Option(help="The project's id.")] = "lakesim",
    dataset: Annotated[str, typer.Option(help="The dataset.")] = "production",
    token: Annotated[
        str, typer.Option(help="A token that may write.", envvar=["LAKESIM_TOKEN", "SANITY_TOKEN"], show_default=False)
    ] = "",
    schema: Annotated[Path, typer.Option(help="The library's schema, YAML or JSON.")] = SCHEMA_FILE,
) -> None:
    context.obj = _Place(url, project, dataset, token or None, schema)


@app.command("verify")
@guarded
def verify_all(
    context: typer.Context,
    only: Annotated[list[str] | None, typer.Option(help="Only this one; may be repeated.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for each instead of a table.")] = False,
) -> None:
    """Do the eight verifications and clean up; exit code 1 if one does not hold. Without --url: on an embedded lake.

    \b
    Examples:
      python -m stash_relations verify
      python -m stash_relations --url http://127.0.0.1:3333 verify --only group
    """
    keys = [one.key for one in VERIFICATIONS]
    unknown = [one for one in only or () if one not in keys]
    if unknown:
        fail(f'there is no verification "{unknown[0]}"; they are {", ".join(keys)}')
    place: _Place = context.obj
    if place.url:
        with _opened(context) as stash:
            done = [verify(Stash(stash.backend), one) for one in VERIFICATIONS if not only or one.key in only]
    else:
        stash = Stash(LakeBackend(Lake(seed=0).dataset(place.dataset)))
        done = [verify(stash, one) for one in VERIFICATIONS if not only or one.key in only]
    for one in done:
        _write(_row(one)) if as_json else _write_text(_line(one))
    if not as_json:
        _write_text(f"{sum(one.holds for one in done)} of {len(done)} hold")
    raise typer.Exit(OK if all(one.holds for one in done) else FOUND)


@app.command()
@guarded
def generate(
    context: typer.Context,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write here instead of standard output.")
    ] = None,
) -> None:
    """Write the typed module for the schema: a class for each type with its helpers, and a client with typed names.

    \b
    Examples:
      python -m stash_relations generate -o my_library.py
      python -m stash_relations --schema my-schema.yaml generate
    """
    text = module_text(Library(context.obj.schema))
    if output is None:
        sys.stdout.write(text)
    else:
        output.write_text(text, encoding="utf-8")


@app.command()
@guarded
def metadata(
    context: typer.Context, type_name: Annotated[str | None, typer.Argument(metavar="TYPE", help="Only of it.")] = None
) -> None:
    """List the relationships with what one must know to read and write them, as the schema says.

    \b
    Example:
      python -m stash_relations metadata Scene
    """
    library = Library(context.obj.schema)
    wanted = None if type_name is None else library.type(type_name).class_name
    for class_name, relationships in relationship_metadata(library).items():
        for name, one in relationships.items() if wanted in (None, class_name) else ():
            _write({"type": class_name, "relationship": name, **_shown(one)})


@app.command()
@guarded
def create(
    context: typer.Context,
    type_name: Type,
    values: SetOption = None,
    entity_id: Annotated[str | None, typer.Option("--id", help="Its id; a fresh one by default.")] = None,
) -> None:
    """Make an entity with its relationships.

    \b
    Example:
      python -m stash_relations create scene --set title=Dawn --set 'gallery_ids=["g1"]' --set studio_id=s1
    """
    with _opened(context) as stash:
        _write(dict(stash.create(type_name, _values(values, stash, type_name), entity_id=entity_id).data))


@app.command()
@guarded
def update(context: typer.Context, type_name: Type, entity_id: Id, values: SetOption = None) -> None:
    """Change an entity; null takes a value away.

    \b
    Example:
      python -m stash_relations update scene s1 --set 'performer_ids=["p1","p2"]' --set studio_id=null
    """
    with _opened(context) as stash:
        outcome = stash.update(type_name, entity_id, _values(values, stash, type_name))
        _write({"documentsWritten": outcome.documents_written, "transactionId": outcome.transaction_id})


@app.command()
@guarded
def destroy(context: typer.Context, type_name: Type, entity_id: Id) -> None:
    """Delete an entity and the links to it.

    \b
    Example:
      python -m stash_relations destroy gallery g1
    """
    with _opened(context) as stash:
        _write({"documentsWritten": stash.destroy(type_name, entity_id).documents_written})


@app.command()
@guarded
def show(context: typer.Context, type_name: Type, entity_id: Id, name: Name) -> None:
    """List what a relationship of an entity holds, with what is said of each link.

    \b
    Example:
      python -m stash_relations show group g1 sub_groups
    """
    with _opened(context) as stash:
        for target, members in stash.linked(type_name, entity_id, name):
            _write({"id": target.id, "label": target.label, **members})


@app.command()
@guarded
def related(
    context: typer.Context,
    type_name: Type,
    entity_id: Id,
    name: Name,
    page: Annotated[int, typer.Option(help="Counted from 1.")] = 1,
    per_page: int = PER_PAGE_DEFAULT,
    sort: str | None = None,
    direction: Annotated[str | None, typer.Option(help="ASC or DESC.")] = None,
) -> None:
    """List a page of what points at an entity that stores nothing of it, with the count of all.

    \b
    Example:
      python -m stash_relations related studio s1 scenes --sort date --direction DESC --per-page 10
    """
    with _opened(context) as stash:
        found = stash.related(type_name, entity_id, name, page=page, per_page=per_page, sort=sort, direction=direction)
        items = [{"id": one.id, "label": one.label} for one in found.items]
        _write({"count": found.count, "page": found.page, "pages": found.pages, "items": items})


def main() -> None:
    """Run the command line."""
    app()


@contextmanager
def _opened(context: typer.Context) -> Iterator[StashClient]:
    place: _Place = context.obj
    if not place.url:
        fail("where is the lake? Give --url http://127.0.0.1:3333 before the command, or set LAKESIM_URL")
    library = Library(place.schema)
    with HttpBackend(place.url, project=place.project, dataset=place.dataset, token=place.token) as backend:
        yield StashClient(backend, library)


def _values(written: list[str] | None, stash: StashClient, type_name: str) -> dict[str, Any]:
    """Return the values as given; a text stays a text, whatever it looks like, but for null."""
    attributes = stash.library.type(type_name).attributes
    values: dict[str, Any] = {}
    for one in written or ():
        name, equals, text = one.partition("=")
        if not equals or not name:
            fail(f'"{one}" is no pair; write name=value')
        try:
            value = loads(text)
        except JsonDecodeError:
            value = text
        values[name] = text if attributes.get(name) == "str" and value is not None else value
    return values


def _shown(one: RelationshipMetadata) -> dict[str, Any]:
    return {
        "target_field": one.target_field,
        "is_list": one.is_list,
        "query_field": one.query_field,
        "inverse_type": one.inverse_type,
        "inverse_query_field": one.inverse_query_field,
        "query_strategy": one.query_strategy,
        "filter_query_hint": one.filter_query_hint,
        "auto_sync": one.auto_sync,
        "notes": one.notes,
    }


def _row(one: Verified) -> dict[str, Any]:
    steps = [{"claim": text, "holds": held} for text, held in one.steps]
    return {
        "verification": one.key,
        "title": one.title,
        "relationship": one.relationship,
        "pattern": one.pattern,
        "holds": one.holds,
        "steps": steps,
        "left": [*one.left],
    }


def _line(one: Verified) -> str:
    said = f"{'ok ' if one.holds else 'NOT'} {one.title:<20} {one.relationship:<20} {one.pattern}"
    faults = [f"\n    NOT {text}" for text, held in one.steps if not held]
    return said + "".join(faults) + (f"\n    left: {', '.join(one.left)}" if one.left else "")


def _write(value: dict[str, Any]) -> None:
    _write_text(dumps(value))


def _write_text(text: str) -> None:
    sys.stdout.write(text + "\n")
