"""The demonstrations by name, and what one can say about how to run them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Final

from bidir.demos.narrator import Narrator
from bidir.errors import BidirError
from bidir.suggest import did_you_mean

__all__ = ["DEMO_NAMES", "DemoOptions", "run_demo"]

_MODULES: Final = {
    "prd": "bidir.demos.prd",
    "medusa": "bidir.demos.medusa",
    "codex": "bidir.demos.codex",
    "stash": "bidir.demos.stash",
}
"""Where each demonstration's `play(options, narrator)` is; loaded when it is asked for."""
DEMO_NAMES: Final = tuple(_MODULES)


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How to run: on an embedded lake, or on a dataset at `url`; all chapters or `only` some, by their keys.

    `clear` allows the demonstration to delete what it finds of its types in the dataset at `url`.
    """

    url: str | None = None
    project: str = "lakesim"
    dataset: str = "production"
    token: str | None = None
    only: tuple[str, ...] = ()
    clear: bool = False


def run_demo(name: str, options: DemoOptions, narrator: Narrator) -> None:
    """Play a demonstration; `narrator.broken` counts the claims that did not hold.

    Raises: BidirError for an unknown name.
    """
    if name not in _MODULES:
        raise BidirError(
            f'there is no demonstration "{name}".{did_you_mean(name, DEMO_NAMES)} They are {", ".join(DEMO_NAMES)}'
        )
    play: Callable[[DemoOptions, Narrator], None] = import_module(_MODULES[name]).play
    play(options, narrator)
    narrator.end()
