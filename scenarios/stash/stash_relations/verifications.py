"""The eight verifications: make entities, change one side, read the other, clean up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from bidir.errors import BidirError, Refused
from stash_relations.entity import Entity
from stash_relations.errors import StashError
from stash_relations.generated import Gallery, Group, Performer, Scene, Stash, Studio, Tag
from stash_relations.writing import Bulk

__all__ = ["VERIFICATIONS", "Verification", "Verified", "Work", "verify"]

_Entity = TypeVar("_Entity", bound=Entity)


@dataclass(frozen=True, slots=True)
class Verification:
    """One line of the table: what is verified, by which pattern it is read, and the work that does it."""

    key: str
    title: str
    relationship: str
    pattern: str
    play: Callable[[Work], None]


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of it: `steps` are the claims with whether they held, `left` the ids that could not be cleaned up."""

    key: str
    title: str
    relationship: str
    pattern: str
    steps: tuple[tuple[str, bool], ...]
    left: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every claim held, there was one, and nothing is left."""
        return bool(self.steps) and all(held for _, held in self.steps) and not self.left


class Work:
    """The entities of one verification, and what it claims."""

    def __init__(self, stash: Stash, on_claim: Callable[[str, bool], object] | None = None) -> None:
        """Work in a library."""
        self.stash = stash
        self.made: list[Entity] = []
        self.steps: list[tuple[str, bool]] = []
        self._on_claim = on_claim

    def scene(self, title: str = "Scene") -> Scene:
        """Make a scene."""
        return self._kept(self.stash.create_scene(title=title))

    def gallery(self, title: str = "Gallery") -> Gallery:
        """Make a gallery."""
        return self._kept(self.stash.create_gallery(title=title))

    def performer(self, name: str = "Performer") -> Performer:
        """Make a performer."""
        return self._kept(self.stash.create_performer(name=name))

    def studio(self, name: str = "Studio") -> Studio:
        """Make a studio."""
        return self._kept(self.stash.create_studio(name=name))

    def tag(self, name: str) -> Tag:
        """Make a tag."""
        return self._kept(self.stash.create_tag(name=name))

    def group(self, name: str) -> Group:
        """Make a group."""
        return self._kept(self.stash.create_group(name=name))

    def step(self, text: str) -> None:
        """Say what is done now."""

    def claim(self, text: str, holds: bool) -> None:
        """State what must be so now."""
        self.steps.append((text, holds))
        if self._on_claim is not None:
            self._on_claim(text, holds)

    def clean_up(self) -> tuple[str, ...]:
        """Delete what was made, the latest first; return what could not be."""
        left = []
        while self.made:
            entity = self.made.pop()
            try:
                entity.destroy()
            except BidirError:
                left.append(entity.id)
        return tuple(left)

    def _kept(self, entity: _Entity) -> _Entity:
        self.made.append(entity)
        return entity


def verify(stash: Stash, verification: Verification, on_claim: Callable[[str, bool], object] | None = None) -> Verified:
    """Do one verification and clean up, whatever happens; what is refused on the way does not hold.

    Raises: BackendError where the lake is away.
    """
    work = Work(stash, on_claim)
    try:
        verification.play(work)
    except (Refused, StashError) as error:
        work.claim(f"it is not refused: {error}", False)
    finally:
        left = work.clean_up()
    return Verified(
        verification.key,
        verification.title,
        verification.relationship,
        verification.pattern,
        tuple(work.steps),
        left,
    )


def gallery_to_scene(work: Work) -> None:
    """A gallery is given scenes; the scenes know the gallery."""
    gallery, scene = work.gallery(), work.scene()
    work.step("the gallery is updated: scene_ids=[scene]")
    work.stash.update_gallery(gallery, scene_ids=[scene])
    work.claim("gallery.scenes holds the scene", gallery.get_scenes() == [scene])
    work.claim("scene.galleries holds the gallery", scene.get_galleries() == [gallery])


def scene_to_gallery(work: Work) -> None:
    """A scene is added to a gallery; the gallery knows the scene."""
    gallery, scene = work.gallery(), work.scene()
    work.step("scene.add_to_gallery(gallery)")
    scene.add_to_gallery(gallery)
    work.claim("scene.galleries holds the gallery", scene.get_galleries() == [gallery])
    work.claim("gallery.scenes holds the scene", gallery.get_scenes() == [scene])


def tag_parent_to_child(work: Work) -> None:
    """A tag is given a child; the child knows its parent."""
    parent, child = work.tag("Weather"), work.tag("Rain")
    work.step("the parent is updated: child_ids=[child]")
    work.stash.update_tag(parent, child_ids=[child])
    work.claim("parent.children holds the child", parent.get_children() == [child])
    work.claim("child.parents holds the parent", child.get_parents() == [parent])


def scene_to_performer(work: Work) -> None:
    """A scene is given performers; each performer knows the scene."""
    scene, ann, ben = work.scene(), work.performer("Ann"), work.performer("Ben")
    work.step("the scene is updated: performer_ids=[ann, ben]")
    work.stash.update_scene(scene, performer_ids=[ann, ben])
    work.claim("scene.performers holds both, in order", scene.get_performers() == [ann, ben])
    work.claim("each performer.scenes holds the scene", ann.get_scenes() == [scene] == ben.get_scenes())


def scene_to_studio(work: Work) -> None:
    """A scene is given a studio; the studio stores nothing, and a filtered query finds the scene."""
    scene, studio = work.scene(), work.studio()
    work.step("scene.set_studio(studio)")
    scene.set_studio(studio)
    found = work.stash.find_scenes({"studios": {"value": [studio.id], "modifier": "INCLUDES"}})
    work.claim("scene.studio is the studio", scene.get_studio() == studio)
    work.claim("the query by studio finds the scene and counts it", (found.count, found.items) == (1, (scene,)))
    work.claim("so does studio.get_scenes()", studio.get_scenes().items == (scene,))
    work.claim("the studio counts one scene", studio.get_scene_count() == 1)


def group_hierarchy(work: Work) -> None:
    """A group is given sub-groups with descriptions; each of them knows the group, and why it is there."""
    series, first, second = work.group("Series"), work.group("Season 1"), work.group("Season 2")
    work.step(
        "series.add_sub_group(season_1, description=…), then the series is updated: both seasons, the other order"
    )
    series.add_sub_group(first, description="The beginning")
    work.stash.update_group(
        series,
        sub_groups=[
            {"group_id": second.id, "description": "The end"},
            {"group_id": first.id, "description": "The beginning"},
        ],
    )
    held = [(one.group, one.description) for one in series.get_sub_groups()]
    work.claim(
        "series.sub_groups holds both, with descriptions", held == [(second, "The end"), (first, "The beginning")]
    )
    above = [(one.group, one.description) for one in second.get_containing_groups()]
    work.claim("season.containing_groups holds the series, with its description", above == [(series, "The end")])


def removal(work: Work) -> None:
    """A link is taken away on one side, then an entity is deleted; nothing points there any more."""
    scene, first, second = work.scene(), work.gallery("First"), work.gallery("Second")
    work.stash.update_scene(scene, gallery_ids=[first, second])
    work.step("scene.remove_from_gallery(first)")
    scene.remove_from_gallery(first)
    work.claim("the gallery's side is empty", first.get_scenes() == [])
    work.claim("the other gallery is untouched", second.get_scenes() == [scene])
    work.made.remove(second)
    work.step("the second gallery is deleted")
    second.destroy()
    work.claim("with the gallery deleted, the scene is in none", scene.get_galleries() == [])


def bulk_update(work: Work) -> None:
    """Many scenes get performers, tags and a studio in one transaction; every other side follows."""
    scenes = [work.scene(f"Scene {number}") for number in (1, 2, 3)]
    ann, ben, tag, studio = work.performer("Ann"), work.performer("Ben"), work.tag("Rain"), work.studio()
    work.stash.update_scene(scenes[0], performer_ids=[ben])
    work.step("the scenes are updated together: a performer added, tags set, a studio set")
    outcome = work.stash.bulk_update_scenes(
        scenes, performer_ids=Bulk("ADD", [ann]), tag_ids=Bulk("SET", [tag]), studio_id=studio
    )
    work.claim("one transaction", outcome.writes == 1)
    work.claim("the performer has all three scenes", ann.get_scenes() == scenes)
    work.claim("whoever was there stays", scenes[0].get_performers() == [ben, ann])
    counts = (tag.get_scene_count(), studio.get_scene_count())
    work.claim("tag and studio count three scenes", counts == (3, 3))
    work.step("and once more: the performer taken away")
    work.stash.bulk_update_scenes(scenes, performer_ids=Bulk("REMOVE", [ann]))
    work.claim("taken away again, the performer has none", ann.get_scenes() == [])
    work.claim("and whoever was there still stays", scenes[0].get_performers() == [ben])


VERIFICATIONS: Final = (
    Verification("gallery-scene", "Gallery → Scene", "many to many", "direct field", gallery_to_scene),
    Verification("scene-gallery", "Scene → Gallery", "many to many", "direct field", scene_to_gallery),
    Verification("tag", "Tag parent → child", "self-referential", "direct field", tag_parent_to_child),
    Verification("performer", "Scene → Performer", "many to many", "direct field", scene_to_performer),
    Verification("studio", "Scene → Studio", "many to one", "filter query", scene_to_studio),
    Verification("group", "Group hierarchy", "with descriptions", "complex object", group_hierarchy),
    Verification("removal", "Removal", "deletion propagates", "direct field", removal),
    Verification("bulk", "Bulk update", "many relationships", "all three", bulk_update),
)
"""The lines of the table."""
