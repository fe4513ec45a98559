"""Source maps: which document, and which place in it, each value of an answer was read from."""

from lakesim.groq.source_map.source_map import MAPPINGS_MAX, SourceMap
from lakesim.groq.source_map.traced import Traced
from lakesim.groq.source_map.tracer import Tracer

__all__ = ["MAPPINGS_MAX", "SourceMap", "Traced", "Tracer"]
