"""Who gets the places of fields that hold one group, or a bounded number, when a whole dataset is mended.

Source: bidirectional semantics, E6 (two claims on one place; nothing is stolen in a repair), E8.19 (missing targets).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from bidir.planning.violations import is_ahead, is_deferred, is_given_up, seats_of_missing, varies, waits
from bidir.planning.work import Link, Work, link_between

__all__ = ["Seats", "is_judged"]


def is_judged(work: Work, view: str, half: Link, waiting: Collection[tuple[str, str, str, str]]) -> bool:
    """Whether the two halves of a pair have to agree in `view`: it shows both, they are open, nothing is awaited."""
    world = work.world
    return (
        not (work.barred(half.group) or work.barred(half.target))
        and not waits(half, view, waiting)
        and world.visible(half.target, view)
        and not is_deferred(world, view, half)
        and not is_ahead(world, view, half)
        and not is_given_up(view, half)
        and not varies(world, half)
    )


class Seats:
    """Places of bounded fields in one view, given to pairs in the order they come; `given` are those that have them.

    What points at an id without versions keeps its place for good. With `unjudged_stay` the other pointers that the
    view does not judge keep theirs too: at what it does not show, at types without inverse field, at live documents.
    """

    def __init__(self, work: Work, view: str, waiting: Collection[tuple[str, str, str, str]]) -> None:
        """Begin with every place free but for what points at nothing."""
        self.given: dict[tuple[str, str, str], Link] = {}
        self.unjudged_stay = False
        self._work = work
        self._view = view
        self._waiting = waiting
        self._pairs: dict[tuple[str, str], int] = {}
        self._kept: dict[tuple[str, str], tuple[int, int]] = {}

    def give(self, halves: Iterable[Link]) -> list[Link]:
        """Give each pair its two places; return the halves for which there is no room."""
        refused = []
        for half in halves:
            if half.key in self.given:
                continue
            ends = (half,) if half.mirrored == half else (half, half.mirrored)
            if any(self._is_full(end) for end in ends):
                refused.append(half)
                continue
            self.given[half.key] = half
            for end in ends:
                place = (end.group, end.field.name)
                self._pairs[place] = self._pairs.get(place, 0) + 1
        return refused

    def _is_full(self, end: Link) -> bool:
        most = end.field.max if end.field.many else 1
        if most is None:
            return False
        place = (end.group, end.field.name)
        if place not in self._kept:
            self._kept[place] = self._standing(end)
        missing, unjudged = self._kept[place]
        return self._pairs.get(place, 0) + missing + (unjudged if self.unjudged_stay else 0) >= most

    def _standing(self, end: Link) -> tuple[int, int]:
        """Return how many pointers at nothing the place holds, and how many others that are not judged here."""
        work, view = self._work, self._view
        held = work.world.targets(end.group, end.field, view)
        missing = seats_of_missing(work.world, held)
        links = [link_between(work.world, end.field, end.group, target) for target in held]
        judged = sum(link is not None and is_judged(work, view, link, self._waiting) for link in links)
        return missing, len(held) - missing - judged
