"""How large a path may be: bounds of this emulator, far above what any editor sends."""

from __future__ import annotations

__all__ = [
    "BRACKET_DEPTH_MAX",
    "DESCENTS_MAX",
    "DESCENT_DEPTH_MAX",
    "INDEX_MAX",
    "PATH_LENGTH_MAX",
    "PATH_STEPS_MAX",
    "UNION_MEMBERS_MAX",
]

PATH_LENGTH_MAX = 4096
"""Characters of one path."""
PATH_STEPS_MAX = 64
"""Steps from the root to a leaf; the service nests documents 20 deep at most."""
UNION_MEMBERS_MAX = 256
"""Members of one pair of brackets."""
BRACKET_DEPTH_MAX = 16
"""Brackets inside brackets."""
DESCENTS_MAX = 4
"""Uses of `..` in one path, brackets included; each may visit the whole document."""
DESCENT_DEPTH_MAX = 256
"""Levels that one `..` looks down; stored documents have 20."""
INDEX_MAX = 2**53 - 1
"""Largest array index, as in the service's own number type."""
