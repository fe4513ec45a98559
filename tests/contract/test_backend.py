"""What the engine may rely on, tried on every backend there is: the same tests, whatever the lake."""

import pytest

from bidir.errors import (
    DocumentMissing,
    IntentError,
    PermissionRefused,
    ReferenceRefused,
    Refused,
    RevisionConflict,
    Unavailable,
)

BOOK = {"_id": "b1", "_type": "book", "title": "Emma"}
SECONDS_MAX = 20.0


def create(*ids, **fields):
    return [{"create": {"_id": one, "_type": "book", **fields}} for one in ids]


def stored(backend, document_id):
    return backend.documents([document_id])[document_id]


def reference(target, **more):
    return {"_type": "reference", "_ref": target, **more}


# ------------------------------------------------------------------------------------------------------------ writing


def test_a_commit_tells_its_id_and_what_it_wrote(backend, tx):
    done = backend.commit(create("b1", "drafts.b1"), transaction_id=tx(1))
    assert (done.transaction_id, sorted(done.documents)) == (tx(1), ["b1", "drafts.b1"])


def test_the_id_of_a_commit_is_the_revision_of_what_it_wrote(backend, tx):
    backend.commit(create("b1"), transaction_id=tx(1))
    assert stored(backend, "b1")["_rev"] == tx(1)


def test_without_an_id_the_lake_makes_one(backend):
    done = backend.commit(create("b1"), transaction_id=None)
    assert done.transaction_id
    assert stored(backend, "b1")["_rev"] == done.transaction_id


def test_what_a_mutation_leaves_alone_is_not_among_what_was_written(backend):
    backend.commit(create("b1"), transaction_id=None)
    done = backend.commit([{"createIfNotExists": BOOK}, *create("b2")], transaction_id=None)
    assert done.documents == ("b2",)


def test_a_document_touched_twice_is_told_once(backend):
    backend.commit(create("b1"), transaction_id=None)
    patches = [{"patch": {"id": "b1", "set": {name: 1}}} for name in ("one", "two")]
    assert backend.commit(patches, transaction_id=None).documents == ("b1",)


def test_a_deletion_is_told(backend):
    backend.commit(create("b1"), transaction_id=None)
    assert backend.commit([{"delete": {"id": "b1"}}], transaction_id=None).documents == ("b1",)
    assert stored(backend, "b1") is None


def revision_mismatch(backend):
    return [{"patch": {"id": "b1", "ifRevisionID": "another", "set": {"title": "x"}}}]


REFUSALS = {
    "another revision": (revision_mismatch, RevisionConflict, "documentRevisionIDDoesNotMatchError", "b1"),
    "exists": (lambda backend: create("b1"), RevisionConflict, "documentAlreadyExistsError", "b1"),
    "missing": (
        lambda backend: [{"patch": {"id": "b9", "set": {"title": "x"}}}],
        DocumentMissing,
        "documentNotFoundError",
        "b9",
    ),
    "points at nothing": (
        lambda backend: [{"patch": {"id": "b1", "set": {"author": reference("a9")}}}],
        ReferenceRefused,
        "documentReferenceDoesNotExistError",
        "b1",
    ),
    "is pointed at": (
        lambda backend: [{"delete": {"id": "a1"}}],
        Refused,
        "documentHasExistingReferencesError",
        "a1",
    ),
    "malformed id": (lambda backend: create("b 1"), Refused, "validationError", None),
    "another type": (
        lambda backend: [{"patch": {"id": "b1", "set": {"_type": "film"}}}],
        Refused,
        "cannotModifyImmutableAttributeError",
        None,
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_says_what_it_is_and_of_which_document(backend, name):
    mutations, kind, error_type, document_id = REFUSALS[name]
    backend.commit(
        [
            {"create": {"_id": "a1", "_type": "author"}},
            {"create": {**BOOK, "first": reference("a1")}},
        ],
        transaction_id=None,
    )
    before = stored(backend, "b1")
    with pytest.raises(kind) as refused:
        backend.commit([*create("b2"), *mutations(backend)], transaction_id=None)
    assert (refused.value.type, refused.value.document_id) == (error_type, document_id)
    assert stored(backend, "b1") == before
    assert stored(backend, "b2") is None, "nothing of a refused transaction is written"


def test_a_transaction_id_can_be_used_once(backend, tx):
    backend.commit(create("b1"), transaction_id=tx(1))
    with pytest.raises(Refused) as refused:
        backend.commit(create("b2"), transaction_id=tx(1))
    assert refused.value.type == "transactionAlreadyExistsError"


def test_actions_publish_and_tell_what_they_wrote(backend):
    backend.commit(create("drafts.b1"), transaction_id=None)
    names = {"publishedId": "b1", "draftId": "drafts.b1"}
    done = backend.act([{"actionType": "sanity.action.document.publish", **names}])
    assert sorted(done.documents) == ["b1", "drafts.b1"]
    assert stored(backend, "b1")["_rev"] == done.transaction_id


def test_an_action_that_cannot_be_is_refused(backend):
    with pytest.raises((Refused, DocumentMissing)):
        backend.act([{"actionType": "sanity.action.document.publish", "publishedId": "b1", "draftId": "drafts.b1"}])


def test_a_release_tells_the_documents_that_it_published(backend, tx):
    release = tx(0).replace("-", "")
    backend.act([{"actionType": "sanity.action.release.create", "releaseId": release}])
    backend.commit(create(f"versions.{release}.b1"), transaction_id=None)
    done = backend.act([{"actionType": "sanity.action.release.publish", "releaseId": release}])
    assert {"b1", f"versions.{release}.b1", f"_.releases.{release}"} <= set(done.documents)


# ------------------------------------------------------------------------------------------------------------ reading


def test_a_query_sees_every_version_and_takes_parameters(backend):
    backend.commit(create("b1", "drafts.b1", "versions.r.b1"), transaction_id=None)
    found = backend.query("*[_type == $type && _id != $not] | order(_id)._id", {"type": "book", "not": "zz"})
    assert found == ["b1", "drafts.b1", "versions.r.b1"]


def test_a_query_answers_in_a_perspective(backend):
    backend.commit([*create("b1", title="old"), *create("drafts.b1", title="new")], transaction_id=None)
    assert backend.query("*[_id == 'b1'][0].title", {}, perspective="drafts") == "new"
    assert backend.query("*[_type == 'book'].title", {}, perspective="published") == ["old"]


def test_a_query_as_long_as_an_essay_is_answered(backend):
    backend.commit(create("b1"), transaction_id=None)
    ids = [f"book-number-{number}" for number in range(2_000)]
    assert backend.query("count(*[_id in $ids])", {"ids": [*ids, "b1"]}) == 1


def test_a_query_that_is_none_is_refused(backend):
    with pytest.raises(Refused) as refused:
        backend.query("*[_type ==", {})
    assert refused.value.type == "queryParseError"


def test_documents_are_given_by_stored_id(backend):
    backend.commit(create("b1", "drafts.b2"), transaction_id=None)
    found = backend.documents(["b1", "drafts.b2", "b2", "b1"])
    assert {key: None if one is None else one["_id"] for key, one in found.items()} == {
        "b1": "b1",
        "drafts.b2": "drafts.b2",
        "b2": None,
    }


def test_more_documents_than_fit_one_request_are_all_given(backend):
    ids = [f"b{number}" for number in range(130)]
    backend.commit(create(*ids), transaction_id=None)
    found = backend.documents([*ids, "none"])
    assert list(found) == [*ids, "none"]
    assert [key for key, one in found.items() if one is None] == ["none"]


def test_nothing_is_asked_for_nothing(backend):
    assert backend.documents([]) == {}


def test_a_scan_gives_every_version_of_the_types(backend):
    others = [{"create": {"_id": "t1", "_type": "tag"}}]
    backend.commit([*create("b1", "drafts.b1", "versions.r.b2"), *others], transaction_id=None)
    assert sorted(one["_id"] for one in backend.scan(["book"])) == ["b1", "drafts.b1", "versions.r.b2"]
    assert sorted(one["_id"] for one in backend.scan(["tag", "book"])) == ["b1", "drafts.b1", "t1", "versions.r.b2"]
    assert list(backend.scan([])) == []


TEXTS = ["line\u2028separator\u0085and more", 'quote " and \\ slash', "ß 🎬 \x7f", "two\nlines\r\n"]


@pytest.mark.parametrize("text", TEXTS)
def test_text_comes_back_as_it_was_whichever_way_it_is_read(backend, text):
    backend.commit(create("b1", title=text), transaction_id=None)
    (scanned,) = backend.scan(["book"])
    ways = [
        stored(backend, "b1"),
        scanned,
        backend.query("*[title == $title][0]", {"title": text}),
        backend.revision("b1", stored(backend, "b1")["_rev"]),
        next(iter(backend.history("b1")))["mutations"][0]["create"],
    ]
    assert [one["title"] for one in ways] == [text] * len(ways)


NUMBERS = {"true": True, "one": 1, "float": 1.5, "large": 2**53, "none": None, "list": [], "object": {}}


def test_values_keep_their_types(backend):
    backend.commit(create("b1", **NUMBERS), transaction_id=None)
    found = stored(backend, "b1")
    assert {name: (type(found[name]), found[name]) for name in NUMBERS} == {
        name: (type(value), value) for name, value in NUMBERS.items()
    }


# ----------------------------------------------------------------------------------------------------------- the past


def test_an_old_revision_is_found_in_any_layer(backend, tx):
    backend.commit(create("b1", title="first"), transaction_id=tx(1))
    backend.commit(create("drafts.b1", title="draft"), transaction_id=tx(2))
    backend.commit(create("versions.r.b1", title="release"), transaction_id=tx(3))
    backend.commit([{"patch": {"id": "b1", "set": {"title": "second"}}}], transaction_id=tx(4))
    backend.commit([{"delete": {"id": "drafts.b1"}}], transaction_id=tx(5))
    found = [backend.revision("b1", tx(number)) for number in range(1, 5)]
    assert [one["title"] for one in found] == ["first", "draft", "release", "second"]
    assert [one["_id"] for one in found] == ["b1", "drafts.b1", "versions.r.b1", "b1"]


def test_a_revision_that_never_was_is_none(backend, tx):
    backend.commit(create("b1"), transaction_id=tx(1))
    backend.commit(create("b2"), transaction_id=tx(2))
    assert backend.revision("b1", "nonsense") is None
    assert backend.revision("b1", tx(2)) is None
    assert backend.revision("b9", tx(1)) is None


def test_history_is_told_from_the_newest(backend, tx):
    backend.commit(create("b1", "b2"), transaction_id=tx(1))
    backend.commit(create("b3"), transaction_id=tx(2))
    backend.commit([{"patch": {"id": "b1", "set": {"title": "x"}}}], transaction_id=tx(3))
    rows = list(backend.history("b1"))
    assert [row["id"] for row in rows] == [tx(3), tx(1)]
    assert rows[0]["mutations"] == [{"patch": {"id": "b1", "set": {"title": "x"}}}]
    assert rows[0]["documentIDs"] == ["b1"]
    assert sorted(rows[1]["documentIDs"]) == ["b1", "b2"]
    assert rows[1]["timestamp"] < rows[0]["timestamp"]


def test_a_long_history_is_told_whole_and_once(backend, tx):
    names = [tx(number) for number in range(120)]
    backend.commit(create("b1", n=0), transaction_id=names[0])
    for name in names[1:]:
        backend.commit([{"patch": {"id": "b1", "inc": {"n": 1}}}], transaction_id=name)
    assert [row["id"] for row in backend.history("b1")] == names[::-1]


def test_a_document_that_never_was_has_no_history(backend):
    assert list(backend.history("b9")) == []


# ----------------------------------------------------------------------------------------------------------- listening


def heard(stream, count):
    """Wait for so many mutation events."""
    events = []
    while len(events) < count:
        event = stream.get(SECONDS_MAX)
        assert event is not None, f"only {len(events)} of {count} events came"
        events += [event] if event["type"] == "mutation" else []
    return events


@pytest.fixture
def listening(backend):
    streams = []

    def listen(groq="*[_type in $types]", **params):
        streams.append(backend.listen(groq, params or {"types": ["book"]}))
        return streams[-1]

    yield listen
    for stream in streams:
        stream.close()


def test_events_come_in_order_with_the_document_before_and_after(backend, listening, tx):
    stream = listening()
    backend.commit(create("drafts.b1", title="one"), transaction_id=tx(1))
    backend.commit([{"patch": {"id": "drafts.b1", "set": {"title": "two"}}}], transaction_id=tx(2))
    backend.commit([{"delete": {"id": "drafts.b1"}}], transaction_id=tx(3))
    events = heard(stream, 3)
    assert [event["transactionId"] for event in events] == [tx(1), tx(2), tx(3)]
    assert [event["transition"] for event in events] == ["appear", "update", "disappear"]
    assert [event.get("previousRev") for event in events] == [None, tx(1), tx(2)]
    assert [(event["previous"] or {}).get("title") for event in events] == [None, "one", "two"]
    assert [(event.get("result") or {}).get("title") for event in events] == ["one", "two", None]


def test_what_the_filter_leaves_out_is_not_heard(backend, listening):
    stream = listening()
    backend.commit([{"create": {"_id": "t1", "_type": "tag"}}, *create("b1")], transaction_id=None)
    backend.commit(create("b2"), transaction_id=None)
    assert [event["documentId"] for event in heard(stream, 2)] == ["b1", "b2"]


def test_what_was_before_the_listener_is_not_heard(backend, listening):
    backend.commit(create("b1"), transaction_id=None)
    stream = listening()
    backend.commit(create("b2"), transaction_id=None)
    assert [event["documentId"] for event in heard(stream, 1)] == ["b2"]


def test_a_stream_that_is_quiet_gives_nothing(backend, listening):
    stream = listening()
    stream.drain()
    assert stream.get(0.0) is None
    assert stream.drain() == []


def test_a_closed_stream_hears_nothing_more(backend, listening):
    stream = listening()
    stream.drain()
    stream.close()
    backend.commit(create("b1"), transaction_id=None)
    assert stream.drain() == []
    assert stream.get(0.0) is None
    stream.close()


def test_a_filter_that_is_none_is_refused(backend):
    with pytest.raises(Refused) as refused:
        backend.listen("*[", {})
    assert refused.value.type == "queryParseError"


# ---------------------------------------------------------------------------------------------------------- positions


def test_nothing_has_changed_since_now(backend):
    backend.commit(create("b1"), transaction_id=None)
    assert backend.changed_since(backend.position(), ["book"]) == {}


def test_what_changed_since_a_position_is_told_as_it_was_then(backend):
    backend.commit(create("b1", "b2", "b3", "b5", title="old"), transaction_id=None)
    position = backend.position()
    backend.commit([{"patch": {"id": "b1", "set": {"title": "one"}}}], transaction_id=None)
    backend.commit([{"patch": {"id": "b1", "set": {"title": "two"}}}], transaction_id=None)
    backend.commit([{"delete": {"id": "b2"}}, *create("b4")], transaction_id=None)
    backend.commit([{"create": {"_id": "t1", "_type": "tag"}}], transaction_id=None)
    backend.commit([*create("b6"), {"patch": {"id": "b5", "set": {"title": "new"}}}], transaction_id=None)
    backend.commit([{"delete": {"id": "b6"}}], transaction_id=None)
    earlier = backend.changed_since(position, ["book"])
    assert {key: None if one is None else one["title"] for key, one in earlier.items()} == {
        "b1": "old",
        "b2": "old",
        "b4": None,
        "b5": "old",
        "b6": None,
    }


def test_a_position_outlives_the_connection(place):
    first = place.backend()
    first.commit(create("b1", title="old"), transaction_id=None)
    position = first.position()
    first.commit([{"patch": {"id": "b1", "set": {"title": "new"}}}], transaction_id=None)
    assert place.backend().changed_since(position, ["book"])["b1"]["title"] == "old"


def test_a_position_of_a_listener_is_behind_what_it_has_told(backend, listening):
    stream = listening()
    backend.commit(create("b1"), transaction_id=None)
    heard(stream, 1)
    position = backend.position()
    backend.commit(create("b2"), transaction_id=None)
    assert backend.changed_since(position, ["book"]) == {"b2": None}


def test_a_listener_that_was_not_read_yet_has_a_position(backend, listening, caplog):
    """A position without the id of an event cannot be resumed at; a fresh listener had none until it was read."""
    backend.commit(create("b1"), transaction_id=None)
    listening()
    position = backend.position()
    backend.commit([{"delete": {"id": "b1"}}], transaction_id=None)
    earlier = backend.changed_since(position, ["book"])
    assert earlier["b1"]["_id"] == "b1"
    assert "not resumed" not in caplog.text


def test_a_revision_is_a_position_too(place, backend, tx):
    if not place.resumes_anywhere:
        pytest.skip("this lake resumes at its own event ids only")
    backend.commit(create("b1", "b2"), transaction_id=tx(1))
    backend.commit([{"patch": {"id": "b1", "set": {"title": "new"}}}], transaction_id=tx(2))
    backend.commit(create("b3"), transaction_id=tx(3))
    assert set(backend.changed_since(tx(1), ["book"])) == {"b1", "b3"}
    assert set(backend.changed_since(tx(2), ["book"])) == {"b3"}


def test_an_empty_dataset_has_a_position_too(backend):
    position = backend.position()
    backend.commit(create("b1"), transaction_id=None)
    assert backend.changed_since(position, ["book"]) == {"b1": None}


# -------------------------------------------------------------------------------------------------- without a request


def test_a_patch_can_be_tried_without_a_lake(backend):
    patch = {"set": {"title": "new"}, "insert": {"after": "tags[-1]", "items": ["b"]}}
    assert backend.patched({**BOOK, "tags": ["a"]}, patch) == {**BOOK, "title": "new", "tags": ["a", "b"]}
    with pytest.raises(Refused):
        backend.patched(BOOK, {"set": {"_type": "film"}})


def test_generated_ids_differ(backend):
    ids = {backend.generate_id() for _ in range(50)}
    assert len(ids) == 50
    backend.commit(create(*ids), transaction_id=None)


def test_every_error_is_one_that_the_engine_knows(backend):
    for attempt in (
        lambda: backend.query("nonsense(", {}),
        lambda: backend.query("*", {}, perspective="no such thing!"),
        lambda: backend.documents(["not an id"]),
        lambda: backend.commit([{"explode": {}}], transaction_id=None),
        lambda: backend.act([{"actionType": "sanity.action.explode"}]),
        lambda: backend.listen("nonsense(", {}),
        lambda: backend.changed_since("no position", ["book"]),
    ):
        with pytest.raises((Refused, DocumentMissing, IntentError, PermissionRefused, Unavailable)):
            attempt()


@pytest.mark.parametrize("name", ["production", "scratchy", "notscratch", ""])
def test_a_real_dataset_that_does_not_say_scratch_is_not_touched(read_real_dataset, name):
    environment = {"LAKESIM_REAL_PROJECT": "p", "LAKESIM_REAL_TOKEN": "t", "LAKESIM_REAL_DATASET": name}
    with pytest.raises(pytest.UsageError, match="scratch"):
        read_real_dataset(environment)


@pytest.mark.parametrize("name", ["scratch", "contract-scratch", "scratch-2"])
def test_a_real_dataset_that_says_scratch_may_be_used(read_real_dataset, name):
    environment = {"LAKESIM_REAL_PROJECT": "p", "LAKESIM_REAL_TOKEN": "t", "LAKESIM_REAL_DATASET": name}
    assert read_real_dataset(environment) == ("p", name, "t")


def test_a_real_project_needs_a_token(read_real_dataset):
    with pytest.raises(pytest.UsageError, match="LAKESIM_REAL_TOKEN"):
        read_real_dataset({"LAKESIM_REAL_PROJECT": "p", "LAKESIM_REAL_DATASET": "scratch"})
