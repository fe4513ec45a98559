"""Plays the chapters of the demonstration, all or some, each on an empty lake."""

from __future__ import annotations

from typing import Final

from bidir.demos.narrator import Narrator
from bidir.demos.playing import Chapter, play_chapters
from bidir.demos.registry import DemoOptions
from bidir.demos.stage import Stage
from codex_fields import chapters
from codex_fields.templates import load_templates

__all__ = ["CHAPTERS", "play"]

CHAPTERS: Final[dict[str, Chapter]] = {
    "reference": ("A reference field", chapters.reference),
    "create": ("Create and link", chapters.create_and_link),
    "cast": ("A list of references", chapters.multi_reference),
    "picker": ("An open picker", chapters.open_picker),
    "circle": ("No circles, no endless chains", chapters.circles),
    "relationships": ("Relationships, in bulk and from the cache", chapters.relationships),
    "events": ("Events", chapters.events),
    "errors": ("What is refused", chapters.refusals),
}
"""Key, title and play of each chapter."""


def play(stage: Stage, options: DemoOptions, narrator: Narrator) -> None:
    """Play the chapters that the options name, all by default.

    Raises: BidirError for an unknown chapter, and where a served dataset is in use.
    """
    play_chapters(stage, options, narrator, CHAPTERS, load_templates().ids)
