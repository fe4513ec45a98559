"""Writing: what is given is set, ids are checked to exist before anything is written, both sides in one transaction."""

import pytest
from stash_relations import (
    BadValueError,
    Bulk,
    GroupDescription,
    StashError,
    UnknownIdError,
    UnknownNameError,
    WrongTypeError,
)

from bidir.errors import RevisionConflict


@pytest.fixture
def library(stash):
    """Two of everything that is linked: s1 s2, g1 g2, p1 p2, x, t1 t2, a b c."""
    for number in (1, 2):
        stash.create_scene(entity_id=f"s{number}", title=f"Scene {number}")
        stash.create_gallery(entity_id=f"g{number}")
        stash.create_performer(entity_id=f"p{number}")
        stash.create_tag(entity_id=f"t{number}")
    stash.create_studio(entity_id="x")
    for name in "abc":
        stash.create_group(entity_id=name, name=name.upper())
    return stash


def ids(found):
    return [one.id for one in found]


def said(links):
    return [(one.group.id, one.description) for one in links]


def test_an_entity_is_made_with_all_its_relationships_in_one_transaction(library, requests):
    requests.take()
    made = library.create_scene(
        title="New",
        studio_id="x",
        gallery_ids=["g2", "g1"],
        performer_ids=[library.find_performer("p1")],
        tag_ids=["t1"],
        groups=[{"group_id": "a", "scene_index": 3}, "b"],
    )
    assert requests.take()[1] == 1
    assert ids(made.get_galleries()) == ["g2", "g1"]
    assert [(one.group.id, one.scene_index) for one in made.get_groups()] == [("a", 3), ("b", None)]
    for other in (library.find_gallery("g1"), library.find_performer("p1"), library.find_group("b")):
        assert other.get_scenes() == [made]
    assert list(library.engine.audit()) == []


def test_what_is_given_is_set_and_the_rest_stays(library):
    library.update_scene("s1", gallery_ids=["g1", "g2"], performer_ids=["p1"], rating=3)
    library.update_scene("s1", gallery_ids=["g2"], title=None)
    scene = library.find_scene("s1")
    assert (scene.title, scene.rating) == (None, 3)
    assert (ids(scene.get_galleries()), ids(scene.get_performers())) == (["g2"], ["p1"])
    assert library.find_gallery("g1").get_scenes() == []
    library.update_scene("s1", gallery_ids=[])
    assert library.find_gallery("g2").get_scenes() == []


def test_the_same_again_writes_nothing(library, requests):
    library.update_group("a", sub_groups=[{"group_id": "b", "description": "x"}])
    requests.take()
    library.update_group("a", sub_groups=[{"group_id": "b", "description": "x"}])
    assert requests.take() == (1, 0)


def test_helpers_add_and_remove_one_link_with_one_write(library, requests):
    scene, gallery = library.find_scene("s1"), library.find_gallery("g1")
    requests.take()
    scene.add_to_gallery(gallery)
    assert requests.take() == (1, 1)
    assert gallery.get_scenes() == [scene]
    requests.take()
    scene.add_to_gallery("g1")
    assert requests.take()[1] == 0
    scene.remove_from_gallery("g1")
    assert (scene.get_galleries(), gallery.get_scenes()) == ([], [])
    gallery.add_scene(scene)
    assert scene.get_galleries() == [gallery]
    gallery.remove_scene(scene)
    assert scene.get_galleries() == []


def test_a_description_is_one_whichever_side_it_is_written_from(library):
    a, b, c = (library.find_group(one) for one in "abc")
    a.add_sub_group(b, description="from above")
    c.add_containing_group(a, description="from below")
    assert said(a.get_sub_groups()) == [("b", "from above"), ("c", "from below")]
    assert said(c.get_containing_groups()) == [("a", "from below")]
    b.add_containing_group(a, description="changed")
    assert said(a.get_sub_groups()) == [("b", "changed"), ("c", "from below")]
    a.add_sub_group(c)
    assert said(a.get_sub_groups())[1] == ("c", "from below")
    c.remove_containing_group("a")
    assert said(a.get_sub_groups()) == [("b", "changed")]
    assert c.get_containing_groups() == []


def test_a_list_whose_metadata_stands_on_the_other_side_is_set_as_a_whole(library):
    library.update_group("c", containing_groups=[{"group_id": "a", "description": "1"}, "b"])
    assert said(library.find_group("a").get_sub_groups()) == [("c", "1")]
    library.update_group("c", containing_groups=["b"])
    assert library.find_group("a").get_sub_groups() == []
    assert said(library.find_group("b").get_sub_groups()) == [("c", None)]
    assert list(library.engine.audit()) == []


def test_what_was_read_can_be_written(library):
    library.update_group("a", sub_groups=[{"group_id": "b", "description": "1"}, {"group_id": "c", "description": "2"}])
    links = library.find_group("a").get_sub_groups()
    library.update_group("a", sub_groups=list(reversed(links)))
    assert said(library.find_group("a").get_sub_groups()) == [("c", "2"), ("b", "1")]
    library.update_group("a", sub_groups=[GroupDescription(links[0].group, "new")])
    assert said(library.find_group("a").get_sub_groups()) == [("b", "new")]


def test_an_item_given_by_its_id_keeps_what_is_said_of_it(library):
    library.update_group("a", sub_groups=[{"group_id": "b", "description": "1"}])
    library.update_group("a", sub_groups=["c", "b"])
    assert said(library.find_group("a").get_sub_groups()) == [("c", None), ("b", "1")]


def test_keys_stay_with_what_stays(library, backend):
    library.update_scene("s1", performer_ids=["p1", "p2"])
    before = {one["_ref"]: one["_key"] for one in backend.documents(["s1"])["s1"]["performers"]}
    library.update_scene("s1", performer_ids=["p2", "p1"])
    after = {one["_ref"]: one["_key"] for one in backend.documents(["s1"])["s1"]["performers"]}
    assert (before, list(after)) == (after, ["p2", "p1"])


def test_bulk_adds_removes_and_sets_in_one_transaction(library, requests):
    library.update_scene("s1", performer_ids=["p1"])
    requests.take()
    library.bulk_update_scenes(["s1", "s2"], performer_ids=Bulk("ADD", ["p2"]), studio_id="x", rating=5)
    assert requests.take() == (2, 1)
    assert ids(library.find_scene("s1").get_performers()) == ["p1", "p2"]
    assert library.find_studio("x").get_scene_count(rating=5) == 2
    library.bulk_update_scenes(["s1", "s2"], performer_ids=Bulk("REMOVE", ["p1", "nobody"]))
    assert ids(library.find_scene("s1").get_performers()) == ["p2"]
    library.bulk_update_scenes(["s1", "s2"], performer_ids=Bulk("SET", ["p1"]))
    assert [ids(library.find_performer(one).get_scenes()) for one in ("p1", "p2")] == [["s1", "s2"], []]
    library.bulk_update_groups(["b", "c"], containing_groups=Bulk("ADD", [{"group_id": "a", "description": "d"}]))
    assert said(library.find_group("a").get_sub_groups()) == [("b", "d"), ("c", "d")]
    library.bulk_update_groups(["b", "c"], containing_groups=Bulk("REMOVE", ["a"]))
    assert library.find_group("a").get_sub_groups() == []


def test_deleting_takes_stored_and_derived_links_along_in_one_transaction(library, requests):
    library.update_scene("s1", studio_id="x", tag_ids=["t1", "t2"], performer_ids=["p1"])
    for kind, name in (("studio", "x"), ("tag", "t1"), ("performer", "p1")):
        requests.take()
        library.destroy(kind, name)
        assert requests.take()[1] == 1
    scene = library.find_scene("s1")
    assert (scene.get_studio(), ids(scene.get_tags()), scene.get_performers()) == (None, ["t2"], [])
    assert list(library.engine.audit()) == []


def test_a_studio_with_a_draft_is_deleted_with_it(library, elsewhere, backend):
    library.update_scene("s1", studio_id="x")
    elsewhere({"create": {"_id": "drafts.x", "_type": "studio"}})
    library.destroy("studio", "x")
    assert backend.query("*[_type == 'studio']", {}) == []


def test_somebody_who_was_faster_is_not_overwritten(library, backend):
    from stash_relations import Stash

    other = Stash(backend.inner)
    backend.before_commit = lambda: other.update_scene("s1", performer_ids=["p1"])
    library.bulk_update_scenes(["s1"], performer_ids=Bulk("ADD", ["p2"]))
    assert ids(library.find_scene("s1").get_performers()) == ["p1", "p2"]


def test_an_update_that_is_never_first_gives_up(library, backend, elsewhere):
    numbers = iter(range(100))

    def interfere():
        elsewhere({"patch": {"id": "s1", "set": {"title": f"Title {next(numbers)}"}}})
        backend.before_commit = interfere

    backend.before_commit = interfere
    with pytest.raises(RevisionConflict):
        library.update_scene("s1", performer_ids=["p1"])


REFUSED = {
    "unknown ids, all of them": (
        lambda s: s.create_scene(gallery_ids=["g1", "q", "r"]),
        UnknownIdError,
        "there is no gallery with the id q, r",
    ),
    "ids of two types": (
        lambda s: s.update_scene("s1", gallery_ids=["q"], performer_ids=["r"]),
        UnknownIdError,
        "there is no entity with the id q, r",
    ),
    "unknown entity": (lambda s: s.update_scene("s9", rating=1), UnknownIdError, "there is no scene with the id s9"),
    "wrong type": (lambda s: s.update_scene("s1", gallery_ids=["p1"]), WrongTypeError, '"p1" is a performer'),
    "wrong entity": (lambda s: s.update_scene("g1", rating=1), WrongTypeError, '"g1" is a gallery; a scene'),
    "helper, unknown id": (lambda s: s.find_scene("s1").add_to_gallery("q"), UnknownIdError, '"q"'),
    "helper, wrong type": (lambda s: s.find_scene("s1").add_to_gallery("p1"), WrongTypeError, '"performer"'),
    "helper, from below": (lambda s: s.find_group("a").add_containing_group("q"), UnknownIdError, '"q"'),
    "read name": (lambda s: s.create("scene", {"galleries": []}), UnknownNameError, 'It is written as "gallery_ids".'),
    "misspelt name": (lambda s: s.create("scene", {"gallry_ids": []}), UnknownNameError, 'mean "gallery_ids"'),
    "an attribute": (lambda s: s.update_scene("s1", rating="high"), BadValueError, "Scene.rating is a number"),
    "a text for a list": (lambda s: s.update_scene("s1", gallery_ids="g1"), BadValueError, 'such as ["gallery-1"]'),
    "no id in an item": (
        lambda s: s.update_group("a", sub_groups=[{"description": "x"}]),
        BadValueError,
        'names its "group_id"',
    ),
    "a misspelt member": (
        lambda s: s.update_group("a", sub_groups=[{"group_id": "b", "descripton": "x"}]),
        UnknownNameError,
        'Did you mean "description"',
    ),
    "a member of another type": (
        lambda s: s.find_scene("s1").add_to_group("a", scene_index="third"),
        BadValueError,
        "scene_index is a number",
    ),
    "a bulk mode": (
        lambda s: s.bulk_update_scenes(["s1"], performer_ids=Bulk("APPEND", ["p1"])),
        BadValueError,
        'the mode is "SET", "ADD" or "REMOVE"',
    ),
    "a taken id": (lambda s: s.create_scene(entity_id="s1"), BadValueError, 'there is a scene "s1" already'),
    "a circle": (
        lambda s: (s.update_tag("t1", child_ids=["t2"]), s.update_tag("t2", child_ids=["t1"])),
        StashError,
        "would close a cycle",
    ),
    "a derived side": (lambda s: s.add("studio", "x", "scenes", "s1"), UnknownNameError, "change scene.studio instead"),
    "an unknown type": (lambda s: s.create("scen", {}), UnknownNameError, 'Did you mean "scene"'),
    "destroying nothing": (lambda s: s.destroy("scene", "s9"), UnknownIdError, "there is no scene with the id s9"),
    "destroying another type": (lambda s: s.destroy("scene", "g1"), UnknownIdError, "there is no scene with the id g1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_said(library, requests, case):
    call, kind, text = REFUSED[case]
    requests.take()
    with pytest.raises(kind) as refused:
        call(library)
    assert text in str(refused.value)
    assert requests.take()[1] == (1 if case == "a circle" else 0)
