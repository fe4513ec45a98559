"""`acyclic` relations: would this link close a cycle? A bounded breadth-first search.

Source: bidirectional semantics, C28; section 4 of the design (`acyclic` with `max_depth`).
"""

from __future__ import annotations

from bidir.relations import Field
from bidir.siblings import World

__all__ = ["closes_cycle"]


def closes_cycle(world: World, field: Field, group: str, target: str, view: str) -> bool:
    """Whether `group` can be reached from `target` along `field` in `view` in at most `field.max_depth` steps.

    Every group is looked at once, however many ways lead to it.
    """
    seen = {target}
    frontier = {target: None}
    for _ in range(field.max_depth):
        if group in seen:
            return True
        reached = (found for current in frontier for found in world.targets(current, field, view))
        frontier = {found: None for found in reached if found not in seen}
        seen.update(frontier)
        if not frontier:
            break
    return group in seen
