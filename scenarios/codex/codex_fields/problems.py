"""What is not as the templates want it, in codices that were edited past the workspace: a list, nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bidir.refs import group_of, targets_of
from bidir.relations import Field
from codex_fields.definitions import ReferenceField
from codex_fields.errors import CodexError
from codex_fields.graph import check_chain
from codex_fields.links import check_count
from codex_fields.templates import Templates

__all__ = ["Problem", "find_problems"]

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: where, of which kind (`required`, `min-items`, `unknown-codex`, `circular`, …), and what it is."""

    codex_id: str
    field_id: str
    code: str
    text: str


def find_problems(
    documents: Iterable[Document], templates: Templates, fields: Iterable[tuple[ReferenceField, Field]]
) -> list[Problem]:
    """Return the faults of all codices, by id; `documents` are all that a perspective shows."""
    shown = {group_of(str(one["_id"])): one for one in documents}
    known = [(field, end) for field, end in fields]
    pointing = {
        group: [
            target
            for field, end in known
            if field.template == document["_type"]
            for target in targets_of(document, end)
        ]
        for group, document in shown.items()
    }
    out: list[Problem] = []
    for group in sorted(shown):
        document = shown[group]
        template = templates.template(document["_type"])
        for value in template.values.values():
            if value.required and document.get(value.id) in (None, ""):
                text = f"{group}.{value.id} is required: {value.label} is empty"
                out.append(Problem(group, value.id, "required", text))
        for field, end in known:
            if field.template == document["_type"]:
                faults = _faults(group, field, targets_of(document, end), shown, pointing)
                out += [Problem(group, field.id, code, text) for code, text in faults]
    return out


def _faults(
    group: str,
    field: ReferenceField,
    targets: list[str],
    shown: Mapping[str, Document],
    pointing: Mapping[str, list[str]],
) -> Iterator[tuple[str, str]]:
    where = f"{group}.{field.id}"
    # Before: as if any number were worse, so that whatever is out of bounds is said.
    before = len(targets) - 1 if field.max_items is not None and len(targets) > field.max_items else len(targets)
    try:
        check_count(field, len(targets), before=before, where=where)
    except CodexError as error:
        yield error.code, str(error)
    for target in targets:
        found = shown.get(target)
        if found is None:
            yield "unknown-codex", f'{where}: there is no codex "{target}"'
        elif found["_type"] != field.target_template:
            yield (
                "wrong-template",
                f'{where}: expected {field.target_template}, "{target}" is made from {found["_type"]}',
            )
        elif field.circular_check:
            try:
                check_chain(group, target, pointing, field)
            except CodexError as error:
                yield error.code, f"{where}: {error}"
