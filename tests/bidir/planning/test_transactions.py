"""The transaction a submit becomes: order, element operations, locks, and nothing that need not be written."""

import pytest

from bidir.origin import item_key


def ref(target, **more):
    return {"_type": "reference", "_ref": target, **more}


def item(target, **more):
    return {"_type": "reference", "_ref": target, "_key": f"k{target}", **more}


def sent(outcome):
    """The transaction as (kind, id, what) lines."""
    lines = []
    for mutation in outcome.mutations:
        ((kind, body),) = mutation.items()
        if kind == "patch":
            operations = {name: value for name, value in body.items() if name != "id"}
            lines.append((kind, body["id"], sorted(operations)))
        else:
            lines.append((kind, body.get("_id") or body.get("id"), sorted(set(body) - {"_id", "id", "_type"})))
    return lines


def operations(outcome, document_id):
    found = [m["patch"] for m in outcome.mutations if m.get("patch", {}).get("id") == document_id]
    return [{name: value for name, value in patch.items() if name not in ("id", "ifRevisionID")} for patch in found]


def test_a_chain_steal_makes_versions_removes_adds_and_ends_with_the_users_own_patch(world):
    _, engine = world()
    for book, author in (("b1", "a1"), ("b2", "a2")):
        engine.submit([{"patch": {"id": book, "set": {"author": ref(author)}}}], perspective="published")
    outcome = engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a2")}}}])
    assert sorted(sent(outcome)[:-1]) == [
        ("create", "drafts.a1", []),
        ("create", "drafts.a2", ["books"]),
        ("create", "drafts.b1", ["author"]),
        ("create", "drafts.b2", []),
    ]
    assert sent(outcome)[-1] == ("patch", "drafts.b1", ["set"])


def test_single_places_are_locked_and_lists_are_not(world):
    _, engine = world("n:1")
    outcome = engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
    locked = {m["patch"]["id"]: "ifRevisionID" in m["patch"] for m in reversed(outcome.mutations)}
    assert locked == {"b1": True, "a1": False}


def test_a_list_gets_one_keyed_item_and_is_never_sent_whole(world):
    dataset, engine = world("n:1")
    engine.submit([{"patch": {"id": ["b1", "b2"], "set": {"author": ref("a1")}}}], perspective="published")
    outcome = engine.submit([{"patch": {"id": "b3", "set": {"author": ref("a1")}}}], perspective="published")
    key = item_key("book.author", "b3")
    assert operations(outcome, "a1") == [
        {"setIfMissing": {"books": []}},
        {"unset": [f'books[_key=="{key}"]']},
        {"insert": {"after": "books[-1]", "items": [ref("b3", _weak=True, _key=key)]}},
    ]
    gone = engine.submit([{"patch": {"id": "b1", "unset": ["author"]}}], perspective="published")
    assert operations(gone, "a1") == [{"unset": [f'books[_key=="{item_key("book.author", "b1")}"]']}]
    assert [one["_ref"] for one in dataset.get("a1")["books"]] == ["b2", "b3"]


def test_the_users_mutations_go_out_verbatim_and_in_their_order(world):
    _, engine = world()
    mutations = [
        {"patch": {"id": "b1", "setIfMissing": {"author": {}}}},
        {"patch": {"id": "b1", "set": {"author._type": "reference", "author._ref": "a1"}}},
        {"patch": {"id": "b1", "set": {"title": "x"}, "unset": ["author._weak"]}},
    ]
    outcome = engine.submit(mutations, perspective="published")
    assert operations(outcome, "b1")[:3] == [
        {name: value for name, value in mutation["patch"].items() if name != "id"} for mutation in mutations
    ]


def test_an_item_that_comes_back_takes_its_old_place_and_its_old_key(world):
    dataset, engine = world("n:1")
    dataset.mutate(
        [
            {"patch": {"id": "a1", "set": {"books": [item(one, _weak=True) for one in ("b1", "b2", "b3")]}}},
            *({"patch": {"id": one, "set": {"author": ref("a1")}}} for one in ("b1", "b2", "b3")),
        ]
    )
    engine.submit([{"patch": {"id": "b2", "unset": ["author"]}}, {"patch": {"id": "a1", "set": {"text": "kept"}}}])
    assert [one["_key"] for one in dataset.get("drafts.a1")["books"]] == ["kb1", "kb3"]
    engine.submit([{"patch": {"id": "b2", "set": {"author": ref("a1")}}}])
    assert dataset.get("drafts.a1")["books"] == dataset.get("a1")["books"]


def test_a_version_the_engine_made_goes_when_it_says_nothing_new(world):
    dataset, engine = world()
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
    assert dataset.get("drafts.a1") is not None
    outcome = engine.submit([{"patch": {"id": "b1", "unset": ["author"]}}])
    assert dataset.get("drafts.a1") is None
    assert outcome.documents_written == 2


def test_a_version_somebody_edited_stays(world):
    dataset, engine = world()
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
    engine.submit([{"patch": {"id": "a1", "set": {"text": "unfinished"}}}])
    engine.submit([{"patch": {"id": "a1", "unset": ["text"]}}])
    engine.submit([{"patch": {"id": "b1", "unset": ["author"]}}])
    assert dataset.get("drafts.a1") is not None


@pytest.mark.parametrize(
    "patch",
    [
        {"set": {"author": ref("a1")}},
        {"set": {"author": ref("a1", _weak=True)}},
        {"setIfMissing": {"author": {}}, "set": {"author._type": "reference", "author._ref": "a1"}},
    ],
)
def test_saying_again_what_a_field_says_sends_nothing(world, patch):
    dataset, engine = world()
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
    transactions = len(dataset.log())
    for perspective in ("published", "drafts"):
        outcome = engine.submit([{"patch": {"id": "b1", **patch}}], perspective=perspective)
        assert (outcome.documents_written, outcome.writes, outcome.transaction_id) == (0, 0, None)
    assert len(dataset.log()) == transactions


def test_a_text_beside_a_restated_field_is_passed_on(world):
    dataset, engine = world()
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1"), "text": "x"}}}], perspective="published")
    assert dataset.get("b1")["text"] == "x"


def test_a_callers_transaction_id_is_kept_and_ours_is_named_after_the_relation(world):
    _, engine = world()
    named = engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], transaction_id="studio-7")
    ours = engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a2")}}}])
    assert named.transaction_id == "studio-7"
    assert ours.transaction_id.startswith("bidir.book.author.")


@pytest.mark.parametrize("books", [10, 400])
def test_linking_to_a_popular_author_touches_two_documents_and_reads_once(world, books):
    dataset, engine = world("n:1")
    dataset.mutate([{"create": {"_id": f"n{n}", "_type": "book", "author": ref("a1")}} for n in range(books)])
    dataset.mutate([{"patch": {"id": "a1", "set": {"books": [item(f"n{n}", _weak=True) for n in range(books)]}}}])
    outcome = engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
    assert (outcome.documents_written, outcome.reads, len(outcome.mutations)) == (2, 1, 4)


def test_many_links_in_one_submit_are_one_plan_and_one_write_of_the_list(world):
    dataset, engine = world("n:1")
    dataset.mutate([{"create": {"_id": f"n{n}", "_type": "book"}} for n in range(500)])
    outcome = engine.submit(
        [{"patch": {"id": f"n{n}", "set": {"author": ref("a1")}}} for n in range(500)], perspective="published"
    )
    assert (outcome.documents_written, outcome.reads, outcome.writes) == (501, 1, 1)
    assert len(operations(outcome, "a1")) == 3
    assert len(dataset.get("a1")["books"]) == 500
