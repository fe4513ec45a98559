"""Hypothesis strategies for GROQ: documents that refer to one another, and valid queries over them."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from lakesim.jsonvalue import Json

__all__ = ["DOCUMENT_IDS", "PARAMS", "documents", "queries"]

DOCUMENT_IDS = ("a", "b", "c", "drafts.a", "versions.r1.a", "x.y.z")
"""The ids that documents and references are drawn from; few, so that they meet."""

PARAMS: dict[str, Json] = {"i": 1, "id": "a", "ids": ["a", "c", 1], "field": "n", "none": None, "yes": True}
"""Values for the parameters that `queries` uses."""

Text = st.SearchStrategy[str]

_NAMES = ("_id", "_type", "_ref", "n", "s", "list", "ref", "refs", "objects", "missing")
_LITERALS = ("0", "1", "-1", "2.5", "true", "false", "null", '"a"', '"n"', '"Hello"', "[1, 2]", '["a", "b"]', "{}")
_OPERANDS = ("@", "^", "^.^", "*", "$i", "$id", "$ids", "$field", "$none", "$yes", "now()")
_BINARY = ("==", "!=", "<", "<=", ">", ">=", "in", "match", "&&", "||", "+", "-", "*", "/", "%", "**")
_UNARY_CALLS = (
    *("count", "defined", "length", "lower", "upper", "string", "round", "dateTime", "path", "pt::text", "geo"),
    *("array::compact", "array::unique", "math::sum", "math::avg", "math::min", "math::max", "references"),
    *("sanity::versionOf", "sanity::partOfRelease"),
)
_BINARY_CALLS = ("array::join", "array::intersects", "string::split", "string::startsWith", "coalesce", "round")
_FILTERS = (
    "_id == $id",
    "_type == 't'",
    "_id in $ids",
    "_type in ['t', 'u']",
    "references(^._id)",
    "references($ids)",
    "ref._ref == ^._id",
    "$id in refs[]._ref",
    "_id in path('drafts.**')",
    "_id in path('*')",
    "sanity::versionOf('a')",
    "sanity::partOfRelease('r1')",
    "_type == 't' && n > 1",
    "_id == 'a' || references('b')",
    "_id == ^.ref._ref",
    "_id in ^.refs[]._ref",
    "string::startsWith(_id, 'dr')",
)
_LEAVES = st.sampled_from((*_LITERALS, *_OPERANDS, *_NAMES))
_BASES = ("*", "*", "*[_type == 't']", "@", "^", "n", "list", "refs", "objects", "ref", "[{'n': 1}, 2]")
_INDEXES = ("0", "1", "-1", "7", "$i", "'n'", "$field", "0..1", "0...1", "-2..-1", "1..$i", "")


def _json() -> st.SearchStrategy[Json]:
    scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.5, "a", "b", "Hello world", ""])
    reference = st.builds(lambda target: {"_ref": target}, st.sampled_from((*DOCUMENT_IDS, "gone")))
    return st.recursive(
        scalars | reference,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=3),
        max_leaves=6,
    )


@st.composite
def documents(draw: st.DrawFn, *, regular: bool = True) -> list[Json]:
    """Lists of documents; irregular ones repeat ids, lack them, or are no objects at all."""
    return draw(_REGULAR if regular else _IRREGULAR)


def _document(document_id: Json) -> st.SearchStrategy[Json]:
    fixed = {"_id": st.just(document_id), "_type": st.sampled_from(["t", "u", "system.release"])}
    return st.fixed_dictionaries(fixed, optional={name: _json() for name in _NAMES[3:]})


_REGULAR = (
    st.lists(st.sampled_from(DOCUMENT_IDS), unique=True, max_size=5)
    .flatmap(lambda chosen: st.tuples(*map(_document, chosen)))
    .map(list)
)
_IRREGULAR = st.lists(st.sampled_from((*DOCUMENT_IDS, None, 1)).flatmap(_document) | _json(), max_size=5)


def _members(inner: Text) -> Text:
    member = st.one_of(
        st.builds('"{}": {}'.format, st.sampled_from("xyz"), inner),
        st.sampled_from(_NAMES),
        st.just("..."),
        inner.map("...{}".format),
        st.builds("{} => {}".format, inner, inner),
    )
    return st.lists(member, max_size=3).map(lambda members: "{" + ", ".join(members) + "}")


def _step(inner: Text) -> Text:
    # A sort key with `&&` at its top needs parentheses before a direction.
    key = st.builds("({}){}".format, inner, st.sampled_from(["", " asc", " desc"]))
    keys = st.lists(key, min_size=1, max_size=2)
    return st.one_of(
        st.sampled_from(_NAMES).map(".{}".format),
        st.sampled_from(["->", "->n"]),
        st.sampled_from(_INDEXES).map("[{}]".format),
        st.sampled_from(_FILTERS).map("[{}]".format),
        inner.map(lambda text: f"[({text}) == true]"),
        _members(inner),
        keys.map(lambda texts: f" | order({', '.join(texts)})[]"),
    )


def _call(inner: Text) -> Text:
    return st.one_of(
        st.builds("{}({})".format, st.sampled_from(_UNARY_CALLS), inner),
        st.builds("{}({}, {})".format, st.sampled_from(_BINARY_CALLS), inner, inner),
        st.builds("select({} => {}, {})".format, inner, inner, inner),
        st.builds("diff::changedAny({}, {}, (n, list[], anywhere({}).s))".format, inner, inner, inner),
    )


def _binary(inner: Text) -> Text:
    # Parentheses keep what does not chain apart.
    operand = inner.map("({})".format) | _LEAVES
    return st.builds("{} {} {}".format, operand, st.sampled_from(_BINARY), operand)


def _chain(inner: Text) -> Text:
    base = st.sampled_from(_BASES) | inner.map("({})".format)
    return st.builds(lambda start, steps: start + "".join(steps), base, st.lists(_step(inner), min_size=1, max_size=3))


_EXTENSIONS: tuple[Callable[[Text], Text], ...] = (_binary, _chain, _chain, _call, _members)


def _extended(inner: Text) -> Text:
    simple: list[Text] = [make(inner) for make in _EXTENSIONS]
    array = st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
    prefixed = st.builds("{}({})".format, st.sampled_from("!-+"), inner)
    ranged = st.builds("({}) in ({})..({})".format, inner, inner, inner)
    return st.one_of(*simple, array, prefixed, ranged)


_QUERIES = _chain(_LEAVES) | st.recursive(_LEAVES, _extended, max_leaves=8)


# A composite strategy has a short name; that of its parts fills pages.
@st.composite
def queries(draw: st.DrawFn) -> str:
    """Valid query texts that use the parameters of `PARAMS`."""
    return draw(_QUERIES)
