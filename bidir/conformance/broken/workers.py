"""Engines whose workers follow other people's edits wrongly (bidirectional semantics, F6, F7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bidir.engine import Engine
from bidir.errors import Refused
from bidir.following import Follower, Sequencer

__all__ = ["all_or_nothing", "events_as_they_come", "forgets_its_place", "never_gives_up", "repairs_for_following"]


class _Unordered(Sequencer):
    """Takes every event as it comes."""

    def take(self, event: Mapping[str, Any], now: float) -> list[Any]:
        return [self._step(event)]


class _EventsAsTheyCome(Engine):
    def follow(self, **options: Any) -> Follower:
        follower = super().follow(**options)
        follower._sequencer = _Unordered()
        return follower


class _ForgetsItsPlace(Engine):
    def follow(self, **options: Any) -> Follower:
        return super().follow()


class _NeverGivesUp(Engine):
    def follow(self, **options: Any) -> Follower:
        follower = super().follow(**options)
        follower._quarrels.count = lambda *_: []  # type: ignore[method-assign]
        return follower


class _Repairer(Follower):
    """Looks at what stands there and not at what happened."""

    def settle(self) -> list[Any]:
        return []


class _RepairsForFollowing(Engine):
    def follow(self, **options: Any) -> Follower:
        return _Repairer(self.carrier)

    def heal(self) -> Any:
        self.repair(dry_run=False)
        return super().heal()


class _AllOrNothing(Engine):
    """One document that may not be written fails everything that was handled with it."""

    def follow(self, **options: Any) -> Follower:
        follower = super().follow(**options)
        settle = follower.settle

        def all_or_nothing() -> list[Any]:
            done = settle()
            if any(item.reason == "permission" for outcome in done for item in outcome.pending):
                raise Refused("a document may not be written")
            return done

        follower.settle = all_or_nothing  # type: ignore[method-assign]
        return follower


events_as_they_come = _EventsAsTheyCome
forgets_its_place = _ForgetsItsPlace
never_gives_up = _NeverGivesUp
repairs_for_following = _RepairsForFollowing
all_or_nothing = _AllOrNothing
