"""One rule: which requests, how often, and what happens to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lakesim.faults.effect import Effect
from lakesim.faults.errors import FaultRuleError
from lakesim.faults.fields import check_fields, number, text, whole
from lakesim.faults.match import Match
from lakesim.faults.operation import STREAM_KINDS

__all__ = ["FaultRule"]

_FIELDS: Final = ("id", "match", "effect", "probability", "count", "after")


class FaultRule:
    """A fault that is to happen to some requests, or to some events of streams.

    `match` and `effect` are taken as objects or as the JSON that `/_lake/faults` takes. Of the requests that match, the
    first `after` pass; of the others each is hit with `probability`, until `count` have been (None: no end). A rule
    about `events` counts events, not requests.
    """

    __slots__ = ("after", "count", "effect", "id", "match", "probability")

    def __init__(
        self,
        *,
        effect: Effect | Mapping[str, Any],
        match: Match | Mapping[str, Any] | None = None,
        probability: float = 1.0,
        count: int | None = None,
        after: int = 0,
        id: str | None = None,
    ) -> None:
        """Make a rule; without an `id` it gets one when it is added.

        Raises: FaultRuleError.
        """
        self.effect: Final = effect if isinstance(effect, Effect) else Effect.parse(effect)
        self.match: Final = match if isinstance(match, Match) else Match.parse({} if match is None else match)
        self.probability: Final = number(probability, "probability", least=0, most=1)
        self.count: Final = None if count is None else whole(count, "count", least=1)
        self.after: Final = whole(after, "after", least=0)
        self.id: Final = None if id is None else text(id, "id")
        if self.effect.events is not None and self.match.kind not in (None, *STREAM_KINDS):
            raise FaultRuleError(
                f'effect.events: a "{self.match.kind}" request has no events; streams are of the kind '
                + " or ".join(f'"{kind}"' for kind in STREAM_KINDS)
            )

    @classmethod
    def parse(cls, value: Any) -> FaultRule:
        """Return the rule that a JSON object says.

        Raises: FaultRuleError.
        """
        given = check_fields(value, _FIELDS, "rule")
        if "effect" not in given:
            raise FaultRuleError('rule: the field "effect" is missing, such as {"effect": {"status": 503}}')
        return cls(**given)

    def to_wire(self) -> dict[str, Any]:
        """Return the rule as JSON."""
        wire: dict[str, Any] = {
            "match": dict(self.match.to_wire()),
            "effect": dict(self.effect.to_wire()),
            "probability": self.probability,
            "count": self.count,
            "after": self.after,
        }
        return wire if self.id is None else {"id": self.id, **wire}

    def __repr__(self) -> str:
        """Show the rule as JSON would."""
        return f"FaultRule({self.to_wire()})"
