"""Functions on strings, and the text of scalars (groq reference, sections 12 and 18)."""

from __future__ import annotations

from lakesim.groq.number_text import number_text
from lakesim.groq.values import DateTime, Path, Value

__all__ = ["length", "lower", "path", "split", "starts_with", "string", "upper"]


def length(value: Value) -> int | None:
    """Return the code points of a string or the elements of an array, else None."""
    return len(value) if type(value) is str or type(value) is list else None


def lower(value: Value) -> str | None:
    """Return a string in lower case, None for anything else."""
    return value.lower() if type(value) is str else None


def upper(value: Value) -> str | None:
    """Return a string in upper case, None for anything else."""
    return value.upper() if type(value) is str else None


def split(value: Value, separator: Value) -> list[str] | None:
    """Return the parts of a string between separators; an empty separator splits into code points."""
    if type(value) is not str or type(separator) is not str:
        return None
    if not value:
        return []
    return value.split(separator) if separator else list(value)


def starts_with(value: Value, prefix: Value) -> bool | None:
    """Return whether a string begins with another, None unless both are strings."""
    return value.startswith(prefix) if type(value) is str and type(prefix) is str else None


def string(value: Value) -> str | None:
    """Return the text of a boolean, number, string or datetime, else None."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is int or kind is float:
        return number_text(value)
    return value.to_json() if kind is DateTime else None


def path(value: Value) -> Path | None:
    """Return the path of a string pattern, None for anything else."""
    return Path(value) if type(value) is str else None
