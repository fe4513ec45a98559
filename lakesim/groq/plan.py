"""Chooses how to read the documents for a filter: by the index that promises fewest, or all of them.

A lookup is a nested tuple made by the program: ("id", value), ("type", value), ("reference", value), ("group", value),
("release", value), ("prefix", value), ("path", value), ("all", lookup…) for conditions that must all hold, ("any",
lookup…) for alternatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lakesim.groq.dataset import Dataset, Document, Key, Keys
from lakesim.groq.values import Path, Value
from lakesim.ids import published_id

__all__ = ["Answer", "documents_of", "resolve"]

UNION_MAX = 10_000
"""Values of one lookup that are looked up one by one; beyond, a scan is as good."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What indexes know about a lookup.

    Shape: `parts` are index answers whose union holds every document that can pass; `size` an upper bound of its
    number of documents; `index` the name of the index, for `explain`.
    """

    parts: tuple[Keys, ...]
    size: int
    index: str


def resolve(dataset: Dataset, lookup: tuple[Any, ...]) -> Answer | None:
    """Return the best answer to a lookup, or None if no index can narrow it."""
    word = lookup[0]
    if word == "all":
        return _best(resolve(dataset, part) for part in lookup[1:])
    if word == "any":
        return _union(lookup[1:], lambda part: resolve(dataset, part))
    value = lookup[1]
    if type(value) is list:
        if len(value) > UNION_MAX or len(value) > len(dataset):
            return None
        return _union(_distinct(value), lambda item: _one(dataset, word, item))
    return _one(dataset, word, value)


def _best(answers: Iterator[Answer | None]) -> Answer | None:
    best: Answer | None = None
    for answer in answers:
        if answer is not None and (best is None or answer.size < best.size):
            best = answer
            if not best.size:
                break
    return best


def _distinct(values: Iterable[Value]) -> list[Value]:
    """Return the strings once each and everything else as it is."""
    seen: dict[str, None] = {}
    others: list[Value] = []
    for value in values:
        if type(value) is str:
            seen[value] = None
        else:
            others.append(value)
    return [*seen, *others]


def _union(items: Iterable[Any], look_up: Callable[[Any], Answer | None]) -> Answer | None:
    parts: list[Keys] = []
    size = 0
    names: dict[str, None] = {}
    for item in items:
        answer = look_up(item)
        if answer is None:
            return None
        parts.extend(answer.parts)
        size += answer.size
        names[answer.index] = None
    return Answer(tuple(part for part in parts if len(part)), size, " + ".join(names) or "none")


def _one(dataset: Dataset, index: str, value: Value) -> Answer | None:
    """Look up one value; one of another type than the index holds finds nothing, or everything is possible."""
    if type(value) is not str:
        return _not_a_string(dataset, index, value)
    keys: Keys | None
    if index == "id":
        keys = dataset.keys_of_id(value)
    elif index == "type":
        keys = dataset.keys_of_type(value)
    elif index == "reference":
        keys = dataset.keys_of_referrers(value)
    elif index == "group":
        return _group(dataset, value)
    elif index == "release":
        keys = dataset.keys_with_prefix(f"versions.{value}.")
    elif index == "prefix":
        keys = dataset.keys_with_prefix(value)
    else:
        return _path(dataset, Path(value))
    return None if keys is None else Answer((keys,), len(keys), index)


def _not_a_string(dataset: Dataset, index: str, value: Value) -> Answer | None:
    if type(value) is Path:
        return _path(dataset, value) if index == "id" else None
    if index in ("group", "release", "prefix", "path") or (index in ("id", "type") and dataset.regular):
        return Answer((), 0, index)
    return None


def _group(dataset: Dataset, value: str) -> Answer | None:
    keys = dataset.keys_of_group(value)
    if keys is None or published_id(value) == value:
        return None if keys is None else Answer((keys,), len(keys), "group")
    # The id of a draft or version is a member of its own "group" although it belongs to another.
    itself = dataset.keys_of_id(value)
    return None if itself is None else Answer((keys, itself), len(keys) + len(itself), "group")


def _path(dataset: Dataset, pattern: Path) -> Answer | None:
    prefix = pattern.prefix
    if not prefix and not pattern.is_literal:
        return None
    keys = dataset.keys_of_id(prefix) if pattern.is_literal else dataset.keys_with_prefix(prefix)
    return None if keys is None else Answer((keys,), len(keys), "path")


def documents_of(dataset: Dataset, answer: Answer) -> Iterable[Document]:
    """Return the documents of an answer in dataset order, each once, lazily where one index gave it."""
    parts = answer.parts
    if len(parts) == 1:
        return map(dataset.document, parts[0])
    keys: set[Key] = set()
    for part in parts:
        keys.update(part)
    return map(dataset.document, sorted(keys))
