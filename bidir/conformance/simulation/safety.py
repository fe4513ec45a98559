"""What must hold while things go wrong: the frame, the intent, the bounds of each transaction (I4, I7, I8, I10, I12).

Judged from the log of the lake after the run: each transaction that an engine sent is compared with what its act asked
for, on the documents as they stood at that moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bidir.conformance.frame import FrameBreach, Intent, check_frame
from bidir.conformance.invariants import PUBLISHED, split_id, targets
from bidir.conformance.simulation.asked import EDITS, Bases, asked_of, bases_of, had_seen, stored_of
from bidir.conformance.simulation.course import Act
from bidir.conformance.simulation.findings import Finding
from bidir.conformance.simulation.ledger import Entry
from bidir.conformance.simulation.running import Run
from bidir.conformance.simulation.wishes import mark_of
from bidir.relations import Field, Schema

__all__ = ["judge_safety"]

Document = Mapping[str, Any]

HOPS_MAX = 3
"""How far from the edited document a written one may be, over links before or after: its partner, who held that
partner, and the one who follows in a layer above (E3, R8)."""

WORK_PER_CHANGE_MAX = 4
"""Transactions of all workers together per transaction of anybody else (lineage, retries, both workers), on average."""
WORK_SPARE = 6
"""What workers may write beyond that."""


def judge_safety(run: Run, entries: list[Entry]) -> Iterator[Finding]:
    """Yield what no fault excuses."""
    yield from (Finding(*_split(fault)) for fault in run.records.faults)
    for entry in entries:
        if entry.sent is not None and not entry.sent.action:
            yield from _frame(run, entry)
            yield from _isolation(entry)
            yield from _reach(run, entry)
            yield from _intent(run, entry)
    yield from _acknowledged(run, entries)
    yield from _amount(run, entries)


def _split(fault: str) -> tuple[str, str]:
    rule, colon, text = fault.partition(": ")
    return (rule, text) if colon and rule.startswith("I") else ("no answer", fault)


def _frame(run: Run, entry: Entry) -> Iterator[Finding]:
    """I4 and I7: nothing changes but what was asked for and what relations need; I12: nobody's text is overwritten."""
    schema = run.schemas.get(entry.author, run.schema)
    # A new version is a copy of what its maker had seen below, published or draft; either will do.
    either = (bases_of(entry), bases_of(entry, drafts=True))
    found = [_breaches(schema, entry, asked_of(run, entry, bases), bases) for bases in either]
    for breach in _in_all(found):
        if not _excused(entry, breach):
            yield Finding(breach.rule, f"{breach.document}: {breach.text} ({_who(entry)})")


def _in_all(found: Sequence[Sequence[FrameBreach]]) -> Iterator[FrameBreach]:
    """Yield the breaches of the documents that none of the readings clears, each as the mildest of them has it."""
    documents = dict.fromkeys(breach.document for breaches in found for breach in breaches)
    for document in documents:
        yield from min(([one for one in breaches if one.document == document] for breaches in found), key=len)


def _excused(entry: Entry, breach: FrameBreach) -> bool:
    """Whether a breach is none where others may write between reading and writing."""
    if breach.rule in ("E8.6 strength", "R10 noise"):
        return True
    if breach.document not in entry.after:
        # A version that said nothing new; what it repeated has changed.
        return not had_seen(entry, split_id(breach.document)[1])
    # Lists are not locked: an item may be there already, and is put at the end again.
    unlocked = breach.rule == "E8.4 needless write" or "order" in breach.text
    return unlocked and not had_seen(entry, breach.document)


def _breaches(schema: Schema, entry: Entry, intent: Intent, bases: Bases) -> list[FrameBreach]:
    concerned = {split_id(name)[1] for name in entry.changed}

    def near(documents: Mapping[str, Document]) -> dict[str, Document]:
        close = {name: body for name, body in documents.items() if split_id(name)[1] in concerned}
        return {name: body for name, body in {**close, **bases}.items() if body is not None}

    return check_frame(schema, near(entry.before), near(entry.after), intent)


def _isolation(entry: Entry) -> Iterator[Finding]:
    """I4: an edit in an upper layer changes nothing in any other."""
    act = entry.act
    if act is None or act.move not in EDITS or act.home == PUBLISHED:
        return
    others = sorted(name for name in entry.changed if split_id(name)[0] != act.home)
    if others:
        yield Finding("I4 isolation", f"{', '.join(others)} changed by an edit in {act.home} ({_who(entry)})")


def _who(entry: Entry) -> str:
    for_what = "" if entry.act is None else f" for [{entry.act.number}] {entry.act.told()}"
    return f"{entry.author}{for_what}, transaction {entry.transaction_id}"


# ---------------------------------------------------------------------------------------------------------- I8, I10


def _intent(run: Run, entry: Entry) -> Iterator[Finding]:
    """I8: when an edit is committed, its field says what was asked for."""
    act = entry.act
    if act is None or act.move not in ("set", "unset", "add", "remove"):
        return
    name = stored_of(act)
    document = entry.after.get(name)
    if document is None or name not in entry.changed or mark_of(act) not in document:
        return
    field = _field(run, act)
    held = targets(document, field)
    old = entry.before.get(name)
    right = {
        "set": held == [act.target],
        "unset": not held,
        "add": act.target in held,
        # What was not there cannot be removed, and may be adopted when its version comes into being (E8.8).
        "remove": act.target not in held or old is None or act.target not in targets(old, field),
    }[act.move]
    if not right:
        yield Finding("I8 intent", f"{name}.{act.field} holds {', '.join(held) or 'nothing'} ({_who(entry)})")


def _field(run: Run, act: Act) -> Field:
    return next(one for one in run.schema.fields_of(run.kind.type_of[act.group]) if one.path[-1] == act.field)


def _reach(run: Run, entry: Entry) -> Iterator[Finding]:
    """I10: only documents near the edited one are written, over links as they were before or are after."""
    if entry.act is None or entry.act.move not in EDITS:
        return
    near = {entry.act.group}
    links = _links(run, entry.before) | _links(run, entry.after) | _links(run, entry.shown)
    for _ in range(HOPS_MAX):
        near |= {other for one, other in links if one in near} | {one for one, other in links if other in near}
    far = sorted({split_id(name)[1] for name in entry.changed} - near)
    if far:
        yield Finding("I10 bounded work", f"{', '.join(far)} written, though no link leads there ({_who(entry)})")


def _links(run: Run, documents: Mapping[str, Document]) -> set[tuple[str, str]]:
    found = set()
    for name, document in documents.items():
        for field in run.schema.fields_of(str(document.get("_type"))):
            found |= {(split_id(name)[1], target) for target in targets(document, field)}
    return found


def _acknowledged(run: Run, entries: list[Entry]) -> Iterator[Finding]:
    """What an editor was told is done is in the log, and once: every edit carries a mark that nobody else writes."""
    written: dict[int, int] = {}
    for entry in entries:
        if entry.act is not None and entry.sent is not None:
            written[entry.act.number] = written.get(entry.act.number, 0) + 1
    for act in run.course.acts:
        answer = run.records.answers.get(act.number)
        count = written.get(act.number, 0)
        if answer is not None and answer.outcome is not None and act.move in EDITS:
            refused = getattr(answer.outcome, "conflicts", ())
            if not refused and not _marked(act, entries):
                yield Finding("I12 no loss", f"[{act.number}] {act.told()} was told to be saved, and is not in the log")
        allowed = 1 + run.records.unknown.get(act.number, 0) + (2 if act.move == "publish_release" else 0)
        if count > allowed:
            yield Finding("I10 bounded work", f"[{act.number}] {act.told()} made {count} transactions")


def _marked(act: Act, entries: list[Entry]) -> bool:
    name, mark = stored_of(act), mark_of(act)
    return any(name in entry.changed and mark in entry.after.get(name, ()) for entry in entries)


def _amount(run: Run, entries: list[Entry]) -> Iterator[Finding]:
    """I10 in listener mode: the workers' transactions are bounded by what the others did."""
    workers = sum(entry.author.startswith("worker") for entry in entries)
    others = len(entries) - workers
    if workers > WORK_PER_CHANGE_MAX * others + WORK_SPARE:
        yield Finding("I10 bounded work", f"workers made {workers} transactions upon {others} of others")
