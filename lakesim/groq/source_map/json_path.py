"""Paths as a source map writes them: `$['sections'][0]['title']` (content-lake reference, section 4.5)."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["by_key", "by_step"]

_ESCAPES: Final = {"\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "'": "\\'", "\\": "\\\\"}
_SPECIAL: Final = re.compile(r"[\f\n\r\t'\\]")
_QUOTES: Final = re.compile(r"['\\]")


def by_step(step: str | int) -> str:
    """Return the text of one attribute or array position."""
    if isinstance(step, int):
        return f"[{step}]"
    return f"['{_SPECIAL.sub(lambda found: _ESCAPES[found[0]], step)}']"


def by_key(key: str) -> str:
    """Return the text that selects the array item with this `_key`; only quotes and backslashes are escaped there."""
    return f"[?(@._key=='{_QUOTES.sub(lambda found: _ESCAPES[found[0]], key)}')]"
