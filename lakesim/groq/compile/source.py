"""What a program knows about each place where it reads the dataset; `explain` shows it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SourceInfo"]


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """One `*` with its filters.

    Shape: `text` the canonical text up to the last filter; `lookups` the index lookups that could narrow it, as text.
    """

    text: str
    lookups: tuple[str, ...]
