"""The units of the suite: split over shards and processes they are the same units with the same results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bidir.conformance import units
from bidir.conformance.broken import no_eviction, no_resync
from bidir.conformance.engines import load_engine
from bidir.conformance.lakes import EmbeddedLake
from bidir.conformance.latency import cost_part, measure_costs
from bidir.conformance.latency_cases import CASES
from bidir.conformance.machines import Effort, play_kind
from bidir.conformance.machines_kinds import KINDS
from bidir.conformance.options import Shard, SuiteOptions
from bidir.conformance.parts import Failure, PartResult
from bidir.conformance.replaying import completed
from bidir.conformance.states.part import state_parts
from bidir.conformance.suite import run_suite, run_unit, unit_names
from bidir.conformance.units import parts_without_files
from bidir.engine import Engine
from bidir.errors import NotSupportedError

ROOT = Path(__file__).parents[3] / "scenarios"
BROKEN = "bidir.conformance.broken:no_eviction"


def options(**changes: Any) -> SuiteOptions:
    return SuiteOptions(**{"scenarios": ROOT, "profile": "quick", **changes})


@pytest.mark.parametrize("count", [1, 2, 3, 7, 100])
def test_the_shards_are_the_whole_and_share_nothing(count: int) -> None:
    whole = unit_names(options())
    shards = [unit_names(options(shard=Shard(number, count))) for number in range(1, count + 1)]
    assert sorted(name for shard in shards for name in shard) == sorted(whole)
    assert max(map(len, shards)) - min(map(len, shards)) <= 1
    assert len(whole) > 15


def test_each_unit_can_be_asked_for_by_its_name() -> None:
    for name in unit_names(options(kill_table=True)):
        assert unit_names(options(only=name, kill_table=True))[-1:] == [name] or name.startswith("scenarios")
        assert name in unit_names(options(only=name))


def test_the_kill_table_is_in_deep_and_on_request() -> None:
    assert "broken engines" in unit_names(options(profile="deep"))
    assert "broken engines" in unit_names(options(kill_table=True))
    assert "broken engines" not in unit_names(options())


def test_reachable_states_are_judged_where_the_planner_can_be_reached() -> None:
    assert unit_names(options(only="states", engine=BROKEN)) == unit_names(options(only="states"))
    other = "bidir.conformance.broken:does_nothing"
    assert not [name for name in unit_names(options(only="states", engine=other)) if name.startswith("states")]
    assert not [name for name in unit_names(options(only="states", lake="serve")) if name.startswith("states")]


def test_the_planner_of_an_engine_broken_on_purpose_fails_in_its_states_and_is_right_again_after() -> None:
    (part,) = state_parts("quick", scopes=["1:1/two"], planner=no_resync.planner)
    assert "breaks I1 symmetry in " in part.failures[0].text
    (right,) = state_parts("quick", scopes=["1:1/two"])
    assert right.passed


def test_the_kill_search_goes_on_to_simulation_and_states(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("run_latency", "machine_parts", "life_parts", "run_simulation", "state_parts"):
        monkeypatch.setattr(units, name, lambda *_, _name=name, **__: [PartResult(_name, "", 1, "x")])

    monkeypatch.setattr(units, "paths_part", lambda *_, **__: PartResult("paths", "", 1, "x"))

    def played(factory: Any) -> list[str]:
        return [part.name for run in parts_without_files(factory) for part in run()]

    always = ["run_latency", "machine_parts", "paths", "life_parts", "run_simulation"]
    assert played(Engine) == always
    assert played(no_resync) == [*always, "state_parts"]


def outcome(parts: Any) -> list[Any]:
    return [(one.name, one.checked, [(f.name, f.text, f.replay) for f in one.failures], one.cases) for one in parts]


def test_the_report_is_the_same_in_several_processes() -> None:
    heard: list[str] = []
    asked = {"only": "museum/00[12]*", "engine": BROKEN}
    alone = run_suite(options(**asked))
    told: list[str] = []
    split = run_suite(options(**asked, jobs=2), on_part=told.append, on_result=lambda part: heard.append(part.name))
    assert outcome(split.parts) == outcome(alone.parts)
    assert heard == ["scenarios museum"]
    assert told[-1] == ""
    assert not alone.passed
    assert outcome(run_unit(options(**asked), "scenarios museum")) == outcome(alone.parts)


def test_several_jobs_on_one_served_lake_are_refused() -> None:
    with pytest.raises(NotSupportedError, match="--jobs"):
        run_suite(options(jobs=2, lake="http://127.0.0.1:1"))


def test_what_a_file_tells_is_played_again_for_its_picture() -> None:
    path = str(ROOT / "museum" / "002-chain-steal.yaml")
    part = PartResult("p", "t", 2, "runs", (Failure("told", "text", "replay", path), Failure("other", "text")))
    (done,) = completed([part], load_engine(BROKEN), EmbeddedLake, again="bidir conformance --only p")
    told, other = done.failures
    assert told.picture is not None
    assert (told.replay, other.replay, other.picture) == ("replay", "bidir conformance --only p", None)


def test_a_file_that_does_not_tell_the_failure_says_so() -> None:
    part = PartResult("p", "t", 1, "runs", (Failure("f", "text", "r", str(ROOT / "museum" / "002-chain-steal.yaml")),))
    (done,) = completed([part], Engine, EmbeddedLake, again="")
    assert "played by itself, the scenario holds" in done.failures[0].text
    gone = PartResult("p", "t", 1, "runs", (Failure("f", "text", "r", "no/such.yaml"),))
    (done,) = completed([gone], Engine, EmbeddedLake, again="")
    assert "the scenario cannot be read again" in done.failures[0].text


def test_an_intent_that_costs_too_much_is_a_scenario_that_fails_where_it_did(tmp_path: Path) -> None:
    made = load_engine("bidir.conformance.broken:needless_writes")
    cost = cost_part(measure_costs(made, cases=CASES[:2]), 0.0, tmp_path, " --engine x:y")
    written = [one for one in cost.failures if one.scenario]
    assert len(written) == len(list(tmp_path.glob("cost-*.yaml"))) == 3
    assert all(one.replay == f"bidir scenario run {one.scenario} --engine x:y" for one in written)
    (done,) = completed([PartResult("c", "t", 3, "i", tuple(written))], made, EmbeddedLake, again="")
    assert all(one.picture is not None for one in done.failures)
    (right,) = completed([PartResult("c", "t", 3, "i", tuple(written))], Engine, EmbeddedLake, again="")
    assert all("the scenario holds" in one.text for one in right.failures)


def test_failing_examples_are_shared_through_a_folder(tmp_path: Path) -> None:
    """One run finds a failure, another one with a seed of its own plays it first."""
    examples = tmp_path / "examples"
    kind = next(kind for kind in KINDS if kind.name == "one-to-one")
    first = play_kind(kind, Effort(60, 8), 0, no_eviction, examples=examples)
    assert not first.holds
    again = play_kind(kind, Effort(1, 8), 99, no_eviction, examples=examples)
    assert not again.holds
    assert play_kind(kind, Effort(1, 8), 99, no_eviction).holds
    assert play_kind(kind, Effort(5, 6), 99, Engine, examples=examples).holds
