"""Hypothesis strategies for lakes: small pools of ids, types and values, so that what is generated collides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hypothesis import strategies as st

from lakesim.testing.model import ModelDataset

__all__ = ["IDS", "TYPES", "documents", "mutations", "references", "transactions", "values"]

IDS: Final = ("a", "b", "c", "drafts.a", "drafts.b", "versions.r1.a", "versions.r1.b", "versions.r2.a")
"""Stored ids of three groups in four layers."""
TYPES: Final = ("author", "book")

_TARGETS: Final = ("a", "b", "c", "drafts.a")
_INSTANT: Final = "2020-05-05T05:05:05Z"
_FIELDS: Final = ("title", "n", "ref", "refs", "inner")

values: Final = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 5),
        st.sampled_from((0.5, 1.0)),
        st.sampled_from(("", "x", "é\U0001f600")),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(("z", "b", "a")), inner, max_size=3)
    ),
    max_leaves=5,
)
"""Small JSON values without references."""


def references(*, targets: Sequence[str] = _TARGETS) -> st.SearchStrategy[dict[str, Any]]:
    """Return references, strong and weak, to a few ids."""
    return st.builds(
        lambda target, weak: {"_type": "reference", "_ref": target} | ({"_weak": weak} if weak is not None else {}),
        st.sampled_from(targets),
        st.sampled_from((None, None, True, False)),
    )


def _attributes() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "title": st.sampled_from(("T", "U")),
            "n": st.integers(0, 3),
            "ref": references(),
            "refs": st.lists(references(), max_size=3),
            "inner": st.fixed_dictionaries({}, optional={"ref": references(), "v": values}),
            "_createdAt": st.sampled_from((_INSTANT, 7)),
            "_updatedAt": st.just(_INSTANT),
            "_rev": st.just("submitted"),
        },
    )


def documents(*, ids: Sequence[str] = IDS) -> st.SearchStrategy[dict[str, Any]]:
    """Return documents with an id of the pool, a type, and a few attributes and references."""
    return st.builds(
        lambda document_id, kind, rest: {"_id": document_id, "_type": kind, **rest},
        st.sampled_from(ids),
        st.sampled_from(TYPES),
        _attributes(),
    )


def _selections(ids: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    params = {
        "*[_type == $type]": st.fixed_dictionaries({"type": st.sampled_from(TYPES)}),
        "*[_id in $ids]": st.fixed_dictionaries({"ids": st.lists(st.sampled_from(ids), max_size=3)}),
        "*[references($id)]": st.fixed_dictionaries({"id": st.sampled_from(_TARGETS)}),
    }
    by_id = st.fixed_dictionaries({"id": st.sampled_from(ids)})
    by_query = st.sampled_from(ModelDataset.queries).flatmap(
        lambda text: params[text].map(lambda drawn: {"query": text, "params": drawn})
    )
    return st.one_of(by_id, by_id, by_query)


def _operations(revisions: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    places = st.sampled_from(("title", "n", "inner.v", "inner.w.x", "refs", "_updatedAt", "_rev"))
    several = st.dictionaries(places, values, max_size=2)
    reference_places = st.dictionaries(st.sampled_from(("ref", "inner.ref", "refs[0]")), references(), max_size=2)
    return st.fixed_dictionaries(
        {},
        optional={
            "set": st.one_of(
                several, reference_places, st.just({"_type": "author"}), st.just({"_createdAt": _INSTANT})
            ),
            "setIfMissing": st.one_of(several, st.just({"refs": []})),
            "unset": st.lists(st.sampled_from((*_FIELDS, "refs[0]", "ref._weak", "nothing", "_createdAt")), max_size=2),
            "inc": st.just({"n": 1}),
            "insert": st.fixed_dictionaries(
                {"after": st.just("refs[-1]"), "items": st.lists(references(), max_size=2)}
            ),
            "ifRevisionID": st.sampled_from(tuple(revisions) or ("none",)),
        },
    )


def _links(ids: Sequence[str], targets: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """Patches that set, repeat, weaken or drop references."""
    reference = references(targets=targets)
    operations = st.one_of(
        st.builds(lambda value: {"set": {"ref": value}}, reference),
        st.builds(lambda items: {"set": {"refs": items}}, st.lists(reference, min_size=1, max_size=3)),
        st.builds(lambda item: {"set": {"refs": [item, item]}}, reference),
        st.builds(
            lambda item: {"setIfMissing": {"refs": []}, "insert": {"after": "refs[-1]", "items": [item]}}, reference
        ),
        st.sampled_from(
            ({"unset": ["refs[0]"]}, {"unset": ["ref"]}, {"set": {"ref._weak": True}}, {"unset": ["ref._weak"]})
        ),
    )
    return st.builds(lambda key, changes: {"id": key, **changes}, st.sampled_from(ids), operations)


def mutations(
    *, ids: Sequence[str] = IDS, targets: Sequence[str] = _TARGETS, revisions: Sequence[str] = ()
) -> st.SearchStrategy[dict[str, Any]]:
    """Return single mutations in wire form; links point at `targets`, `ifRevisionID` names one of `revisions`."""
    created = documents(ids=ids)
    patches = st.builds(lambda chosen, operations: {**chosen, **operations}, _selections(ids), _operations(revisions))
    return st.one_of(
        st.builds(lambda document: {"create": document}, created),
        st.builds(lambda document: {"createOrReplace": document}, created),
        st.builds(lambda document: {"createIfNotExists": document}, created),
        st.builds(lambda chosen: {"delete": chosen}, _selections(ids)),
        st.builds(lambda patch: {"patch": patch}, patches),
        st.builds(lambda patch: {"patch": patch}, _links(ids, targets)),
    )


def transactions(
    *,
    ids: Sequence[str] = IDS,
    targets: Sequence[str] = _TARGETS,
    revisions: Sequence[str] = (),
    size_max: int = 4,
) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return lists of mutations, as one request carries them."""
    return st.lists(mutations(ids=ids, targets=targets, revisions=revisions), max_size=size_max)
