"""One case for each thing the joins have to know; every answer is also that of the audit in memory."""

import pytest

from bidir import Schema
from bidir.adoption import audit_export, opened


def reference(name, to, **more):
    return {"name": name, "type": "reference", "to": [{"type": one} for one in to.split()], **more}


def array(name, to, **more):
    return {"name": name, "type": "array", "of": [{"type": "reference", "to": [{"type": to}]}], **more}


def document(name, *fields, **more):
    return {"name": name, "type": "document", "fields": list(fields), **more}


SCHEMA = Schema.load(
    [
        document("book", reference("author", "author site plain", bidirectional={"targetField": "book"})),
        document(
            "author", reference("book", "book"), reference("twin", "author", bidirectional={"targetField": "twin"})
        ),
        document("site", reference("book", "book"), liveEdit=True),
        document("shelf", array("rows", "row", validation={"max": 2}, bidirectional={"targetField": "shelf"})),
        document("row", reference("shelf", "shelf")),
        document("plain", {"name": "text", "type": "string"}),
    ]
)


def one(name, kind, field=None, target=None, *, weak=True, **more):
    pointer = {"_type": "reference", "_ref": target, **({"_weak": True} if weak else {})}
    return {"_id": name, "_type": kind, **({field: pointer} if field else {}), **more}


def shelf(name, *items, keyed=True):
    rows = [{"_ref": row, "_weak": True, **({"_key": f"k{index}"} if keyed else {})} for index, row in enumerate(items)]
    return {"_id": name, "_type": "shelf", "rows": rows}


PAIR = [one("b1", "book", "author", "a1"), one("a1", "author", "book", "b1")]
VARIANT = {"_system": {"variant": {"_ref": "young", "_weak": True}}}
GONE = {"_system": {"delete": True}}

CASES = {
    "a pair": (PAIR, []),
    "one half": ([*PAIR[:1], one("a1", "author")], [("one-sided", "published", "b1", "a1")]),
    "a claim on a place that is taken": (
        [*PAIR, one("b2", "book", "author", "a1")],
        [("double-claim", "published", "b2", "a1")],
    ),
    "a claim on a place whose holder points elsewhere": (
        [one("b1", "book"), one("a1", "author", "book", "b1"), one("b2", "book", "author", "a1")],
        [("one-sided", "published", "a1", "b1"), ("one-sided", "published", "b2", "a1")],
    ),
    "a field that is its own inverse": ([one("a1", "author", "twin", "a1")], []),
    "one half of a field that is its own inverse": (
        [one("a1", "author", "twin", "a2"), one("a2", "author")],
        [("one-sided", "published", "a1", "a2")],
    ),
    "a draft that says what lies below": ([*PAIR, one("drafts.b1", "book", "author", "a1")], []),
    "a draft that lets go": ([*PAIR, one("drafts.b1", "book")], [("one-sided", "drafts", "a1", "b1")]),
    "two drafts that let go": ([*PAIR, one("drafts.b1", "book"), one("drafts.a1", "author")], []),
    "a release does not see the drafts": (
        [*PAIR, one("versions.r1.b1", "book"), one("drafts.a1", "author"), one("drafts.b1", "book")],
        [("one-sided", "r1", "a1", "b1")],
    ),
    "a half below that no version touches is told once": (
        [*PAIR[:1], one("a1", "author"), one("drafts.b2", "book"), one("versions.r1.a2", "author")],
        [("one-sided", "published", "b1", "a1")],
    ),
    "a version to be unpublished shows nothing": (
        [*PAIR, one("versions.r1.a1", "author", "book", "b2", **GONE)],
        [],
    ),
    "a strong pointer at what the view does not show": (
        [one("b1", "book", "author", "a1", weak=False), one("drafts.a1", "author", "book", "b1")],
        [("dangling", "published", "b1", "a1")],
    ),
    "a weak pointer at what the view does not show": (
        [one("b1", "book", "author", "a1"), one("drafts.a1", "author", "book", "b1")],
        [],
    ),
    "a pointer at nothing": ([one("b1", "book", "author", "a9")], [("dangling", "published", "b1", "a9")]),
    "a pointer at a type without inverse field": ([one("b1", "book", "author", "x1"), one("x1", "plain")], []),
    "a draft and a live document wait for each other": (
        [one("b1", "book"), one("drafts.b1", "book", "author", "s1"), one("s1", "site")],
        [],
    ),
    "published and live documents do not wait": (
        [one("b1", "book", "author", "s1"), one("s1", "site")],
        [("one-sided", "published", "b1", "s1")],
    ),
    "a draft's id": (
        [one("b1", "book", "author", "drafts.a1"), PAIR[1]],
        [("draft-id-reference", "published", "b1", "a1")],
    ),
    "items without key, twice the same, too many": (
        [shelf("s1", "r1", "r1", "r2", "r3", keyed=False), *(one(f"r{n}", "row", "shelf", "s1") for n in (1, 2, 3))],
        [
            *(("unkeyed-item", "published", "s1", row) for row in ("r1", "r1", "r2", "r3")),
            ("duplicate-item", "published", "s1", "r1"),
            ("over-cardinality", "published", "s1", ""),
        ],
    ),
    "a version of another type is read as of the group's": (
        [one("a1", "author"), one("drafts.a1", "book", "book", "b1"), one("b1", "book")],
        [("one-sided", "drafts", "a1", "b1")],
    ),
    "variants are seen by nobody, and pairs beside them are nobody's to guess": (
        [
            *PAIR[:1],
            one("a1", "author"),
            one("versions.v1.a1", "author", **VARIANT),
            one("b2", "book", "author", "a2"),
            one("a2", "author"),
        ],
        [("one-sided", "published", "b2", "a2")],
    ),
    "a version of a type that takes no part is not there": (
        [one("b1", "plain"), one("drafts.b1", "book", "author", "a1"), one("drafts.a1", "author", "book", "b1")],
        [],
    ),
}


@pytest.mark.parametrize(("documents", "expected"), CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("order", [1, -1], ids=["forward", "backward"])
def test_violations(documents, expected, order, written, audit_in_memory):
    found = list(audit_export(SCHEMA, written(documents[::order])))
    assert [(each.kind, each.layer, each.source, each.target) for each in found] == expected
    assert found == audit_in_memory(SCHEMA, documents)


NOTED = {
    "strong inverse": ([PAIR[0], one("a1", "author", "book", "b1", weak=False)], "strong-inverse"),
    "tolerated": ([PAIR[0], one("drafts.a1", "author", "book", "b1")], "tolerated-dangling"),
    "wrong type": ([one("b1", "book", "author", "x1"), one("x1", "plain")], "wrong-type"),
    "wrong type below a draft of the target": (
        [one("b1", "book", "author", "x1"), one("x1", "plain"), one("drafts.x1", "plain")],
        "wrong-type",
    ),
    "malformed": ([{"_id": "b1", "_type": "book", "author": "Ann"}], "malformed-item"),
    "a draft and a release that disagree": (
        [
            one("b1", "book"),
            one("a1", "author"),
            one("a2", "author"),
            one("drafts.b1", "book", "author", "a1"),
            one("drafts.a1", "author", "book", "b1"),
            one("versions.r1.b1", "book", "author", "a2"),
            one("versions.r1.a2", "author", "book", "b1"),
        ],
        "overlap",
    ),
}


@pytest.mark.parametrize(("documents", "kind"), NOTED.values(), ids=NOTED.keys())
def test_notes_come_only_when_asked_for(documents, kind, written, audit_in_memory):
    path = written(documents)
    assert list(audit_export(SCHEMA, path)) == []
    found = list(audit_export(SCHEMA, path, notes=True))
    assert [each.kind for each in found] == [kind]
    assert found == audit_in_memory(SCHEMA, documents, notes=True)


def test_rows_are_held_a_batch_at_a_time(written, monkeypatch):
    monkeypatch.setattr("bidir.adoption.tables.BATCH_ROWS", 50)
    with opened(SCHEMA, written([one(f"b{n}", "book", "author", "a9") for n in range(400)])) as export:
        assert sum(1 for _ in export.violations()) == 400
        assert 0 < export.tables.held_max <= 50
