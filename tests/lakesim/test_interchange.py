"""NDJSON in and out: a round trip keeps everything, one bad line refuses all, each fault has line and remedy."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakesim import Dataset, Lake, LakeError, NotSupportedError
from lakesim.interchange import ImportFailedError, export_file, export_lines, import_file, import_lines
from lakesim.jsonvalue import dumps
from lakesim.testing.strategies import transactions


def line(**document: Any) -> str:
    return dumps(document)


def without_revision(dataset: Dataset) -> list[dict[str, Any]]:
    return [{key: value for key, value in document.items() if key != "_rev"} for document in dataset.documents()]


@given(st.lists(transactions(size_max=4), max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_what_is_exported_can_be_imported_in_any_order(requests: list[list[dict[str, Any]]], random: Any) -> None:
    source = Lake(seed=0).dataset("production")
    for mutations in requests:
        try:
            source.mutate(mutations)
        except LakeError:
            continue
    lines = list(export_lines(source))
    random.shuffle(lines)
    target = Lake(seed=1).dataset("production")
    report = import_lines(target, lines)
    assert without_revision(target) == without_revision(source)
    assert (report.created, report.replaced, report.unchanged, report.skipped) == (len(source), 0, 0, 0)
    assert {document["_rev"] for document in target.documents()} <= {report.transaction_id}


def test_a_file_round_trip(tmp_path: Path, dataset: Dataset) -> None:
    path = tmp_path / "data.ndjson"
    assert export_file(dataset, path) == 0
    dataset.mutate([{"create": {"_id": key, "_type": kind, "t": "é\U0001f600\n"}} for key, kind in ("ax", "by")])
    assert export_file(dataset, path, types=["x"]) == 1
    assert path.read_bytes().count(b"\n") == 1
    assert export_file(dataset, path) == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["data.ndjson"]
    other = Lake().dataset("production")
    assert import_file(other, path).created == 2
    assert without_revision(other) == without_revision(dataset)


def test_a_failed_export_leaves_the_old_file(tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "data.ndjson"
    path.write_text("old")

    def broken(*args: Any, **options: Any) -> Any:
        yield b"{}\n"
        raise OSError("disk full")

    monkeypatch.setattr("lakesim.interchange.export_lines", broken)
    with pytest.raises(OSError, match="disk full"):
        export_file(dataset, path)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["data.ndjson"]


FAULTS: list[tuple[str | bytes, str]] = [
    ('{"_id": "x", "_type": "t"', "column 26: "),
    ('{"_id": "x"} {"_id": "y"}', "column 14: "),
    ("[]", "expected a document (a JSON object), got array"),
    ('"x"', "expected a document (a JSON object), got string"),
    (line(_id="x"), 'the attribute "_type" is missing; it is a string that is not empty'),
    (line(_id="x", _type=""), 'the attribute "_type" is ""; it is a string that is not empty'),
    (line(_id="no good!", _type="t"), 'Malformed document ID: "no good!"'),
    (line(_id="ok", _type="t"), '_id "ok" occurs on line 1 already; ids are unique in a file'),
    (line(_id="x", _type="t", r={"_ref": "ok", "y": 1}), 'Key "y" not allowed in ref, at "r" in the document'),
    (line(_id="x", _type="t", **{"a b": 1}), "attribute name 'a b' is not allowed (letters, digits, _ and - only)"),
    ('{"error": {"description": "gone", "type": "x"}}', "the export ended here with an error: gone; export anew"),
    (b'{"_id": "\xff"}', "byte 10: not UTF-8 text (invalid start byte)"),
    ('{"_id": "x", "_type": "t", "n": NaN}', "column 33: "),
    (
        line(_id="x", _type="t", r={"_ref": "nowhere"}),
        'Document "x" references non-existent document "nowhere";'
        " add that document to the file or mark the reference _weak",
    ),
    (
        line(_id="taken", _type="t"),
        'Document by ID "taken" already exists; import with mode "missing" to keep it or "replace" to replace it',
    ),
]


@pytest.mark.parametrize(("faulty", "reason"), FAULTS)
def test_one_bad_line_refuses_the_whole_import_with_line_and_remedy(
    dataset: Dataset, faulty: str | bytes, reason: str
) -> None:
    dataset.mutate([{"create": {"_id": "taken", "_type": "t"}}])
    with pytest.raises(ImportFailedError) as caught:
        import_lines(dataset, [line(_id="ok", _type="t"), "", faulty, line(_id="after", _type="t")])
    (fault,) = caught.value.faults
    assert fault.line == 3
    assert fault.reason.startswith(reason)
    assert caught.value.description.startswith(f"nothing was imported: line 3: {reason}")
    assert dataset.query("*._id") == ["taken"]
    assert len(dataset.log()) == 1


def test_all_faulty_lines_are_listed_and_the_text_is_bounded(dataset: Dataset) -> None:
    with pytest.raises(ImportFailedError) as caught:
        import_lines(dataset, ["{", line(_id="a", _type="t"), *["5"] * 30])
    assert [fault.line for fault in caught.value.faults] == [1, *range(3, 33)]
    assert caught.value.description.endswith("line 21: expected a document (a JSON object), got number; and 11 more")
    references = [line(_id=key, _type="t", r={"_ref": f"no-{key}"}) for key in "abc"]
    with pytest.raises(ImportFailedError) as caught:
        import_lines(dataset, references)
    assert [fault.line for fault in caught.value.faults] == [1, 2, 3]


def test_modes_say_what_happens_to_ids_that_are_taken(lake: Lake, dataset: Dataset) -> None:
    dataset.mutate([{"create": {"_id": "a", "_type": "t", "v": "old", "_createdAt": "2001-01-01T00:00:00Z"}}])
    lake.clock.advance(60)
    fresh = [line(_id=key, _type="t", v="new", _updatedAt="2002-02-02T00:00:00Z") for key in "ab"]
    kept = import_lines(dataset, fresh, mode="missing")
    assert (kept.created, kept.unchanged) == (1, 1)
    assert dataset.query("*{v, _updatedAt}") == [
        {"v": "old", "_updatedAt": "2026-01-01T00:00:00Z"},
        {"v": "new", "_updatedAt": "2002-02-02T00:00:00Z"},
    ]
    replaced = import_lines(dataset, [*fresh, line(_type="t")], mode="replace")
    assert (replaced.created, replaced.replaced) == (1, 2)
    document = dataset.get("a") or {}
    assert (document["v"], document["_createdAt"], document["_updatedAt"]) == (
        "new",
        "2001-01-01T00:00:00Z",
        "2026-01-01T00:01:00Z",
    )
    with pytest.raises(ValueError, match='Did you mean "replace"'):
        import_lines(dataset, [], mode="replaced")  # type: ignore[arg-type]


def test_dates_are_kept_and_revisions_are_not(dataset: Dataset) -> None:
    import_lines(
        dataset,
        [line(_id="a", _type="t", _rev="theirs", _createdAt="2001-01-01T00:00:00Z", _updatedAt="2002-02-02T00:00:00Z")],
    )
    stored = dataset.get("a") or {}
    assert (stored["_createdAt"], stored["_updatedAt"]) == ("2001-01-01T00:00:00Z", "2002-02-02T00:00:00Z")
    assert stored["_rev"] == dataset.transactions()[0]["id"] != "theirs"


def test_releases_are_imported_and_other_system_documents_skipped(dataset: Dataset) -> None:
    release = line(_id="_.releases.r1", _type="system.release", name="r1", state="scheduled")
    version = line(_id="versions.r1.a", _type="t")
    report = import_lines(dataset, [version, release, line(_id="_.groups.g", _type="system.group")])
    assert (report.created, report.skipped) == (2, 1)
    assert dataset.query("releases::all()[].state") == ["scheduled"]


def test_blank_input_is_no_transaction(dataset: Dataset) -> None:
    assert import_lines(dataset, ["", "  \n", b"\n"]).created == 0
    assert dataset.log() == []


def test_a_byte_order_mark_and_windows_line_ends_are_no_obstacle(dataset: Dataset) -> None:
    import_lines(dataset, [b'\xef\xbb\xbf{"_id": "a", "_type": "t"}\r\n', b"\r\n", '{"_id": "b", "_type": "t"}\r\n'])
    assert dataset.query("*._id") == ["a", "b"]


def test_missing_keys_are_generated_on_request(dataset: Dataset) -> None:
    import_lines(dataset, [line(_id="a", _type="t", list=[{}])])
    import_lines(dataset, [line(_id="b", _type="t", list=[{}])], auto_generate_array_keys=True)
    first, second = dataset.query("*.list[0]")
    assert first == {}
    assert set(second) == {"_key"}


def test_listeners_hear_of_an_import_as_one_transaction(dataset: Dataset) -> None:
    listener = dataset.listen()
    import_lines(dataset, [line(_id=key, _type="t") for key in "abc"])
    _, *events = listener.drain()
    assert [event["transactionTotalEvents"] for event in events] == [3, 3, 3]


@pytest.mark.parametrize("name", ["data.tar.gz", "data.tgz", "data.ndjson.gz"])
def test_archives_are_refused_by_name(dataset: Dataset, tmp_path: Path, name: str) -> None:
    for refuse in (import_file, export_file):
        with pytest.raises(NotSupportedError, match=r"data\.ndjson inside"):
            refuse(dataset, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_assets_to_upload_are_refused_by_name(dataset: Dataset) -> None:
    asset = {"_type": "image", "_sanityAsset": "image@https://example.com/x.png"}
    with pytest.raises(NotSupportedError, match=r"line 2: an asset to upload \(_sanityAsset\)"):
        import_lines(dataset, [line(_id="a", _type="t"), line(_id="b", _type="t", gallery=[{"image": asset}])])
    assert len(dataset) == 0


def test_a_very_deep_line_is_refused_without_a_crash(dataset: Dataset) -> None:
    deep = '{"_id": "a", "_type": "t", "x": ' + "[" * 5000 + "]" * 5000 + "}"
    with pytest.raises(ImportFailedError, match="line 1"):
        import_lines(dataset, [deep])
