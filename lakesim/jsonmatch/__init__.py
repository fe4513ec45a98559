"""JSONMatch: the path language of patches, parsed and matched against JSON values."""

from lakesim.jsonmatch.ast import Path
from lakesim.jsonmatch.errors import PathError
from lakesim.jsonmatch.match import find
from lakesim.jsonmatch.parser import parse_path
from lakesim.jsonmatch.printer import print_path

__all__ = ["Path", "PathError", "find", "parse_path", "print_path"]
