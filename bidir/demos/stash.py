"""The demonstration of the relationships of a media library: `scenarios/stash`."""

from __future__ import annotations

from bidir.demos.narrator import Narrator
from bidir.demos.packaged import play_package
from bidir.demos.registry import DemoOptions

__all__ = ["play"]


def play(options: DemoOptions, narrator: Narrator) -> None:
    """Play it; raises as `play_package`."""
    play_package("stash", "stash_relations", options, narrator)
