"""Carries the verdicts of a repair into documents, group by group, with the engine's own moves on relation fields.

Source: bidirectional semantics, E8.5 (positions), E8.6 (strength), R3 (versions on demand), R11 (keys).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import IO, Any, Final

from bidir.adoption.catalogue import Catalogue
from bidir.adoption.lines import parse_line
from bidir.adoption.tables import Tables
from bidir.planning.mend import normalise
from bidir.planning.work import Link, Work
from bidir.refs import DRAFTS, PUBLISHED, group_of, stored_id
from bidir.relations import Schema
from bidir.siblings import Snapshot, World

__all__ = ["Rewritten", "rewrite_groups"]

_TOUCHED: Final = """
-- Strong pointers at what has no version that the lake takes for a strong one there.
CREATE TABLE loose AS
    SELECT e.id, e.layer AS view, e.field, e.target, t.type FROM edge e
    JOIN typed t ON t.id = e.target
    JOIN doc d ON d.id = e.id AND d.layer = e.layer AND NOT d.marked
    LEFT JOIN upper u ON u.id = e.target AND u.view = e.layer AND NOT u.marked
    WHERE e.strong > 0 AND e.layer NOT IN (SELECT view FROM locked)
        AND NOT EXISTS (SELECT 1 FROM base b WHERE b.id = e.target) AND (e.layer < 2 OR u.id IS NULL);
CREATE TABLE touched AS
    SELECT id FROM removed UNION SELECT id FROM gained UNION SELECT id FROM loose
    UNION SELECT f.id FROM fault f
    WHERE f.kind IN (0, 1, 3) AND f.layer NOT IN (SELECT view FROM locked);
"""
"""Groups with a version to write; of the faults of one field those that `normalise` mends."""

_WORK: Final = """
SELECT w.*, n.name FROM (
    SELECT d.id, 0 AS what, d.layer AS view, 0 AS stage, d.line AS turn, d.start, d.size, -1 AS field,
        NULL AS target, -1 AS relation, NULL AS type, false AS below, false AS own
    FROM doc d JOIN touched t ON t.id = d.id
    UNION ALL
    SELECT r.id, 1, r.view, 0, 0, 0, 0, r.field, x.name, r.relation, NULL, false, false
    FROM removed r JOIN node x ON x.id = r.target
    UNION ALL
    SELECT g.id, 1, g.view, 1, g.turn, 0, 0, g.field, x.name, g.relation, k.name, b.id IS NOT NULL, u.id IS NOT NULL
    FROM gained g JOIN node x ON x.id = g.target
    JOIN typed y ON y.id = g.target JOIN kind_of_type k ON k.type = y.type
    LEFT JOIN base b ON b.id = g.target LEFT JOIN upper u ON u.id = g.target AND u.view = g.view
    UNION ALL
    SELECT l.id, 2, l.view, 0, 0, 0, 0, l.field, x.name, -1, k.name, false, false
    FROM loose l JOIN node x ON x.id = l.target JOIN kind_of_type k ON k.type = l.type
) w JOIN node n ON n.id = w.id
ORDER BY w.id, w.what, w.view, w.stage, w.turn, w.field, w.target
"""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A document as repaired; `line` is where it stands in the export, None for a version that is new."""

    line: int | None
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Move:
    """One half to write or to take out, in one view."""

    view: str
    adds: bool
    field: int
    target: str
    relation: int


def rewrite_groups(
    tables: Tables, catalogue: Catalogue, layers: Sequence[str], locked: frozenset[str], file: IO[bytes]
) -> Iterator[Rewritten]:
    """Yield every document that the verdicts change and every version they make, in order of groups.

    `layers` are the layers' names by rank, `file` is the export, open for reading; one group is held at a time.
    """
    tables.run(_TOUCHED)
    for _, rows in groupby(tables.rows(_WORK), key=itemgetter(0)):
        yield from _rewrite_group(catalogue, layers, locked, file, list(rows))


def _rewrite_group(
    catalogue: Catalogue, layers: Sequence[str], locked: frozenset[str], file: IO[bytes], rows: list[tuple[Any, ...]]
) -> Iterator[Rewritten]:
    group = rows[0][-1]
    documents: dict[str, dict[str, Any]] = {}
    lines: dict[str, int] = {}
    moves: list[_Move] = []
    loose: dict[tuple[str, int], set[str]] = {}
    stubs: dict[str, dict[str, Any]] = {}
    for _, what, view, stage, turn, start, size, field, target, relation, kind, below, own, _ in rows:
        layer = layers[view]
        if what == 0:
            file.seek(start)
            document = parse_line(turn, file.read(size))
            if document is not None:
                documents[document["_id"]] = document
                lines[layer] = turn
            continue
        if what == 2:
            # A draft of it says of what type it is, and grounds nothing.
            loose.setdefault((layer, field), set()).add(target)
            stubs[stored_id(target, DRAFTS)] = {"_id": stored_id(target, DRAFTS), "_type": kind}
            continue
        known = [found for found, there in ((PUBLISHED, below), (layer, own)) if there]
        stubs.update({stored_id(target, one): {"_id": stored_id(target, one), "_type": kind} for one in known})
        moves.append(_Move(layer, stage == 1, field, target, relation))
    groups = frozenset({group, *(group_of(name) for name in stubs), *(move.target for move in moves)})
    stubs = {name: stub for name, stub in stubs.items() if group_of(name) != group}
    world = World(catalogue.schema, Snapshot({**stubs, **documents}, groups, groups, locked))
    work = Work(world)
    _play(work, catalogue, group, layers, moves, loose)
    for layer in world.layers_of(group):
        now = world.document(group, layer)
        if now is not None and now is not documents.get(stored_id(group, layer)):
            yield Rewritten(lines.get(layer), dict(now))


def _play(
    work: Work,
    catalogue: Catalogue,
    group: str,
    layers: Sequence[str],
    moves: Sequence[_Move],
    loose: Mapping[tuple[str, int], Collection[str]],
) -> None:
    """Do what the verdicts say, layer by layer; `loose`: targets, by layer and field, that take no strong pointer."""
    world, schema = work.world, catalogue.schema
    wanted = {*world.layers_of(group), *(move.view for move in moves)} - world.snapshot.locked
    for view in sorted(wanted, key=layers.index):
        if world.own(group, view) is not None and not world.marked(group, view):
            for number, field in catalogue.fields_of(world.type_of(group) or ""):
                normalise(work, view, group, field, loose=loose.get((view, number), ()))
        for move in moves:
            if move.view == view:
                _move(work, schema, catalogue, group, move)


def _move(work: Work, schema: Schema, catalogue: Catalogue, group: str, move: _Move) -> None:
    link = Link(schema.relations[move.relation], catalogue.fields[move.field], group, move.target)
    if not move.adds:
        work.remove_half(link, move.view)
    elif _has_room(work.world, link, move.view):
        work.add_half(link, move.view)


def _has_room(world: World, link: Link, view: str) -> bool:
    """Whether the field stands, or can be made, where the schema says: what somebody else put there is not replaced."""
    layer = view if world.own(link.group, view) is not None else PUBLISHED
    value: Any = world.own(link.group, layer)
    for name in link.field.path:
        if value is not None and not isinstance(value, dict):
            return False
        value = None if value is None else value.get(name)
    return value is None or isinstance(value, list) or not link.field.many
