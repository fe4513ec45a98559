"""The states of a release and the arrows between them, as two tables.

A request writes the first arrow only; the lake takes the rest by itself, each as a transaction of its own, until the
release rests. Source: content-lake reference, sections 3.4 and 3.5; rows 38 and 39 of its section 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from lakesim.actions.model import MoveName
from lakesim.errors import InvalidValueError

__all__ = ["ARROWS", "MOVES", "RESTING_STATES", "STATES", "Arrow", "Effect", "Move", "State", "require_move"]

State: TypeAlias = Literal[
    "active",
    "scheduling",
    "scheduled",
    "unscheduling",
    "publishing",
    "published",
    "archiving",
    "archived",
    "unarchiving",
]
Effect: TypeAlias = Literal["none", "publish versions", "remove versions", "restore versions"]
"""What an arrow does to the documents of the release."""

RESTING_STATES: Final[tuple[State, ...]] = ("active", "scheduled", "archived", "published")
"""States in which a release stays until somebody, or the clock, moves it."""
STATES: Final[tuple[State, ...]] = (
    *RESTING_STATES,
    "scheduling",
    "unscheduling",
    "publishing",
    "archiving",
    "unarchiving",
)


@dataclass(frozen=True, slots=True)
class Move:
    """What one release action does to the state.

    Shape: `allowed` are the states it may start from, `first` the state the request itself writes (None: the release
    document is deleted), `asked` the state that a refusal names.
    """

    name: MoveName
    allowed: tuple[State, ...]
    first: State | None
    asked: str


MOVES: Final[Mapping[MoveName, Move]] = MappingProxyType(
    {
        move.name: move
        for move in (
            # Publishing is scheduling for now, as the service's own log shows it.
            Move("publish", ("active",), "scheduling", "publishing"),
            Move("schedule", ("active",), "scheduling", "scheduling"),
            Move("unschedule", ("scheduled",), "unscheduling", "unscheduling"),
            Move("archive", ("active",), "archiving", "archiving"),
            Move("unarchive", ("archived",), "unarchiving", "unarchiving"),
            Move("delete", ("archived", "published"), None, "deleted"),
        )
    }
)
"""The first arrow of every release action."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow the lake takes by itself.

    Shape: `on_failure` is where the release goes if the effect is refused, None where nothing can be; `timed` arrows
    wait for `publishAt`.
    """

    start: State
    to: State
    effect: Effect = "none"
    on_failure: State | None = None
    timed: bool = False


ARROWS: Final[Mapping[str, Arrow]] = MappingProxyType(
    {
        arrow.start: arrow
        for arrow in (
            Arrow("scheduling", "scheduled"),
            Arrow("scheduled", "publishing", timed=True),
            Arrow("publishing", "published", "publish versions", on_failure="active"),
            Arrow("unscheduling", "active"),
            Arrow("archiving", "archived", "remove versions", on_failure="active"),
            Arrow("unarchiving", "active", "restore versions", on_failure="archived"),
        )
    }
)
"""The arrow out of each state that the lake leaves by itself."""


def require_move(release: str, state: str, name: MoveName) -> Move:
    """Return the move if a release in `state` may make it.

    Raises: InvalidValueError in the service's words.
    """
    move = MOVES[name]
    if state not in move.allowed:
        raise InvalidValueError(
            f"Release \"{release}\" is not permitted to transition from state '{state}' to '{move.asked}'"
        )
    return move
