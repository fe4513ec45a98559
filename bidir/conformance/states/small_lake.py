"""A lake of a few documents as a pure function: a transaction in, the documents after it out.

Patches are applied by the emulator's own code, and what a release publishes is formed by it. What is left out (limits,
dates, history) has no bearing on relations; strong references are judged with the step, on its end state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bidir.conformance.states.scope import RELEASE
from bidir.refs import DRAFTS, group_of, layer_of, stored_id
from lakesim.actions.copies import copy_of, is_unpublish_marker, published_form
from lakesim.errors import LakeError
from lakesim.jsonvalue import dumps
from lakesim.patch import Patch, apply_patch, parse_patch

__all__ = ["WRITTEN", "LakeRefusedError", "commit", "patched", "publish_release"]

Document = dict[str, Any]
Documents = dict[str, Document]

WRITTEN = "written"
"""The revision of every document a transaction wrote."""
PARSED_MAX = 50_000
"""Patches kept parsed; the same few come again and again."""

_parsed: dict[str, Patch] = {}


class LakeRefusedError(Exception):
    """The lake would not take the transaction; the text says why."""


def commit(documents: Mapping[str, Document], mutations: Sequence[Mapping[str, Any]]) -> Documents:
    """Return the documents after a transaction; those it did not write are the same values as before.

    Raises: LakeRefusedError for a lock that does not hold, a create of what exists, a patch of what does not.
    """
    after = dict(documents)
    for mutation in mutations:
        ((kind, body),) = mutation.items()
        if kind == "patch":
            after[body["id"]] = _patch(documents, after, body)
        elif kind == "delete":
            after.pop(body["id"], None)
        elif kind == "create" and body["_id"] in after:
            raise LakeRefusedError(f'create of "{body["_id"]}", which exists already')
        elif kind != "createIfNotExists" or body["_id"] not in after:
            after[body["_id"]] = _stored(body, after.get(body["_id"]))
    return after


def _stored(body: Mapping[str, Any], present: Mapping[str, Any] | None) -> Document:
    created = (present or body).get("_createdAt", WRITTEN)
    return {**body, "_createdAt": created, "_rev": WRITTEN}


def _patch(before: Mapping[str, Document], now: Mapping[str, Document], body: Mapping[str, Any]) -> Document:
    target = body["id"]
    document = now.get(target)
    if document is None:
        raise LakeRefusedError(f'patch of "{target}", which does not exist')
    lock = body.get("ifRevisionID")
    if lock is not None and lock != (before.get(target) or document)["_rev"]:
        raise LakeRefusedError(f'the revision lock on "{target}" does not hold')
    patch = {name: value for name, value in body.items() if name not in ("id", "ifRevisionID")}
    return {**patched(document, patch), "_rev": WRITTEN}


def patched(document: Mapping[str, Any], patch: Mapping[str, Any]) -> Document:
    """Apply one wire patch to one document as the lake does.

    Raises: LakeRefusedError for a patch the lake would refuse.
    """
    if not patch:
        return dict(document)
    text = dumps(patch)
    try:
        parsed = _parsed.get(text)
        if parsed is None:
            if len(_parsed) >= PARSED_MAX:
                _parsed.clear()
            parsed = _parsed[text] = parse_patch(dict(patch), where="patch")
        out: Document = apply_patch(document, parsed)
    except LakeError as error:
        raise LakeRefusedError(str(error)) from error
    return out


def publish_release(documents: Mapping[str, Document]) -> Documents:
    """Return the documents after the lake published the release as a whole (content-lake reference, section 3.5)."""
    after = dict(documents)
    for version_id in _versions(documents):
        group = group_of(version_id)
        version = after.pop(version_id)
        if not is_unpublish_marker(version):
            after[group] = {**published_form(version, group), "_rev": WRITTEN}
            continue
        published = after.pop(group, None)
        draft = stored_id(group, DRAFTS)
        if published is not None and draft not in after:
            after[draft] = {**copy_of(published, draft, keep_created_at=True), "_rev": WRITTEN}
    return after


def _versions(documents: Iterable[str]) -> list[str]:
    return sorted(name for name in documents if layer_of(name) == RELEASE)
