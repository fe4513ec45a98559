"""A small catalogue with every shape of relation end, an engine on it, and its requests counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from bidir.conformance.proxy import ObservedBackend, Traffic
from lakesim import Dataset, Lake

Json = Any


def ref(*to: str, **more: Json) -> dict[str, Json]:
    return {"type": "reference", "to": [{"type": name} for name in to], **more}


def field(name: str, body: dict[str, Json], inverse: str | None = None, **options: Json) -> dict[str, Json]:
    declaration = {} if inverse is None else {"bidirectional": {"targetField": inverse, **options}}
    return {"name": name, **body, **declaration}


def items(*of: dict[str, Json]) -> dict[str, Json]:
    return {"type": "array", "of": list(of)}


CREDIT = {
    "type": "object",
    "name": "credit",
    "fields": [{"name": "person", **ref("person")}, {"name": "role", "type": "string"}],
}

TYPES = [
    {
        "name": "film",
        "type": "document",
        "fields": [
            {"name": "title", "type": "string"},
            field("director", ref("person"), "directed"),
            field("credits", items(CREDIT), "appearsIn"),
            field("sequelOf", ref("film"), "sequel"),
            field("sequel", ref("film")),
        ],
    },
    {
        "name": "person",
        "type": "document",
        "fields": [
            {"name": "name", "type": "string"},
            {"name": "motto", "type": "text"},
            field("directed", items(ref("film"))),
            field("appearsIn", items(ref("film"))),
            field("friends", items(ref("person")), "friends"),
        ],
    },
    {"name": "page", "type": "document", "liveEdit": True, "fields": [{"name": "heading", "type": "string"}]},
]


@pytest.fixture
def schema() -> Schema:
    return Schema.load(TYPES)


def filled() -> Dataset:
    dataset = Lake(seed=0).dataset("production")
    films = [{"_id": f"f{n}", "_type": "film", "title": f"Film {n}"} for n in (1, 2, 3)]
    people = [{"_id": name.lower(), "_type": "person", "name": name} for name in ("Ann", "Bea", "Cid", "Dot")]
    dataset.mutate([{"create": document} for document in [*films, *people]])
    return dataset


@pytest.fixture
def dataset() -> Dataset:
    """Three films and four people, published, nothing linked."""
    return filled()


@pytest.fixture(scope="session")
def new_world() -> Callable[[], tuple[Engine, Dataset]]:
    """Make the same catalogue afresh, for tests that need one per example."""

    def make() -> tuple[Engine, Dataset]:
        dataset = filled()
        return Engine(Schema.load(TYPES), LakeBackend(dataset)), dataset

    return make


@pytest.fixture
def backend(dataset: Dataset) -> ObservedBackend:
    return ObservedBackend(LakeBackend(dataset))


@pytest.fixture
def traffic(backend: ObservedBackend) -> Traffic:
    return backend.traffic


@pytest.fixture
def engine(schema: Schema, backend: ObservedBackend) -> Engine:
    return Engine(schema, backend)
