"""The intents whose price is measured, and what each may cost: requests, and documents by the table of E3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from bidir.conformance.machines_kinds import KINDS, Kind

__all__ = ["CASES", "PLACES", "Case", "Place", "given_documents"]

Place: TypeAlias = Literal["drafts", "drafts made on demand", "published"]
"""Where an intent takes place: on drafts that exist, on published documents seen from drafts, or live."""

PLACES: tuple[Place, ...] = ("drafts", "drafts made on demand", "published")

Link: TypeAlias = tuple[str, str, str]
"""(group, field, target): a whole pair that stands before the intent."""

Patch: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One intent of one relation kind, and the documents it writes, no more and no fewer."""

    kind: str
    intent: str
    links: tuple[Link, ...]
    group: str
    patch: Patch
    documents: int
    writes: int = 1

    @property
    def kind_facts(self) -> Kind:
        """The kind's schema and groups."""
        return next(kind for kind in KINDS if kind.name == self.kind)

    @property
    def mutations(self) -> list[dict[str, Any]]:
        """The user's mutations."""
        return [{"patch": {"id": self.group, **self.patch}}]


def _to(target: str) -> dict[str, Any]:
    return {"_type": "reference", "_ref": target}


def _add(field: str, *targets: str, member: str | None = None) -> Patch:
    items: list[dict[str, Any]] = []
    for target in targets:
        item = {"_type": "credit", member: _to(target)} if member else _to(target)
        items.append({"_key": f"new-{target}", **item})
    return {"setIfMissing": {field: []}, "insert": {"after": f"{field}[-1]", "items": items}}


def _remove(field: str, target: str) -> Patch:
    return {"unset": [f'{field}[_key=="{target}"]']}


_TWO_PAIRS: tuple[Link, ...] = (("b1", "author", "a1"), ("b2", "author", "a2"))
_COUPLES: tuple[Link, ...] = (("p1", "spouse", "p2"),)

CASES: tuple[Case, ...] = (
    Case("one-to-one", "set", (), "b1", {"set": {"author": _to("a1")}}, 2),
    Case("one-to-one", "clear", _TWO_PAIRS, "b1", {"unset": ["author"]}, 2),
    Case("one-to-one", "replace", _TWO_PAIRS, "b1", {"set": {"author": _to("a3")}}, 3),
    Case("one-to-one", "chain steal", _TWO_PAIRS, "b1", {"set": {"author": _to("a2")}}, 4),
    Case("one-to-one", "set, other side", (), "a1", {"set": {"currentBook": _to("b1")}}, 2),
    Case("one-to-one", "chain steal, other side", _TWO_PAIRS, "a2", {"set": {"currentBook": _to("b1")}}, 4),
    Case("one-to-one", "set to what it is", _TWO_PAIRS, "b1", {"set": {"author": {**_to("a1"), "_weak": True}}}, 0, 0),
    Case("one-to-one", "a text beside it", _TWO_PAIRS, "b1", {"set": {"title": "new"}}, 1),
    Case("many-to-one", "set", (), "b1", {"set": {"author": _to("a1")}}, 2),
    Case("many-to-one", "clear", _TWO_PAIRS, "b1", {"unset": ["author"]}, 2),
    Case("many-to-one", "replace", _TWO_PAIRS, "b1", {"set": {"author": _to("a2")}}, 3),
    Case("one-to-many", "add", (), "a1", _add("books", "b1"), 2),
    Case("one-to-many", "add, stolen", _TWO_PAIRS, "a1", _add("books", "b2"), 3),
    Case("one-to-many", "add two, one stolen", _TWO_PAIRS, "a1", _add("books", "b2", "b3"), 4),
    Case("one-to-many", "remove", _TWO_PAIRS, "a1", _remove("books", "b1"), 2),
    Case("one-to-many", "replace", _TWO_PAIRS, "a1", {"set": {"books": [{"_key": "n", **_to("b3")}]}}, 3),
    Case("many-to-many", "add", (), "b1", _add("authors", "a1"), 2),
    Case("many-to-many", "add two", (), "b1", _add("authors", "a1", "a2"), 3),
    Case("many-to-many", "remove", (("b1", "authors", "a1"),), "b1", _remove("authors", "a1"), 2),
    Case(
        "many-to-many", "replace", (("b1", "authors", "a1"),), "b1",
        {"set": {"authors": [{"_key": "n", **_to("a2")}]}}, 3,
    ),
    Case("symmetric-one", "set", (), "p1", {"set": {"spouse": _to("p2")}}, 2),
    Case("symmetric-one", "clear", _COUPLES, "p1", {"unset": ["spouse"]}, 2),
    Case("symmetric-one", "steal", _COUPLES, "p3", {"set": {"spouse": _to("p1")}}, 3),
    Case("symmetric-one", "self link", (), "p1", {"set": {"spouse": _to("p1")}}, 1),
    Case("symmetric-many", "add", (), "p1", _add("friends", "p2"), 2),
    Case("symmetric-many", "remove", (("p1", "friends", "p2"),), "p1", _remove("friends", "p2"), 2),
    Case("symmetric-many", "self link", (), "p1", _add("friends", "p1"), 1),
    Case("two-relations", "set one", (("b1", "editor", "a1"),), "b1", {"set": {"author": _to("a1")}}, 2),
    Case("metadata", "add", (), "f1", _add("credits", "p1", member="person"), 2),
    Case("metadata", "add, other side", (), "p1", _add("films", "f1"), 2),
    Case("metadata", "remove", (("f1", "credits", "p1"),), "f1", _remove("credits", "p1"), 2),
    Case("metadata", "remove, other side", (("f1", "credits", "p1"),), "p1", _remove("films", "f1"), 2),
)  # fmt: skip
"""Every intent of the table, cheap to dear within each kind."""


def given_documents(case: Case, place: Place) -> list[dict[str, Any]]:
    """Return the documents that stand before the intent, both halves of every link written, all pointers weak."""
    kind = case.kind_facts
    prefix = "drafts." if place == "drafts" else ""
    bodies: dict[str, dict[str, Any]] = {
        group: {"_id": f"{prefix}{group}", "_type": type_name, "title": f"{group} as given"}
        for group, type_name in kind.type_of.items()
    }
    for group, field, target in case.links:
        for here, name, there in _halves(kind, group, field, target):
            _write(kind, bodies[here], name, there)
    return list(bodies.values())


def _halves(kind: Kind, group: str, field: str, target: str) -> Sequence[Link]:
    end = (kind.type_of[group], field)
    for relation in kind.relations:
        if end in (relation.left, relation.right):
            inverse = relation.right if end == relation.left else relation.left
            return ((group, field, target), (target, inverse[1], group))
    raise ValueError(f"{kind.name} has no relation field {group}.{field}")


def _write(kind: Kind, body: dict[str, Any], field: str, target: str) -> None:
    reference = {**_to(target), "_weak": True}
    end = (str(body["_type"]), field)
    if not _is_many(kind, end):
        body[field] = reference
        return
    member = kind.member.get(end)
    item: Mapping[str, Any] = {"_type": member[1], member[0]: reference} if member else reference
    body.setdefault(field, []).append({"_key": target, **item})


def _is_many(kind: Kind, end: tuple[str, str]) -> bool:
    return any(
        (relation.left == end and relation.left_many) or (relation.right == end and relation.right_many)
        for relation in kind.relations
    )
