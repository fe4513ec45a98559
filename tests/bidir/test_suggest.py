"""'Did you mean' and the phrases that list names."""

from __future__ import annotations

import pytest

from bidir.suggest import did_you_mean, one_of


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("auther", ["author", "book"], ' Did you mean "author"?'),
        ("bok", ["book", "books", "author"], ' Did you mean "book" or "books"?'),
        ("zzz", ["author"], ""),
        ("x", [], ""),
    ],
)
def test_did_you_mean(name: str, known: list[str], expected: str) -> None:
    assert did_you_mean(name, known) == expected


def test_a_stricter_likeness_drops_the_far_ones() -> None:
    assert did_you_mean("description", ["bidirectional"], similarity=0.8) == ""
    assert did_you_mean("bidirectonal", ["bidirectional"], similarity=0.8) == ' Did you mean "bidirectional"?'


@pytest.mark.parametrize(
    ("names", "expected"), [([], ""), (["a"], '"a"'), (["a", "b"], '"a" or "b"'), (["a", "b", "c"], '"a", "b" or "c"')]
)
def test_one_of(names: list[str], expected: str) -> None:
    assert one_of(names) == expected
