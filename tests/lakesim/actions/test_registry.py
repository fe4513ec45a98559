"""The tables of actions: complete, in step with the typed actions and with what carries them out."""

import dataclasses
import re
import typing

import pytest

from lakesim import BadRequestError
from lakesim.actions import ACTIONS, VARIANT_ACTIONS
from lakesim.actions.api_version import require_api_version
from lakesim.actions.fields import _READERS
from lakesim.actions.model import Action
from lakesim.actions.parse import _MAKERS
from lakesim.actions.registry import DOCUMENT_ACTIONS_SINCE, RELEASE_ACTIONS_SINCE, FieldKind
from lakesim.actions.run import CARRIED_OUT_BY

DOCUMENTED = {
    "document": ("create", "edit", "publish", "unpublish", "delete", "discard", "replaceDraft"),
    "document.version": ("create", "discard", "replace", "unpublish"),
    "release": ("create", "edit", "publish", "schedule", "unschedule", "archive", "unarchive", "delete", "import"),
}


def test_every_documented_action_is_there():
    documented = {f"sanity.action.{area}.{name}" for area, names in DOCUMENTED.items() for name in names}
    assert set(ACTIONS) == documented
    assert len(VARIANT_ACTIONS) == 8
    assert not VARIANT_ACTIONS & set(ACTIONS)


def test_every_action_can_be_parsed_and_carried_out():
    assert set(_MAKERS) == set(ACTIONS)
    assert set(CARRIED_OUT_BY) == set(typing.get_args(Action))


def test_every_kind_of_field_can_be_read():
    used = {field.kind for spec in ACTIONS.values() for field in spec.fields}
    assert used == set(typing.get_args(FieldKind)) == {*_READERS, "choice"}


@pytest.mark.parametrize("spec", ACTIONS.values(), ids=lambda spec: spec.name)
def test_the_table_describes_the_action(spec):
    names = [name for field in spec.fields for name in (field.name, *field.aliases)]
    assert len(names) == len(set(names))
    assert all((field.kind == "choice") == bool(field.values) for field in spec.fields)
    assert re.fullmatch(r"[A-Z].*\.", spec.summary)
    attributes = {attribute.name for kind in typing.get_args(Action) for attribute in dataclasses.fields(kind)}
    assert {field.key for field in spec.fields} <= attributes


def test_the_two_old_document_actions_are_marked():
    assert {name for name, spec in ACTIONS.items() if spec.deprecated} == {
        "sanity.action.document.discard",
        "sanity.action.document.replaceDraft",
    }


@pytest.mark.parametrize(
    ("name", "version", "is_known"),
    [
        ("document.edit", "v2024-05-22", False),
        ("document.edit", "v2024-05-23", True),
        ("document.edit", "2025-02-18", True),
        ("document.edit", "v1", False),
        ("release.create", "v2025-02-18", False),
        ("release.create", "v2025-02-19", True),
        ("document.version.discard", "v2025-02-18", False),
        ("document.version.discard", "vX", True),
        ("release.create", "X", True),
        ("document.unheard", "v1", True),
    ],
)
def test_older_versions_do_not_know_newer_actions(name, version, is_known):
    actions = [{"actionType": "sanity.action.unheard"}, {}, {"actionType": f"sanity.action.{name}"}]
    if is_known:
        require_api_version(actions, version)
    else:
        with pytest.raises(BadRequestError, match="action index 2: not supported for this API version"):
            require_api_version(actions, version)


def test_document_actions_are_older_than_release_actions():
    assert {spec.since for spec in ACTIONS.values()} == {DOCUMENT_ACTIONS_SINCE, RELEASE_ACTIONS_SINCE}
    newer = {name for name, spec in ACTIONS.items() if spec.since == RELEASE_ACTIONS_SINCE}
    assert newer == {name for name in ACTIONS if ".release." in name or ".version." in name}
