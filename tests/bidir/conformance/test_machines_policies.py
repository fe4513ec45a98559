"""What the judge of the life machines says of policies: each case a state before, a state after, and what was asked.

A refusal that no policy bears out is a fault, and so is what a policy forbids, keeps or clears and did not.
"""

from __future__ import annotations

from typing import Any

import pytest

from bidir.conformance.frame import Intent
from bidir.conformance.machines_meaning import Meaning
from bidir.conformance.machines_policies import check_policies, check_refusals
from bidir.outcome import Conflict
from bidir.relations import Schema


def schema(**options: Any) -> Schema:
    """Return book.author ⇄ author.books (two at most) with these policies."""
    author = {"name": "author", "type": "reference", "to": [{"type": "author"}]}
    books = {"name": "books", "type": "array", "of": [{"type": "reference", "to": [{"type": "book"}]}]}
    return Schema.load(
        [
            {
                "name": "book",
                "type": "document",
                "fields": [{**author, "bidirectional": {"targetField": "books", **options}}],
            },
            {"name": "author", "type": "document", "fields": [{**books, "validation": {"max": 2}}]},
        ]
    )


def to(group: str, *, weak: bool = True) -> dict[str, Any]:
    return {"_type": "reference", "_ref": group, "_key": group} | ({"_weak": True} if weak else {})


def book(name: str, author: str | None = None, *, weak: bool = False) -> dict[str, Any]:
    return {"_id": name, "_type": "book"} | ({} if author is None else {"author": to(author, weak=weak)})


def author(name: str, *books: str) -> dict[str, Any]:
    return {"_id": name, "_type": "author", "books": [to(one) for one in books]}


def told(*documents: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["_id"]: one for one in documents}


def meaning(kind: str, group: str, **intent: Any) -> Meaning:
    return Meaning(kind, "published", Intent("published", **intent), frozenset((group,)))


PAIR = told(book("b1", "a1"), author("a1", "b1"))
GONE = meaning("delete_everywhere", "a1", deleted=frozenset(("a1",)), erased=frozenset(("a1",)))
OFFLINE = meaning("unpublish", "b1", deleted=frozenset(("b1",)))
DRAFTED = book("drafts.b1", "a1", weak=True)
TAKING = meaning("submit", "b2", stated=told(book("b2", "a1")))
HELD = told(book("b1", "a1"), book("b2"), author("a1", "b1"))

CASES: dict[str, tuple[dict[str, str], Meaning, dict[str, Any], dict[str, Any], str]] = {
    "deleted though blocked": ({"onDelete": "block"}, GONE, PAIR, told(book("b1")), "blocks that"),
    "deleted and cleared": ({}, GONE, PAIR, told(book("b1")), ""),
    "kept": ({"onDelete": "keep"}, GONE, PAIR, told(book("b1", "a1", weak=True)), ""),
    "not kept": ({"onDelete": "keep"}, GONE, PAIR, told(book("b1")), "keeps such pointers"),
    "kept strongly": ({"onDelete": "keep"}, GONE, PAIR, told(book("b1", "a1")), "strongly"),
    "offline, kept": ({}, OFFLINE, PAIR, told(DRAFTED, author("a1", "b1")), ""),
    "offline, not kept": ({}, OFFLINE, PAIR, told(DRAFTED, author("a1")), "no longer names"),
    "offline, cleared": ({"onUnpublish": "clear"}, OFFLINE, PAIR, told(DRAFTED, author("a1")), ""),
    "offline, not cleared": (
        {"onUnpublish": "clear"},
        OFFLINE,
        PAIR,
        told(DRAFTED, author("a1", "b1")),
        "still names",
    ),
    "a list beyond its bounds": (
        {},
        meaning("submit", "a1", stated=told(author("a1", "b1", "b2", "b3"))),
        told(author("a1")),
        told(author("a1", "b1", "b2", "b3")),
        "at most 2",
    ),
    "a list that was too long before": (
        {},
        meaning("submit", "a1", stated=told(author("a1", "b1", "b2", "b3"))),
        told(author("a1", "b1", "b2", "b3")),
        told(author("a1", "b3", "b1", "b2")),
        "",
    ),
}


@pytest.mark.parametrize(("options", "asked", "before", "after", "fault"), CASES.values(), ids=list(CASES))
def test_a_policy_that_was_not_kept_is_told(
    options: dict[str, str], asked: Meaning, before: dict[str, Any], after: dict[str, Any], fault: str
) -> None:
    found = [text for _, text in check_policies(schema(**options), before, after, asked, consented=False)]
    assert len(found) == bool(fault)
    assert all(fault in text for text in found)


@pytest.mark.parametrize("consented", [False, True])
def test_a_place_is_taken_from_a_holder_only_with_consent(consented: bool) -> None:
    single = Schema.load(
        [
            {
                "name": "book",
                "type": "document",
                "fields": [
                    {
                        "name": "author",
                        "type": "reference",
                        "to": [{"type": "author"}],
                        "bidirectional": {"targetField": "currentBook", "onConflict": "reject"},
                    }
                ],
            },
            {
                "name": "author",
                "type": "document",
                "fields": [{"name": "currentBook", "type": "reference", "to": [{"type": "book"}]}],
            },
        ]
    )
    before = told(book("b1", "a1"), book("b2"), {"_id": "a1", "_type": "author", "currentBook": to("b1")})
    after = told(book("b1"), book("b2", "a1"), {"_id": "a1", "_type": "author", "currentBook": to("b2")})
    found = list(check_policies(single, before, after, TAKING, consented=consented))
    assert len(found) == (not consented)


@pytest.mark.parametrize(
    ("kind", "options", "asked", "borne_out"),
    [
        ("blocked", {"onDelete": "block"}, GONE, True),
        ("blocked", {}, GONE, False),
        ("blocked", {"onDelete": "block"}, TAKING, False),
        ("held", {"onConflict": "reject"}, TAKING, True),
        ("held", {}, TAKING, False),
        ("max", {}, TAKING, True),
        ("acyclic", {}, TAKING, False),
    ],
)
def test_a_refusal_needs_a_policy(kind: Any, options: dict[str, str], asked: Meaning, borne_out: bool) -> None:
    declared = schema(**options)
    (relation,) = declared.relations
    conflict = Conflict(kind, relation.name, "b2", "a1.books", "b1", "published", "token", "words")
    assert bool(list(check_refusals(declared, HELD, asked, [conflict]))) == (not borne_out)
