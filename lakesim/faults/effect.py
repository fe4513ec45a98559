"""What a rule does to a request, or to the events of a stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakesim.faults.bodies import body_of
from lakesim.faults.errors import FaultRuleError, InjectedError
from lakesim.faults.fields import check_fields, choice, number, whole
from lakesim.faults.operation import Operation
from lakesim.jsonvalue import Json

__all__ = ["DELAY_SECONDS_MAX", "DROPS", "EVENTS", "Effect"]

DROPS: Final = ("before", "after")
"""When the connection is closed without an answer: before the request is carried out, or after."""
EVENTS: Final = ("drop", "duplicate", "reorder", "delay", "disconnect")
"""What can happen to an event: lost, sent twice, sent after the one that follows it, late with all that follow it, or
lost with the stream."""
DELAY_SECONDS_MAX: Final = 3600.0
RETRY_AFTER_SECONDS: Final = 1
"""What answers with status 429 and 503 say unless the rule says otherwise."""
_RETRIED: Final = (429, 503)
_STATUS_MIN, _STATUS_MAX = 400, 599
_WIRE_NAMES: Final = {
    "status": "status",
    "body": "body",
    "retryAfter": "retry_after",
    "delay": "delay",
    "drop": "drop",
    "events": "events",
}


@dataclass(frozen=True, slots=True)
class Effect:
    """One of: an answer with a `status`, a lost connection (`drop`), something with `events`, or just a `delay`.

    A `delay` may also come before a status or a drop. Raises: FaultRuleError for anything else.
    """

    status: int | None = None
    """The status of an answer given instead of the lake's, with the body that the service has for it."""
    body: Json = None
    """Another JSON body for that answer."""
    retry_after: int | None = None
    """Seconds in its `Retry-After`; answers with 429 and 503 have one in any case."""
    delay: float | None = None
    """Seconds that the request, or the event, waits; on a manual clock it is the clock that moves."""
    drop: str | None = None
    """`before` or `after`: when the connection is closed without an answer."""
    events: str | None = None
    """One of `EVENTS`."""

    def __post_init__(self) -> None:
        """Check the fields, each and together."""
        self._check_each()
        chosen = [name for name in ("status", "drop", "events") if getattr(self, name) is not None]
        if self.status is None and (self.body is not None or self.retry_after is not None):
            raise FaultRuleError("effect: body and retryAfter belong to an answer; say its status too")
        if not chosen and self.delay is None:
            raise FaultRuleError("effect: say what happens: status, delay, drop or events")
        if len(chosen) > 1:
            raise FaultRuleError(f"effect: {' and '.join(chosen)} exclude each other; make two rules")
        if self.events == "delay" and self.delay is None:
            raise FaultRuleError('effect: events "delay" needs delay, in seconds')
        if self.events not in (None, "delay") and self.delay is not None:
            raise FaultRuleError(f'effect: events "{self.events}" takes no delay; make two rules')

    def _check_each(self) -> None:
        if self.status is not None:
            number(whole(self.status, "effect.status", least=0), "effect.status", least=_STATUS_MIN, most=_STATUS_MAX)
        if self.retry_after is not None:
            whole(self.retry_after, "effect.retryAfter", least=0)
        if self.delay is not None:
            number(self.delay, "effect.delay", least=0, most=DELAY_SECONDS_MAX, unit=" seconds")
        if self.drop is not None:
            choice(self.drop, DROPS, "effect.drop")
        if self.events is not None:
            choice(self.events, EVENTS, "effect.events")

    @classmethod
    def parse(cls, value: Any) -> Effect:
        """Return the effect that a JSON object says.

        Raises: FaultRuleError.
        """
        given = check_fields(value, _WIRE_NAMES, "effect")
        return cls(**{_WIRE_NAMES[name]: one for name, one in given.items()})

    def to_wire(self) -> Mapping[str, Json]:
        """Return the fields given."""
        return {wire: value for wire, name in _WIRE_NAMES.items() if (value := getattr(self, name)) is not None}

    def answer(self, operation: Operation) -> InjectedError | None:
        """Return the answer that takes the place of the lake's, if there is one."""
        if self.status is None:
            return None
        seconds = self.retry_after
        if seconds is None and self.status in _RETRIED:
            seconds = RETRY_AFTER_SECONDS
        headers = {} if seconds is None else {"retry-after": str(seconds), "ratelimit-reset": str(seconds)}
        body = body_of(self.status, operation) if self.body is None else self.body
        return InjectedError(self.status, body, headers=headers)
