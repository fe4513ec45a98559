"""What the tests of adoption share: exports written from documents, and the in-memory audit and repair of the same."""

from pathlib import Path

import pytest

from bidir.backends.patching import patched
from bidir.pending import PendingStore
from bidir.reconcile import audit, repair
from lakesim.jsonvalue import dump_bytes


class Documents:
    """As much of a backend as the in-memory audit reads from: documents that no lake has checked."""

    def __init__(self, documents):
        self.by_id = {document["_id"]: document for document in documents}

    def scan(self, types):
        return [document for document in self.by_id.values() if document["_type"] in types]

    def query(self, groq, params):
        if "groups" not in params:
            return [
                one["name"]
                for one in self.by_id.values()
                if one["_type"] == "system.release" and one["state"] != "active"
            ]
        wanted = {row["g"] for row in params["groups"]}
        return [
            {"_id": name, "_type": document["_type"]}
            for name, document in self.by_id.items()
            if name in wanted
            or name.removeprefix("drafts.") in wanted
            or (name.startswith("versions.") and name.split(".", 2)[-1] in wanted)
        ]


@pytest.fixture(scope="session")
def documents_backend():
    return Documents


@pytest.fixture(scope="session")
def audit_in_memory():
    return lambda schema, documents, notes=False: list(audit(schema, Documents(documents), PendingStore(), notes=notes))


@pytest.fixture(scope="session")
def repair_in_memory():
    """Repair as the engine does until it has nothing to write: what it found, who lost, the documents by id."""

    def repaired(schema, documents):
        by_id = {document["_id"]: document for document in documents}
        reports = []
        while not reports or reports[-1].writes:
            assert len(reports) < 5
            # What was created has its revision from the lake.
            now = [{"_rev": "made", **document} for document in by_id.values()]
            reports.append(repair(schema, Documents(now), PendingStore(), dry_run=True, progress=None))
            for mutation in reports[-1].plan:
                _carry_out(by_id, *mutation.items())
        return reports[0].found, {one for report in reports for one in report.lost}, by_id

    return repaired


def _carry_out(by_id, mutation):
    kind, body = mutation
    if kind == "create":
        assert body["_id"] not in by_id
        by_id[body["_id"]] = body
    else:
        patch = {name: value for name, value in body.items() if name not in ("id", "ifRevisionID")}
        by_id[body["id"]] = patched(by_id[body["id"]], patch)


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Write documents (or raw lines) as an export and return its path."""
    place = tmp_path_factory.mktemp("exports")

    def write(lines) -> Path:
        path = place / "export.ndjson"
        path.write_bytes(b"".join(line if isinstance(line, bytes) else dump_bytes(line) + b"\n" for line in lines))
        return path

    return write
