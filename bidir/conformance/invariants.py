"""What must hold of stored documents, whoever wrote them: symmetry, cardinality, no duplicates, no strong dangling.

Everything is judged from the documents alone (and the list of halves that wait), so that any engine can be judged;
nothing here is shared with the engine but the declarations (bidirectional semantics, E5).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bidir.outcome import Pending
from bidir.relations import Field, Relation, Schema

__all__ = [
    "Breach",
    "References",
    "check_erased",
    "check_invariants",
    "is_marked",
    "layers_of",
    "references",
    "resolve_view",
    "split_id",
    "targets",
]

Document = Mapping[str, Any]
Documents = Mapping[str, Document]
Rule = Literal["I1 symmetry", "I2 cardinality", "I3 no duplicates", "I5 dangling", "I9 erase"]

PUBLISHED = "published"
DRAFTS = "drafts"


@dataclass(frozen=True, slots=True)
class Breach:
    """One place where an invariant does not hold: which, in which view, and in words."""

    rule: Rule
    view: str
    relation: str
    documents: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        """Return the line for a report."""
        return f"{self.rule} in {self.view}, {self.relation}: {self.text}"


References = list[tuple[str, bool]]
"""The entries of a field in order: the id that stands there, and whether the reference is weak."""


def split_id(document_id: str) -> tuple[str, str]:
    """Return (layer, group) of a stored id."""
    head, _, rest = document_id.partition(".")
    if head == "drafts" and rest:
        return DRAFTS, rest
    if head == "versions":
        release, _, group = rest.partition(".")
        return release, group
    return PUBLISHED, document_id


def layers_of(documents: Documents) -> tuple[str, ...]:
    """Return every layer in which a document is stored; published and drafts always."""
    found = {split_id(document_id)[0] for document_id in documents}
    return (PUBLISHED, DRAFTS, *sorted(found - {PUBLISHED, DRAFTS}))


def resolve_view(documents: Documents, view: str) -> dict[str, Document]:
    """Return what each group resolves to in `view`: its version there, else the published document."""
    seen: dict[str, Document] = {}
    own: dict[str, Document] = {}
    for document_id, document in documents.items():
        layer, group = split_id(document_id)
        if group.startswith("_."):
            continue
        if layer == view:
            own[group] = document
        elif layer == PUBLISHED:
            seen[group] = document
    seen.update(own)
    # A version marked for unpublishing resolves to "absent" (bidirectional semantics, E0).
    return {group: document for group, document in seen.items() if not is_marked(document)}


def references(document: Document, field: Field) -> References:
    """Return what stands in a relation field, entries without a reference left out."""
    value = _at(document, field.path)
    entries = [value] if not field.many else value if isinstance(value, list) else []
    found: References = []
    for entry in entries:
        reference = _at(entry, field.member if field.many else ())
        target = reference.get("_ref") if isinstance(reference, Mapping) else None
        # A reference into another dataset names nothing here, whatever its id (bidirectional semantics, C83).
        if isinstance(reference, Mapping) and isinstance(target, str) and "_dataset" not in reference:
            found.append((target, reference.get("_weak") is True))
    return found


def targets(document: Document, field: Field) -> list[str]:
    """Return the ids a relation field points at, in order, as often as they stand there."""
    return [target for target, _ in references(document, field)]


def check_invariants(schema: Schema, documents: Documents, *, pending: Iterable[Pending] | None = ()) -> list[Breach]:
    """Return every breach of I1, I2, I3 and I5 in every single view; `pending` excuses the pairs it lists.

    None: the engine does not tell what waits, so that nothing is said of weak pointers at ids without versions.
    """
    tells, pending = pending is not None, pending or ()
    groups = {split_id(document_id)[1] for document_id in documents}
    excused = {(item.layer, frozenset((item.source, item.target))) for item in pending}
    breaches: list[Breach] = []
    for view in layers_of(documents):
        seen = resolve_view(documents, view)
        judged = _View(schema, view, seen, groups, excused, tells=tells)
        breaches += judged.breaches()
    return list(dict.fromkeys(breaches))


def check_erased(
    schema: Schema, documents: Documents, earlier: Collection[str], *, pending: Iterable[Pending] = ()
) -> list[Breach]:
    """Return every pointer left, in any layer, at a group that had a version earlier and has none any more (I9).

    `earlier` are the groups that ever had one. Relations with `on_delete: keep` leave their pointers, and a locked
    release keeps its own, listed in `pending`.
    """
    gone = set(earlier) - {split_id(document_id)[1] for document_id in documents}
    locked = {(item.layer, item.source, item.target) for item in pending if item.reason == "locked-release"}
    breaches = []
    for document_id in sorted(documents):
        layer, group = split_id(document_id)
        document = documents[document_id]
        if is_marked(document):
            # It shows nothing, and its fields are never written (E8.13).
            continue
        for field in schema.fields_of(str(document.get("_type"))):
            if any(relation.on_delete == "keep" for relation in _relations_of(schema, field)):
                continue
            for target in dict.fromkeys(targets(document, field)):
                if target in gone and (layer, group, target) not in locked:
                    text = f"{document_id} points at {target}, whose last version was deleted"
                    breaches.append(Breach("I9 erase", layer, field.name, (group, target), text))
    return breaches


class _View:
    """One view under judgement."""

    def __init__(
        self,
        schema: Schema,
        view: str,
        seen: Mapping[str, Document],
        groups: Collection[str],
        excused: Collection[tuple[str, frozenset[str]]],
        *,
        tells: bool,
    ) -> None:
        self.schema = schema
        self.view = view
        self.seen = seen
        self.groups = groups
        self.excused = excused
        self.tells = tells

    def breaches(self) -> Iterator[Breach]:
        for group in sorted(self.seen):
            document = self.seen[group]
            for field in self.schema.fields_of(str(document.get("_type"))):
                yield from self._bounds(group, field, targets(document, field))
                for target, weak in references(document, field):
                    yield from self._half(group, field, target, weak=weak)

    def _bounds(self, group: str, field: Field, held: list[str]) -> Iterator[Breach]:
        name = field.name
        if len(held) != len(set(held)):
            twice = sorted({target for target in held if held.count(target) > 1})
            yield self._breach(
                "I3 no duplicates", name, (group, *twice), f"{group} names {', '.join(twice)} more than once"
            )
        # Pointers at what has no version are never taken out (E8.19), so they keep their seats.
        missing = sum(target not in self.groups for target in set(held))
        if field.max is not None and len(set(held)) > max(field.max, missing):
            text = f"{group} holds {len(set(held))} links, at most {field.max} are allowed"
            yield self._breach("I2 cardinality", name, (group,), text)

    def _half(self, group: str, field: Field, target: str, *, weak: bool) -> Iterator[Breach]:
        if self._excused(group, target):
            return
        found = self.seen.get(target)
        if found is None:
            yield from self._dangling(group, field, target, weak=weak)
            return
        answer = self.schema.inverse(field, str(found.get("_type")))
        if answer is None:
            return
        relation, inverse = answer
        back = targets(found, inverse)
        if group not in back:
            holds = ", ".join(back) or "nothing"
            text = f"{group} names {target} in {field.name}, but {target} names {holds} in {inverse.name}"
            yield self._breach("I1 symmetry", relation.name, (group, target), text)

    def _excused(self, group: str, target: str) -> bool:
        """Whether the pair waits, in this view or in the layer where the half is stored that this view sees."""
        pair = frozenset((group, target))
        stored = split_id(str(self.seen[group].get("_id")))[0]
        return (self.view, pair) in self.excused or (stored, pair) in self.excused

    def _dangling(self, group: str, field: Field, target: str, *, weak: bool) -> Iterator[Breach]:
        if not weak:
            text = f"{group} points strongly at {target}, which does not exist in this view"
        elif self.tells and not (target in self.groups or self._may_stay(field) or self._missing(group, target)):
            text = f"{group} points at {target}, which has no version anywhere, and nothing lists it as pending"
        else:
            return
        yield self._breach("I5 dangling", field.name, (group, target), text)

    def _missing(self, group: str, target: str) -> bool:
        """Whether the half waits in some layer; what has no version anywhere is missing in all of them."""
        return any(pair == {group, target} for _, pair in self.excused)

    def _may_stay(self, field: Field) -> bool:
        """Whether deleting a target leaves pointers in `field` (policy `keep`)."""
        return any(relation.on_delete == "keep" for relation in _relations_of(self.schema, field))

    def _breach(self, rule: Rule, relation: str, documents: tuple[str, ...], text: str) -> Breach:
        return Breach(rule, self.view, relation, documents, text)


def _relations_of(schema: Schema, field: Field) -> list[Relation]:
    return [found[0] for name in schema.types if (found := schema.inverse(field, name)) is not None]


def _at(value: Any, path: Iterable[str]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def is_marked(document: Document) -> bool:
    """Whether a version only says that its group is to be unpublished with its release."""
    system = document.get("_system")
    return isinstance(system, Mapping) and system.get("delete") is True
