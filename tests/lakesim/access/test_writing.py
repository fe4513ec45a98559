"""What a caller writes: only what its grants match, before and after, and refusals that tell it nothing."""

import os
from functools import partial

import pytest
from hypothesis import assume, given, settings

from lakesim import ActionError, Lake, MutationError
from lakesim.access import Grant
from lakesim.errors import InsufficientPermissionsError, LakeError
from lakesim.store.choices import LakeChoices
from lakesim.testing.access_model import IDENTITY, documents_of_world, grant_lists, is_granted, write_lists

DEEP = os.environ.get("LAKESIM_PROFILE") == "deep"
ALL = ("read", "history", "create", "update")


def fresh(reference_check="off"):
    return Lake(seed=0, choices=LakeChoices(reference_check=reference_check)).dataset("production")


def holding(documents, *, reference_check="off"):
    dataset = fresh(reference_check)
    if documents:
        dataset.mutate([{"create": document} for document in documents])
    return dataset


def refusal(write):
    """Return the body of a refusal, None for a success."""
    try:
        write()
    except LakeError as error:
        return error.body()
    return None


def state(dataset):
    return list(dataset.documents()), [row.transaction_id for row in dataset.log()]


@settings(max_examples=150 if DEEP else 60)
@given(documents_of_world(), grant_lists(), write_lists())
def test_what_is_written_was_granted_and_a_refusal_changes_nothing(documents, grants, mutations):
    dataset = holding(documents)
    caller = dataset.as_caller(grants, identity=IDENTITY)
    before = state(dataset)
    tried = refusal(lambda: caller.mutate(mutations, dry_run=True))
    assert state(dataset) == before
    assert refusal(lambda: caller.mutate(mutations)) == tried
    if tried is not None:
        assert state(dataset) == before
        return
    for change in dataset.log_tail(1)[0].changes:
        # What the same transaction created and then patched was judged as an update in the end.
        permissions = ("create", "update") if change.before is None else ("update",)
        for version in (change.before, change.after):
            assert version is None or any(is_granted(grants, permission, version) for permission in permissions)


@settings(max_examples=150 if DEEP else 60)
@given(documents_of_world(), grant_lists(), write_lists(max_size=1))
def test_a_write_that_was_granted_is_not_refused(documents, grants, mutations):
    ((kind, value),) = mutations[0].items()
    assume("query" not in value)
    dataset = holding(documents)
    caller = dataset.as_caller(grants, identity=IDENTITY)
    key = value.get("_id") or value["id"]
    before = dataset.get(key)
    as_caller = refusal(lambda: caller.mutate(mutations, dry_run=True))
    refused = refusal(lambda: dataset.mutate(mutations))
    assume(refused is None)
    after = dataset.get(key)
    if before is None and after is None:
        return
    if before == after:
        granted = is_granted(grants, "read", before) and any("create" in grant.permissions for grant in grants)
        assume(granted or kind != "createIfNotExists")
    elif before is None:
        granted = is_granted(grants, "create", after)
    else:
        granted = all(is_granted(grants, "update", one) for one in (before, after) if one is not None)
    assert (as_caller is None) == granted


@settings(max_examples=150 if DEEP else 60)
@given(documents_of_world(), grant_lists(), write_lists(max_size=1))
def test_a_refusal_says_the_same_whether_hidden_documents_are_there_or_not(documents, grants, mutations):
    whole = holding(documents)
    known = [
        one
        for one in documents
        if any(is_granted(grants, permission, whole.get(one["_id"])) for permission in ("read", "update"))
    ]
    without = holding(known)
    callers = [dataset.as_caller(grants, identity=IDENTITY) for dataset in (whole, without)]
    told = [refusal(partial(caller.mutate, mutations)) for caller in callers]
    if told[0] is None or told[1] is None:
        # An id that is taken cannot be taken again: that much cannot be hidden, but nothing more is said of it.
        for body in told:
            assert body is None or body["error"]["items"][0]["error"]["type"] == "insufficientPermissionsError"
        return
    assert told[0] == told[1]


POST = {"_id": "p", "_type": "post", "n": 1}
MEMO = {"_id": "m", "_type": "memo", "text": "s3cret"}
POSTS = [Grant('_type == "post"', ALL)]


def causes(error):
    return [(index, cause.type, getattr(cause, "permission", None)) for index, cause in error.causes]


@pytest.mark.parametrize(
    ("role", "mutations", "refused"),
    [
        (POSTS, [{"create": {"_type": "post"}}], None),
        (POSTS, [{"create": {"_type": "memo"}}], (0, "create")),
        (POSTS, [{"create": {"_type": "post"}}, {"create": {"_type": "memo"}}], (1, "create")),
        (POSTS, [{"create": MEMO}], (0, "create")),
        (POSTS, [{"createIfNotExists": MEMO}], (0, "create")),
        (POSTS, [{"createOrReplace": MEMO}], (0, "create")),
        (POSTS, [{"patch": {"id": "p", "set": {"n": 2}}}], None),
        (POSTS, [{"patch": {"id": "m", "set": {"n": 2}}}], (0, "update")),
        (POSTS, [{"patch": {"id": "nowhere", "set": {"n": 2}}}], (0, "update")),
        (POSTS, [{"patch": {"id": "m", "set": {"n": 2}, "ifRevisionID": "x"}}], (0, "update")),
        (POSTS, [{"delete": {"id": "m"}}], (0, "update")),
        (POSTS, [{"delete": {"id": "nowhere"}}], (0, "update")),
        (POSTS, [{"delete": {"id": "p"}}], None),
        (POSTS, [{"patch": {"query": "*", "set": {"n": 2}}}], None),
        (POSTS, [{"delete": {"query": "*[_type == 'memo']"}}], None),
        ("contributor", [{"create": {"_id": "drafts.p", "_type": "post"}}], None),
        ("contributor", [{"create": {"_id": "versions.r1.p", "_type": "post"}}], None),
        ("contributor", [{"create": {"_type": "post"}}], (0, "create")),
        ("contributor", [{"patch": {"id": "p", "set": {"n": 2}}}], (0, "update")),
        ("contributor", [{"delete": {"query": "*"}}], (0, "update")),
        ("write-only", [{"create": {"_type": "post"}}], None),
        ("write-only", [{"patch": {"id": "m", "set": {"n": 2}}}], None),
        ("viewer", [], (0, "create")),
        ("viewer", [{"createOrReplace": POST}], (0, "create")),
        ("viewer", [{"delete": {"query": "*[false]"}}], (0, "update")),
        ("none", [{"patch": {"id": "nowhere", "set": {"n": 2}}}], (0, "update")),
        ("create-session", [{"create": {"_type": "post"}}], (0, "create")),
        ("editor", [{"delete": {"query": "*"}}], None),
    ],
)
def test_who_may_write_what(role, mutations, refused):
    dataset = holding([POST, MEMO])
    before = state(dataset)
    caller = dataset.as_caller(role, identity="pAnn")
    if refused is None:
        caller.mutate(mutations)
        return
    with pytest.raises(MutationError) as caught:
        caller.mutate(mutations)
    assert causes(caught.value) == [(refused[0], "insufficientPermissionsError", refused[1])]
    assert state(dataset) == before


def test_who_may_know_that_a_document_is_missing_is_told():
    contributor = holding([POST]).as_caller("contributor", identity="pAnn")
    with pytest.raises(MutationError) as caught:
        contributor.mutate([{"patch": {"id": "drafts.p", "set": {"n": 2}}}])
    assert causes(caught.value) == [(0, "documentNotFoundError", None)]


def test_a_document_may_not_leave_the_grant():
    dataset = holding([{**POST, "owner": "pAnn"}])
    caller = dataset.as_caller([Grant("owner == identity()", ALL)], identity="pAnn")
    caller.mutate([{"patch": {"id": "p", "set": {"n": 2}}}])
    with pytest.raises(MutationError) as caught:
        caller.mutate([{"patch": {"id": "p", "set": {"owner": "pBob"}}}])
    assert causes(caught.value) == [(0, "insufficientPermissionsError", "update")]


def test_a_write_only_robot_is_given_no_document_back():
    robot = holding([MEMO]).as_caller("write-only", identity="pRobot")
    created = robot.mutate([{"create": POST}], return_documents=True, return_ids=True)
    patched = robot.mutate([{"patch": {"id": "m", "set": {"n": 1}}}], return_documents=True)
    assert created["results"] == [{"id": "p", "operation": "create"}]
    assert patched["results"] == [{"operation": "update"}]
    assert robot.mutate([{"patch": {"query": "*", "set": {"n": 2}}}])["results"] == []


def test_a_wrong_revision_does_not_tell_the_right_one_of_a_hidden_document():
    robot = holding([MEMO]).as_caller("write-only", identity="pRobot")
    with pytest.raises(MutationError) as caught:
        robot.mutate([{"patch": {"id": "m", "set": {"n": 1}, "ifRevisionID": "x"}}])
    assert caught.value.body()["error"]["items"][0]["error"]["currentRevisionID"] == ""


def test_hidden_referrers_are_not_named():
    target = {"_id": "t", "_type": "post"}
    referrer = {"_id": "s3cret-memo", "_type": "memo", "ref": {"_type": "reference", "_ref": "t"}}
    dataset = holding([target, referrer], reference_check="transaction")
    with pytest.raises(MutationError) as caught:
        dataset.as_caller(POSTS).mutate([{"delete": {"id": "t"}}])
    body = caught.value.body()
    assert "s3cret" not in str(body)
    assert body["error"]["items"][0]["error"]["type"] == "documentHasExistingReferencesError"
    assert "documents that you may not read" in body["error"]["description"]


def action(kind, **fields):
    return {"actionType": f"sanity.action.{kind}", **fields}


DRAFTS_ONLY = [Grant('_id in path("drafts.**")', ALL)]
PAIR = {"publishedId": "p", "draftId": "drafts.p"}
RELEASES = [Grant('_id in path("_.releases.**")', ALL), Grant('_id in path("versions.**")', ALL)]
EDIT = action("document.edit", **PAIR, patch={"set": {"n": 2}})
PUBLISH = action("document.publish", **PAIR)


@pytest.mark.parametrize(
    ("role", "actions", "refused"),
    [
        ("contributor", [EDIT], None),
        ("contributor", [EDIT, PUBLISH], "update"),
        ("contributor", [action("document.unpublish", **PAIR)], "update"),
        ("contributor", [action("document.delete", publishedId="p")], "update"),
        ("contributor", [action("release.create", releaseId="r1")], "create"),
        (
            "contributor",
            [action("document.version.create", publishedId="p", document={"_id": "versions.r1.p", "_type": "post"})],
            None,
        ),
        ("editor", [EDIT, PUBLISH], None),
        ("viewer", [EDIT], "update"),
        ("viewer", [], "update"),
        (
            "viewer",
            [action("document.create", publishedId="x", attributes={"_id": "drafts.x", "_type": "post"})],
            "create",
        ),
        # The draft would be a copy of a document that the caller may not read.
        (DRAFTS_ONLY, [EDIT], "read"),
        (DRAFTS_ONLY, [action("document.edit", publishedId="q", draftId="drafts.q", patch={"set": {"n": 1}})], "read"),
        (
            DRAFTS_ONLY,
            [action("document.create", publishedId="p", attributes={"_id": "drafts.p", "_type": "post"})],
            "create",
        ),
        (RELEASES, [action("release.create", releaseId="r1")], None),
        (RELEASES, [action("document.version.create", publishedId="p", versionId="versions.r1.p", baseId="p")], "read"),
        ("write-only", [EDIT], "read"),
        ("write-only", [action("release.create", releaseId="r1")], None),
    ],
)
def test_who_may_act_on_what(role, actions, refused):
    dataset = holding([POST, MEMO])
    before = state(dataset)
    caller = dataset.as_caller(role, identity="pAnn")
    if refused is None:
        caller.actions(actions)
        return
    for dry_run in (True, False):
        with pytest.raises(ActionError) as caught:
            caller.actions(actions, dry_run=dry_run)
        ((index, cause),) = caught.value.causes
        assert isinstance(cause, InsufficientPermissionsError)
        assert (index, cause.permission) == (max(0, len(actions) - 1), refused)
        assert state(dataset) == before


@pytest.fixture
def released():
    dataset = holding([POST])
    dataset.actions(
        [
            action("release.create", releaseId="r1"),
            action(
                "document.version.create", publishedId="p", document={"_id": "versions.r1.p", "_type": "post", "n": 2}
            ),
        ]
    )
    return dataset


@pytest.mark.parametrize("move", ["publish", "schedule"])
def test_a_release_publishes_only_what_its_publisher_could(released, move):
    extra = {"publishAt": "2030-01-01T00:00:00Z"} if move == "schedule" else {}
    moving = [action(f"release.{move}", releaseId="r1", **extra)]
    before = state(released)
    with pytest.raises(ActionError) as caught:
        released.as_caller(RELEASES, identity="pAnn").actions(moving)
    assert causes(caught.value) == [(0, "insufficientPermissionsError", "update")]
    assert state(released) == before
    released.as_caller([*RELEASES, *POSTS], identity="pAnn").actions(moving)
    assert released.get("p")["n"] == (2 if move == "publish" else 1)


def test_archiving_and_bringing_back_take_rights_on_the_versions(released):
    releases_alone = released.as_caller([Grant('_id in path("_.releases.**")', ALL)], identity="pAnn")
    archive = [action("release.archive", releaseId="r1")]
    back = [action("release.unarchive", releaseId="r1")]
    with pytest.raises(ActionError) as caught:
        releases_alone.actions(archive)
    assert causes(caught.value) == [(0, "insufficientPermissionsError", "update")]
    released.as_caller(RELEASES, identity="pAnn").actions(archive)
    with pytest.raises(ActionError) as caught:
        releases_alone.actions(back)
    assert causes(caught.value) == [(0, "insufficientPermissionsError", "create")]
    released.as_caller(RELEASES, identity="pAnn").actions(back)
    assert released.get("versions.r1.p")["n"] == 2
    with pytest.raises(ActionError):
        releases_alone.actions([*archive, action("release.delete", releaseId="r1")])


def test_hidden_drafts_are_not_named_by_a_delete():
    dataset = holding([POST, {"_id": "drafts.p", "_type": "post"}])
    caller = dataset.as_caller([Grant('_id in path("*")', ALL)], identity="pAnn")
    with pytest.raises(ActionError) as caught:
        caller.actions([action("document.delete", publishedId="p")])
    assert causes(caught.value) == [(0, "insufficientPermissionsError", "update")]


def test_unknown_and_hidden_releases_are_refused_alike():
    dataset = holding([])
    dataset.actions([action("release.create", releaseId="rHidden")])
    caller = dataset.as_caller(POSTS, identity="pAnn")
    moves = [[action("release.archive", releaseId=name)] for name in ("rHidden", "rHiden")]
    told = [refusal(partial(caller.actions, move)) for move in moves]
    assert told[0] == told[1]
    assert "rHidden" not in str(told)
