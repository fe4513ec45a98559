"""Perspectives: the view is the reference's algorithm word for word, and the indexes never change an answer."""

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakesim import BadRequestError, Dataset, Lake, LakeChoices
from lakesim.groq import query
from lakesim.perspective import PerspectiveView, parse_perspective
from lakesim.store.raw_view import RawView
from lakesim.testing.model import model_view
from lakesim.testing.strategies import references

DEEP = os.environ.get("LAKESIM_PROFILE") == "deep"
STACKS = (("published",), ("drafts",), ("r1",), ("r2", "r1"), ("r1", "drafts"), ("r2", "r1", "drafts", "published"))
QUERIES = (
    "*",
    "count(*)",
    '*[_type == "book"]',
    '*[_type == "author"]{_id, _originalId}',
    '*[references("a")]._id',
    '*[_id == "a" || _id == "drafts.a"]',
    '*[_id in ["a", "b", "versions.r1.a"]].title',
    '*[_id in path("drafts.**")]._id',
    '*[_id in path("b*")]._id',
    '*{_id, "to": ref->{_id, title, "next": ref->_id}}',
    '*[defined(ref)]{"back": *[references(^._id)]._id}',
    '*[sanity::versionOf("a")]{_id, _originalId}',
    '*[sanity::partOfRelease("r1")]._id',
    "releases::all()[]._id",
    "*[_type == 'book'] | order(title desc)[0...2]{title}",
)
IDS = tuple(
    prefix + group for group in ("a", "b", "bc.d") for prefix in ("", "drafts.", "versions.r1.", "versions.r2.")
)


def documents() -> st.SearchStrategy[dict[str, dict[str, Any]]]:
    attributes = st.fixed_dictionaries(
        {"_type": st.sampled_from(("author", "book"))},
        optional={
            "title": st.sampled_from(("T", "U", "V")),
            "ref": references(targets=("a", "b", "bc.d", "drafts.a")).map(lambda value: {**value, "_weak": True}),
            "_system": st.sampled_from(({"delete": True}, {"delete": False}, {"bundleId": "r1"})),
        },
    )
    some = st.dictionaries(st.sampled_from(IDS), attributes, max_size=len(IDS))
    return some.map(lambda chosen: {key: {"_id": key, **chosen[key]} for key in sorted(chosen)})


def dataset_of(content: dict[str, dict[str, Any]], choices: LakeChoices | None = None) -> Dataset:
    lake = Lake(seed=0, choices=choices or LakeChoices(system_documents_writable=True))
    dataset = lake.dataset("production")
    dataset.mutate([{"create": document} for document in content.values()])
    return dataset


def stored(dataset: Dataset) -> dict[str, dict[str, Any]]:
    return {document["_id"]: document for document in dataset.documents()}


@given(content=documents(), stack=st.sampled_from(STACKS), text=st.sampled_from(QUERIES))
@settings(max_examples=400 if DEEP else 200, deadline=None)
def test_a_query_in_a_view_is_the_query_on_the_view_written_out(
    content: dict[str, dict[str, Any]], stack: tuple[str, ...], text: str
) -> None:
    dataset = dataset_of(content)
    shown = model_view(stored(dataset), stack)
    assert dataset.query(text, perspective=list(stack)) == query(text, shown)


@given(content=documents(), text=st.sampled_from(QUERIES))
@settings(max_examples=100, deadline=None)
def test_raw_is_the_stored_documents(content: dict[str, dict[str, Any]], text: str) -> None:
    dataset = dataset_of(content)
    assert dataset.query(text) == dataset.query(text, perspective="raw") == query(text, list(dataset.documents()))


class Counting(dict[str, Any]):
    """A store's documents that count how many of them are looked at."""

    looks = 0

    def __getitem__(self, key: str) -> Any:
        self.looks += 1
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.looks += 1
        return super().get(key, default)


@pytest.mark.parametrize("stack", [("published",), ("drafts", "published"), ("r1", "drafts", "published")])
@pytest.mark.parametrize(
    "ask",
    [
        lambda view: view.keys_of_type("rare"),
        lambda view: view.keys_of_referrers("rare-1"),
        lambda view: view.keys_with_prefix("rare-"),
        lambda view: view.keys_of_group("rare-1"),
        lambda view: view.keys_of_id("rare-1"),
    ],
    ids=["type", "referrers", "prefix", "group", "id"],
)
def test_an_index_answer_visits_only_what_it_names(dataset: Dataset, stack: tuple[str, ...], ask: Any) -> None:
    """Four rare documents among hundreds: what is looked at must not grow with the hundreds."""

    def visits(common: int) -> int:
        layers = ("", "drafts.", "versions.r1.")
        dataset.mutate(
            [{"createOrReplace": {"_id": f"{layer}c{n}", "_type": "common"}} for n in range(common) for layer in layers]
        )
        view = PerspectiveView(dataset._store, stack, dataset.choices)
        dataset._store.documents = counting = Counting(dataset._store.documents)
        keys = ask(view)
        assert len(keys) <= 12
        found = [view.document(key)["_id"] for key in keys]
        assert found == sorted(set(found))
        assert found
        return counting.looks

    rare = [
        {"_id": f"{layer}rare-{n}", "_type": "rare", "ref": {"_ref": f"rare-{n}", "_weak": True}}
        for n in (1, 2)
        for layer in ("", "drafts.")
    ]
    dataset.mutate([{"create": document} for document in rare])
    assert visits(10) == visits(150) < 40


def test_a_prefix_in_the_published_view_skips_the_reserved_stretches(dataset: Dataset) -> None:
    ids = ["d", "drafts", "drafts.x", "drafts-y", "dz", "v", "versions.r1.x", "w", "x"]
    dataset.mutate([{"create": {"_id": key, "_type": "t"}} for key in ids if key not in ("drafts",)])
    view = PerspectiveView(dataset._store, ("published",), dataset.choices)
    assert list(view.keys_with_prefix("d")) == ["d", "drafts-y", "dz"]
    assert list(view.keys_with_prefix("drafts")) == ["drafts-y"]
    assert list(view.keys_with_prefix("")) == ["d", "drafts-y", "dz", "v", "w", "x"]
    assert list(view.keys_with_prefix("versions")) == []


def test_system_documents_are_hidden_except_through_releases() -> None:
    release = {"_id": "_.releases.r1", "_type": "system.release", "name": "r1", "state": "active"}
    dataset = dataset_of({"a": {"_id": "a", "_type": "t"}, "_.releases.r1": release})
    for perspective in ("published", "drafts", "r1"):
        assert dataset.query("*._id", perspective=perspective) == ["a"]
        assert dataset.query("releases::all()[].name", perspective=perspective) == ["r1"]
        assert dataset.query('*[_id == "_.releases.r1"]', perspective=perspective) == []
    assert dataset.query("*._id") == ["_.releases.r1", "a"]


def test_row_44_published_documents_have_an_original_id_only_on_request() -> None:
    content = {"a": {"_id": "a", "_type": "t"}}
    assert dataset_of(content).query("*._originalId", perspective="published") == [None]
    asked = dataset_of(content, LakeChoices(original_id_in_published=True))
    assert asked.query("*._originalId", perspective="published") == ["a"]


def test_row_48_an_unpublish_marker_can_be_skipped_over() -> None:
    content = {
        "a": {"_id": "a", "_type": "t", "title": "below"},
        "versions.r1.a": {"_id": "versions.r1.a", "_type": "t", "_system": {"delete": True}},
    }
    assert dataset_of(content).query("*.title", perspective="r1") == []
    assert dataset_of(content, LakeChoices(unpublish_marker_hides=False)).query("*.title", perspective="r1") == [
        "below"
    ]


def test_what_may_not_be_read_is_not_there(dataset: Dataset) -> None:
    """A reader who may not read the draft sees the published document in its place."""
    dataset.mutate([{"create": {"_id": key, "_type": "t", "v": key}} for key in ("a", "drafts.a", "drafts.b")])

    def readable(document: dict[str, Any]) -> bool:
        return "." not in document["_id"]

    view = PerspectiveView(dataset._store, ("drafts", "published"), dataset.choices, readable=readable)
    assert [document["v"] for document in view.documents()] == ["a"]
    raw = RawView(dataset._store, readable=readable)
    assert [document["_id"] for document in raw.documents()] == ["a"]
    assert list(raw.keys_of_type("t")) == ["a"]
    assert raw.get("drafts.a") is None


def test_live_edit_documents_are_visible_wherever_they_are_published(dataset: Dataset) -> None:
    dataset.mutate([{"create": {"_id": "settings", "_type": "live"}}, {"patch": {"id": "settings", "set": {"x": 1}}}])
    for perspective in ("raw", "published", "drafts", ["r1", "drafts"]):
        assert dataset.query("*[_type == 'live'].x", perspective=perspective) == [1]


PARSED = [
    ("raw", None),
    (["raw"], None),
    ("published", ("published",)),
    ("drafts", ("drafts", "published")),
    ("previewDrafts", ("drafts", "published")),
    ("r1", ("r1", "published")),
    ("r1,r2,drafts", ("r1", "r2", "drafts", "published")),
    (["r1", "published"], ("r1", "published")),
    (("r1", "r1"), ("r1", "published")),
]


@pytest.mark.parametrize(("given_", "stack"), PARSED)
def test_perspectives_are_names_or_lists(given_: Any, stack: tuple[str, ...] | None) -> None:
    assert parse_perspective(given_) == stack


@pytest.mark.parametrize("malformed", ["", "r 1", "a.b", "r1,", ["raw", "drafts"], "raw,r1", [], [5], "é", None, 5])
def test_a_malformed_perspective_is_refused(dataset: Dataset, malformed: Any) -> None:
    with pytest.raises(BadRequestError, match="Invalid perspective"):
        dataset.query("*", perspective=malformed)
