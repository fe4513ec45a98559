"""'Did you mean': the nearest known names to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean", "one_of"]

SUGGESTIONS_MAX = 3
SIMILARITY_MIN = 0.6


def one_of(names: Iterable[str], *, word: str = "or") -> str:
    """Return quoted `names` as a phrase: `"a", "b" or "c"`."""
    quoted = [f'"{name}"' for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {word} {quoted[-1]}"


def did_you_mean(name: str, known: Iterable[str], *, similarity: float = SIMILARITY_MIN) -> str:
    """Return ` Did you mean "a" or "b"?` with a leading space, or an empty string if nothing is near."""
    near = get_close_matches(name, sorted(set(known)), n=SUGGESTIONS_MAX, cutoff=similarity)
    return f" Did you mean {one_of(near)}?" if near else ""
