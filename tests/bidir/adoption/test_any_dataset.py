"""Whatever a dataset holds, one repair brings it into step and touches nothing else; how it is cut up makes no odds."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bidir import Engine, batches
from bidir.adoption import audit_export, fetch_export, repair_lake
from bidir.backends import LakeBackend
from bidir.conformance.invariants import check_invariants
from bidir.refs import SYSTEM_FIELDS, group_of, layer_of, read_items, stored_id
from lakesim import Lake
from lakesim.errors import MutationError

DEEP = 20 if os.environ.get("LAKESIM_PROFILE") == "deep" else 1
QUIET = {"deadline": None, "suppress_health_check": list(HealthCheck)}
LOCKED = "r2"


def loaded(documents, *, scheduled):
    dataset = Lake(seed=0).dataset("production")
    releases = [name for name in ("r1", LOCKED) if any(layer_of(one) == name for one in documents)]
    if releases:
        dataset.actions([{"actionType": "sanity.action.release.create", "releaseId": name} for name in releases])
    dataset.mutate([{"create": document} for document in documents.values()])
    if scheduled and LOCKED in releases:
        plan = {"releaseId": LOCKED, "publishAt": "2099-01-01T00:00:00Z"}
        dataset.actions([{"actionType": "sanity.action.release.schedule", **plan}])
    return dataset


def stored(dataset):
    return {one["_id"]: one for one in dataset.query('*[!(_id in path("_.**"))]', {}, perspective="raw")}


def content(documents, layer=None):
    return {
        name: {key: value for key, value in one.items() if key not in SYSTEM_FIELDS}
        for name, one in documents.items()
        if layer in (None, layer_of(name))
    }


def repaired(schema, dataset, backend=LakeBackend):
    engine = Engine(schema, backend(dataset))
    return engine, engine.repair(dry_run=False), stored(dataset)


def beside_missing(violations):
    """Without the pointers at nothing, which only the engine that repaired remembers as pending."""
    return [one for one in violations if not one.text.endswith("which does not exist")]


@pytest.fixture(scope="module")
def drawn(dirty, dirty_kinds):
    return lambda chance: dirty(chance, chance.choice(dirty_kinds))


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=50 * DEEP, **QUIET)
def test_one_repair_brings_everything_into_step(chance, drawn):
    schema, documents, scheduled = drawn(chance)
    dataset = loaded(documents, scheduled=scheduled)
    before = stored(dataset)
    planned = Engine(schema, LakeBackend(dataset)).repair(dry_run=True)
    assert stored(dataset) == before
    engine, report, after = repaired(schema, dataset)
    changed = {name for name, one in after.items() if one["_rev"] != before.get(name, {}).get("_rev")}
    assert (report.writes, report.left, report.refused) == (planned.writes, (), ())
    assert len(changed) == report.writes
    assert not (scheduled and any(layer_of(name) == LOCKED for name in changed))
    assert list(engine.audit()) == []
    assert beside_missing(Engine(schema, LakeBackend(dataset)).audit()) == []
    assert engine.repair(dry_run=False).writes == 0
    assert Engine(schema, LakeBackend(dataset)).repair(dry_run=False).writes == 0
    for breach in check_invariants(schema, after, pending=engine.pending()):
        marked = after.get(stored_id(breach.documents[-1], breach.view), {}).get("_system", {}).get("delete")
        # What a release takes offline is pointed at weakly when it does; a scheduled one takes no writes.
        assert (breach.rule == "I5 dangling" and marked) or (scheduled and breach.view == LOCKED), breach
    for name in changed:
        check_frame(schema, name, before, after)


def check_frame(schema, name, before, after):
    """Other fields, order, keys, metadata, what is no reference and what points at nothing are as they were (I7)."""
    now, was = after[name], before.get(name)
    base = was or before.get(group_of(name)) or before[stored_id(group_of(name), "drafts")]
    relations = {field.path[0] for field in schema.fields_of(now["_type"])}
    left_out = relations | set(SYSTEM_FIELDS)
    assert {key: now[key] for key in now.keys() - left_out} == {key: base[key] for key in base.keys() - left_out}
    for field in schema.fields_of(now["_type"]):
        old, new = read_items(base, field), read_items(now, field)
        stays = [target for target in dict.fromkeys(one.target for one in old) if target in {one.target for one in new}]
        if was is not None:
            assert [one.target for one in new if one.target in stays and one.target] == [one for one in stays if one]
            assert [one.raw for one in new if one.target is None] == [one.raw for one in old if one.target is None]
            assert ("ghost" in stays) == any(one.target == "ghost" for one in old)
        for item in new:
            first = next((one for one in old if one.target == item.target and one.target), None)
            if field.member and first is not None:
                assert first.raw.get("role") == item.raw.get("role")
                assert first.key in (None, item.key)


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=30 * DEEP, **QUIET)
def test_what_lies_above_changes_nothing_in_published(chance, drawn):
    schema, documents, scheduled = drawn(chance)
    alone = {name: one for name, one in documents.items() if layer_of(name) == "published"}
    for name, one in documents.items():
        # That the group is there, and no more.
        if group_of(name) not in alone:
            alone[stored_id(group_of(name), "r1")] = {"_id": stored_id(group_of(name), "r1"), "_type": one["_type"]}
    _, _, whole = repaired(schema, loaded(documents, scheduled=scheduled))
    try:
        dataset = loaded(alone, scheduled=False)
    except MutationError:  # A strong pointer at a draft's id cannot stand without that draft.
        return
    _, _, public = repaired(schema, dataset)
    assert content(public, "published") == content(whole, "published")


class CutOffError(Exception):
    """The process dies."""


class CutOff(LakeBackend):
    """A lake that a process writes to until it dies."""

    left = 0

    def commit(self, mutations, *, transaction_id):
        if not self.left:
            raise CutOffError
        self.left -= 1
        return super().commit(mutations, transaction_id=transaction_id)


@given(chance=st.randoms(use_true_random=False), size=st.integers(1, 3), survives=st.integers(0, 4))
@settings(max_examples=30 * DEEP, **QUIET)
def test_batches_of_any_size_and_a_repair_cut_off_come_to_the_same(chance, size, survives, drawn):
    schema, documents, scheduled = drawn(chance)
    _, _, expected = repaired(schema, loaded(documents, scheduled=scheduled))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "BATCH_DOCUMENTS_MAX", size)
        _, _, small = repaired(schema, loaded(documents, scheduled=scheduled))
        assert content(small) == content(expected)
        dataset = loaded(documents, scheduled=scheduled)
        backend = CutOff(dataset)
        backend.left = survives
        try:
            Engine(schema, backend).repair(dry_run=False)
        except CutOffError:
            repaired(schema, dataset)
    assert content(stored(dataset)) == content(expected)


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=60 if DEEP > 1 else 2, **QUIET)
def test_on_disk_a_lake_is_audited_and_repaired_alike(chance, drawn, tmp_path_factory):
    schema, documents, scheduled = drawn(chance)
    expected = loaded(documents, scheduled=scheduled)
    found = list(Engine(schema, LakeBackend(expected)).audit(notes=True))
    _, report, after = repaired(schema, expected)
    dataset = loaded(documents, scheduled=scheduled)
    path = tmp_path_factory.mktemp("fetched") / "export.ndjson"
    assert fetch_export(schema, LakeBackend(dataset), path) >= len(documents)
    assert list(audit_export(schema, path, notes=True)) == found
    assert repair_lake(schema, LakeBackend(dataset)).writes == report.writes
    done = repair_lake(schema, LakeBackend(dataset), dry_run=False)
    assert content(stored(dataset)) == content(after)
    assert (done.writes, set(done.lost), done.left) == (report.writes, set(report.lost), ())


class Typing(LakeBackend):
    """Somebody who writes a line in each document just before the repair does."""

    seen = frozenset()

    def commit(self, mutations, *, transaction_id):
        names = {str(body.get("_id") or body.get("id")) for one in mutations for body in one.values()}
        groups = sorted({group_of(name) for name in names} - self.seen)[:1]
        self.seen |= set(groups)
        for name in [name for name in stored(self.dataset) if group_of(name) in groups and layer_of(name) != LOCKED]:
            self.dataset.mutate([{"patch": {"id": name, "set": {"title": f"typed in {layer_of(name)}"}}}])
        return super().commit(mutations, transaction_id=transaction_id)


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=30 * DEEP, **QUIET)
def test_what_is_typed_meanwhile_stays(chance, drawn):
    schema, documents, scheduled = drawn(chance)
    dataset = loaded(documents, scheduled=scheduled)
    backend = Typing(dataset)
    engine = Engine(schema, backend)
    while backend.seen != (seen := frozenset(backend.seen)) or not seen:
        # Each reading meets one rival; there are as many readings as it takes.
        if not engine.repair(dry_run=False).left:
            break
    for name, one in stored(dataset).items():
        if group_of(name) in backend.seen and name in documents and layer_of(name) != LOCKED:
            assert one["title"] == f"typed in {layer_of(name)}"
    assert list(engine.audit()) == []
