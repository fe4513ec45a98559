"""Policies about the public side: live targets of a draft, and the published side of partners."""


def ref(target):
    return {"_type": "reference", "_ref": target}


def test_by_default_the_live_document_waits_for_the_publish(world):
    dataset, engine = world(live=("author",))
    outcome = engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
    assert ("books" in dataset.get("a1"), [one.reason for one in outcome.pending]) == (False, ["deferred-live"])
    engine.publish("b1")
    assert dataset.get("a1")["books"]["_ref"] == "b1"
    assert engine.pending() == []


def test_written_through_it_follows_the_draft_at_once_and_back(world):
    dataset, engine = world(live=("author",), liveTarget="write_through")
    outcome = engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
    assert (dataset.get("a1")["books"]["_ref"], outcome.pending, outcome.documents_written) == ("b1", (), 2)
    assert dataset.get("drafts.a1") is None
    assert list(engine.audit()) == []
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a2")}}}])
    assert ("books" in dataset.get("a1"), dataset.get("a2")["books"]["_ref"]) == (False, "b1")
    engine.submit([{"patch": {"id": "b1", "unset": ["author"]}}])
    assert "books" not in dataset.get("a2")
    assert list(engine.audit()) == []


def test_partners_may_be_told_of_instead_of_written(world):
    dataset, engine = world(publishPartners="warn")
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
    outcome = engine.publish("b1")
    assert ("books" in dataset.get("a1"), [one.reason for one in outcome.pending]) == (False, ["permission"])
    engine.publish("a1")
    assert (dataset.get("a1")["books"]["_ref"], engine.pending()) == ("b1", [])


def test_partners_may_be_given_up_in_published(world):
    dataset, engine = world(publishPartners="none")
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
    outcome = engine.publish("b1")
    assert ("books" in dataset.get("a1"), outcome.pending) == (False, ())
    assert list(engine.audit()) == []
