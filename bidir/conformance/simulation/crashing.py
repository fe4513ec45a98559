"""Death at every await: a small fixed course, and a crash at each request of each process in turn, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bidir.conformance.playing import EngineFactory
from bidir.conformance.simulation.chaos import Fault
from bidir.conformance.simulation.course import Act, Course
from bidir.conformance.simulation.judging import Verdict, judge

__all__ = ["crash_courses", "crashes_of", "play_crashes"]

REQUESTS_MAX = 12
"""Requests of one process (or of one act of an editor) at which a crash is tried."""


def crash_courses(abilities: frozenset[str]) -> tuple[Course, ...]:
    """Return the fixed courses: a chain steal with publish and delete, a popular list, a script's edits."""
    chain = [
        Act(1, "editor 1", 0.1, "set", "b1", "drafts", "author", "a1"),
        Act(2, "editor 2", 0.6, "set", "b2", "drafts", "author", "a2"),
        Act(3, "editor 1", 1.2, "set", "b1", "drafts", "author", "a2"),
        Act(4, "editor 1", 1.8, "publish", "b1", "drafts"),
        Act(5, "editor 2", 2.4, "delete", "a2", "published"),
    ]
    lists = [
        Act(1, "editor 1", 0.1, "set", "b1", "published", "author", "a1"),
        Act(2, "editor 2", 0.15, "add", "a1", "published", "books", "b2"),
        Act(3, "editor 1", 0.8, "set", "b1", "published", "author", "a2"),
    ]
    scripts = [
        Act(1, "script", 0.1, "set", "b1", "published", "author", "a1"),
        Act(2, "script", 0.9, "set", "b2", "drafts", "author", "a1"),
        Act(3, "script", 1.7, "unset", "b1", "published", "author"),
        Act(4, "script", 2.5, "publish", "b2", "drafts"),
    ]
    given = ("a1", "a2", "b1", "b2")
    workers = 1 if "follow" in abilities else 0
    acts = [
        ("chain", "one-to-one", [act for act in chain if act.move == "set" or act.move in abilities]),
        ("lists", "many-to-one", lists),
        ("scripts", "one-to-one", scripts if workers else []),
    ]
    return tuple(
        Course(f"crash {name}", kind, "calm", given, tuple(some), workers=workers, faults=frozenset())
        for name, kind, some in acts
        if some
    )


def crashes_of(course: Course) -> Iterator[Fault]:
    """Yield every crash to be tried in a course: at each request of each act, and of the worker's first life."""
    occasions = [f"{act.actor}/{act.number}" for act in course.acts if act.actor != "script"]
    occasions += [f"worker {number}#1" for number in range(1, course.workers + 1)]
    for occasion in occasions:
        for request in range(1, REQUESTS_MAX + 1):
            yield f"{occasion}/{request}: crash before"
            yield f"{occasion}/{request}: crash after"


def play_crashes(factory: EngineFactory, abilities: frozenset[str]) -> Iterator[Verdict]:
    """Play every course with every crash that happens in it; a request that is never made ends its row."""
    for course in crash_courses(abilities):
        over: set[str] = set()
        for fault in crashes_of(course):
            occasion, _, _ = fault.partition(": ")[0].rpartition("/")
            if occasion in over:
                continue
            verdict = judge(replace(course, faults=frozenset((fault,))), factory)
            if not verdict.run.faults_happened:
                if fault.endswith("before"):
                    # There is no such request, so there is none after it.
                    over.add(occasion)
                continue
            yield verdict
