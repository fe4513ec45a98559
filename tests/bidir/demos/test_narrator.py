"""The narrator tells both sides before and after, counts broken claims, and says the same as JSON."""

import json
from importlib import import_module

import pytest

from bidir.demos import DEMO_NAMES, DemoOptions, Narrator, registry, run_demo
from bidir.demos.difference import changes
from bidir.errors import BidirError

BOOK = {"_id": "b1", "_type": "book", "_rev": "r1", "title": "Emma"}


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ({}, {"b1": BOOK}, ["b1: new", '  + _id: "b1"', '  + _type: "book"', '  + title: "Emma"']),
        ({"b1": BOOK}, {}, ["b1: gone", '  - _id: "b1"', '  - _type: "book"', '  - title: "Emma"']),
        ({"b1": BOOK}, {"b1": {**BOOK, "_rev": "r2"}}, ["b1: as before"]),
        (
            {"b1": BOOK},
            {"b1": {**BOOK, "title": True}},
            ["b1: changed", '    _id: "b1"', '    _type: "book"', '  - title: "Emma"', "  + title: true"],
        ),
        ({"b1": {"n": 1}}, {"b1": {"n": True}}, ["b1: changed", "  - n: 1", "  + n: true"]),
        (
            {"a": {"list": [{"_key": "x", "n": 1}, {"_key": "y", "n": 2}]}},
            {"a": {"list": [{"_key": "y", "n": 2}]}},
            ["a: changed", '  - list[x]: {"n":1}', '    list[y]: {"n":2}'],
        ),
        ({"a": {"o": {"p": {"q": []}}}}, {"a": {"o": {}}}, ["a: changed", "  - o.p.q: []"]),
    ],
)
def test_documents_before_and_after(before, after, lines):
    assert list(changes(before, after)) == lines


def tell(narrator):
    narrator.chapter("1", "First", "What it is about.")
    narrator.step("Somebody writes")
    narrator.side("lake", {}, {"b1": BOOK})
    narrator.claim("it is there", True)
    narrator.chapter("2", "Second", "More.")
    narrator.lines("timeline", ["T+0ms  start"])
    narrator.data("answer", {"total": 1})
    narrator.claim("it is not", False)
    narrator.end()


def test_text_is_written_as_it_goes():
    lines = []
    narrator = Narrator(lines.append)
    tell(narrator)
    text = "\n".join(lines)
    assert "== 1  First ==" in text
    assert "> Somebody writes" in text
    assert '      + title: "Emma"' in text
    assert "  ok  it is there" in text
    assert "  NOT it is not" in text
    assert (narrator.claims, narrator.broken) == (2, 1)


def test_json_is_one_object_a_chapter():
    lines = []
    narrator = Narrator(lines.append, as_json=True)
    tell(narrator)
    first, second = map(json.loads, lines)
    assert (first["chapter"], first["holds"], second["holds"]) == ("1", True, False)
    assert first["told"][1] == {"side": "lake", "before": {}, "after": {"b1": BOOK}}
    assert second["told"][-1] == {"claim": "it is not", "holds": False}


@pytest.mark.parametrize("name", DEMO_NAMES)
def test_every_name_has_something_to_play(name):
    assert callable(import_module(registry._MODULES[name]).play)


def test_an_unknown_name_is_refused_with_the_one_that_was_meant():
    with pytest.raises(BidirError, match=r'no demonstration "medusae".* Did you mean "medusa"'):
        run_demo("medusae", DemoOptions(), Narrator(print))
