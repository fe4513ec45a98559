"""Hypothesis strategies for actions: two groups, two releases, every action well-formed but often out of place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import strategies as st

__all__ = ["GROUPS", "RELEASES", "STORED_IDS", "VERSION_IDS", "Situation", "action_lists", "actions", "release_actions"]

GROUPS: Final = ("a", "b")
RELEASES: Final = ("r1", "r2")
_LAYERS: Final = ("drafts", *(f"versions.{name}" for name in RELEASES))
VERSION_IDS: Final = tuple(f"{layer}.{group}" for layer in _LAYERS for group in GROUPS)
"""The ids of drafts and versions."""
STORED_IDS: Final = (*GROUPS, *VERSION_IDS)
"""Every id a generated action can write, release documents aside."""

Action = dict[str, Any]

_groups = st.sampled_from(GROUPS)
_references: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda target, rest: {"_type": "reference", "_ref": target, **rest},
    _groups,
    st.sampled_from(
        (
            {},
            {"_weak": True},
            {"_weak": True, "_strengthenOnPublish": {"type": "author"}},
            {"_weak": True, "_strengthenOnPublish": {"type": "author", "weak": True}},
            {"_strengthenOnPublish": {"type": "author"}},
        )
    ),
)
_bodies: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"_type": st.sampled_from(("author", "author", "author", "book"))},
    optional={
        "n": st.integers(0, 3),
        "ref": _references,
        "list": st.lists(_references, max_size=2).map(
            lambda items: [{"_key": f"k{number}", **item} for number, item in enumerate(items)]
        ),
        "_createdAt": st.just("2020-05-05T05:05:05Z"),
        "_rev": st.just("submitted"),
    },
)
_patches: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    (
        {"unset": ["_empty_action_guard_pseudo_field_"]},
        {"set": {"n": 1}},
        {"inc": {"n": 1}},
        {"unset": ["ref", "_system.delete"]},
        {"set": {"ref": {"_type": "reference", "_ref": "b"}}},
        {"set": {"ref": {"_type": "reference", "_ref": "a", "_weak": True, "_strengthenOnPublish": {"type": "x"}}}},
        {"unset": ["ref._weak"]},
    )
)


def _named(name: str, fields: dict[str, Any]) -> Action:
    return {"actionType": f"sanity.action.{name}", **{key: value for key, value in fields.items() if value is not None}}


@dataclass(frozen=True)
class Situation:
    """What is there when actions are drawn, so that most of them fit.

    Shape: `present` are the stored ids, `states` maps releases to their states, `revisions` are what guards may name,
    `times` what `schedule` may.
    """

    present: frozenset[str] = frozenset()
    states: Mapping[str, str] = field(default_factory=dict)
    revisions: tuple[str, ...] = ()
    times: tuple[str, ...] = ()

    def fitting(self, fits: Callable[[str], bool], among: Sequence[str]) -> st.SearchStrategy[str]:
        """Return a strategy for one of `among`, mostly one that fits."""
        good = [one for one in among if fits(one)]
        return st.sampled_from((*good * 8, *among))

    def writable(self, document_id: str) -> bool:
        """Whether the document is not locked by its release."""
        release = document_id.split(".")[1] if document_id.startswith("versions.") else ""
        return self.states.get(release, "active") == "active"

    def existing(self, among: Sequence[str]) -> st.SearchStrategy[str]:
        """Return a strategy for one of `among`, mostly one that exists and can be written."""
        return self.fitting(lambda one: one in self.present and self.writable(one), among)

    def missing(self, among: Sequence[str]) -> st.SearchStrategy[str]:
        """Return a strategy for one of `among`, mostly one that does not exist and can be written."""
        return self.fitting(lambda one: one not in self.present and self.writable(one), among)


def _group_of(document_id: str) -> str:
    return document_id.rsplit(".", 1)[-1]


def _guards(situation: Situation) -> st.SearchStrategy[str | None]:
    return st.sampled_from((None, None, None, *situation.revisions))


def _document_actions(draw: st.DrawFn, situation: Situation) -> Action:
    fields: dict[str, Any]
    choices = ("create", "create", "edit", "edit", "publish", "publish", "unpublish", "delete")
    name = draw(st.sampled_from(choices))
    if name == "create":
        # A live document is created under its published id.
        key = draw(situation.missing((*VERSION_IDS, *GROUPS)))
        body = {**draw(_bodies), "_id": key}
        fields = {"attributes": body, "ifExists": draw(st.sampled_from((None, "fail", "ignore")))}
    elif name == "edit":
        key = draw(situation.existing(VERSION_IDS))
        fields = {"draftId": key, "patch": draw(_patches)}
    elif name == "publish":
        key = draw(situation.existing(VERSION_IDS))
        guards = _guards(situation)
        fields = {"draftId": key, "ifDraftRevisionId": draw(guards), "ifPublishedRevisionId": draw(guards)}
    elif name == "unpublish":
        key = draw(situation.existing(GROUPS))
        fields = {"draftId": f"drafts.{key}"}
    else:
        key = draw(situation.existing(GROUPS))
        family = [one for one in VERSION_IDS if _group_of(one) == key]
        fields = {"includeDrafts": draw(st.sampled_from((family, family, family[:1], [])))}
    return _named(f"document.{name}", {"publishedId": _group_of(key), **fields})


def _version_actions(draw: st.DrawFn, situation: Situation) -> Action:
    name = draw(st.sampled_from(("copy", "copy", "create", "discard", "old", "replaceDraft", "replace", "unpublish")))
    if name == "copy":
        base = draw(situation.existing(STORED_IDS))
        group = _group_of(base)
        version = draw(situation.missing([one for one in VERSION_IDS if _group_of(one) == group]))
        fields = {
            "publishedId": group,
            "baseId": base,
            "versionId": version,
            "ifBaseRevisionId": draw(_guards(situation)),
        }
        return _named("document.version.create", fields)
    if name == "unpublish":
        group = draw(situation.existing(GROUPS))
        version = draw(situation.fitting(situation.writable, [f"versions.{one}.{group}" for one in RELEASES]))
        return _named("document.version.unpublish", {"publishedId": group, "versionId": version})
    version = draw((situation.missing if name == "create" else situation.existing)(VERSION_IDS))
    if name == "discard":
        return _named("document.version.discard", {"versionId": version})
    if name == "old":
        return _named("document.discard", {"draftId": version})
    whole = {**draw(_bodies), "_id": version}
    if name == "create":
        return _named("document.version.create", {"publishedId": _group_of(version), "document": whole})
    if name == "replaceDraft":
        return _named("document.replaceDraft", {"publishedId": _group_of(version), "attributes": whole})
    return _named("document.version.replace", {"document": whole})


_METADATA: Final = (None, {"title": "Spring", "releaseType": "asap"})
_RELEASE_PATCHES: Final = (
    {"set": {"metadata": {"title": "Autumn"}}, "unset": []},
    {"set": {"metadata.title": "x"}, "unset": ["metadata.description"]},
)
_FITTING: Final[dict[str, tuple[str, ...]]] = {
    "": ("create",),
    "active": ("publish", "schedule", "archive", "edit"),
    "scheduled": ("unschedule", "edit"),
    "archived": ("unarchive", "unarchive", "delete", "edit"),
    "published": ("delete", "edit"),
}
_ALL: Final = ("create", "edit", "publish", "schedule", "unschedule", "archive", "unarchive", "delete")


def _release_actions(draw: st.DrawFn, situation: Situation) -> Action:
    release = draw(st.sampled_from(RELEASES))
    fields: dict[str, Any] = {"releaseId": release}
    name = draw(situation.fitting(lambda one: one in _FITTING[situation.states.get(release, "")], _ALL))
    if name == "create":
        fields["metadata"] = draw(st.sampled_from(_METADATA))
    elif name == "edit":
        fields["patch"] = draw(st.sampled_from(_RELEASE_PATCHES))
    elif name == "schedule":
        fields["publishAt"] = draw(st.sampled_from(situation.times))
    return _named(f"release.{name}", fields)


def _of(make: Callable[[st.DrawFn, Situation], Action], situation: Situation) -> st.SearchStrategy[Action]:
    return st.composite(lambda draw: make(draw, situation))()


def release_actions(situation: Situation) -> st.SearchStrategy[Action]:
    """Return single actions on releases in wire form."""
    return _of(_release_actions, situation)


def actions(situation: Situation) -> st.SearchStrategy[Action]:
    """Return single actions in wire form."""
    makers = (_document_actions, _document_actions, _version_actions, _release_actions)
    return st.one_of(*(_of(make, situation) for make in makers))


def action_lists(situation: Situation, *, size_max: int = 3) -> st.SearchStrategy[list[Action]]:
    """Return lists of actions, as one request carries them; most have one, as a refused one refuses them all."""
    one = actions(situation)
    return st.one_of(
        one.map(lambda action: [action]), one.map(lambda action: [action]), st.lists(one, max_size=size_max)
    )
