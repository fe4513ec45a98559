"""Export page by page, referring documents, statistics, and what old API versions do not see."""

import json

import pytest

from lakesim.server import export_routes

V = "/v2025-02-19"


def lines(answer):
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_pages_together_hold_every_document_once(direct, dataset, monkeypatch, count):
    monkeypatch.setattr(export_routes, "PAGE_DOCUMENTS_MAX", 2)
    ids = sorted(f"{prefix}n{number}" for number, prefix in zip(range(count), ("", "drafts.") * 3, strict=False))
    dataset.mutate([{"create": {"_id": name, "_type": "t"}} for name in ids])
    cursor, found, pages = "", [], 0
    while cursor is not None:
        page = lines(direct.get(f"{V}/data/export/production", params={"nextCursor": cursor}))
        documents = [line for line in page if "_id" in line]
        assert len(documents) <= 2
        found += [document["_id"] for document in documents]
        cursor = page[-1].get("nextCursor") if page else None
        pages += 1
    assert found == ids
    assert pages == max(1, -(-count // 2))


def test_pages_keep_to_types_and_refuse_foreign_cursors(direct, dataset, monkeypatch):
    monkeypatch.setattr(export_routes, "PAGE_DOCUMENTS_MAX", 1)
    dataset.mutate([{"create": {"_id": name, "_type": name[0]}} for name in ("b1", "f1", "f2")])
    page = lines(direct.get(f"{V}/data/export/production", params={"nextCursor": "", "types": "f"}))
    assert [line.get("_id") for line in page] == ["f1", None]
    assert direct.get(f"{V}/data/export/production", params={"nextCursor": "§"}).status_code == 400


def test_referring_documents_of_this_dataset_and_of_others(direct, lake, dataset):
    dataset.mutate(
        [
            {"create": {"_id": "a", "_type": "t"}},
            {"create": {"_id": "b", "_type": "t", "deep": {"list": [1, {"_key": "k", "of": {"_ref": "a"}}]}}},
        ]
    )
    foreign = {"_ref": "a", "_dataset": "production", "_weak": True}
    same_id_elsewhere = {"_ref": "a", "_weak": True}
    lake.dataset("other").mutate(
        [
            {"create": {"_id": "c", "_type": "t", "of": [foreign, foreign]}},
            {"create": {"_id": "d", "_type": "t", "of": same_id_elsewhere}},
        ]
    )
    path = f"{V}/data/references/production/documents/a/to"
    all_of_them = direct.get(path).json()
    assert all_of_them["totalCount"] == 2
    assert {(one["datasetName"], one["documentId"], *one["paths"]) for one in all_of_them["references"]} == {
        ("production", "b", 'deep.list[_key=="k"].of'),
        ("other", "c", "of[0]", "of[1]"),
    }
    as_the_studio_asks = direct.get(path, params={"excludeInternalReferences": "true", "excludePaths": "true"}).json()
    assert as_the_studio_asks == {
        "totalCount": 1,
        "references": [{"projectId": "lakesim", "datasetName": "other", "documentId": "c"}],
    }
    assert direct.get(f"{V}/data/references/production/documents/zz/to").status_code == 404


def test_statistics_count_documents_and_attributes(direct, dataset):
    dataset.mutate([{"create": {"_id": "a", "_type": "t", "x": 1}}, {"create": {"_id": "drafts.a", "_type": "t"}}])
    found = direct.get(f"{V}/data/stats/production").json()
    assert found["documents"]["count"] == {"value": 2, "limit": 10_000_000}
    # _id, _type, _rev, _createdAt, _updatedAt and x.
    assert found["fields"]["count"]["value"] == 6


def test_who_may_not_read_everything_is_told_of_what_it_reads_only(direct_app):
    app = direct_app("root")
    root = {"authorization": "Bearer root"}
    create = {
        "mutations": [{"create": {"_id": "a", "_type": "t"}}, {"create": {"_id": "drafts.a", "_type": "t", "x": 1}}]
    }
    app.post(f"{V}/data/mutate/production", json=create, headers=root)
    found = app.get(f"{V}/data/stats/production").json()
    assert (found["documents"]["count"]["value"], found["fields"]["count"]["value"]) == (1, 5)
    explained = app.get(f"{V}/data/query/production", params={"query": "*", "explain": "true"}).json()["explain"]
    assert explained.endswith("looked at 1 documents; the dataset has 1")


VERSION_READS = (
    "/data/doc/production/versions.r1.a",
    "/data/export/production",
    "/data/export/production?nextCursor=",
    "/data/query/production?query=*&perspective=raw",
    "/data/history/production/documents/versions.r1.a?lastRevision=true",
    "/data/history/production/transactions/versions.r1.a",
    "/data/history/production/events/documents/versions.r1.a",
)


@pytest.mark.parametrize("path", VERSION_READS)
def test_versions_of_releases_are_not_there_for_old_api_versions(direct, dataset, path):
    dataset.mutate([{"create": {"_id": "versions.r1.a", "_type": "t", "secret": "s3cret"}}])
    told = "s3cret" if "events" not in path else "createDocumentVersion"
    assert told in direct.get(V + path).text
    assert told not in direct.get("/v2021-06-07" + path).text


def test_old_api_versions_do_not_hear_of_versions_either(listening, mutate):
    with listening(version="v2021-06-07") as (_, events):
        assert next(events)["event"] == "welcome"
        mutate(
            {"create": {"_id": "versions.r1.a", "_type": "t"}},
            {"create": {"_id": "drafts.a", "_type": "t"}},
        )
        event = next(events)["data"]
    assert (event["documentId"], event["transactionTotalEvents"]) == ("drafts.a", 1)
