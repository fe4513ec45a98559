"""Which index answers a filter, and how many documents are looked at."""

from __future__ import annotations

import pytest

from lakesim.groq import ListDataset, compile_query
from lakesim.groq.plan import documents_of, resolve

AUTHORS, BOOKS = 40, 160


def library() -> ListDataset:
    authors = [
        {"_id": f"author-{n:03}", "_type": "author", "n": n, "best": {"_ref": f"book-{n:03}"}} for n in range(AUTHORS)
    ]
    books = [
        {
            "_id": f"book-{n:03}",
            "_type": "book",
            "n": n,
            "author": {"_ref": f"author-{n % AUTHORS:03}"},
            "a": [{"_ref": "x"}],
        }
        for n in range(BOOKS)
    ]
    drafts = [{"_id": f"drafts.book-{n:03}", "_type": "book", "n": n} for n in range(5)]
    versions = [{"_id": "versions.r1.book-001", "_type": "book", "n": 1}]
    return ListDataset([*authors, *books, *drafts, *versions])


PARAMS = {"id": "book-001", "ids": ["book-001", "author-002", "none"], "author": "author-001"}


@pytest.mark.parametrize(
    ("text", "index", "looked_at"),
    [
        ("*[_id == $id]", "id", 1),
        ("*['book-001' == _id]", "id", 1),
        ("*[_id == 'none']", "id", 0),
        ("*[_id in $ids]", "id", 2),
        ("*[_id in ['book-001', 'book-002']]", "id", 2),
        ("*[_type == 'author']", "type", AUTHORS),
        ("*[_type in ['author', 'none']]", "type", AUTHORS),
        ("*[references($author)]", "reference", 4),
        ("*[references($author, 'author-002')]", "reference", 8),
        ("*[references($ids)]", "reference", 5),
        ("*[author._ref == $author]", "reference", 4),
        ("*[author._ref in [$author]]", "reference", 4),
        ("*[$author in authors[]._ref]", "reference", 4),
        ("*['none' in authors[]._ref]", "reference", 0),
        ("*[count(authors[_ref == $author]) > 0]", None, 206),
        ("*[_id in path('drafts.**')]", "path", 5),
        ("*[_id in path('drafts.book-00*')]", "path", 0),
        ("*[_id in path($id)]", "path", 1),
        ("*[sanity::versionOf('book-001')]", "group", 3),
        ("*[sanity::versionOf('drafts.book-001')]", "group", 1),
        ("*[sanity::partOfRelease('r1')]", "release", 1),
        ("*[string::startsWith(_id, 'drafts.')]", "prefix", 5),
        ("*[_type == 'book' && references($author)]", "reference", 4),
        ("*[n > 1 && (_type == 'book' && (_id == $id))]", "id", 1),
        ("*[_type == 'book'][author._ref == $author]", "reference", 4),
        ("*[_id == $id || references($author)]", "id + reference", 4),
        ("*[_id == $id || (_type == 'author' && n > 3)]", "id + type", AUTHORS + 1),
        ("*[_id in *[_type == 'author'].best._ref]", "id", AUTHORS + AUTHORS),
        ("*[_id == null]", "id", 0),
        # No index helps these.
        ("*[n == 1]", None, 206),
        ("*[_id == $id || n == 1]", None, 206),
        ("*[!(_id == $id)]", None, 206),
        ("*[_id != $id]", None, 206),
        ("*[_id == best._ref]", None, 206),
        ("*[_id in path('**')]", None, 206),
        ("*[_id in path('*.x')]", None, 206),
        ("*[references(_id)]", None, 206),
        ("*[author._ref == null]", None, 206),
    ],
)
def test_filter_uses_the_index_that_promises_fewest(text: str, index: str | None, looked_at: int) -> None:
    explanation = compile_query(text, PARAMS).explain(library())
    assert explanation.sources[0].index == index
    assert explanation.documents == looked_at


def test_slices_and_first_elements_stop_early() -> None:
    dataset = library()
    for text, most in (
        ("*[_type == 'book'][0]", 1),
        ("*[_type == 'book'][0...10]", 10),
        ("*[n >= 0][3]", 4),
        ("*[2..4]", 5),
    ):
        assert compile_query(text).explain(dataset).documents == most


def test_a_reverse_look_up_per_parent_reads_only_what_it_finds() -> None:
    text = "*[_type == 'author'][0...10]{'books': *[_type == 'book' && references(^._id)].n}"
    explanation = compile_query(text).explain(library())
    assert explanation.documents == 10 + 10 * 4
    assert [source.times for source in explanation.sources] == [1, 10]


def test_a_sub_query_that_reads_nothing_around_it_is_evaluated_once() -> None:
    explanation = compile_query("*[n in *[n > 100].n && _id in *[_type == 'book']._id]").explain(library())
    assert [source.times for source in explanation.sources] == [1, 1, 1]


def test_a_sub_query_is_evaluated_once_per_scope_that_it_reads() -> None:
    text = "*[_type == 'author'][0...3]{'x': *[_type == 'book' && n in *[_type == 'author' && n > ^.^.n].n]._id}"
    explanation = compile_query(text).explain(library())
    assert [source.times for source in explanation.sources] == [1, 3, 3]


def test_documents_looked_at_do_not_grow_with_the_dataset() -> None:
    def looked_at(size: int) -> int:
        items = [
            {"_id": f"i{n:06}", "_type": "a" if n % 10 else "b", "r": {"_ref": f"i{n // 5:06}"}} for n in range(size)
        ]
        text = "*[_type == 'b'][0...20]{'by': *[_type == 'a' && references(^._id)]._id, 'to': r->_id}"
        return compile_query(text).explain(ListDataset(items)).documents

    assert looked_at(10_000) == looked_at(1_000)


def test_a_union_of_answers_comes_back_in_dataset_order_without_repeats() -> None:
    dataset = library()
    answer = resolve(dataset, ("any", ("id", "drafts.book-001"), ("id", "book-001"), ("reference", "author-001")))
    assert answer is not None
    found = [document["_id"] for document in documents_of(dataset, answer)]
    assert found == ["book-001", "book-041", "book-081", "book-121", "drafts.book-001"]


def test_a_transient_list_builds_an_index_only_when_asked_again() -> None:
    dataset = ListDataset([{"_id": "a", "_type": "t"}], transient=True)
    assert dataset.regular is False
    assert dataset.keys_of_type("t") is None
    assert list(dataset.keys_of_type("t") or ()) == [0]
    assert dataset.keys_of_id("a") is None
    assert dataset.keys_of_id("b") == ()
