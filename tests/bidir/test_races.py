"""What others do between an engine's read and its write, as the simulation found it: nothing is lost, nothing leaks."""

from bidir.backends import LakeBackend
from bidir.conformance.lagging import LaggingBackend


def ref(target, **more):
    return {"_type": "reference", "_ref": target, **more}


class Overtaken(LakeBackend):
    """Lets somebody write just before the next commit arrives."""

    rival = None

    def commit(self, mutations, *, transaction_id):
        rival, self.rival = self.rival, None
        if rival is not None:
            rival()
        return super().commit(mutations, transaction_id=transaction_id)


def test_who_begins_to_point_at_a_document_while_it_is_deleted_is_cleared_too(world):
    # The second attempt looked again at what it knew, and not at who else pointed there by then.
    dataset, engine = world("n:1", backend=Overtaken)
    engine.backend.rival = lambda: dataset.mutate(
        [
            {"patch": {"id": "b2", "set": {"author": ref("a1", _weak=True)}}},
            {"patch": {"id": "a1", "set": {"books": [ref("b2", _weak=True, _key="k")]}}},
        ]
    )
    outcome = engine.delete("a1")
    assert outcome.retries == 1
    assert dataset.get("a1") is None
    assert "author" not in dataset.get("b2")


def test_a_draft_edit_removes_no_version_of_a_release(world):
    # The engine had made b1's version in the release; when b1's draft got a text, that version went.
    dataset, engine = world()
    engine.create_release("spring")
    engine.submit([{"patch": {"id": "a1", "set": {"books": ref("b1")}}}], perspective="spring")
    dataset.mutate([{"patch": {"id": "versions.spring.b1", "unset": ["author"]}}])
    assert engine.carrier.store.engine_versions == {"versions.spring.b1"}
    engine.submit([{"patch": {"id": "b1", "set": {"text": "x"}}}])
    assert dataset.get("versions.spring.b1") is not None


def behind(dataset):
    dataset.clock.advance(60)
    return LaggingBackend(dataset, lag=1.0)


def test_an_item_added_where_a_query_still_shows_it_is_added(world):
    # The query showed the item that had just been removed, so the one the editor added was taken for a second one.
    dataset, engine = world("n:1", backend=behind)
    dataset.mutate(
        [
            {"patch": {"id": "a1", "set": {"books": [ref("b1", _weak=True, _key="k")]}}},
            {"patch": {"id": "b1", "set": {"author": ref("a1")}}},
        ]
    )
    dataset.clock.advance(60)
    dataset.mutate([{"patch": {"id": "a1", "unset": ["books"]}}, {"patch": {"id": "b1", "unset": ["author"]}}])
    added = {"after": "books[-1]", "items": [ref("b1", _key="new")]}
    engine.submit(
        [
            {"patch": {"id": "a1", "setIfMissing": {"books": []}, "insert": added}},
            {"patch": {"id": "a1", "set": {"text": 1}}},
        ],
        perspective="published",
    )
    assert [item["_ref"] for item in dataset.get("a1")["books"]] == ["b1"]
    assert dataset.get("b1")["author"]["_ref"] == "a1"


def test_a_draft_is_made_from_what_is_published_now(world):
    # A draft was copied from what a query showed: the text published a moment ago was missing, and would have been
    # lost with the next publish.
    dataset, engine = world(backend=behind)
    dataset.mutate([{"patch": {"id": "b1", "set": {"text": "published a moment ago"}}}])
    engine.submit([{"patch": {"id": "b1", "set": {"other": 1}}}])
    assert dataset.get("drafts.b1")["text"] == "published a moment ago"


def test_a_link_unset_that_a_query_does_not_show_yet_is_unset(world):
    # The query did not show the link yet, so the edit seemed to say what was there already, and nothing was sent.
    dataset, engine = world(backend=behind)
    dataset.mutate(
        [
            {"patch": {"id": "b1", "set": {"author": ref("a1")}}},
            {"patch": {"id": "a1", "set": {"books": ref("b1", _weak=True)}}},
        ]
    )
    engine.submit([{"patch": {"id": "b1", "unset": ["author"]}}], perspective="published")
    assert ("author" in dataset.get("b1"), "books" in dataset.get("a1")) == (False, False)


def test_what_goes_out_alone_makes_no_versions_above(world):
    # A published edit that went out without its other half left a draft of the document behind, unlinked.
    dataset, engine = world(backend=Overtaken)
    engine.carrier.budget = -1
    dataset.mutate([{"create": {"_id": "drafts.a1", "_type": "author"}}])
    engine.backend.rival = lambda: dataset.mutate([{"patch": {"id": "a1", "set": {"text": "x"}}}])
    outcome = engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
    assert [item.reason for item in outcome.pending][:1] == ["budget"]
    assert dataset.get("drafts.b1") is None
    assert dataset.get("b1")["author"]["_ref"] == "a1"


def test_a_link_said_again_in_a_release_is_a_wish_and_not_the_drafts_claim(world):
    # The document had no version in the release; the copy of its draft held the link already, so the editor's own words
    # were taken for the draft's, which may not take a place.
    dataset, engine = world("1:n")
    engine.create_release("spring")
    dataset.mutate([{"delete": {"id": "b1"}}, {"create": {"_id": "drafts.b1", "_type": "book"}}])
    engine.submit([{"patch": {"id": "b1", "set": {"author": [ref("a1", _key="k")]}}}])
    engine.submit([{"patch": {"id": "a1", "set": {"books": ref("b2")}}}], perspective="spring")
    added = {"after": "author[-1]", "items": [ref("a1", _key="again")]}
    engine.submit([{"patch": {"id": "b1", "setIfMissing": {"author": []}, "insert": added}}], perspective="spring")
    assert [item["_ref"] for item in dataset.get("versions.spring.b1")["author"]] == ["a1"]
    assert dataset.get("versions.spring.a1")["books"]["_ref"] == "b1"


class Interrupted(LakeBackend):
    """Somebody types a title into b1 while the first commit is on its way."""

    typed = False

    def commit(self, mutations, *, transaction_id):
        if not self.typed:
            self.typed = True
            self.dataset.mutate([{"patch": {"id": "b1", "set": {"title": "typed meanwhile"}}}])
        return super().commit(mutations, transaction_id=transaction_id)


def test_a_version_made_of_what_is_written_as_well_has_its_latest_text(world):
    # The list in b1 needs no lock, but the draft made beside it was a copy of the text of a moment before.
    dataset, engine = world("n:m", backend=Interrupted)
    dataset.mutate([{"create": {"_id": "drafts.a9", "_type": "author", "books": []}}])
    item = {"_type": "reference", "_ref": "a9", "_weak": True, "_key": "k"}
    insert = {"after": "author[-1]", "items": [item]}
    patch = {"patch": {"id": "b1", "setIfMissing": {"author": []}, "insert": insert}}
    outcome = engine.submit([patch], perspective="published")
    assert (outcome.retries, dataset.get("b1")["author"][0]["_ref"]) == (1, "a9")
    assert dataset.get("drafts.b1")["title"] == dataset.get("b1")["title"] == "typed meanwhile"
