"""Keeps two-way reference fields in step on any Content Lake."""

from bidir.engine import Engine
from bidir.outcome import Conflict, Notice, Outcome, Pending
from bidir.relations import Schema

__all__ = ["Conflict", "Engine", "Notice", "Outcome", "Pending", "Schema"]
