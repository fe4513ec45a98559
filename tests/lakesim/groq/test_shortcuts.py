"""Known operands get code of their own; whatever is known, an operator gives the same.

Story: a literal beyond 2^53 has no shortcut and was written into the program as a bare number, whose attribute was then
a syntax error; and literals compared by identity made the compiler warn. Both came from code for known operands only.
"""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import pytest

from lakesim.groq import query
from lakesim.groq.parser import OPERATOR_LEVELS

VALUES: tuple[Any, ...] = (None, True, False, 0, 1, 2.5, 2**53 + 1, "", "1", "b", "B c*", [], [1, "b", None], {"b": 1})
PAIRS = [{"_id": str(place), "a": left, "b": right} for place, (left, right) in enumerate(product(VALUES, VALUES))]


def expected(operator: str) -> list[Any]:
    """Return the operator's value for all pairs, from code that knows nothing of the operands."""
    answers: list[Any] = query(f"*{{'v': a {operator} b}}.v", PAIRS)
    return answers


def check(left: str, operator: str, right: str, pairs: list[Any], values: list[Any], params: dict[str, Any]) -> None:
    text = f"{left} {operator} {right}"
    shown = f"{text} with {params}"
    assert json.dumps(query(f"*{{'v': {text}}}.v", pairs, params)) == json.dumps(values), shown
    for form, wanted in ((f"*[{text}]._id", True), (f"*[!({text})]._id", False), (f"*[({text}) == false]._id", False)):
        passing = [pair["_id"] for pair, value in zip(pairs, values, strict=True) if value is wanted]
        assert query(form, pairs, params) == passing, f"{form} with {params}"


@pytest.mark.parametrize("operator", OPERATOR_LEVELS)
def test_operators_give_the_same_whatever_is_known_of_their_operands(operator: str) -> None:
    everything = expected(operator)
    check("a", operator, "b", PAIRS, everything, {})
    size = len(VALUES)
    for place, value in enumerate(VALUES):
        with_left = slice(place * size, (place + 1) * size)
        with_right = slice(place, None, size)
        literal = json.dumps(value)
        check(literal, operator, "b", PAIRS[with_left], everything[with_left], {})
        check("$p", operator, "b", PAIRS[with_left], everything[with_left], {"p": value})
        check("a", operator, literal, PAIRS[with_right], everything[with_right], {})
        check("a", operator, "$p", PAIRS[with_right], everything[with_right], {"p": value})


@pytest.mark.parametrize("operator", OPERATOR_LEVELS)
def test_operators_give_the_same_for_two_known_operands(operator: str) -> None:
    pairs = list(product(VALUES, VALUES))
    texts = [f"{json.dumps(left)} {operator} {json.dumps(right)}" for left, right in pairs]
    answers = query(f"[{', '.join(texts)}]", [])
    assert json.dumps(answers) == json.dumps(expected(operator))
    truths = query("[" + ", ".join(f"select({text} => 1, !({text}) => 0)" for text in texts) + "]", [])
    assert truths == [{True: 1, False: 0}.get(value) if type(value) is bool else None for value in answers]


STEPS = (
    *(".a", '["b"]', "[0]", "[-1]", "[0..1]", "[]", "[true]", "{b}", "{...}", "->", "->b", "[].b", "[0].b"),
    "{'x': @.b}",
)


@pytest.mark.parametrize("step", STEPS)
def test_steps_give_the_same_whatever_is_known_of_their_base(step: str) -> None:
    everything = [query(f"*[0]{{'v': a{step}}}.v", [{"a": value}]) for value in VALUES]
    for value, wanted in zip(VALUES, everything, strict=True):
        # An array literal is mapped where its value is not, so the literal stands in parentheses.
        assert query(f"({json.dumps(value)}){step}", []) == wanted
        assert query(f"$p{step}", [], {"p": value}) == wanted
        assert query(f"{{'k': {json.dumps(value)}}}.k{step}", []) == wanted


FUNCTIONS = (
    *("count", "defined", "length", "lower", "upper", "string", "round", "dateTime", "coalesce", "math::sum", "geo"),
    *("array::unique", "array::compact", "references", "sanity::versionOf", "pt::text", "path", "text::query"),
)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_give_the_same_whatever_is_known_of_their_argument(function: str) -> None:
    for value in VALUES:
        wanted = query(f"*[0]{{'v': {function}(a)}}.v", [{"_id": "b", "a": value}])
        literal = json.dumps(value)
        assert query(f"*[0]{{'v': {function}({literal})}}.v", [{"_id": "b", "a": value}]) == wanted
        assert query(f"*[0]{{'v': {function}($p)}}.v", [{"_id": "b", "a": value}], {"p": value}) == wanted
