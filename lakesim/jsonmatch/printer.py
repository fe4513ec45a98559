"""Writes a parsed path back as text that parses to the same path."""

from __future__ import annotations

import json
import re

from lakesim.jsonmatch.ast import (
    Attribute,
    Comparison,
    Descend,
    Existence,
    Index,
    Path,
    Slice,
    Step,
    Steps,
    Union,
    Wildcard,
)

__all__ = ["print_path"]

_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*|\$[A-Za-z0-9_$]+")
_WORDS = frozenset({"true", "false", "null"})


def print_path(path: Path) -> str:
    """Return the canonical text of `path`."""
    return _steps(path.steps) or "@"


def _steps(steps: Steps) -> str:
    out = ""
    descending = False
    for step in steps:
        if type(step) is Descend:
            out += ".."
            descending = True
            continue
        if type(step) is Attribute or type(step) is Wildcard:
            text = _name(step)
            # A quoted name stands in brackets, which need no dot; a plain one does, except at the start.
            out += text if not out or descending or text.startswith("[") else f".{text}"
        else:
            out += f"[{_member((step,))}]"
        descending = False
    return out


def _name(step: Attribute | Wildcard) -> str:
    if type(step) is Wildcard:
        return "*"
    assert isinstance(step, Attribute)
    if _PLAIN_NAME.fullmatch(step.name) and step.name not in _WORDS:
        return step.name
    return f"['{_escaped(step.name)}']"


def _escaped(name: str) -> str:
    # JSON escapes all that needs it but the single quote, which delimits names here.
    return json.dumps(name, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")


def _member(steps: Steps) -> str:
    if len(steps) != 1:
        return _steps(steps)
    step: Step = steps[0]
    if type(step) is Index:
        return str(step.position)
    if type(step) is Slice:
        return f"{'' if step.start is None else step.start}:{'' if step.stop is None else step.stop}"
    if type(step) is Existence:
        return f"{_steps(step.left) or '@'}?"
    if type(step) is Comparison:
        literal = json.dumps(step.literal, ensure_ascii=False)
        return f"{_steps(step.left) or '@'}{step.operator}{literal}"
    if type(step) is Union:
        return ", ".join(_member(member) for member in step.members)
    return _steps(steps)
