"""Transactions: results, refusals with index and type, selections by query, dry runs, ids; nothing half done."""

from typing import Any

import pytest

from lakesim import (
    BadRequestError,
    Dataset,
    InvalidRequestBodyError,
    Lake,
    LakeChoices,
    LakeError,
    MutationError,
    TransactionAlreadyExistsError,
)
from lakesim.groq import GroqError
from lakesim.jsonvalue import dump_bytes


def doc(key: str, **attributes: Any) -> dict[str, Any]:
    return {"_id": key, "_type": "t", **attributes}


@pytest.fixture(name="filled")
def dataset_with_documents(dataset: Dataset) -> Dataset:
    dataset.mutate([{"create": doc(key, n=number)} for number, key in enumerate("abc")], transaction_id="tx0")
    return dataset


RESULTS = [
    ([], []),
    ([{"create": doc("x")}], [("create", "x")]),
    ([{"createIfNotExists": doc("x")}, {"createIfNotExists": doc("x")}], [("create", "x"), ("none", "x")]),
    ([{"createIfNotExists": {**doc("a"), "_type": "other"}}], [("none", "a")]),
    ([{"createOrReplace": doc("x")}, {"createOrReplace": doc("a")}], [("create", "x"), ("update", "a")]),
    ([{"delete": {"id": "a"}}, {"createOrReplace": doc("a")}], [("delete", "a"), ("create", "a")]),
    ([{"delete": {"id": "nowhere"}}], [("delete", "nowhere")]),
    ([{"delete": {"id": ["b", "a"]}}], [("delete", "b"), ("delete", "a")]),
    ([{"delete": {"query": '*[_type == "t"]'}}], [("delete", "a"), ("delete", "b"), ("delete", "c")]),
    ([{"delete": {"query": "*[n > $n]", "params": {"n": 5}}}], []),
    ([{"delete": {"query": "*[0]"}}], [("delete", "a")]),
    ([{"delete": {"query": "*[0..0]"}}, {"delete": {"query": "*[9]"}}], [("delete", "a")]),
    ([{"delete": {"query": "*[n == 0]{_id, 'x': 1}"}}], [("delete", "a")]),
    ([{"delete": {"query": "[*[0], *[0], *[1]]"}}], [("delete", "a"), ("delete", "b")]),
    ([{"patch": {"query": "*|order(n desc)[0...2]", "inc": {"n": 1}}}], [("update", "c"), ("update", "b")]),
    ([{"patch": {"id": ["c", "a"], "set": {"x": 1}}}], [("update", "c"), ("update", "a")]),
    ([{"delete": {"id": "b"}}, {"patch": {"query": "*[n <= 1]"}}], [("delete", "b"), ("update", "a")]),
    ([{"create": doc("x", n=1)}, {"delete": {"query": "*[n == 1]"}}], [("create", "x"), ("delete", "b")]),
    ([{"patch": {"id": "a", "inc": {"n": 9}}}, {"delete": {"query": "*[n == 9]"}}], [("update", "a")]),
]


@pytest.mark.parametrize(("mutations", "results"), RESULTS)
def test_one_result_per_mutation_and_document_in_order(
    filled: Dataset, mutations: list[dict[str, Any]], results: list[tuple[str, str]]
) -> None:
    """Queries are evaluated before the transaction: they see nothing of it, and skip what it has deleted since."""
    answer = filled.mutate(mutations, return_ids=True)
    assert answer["results"] == [{"id": key, "operation": operation} for operation, key in results]
    assert answer["transactionId"]


def test_entries_hold_what_was_asked_for(filled: Dataset) -> None:
    mutations = [
        {"patch": {"id": "a", "set": {"x": 1}}},
        {"patch": {"id": "a", "set": {"x": 2}}},
        {"delete": {"id": "b"}},
    ]
    assert filled.mutate(mutations)["results"] == [
        {"operation": "update"},
        {"operation": "update"},
        {"operation": "delete"},
    ]
    first, second, _ = filled.mutate(mutations, return_documents=True)["results"]
    assert list(first) == ["operation", "document"]
    assert first["document"] == second["document"] == filled.get("a"), "documents are those after the whole transaction"
    gone = filled.mutate([{"patch": {"id": "a"}}, {"delete": {"id": "a"}}], return_ids=True, return_documents=True)
    assert gone["results"] == [{"id": "a", "operation": "update"}, {"id": "a", "operation": "delete"}]


def test_row_29_the_other_way_deleting_a_missing_id_leaves_no_entry() -> None:
    dataset = Lake(seed=0, choices=LakeChoices(delete_of_missing_has_result=False)).dataset("production")
    assert dataset.mutate([{"delete": {"id": "x"}}], return_ids=True)["results"] == []


REFUSALS: list[tuple[list[dict[str, Any]], str, str, int]] = [
    (
        [{"create": doc("x")}, {"create": doc("x")}],
        "documentAlreadyExistsError",
        'Document by ID "x" already exists',
        1,
    ),
    ([{"create": doc("a")}], "documentAlreadyExistsError", 'Document by ID "a" already exists', 0),
    ([{"patch": {"id": "x"}}], "documentNotFoundError", 'The document with the ID "x" was not found', 0),
    (
        [{"delete": {"id": "a"}}, {"patch": {"id": "a"}}],
        "documentNotFoundError",
        'The document with the ID "a" was not found',
        1,
    ),
    (
        [{"patch": {"id": "a", "ifRevisionID": "EXP"}}],
        "documentRevisionIDDoesNotMatchError",
        'Document "a" has unexpected revision ID ("tx0"), expected "EXP"',
        0,
    ),
    (
        [{"patch": {"query": "*", "ifRevisionID": "EXP"}}],
        "documentRevisionIDDoesNotMatchError",
        'Document "a" has unexpected revision ID ("tx0"), expected "EXP"',
        0,
    ),
    (
        [{"patch": {"id": "a", "set": {"_type": "other"}}}],
        "cannotModifyImmutableAttributeError",
        'Cannot modify immutable attribute "_type"',
        0,
    ),
    (
        [{"patch": {"id": "a", "unset": ["_id"]}}],
        "cannotModifyImmutableAttributeError",
        'Cannot modify immutable attribute "_id"',
        0,
    ),
    (
        [{"createOrReplace": {"_id": "a", "_type": "other"}}],
        "cannotModifyImmutableAttributeError",
        'Cannot modify immutable attribute "_type"',
        0,
    ),
    (
        [{"delete": {"id": "a"}}, {"create": {"_id": "a", "_type": "other"}}],
        "cannotModifyImmutableAttributeError",
        'Cannot modify immutable attribute "_type"',
        1,
    ),
    (
        [{"create": doc("x")}, {"createOrReplace": {"_id": "x", "_type": "other"}}],
        "cannotModifyImmutableAttributeError",
        'Cannot modify immutable attribute "_type"',
        1,
    ),
    (
        [{"create": {"_id": "_.releases.r1", "_type": "system.release"}}],
        "insufficientPermissionsError",
        'Insufficient permissions; permission "create" required',
        0,
    ),
]


@pytest.mark.parametrize(("mutations", "kind", "text", "index"), REFUSALS)
def test_refusals_have_the_service_s_type_text_and_index(
    filled: Dataset, mutations: list[dict[str, Any]], kind: str, text: str, index: int
) -> None:
    stored, logged, now = list(filled.documents()), filled.transactions(), filled.clock.now()
    listener = filled.listen()
    listener.drain()
    with pytest.raises(MutationError) as caught:
        filled.mutate([{"create": doc("before")}, *mutations], transaction_id="again")
    body = caught.value.body()["error"]
    assert body["type"] == "mutationError"
    assert body["description"] == f"Mutation failed: {text}"
    (item,) = body["items"]
    assert (item["error"]["type"], item["error"]["description"], item["index"]) == (kind, text, index + 1)
    assert (list(filled.documents()), filled.transactions(), filled.clock.now()) == (stored, logged, now)
    assert listener.drain() == []
    filled.mutate([{"create": doc("before")}], transaction_id="again")


def test_row_33_the_revision_before_the_transaction_counts(filled: Dataset) -> None:
    lock = {"patch": {"id": "a", "ifRevisionID": "tx0", "set": {"x": 1}}}
    filled.mutate([lock, lock, {"createOrReplace": doc("a")}, lock], transaction_id="tx1")
    own = {"patch": {"id": "new", "ifRevisionID": "tx2"}}
    filled.mutate([{"create": doc("new")}, own, own], transaction_id="tx2")
    again = [{"delete": {"id": "new"}}, {"create": doc("new")}, {"patch": {"id": "new", "ifRevisionID": "tx3"}}]
    filled.mutate(again, transaction_id="tx3")
    with pytest.raises(MutationError):
        filled.mutate([{"patch": {"id": "new", "ifRevisionID": "tx4"}}], transaction_id="tx4")


def test_row_1_the_other_way_a_replacement_may_change_the_type_of_what_nothing_refers_to() -> None:
    dataset = Lake(seed=0, choices=LakeChoices(type_change_by_replace=True)).dataset("production")
    dataset.mutate([{"create": doc("a")}, {"create": doc("b")}, {"create": doc("c", ref={"_ref": "b"})}])
    dataset.mutate([{"createOrReplace": {"_id": "a", "_type": "other"}}])
    assert dataset.query('*[_type == "other"]._id') == ["a"]
    assert dataset.query('*[_type == "t"]._id') == ["b", "c"]
    with pytest.raises(MutationError, match="immutable"):
        dataset.mutate([{"createOrReplace": {"_id": "b", "_type": "other"}}])


def test_a_type_is_not_remembered_beyond_the_transaction(filled: Dataset) -> None:
    filled.mutate([{"delete": {"id": "a"}}])
    filled.mutate([{"create": {"_id": "a", "_type": "other"}}])
    assert filled.query("*[_type == 'other']._id") == ["a"]


def test_a_transaction_id_is_used_once_unless_refused_dry_or_empty(filled: Dataset) -> None:
    filled.mutate([], transaction_id="tx1")
    filled.mutate([{"create": doc("x")}], transaction_id="tx1", dry_run=True)
    with pytest.raises(MutationError):
        filled.mutate([{"create": doc("a")}], transaction_id="tx1")
    assert filled.mutate([{"create": doc("x")}], transaction_id="tx1")["transactionId"] == "tx1"
    with pytest.raises(TransactionAlreadyExistsError, match="tx1"):
        filled.mutate([{"create": doc("y")}], transaction_id="tx1")
    assert filled.get("y") is None
    filled.mutate([{"delete": {"id": "nowhere"}}], transaction_id="tx2")
    with pytest.raises(TransactionAlreadyExistsError):
        filled.mutate([{"create": doc("y")}], transaction_id="tx2")


@pytest.mark.parametrize("transaction_id", ["", "x" * 129, 5, ["a"]])
def test_a_malformed_transaction_id_is_refused(filled: Dataset, transaction_id: Any) -> None:
    with pytest.raises(InvalidRequestBodyError, match="transactionId must be a string of 1 to 128 characters"):
        filled.mutate([{"create": doc("x")}], transaction_id=transaction_id)


@pytest.mark.parametrize(
    "mutations",
    [
        [{"create": {"_type": "t", "items": [{"a": 1}]}}],
        [{"delete": {"query": "*"}}, {"createOrReplace": doc("a")}],
        [{"patch": {"query": "*", "set": {"x": [{}]}}}],
    ],
)
def test_a_dry_run_answers_the_same_and_leaves_no_trace(mutations: list[dict[str, Any]]) -> None:
    """Not in the documents, the log, the listeners, nor in the ids and times of what comes after."""

    def run(*, rehearsed: bool) -> tuple[Any, ...]:
        lake = Lake(seed=5)
        dataset = lake.dataset("production")
        dataset.mutate([{"create": doc(key)} for key in "abc"])
        listener = dataset.listen(include_result=True)
        options: dict[str, Any] = {"return_ids": True, "return_documents": True, "auto_generate_array_keys": True}
        rehearsal = dataset.mutate(mutations, dry_run=True, **options) if rehearsed else None
        answer = dataset.mutate(mutations, **options)
        assert rehearsal in (None, answer)
        return answer, list(dataset.documents()), dataset.transactions(), listener.drain(), lake.clock.now()

    assert run(rehearsed=True) == run(rehearsed=False)


@pytest.mark.parametrize(
    ("mutations", "error"),
    [
        ([{"delete": {"query": "*["}}], GroqError),
        ([{"delete": {"query": "*[n == $n]"}}], GroqError),
        ([{"delete": {"query": "*[0].n"}}], MutationError),
        ([{"delete": {"query": "*{n}"}}], MutationError),
        ([{"delete": {"query": "count(*)"}}], MutationError),
        ({"create": doc("x")}, InvalidRequestBodyError),
        ([{"crate": doc("x")}], InvalidRequestBodyError),
        ([{"create": {"_id": "#x!", "_type": "t"}}], MutationError),
        ([{"create": doc("x", r={"_ref": "a", "y": 1})}], MutationError),
        (
            [{"patch": {"id": "a", "set": {"r": {"_ref": "b"}}}}, {"patch": {"id": "a", "set": {"r.y": 1}}}],
            MutationError,
        ),
        ([{"patch": {"id": "a", "inc": {"nothing": 1}}}], MutationError),
    ],
)
def test_bad_input_is_one_error_and_no_write(filled: Dataset, mutations: Any, error: type[LakeError]) -> None:
    stored = dump_bytes(list(filled.documents()))
    with pytest.raises(error):
        filled.mutate(mutations)
    assert dump_bytes(list(filled.documents())) == stored
    assert len(filled.log()) == 1


def test_visibility_is_one_of_three(filled: Dataset) -> None:
    for visibility in ("sync", "async", "deferred"):
        filled.mutate([{"patch": {"id": "a"}}], visibility=visibility)  # type: ignore[arg-type]
    with pytest.raises(BadRequestError, match='Did you mean "async"'):
        filled.mutate([{"patch": {"id": "a"}}], visibility="asynch")  # type: ignore[arg-type]


def test_array_keys_are_generated_on_request_and_told_to_listeners(filled: Dataset) -> None:
    listener = filled.listen()
    listener.drain()
    filled.mutate([{"create": doc("x", list=[{"a": [{}]}, 5])}], auto_generate_array_keys=True)
    filled.mutate([{"patch": {"id": "x", "insert": {"after": "list[-1]", "items": [{}, {"_key": "own"}]}}}])
    stored = filled.mutate(
        [{"patch": {"id": "x", "set": {"more": [{"b-c": [{}]}]}}}], auto_generate_array_keys=True, return_documents=True
    )["results"][0]["document"]
    first, _, third, fourth = stored["list"]
    assert (
        len({first["_key"], first["a"][0]["_key"], stored["more"][0]["_key"], stored["more"][0]["b-c"][0]["_key"]}) == 4
    )
    assert third == {}, "keys were given to a branch that the second patch did not touch"
    assert fourth == {"_key": "own"}
    created, _, patched = listener.drain()
    assert created["mutations"][0]["create"]["list"][0] == first
    assert patched["mutations"][1] == {
        "patch": {
            "id": "x",
            "set": {
                "more[0]._key": stored["more"][0]["_key"],
                "more[0]['b-c'][0]._key": stored["more"][0]["b-c"][0]["_key"],
            },
        }
    }


LOCKED = 'Documents in release "r1" (state: scheduled) can not be mutated'


@pytest.mark.parametrize(
    "mutation",
    [
        {"create": doc("versions.r1.new")},
        {"createOrReplace": doc("versions.r1.a")},
        {"patch": {"id": "versions.r1.a", "set": {"x": 1}}},
        {"delete": {"id": "versions.r1.a"}},
        {"delete": {"query": '*[_id in path("versions.**")]'}},
    ],
)
def test_versions_of_a_release_that_is_not_active_are_locked(mutation: dict[str, Any]) -> None:
    dataset = Lake(seed=0, choices=LakeChoices(system_documents_writable=True)).dataset("production")
    release = {"_id": "_.releases.r1", "_type": "system.release", "name": "r1", "state": "active"}
    dataset.mutate([{"create": release}, {"create": doc("versions.r1.a")}])
    dataset.mutate([{"createOrReplace": {**release, "state": "scheduled"}}])
    with pytest.raises(MutationError, match="can not be mutated") as caught:
        dataset.mutate([mutation])
    assert caught.value.causes[0][1].error() == {"type": "validationError", "description": LOCKED}
    dataset.mutate([{"create": doc("versions.r2.a")}, {"createOrReplace": {**release, "state": "active"}}, mutation])
