"""A failure that needs no race is written as a scenario, and only if that fails too."""

from dataclasses import replace

from bidir.conformance import broken
from bidir.conformance.loading import load_scenario
from bidir.conformance.runner import run_scenario
from bidir.conformance.simulation.course import Act, Course
from bidir.conformance.simulation.found import as_scenario, write_found
from bidir.conformance.simulation.judging import judge
from bidir.engine import Engine

STEAL = Course(
    "found",
    "one-to-one",
    "calm",
    ("a1", "a2", "b1", "b2"),
    (
        Act(1, "editor 1", 0.1, "set", "b1", "drafts", "author", "a1"),
        Act(2, "editor 2", 0.9, "set", "b2", "drafts", "author", "a1"),
        Act(3, "script", 1.7, "set", "b2", "published", "author", "a2"),
        Act(4, "editor 1", 2.5, "publish", "b2", "drafts"),
    ),
    workers=0,
)


def test_a_failure_without_faults_becomes_a_scenario_that_fails_for_that_engine_alone(tmp_path):
    verdict = judge(STEAL, broken.no_eviction)
    assert not verdict.holds
    path = write_found(verdict, broken.no_eviction, tmp_path)
    loaded = load_scenario(path)
    assert run_scenario(loaded, broken.no_eviction).findings
    assert run_scenario(loaded, Engine).problem is None


def test_what_fails_by_faults_alone_is_no_scenario(tmp_path):
    verdict = judge(STEAL, broken.no_eviction)
    verdict.run.faults_happened = ("editor 1/1/1: crash before",)
    assert as_scenario(verdict) is None
    assert write_found(verdict, broken.no_eviction, tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_scenario_that_does_not_fail_is_not_written(tmp_path):
    verdict = judge(replace(STEAL, acts=STEAL.acts[:2]), broken.no_eviction)
    assert not verdict.holds
    assert write_found(verdict, Engine, tmp_path) is None
    assert list(tmp_path.iterdir()) == []
