"""What a repaired export looks like: which lines change, what is added, what is left alone."""

import pytest

from bidir import Engine, Schema
from bidir.adoption import repair_export
from bidir.backends import LakeBackend
from lakesim import Lake
from lakesim.jsonvalue import loads


def reference(name, to, **more):
    return {"name": name, "type": "reference", "to": [{"type": to}], **more}


def array(name, to, **more):
    return {"name": name, "type": "array", "of": [{"type": "reference", "to": [{"type": to}]}], **more}


SCHEMA = Schema.load(
    [
        {
            "name": "book",
            "type": "document",
            "fields": [
                reference("author", "author", bidirectional={"targetField": "books"}),
                reference("muse", "author", bidirectional={"targetField": "inspired"}),
            ],
        },
        {"name": "author", "type": "document", "fields": [array("books", "book"), reference("inspired", "book")]},
    ]
)


def book(name, **pointers):
    fields = {field: {"_type": "reference", "_ref": target, "_weak": True} for field, target in pointers.items()}
    return {"_id": name, "_type": "book", **fields}


def author(name, *books, **fields):
    items = [{"_type": "reference", "_ref": one, "_weak": True, "_key": f"k-{one}"} for one in books]
    return {"_id": name, "_type": "author", "books": items, **fields}


@pytest.fixture
def repaired(written, tmp_path):
    """Repair documents (or lines) and return the report, the lines before and after."""

    def repair(lines, schema=SCHEMA):
        path, output = written(lines), tmp_path / "out.ndjson"
        report = repair_export(schema, path, output, dry_run=False)
        return report, path.read_bytes().splitlines(), output.read_bytes().splitlines()

    return repair


def test_lines_that_need_no_change_are_copied_byte_by_byte(repaired):
    plain = b'{ "_type" : "page",  "_id":"p\\u0031", "n": 1.50 }\n'
    report, before, after = repaired([plain, b"\n", author("a1"), book("b1", author="a1")])
    assert report.writes == 1
    assert [index for index in range(4) if before[index] != after[index]] == [2]
    assert [item["_ref"] for item in loads(after[2])["books"]] == ["b1"]


def test_a_new_draft_stands_at_the_end_without_revision_and_times(repaired):
    times = {"_rev": "r", "_createdAt": "2026-01-01T00:00:00Z", "_updatedAt": "2026-01-02T00:00:00Z"}
    documents = [author("a1", **times), {**book("b1"), **times}, {**book("drafts.b1", author="a1"), **times}]
    report, before, after = repaired(documents)
    assert (report.writes, report.made, after[:3]) == (1, 1, before)
    made = loads(after[3])
    assert made.keys() == {"_id", "_type", "books"}
    assert (made["_id"], made["books"][0]["_ref"]) == ("drafts.a1", "b1")


def test_a_changed_document_keeps_its_revision_and_times(repaired):
    times = {"_rev": "r", "_createdAt": "2026-01-01T00:00:00Z", "_updatedAt": "2026-01-02T00:00:00Z"}
    _, _, after = repaired([author("a1", **times), book("b1", author="a1")])
    assert {name: loads(after[0])[name] for name in times} == times


@pytest.mark.parametrize("state", ["active", "scheduled"])
def test_a_locked_release_is_left_alone(repaired, state):
    release = {"_id": "_.releases.r1", "_type": "system.release", "name": "r1", "state": state}
    claims = [book("versions.r1.b1", muse="a1"), book("versions.r1.b2", muse="a1")]
    report, _, _ = repaired([author("a1"), *claims, release])
    # What a release holds that takes no writes waits, and is no violation.
    assert report.found == ({"one-sided": 2} if state == "active" else {})
    # A version of the author is made, and the claim that comes second is taken back.
    assert (report.writes, report.lost_count) == ((2, 1) if state == "active" else (0, 0))


def test_of_two_claims_the_one_the_target_agrees_with_stands_and_the_other_is_listed(repaired):
    documents = [author("a1", inspired=book("", muse="b2")["muse"]), book("b1", muse="a1"), book("b2", muse="a1")]
    report, _, after = repaired(documents)
    assert [one.text for one in report.lost] == ["b1: book.muse claims a1, which is with b2"]
    assert (report.lost_count, "muse" in loads(after[1]), "muse" in loads(after[2])) == (1, False, True)


def test_of_two_equal_claims_the_smaller_id_stands(repaired):
    report, _, after = repaired([author("a1"), book("b2", muse="a1"), book("b1", muse="a1")])
    assert [one.source for one in report.lost] == ["b2"]
    assert loads(after[0])["inspired"]["_ref"] == "b1"


def test_agreed_pairs_beyond_the_bound_of_a_list_fall_in_order(repaired):
    types = [
        {
            "name": "shelf",
            "type": "document",
            "fields": [array("books", "volume", validation={"max": 2}, bidirectional={"targetField": "shelf"})],
        },
        {"name": "volume", "type": "document", "fields": [reference("shelf", "shelf")]},
    ]
    volumes = [{"_id": f"v{n}", "_type": "volume", "shelf": {"_ref": "s1", "_weak": True}} for n in range(4)]
    shelf = {**author("s1", "v2", "v0", "v1"), "_type": "shelf"}
    report, _, after = repaired([shelf, *volumes], Schema.load(types))
    # Agreed pairs in the order of the list, then claims: v1 finds no room, nor does v3.
    assert [item["_ref"] for item in loads(after[0])["books"]] == ["v2", "v0"]
    assert ["shelf" in loads(line) for line in after[1:]] == [True, False, True, False]
    assert {(one.source, one.target) for one in report.lost} == {("s1", "v1"), ("v1", "s1"), ("v3", "s1")}


def test_views_above_see_the_repaired_published_documents(repaired):
    """What published gave to b2 is agreed in drafts, where the claim of b1 with its smaller id comes too late."""
    documents = [author("a1"), book("b1"), book("drafts.b1", muse="a1"), book("b2", muse="a1")]
    report, _, after = repaired([*documents, book("drafts.b2", muse="a1")])
    assert [(one.layer, one.text) for one in report.lost] == [
        ("drafts", "b1: book.muse claims a1, which is with b2"),
    ]
    assert [loads(line).get("muse", {}).get("_ref") for line in after[1:]] == [None, None, "a1", "a1"]


def test_items_get_plain_ids_and_keys_and_stand_once(repaired):
    items = [
        {"_ref": name, "_weak": True, **key} for name, key in (("drafts.b1", {"_key": "x"}), ("b2", {}), ("b1", {}))
    ]
    documents = [{**author("a1"), "books": items}, book("b1", author="a1"), book("b2", author="versions.r1.a1")]
    report, _, after = repaired(documents)
    assert report.found == {"draft-id-reference": 2, "unkeyed-item": 2, "duplicate-item": 1}
    first, second = loads(after[0])["books"]
    assert first == {"_ref": "b1", "_weak": True, "_key": "x"}
    assert (second["_ref"], len(second["_key"])) == ("b2", 12)
    assert loads(after[2])["author"]["_ref"] == "a1"


@pytest.mark.parametrize("there", ["text", 7, {"_ref": "b9"}])
def test_what_is_no_list_is_not_replaced_by_one(repaired, there):
    report, before, after = repaired([{"_id": "a1", "_type": "author", "books": there}, book("b1", author="a1")])
    assert (report.writes, after) == (0, before)


def test_a_place_held_from_below_is_freed_in_a_further_pass(repaired):
    """A claim in a draft took a place that a published pair held, and the published holder went on claiming it.

    The version made for the place brings the holder's pointer into the view; one pass over the views did not see it.
    """
    held = author("a1", inspired=book("", muse="b1")["muse"])
    report, _, after = repaired([held, book("b1", muse="a1"), book("b2"), book("drafts.b2", muse="a1")])
    made = {document["_id"]: document for document in map(loads, after[4:])}
    assert made.keys() == {"drafts.a1", "drafts.b1"}
    assert made["drafts.a1"]["inspired"]["_ref"] == "b2"
    assert "muse" not in made["drafts.b1"]
    assert (report.writes, report.made) == (2, 2)


def test_the_output_may_be_the_input(written):
    path = written([author("a1"), book("b1", author="a1")])
    assert repair_export(SCHEMA, path, path, dry_run=False).writes == 1
    assert repair_export(SCHEMA, path, path, dry_run=False).writes == 0


def test_a_repair_that_is_to_write_needs_an_output(written):
    with pytest.raises(ValueError, match="say where the repaired export goes"):
        repair_export(SCHEMA, written([]), dry_run=False)


def test_a_mended_item_does_not_overwrite_another_that_shares_its_key():
    """Two items of one list had the same `_key`, one of them pointing at a draft's id.

    The plan mended it by `books[_key=="k"]`, which names both: the other item's pointer was overwritten and its link
    lost. An item whose key is not its own is now addressed by its place.
    """
    dataset = Lake(seed=0).dataset("production")
    items = [{"_type": "reference", "_ref": name, "_weak": True, "_key": "k"} for name in ("drafts.b1", "b2")]
    documents = [book("b1", author="a1"), book("b2", author="a1"), {**author("a1"), "books": items}]
    dataset.mutate([{"create": document} for document in reversed(documents)])
    engine = Engine(SCHEMA, LakeBackend(dataset))
    engine.repair(dry_run=False)
    assert [item["_ref"] for item in dataset.get("a1")["books"]] == ["b1", "b2"]
    assert list(engine.audit()) == []
