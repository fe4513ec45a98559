"""An editor's form: documents kept warm by the listener, patches applied at once, submitted without a read.

What the requirement calls the `useBidirectionalUpdate` hook, for any host: a Studio plugin, a desktop form, a test. The
first phase of a rollout is `Engine(…, mode="observe")`: the session behaves the same, and only says what would be
written. Source: bidirectional semantics, F3 (warm reads), E6 and E7 (what the editor is told).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bidir.engine import Engine, writing_layer
from bidir.errors import IntentError
from bidir.following import WarmDocuments
from bidir.outcome import Outcome
from bidir.planning import Intent, Plan, parse_intent, plan
from bidir.planning.reading import Reading
from bidir.refs import DRAFTS, PUBLISHED, group_of, layer_of, same_json, value_at
from bidir.siblings import World

__all__ = ["EditSession", "FormWarning"]

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FormWarning:
    """Something the editor should see beside a field: `document` (a group), `field` as written in the schema, `text`.

    `kind` is "overlap" (another layer says something else), "locked-release" with an empty `field` (the session's own
    release takes no writes), "gone" (likewise: the document is not shown any more), or the reason for which a half will
    wait.
    """

    kind: str
    document: str
    field: str
    text: str


class EditSession:
    """Documents opened in one perspective, edited by patches, committed together.

    `patch` changes what `document` shows at once; `commit` sends all patches as one submit. Changes made by others come
    in through the listener: the open patches are applied on top of them again. Where the listener missed something, the
    documents are read again before anything is shown or sent. A context manager: leaving it stops the listening,
    uncommitted patches are dropped, and everything but `close` raises IntentError.
    """

    def __init__(self, engine: Engine, document_ids: Sequence[str] | str, *, perspective: str = DRAFTS) -> None:
        """Open the documents (published ids) with one read, and listen from then on.

        Raises: IntentError for a perspective that nothing can be written to, BackendError where the lake refuses.
        """
        ids = [document_ids] if isinstance(document_ids, str) else list(document_ids)
        self.engine = engine
        self.perspective = writing_layer(perspective)
        self.groups = tuple(dict.fromkeys(group_of(one) for one in ids))
        self._carrier = engine.carrier
        self._open: list[dict[str, Any]] = []
        self._warm = WarmDocuments(engine.carrier, self.groups, layer=perspective)

    @property
    def reads(self) -> int:
        """How many reads opening, prefetching and gaps in what the listener told took; commits count their own."""
        return self._warm.reads

    def __enter__(self) -> EditSession:
        """Return the session itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self.close()

    def close(self) -> None:
        """Stop listening and drop uncommitted patches."""
        self._open.clear()
        self._warm.close()

    # ------------------------------------------------------------------------------------------------- showing

    def document(self, document_id: str) -> dict[str, Any] | None:
        """Return the document as this perspective shows it with the open patches applied; None if it shows none."""
        self.refresh()
        group = group_of(document_id)
        current = self._seen(group)
        shown: dict[str, Any] | None = None if current is None else dict(current)
        for mutation in self._open:
            (kind, body), *_ = mutation.items()
            if group_of(str(body.get("id") or body.get("_id"))) != group:
                continue
            if kind == "patch" and shown is not None:
                operations = {name: value for name, value in body.items() if name not in ("id", "ifRevisionID")}
                shown = self.engine.backend.patched(shown, operations)
            elif kind != "patch":
                shown = None if kind == "delete" else dict(body)
        if shown is not None:
            shown["_id"] = group
        return shown

    def refresh(self) -> int:
        """Take in what others have changed meanwhile and return how many changes of documents that were."""
        return self._warm.refresh()

    def prefetch(self, targets: Iterable[str]) -> None:
        """Read what choosing one of `targets` would need, when a picker opens: then the commit needs no read."""
        self.refresh()
        known = self._warm.snapshot.known
        missing = tuple(dict.fromkeys(group_of(one) for one in targets if group_of(one) not in known))
        if missing:
            self._warm.read(Reading((), missing, ()))

    # ------------------------------------------------------------------------------------------------- editing

    def patch(self, document_id: str, **operations: Any) -> None:
        """Add a patch (`set=…, unset=…, insert=…, setIfMissing=…`) to the open ones; it shows at once.

        Raises: IntentError for a document that is not open, Refused for a patch the lake would refuse.
        """
        group = group_of(document_id)
        if group not in self.groups:
            raise IntentError(f'"{group}" is not open in this session; open are {", ".join(self.groups)}')
        self._open.append({"patch": {"id": group, **operations}})
        try:
            self.document(group)
        except Exception:
            self._open.pop()
            raise

    @property
    def open_patches(self) -> tuple[dict[str, Any], ...]:
        """The patches not committed yet, in order."""
        return tuple(self._open)

    def undo(self) -> None:
        """Drop the last open patch."""
        if self._open:
            self._open.pop()

    def preview(self) -> Plan:
        """Return what a commit would do now, without any request where the session is warm."""
        self.refresh()
        intent = Intent(parse_intent(self._open), self.perspective)
        while True:
            made = plan(self.engine.schema, self._warm.snapshot, intent, patched=self.engine.backend.patched)
            if not made.needs and not made.needs_claims:
                return made
            self._warm.read(Reading(tuple(sorted(made.needs)), (), tuple(sorted(made.needs_claims))))

    def commit(self, *, consent: Iterable[str] = (), transaction_id: str | None = None) -> Outcome:
        """Submit the open patches as one transaction, planned on the warm snapshot: no read where it is warm.

        After a conflict of policy the patches stay open, to be committed with `consent` or undone.
        """
        if not self._open:
            return Outcome()
        self.refresh()
        intent = Intent(parse_intent(self._open), self.perspective, consent=frozenset(consent))
        run = self._warm.run()
        outcome = self._carrier.carry_out(intent, Reading(self.groups), transaction_id, run)
        self._warm.wrote(outcome, run)
        if not outcome.conflicts:
            self._open.clear()
        self.refresh()
        return outcome

    # ------------------------------------------------------------------------------------------------- warning

    def warnings(self) -> list[FormWarning]:
        """Return what the editor should see beside the fields: other layers that disagree, halves that will wait."""
        self.refresh()
        found = list(self._overlaps())
        if self.perspective in self._warm.snapshot.locked:
            text = f'release "{self.perspective}" takes no writes now; what is changed here cannot be saved'
            return found + [FormWarning("locked-release", group, "", text) for group in self.groups]
        patched = dict.fromkeys(str(one["patch"]["id"]) for one in self._open)
        gone = [group for group in patched if self._seen(group) is None]
        found += [FormWarning("gone", group, "", f"{self.perspective} shows no {group} any more") for group in gone]
        if self._open and not gone:
            found += [
                FormWarning(item.reason, item.source, item.relation, item.text) for item in self.preview().pending
            ]
        return found

    def _overlaps(self) -> Iterable[FormWarning]:
        for group in self.groups:
            shown = self._seen(group)
            if shown is None:
                continue
            for key in sorted(self._warm.snapshot.documents):
                layer = layer_of(key)
                if group_of(key) != group or layer in (PUBLISHED, self.perspective) or layer == layer_of(shown["_id"]):
                    continue
                other = self._warm.snapshot.documents[key]
                for field in self.engine.schema.fields_of(str(shown.get("_type"))):
                    if not same_json(value_at(shown, field.path), value_at(other, field.path)):
                        text = f'"{layer}" says something else for {field.name} of {group}; both stay as they are'
                        yield FormWarning("overlap", group, field.name, text)

    # ------------------------------------------------------------------------------------------------ internals

    def _seen(self, group: str) -> Document | None:
        """Return the version that the perspective shows; of a document that is edited live the drafts count nothing."""
        world = World(self.engine.schema, self._warm.snapshot)
        layer = PUBLISHED if self.perspective == DRAFTS and world.is_live(group) else self.perspective
        shown = world.layer_seen(group, layer)
        return None if shown is None else world.own(group, shown)
