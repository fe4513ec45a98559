"""Documents with variants: what the user says is written, the pair is refused by name, nothing else is touched."""

import pytest

from bidir.errors import NotSupportedError

VARIANT = {"variant": {"_type": "reference", "_ref": "young", "_weak": True}}


def ref(target):
    return {"_type": "reference", "_ref": target, "_weak": True}


def with_variant(world, group, kind="1:1"):
    dataset, engine = world(kind)
    name = dataset.get(group)["_type"]
    dataset.mutate([{"create": {"_id": f"versions.v1.{group}", "_type": name, "_system": VARIANT}}])
    return dataset, engine


def state(dataset):
    return {document["_id"]: document for document in dataset.documents()}


@pytest.mark.parametrize("kind", ["1:1", "n:1", "1:n", "n:m"])
@pytest.mark.parametrize("group", ["b1", "a1"])
@pytest.mark.parametrize("perspective", ["published", "drafts"])
def test_only_the_edited_document_is_written_and_the_pair_waits(world, kind, group, perspective):
    dataset, engine = with_variant(world, group, kind)
    before = state(dataset)
    value = [{**ref("a1"), "_key": "k"}] if kind in ("1:n", "n:m") else ref("a1")
    outcome = engine.submit([{"patch": {"id": "b1", "set": {"author": value}}}], perspective=perspective)
    assert [(item.reason, item.source, item.target) for item in outcome.pending] == [("variant", "b1", "a1")]
    written = {key for key, document in state(dataset).items() if before.get(key) != document}
    assert written == {"b1" if perspective == "published" else "drafts.b1"}
    assert engine.heal().documents_written == 0
    assert engine.repair(dry_run=False).writes == 0
    assert [item.reason for item in engine.pending()] == ["variant"]


def test_a_holder_with_variants_is_not_robbed(world):
    dataset, engine = world()
    engine.submit([{"patch": {"id": "b2", "set": {"author": ref("a1")}}}], perspective="published")
    dataset.mutate([{"create": {"_id": "versions.v1.b2", "_type": "book", "_system": VARIANT}}])
    outcome = engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
    assert [item.reason for item in outcome.pending] == ["variant"]
    assert (dataset.get("a1")["books"]["_ref"], dataset.get("b2")["author"]["_ref"]) == ("b2", "a1")


def test_a_published_edit_reconciles_no_view_of_variants(world):
    dataset, engine = world()
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
    dataset.mutate([{"create": {"_id": "versions.v1.b1", "_type": "book", "author": ref("a1"), "_system": VARIANT}}])
    engine.submit([{"patch": {"id": "b2", "set": {"author": ref("a1")}}}], perspective="published")
    assert {key for key in state(dataset) if key.startswith("versions.")} == {"versions.v1.b1"}
    assert dataset.get("versions.v1.b1")["author"] == ref("a1")


def test_the_last_version_beside_variants_erases_nothing(world):
    dataset, engine = world()
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
    dataset.mutate([{"create": {"_id": "versions.v1.a1", "_type": "author", "_system": VARIANT}}])
    engine.submit([{"delete": {"id": "a1"}}], perspective="published")
    assert dataset.get("b1")["author"]["_ref"] == "a1"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda engine: engine.delete("b1"), '"b1" has variants'),
        (
            lambda engine: engine.submit([{"patch": {"id": "b1", "set": {"text": "x"}}}], perspective="v1"),
            '"versions.v1.b1" is a variant',
        ),
    ],
    ids=["delete", "edit of the variant"],
)
def test_what_would_write_a_variant_is_refused_before_anything_is_written(world, call, told):
    dataset, engine = with_variant(world, "b1")
    before = state(dataset)
    with pytest.raises(NotSupportedError, match=told):
        call(engine)
    assert state(dataset) == before


def test_a_repair_leaves_pairs_with_variants_alone_and_lists_them(world):
    """What a dataset held was decided by the versions that are no variants, as if the others were not there."""
    dataset, engine = with_variant(world, "a1")
    dataset.mutate([{"patch": {"id": f"b{number}", "set": {"author": ref(f"a{number}")}}} for number in (1, 2)])
    assert [one.source for one in engine.audit()] == ["b2"]
    assert engine.repair(dry_run=False).writes == 1
    assert (dataset.get("b1")["author"]["_ref"], "books" in dataset.get("a1")) == ("a1", False)
    assert [(item.source, item.target, item.reason) for item in engine.pending()] == [("b1", "a1", "variant")]
