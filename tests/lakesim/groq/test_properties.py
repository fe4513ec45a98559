"""What holds for every query, every text and every dataset."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lakesim.clock import parse_time
from lakesim.groq import Environment, GroqError, ListDataset, compile_filter, compile_query, parse, query
from lakesim.groq.cursor import DEPTH_MAX
from lakesim.groq.dataset import Document
from lakesim.groq.lexer import QUERY_LENGTH_MAX, QUERY_TOKENS_MAX
from lakesim.groq.selectors import SELECTOR_STEPS_MAX
from lakesim.groq.values import export
from lakesim.testing.groq_strategies import PARAMS, documents, queries

EXAMPLES = 100 if os.environ.get("LAKESIM_PROFILE") == "deep" else 40
ENVIRONMENT = Environment(now=parse_time("2026-01-01T00:00:00Z"), identity="me")


class Unindexed(ListDataset):
    """Knows nothing but the list."""

    def keys_of_id(self, document_id: str) -> None:
        return None

    keys_of_type = keys_of_referrers = keys_with_prefix = keys_of_group = keys_of_id  # type: ignore[assignment]


class Generous(ListDataset):
    """Answers every look-up with one key too many: allowed by the protocol."""

    def _with_first(self, keys: Sequence[int] | None) -> Sequence[int]:
        return sorted({*(keys or ()), 0}) if len(self) else ()

    def keys_of_id(self, document_id: str) -> Sequence[int]:
        return self._with_first(super().keys_of_id(document_id))

    def keys_of_type(self, type_name: str) -> Sequence[int]:
        return self._with_first(super().keys_of_type(type_name))

    def keys_of_referrers(self, document_id: str) -> Sequence[int]:
        return self._with_first(super().keys_of_referrers(document_id))

    def keys_with_prefix(self, prefix: str) -> Sequence[int]:
        return self._with_first(super().keys_with_prefix(prefix))

    def keys_of_group(self, published: str) -> Sequence[int]:
        return self._with_first(super().keys_of_group(published))


def run(text: str, dataset: ListDataset) -> str:
    return json.dumps(export(compile_query(text, PARAMS).run(dataset, ENVIRONMENT)))


@settings(max_examples=EXAMPLES)
@given(queries(), documents())
def test_indexes_never_change_an_answer(text: str, items: list[Document]) -> None:
    expected = run(text, Unindexed(items))
    assert run(text, ListDataset(items)) == expected
    assert run(text, Generous(items)) == expected
    assert run(text, ListDataset(items, transient=True)) == expected
    traced = compile_query(text, PARAMS).explain(ListDataset(items), ENVIRONMENT)
    assert json.dumps(traced.result) == expected


@settings(max_examples=EXAMPLES)
@given(queries(), documents(regular=False))
def test_irregular_documents_are_read_alike_with_and_without_indexes(text: str, items: list[Document]) -> None:
    assert run(text, ListDataset(items)) == run(text, Unindexed(items))


@settings(max_examples=EXAMPLES)
@given(queries(), documents(regular=False))
def test_documents_and_params_are_never_changed_nor_shared(text: str, items: list[Document]) -> None:
    before = json.dumps([items, PARAMS])
    answer = query(text, items, PARAMS, now=ENVIRONMENT.now)
    assert json.dumps([items, PARAMS]) == before
    mine = containers([items, PARAMS])
    assert not any(id(container) in mine for container in containers_of(answer))


def containers_of(value: Any) -> Iterable[Any]:
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, (dict, list)):
            yield current
            stack.extend(current.values() if isinstance(current, dict) else current)


def containers(value: Any) -> set[int]:
    return set(map(id, containers_of(value)))


@settings(max_examples=EXAMPLES)
@given(queries(), documents())
def test_a_filter_passes_the_documents_that_the_query_selects(condition: str, items: list[Document]) -> None:
    text = f"*[({condition}) == true || n == 1]"
    try:
        passes = compile_filter(text, PARAMS)
    except GroqError:
        # It reads other documents, or is no condition at all.
        return
    selected = query(text, items, PARAMS, now=ENVIRONMENT.now, identity="me")
    assert [item for item in items if passes(item, ENVIRONMENT)] == selected


@settings(max_examples=EXAMPLES)
@given(queries(), documents())
def test_the_same_query_gives_the_same_answer_again(text: str, items: list[Document]) -> None:
    dataset = ListDataset(items)
    assert run(text, dataset) == run(text, dataset)


FRAGMENTS = (
    *("*", "@", "^", "^.^", "a", "_type", "$p", "1", "2.5", '"s"', "true", "null", "in", "match", "asc", "desc", "fn"),
    *("[", "]", "(", ")", "{", "}", "|", "->", ".", "..", "...", "==", "&&", "||", "!", "+", "-", "*", "**", "/", "%"),
    *(
        "=>",
        ",",
        ":",
        "::",
        ";",
        "=",
        "count",
        "order",
        "score",
        "boost",
        "select",
        "references",
        "anywhere",
        " ",
        "\n",
    ),
    *(
        "//",
        '"',
        "'",
        "\\",
        "\\u",
        "diff::changedAny",
        "geo",
        "path",
        "fn a::b($x) = $x{",
        "};",
        "\u00e9",
        "\U0001f600",
    ),
)


def refusal(text: str, params: Any = PARAMS) -> GroqError | None:
    """Return the refusal of a query, None if it has a value."""
    try:
        query(text, [{"_id": "a", "a": [1, {"a": 2}], "l": [1], "r": {"_ref": "a"}}], params, now=ENVIRONMENT.now)
    except GroqError as error:
        return error
    return None


def check_total(text: str) -> None:
    error = refusal(text, {"p": 1})
    if error is not None:
        assert error.query == text
        assert 0 <= error.start <= error.end <= len(text)
        assert error.description
        assert str(error)


@given(st.text(max_size=60))
@example("\ud800")
@example("\x00")
def test_any_text_gives_a_value_or_a_refusal_with_its_place(text: str) -> None:
    check_total(text)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join))
def test_any_run_of_tokens_gives_a_value_or_a_refusal_with_its_place(text: str) -> None:
    check_total(text)


@given(queries(), st.integers(0, 400), st.sampled_from(FRAGMENTS), st.integers(0, 3))
def test_a_damaged_query_gives_a_value_or_a_refusal_with_its_place(text: str, at: int, inserted: str, cut: int) -> None:
    at = min(at, len(text))
    damaged = text[:at] + inserted + text[at + cut :]
    error = refusal(damaged)
    assert error is None or 0 <= error.start <= error.end <= len(damaged)


# What is repeated before and after something; what stands before a tilde stands there once.
NESTED = {
    "group": ("(", "1", ")"),
    "array": ("[", "a", "]"),
    "object": ('{"a":', "a", "}"),
    "filter": ("*[l in ", "l", "]"),
    "projection": ('*[0]{"a":', "@", "}"),
    "not": ("!", "a", ""),
    "minus": ("-", "1", ""),
    "power": ("2**", "1", ""),
    "call": ("count(", "a", ")"),
    "order": ("*|order(", "a", ")"),
    "select": ("select(a=>", "1", ")"),
    "selector": ("diff::changedAny(a,b,~(", "a", ")"),
    "in": ("a in (", "a", ")"),
    "or": ("a||(", "a", ")"),
    "sub-query": ('*[0]{"s":*[references(^._id) && a==', "1", "]}"),
    "conditional": ("{a=>", "{}", "}"),
}


@pytest.mark.parametrize("kind", NESTED)
@pytest.mark.parametrize("depth", [1, DEPTH_MAX // 2 - 2, DEPTH_MAX, DEPTH_MAX + 1, 3_000])
def test_nesting_is_bounded(kind: str, depth: int) -> None:
    before, middle, after = NESTED[kind]
    prefix, _, repeated = before.rpartition("~")
    error = refusal(prefix + repeated * depth + middle + after * depth + ")" * prefix.count("("))
    if error is None:
        assert depth <= DEPTH_MAX
    else:
        assert depth > DEPTH_MAX // 2 - 2
        assert error.description == f"the query is nested more than {DEPTH_MAX} levels deep"


LONG = {
    "or": ("a", "||a", ""),
    "mixed or": ("a", "||true", ""),
    "plus": ("1", "+1", ""),
    "steps": ("*", "[true]", ""),
    "attributes": ("a", ".a", ""),
    "dereferences": ("a", "->", ""),
    "elements": ("[", "a,", "]"),
    "members": ("{", '"a":a,', "}"),
    "coalesce": ("coalesce(", "a,", "1)"),
    "select": ("select(", "a=>1,", "2)"),
    "spaces": ("1", " \n", ""),
}


@pytest.mark.parametrize("kind", LONG)
def test_length_is_no_trouble(kind: str) -> None:
    before, middle, after = LONG[kind]
    query(before + middle * 500 + after, [{"_id": "a"}])


def test_a_text_beyond_the_limit_is_refused() -> None:
    assert query(" " * (QUERY_LENGTH_MAX - 1) + "1", []) == 1
    with pytest.raises(GroqError, match="characters, the limit is"):
        query(" " * QUERY_LENGTH_MAX + "1", [])
    with pytest.raises(GroqError, match="tokens"):
        query("[" + "1," * QUERY_TOKENS_MAX + "]", [])


def test_a_selector_has_a_bounded_number_of_steps() -> None:
    # Story: each step copied the whole path before it, and forty-five thousand of them took minutes.
    assert query("diff::changedAny(1, 2, a" + ".a" * SELECTOR_STEPS_MAX + ")", []) is False
    with pytest.raises(GroqError, match="a selector has at most"):
        query("diff::changedAny(1, 2, a" + ".a" * 20_000 + ")", [])


def test_parse_is_bounded_as_well() -> None:
    with pytest.raises(GroqError):
        parse("(" * 20_000)
    with pytest.raises(GroqError, match="pipes in a row"):
        parse("*" + "|order(a)" * 500)
