"""What is found and written on disk is what the engine finds and writes in memory, over every shape of relation."""

import os
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bidir import Schema
from bidir.adoption import audit_export, repair_export
from bidir.refs import group_of, layer_of, raw_items, replace_items, set_single, stored_id, targets_of
from lakesim.jsonvalue import loads

LAYERS = ("", "drafts.", "versions.rA.", "versions.rB.")


def reference(*types, **field):
    return {"type": "reference", "to": [{"type": name} for name in types], **field}


def two_way(name, *types, to, **options):
    return reference(*types, name=name, bidirectional={"targetField": to, **options})


def array(name, *types, **field):
    return {"name": name, "type": "array", "of": [reference(*types)], **field}


CREDIT = {
    "type": "object",
    "name": "credit",
    "fields": [reference("person", name="who"), {"name": "as", "type": "string"}],
}
TYPES = [
    {
        "name": "book",
        "type": "document",
        "fields": [
            two_way("author", "person", to="current"),
            two_way("house", "company", to="list.books"),
            array("tags", "tag", bidirectional={"targetField": "books", "owner": "target"}),
            {"name": "credits", "type": "array", "of": [CREDIT], "bidirectional": {"targetField": "works"}},
            two_way("about", "person", "company", "tag", to="mentions"),
            two_way("site", "site", to="book", onDelete="keep"),
        ],
    },
    {
        "name": "person",
        "type": "document",
        "fields": [
            reference("book", name="current"),
            array("works", "book"),
            array("mentions", "book", validation={"max": 1}),
            array("friends", "person", bidirectional={"targetField": "friends"}),
            two_way("spouse", "person", to="spouse"),
        ],
    },
    {
        "name": "company",
        "type": "document",
        "fields": [
            {"name": "list", "type": "object", "fields": [array("books", "book", validation={"max": 2})]},
            array("mentions", "book"),
        ],
    },
    {"name": "tag", "type": "document", "fields": [array("books", "book")]},
    {
        "name": "site",
        "type": "document",
        "liveEdit": True,
        "fields": [reference("book", name="book"), two_way("twin", "site", to="twin")],
    },
    {"name": "plain", "type": "document", "fields": [{"name": "text", "type": "string"}]},
]
SCHEMA = Schema.load(TYPES)
POOL = {
    "book": ("b1", "b2", "b3"),
    "person": ("p1", "p2"),
    "company": ("c1", "c2"),
    "tag": ("t1", "t2"),
    "site": ("s1", "s2"),
}
POOL["plain"] = ("x1",)
TYPE_OF = {group: kind for kind, groups in POOL.items() for group in groups}
IDS = (*TYPE_OF, "ghost")
ODD = ("text", 7, None, {}, {"_ref": 5}, {"_ref": ""}, {"_ref": "b1", "_dataset": "other"}, {"_ref": "media:b1"}, [])


def pointers(targets):
    """References at the groups: mostly plain, some strong or weak, of drafts, of versions."""
    prefix = st.sampled_from(("", "", "", "", "drafts.", "versions.rA."))
    return st.builds(
        lambda target, prefix, weak: {
            "_type": "reference",
            "_ref": prefix + target,
            **({"_weak": True} if weak else {}),
        },
        st.sampled_from(targets),
        prefix,
        st.booleans(),
    )


def values(field):
    """What may stand in a relation field: usual values, and now and then nonsense."""
    targets = [group for name in field.to for group in POOL[name]] * 8 + list(IDS)
    pointer = pointers(targets)
    odd = st.sampled_from(ODD)
    if not field.many:
        return st.one_of(pointer, pointer, pointer, odd)
    if field.member:
        item = st.builds(lambda who, text: {"who": who, "as": text}, st.one_of(pointer, pointer, odd), st.just("x"))
    else:
        item = pointer

    def keyed(items):
        # A few keys, so that items without one, and two items of one key, come up.
        return [{**item, "_key": f"k{key}"} if key and isinstance(item, dict) else item for item, key in items]

    lists = st.lists(st.tuples(st.one_of(item, item, item, item, odd), st.integers(0, 5)), max_size=4).map(keyed)
    return st.one_of(lists, lists, lists, lists, st.sampled_from((None, [])))


def placed(document, path, value):
    if not path:
        return value
    head, *rest = path
    document[head] = placed(document.get(head, {}), rest, value) if rest else value
    return document


@st.composite
def datasets(draw, schema=SCHEMA, strangers=tuple(POOL)):
    """Documents of the pools; now and then one version of a group is of another type, one of `strangers`."""
    documents = []
    for group, kind in TYPE_OF.items():
        for layer in LAYERS:
            if draw(st.integers(0, 3)) >= (1 if layer else 3):
                continue
            shown = draw(st.sampled_from(strangers)) if draw(st.integers(0, 40)) == 40 else kind
            document = {"_id": layer + group, "_type": shown, "_rev": "r1", "text": "t"}
            if layer and draw(st.integers(0, 12)) == 12:
                document["_system"] = {"delete": True}
            for field in schema.fields_of(shown):
                if draw(st.booleans()):
                    document = placed(document, field.path, draw(values(field)))
            documents.append(document)
    for release in draw(st.sets(st.sampled_from(("rA", "rB")))):
        state = draw(st.sampled_from(("active", "scheduled")))
        documents.append({"_id": f"_.releases.{release}", "_type": "system.release", "name": release, "state": state})
    return draw(st.permutations(answered(draw, schema, documents)))


def answered(draw, schema, documents):
    """Let about half of the pointers be answered in the same layer, so that pairs agree and compete."""
    by_id = {document["_id"]: document for document in documents}
    for source in documents:
        for field in schema.fields_of(source["_type"]):
            for target in targets_of(source, field):
                layer = layer_of(source["_id"])
                other = by_id.get(stored_id(target, layer))
                pair = schema.inverse(field, other["_type"]) if other and draw(st.booleans()) else None
                if pair is None:
                    continue
                mirror, group = pair[1], group_of(source["_id"])
                pointer = {"_type": "reference", "_ref": group, "_weak": True}
                if mirror.many:
                    items = [*raw_items(other, mirror), {**placed({}, mirror.member, pointer), "_key": f"a{group}"}]
                    by_id[other["_id"]] = replace_items(other, mirror, items)
                else:
                    by_id[other["_id"]] = set_single(other, mirror, pointer)
    return list(by_id.values())


DEEP = 20 if os.environ.get("LAKESIM_PROFILE") == "deep" else 1
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@given(documents=datasets(), notes=st.booleans())
@settings(max_examples=600 if DEEP > 1 else 12, **QUIET)
def test_the_audit_of_an_export_is_that_of_the_engine(documents, notes, audit_in_memory, written):
    found = list(audit_export(SCHEMA, written(documents), notes=notes))
    assert found == audit_in_memory(SCHEMA, documents, notes)


# A version of a type without relations is read by neither: a lake refuses to create it once more, and the repair of a
# lake lists the document as left; an export has nobody who would refuse.
@given(documents=datasets(strangers=tuple(name for name in POOL if name != "plain")))
@settings(max_examples=200 if DEEP > 1 else 5, **QUIET)
def test_the_repair_of_an_export_is_that_of_the_engine(documents, repair_in_memory, written):
    found, lost, by_id = repair_in_memory(SCHEMA, documents)
    path = written(documents)
    output = path.with_name("repaired.ndjson")
    looked = repair_export(SCHEMA, path)
    report = repair_export(SCHEMA, path, output, dry_run=False)
    repaired = {document["_id"]: document for document in map(loads, output.read_bytes().splitlines())}
    assert repaired == by_id
    assert report.found == found
    assert set(report.lost) == lost
    assert replace(looked, dry_run=False) == report
    before, after = path.read_bytes().splitlines(), output.read_bytes().splitlines()
    changed = [old for old, new in zip(before, after, strict=False) if old != new]
    assert len(after) - len(before) == report.made
    assert len(changed) + report.made == report.writes
    assert repair_export(SCHEMA, output).writes == 0


def towards(group):
    return {"_type": "reference", "_ref": group, "_weak": True}


@pytest.mark.parametrize("told", [True, False], ids=["both sides said so", "only the owner said so"])
def test_a_list_that_a_release_copies_full_takes_what_the_release_says(told, repair_in_memory, written):
    """b1 is published about p2, whose list takes one book; release rB has a version of b3 that is about p2 as well.

    What the release says itself wins over what it inherits (R8): in it p2 gets b3 and b1 lets go, published stays.
    """
    documents = [
        {"_id": "b1", "_type": "book", "_rev": "r1", "about": towards("p2")},
        {"_id": "versions.rB.b3", "_type": "book", "_rev": "r1", "about": towards("p2")},
        {"_id": "p2", "_type": "person", "_rev": "r1", "mentions": [{**towards("b1"), "_key": "k"}] if told else []},
    ]
    found, lost, by_id = repair_in_memory(SCHEMA, documents)
    path = written(documents)
    report = repair_export(SCHEMA, path, path, dry_run=False)
    repaired = {document["_id"]: document for document in map(loads, path.read_bytes().splitlines())}
    assert [item["_ref"] for item in repaired["versions.rB.p2"]["mentions"]] == ["b3"]
    assert "about" not in repaired["versions.rB.b1"]
    assert repaired["versions.rB.b3"] == documents[1]
    assert [item["_ref"] for item in repaired["p2"]["mentions"]] == ["b1"]
    assert (repaired, report.found, set(report.lost)) == (by_id, found, lost)
    assert repair_export(SCHEMA, path).writes == 0


@given(chance=st.randoms(use_true_random=False), notes=st.booleans())
@settings(max_examples=4 * DEEP, **QUIET)
def test_what_nobody_kept_in_step_is_judged_and_mended_alike(
    chance, notes, dirty, dirty_kinds, audit_in_memory, repair_in_memory, written
):
    """Live mixes, scheduled releases, places of missing targets, marks, lists beyond their bounds."""
    schema, by_id, scheduled = dirty(chance, chance.choice(dirty_kinds))
    release = {"_id": "_.releases.r2", "_type": "system.release", "name": "r2", "state": "scheduled"}
    documents = [*by_id.values(), *([release] if scheduled else [])]
    path = written(documents)
    assert list(audit_export(schema, path, notes=notes)) == audit_in_memory(schema, documents, notes)
    found, lost, after = repair_in_memory(schema, documents)
    output = path.with_name("mended.ndjson")
    report = repair_export(schema, path, output, dry_run=False)
    assert {document["_id"]: document for document in map(loads, output.read_bytes().splitlines())} == after
    assert (report.found, set(report.lost)) == (found, lost)
