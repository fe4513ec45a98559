"""What the tests of adoption share: exports written from documents, the in-memory audit and repair of the same, and
datasets of every kind that nobody kept in step.
"""

from pathlib import Path

import pytest

from bidir import Schema
from bidir.backends.patching import patched
from bidir.conformance.machines_kinds import KINDS
from bidir.conformance.machines_life_kinds import LIFE_KINDS, LifeKind
from bidir.pending import PendingStore
from bidir.reconcile import audit, repair
from bidir.refs import stored_id, with_value_at
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


# -------------------------------------------------------------------------------------------- what nobody kept in step

_BY_NAME = {kind.name: kind for kind in KINDS}
DIRTY_KINDS = (
    *LIFE_KINDS,
    LifeKind("bounded", _BY_NAME["bounded"]),
    LifeKind("bounded author live", _BY_NAME["bounded"], ("author",)),
    LifeKind("reject", _BY_NAME["reject"]),
    LifeKind("symmetric-one live", _BY_NAME["symmetric-one"], ("person",)),
    LifeKind("two-relations author live", _BY_NAME["two-relations"], ("author",)),
    LifeKind("metadata person live", _BY_NAME["metadata"], ("person",)),
    LifeKind("one-to-one both live", _BY_NAME["one-to-one"], ("book", "author")),
)
"""Every kind of the machines, and further mixes of live and normal ends."""


class Dirt:
    """Draws one dataset: layers published, drafts, r1, r2 of three groups per type, with every kind of fault."""

    def __init__(self, chance, kind):
        self.chance = chance
        self.schema = Schema.load(kind.types)
        self.type_of = kind.kind.type_of
        self.layers = ["published", *(one for one in ("drafts", "r1", "r2") if chance.random() < 0.6)]
        self.there = {
            (group, layer)
            for group in self.type_of
            for layer in self.layers
            if chance.random() < (0.8 if layer == "published" else 0.35)
        }

    def documents(self):
        """Every version by stored id; versions of live types among the drafts, marked ones in the releases."""
        out = {}
        for group, layer in sorted(self.there):
            document = {"_id": stored_id(group, layer), "_type": self.type_of[group], "title": f"{group} in {layer}"}
            below = None if layer == "published" else out.get(group)
            inherits = below is not None and self.chance.random() < 0.5
            for field in self.schema.fields_of(self.type_of[group]):
                if inherits and self.chance.random() < 0.7:
                    if field.path[0] in below:
                        document[field.path[0]] = below[field.path[0]]
                elif self.chance.random() < 0.75:
                    document = with_value_at(document, field.path, self._value(field, layer))
            if layer in ("r1", "r2") and below is not None and self.chance.random() < 0.1:
                document["_system"] = {"delete": True}
            out[document["_id"]] = document
        return out

    def _value(self, field, layer):
        if not field.many:
            return self._pointer(field, layer)
        items = []
        for number in range(self.chance.choice((0, 0, 1, 1, 2, 3))):
            item = self._pointer(field, layer)
            if field.member:
                item = with_value_at({"_type": field.item_type, "role": f"role {number}"}, field.member, item)
            if self.chance.random() > 0.08:
                item["_key"] = f"k{number}" if self.chance.random() > 0.05 else "k0"
            items.append(item)
        return [*items, "text"] if self.chance.random() < 0.02 else items

    def _pointer(self, field, layer):
        target = self.chance.choice([group for group, kind in self.type_of.items() if kind in field.to])
        odd = self.chance.random()
        if odd < 0.07:
            target = "ghost" if odd < 0.04 else self.chance.choice(list(self.type_of))
        pointer = {"_type": "reference", "_ref": target, "_weak": True}
        named = "drafts" if self.chance.random() < 0.06 else None
        grounds = [named] if named else ["published"] if layer in ("published", "drafts") else ["published", layer]
        if any((target, one) in self.there for one in grounds) and self.chance.random() < 0.3:
            del pointer["_weak"]
        return {**pointer, "_ref": stored_id(target, named)} if named else pointer


@pytest.fixture(scope="session")
def dirty():
    """(schema, documents by id, whether release r2 is scheduled) of a kind, drawn by a `random.Random`."""

    def drawn(chance, kind):
        dirt = Dirt(chance, kind)
        return dirt.schema, dirt.documents(), "r2" in dirt.layers and chance.random() < 0.5

    return drawn


@pytest.fixture(scope="session")
def dirty_kinds():
    return DIRTY_KINDS
