"""The planner's own time: one link of a 1:1 relation, and one more link of a list that holds a thousand.

Figures to look at (pytest-benchmark): under 2 ms median for the first, under 20 ms for the second (F9). What is
asserted is only what does not depend on the machine: mutations and documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bidir import Schema
from bidir.backends import LakeBackend
from bidir.planning import Intent, Plan, parse_intent, plan
from bidir.planning.reading import reading_for, reading_query, snapshot_of
from bidir.siblings import Snapshot
from lakesim import Lake

LIST_ITEMS = 1_000


def ref(target: str, **more: Any) -> dict[str, Any]:
    return {"_type": "reference", "_ref": target, **more}


ONE_TO_ONE = Schema.load(
    [
        {
            "name": "book",
            "type": "document",
            "fields": [
                {
                    "name": "author",
                    "type": "reference",
                    "to": [{"type": "author"}],
                    "bidirectional": {"targetField": "currentBook"},
                }
            ],
        },
        {
            "name": "author",
            "type": "document",
            "fields": [{"name": "currentBook", "type": "reference", "to": [{"type": "book"}]}],
        },
    ]
)

MANY_TO_ONE = Schema.load(
    [
        {
            "name": "book",
            "type": "document",
            "fields": [
                {
                    "name": "author",
                    "type": "reference",
                    "to": [{"type": "author"}],
                    "bidirectional": {"targetField": "books"},
                }
            ],
        },
        {
            "name": "author",
            "type": "document",
            "fields": [
                {"name": "books", "type": "array", "of": [{"type": "reference", "to": [{"type": "book"}]}]},
            ],
        },
    ]
)


def chain_steal() -> tuple[Schema, list[dict[str, Any]], dict[str, Any]]:
    """b1 with a1, b2 with a2; b1 takes a2: the dearest edit of a 1:1 relation."""
    documents = [
        {"_id": "drafts.b1", "_type": "book", "author": ref("a1", _weak=True)},
        {"_id": "drafts.b2", "_type": "book", "author": ref("a2", _weak=True)},
        {"_id": "drafts.a1", "_type": "author", "currentBook": ref("b1", _weak=True)},
        {"_id": "drafts.a2", "_type": "author", "currentBook": ref("b2", _weak=True)},
    ]
    return ONE_TO_ONE, documents, {"patch": {"id": "b1", "set": {"author": ref("a2")}}}


def long_list() -> tuple[Schema, list[dict[str, Any]], dict[str, Any]]:
    """An author of a thousand books gets one more, entered at the book."""
    items = [{"_key": f"k{index}", **ref(f"b{index}", _weak=True)} for index in range(LIST_ITEMS)]
    books = [
        {"_id": f"drafts.b{index}", "_type": "book", "author": ref("a1", _weak=True)} for index in range(LIST_ITEMS)
    ]
    documents = [
        *books,
        {"_id": "drafts.a1", "_type": "author", "books": items},
        {"_id": "drafts.new", "_type": "book"},
    ]
    return MANY_TO_ONE, documents, {"patch": {"id": "new", "set": {"author": ref("a1")}}}


def replaced_list() -> tuple[Schema, list[dict[str, Any]], dict[str, Any]]:
    """The same author's list is stored whole by a form, one book left out."""
    schema, documents, _ = long_list()
    items = documents[LIST_ITEMS]["books"][1:]
    return schema, documents, {"patch": {"id": "a1", "set": {"books": items}}}


def warm(
    schema: Schema, documents: list[dict[str, Any]], mutation: Mapping[str, Any]
) -> tuple[LakeBackend, Snapshot, Intent]:
    """Return a backend, what one read gives, and the intent: all that a plan needs."""
    dataset = Lake(seed=0).dataset("production")
    dataset.mutate([{"create": document} for document in documents])
    backend = LakeBackend(dataset)
    intent = Intent(tuple(parse_intent([mutation])), "drafts")
    reading = reading_for(schema, intent.steps, intent.layer)
    return backend, snapshot_of(schema, reading, backend.query(reading_query(schema), reading.params())), intent


@pytest.mark.parametrize(
    ("given", "documents"),
    [
        pytest.param(chain_steal, 4, id="one-to-one-chain-steal-under-2-ms"),
        pytest.param(long_list, 2, id="one-more-in-a-list-of-1000-under-20-ms"),
        pytest.param(replaced_list, 2, id="a-list-of-1000-stored-whole-under-20-ms"),
    ],
)
def test_planning(benchmark: Any, given: Any, documents: int) -> None:
    schema, stored, mutation = given()
    backend, snapshot, intent = warm(schema, stored, mutation)

    def made() -> Plan:
        return plan(schema, snapshot, intent, patched=backend.patched)

    result = benchmark(made)
    assert not result.needs
    assert len(result.documents) == documents
    # Elements are written, never the list: the plan does not grow with it (F2).
    assert len(result.mutations) <= 3 * documents
