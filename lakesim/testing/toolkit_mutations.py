"""Seeded documents and mutations in the form of the published toolkit: paths as arrays, operations on one node each.

For comparing its in-memory engine with ours; every value is plain JSON and the same seed gives the same cases.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Final

from lakesim.testing.patches import KEYS, NAMES, any_object, any_value, edited, text_patch

__all__ = ["IDS", "REVISION", "generate_transactions"]

IDS: Final = ("d1", "d2", "d3")
"""The last one is not there at first."""
REVISION: Final = "rev-0"
"""`_rev` of the documents that are there at first."""

Path = list[Any]
"""Attribute names, positions and `{"_key": …}`, as the toolkit has them."""

_KINDS: Final = ("patch", "create", "createIfNotExists", "createOrReplace", "delete")
_KIND_WEIGHTS: Final = (12, 1, 1, 1, 1)
_ODD_NAMES: Final = ("Upper", "odd-name")
_LEAF_DEPTH: Final = 3
"""Depth from which generated values stay small."""
_ARRAY_OPERATIONS: Final = ("insert", "insert", "upsert", "replace", "remove", "truncate", "set", "unset")
_OBJECT_OPERATIONS: Final = ("assign", "unassign", "set", "setIfMissing", "unset")
_TEXT_OPERATIONS: Final = ("diffMatchPatch", "diffMatchPatch", "set", "unset")
_NUMBER_OPERATIONS: Final = ("inc", "dec", "set", "setIfMissing")
_ANY_OPERATIONS: Final = ("set", "setIfMissing", "unset")
_OPERATIONS: Final = (*_ARRAY_OPERATIONS, *_OBJECT_OPERATIONS, *_TEXT_OPERATIONS, *_NUMBER_OPERATIONS)


def generate_transactions(seed: int, count: int) -> Iterator[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    """Yield `count` pairs of the documents there are and the mutations of one transaction."""
    source = random.Random(seed)
    for _ in range(count):
        documents = [_document(source, name) | {"_rev": REVISION} for name in IDS[:-1]]
        yield documents, [_mutation(source, documents) for _ in range(source.choice((1, 1, 1, 2, 3)))]


def _document(source: random.Random, document_id: str) -> dict[str, Any]:
    return {"_id": document_id, "_type": "thing", **any_object(source, 1)}


def _mutation(source: random.Random, documents: list[dict[str, Any]]) -> dict[str, Any]:
    (kind,) = source.choices(_KINDS, _KIND_WEIGHTS)
    if kind == "delete":
        return {"type": kind, "id": source.choice(IDS)}
    if kind != "patch":
        return {"type": kind, "document": _document(source, source.choice(IDS))}
    document = source.choice(documents)
    patches = [_node_patch(source, document) for _ in range(source.choice((1, 1, 1, 2)))]
    mutation = {"type": kind, "id": document["_id"] if source.random() < 0.95 else IDS[-1], "patches": patches}
    if source.random() < 0.2:
        mutation["options"] = {"ifRevision": source.choice((REVISION, REVISION, "another"))}
    return mutation


def _node_patch(source: random.Random, document: dict[str, Any]) -> dict[str, Any]:
    path, value = _target(source, document)
    if isinstance(value, list):
        names: tuple[str, ...] = _ARRAY_OPERATIONS
    elif isinstance(value, dict):
        names = _OBJECT_OPERATIONS if path else ("assign", "unassign")
    elif isinstance(value, str):
        names = _TEXT_OPERATIONS
    else:
        names = _NUMBER_OPERATIONS if type(value) in (int, float) else _ANY_OPERATIONS
    # Now and then an operation that is not meant for what it meets.
    name = source.choice(_OPERATIONS if path and source.random() < 0.1 else names)
    return {"path": path, "op": {"type": name, **_operands(source, name, value)}}


def _target(source: random.Random, document: dict[str, Any]) -> tuple[Path, Any]:
    """Walk into a document, now and then off it; return the path and what is there."""
    path: Path = []
    value: Any = document
    for _ in range(source.choice((0, 1, 1, 2, 2, 3))):
        if isinstance(value, list):
            step, value = _item(source, value)
        else:
            known = [name for name in value if not name.startswith("_")] if isinstance(value, dict) else []
            odd = _ODD_NAMES if source.random() < 0.1 else NAMES
            step = source.choice(known) if known and source.random() < 0.9 else source.choice(odd)
            value = value.get(step) if isinstance(value, dict) else None
        path.append(step)
        if not isinstance(value, (dict, list)) and source.random() < 0.85:
            break
    return path, value


def _item(source: random.Random, items: list[Any]) -> tuple[Any, Any]:
    step = _reference_item(source, items)
    if isinstance(step, dict):
        return step, next((one for one in items if isinstance(one, dict) and one.get("_key") == step["_key"]), None)
    return step, items[step] if -len(items) <= step < len(items) else None


def _reference_item(source: random.Random, items: Any) -> Any:
    """Return a position or key, of an item that is there more often than not."""
    present = items if isinstance(items, list) else []
    keys = [item["_key"] for item in present if isinstance(item, dict) and "_key" in item]
    if source.random() < 0.5:
        return {"_key": source.choice(keys) if keys and source.random() < 0.9 else source.choice(KEYS)}
    if present and source.random() < 0.85:
        return source.randint(-len(present), len(present) - 1)
    if not present and source.random() < 0.5:
        # What editors send for the end and the beginning, also of an empty array.
        return source.choice((-1, 0))
    return source.randint(-2, len(present) + 1)


def _operands(source: random.Random, name: str, value: Any) -> dict[str, Any]:
    if name in ("set", "setIfMissing"):
        return {"value": any_value(source, _LEAF_DEPTH)}
    if name in ("inc", "dec"):
        return {"amount": source.choice((1, 2, -3, 0.5))}
    if name == "diffMatchPatch":
        return {"value": text_patch(source, edited(source, value if isinstance(value, str) else "a dog "))}
    if name == "assign":
        return {"value": any_object(source, _LEAF_DEPTH)}
    if name == "unassign":
        return {"keys": source.sample(NAMES, source.randint(0, 2))}
    if name == "truncate":
        start = source.randint(0, 3)
        return {"startIndex": start} | ({"endIndex": start + source.randint(0, 2)} if source.random() < 0.5 else {})
    reference = {"referenceItem": _reference_item(source, value)}
    if name == "remove":
        return reference
    keys = source.sample((*KEYS, "k4"), source.choice((1, 1, 2)))
    items = [{"_key": key, **any_object(source, _LEAF_DEPTH)} for key in keys]
    return {**reference, "items": items} | (
        {} if name == "replace" else {"position": source.choice(("before", "after"))}
    )
