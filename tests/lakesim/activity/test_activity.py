"""Events that are read off the log: the life of documents and of releases."""

import pytest

from lakesim import Lake
from lakesim.activity import EVENTS_MAX, document_events, page_of, release_events
from lakesim.errors import BadRequestError

DOCUMENT, RELEASE = "sanity.action.document.", "sanity.action.release."
DRAFT = {"draftId": "drafts.a", "publishedId": "a"}
EDIT = {"actionType": DOCUMENT + "edit", **DRAFT, "patch": {"set": {"n": 1}}}
PUBLISH = {"actionType": DOCUMENT + "publish", **DRAFT}
UNPUBLISH = {"actionType": DOCUMENT + "unpublish", **DRAFT}
DISCARD = {"actionType": DOCUMENT + "version.discard", "versionId": "drafts.a"}
DELETE = {"actionType": DOCUMENT + "delete", "publishedId": "a", "includeDrafts": ["drafts.a"]}
CREATE = {"create": {"_id": "a", "_type": "t"}}
CREATE_DRAFT = {"create": {"_id": "drafts.a", "_type": "t"}}
CREATE_VERSION = {"create": {"_id": "versions.r1.a", "_type": "t"}}
PATCH = {"patch": {"id": "a", "set": {"n": 2}}}
START = {"actionType": RELEASE + "create", "releaseId": "r1", "metadata": {"title": "R"}}


def release(verb, **more):
    return {"actionType": RELEASE + verb, "releaseId": "r1", **more}


def play(steps):
    lake = Lake(seed=0)
    dataset = lake.dataset("d")
    for step in steps:
        if isinstance(step, int):
            lake.clock.advance(step)
        elif "actionType" in step:
            dataset.actions([step])
        else:
            dataset.mutate([step])
    return dataset


STORIES = [
    ("a", [CREATE], ["createLiveDocument"]),
    ("a", [CREATE, PATCH], ["createLiveDocument", "updateLiveDocument"]),
    ("a", [CREATE_DRAFT, PUBLISH], ["createDocumentVersion", "publishDocumentVersion"]),
    ("drafts.a", [CREATE_DRAFT, PUBLISH], ["createDocumentVersion", "publishDocumentVersion"]),
    ("a", [CREATE, EDIT, EDIT], ["createLiveDocument", "createDocumentVersion"]),
    ("a", [CREATE, EDIT, DISCARD], ["createLiveDocument", "createDocumentVersion", "deleteDocumentVersion"]),
    ("a", [CREATE_DRAFT, DISCARD], ["createDocumentVersion", "deleteDocumentGroup"]),
    ("a", [CREATE, UNPUBLISH], ["createLiveDocument", "unpublishDocument"]),
    ("a", [CREATE, EDIT, DELETE], ["createLiveDocument", "createDocumentVersion", "deleteDocumentGroup"]),
    ("a", [CREATE, START, CREATE_VERSION], ["createLiveDocument"]),
    ("versions.r1.a", [CREATE, START, CREATE_VERSION], ["createDocumentVersion"]),
    (
        "versions.r1.a",
        [CREATE, START, CREATE_VERSION, release("schedule", publishAt="2026-02-01T00:00:00Z"), release("unschedule")],
        ["createDocumentVersion", "scheduleDocumentVersion", "unscheduleDocumentVersion"],
    ),
    ("b", [CREATE, PATCH], []),
]


@pytest.mark.parametrize(("document_id", "steps", "expected"), STORIES)
def test_the_life_of_a_document(document_id, steps, expected):
    events = document_events(play(steps).log(), document_id, anonymous="<none>")
    assert [event["type"] for event in events] == expected
    assert all(event["documentId"] == document_id.split(".")[-1] for event in events)
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)
    assert len({event["id"] for event in events}) == len(events)


@pytest.mark.parametrize(
    ("steps", "cause"),
    [
        ([CREATE_DRAFT, PUBLISH], "document.publish"),
        ([START, CREATE_VERSION, release("publish")], "release.publish"),
        ([START, CREATE_VERSION, release("schedule", publishAt="2026-01-02T00:00:00Z"), 100_000], "release.schedule"),
    ],
)
def test_a_publication_names_its_cause_and_revisions(steps, cause):
    dataset = play(steps)
    event = document_events(dataset.log(), "a", anonymous="<none>")[-1]
    assert (event["type"], event["publishCause"]) == ("publishDocumentVersion", cause)
    assert event["revisionId"] == dataset.get("a")["_rev"]
    assert dataset.revision(event["versionId"], event["versionRevisionId"]) is not None


@pytest.mark.parametrize(
    ("more", "state"), [([], "pending"), ([release("unschedule")], "unscheduled"), ([100_000], "published")]
)
def test_a_schedule_says_what_became_of_it(more, state):
    steps = [CREATE, START, CREATE_VERSION, release("schedule", publishAt="2026-01-02T00:00:00Z"), *more]
    events = document_events(play(steps).log(), "versions.r1.a", anonymous="<none>")
    schedule = next(event for event in events if event["type"] == "scheduleDocumentVersion")
    assert (schedule["state"], schedule["publishAt"]) == (state, "2026-01-02T00:00:00Z")


RELEASE_STORIES = [
    ([START], ["createRelease"]),
    ([START, release("edit", patch={"set": {"metadata.title": "S"}})], ["createRelease", "editRelease"]),
    ([START, CREATE_VERSION], ["createRelease", "addDocumentToRelease"]),
    (
        [START, CREATE_VERSION, {"actionType": DOCUMENT + "version.discard", "versionId": "versions.r1.a"}],
        ["createRelease", "addDocumentToRelease", "discardDocumentFromRelease"],
    ),
    ([START, CREATE_VERSION, release("publish")], ["createRelease", "addDocumentToRelease", "publishRelease"]),
    (
        [START, CREATE_VERSION, release("archive"), release("unarchive")],
        ["createRelease", "addDocumentToRelease", "archiveRelease", "unarchiveRelease"],
    ),
    (
        [START, release("schedule", publishAt="2026-02-01T00:00:00Z"), release("unschedule")],
        ["createRelease", "scheduleRelease", "unscheduleRelease"],
    ),
    ([CREATE], []),
]


@pytest.mark.parametrize(("steps", "expected"), RELEASE_STORIES)
def test_the_life_of_a_release(steps, expected):
    events = release_events(play(steps).log(), "r1", anonymous="<none>")
    assert [event["type"] for event in events] == expected
    assert all(event["releaseName"] == "r1" and event["author"] for event in events)
    assert len({event["id"] for event in events}) == len(events)


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_together_hold_every_event_newest_first(limit):
    events = [{"id": number} for number in range(5)]
    cursor, found = "", []
    while True:
        page, cursor = page_of(events, limit=limit, cursor=cursor)
        found += page
        if not cursor:
            break
        events.append({"id": "meanwhile"})
    assert [event["id"] for event in found] == [4, 3, 2, 1, 0]


def test_a_page_is_bounded_and_its_cursor_checked():
    page, _ = page_of([{}] * (EVENTS_MAX + 1), limit=None, cursor="")
    assert len(page) == EVENTS_MAX
    for cursor in ("x", "7", "-1"):
        with pytest.raises(BadRequestError, match="Invalid nextCursor"):
            page_of([{}] * 6, limit=None, cursor=cursor)
