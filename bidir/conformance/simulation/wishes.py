"""An act as what a client sends: mutations for `submit`, patches for a form, a script's own writes and actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bidir.conformance.machines_kinds import Kind
from bidir.conformance.simulation.course import Act

__all__ = ["mark_of", "operations_of", "script_actions", "script_mutations", "submitted"]

Mutation = dict[str, Any]
Documents = Mapping[str, Mapping[str, Any]]

HIDDEN = ("_rev", "_createdAt", "_updatedAt", "_system")


def mark_of(act: Act) -> str:
    """Return the name of the text field by which an act's own write is recognised."""
    return f"mark{act.number}"


def operations_of(act: Act, kind: Kind) -> list[dict[str, Any]]:
    """Return the patches, without an id, of an edit: the relation field in one, the mark in the same or alone."""
    mark = {mark_of(act): act.number}
    if act.move == "set":
        return [{"set": {act.field: _reference(act.target), **mark}}]
    if act.move == "unset":
        return [{"unset": [act.field], "set": mark}]
    if act.move == "add":
        insert = {"after": f"{act.field}[-1]", "items": [_item(act, kind)]}
        return [{"setIfMissing": {act.field: []}, "insert": insert}, {"set": mark}]
    if act.move == "remove":
        member = kind.member.get((kind.type_of[act.group], act.field))
        inside = f"{member[0]}._ref" if member else "_ref"
        return [{"unset": [f'{act.field}[{inside}=="{act.target}"]'], "set": mark}]
    return [{"set": mark}]


def submitted(act: Act, kind: Kind) -> list[Mutation]:
    """Return the mutations an editor submits."""
    if act.move == "create":
        return [{"create": {"_id": act.group, "_type": kind.type_of[act.group], mark_of(act): act.number}}]
    return [{"patch": {"id": act.group, **one}} for one in operations_of(act, kind)]


def script_mutations(act: Act, kind: Kind, documents: Documents) -> list[Mutation]:
    """Return what a script that knows nothing of relations writes; a version is copied first, as the Studio does."""
    stored = _stored(act)
    if act.move == "create":
        return [{"create": {"_id": stored, "_type": kind.type_of[act.group], mark_of(act): act.number}}]
    if act.move == "discard":
        return [{"delete": {"id": stored}}]
    if act.move == "delete":
        names = [act.group, f"drafts.{act.group}"]
        return [{"delete": {"id": name}} for name in reversed(names) if name in documents]
    out: list[Mutation] = []
    below = documents.get(act.group)
    if stored not in documents and below is not None:
        copy = {key: value for key, value in below.items() if key not in HIDDEN}
        out.append({"create": {**copy, "_id": stored}})
    return [*out, *({"patch": {"id": stored, **_weakly(one)}} for one in operations_of(act, kind))]


def script_actions(act: Act) -> list[dict[str, Any]]:
    """Return the lake actions by which a script publishes or unpublishes; none for other acts."""
    ids = {"publishedId": act.group, "draftId": f"drafts.{act.group}"}
    if act.move in ("publish", "unpublish"):
        return [{"actionType": f"sanity.action.document.{act.move}", **ids}]
    return []


def _stored(act: Act) -> str:
    if act.layer == "published":
        return act.group
    return f"drafts.{act.group}" if act.layer == "drafts" else f"versions.{act.layer}.{act.group}"


def _reference(target: str) -> dict[str, Any]:
    return {"_type": "reference", "_ref": target}


def _item(act: Act, kind: Kind) -> dict[str, Any]:
    member = kind.member.get((kind.type_of[act.group], act.field))
    key = {"_key": f"k{act.number}"}
    if member is None:
        return {**key, **_reference(act.target)}
    return {**key, "_type": member[1], member[0]: _reference(act.target), "role": f"role {act.number}"}


def _weakly(value: Any) -> Any:
    """Return a value with every reference in it made weak, so that a script can point at what is not published."""
    if isinstance(value, dict):
        weak = {"_weak": True} if value.get("_type") == "reference" else {}
        return {**{key: _weakly(inner) for key, inner in value.items()}, **weak}
    return [_weakly(one) for one in value] if isinstance(value, list) else value
