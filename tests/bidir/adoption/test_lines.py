"""What cannot be read is one error with its line, before anything is answered or written."""

import pytest

from bidir import Schema
from bidir.adoption import ExportError, TablesError, audit_export, lines, repair_export
from bidir.errors import NotSupportedError

SCHEMA = Schema.load(
    [
        {
            "name": "book",
            "type": "document",
            "fields": [
                {
                    "name": "author",
                    "type": "reference",
                    "to": [{"type": "author"}],
                    "bidirectional": {"targetField": "book"},
                }
            ],
        },
        {
            "name": "author",
            "type": "document",
            "fields": [{"name": "book", "type": "reference", "to": [{"type": "book"}]}],
        },
    ]
)
BOOK = {"_id": "b1", "_type": "book", "author": {"_type": "reference", "_ref": "a1", "_weak": True}}
AUTHOR = {"_id": "a1", "_type": "author"}

BAD = {
    "cut off": (b'{"_id": "b2", "_ty', "column 19: unexpected end of data"),
    "two documents": (b'{"_id": "b2", "_type": "book"} {}', "one whole JSON document per line"),
    "not UTF-8": (b'{"_id": "b2", "_type": "b\xff"}', "byte 26: not UTF-8 text"),
    "not a number": (b'{"_id": "b2", "_type": "book", "x": NaN}', "one whole JSON document per line"),
    "a list": (b"[]", "expected a document (a JSON object), got array"),
    "no id": (b'{"_type": "book"}', "the document has no _id"),
    "id is a number": (b'{"_id": 7, "_type": "book"}', "the document has no _id"),
    "empty type": (b'{"_id": "b2", "_type": ""}', "the document has no _type"),
    "malformed id": (b'{"_id": "b 2", "_type": "book"}', 'Malformed document ID: "b 2"'),
    "an id again": (b'{"_id": "b1", "_type": "book"}', "its _id occurs on line 1 already"),
    "end of a broken export": (b'{"error": {"description": "timed out"}}', "ended here with an error: timed out"),
}


@pytest.mark.parametrize(("line", "reason"), BAD.values(), ids=BAD.keys())
def test_a_bad_line_is_named_before_the_first_violation(written, tmp_path, line, reason):
    path = written([BOOK, AUTHOR, b"\n", line + b"\n"])
    with pytest.raises(ExportError) as found:
        next(audit_export(SCHEMA, path))
    assert found.value.line == 4
    assert str(found.value).startswith("line 4: ")
    assert reason in str(found.value)
    output = tmp_path / "out.ndjson"
    output.write_text("as it was")
    with pytest.raises(ExportError, match="line 4"):
        repair_export(SCHEMA, path, output, dry_run=False)
    assert output.read_text() == "as it was"
    assert list(tmp_path.iterdir()) == [output]


def test_the_longest_line_is_bounded(written, monkeypatch):
    monkeypatch.setattr(lines, "LINE_BYTES_MAX", 200)
    long = {**AUTHOR, "text": "x" * 200}
    with pytest.raises(ExportError, match="line 2: longer than 200 bytes"):
        list(audit_export(SCHEMA, written([BOOK, long])))


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_byte_order_mark_blank_lines_line_ends_and_a_last_line_without_one(written, ending):
    book, author = b'{"_id":"b1","_type":"book","author":{"_ref":"a1"}}', b'{"_id":"a1","_type":"author"}'
    path = written([b"\xef\xbb\xbf" + book + ending, ending, author])
    assert [one.kind for one in audit_export(SCHEMA, path)] == ["one-sided"]


def test_documents_of_the_service_are_passed_over(written):
    pointed = {**BOOK, "author": {"_ref": "_.groups.a"}}
    path = written([pointed, {"_id": "_.groups.a", "_type": "system.group"}])
    assert [one.text for one in audit_export(SCHEMA, path)] == [
        "b1: book.author points at _.groups.a, which does not exist"
    ]


@pytest.mark.parametrize("name", ["export.tar.gz", "export.ndjson.gz"])
def test_archives_are_refused_by_name(tmp_path, name):
    with pytest.raises(NotSupportedError, match="unpack it"):
        next(audit_export(SCHEMA, tmp_path / name))


def test_a_memory_limit_that_is_no_size(written):
    with pytest.raises(TablesError, match="the database of the audit failed"):
        next(audit_export(SCHEMA, written([BOOK]), memory_limit="plenty"))


def test_an_empty_export(written, tmp_path):
    path, output = written([]), tmp_path / "out.ndjson"
    assert list(audit_export(SCHEMA, path)) == []
    report = repair_export(SCHEMA, path, output, dry_run=False)
    assert (report.documents, report.writes, output.read_bytes()) == (0, 0, b"")


def test_nothing_stays_on_the_disk(written, tmp_path):
    place = tmp_path / "tables"
    place.mkdir()
    found = audit_export(SCHEMA, written([BOOK, AUTHOR]), directory=place)
    assert next(found).kind == "one-sided"
    assert len(list(place.iterdir())) == 1
    found.close()
    assert list(place.iterdir()) == []


def test_progress_counts_bytes_up_to_the_size(written):
    path = written([BOOK, AUTHOR])
    told = []
    list(audit_export(SCHEMA, path, progress=lambda done, total: told.append((done, total))))
    assert told[-1] == (path.stat().st_size, path.stat().st_size)
