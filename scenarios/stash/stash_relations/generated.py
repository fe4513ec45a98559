"""Typed names for the entities of a library, made from its schema: `python -m stash_relations generate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypedDict, Unpack, cast

from bidir.outcome import Outcome
from stash_relations.client import StashClient
from stash_relations.entity import Entity, Found
from stash_relations.inputs import id_of
from stash_relations.writing import Bulk

__all__ = [
    "ContainingGroup",
    "Gallery",
    "GalleryValues",
    "Group",
    "GroupDescription",
    "GroupValues",
    "Performer",
    "PerformerValues",
    "Scene",
    "SceneGroup",
    "SceneValues",
    "Stash",
    "Studio",
    "StudioValues",
    "Tag",
    "TagValues",
]


@dataclass(frozen=True, slots=True)
class SceneGroup:
    """An item of `scene.groups`: the group, and what is said of the link."""

    group: Group
    scene_index: float | None = None


@dataclass(frozen=True, slots=True)
class GroupDescription:
    """An item of `group.sub_groups`: the group, and what is said of the link."""

    group: Group
    description: str | None = None


@dataclass(frozen=True, slots=True)
class ContainingGroup:
    """An item of `group.containing_groups`: the group, and what is said of the link."""

    group: Group
    description: str | None = None


class SceneValues(TypedDict, total=False):
    """What one may write of a scene; None takes a value away."""

    title: str | None
    details: str | None
    date: str | None
    rating: float | None
    organized: bool | None
    studio_id: Studio | str | None
    gallery_ids: Sequence[Gallery | str] | Bulk
    performer_ids: Sequence[Performer | str] | Bulk
    tag_ids: Sequence[Tag | str] | Bulk
    groups: Sequence[SceneGroup | Group | str | Mapping[str, Any]] | Bulk


class GalleryValues(TypedDict, total=False):
    """What one may write of a gallery; None takes a value away."""

    title: str | None
    date: str | None
    scene_ids: Sequence[Scene | str] | Bulk
    studio_id: Studio | str | None


class PerformerValues(TypedDict, total=False):
    """What one may write of a performer; None takes a value away."""

    name: str | None
    country: str | None
    scene_ids: Sequence[Scene | str] | Bulk


class StudioValues(TypedDict, total=False):
    """What one may write of a studio; None takes a value away."""

    name: str | None
    url: str | None
    parent_studio_id: Studio | str | None
    child_studio_ids: Sequence[Studio | str] | Bulk


class TagValues(TypedDict, total=False):
    """What one may write of a tag; None takes a value away."""

    name: str | None
    description: str | None
    parent_ids: Sequence[Tag | str] | Bulk
    child_ids: Sequence[Tag | str] | Bulk


class GroupValues(TypedDict, total=False):
    """What one may write of a group; None takes a value away."""

    name: str | None
    synopsis: str | None
    date: str | None
    scene_ids: Sequence[Scene | str] | Bulk
    sub_groups: Sequence[GroupDescription | Group | str | Mapping[str, Any]] | Bulk
    containing_groups: Sequence[ContainingGroup | Group | str | Mapping[str, Any]] | Bulk


class Scene(Entity):
    """A scene; attributes are as they were read, relationships are asked for."""

    type_name: ClassVar[str] = "scene"

    @property
    def title(self) -> str | None:
        """Its title, as it was read."""
        return cast("str | None", self.data.get("title"))

    @property
    def details(self) -> str | None:
        """Its details, as it was read."""
        return cast("str | None", self.data.get("details"))

    @property
    def date(self) -> str | None:
        """Its date, as it was read."""
        return cast("str | None", self.data.get("date"))

    @property
    def rating(self) -> float | None:
        """Its rating, as it was read."""
        return cast("float | None", self.data.get("rating"))

    @property
    def organized(self) -> bool | None:
        """Its organized, as it was read."""
        return cast("bool | None", self.data.get("organized"))

    def get_studio(self) -> Studio | None:
        """Return its studio, None if it has none."""
        found = self.client.linked("scene", self.id, "studio")
        return cast(Studio, found[0][0]) if found else None

    def set_studio(self, studio: Studio | str | None) -> Outcome:
        """Set its studio; None takes it away."""
        return self.client.update("scene", self.id, {"studio_id": studio})

    def get_galleries(self) -> list[Gallery]:
        """Return its galleries in order."""
        return [target for target, _ in self.client.linked("scene", self.id, "galleries")]

    def add_to_gallery(self, gallery: Gallery | str) -> Outcome:
        """Add this scene to a gallery; `gallery.scenes` follows."""
        return self.client.add("scene", self.id, "galleries", gallery)

    def remove_from_gallery(self, gallery: Gallery | str) -> Outcome:
        """Take this scene out of a gallery; `gallery.scenes` follows."""
        return self.client.remove("scene", self.id, "galleries", gallery)

    def get_performers(self) -> list[Performer]:
        """Return its performers in order."""
        return [target for target, _ in self.client.linked("scene", self.id, "performers")]

    def add_performer(self, performer: Performer | str) -> Outcome:
        """Add a performer to its performers; `performer.scenes` follows."""
        return self.client.add("scene", self.id, "performers", performer)

    def remove_performer(self, performer: Performer | str) -> Outcome:
        """Take a performer out of its performers; `performer.scenes` follows."""
        return self.client.remove("scene", self.id, "performers", performer)

    def get_tags(self) -> list[Tag]:
        """Return its tags in order."""
        return [target for target, _ in self.client.linked("scene", self.id, "tags")]

    def add_tag(self, tag: Tag | str) -> Outcome:
        """Add a tag to its tags; the other side is found by query."""
        return self.client.add("scene", self.id, "tags", tag)

    def remove_tag(self, tag: Tag | str) -> Outcome:
        """Take a tag out of its tags; the other side is found by query."""
        return self.client.remove("scene", self.id, "tags", tag)

    def get_groups(self) -> list[SceneGroup]:
        """Return its groups in order, each with what is said of the link."""
        linked = self.client.linked("scene", self.id, "groups")
        return [SceneGroup(target, **members) for target, members in linked]

    def add_to_group(self, group: Group | str, *, scene_index: float | None = None) -> Outcome:
        """Add this scene to a group; `group.scenes` follows."""
        return self.client.add("scene", self.id, "groups", group, {"scene_index": scene_index})

    def remove_from_group(self, group: Group | str) -> Outcome:
        """Take this scene out of a group; `group.scenes` follows."""
        return self.client.remove("scene", self.id, "groups", group)


class Gallery(Entity):
    """A gallery; attributes are as they were read, relationships are asked for."""

    type_name: ClassVar[str] = "gallery"

    @property
    def title(self) -> str | None:
        """Its title, as it was read."""
        return cast("str | None", self.data.get("title"))

    @property
    def date(self) -> str | None:
        """Its date, as it was read."""
        return cast("str | None", self.data.get("date"))

    def get_scenes(self) -> list[Scene]:
        """Return its scenes in order."""
        return [target for target, _ in self.client.linked("gallery", self.id, "scenes")]

    def add_scene(self, scene: Scene | str) -> Outcome:
        """Add a scene to its scenes; `scene.galleries` follows."""
        return self.client.add("gallery", self.id, "scenes", scene)

    def remove_scene(self, scene: Scene | str) -> Outcome:
        """Take a scene out of its scenes; `scene.galleries` follows."""
        return self.client.remove("gallery", self.id, "scenes", scene)

    def get_studio(self) -> Studio | None:
        """Return its studio, None if it has none."""
        found = self.client.linked("gallery", self.id, "studio")
        return cast(Studio, found[0][0]) if found else None

    def set_studio(self, studio: Studio | str | None) -> Outcome:
        """Set its studio; None takes it away."""
        return self.client.update("gallery", self.id, {"studio_id": studio})


class Performer(Entity):
    """A performer; attributes are as they were read, relationships are asked for."""

    type_name: ClassVar[str] = "performer"

    @property
    def name(self) -> str | None:
        """Its name, as it was read."""
        return cast("str | None", self.data.get("name"))

    @property
    def country(self) -> str | None:
        """Its country, as it was read."""
        return cast("str | None", self.data.get("country"))

    def get_scenes(self) -> list[Scene]:
        """Return its scenes in order."""
        return [target for target, _ in self.client.linked("performer", self.id, "scenes")]

    def add_scene(self, scene: Scene | str) -> Outcome:
        """Add a scene to its scenes; `scene.performers` follows."""
        return self.client.add("performer", self.id, "scenes", scene)

    def remove_scene(self, scene: Scene | str) -> Outcome:
        """Take a scene out of its scenes; `scene.performers` follows."""
        return self.client.remove("performer", self.id, "scenes", scene)


class Studio(Entity):
    """A studio; attributes are as they were read, relationships are asked for."""

    type_name: ClassVar[str] = "studio"

    @property
    def name(self) -> str | None:
        """Its name, as it was read."""
        return cast("str | None", self.data.get("name"))

    @property
    def url(self) -> str | None:
        """Its url, as it was read."""
        return cast("str | None", self.data.get("url"))

    def get_parent_studio(self) -> Studio | None:
        """Return its studio, None if it has none."""
        found = self.client.linked("studio", self.id, "parent_studio")
        return cast(Studio, found[0][0]) if found else None

    def set_parent_studio(self, parent_studio: Studio | str | None) -> Outcome:
        """Set its studio; None takes it away."""
        return self.client.update("studio", self.id, {"parent_studio_id": parent_studio})

    def get_child_studios(self) -> list[Studio]:
        """Return its child_studios in order."""
        return [target for target, _ in self.client.linked("studio", self.id, "child_studios")]

    def add_child_studio(self, child_studio: Studio | str) -> Outcome:
        """Add a studio to its child_studios; `studio.parent_studio` follows."""
        return self.client.add("studio", self.id, "child_studios", child_studio)

    def remove_child_studio(self, child_studio: Studio | str) -> Outcome:
        """Take a studio out of its child_studios; `studio.parent_studio` follows."""
        return self.client.remove("studio", self.id, "child_studios", child_studio)

    def get_scenes(
        self, page: int = 1, per_page: int = 40, sort: str = "date", direction: str = "DESC", **filters: Any
    ) -> Found[Scene]:
        """Return a page of the scenes with this studio as or among their studio."""
        return self.client.related(
            "studio", self.id, "scenes", filters, page=page, per_page=per_page, sort=sort, direction=direction
        )

    def get_scene_count(self, **filters: Any) -> int:
        """Return how many scenes `get_scenes` finds on all pages."""
        return self.client.related("studio", self.id, "scenes", filters, per_page=1).count

    def get_galleries(
        self, page: int = 1, per_page: int = 40, sort: str = "date", direction: str = "DESC", **filters: Any
    ) -> Found[Gallery]:
        """Return a page of the galleries with this studio as or among their studio."""
        return self.client.related(
            "studio", self.id, "galleries", filters, page=page, per_page=per_page, sort=sort, direction=direction
        )

    def get_gallery_count(self, **filters: Any) -> int:
        """Return how many galleries `get_galleries` finds on all pages."""
        return self.client.related("studio", self.id, "galleries", filters, per_page=1).count


class Tag(Entity):
    """A tag; attributes are as they were read, relationships are asked for."""

    type_name: ClassVar[str] = "tag"

    @property
    def name(self) -> str | None:
        """Its name, as it was read."""
        return cast("str | None", self.data.get("name"))

    @property
    def description(self) -> str | None:
        """Its description, as it was read."""
        return cast("str | None", self.data.get("description"))

    def get_parents(self) -> list[Tag]:
        """Return its parents in order."""
        return [target for target, _ in self.client.linked("tag", self.id, "parents")]

    def add_parent(self, parent: Tag | str) -> Outcome:
        """Add a tag to its parents; `tag.children` follows."""
        return self.client.add("tag", self.id, "parents", parent)

    def remove_parent(self, parent: Tag | str) -> Outcome:
        """Take a tag out of its parents; `tag.children` follows."""
        return self.client.remove("tag", self.id, "parents", parent)

    def get_children(self) -> list[Tag]:
        """Return its children in order."""
        return [target for target, _ in self.client.linked("tag", self.id, "children")]

    def add_child(self, child: Tag | str) -> Outcome:
        """Add a tag to its children; `tag.parents` follows."""
        return self.client.add("tag", self.id, "children", child)

    def remove_child(self, child: Tag | str) -> Outcome:
        """Take a tag out of its children; `tag.parents` follows."""
        return self.client.remove("tag", self.id, "children", child)

    def get_scenes(
        self, page: int = 1, per_page: int = 40, sort: str = "date", direction: str = "DESC", **filters: Any
    ) -> Found[Scene]:
        """Return a page of the scenes with this tag as or among their tags."""
        return self.client.related(
            "tag", self.id, "scenes", filters, page=page, per_page=per_page, sort=sort, direction=direction
        )

    def get_scene_count(self, **filters: Any) -> int:
        """Return how many scenes `get_scenes` finds on all pages."""
        return self.client.related("tag", self.id, "scenes", filters, per_page=1).count


class Group(Entity):
    """A group; attributes are as they were read, relationships are asked for."""

    type_name: ClassVar[str] = "group"

    @property
    def name(self) -> str | None:
        """Its name, as it was read."""
        return cast("str | None", self.data.get("name"))

    @property
    def synopsis(self) -> str | None:
        """Its synopsis, as it was read."""
        return cast("str | None", self.data.get("synopsis"))

    @property
    def date(self) -> str | None:
        """Its date, as it was read."""
        return cast("str | None", self.data.get("date"))

    def get_scenes(self) -> list[Scene]:
        """Return its scenes in order."""
        return [target for target, _ in self.client.linked("group", self.id, "scenes")]

    def add_scene(self, scene: Scene | str, *, scene_index: float | None = None) -> Outcome:
        """Add a scene to its scenes; `scene.groups` follows."""
        return self.client.add("group", self.id, "scenes", scene, {"scene_index": scene_index})

    def remove_scene(self, scene: Scene | str) -> Outcome:
        """Take a scene out of its scenes; `scene.groups` follows."""
        return self.client.remove("group", self.id, "scenes", scene)

    def get_sub_groups(self) -> list[GroupDescription]:
        """Return its sub_groups in order, each with what is said of the link."""
        linked = self.client.linked("group", self.id, "sub_groups")
        return [GroupDescription(target, **members) for target, members in linked]

    def add_sub_group(self, sub_group: Group | str, *, description: str | None = None) -> Outcome:
        """Add a group to its sub_groups; `group.containing_groups` follows."""
        return self.client.add("group", self.id, "sub_groups", sub_group, {"description": description})

    def remove_sub_group(self, sub_group: Group | str) -> Outcome:
        """Take a group out of its sub_groups; `group.containing_groups` follows."""
        return self.client.remove("group", self.id, "sub_groups", sub_group)

    def get_containing_groups(self) -> list[ContainingGroup]:
        """Return its containing_groups in order, each with what is said of the link."""
        linked = self.client.linked("group", self.id, "containing_groups")
        return [ContainingGroup(target, **members) for target, members in linked]

    def add_containing_group(self, containing_group: Group | str, *, description: str | None = None) -> Outcome:
        """Add a group to its containing_groups; `group.sub_groups` follows."""
        return self.client.add("group", self.id, "containing_groups", containing_group, {"description": description})

    def remove_containing_group(self, containing_group: Group | str) -> Outcome:
        """Take a group out of its containing_groups; `group.sub_groups` follows."""
        return self.client.remove("group", self.id, "containing_groups", containing_group)


class Stash(StashClient):
    """Entities by type, with typed names."""

    classes: ClassVar[Mapping[str, type[Entity]]] = {
        "scene": Scene,
        "gallery": Gallery,
        "performer": Performer,
        "studio": Studio,
        "tag": Tag,
        "group": Group,
    }

    def create_scene(self, *, entity_id: str | None = None, **values: Unpack[SceneValues]) -> Scene:
        """Make a scene with its relationships, in one transaction."""
        return cast(Scene, self.create("scene", values, entity_id=entity_id))

    def update_scene(self, scene: Scene | str, **values: Unpack[SceneValues]) -> Outcome:
        """Change a scene: what is given is set, None takes it away, what is not given stays."""
        return self.update("scene", id_of(scene), values)

    def bulk_update_scenes(self, scenes: Sequence[Scene | str], **values: Unpack[SceneValues]) -> Outcome:
        """Change many scenes in one transaction; lists may be given as Bulk."""
        return self.bulk_update("scene", [id_of(one) for one in scenes], values)

    def find_scene(self, scene_id: str) -> Scene | None:
        """Return a scene, None if it is not there."""
        return cast("Scene | None", self.find_one("scene", scene_id))

    def find_scenes(
        self,
        scene_filter: Mapping[str, Any] | None = None,
        *,
        page: int = 1,
        per_page: int = 40,
        sort: str = "date",
        direction: str = "DESC",
    ) -> Found[Scene]:
        """Return a page of scenes, filtered and sorted, with the count of all."""
        return self.find("scene", scene_filter, page=page, per_page=per_page, sort=sort, direction=direction)

    def create_gallery(self, *, entity_id: str | None = None, **values: Unpack[GalleryValues]) -> Gallery:
        """Make a gallery with its relationships, in one transaction."""
        return cast(Gallery, self.create("gallery", values, entity_id=entity_id))

    def update_gallery(self, gallery: Gallery | str, **values: Unpack[GalleryValues]) -> Outcome:
        """Change a gallery: what is given is set, None takes it away, what is not given stays."""
        return self.update("gallery", id_of(gallery), values)

    def bulk_update_galleries(self, galleries: Sequence[Gallery | str], **values: Unpack[GalleryValues]) -> Outcome:
        """Change many galleries in one transaction; lists may be given as Bulk."""
        return self.bulk_update("gallery", [id_of(one) for one in galleries], values)

    def find_gallery(self, gallery_id: str) -> Gallery | None:
        """Return a gallery, None if it is not there."""
        return cast("Gallery | None", self.find_one("gallery", gallery_id))

    def find_galleries(
        self,
        gallery_filter: Mapping[str, Any] | None = None,
        *,
        page: int = 1,
        per_page: int = 40,
        sort: str = "date",
        direction: str = "DESC",
    ) -> Found[Gallery]:
        """Return a page of galleries, filtered and sorted, with the count of all."""
        return self.find("gallery", gallery_filter, page=page, per_page=per_page, sort=sort, direction=direction)

    def create_performer(self, *, entity_id: str | None = None, **values: Unpack[PerformerValues]) -> Performer:
        """Make a performer with its relationships, in one transaction."""
        return cast(Performer, self.create("performer", values, entity_id=entity_id))

    def update_performer(self, performer: Performer | str, **values: Unpack[PerformerValues]) -> Outcome:
        """Change a performer: what is given is set, None takes it away, what is not given stays."""
        return self.update("performer", id_of(performer), values)

    def bulk_update_performers(
        self, performers: Sequence[Performer | str], **values: Unpack[PerformerValues]
    ) -> Outcome:
        """Change many performers in one transaction; lists may be given as Bulk."""
        return self.bulk_update("performer", [id_of(one) for one in performers], values)

    def find_performer(self, performer_id: str) -> Performer | None:
        """Return a performer, None if it is not there."""
        return cast("Performer | None", self.find_one("performer", performer_id))

    def find_performers(
        self,
        performer_filter: Mapping[str, Any] | None = None,
        *,
        page: int = 1,
        per_page: int = 40,
        sort: str = "name",
        direction: str = "ASC",
    ) -> Found[Performer]:
        """Return a page of performers, filtered and sorted, with the count of all."""
        return self.find("performer", performer_filter, page=page, per_page=per_page, sort=sort, direction=direction)

    def create_studio(self, *, entity_id: str | None = None, **values: Unpack[StudioValues]) -> Studio:
        """Make a studio with its relationships, in one transaction."""
        return cast(Studio, self.create("studio", values, entity_id=entity_id))

    def update_studio(self, studio: Studio | str, **values: Unpack[StudioValues]) -> Outcome:
        """Change a studio: what is given is set, None takes it away, what is not given stays."""
        return self.update("studio", id_of(studio), values)

    def bulk_update_studios(self, studios: Sequence[Studio | str], **values: Unpack[StudioValues]) -> Outcome:
        """Change many studios in one transaction; lists may be given as Bulk."""
        return self.bulk_update("studio", [id_of(one) for one in studios], values)

    def find_studio(self, studio_id: str) -> Studio | None:
        """Return a studio, None if it is not there."""
        return cast("Studio | None", self.find_one("studio", studio_id))

    def find_studios(
        self,
        studio_filter: Mapping[str, Any] | None = None,
        *,
        page: int = 1,
        per_page: int = 40,
        sort: str = "name",
        direction: str = "ASC",
    ) -> Found[Studio]:
        """Return a page of studios, filtered and sorted, with the count of all."""
        return self.find("studio", studio_filter, page=page, per_page=per_page, sort=sort, direction=direction)

    def create_tag(self, *, entity_id: str | None = None, **values: Unpack[TagValues]) -> Tag:
        """Make a tag with its relationships, in one transaction."""
        return cast(Tag, self.create("tag", values, entity_id=entity_id))

    def update_tag(self, tag: Tag | str, **values: Unpack[TagValues]) -> Outcome:
        """Change a tag: what is given is set, None takes it away, what is not given stays."""
        return self.update("tag", id_of(tag), values)

    def bulk_update_tags(self, tags: Sequence[Tag | str], **values: Unpack[TagValues]) -> Outcome:
        """Change many tags in one transaction; lists may be given as Bulk."""
        return self.bulk_update("tag", [id_of(one) for one in tags], values)

    def find_tag(self, tag_id: str) -> Tag | None:
        """Return a tag, None if it is not there."""
        return cast("Tag | None", self.find_one("tag", tag_id))

    def find_tags(
        self,
        tag_filter: Mapping[str, Any] | None = None,
        *,
        page: int = 1,
        per_page: int = 40,
        sort: str = "name",
        direction: str = "ASC",
    ) -> Found[Tag]:
        """Return a page of tags, filtered and sorted, with the count of all."""
        return self.find("tag", tag_filter, page=page, per_page=per_page, sort=sort, direction=direction)

    def create_group(self, *, entity_id: str | None = None, **values: Unpack[GroupValues]) -> Group:
        """Make a group with its relationships, in one transaction."""
        return cast(Group, self.create("group", values, entity_id=entity_id))

    def update_group(self, group: Group | str, **values: Unpack[GroupValues]) -> Outcome:
        """Change a group: what is given is set, None takes it away, what is not given stays."""
        return self.update("group", id_of(group), values)

    def bulk_update_groups(self, groups: Sequence[Group | str], **values: Unpack[GroupValues]) -> Outcome:
        """Change many groups in one transaction; lists may be given as Bulk."""
        return self.bulk_update("group", [id_of(one) for one in groups], values)

    def find_group(self, group_id: str) -> Group | None:
        """Return a group, None if it is not there."""
        return cast("Group | None", self.find_one("group", group_id))

    def find_groups(
        self,
        group_filter: Mapping[str, Any] | None = None,
        *,
        page: int = 1,
        per_page: int = 40,
        sort: str = "date",
        direction: str = "DESC",
    ) -> Found[Group]:
        """Return a page of groups, filtered and sorted, with the count of all."""
        return self.find("group", group_filter, page=page, per_page=per_page, sort=sort, direction=direction)
