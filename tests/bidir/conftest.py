"""What the engine's tests share: small schemas of every cardinality, and an engine on a seeded lake."""

import pytest

from bidir import Engine, Schema
from bidir.backends import LakeBackend
from lakesim import Lake

MANY = {"1:1": (False, False), "n:1": (False, True), "1:n": (True, False), "n:m": (True, True)}


def _field(name, target, many):
    reference = {"type": "reference", "to": [{"type": target}]}
    return {"name": name, "type": "array", "of": [reference]} if many else {"name": name, **reference}


def book_and_author(kind="1:1", *, live=(), **options):
    """Book.author ⇄ author.books of a cardinality; `symmetric 1:1` and `symmetric n:m` are on book.author alone."""
    if kind.startswith("symmetric"):
        own = _field("author", "book", kind.endswith("n:m"))
        own["bidirectional"] = {"targetField": "author", **options}
        return [{"name": "book", "type": "document", "liveEdit": "book" in live, "fields": [own]}]
    left, right = MANY[kind]
    author = _field("author", "author", left)
    author["bidirectional"] = {"targetField": "books", **options}
    return [
        {"name": "book", "type": "document", "liveEdit": "book" in live, "fields": [author]},
        {
            "name": "author",
            "type": "document",
            "liveEdit": "author" in live,
            "fields": [_field("books", "book", right)],
        },
    ]


@pytest.fixture
def schema_of():
    return lambda *arguments, **options: Schema.load(book_and_author(*arguments, **options))


@pytest.fixture
def world():
    """(dataset, engine) with books b1–b3 and authors a1–a3 published; `backend=` wraps the lake's."""

    def make(kind="1:1", *, live=(), backend=LakeBackend, seed=0, empty=False, **options):
        dataset = Lake(seed=seed).dataset("production")
        if not empty:
            ids = [("book", "b1"), ("book", "b2"), ("book", "b3"), ("author", "a1"), ("author", "a2"), ("author", "a3")]
            dataset.mutate([{"create": {"_id": one, "_type": name}} for name, one in ids])
        return dataset, Engine(Schema.load(book_and_author(kind, live=live, **options)), backend(dataset))

    return make
