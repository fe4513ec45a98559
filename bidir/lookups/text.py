"""Pieces of GROQ: attribute paths, conditions on a field, and the preview of a document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from bidir.errors import IntentError
from bidir.relations import Field, Schema

__all__ = ["after_dot", "attribute", "checked_projection", "points_at", "preview", "references_in"]

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = frozenset({"asc", "desc", "false", "in", "match", "null", "true"})
"""Identifiers that mean something else where an attribute may stand."""


def attribute(path: Sequence[str]) -> str:
    """Return the GROQ expression for an attribute path from the document at hand."""
    head, *rest = path
    plain = _IDENTIFIER.fullmatch(head) and head not in _WORDS
    text = head if plain else f"@[{json.dumps(head)}]"
    return text + "".join(map(_step, rest))


def after_dot(expression: str) -> str:
    """Return an attribute expression in the form that continues another one: `.title`, `["odd name"].title`."""
    return expression[1:] if expression.startswith("@") else f".{expression}"


def _step(name: str) -> str:
    return f".{name}" if _IDENTIFIER.fullmatch(name) else f"[{json.dumps(name)}]"


def references_in(field: Field) -> str:
    """Return the expression for what the field points at: one id, or the array of them."""
    path = attribute(field.path)
    return f"{path}[]{''.join(map(_step, field.member))}._ref" if field.many else f"{path}._ref"


def points_at(field: Field, parameter: str) -> str:
    """Return the condition that a document of the field's type points at the id in `parameter` (with its `$`)."""
    ids = references_in(field)
    held = f"{parameter} in {ids}" if field.many else f"{ids} == {parameter}"
    # The first condition is one a lake has an index for; it looks at every attribute, so the second is needed.
    return f"references({parameter}) && {held}"


def preview(schema: Schema, types: Iterable[str]) -> str:
    """Return the projection with the least a list of documents of `types` needs: id, type, time of change and title."""
    titles = {name: declared.title for name in types if (declared := schema.types.get(name)) is not None}
    known = {name: attribute(path.split(".")) for name, path in titles.items() if path is not None}
    if not known:
        title = "null"
    elif len(set(known.values())) == 1 and len(known) == len(titles):
        title = next(iter(known.values()))
    else:
        title = f"select({', '.join(f'_type == {json.dumps(name)} => {path}' for name, path in known.items())})"
    return f'{{_id, _type, _updatedAt, "title": {title}}}'


def checked_projection(projection: object) -> str:
    """Return a projection of the caller's own as it is; the lake says what is wrong inside.

    Raises: IntentError for anything but a text in braces.
    """
    text = projection.strip() if isinstance(projection, str) else ""
    if not (text.startswith("{") and text.endswith("}")):
        raise IntentError(f"projection is GROQ in braces, such as '{{_id, title}}', not {projection!r}")
    return text
