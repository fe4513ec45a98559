"""Actions: what editors and release managers do to documents, versions and releases, each request one transaction."""

from lakesim.actions.keeper import Keeper
from lakesim.actions.parse import parse_actions
from lakesim.actions.registry import ACTIONS, VARIANT_ACTIONS, ActionField, ActionSpec
from lakesim.actions.run import creates_something, run_actions
from lakesim.actions.work import Work

__all__ = [
    "ACTIONS",
    "VARIANT_ACTIONS",
    "ActionField",
    "ActionSpec",
    "Keeper",
    "Work",
    "creates_something",
    "parse_actions",
    "run_actions",
]
