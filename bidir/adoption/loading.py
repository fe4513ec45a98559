"""Loads an export into tables: documents, what they point at, and the faults that show in one document alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import IO, Any

from bidir.adoption.catalogue import Catalogue
from bidir.adoption.lines import ExportError, Line, open_lines, parse_line, read_lines
from bidir.adoption.rows import KINDS, faults_in, pointers_in
from bidir.adoption.tables import Tables
from bidir.planning.violations import field_keeps
from bidir.refs import DRAFTS, PUBLISHED, group_of, layer_of
from bidir.siblings import is_marked, is_variant

__all__ = ["Layers", "Progress", "load_export"]

Progress = Callable[[int, int], None]
"""(bytes of the export read so far, bytes to read)."""

PROGRESS_LINES = 1_000
"""Lines between two calls of `progress`."""

RELEASE_TYPE = "system.release"
"""The `_type` of the documents that describe releases."""

_KIND = {kind: number for number, kind in enumerate(KINDS)}

_NUMBERED = """
CREATE TABLE node AS
    SELECT row_number() OVER (ORDER BY name) - 1 AS id, name
    FROM (SELECT name FROM staged_doc UNION SELECT target FROM staged_edge UNION SELECT target FROM staged_fault
        UNION SELECT '');
CREATE TABLE doc AS
    SELECT n.id AS id, l.rank AS layer, d.type, d.marked, d.line, d.start, d.size
    FROM staged_doc d JOIN node n ON n.name = d.name JOIN layer_name l ON l.layer = d.layer;
DROP TABLE staged_doc;
CREATE TABLE edge AS
    SELECT n.id AS id, l.rank AS layer, e.field, t.id AS target, e.position, e.strong
    FROM staged_edge e JOIN node n ON n.name = e.name JOIN node t ON t.name = e.target
        JOIN layer_name l ON l.layer = e.layer;
DROP TABLE staged_edge;
CREATE TABLE fault AS
    SELECT n.id AS id, l.rank AS layer, f.field, f.kind, t.id AS target, f.number, f.turn
    FROM staged_fault f JOIN node n ON n.name = f.name JOIN node t ON t.name = f.target
        JOIN layer_name l ON l.layer = f.layer;
DROP TABLE staged_fault;
CREATE TABLE varied AS SELECT DISTINCT n.id AS id FROM staged_varied v JOIN node n ON n.name = v.name;
CREATE TABLE typed AS SELECT id, arg_min(type, layer) AS type FROM doc GROUP BY id;
"""
"""Names become numbers in the order of the names, so that everything after this joins and sorts integers."""


class Layers:
    """The layers and document types of an export, numbered as they are met; `locked` are releases without writes."""

    def __init__(self) -> None:
        """Start with the two layers that there always are."""
        self.layers: dict[str, int] = {PUBLISHED: 0, DRAFTS: 1}
        self.types: dict[str, int] = {}
        self.locked: set[str] = set()

    def layer(self, name: str) -> int:
        """Return the layer's number."""
        return self.layers.setdefault(name, len(self.layers))

    def type(self, name: str) -> int:
        """Return the document type's number."""
        return self.types.setdefault(name, len(self.types))

    @property
    def ranked(self) -> list[str]:
        """Layer names by rank: published, drafts, then releases by name."""
        return [PUBLISHED, DRAFTS, *sorted(self.layers.keys() - {PUBLISHED, DRAFTS})]


def load_export(
    catalogue: Catalogue, tables: Tables, path: str | os.PathLike[str], *, progress: Progress | None = None
) -> Layers:
    """Read the whole export into `tables`.

    Raises: ExportError for the first line that cannot be read, or an `_id` that occurs twice.
    """
    layers = Layers()
    with open_lines(path) as file:
        total = os.fstat(file.fileno()).st_size
        for line in read_lines(file):
            _add_document(catalogue, tables, layers, line)
            if progress is not None and line.number % PROGRESS_LINES == 0:
                progress(line.offset + line.size, total)
        tables.flush()
        _refuse_doubles(tables)
        _settle_types(catalogue, tables, layers, file)
        if progress is not None:
            progress(total, total)
    for name, number in layers.types.items():
        tables.add("kind_of_type", (number, name, catalogue.schema.is_live(name)))
    for rank, name in enumerate(layers.ranked):
        tables.add("layer_name", (layers.layers[name], rank, name))
        if name in layers.locked:
            tables.add("locked", (rank,))
    for number, field in enumerate(catalogue.fields):
        if field_keeps(catalogue.schema, field):
            tables.add("keeps", (number,))
    for answer in catalogue.answers():
        row = (answer.field, layers.types.get(answer.type, -1), answer.relation, answer.mirror)
        tables.add("answer", (*row, answer.single, answer.weak))
    tables.flush()
    tables.run(_NUMBERED)
    return layers


def _add_document(catalogue: Catalogue, tables: Tables, layers: Layers, line: Line) -> None:
    document = line.document
    name, kind = document["_id"], document["_type"]
    if kind == RELEASE_TYPE and document.get("state") != "active" and isinstance(document.get("name"), str):
        layers.locked.add(document["name"])
    if is_variant(document):
        # No view shows it (C55); that the group has one makes its pairs wait.
        tables.add("staged_varied", (group_of(name),))
        return
    group, layer = group_of(name), layers.layer(layer_of(name))
    part = bool(catalogue.fields_of(kind))
    # Of a type that takes no part only the existence counts: it is read no further, here and in a repair alike.
    marked = part and is_marked(document)
    tables.add("staged_doc", (group, layer, layers.type(kind), part, marked, line.number, line.offset, line.size))
    if part:
        _add_content(catalogue, tables, document, group, layer, kind, marked=marked)


def _add_content(
    catalogue: Catalogue, tables: Tables, document: dict[str, Any], group: str, layer: int, kind: str, *, marked: bool
) -> None:
    for fault in () if marked else faults_in(catalogue, document, kind):
        tables.add(
            "staged_fault",
            (group, layer, fault.field, _KIND[fault.kind], fault.target, fault.number, fault.order),
        )
    if marked and layer != 0:
        return  # What a version that only says "unpublish" points at is seen in no view.
    for pointer in pointers_in(catalogue, document, kind):
        tables.add("staged_edge", (group, layer, *pointer))


def _refuse_doubles(tables: Tables) -> None:
    row = tables.one(
        "SELECT min(line), max(line) FROM staged_doc GROUP BY name, layer HAVING count(*) > 1 ORDER BY 2 LIMIT 1"
    )
    if row is not None:
        raise ExportError(row[1], f"its _id occurs on line {row[0]} already; ids are unique in an export")


def _settle_types(catalogue: Catalogue, tables: Tables, layers: Layers, file: IO[bytes]) -> None:
    """Read again what was read as of another type than its group: the lowest layer's type is the group's.

    Versions of types that take no part do not count beside such that do, as nobody reads them.
    """
    tables.run(
        "DELETE FROM staged_doc WHERE NOT part AND name IN (SELECT name FROM staged_doc WHERE part);"
        "CREATE TABLE mixed AS SELECT name FROM staged_doc GROUP BY name HAVING min(type) <> max(type);"
    )
    names = {number: name for name, number in layers.types.items()}
    ranks = {layers.layers[name]: rank for rank, name in enumerate(layers.ranked)}
    mixed: dict[str, list[tuple[int, int, int, int, int, bool]]] = {}
    for name, *rest in tables.rows(
        "SELECT name, layer, type, line, start, size, marked FROM staged_doc JOIN mixed USING (name)"
    ):
        mixed.setdefault(name, []).append(tuple(rest))
    for name, versions in mixed.items():
        versions.sort(key=lambda version: ranks[version[0]])
        kind = names[versions[0][1]]
        for table in ("staged_edge", "staged_fault"):
            tables.run(f"DELETE FROM {table} WHERE name = ?", [name])
        for layer, _, number, start, size, marked in versions:
            file.seek(start)
            document = parse_line(number, file.read(size))
            if document is not None:
                _add_content(catalogue, tables, document, name, layer, kind, marked=marked)
    tables.flush()
