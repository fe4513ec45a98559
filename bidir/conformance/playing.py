"""Plays the steps of one scenario on one lake: edits, life-cycle calls, edits made elsewhere, faults, time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from bidir.conformance.answers import EngineFaultError, RunawayError, asked, called
from bidir.conformance.checking import CLAIMS, Happened, described
from bidir.conformance.edits import EditError, Editor
from bidir.conformance.lakes import JudgedLake
from bidir.conformance.naming import Naming, split_place
from bidir.conformance.proxy import ObservedBackend, ProcessDied, Traffic
from bidir.conformance.scenario import (
    LIFE_CYCLE_FIELDS,
    EventFault,
    RelationShorthand,
    Scenario,
    StartWorker,
    Step,
)
from bidir.conformance.shorthand import schema_from_relations
from bidir.conformance.skipping import SkipPlay
from bidir.conformance.together import Act, play_together
from bidir.conformance.workers import Workers, WorkersError
from bidir.ports import Backend
from bidir.relations import Schema
from lakesim.jsonvalue import Json
from lakesim.suggest import did_you_mean

__all__ = ["ROUNDS_MAX", "EngineFactory", "NotQuietError", "Play", "PlayError", "SkipPlay", "declared_schema"]

EngineFactory: TypeAlias = Callable[[Schema, Backend], Any]
"""Makes the engine under test; it needs `submit` and whatever life-cycle operations the scenarios call."""


ROUNDS_MAX = 50
"""Rounds in which every worker handles what has come, before they are taken for a loop."""


class NotQuietError(Exception):
    """The workers go on writing and never come to rest."""


class PlayError(Exception):
    """A scenario that cannot be played as written: the file is wrong, not the engine."""


@dataclass(slots=True)
class _Hand:
    """One editor: an engine with a connection of its own, and the conflicts and notices it was told."""

    engine: Any
    backend: ObservedBackend
    conflicts: list[Any]
    notices: list[Any]

    def operation(self, name: str) -> Callable[..., Any] | None:
        """Return an operation of the engine, None where it has none of that name."""
        found: Callable[..., Any] | None = getattr(self.engine, name, None)
        return found


def declared_schema(schema: Any, relations: Any, live_edit: list[str], shared: Mapping[str, Any]) -> Schema:
    """Return the schema that a scenario (or a restart in it) declares; `shared` are schemas that go by a name.

    Raises: PlayError for an unknown name, SchemaError for a declaration that does not fit.
    """
    if relations is not None:
        plain = [one.model_dump() if isinstance(one, RelationShorthand) else one for one in relations]
        try:
            return Schema.load(schema_from_relations(plain, live_edit=live_edit))
        except ValueError as error:
            raise PlayError(f"relations: {error}") from None
    if isinstance(schema, str):
        if schema not in shared:
            raise PlayError(f'schema: no shared schema is called "{schema}".{did_you_mean(schema, shared)}')
        schema = shared[schema]
    return Schema.load(schema)


class Play:
    """The course of one scenario; `step` does one thing and returns what was seen of it."""

    def __init__(
        self,
        scenario: Scenario,
        schema: Schema,
        lake: JudgedLake,
        engine_factory: EngineFactory,
        naming: Naming,
        shared: Mapping[str, Any],
        on_inner_step: Callable[[Step, Happened, Play], None],
    ) -> None:
        """Prepare; `on_inner_step` hears of the steps inside `meanwhile` as they end."""
        self.scenario = scenario
        self.schema = schema
        self.lake = lake
        self.naming = naming
        self._engine_factory = engine_factory
        self._shared = shared
        self._on_inner_step = on_inner_step
        self._denied: dict[str, set[str]] = {}
        self._hands: dict[str, _Hand] = {}
        self._editor = Editor(schema)
        self._memory: dict[str, str] = {}
        self.silent: set[str] = set()
        self._workers = Workers()
        if scenario.follow:
            for number in range(1, scenario.workers + 1):
                self._start(f"worker {number}", schema)

    def hand(self, name: str, schema: Schema | None = None) -> _Hand:
        """Return the editor of that name, with an engine made on first use, by another `schema` if one is given."""
        if name not in self._hands:
            seconds = self.scenario.round_trip_ms / 1000
            backend = ObservedBackend(
                self.lake.backend(query_lag=self.scenario.query_lag),
                denied=self._denied.setdefault(name, set()),
                on_request=(lambda: self.lake.advance(seconds)) if seconds else None,
            )
            try:
                engine = self._engine_factory(schema or self.schema, backend)
            except Exception as error:
                raise PlayError(f"the engine cannot be made: {described(error)}") from error
            self._hands[name] = _Hand(engine, backend, [], [])
        return self._hands[name]

    def pending(self) -> list[Any]:
        """Return what the engines list as pending, each half once."""
        items = [item for hand in self._hands.values() for item in self._asked(hand, "pending")]
        return list({item.key: item for item in items}.values())

    def audit(self) -> list[Any]:
        """Return what the first editor's engine finds wrong with the stored documents."""
        hand = next(iter(self._hands.values()), None) or self.hand("editor")
        return self._asked(hand, "audit")

    def _asked(self, hand: _Hand, name: str) -> list[Any]:
        """Return what an engine lists, nothing if it does not tell, which `silent` then says."""
        # What the judge asks is not on the engine's account.
        traffic, hand.backend.traffic = hand.backend.traffic, Traffic()
        found = asked(hand.engine, name)
        hand.backend.traffic = traffic
        if found is None:
            self.silent.add(name)
        return found or []

    def quarantined(self) -> list[str]:
        """Return the documents that the workers leave alone.

        Raises: SkipPlay where they do not tell.
        """
        found = self._workers.quarantined()
        if found is None:
            raise SkipPlay("what the engine's follow() returns has no `quarantined`")
        return found

    def close(self) -> None:
        """End the workers."""
        self._workers.close()

    def step(self, step: Step, pause: Callable[[], None] | None = None) -> Happened:
        """Do one step; what the engine raises is part of what is seen.

        `pause` is called where others may overtake: before the first commit.
        Raises: PlayError if the step means nothing on this lake, SkipPlay if the engine does not offer it.
        """
        step = self.resolved(step)
        hand = self.hand(step.by)
        before = self.lake.documents()
        transactions, seconds = self.lake.transactions(), self.lake.seconds()
        hand.backend.traffic = Traffic()
        hand.backend.arm(step.fault)
        if step.meanwhile is not None:
            hand.backend.before_commit = self._inner_steps(step.meanwhile)
        elif pause is not None:
            hand.backend.before_commit = pause
        happened = Happened(before, before)
        try:
            for kind in step.kinds:
                self._do(kind, step, hand, happened)
        except ProcessDied:
            del self._hands[step.by]
        except RunawayError:
            happened.error = EngineFaultError("the engine did not come to an end in this step")
        except (PlayError, SkipPlay):
            raise
        except (EditError, WorkersError) as error:
            raise PlayError(str(error)) from None
        except Exception as error:
            happened.error = error
        hand.backend.arm(None)
        if hand.backend.before_commit is not None:
            hand.backend.before_commit = None
            place = "meanwhile" if step.meanwhile is not None else "together"
            raise PlayError(f"{place}: the step sent no commit, so nothing could come before it")
        happened.after = self.lake.documents()
        happened.transactions = self.lake.transactions() - transactions
        happened.waited_ms = round(1000 * (self.lake.seconds() - seconds))
        traffic = hand.backend.traffic
        happened.reads += traffic.reads
        happened.writes += traffic.writes
        happened.documents_written += traffic.documents_written
        return happened

    def _together(self, steps: list[Step], hand: _Hand, happened: Happened) -> None:
        inner: list[Happened] = []

        def act_of(step: Step) -> Act:
            def act(pause: Callable[[], None]) -> None:
                done = self.step(step, pause)
                self._on_inner_step(step, done, self)
                inner.append(done)

            return act

        play_together([act_of(step) for step in steps])
        for one in inner:
            for name in ("reads", "writes", "documents_written", "retries"):
                setattr(happened, name, getattr(happened, name) + getattr(one, name))
            for name in ("conflicts", "notices"):
                getattr(happened, name).extend(getattr(one, name))
            happened.error = happened.error or one.error

    def _inner_steps(self, steps: list[Step]) -> Callable[[], None]:
        def play() -> None:
            for inner in steps:
                self._on_inner_step(inner, self.step(inner), self)

        return play

    def _do(self, kind: str, step: Step, hand: _Hand, happened: Happened) -> None:
        if kind == "submit":
            self._submit(step, hand, happened)
        elif kind in LIFE_CYCLE_FIELDS:
            self._note(self._life_cycle(kind, step, hand), hand, happened)
        else:
            getattr(self, f"_{kind}")(getattr(step, kind), hand, happened)

    def _submit(self, step: Step, hand: _Hand, happened: Happened) -> None:
        perspective = step.in_ or self.naming.perspective
        mutations = self._editor.mutations(step, perspective, happened.before)
        options = _consent(step, hand)
        if step.transaction_id is not None:
            options["transaction_id"] = step.transaction_id
        self._note(called(hand.engine, "submit", mutations, perspective=perspective, **options), hand, happened)

    def _note(self, outcome: Any, hand: _Hand, happened: Happened) -> None:
        """Keep what the engine says about a call."""
        happened.conflicts += getattr(outcome, "conflicts", ())
        happened.notices += getattr(outcome, "notices", ())
        happened.retries += getattr(outcome, "retries", 0)
        for name in CLAIMS:
            if isinstance(getattr(outcome, name, None), int):
                happened.claimed[name] = happened.claimed.get(name, 0) + getattr(outcome, name)
        hand.conflicts += getattr(outcome, "conflicts", ())
        hand.notices += getattr(outcome, "notices", ())

    def _life_cycle(self, kind: str, step: Step, hand: _Hand) -> Any:
        value = getattr(step, kind)
        name = "delete" if kind == "delete_everywhere" else kind
        positional = list(next(iter(value.items()))) if isinstance(value, dict) else [value]
        if step.in_ is not None:
            return called(hand.engine, name, *positional, perspective=step.in_, **_consent(step, hand))
        return called(hand.engine, name, *positional, **_consent(step, hand))

    def _elsewhere(self, mutations: list[dict[str, Any]], hand: _Hand, happened: Happened) -> None:
        expand = Step.model_construct(submit=mutations)
        self.lake.mutate([_restored(one, self.naming) for one in self._editor.mutations(expand, "raw", {})])

    def _elsewhere_actions(self, actions: list[dict[str, Any]], hand: _Hand, happened: Happened) -> None:
        self.lake.act(actions)

    def _advance(self, seconds: float, hand: _Hand, happened: Happened) -> None:
        self.lake.advance(seconds)

    def _settle(self, value: bool, hand: _Hand, happened: Happened) -> None:
        worker = next((name for name, one in self._hands.items() if one is hand and name in self._workers), None)
        if worker is not None:
            for outcome in self._workers.settle(worker):
                self._note(outcome, hand, happened)
            return
        others = [one for one in self._hands.values() if one is not hand]
        for other in others:
            other.backend.traffic = Traffic()
        for _ in range(ROUNDS_MAX):
            before = self.lake.transactions()
            for outcome in self._workers.settle():
                self._note(outcome, hand, happened)
            self._heal()
            if self.lake.transactions() == before:
                break
        else:
            raise NotQuietError(f"after {ROUNDS_MAX} rounds the workers still write")
        for other in others:
            happened.reads += other.backend.traffic.reads
            happened.writes += other.backend.traffic.writes
            happened.documents_written += other.backend.traffic.documents_written
        # What healing did is not claimed by anybody.
        happened.claimed.clear()

    def _heal(self) -> None:
        for other in list(self._hands.values()):
            heal = other.operation("heal")
            if heal is not None:
                heal()
            elif not self._workers:
                raise SkipPlay("the engine has no operation heal()")

    def _events(self, fault: EventFault, hand: _Hand, happened: Happened) -> None:
        self._workers.arm(fault)

    def _stop_worker(self, name: str, hand: _Hand, happened: Happened) -> None:
        self._workers.stop(name)
        self._hands.pop(name, None)

    def _start_worker(self, asked: str | StartWorker, hand: _Hand, happened: Happened) -> None:
        if isinstance(asked, str):
            self._start(asked, self.schema)
            return
        declared = asked.schema_ is not None or asked.relations is not None
        schema = (
            declared_schema(asked.schema_, asked.relations, asked.live_edit, self._shared) if declared else self.schema
        )
        self._start(asked.name, schema)

    def _start(self, name: str, schema: Schema) -> None:
        if name in self._hands and name not in self._workers:
            raise PlayError(f'"{name}" is an editor already; a worker has a name of its own')
        hand = self.hand(name, schema)
        follow = hand.operation("follow")
        if follow is None:
            raise SkipPlay("the engine has no operation follow()")
        self._workers.start(name, follow, hand.backend)

    def _deny(self, names: str | list[str], hand: _Hand, happened: Happened) -> None:
        hand.backend.denied.update([names] if isinstance(names, str) else names)

    def _allow(self, names: str | list[str], hand: _Hand, happened: Happened) -> None:
        hand.backend.denied.difference_update([names] if isinstance(names, str) else names)

    def _undo(self, value: str, hand: _Hand, happened: Happened) -> None:
        notice = next((one for one in reversed(hand.notices) if one.undo), None)
        if notice is None:
            raise PlayError("undo: no notice so far offers an undo")
        self._note(called(hand.engine, "submit", list(notice.undo), perspective=notice.layer), hand, happened)

    def _remember(self, places: dict[str, str], hand: _Hand, happened: Happened) -> None:
        for name, place in places.items():
            document_id, path = split_place(place)
            document = happened.before.get(self.naming.expected(document_id))
            if document is None:
                raise PlayError(f'remember {name}: there is no document "{self.naming.expected(document_id)}"')
            value = _at(document, path)
            if not isinstance(value, str):
                raise PlayError(f"remember {name}: {place} is {value!r}, not a text")
            self._memory[name] = value

    def _repair(self, repair: Any, hand: _Hand, happened: Happened) -> None:
        operation = hand.operation("repair")
        if operation is None:
            raise SkipPlay("the engine has no operation repair()")
        report = operation(dry_run=repair.dry_run)
        if not isinstance(getattr(report, "writes", None), int):
            raise EngineFaultError(f"repair() returned {report!r}, which does not say in `writes` how many it wrote")
        happened.repaired = report.writes

    def _restart(self, restart: Any, hand: _Hand, happened: Happened) -> None:
        if restart.schema_ is not None or restart.relations is not None:
            self.schema = declared_schema(restart.schema_, restart.relations, restart.live_edit, self._shared)
            self._editor = Editor(self.schema)
        running = [name for name in self._hands if name in self._workers]
        self._workers.close()
        self._hands.clear()
        for name in running:
            self._start(name, self.schema)

    def resolved(self, step: Step) -> Step:
        """Return `step` with every `$name` replaced by what was remembered under it."""
        if not self._memory:
            return step
        return Step.model_validate(_substituted(step.model_dump(by_alias=True, exclude_unset=True), self._memory))


def _consent(step: Step, hand: _Hand) -> dict[str, Any]:
    """Return the keyword that carries the tokens a step names, or all those of the conflicts its editor has met."""
    if step.consent is None:
        return {}
    return {"consent": [one.token for one in hand.conflicts] if step.consent == "previous" else list(step.consent)}


_INDEX = re.compile(r"([^\[\]]+)|\[(\d+)\]")


def _at(value: Json, path: str) -> Json:
    """Return what stands at `books[0]._key`, None if there is nothing."""
    for part in path.split("."):
        for name, index in _INDEX.findall(part):
            if name:
                value = value.get(name) if isinstance(value, dict) else None
            else:
                value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
    return value


def _substituted(value: Any, memory: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return re.sub(r"\$(\w+)", lambda match: memory.get(match.group(1), match.group(0)), value)
    if isinstance(value, dict):
        return {_substituted(key, memory): _substituted(item, memory) for key, item in value.items()}
    if isinstance(value, list):
        return [_substituted(item, memory) for item in value]
    return value


def _restored(mutation: dict[str, Any], naming: Naming) -> dict[str, Any]:
    """Return a raw mutation with its id as it is stored in the layer the scenario is played in."""
    out = {}
    for kind, body in mutation.items():
        key = "id" if isinstance(body, dict) and "id" in body else "_id"
        named = isinstance(body, dict) and isinstance(body.get(key), str)
        out[kind] = {**body, key: naming.expected(body[key])} if named else body
    return out
