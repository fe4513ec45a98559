"""A seeded export of any size, made and written one document at a time: books, people, tags, with a share of faults."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lakesim.jsonvalue import dump_bytes

SCHEMA = [
    {
        "name": "book",
        "type": "document",
        "fields": [
            {
                "name": "author",
                "type": "reference",
                "to": [{"type": "person"}],
                "bidirectional": {"targetField": "books"},
            },
            {
                "name": "tags",
                "type": "array",
                "of": [{"type": "reference", "to": [{"type": "tag"}]}],
                "bidirectional": {"targetField": "books"},
            },
        ],
    },
    {
        "name": "person",
        "type": "document",
        "fields": [
            {"name": "books", "type": "array", "of": [{"type": "reference", "to": [{"type": "book"}]}]},
            {
                "name": "mentor",
                "type": "reference",
                "to": [{"type": "person"}],
                "bidirectional": {"targetField": "pupil"},
            },
            {"name": "pupil", "type": "reference", "to": [{"type": "person"}]},
        ],
    },
    {
        "name": "tag",
        "type": "document",
        "fields": [{"name": "books", "type": "array", "of": [{"type": "reference", "to": [{"type": "book"}]}]}],
    },
]
BOOKS_PER_PERSON = 3
BOOKS_PER_TAG = 12
FAULTY = 0.02
"""Share of the pointers that are left out, doubled or misled."""
TEXT = "The quick brown fox jumps over the lazy dog. " * 6


def documents(size: int, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Yield a little more than `size` documents in no useful order, a tenth of them drafts and release versions."""
    chance = random.Random(seed)
    people = max(2, size * 10 // 46)
    books = people * BOOKS_PER_PERSON
    tags = max(1, books // BOOKS_PER_TAG)
    for number in range(books):
        yield from _versions(_book(number, people, tags, chance), chance)
        if number % BOOKS_PER_PERSON == 0:
            yield from _versions(_person(number // BOOKS_PER_PERSON, people, chance), chance)
        if number % BOOKS_PER_TAG == 0:
            yield _tag(number // BOOKS_PER_TAG, tags, books, chance)


def write_export(path: Path, size: int, seed: int = 0) -> int:
    """Write the export and return the number of its documents."""
    count = 0
    with path.open("wb") as file:
        for document in documents(size, seed):
            file.write(dump_bytes(document) + b"\n")
            count += 1
    return count


def _pointer(target: str, chance: random.Random, **more: Any) -> dict[str, Any]:
    faulty = chance.random() < FAULTY / 4
    return {"_type": "reference", "_ref": f"drafts.{target}" if faulty else target, "_weak": True, **more}


def _list(targets: list[str], chance: random.Random) -> list[dict[str, Any]]:
    kept = [target for target in targets if chance.random() >= FAULTY]
    return [_pointer(target, chance, _key=f"k{index}") for index, target in enumerate(kept)]


def _body(name: str, kind: str) -> dict[str, Any]:
    times = {"_createdAt": "2026-01-01T00:00:00Z", "_updatedAt": "2026-01-02T00:00:00Z"}
    return {"_id": name, "_type": kind, "_rev": f"rev-{name}", **times, "title": f"Title of {name}", "text": TEXT}


def _book(number: int, people: int, tags: int, chance: random.Random) -> dict[str, Any]:
    author = number // BOOKS_PER_PERSON
    if chance.random() < FAULTY:
        author = chance.randrange(people + people // 50 + 1)
    body = _body(f"book-{number}", "book")
    body["author"] = _pointer(f"person-{author}", chance)
    body["tags"] = _list([f"tag-{number % tags}"], chance)
    return body


def _person(number: int, people: int, chance: random.Random) -> dict[str, Any]:
    body = _body(f"person-{number}", "person")
    first = number * BOOKS_PER_PERSON
    body["books"] = _list([f"book-{first + index}" for index in range(BOOKS_PER_PERSON)], chance)
    # Mentors and pupils in pairs; one in fifty points at somebody else's partner.
    partner = number ^ 1
    if partner < people:
        wrong = chance.random() < FAULTY
        body["mentor" if number % 2 else "pupil"] = _pointer(
            f"person-{(partner + 2) % people if wrong else partner}", chance
        )
    return body


def _tag(number: int, tags: int, books: int, chance: random.Random) -> dict[str, Any]:
    body = _body(f"tag-{number}", "tag")
    body["books"] = _list([f"book-{book}" for book in range(number, books, tags)], chance)
    return body


def _versions(body: dict[str, Any], chance: random.Random) -> Iterator[dict[str, Any]]:
    yield body
    lot = chance.random()
    if lot < 0.08:
        yield {**body, "_id": f"drafts.{body['_id']}", "title": "A better title"}
    elif lot < 0.1:
        moved = {key: value for key, value in body.items() if key != "mentor"}
        yield {**moved, "_id": f"versions.rSpring.{body['_id']}"}
