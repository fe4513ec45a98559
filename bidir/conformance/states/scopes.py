"""The scopes that are searched, and which of them each profile takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bidir.conformance.parts import Profile
from bidir.conformance.states.operations import KINDS
from bidir.conformance.states.scope import ALL_LAYERS, WITHOUT_RELEASE, Scope

__all__ = ["PROFILES", "SCOPES", "STATES_MAX"]

STATES_MAX: Mapping[Profile, int | None] = {"quick": 2_000, "default": 20_000, "deep": None}
"""How many states of one scope are visited at most; a scope that has more is not complete, and says so."""

_ARROWS = ("create_version", "mark", "publish_release", "delete_release")
"""What only a release makes possible."""


def _reference(name: str, to: str, **options: Any) -> dict[str, Any]:
    field: dict[str, Any] = {"name": name, "type": "reference", "to": [{"type": to}]}
    return {**field, "bidirectional": options} if options else field


def _array(name: str, to: str, **options: Any) -> dict[str, Any]:
    field: dict[str, Any] = {"name": name, "type": "array", "of": [{"type": "reference", "to": [{"type": to}]}]}
    return {**field, "bidirectional": options} if options else field


def _type(name: str, field: Mapping[str, Any], live: str) -> dict[str, Any]:
    body = {"name": name, "type": "document", "fields": [field, {"name": "title", "type": "string"}]}
    return {**body, "liveEdit": True} if name in live.split() else body


def _one_to_one(live: str = "", **options: Any) -> list[dict[str, Any]]:
    return [
        _type("book", _reference("author", "author", targetField="currentBook", **options), live),
        _type("author", _reference("currentBook", "book"), live),
    ]


def _many_to_one(live: str = "", **options: Any) -> list[dict[str, Any]]:
    return [
        _type("book", _reference("author", "author", targetField="books", **options), live),
        _type("author", _array("books", "book"), live),
    ]


def _many_to_many() -> list[dict[str, Any]]:
    return [
        _type("book", _array("authors", "author", targetField="books"), ""),
        _type("author", _array("books", "book"), ""),
    ]


def _symmetric() -> list[dict[str, Any]]:
    return [_type("person", _reference("spouse", "person", targetField="spouse"), "")]


def _pool(books: int, authors: int) -> dict[str, tuple[str, ...]]:
    return {
        "book": tuple(f"b{number + 1}" for number in range(books)),
        "author": tuple(f"a{number + 1}" for number in range(authors)),
    }


def _people(count: int) -> dict[str, tuple[str, ...]]:
    return {"person": tuple(f"p{number + 1}" for number in range(count))}


def _drafts(name: str, title: str, types: Any, pool: Mapping[str, tuple[str, ...]], **options: Any) -> Scope:
    kinds = tuple(kind for kind in KINDS if kind not in _ARROWS)
    return Scope(name, f"{title}, published and drafts", types, pool, kinds, WITHOUT_RELEASE, **options)


def _whole(
    name: str, title: str, types: Any, pool: Mapping[str, tuple[str, ...]], *, marks: bool = False, **options: Any
) -> Scope:
    kinds = tuple(kind for kind in KINDS if kind != "mark" or marks)
    return Scope(name, f"{title}, published, drafts and a release", types, pool, kinds, ALL_LAYERS, **options)


_ALL = (
    _drafts("1:1/two", "a book and an author", _one_to_one(), _pool(1, 1)),
    _whole("1:1/pair", "a book and an author", _one_to_one(), _pool(1, 1)),
    _whole("1:1/marks", "a book and an author, marks for unpublishing", _one_to_one(), _pool(1, 1), marks=True),
    _drafts("1:1/three", "two books, an author", _one_to_one(), _pool(2, 1)),
    _drafts("1:1/drafts", "two books, two authors", _one_to_one(), _pool(2, 2)),
    _whole("1:1/release", "two books, an author", _one_to_one(), _pool(2, 1)),
    _whole("1:1", "two books, two authors", _one_to_one(), _pool(2, 2)),
    _drafts("n:1/three", "two books, an author with a list", _many_to_one(), _pool(2, 1)),
    _drafts("n:1/drafts", "two books, two authors with lists", _many_to_one(), _pool(2, 2)),
    _whole("n:1/release", "two books, an author with a list", _many_to_one(), _pool(2, 1)),
    _whole("n:1", "two books, two authors with lists", _many_to_one(), _pool(2, 2)),
    _drafts("n:m/drafts", "two books and an author, lists on both sides", _many_to_many(), _pool(2, 1)),
    _whole("n:m", "two books and an author, lists on both sides", _many_to_many(), _pool(2, 1)),
    _drafts("symmetric/pair", "two people, one field", _symmetric(), _people(2)),
    _drafts("symmetric/drafts", "three people, one field", _symmetric(), _people(3)),
    _whole("symmetric/release", "two people, one field", _symmetric(), _people(2)),
    _whole("symmetric", "three people, one field", _symmetric(), _people(3)),
    _drafts("live/target", "two books, a live author", _one_to_one("author"), _pool(2, 1)),
    _drafts("live/source", "a live book, two authors", _one_to_one("book"), _pool(1, 2)),
    _drafts("live/1:1", "two books, two live authors", _one_to_one("author"), _pool(2, 2)),
    _drafts("live/n:1", "two books, two live authors with lists", _many_to_one("author"), _pool(2, 2)),
    _drafts("live/both", "two live books, two live authors", _one_to_one("book author"), _pool(2, 2)),
    _whole("live/release", "a book, a live author", _one_to_one("author"), _pool(1, 1)),
    _drafts("missing", "two books, an author, pointers at nothing", _one_to_one(), _pool(2, 1), ghosts=True),
    # Without edits made elsewhere: what those contradict waits for a person, so the views need not be symmetric.
    Scope(
        "reject",
        "two books, an author, onConflict: reject, published and drafts",
        _one_to_one(onConflict="reject"),
        _pool(2, 1),
        tuple(kind for kind in KINDS if kind not in _ARROWS and not kind.startswith("elsewhere")),
        WITHOUT_RELEASE,
    ),
    _drafts("clear", "two books, an author, onUnpublish: clear", _one_to_one(onUnpublish="clear"), _pool(2, 1)),
    _drafts(
        "owners",
        "two books, an author, with strengths and owners",
        _one_to_one(),
        _pool(2, 1),
        strengths=True,
        owners=True,
    ),
    _whole(
        "owners/release",
        "a book and an author, with strengths and owners",
        _one_to_one(),
        _pool(1, 1),
        strengths=True,
        owners=True,
    ),
)

SCOPES: Mapping[str, Scope] = {scope.name: scope for scope in _ALL}
"""Every scope by name."""

_QUICK = ("1:1/pair", "1:1/three", "live/target")
_DEFAULT = (
    *_QUICK,
    "1:1/two",
    "1:1/marks",
    "symmetric/pair",
    "live/source",
    "live/release",
    "live/both",
    "n:1/three",
    "n:m/drafts",
    "reject",
    "clear",
    "missing",
)

PROFILES: Mapping[Profile, tuple[str, ...]] = {"quick": _QUICK, "default": _DEFAULT, "deep": tuple(SCOPES)}
"""The scopes of each profile: seconds, a minute, hours."""
