"""The store against the naive model: the same transactions give the same documents, answers and errors."""

import os
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lakesim import Dataset, Lake, LakeError, TransactionError
from lakesim.clock import format_seconds
from lakesim.ids import published_id
from lakesim.jsonvalue import dump_bytes
from lakesim.testing.model import ModelDataset, ModelRefusalError
from lakesim.testing.strategies import IDS, transactions

EXAMPLES_MAX = 300 if os.environ.get("LAKESIM_PROFILE") == "deep" else 50
"""Histories that are played."""

Outcome = tuple[str, Any]
FIRST = ("a", "b", "c", "drafts.a", "versions.r1.a")
ONE_IN_TEN = st.integers(0, 9).map(lambda number: number == 9)


class StoreAndModel(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.lake = Lake(seed=0)
        self.dataset = self.lake.dataset("production")
        self.model = ModelDataset()
        self.count = 0
        self.heard = 0
        self.dataset.listen("*", on_event=self.hear)
        self.heard = 0
        self.compare([{"create": {"_id": key, "_type": "book"}} for key in FIRST], self.new_id())

    def hear(self, event: dict[str, Any]) -> None:
        self.heard += 1

    def new_id(self) -> str:
        self.count += 1
        return f"tx{self.count}"

    @rule(data=st.data(), dry_run=ONE_IN_TEN, reuse=ONE_IN_TEN)
    def mutate(self, data: st.DataObject, dry_run: bool, reuse: bool) -> None:
        revisions = [known for known, _ in self.model.log[-4:]]
        transaction_id = revisions[-1] if revisions and reuse else self.new_id()
        present = sorted(self.model.documents)
        drawn = data.draw(
            transactions(ids=[*present, *IDS], targets=[*present, *FIRST], revisions=[*revisions, transaction_id])
        )
        self.compare(drawn, transaction_id, dry_run=dry_run)

    @rule(seconds=st.sampled_from((0.4, 1, 100)))
    def wait(self, seconds: float) -> None:
        self.lake.clock.advance(seconds)

    @precondition(lambda self: self.model.documents)
    @rule(data=st.data())
    def link_and_delete(self, data: st.DataObject) -> None:
        """References to what the same transaction, or the next one, deletes."""
        present = sorted(self.model.documents)
        source, target = data.draw(st.sampled_from(present)), data.draw(st.sampled_from(present))
        reference = {"_type": "reference", "_ref": published_id(target)}
        link = {"patch": {"id": source, "set": {"ref": reference, "refs": [reference]}}}
        rewritten = {"patch": {"id": source, "set": {"ref": {**reference, "_key": "k"}}}}
        deletions = [{"delete": {"id": key}} for key in data.draw(st.lists(st.sampled_from(present), max_size=2))]
        self.compare([link], self.new_id())
        touch = data.draw(st.sampled_from(([], [link], [rewritten], [{"patch": {"id": source, "unset": ["ref"]}}])))
        self.compare(data.draw(st.permutations([{"delete": {"id": target}}, *deletions, *touch])), self.new_id())

    @rule(data=st.data())
    def a_release_refers_to_itself(self, data: st.DataObject) -> None:
        """Versions whose reference is satisfied by a version in the same release, which then goes away."""
        reference = {"_type": "reference", "_ref": "d"}
        release = data.draw(st.sampled_from(("r1", "r2")))
        self.compare(
            [
                {"createIfNotExists": {"_id": "versions.r1.d", "_type": "book"}},
                {"createOrReplace": {"_id": f"versions.{release}.c", "_type": "book", "ref": reference}},
            ],
            self.new_id(),
        )
        if data.draw(st.booleans()):
            self.compare([{"createOrReplace": {"_id": "d", "_type": "book"}}], self.new_id())
        gone = data.draw(st.lists(st.sampled_from(("versions.r1.d", "d", f"versions.{release}.c")), unique=True))
        self.compare([{"delete": {"id": key}} for key in gone], self.new_id())

    @precondition(lambda self: self.model.documents)
    @rule(data=st.data(), right=st.booleans())
    def lock_a_document_and_write_it_twice(self, data: st.DataObject, right: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.model.documents)))
        transaction_id = self.new_id()
        revision = self.model.documents[key]["_rev"] if right else transaction_id
        patch = {"id": key, "ifRevisionID": revision, "set": {"title": "locked"}}
        self.compare([{"patch": patch}, {"patch": patch}], transaction_id)

    @precondition(lambda self: self.model.documents)
    @rule(data=st.data())
    def delete_and_create_in_one(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.model.documents)))
        kind = data.draw(st.sampled_from(("create", "createOrReplace", "createIfNotExists")))
        document = {"_id": key, "_type": data.draw(st.sampled_from(("author", "book")))}
        transaction_id = self.new_id()
        lock = {"patch": {"id": key, "ifRevisionID": transaction_id, "inc": {"n": 0}, "setIfMissing": {"n": 1}}}
        self.compare([{"delete": {"id": key}}, {kind: document}, lock], transaction_id)

    def compare(self, mutations: list[dict[str, Any]], transaction_id: str, *, dry_run: bool = False) -> None:
        kept = dump_bytes(mutations)
        before = self.snapshot()
        expected = self.of_model(mutations, transaction_id, dry_run)
        assert of_store(self.dataset, mutations, transaction_id, dry_run) == expected
        if expected[0] != "accepted" or dry_run or not mutations:
            assert self.snapshot() == before, "a refused transaction or a dry run left a trace"
        assert dump_bytes(mutations) == kept, "the caller's mutations were changed"

    def of_model(self, mutations: list[dict[str, Any]], transaction_id: str, dry_run: bool) -> Outcome:
        now = format_seconds(self.lake.clock.upcoming())
        try:
            answer = self.model.mutate(mutations, transaction_id=transaction_id, now=now, dry_run=dry_run)
        except ModelRefusalError as refusal:
            return refusal.type, refusal.index
        return "accepted", answer

    def snapshot(self) -> tuple[Any, ...]:
        return list(self.dataset.documents()), len(self.dataset.log()), self.lake.clock.now(), self.heard

    @precondition(lambda self: self.model.log)
    @rule(data=st.data())
    def look_back(self, data: st.DataObject) -> None:
        revision = data.draw(st.sampled_from([known for known, _ in self.model.log]))
        document_id = data.draw(st.sampled_from(IDS))
        assert self.dataset.revision(document_id, revision) == self.model.at_revision(document_id, revision)

    @invariant()
    def same_documents(self) -> None:
        stored = list(self.dataset.documents())
        assert stored == [self.model.documents[key] for key in sorted(self.model.documents)]
        assert dump_bytes(stored) == dump_bytes(stored, sort_keys=True), "keys are not in alphabetical order"

    @invariant()
    def same_references(self) -> None:
        indexes = self.dataset._store.indexes
        texts = {key: dump_bytes(document).decode() for key, document in self.model.documents.items()}
        for target in IDS:
            expected = sorted(key for key, text in texts.items() if f'"_ref":"{target}"' in text)
            assert sorted({*indexes.strong.ids(target), *indexes.weak.ids(target)}) == expected

    def teardown(self) -> None:
        rebuilt, store = self.dataset.replay(), self.dataset._store
        assert list(rebuilt.documents()) == list(self.dataset.documents())
        assert rebuilt._store.facts == store.facts
        assert rebuilt._store.indexes.attributes == store.indexes.attributes


def of_store(dataset: Dataset, mutations: list[dict[str, Any]], transaction_id: str, dry_run: bool) -> Outcome:
    try:
        answer = dataset.mutate(
            mutations, transaction_id=transaction_id, return_ids=True, return_documents=True, dry_run=dry_run
        )
    except TransactionError as error:
        ((index, cause),) = error.causes
        return cause.type, index
    except LakeError as error:
        return error.type, None
    return "accepted", answer


TestStoreAndModel = StoreAndModel.TestCase
TestStoreAndModel.settings = settings(max_examples=EXAMPLES_MAX, stateful_step_count=20, deadline=None)
