"""The judge itself: a good run in which one thing is falsified must not pass."""

import copy
from dataclasses import replace

import pytest

from bidir.conformance.simulation.course import Act, Course
from bidir.conformance.simulation.judging import judged
from bidir.conformance.simulation.running import play
from bidir.engine import Engine
from bidir.outcome import Pending

COURSE = Course(
    "judge",
    "one-to-one",
    "calm",
    ("a1", "a2", "b1", "b2"),
    (
        Act(1, "editor 1", 0.1, "set", "b1", "published", "author", "a1"),
        Act(2, "editor 2", 0.9, "set", "b2", "published", "author", "a2"),
        Act(3, "editor 1", 1.7, "text", "b1", "drafts"),
    ),
    workers=1,
)


@pytest.fixture
def run():
    done = play(COURSE, Engine)
    assert judged(done).findings == []
    return done


def rewritten(run, number, document_id, change):
    """The run with one document of one logged transaction, and all later ones, changed."""
    rows = []
    for index, row in enumerate(run.rows):
        changes = []
        for one in row.changes:
            if index >= number and one.document_id == document_id and one.after is not None:
                one = replace(one, after=change(copy.deepcopy(one.after)))
            changes.append(one)
        rows.append(replace(row, changes=tuple(changes)))
    run.rows = rows
    return run


def row_of(run, act):
    return next(
        index
        for index, row in enumerate(run.rows)
        if (sent := run.records.sent.get(row.transaction_id)) is not None and sent.act == act
    )


def without(name):
    return lambda document: {key: value for key, value in document.items() if key != name}


def test_a_half_that_is_missing_at_the_end(run):
    run.documents = {**run.documents, "a1": without("currentBook")(run.documents["a1"])}
    assert judged(run).rules == {"I1 symmetry"}


def test_a_write_after_everything_was_at_rest(run):
    run.before_quiet = len(run.rows) - 1
    assert "loop" in judged(run).rules


@pytest.mark.parametrize(("reason", "rules"), [("budget", {"pending"}), ("missing", set())])
def test_a_half_that_waits_for_a_reason_that_is_gone(run, reason, rules):
    run.pending.append(Pending("book.author", "b1", "a1", "published", reason, ""))
    assert judged(run).rules == rules


def test_a_text_that_an_engine_overwrote(run):
    number = row_of(run, 1)
    falsified = judged(rewritten(run, number, "a1", lambda one: {**one, "title": "mine"}))
    assert falsified.rules & {"I7 frame", "I12 no loss"}


def test_a_document_that_nobody_asked_for(run):
    number = row_of(run, 1)
    row = run.rows[number]
    extra = replace(row.changes[0], document_id="a9", before=None, after={"_id": "a9", "_type": "author", "_rev": "x"})
    run.rows[number] = replace(row, changes=(*row.changes, extra))
    assert {"I7 frame", "I10 bounded work"} <= judged(run).rules


def test_an_edit_that_did_not_do_what_was_asked(run):
    number = row_of(run, 2)
    assert "I8 intent" in judged(rewritten(run, number, "b2", without("author"))).rules


def test_an_edit_that_was_told_to_be_saved_and_is_not(run):
    number = row_of(run, 3)
    run.rows = run.rows[:number]
    run.before_quiet = len(run.rows)
    assert judged(run).rules == {"I12 no loss"}


def test_a_draft_edit_that_leaks(run):
    number = row_of(run, 3)
    row = run.rows[number]
    leak = replace(
        row.changes[0], document_id="b2", before={"_id": "b2", "_rev": "y"}, after={"_id": "b2", "_rev": "x"}
    )
    run.rows[number] = replace(row, changes=(*row.changes, leak))
    assert "I4 isolation" in judged(run).rules


def test_a_link_taken_away_by_somebody_who_had_not_seen_it(run):
    number = row_of(run, 2)
    row = run.rows[number]
    lost = next(change for change in run.rows[row_of(run, 1)].changes if change.document_id == "a1")
    gone = replace(lost, before=lost.after, after={**without("currentBook")(lost.after), "_rev": row.transaction_id})
    run.rows[number] = replace(row, changes=(*row.changes, gone))
    sent = run.records.sent[row.transaction_id]
    run.records.sent[row.transaction_id] = replace(sent, seen={**sent.seen, "a1": lost.before["_rev"]})
    assert "lost update" in judged(run).rules
    run.records.sent[row.transaction_id] = replace(sent, seen={**sent.seen, "a1": lost.after["_rev"]})
    assert "lost update" not in judged(run).rules


def test_two_halves_written_without_knowledge_of_each_other(run):
    number = row_of(run, 2)
    first = run.rows[row_of(run, 1)]
    lost = next(change for change in first.changes if change.document_id == "a1")
    row = run.rows[number]
    b2 = next(change for change in row.changes if change.document_id == "b2")
    pointing = replace(b2, after={**b2.after, "author": {"_type": "reference", "_ref": "a1"}})
    run.rows[number] = replace(row, changes=(pointing, *[one for one in row.changes if one is not b2]))
    sent = run.records.sent[row.transaction_id]
    run.records.sent[row.transaction_id] = replace(sent, seen={**sent.seen, "a1": lost.before["_rev"]})
    assert "write skew" in judged(run).rules
