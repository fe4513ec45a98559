"""An actor's connection to the lake: a backend each of whose requests is a message there and a message back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, TypeVar

from bidir.clock import EngineClock
from bidir.conformance.proxy import ProcessDied, acted_ids, mutated_ids
from bidir.conformance.simulation.actor_clock import ActorClock
from bidir.conformance.simulation.event_line import EventLine
from bidir.conformance.simulation.network import Network
from bidir.conformance.simulation.records import Sent, revisions_in
from bidir.conformance.simulation.stage import Actor
from bidir.errors import BackendError, PermissionRefused, RateLimited, Unavailable, UnknownOutcome
from bidir.ports import Committed, Document, EventStream

__all__ = ["Connection"]

T = TypeVar("T")

TIMEOUT_SECONDS = 0.5
"""After this a client gives a request up whose answer does not come."""
RETRY_AFTER_SECONDS_MAX = 2.0
REQUESTS_MAX = 80
"""Requests for one act of an editor; an engine that needs more goes on for ever, and is ended."""
LATE_SECONDS_MAX = 3.0
"""How much later than itself a doubled message may arrive."""
DRIFT_MAX = 0.01


class Connection:
    """One process's backend. What it asks for happens on the lake in the order in which messages arrive there.

    `seen` holds the last revision of each stored document that an answer or an event has shown to this process (None:
    shown to be absent); `act` the number of the act at hand.
    """

    def __init__(self, network: Network, actor: Actor, name: str, occasion: str) -> None:
        """Connect `actor`, known to the judge as `name`; `occasion` tells this life of it from others."""
        chaos = network.chaos
        chance = chaos.random(f"{occasion} clock")
        dials = chaos.dials
        self.network = network
        self.actor = actor
        self.name = name
        self.act_number: int | None = None
        self.seen: dict[str, str | None] = {}
        self.consistent_queries = not dials.lag_max
        self._inner = network.backend(lag=chance.random() * dials.lag_max)
        self._occasion = occasion
        self._requests = 0
        self._random = Random(f"{chaos.seed}/{occasion} ids")
        self._clock = ActorClock(
            actor,
            self._random,
            offset=chance.uniform(0.0, dials.skew_max),
            drift=chance.uniform(-DRIFT_MAX, DRIFT_MAX) if dials.skew_max else 0.0,
        )

    def begin(self, act: int, occasion: str) -> None:
        """Let what follows belong to an act."""
        self.act_number = act
        self._occasion = occasion
        self._requests = 0
        self._random.seed(f"{self.network.chaos.seed}/{occasion} ids")

    # ------------------------------------------------------------------------------------------------ the port

    @property
    def clock(self) -> EngineClock:
        """The actor's clock."""
        return self._clock

    def query(self, groq: str, params: Mapping[str, Any], *, perspective: str = "raw") -> Any:
        """One read."""
        return self._read(lambda: self._inner.query(groq, params, perspective=perspective))

    def documents(self, ids: Sequence[str]) -> dict[str, Document | None]:
        """One read."""
        wanted = list(ids)
        found = self._read(lambda: self._inner.documents(wanted))
        self.seen.update({name: None for name, document in found.items() if document is None})
        return found

    def revision(self, document_id: str, revision: str) -> Document | None:
        """One read."""
        return self._read(lambda: self._inner.revision(document_id, revision), note=False)

    def history(self, document_id: str) -> Iterator[Mapping[str, Any]]:
        """One read."""
        return iter(self._read(lambda: list(self._inner.history(document_id)), note=False))

    def position(self) -> str:
        """One read."""
        return self._read(self._inner.position)

    def changed_since(self, position: str, types: Iterable[str]) -> dict[str, Document | None]:
        """One read."""
        names = list(types)
        return self._read(lambda: self._inner.changed_since(position, names), note=False)

    def scan(self, types: Iterable[str] | None) -> Iterator[Document]:
        """One read."""
        names = None if types is None else list(types)
        return iter(self._read(lambda: list(self._inner.scan(names))))

    def listen(self, groq: str, params: Mapping[str, Any]) -> EventStream:
        """Open a stream."""
        occasion = f"{self._occasion}/stream {self._requests}"
        inner = self._read(lambda: self._inner.listen(groq, params))
        line = EventLine(inner, self.actor, self.network.chaos, occasion, self.seen)
        self.network.lines.append(line)
        return line

    def patched(self, document: Document, patch: Mapping[str, Any]) -> dict[str, Any]:
        """No request."""
        return self._inner.patched(document, patch)

    def generate_id(self) -> str:
        """No request."""
        return f"new-{self._clock.nonce()}"

    def commit(self, mutations: Sequence[Mapping[str, Any]], *, transaction_id: str | None) -> Committed:
        """One write."""
        sent = list(mutations)

        def write() -> Committed:
            return self._inner.commit(sent, transaction_id=transaction_id)

        return self._write(write, mutated_ids(sent), tuple(sent), action=False)

    def act(self, actions: Sequence[Mapping[str, Any]]) -> Committed:
        """One write, by lake actions."""
        sent = list(actions)
        return self._write(lambda: self._inner.act(sent), acted_ids(sent), tuple(sent), action=True)

    # ------------------------------------------------------------------------------------------------ messages

    def _read(self, ask: Callable[[], T], *, note: bool = True) -> T:
        occasion, faults = self._depart(write=False)
        if "request lost" in faults:
            self.actor.wait(TIMEOUT_SECONDS)
            raise Unavailable("the request was lost on the way, and no answer came in time")
        self.network.arrive()
        try:
            answer = ask()
        except BackendError:
            self._return(occasion, faults)
            raise
        self._return(occasion, faults)
        if note:
            self.seen.update(revisions_in(answer))
        return answer

    def _write(
        self,
        write: Callable[[], Committed],
        ids: Sequence[str],
        sent: tuple[Mapping[str, Any], ...],
        *,
        action: bool,
    ) -> Committed:
        occasion, faults = self._depart(write=True)
        if "request lost" in faults:
            self._unknown()
        if "rival" in faults:
            self.network.rival(ids, occasion)
        refused = self.network.refused_to(self.name, ids)
        if refused is not None:
            self._return(occasion, faults)
            raise PermissionRefused(
                'Insufficient permissions; permission "update" required',
                type="insufficientPermissionsError",
                document_id=refused,
            )
        try:
            committed = self._take(write, sent, action=action)
        except BackendError as error:
            self._tell(f"is refused: {str(error).splitlines()[0]}")
            self._return(occasion, faults)
            raise
        if "twice" in faults:
            late = self.network.chaos.fraction(f"{occasion} late") * LATE_SECONDS_MAX
            self.actor.stage.after(late, lambda: self._again(write, sent, action=action))
        if "crash after" in faults:
            self._crash("after its write was taken")
        if "answer lost" in faults:
            self._unknown()
        written = {name: self._revision(name) for name in committed.documents}
        self._return(occasion, faults)
        self.seen.update(written)
        return committed

    def _revision(self, name: str) -> str | None:
        document = self.network.lake.dataset.get(name)
        return None if document is None else str(document["_rev"])

    def _take(
        self, write: Callable[[], Committed], sent: tuple[Mapping[str, Any], ...], *, action: bool, copy: bool = False
    ) -> Committed:
        self.network.arrive()
        seen = dict(self.seen)
        committed = write()
        name = committed.transaction_id
        self.network.records.sent[name] = Sent(name, self.name, self.act_number, sent, seen, action, copy)
        self._tell(
            f"writes {', '.join(committed.documents) or 'nothing'}  ({name}{', second arrival' if copy else ''})"
        )
        self.network.pump()
        return committed

    def _again(self, write: Callable[[], Committed], sent: tuple[Mapping[str, Any], ...], *, action: bool) -> None:
        """The copy of a doubled message arrives; nobody waits for its answer."""
        try:
            self._take(write, sent, action=action, copy=True)
        except BackendError as error:
            self._tell(f"second arrival is refused: {str(error).splitlines()[0]}")

    def _depart(self, *, write: bool) -> tuple[str, frozenset[str]]:
        """Send a message off; return its name and what is to happen to it, once it is there."""
        if self.actor.killed:
            raise ProcessDied
        self._requests += 1
        occasion = f"{self._occasion}/{self._requests}"
        if self.act_number is not None:
            records = self.network.records
            records.attempts[self.act_number] = records.attempts.get(self.act_number, 0) + write
            if self._requests > REQUESTS_MAX:
                records.faults.append(
                    f"I10 bounded work: {self.name} sent {REQUESTS_MAX} requests for act {self.act_number}"
                )
                self._crash("because it does not come to an end")
        faults = self.network.chaos.request_faults(occasion, write=write)
        if "crash before" in faults:
            self._crash("before a request")
        self.actor.wait(self.network.chaos.latency(occasion))
        if "rate limited" in faults:
            self._return(occasion, faults)
            pause = self.network.chaos.fraction(f"{occasion} pause") * RETRY_AFTER_SECONDS_MAX
            raise RateLimited("too many requests", retry_after=pause)
        return occasion, faults

    def _return(self, occasion: str, faults: frozenset[str]) -> None:
        """Let the answer travel back."""
        self.actor.wait(self.network.chaos.latency(f"{occasion} back"))

    def _unknown(self) -> None:
        if self.act_number is not None:
            unknown = self.network.records.unknown
            unknown[self.act_number] = unknown.get(self.act_number, 0) + 1
        self._tell("hears nothing any more")
        self.actor.wait(TIMEOUT_SECONDS)
        raise UnknownOutcome("no answer came in time")

    def _crash(self, when: str) -> None:
        self._tell(f"dies {when}")
        self.actor.killed = True
        raise ProcessDied

    def _tell(self, what: str) -> None:
        self.network.records.tell(self.actor.stage.now, self.name, what)
