"""The picture of a failure: every layer before and after, changed documents marked, what nothing answers told apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bidir.conformance.broken import no_eviction
from bidir.conformance.loading import load_scenario
from bidir.conformance.pictures import Picture, Pointer, picture_text
from bidir.conformance.runner import run_scenario
from bidir.engine import Engine

ROOT = Path(__file__).parents[3] / "scenarios"


def to(target: str, **more: Any) -> dict[str, Any]:
    return {"_type": "reference", "_ref": target, "_weak": True, **more}


BEFORE = {
    "a1": {"_id": "a1", "_type": "author", "_rev": "1", "currentBook": to("b1")},
    "b1": {"_id": "b1", "_type": "book", "author": {"_type": "reference", "_ref": "a1"}},
    "_.releases.r1": {"_id": "_.releases.r1", "_type": "system.release"},
}
AFTER = {
    "a1": {**BEFORE["a1"], "_rev": "2"},
    "drafts.b1": {"_id": "drafts.b1", "_type": "book", "author": to("a2")},
    "versions.r1.a1": {"_id": "versions.r1.a1", "_type": "author"},
}
PICTURE = Picture(BEFORE, AFTER, "step 1")


def test_the_text_has_every_layer_and_marks_what_changed() -> None:
    lines = [" ".join(line.split()) for line in picture_text(PICTURE).splitlines()]
    assert lines == [
        "documents before and after step 1",
        "layer id before after",
        "published a1 {_type: author, currentBook: ~> b1} the same",
        "* published b1 {_type: book, author: => a1} -",
        "* drafts b1 - {_type: book, author: ~> a2}",
        "* r1 a1 - {_type: author}",
    ]
    assert len({line.index(" a1 ") for line in picture_text(PICTURE).splitlines() if " a1 " in line}) == 1


def test_layers_and_documents_leave_out_the_services_own() -> None:
    assert PICTURE.layers == ("published", "drafts", "r1")
    assert PICTURE.groups == ("a1", "b1")
    assert PICTURE.documents("r1", after=True).keys() == {"a1"}
    assert PICTURE.documents("r1", after=False) == {}


def test_a_pointer_is_mutual_if_the_other_one_points_back_in_the_same_view() -> None:
    assert PICTURE.pointers("published", after=False) == [
        Pointer("a1", "b1", weak=True, mutual=True),
        Pointer("b1", "a1", weak=False, mutual=True),
    ]
    assert PICTURE.pointers("published", after=True) == [Pointer("a1", "b1", weak=True, mutual=False)]
    assert PICTURE.pointers("drafts", after=True) == [Pointer("b1", "a2", weak=True, mutual=False)]


def test_nothing_stored_is_said() -> None:
    assert picture_text(Picture({}, {})) == "  documents before and after all steps: none"


def test_a_failing_scenario_has_one_around_what_was_found_first_and_a_holding_one_none() -> None:
    loaded = load_scenario(ROOT / "museum" / "002-chain-steal.yaml")
    result = run_scenario(loaded, no_eviction, layer="published")
    assert result.picture is not None
    assert result.picture.moment == "all steps"
    changed = [line.split()[2] for line in picture_text(result.picture).splitlines() if line.startswith("  *")]
    assert changed == ["a1", "a2", "b1"]
    assert ("I1 symmetry", "published") in result.breaches
    right = run_scenario(loaded, Engine, layer="published")
    assert right.picture is None
    assert right.breaches == ()
    assert right.views == ("published", "drafts")
