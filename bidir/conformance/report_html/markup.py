"""Builds HTML and SVG from parts; whatever is plain text is escaped, so that no document can break the page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import TypeAlias

__all__ = ["Content", "Markup", "element", "identifier", "joined", "number"]


class Markup(str):
    """Text that is markup already and is not escaped again."""

    __slots__ = ()


Content: TypeAlias = "str | Iterable[str]"
"""What stands inside an element; what is no `Markup` is escaped."""

_EMPTY = frozenset({"meta", "br", "line", "circle", "rect", "path", "polyline"})
"""Elements without an end tag in HTML, or that need none in SVG."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""What no page may hold, not even as a reference."""


def element(name: str, content: Content = "", /, **attributes: str | float | None) -> Markup:
    """Return `<name attributes>content</name>`.

    A trailing underscore of an attribute's name is dropped (`class_`), others become dashes; None leaves it out.
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_cleaned(_text(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _EMPTY and not content:
        return Markup(f"<{name}{said}/>")
    return Markup(f"<{name}{said}>{joined(content)}</{name}>")


def joined(content: Content) -> Markup:
    """Return the pieces one after the other, each escaped unless it is markup."""
    pieces = [content] if isinstance(content, str) else content
    return Markup("".join(one if isinstance(one, Markup) else escape(_cleaned(one), quote=False) for one in pieces))


def identifier(*names: str) -> str:
    """Return an id for an element that names make up."""
    return re.sub(r"[^a-z0-9]+", "-", " ".join(names).lower()).strip("-") or "part"


def number(value: float) -> str:
    """Return a number with thousands apart and no needless digits."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _cleaned(text: str) -> str:
    return _CONTROL.sub("�", text)


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:g}"
