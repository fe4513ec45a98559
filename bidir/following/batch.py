"""What has been heard of and is still to be carried through: gathered until its group is quiet, then taken as a whole.

Source: bidirectional semantics, F7 (debounce per group), E6 (of two changes the later one holds).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from bidir.following.rebasing import kept_in_sight, passed_over
from bidir.following.sequence import Step
from bidir.refs import group_of, same_json, value_at
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
        # When the lake took the change of which field of which document, for what is in `_earlier`.
        self._changed_at: dict[str, dict[str, str]] = {}

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

    def note_time(self, step: Step) -> None:
        """Remember when the fields that a step changed were changed last."""
        times = self._changed_at.setdefault(step.document_id, {})
        for name in self._changed_fields(step) if step.timestamp else ():
            times[name] = max(step.timestamp, times.get(name, ""))

    def _changed_fields(self, step: Step) -> list[str]:
        shown = step.after or step.before or {}
        return [
            field.name
            for field in self._schema.fields_of(str(shown.get("_type")))
            if step.before is None
            or step.after is None
            or not same_json(value_at(step.before, field.path), value_at(step.after, field.path))
        ]

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
            self._changed_at.pop(key, None)
            self._touched_at.pop(group_of(key), None)

    def times_of(self, earlier: Mapping[str, Document | None], snapshot: Snapshot) -> dict[str, dict[str, str]]:
        """Return when the fields of what changed were changed; what no event told, when the document was."""
        times: dict[str, dict[str, str]] = {}
        for key, before in earlier.items():
            now = snapshot.documents.get(key)
            shown = now or before or {}
            known = times[key] = dict(self._changed_at.get(key, {}))
            for field in self._schema.fields_of(str(shown.get("_type"))):
                values = [value_at(one, field.path) if one is not None else None for one in (before, now)]
                if field.name not in known and "_updatedAt" in shown and not same_json(*values):
                    known[field.name] = str(shown["_updatedAt"])
        return times
