"""Names made from names: singular and plural, and classes from types."""

from __future__ import annotations

from typing import Final

__all__ = ["class_name", "plural", "singular"]

_IRREGULAR: Final = {"children": "child", "people": "person", "series": "series"}
_PLURALS: Final = {one: many for many, one in _IRREGULAR.items()}


def singular(name: str) -> str:
    """Return `gallery` for `galleries`, `sub_group` for `sub_groups`, `child` for `children`."""
    head, _, last = name.rpartition("_")
    return f"{head}_{_singular(last)}" if head else _singular(last)


def plural(name: str) -> str:
    """Return `galleries` for `gallery`; a name that is plural already stays."""
    head, _, last = name.rpartition("_")
    return f"{head}_{_plural(last)}" if head else _plural(last)


def class_name(type_name: str) -> str:
    """Return `SceneMarker` for `scene_marker` or `sceneMarker`."""
    return "".join(part[:1].upper() + part[1:] for part in type_name.replace("-", "_").split("_"))


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _plural(word: str) -> str:
    if _singular(word) != word or word in _IRREGULAR:
        return word
    if word in _PLURALS:
        return _PLURALS[word]
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(("ch", "sh", "x", "s")) else "s")
