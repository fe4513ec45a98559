"""Where an `insert` puts its items: the arrays it means and the new order of their items.

Source: content-lake reference, section 2.3 and rows 19 to 22 of section 10.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lakesim.errors import PatchError
from lakesim.jsonmatch.ast import Descend, Index, Slice, Steps, Union
from lakesim.jsonmatch.match import Location, matches, slice_bounds
from lakesim.jsonvalue import Json
from lakesim.patch.choices import Choices
from lakesim.patch.model import Insert
from lakesim.patch.rewrite import Edit, rewrite

__all__ = ["apply_insert"]


@dataclass(slots=True)
class _Target:
    """What the path means in one array: items, and places between items; the array's length is the place at its end."""

    items: set[int] = field(default_factory=set)
    gaps: set[int] = field(default_factory=set)


def apply_insert(document: Json, operation: Insert, choices: Choices) -> Json:
    """Return `document` with the operation's items put into every array that its path addresses.

    Raises: PatchError where `choices` refuse a missing array or item.
    """
    targets: dict[Location, _Target] = {}
    _Collector(operation, choices, targets).collect(document, (), operation.path.steps)
    if not targets:
        if choices.insert_without_array == "refuse":
            raise PatchError(f'Can\'t insert at "{operation.path}", because there is no array')
        return document
    matched = {place: target for place, target in targets.items() if target.items or target.gaps}
    if not matched and choices.insert_without_match == "refuse":
        raise PatchError(f'Can\'t insert at "{operation.path}", because it matches no item')
    return rewrite(document, [(place, _edit(target, operation)) for place, target in matched.items()])


class _Collector:
    """Gathers, array by array, what the path's last step means."""

    def __init__(self, operation: Insert, choices: Choices, targets: dict[Location, _Target]) -> None:
        self.anchor = operation.anchor
        self.choices = choices
        self.targets = targets
        self.maps = choices.attribute_of_array == "map"

    def collect(self, value: Json, origin: Location, steps: Steps) -> None:
        """Add the arrays that `steps` lead to from `value`, which stands at `origin`."""
        last = steps[-1]
        # `..` belongs to the step after it: the items are then those that the two find together.
        descends = len(steps) > 1 and type(steps[-2]) is Descend
        cut = len(steps) - (2 if descends else 1)
        for place, container in matches(value, steps[:cut], map_arrays=self.maps):
            location = (*origin, *place)
            if type(last) is Union and not descends:
                for member in last.members:
                    self.collect(container, location, member)
            elif type(container) is list and isinstance(last, Index) and not descends:
                self.add_index(self.at(location), last.position, len(container))
            elif type(container) is list and isinstance(last, Slice) and not descends:
                self.add_slice(self.at(location), last, len(container))
            else:
                self.add_found(location, container, steps[cut:])

    def at(self, location: Location) -> _Target:
        return self.targets.setdefault(location, _Target())

    def add_found(self, location: Location, container: Json, steps: Steps) -> None:
        if type(container) is list:
            self.at(location)
        for inner, _ in matches(container, steps, map_arrays=self.maps):
            if inner and isinstance(inner[-1], int):
                self.at((*location, *inner[:-1])).items.add(inner[-1])

    def add_slice(self, target: _Target, step: Slice, length: int) -> None:
        if self.anchor != "replace":
            target.items.update(range(*slice_bounds(step, length)))
            return
        if self.choices.replace_slices == "from one past the end":
            step = Slice(_from_one_past(step.start, length), _from_one_past(step.stop, length))
        start, stop = slice_bounds(step, length)
        target.items.update(range(start, stop))
        # An empty slice replaces nothing and still says where: splice without deletions.
        target.gaps.add(start)

    def add_index(self, target: _Target, position: int, length: int) -> None:
        appends = position == -1 and self.anchor == "before" and self.choices.before_last == "append"
        if appends or (length == 0 and position in (0, -1)):
            # An end of the array is a place even where there is no item.
            target.gaps.add(length)
        elif -length <= position < length:
            target.items.add(position % length)
        elif position >= length and self.choices.insert_past_end == "append":
            target.gaps.add(length)


def _from_one_past(bound: int | None, length: int) -> int | None:
    return bound if bound is None or bound >= 0 else max(0, bound + length + 1)


def _edit(target: _Target, operation: Insert) -> Edit:
    new = list(operation.items)

    def edited(array: list[Any]) -> list[Any]:
        if operation.anchor == "replace":
            at = min(target.items | target.gaps)
            if not new and not target.items:
                return array
            behind = [item for index, item in enumerate(array[at:], start=at) if index not in target.items]
            return [*array[:at], *new, *behind]
        if not new:
            return array
        if target.gaps:
            at = max(target.gaps) if operation.anchor == "after" else min(target.items | target.gaps)
        else:
            at = min(target.items) if operation.anchor == "before" else max(target.items) + 1
        return [*array[:at], *new, *array[at:]]

    return edited
