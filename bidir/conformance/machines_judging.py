"""Judges every step of a run by the invariants I1 to I12: what is stored, what changed, what was asked, what it cost.

Nothing here knows an engine's inside. A step is judged when it ends at rest: an edit made past the engine with the
`settle` after it, a relation switched on with the repair after it (bidirectional semantics, E5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bidir.conformance.checking import Happened, described
from bidir.conformance.edits import Editor
from bidir.conformance.fault import Fault
from bidir.conformance.frame import Intent, check_frame
from bidir.conformance.invariants import (
    PUBLISHED,
    Documents,
    check_erased,
    check_invariants,
    is_marked,
    layers_of,
    split_id,
    targets,
)
from bidir.conformance.machines_links import changed_links, check_links, links_in
from bidir.conformance.machines_locks import leaving, refused_by_name
from bidir.conformance.machines_meaning import Meaning, Meanings, waiting_for
from bidir.conformance.machines_policies import check_policies, check_refusals
from bidir.conformance.machines_rows import rows_of
from bidir.conformance.machines_tally import NAMES, Invariant, Tally
from bidir.conformance.playing import Play
from bidir.conformance.scenario import Step
from lakesim.jsonvalue import equal

__all__ = ["Judge"]

BY_THE_STATE: tuple[Invariant, ...] = ("I1", "I2", "I3", "I5", "I6", "I9")
"""Invariants of what is stored at rest, in every view."""

BY_THE_CHANGE: tuple[Invariant, ...] = ("I4", "I7", "I8", "I10", "I12")
"""Invariants of what an intent changed, counted where it was made."""

QUIET = frozenset({"deny", "allow", "events", "stop_worker", "start_worker", "restart"})
"""Steps that are nobody's edit: nothing may be written."""

UNCHANGING = frozenset({"create_release", "schedule_release"})
"""Operations that change no document of a user."""

PAST = frozenset({"elsewhere", "elsewhere_actions", "advance", "unarchive_release", "unschedule_release"})
"""Steps that go past the engine, bring back what is older than the rest, or let what waited be written; judged when
workers have settled."""


class Judge:
    """Follows one play from its beginning; `judge` is called after each of its steps, in order."""

    def __init__(self, play: Play, tally: Tally) -> None:
        """Begin with what stands there now."""
        self.play = play
        self.tally = tally
        self.meanings = Meanings(play.schema, play.lake.backend().patched)
        self._editor = Editor(play.schema)
        self._leaving: frozenset[str] = frozenset()
        self._window: tuple[str, Documents, Documents] | None = None
        self._put_away: tuple[Meaning, Documents] | None = None
        self._resting = True
        self._denied = False
        self._repaired = False
        self._overtaken: tuple[Documents, int] | None = None
        self._groups: set[str] = set()
        # Groups without a version that a user pointed at since they had one, if ever: these pointers stay (I9).
        self._called: set[str] = set()
        self._note(_users(play.lake.documents()))

    def overtaken(self, step: Step, happened: Happened, play: Play) -> None:
        """Hear of a step that came between another's reading and its commit."""
        self._overtaken = (_users(happened.after), happened.transactions)

    def judge(self, step: Step, happened: Happened) -> list[Fault]:
        """Return everything that does not hold after `step`."""
        step = self.play.resolved(step)
        (kind,) = step.kinds
        self._leaving = leaving(happened.before)
        before, after = _users(happened.before), _users(happened.after)
        overtaken, self._overtaken = self._overtaken, None
        if overtaken is not None:
            before = overtaken[0]
            happened = replace(happened, transactions=happened.transactions - overtaken[1])
        try:
            return list(self._judged(kind, step, happened, before, after))
        finally:
            self._note(before)
            self._note(after)
            self._repaired = kind == "repair"

    def _judged(
        self, kind: str, step: Step, happened: Happened, before: Documents, after: Documents
    ) -> Iterator[Fault]:
        if kind in PAST:
            self._past(kind, step, before, after)
        elif kind in QUIET:
            yield from self._quiet(kind, step, happened)
        elif kind == "settle":
            yield from self._settled(happened, before, after)
        elif kind == "repair":
            yield from self._mended(happened, after)
        elif kind != "remember" and self._resting and self._window is None:
            meaning = self.meaning(kind, step, before, after)
            yield from self._answered(meaning, happened, before, after, consented=step.consent is not None)
            if kind == "archive_release":
                # A worker hears that versions are gone, and must not take that for a deletion.
                self._put_away = (meaning, before)

    def meaning(self, kind: str, step: Step, before: Documents, after: Documents) -> Meaning:
        """Return what an operation of the engine asks for."""
        value = getattr(step, kind)
        layer = step.in_ or self.play.naming.perspective
        pair = next(iter(value.items())) if isinstance(value, dict) else (value, "")
        if kind == "submit":
            return self.meanings.submit(self._editor.mutations(step, layer, before), layer, before)
        if kind == "publish":
            return self.meanings.publish([value] if isinstance(value, str) else value, layer, before)
        if kind == "duplicate":
            return self.meanings.duplicate(pair[0], pair[1], layer, before)
        if kind == "discard":
            return self.meanings.discard(value, layer, before)
        if kind in UNCHANGING:
            # What a scheduled release holds is made fit for the lake alone to publish it: pointers may be weakened.
            scheduled = kind == "schedule_release"
            weakened = frozenset(self._groups | self._called) if scheduled else frozenset[str]()
            return Meaning(kind, pair[0], Intent(pair[0], weakened=weakened), writes_max=2 if scheduled else 1)
        known: dict[str, Callable[..., Meaning]] = {
            "unpublish": self.meanings.unpublish,
            "delete_everywhere": self.meanings.delete,
            "restore": self.meanings.restore,
            "create_version": self.meanings.create_version,
            "publish_release": self.meanings.publish_release,
            "archive_release": self.meanings.archive,
            "delete_release": self.meanings.delete_release,
        }
        return known[kind](*(pair if isinstance(value, dict) else (value,)), before)

    # ------------------------------------------------------------------------------------------------ kinds of step

    def _past(self, kind: str, step: Step, before: Documents, after: Documents) -> None:
        """Remember where edits past the engine began, and what they left."""
        if kind == "unarchive_release":
            self.meanings.archived.pop(step.unarchive_release or "", None)
        if equal(before, after):
            return
        if kind == "advance":
            kind = "scheduled"
        first = before if self._window is None else self._window[1]
        self._window = (kind, first, after)

    def _quiet(self, kind: str, step: Step, happened: Happened) -> Iterator[Fault]:
        if kind in ("deny", "allow"):
            self._denied = kind == "deny"
        if kind == "restart":
            self.meanings.schema = self.play.schema
            self._editor = Editor(self.play.schema)
            self._resting = self._resting and step.restart is not None and step.restart.schema_ is None
        if happened.transactions:
            yield self._fault("I6", "any", f"{kind} wrote, though nobody edited anything")

    def _settled(self, happened: Happened, before: Documents, after: Documents) -> Iterator[Fault]:
        if happened.error is not None:
            yield self._fault("I8", "any", f"a worker stopped: {described(happened.error)}")
        window, self._window = self._window, None
        put_away, self._put_away = self._put_away, None
        if not self._resting:
            return
        if window is not None:
            kind, first, left = window
            meaning = self.meanings.elsewhere(kind, first, left)
            self.tally.rows.update(rows_of(meaning, self.meanings.schema, first))
            self.tally.counts["edits elsewhere"] += 1
            if kind in ("elsewhere", "elsewhere_actions"):
                yield from self._changes(meaning, first, after)
            marks = meaning.intent.stated.values()
            if kind == "elsewhere_actions" and marks and all(map(is_marked, marks)):
                for name in sorted(name for name in left.keys() | after.keys() if left.get(name) != after.get(name)):
                    text = f"{name}: changed by a mark for unpublishing, which changes nothing yet (row 24)"
                    yield self._fault("I7", meaning.layer, text)
        elif put_away is not None:
            yield from self._changes(put_away[0], put_away[1], after)
        elif happened.transactions and equal(before, after):
            yield self._fault("I6", "any", "settling again wrote, though nothing had happened")
        yield from self._state(after)

    def _mended(self, happened: Happened, after: Documents) -> Iterator[Fault]:
        self._resting = True
        # Pointers at what has no version, set while nobody followed, are never removed by a repair (E8.19).
        there = {split_id(name)[1] for name in after}
        for document in after.values():
            for field in self.meanings.schema.fields_of(str(document.get("_type"))):
                self._called |= set(targets(document, field)) - there
        if happened.error is not None:
            yield self._fault("I6", "any", f"the repair stopped: {described(happened.error)}")
        elif self._repaired and (happened.repaired or happened.transactions):
            yield self._fault("I6", "any", f"a second repair wrote {happened.repaired} documents")
        yield from self._state(after)

    def _answered(
        self, meaning: Meaning, happened: Happened, before: Documents, after: Documents, *, consented: bool
    ) -> Iterator[Fault]:
        """Judge an operation of the engine; one that was refused before may be `consented` to."""
        self.tally.counts["intents"] += 1
        self.tally.intent(happened.writes, happened.documents_written)
        self.tally.rows.update(rows_of(meaning, self.meanings.schema, before))
        refused = happened.error is not None or bool(happened.conflicts)
        if happened.error is not None and not refused_by_name(self.meanings.schema, meaning, happened):
            yield self._fault("I8", meaning.layer, f"{meaning.kind} was refused: {described(happened.error)}")
        if refused and not equal(before, after):
            yield self._fault("I8", meaning.layer, f"{meaning.kind} was refused, and something was written")
        for text in check_refusals(self.meanings.schema, before, meaning, happened.conflicts):
            yield self._fault("I8", meaning.layer, text)
        if consented and happened.conflicts:
            yield self._fault("I8", meaning.layer, f"{meaning.kind} was refused, though it was consented to (E8.15)")
        if not refused:
            yield from self._cost(meaning, happened, before, after)
            yield from self._changes(replace(meaning, wanted={}) if consented else meaning, before, after)
            for view, text in check_policies(self.meanings.schema, before, after, meaning, consented=consented):
                yield self._fault("I8", view, text)
        yield from self._state(after)

    # ---------------------------------------------------------------------------------------------------- measures

    def _state(self, after: Documents) -> Iterator[Fault]:
        """What is stored now, in every view (I1, I2, I3, I5, I6, I9)."""
        told = self.play.pending()
        pending = None if "pending" in self.play.silent else told
        self.tally.checked(BY_THE_STATE, layers_of(after))
        self.tally.counts["judged"] += 1
        for breach in check_invariants(self.meanings.schema, after, pending=pending):
            if breach.rule != NAMES["I5"] or not _marked(breach.view, breach.documents[-1], after):
                yield Fault(breach.rule, breach.view, breach.text)
        self._called -= {split_id(name)[1] for name in after}
        earlier = self._groups - self.meanings.parked - self._called
        for breach in check_erased(self.meanings.schema, after, earlier, pending=told):
            yield Fault(breach.rule, breach.view, breach.text)
        # Each engine keeps its own list of what waits, so the audit of one does not know another's.
        waits = {frozenset((item.source, item.target)) for item in told}
        for violation in self.play.audit():
            pair = frozenset((getattr(violation, "source", None), getattr(violation, "target", None)))
            layer, target = getattr(violation, "layer", PUBLISHED), getattr(violation, "target", None)
            if pair not in waits and not (violation.kind == "dangling" and _marked(layer, target, after)):
                yield self._fault("I6", str(layer), f"the audit finds {violation}")

    def _changes(self, meaning: Meaning, before: Documents, after: Documents) -> Iterator[Fault]:
        """What the intent changed, beside what it asked for (I4, I7, I8, I12)."""
        self.tally.checked(BY_THE_CHANGE, [meaning.layer])
        schema = self.meanings.schema
        self._call(meaning, after)
        for one in check_frame(schema, before, after, replace(meaning.intent, leaving=self._leaving)):
            yield Fault(one.rule, split_id(one.document)[0], f"{one.document}: {one.text}")
        for invariant, view, text in check_links(schema, before, after, meaning):
            yield self._fault("I4" if invariant == "I4" else "I7", view, text)
        for (view, group, field), wanted in meaning.wanted.items():
            place = f"{group}.{field.path[-1]}"
            got = links_in(schema, after, view).get((group, field))
            held = [one for one in got or () if wanted.exact or one in wanted.value]
            if got is None and (wanted.exact and wanted.value):
                yield self._fault("I8", view, f"{place} is not to be seen, it was to be [{', '.join(wanted.value)}]")
            elif got is not None and (tuple(held) != got or (wanted.exact and got != wanted.value)):
                asked = "was to be" if wanted.exact else "may hold nothing but"
                yield self._fault("I8", view, f"{place} is [{', '.join(got)}], it {asked} [{', '.join(wanted.value)}]")

    def _call(self, meaning: Meaning, after: Documents) -> None:
        """Note the groups without a version that the user's own words point at."""
        there = {split_id(name)[1] for name in after} | meaning.intent.erased
        for document in meaning.intent.stated.values():
            for field in self.meanings.schema.fields_of(str(document.get("_type"))):
                self._called |= set(targets(document, field)) - there

    def _cost(self, meaning: Meaning, happened: Happened, before: Documents, after: Documents) -> Iterator[Fault]:
        """One transaction, no document twice, and no more of them than the closure needs (I10)."""
        if meaning.restated and happened.writes:
            yield self._fault(
                "I6", meaning.layer, f"restating what stands there sent {happened.writes} requests (E8.4)"
            )
        requests = meaning.writes_max + happened.retries + (1 if self._denied else 0)
        # A release is published or put away by the lake, in as many transactions as it likes.
        single = meaning.writes_max == 1 and meaning.kind != "archive_release"
        if happened.writes > requests or (single and happened.transactions > 1):
            text = f"{happened.writes} write requests and {happened.transactions} transactions for one {meaning.kind}"
            yield self._fault("I10", meaning.layer, text)
        names = before.keys() | after.keys()
        written = [one for one in names if before.get(one, {}).get("_rev") != after.get(one, {}).get("_rev")]
        # A release is a document of the service's own.
        system = 1 if meaning.kind.endswith("_release") else 0
        if single and happened.documents_written > len(written) + system:
            text = f"{happened.documents_written} documents written, {len(written)} of them different ones"
            yield self._fault("I10", meaning.layer, text)
        if meaning.bounded:
            bound = self._bound(meaning, before, after)
            if happened.documents_written > bound:
                text = f"{happened.documents_written} documents written, E3 allows {bound} for these links"
                yield self._fault("I10", meaning.layer, text)

    def _bound(self, meaning: Meaning, before: Documents, after: Documents) -> int:
        """Return how many documents may be written: the source, two per link added, one per link removed (E3).

        A partner that is shown in a release for the first time also lets go of those who waited for it there (E8.7).
        """
        schema = self.meanings.schema
        was, now = (links_in(schema, documents, meaning.layer) for documents in (before, after))
        changes = [change for change in changed_links(was, now) if change[0][0] in meaning.touched]
        appeared = [place for place in now if place not in was and place[0] not in meaning.touched]
        waited = {
            claimant
            for group, field in appeared
            for claimant in waiting_for(schema, before, meaning.layer, group, field)
        }
        links = sum(len(lost) + 2 * len(gained) for _, lost, gained in changes)
        return len(meaning.touched) + links + len(waited - meaning.touched)

    # ------------------------------------------------------------------------------------------------------- parts

    @staticmethod
    def _fault(invariant: Invariant, view: str, text: str) -> Fault:
        return Fault(NAMES[invariant], view, text)

    def _note(self, documents: Documents) -> None:
        self._groups |= {split_id(name)[1] for name in documents}
        self.meanings.note(documents)


def _users(documents: Mapping[str, Any]) -> Documents:
    """Return the documents without the service's own."""
    return {name: body for name, body in documents.items() if not name.startswith("_.")}


def _marked(view: str, group: Any, documents: Documents) -> bool:
    """Whether a group is marked for unpublishing: pointers at it are made weak when that is published (E8.13)."""
    return is_marked(documents.get(f"versions.{view}.{group}", {}))
