"""What the policies of a relation ask of a step: what may be refused, what must be, and what must stay or go.

Source: bidirectional semantics, E1 (`on_conflict`, `on_delete`, `on_unpublish`), E4 rows 19, 20 and 23, E8.14, E8.15.
It shares nothing with an engine but the declarations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bidir.conformance.invariants import (
    DRAFTS,
    PUBLISHED,
    Documents,
    references,
    resolve_view,
    split_id,
    targets,
)
from bidir.conformance.machines_meaning import Meaning
from bidir.relations import Field, Relation, Schema

__all__ = ["check_policies", "check_refusals"]


def check_refusals(schema: Schema, before: Documents, meaning: Meaning, conflicts: Iterable[Any]) -> Iterator[str]:
    """Yield, in words, every conflict that no policy allows or that what was stored does not bear out (E8.15)."""
    relations = {relation.name: relation for relation in schema.relations}
    for conflict in conflicts:
        relation = relations.get(conflict.relation)
        if relation is None or not _borne_out(schema, relation, before, meaning, conflict):
            yield f"{meaning.kind} was refused as {conflict.kind} without a reason: {conflict.text}"


def _borne_out(schema: Schema, relation: Relation, before: Documents, meaning: Meaning, conflict: Any) -> bool:
    if conflict.kind == "held":
        return relation.on_conflict in ("reject", "ask") and conflict.holder is not None
    if conflict.kind == "max":
        return any(end.max is not None for end in (relation.left, relation.right))
    if conflict.kind == "blocked":
        gone = meaning.intent.erased
        return relation.on_delete == "block" and any(_pointers(schema, before, group, relation) for group in gone)
    return False


def check_policies(
    schema: Schema, before: Documents, after: Documents, meaning: Meaning, *, consented: bool
) -> Iterator[tuple[str, str]]:
    """Yield (view, text) for every place that a policy wanted otherwise; what was `consented` to is not refused."""
    for relation in schema.relations:
        if not consented and relation.on_delete == "block":
            for group in sorted(meaning.intent.erased):
                for name, _ in _pointers(schema, before, group, relation):
                    if name not in meaning.intent.deleted:
                        yield PUBLISHED, f"{group} was deleted while {name} pointed at it ({relation.name} blocks that)"
        if relation.on_delete == "keep":
            yield from _kept(schema, relation, before, after, meaning)
        if not consented and relation.on_conflict in ("reject", "ask") and meaning.kind == "submit":
            yield from _taken(schema, relation, before, after, meaning)
        yield from _offline(schema, relation, before, after, meaning)
    if meaning.kind == "submit":
        yield from _overfull(schema, before, after, meaning)


def _overfull(schema: Schema, before: Documents, after: Documents, meaning: Meaning) -> Iterator[tuple[str, str]]:
    """`max`: no submit makes a list longer than that, whether what it names exists or not (C25)."""
    for name in sorted(meaning.intent.stated.keys() & after.keys()):
        group = split_id(name)[1]
        below = [before[one] for one in (name, group, f"{DRAFTS}.{group}") if one in before]
        for end in schema.fields_of(str(after[name].get("_type"))):
            held = len(set(targets(after[name], end)))
            had = max((len(set(targets(one, end))) for one in below), default=0)
            if end.max is not None and held > max(end.max, had):
                yield split_id(name)[0], f"{name} holds {held} in {end.name}, at most {end.max} are allowed"


def _kept(
    schema: Schema, relation: Relation, before: Documents, after: Documents, meaning: Meaning
) -> Iterator[tuple[str, str]]:
    """`on_delete: keep`: the pointers at what is gone stay, and are weak (row 23, E8.14)."""
    for group in sorted(meaning.intent.erased):
        for name, end in _pointers(schema, before, group, relation):
            if name not in after or name in meaning.intent.stated:
                continue
            left = [weak for target, weak in references(after[name], end) if target == group]
            if not left:
                yield split_id(name)[0], f"{name} lost {group}, which was deleted; {relation.name} keeps such pointers"
            elif not all(left):
                yield split_id(name)[0], f"{name} points strongly at {group}, which was deleted"


def _taken(
    schema: Schema, relation: Relation, before: Documents, after: Documents, meaning: Meaning
) -> Iterator[tuple[str, str]]:
    """`on_conflict: reject`: nobody who was not edited loses a single place to somebody who was."""
    view = meaning.layer
    was, now = resolve_view(before, view), resolve_view(after, view)
    for group in sorted(was.keys() & now.keys()):
        for end in _ends(schema, relation, was[group]):
            if end.many or group in meaning.touched:
                continue
            lost, held = set(targets(was[group], end)), set(targets(now[group], end))
            holders = (lost - held) & was.keys() - meaning.touched - meaning.intent.erased
            agreed = {one for one in holders if group in _targets_by(schema, relation, was[one], relation.other(end))}
            if agreed and held & meaning.touched:
                yield view, f"{group} was taken from {', '.join(sorted(agreed))}, though {relation.name} rejects that"


def _offline(
    schema: Schema, relation: Relation, before: Documents, after: Documents, meaning: Meaning
) -> Iterator[tuple[str, str]]:
    """What the published partners of a document that goes offline go on saying (rows 19 and 20)."""
    if meaning.kind not in ("unpublish", "publish_release"):
        return
    gone = {name for name in before if split_id(name)[0] == PUBLISHED} - after.keys() - meaning.intent.erased
    for group in sorted(gone):
        for end in _ends(schema, relation, before[group]):
            for partner in targets(before[group], end):
                said, says = before.get(partner), after.get(partner)
                if said is None or says is None or partner in meaning.intent.stated:
                    continue
                live = schema.is_live(str(said.get("_type")))
                clears = (relation.on_unpublish or ("clear" if live else "keep")) == "clear"
                back = relation.other(end)
                if group not in _targets_by(schema, relation, said, back):
                    continue
                if clears == (group in _targets_by(schema, relation, says, back)):
                    word = "still names" if clears else "no longer names"
                    yield PUBLISHED, f"{partner} {word} {group}, which went offline (on_unpublish)"


def _pointers(schema: Schema, documents: Documents, group: str, relation: Relation) -> list[tuple[str, Field]]:
    """Return (stored id, field) of what other groups say of `group` through the relation, in any layer."""
    return [
        (name, end)
        for name in sorted(documents)
        if split_id(name)[1] != group
        for end in _ends(schema, relation, documents[name])
        if group in targets(documents[name], end)
    ]


def _ends(schema: Schema, relation: Relation, document: Any) -> list[Field]:
    """Return the fields of a document that are ends of the relation."""
    mine = schema.fields_of(str(document.get("_type")))
    return [end for end in mine if end in (relation.left, relation.right)]


def _targets_by(schema: Schema, relation: Relation, document: Any, end: Field) -> list[str]:
    return targets(document, end) if end in _ends(schema, relation, document) else []
