"""Plays the chapters of the demonstration, all or some, each on an empty lake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bidir.conformance.proxy import ObservedBackend
from bidir.demos.narrator import Narrator
from bidir.demos.playing import Chapter, play_chapters
from bidir.demos.prd import flows, measuring, phases, production
from bidir.demos.prd.library import TYPES
from bidir.demos.prd.scene import Scene
from bidir.demos.registry import DemoOptions
from bidir.demos.stage import open_stage

__all__ = ["CHAPTERS", "play"]

CHAPTERS: Final[dict[str, tuple[str, Callable[[Scene], None]]]] = {
    "1": ("A developer configures the relation", flows.configuring),
    "2": ("An editor sets book.author", flows.setting),
    "3": ("author.currentBook follows", flows.following),
    "4": ("Clearing one clears the other", flows.clearing),
    "5": ("Across drafts and releases", flows.every_perspective),
    "phase-1": ("Foundation: logging only", phases.foundation),
    "phase-2": ("Core: from draft to draft", phases.core),
    "phase-3": ("Cascades: replacing a reference", phases.cascade),
    "phase-4": ("Perspectives and ids", phases.perspectives),
    "phase-5": ("Production: errors do not block", production.errors),
    "phase-6": ("Live edit, in every mix", production.live_edit),
    "flag": ("The feature flag and a gradual rollout", production.rollout),
    "warnings": ("Warnings across versions", production.warnings),
    "loops": ("No endless loops", production.loops),
    "criteria": ("The success criteria, measured", measuring.criteria),
}
"""Key, title and play of each chapter: the five flows by number, the six phases, then the rest."""


def play(options: DemoOptions, narrator: Narrator) -> None:
    """Play the chapters that the options name, all by default.

    Raises: BidirError for an unknown chapter, and for what cannot be played in the place it was pointed at.
    """
    every = tuple(dict.fromkeys([*TYPES, *measuring.MEASURED_TYPES]))
    with open_stage(options.url, project=options.project, token=options.token) as stage:
        play_chapters(stage, options, narrator, {key: _chapter(*one) for key, one in CHAPTERS.items()}, every)


def _chapter(title: str, play_it: Callable[[Scene], None]) -> Chapter:
    def played(backend: ObservedBackend, narrator: Narrator) -> None:
        play_it(Scene(backend, narrator))

    played.__doc__ = play_it.__doc__
    return title, played
