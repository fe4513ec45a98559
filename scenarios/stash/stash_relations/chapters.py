"""The chapters of the demonstration: the eight verifications, and what is made from the schema."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

from bidir.conformance.proxy import ObservedBackend
from bidir.demos.narrator import Narrator
from bidir.demos.playing import Chapter, documents_of
from stash_relations.errors import StashError
from stash_relations.generated import Stash
from stash_relations.helpers import load_helpers
from stash_relations.metadata import read_relationships, relationship_metadata
from stash_relations.verifications import VERIFICATIONS, Verification, Work

__all__ = ["CHAPTERS"]

Json = Any


def verification_chapter(verification: Verification) -> Chapter:
    """Return a verification as a chapter, which shows the documents of every entity before and after."""

    def play(backend: ObservedBackend, narrator: Narrator) -> None:
        stash = Stash(backend)
        work = _Telling(stash, narrator)
        try:
            verification.play(work)
        finally:
            left = work.clean_up()
        narrator.claim("everything is cleaned up", not left and not documents_of(backend, list(stash.library.types)))

    play.__doc__ = verification.play.__doc__
    return verification.title, play


class _Telling(Work):
    """A verification's work, with the documents of both sides shown whenever something is claimed."""

    def __init__(self, stash: Stash, narrator: Narrator) -> None:
        super().__init__(stash)
        self._narrator = narrator
        self._shown: dict[str, Json] = {}
        self._names: dict[str, str] = {}

    def step(self, text: str) -> None:
        """Say what is done now; what was there before is not shown again."""
        self._narrator.step(text)
        self._shown = self._documents()

    def claim(self, text: str, holds: bool) -> None:
        """Show what changed since the last claim, then state it."""
        self.tell("the lake, before and after")
        super().claim(text, holds)
        self._narrator.claim(text, holds)

    def tell(self, title: str) -> None:
        """Show what changed since it was shown last, type by type."""
        after = self._documents()
        for type_name in self.stash.library.types:
            before, now = (
                {key: one for key, one in shown.items() if one["_type"] == type_name} for shown in (self._shown, after)
            )
            if before != now:
                self._narrator.side(f"{title}: {type_name}", before, now)
        self._shown = after

    def _documents(self) -> dict[str, Json]:
        """Return the stored documents; ids are told as names, which are the same in every run."""
        for entity in self.made:
            self._names.setdefault(entity.id, f"{entity.type_name}-{(entity.label or '').lower().replace(' ', '-')}")
        return {
            self._names.get(key, key): self._named(value)
            for key, value in documents_of(self.stash.backend, list(self.stash.library.types)).items()
        }

    def _named(self, value: Json) -> Json:
        if isinstance(value, dict):
            return {
                name: self._names.get(one, one) if name in ("_id", "_ref") else self._named(one)
                for name, one in value.items()
                if name not in ("_key", "_rev", "_createdAt", "_updatedAt")
            }
        return [self._named(one) for one in value] if isinstance(value, list) else value


def read_patterns(backend: ObservedBackend, narrator: Narrator) -> None:
    """Three ways to read the other side: a field, a query with pages, objects with what is said of the link."""
    stash = Stash(backend)
    gallery, studio = stash.create_gallery(title="Holiday"), stash.create_studio(name="Blue Door")
    for number in range(1, 6):
        stash.create_scene(
            title=f"Scene {number}", date=f"2024-0{number}-01", rating=number, gallery_ids=[gallery], studio_id=studio
        )
    narrator.step("A: gallery.get_scenes(), a field of the gallery")
    titles = [scene.title for scene in gallery.get_scenes()]
    narrator.data("scenes", titles)
    narrator.claim("all five", len(titles) == 5)
    narrator.step("B: studio.get_scenes(page=1, per_page=2, sort='date', direction='DESC'), a query")
    before = backend.traffic.reads
    page = studio.get_scenes(page=1, per_page=2, sort="date", direction="DESC")
    narrator.data("page", {"count": page.count, "pages": page.pages, "titles": [one.title for one in page.items]})
    narrator.claim(
        "the two newest of five, in one request", [one.title for one in page.items] == ["Scene 5", "Scene 4"]
    )
    narrator.claim("one request", backend.traffic.reads - before == 1)
    narrator.step("the same with a filter: rating greater than 3")
    filtered = studio.get_scenes(sort="title", direction="ASC", rating={"value": 3, "modifier": "GREATER_THAN"})
    narrator.data("titles", [one.title for one in filtered.items])
    narrator.claim("two of them", filtered.count == 2)
    narrator.step("C: group.get_sub_groups(), objects with a description")
    series, season = stash.create_group(name="Series"), stash.create_group(name="Season 1")
    series.add_sub_group(season, description="The beginning")
    (link,) = series.get_sub_groups()
    narrator.data("sub-group", {"group": link.group.name, "description": link.description})
    (back,) = season.get_containing_groups()
    narrator.claim("the description is read from both sides", back.description == "The beginning")


def metadata(backend: ObservedBackend, narrator: Narrator) -> None:
    """What one must know of a relationship is made from the schema; what is written by hand is checked against it."""
    library = Stash(backend).library
    for name, one in relationship_metadata(library)["Scene"].items():
        shown = {
            "target_field": one.target_field,
            "is_list": one.is_list,
            "query_field": one.query_field,
            "inverse": f"{one.inverse_type}.{one.inverse_query_field or '(by query)'}",
            "query_strategy": one.query_strategy,
            "filter_query_hint": one.filter_query_hint,
            "notes": one.notes,
        }
        narrator.data(f"Scene.{name}", shown)
    narrator.step("The older form, (target_field, is_list, transform), is taken and completed")
    read = read_relationships(library, "Scene", {"studio": ("studio_id", False, None)})["studio"]
    narrator.claim("it knows the strategy", read.query_strategy == "filter_query")
    narrator.step("One that the schema does not bear out")
    _refused(narrator, lambda: read_relationships(library, "Scene", {"studio": ("studio_ids", True, None)}))


def helpers(backend: ObservedBackend, narrator: Narrator) -> None:
    """Helpers are made from the schema, at run time or as a typed module: the same text."""
    stash = Stash(backend)
    module = load_helpers(stash.library)
    shown = [
        f"{kind}.{name}{inspect.signature(getattr(getattr(module, kind), name))}"
        for kind, name in (
            ("Scene", "add_to_gallery"),
            ("Scene", "remove_from_gallery"),
            ("Group", "add_sub_group"),
            ("Studio", "get_scenes"),
        )
    ]
    narrator.lines("made at run time", shown)
    narrator.claim("each says what it does", "Add this scene to a gallery" in module.Scene.add_to_gallery.__doc__)
    narrator.step("Ids are checked before anything is written")
    scene = stash.create("scene", {"title": "Scene"}, entity_id="scene-1")
    before = backend.traffic.writes
    _refused(narrator, lambda: scene.add_to_gallery("no-such-gallery"))
    _refused(narrator, lambda: stash.create_scene(gallery_ids=["nowhere"], performer_ids=["nobody"]))
    _refused(narrator, lambda: scene.add_to_gallery(scene.id))
    narrator.claim("nothing was written", backend.traffic.writes == before)


def _refused(narrator: Narrator, call: Callable[[], object]) -> None:
    try:
        call()
    except StashError as error:
        narrator.lines(f"refused: {type(error).__name__}", str(error).splitlines())
        narrator.claim("it is refused", True)
    else:
        narrator.claim("it is refused", False)


CHAPTERS: Final[dict[str, Chapter]] = {
    **{one.key: verification_chapter(one) for one in VERIFICATIONS},
    "patterns": ("Three ways to read", read_patterns),
    "metadata": ("Metadata, from the schema", metadata),
    "helpers": ("Helpers, from the schema", helpers),
}
"""Key, title and play of each chapter: the eight verifications, then what else there is."""
