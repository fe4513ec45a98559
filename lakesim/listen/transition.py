"""What a change means to a listener: whether a document entered, stayed in or left its filter."""

from __future__ import annotations

from typing import Literal, TypeAlias

__all__ = ["Transition", "transition_of"]

Transition: TypeAlias = Literal["appear", "update", "disappear"]
"""`appear`: matches after only; `update`: before and after; `disappear`: before only."""


def transition_of(matched_before: bool, matches_after: bool) -> Transition | None:
    """Return the transition, or None for a change that is none of the listener's business."""
    if matches_after:
        return "update" if matched_before else "appear"
    return "disappear" if matched_before else None
