"""Random histories: what helpers, updates and deletions leave is what a model with one set of links says."""

import os
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from stash_relations import Bulk, Stash, StashError

from bidir.backends import LakeBackend
from lakesim import Lake

DEEP = os.environ.get("LAKESIM_PROFILE") == "deep"
SCENES, GALLERIES, GROUPS, STUDIOS = (
    [f"{letter}{number}" for number in (1, 2)] for letter in ("scene", "gallery", "group", "studio")
)
TYPES = dict(zip(("scene", "gallery", "group", "studio"), (SCENES, GALLERIES, GROUPS, STUDIOS), strict=True))
scene, gallery, group, studio = map(st.sampled_from, (SCENES, GALLERIES, GROUPS, STUDIOS))


class History(RuleBasedStateMachine):
    """The model: sets of (scene, gallery), a studio for each scene, and descriptions by (group, sub-group)."""

    @initialize()
    def begin(self) -> None:
        self.stash = Stash(LakeBackend(Lake(seed=0).dataset("production")))
        for kind, names in TYPES.items():
            for name in names:
                self.stash.create(kind, {}, entity_id=name)
        self.held: set[tuple[str, str]] = set()
        self.studio: dict[str, str] = {}
        self.described: dict[tuple[str, str], str | None] = {}

    def entity(self, kind: str, name: str) -> Any:
        return self.stash.get(kind, name)

    @rule(one=scene, other=gallery, from_scene=st.booleans())
    def add(self, one: str, other: str, from_scene: bool) -> None:
        if from_scene:
            self.entity("scene", one).add_to_gallery(other)
        else:
            self.entity("gallery", other).add_scene(one)
        self.held.add((one, other))

    @rule(one=scene, other=gallery, from_scene=st.booleans())
    def remove(self, one: str, other: str, from_scene: bool) -> None:
        if from_scene:
            self.entity("scene", one).remove_from_gallery(other)
        else:
            self.entity("gallery", other).remove_scene(one)
        self.held.discard((one, other))

    @rule(others=st.lists(gallery, unique=True), mode=st.sampled_from(["SET", "ADD", "REMOVE"]))
    def bulk(self, others: list[str], mode: Any) -> None:
        self.stash.bulk_update_scenes(SCENES, gallery_ids=Bulk(mode, others))
        pairs = {(one, other) for one in SCENES for other in others}
        self.held = pairs if mode == "SET" else self.held | pairs if mode == "ADD" else self.held - pairs

    @rule(one=scene, other=st.one_of(st.none(), studio))
    def set_studio(self, one: str, other: str | None) -> None:
        self.entity("scene", one).set_studio(other)
        if other is None:
            self.studio.pop(one, None)
        else:
            self.studio[one] = other

    @rule(above=group, below=group, text=st.sampled_from([None, "a", "b"]), from_above=st.booleans())
    def describe(self, above: str, below: str, text: str | None, from_above: bool) -> None:
        try:
            if from_above:
                self.entity("group", above).add_sub_group(below, description=text)
            else:
                self.entity("group", below).add_containing_group(above, description=text)
        except StashError:
            assert above == below or (below, above) in self.described
            return
        assert above != below
        assert (below, above) not in self.described
        known = self.described.get((above, below))
        self.described[above, below] = text if text is not None else known

    @rule(above=group, below=group)
    def undescribe(self, above: str, below: str) -> None:
        self.entity("group", above).remove_sub_group(below)
        self.described.pop((above, below), None)

    @rule(kind=st.sampled_from(sorted(TYPES)), number=st.sampled_from([0, 1]))
    def remake(self, kind: str, number: int) -> None:
        name = TYPES[kind][number]
        self.stash.destroy(kind, name)
        self.stash.create(kind, {}, entity_id=name)
        self.held = {pair for pair in self.held if name not in pair}
        self.studio = {one: other for one, other in self.studio.items() if name not in (one, other)}
        self.described = {pair: text for pair, text in self.described.items() if name not in pair}

    @invariant()
    def both_sides_say_what_the_model_says(self) -> None:
        from_scenes = {(one, other.id) for one in SCENES for other in self.entity("scene", one).get_galleries()}
        from_galleries = {(one.id, other) for other in GALLERIES for one in self.entity("gallery", other).get_scenes()}
        assert from_scenes == from_galleries == self.held
        found = {one.id: other for other in STUDIOS for one in self.entity("studio", other).get_scenes().items}
        assert found == self.studio
        down = {
            (above, one.group.id): one.description
            for above in GROUPS
            for one in self.entity("group", above).get_sub_groups()
        }
        up = {
            (one.group.id, below): one.description
            for below in GROUPS
            for one in self.entity("group", below).get_containing_groups()
        }
        assert down == up == self.described


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=300 if DEEP else 10, stateful_step_count=15, deadline=None)
