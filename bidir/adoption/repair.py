"""The repair of an export too large for memory: a new export in which both sides of every relation agree.

The rule is that of `Engine.repair`, applied until nothing is left to write; documents are rewritten one group at a
time and go to disk in between.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from bidir.adoption.audit import ExportAudit, opened
from bidir.adoption.lines import open_lines
from bidir.adoption.loading import Progress
from bidir.adoption.rewriting import rewrite_groups
from bidir.adoption.rows import KINDS
from bidir.adoption.tables import MEMORY_LIMIT, Tables
from bidir.adoption.verdicts import decide
from bidir.errors import QuarantineError
from bidir.planning.violations import Violation
from bidir.relations import Schema
from lakesim.jsonvalue import dump_bytes

__all__ = ["LOST_LISTED_MAX", "ExportReport", "repair_export"]

LOST_LISTED_MAX: Final = 10_000
"""Claims that a report lists; `ExportReport.lost_count` counts them all."""

PASSES_MAX: Final = 5
"""Passes over an export. A version that a pass makes in a release or as a draft brings further pointers into that view;
only then there is another pass."""


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What the repair of an export did, or in a dry run would do.

    `found` counts violations by kind; `writes` documents written (`made` of them are new versions); `lost` lists
    claims that did not get their place, the first of `lost_count`.
    """

    dry_run: bool
    documents: int
    found: dict[str, int]
    writes: int
    made: int
    lost_count: int
    lost: tuple[Violation, ...]


def repair_export(
    schema: Schema,
    path: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    dry_run: bool = True,
    memory_limit: str = MEMORY_LIMIT,
    directory: Path | None = None,
    progress: Progress | None = None,
) -> ExportReport:
    """Repair an NDJSON export into the file `output` (which may be `path` itself); a second repair writes nothing.

    Documents that need no change are copied byte by byte, new versions stand at the end; an old `output` stays if
    anything fails. A changed document keeps its `_rev` and times, a new version has none: the import gives them.
    Raises: ValueError without an `output` for what is no dry run; else as `bidir.adoption.opened`.
    """
    if not dry_run and output is None:
        raise ValueError("say where the repaired export goes: output=…, or look first with dry_run=True")
    options = _Options(schema, memory_limit, directory, progress)
    with tempfile.TemporaryDirectory(prefix="bidir-repair-", dir=directory) as place:
        source, passes = Path(path), list[_Pass]()
        written = bytearray()
        while not passes or passes[-1].made:
            if len(passes) == PASSES_MAX:
                raise QuarantineError(f"the repair did not come to rest in {PASSES_MAX} passes; nothing was written")
            target = Path(place, f"{len(passes)}.ndjson")
            passes.append(_one_pass(options, source, target, written, keep=not dry_run))
            source = target
        if not dry_run and output is not None:
            _move(source, output)
    lost = dict.fromkeys(one for each in passes for one in each.lost)
    return ExportReport(
        dry_run=dry_run,
        documents=passes[0].documents,
        found=passes[0].found,
        writes=sum(written),
        made=sum(each.made for each in passes),
        lost_count=sum(each.lost_count for each in passes),
        lost=tuple(lost)[:LOST_LISTED_MAX],
    )


@dataclass(frozen=True, slots=True)
class _Options:
    schema: Schema
    memory_limit: str
    directory: Path | None
    progress: Progress | None


@dataclass(frozen=True, slots=True)
class _Pass:
    """What one pass over an export found and made."""

    documents: int
    found: dict[str, int]
    made: int
    lost_count: int
    lost: tuple[Violation, ...]


def _one_pass(options: _Options, path: Path, target: Path, written: bytearray, *, keep: bool) -> _Pass:
    """Repair the export at `path` into `target`, which is left out where nobody needs it (`keep`: somebody does).

    `written` has a 1 for every line, counted from 0, that any pass has written.
    """
    with (
        opened(
            options.schema,
            path,
            memory_limit=options.memory_limit,
            directory=options.directory,
            progress=options.progress,
        ) as export,
        open_lines(path) as file,
    ):
        tables = export.tables
        found = export.counts()
        decide(tables, export.catalogue)
        tables.run("CREATE TABLE rewritten (line BIGINT, turn BIGINT, body BLOB)")
        changed = rewrite_groups(tables, export.catalogue, export.layers, frozenset(export.locked), file)
        for turn, one in enumerate(changed):
            tables.add("rewritten", (one.line, turn, dump_bytes(one.document)))
        tables.flush()
        (made,) = tables.one("SELECT count(*) - count(line) FROM rewritten") or (0,)
        _mark_written(tables, file, written, made)
        if keep or made:
            with target.open("wb") as out:
                file.seek(0)
                out.writelines(_lines(tables, file))
        count, lost = _lost(export)
        return _Pass(export.documents, found, made, count, lost)


def _mark_written(tables: Tables, file: IO[bytes], written: bytearray, made: int) -> None:
    file.seek(0)
    lines = sum(1 for _ in file)
    written.extend(bytes(max(0, lines - len(written))))
    for (line,) in tables.rows("SELECT line FROM rewritten WHERE line IS NOT NULL"):
        written[line - 1] = 1
    written.extend(b"\x01" * made)


def _move(source: Path, output: str | os.PathLike[str]) -> None:
    part = f"{os.fspath(output)}.part"
    try:
        shutil.copyfile(source, part)
        os.replace(part, output)
    except OSError as error:
        raise OSError(error.errno, error.strerror, os.fspath(output)) from error
    finally:
        if os.path.exists(part):
            os.remove(part)


def _lines(tables: Tables, source: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of the repaired export."""
    changed = tables.rows("SELECT line, body FROM rewritten WHERE line IS NOT NULL ORDER BY line")
    upcoming = next(changed, None)
    for number, line in enumerate(source, start=1):
        if upcoming is not None and upcoming[0] == number:
            yield upcoming[1] + b"\n"
            upcoming = next(changed, None)
        else:
            yield line if line.endswith(b"\n") else line + b"\n"
    for (body,) in tables.rows("SELECT body FROM rewritten WHERE line IS NULL ORDER BY turn"):
        yield body + b"\n"


def _lost(export: ExportAudit) -> tuple[int, tuple[Violation, ...]]:
    crowded, alone, rivalled = (KINDS.index(kind) for kind in ("over-cardinality", "one-sided", "double-claim"))
    sql = f"""
    SELECT DISTINCT l.view, l.id, l.target,
        CASE WHEN l.crowded THEN {crowded} WHEN l.rival IS NULL THEN {alone} ELSE {rivalled} END, l.field,
        s.name, t.name, 0, l.relation, l.mirror, r.name, -1
    FROM lost l JOIN node s ON s.id = l.id JOIN node t ON t.id = l.target LEFT JOIN node r ON r.id = l.rival
    """
    (count,) = export.tables.one(f"SELECT count(*) FROM ({sql})") or (0,)
    rows = export.tables.rows(f"{sql} ORDER BY 1, 2, 5, 3 LIMIT {LOST_LISTED_MAX}")
    return count, tuple(export.told(row[0], *row[3:]) for row in rows)
