"""Judging over HTTP: a fresh dataset each time, the same answers as on the embedded lake, nothing left behind."""

import os
from fnmatch import fnmatch
from pathlib import Path

import pytest

from bidir.conformance.fenced import MARK_ID, FencedStream, hearing_marks
from bidir.conformance.lakes import EmbeddedLake
from bidir.conformance.loading import load_scenario
from bidir.conformance.machines import Effort, play_kind
from bidir.conformance.machines_kinds import KINDS
from bidir.conformance.result import render
from bidir.conformance.runner import layers_of, run_scenario
from bidir.conformance.served_lake import PROJECT, ServedLakes
from bidir.conformance.skipping import SkipPlay
from bidir.engine import Engine
from bidir.errors import NotSupportedError, PermissionRefused, Unavailable
from lakesim import Lake
from lakesim.groq import query
from lakesim.server.access import Access, parse_token
from lakesim.server.projects import Projects
from lakesim.server.runner import serving

ROOT = Path(__file__).parents[3] / "scenarios"
DEEP = os.environ.get("LAKESIM_PROFILE") == "deep"
CHOSEN = [
    # One of every kind: plain, together, a release, faults, events lost and out of order, a restart, lag, denial.
    "prd/flow-2-*",
    "museum/002-*",
    "museum/020-*",
    "museum/049b-*",
    "museum/067b-*",
    "museum/069-*",
    "museum/076-*",
    "museum/076b-*",
    "museum/076c-*",
    "museum/079-*",
    "museum/079b-*",
    "museum/082b-*",
]
FILES = sorted(
    path
    for folder in ("prd", "museum", "found")
    for path in (ROOT / folder).glob("*.yaml")
    if DEEP or any(fnmatch(f"{folder}/{path.stem}", pattern) for pattern in CHOSEN)
)


def projects():
    return Projects(lambda project_id: Lake(seed=0, project_id=project_id))


@pytest.fixture(scope="module")
def lakes():
    with serving(projects(), Access()) as url, ServedLakes(url) as made:
        yield made


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem[:3]}")
def test_a_scenario_holds_over_http(lakes, path):
    loaded = load_scenario(path)
    for layer in layers_of(loaded) if DEEP else layers_of(loaded)[:1]:
        result = run_scenario(loaded, Engine, lakes, layer=layer)
        assert result.passed, render(result)
        assert result.skipped is None


def test_a_wrong_engine_is_caught_over_http(lakes):
    class Forgetful(Engine):
        """Writes the user's side alone."""

        def __init__(self, schema, backend):
            super().__init__(schema, backend, mode="off")

    loaded = load_scenario(ROOT / "prd" / "flow-3-the-author-follows.yaml")
    assert not run_scenario(loaded, Forgetful, lakes, layer=layers_of(loaded)[0]).passed


@pytest.mark.parametrize("kind", KINDS if DEEP else KINDS[:2], ids=lambda kind: kind.name)
def test_the_state_machines_hold_over_http(lakes, kind):
    result = play_kind(kind, Effort(50, 25) if DEEP else Effort(1, 8), 1, Engine, lake_factory=lakes)
    assert result.holds, result.faults


# ------------------------------------------------------------------------------------------------- the lake of a judge


def history(lake):
    """Do a bit of everything and return what a judge sees of it, step by step."""
    seen = []

    def look(what):
        documents = {
            key: {name: value for name, value in one.items() if name not in ("_rev", "_createdAt", "_updatedAt")}
            for key, one in lake.documents().items()
            if not key.startswith("_.")
        }
        seen.append((what, documents, lake.transactions() - start, sorted(lake.events())))

    start = lake.transactions()
    began = lake.seconds()
    lake.mutate([{"create": {"_id": "b1", "_type": "book"}}, {"create": {"_id": "drafts.b2", "_type": "book"}}])
    look("create")
    lake.mutate([{"patch": {"id": "b1", "set": {"title": "x"}}}, {"delete": {"id": "drafts.b2"}}])
    look("patch and delete")
    lake.act([{"actionType": "sanity.action.release.create", "releaseId": "spring"}])
    lake.mutate([{"create": {"_id": "versions.spring.b1", "_type": "book", "title": "y"}}])
    look("release")
    lake.act([{"actionType": "sanity.action.release.publish", "releaseId": "spring"}])
    look("published")
    lake.advance(90)
    stream = lake.backend().listen("*[_type == $type]", {"type": "book"})
    lake.mutate([{"create": {"_id": "b3", "_type": "book"}}, {"create": {"_id": "t1", "_type": "tag"}}])
    heard = [event["documentId"] for event in stream.drain() if event["type"] == "mutation"]
    stream.close()
    seen.append(("time and events", round(lake.seconds() - began, 2), heard))
    look("in the end")
    return seen


def test_a_judge_sees_on_a_served_lake_what_it_sees_on_the_embedded_one(lakes):
    assert history(lakes()) == history(EmbeddedLake())


def test_every_lake_begins_at_the_same_time(lakes):
    """A scenario that schedules a release for one o'clock was played on a lake whose clock an earlier one had moved."""
    first = lakes()
    began = first.seconds()
    first.advance(86_400)
    assert first.seconds() - began == pytest.approx(86_400)
    assert lakes().seconds() == began == EmbeddedLake().seconds()


def test_every_lake_is_fresh_and_nothing_is_left():
    every = projects()
    with serving(every, Access()) as url, ServedLakes(url) as lakes:
        lakes().mutate([{"create": {"_id": "b1", "_type": "book"}}])
        assert lakes().documents() == {}
        assert len(every.project(PROJECT).lake.datasets()) == 2, "one in use beside the first"
        lakes.close()
        assert every.project(PROJECT).lake.datasets() == ["production"]


def test_a_lake_without_its_own_clock_is_not_asked_for_time(lakes, monkeypatch):
    lake = lakes()
    monkeypatch.setattr(lakes.controls, "stands_still", False)
    with pytest.raises(SkipPlay, match="clock cannot be moved"):
        lake.advance(1)


def test_a_scenario_that_the_lake_cannot_play_is_passed_over_by_name(lakes, monkeypatch):
    monkeypatch.setattr(lakes.controls, "stands_still", False)
    loaded = load_scenario(ROOT / "museum" / "050-scheduled-release-is-locked.yaml")
    played = [run_scenario(loaded, Engine, lakes, layer=layer) for layer in layers_of(loaded)]
    assert [one.skipped for one in played] == ["the lake's clock cannot be moved"]


def test_who_is_no_administrator_cannot_judge():
    with (
        serving(projects(), Access([parse_token("sk-viewer:viewer")])) as url,
        pytest.raises(PermissionRefused),
        ServedLakes(url, token="sk-viewer"),
    ):
        pytest.fail("a viewer was let in")


def test_a_lake_that_is_not_there():
    with pytest.raises(Unavailable, match="no lake can be reached"):
        ServedLakes("http://127.0.0.1:9")


# ----------------------------------------------------------------------------------------------------------- the marks

FILTERS = [
    '*[_type in $types || _type == "system.release"]',
    '*[_id in ["a", "b"]]',
    '*[title == "]" && _id != \'["\']',
    r'*[title == "a\"]"]',
    "  *[true]  ",
]
DOCUMENTS = [
    {"_id": "a", "_type": "book", "title": "]"},
    {"_id": "c", "_type": "x"},
    {"_id": MARK_ID, "_type": "m"},
]


@pytest.mark.parametrize("groq", FILTERS)
def test_a_filter_that_hears_marks_hears_what_it_heard_before(groq):
    params = {"types": ["book"]}
    before = {one["_id"] for one in query(groq, DOCUMENTS, params)}
    assert {one["_id"] for one in query(hearing_marks(groq), DOCUMENTS, params)} == before | {MARK_ID}


@pytest.mark.parametrize("groq", ["*[a][b]", "*[a] | order(b)", "*[a]{b}", "count(*[a])", "*[a"])
def test_what_is_more_than_a_filter_is_refused_by_name(groq):
    with pytest.raises(NotSupportedError, match="listening to"):
        hearing_marks(groq)


class Late:
    """A stream whose events come one by one, each only when it is waited for."""

    def __init__(self, *events):
        self.coming = list(events)

    def drain(self):
        return []

    def get(self, timeout=None):
        return self.coming.pop(0) if self.coming else None

    def close(self):
        pass


def marked(number):
    return {"type": "mutation", "documentId": MARK_ID, "result": {"number": number}}


def test_everything_before_the_mark_is_waited_for_and_nothing_after():
    event = {"type": "mutation", "documentId": "b1"}
    late = Late({"type": "welcome"}, event, marked(1), event, marked(2), event)
    writes = iter([0, 1, 2, 2])
    stream = FencedStream(late, lambda: next(writes), lambda: 2)
    assert stream.drain() == [{"type": "welcome"}, event, event]
    assert late.coming == [event]


def test_without_a_write_there_is_nothing_to_wait_for():
    stream = FencedStream(Late(marked(1)), lambda: 7, lambda: pytest.fail("a mark was written for nothing"))
    assert (stream.drain(), stream.get(5)) == ([], None)
