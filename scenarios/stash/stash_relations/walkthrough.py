"""Plays the chapters of the demonstration, all or some, each on an empty lake."""

from __future__ import annotations

from bidir.demos.narrator import Narrator
from bidir.demos.playing import play_chapters
from bidir.demos.registry import DemoOptions
from bidir.demos.stage import Stage
from stash_relations.chapters import CHAPTERS
from stash_relations.library import Library

__all__ = ["CHAPTERS", "play"]


def play(stage: Stage, options: DemoOptions, narrator: Narrator) -> None:
    """Play the chapters that the options name, all by default.

    Raises: BidirError for an unknown chapter, and where a served dataset is in use.
    """
    play_chapters(stage, options, narrator, CHAPTERS, list(Library().types))
