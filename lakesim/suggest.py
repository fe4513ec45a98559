"""'Did you mean': the names that are known, and the nearest ones to a misspelt one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

__all__ = ["among", "did_you_mean", "nearest"]

SUGGESTIONS_MAX = 3
SIMILARITY_MIN = 0.6


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Return up to three of `known` that look like `name`, best first; empty if none does.

    Those that differ in case alone leave no question.
    """
    names = sorted(set(known))
    same = [one for one in names if one.casefold() == name.casefold()]
    return same or get_close_matches(name, names, n=SUGGESTIONS_MAX, cutoff=SIMILARITY_MIN)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean "a" or "b"?` with a leading space, or an empty string if nothing is near."""
    names = [f'"{candidate}"' for candidate in nearest(name, known)]
    if not names:
        return ""
    head, last = names[:-1], names[-1]
    return f" Did you mean {', '.join(head)} or {last}?" if head else f" Did you mean {last}?"


def among(name: object, known: Collection[str]) -> str:
    """Return ` (there are: a, b).`, with a leading space, and what `did_you_mean` says of a name that is not there."""
    return f" (there are: {', '.join(known)}).{did_you_mean(str(name), known)}"
