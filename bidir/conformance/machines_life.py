"""Stateful properties over the whole life cycle: every row of E4, in drafts, published and two releases (F11.2).

`machines_rows` says which rule meets which row; each step is a step of the scenario format, played as a scenario file
is, so that what fails replays as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from bidir.conformance.invariants import DRAFTS, PUBLISHED, resolve_view, split_id
from bidir.conformance.lakes import LakeFactory
from bidir.conformance.machines_edits import DrawnEdit, EditDrawer
from bidir.conformance.machines_life_kinds import LifeKind
from bidir.conformance.machines_life_world import LifeTrace, LifeWorld
from bidir.conformance.machines_meaning import stored_id
from bidir.conformance.machines_tally import Tally
from bidir.conformance.model import Model
from bidir.conformance.playing import EngineFactory
from bidir.relations import Schema
from lakesim.clock import SEEDED_START

__all__ = ["EnoughError", "LifeMachine", "life_machine"]

_STARTS: tuple[tuple[str, ...], ...] = (
    (PUBLISHED,),
    (DRAFTS,),
    (PUBLISHED, DRAFTS),
    (PUBLISHED, "r1"),
    (PUBLISHED, DRAFTS, "r2"),
    ("r1",),
    (),
)
LATER = "2027-01-01T00:00:00Z"
"""After the end of every run."""
A_WHILE = 400
"""Seconds, after which what was scheduled for soon is due."""

SHRINK_RUNS_MAX = 150
"""Runs that are spent on making the first failure smaller."""

REVISIONS_MAX = 4
"""Revisions remembered in one run."""


class EnoughError(BaseException):
    """Enough runs have been spent on making a failure smaller; not an Exception, which would count as another one."""


class LifeMachine(RuleBasedStateMachine):
    """One run for one kind; made concrete by `life_machine`."""

    kind: ClassVar[LifeKind]
    engine_factory: ClassVar[EngineFactory]
    lake_factory: ClassVar[LakeFactory]
    tally: ClassVar[Tally]
    last: ClassVar[list[LifeTrace]]
    failed: ClassVar[list[tuple[int, LifeTrace]]]

    def __init__(self) -> None:
        """Prepare what draws edits."""
        super().__init__()
        relations = self.kind.kind
        self.model = Model(relations.relations, relations.type_of)
        self.drawer = EditDrawer(relations, self.model)
        self.texts = self.whiles = 0
        self.revisions: list[tuple[str, str]] = []
        type(self).tally.counts["runs"] += 1
        type(self).last.clear()

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Store some of the groups in some layers, without links."""
        cls = type(self)
        if cls.failed and cls.tally.counts["runs"] > cls.failed[0][0] + SHRINK_RUNS_MAX:
            raise EnoughError
        groups = self.kind.kind.type_of
        given = {group: data.draw(st.sampled_from(_STARTS), label=group) for group in groups}
        self.world = LifeWorld(
            self.kind, Schema.load(self.kind.types), cls.lake_factory(), cls.engine_factory, cls.tally, given
        )
        cls.last[:] = [self.world.trace]
        self.world.on_failure = lambda trace: cls.failed.append((cls.tally.counts["runs"], trace))

    def teardown(self) -> None:
        """End the workers."""
        if hasattr(self, "world"):
            self.world.close()

    # ------------------------------------------------------------------------------------------------------- edits

    @rule(data=st.data(), title=st.booleans())
    def edit(self, data: st.DataObject, title: bool) -> None:
        """Edit one relation field in some layer, sometimes a text of the same document with it."""
        if (drawn := self._drawn(data)) is not None:
            layer, group, edit = drawn
            texts = [self._text()] if title else []
            self._submit(layer, group, [*edit.patches, *texts], data)

    @rule(data=st.data())
    def edit_again(self, data: st.DataObject) -> None:
        """Edit one relation field; edits are what most runs are made of."""
        if (drawn := self._drawn(data)) is not None:
            self._submit(drawn[0], drawn[1], drawn[2].patches, data)

    @rule(data=st.data(), count=st.integers(2, 3))
    def edit_several(self, data: st.DataObject, count: int) -> None:
        """Edit several documents, or fields of one, in one submit."""
        layer = self._layer(data)
        drawn = [self._drawn(data, layer) for _ in range(count)]
        edits = {(one[1], one[2].edit.field): one for one in drawn if one is not None}
        if edits:
            mutations = [
                {"patch": {"id": group, **patch}} for _, group, edit in edits.values() for patch in edit.patches
            ]
            self._insisting(data, submit=mutations, in_=layer)

    @rule(data=st.data())
    def restate(self, data: st.DataObject) -> None:
        """Submit what a field holds already; nothing may be sent (C5, E8.4, I6)."""
        layer = self._layer(data)
        if not (groups := [one for one in self.world.stored(layer) if one in self.world.editable(layer)]):
            return
        group = data.draw(st.sampled_from(groups), label="document")
        name = data.draw(st.sampled_from(self.model.fields(group)), label="field")
        value = self.world.body(layer, group).get(name)
        self._submit(layer, group, [{"unset": [name]} if value is None else {"set": {name: value}}])

    @rule(data=st.data())
    def edit_under_a_colleague(self, data: st.DataObject) -> None:
        """Edit a field while somebody writes a text of another document, between reading and commit (I12)."""
        drawn = self._drawn(data)
        if drawn is None:
            return
        layer, group, edit = drawn
        if layer == PUBLISHED or self.kind.is_live(group) or self.kind.refuses:
            # A version made above is a copy of what was read below, which no lock holds fast; and nobody overtakes what
            # is refused before it is sent.
            return
        others = [one for one in self.world.stored(layer) if one != group]
        near = [one for one in others if one in edit.edit.value] or others
        if not near:
            return
        other = stored_id(layer, data.draw(st.sampled_from(near), label="colleague's document"))
        text = {"elsewhere": [{"patch": {"id": other, **self._text()}}]}
        self._submit(layer, group, [*edit.patches, self._text()], meanwhile=[text])

    @rule(data=st.data())
    def create(self, data: st.DataObject) -> None:
        """Create a group that has no version, its fields stated or silent."""
        if not (missing := self.world.missing()):
            return
        group = data.draw(st.sampled_from(missing), label="document")
        body: dict[str, Any] = {"_id": group, "_type": self.kind.kind.type_of[group], **self._text()["set"]}
        for name in self.model.fields(group):
            if data.draw(st.booleans(), label=f"{name} stated"):
                body[name] = self.drawer.stated(data.draw, group, name)[1]
        self._insisting(data, submit=[{"create": body}], in_=self._layer(data))

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """Delete the version of a group in one layer by a mutation."""
        layer = self._layer(data)
        if groups := self.world.stored(layer):
            group = data.draw(st.sampled_from(groups), label="document")
            self._insisting(data, submit=[{"delete": {"id": group}}], in_=layer)

    # -------------------------------------------------------------------------------------------------- life cycle

    @rule(data=st.data())
    def publish(self, data: st.DataObject) -> None:
        """Publish a draft, or one version of a release alone."""
        layer = data.draw(st.sampled_from([DRAFTS, DRAFTS, *self.world.releases("active")]), label="layer")
        groups = [group for group in self.world.stored(layer) if group in self.world.editable(layer)]
        if groups and self.world.can("publish"):
            self.world.do(publish=data.draw(st.sampled_from(groups), label="document"), in_=layer)

    @rule(data=st.data())
    def publish_together(self, data: st.DataObject) -> None:
        """Publish two drafts in one transaction."""
        groups = self.world.stored(DRAFTS)
        if len(groups) > 1 and self.world.can("publish"):
            two = data.draw(st.lists(st.sampled_from(groups), min_size=2, max_size=2, unique=True), label="documents")
            self.world.do(publish=two, in_=DRAFTS)

    @rule(data=st.data())
    def unpublish(self, data: st.DataObject) -> None:
        """Take a document offline."""
        groups = [group for group in self.world.stored(PUBLISHED) if not self.kind.is_live(group)]
        if groups and self.world.can("unpublish"):
            self.world.do(unpublish=data.draw(st.sampled_from(groups), label="document"))

    @rule(data=st.data())
    def discard(self, data: st.DataObject) -> None:
        """Drop a draft or a version."""
        layer = data.draw(st.sampled_from([DRAFTS, DRAFTS, *self.world.releases("active")]), label="layer")
        if (groups := self.world.stored(layer)) and self.world.can("discard"):
            self.world.do(discard=data.draw(st.sampled_from(groups), label="document"), in_=layer)

    @rule(data=st.data())
    def delete_everywhere(self, data: st.DataObject) -> None:
        """Delete every version of a document."""
        there = [group for group in self.kind.kind.type_of if group not in self.world.missing()]
        groups = [group for group in there if group not in self.world.judge.meanings.parked]
        if groups and self.world.can("delete"):
            self._insisting(data, delete_everywhere=data.draw(st.sampled_from(groups), label="document"))

    @rule(data=st.data())
    def duplicate(self, data: st.DataObject) -> None:
        """Copy a document under an id that is free."""
        layer = self._layer(data)
        types = self.kind.kind.type_of
        pairs = [
            (group, copy)
            for group in sorted(resolve_view(self.world.documents(), layer))
            for copy in self.world.missing()
            if types[group] == types[copy]
        ]
        if pairs and self.world.can("duplicate"):
            group, copy = data.draw(st.sampled_from(pairs), label="document and copy")
            self.world.do(duplicate={group: copy}, in_=layer)

    @rule(data=st.data())
    def remember(self, data: st.DataObject) -> None:
        """Remember a revision, to restore it later."""
        names = sorted(self.world.documents())
        if names and len(self.revisions) < REVISIONS_MAX:
            name = data.draw(st.sampled_from(names), label="document")
            # Several versions may have been written with the same revision; a stored id says which is meant.
            self.revisions.append((f"rev{len(self.revisions) + 1}", name))
            self.world.do(remember={self.revisions[-1][0]: f"{name}._rev"})

    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        """Put a remembered revision back."""
        if self.revisions and self.world.can("restore"):
            revision, name = data.draw(st.sampled_from(self.revisions), label="revision")
            called = data.draw(st.sampled_from([name, split_id(name)[1]]), label="called")
            self.world.do(restore={called: f"${revision}"})

    # --------------------------------------------------------------------------------------------------- releases

    @rule(data=st.data())
    def create_version(self, data: st.DataObject) -> None:
        """Give a document a version in a release."""
        pairs = [
            (group, release)
            for release in self.world.releases("active")
            for group in sorted({*self.world.stored(PUBLISHED), *self.world.stored(DRAFTS)})
            if group not in self.world.stored(release)
        ]
        if pairs and self.world.can("create_version"):
            self.world.do(create_version=dict([data.draw(st.sampled_from(pairs), label="document and release")]))

    @rule(data=st.data())
    def mark(self, data: st.DataObject) -> None:
        """Mark a document for unpublishing in a release, by the lake's own action."""
        # A document edited live is not unpublished (E8.17).
        groups = [group for group in self.world.stored(PUBLISHED) if not self.kind.is_live(group)]
        pairs = [(group, one) for one in self.world.releases("active") for group in groups]
        if pairs and self.world.trace.follow:
            group, release = data.draw(st.sampled_from(pairs), label="document and release")
            action = "sanity.action.document.version.unpublish"
            name = stored_id(release, group)
            self.world.settle()
            self.world.do(elsewhere_actions=[{"actionType": action, "versionId": name, "publishedId": group}])
            self.world.settle()

    @rule(data=st.data())
    def publish_release(self, data: st.DataObject) -> None:
        """Publish a release as a whole."""
        releases = [name for name in self.world.releases("active") if self.world.stored(name)]
        if releases and self.world.can("publish_release"):
            self.world.do(publish_release=data.draw(st.sampled_from(releases), label="release"))

    @rule(data=st.data(), soon=st.booleans())
    def schedule(self, data: st.DataObject, soon: bool) -> None:
        """Schedule a release, whose versions are locked from then on."""
        releases = [name for name in self.world.releases("active") if self.world.stored(name)]
        if releases and self.world.trace.follow and self.world.can("schedule_release"):
            release = data.draw(st.sampled_from(releases), label="release")
            # Scenarios begin at a time of their own; from there the clock is where the steps have moved it.
            at = SEEDED_START + timedelta(seconds=(self.whiles + 1) * A_WHILE - 1)
            self.world.do(schedule_release={release: at.strftime("%Y-%m-%dT%H:%M:%SZ") if soon else LATER})

    @rule()
    def time_passes(self) -> None:
        """Let what was scheduled for soon become due; a worker carries it through."""
        if self.world.releases("scheduled"):
            self.whiles += 1
            self.world.do(advance=A_WHILE)
            self.world.settle()

    @rule(data=st.data())
    def move_release(self, data: st.DataObject) -> None:
        """Take a schedule back, archive a release, bring it back, delete it."""
        moves = [("unschedule_release", name) for name in self.world.releases("scheduled")]
        moves += [("archive_release", name) for name in self.world.releases("active")]
        moves += [("unarchive_release", name) for name in self.world.releases("archived")]
        moves += [("delete_release", name) for name in self.world.releases("archived", "published")]
        if moves:
            move, name = data.draw(st.sampled_from(moves), label="move")
            if self.world.trace.follow and self.world.can(move):
                # What workers had still to look at is no part of it.
                self.world.settle()
                self.world.do(**{move: name})
                self.world.settle()

    # --------------------------------------------------------------------------------------------------- elsewhere

    @rule(data=st.data())
    def script(self, data: st.DataObject) -> None:
        """Edit or delete a stored document past the engine; a worker carries it through."""
        if not self.world.trace.follow:
            return
        mutation = self._raw(data)
        if mutation is not None:
            # What others did before is no part of it.
            self.world.settle()
            self.world.do(elsewhere=[mutation])
            self.world.settle()

    @rule(data=st.data())
    def off_and_on(self, data: st.DataObject) -> None:
        """Switch the relations off, edit, switch them on and repair; a second repair writes nothing (C64, F8)."""
        if not self.world.can("repair") or not self.world.trace.follow:
            return
        self.world.switch(on=False)
        for _ in range(2):
            if (drawn := self._drawn(data)) is not None:
                # Nobody sees to the strength meanwhile, and strong pointers of inverse fields are left as they are.
                self._submit(drawn[0], drawn[1], [_weak(patch) for patch in drawn[2].patches])
        self.world.switch(on=True)
        self.world.settle()
        self.world.do(repair={})
        self.world.do(repair={})

    @rule(data=st.data())
    def forbid(self, data: st.DataObject) -> None:
        """Edit a field while the partner may not be written, then allow it: a worker heals what waits (C67)."""
        drawn = self._drawn(data)
        if drawn is None or not self.world.trace.follow:
            return
        layer, group, edit = drawn
        now = self.world.view(layer, group)[group, edit.edit.field]
        others = sorted({*edit.edit.value, *now} - {group})
        if not others or set(now) == set(edit.edit.value):
            return
        partner = data.draw(st.sampled_from(others), label="forbidden")
        self.world.do(deny=partner)
        self._submit(layer, group, edit.patches)
        self.world.do(allow=partner)
        self.world.settle()

    # ------------------------------------------------------------------------------------------------------- parts

    def _layer(self, data: st.DataObject) -> str:
        return str(data.draw(st.sampled_from([DRAFTS, *self.world.layers()]), label="layer"))

    def _drawn(self, data: st.DataObject, layer: str | None = None) -> tuple[str, str, DrawnEdit] | None:
        """Draw (layer, group, edit) of a relation field that an editor of the layer can open."""
        layer = layer or self._layer(data)
        if not (groups := self.world.editable(layer)):
            return None
        group = data.draw(st.sampled_from(groups), label="document")
        field = data.draw(st.sampled_from(self.model.fields(group)), label="field")
        view = self.world.view(layer, group)
        stored = self.world.body(layer, group).get(field) if self.model.is_many(group, field) else ()
        return layer, group, self.drawer.draw(data.draw, view, group, field, stored or ())

    def _submit(
        self,
        layer: str,
        group: str,
        patches: Sequence[Mapping[str, Any]],
        data: st.DataObject | None = None,
        **options: Any,
    ) -> None:
        self._insisting(data, submit=[{"patch": {"id": group, **patch}} for patch in patches], in_=layer, **options)

    def _insisting(self, data: st.DataObject | None, **step: Any) -> None:
        """Play a step; where a policy refuses it, say it again with consent, if that is drawn (E8.15)."""
        happened = self.world.do(**step)
        if data is None or happened is None or not happened.conflicts:
            return
        if data.draw(st.booleans(), label="insist"):
            self.world.do(**step, consent="previous")

    def _raw(self, data: st.DataObject) -> dict[str, Any] | None:
        """Draw what a script does to one stored document: its references are weak, so that the lake takes them."""
        layer = data.draw(st.sampled_from(self.world.layers()), label="script's layer")
        groups = [group for group in self.world.stored(layer) if group in self.world.editable(layer)]
        if not groups:
            return None
        group = data.draw(st.sampled_from(groups), label="script's document")
        name = stored_id(layer, group)
        if group not in self.world.locked() and data.draw(st.integers(0, 7), label="delete") == 0:
            return {"delete": {"id": name}}
        field = data.draw(st.sampled_from(self.model.fields(group)), label="field")
        view = self.world.view(layer, group)
        stored = self.world.body(layer, group).get(field) if self.model.is_many(group, field) else ()
        drawn = self.drawer.draw(data.draw, view, group, field, stored or ())
        again = set(drawn.edit.value) == set(view[group, field]) and any("insert" in patch for patch in drawn.patches)
        # What a script puts into a list beyond its bounds stands: nobody undoes it, and the audit tells of it (E8.15).
        if again or len(drawn.edit.value) > self.world.most(group, field):
            return None
        return {"patch": {"id": name, **_weak(drawn.patches[0])}}

    def _text(self) -> dict[str, Any]:
        self.texts += 1
        return {"set": {"title": f"text {self.texts}"}}


def _weak(value: Any) -> Any:
    """Return a mutation with its references weak."""
    if isinstance(value, Mapping):
        extra = {"_weak": True} if value.get("_type") == "reference" else {}
        return {**{key: _weak(item) for key, item in value.items()}, **extra}
    return [_weak(item) for item in value] if isinstance(value, list) else value


def life_machine(kind: LifeKind, factory: EngineFactory, lake_factory: LakeFactory, tally: Tally) -> type[LifeMachine]:
    """Return the state machine class for one kind and one engine, which counts in `tally`."""
    return type(
        f"LifeMachine[{kind.name}]",
        (LifeMachine,),
        {
            "kind": kind,
            "engine_factory": staticmethod(factory),
            "lake_factory": staticmethod(lake_factory),
            "tally": tally,
            "last": [],
            "failed": [],
            "__module__": __name__,
        },
    )
