"""What paths find in documents."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from lakesim.errors import InvalidValueError
from lakesim.jsonmatch import find, parse_path
from lakesim.jsonmatch.bounds import DESCENT_DEPTH_MAX
from lakesim.jsonmatch.match import MISSING, matches

CASES: list[dict[str, Any]] = YAML(typ="safe").load(Path(__file__).with_name("find_cases.yaml"))

NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "x", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=3)
SELECTORS = st.sampled_from(
    ["[0]", "[-1]", "[1:]", "[*]", ".*", ".a", ".b", "..a", "..[0]", "[a, 0]", '[a=="x"]', "[@ > 0]", "[b?]", "['c']"]
)
PATHS = st.builds(lambda head, tail: head + "".join(tail), NAMES, st.lists(SELECTORS, max_size=4))


def value_at(document: Any, location: tuple[str | int, ...]) -> Any:
    for key in location:
        document = document[key]
    return document


def all_places(value: Any, location: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in document order, by recursion: what `find` must agree with."""
    places = [location]
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        places += all_places(item, (*location, key))
    return places


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_path_finds_exactly(case: dict[str, Any]) -> None:
    assert find(case["document"], parse_path(case["path"])) == [tuple(place) for place in case["found"]]


def test_case_names_are_distinct() -> None:
    names = [case["name"] for case in CASES]
    assert sorted(set(names)) == sorted(names)


@given(DOCUMENTS, PATHS)
def test_every_place_found_exists_once_and_in_document_order(document: dict[str, Any], path: str) -> None:
    found = find(document, parse_path(path))
    order = {place: number for number, place in enumerate(all_places(document))}
    numbers = [order[place] for place in found]
    assert numbers == sorted(set(numbers))


@given(DOCUMENTS)
def test_descent_to_everything_finds_every_place_but_the_root(document: dict[str, Any]) -> None:
    assert find(document, parse_path("..*")) == all_places(document)[1:]


@given(DOCUMENTS, PATHS)
def test_what_is_found_without_creating_is_found_with_creating(document: dict[str, Any], path: str) -> None:
    steps = parse_path(path).steps
    found = matches(document, steps)
    created = matches(document, steps, create=True)
    assert [match for match in created if match[1] is not MISSING] == found


@given(DOCUMENTS, NAMES, st.lists(NAMES, max_size=3))
def test_dotted_names_are_found_or_creatable_where_no_array_stands_in_the_way(
    document: dict[str, Any], head: str, tail: list[str]
) -> None:
    location = (head, *tail)
    value: Any = document
    for name in location:
        if isinstance(value, list):
            return
        value = value.get(name) if isinstance(value, dict) else None
    assert [place for place, _ in matches(document, parse_path(".".join(location)).steps, create=True)] == [location]


@pytest.mark.parametrize(
    ("path", "created"),
    [
        ("a.x", [("a", "x")]),
        ("s.x.y", [("s", "x", "y")]),
        ("list[5]", []),
        ('list[_key=="z"].x', []),
        ('list[_key=="k"].x', [("list", 0, "x")]),
        ("list.x", [("list", 0, "x")]),
        ("[new, other]", [("new",), ("other",)]),
        ("..x", []),
        ("..k2.x", []),
        ("..a.x", [("a", "x")]),
        ("..[x, a]", [("a",)]),
        ("new[0].x", []),
        ("new.*", []),
    ],
)
def test_creation_makes_attributes_but_no_items_and_nothing_that_descent_looks_for(
    path: str, created: list[tuple[str | int, ...]]
) -> None:
    document = {"a": {}, "s": "text", "list": [{"_key": "k"}, 5]}
    assert [place for place, _ in matches(document, parse_path(path).steps, create=True)] == created


def test_attribute_of_an_array_may_mean_nothing() -> None:
    document = {"a": [{"b": 1}]}
    assert find(document, parse_path("a.b"), map_arrays=False) == []
    assert find(document, parse_path("a[*].b"), map_arrays=False) == [("a", 0, "b")]


def nested(levels: int) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for _ in range(levels):
        document = {"a": document}
    return document


def test_descent_into_a_hostile_document_ends_with_one_clear_error() -> None:
    with pytest.raises(InvalidValueError, match=f"looks {DESCENT_DEPTH_MAX} levels down"):
        find(nested(10_000), parse_path("..b"))


def test_descent_at_the_bound_is_answered() -> None:
    assert find(nested(DESCENT_DEPTH_MAX), parse_path("..b")) == []
    assert find(nested(10_000), parse_path("a.a.a")) == [("a", "a", "a")]


def test_repeated_descents_visit_a_place_once() -> None:
    """Two descents over nested hits once gave each place several times over, so that three of them never ended."""
    document = {"a": [{"a": [{"a": [{"a": 1}]}]}]}
    assert find(document, parse_path("..*..*..*")) == [place for place in all_places(document) if len(place) >= 3]
