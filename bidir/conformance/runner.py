"""Plays one scenario on a fresh lake and judges it: any engine, any lake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bidir.clock import SystemClock
from bidir.conformance.broken_rules import rule_of
from bidir.conformance.checking import Happened, check
from bidir.conformance.display import show, show_document
from bidir.conformance.expectation import Then
from bidir.conformance.given import GivenError, given_documents
from bidir.conformance.invariants import check_erased, check_invariants, split_id
from bidir.conformance.invariants import layers_of as stored_layers
from bidir.conformance.lakes import EmbeddedLake, JudgedLake, LakeFactory
from bidir.conformance.loading import LoadedScenario, shared_schemas
from bidir.conformance.machines_judging import Judge
from bidir.conformance.machines_tally import Tally
from bidir.conformance.matching import Mismatch
from bidir.conformance.naming import Naming
from bidir.conformance.pictures import Picture
from bidir.conformance.playing import EngineFactory, Play, PlayError, SkipPlay, declared_schema
from bidir.conformance.result import Finding, Result
from bidir.conformance.scenario import Layer, Step
from bidir.conformance.yamlfile import Place
from bidir.errors import BackendError, SchemaError
from bidir.relations import Schema
from lakesim.errors import LakeError

__all__ = ["layers_of", "run_scenario"]

AT_END = "at the end"


def layers_of(loaded: LoadedScenario) -> list[Layer | None]:
    """Return the layers in which a scenario is played; [None] if it names stored ids itself."""
    return list(loaded.scenario.layers) if loaded.scenario.layers else [None]


def run_scenario(
    loaded: LoadedScenario,
    engine_factory: EngineFactory,
    backend_factory: LakeFactory = EmbeddedLake,
    *,
    layer: Layer | None = None,
) -> Result:
    """Play one scenario in one of its layers on a fresh lake from `backend_factory`, with engines made by
    `engine_factory(schema, backend)`.

    Never raises for what the engine does or for a file that cannot be played: both are in the result.
    """
    scenario = loaded.scenario
    naming = Naming(layer)
    source = scenario.source if isinstance(scenario.source, str) else ", ".join(scenario.source)
    result = Result(loaded.name, str(loaded.path), scenario.title, scenario.why, source, layer)
    clock = SystemClock()
    started = clock.monotonic()
    try:
        _Run(loaded, naming, result, engine_factory, backend_factory).play()
    except SkipPlay as skip:
        # What was found before stands; a case that nothing was found in by then is not judged.
        result.skipped = None if result.findings else str(skip)
    except (PlayError, GivenError) as error:
        result.problem = f"{loaded.path}: {error}"
    result.seconds = clock.monotonic() - started
    option = "" if layer is None else f" --layer {layer}"
    result.replay = f"bidir scenario run {loaded.path}{option}"
    return result


class _Run:
    """One playing of one scenario; fills `result`."""

    def __init__(
        self,
        loaded: LoadedScenario,
        naming: Naming,
        result: Result,
        engine_factory: EngineFactory,
        backend_factory: LakeFactory,
    ) -> None:
        self.loaded = loaded
        self.scenario = loaded.scenario
        self.naming = naming
        self.result = result
        self._engine_factory = engine_factory
        self._backend_factory = backend_factory
        # Every group that had a version at some moment.
        self._groups: set[str] = set()
        self._invariants: Judge | None = None

    def play(self) -> None:
        """Go through given, when, then."""
        schema = self._schema()
        if schema is None:
            return
        documents = given_documents(self.scenario.given, schema, self.naming)
        self.result.given = [f"{key}  {show_document(body)}" for key, body in documents.items()] or ["nothing"]
        self.result.when = [f"{number}. {_told(step)}" for number, step in enumerate(self.scenario.when, 1)]
        lake = self._lake(documents)
        play = Play(
            self.scenario, schema, lake, self._engine_factory, self.naming, self._shared, self._on_inner_step(lake)
        )
        if self.scenario.invariants_after_each_step:
            self._invariants = Judge(play, Tally())
        try:
            self._steps(play, lake)
        finally:
            play.close()

    def _steps(self, play: Play, lake: JudgedLake) -> None:
        start = lake.documents()
        total = Happened(start, start)
        for index, step in enumerate(self.scenario.when):
            happened = self._guarded(index, lambda step=step: play.step(step))  # type: ignore[misc]
            self._look_around(happened, play, lake)
            self._judge(step, happened, ("when", index), play)
            self._judge_invariants(step, happened, index)
            _add(total, happened, answered=step.then is not None)
        if not self.scenario.when:
            play.hand("editor")
        self._end(total, play, lake)

    @property
    def _shared(self) -> Mapping[str, Any]:
        return shared_schemas(self.loaded.path)

    def _schema(self) -> Schema | None:
        """Return the declared schema, None where it is refused (as expected or not)."""
        expected = None if self.scenario.then is None else self.scenario.then.schema_error
        scenario = self.scenario
        try:
            schema = declared_schema(scenario.schema_, scenario.relations, scenario.live_edit, self._shared)
        except SchemaError as error:
            missing = [text for text in expected or () if text not in str(error)]
            if expected is None:
                raise PlayError(f"the schema is refused: {error}") from None
            for text in missing:
                self._found(
                    "at start", ("then", "schema_error"), Mismatch("schema error", f'"{text}" in it', str(error))
                )
            return None
        if expected is not None:
            texts = " and ".join(f'"{text}"' for text in expected)
            self._found(
                "at start", ("then", "schema_error"), Mismatch("schema error", texts, "the schema was accepted")
            )
            return None
        return schema

    def _lake(self, documents: Mapping[str, Any]) -> JudgedLake:
        lake = self._backend_factory()
        try:
            for release in self.scenario.given.releases:
                lake.act([{"actionType": "sanity.action.release.create", "releaseId": release}])
            if documents:
                lake.mutate([{"create": body} for body in documents.values()])
        except (LakeError, BackendError) as error:
            raise GivenError(f"given: the lake refuses these documents: {error}") from None
        # What was written to prepare is nobody's doing.
        lake.events()
        return lake

    def _guarded(self, index: int, act: Callable[[], Happened]) -> Happened:
        try:
            return act()
        except (PlayError, ValueError) as error:
            raise PlayError(f"line {self._line(('when', index))}: {error}") from None

    def _look_around(self, happened: Happened, play: Play, lake: JudgedLake) -> None:
        """Add what is asked of the engines and the lake after a step."""
        happened.events = lake.events()
        for documents in (happened.before, happened.after):
            self._groups |= {split_id(document_id)[1] for document_id in documents}
        self._ask(happened, "pending", play.pending)

    def _on_inner_step(self, lake: JudgedLake) -> Callable[[Step, Happened, Play], None]:
        def heard(step: Step, happened: Happened, play: Play) -> None:
            if self._invariants is not None:
                self._invariants.overtaken(step, happened, play)
            self._look_around(happened, play, lake)
            self._judge(step, happened, ("when",), play)

        return heard

    def _judge(self, step: Step, happened: Happened, place: Place, play: Play) -> None:
        """Check a step's own `then`; a step without one is judged at the end."""
        moment = f"after step {place[1] + 1}" if len(place) > 1 and isinstance(place[1], int) else "meanwhile"
        moment += f": {_told(step)}"
        if step.then is not None:
            self._check(play.resolved(step).then or step.then, happened, (*place, "then"), moment, play)

    def _judge_invariants(self, step: Step, happened: Happened, index: int) -> None:
        """Judge a step by I1 to I12, where the scenario asks for that."""
        faults = [] if self._invariants is None or not step.kinds else self._invariants.judge(step, happened)
        for fault in faults:
            mismatch = Mismatch(f"invariant {fault.rule}", f"holds in {fault.view}", fault.text)
            self._found(f"after step {index + 1}: {_told(step)}", ("when", index), mismatch)

    def _end(self, total: Happened, play: Play, lake: JudgedLake) -> None:
        total.after = lake.documents()
        self._ask(total, "pending", play.pending)
        then = self.scenario.then or Then()
        self._check(play.resolved(Step(then=then)).then or then, total, ("then",), AT_END, play)
        if self.scenario.check_invariants:
            self._check_invariants(total, play)
        named = [rule_of(finding.mismatch, play.schema) for finding in self.result.findings]
        self.result.breaks = list(dict.fromkeys([*self.result.breaks, *named]))

    def _check_invariants(self, total: Happened, play: Play) -> None:
        """Find what breaks them; where the expectations have failed already, the names are all that is new."""
        breaches = [
            *check_invariants(play.schema, total.after, pending=None if "pending" in play.silent else total.pending),
            *check_erased(play.schema, total.after, self._groups, pending=total.pending),
        ]
        self.result.breaks = list(dict.fromkeys(breach.rule for breach in breaches))
        self.result.views = stored_layers(total.after)
        self.result.breaches = tuple(dict.fromkeys((breach.rule, breach.view) for breach in breaches))
        for breach in [] if self.result.findings else breaches:
            self._found(AT_END, (), Mismatch(f"invariant {breach.rule}", "holds in every view", str(breach)))
        self._picture(total, AT_END)

    def _check(self, then: Then, happened: Happened, place: Place, moment: str, play: Play) -> None:
        if then.audit is not None:
            self._ask(happened, "audit", play.audit)
        if then.quarantined is not None:
            happened.quarantined = play.quarantined()
        for name in ("pending", "audit"):
            if getattr(then, name) and name in play.silent:
                raise SkipPlay(f"the engine has no operation {name}()")
        for inside, mismatch in check(then, happened, self.naming):
            self._found(moment, (*place, *inside), mismatch)
        self._picture(happened, moment)

    def _picture(self, happened: Happened, moment: str) -> None:
        """Keep the documents before and after what was found first."""
        if self.result.findings and self.result.picture is None:
            named = "all steps" if moment == AT_END else moment.removeprefix("after ")
            self.result.picture = Picture(happened.before, happened.after, named)

    @staticmethod
    def _ask(happened: Happened, name: str, question: Callable[[], list[Any]]) -> None:
        """Put an engine's answer into `happened`; one that raises has failed, like a call that raises."""
        try:
            setattr(happened, name, question())
        except Exception as error:
            happened.error = happened.error or error

    def _found(self, moment: str, place: Place, mismatch: Mismatch) -> None:
        line = self._line(place) if place else None
        self.result.findings.append(Finding(moment, line, mismatch))

    def _line(self, place: Place) -> int:
        return self.loaded.source.line(place)


def _told(step: Step) -> str:
    """Return a step as it stands in the file, without its expectations."""
    said = step.model_dump(by_alias=True, exclude_unset=True, exclude={"then", "meanwhile"})
    text = ", ".join(f"{key} {show(value, notation=True)}" for key, value in said.items()) or "nothing"
    return (
        text if step.meanwhile is None else f"{text}, and before it commits: " + "; ".join(map(_told, step.meanwhile))
    )


def _add(total: Happened, one: Happened, *, answered: bool) -> None:
    """Add a step's numbers and messages to those of the whole scenario.

    Errors and conflicts only if no `then` of the step itself has judged them (`answered`).
    """
    for name in ("reads", "writes", "documents_written", "retries", "transactions", "waited_ms"):
        setattr(total, name, getattr(total, name) + getattr(one, name))
    for name in ("notices", "events"):
        setattr(total, name, getattr(total, name) + getattr(one, name))
    for name, count in one.claimed.items():
        total.claimed[name] = total.claimed.get(name, 0) + count
    if one.repaired is not None:
        total.repaired = (total.repaired or 0) + one.repaired
    if not answered:
        total.conflicts = total.conflicts + one.conflicts
        total.error = total.error or one.error
