"""An open form while its listener is at fault: nothing old is shown, copied into a draft, or sent."""

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from bidir.errors import IntentError, Unavailable
from bidir.form import EditSession
from lakesim import Lake
from lakesim.faults import FaultRule

SCHEMA = [
    {
        "name": "book",
        "type": "document",
        "fields": [
            {"name": "title", "type": "string"},
            {
                "name": "author",
                "type": "reference",
                "to": [{"type": "author"}],
                "bidirectional": {"targetField": "currentBook"},
            },
        ],
    },
    {
        "name": "author",
        "type": "document",
        "fields": [{"name": "currentBook", "type": "reference", "to": [{"type": "book"}]}],
    },
]
REF = {"_type": "reference", "_ref": "a1"}


class Line:
    """An event stream whose next events are handed on as `change` makes them."""

    def __init__(self, inner):
        self.inner, self.change = inner, list

    def drain(self):
        return self.change(self.inner.drain())

    def close(self):
        self.inner.close()


class Backend:
    """Counts reads, and keeps hold of the last listener's stream."""

    def __init__(self, inner):
        self.inner, self.reads, self.listeners, self.line = inner, 0, 0, None

    def __getattr__(self, name):
        self.reads += name in ("query", "documents")
        return getattr(self.inner, name)

    def listen(self, groq, params):
        self.listeners += 1
        self.line = Line(self.inner.listen(groq, params))
        return self.line


@pytest.fixture
def lake():
    return Lake(seed=0)


@pytest.fixture
def dataset(lake):
    dataset = lake.dataset("production")
    dataset.mutate(
        [
            {"create": {"_id": "b1", "_type": "book", "title": "0"}},
            {"create": {"_id": "a1", "_type": "author"}},
        ]
    )
    return dataset


@pytest.fixture
def backend(dataset):
    return Backend(LakeBackend(dataset))


@pytest.fixture
def session(backend):
    with EditSession(Engine(Schema.load(SCHEMA), backend), "b1") as session:
        session.prefetch(["a1"])
        yield session


def ends_for_good(events):
    raise Unavailable("the stream has ended")


def mutations(events):
    return [event for event in events if event["type"] == "mutation"]


# What happens on the way, and the reads it may cost.
FAULTS = {
    "nothing": (list, 0),
    "turned round": (lambda events: events[::-1], 0),
    "all twice": (lambda events: [event for event in events for _ in range(2)], 0),
    "the first again at the end": (lambda events: [*events, events[0]], 0),
    "the first is lost": (lambda events: mutations(events)[1:], 1),
    "the last comes first, the others are lost": (lambda events: mutations(events)[-1:], 1),
    "interrupted": (lambda events: [{"type": "reset"}], 1),
    "ended for good": (ends_for_good, 1),
}


@pytest.mark.parametrize(("change", "reads"), FAULTS.values(), ids=FAULTS)
def test_what_is_shown_and_sent_is_what_stands_there(dataset, backend, session, change, reads):
    for title in "1234":
        dataset.mutate([{"patch": {"id": "b1", "set": {"title": title}}}])
    backend.line.change, backend.reads = change, 0
    session.patch("b1", set={"author": REF})
    backend.line.change = list
    assert session.document("b1")["title"] == "4"
    assert backend.reads <= reads
    outcome = session.commit()
    assert (outcome.reads, outcome.retries) == (0, 0)
    assert dataset.get("drafts.b1")["title"] == "4"


def test_a_document_deleted_and_made_again_out_of_order(dataset, backend, session):
    dataset.mutate([{"delete": {"id": "b1"}}])
    dataset.mutate([{"create": {"_id": "b1", "_type": "book", "title": "new"}}])
    backend.line.change = lambda events: events[::-1]
    assert session.document("b1")["title"] == "new"


def test_a_listener_that_is_cut_off_is_opened_again(lake, dataset, session):
    with lake.faults(FaultRule(match={"kind": "listen"}, effect={"events": "disconnect"}, count=1)):
        dataset.mutate([{"patch": {"id": "b1", "set": {"title": "1"}}}])
    dataset.mutate([{"patch": {"id": "b1", "set": {"title": "2"}}}])
    assert session.document("b1")["title"] == "2"
    dataset.mutate([{"patch": {"id": "b1", "set": {"title": "3"}}}])
    assert session.document("b1")["title"] == "3"


@pytest.mark.parametrize("behind", [0, 1, 3], ids=lambda behind: f"{behind} commits behind")
def test_ones_own_commits_are_known_before_their_events_come(dataset, backend, session, behind):
    waiting = []

    def late(events):
        waiting.extend(mutations(events))
        ready = [event for event in waiting if event["transactionId"] not in made[-behind:]] if behind else waiting[:]
        waiting[:] = [event for event in waiting if event not in ready]
        return ready

    made = []
    backend.line.change, backend.reads = late, 0
    for patch in ({"set": {"author": REF}}, {"unset": ["author"]}, {"set": {"author": REF}}, {"set": {"title": "x"}}):
        session.patch("b1", **patch)
        outcome = session.commit()
        made.append(outcome.transaction_id)
        assert (outcome.reads, outcome.writes, outcome.retries) == (0, 1, 0)
    assert (backend.reads, dataset.get("drafts.a1")["currentBook"]["_ref"]) == (0, "b1")
    made.clear()
    # In the end the document is the lake's own, dates and all.
    assert session.document("b1") == {**dataset.get("drafts.b1"), "_id": "b1"}


def test_a_release_that_is_locked_and_opened_again_under_the_form(dataset, backend, session):
    engine = Engine(session.engine.schema, LakeBackend(dataset))
    engine.create_release("r1")
    with EditSession(session.engine, "b1", perspective="r1") as form:
        form.patch("b1", set={"author": REF})
        engine.schedule_release("r1", "2099-01-01T00:00:00Z")
        assert [(one.kind, one.document) for one in form.warnings()] == [("locked-release", "b1")]
        engine.unschedule_release("r1")
        assert form.warnings() == []
        assert (form.commit().pending, list(engine.audit())) == ((), [])


def test_a_document_that_is_gone_is_a_warning_and_the_patches_stay(dataset, session):
    session.patch("b1", set={"title": "mine"})
    dataset.mutate([{"delete": {"id": "b1"}}])
    assert [one.kind for one in session.warnings()] == ["gone"]
    assert len(session.open_patches) == 1


def test_a_closed_session_answers_nothing(session):
    session.close()
    for call in (session.refresh, session.warnings, lambda: session.document("b1"), lambda: session.prefetch(["a9"])):
        with pytest.raises(IntentError, match="closed"):
            call()
    with pytest.raises(IntentError, match="closed"):
        session.patch("b1", set={"title": "late"})
