"""Who plays: editors with an engine each, workers that follow, scripts that know no engine; and who comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bidir.conformance.playing import EngineFactory
from bidir.conformance.simulation.connection import Connection
from bidir.conformance.simulation.course import RELEASE, Act, Course
from bidir.conformance.simulation.kinds import kind_named
from bidir.conformance.simulation.network import Network
from bidir.conformance.simulation.records import Answer
from bidir.conformance.simulation.stage import Actor
from bidir.conformance.simulation.wishes import operations_of, script_actions, script_mutations, submitted
from bidir.conformance.workers import Cursor
from bidir.engine import Engine
from bidir.errors import BackendError, RateLimited
from bidir.form import EditSession
from bidir.relations import Schema

__all__ = ["Cast", "abilities_of"]

ABILITIES = (
    "follow",
    "publish",
    "unpublish",
    "discard",
    "delete",
    "create_version",
    "publish_release",
    "heal",
    "pending",
)

POLL_SECONDS = 5.0
"""How long a worker without events sleeps."""
SETTLE_SECONDS = 0.5
"""How often a follower without a `run` of its own is asked to settle."""
TYPING_SECONDS = 0.3
"""How long a form is open before it is saved."""
RESTART_SECONDS_MAX = 2.0


def abilities_of(engine: Any) -> frozenset[str]:
    """Return what an engine offers beside `submit`; "form" where our own edit session can open it."""
    found = {name for name in ABILITIES if callable(getattr(engine, name, None))}
    return frozenset(found | ({"form"} if isinstance(engine, Engine) else set()))


@dataclass(slots=True)
class _Process:
    """What runs under a name now: the engine with its connection, and a worker's follower."""

    engine: Any
    connection: Connection
    follower: Any = None


class Cast:
    """Everybody of one run; `processes` are those that live."""

    def __init__(
        self,
        course: Course,
        network: Network,
        factory: EngineFactory,
        schemas: Mapping[str, Schema],
        abilities: frozenset[str],
        calm_at: float,
    ) -> None:
        """Let everybody enter; `schemas` are those of the workers that do not have the common one ("")."""
        self.course = course
        self.network = network
        self.stage = network.stage
        self.processes: dict[str, _Process] = {}
        self.deaths = 0
        self._factory = factory
        self._schemas = schemas
        self._abilities = abilities
        self._calm_at = calm_at
        self._kind = kind_named(course.kind)
        self._cursors: dict[str, Cursor] = {}
        self._lives: dict[str, int] = {}
        self._actors: dict[str, Actor] = {}
        self._acts: dict[str, list[Act]] = {}
        self._over = False
        # The workers have been at work before: what is there at the start has been carried through.
        start = network.backend(lag=0.0).position()
        for name in course.editors:
            self._acts[name] = [act for act in course.acts if act.actor == name]
            self._enter(name, self._edit)
        for number in range(1, course.workers + 1):
            name = f"worker {number}"
            self._cursors[name] = Cursor()
            self._cursors[name].save(start)
            self._enter(name, self._work)
        for act in course.acts:
            if act.actor == "script":
                self.stage.after(act.at, lambda act=act: self._script(act))  # type: ignore[misc]
        for name, moment in course.restarts:
            self.stage.after(moment, lambda name=name: self._kill(name))  # type: ignore[misc]
        self.stage.after(calm_at, self._calm)

    # ------------------------------------------------------------------------------------------ coming and going

    def _enter(self, name: str, play: Callable[[Actor, str], None], *, delay: float = 0.0) -> None:
        life = self._lives[name] = self._lives.get(name, 0) + 1
        actor = self.stage.spawn(name, lambda actor: play(actor, f"{name}#{life}"), delay=delay)
        actor.on_end = lambda: self._left(name, play, actor)
        self._actors[name] = actor

    def _left(self, name: str, play: Callable[[Actor, str], None], actor: Actor) -> None:
        """A process ended: it comes back after a while, unless its work is done."""
        if actor.immortal:
            self.network.records.faults.append(f"{name} goes on after its process has died")
        done = play == self._edit and not actor.killed
        if self._over or done:
            return
        self.deaths += 1
        self.processes.pop(name, None)
        chance = self.network.chaos.fraction(f"{name}#{self._lives[name]} comes back")
        self._enter(name, play, delay=chance * RESTART_SECONDS_MAX)

    def _kill(self, name: str) -> None:
        if name in self._actors and self._actors[name].alive:
            self._tell(name, "is killed")
            self._actors[name].kill()

    def _calm(self) -> None:
        """From here on nothing goes wrong any more."""
        self._tell("stage", "no more faults from here on")
        self.network.chaos.on = False
        self.network.reconnect_all()
        for process in list(self.processes.values()):
            stop = getattr(process.follower, "stop", None)
            if callable(stop):
                stop()

    def end(self) -> None:
        """Send everybody home; the engines that live can still be asked things."""
        self._over = True
        for actor in self._actors.values():
            actor.kill()

    def _connect(self, actor: Actor, name: str, life: str) -> _Process:
        connection = Connection(self.network, actor, name, life)
        engine = self._factory(self._schemas.get(name, self._schemas[""]), connection)
        self.processes[name] = _Process(engine, connection)
        return self.processes[name]

    # ---------------------------------------------------------------------------------------------------- workers

    def _work(self, actor: Actor, life: str) -> None:
        name = life.partition("#")[0]
        process = self._connect(actor, name, life)
        healed = False
        while True:
            try:
                process.follower = process.engine.follow(cursor=self._cursors[name])
                self._drive(process.follower, actor)
                process.follower.close()
                if not self.network.chaos.on and not healed:
                    healed = self._heal(process, name)
            except BackendError as error:
                # An operator would see this in the log, and the service manager starts the process anew.
                self._tell(name, f"ends with {type(error).__name__}: {error}")
                return

    def _drive(self, follower: Any, actor: Actor) -> None:
        if callable(getattr(follower, "run", None)):
            follower.run(poll_seconds=POLL_SECONDS)
            return
        calm = not self.network.chaos.on
        while calm or self.network.chaos.on:
            pause = SETTLE_SECONDS
            try:
                follower.settle()
            except RateLimited as error:
                pause = error.retry_after
            except BackendError:
                pause = SETTLE_SECONDS
            actor.wait(pause)

    def _heal(self, process: _Process, name: str) -> bool:
        """Tell the engine that what was forbidden is allowed again, as an operator would."""
        if "heal" in self._abilities:
            process.engine.heal()
            self._tell(name, "tries again what waits")
        return True

    # ---------------------------------------------------------------------------------------------------- editors

    def _edit(self, actor: Actor, life: str) -> None:
        name = life.partition("#")[0]
        process = self._connect(actor, name, life)
        acts = self._acts[name]
        while acts:
            actor.wait(acts[0].at - self.stage.now)
            act = acts.pop(0)
            process.connection.begin(act.number, f"{name}/{act.number}")
            self._tell(name, f"[{act.number}] {act.told()}")
            self._perform(act, process, actor)
        actor.wait(self._calm_at - self.stage.now)
        process.connection.act_number = None
        try:
            self._heal(process, name)
        except BackendError as error:
            self.network.records.faults.append(f"heal failed on a healthy lake: {type(error).__name__}: {error}")

    def _perform(self, act: Act, process: _Process, actor: Actor) -> None:
        answers = self.network.records.answers
        try:
            outcome = self._call(act, process.engine, actor)
        except Exception as error:
            words = f"{type(error).__name__}: {error}"
            answers[act.number] = Answer(act.number, error=words)
            self._tell(act.actor, f"is told: {words.splitlines()[0]}")
            if not isinstance(error, BackendError) and not _expected(error):
                self.network.records.faults.append(f"{act.told()} raised {words}")
            return
        answers[act.number] = Answer(act.number, outcome=outcome)
        waits = ", ".join(f"{one.source}→{one.target} ({one.reason})" for one in getattr(outcome, "pending", ()))
        self._tell(act.actor, f"[{act.number}] done" + (f"; waits: {waits}" if waits else ""))

    def _call(self, act: Act, engine: Any, actor: Actor) -> Any:
        if act.form:
            session = EditSession(engine, act.group, perspective=act.layer)
            try:
                actor.wait(TYPING_SECONDS)
                for patch in operations_of(act, self._kind):
                    session.patch(act.group, **patch)
                return session.commit()
            finally:
                session.close()
        if act.move in ("publish", "discard"):
            return getattr(engine, act.move)(act.group, perspective=act.layer)
        if act.move in ("unpublish", "delete"):
            return getattr(engine, act.move)(act.group)
        if act.move == "create_version":
            return engine.create_version(act.group, RELEASE)
        if act.move == "publish_release":
            return engine.publish_release(RELEASE)
        return engine.submit(submitted(act, self._kind), perspective=act.layer)

    # ---------------------------------------------------------------------------------------------------- scripts

    def _script(self, act: Act) -> None:
        name = f"script-{act.number}"
        self._tell("script", f"[{act.number}] {act.told()}")
        actions = script_actions(act)
        if actions:
            self.network.strange_actions(actions, name, act=act.number, who="script")
            return
        mutations: Sequence[Mapping[str, Any]] = script_mutations(act, self._kind, self.network.lake.documents())
        if mutations:
            self.network.stranger(mutations, name, act=act.number, who="script")

    def _tell(self, who: str, what: str) -> None:
        self.network.records.tell(self.stage.now, who, what)


def _expected(error: Exception) -> bool:
    """Whether an engine may refuse an act in these words: what is asked for makes no sense in the present state."""
    return type(error).__name__ in ("IntentError", "NotSupportedError")
