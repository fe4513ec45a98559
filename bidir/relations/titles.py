"""What a picker shows of a document and looks through: its title, and its texts."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bidir.relations.problems import Problems
from bidir.relations.reading import Declared, declared_items
from bidir.relations.shapes import TypeTable

__all__ = ["TITLE_NAMES", "text_names", "title_path"]

TITLE_NAMES = ("title", "name", "label", "heading", "header", "caption", "description")
"""Fields that serve as a title where a type declares no preview, in the order in which the Studio tries them."""

_TEXTS = frozenset({"string", "text"})
_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")


def title_path(declared: Declared, table: TypeTable) -> str | None:
    """Return the dotted path of a document type's title.

    That is what `preview: {select: {title: …}}` names; else the first field called like a title; else the first text.
    None for a type without any.
    """
    preview = declared.body.get("preview")
    select = preview.get("select") if isinstance(preview, Mapping) else None
    chosen = select.get("title") if isinstance(select, Mapping) else None
    if isinstance(chosen, str) and _PATH.fullmatch(chosen):
        return chosen
    names = [field.name for field in _fields(declared)]
    named = next((name for name in TITLE_NAMES if name in names), None)
    return named or next(iter(text_names(declared, table)), None)


def text_names(declared: Declared, table: TypeTable) -> tuple[str, ...]:
    """Return the names of a document type's own fields that hold a text, in the order of the schema."""
    return tuple(field.name for field in _fields(declared) if table.shape(field.body, field.place).base in _TEXTS)


def _fields(declared: Declared) -> list[Declared]:
    # What is wrong with the fields has been said when the type was walked.
    return list(declared_items(declared.body.get("fields") or [], declared.place, "field", Problems()))
