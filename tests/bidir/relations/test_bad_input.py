"""Whatever is given as a schema: it loads, or it is refused by name and with a text, never by another exception."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bidir.errors import BidirError
from bidir.relations import Schema

WORDS = st.sampled_from(
    """
    name type fields of to weak bidirectional targetField target_field validation min max required liveEdit types
    document reference array object book author books credits person acyclic owner this derived enabled onConflict
    """.split()  # noqa: SIM905
)
SCALARS = st.none() | st.booleans() | st.integers(-2, 3) | WORDS | st.text(max_size=3)
JSON = SCALARS | st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)
AWKWARD: list[Any] = [
    None, True, 0, 3, -1, 1.5, "", "x", "book", "reference", [], {}, [None], [3], ["book"], [[]], [{}], {"type": 3},
    {"type": "book"}, {"type": []}, {"name": 3}, {"x": {}}, {"targetField": []}, {"fields": 3},
]  # fmt: skip

SOUND: list[Any] = [
    {
        "name": "book",
        "type": "document",
        "fields": [
            {
                "name": "author",
                "type": "reference",
                "to": [{"type": "author"}, {"type": "group"}],
                "bidirectional": {"targetField": "books", "onConflict": "ask", "min": 1},
            },
            {
                "name": "credits",
                "type": "array",
                "of": [{"type": "credit"}],
                "bidirectional": {"targetField": "credited"},
            },
        ],
    },
    {
        "name": "author",
        "type": "document",
        "liveEdit": True,
        "fields": [
            {
                "name": "books",
                "type": "array",
                "of": [{"type": "reference", "to": [{"type": "book"}]}],
                "validation": {"max": 3},
            },
            {"name": "credited", "type": "array", "of": [{"type": "reference", "to": {"type": "book"}}]},
        ],
    },
    {
        "name": "group",
        "type": "document",
        "fields": [
            {"name": "books", "type": "object", "fields": [{"name": "x", "type": "string"}]},
            {
                "name": "parent",
                "type": "reference",
                "to": [{"type": "group"}],
                "bidirectional": {"targetField": "parts"},
            },
            {"name": "parts", "type": "array", "of": [{"type": "reference", "to": [{"type": "group"}]}]},
        ],
    },
    {
        "name": "credit",
        "type": "object",
        "fields": [{"name": "person", "type": "reference", "to": [{"type": "author"}]}],
    },
]


def load(source: Any) -> Schema | None:
    try:
        return Schema.load(source)
    except BidirError as refused:
        text = str(refused)
    assert text.strip()
    return None


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*path, index))


PLACES = list(places(SOUND))
TEXT = json.dumps(SOUND)


def test_the_sound_schema_loads() -> None:
    schema = load(SOUND)
    assert schema is not None
    assert len(schema.relations) == 3


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_any_json(value: Any) -> None:
    load(value)


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return `value` with `new` at `path`; unchanged where the path leads nowhere (any more)."""
    if not path:
        return new
    head, rest = path[0], path[1:]
    if isinstance(value, dict) and head in value:
        return {**value, head: replaced(value[head], rest, new)}
    if isinstance(value, list) and isinstance(head, int) and head < len(value):
        return [*value[:head], replaced(value[head], rest, new), *value[head + 1 :]]
    return value


def check(schema: Schema | None) -> None:
    for relation in schema.relations if schema else ():
        assert relation.other(relation.left) == relation.right
        assert relation.left.type in relation.right.to
        assert relation.right.type in relation.left.to


@pytest.mark.parametrize("new", AWKWARD, ids=repr)
def test_every_part_of_a_sound_schema_replaced_by_something_awkward(new: Any) -> None:
    for path in PLACES:
        check(load(replaced(SOUND, path, new)))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(PLACES), JSON), min_size=1, max_size=3))
def test_a_sound_schema_with_parts_replaced(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    value: Any = SOUND
    for path, new in changes:
        value = replaced(value, path, new)
    check(load(value))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(max_size=60) | st.builds(lambda at, cut: json.dumps(SOUND)[at:cut], st.integers(0, 99), st.integers(0, 900))
)
def test_any_text_as_a_file(tmp_path: Path, text: str) -> None:
    for suffix in (".yaml", ".json"):
        path = tmp_path / f"schema{suffix}"
        path.write_bytes(text.encode("utf-8", "replace"))
        load(path)
