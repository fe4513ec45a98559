"""What a picker offers: the target template alone, searched, newest first, at most fifty; kept up to date."""

import pytest
from codex_fields import CodexError, Workspace

from bidir.errors import IntentError

SECONDS = 10.0


def titles(found):
    return [one.title for one in found]


def until(picker, wanted):
    """Update until the titles are there, in whatever order: two of one second have none that says anything."""
    while sorted(titles(picker.candidates)) != wanted and picker.update(SECONDS):
        continue
    return sorted(titles(picker.candidates))


def test_only_the_target_template_is_offered_in_one_request(work, requests):
    found = work.candidates("character.portrait")
    assert [(one.id, one.template, one.title, one.tags) for one in found] == [("smile", "image-codex", "A smile", ())]
    assert requests.take() == (1, 0)


def test_the_codex_itself_and_what_the_field_holds_are_left_out(work):
    assert {one.id for one in work.candidates("character.mentor", source_id="alice")} == {"bob", "carol", "dora"}
    assert {one.id for one in work.candidates("scene.cast", source_id="duel")} == {"bob", "carol", "dora"}


@pytest.mark.parametrize(
    ("search", "found"),
    [("al", ["Alice"]), ("ALICE", ["Alice"]), ("x", []), ("", ["Alice", "Bob", "Carol", "Dora"]), ("lice", [])],
)
def test_a_search_keeps_what_has_words_that_begin_so(work, search, found):
    assert sorted(titles(work.candidates("scene.cast", search=search))) == found


def test_texts_are_searched_besides_titles(work):
    work.create("string-codex", "A name", fields={"value": "Bartholomew"})
    assert titles(work.candidates("character.name", search="barth")) == ["A name"]


def test_fifty_are_offered_the_newest_first(embedded):
    with Workspace(embedded) as work:
        clock = embedded.inner.dataset.clock
        for number in range(60):
            work.create("image-codex", f"Image {number}", codex_id=f"i{number}")
            clock.advance(1)
        found = work.candidates("character.portrait")
        assert titles(found) == [f"Image {number}" for number in range(59, 9, -1)]
        work.engine.submit([{"patch": {"id": "i3", "set": {"title": "Changed"}}}], perspective="published")
        assert titles(work.candidates("character.portrait", limit=2)) == ["Changed", "Image 59"]


def test_an_open_picker_shows_what_appears_changes_and_goes(work, elsewhere):
    seen = []
    with work.open_picker("character.portrait", on_change=lambda found: seen.append(titles(found))) as picker:
        assert titles(picker.candidates) == ["A smile"]
        work.create("image-codex", "Beach", codex_id="beach")
        assert until(picker, ["A smile", "Beach"]) == ["A smile", "Beach"]
        elsewhere({"delete": {"id": "smile"}})
        assert until(picker, ["Beach"]) == ["Beach"]
        elsewhere({"patch": {"id": "beach", "set": {"title": "Shore"}}})
        assert until(picker, ["Shore"]) == ["Shore"]
    assert seen[-1] == ["Shore"]
    assert ["Beach"] in seen


@pytest.mark.parametrize("backend", ["embedded"], indirect=True)
def test_many_events_cost_one_request_and_others_none(work, requests):
    with work.open_picker("character.portrait") as picker:
        assert requests.take() == (1, 0)
        for number in range(5):
            work.create("image-codex", f"Image {number}")
        requests.take()
        assert picker.update()
        assert requests.take() == (1, 0)
        assert not picker.update()
        work.create("string-codex", "No image")
        requests.take()
        assert not picker.update()
        assert requests.take() == (0, 0)


def test_a_choice_leaves_the_list(work):
    with work.open_picker("scene.cast", source_id="duel", search="b") as picker:
        assert titles(picker.candidates) == ["Bob"]
        work.link("duel", "cast", "bob")
        assert until(picker, []) == []
        assert titles(picker.search_for("c")) == ["Carol"]


def test_a_choice_made_by_a_script_leaves_the_list_though_no_candidate_changed(work, elsewhere):
    with work.open_picker("scene.cast", source_id="duel") as picker:
        item = {"_key": "k", "codex": {"_type": "reference", "_ref": "bob"}}
        elsewhere({"patch": {"id": "duel", "set": {"cast": [item]}}})
        assert until(picker, ["Alice", "Carol", "Dora"]) == ["Alice", "Carol", "Dora"]


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda w: w.candidates("character.portait"), CodexError, 'Did you mean "portrait"'),
        (lambda w: w.candidates("portrait"), CodexError, "written template.field"),
        (lambda w: w.candidates("scene.cast", limit=0), IntentError, "limit is a whole number from 1"),
        (lambda w: w.open_picker("scene.cast", search=3), IntentError, "search is a text"),
    ],
)
def test_bad_questions_are_said_so(work, call, kind, said):
    with pytest.raises(kind, match=said):
        call(work)
