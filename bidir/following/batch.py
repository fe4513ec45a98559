"""What has been heard of and is still to be carried through: gathered until its group is quiet, then taken as a whole.

Source: bidirectional semantics, F7 (debounce per group), E6 (of two changes the later one holds).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bidir.following.rebasing import kept_in_sight, passed_over
from bidir.following.sequence import Step
from bidir.planning.elsewhere import WHOLE, Told
from bidir.refs import group_of, same_json, states, targets_of, value_at
from bidir.relations import Schema
from bidir.siblings import Snapshot

__all__ = ["Batch"]

Document = Mapping[str, Any]


class Batch:
    """The stored documents that changed, each as it was before the first change that is not carried through yet."""

    def __init__(self, schema: Schema) -> None:
        """Start empty."""
        self._schema = schema
        self._earlier: dict[str, Document | None] = {}
        self._touched_at: dict[str, float] = {}
        # What the steps of these documents said and when, for what is in `_earlier`.
        self._told: dict[str, Told] = {}

    def __bool__(self) -> bool:
        """Whether anything is left to be carried through."""
        return bool(self._earlier)

    def __contains__(self, document_id: str) -> bool:
        """Whether a change of this stored document is still to be carried through."""
        return document_id in self._earlier

    @property
    def documents(self) -> list[str]:
        """The stored ids of what changed."""
        return list(self._earlier)

    def begin(self, document_id: str, before: Document | None, now: float) -> None:
        """Let the change of a document begin with what it was `before` (None: it did not exist)."""
        self._earlier[document_id] = before
        self.touch(document_id, now)

    def touch(self, document_id: str, now: float) -> None:
        """Note that something happened to the document's group: it is not quiet."""
        self._touched_at[group_of(document_id)] = now

    def go_on(self, step: Step) -> None:
        """Note a further step of a document that is gathered already."""
        self._rebase(step, kept_in_sight)

    def pass_over(self, step: Step) -> None:
        """Let the change of a gathered document begin behind a step from which nothing more follows."""
        self._rebase(step, passed_over)

    def _rebase(self, step: Step, moved: Callable[..., Document | None]) -> None:
        if step.known_before:
            earlier = self._earlier[step.document_id]
            self._earlier[step.document_id] = moved(self._schema, earlier, step.before, step.after)

    def note(self, step: Step) -> None:
        """Remember when a step changed which links of which fields, and what a document was when it came into being."""
        if not step.timestamp or not step.known_before:
            return
        told = self._told.get(step.document_id, Told())
        times = {name: dict(known) for name, known in told.times.items()}
        for name, targets in self._changed(step):
            known = times.setdefault(name, {})
            for target in (WHOLE, *targets):
                known[target] = max(step.timestamp, known.get(target, ""))
        if step.before is None and step.after is not None:
            told = replace(told, born=step.after, born_at=step.timestamp)
        elif step.after is None:
            told = replace(told, gone_at=step.timestamp)
        self._told[step.document_id] = replace(told, times=times)

    def _changed(self, step: Step) -> Iterator[tuple[str, list[str]]]:
        """Yield, for each field that a step said anything of, the groups it took up or let go."""
        shown = step.after or step.before or {}
        for field in self._schema.fields_of(str(shown.get("_type"))):
            before, now = (targets_of(one, field) if one is not None else [] for one in (step.before, step.after))
            changed = [one for one in (*before, *now) if (one in before) != (one in now)]
            if changed or (step.before is None and states(shown, field)):
                yield field.name, changed

    def quiet(self, now: float, debounce: float) -> list[str]:
        """Return the stored ids of those whose group nothing happened to for `debounce` seconds."""
        return [key for key in self._earlier if now - self._touched_at[group_of(key)] >= debounce]

    def take(self, groups: Collection[str]) -> dict[str, Document | None]:
        """Return what changed of these groups, and gather it no longer."""
        return {key: self._earlier.pop(key) for key in list(self._earlier) if group_of(key) in groups}

    def put_back(self, earlier: Mapping[str, Document | None]) -> None:
        """Take back what could not be carried through; what was heard since began later."""
        self._earlier = {**earlier, **self._earlier}

    def done(self, documents: Iterable[str]) -> None:
        """Forget the times of what was carried through."""
        for key in documents:
            self._told.pop(key, None)
            self._touched_at.pop(group_of(key), None)

    def told_of(self, earlier: Mapping[str, Document | None], snapshot: Snapshot) -> dict[str, Told]:
        """Return what was told of these documents; of a field that no event told of, when its document changed last."""
        found: dict[str, Told] = {}
        for key, before in earlier.items():
            now = snapshot.documents.get(key)
            shown = now or before or {}
            told = self._told.get(key, Told())
            times = dict(told.times)
            for field in self._schema.fields_of(str(shown.get("_type"))):
                values = [value_at(one, field.path) if one is not None else None for one in (before, now)]
                if field.name not in times and "_updatedAt" in shown and not same_json(*values):
                    times[field.name] = {WHOLE: str(shown["_updatedAt"])}
            found[key] = replace(told, times=times)
        return found
