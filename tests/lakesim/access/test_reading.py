"""What a caller reads: nothing that its grants do not match, everything that they do, whichever way it asks."""

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakesim import BadRequestError, Lake
from lakesim.interchange import export_lines
from lakesim.jsonvalue import loads
from lakesim.store.choices import LakeChoices
from lakesim.testing.access_model import ACCESS_IDS, IDENTITY, documents_of_world, grant_lists, is_granted, marks_in

QUERIES = (
    "*",
    "*[]{mark, 'r': ref->{mark}, 'by': *[references(^._id)].mark}",
    "count(*)",
    "*[_type == 'post'].mark",
    "*[_id == 'a'][0].mark",
    "*[references('a')].mark",
    "[*[_id in path('drafts.**')].mark, *[sanity::versionOf('a')].mark]",
    "*[owner == identity()] | order(mark desc)[0...3].mark",
)
PERSPECTIVES = ("raw", "published", "drafts", ["r1", "drafts"])


def fresh():
    return Lake(seed=0, choices=LakeChoices(reference_check="off")).dataset("production")


class World:
    """A dataset with a few transactions, and every version there ever was, by its mark."""

    def __init__(self, *transactions):
        self.dataset = fresh()
        self.versions = {}
        self._numbers = count()
        for documents in transactions:
            self.write(documents)

    def write(self, documents):
        if not documents:
            return
        marked = [{**document, "mark": f"mark-{next(self._numbers)}-"} for document in documents]
        gone = [{"delete": {"id": one["_id"]}} for one in marked if self._must_go(one)]
        if gone:
            self.dataset.mutate(gone)
        self.dataset.mutate([self._mutation(document) for document in marked])
        for document in self.dataset.documents():
            self.versions[document["mark"]] = document

    def _must_go(self, document):
        present = self.dataset.get(document["_id"])
        return present is not None and present["_type"] != document["_type"]

    def _mutation(self, document):
        if self.dataset.get(document["_id"]) is None:
            return {"create": document}
        fields = {name: value for name, value in document.items() if name not in ("_id", "_type")}
        return {"patch": {"id": document["_id"], "set": fields}}


def everything_told(reader, listener, revisions):
    """Yield an answer of every way to read, with the permission on which it rests."""
    for perspective in PERSPECTIVES:
        for text in QUERIES:
            yield "read", reader.query(text, perspective=perspective)
        yield "read", list(reader.view(perspective).documents())
    yield "read", [reader.get(key) for key in ACCESS_IDS]
    yield "read", [reader.fetch(ACCESS_IDS), reader.fetch(ACCESS_IDS, include_all_versions=True)]
    yield "read", [loads(line) for line in export_lines(reader)]
    yield "read", listener.drain()
    yield "read", [row.to_wire() for row in (*reader.log(), *reader.log_tail(2), *reader.log_since(""))]
    for key in ACCESS_IDS:
        yield "history", [reader.last_revision(key), reader.at(key, "2030-01-01T00:00:00Z")]
        yield "history", [known for one in revisions if (known := at_revision(reader, key, one)) is not None]
    yield "history", reader.transactions(include_effects=True)
    yield "history", reader.transactions(["a", "drafts.a"], include_identified_documents_only=True)
    yield "history", [row.to_wire() for row in reader.remembered_log()]


def at_revision(reader, key, revision):
    known = any(row.transaction_id == revision for row in reader.remembered_log())
    if known:
        return reader.revision(key, revision)
    with pytest.raises(BadRequestError, match="No transaction with ID"):
        reader.revision(key, revision)
    return None


worlds = st.builds(World, documents_of_world(), documents_of_world())


@settings(max_examples=60)
@given(worlds, grant_lists(), documents_of_world())
def test_no_way_of_reading_tells_of_what_the_grants_do_not_match(world, grants, later):
    reader = world.dataset.as_caller(grants, identity=IDENTITY)
    listener = reader.listen("*", include_result=True, include_previous_revision=True)
    world.write(later)
    world.dataset.mutate([{"delete": {"id": "b"}}])
    revisions = [row.transaction_id for row in world.dataset.log()]
    for permission, answer in everything_told(reader, listener, revisions):
        for mark in marks_in(answer):
            version = world.versions[mark]
            assert is_granted(grants, "read", version), (permission, answer)
            assert permission == "read" or is_granted(grants, "history", version), answer


@settings(max_examples=60)
@given(worlds, grant_lists())
def test_a_reader_finds_what_it_would_find_if_there_were_nothing_else(world, grants):
    reader = world.dataset.as_caller(grants, identity=IDENTITY)
    granted = [document for document in world.dataset.documents() if is_granted(grants, "read", document)]
    assert reader.query("*") == granted
    assert len(reader) == len(granted)
    alone = fresh()
    if granted:
        alone.mutate([{"create": document} for document in granted])
    alone = alone.as_caller("administrator", identity=IDENTITY)
    for perspective in PERSPECTIVES:
        for text in QUERIES[1:]:
            assert reader.query(text, perspective=perspective) == alone.query(text, perspective=perspective)


@settings(max_examples=30)
@given(worlds, grant_lists(), st.lists(documents_of_world(), max_size=3))
def test_a_listener_can_keep_a_copy_of_what_its_owner_reads(world, grants, later):
    reader = world.dataset.as_caller(grants, identity=IDENTITY)
    listener = reader.listen("*", include_result=True, include_previous_revision=True)
    copy = {document["_id"]: document for document in reader.documents()}
    for documents in later:
        world.write(documents)
    for event in listener.drain()[1:]:
        key = event["documentId"]
        known = copy.get(key)
        assert event["previous"] == known
        assert event.get("previousRev") == (None if known is None else known["_rev"])
        copy.pop(key, None)
        if event["transition"] != "disappear":
            copy[key] = event["result"]
    assert copy == {document["_id"]: document for document in reader.documents()}


@pytest.fixture
def dataset():
    dataset = fresh()
    dataset.mutate([{"create": {"_id": "a", "_type": "post", "n": 0}}, {"create": {"_id": "m", "_type": "memo"}}])
    return dataset


POSTS = [{"filter": '_type == "post" && hidden != true', "permissions": ["read", "history", "create", "update"]}]


def test_omitted_documents_have_their_reason(dataset):
    asked = ["a", "m", "gone"]
    reasons = {"m": "permission", "gone": "existence"}
    told = dataset.as_caller(POSTS, identity="pAnn").fetch(asked)
    assert {one["id"]: one["reason"] for one in told["omitted"]} == reasons
    told = dataset.as_caller(POSTS).fetch(asked)
    assert {one["reason"] for one in told["omitted"]} == {"existence"}


def test_a_document_that_leaves_sight_disappears_and_one_that_enters_appears(dataset):
    listener = dataset.as_caller(POSTS).listen("*[_type == 'post']", include_result=True)
    for fields in ({"hidden": True, "n": 1}, {"n": 2}, {"hidden": False}):
        dataset.mutate([{"patch": {"id": "a", "set": fields}}])
    gone, back = listener.drain()[1:]
    assert (gone["transition"], back["transition"]) == ("disappear", "appear")
    assert gone["mutations"] == [{"delete": {"id": "a"}}]
    assert "result" not in gone
    assert back["mutations"] == [{"create": back["result"]}]
    assert "previousRev" not in back


def test_a_body_that_was_replaced_in_the_same_transaction_is_not_told(dataset):
    listener = dataset.as_caller(POSTS).listen("*")
    dataset.mutate(
        [
            {"createOrReplace": {"_id": "a", "_type": "post", "hidden": True, "word": "s3cret"}},
            {"createOrReplace": {"_id": "a", "_type": "post", "n": 1}},
        ]
    )
    (event,) = listener.drain()[1:]
    assert event["transition"] == "update"
    assert "s3cret" not in str(event)


def test_the_log_is_limited_to_what_is_left_of_it(dataset):
    for number in range(4):
        dataset.mutate([{"patch": {"id": "am"[number % 2], "set": {"n": number}}}], transaction_id=f"t{number}")
    reader = dataset.as_caller(POSTS)
    assert [row["id"] for row in reader.transactions(reverse=True, limit=2)] == ["t2", "t0"]
    assert reader.transactions(["m"]) == []
    for ask in (lambda: reader.revision("a", "t1"), lambda: reader.transactions(from_transaction="t1")):
        with pytest.raises(BadRequestError, match='No transaction with ID "t1"'):
            ask()
    assert reader.revision("a", "t2")["n"] == 2


def test_the_past_takes_a_grant_on_history(dataset):
    reader = dataset.as_caller([{"filter": "true", "permissions": ["read"]}])
    assert reader.get("a")["n"] == 0
    assert reader.last_revision("a") is None
    assert reader.transactions() == []


def test_who_reads_everything_reads_without_a_filter(dataset):
    for role in ("administrator", "editor", "viewer", "contributor"):
        assert dataset.as_caller(role, identity="pAnn")._standing.readable is None


def test_identity_is_the_callers(dataset):
    assert dataset.query("identity()") == "<anonymous>"
    assert dataset.as_caller("viewer", identity="pAnn").query("identity()") == "pAnn"
    dataset.as_caller("editor", identity="pAnn").mutate([{"create": {"_id": "z", "_type": "post"}}])
    assert dataset.log_tail(1)[0].author == "pAnn"


def test_an_index_still_narrows_what_a_restricted_reader_looks_at(dataset):
    dataset.mutate([{"create": {"_id": f"p{n}", "_type": "post"}} for n in range(200)])
    reader = dataset.as_caller(POSTS)
    for text, looked_at in (("*[_id == 'p7']", 1), ("*[_type == 'memo']", 0), ("*[references('a')]", 0)):
        (told,) = reader.explain(text).sources
        assert told.index == dataset.explain(text).sources[0].index is not None
        assert told.documents == looked_at
