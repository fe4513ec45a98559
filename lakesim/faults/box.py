"""The rules of one lake: adding and removing them, and what they make of each request and each event."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any, Final

from lakesim.clock import Clock
from lakesim.faults.effect import Effect
from lakesim.faults.errors import FaultRuleError, InjectedError
from lakesim.faults.operation import Operation
from lakesim.faults.rule import FaultRule
from lakesim.suggest import did_you_mean

__all__ = ["RULES_MAX", "Faults", "PlacedRule", "Verdict"]

RULES_MAX: Final = 1_000
"""Rules that a lake holds at a time."""
_CHANCE: Final = "faults"
"""The clock's generator that rules draw from, so that they take nothing from the ids."""


class PlacedRule:
    """A rule that was added: its id, and what it has done since.

    Units: `seen` and `hits` count requests, or events for a rule about events; those that earlier rules answered are
    not seen.
    """

    def __init__(self, id: str, rule: FaultRule) -> None:
        """Start without hits; `Faults.add` does that."""
        self.id: Final = id
        self.rule: Final = rule
        self.seen = 0
        self.hits = 0

    @property
    def is_spent(self) -> bool:
        """Whether the rule has had all its hits."""
        return self.rule.count is not None and self.hits >= self.rule.count

    def to_wire(self) -> dict[str, Any]:
        """Return rule, hits and state as JSON."""
        return {
            **self.rule.to_wire(),
            "id": self.id,
            "seen": self.seen,
            "hits": self.hits,
            "spent": self.is_spent,
        }

    def __repr__(self) -> str:
        """Show id, effect and hits."""
        return f"<PlacedRule {self.id!r} {dict(self.rule.effect.to_wire())}: {self.hits} hits>"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to happen to one request, in this order."""

    delay: float = 0.0
    answer: InjectedError | None = None
    drop: str | None = None
    rules: tuple[str, ...] = ()
    """The ids of the rules that hit."""


class Faults:
    """The fault rules of one lake; empty, it costs one look at `armed`.

    Rules are asked in the order they were added: delays add up, and the first one that answers or drops a request ends
    it. With a seeded lake the same requests meet the same faults in every run. Methods may be called from any thread.
    """

    def __init__(self, clock: Clock) -> None:
        """Start without rules; `clock` is the lake's."""
        self.armed = False
        """Whether there is a rule that may still hit, or an event that is held back."""
        self.clock: Final = clock
        self._lock = RLock()
        self._placed: dict[str, PlacedRule] = {}
        self._made = 0
        self._held: dict[int, Any] = {}

    def __repr__(self) -> str:
        """Show the number of rules."""
        return f"<Faults: {len(self)} rules>"

    def __len__(self) -> int:
        """Return the number of rules, spent ones counted."""
        return len(self._placed)

    def __iter__(self) -> Iterator[PlacedRule]:
        """Iterate over the rules in the order they were added."""
        with self._lock:
            return iter(list(self._placed.values()))

    @contextmanager
    def __call__(self, rule: FaultRule | Mapping[str, Any]) -> Iterator[PlacedRule]:
        """Add a rule for the length of a `with` block.

        Raises: FaultRuleError.
        """
        placed = self.add(rule)
        try:
            yield placed
        finally:
            if self._placed.get(placed.id) is placed:
                self.remove(placed)

    def add(self, rule: FaultRule | Mapping[str, Any]) -> PlacedRule:
        """Add a rule, or the JSON of one, after those that are there.

        Raises: FaultRuleError for a malformed rule, an id that is taken, or too many.
        """
        (placed,) = self.add_all([rule])
        return placed

    def add_all(self, rules: Sequence[FaultRule | Mapping[str, Any]]) -> list[PlacedRule]:
        """Add several rules, all or none.

        Raises: FaultRuleError as `add`.
        """
        wanted = [rule if isinstance(rule, FaultRule) else FaultRule.parse(rule) for rule in rules]
        with self._lock:
            if len(self._placed) + len(wanted) > RULES_MAX:
                raise FaultRuleError(f"there may be {RULES_MAX} rules at a time; remove some first")
            taken = set(self._placed)
            for rule in wanted:
                if rule.id in taken:
                    raise FaultRuleError(f'id: there is a rule "{rule.id}" already; remove it first')
                if rule.id is not None:
                    taken.add(rule.id)
            placed = [PlacedRule(rule.id or self._new_id(taken), rule) for rule in wanted]
            self._placed.update((one.id, one) for one in placed)
            self._rearm()
        return placed

    def _new_id(self, taken: Collection[str]) -> str:
        while True:
            self._made += 1
            name = f"fault-{self._made}"
            if name not in taken:
                return name

    def find(self, rule_id: str) -> PlacedRule:
        """Return a rule by its id.

        Raises: FaultRuleError.
        """
        placed = self._placed.get(rule_id)
        if placed is None:
            hint = did_you_mean(rule_id, list(self._placed))
            raise FaultRuleError(f'there is no rule "{rule_id}" (there are {len(self)} rules).{hint}')
        return placed

    def remove(self, rule: PlacedRule | str) -> None:
        """Take a rule away; events that were held back are delivered.

        Raises: FaultRuleError for one that is not there.
        """
        with self._lock:
            placed = self.find(rule if isinstance(rule, str) else rule.id)
            del self._placed[placed.id]
        self._release()

    def clear(self) -> None:
        """Take every rule away; events that were held back are delivered."""
        with self._lock:
            self._placed.clear()
        self._release()

    def _release(self) -> None:
        with self._lock:
            held = list(self._held.values())
            self._held.clear()
            self._rearm()
        # Listeners' callbacks run in here; they may want any lock.
        for line in held:
            line.release()

    def hold(self, line: Any, *, holds: bool) -> None:
        """Note whether a stream holds events back, which are delivered at the latest when rules are taken away."""
        with self._lock:
            if holds:
                self._held[id(line)] = line
            else:
                self._held.pop(id(line), None)
            self._rearm()

    def _rearm(self) -> None:
        self.armed = bool(self._held) or any(not placed.is_spent for placed in self._placed.values())

    def judge(self, operation: Operation) -> Verdict:
        """Return what is to happen to a request; its hits are counted."""
        delay, rules = 0.0, []
        with self._lock:
            for placed in self._placed.values():
                effect = placed.rule.effect
                if effect.events is not None or not self._hits(placed, operation):
                    continue
                rules.append(placed.id)
                delay += effect.delay or 0.0
                answer = effect.answer(operation)
                if answer is not None or effect.drop is not None:
                    return Verdict(delay, answer, effect.drop, tuple(rules))
        return Verdict(delay, rules=tuple(rules))

    def judge_event(self, operation: Operation) -> Effect | None:
        """Return what is to happen to the next event of a stream, None for nothing; a hit is counted."""
        with self._lock:
            for placed in self._placed.values():
                if placed.rule.effect.events is not None and self._hits(placed, operation):
                    return placed.rule.effect
        return None

    def _hits(self, placed: PlacedRule, operation: Operation) -> bool:
        rule = placed.rule
        if placed.is_spent or not rule.match.fits(operation):
            return False
        placed.seen += 1
        if placed.seen <= rule.after:
            return False
        if rule.probability < 1 and self.clock.generator(_CHANCE).random() >= rule.probability:
            return False
        placed.hits += 1
        self._rearm()
        return True
