"""The kinds in which a half may have to wait: policies, bounds, and documents that are edited live."""

import pytest

from bidir.conformance import broken
from bidir.conformance.lakes import EmbeddedLake
from bidir.conformance.simulation.cast import abilities_of
from bidir.conformance.simulation.course import draw_course
from bidir.conformance.simulation.judging import judge
from bidir.conformance.simulation.kinds import KIND_NAMES, POLICY_KIND_NAMES, is_live, kind_named
from bidir.conformance.simulation.running import schema_of
from bidir.conformance.simulation.story import told
from bidir.engine import Engine

ABILITIES = abilities_of(Engine(schema_of("one-to-one"), EmbeddedLake().backend()))


def test_every_kind_is_drawn():
    drawn = {draw_course(str(seed), abilities=ABILITIES).kind for seed in range(300)}
    assert drawn == {*KIND_NAMES, *POLICY_KIND_NAMES}


@pytest.mark.parametrize("name", [name for name in POLICY_KIND_NAMES if name.endswith("live")])
def test_what_is_edited_live_has_no_draft_but_by_mistake_of_an_engine(name):
    kind = kind_named(name)
    live = {group for group in kind.type_of if is_live(kind, group)}
    assert live
    for seed in range(20):
        course = draw_course(str(seed), abilities=ABILITIES, kind=name)
        assert not {f"drafts.{group}" for group in live} & set(course.given)
        for act in course.acts:
            assert act.live == (act.group in live)
            assert act.home != "drafts" or not act.live
            assert act.actor != "script" or act.layer == "published" or not act.live


@pytest.mark.parametrize("name", POLICY_KIND_NAMES)
def test_our_engine_holds(name):
    for seed in ("21", "policies/1"):
        verdict = judge(draw_course(seed, abilities=ABILITIES, kind=name), Engine)
        assert verdict.holds, told(verdict)


@pytest.mark.parametrize(
    ("factory", "name", "weather", "rules"),
    [
        (broken.write_through_to_live, "one-to-one, author live", "calm", {"I4 isolation"}),
        (broken.no_locks, "one-to-one, book live", "busy", {"cycle", "write skew", "lost update", "I12 no loss"}),
        (broken.one_sided, "bounded", "calm", {"I1 symmetry"}),
    ],
)
def test_broken_engines_are_caught_here_as_well(factory, name, weather, rules):
    offered = abilities_of(factory(schema_of("one-to-one"), EmbeddedLake().backend()))
    for seed in range(25):
        verdict = judge(draw_course(f"teeth/{seed}", abilities=offered, kind=name, weather=weather), factory)
        if not verdict.holds:
            assert verdict.rules & rules, told(verdict)
            return
    pytest.fail(f"{factory} passed 25 seeds")
