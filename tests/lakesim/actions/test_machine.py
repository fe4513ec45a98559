"""The actions against the naive model: the same requests give the same documents, transactions and refusals."""

import os
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lakesim import Lake, LakeError, TransactionError
from lakesim.jsonvalue import dump_bytes
from lakesim.store.history import Change, LoggedTransaction
from lakesim.testing.action_strategies import Situation, action_lists, release_actions
from lakesim.testing.actions_model import PLACEHOLDER, ModelLake
from lakesim.testing.model import Attempt, ModelRefusalError

EXAMPLES_MAX = 300 if os.environ.get("LAKESIM_PROFILE") == "deep" else 50
"""Histories that are played."""

FURNISHING: list[dict[str, Any]] = [
    {"actionType": f"sanity.action.{name}", **fields}
    for name, fields in (
        ("document.create", {"publishedId": "a", "attributes": {"_id": "a", "_type": "author"}}),
        ("document.create", {"publishedId": "b", "attributes": {"_id": "drafts.b", "_type": "author", "n": 1}}),
        ("release.create", {"releaseId": "r1"}),
        ("document.version.create", {"publishedId": "a", "baseId": "a", "versionId": "versions.r1.a"}),
    )
]


class ActionsAndModel(RuleBasedStateMachine):
    @initialize(data=st.data(), is_empty=st.sampled_from((False, False, False, True)))
    def start(self, data: st.DataObject, is_empty: bool) -> None:
        self.lake = Lake(seed=0)
        self.dataset = self.lake.dataset("production")
        self.model = ModelLake(self.lake.clock.now())
        self.listener = self.dataset.listen("*", include_result=True, include_previous_revision=True)
        self.listener.drain()
        self.heard: list[dict[str, Any]] = []
        if not is_empty:
            self.carry_out(FURNISHING, dry_run=False)

    @rule(data=st.data())
    def act(self, data: st.DataObject) -> None:
        self.carry_out(data.draw(action_lists(self.situation())), dry_run=False)

    @rule(data=st.data())
    def act_again(self, data: st.DataObject) -> None:
        # Rules are drawn evenly; acting is what this is about.
        self.carry_out(data.draw(action_lists(self.situation())), dry_run=False)

    @rule(data=st.data())
    def move_a_release(self, data: st.DataObject) -> None:
        self.carry_out([data.draw(release_actions(self.situation()))], dry_run=False)

    @rule(data=st.data())
    def try_only(self, data: st.DataObject) -> None:
        self.carry_out(data.draw(action_lists(self.situation())), dry_run=True)

    def carry_out(self, requested: list[dict[str, Any]], *, dry_run: bool) -> None:
        sent = self.translated(requested)
        kept = dump_bytes(sent)
        refusal = self.of_model(requested, dry_run)
        before = self.snapshot()
        answer, error = self.of_lake(sent, dry_run)
        if error is not None:
            assert refusal is not None, f"the lake refuses what the model accepts: {error}"
            assert (refusal.type, refusal.index) == kind_and_index(error)
            assert self.snapshot() == before, "a refused request left a trace"
        else:
            assert refusal is None, f"the lake accepts what the model refuses: {refusal}"
            if dry_run or not requested:
                assert self.snapshot() == before, "a dry run left a trace"
                assert self.of_lake(sent, True) == (answer, None)
            else:
                assert answer["transactionId"] in [row.transaction_id for row in self.dataset.log()]
        assert dump_bytes(sent) == kept, "the caller's actions were changed"

    def of_lake(self, sent: list[dict[str, Any]], dry_run: bool) -> tuple[dict[str, Any], LakeError | None]:
        try:
            return self.dataset.actions(sent, dry_run=dry_run), None
        except LakeError as error:
            return {}, error

    @rule(seconds=st.sampled_from((0.0, 1.0, 100.0)))
    def advance(self, seconds: float) -> None:
        self.lake.clock.advance(seconds)
        self.model.advance(seconds)

    def situation(self) -> Situation:
        documents = self.model.documents
        steps = (timedelta(0), timedelta(milliseconds=2), timedelta(seconds=50), timedelta(seconds=-50))
        return Situation(
            present=frozenset(documents),
            states={one["name"]: one["state"] for one in documents.values() if one["_type"] == "system.release"},
            revisions=tuple(f"#{number}" for number in range(len(self.model.log)))[-4:],
            times=tuple(f"{self.model.now + step:%Y-%m-%dT%H:%M:%S.%f}000Z" for step in steps),
        )

    def translated(self, value: Any) -> Any:
        """Put the lake's revisions in the place of the model's."""
        if isinstance(value, dict):
            return {key: self.translated(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.translated(item) for item in value]
        if isinstance(value, str) and value.startswith("#"):
            return self.dataset.log()[int(value[1:])].transaction_id
        return value

    def of_model(self, requested: list[dict[str, Any]], dry_run: bool) -> ModelRefusalError | None:
        try:
            self.model.act(requested, dry_run=dry_run)
        except ModelRefusalError as refusal:
            return refusal
        return None

    def snapshot(self) -> tuple[Any, ...]:
        return list(self.dataset.documents()), len(self.dataset.log()), self.lake.clock.now(), len(self.listener._queue)

    def in_model_terms(self, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
        names = {row.transaction_id: f"#{number}" for number, row in enumerate(self.dataset.log())}
        out = []
        for document in documents:
            shown = {**document, "_rev": names[document["_rev"]]}
            if "workflowId" in shown:
                shown["workflowId"] = PLACEHOLDER
            if "error" in shown:
                assert shown["error"]["message"]
                shown["error"] = {"message": PLACEHOLDER}
            out.append(shown)
        return out

    @invariant()
    def same_documents(self) -> None:
        stored = self.in_model_terms(list(self.dataset.documents()))
        assert stored == [self.model.documents[key] for key in sorted(self.model.documents)]

    @invariant()
    def same_transactions(self) -> None:
        rows = self.dataset.log()
        assert len(rows) == len(self.model.log)

    @invariant()
    def releases_rest(self) -> None:
        states = [one["state"] for one in self.dataset.documents() if one["_type"] == "system.release"]
        assert set(states) <= {"active", "scheduled", "archived", "published"}

    @invariant()
    def events_lead_from_each_document_to_the_next(self) -> None:
        self.heard += self.listener.drain()
        for event in self.heard:
            change = Change(event["documentId"], event["previous"], event.get("result"), tuple(event["mutations"]))
            assert replayed(change, event["transactionId"]) == change.after
        self.heard.clear()

    def teardown(self) -> None:
        rebuilt = self.dataset.replay()
        assert list(rebuilt.documents()) == list(self.dataset.documents())
        assert copy_from_mutations(self.dataset.log()) == list(self.dataset.documents())


def replayed(change: Change, revision: str) -> dict[str, Any] | None:
    """Apply a change's own mutations to the document before it, dates of patches aside."""
    key = change.document_id
    attempt = Attempt({} if change.before is None else {key: change.before}, revision, "now")
    for mutation in change.mutations:
        attempt.apply(0, mutation, [key])
    found = attempt.documents.get(key)
    if found is not None and change.after is not None and found["_updatedAt"] == "now":
        found["_updatedAt"] = change.after["_updatedAt"]
    return found


def copy_from_mutations(rows: list[LoggedTransaction]) -> list[dict[str, Any]]:
    """Build the documents anew from the mutations in the log, on an empty copy."""
    documents: dict[str, dict[str, Any]] = {}
    for row in rows:
        for change in row.changes:
            before = documents.pop(change.document_id, None)
            found = replayed(Change(change.document_id, before, change.after, change.mutations), row.transaction_id)
            if found is not None:
                documents[change.document_id] = found
    return [documents[key] for key in sorted(documents)]


def kind_and_index(error: LakeError) -> tuple[str, int | None]:
    if isinstance(error, TransactionError):
        ((index, cause),) = error.causes
        return cause.type, index
    return error.type, None


TestActionsAndModel = ActionsAndModel.TestCase
TestActionsAndModel.settings = settings(max_examples=EXAMPLES_MAX, stateful_step_count=30, deadline=None)
