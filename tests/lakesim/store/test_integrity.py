"""Referential integrity: judged on the end state, by exact type, text and index (section 1.8)."""

from typing import Any

import pytest

from lakesim import Dataset, Lake, LakeChoices, MutationError
from lakesim.store.integrity import broken_references
from lakesim.store.transaction import Transaction


def strong(target: str) -> dict[str, Any]:
    return {"_type": "reference", "_ref": target}


def weak(target: str) -> dict[str, Any]:
    return {**strong(target), "_weak": True}


def document(key: str, **attributes: Any) -> dict[str, Any]:
    return {"_id": key, "_type": "t", **attributes}


def create(key: str, **attributes: Any) -> dict[str, Any]:
    return {"create": document(key, **attributes)}


def delete(key: str) -> dict[str, Any]:
    return {"delete": {"id": key}}


def patch(key: str, **operations: Any) -> dict[str, Any]:
    return {"patch": {"id": key, **operations}}


T = create("T")
REFERRER = create("x", ref=strong("T"))
MISSING = ("documentReferenceDoesNotExistError", 'Document "x" references non-existent document "T"')
HELD = ("documentHasExistingReferencesError", 'Document "T" cannot be deleted as there are references to it from "x"')

ACCEPTED = {
    "weak reference to nothing": [[create("x", ref=weak("T"))]],
    "forward reference in one transaction": [[REFERRER, T]],
    "self reference": [[create("x", ref=strong("x"))]],
    "deleting what refers to itself": [[create("x", ref=strong("x"))], [delete("x")]],
    "deleting with weak references only": [[T, create("x", ref=weak("T"))], [delete("T")]],
    "deleting both, target first": [[T, REFERRER], [delete("T"), delete("x")]],
    "deleting after clearing": [[T, REFERRER], [patch("x", unset=["ref"]), delete("T")]],
    "clearing after deleting": [[T, REFERRER], [delete("T"), patch("x", unset=["ref"])]],
    "deleting and creating anew": [[T, REFERRER], [delete("T"), T]],
    "a reference that comes and goes": [[create("x", ref=strong("T")), patch("x", unset=["ref"])]],
    "the order of the old Studio's publish": [
        [create("drafts.x", ref=strong("T")), T],
        [{"createOrReplace": document("x", ref=strong("T"))}, delete("drafts.x")],
    ],
    "a reference into another dataset": [[create("x", ref={**strong("T"), "_dataset": "other", "_projectId": "p"})]],
    "a reference to another resource": [[create("x", ref=strong("dataset:p.d:T"))]],
    "a reference inside a reference's stamp": [
        [create("x", ref={**weak("T"), "_strengthenOnPublish": {"type": "t", "template": {"params": strong("T")}}})]
    ],
    "a release's own version stands in": [[create("versions.r1.T"), create("versions.r1.x", ref=strong("T"))]],
    "the version may go when the document is there": [
        [create("versions.r1.T"), create("versions.r1.x", ref=strong("T"))],
        [T, delete("versions.r1.T")],
    ],
    "the document may go while the version is there": [
        [T, create("versions.r1.T"), create("versions.r1.x", ref=strong("T"))],
        [delete("T")],
    ],
    "a strong reference to a draft's id": [[create("drafts.T"), create("x", ref=strong("drafts.T"))]],
    "one of two equal references dropped": [
        [T, create("x", refs=[strong("T"), strong("T")])],
        [patch("x", unset=["refs[0]"])],
    ],
}


@pytest.mark.parametrize("transactions", ACCEPTED.values(), ids=ACCEPTED)
def test_what_is_whole_at_the_end_is_accepted(dataset: Dataset, transactions: list[Any]) -> None:
    for mutations in transactions:
        dataset.mutate(mutations)
    assert list(dataset.replay().documents()) == list(dataset.documents())


REFUSED: dict[str, tuple[list[Any], tuple[str, str], int]] = {
    "a reference to nothing": ([[REFERRER]], MISSING, 0),
    "in a list": ([[create("x", list=[{"a": [strong("T")]}])]], MISSING, 0),
    "the writer's index, the last one": (
        [[create("y"), create("x"), patch("x", set={"ref": strong("T")}), patch("y")]],
        MISSING,
        2,
    ),
    "a draft counts like any document": (
        [[create("drafts.x", ref=strong("T"))]],
        (MISSING[0], 'Document "drafts.x" references non-existent document "T"'),
        0,
    ),
    "row 14: a draft's target does not count": (
        [[create("drafts.T"), create("drafts.x", ref=strong("T"))]],
        (MISSING[0], 'Document "drafts.x" references non-existent document "T"'),
        1,
    ),
    "row 13: another release's version does not count": (
        [[create("versions.r2.T"), create("versions.r1.x", ref=strong("T"))]],
        (MISSING[0], 'Document "versions.r1.x" references non-existent document "T"'),
        1,
    ),
    "row 13: nor does a draft": (
        [[create("drafts.T"), create("versions.r1.x", ref=strong("T"))]],
        (MISSING[0], 'Document "versions.r1.x" references non-existent document "T"'),
        1,
    ),
    "unsetting _weak": ([[create("x", ref=weak("T"))], [patch("x", unset=["ref._weak"])]], MISSING, 0),
    "_weak false": ([[create("x", ref={**strong("T"), "_weak": False})]], MISSING, 0),
    "replacing by a document that refers to nothing": (
        [[create("x")], [create("y"), {"createOrReplace": document("x", ref=strong("T"))}]],
        MISSING,
        1,
    ),
    "deleting what is referred to": ([[T, REFERRER], [create("y"), delete("T")]], HELD, 1),
    "deleting it by query": ([[T, REFERRER], [{"delete": {"query": '*[_id == "T"]'}}]], HELD, 0),
    "deleting it while the referrer is touched": ([[T, REFERRER], [patch("x", set={"n": 1}), delete("T")]], HELD, 1),
    "the culprit is the deletion when the reference was there before": (
        [[T, REFERRER], [patch("x", set={"ref": {**strong("T"), "_key": "k"}}), delete("T")]],
        HELD,
        1,
    ),
    "one of two references left": (
        [[T, create("x", refs=[strong("T"), strong("T")])], [patch("x", unset=["refs[0]"]), delete("T")]],
        HELD,
        1,
    ),
    "all referrers, sorted, each once": (
        [
            [
                T,
                create("z", a=strong("T"), b=strong("T")),
                create("drafts.x", ref=strong("T")),
                create("y", ref=weak("T")),
            ],
            [delete("T")],
        ],
        (HELD[0], 'Document "T" cannot be deleted as there are references to it from "drafts.x", "z"'),
        0,
    ),
    "the version that stood in": (
        [[create("versions.r1.T"), create("versions.r1.x", ref=strong("T"))], [delete("versions.r1.T")]],
        (HELD[0], 'Document "versions.r1.T" cannot be deleted as there are references to it from "versions.r1.x"'),
        0,
    ),
}


@pytest.mark.parametrize(("transactions", "error", "index"), REFUSED.values(), ids=REFUSED)
def test_what_is_broken_at_the_end_is_refused_by_name(
    dataset: Dataset, transactions: list[Any], error: tuple[str, str], index: int
) -> None:
    *before, last = transactions
    for mutations in before:
        dataset.mutate(mutations)
    stored = list(dataset.documents())
    with pytest.raises(MutationError) as caught:
        dataset.mutate(last)
    ((at, cause),) = caught.value.causes
    assert ((cause.type, cause.description), at) == (error, index)
    assert caught.value.description == f"Mutation failed: {cause.description}"
    assert list(dataset.documents()) == stored


def test_error_bodies_carry_the_ids(dataset: Dataset) -> None:
    dataset.mutate([create("T"), create("x", ref=strong("T"))])
    with pytest.raises(MutationError) as caught:
        dataset.mutate([delete("T")])
    assert caught.value.body()["error"]["items"] == [
        {"error": {"type": HELD[0], "description": HELD[1], "id": "T", "referencingIDs": ["x"]}, "index": 0}
    ]
    with pytest.raises(MutationError) as caught:
        dataset.mutate([create("y", ref=strong("nowhere"))])
    assert caught.value.body()["error"]["items"][0]["error"] == {
        "type": MISSING[0],
        "description": 'Document "y" references non-existent document "nowhere"',
        "id": "y",
        "referenceID": "nowhere",
    }


def lake_with(**choices: Any) -> Dataset:
    return Lake(seed=0, choices=LakeChoices(**choices)).dataset("production")


def test_the_check_can_be_switched_off_to_build_broken_data() -> None:
    dataset = lake_with(reference_check="off")
    dataset.mutate([REFERRER])
    dataset.mutate([T])
    dataset.mutate([delete("T")])
    assert dataset.query('*[references("T")]._id') == ["x"]


def test_the_check_can_be_made_after_each_mutation() -> None:
    dataset = lake_with(reference_check="mutation")
    with pytest.raises(MutationError) as caught:
        dataset.mutate([create("y"), REFERRER, T])
    assert caught.value.causes[0][0] == 1
    dataset.mutate([T, REFERRER])
    with pytest.raises(MutationError):
        dataset.mutate([delete("T"), delete("x")])
    dataset.mutate([delete("x"), delete("T")])


def test_row_14_the_other_way_a_draft_s_target_may_be_a_draft() -> None:
    dataset = lake_with(draft_resolves_references=True)
    dataset.mutate([create("drafts.T"), create("drafts.x", ref=strong("T"))])
    with pytest.raises(MutationError, match=r"drafts\.T"):
        dataset.mutate([delete("drafts.T")])


def test_row_13_the_other_way_a_version_does_not_stand_in() -> None:
    with pytest.raises(MutationError, match="non-existent"):
        lake_with(release_resolves_references=False).mutate(
            [create("versions.r1.T"), create("versions.r1.x", ref=strong("T"))]
        )


def test_only_the_documents_at_hand_are_looked_at(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publishing a hub that thousands refer to must not ask each of them."""
    asked: list[str] = []

    def counting(indexes: Any, revised: Any, exists: Any, choices: Any) -> Any:
        def counted(key: str) -> bool:
            asked.append(key)
            return bool(exists(key))

        return broken_references(indexes, revised, counted, choices)

    dataset.mutate([T, *(create(f"x{n}", ref=strong("T")) for n in range(2000))])
    monkeypatch.setattr("lakesim.store.transaction.broken_references", counting)
    assert Transaction.check.__globals__["broken_references"] is counting
    for mutations in (
        [create("drafts.T")],
        [{"createOrReplace": document("T", title="new")}, delete("drafts.T")],
        [create("versions.r1.T")],
        [delete("versions.r1.T")],
        [patch("x7", set={"title": "y"})],
        [patch("x7", set={"other": strong("T")})],
        [delete("x7")],
    ):
        asked.clear()
        dataset.mutate(mutations)
        assert len(asked) <= 4
