"""How a scenario is passed over: the engine, or the lake it is played on, does not offer what it is about."""

from __future__ import annotations

__all__ = ["SkipPlay"]


class SkipPlay(Exception):
    """A scenario about something that the engine or the lake does not offer at all; the text says what."""
