"""The rights of one caller on one dataset: which documents each of its permissions covers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from lakesim.access.grant import EVERY_DOCUMENT, Grant
from lakesim.groq import Environment, compile_filter, parse
from lakesim.groq.ast import (
    ArrayItem,
    ArrayLiteral,
    Attribute,
    Boolean,
    Call,
    Comparison,
    Group,
    Logical,
    Node,
    Null,
    Number,
    Query,
    Range,
    String,
    Unary,
    walk,
)
from lakesim.groq.engine import DocumentFilter

__all__ = ["VERDICTS_MAX", "Rights"]

VERDICTS_MAX: Final = 100_000
"""Documents whose verdict is remembered, per permission."""

_ALWAYS: Final = (EVERY_DOCUMENT, "true", "*")
_CHANGING: Final = ("now", "projectId", "dataset")
"""Functions whose value is not the document's alone: verdicts of filters with these are not remembered."""
_OF_ID_ALONE: Final = (
    *(ArrayItem, ArrayLiteral, Boolean, Comparison, Group, Logical, Null, Number, Query, Range, String, Unary),
)
_PURE: Final = ("path", "identity", "startsWith", "lower", "upper", "defined", "length", "count")
"""Functions of their arguments alone."""


class Rights:
    """What one caller may do; access is the union of the grants (content-lake reference, section 6.8)."""

    def __init__(self, grants: Iterable[Grant], environment: Callable[[], Environment]) -> None:
        """Take the grants, and what tells the time and the caller's identity when a filter is judged."""
        filters: dict[str, dict[str, None]] = {}
        for grant in grants:
            for permission in grant.permissions:
                filters.setdefault(permission, {})[grant.filter] = None
        self._covers = {permission: _Coverage(list(texts), environment) for permission, texts in filters.items()}

    def may(self, permission: str, document: dict[str, Any] | None) -> bool:
        """Whether a grant with the permission matches the document; never for None, no document."""
        covers = self._covers.get(permission)
        return covers is not None and document is not None and covers(document)

    def holds(self, permission: str) -> bool:
        """Whether any grant has the permission."""
        return permission in self._covers

    @property
    def writes(self) -> bool:
        """Whether there is a grant to create or update anything."""
        return self.holds("create") or self.holds("update")

    def covers_everything(self, permission: str) -> bool:
        """Whether the permission is granted on every document; False, "perhaps not", costs speed only."""
        covers = self._covers.get(permission)
        return covers is not None and covers.everything

    def covers_id(self, permission: str, document_id: str) -> bool:
        """Whether the permission is granted on whatever document has this id, whatever else is in it."""
        covers = self._covers.get(permission)
        return covers is not None and covers.id_alone(document_id)


class _Coverage:
    """The documents that one permission covers: those that any of the filters matches."""

    def __init__(self, filters: list[str], environment: Callable[[], Environment]) -> None:
        self.everything = any(_is_always(text) for text in filters)
        self._tests: list[DocumentFilter] = [compile_filter(text) for text in filters]
        self._id_tests = [compile_filter(text) for text in filters if _reads_id_alone(text)]
        self._environment = environment
        self._remembers = not any(_changes(text) for text in filters)
        # Stored documents are never changed in place, so a verdict holds for as long as the object is the same.
        self._verdicts: dict[str, tuple[dict[str, Any], bool]] = {}

    def __call__(self, document: dict[str, Any]) -> bool:
        if self.everything:
            return True
        known = self._verdicts.get(document["_id"])
        if known is not None and known[0] is document:
            return known[1]
        verdict = self._judge(self._tests, document)
        if self._remembers:
            if len(self._verdicts) >= VERDICTS_MAX:
                self._verdicts.clear()
            self._verdicts[document["_id"]] = (document, verdict)
        return verdict

    def id_alone(self, document_id: str) -> bool:
        return self.everything or self._judge(self._id_tests, {"_id": document_id})

    def _judge(self, tests: list[DocumentFilter], document: dict[str, Any]) -> bool:
        environment = self._environment()
        return any(test(document, environment) for test in tests)


@lru_cache(maxsize=512)
def _tree(text: str) -> Query:
    return parse(text)


def _is_always(text: str) -> bool:
    tree = _tree(text)
    # Trees are equal where the texts mean the same, whatever their quotes and spaces.
    return any(tree == _tree(always) for always in _ALWAYS)


def _changes(text: str) -> bool:
    return any(isinstance(node, Call) and node.name in _CHANGING for node in walk(_tree(text)))


def _reads_id_alone(text: str) -> bool:
    return all(map(_is_of_id_alone, walk(_tree(text))))


def _is_of_id_alone(node: Node) -> bool:
    if isinstance(node, Attribute):
        return node.name == "_id"
    if isinstance(node, Call):
        return node.name in _PURE
    return isinstance(node, _OF_ID_ALONE)
