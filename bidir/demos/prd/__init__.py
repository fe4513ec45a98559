"""The demonstration of the requirement itself: book and author in a Studio, flow by flow and phase by phase."""

from bidir.demos.prd.walkthrough import CHAPTERS, play

__all__ = ["CHAPTERS", "play"]
