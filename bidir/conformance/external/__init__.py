"""Judges whatever keeps the fields of a lake in step, without calling it: edits, waits, and looks what came of it."""

from bidir.conformance.external.judging import ExternalOptions, judge_external
from bidir.conformance.external.watched import EmbeddedWatched, HttpWatched, Watched

__all__ = ["EmbeddedWatched", "ExternalOptions", "HttpWatched", "Watched", "judge_external"]
