"""Pages and orders: the arithmetic as a property, and what is no order refused in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidir.errors import IntentError
from bidir.lookups.paging import PAGE_SIZE_MAX, Page, ordering, page_bounds, page_of

KNOWN = ("title", "release-year", "studio", "desc")


@given(total=st.integers(0, 50), size=st.integers(1, 12))
def test_the_pages_partition_the_answer_in_order(total: int, size: int) -> None:
    rows = [{"_id": str(number)} for number in range(total)]

    def ask(page: int) -> Page:
        first, end = page_bounds(page, size)
        return page_of(rows[first:end], total, page, size)

    pages = ask(1).pages
    seen = [ask(number) for number in range(1, pages + 1)]
    assert [row for page in seen for row in page.items] == rows
    assert all(len(page.items) == size for page in seen[:-1])
    assert [page.has_next for page in seen] == [True] * (pages - 1) + [False] * bool(pages)
    assert ask(pages + 1).items == ()
    assert (pages == 0) == (total == 0)


@pytest.mark.parametrize(
    ("order", "groq"),
    [
        ("title", "title asc, _id asc"),
        ("_updatedAt desc", "_updatedAt desc, _id asc"),
        ("lower(title) DESC , studio._ref", "lower(title) desc, studio._ref asc, _id asc"),
        ("release-year desc", '@["release-year"] desc, _id asc'),
        ("desc desc", '@["desc"] desc, _id asc'),
    ],
)
def test_an_order_in_words_becomes_one_in_groq_with_ties_by_id(order: str, groq: str) -> None:
    assert ordering(order, KNOWN, "film") == groq


@pytest.mark.parametrize(
    ("order", "text"),
    [
        ("titel", 'film has no attribute "titel". Did you mean "title"?'),
        ("title up", '"up" is no direction. Right would be "asc" or "desc".'),
        ("title dsc", '"dsc" is no direction. Did you mean "desc"'),
        ("", '"" is no sort key'),
        ("title,", '"" is no sort key'),
        ("title) | {*", "is no sort key"),
        ("lower(title", "is no sort key"),
        ("upper(title)", "is no sort key"),
        (None, "order is a text"),
    ],
)
def test_what_is_no_order_is_refused(order: str, text: str) -> None:
    with pytest.raises(IntentError) as caught:
        ordering(order, KNOWN, "film")
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("page", "size", "text"),
    [
        (0, 10, "page is a whole number of at least 1, not 0"),
        (1.0, 10, "page is a whole number of at least 1, not 1.0"),
        ("2", 10, "page is a whole number of at least 1, not '2'"),
        (1, 0, "page_size is a whole number from 1 to 1000, not 0"),
        (1, PAGE_SIZE_MAX + 1, "page_size is a whole number from 1 to 1000, not 1001"),
    ],
)
def test_what_is_no_page_is_refused(page: int, size: int, text: str) -> None:
    with pytest.raises(IntentError) as caught:
        page_bounds(page, size)
    assert str(caught.value) == text
