"""Edits made elsewhere: carried through once, whatever happens to the events, by however many workers."""

import random

import pytest

from bidir import Engine
from bidir.backends import LakeBackend
from bidir.conformance.invariants import check_invariants
from bidir.errors import PermissionRefused, RateLimited, RevisionConflict, Unavailable
from bidir.following.quarrels import ALTERNATIONS_MAX, FLIPS_MAX
from lakesim.errors import LakeError


def ref(target):
    return {"_type": "reference", "_ref": target, "_weak": True}


class Mangled:
    """A stream that repeats and reorders what it delivers."""

    def __init__(self, stream, seed):
        self.stream, self.random = stream, random.Random(seed)

    def drain(self):
        events = self.stream.drain()
        events += [dict(event) for event in events if self.random.random() < 0.3]
        self.random.shuffle(events)
        return events

    def close(self):
        self.stream.close()


class MangledBackend(LakeBackend):
    seed = 0

    def listen(self, groq, params):
        return Mangled(super().listen(groq, params), self.seed)


def test_a_scripts_edit_gets_its_other_side(world):
    dataset, engine = world()
    with engine.follow() as follower:
        dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
        (outcome,) = follower.settle()
    assert (outcome.documents_written, dataset.get("a1")["books"]["_ref"]) == (1, "b1")


def test_a_half_removed_by_hand_takes_the_other_half_along(world):
    dataset, engine = world()
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
    with engine.follow() as follower:
        dataset.mutate([{"patch": {"id": "a1", "unset": ["books"]}}])
        follower.settle()
    assert "author" not in dataset.get("b1")


def test_a_publish_made_elsewhere_publishes_the_partners_field(world):
    dataset, engine = world()
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
    with engine.follow() as follower:
        dataset.actions([{"actionType": "sanity.action.document.publish", "publishedId": "b1", "draftId": "drafts.b1"}])
        follower.settle()
    assert dataset.get("a1")["books"]["_ref"] == "b1"
    assert dataset.get("drafts.a1") is None  # made by the engine, says what is published now


def test_a_deletion_made_elsewhere_leaves_no_pointer(world):
    dataset, engine = world("n:1")
    engine.submit([{"patch": {"id": ["b1", "b2"], "set": {"author": ref("a1")}}}], perspective="published")
    with engine.follow() as follower:
        dataset.mutate([{"delete": {"id": "b1"}}])
        follower.settle()
    assert [item["_ref"] for item in dataset.get("a1")["books"]] == ["b2"]


def test_a_series_of_patches_is_one_plan(world):
    dataset, engine = world()
    with engine.follow(debounce=1.0) as follower:
        for number in range(5):
            dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref(f"a{number % 3 + 1}")}}}])
        assert follower.drain() == []
        dataset.clock.advance(2)
        assert len(follower.drain()) == 1
    assert [bool(dataset.get(one).get("books")) for one in ("a1", "a2", "a3")] == [False, True, False]


def test_its_own_writes_are_not_carried_through_again(world):
    _, engine = world()
    with engine.follow() as follower:
        engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
        assert follower.settle() == []


def test_without_the_mark_of_origin_the_fixpoint_alone_ends_the_loop(world, monkeypatch):
    dataset, engine = world()
    monkeypatch.setattr(engine.carrier, "carried_through", lambda transaction_id: False)
    with engine.follow() as follower:
        engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
        transactions = len(dataset.log())
        assert [outcome.writes for outcome in follower.settle()] == [0]
    assert len(dataset.log()) == transactions


class Memory:
    """A cursor kept between runs."""

    def __init__(self):
        self.value = None

    def load(self):
        return self.value

    def save(self, cursor):
        self.value = cursor


def test_what_happened_while_nobody_followed_is_caught_up_with(world):
    dataset, engine = world()
    cursor = Memory()
    with engine.follow(cursor=cursor) as follower:
        follower.settle()
    dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
    dataset.mutate([{"delete": {"id": "a2"}}])
    with Engine(engine.schema, engine.backend).follow(cursor=cursor) as follower:
        follower.settle()
    assert dataset.get("a1")["books"]["_ref"] == "b1"


def test_a_lost_event_is_noticed_by_the_chain_and_made_good(world):
    dataset, engine = world()
    with engine.follow() as follower:
        dataset.mutate([{"patch": {"id": "b1", "set": {"text": "x"}}}])
        follower.settle()
        dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
        follower._stream.drain()  # lost on the way
        dataset.mutate([{"patch": {"id": "b1", "set": {"text": "y"}}}])
        follower.settle()
    assert dataset.get("a1")["books"]["_ref"] == "b1"
    assert engine.counters["gaps"] == 1


def test_somebody_who_keeps_undoing_the_same_write_is_not_fought_for_ever(world):
    dataset, engine = world()
    with engine.follow() as follower:
        for _ in range(FLIPS_MAX + 5):
            dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
            follower.settle()
            dataset.mutate([{"patch": {"id": "a1", "unset": ["books"]}}, {"patch": {"id": "b1", "unset": ["author"]}}])
            follower.settle()
        assert follower.quarantined
    assert engine.counters["quarantined"] >= 1


@pytest.mark.parametrize("kind", ["1:1", "n:1", "1:n", "n:m", "symmetric 1:1", "symmetric n:m"])
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("seed", range(3))
def test_scripted_edits_in_every_layer_come_to_rest_symmetric(world, kind, workers, seed):
    dataset, engine = world(kind, seed=seed, backend=MangledBackend)
    engines = [engine, *(Engine(engine.schema, MangledBackend(dataset)) for _ in range(workers - 1))]
    followers = [one.follow() for one in engines]
    chance = random.Random(f"{kind} {workers} {seed}")
    books = ["b1", "b2", "b3"]
    groups = books if kind.startswith("symmetric") else [*books, "a1", "a2", "a3"]
    for _ in range(12):
        mutations = [script_edit(chance, kind, dataset, books, groups) for _ in range(chance.choice([1, 1, 2]))]
        try:
            dataset.mutate([one for one in mutations if one is not None])
        except LakeError:
            continue
        for _ in range(20):
            done = [outcome for follower in followers for outcome in follower.settle()]
            if not any(outcome.mutations for outcome in done):
                break
        else:
            pytest.fail("the followers keep each other busy")
        documents = {document["_id"]: document for document in dataset.documents()}
        waiting = [item for one in engines for item in one.pending()]
        assert check_invariants(engine.schema, documents, pending=waiting) == []


def script_edit(chance, kind, dataset, books, groups):
    group = chance.choice(groups)
    name, field = ("book", "author") if group in books else ("author", "books")
    many = kind.endswith("n:m") or (kind == "1:n" and name == "book") or (kind == "n:1" and name == "author")
    targets = books if kind.startswith("symmetric") or name == "author" else ["a1", "a2", "a3"]
    chosen = chance.sample(targets, chance.randint(0 if many else 1, 3 if many else 1))
    value = [{**ref(one), "_key": f"k{one}"} for one in chosen] if many else ref(chosen[0])
    stored = chance.choice([group, f"drafts.{group}", f"versions.rSpring.{group}"])
    move = chance.choice(["replace", "replace", "set", "unset", "delete"])
    if move == "replace":
        return {"createOrReplace": {"_id": stored, "_type": name, field: value}}
    if move == "delete":
        return {"delete": {"id": stored}}
    if dataset.get(stored) is None:
        return None
    return {"patch": {"id": stored, **({"set": {field: value}} if move == "set" else {"unset": [field]})}}


def test_a_quarrel_is_left_alone_for_good_and_others_are_not(world):
    # The group written was put aside, but not the one whose edits led to the write: it went on being answered.
    dataset, engine = world()
    with engine.follow() as follower:
        for _ in range(FLIPS_MAX + 1):
            dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
            follower.settle()
            dataset.mutate([{"patch": {"id": "a1", "unset": ["books"]}}, {"patch": {"id": "b1", "unset": ["author"]}}])
            follower.settle()
        assert follower.quarantined == {"a1", "b1"}
        dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
        dataset.mutate([{"patch": {"id": "b2", "set": {"author": ref("a2")}}}])
        follower.settle()
    assert "books" not in dataset.get("a1")
    assert dataset.get("a2")["books"]["_ref"] == "b2"


def test_somebody_who_changes_his_mind_again_and_again_is_no_quarrel(world):
    # The worker wrote the same half for the sixth time within a minute, and left the documents alone for good, though
    # nobody had undone anything that it wrote: it had taken the half back itself each time, as it should.
    dataset, engine = world()
    with engine.follow() as follower:
        for number in range(2 * FLIPS_MAX + 2):
            dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref(f"a{1 + number % 2}")}}}])
            follower.settle()
        assert follower.quarantined == frozenset()
        assert (dataset.get("a1").get("books"), dataset.get("a2")["books"]["_ref"]) == (None, "b1")


def test_a_quarrel_that_goes_two_ways_ends_as_well(world):
    dataset, engine = world()
    with engine.follow() as follower:
        for number in range(2 * ALTERNATIONS_MAX + 4):
            dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref(f"a{1 + number % 2}")}}}])
            follower.settle()
        assert {"b1"} < follower.quarantined


@pytest.mark.parametrize("empty", [False, True])
def test_a_first_run_that_ends_before_its_first_quiet_moment_is_caught_up_with(world, empty):
    # The cursor was saved when something had been carried through, and "" (nothing was ever written) taken for none.
    dataset, engine = world(empty=empty)
    cursor = Memory()
    engine.follow(cursor=cursor).close()
    if empty:
        dataset.mutate([{"create": {"_id": "a1", "_type": "author"}}, {"create": {"_id": "b1", "_type": "book"}}])
    dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
    with Engine(engine.schema, engine.backend).follow(cursor=cursor) as follower:
        follower.settle()
    assert dataset.get("a1")["books"]["_ref"] == "b1"


class Moody(LakeBackend):
    """Refuses as many commits as it is told errors for."""

    errors = ()

    def commit(self, mutations, *, transaction_id):
        if self.errors:
            error, *self.errors = self.errors
            raise error
        return super().commit(mutations, transaction_id=transaction_id)


@pytest.mark.parametrize("error", [RateLimited("slow down"), Unavailable("away"), RevisionConflict("busy")], ids=str)
def test_a_busy_lake_does_not_end_a_worker(world, error):
    # run() used to end with the first 429.
    dataset, engine = world(backend=Moody)
    engine.backend.errors = [error] * 10
    follower = engine.follow(debounce=0)
    dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
    rounds = []

    def bounded_drain(drain=follower.drain):
        rounds.append(1)
        if len(rounds) > 50 or dataset.get("a1").get("books"):
            follower.stop()
        return drain()

    follower.drain = bounded_drain
    follower.run(poll_seconds=0)
    follower.close()
    assert dataset.get("a1")["books"]["_ref"] == "b1"


def test_a_document_the_worker_may_not_write_holds_up_no_other(world):
    # One 403 failed the whole round, every time it was tried again.
    dataset, engine = world(backend=Moody)
    refused = PermissionRefused("no", document_id="a1")
    with engine.follow() as follower:
        for book, author in (("b1", "a1"), ("b2", "a2")):
            dataset.mutate([{"patch": {"id": book, "set": {"author": ref(author)}}}])
        engine.backend.errors = [refused]
        (outcome,) = follower.settle()
    assert [(item.reason, item.target) for item in outcome.pending] == [("permission", "a1")]
    assert (dataset.get("a1").get("books"), dataset.get("a2")["books"]["_ref"]) == (None, "b2")


def test_a_refusal_that_names_nobody_is_raised(world):
    dataset, engine = world(backend=Moody)
    with engine.follow() as follower:
        dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
        engine.backend.errors = [PermissionRefused("no")]
        with pytest.raises(PermissionRefused):
            follower.settle()
        follower.settle()
    assert dataset.get("a1")["books"]["_ref"] == "b1"


def test_a_source_that_went_out_alone_is_carried_through_by_the_same_engines_follower(world):
    # Its transaction counted as the engine's own, so the event was passed over and the half waited for a call of heal.
    dataset, engine = world(backend=Moody)
    with engine.follow() as follower:
        engine.backend.errors = [RateLimited("slow down")]
        outcome = engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}], perspective="published")
        assert [item.reason for item in outcome.pending] == ["budget"]
        follower.settle()
        assert follower.settle() == []
    assert dataset.get("a1")["books"]["_ref"] == "b1"
    assert engine.pending() == []


def test_a_half_that_waits_is_tried_again_when_its_document_changes(world):
    dataset, engine = world()
    engine.submit([{"patch": {"id": "b1", "set": {"author": ref("a9")}}}], perspective="published")
    with engine.follow() as follower:
        dataset.mutate([{"create": {"_id": "a9", "_type": "author"}}])
        follower.settle()
    assert (dataset.get("a9")["books"]["_ref"], engine.pending()) == ("b1", [])


def test_a_half_whose_place_is_taken_meanwhile_is_not_undone(world):
    dataset, engine = world(onConflict="reject")
    with engine.follow() as follower:
        dataset.mutate([{"patch": {"id": "b1", "set": {"author": ref("a1")}}}])
        follower.settle()
        dataset.mutate([{"patch": {"id": "b2", "set": {"author": ref("a1")}}}])
        follower.settle()
        dataset.mutate([{"patch": {"id": "b2", "set": {"text": "x"}}}])
        follower.settle()
    assert [dataset.get(one)["author"]["_ref"] for one in ("b1", "b2")] == ["a1", "a1"]
    assert [(one.source, one.reason) for one in engine.pending()] == [("b2", "conflict")]
