"""Our engine under simulation: seeds, deaths at every await, every order of events; longer runs on request."""

import os

import pytest

from bidir.conformance.lakes import EmbeddedLake
from bidir.conformance.simulation.cast import abilities_of
from bidir.conformance.simulation.convergence import all_batchings, all_deliveries, judge_batchings, judge_deliveries
from bidir.conformance.simulation.course import draw_course
from bidir.conformance.simulation.crashing import crash_courses, play_crashes
from bidir.conformance.simulation.judging import judge
from bidir.conformance.simulation.kinds import KIND_NAMES
from bidir.conformance.simulation.part import EFFORTS, run_simulation, selected_simulation, wants_simulation
from bidir.conformance.simulation.running import schema_of
from bidir.conformance.simulation.story import told
from bidir.engine import Engine

ABILITIES = abilities_of(Engine(schema_of("one-to-one"), EmbeddedLake().backend()))
# Each of these has found a fault of the engine's; what it was stands in the tests of the follower and of races.
ONCE_BROKEN = [
    "10",
    "78",
    "104",
    "129",
    "210",
    "298",
    "347",
    "388",
    "494",
    "585",
    "927",
    "1267",
    "1545",
    "3481",
    "60889",
]


@pytest.mark.parametrize("seed", ONCE_BROKEN)
def test_seeds_that_have_found_faults_hold(seed):
    # They were drawn when there were the plain kinds only.
    verdict = judge(draw_course(seed, abilities=ABILITIES, policy_share=0), Engine)
    assert verdict.holds, told(verdict)


def test_whoever_dies_at_whatever_request_nothing_is_lost():
    verdicts = list(play_crashes(Engine, ABILITIES))
    assert len(verdicts) >= 40
    died = {verdict.run.faults_happened[0].split("/")[0].split("#")[0] for verdict in verdicts}
    assert died == {"editor 1", "editor 2", "worker 1"}
    assert [told(verdict) for verdict in verdicts if not verdict.holds] == []


def test_an_engine_without_a_life_cycle_or_workers_is_judged_on_its_edits():
    names = [course.seed for course in crash_courses(frozenset())]
    assert names == ["crash chain", "crash lists"]
    assert all(act.move == "set" for act in crash_courses(frozenset())[0].acts)
    course = draw_course("7", abilities=frozenset())
    assert course.workers == 0
    assert {act.actor for act in course.acts} <= {"editor 1", "editor 2", "editor 3"}
    assert {act.move for act in course.acts} <= {"set", "unset", "add", "remove", "text", "create"}


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_orders_and_batchings_come_to_one_state(kind):
    for case in (judge_deliveries(kind, 1, Engine, events=5, limit=8), judge_batchings(kind, 1, Engine, intents=3)):
        assert case.findings == ()
        assert case.ways >= 3


def test_orders_and_batchings_are_all_of_them():
    assert len(set(all_deliveries(4, 24))) == 24
    assert len(set(all_deliveries(6, 100))) >= 100
    assert sorted(all_batchings(3)) == [(1, 1, 1), (1, 2), (2, 1), (3,)]
    assert all(sum(sizes) == 4 for sizes in all_batchings(4))


def test_one_course_is_played_again_by_its_name():
    assert wants_simulation("*")
    assert wants_simulation("simulation/0/17")
    assert not wants_simulation("machines")
    (part,) = selected_simulation("simulation/0/17", "quick", 0, Engine)
    assert (part.name, part.checked, part.passed) == ("simulation 0/17", 1, True)


@pytest.mark.deep
@pytest.mark.skipif(os.environ.get("LAKESIM_PROFILE") != "deep", reason="long; LAKESIM_PROFILE=deep")
def test_the_default_effort_holds():
    assert EFFORTS["default"].short >= 400
    for part in run_simulation("default", 1, Engine):
        assert part.failures == ()
