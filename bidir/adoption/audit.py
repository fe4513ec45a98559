"""The audit of an export too large for memory: the same violations as `Engine.audit`, found by joins on disk.

What a violation is, `bidir.planning.violations.find_violations` says; nothing is pending beside an export.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bidir.adoption.catalogue import Catalogue
from bidir.adoption.joins import find_faults
from bidir.adoption.loading import Layers, Progress, load_export
from bidir.adoption.rows import KINDS
from bidir.adoption.tables import MEMORY_LIMIT, Tables, open_tables
from bidir.planning.violations import Violation
from bidir.relations import Schema

__all__ = ["ExportAudit", "audit_export", "opened"]

_TOLD: Final = """
SELECT f.view, f.kind, f.field, s.name, t.name, f.number, f.relation, f.mirror, r.name, f.target_type
FROM found f JOIN node s ON s.id = f.id JOIN node t ON t.id = f.target LEFT JOIN node r ON r.id = f.rival
ORDER BY f.view, f.stage, f.id, f.field, f.turn
"""


class ExportAudit:
    """An export in tables, to be asked what is out of step; made by `opened`."""

    def __init__(self, schema: Schema, tables: Tables, layers: Layers, catalogue: Catalogue) -> None:
        """Take what was loaded; `layers` are names by rank, `locked` the releases that take no writes."""
        self.schema = schema
        self.tables = tables
        self.documents = int((tables.one("SELECT count(*) FROM doc") or (0,))[0])
        self.layers = layers.ranked
        self.locked = layers.locked
        self.catalogue = catalogue
        self._types = {number: name for name, number in layers.types.items()}

    def violations(self, *, notes: bool = False) -> Iterator[Violation]:
        """Yield every fault in the order of `Engine.audit`; to be asked once."""
        find_faults(self.tables, notes=notes)
        for row in self.tables.rows(_TOLD):
            yield self.told(*row)

    def counts(self) -> dict[str, int]:
        """Return how many violations of each kind there are; to be asked once, instead of `violations`."""
        find_faults(self.tables, notes=False)
        rows = self.tables.rows("SELECT kind, count(*) FROM found GROUP BY kind ORDER BY kind")
        return {KINDS[kind]: count for kind, count in rows}

    def told(
        self,
        view: int,
        kind: int,
        field: int,
        source: str,
        target: str,
        number: int,
        relation: int,
        mirror: int,
        rival: str | None,
        target_type: int,
    ) -> Violation:
        """Return a row of the table of faults as a violation."""
        end = self.catalogue.fields[field]
        paired = self.schema.relations[relation] if relation >= 0 else self.catalogue.relation_of(field)
        name = KINDS[kind]
        what = {
            "target": target,
            "number": number,
            "place": f"{end.name}[{number}]" if end.many else end.name,
            "field": end.name,
            "mirror": self.catalogue.fields[mirror].name if mirror >= 0 else "",
            "max": end.max,
            "rival": rival,
            "type": self._types.get(target_type),
            "other": self.layers[number] if name == "overlap" else "",
            "view": self.layers[view],
        }
        text = _text(name, answered=relation >= 0, what=what)
        return Violation(name, paired.name, self.layers[view], source, end.name, target, f"{source}: {text}")


_TEXTS: Final[dict[str, str]] = {
    "draft-id-reference": "{place} names a version of {target}; references name the published id",
    "unkeyed-item": "{place} has no _key",
    "malformed-item": "{place} is no reference",
    "duplicate-item": "{field} points at {target} {number} times",
    "over-cardinality": "{field} holds {number} and takes at most {max}",
    "one-sided": "{field} points at {target}, {mirror} does not point back",
    "double-claim": "{field} claims {target}, which is with {rival}",
    "dangling": "{field} points strongly at {target}, which this view does not show",
    "tolerated-dangling": "{field} points at {target}, which this view does not show (yet)",
    "strong-inverse": "{field} points at {target} strongly; inverse pointers are weak",
    "wrong-type": "{field} points at {target} of type {type}, which has no inverse field",
    "overlap": "{field} says one thing in {other} and another in {view}",
}
_CROWDED: Final = "{field} points at {target}, for which there is no room"
_MISSING: Final = "{field} points at {target}, which does not exist"


def _text(kind: str, *, answered: bool, what: dict[str, Any]) -> str:
    if kind == "over-cardinality" and what["target"]:
        return _CROWDED.format_map(what)
    if kind in ("dangling", "tolerated-dangling") and not answered and what["type"] is None:
        return _MISSING.format_map(what)
    return _TEXTS[kind].format_map(what)


@contextmanager
def opened(
    schema: Schema,
    path: str | os.PathLike[str],
    *,
    memory_limit: str = MEMORY_LIMIT,
    directory: Path | None = None,
    progress: Progress | None = None,
) -> Iterator[ExportAudit]:
    """Read an export into tables on disk and hold them open; they are gone afterwards.

    `directory` is where the tables go (default: the system's directory for temporary files), `progress` is told bytes.
    Raises: ExportError naming the line that cannot be read, NotSupportedError for an archive, TablesError, OSError.
    """
    catalogue = Catalogue(schema)
    with open_tables(memory_limit=memory_limit, directory=directory) as tables:
        layers = load_export(catalogue, tables, path, progress=progress)
        yield ExportAudit(schema, tables, layers, catalogue)


def audit_export(
    schema: Schema,
    path: str | os.PathLike[str],
    *,
    notes: bool = False,
    memory_limit: str = MEMORY_LIMIT,
    directory: Path | None = None,
    progress: Progress | None = None,
) -> Iterator[Violation]:
    """Yield what is out of step in an NDJSON export, whatever its size; see `opened` for the options and errors.

    The whole export is read before the first violation is yielded, so a bad line is an error and never half an answer.
    `notes`: also what is remarkable and no violation (bidirectional semantics, E8.19).
    """
    with opened(schema, path, memory_limit=memory_limit, directory=directory, progress=progress) as export:
        yield from export.violations(notes=notes)
