"""The three ways to read: a field, a query with filters, pages, order and count, and objects with metadata."""

import pytest
from stash_relations import BadValueError, StashError, UnknownIdError, UnknownNameError


@pytest.fixture
def studio(stash):
    """A studio with five scenes, one a month; a scene of nobody's."""
    studio = stash.create_studio(name="Blue Door", entity_id="x")
    for number in range(1, 6):
        stash.create_scene(
            entity_id=f"s{number}", title=f"Scene {number}", date=f"2024-0{number}-01", rating=number, studio_id=studio
        )
    stash.create_scene(entity_id="other", title="Other")
    return studio


def ids(found):
    return [one.id for one in found.items]


@pytest.mark.parametrize(("page", "found"), [(1, ["s5", "s4"]), (2, ["s3", "s2"]), (3, ["s1"]), (4, [])])
def test_pages_newest_first_with_the_count_in_one_request(studio, requests, page, found):
    requests.take()
    answer = studio.get_scenes(page=page, per_page=2)
    assert (ids(answer), answer.count, answer.pages, answer.page) == (found, 5, 3, page)
    assert requests.take() == (1, 0)


def test_any_attribute_sorts(studio):
    assert ids(studio.get_scenes(sort="title", direction="asc")) == ["s1", "s2", "s3", "s4", "s5"]
    assert ids(studio.get_scenes(sort="rating", direction="DESC", per_page=1)) == ["s5"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"rating": 3}, ["s3"]),
        ({"rating": {"value": 3, "modifier": "NOT_EQUALS"}}, ["s1", "s2", "s4", "s5"]),
        ({"rating": {"value": 3, "modifier": "GREATER_THAN"}}, ["s4", "s5"]),
        ({"rating": {"value": [2, 3], "modifier": "BETWEEN"}}, ["s2", "s3"]),
        ({"date": {"value": "2024-02-15", "modifier": "LESS_THAN"}}, ["s1", "s2"]),
        ({"title": {"value": "scene", "modifier": "MATCHES"}}, ["s1", "s2", "s3", "s4", "s5"]),
        ({"details": {"modifier": "IS_NULL"}}, ["s1", "s2", "s3", "s4", "s5"]),
        ({"details": {"modifier": "NOT_NULL"}}, []),
        ({"rating": 3, "title": "Scene 4"}, []),
        ({"performers": ["p"]}, ["s1", "s2"]),
        ({"performer_ids": {"value": ["p", "q"], "modifier": "INCLUDES"}}, ["s1", "s2", "s3"]),
        ({"performers": {"value": ["p", "q"], "modifier": "INCLUDES_ALL"}}, ["s2"]),
        ({"performers": {"value": ["p"], "modifier": "EXCLUDES"}}, ["s3", "s4", "s5"]),
        ({"performers": {"modifier": "IS_NULL"}}, ["s4", "s5"]),
        ({"performers": {"modifier": "NOT_NULL"}}, ["s1", "s2", "s3"]),
    ],
)
def test_filters_narrow_the_query(stash, studio, filters, found):
    stash.create_performer(entity_id="p", scene_ids=["s1", "s2"])
    stash.create_performer(entity_id="q", scene_ids=["s2", "s3"])
    answer = studio.get_scenes(sort="title", direction="ASC", **filters)
    assert (ids(answer), answer.count) == (found, len(found))
    assert studio.get_scene_count(**filters) == len(found)


def test_the_hint_of_the_metadata_can_be_followed(stash, studio):
    answer = stash.find_scenes(scene_filter={"studios": {"value": [studio.id], "modifier": "INCLUDES"}})
    assert answer.count == 5
    assert stash.find_scenes({"studio": {"modifier": "IS_NULL"}}).items[0].id == "other"


def test_a_field_and_objects_are_one_request_each(stash, requests):
    gallery = stash.create_gallery(entity_id="g")
    scene = stash.create_scene(entity_id="s", gallery_ids=[gallery])
    series, season = stash.create_group(name="Series"), stash.create_group(name="Season 1")
    series.add_sub_group(season, description="The beginning")
    requests.take()
    assert gallery.get_scenes() == [scene]
    assert requests.take() == (1, 0)
    (down,), (up,) = series.get_sub_groups(), season.get_containing_groups()
    assert requests.take() == (2, 0)
    assert (down.group, down.description) == (season, "The beginning")
    assert (up.group, up.description) == (series, "The beginning")


def test_what_is_gone_is_left_out(stash, elsewhere):
    scene = stash.create_scene(entity_id="s")
    weak = {"_key": "k", "_type": "reference", "_ref": "gone", "_weak": True}
    elsewhere({"patch": {"id": "s", "set": {"galleries": [weak]}}})
    assert scene.get_galleries() == []


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda s, x: x.get_scenes(page=0), BadValueError, "page is a whole number of at least 1"),
        (lambda s, x: x.get_scenes(per_page=5000), BadValueError, "per_page is a whole number from 1"),
        (lambda s, x: x.get_scenes(sort="dat"), UnknownNameError, 'Did you mean "date"'),
        (lambda s, x: x.get_scenes(direction="UP"), BadValueError, '"ASC" or "DESC"'),
        (lambda s, x: x.get_scenes(performrs=["p"]), UnknownNameError, 'Did you mean "performers"'),
        (lambda s, x: x.get_scenes(studios=["p"]), BadValueError, "asked for already"),
        (lambda s, x: x.get_scenes(rating={"valu": 3}), BadValueError, 'it has no "valu"'),
        (lambda s, x: x.get_scenes(rating={"value": 3, "modifier": "MORE"}), BadValueError, 'no modifier "MORE"'),
        (lambda s, x: x.get_scenes(rating={"value": 3, "modifier": "BETWEEN"}), BadValueError, "takes two values"),
        (lambda s, x: x.get_scenes(rating=[3]), BadValueError, "takes one value"),
        (lambda s, x: x.get_scenes(performers={"modifier": "INCLUDES"}), BadValueError, "a list of ids"),
        (lambda s, x: s.linked("studio", "x", "scenes"), UnknownNameError, "ask by pages"),
        (lambda s, x: s.related("scene", "s1", "studio"), UnknownNameError, "held by the entity itself"),
        (lambda s, x: s.linked("scene", "x", "galleries"), UnknownIdError, "no scene with the id x"),
        (lambda s, x: s.get("scene", "nope"), UnknownIdError, "no scene with the id nope"),
        (lambda s, x: s.find("scen"), UnknownNameError, 'Did you mean "scene"'),
    ],
)
def test_bad_questions_are_said_so(stash, studio, call, kind, said):
    with pytest.raises(kind) as refused:
        call(stash, studio)
    assert said in str(refused.value)
    assert isinstance(refused.value, StashError)
