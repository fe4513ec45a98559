"""Turns the short forms of a step (`set`, `clear`, `add` …) into the mutations that an editor's client would send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bidir.conformance.arrows import Arrow, expand, parse_arrow
from bidir.conformance.naming import PlaceError, split_place
from bidir.conformance.scenario import SUBMIT_FIELDS, Step
from bidir.relations import Field, Schema
from lakesim.ids import draft_id, published_id
from lakesim.jsonvalue import Json

__all__ = ["EditError", "Editor"]

Mutation = dict[str, Any]


class EditError(ValueError):
    """A short form that cannot be written as a mutation: an unknown document, a field that is no array."""


class Editor:
    """Writes mutations the way a form does; item keys count up, so that no two insertions share one."""

    def __init__(self, schema: Schema) -> None:
        """Start counting keys."""
        self.schema = schema
        self._added = 0

    def mutations(self, step: Step, perspective: str, documents: Mapping[str, Mapping[str, Any]]) -> list[Mutation]:
        """Return the mutations of one submit step; `documents` is the lake as the editor sees it now.

        Raises: EditError for a short form that means nothing here.
        """
        view = _View(documents, perspective, step.create or {})
        out: list[Mutation] = []
        for name in SUBMIT_FIELDS:
            value = getattr(step, name)
            if value is not None:
                try:
                    out += getattr(self, f"_{name.rstrip('_')}")(value, view)
                except PlaceError as error:
                    raise EditError(f"{name.rstrip('_')}: {error}") from None
        return out

    def _create(self, value: Mapping[str, Any], view: _View) -> list[Mutation]:
        out = []
        for document_id, given in value.items():
            body = {"_type": given} if isinstance(given, str) else given
            if not isinstance(body, dict) or not isinstance(body.get("_type"), str):
                raise EditError(f'create "{document_id}": give the type\'s name or a body with `_type`')
            fields = self.schema.fields_of(body["_type"])
            out.append({"create": {"_id": document_id, **self._expand(body, fields)}})
        return out

    def _set(self, value: Mapping[str, Any], view: _View) -> list[Mutation]:
        patches: dict[str, dict[str, Json]] = {}
        for place, given in value.items():
            document_id, path = split_place(place)
            fields = self.schema.fields_of(view.type_of(document_id))
            patches.setdefault(document_id, {})[path] = self._expand(given, fields, tuple(path.split(".")))
        return [{"patch": {"id": document_id, "set": values}} for document_id, values in patches.items()]

    def _clear(self, value: str | list[str], view: _View) -> list[Mutation]:
        patches: dict[str, list[str]] = {}
        for place in [value] if isinstance(value, str) else value:
            document_id, path = split_place(place)
            patches.setdefault(document_id, []).append(path)
        return [{"patch": {"id": document_id, "unset": paths}} for document_id, paths in patches.items()]

    def _add(self, value: Mapping[str, Any], view: _View) -> list[Mutation]:
        out = []
        for place, given in value.items():
            document_id, field = self._list(place, view)
            path = ".".join(field.path)
            items = [self._item(field, one) for one in (given if isinstance(given, list) else [given])]
            insert = {"after": f"{path}[-1]", "items": items}
            out.append({"patch": {"id": document_id, "setIfMissing": {path: []}, "insert": insert}})
        return out

    def _remove(self, value: Mapping[str, str | list[str]], view: _View) -> list[Mutation]:
        out = []
        for place, given in value.items():
            document_id, field = self._list(place, view)
            reference = ".".join((*field.member, "_ref"))
            targets = [_target(one) for one in ([given] if isinstance(given, str) else given)]
            unset = [f'{".".join(field.path)}[{reference}=="{target}"]' for target in targets]
            out.append({"patch": {"id": document_id, "unset": unset}})
        return out

    def _reorder(self, value: Mapping[str, list[str]], view: _View) -> list[Mutation]:
        out = []
        for place, order in value.items():
            document_id, field = self._list(place, view)
            present: Any = view.body(document_id)
            for name in field.path:
                present = present.get(name, []) if isinstance(present, dict) else []
            by_target = {_points_at(field, item): item for item in present}
            targets = [_target(one) for one in order]
            if sorted(targets) != sorted(map(str, by_target)) or len(by_target) != len(present):
                raise EditError(
                    f"reorder {place}: it holds {list(by_target)}, so it cannot be put into the order {targets}"
                )
            items = [by_target[target] for target in targets]
            out.append({"patch": {"id": document_id, "set": {".".join(field.path): items}}})
        return out

    def _submit(self, value: list[Mapping[str, Any]], view: _View) -> list[Mutation]:
        return [self._expand(dict(mutation), ()) for mutation in value]

    def _delete(self, value: str | list[str], view: _View) -> list[Mutation]:
        return [{"delete": {"id": document_id}} for document_id in ([value] if isinstance(value, str) else value)]

    def _list(self, place: str, view: _View) -> tuple[str, Field]:
        document_id, path = split_place(place)
        document_type = view.type_of(document_id)
        names = {".".join(field.path): field for field in self.schema.fields_of(document_type) if field.many}
        if path not in names:
            raise EditError(
                f"{place}: {document_type} has no list of references there; it has {', '.join(names) or 'none'}"
            )
        return document_id, names[path]

    def _item(self, field: Field, given: Json) -> Json:
        """Return a new list item for an arrow, a bare id or an item written out."""
        self._added += 1
        if isinstance(given, dict):
            item = self._expand(given, (field,), field.path)
            return {"_key": f"add{self._added}", **item}
        arrow = parse_arrow(str(given)) or Arrow(str(given), "any")
        item = _reference(field, arrow)
        for name in reversed(field.member):
            item = {name: item}
        kind = {"_type": field.item_type} if field.member and field.item_type else {}
        return {"_key": f"add{self._added}-{arrow.target}", **kind, **item}

    def _expand(self, value: Json, fields: tuple[Field, ...], path: tuple[str, ...] = ()) -> Any:
        def make(arrow: Arrow, place: tuple[str, ...], in_array: bool) -> Json:
            field = next((one for one in fields if one.path + one.member == place), None)
            reference = _reference(field, arrow)
            return {"_key": arrow.target, **reference} if in_array else reference

        return expand(value, make, path)


class _View:
    """What an editor in a perspective sees of the lake."""

    def __init__(
        self, documents: Mapping[str, Mapping[str, Any]], perspective: str, created: Mapping[str, Any]
    ) -> None:
        self._documents = documents
        self._perspective = perspective
        self._types = {published_id(document["_id"]): str(document["_type"]) for document in documents.values()}
        for document_id, body in created.items():
            kind = body if isinstance(body, str) else body.get("_type") if isinstance(body, dict) else None
            self._types[published_id(document_id)] = str(kind)

    def type_of(self, document_id: str) -> str:
        """Return the document's type, whichever version tells it; an unknown document has none."""
        return self._types.get(published_id(document_id), "")

    def body(self, document_id: str) -> Mapping[str, Any]:
        """Return the version an editor of the perspective sees: the layer's, else the published one."""
        group = published_id(document_id)
        layered = {"published": group, "drafts": draft_id(group)}.get(
            self._perspective, f"versions.{self._perspective}.{group}"
        )
        found = self._documents.get(document_id if document_id != group else layered) or self._documents.get(group)
        if found is None:
            raise EditError(f'there is no document "{document_id}" to be seen in {self._perspective}')
        return found


def _reference(field: Field | None, arrow: Arrow) -> dict[str, Any]:
    plain = {"_type": "reference" if field is None else field.reference_type, "_ref": arrow.target}
    return {**plain, "_weak": True} if arrow.strength == "weak" else plain


def _target(text: str) -> str:
    """Return the id that `-> b1` or plain `b1` names."""
    arrow = parse_arrow(text)
    return text if arrow is None else arrow.target


def _points_at(field: Field, item: Json) -> str | None:
    for name in field.member:
        item = item.get(name) if isinstance(item, dict) else None
    found = item.get("_ref") if isinstance(item, dict) else None
    return found if isinstance(found, str) else None
