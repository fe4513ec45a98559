"""The repair of a lake too large for memory: planned on disk from what was fetched, written through the port, locked.

The plan is that of `repair_export`; each document that it changes is patched element by element, once, on the revision
that was fetched. Where somebody was faster the document is fetched and planned anew.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from bidir.adoption.fetching import FETCHED_BYTES_MAX, fetch_export
from bidir.adoption.loading import Progress
from bidir.adoption.repair import LOST_LISTED_MAX, ExportReport, repair_export
from bidir.adoption.tables import MEMORY_LIMIT
from bidir.batches import BATCH_DOCUMENTS_MAX, Writer, target_of
from bidir.pending import PendingStore
from bidir.planning.emit import emit
from bidir.planning.intent import Simulated
from bidir.planning.plan import Plan
from bidir.planning.violations import Violation
from bidir.planning.work import Work
from bidir.ports import Backend
from bidir.refs import (
    DRAFTS,
    PUBLISHED,
    Item,
    group_of,
    layer_of,
    read_items,
    same_json,
    value_at,
    with_value_at,
)
from bidir.relations import Schema
from bidir.siblings import Snapshot, World, copied
from lakesim.jsonvalue import loads

__all__ = ["FETCHES_MAX", "LakeReport", "repair_lake"]

FETCHES_MAX: Final = 5
"""Times the documents are fetched; a further time only after something was written, to see that it holds."""

Document = Mapping[str, Any]
Line = tuple[int, int]
"""Where a line of a file starts, and how long it is, in bytes."""


@dataclass(frozen=True, slots=True)
class LakeReport:
    """What the repair of a lake did, or in a dry run would do.

    As `bidir.reconcile.Report`, without the mutations; `lost` lists claims without a place, the first of `lost_count`.
    """

    dry_run: bool
    documents: int
    found: dict[str, int]
    writes: int
    batches: int
    lost_count: int
    lost: tuple[Violation, ...]
    left: tuple[str, ...]
    refused: tuple[tuple[str, str], ...]


def repair_lake(
    schema: Schema,
    backend: Backend,
    *,
    dry_run: bool = True,
    memory_limit: str = MEMORY_LIMIT,
    directory: Path | None = None,
    bytes_max: int = FETCHED_BYTES_MAX,
    progress: Progress | None = None,
) -> LakeReport:
    """Repair the lake behind `backend`; the options are those of `repair_export`, `progress` is told documents.

    A repair that was interrupted is simply started again. Raises: FetchError, TablesError, BackendError, OSError.
    """
    writer = _Writer(schema, backend, progress)
    reports: list[ExportReport] = []
    left: tuple[str, ...] = ()
    for _ in range(FETCHES_MAX):
        with tempfile.TemporaryDirectory(prefix="bidir-lake-", dir=directory) as place:
            was, now = Path(place, "was.ndjson"), Path(place, "now.ndjson")
            fetch_export(schema, backend, was, bytes_max=bytes_max)
            reports.append(
                repair_export(schema, was, now, dry_run=False, memory_limit=memory_limit, directory=Path(place))
            )
            if dry_run:
                break
            groups = [group for group in _changed(was, now) if group.name not in writer.refused]
            if not groups:
                left = ()
                break
            with was.open("rb") as before, now.open("rb") as after:
                left = writer.write_groups(groups, before, after)
    lost = tuple(dict.fromkeys(one for report in reports for one in report.lost))
    return LakeReport(
        dry_run,
        reports[0].documents,
        reports[0].found,
        reports[0].writes if dry_run else writer.written,
        writer.batches,
        max(reports[0].lost_count, len(lost)),
        lost[:LOST_LISTED_MAX],
        left,
        tuple(sorted(writer.refused.items())),
    )


@dataclass(slots=True)
class _Group:
    """Where the documents of a group stand that are to be written: their lines (start, size) before and after.

    A new version has no line before; `source` is the line of what it is a copy of.
    """

    name: str
    before: list[Line] = field(default_factory=list)
    after: list[Line] = field(default_factory=list)
    source: Line | None = None


def _changed(was: Path, now: Path) -> list[_Group]:
    """Return the groups with documents that differ, in order of names; only their places are held."""
    groups: dict[str, _Group] = {}
    with was.open("rb") as before, now.open("rb") as after:
        start = begin = 0
        for old in before:
            new = after.readline()
            if old != new:
                group = groups.setdefault(_group_on(new), _Group(_group_on(new)))
                group.before.append((start, len(old)))
                group.after.append((begin, len(new)))
            start += len(old)
            begin += len(new)
        made = set()
        for new in after:
            group = groups.setdefault(_group_on(new), _Group(_group_on(new)))
            group.after.append((begin, len(new)))
            made.add(group.name)
            begin += len(new)
        if made:
            before.seek(0)
            _find_sources(before, {name: groups[name] for name in made})
    return [groups[name] for name in sorted(groups)]


def _find_sources(lines: IO[bytes], made: Mapping[str, _Group]) -> None:
    """Note where that stands which the new versions are copies of: the published document, else the draft."""
    start = 0
    for line in lines:
        name = str(loads(line)["_id"])
        group = made.get(group_of(name))
        layer = layer_of(name)
        if group is not None and (layer == PUBLISHED or (layer == DRAFTS and group.source is None)):
            group.source = (start, len(line))
        start += len(line)


def _group_on(line: bytes) -> str:
    return group_of(str(loads(line)["_id"]))


class _Writer(Writer):
    """Writes what a repair on disk planned; the texts of new versions come from what they are copies of."""

    completes = True

    def __init__(self, schema: Schema, backend: Backend, progress: Progress | None) -> None:
        super().__init__(backend, PendingStore(), progress)
        self._schema = schema

    def write_groups(self, groups: Sequence[_Group], before: IO[bytes], after: IO[bytes]) -> tuple[str, ...]:
        """Write the groups, about a batch at a time; return what has to be planned anew."""
        left: list[str] = []
        mutations: list[dict[str, Any]] = []
        documents: dict[str, Document] = {}
        relations: dict[str, None] = {}
        for place, group in enumerate(groups, start=1):
            olds = {one["_id"]: one for one in (_document(before, line) for line in group.before)}
            news = [_document(after, line) for line in group.after]
            made, touched = _mutations(self._schema, olds, news)
            mutations += made
            relations.update(dict.fromkeys(touched))
            documents.update(olds)
            if group.source is not None:
                source = _document(before, group.source)
                documents[source["_id"]] = source
            if len(mutations) >= BATCH_DOCUMENTS_MAX or place == len(groups):
                written = tuple(dict.fromkeys(target_of(one) for one in mutations))
                plan = Plan(mutations=tuple(mutations), documents=written, relations=tuple(relations))
                left += self.write(plan, Snapshot(documents))
                mutations, documents, relations = [], {}, {}
        return tuple(left)

    def completed(self, mutation: dict[str, Any], sources: Mapping[str, tuple[str, Document | None]]) -> dict[str, Any]:
        """Return the creation of a version with everything in it that its source has now."""
        body = mutation.get("create")
        if body is None:
            return mutation
        group = group_of(body["_id"])
        whole = copied(sources[group][1] or {}, group, layer_of(body["_id"]))
        for end in self._schema.fields_of(str(body["_type"])):
            whole = with_value_at(whole, end.path, value_at(body, end.path))
        return {"create": whole}


def _document(file: IO[bytes], line: Line) -> dict[str, Any]:
    start, size = line
    file.seek(start)
    found: dict[str, Any] = loads(file.read(size))
    return found


def _mutations(
    schema: Schema, olds: Mapping[str, Document], news: Sequence[Document]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return what leads from the documents of one group to the repaired ones, patches with locks and creations, and the
    names of the relations touched.
    """
    relations: list[str] = []
    groups = frozenset(group_of(str(one["_id"])) for one in news)
    world = World(schema, Snapshot(olds, groups, groups))
    work = Work(world)
    creates = []
    for new in news:
        name = str(new["_id"])
        if name not in olds:
            creates.append({"create": dict(new)})
            relations += [schema.relations_of(end)[0].name for end in schema.fields_of(str(new["_type"]))[:1]]
            continue
        group, layer = group_of(name), layer_of(name)
        for end in schema.fields_of(str(new["_type"])):
            slot = world.changing(group, end, layer)
            items = _carried_on(slot.items, read_items(new, end))
            if [*map(id, items)] != [*map(id, slot.items)]:
                relations.append(schema.relations_of(end)[0].name)
            slot.refill(items)
        work.written[group, layer] = None
    return [*creates, *emit(work, Simulated([], {}, [], []), lock_all=True).mutations], relations


def _carried_on(olds: Sequence[Item], news: Sequence[Item]) -> list[Item]:
    """Return the new items, the old objects among them where nothing changed: those are not written again."""
    waiting: dict[str | None, list[Item]] = {}
    for old in olds:
        waiting.setdefault(old.target, []).append(old)
    out = []
    for new in news:
        same = next((old for old in waiting.get(new.target, ()) if same_json(old.raw, new.raw)), None)
        if same is not None:
            waiting[new.target].remove(same)
        out.append(same or new)
    return out
