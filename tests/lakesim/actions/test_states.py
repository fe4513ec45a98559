"""The state machine of releases, exhaustively: every state with every action, and every write to a locked release."""

from typing import Any

import pytest

from lakesim import ActionError, Lake, LakeError, Limits, MutationError
from lakesim.actions import Work, parse_actions, run_actions
from lakesim.actions.states import ARROWS, MOVES, RESTING_STATES, STATES
from lakesim.lake import Dataset
from lakesim.store.transaction import Transaction

FAR = "2099-01-01T00:00:00Z"
MOVING = tuple(state for state in STATES if state not in RESTING_STATES)

# What each action does to a release in each state: the state the request writes, or None where it is refused.
TABLE = {
    "publish": {"active": "scheduling"},
    "schedule": {"active": "scheduling"},
    "unschedule": {"scheduled": "unscheduling"},
    "archive": {"active": "archiving"},
    "unarchive": {"archived": "unarchiving"},
    "delete": {"archived": "gone", "published": "gone"},
    "edit": {state: state for state in RESTING_STATES},
    "import": dict.fromkeys(RESTING_STATES, "active"),
}
ASKED = {
    "publish": "publishing",
    "schedule": "scheduling",
    "unschedule": "unscheduling",
    "archive": "archiving",
    "unarchive": "unarchiving",
    "delete": "deleted",
}
FIELDS: dict[str, dict[str, Any]] = {
    "schedule": {"publishAt": FAR},
    "edit": {"patch": {"set": {"metadata.title": "x"}}},
    "import": {"attributes": {"metadata": {}}, "ifExists": "replace"},
}


def action(name: str, **fields: Any) -> dict[str, Any]:
    return {"actionType": f"sanity.action.{name}", **fields}


def with_version() -> Dataset:
    dataset = Lake(seed=0).dataset("production")
    dataset.mutate([{"create": {"_id": "a", "_type": "t"}}, {"create": {"_id": "versions.r1.a", "_type": "t"}}])
    dataset.actions([action("release.create", releaseId="r1")])
    return dataset


def in_state(dataset: Dataset, state: str, actions: list[dict[str, Any]]) -> Any:
    """Carry out actions while the release is in `state`, in one transaction that is only tried.

    A request never meets most states: the lake leaves them before it answers.
    """
    found = []

    def body(transaction: Transaction) -> None:
        work = Work(transaction, choices=dataset.choices, limits=dataset.limits)
        work.change_release("r1", set={"state": state}, unset=[])
        run_actions(work, parse_actions(actions))
        release = work.get("_.releases.r1")
        found.append("gone" if release is None else release["state"])

    dataset.transact(body, transaction_id=None, author=None, dry_run=True, auto_generate_array_keys=True, system=True)
    return found[0]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", TABLE)
def test_every_action_in_every_state(name, state):
    request = [action(f"release.{name}", releaseId="r1", **FIELDS.get(name, {}))]
    expected = TABLE[name].get(state)
    if expected is not None:
        assert in_state(with_version(), state, request) == expected
        return
    with pytest.raises(ActionError) as caught:
        in_state(with_version(), state, request)
    ((index, cause),) = caught.value.causes
    assert (index, cause.type) == (0, "validationError")
    if name in ASKED:
        assert cause.description == (
            f"Release \"r1\" is not permitted to transition from state '{state}' to '{ASKED[name]}'"
        )
    else:
        assert cause.description == f'Release "r1" (state: {state}) can not be changed while it is in transition'


WRITES = {
    "create": action("document.version.create", publishedId="b", document={"_id": "versions.r1.b", "_type": "t"}),
    "copy": action("document.version.create", publishedId="a", baseId="a", versionId="versions.r1.a"),
    "document create": action("document.create", publishedId="b", attributes={"_id": "versions.r1.b", "_type": "t"}),
    "edit": action("document.edit", publishedId="a", draftId="versions.r1.a", patch={"set": {"n": 1}}),
    "replace": action("document.version.replace", document={"_id": "versions.r1.a", "_type": "t"}),
    "replaceDraft": action("document.replaceDraft", publishedId="a", attributes={"_id": "versions.r1.a", "_type": "t"}),
    "discard": action("document.version.discard", versionId="versions.r1.a"),
    "publish": action("document.publish", publishedId="a", draftId="versions.r1.a"),
    "unpublish": action("document.version.unpublish", publishedId="a", versionId="versions.r1.a"),
    "delete": action("document.delete", publishedId="a", includeDrafts=["versions.r1.a"]),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", WRITES)
def test_documents_of_a_release_can_be_written_while_it_is_active_and_never_else(name, state):
    dataset = with_version()
    request = [WRITES[name]]
    if name == "copy":
        copying = action("document.version.create", publishedId="c", baseId="c", versionId="versions.r1.c")
        request = [action("document.create", publishedId="c", attributes={"_id": "c", "_type": "t"}), copying]
    if state == "active":
        assert in_state(dataset, state, request) == "active"
        return
    with pytest.raises(ActionError) as caught:
        in_state(dataset, state, request)
    ((_, cause),) = caught.value.causes
    assert (cause.type, cause.description) == (
        "validationError",
        f'Documents in release "r1" (state: {state}) can not be mutated',
    )


@pytest.mark.parametrize(
    "mutation",
    [
        {"create": {"_id": "versions.r1.b", "_type": "t"}},
        {"createOrReplace": {"_id": "versions.r1.a", "_type": "t"}},
        {"patch": {"id": "versions.r1.a", "set": {"n": 1}}},
        {"delete": {"id": "versions.r1.a"}},
        {"delete": {"query": '*[_id in path("versions.**")]'}},
    ],
)
def test_mutations_meet_the_same_lock(mutation):
    dataset = with_version()
    dataset.mutate([mutation], dry_run=True)
    dataset.actions([action("release.schedule", releaseId="r1", publishAt=FAR)])
    with pytest.raises(MutationError, match=r'Documents in release "r1" \(state: scheduled\) can not be mutated'):
        dataset.mutate([mutation])
    dataset.actions([action("release.unschedule", releaseId="r1")])
    dataset.mutate([mutation])


@pytest.mark.parametrize(
    "mutation",
    [
        {"create": {"_id": "_.releases.r2", "_type": "system.release"}},
        {"createOrReplace": {"_id": "_.releases.r1", "_type": "system.release"}},
        {"patch": {"id": "_.releases.r1", "set": {"state": "published"}}},
        {"delete": {"id": "_.releases.r1"}},
    ],
)
def test_mutations_cannot_write_release_documents(mutation):
    with pytest.raises(MutationError) as caught:
        with_version().mutate([mutation])
    assert caught.value.causes[0][1].type == "insufficientPermissionsError"


def test_the_tables_agree_with_each_other():
    assert set(ARROWS) == {*MOVING, "scheduled"}
    assert [state for state, arrow in ARROWS.items() if arrow.timed] == ["scheduled"]
    assert {move.first for move in MOVES.values() if move.first} < set(MOVING)
    for arrow in ARROWS.values():
        assert arrow.start != arrow.to
        assert arrow.on_failure is None or arrow.on_failure in RESTING_STATES
        assert (arrow.on_failure is None) == (arrow.effect == "none")


@pytest.mark.parametrize("state", MOVING)
def test_every_chain_of_arrows_comes_to_rest(state):
    seen = [state]
    while seen[-1] in ARROWS and not ARROWS[seen[-1]].timed:
        seen.append(ARROWS[seen[-1]].to)
        assert len(seen) <= len(STATES)
    assert seen[-1] in RESTING_STATES


def test_a_release_has_no_more_documents_than_its_limit():
    dataset = Lake(seed=0, limits=Limits(release_documents_max=1)).dataset("production")
    dataset.actions([action("release.create", releaseId="r1"), WRITES["create"]])
    second = action("document.version.create", publishedId="c", document={"_id": "versions.r1.c", "_type": "t"})
    with pytest.raises(ActionError, match="would hold 2 documents, the limit is 1"):
        dataset.actions([second])


def test_no_more_releases_are_open_than_the_plan_allows():
    dataset = Lake(seed=0, limits=Limits(active_releases_max=2)).dataset("production")
    with pytest.raises(LakeError, match="2 active releases"):
        dataset.actions([action("release.create", releaseId=name) for name in ("r1", "r2", "r3")])
    dataset.actions([action("release.create", releaseId=name) for name in ("r1", "r2")])
    third = action("release.create", releaseId="r3")
    importing = action("release.import", releaseId="r4", attributes={})
    for refused in (third, importing):
        with pytest.raises(LakeError) as caught:
            dataset.actions([refused])
        assert caught.value.error() == {
            "type": "releaseLimitExceededError",
            "limit": 2,
            "description": "The dataset holds 2 active releases, which is the limit; publish or archive one first",
        }
    dataset.actions([action("release.import", releaseId="r4", attributes={"state": "archived"})])
    replacing = action("release.import", releaseId="r1", attributes={"metadata": {}}, ifExists="replace")
    dataset.actions([replacing])
    dataset.actions([action("release.archive", releaseId="r1")])
    dataset.actions([third])
    for name in ("r1", "r4"):
        with pytest.raises(LakeError, match="2 active releases"):
            dataset.actions([action("release.unarchive", releaseId=name)])
