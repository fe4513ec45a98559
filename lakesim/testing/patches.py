"""Seeded documents and patches that meet often: few names, few keys, paths grown along the document.

For comparing patch engines and for measuring; every value is plain JSON and the same seed gives the same cases.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

__all__ = [
    "ALPHABET",
    "KEYS",
    "NAMES",
    "any_object",
    "any_value",
    "edited",
    "generate_case",
    "generate_cases",
    "generate_paths",
    "text_patch",
]

NAMES = ("a", "b", "c", "items", "tags", "n")
KEYS = ("k1", "k2", "k3")
ALPHABET = ("the ", "rabid ", "dog ", "🎈", "é", "日本", "dog ", "\n", "% ")
"""Pieces of generated text: repeated words, two-, three- and four-byte characters, what patches escape."""
DEPTH_MAX = 4
CONTEXT = 4
"""Characters that a hunk shows on either side of its change."""
SAFE = "!~*'();/?:@&=+$,# "
"""What a hunk does not percent-encode."""
OPERATIONS = ("set", "setIfMissing", "unset", "inc", "dec", "insert", "diffMatchPatch")
WEIGHTS = (5, 4, 4, 1, 1, 5, 3)


def generate_cases(seed: int, count: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield `count` pairs of a document (with `_id`, `_type`) and a patch for it (without `id`)."""
    source = random.Random(seed)
    for _ in range(count):
        yield generate_case(source)


def generate_paths(seed: int, count: int) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield `count` pairs of a document and a path that leads along it or nearly so."""
    source = random.Random(seed)
    for _ in range(count):
        document = any_object(source, 1)
        yield document, _path(source, document)


def generate_case(source: random.Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return one document and one patch drawn from `source`."""
    document = {"_id": "doc", "_type": "thing", **any_object(source, 1)}
    operations = source.choices(OPERATIONS, WEIGHTS, k=source.choice((1, 1, 1, 1, 1, 2, 3)))
    return document, {name: _argument(source, name, document) for name in operations}


def any_value(source: random.Random, depth: int) -> Any:
    """Return a JSON value; at `DEPTH_MAX` a scalar."""
    roll = source.random()
    if depth < DEPTH_MAX and roll < 0.25:
        return any_object(source, depth + 1)
    if depth < DEPTH_MAX and roll < 0.55:
        return _array(source, depth + 1)
    return _scalar(source)


def any_object(source: random.Random, depth: int) -> dict[str, Any]:
    """Return an object of a few of `NAMES`."""
    return {name: any_value(source, depth) for name in source.sample(NAMES, source.randint(0, 4))}


def _array(source: random.Random, depth: int) -> list[Any]:
    length = source.randint(0, 4)
    if source.random() < 0.6:
        keys = source.sample(KEYS, min(length, len(KEYS)))
        return [{"_key": key, **any_object(source, depth)} for key in keys]
    return [any_value(source, depth) for _ in range(length)]


def _scalar(source: random.Random) -> Any:
    return source.choice((0, 1, 2, 10, 20, -1, 1.5, True, False, None, "x", "20", "", _text(source)))


def _text(source: random.Random) -> str:
    return "".join(source.choices(ALPHABET, k=source.randint(1, 12)))


def _path(source: random.Random, document: Any) -> str:
    """Grow a path along `document`, now and then off it."""
    out = ""
    value = document
    for _ in range(source.randint(1, 4)):
        step, value = _step(source, value)
        out += step if not out or step[0] in "[." else f".{step}"
        if value is None and source.random() < 0.6:
            break
    return out


def _step(source: random.Random, value: Any) -> tuple[str, Any]:
    if source.random() < 0.06:
        name = source.choice(NAMES)
        return f"..{name}", None
    if isinstance(value, list) and source.random() < 0.95:
        return _bracket(source, value)
    known = [name for name in value if not name.startswith("_")] if isinstance(value, dict) else []
    name = source.choice(known) if known and source.random() < 0.85 else source.choice(NAMES)
    inner = value.get(name) if isinstance(value, dict) else None
    if source.random() < 0.05:
        return f"[{name}, {source.choice(NAMES)}]", inner
    if source.random() < 0.06:
        # A filter on the object itself, more often than not one that holds.
        plain = isinstance(inner, (int, str)) and not isinstance(inner, bool)
        literal = f'"{inner}"' if isinstance(inner, str) else str(inner)
        return (f"[{name}=={literal}]", value) if plain else _bracket(source, [])
    return name, inner


def _bracket(source: random.Random, value: list[Any]) -> tuple[str, Any]:
    selectors = [_selector(source, value) for _ in range(source.choice((1, 1, 1, 1, 1, 2)))]
    inner = next((item for item in value if isinstance(item, (dict, list))), None) if source.random() < 0.8 else None
    return f"[{', '.join(selectors)}]", inner


def _selector(source: random.Random, value: list[Any]) -> str:
    roll = source.random()
    length = len(value)
    if roll < 0.30:
        return str(source.randint(-length - 1, length + 1))
    if roll < 0.45:
        start = source.choice(("", str(source.randint(-length - 1, length + 1))))
        stop = str(source.randint(-length - 1, length + 1)) if not start else source.choice(("", str(length)))
        return f"{start}:{stop}"
    if roll < 0.70:
        return f'_key=="{source.choice(KEYS)}"'
    if roll < 0.80:
        return f"{source.choice(NAMES)}{source.choice(('==', '!=', '<', '<=', '>', '>='))}{_literal(source)}"
    if roll < 0.90:
        return f"@ {source.choice(('==', '!=', '<', '>='))} {_literal(source)}"
    if roll < 0.95:
        return f"{source.choice(NAMES)}?"
    return f"{source.choice(NAMES)}.{source.choice(NAMES)} == {_literal(source)}"


def _literal(source: random.Random) -> str:
    return source.choice(("1", "10", "20", "-1", "1.5", "true", "false", '"x"', '"20"'))


def _argument(source: random.Random, name: str, document: dict[str, Any]) -> Any:
    if name == "unset":
        return [_path(source, document) for _ in range(source.choice((1, 1, 2)))]
    if name == "insert":
        items = [any_value(source, DEPTH_MAX - 1) for _ in range(source.choice((1, 2)))]
        return {source.choice(("before", "after", "replace")): _insert_path(source, document), "items": items}
    paths = [_path(source, document) for _ in range(source.choice((1, 1, 1, 2)))]
    wanted = {"inc": (int, float), "dec": (int, float), "diffMatchPatch": (str,)}.get(name)
    if wanted:
        # Most random paths lead to the wrong type, and all that shows is an error.
        known = [path for path, value in _scalars(document) if type(value) in wanted]
        paths = [source.choice(known) if known and source.random() < 0.9 else path for path in paths]
    if name in ("inc", "dec"):
        return {path: source.choice((1, 2, -3, 0.5)) for path in paths}
    if name == "diffMatchPatch":
        texts = dict(_scalars(document))
        return {path: text_patch(source, edited(source, str(texts.get(path, "a dog ")))) for path in paths}
    return {path: any_value(source, DEPTH_MAX - 1) for path in paths}


def _scalars(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            if not name.startswith("_"):
                yield from _scalars(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for position, item in enumerate(value):
            key = item.get("_key") if isinstance(item, dict) else None
            yield from _scalars(item, f'{path}[_key=="{key}"]' if key else f"{path}[{position}]")
    else:
        yield path, value


def _insert_path(source: random.Random, document: dict[str, Any]) -> str:
    path = _path(source, document)
    if path.endswith("]") or source.random() < 0.1:
        return path
    return path + source.choice(("[-1]", "[0]", "[1]", '[_key=="k1"]', "[1:3]", "[-2:]", "[1:-1]"))


def text_patch(source: random.Random, text: str) -> str:
    """Return a hunk that replaces one word of `text`, with context, as an editor's own copy of the text makes it."""
    words = [word for word in ("dog ", "the ", "rabid ") if word in text]
    old = source.choice(words) if words else ""
    new = source.choice([word for word in ("dog ", "the ", "rabid ", "🐕", "") if word != old])
    at = source.choice([place for place in range(len(text) + 1) if text.startswith(old, place)])
    head, tail = text[max(0, at - CONTEXT) : at], text[at + len(old) : at + len(old) + CONTEXT]
    start = len(text[: at - len(head)].encode()) + 1
    sizes = [len((head + word + tail).encode()) for word in (old, new)]
    # An empty side names the position before it.
    sides = [f"{start if size else start - 1},{size}" for size in sizes]
    header = f"@@ -{sides[0]} +{sides[1]} @@\n"
    parts = ((" ", head), ("-", old), ("+", new), (" ", tail))
    return header + "".join(f"{sign}{quote(part, safe=SAFE)}\n" for sign, part in parts if part)


def edited(source: random.Random, text: str) -> str:
    """Return what `text` may have been before somebody else changed its beginning; never empty if `text` is not."""
    return text if source.random() < 0.7 else text[source.randint(0, 6) :] or text
