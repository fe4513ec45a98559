"""Generated array keys as a patch, so that listeners and history can follow what `autoGenerateArrayKeys` added."""

from __future__ import annotations

import re
from typing import Any, Final

__all__ = ["key_patch"]

_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def key_patch(before: Any, after: Any) -> dict[str, str]:
    """Return the `set` operation, path to key, that turns `before` into `after`.

    Shape: `after` is `before` with `_key` added to objects in arrays; branches they share are not entered.
    """
    found: dict[str, str] = {}
    _collect(before, after, "", found)
    return found


def _collect(before: Any, after: Any, path: str, found: dict[str, str]) -> None:
    if before is after:
        return
    if type(after) is dict:
        for name, value in after.items():
            if name in before:
                _collect(before[name], value, _attribute(path, name), found)
            else:
                found[_attribute(path, name)] = value
    elif type(after) is list:
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            _collect(old, new, f"{path}[{index}]", found)


def _attribute(path: str, name: str) -> str:
    if not _IDENTIFIER.fullmatch(name):
        return f"{path}['{name}']"
    return f"{path}.{name}" if path else name
