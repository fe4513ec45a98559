"""A seeded library catalogue: authors, books, genres, drafts; the same documents for every engine."""

from __future__ import annotations

import random
from typing import Any

__all__ = ["SIZES", "library"]

SIZES = (1_000, 10_000, 100_000)
"""Documents per dataset."""

_WORDS = (
    *("amber", "bridge", "cedar", "dawn", "ember", "field", "garden", "harbour", "island", "journey", "kingdom"),
    *("lantern", "mirror", "night", "ocean", "paper", "quiet", "river", "silver", "tower", "under", "valley"),
    *("winter", "yellow", "zephyr"),
)
_GENRES = 12
_DRAFTS = 20
_BOOKS_PER_AUTHOR = 4


def library(size: int, *, seed: int = 0) -> list[dict[str, Any]]:
    """Return `size` documents in `_id` order.

    Twelve genres and twenty drafts whatever the size; for every author four books that refer to it.
    """
    rng = random.Random(seed)
    authors = (size - _GENRES - _DRAFTS) // (_BOOKS_PER_AUTHOR + 1)
    books = size - _GENRES - _DRAFTS - authors
    documents = [
        *({"_id": f"genre-{number:02d}", "_type": "genre", "name": _WORDS[number]} for number in range(_GENRES)),
        *(_author(rng, number) for number in range(authors)),
        *(_book(rng, f"book-{number:06d}", number % authors) for number in range(books)),
        *(_book(rng, f"drafts.book-{number:06d}", number % authors) for number in range(_DRAFTS)),
    ]
    documents.sort(key=lambda document: str(document["_id"]))
    return documents


def _author(rng: random.Random, number: int) -> dict[str, Any]:
    return {"_id": f"author-{number:06d}", "_type": "author", "name": _title(rng, 2), "born": rng.randint(1850, 2000)}


def _title(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(_WORDS, k=words)).capitalize()


def _book(rng: random.Random, document_id: str, author: int) -> dict[str, Any]:
    return {
        "_id": document_id,
        "_type": "book",
        "_createdAt": "2026-01-01T00:00:00Z",
        "title": _title(rng, 4),
        "year": rng.randint(1900, 2026),
        "rating": round(rng.uniform(1, 10), 1),
        "available": rng.random() < 0.5,
        "author": {"_type": "reference", "_ref": f"author-{author:06d}"},
        "genres": [
            {"_type": "reference", "_key": f"k{key}", "_ref": f"genre-{rng.randrange(_GENRES):02d}"} for key in range(2)
        ],
        "tags": rng.choices(_WORDS, k=3),
        "price": {"amount": rng.randint(5, 60), "currency": rng.choice(["EUR", "USD", "NOK"])},
    }
