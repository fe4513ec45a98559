"""The arrow notation for references: `-> a1`, `~> a1` (weak) and `=> a1` (strong), in bodies and in expectations."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from lakesim.jsonvalue import Json

__all__ = ["Arrow", "Strength", "expand", "parse_arrow", "text_of"]

Strength: TypeAlias = Literal["any", "weak", "strong"]

_ARROW = re.compile(r"([-~=])> ?([A-Za-z0-9_][A-Za-z0-9_.-]*)")
_STRENGTH: dict[str, Strength] = {"-": "any", "~": "weak", "=": "strong"}

TEXT_KEY = "$text"
"""`{$text: "-> x"}` is the plain text, for the rare text that looks like an arrow."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """A reference in short form: whom it names, and how strong it is said to be."""

    target: str
    strength: Strength


def parse_arrow(text: str) -> Arrow | None:
    """Return the arrow that `text` is, or None for any other text."""
    match = _ARROW.fullmatch(text)
    return None if match is None else Arrow(match.group(2), _STRENGTH[match.group(1)])


def text_of(value: Json) -> str | None:
    """Return the plain text of `{$text: …}`, or None for anything else."""
    if isinstance(value, dict) and len(value) == 1 and isinstance(value.get(TEXT_KEY), str):
        return str(value[TEXT_KEY])
    return None


def expand(value: Json, make: Callable[[Arrow, tuple[str, ...], bool], Json], path: tuple[str, ...] = ()) -> Json:
    """Return `value` with every arrow replaced by `make(arrow, path, in_array)`.

    Shape: `path` are the attribute names from the top, array positions left out.
    """
    if isinstance(value, str):
        arrow = parse_arrow(value)
        return value if arrow is None else make(arrow, path, False)
    plain = text_of(value)
    if plain is not None:
        return plain
    if isinstance(value, dict):
        return {key: expand(item, make, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_expand_item(item, make, path) for item in value]
    return value


def _expand_item(item: Json, make: Callable[[Arrow, tuple[str, ...], bool], Json], path: tuple[str, ...]) -> Json:
    arrow = parse_arrow(item) if isinstance(item, str) else None
    return expand(item, make, path) if arrow is None else make(arrow, path, True)
