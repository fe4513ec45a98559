"""Source maps: every value of an answer is found again where the map says it came from."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakesim import jsonvalue
from lakesim.clock import parse_time
from lakesim.groq import Environment, GroqError, ListDataset, SourceMap, compile_query
from lakesim.groq.answer_size import answer_size
from lakesim.groq.dataset import Document
from lakesim.groq.source_map import source_map as maps
from lakesim.groq.values import export
from lakesim.testing.groq_strategies import PARAMS, documents, queries

ENVIRONMENT = Environment(now=parse_time("2026-01-01T00:00:00Z"), identity="me")
STEP = re.compile(r"\['((?:[^'\\]|\\.)*)'\]|\[(\d+)\]|\[\?\(@\._key=='((?:[^'\\]|\\.)*)'\)\]")
ESCAPES = {"\\f": "\f", "\\n": "\n", "\\r": "\r", "\\t": "\t", "\\'": "'", "\\\\": "\\"}
ROOT = Path(__file__).parents[3]
DEEP = os.environ.get("LAKESIM_PROFILE") == "deep"
EXAMPLES = 1_500 if DEEP else 25
SUITE_STRIDE = 1 if DEEP else 15
"""Each how many-th query of the official suite is traced."""
SUITE = Path(os.environ.get("GROQ_SUITE") or ROOT.parent / "shared" / "groq-suite" / "dev.ndjson")

BOOKS: list[Document] = [
    {
        "_id": "b1",
        "_type": "book",
        "title": "Dune",
        "inPrint": True,
        "tags": ["desert", "spice"],
        "slug": {"_type": "slug", "current": "dune"},
        "author": {"_type": "reference", "_ref": "a1"},
        "sections": [
            {"_key": "k1", "title": "One", "lines": [{"_key": "l1", "text": "x"}]},
            {"_key": "o'k\\", "title": "Two", "note": None},
            {"title": "keyless"},
        ],
    },
    {"_id": "b2", "_type": "book", "title": "Emma", "author": {"_type": "reference", "_ref": "a2"}, "odd'\\\n": 1},
    {"_id": "a1", "_type": "author", "name": "Frank"},
    {"_id": "a2", "_type": "author", "name": "Jane"},
]


def steps_of(path: str) -> list[tuple[str, Any]]:
    """Take a path of the map apart, as a consumer does: ("name" | "place" | "key", what)."""
    assert path.startswith("$")
    steps: list[tuple[str, Any]] = []
    at = 1
    while at < len(path):
        found = STEP.match(path, at)
        assert found, f"{path!r} is no path from character {at} on"
        at = found.end()
        name, place, key = found.groups()
        if place is not None:
            steps.append(("place", int(place)))
        else:
            text = re.sub(r"\\.", lambda escape: ESCAPES[escape[0]], name if name is not None else key)
            steps.append(("name" if name is not None else "key", text))
    return steps


def value_at(value: Any, steps: list[tuple[str, Any]]) -> Any:
    for kind, step in steps:
        value = next(item for item in value if item.get("_key") == step) if kind == "key" else value[step]
    return value


def leaves(value: Any, path: tuple[tuple[str, Any], ...] = ()) -> Iterator[tuple[tuple[tuple[str, Any], ...], Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*path, ("name", name)))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from leaves(item, (*path, ("place", place)))
    else:
        yield path, value


def check_map(answer: Any, items: list[Document], made: dict[str, Any]) -> int:
    """Check a map against an answer, as consumers read it; return how many leaves it leads back to documents."""
    stored = {item["_id"]: item for item in reversed(items) if type(item) is dict and type(item.get("_id")) is str}
    mappings = {tuple(steps_of(path)): mapping for path, mapping in made["mappings"].items()}
    assert len(mappings) == len(made["mappings"])
    found = 0
    used: set[tuple[str, int]] = set()
    for mapping in mappings.values():
        assert mapping["type"] == "value"
        source = mapping["source"]
        used |= {(name, source[name]) for name in ("document", "path") if name in source}
    for path, value in leaves(answer):
        # The longest prefix that is mapped counts; the rest of the path follows in the source.
        length = next((n for n in range(len(path), -1, -1) if path[:n] in mappings), None)
        if length is None:
            assert value is None, f"nothing is known of {path}"
            continue
        source = mappings[path[:length]]["source"]
        if source["type"] != "documentValue":
            assert source in ({"type": "literal"}, {"type": "unknown"})
            continue
        document = stored[made["documents"][source["document"]]["_id"]]
        there = value_at(document, [*steps_of(made["paths"][source["path"]]), *path[length:]])
        assert jsonvalue.equal(there, value), f"{path}: {there!r} at the source, {value!r} in the answer"
        found += 1
    # The tables list what is used, once.
    assert used == {
        (name, number)
        for name, table in (("document", "documents"), ("path", "paths"))
        for number in range(len(made[table]))
    }
    assert len(set(made["paths"])) == len(made["paths"])
    return found


def trace(text: str, items: list[Document], params: Any = None, *, keyed: bool = False) -> tuple[Any, dict[str, Any]]:
    """Return the answer and the map, having checked that both evaluations agree."""
    compiled, dataset = compile_query(text, params), ListDataset(items)
    answer = compiled.run(dataset, ENVIRONMENT)
    traced = compiled.trace(dataset, ENVIRONMENT)
    assert json.dumps(export(traced.value)) == json.dumps(answer)
    made = SourceMap(keyed=keyed)
    made.fill(traced)
    return answer, made.to_json()


def sources(text: str, items: list[Document] = BOOKS, params: Any = None, *, keyed: bool = False) -> dict[str, str]:
    """Return the map in short: place in the answer → `id path`, or the kind of source."""
    answer, made = trace(text, items, params, keyed=keyed)
    check_map(answer, items, made)
    short = {}
    for path, mapping in made["mappings"].items():
        source = mapping["source"]
        short[path] = source["type"]
        if source["type"] == "documentValue":
            short[path] = f"{made['documents'][source['document']]['_id']} {made['paths'][source['path']]}"
    return short


@given(queries(), documents(), st.booleans())
@settings(max_examples=EXAMPLES)
def test_each_mapped_value_is_what_its_source_holds(text: str, items: list[Document], keyed: bool) -> None:
    answer, made = trace(text, items, PARAMS, keyed=keyed)
    check_map(answer, items, made)


@given(queries(), documents(regular=False))
@settings(max_examples=EXAMPLES)
def test_both_evaluations_agree_on_irregular_documents(text: str, items: list[Document]) -> None:
    trace(text, items, PARAMS)


def suite() -> tuple[dict[str, Any], list[Any]]:
    entries = [json.loads(line) for line in SUITE.read_text(encoding="utf-8").splitlines()] if SUITE.exists() else []
    datasets = {entry["_id"]: entry["documents"] for entry in entries if entry["_type"] == "dataset"}
    return datasets, [entry for entry in entries if entry["_type"] == "test"]


@pytest.mark.skipif(not SUITE.exists(), reason="no official suite")
def test_the_official_suite_can_be_traced() -> None:
    datasets, tests = suite()
    traced = found = 0
    for test in tests[::SUITE_STRIDE]:
        items = datasets[test["dataset"]["_ref"]]
        try:
            compiled = compile_query(test["query"], test.get("params"))
            plain = compiled.run(ListDataset(items), ENVIRONMENT)
        except GroqError:
            continue
        if answer_size(plain) > 20_000:
            continue
        answer, made = trace(test["query"], items, test.get("params"), keyed=bool(traced % 2))
        unique = len({item["_id"] for item in items if type(item) is dict and "_id" in item}) == len(items)
        found += check_map(answer, items, made) if unique else 0
        traced += 1
    assert traced > len(tests) // SUITE_STRIDE // 2
    assert found > traced // 4


CASES = {
    # query: the map in short
    '*[_type == "book"]{title, "by": author->name} | order(title desc)': {
        "$[0]['title']": "b2 $['title']",
        "$[0]['by']": "a2 $['name']",
        "$[1]['title']": "b1 $['title']",
        "$[1]['by']": "a1 $['name']",
    },
    '*[_id == "a1"]': {"$[0]['_id']": "a1 $['_id']", "$[0]['_type']": "a1 $['_type']", "$[0]['name']": "a1 $['name']"},
    '*[_id == "a1"][0].name': {"$": "a1 $['name']"},
    '*[_id == "b1"][0]{slug, inPrint, sections}': {
        "$['slug']": "b1 $['slug']",
        "$['inPrint']": "b1 $['inPrint']",
        "$['sections']": "b1 $['sections']",
    },
    '*[_id == "b1"][0]{"t": tags[1], "rest": tags[1..-1], "none": missing, "no": sections[1].note}': {
        "$['t']": "b1 $['tags'][1]",
        "$['rest'][0]": "b1 $['tags'][1]",
    },
    '*[_id == "b1"][0]{"n": count(tags), "up": upper(title), "both": title + "!", "is": inPrint == true}': {
        "$['n']": "unknown",
        "$['up']": "unknown",
        "$['both']": "unknown",
        "$['is']": "unknown",
    },
    '*[_id == "b1"][0]{"a": "text", "b": 1 + 1, "c": [1, 2], "d": {"e": true}, "p": $p}': {
        "$['a']": "literal",
        "$['b']": "literal",
        "$['c']": "literal",
        "$['d']": "literal",
        "$['p']": "literal",
    },
    '*[_id == "b2"][0]{..., "title": "Mine", "author": author->}': {
        "$['_id']": "b2 $['_id']",
        "$['_type']": "b2 $['_type']",
        "$['title']": "literal",
        "$['author']['_id']": "a2 $['_id']",
        "$['author']['_type']": "a2 $['_type']",
        "$['author']['name']": "a2 $['name']",
        "$['odd\\'\\\\\\n']": "b2 $['odd\\'\\\\\\n']",
    },
    '*[_type == "author"]{name, "books": *[references(^._id)]{title, "by": ^.name}}': {
        "$[0]['name']": "a1 $['name']",
        "$[0]['books'][0]['title']": "b1 $['title']",
        "$[0]['books'][0]['by']": "a1 $['name']",
        "$[1]['name']": "a2 $['name']",
        "$[1]['books'][0]['title']": "b2 $['title']",
        "$[1]['books'][0]['by']": "a2 $['name']",
    },
    '*[_type == "book"]{"t": coalesce(subtitle, title), "s": select(inPrint => slug.current, "gone")}': {
        "$[0]['t']": "b1 $['title']",
        "$[0]['s']": "b1 $['slug']['current']",
        "$[1]['t']": "b2 $['title']",
        "$[1]['s']": "literal",
    },
    '*[_id == "b1"][0]{_type == "book" => {title}, _type == "author" => {"name": "no"}, "l": [title, ...tags]}': {
        "$['title']": "b1 $['title']",
        "$['l'][0]": "b1 $['title']",
        "$['l'][1]": "b1 $['tags'][0]",
        "$['l'][2]": "b1 $['tags'][1]",
    },
    'array::unique(*[_type == "book"]._type)': {"$[0]": "b1 $['_type']"},
    'array::compact(*[_type == "book"].inPrint)': {"$[0]": "b1 $['inPrint']"},
    '*[_type == "author"] | score(name match "jane") {name, _score}': {
        "$[0]['name']": "a2 $['name']",
        "$[0]['_score']": "unknown",
        "$[1]['name']": "a1 $['name']",
        "$[1]['_score']": "unknown",
    },
    'fn a::name($who) = $who->{name}; *[_id == "b1"][0]{"by": a::name(author)}': {"$['by']['name']": "a1 $['name']"},
    '*[_type == "book"].sections[].lines[].text': {"$[0]": "b1 $['sections'][0]['lines'][0]['text']"},
    "now()": {"$": "unknown"},
    "count(*)": {"$": "unknown"},
    "*[false]": {},
    "null": {},
}


@pytest.mark.parametrize("text", CASES)
def test_the_source_of_each_construct(text: str) -> None:
    assert sources(text, params={"p": 3}) == CASES[text]


def test_items_with_keys_are_addressed_by_them() -> None:
    text = '*[_id == "b1"][0]{"first": sections[0].title, sections[1...3]{title}, "all": sections}'
    assert sources(text, keyed=True) == {
        "$['first']": "b1 $['sections'][?(@._key=='k1')]['title']",
        "$['sections'][0]['title']": "b1 $['sections'][?(@._key=='o\\'k\\\\')]['title']",
        "$['sections'][1]['title']": "b1 $['sections'][2]['title']",
        "$['all']": "b1 $['sections']",
        "$['all'][0]": "b1 $['sections'][?(@._key=='k1')]",
        "$['all'][0]['lines'][0]": "b1 $['sections'][?(@._key=='k1')]['lines'][?(@._key=='l1')]",
        "$['all'][1]": "b1 $['sections'][?(@._key=='o\\'k\\\\')]",
    }


def test_a_key_that_two_items_share_addresses_neither() -> None:
    twins: list[Document] = [{"_id": "d", "_type": "t", "l": [{"_key": "k", "n": 1}, {"_key": "k", "n": 2}]}]
    assert sources("*[0].l[].n", twins, keyed=True) == {"$[0]": "d $['l'][0]['n']", "$[1]": "d $['l'][1]['n']"}


def test_equal_values_keep_their_own_places() -> None:
    # Small numbers and booleans are one object each, whichever document they come from.
    items: list[Document] = [{"_id": name, "_type": "t", "n": 1, "yes": True} for name in "ab"]
    assert sources("*{n, yes}", items) == {
        f"$[{place}]['{name}']": f"{owner} $['{name}']" for place, owner in enumerate("ab") for name in ("n", "yes")
    }


def test_all_parts_of_a_query_see_one_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hasty:
        seconds = 0

        def now(self) -> datetime:
            Hasty.seconds += 1
            return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=Hasty.seconds)

    monkeypatch.setattr("lakesim.groq.environment.Clock", Hasty)
    traced = compile_query('{"a": now(), "b": string(now()), "c": [now()]}').trace(ListDataset([]))
    assert traced.value["a"] == traced.value["b"] == traced.value["c"][0]


def test_a_sub_query_that_stays_the_same_is_followed_once() -> None:
    items: list[Document] = [{"_id": f"d{n}", "_type": "t", "n": n} for n in range(50)]
    scans = 0

    class Counted(ListDataset):
        def documents(self) -> list[Document]:
            nonlocal scans
            scans += 1
            return items

    traced = compile_query('*{"all": *[n < 3]{n}, "count": count(*[n > ^.n || true])}').trace(Counted(items))
    first, last = traced.elements()[0], traced.elements()[49]
    assert first.attribute("all") is last.attribute("all")
    assert scans <= 2 + 50


def test_documents_nested_beyond_all_bounds_are_refused() -> None:
    nested: Any = []
    for _ in range(50_000):
        nested = [nested]
    with pytest.raises(GroqError, match="too deeply"):
        SourceMap(keyed=True).fill(compile_query("*[0]{l}").trace(ListDataset([{"_id": "a", "l": nested}])))


def test_a_map_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "MAPPINGS_MAX", 3)
    with pytest.raises(GroqError, match="more than 3 mappings"):
        sources("*{_id}")
