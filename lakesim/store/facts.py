"""What the lake remembers about each document version besides its content, computed from what changed alone.

A new version shares its untouched branches with the one before it. Walking both side by side and skipping the shared
branches gives the references and attributes gained and lost at the cost of the change, not of the document.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from lakesim.errors import AttributeLimitError, InvalidValueError
from lakesim.jsonvalue import dump_bytes
from lakesim.limits import Limits
from lakesim.patch.references import is_external
from lakesim.store.documents import Document, shared_ends

__all__ = ["NO_FACTS", "Difference", "Facts", "difference", "facts_after", "is_strong"]

_CODES: Final = {
    str: ":string",
    int: ":number",
    float: ":number",
    bool: ":boolean",
    type(None): ":null",
    dict: ":object",
    list: ":array",
}
_ITEMS: Final = "[]"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one stored version.

    Shape: `strong` and `weak` hold one target id per reference (repeats kept); `places` counts the values below the
    document; `bytes_bound` is no less than its JSON size; `attributes` counts places by attribute and is kept only for
    documents with more places than attributes are allowed.
    """

    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    places: int = 0
    bytes_bound: int = 0
    attributes: dict[str, int] | None = None


NO_FACTS: Final = Facts()
"""The facts about a document that does not exist."""


def is_strong(reference: Document) -> bool:
    """Whether an object with `_ref` is bound by referential integrity in its own dataset.

    Weak references are not, nor are those into another dataset or resource, which this lake cannot see
    (content-lake reference, sections 1.7 and 1.8).
    """
    return reference.get("_weak") is not True and not is_external(reference)


class Difference:
    """References and attributes that one version has and the other has not.

    Shape: `attributes` maps `path:datatype` (array indexes collapsed to `[]`) to the change of its number of places.
    """

    __slots__ = ("_depth_max", "attributes", "gained_bytes", "gained_strong", "gained_weak", "lost_strong", "lost_weak")

    def __init__(self, depth_max: int) -> None:
        """Start with nothing; deeper nesting than `depth_max` is refused on the way."""
        self._depth_max = depth_max
        self.attributes: dict[str, int] = {}
        self.gained_strong: list[str] = []
        self.gained_weak: list[str] = []
        self.lost_strong: list[str] = []
        self.lost_weak: list[str] = []
        self.gained_bytes = 0

    def gain(self, value: Any, path: str, level: int) -> None:
        """Count everything in a branch that is new.

        Raises: InvalidValueError for a branch nested too deep.
        """
        self._count(value, path, 1, self.gained_strong, self.gained_weak, level)

    def lose(self, value: Any, path: str) -> None:
        """Count everything in a branch that is gone."""
        self._count(value, path, -1, self.lost_strong, self.lost_weak, 0)

    def _count(self, value: Any, path: str, sign: int, strong: list[str], weak: list[str], level: int) -> None:
        attributes = self.attributes
        kind = type(value)
        code = _CODES[kind]
        name = path + code
        attributes[name] = attributes.get(name, 0) + sign
        if kind is not dict and kind is not list:
            return
        level += 1
        if level > self._depth_max:
            raise InvalidValueError(f'The document is nested deeper than {self._depth_max} levels at "{path}"')
        if kind is list:
            path += _ITEMS
            for item in value:
                self._count(item, path, sign, strong, weak, level)
            return
        if type(value.get("_ref")) is str:
            (strong if is_strong(value) else weak).append(value["_ref"])
            # What a reference object holds besides is searched by `..._ref == $id`, but binds nothing.
            strong = weak
        for key, item in value.items():
            self._count(item, f"{path}.{key}", sign, strong, weak, level)

    def compare_objects(self, before: Document, after: Document, path: str, level: int) -> None:
        """Walk two versions of one object, entering only the branches they do not share."""
        for key, value in after.items():
            old = before.get(key, _MISSING)
            if old is not value:
                self._compare(old, value, f"{path}.{key}" if path else key, level)
        if len(before) != len(after) or before.keys() != after.keys():
            for key in before.keys() - after.keys():
                self.lose(before[key], f"{path}.{key}" if path else key)

    def _compare(self, old: Any, new: Any, path: str, level: int) -> None:
        kind = type(new)
        if type(old) is kind:
            if kind is dict and "_ref" not in old and "_ref" not in new:
                self.compare_objects(old, new, path, level + 1)
                return
            if kind is list:
                self._compare_arrays(old, new, path, level + 1)
                return
            if kind is str:
                # Same attribute, same datatype: only the size can differ.
                self.gained_bytes += _text_bytes(new)
                return
        if old is not _MISSING:
            self.lose(old, path)
        # The name comes with two quotes, a colon and a comma.
        self.gained_bytes += len(dump_bytes(new)) + len(path) + 4
        self.gain(new, path, level)

    def settle(self) -> None:
        """Cancel references found on both sides: they moved or were rewritten, and are neither gained nor lost."""
        for gained, lost in ((self.gained_strong, self.lost_strong), (self.gained_weak, self.lost_weak)):
            if gained and lost:
                came, went = Counter(gained), Counter(lost)
                gained[:] = (came - went).elements()
                lost[:] = (went - came).elements()

    def _compare_arrays(self, before: list[Any], after: list[Any], path: str, level: int) -> None:
        start, end = shared_ends(before, after)
        # Items are told apart by identity: one that only moved is the same object on both sides.
        remaining = Counter(map(id, before[start : len(before) - end]))
        inside = path + _ITEMS
        for item in after[start : len(after) - end]:
            if remaining[id(item)] > 0:
                remaining[id(item)] -= 1
                continue
            self.gained_bytes += len(dump_bytes(item)) + 1
            self.gain(item, inside, level)
        for item in before[start : len(before) - end]:
            if remaining[id(item)] > 0:
                remaining[id(item)] -= 1
                self.lose(item, inside)


_MISSING: Final = object()


def _text_bytes(text: str) -> int:
    # Six bytes is the longest escape of one character in JSON; an upper bound is all that is needed here.
    return 6 * len(text) + 2 if len(text) < 64 else len(dump_bytes(text))


def difference(before: Document | None, after: Document | None, limits: Limits) -> Difference:
    """Return what changed between two versions of one document; None is a document that does not exist.

    Raises: InvalidValueError if the new version is nested too deep.
    """
    out = Difference(limits.nesting_depth_max)
    if after is None:
        for key, value in (before or {}).items():
            out.lose(value, key)
    elif before is None:
        for key, value in after.items():
            out.gain(value, key, 1)
        out.gained_bytes = len(dump_bytes(after))
    else:
        out.compare_objects(before, after, "", 1)
        out.settle()
    return out


def facts_after(facts: Facts, change: Difference, document: Document, limits: Limits) -> Facts:
    """Return the facts about `document`, whose predecessor had `facts` and differs from it by `change`.

    Raises: InvalidValueError if the document is larger than `limits` allow, AttributeLimitError if it has more
    attributes.
    """
    bound = facts.bytes_bound + change.gained_bytes
    if bound > limits.document_bytes_max:
        bound = len(dump_bytes(document))
        if bound > limits.document_bytes_max:
            raise InvalidValueError(
                f'Document "{document["_id"]}" is {bound} bytes of JSON, the limit is {limits.document_bytes_max}'
            )
    places = facts.places + sum(change.attributes.values())
    attributes = None
    if places > limits.document_attributes_max:
        attributes = _attributes_after(facts, change, document, limits)
    return Facts(
        _without(facts.strong, change.lost_strong, change.gained_strong),
        _without(facts.weak, change.lost_weak, change.gained_weak),
        places,
        bound,
        attributes,
    )


def _attributes_after(facts: Facts, change: Difference, document: Document, limits: Limits) -> dict[str, int]:
    if facts.attributes is None:
        attributes = difference(None, document, limits).attributes
    else:
        attributes = dict(facts.attributes)
        for name, count in change.attributes.items():
            total = attributes.get(name, 0) + count
            if total:
                attributes[name] = total
            else:
                attributes.pop(name, None)
    if len(attributes) > limits.document_attributes_max:
        raise AttributeLimitError(
            f'Document "{document["_id"]}" has {len(attributes)} attributes,'
            f" the limit is {limits.document_attributes_max}"
        )
    return attributes


def _without(targets: tuple[str, ...], lost: list[str], gained: list[str]) -> tuple[str, ...]:
    if not lost:
        return (*targets, *gained) if gained else targets
    remaining = Counter(lost)
    kept = []
    for target in targets:
        if remaining.get(target, 0):
            remaining[target] -= 1
        else:
            kept.append(target)
    return (*kept, *gained)
