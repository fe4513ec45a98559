"""Chains of references: read level by level in one request, searched for circles and for chains that are too long."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from bidir.lookups.text import references_in
from bidir.relations import Field
from codex_fields.definitions import ReferenceField
from codex_fields.errors import ChainTooDeepError, CircularReferenceError
from codex_fields.templates import Templates

__all__ = ["LEVELS_MAX", "chain_query", "check_chain", "edges_of", "levels_needed"]

Json = Any

LEVELS_MAX: Final = 50
"""Levels that one request reads; a field with a larger maxDepth is searched so far."""


def levels_needed(templates: Templates, field: ReferenceField) -> int:
    """Return how many levels of references must be read before `field` may point at a new target.

    0 where the check is off, and where the templates alone say that every chain ends in time: then nothing leads
    back to the source's template either.
    """
    if not field.circular_check:
        return 0
    depth = min(field.max_depth, LEVELS_MAX)
    reached = {field.target_template}
    for _ in range(depth):
        reached = {one.target_template for name in reached for one in templates.template(name).references.values()}
        if not reached:
            return 0
    return depth


def chain_query(ends: Iterable[Field], levels: int) -> str:
    """Return the query for the source, the targets, and what is behind them in so many levels of references.

    Its parameters are `source` (an id) and `targets` (ids); the answer has `source`, `targets`, `now` and `l1`, `l2`, …
    """
    places = dict.fromkeys((references_in(end), end.many) for end in ends)
    parts = [f"...coalesce({place}, [])" if many else place for place, many in places]
    out = f'"out": [{", ".join(parts)}]'
    row = f"{{_id, {out}}}"
    targets = f"*[_id in $targets]{{_id, _type, title, tags, {out}}}"
    query = f'{{"source": *[_id == $source][0], "targets": {targets}, "now": now()}}'
    before = "targets"
    for level in range(1, levels):
        query += f'{{..., "f{level}": {before}[].out[]}}{{..., "l{level}": *[_id in ^.f{level}]{row}}}'
        before = f"l{level}"
    return query


def edges_of(answer: Mapping[str, Json]) -> dict[str, list[str]]:
    """Return what each codex of the answer points at, by id."""
    edges: dict[str, list[str]] = {}
    for name, rows in answer.items():
        if name == "targets" or (name[:1] == "l" and name[1:].isdigit()):
            for row in rows or ():
                edges[row["_id"]] = [one for one in row["out"] if isinstance(one, str)]
    return edges


def check_chain(source: str, target: str, edges: Mapping[str, Sequence[str]], field: ReferenceField) -> None:
    """Check that a link from `source` to `target` closes no circle and makes no chain too long, by the shortest ways.

    Raises: CircularReferenceError with the circle; ChainTooDeepError with a chain that has reached maxDepth.
    """
    if source == target:
        raise CircularReferenceError((source, source), field.name)
    depth = {target: 1}
    before = {target: source}
    deep: str | None = None
    queue = deque([target])
    while queue:
        here = queue.popleft()
        for found in edges.get(here, ()):
            if found == source:
                raise CircularReferenceError((*_path(here, before, source), source), field.name)
            if found in depth:
                continue
            if depth[here] >= min(field.max_depth, LEVELS_MAX):
                deep = deep or here
                continue
            depth[found] = depth[here] + 1
            before[found] = here
            queue.append(found)
    if deep is not None:
        raise ChainTooDeepError(_path(deep, before, source), field.name, field.max_depth)


def _path(here: str, before: Mapping[str, str], source: str) -> list[str]:
    path = [here]
    while path[-1] != source:
        path.append(before[path[-1]])
    return path[::-1]
