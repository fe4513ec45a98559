"""What events told of changes that others made: when each link was taken up or let go, and what new documents said.

Changes that are handled together must come to what they come to one by one (I11): of two that contradict each other
the later one holds, and what was said and taken back in between has happened all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from bidir.refs import PUBLISHED, group_of, layer_of, states
from bidir.relations import Field

__all__ = ["WHOLE", "Ranks", "Told"]

Document = Mapping[str, Any]

WHOLE = ""
"""The name under which the time of a field's last change stands, whatever it was about."""


@dataclass(frozen=True, slots=True)
class Told:
    """What events told of one stored document since it was carried through last; times are in RFC 3339.

    `times` maps field names to times by target: when the field last took it up or let it go (`WHOLE`: when it changed
    last). `born` is the document as it came into being and `born_at` when, if it did and somebody told; `gone_at` is
    when it was deleted last.
    """

    times: Mapping[str, Mapping[str, str]] = dataclass_field(default_factory=dict)
    born: Document | None = None
    born_at: str = ""
    gone_at: str = ""


class Ranks:
    """The changes in the order of their times, by group, layer and field; 0 where nobody told.

    The same time is the same transaction, and the same rank.
    """

    def __init__(self, told: Mapping[str, Told] | None = None) -> None:
        """Rank what was told, by stored id."""
        known = told or {}
        moments = {moment for one in known.values() for times in one.times.values() for moment in times.values()}
        moments |= {moment for one in known.values() for moment in (one.born_at, one.gone_at) if moment}
        rank = {moment: number for number, moment in enumerate(sorted(moments), 1)}
        self._ranks = {
            (group_of(key), layer_of(key), name): {target: rank[moment] for target, moment in times.items()}
            for key, one in known.items()
            for name, times in one.times.items()
        }
        self._births = {
            (group_of(key), layer_of(key)): (one.born, rank.get(one.born_at, 0))
            for key, one in known.items()
            if one.born is not None
        }
        self._deaths: dict[str, int] = {}
        for key, one in known.items():
            self._deaths[group_of(key)] = max(rank.get(one.gone_at, 0), self._deaths.get(group_of(key), 0))

    def field(self, group: str, layer: str, field: Field) -> int:
        """Return the rank of the field's last change."""
        return self._ranks.get((group, layer, field.name), {}).get(WHOLE, 0)

    def pairs(self, group: str, layer: str, field: Field) -> dict[str, int]:
        """Return, by target, the rank at which the field last took it up or let it go."""
        return {one: rank for one, rank in self._ranks.get((group, layer, field.name), {}).items() if one != WHOLE}

    def pair(self, group: str, layer: str, field: Field, target: str) -> int:
        """Return the rank at which the field last took `target` up or let it go, else that of its last change."""
        ranks = self._ranks.get((group, layer, field.name), {})
        return ranks.get(target, ranks.get(WHOLE, 0))

    def stated(self, group: str, layer: str, field: Field) -> int:
        """Return the rank at which somebody said all that the field holds: its last change, or a list's beginning.

        A version that came into being above another one says it also where it is silent.
        """
        born, rank = self._births.get((group, layer), (None, 0))
        if born is None or not (states(born, field) or self.arrival(group, layer) < rank):
            rank = 0
        return rank if field.many else max(rank, self.field(group, layer, field))

    def opinion(self, group: str, layer: str, field: Field, target: str) -> int:
        """Return the rank at which the field last said whether it holds `target`."""
        told = self._ranks.get((group, layer, field.name), {})
        said = told.get(target, 0 if WHOLE not in told or len(told) > 1 else told[WHOLE])
        return max(said, self.stated(group, layer, field))

    def born(self, group: str, layer: str) -> Document | None:
        """Return the version as it came into being, None where nobody told."""
        return self._births.get((group, layer), (None, 0))[0]

    def death(self, group: str) -> int:
        """Return the rank at which a version of the group was deleted last."""
        return self._deaths.get(group, 0)

    def birth(self, group: str, layer: str) -> int:
        """Return the rank at which the version came into being."""
        return self._births.get((group, layer), (None, 0))[1]

    def arrival(self, group: str, view: str) -> int:
        """Return the rank at which the group came into `view`, where it had not been before: by its first version."""
        births = (self.birth(group, layer) for layer in (view, PUBLISHED))
        return min((rank for rank in births if rank), default=0)
