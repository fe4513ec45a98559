"""Finds the package of a demonstration, which lives beside the library in `scenarios/`, and plays its walkthrough."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Final

from bidir.demos.narrator import Narrator
from bidir.demos.registry import DemoOptions
from bidir.demos.stage import open_stage
from bidir.errors import NotSupportedError

__all__ = ["SCENARIOS", "play_package"]

SCENARIOS: Final = Path(__file__).parents[2] / "scenarios"


def play_package(name: str, package: str, options: DemoOptions, narrator: Narrator) -> None:
    """Play `walkthrough.play(stage, options, narrator)` of the package in `scenarios/<name>/`.

    Raises: NotSupportedError outside a checkout; BidirError for a chapter that does not exist.
    """
    folder = SCENARIOS / name
    if not (folder / package).is_dir():
        raise NotSupportedError(
            f"bidir demo {name} needs a checkout of the repository: {folder / package} is not there;"
            " install it with pip install -e . and run the command again"
        )
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    walkthrough = import_module(f"{package}.walkthrough")
    with open_stage(options.url, project=options.project, token=options.token) as stage:
        walkthrough.play(stage, options, narrator)
