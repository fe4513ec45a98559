"""Canonical text: parse ∘ print is the identity on trees."""

from __future__ import annotations

import pytest
from hypothesis import given

from lakesim.groq import parse, print_query
from lakesim.groq.ast import Arithmetic, Attribute, Comparison, Logical, Node, Number, Power, Query, Traversal, Unary
from lakesim.groq.ast import AttributeStep as Step
from lakesim.testing.groq_strategies import queries


@given(queries())
def test_printing_and_parsing_gives_the_same_tree(text: str) -> None:
    tree = parse(text)
    printed = print_query(tree)
    assert parse(printed) == tree
    assert print_query(parse(printed)) == printed


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("*[ _type=='a'&&b>1 ]{a,'b':c,...,d=>{e}}|order(a desc,b asc)[0..9]", None),
        ("a [ 'b' ]", "a.b"),
        ("a['b c']", 'a["b c"]'),
        ("a[-(1)]", "a[-1]"),
        ("a[2**3-7]", "a[1]"),
        ("(a.b)[0]", "(a.b)[0]"),
        ("x in (1 .. 3)", "x in 1..3"),
        ("1e3+0.10", "1000 + 0.1"),
        ("- -1", "- -1"),
        ("! ! a", "! !a"),
        ("2**-1", "2 ** -1"),
        ("a->b", "a->.b"),
        ("a[$p]", "a[$p]"),
        ("a[$n..$m+1]", "a[$n..$m + 1]"),
        ("a|{b}", "a{b}"),
        ("fn  a::f($x)=$x[]->{b};a::f(c)", "fn a::f($x) = $x[]->{b};\na::f(c)"),
        (
            "diff::changedAny(a,b,(c,d[].e,anywhere(f>1).(g)))",
            "diff::changedAny(a, b, (c, d[].e, anywhere(f > 1).(g)))",
        ),
        ("select(a=>1,2,)", "select(a => 1, 2)"),
        ("^.^.a // comment", "^.^.a"),
        ('"\\u{1F600}\\n"', '"😀\\n"'),
        ("global::count(a)", "count(a)"),
    ],
)
def test_canonical_text(text: str, canonical: str | None) -> None:
    tree = parse(text)
    printed = print_query(tree)
    assert parse(printed) == tree
    if canonical is not None:
        assert printed == canonical


A, B, C = Attribute("a"), Attribute("b"), Attribute("c")


@pytest.mark.parametrize(
    ("body", "canonical"),
    [
        (Logical("&&", (Logical("||", (A, B)), C)), "(a || b) && c"),
        (Arithmetic(("*",), (Arithmetic(("+",), (A, B)), C)), "(a + b) * c"),
        (Arithmetic(("-",), (A, Arithmetic(("-",), (B, C)))), "a - (b - c)"),
        (Power(Unary("-", A), B), "(-a) ** b"),
        (Power(Power(A, B), C), "(a ** b) ** c"),
        (Unary("!", Comparison("==", A, B)), "!(a == b)"),
        (Comparison("==", Comparison("<", A, B), C), "(a < b) == c"),
        (Traversal(Traversal(A, (Step("b"),)), (Step("c"),)), "(a.b).c"),
        (Traversal(Arithmetic(("+",), (A, Number(1.0))), (Step("c"),)), "(a + 1).c"),
    ],
)
def test_trees_made_by_hand_get_the_parentheses_they_need(body: Node, canonical: str) -> None:
    printed = print_query(Query((), body))  # type: ignore[arg-type]
    assert printed == canonical
    assert print_query(parse(printed)) == printed
