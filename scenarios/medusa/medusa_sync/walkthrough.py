"""Plays the chapters of the demonstration, all or some, each on an empty shop and an empty lake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bidir.demos.narrator import Narrator
from bidir.demos.registry import DemoOptions
from bidir.demos.stage import Stage
from bidir.errors import BidirError, NotSupportedError
from bidir.suggest import did_you_mean
from medusa_sync import chapters, questions
from medusa_sync.errors import SyncError
from medusa_sync.scene import Scene, open_lake, open_scene, prepare

__all__ = ["CHAPTERS", "play"]

CHAPTERS: Final[dict[str, tuple[str, Callable[[Scene], None]]]] = {
    "1": ("Creating a product", chapters.creating),
    "2": ("Enriching it in the CMS", chapters.enriching),
    "3": ("A customer looks at it", chapters.customer_view),
    "4": ("Updating the title", chapters.updating_the_title),
    "5": ("Deleting a product", chapters.deleting),
    "6": ("Bulk sync", chapters.bulk_sync),
    "7": ("Manual sync of one product", chapters.manual_sync),
    "8": ("Addons, two-way", chapters.adding_addons),
    "down": ("What if the lake is away?", questions.lake_down),
    "titles": ("What if titles differ?", questions.title_differs),
    "orphans": ("What if content has no product?", questions.content_without_product),
    "no-content": ("What if a product has no content?", questions.product_without_content),
    "undo": ("What if a later step fails?", questions.a_later_step_fails),
    "weekly": ("The weekly reconcile", questions.weekly_reconcile),
    "at-once": ("What if an editor works during a sync?", questions.editor_during_bulk),
}
"""Key, title and play of each chapter: the eight scenarios by number, then the questions."""


def play(stage: Stage, options: DemoOptions, narrator: Narrator) -> None:
    """Play the chapters that the options name, all by default.

    Raises: BidirError for an unknown chapter, and for what the sync cannot do in the place it was pointed at.
    """
    for key in options.only:
        if key not in CHAPTERS:
            raise BidirError(
                f'--only: there is no chapter "{key}".{did_you_mean(key, CHAPTERS)} They are {", ".join(CHAPTERS)}'
            )
    try:
        with open_lake(stage, options) as shared:
            if shared is not None:
                prepare(shared, options)
            for key, (title, chapter) in CHAPTERS.items():
                if options.only and key not in options.only:
                    continue
                narrator.chapter(key, title, str(chapter.__doc__))
                with open_scene(stage, shared, narrator) as scene:
                    _play(chapter, scene)
    except SyncError as error:
        raise BidirError(str(error)) from error


def _play(chapter: Callable[[Scene], None], scene: Scene) -> None:
    try:
        chapter(scene)
    except NotSupportedError as error:
        # A real project has no faults on request; everything else can be shown there.
        scene.narrator.step(f"the rest of this chapter is left out: {error}")
