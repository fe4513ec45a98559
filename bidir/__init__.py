"""Keeps two-way reference fields in step on any Content Lake."""

import logging

from bidir.engine import Engine
from bidir.outcome import Conflict, Notice, Outcome, Pending
from bidir.relations import Schema

# A library says nothing unless asked: the line per intent goes to whoever configures the logger.
logging.getLogger("bidir").addHandler(logging.NullHandler())

__all__ = ["Conflict", "Engine", "Notice", "Outcome", "Pending", "Schema"]
