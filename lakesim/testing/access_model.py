"""Grants, documents and writes at random, and a naive judgement of them: each filter as a query on one document.

Every version of every document carries a `mark` of its own, so that whatever an answer tells of a version can be found
in its text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from hypothesis import strategies as st

from lakesim.access import PERMISSIONS, Grant
from lakesim.groq import query
from lakesim.jsonvalue import Json, dump_bytes

__all__ = ["ACCESS_IDS", "IDENTITY", "documents_of_world", "grant_lists", "is_granted", "marks_in", "write_lists"]

ACCESS_IDS: Final = ("a", "b", "c", "x.y", "drafts.a", "drafts.b", "versions.r1.a", "versions.r1.c")
"""Stored ids of published documents, one of them dotted, drafts and versions."""
IDENTITY: Final = "pAnn"
"""The caller of whom the grants speak."""

_FILTERS: Final = (
    '_id in path("**")',
    '_id in path("*")',
    '_id in path("drafts.**")',
    '_id in path("drafts.**") || _id in path("versions.**")',
    '_type == "post"',
    '_type != "post"',
    "owner == identity()",
    "secret != true",
    '_type == "memo" && secret != true',
    'references("a")',
    '_id == "b"',
)
_MARK: Final = re.compile(rb"mark-[0-9]+-")


def grant_lists(*, max_size: int = 3) -> st.SearchStrategy[list[Grant]]:
    """Return lists of grants, each of a few permissions on a part of the documents."""
    permissions = st.lists(st.sampled_from(PERMISSIONS[:4]), min_size=1, max_size=4, unique=True).map(tuple)
    return st.lists(st.builds(Grant, st.sampled_from(_FILTERS), permissions), max_size=max_size)


def _fields() -> st.SearchStrategy[dict[str, Any]]:
    reference = st.sampled_from(ACCESS_IDS[:4]).map(lambda key: {"_type": "reference", "_ref": key, "_weak": True})
    return st.fixed_dictionaries(
        {"owner": st.sampled_from((IDENTITY, "pBob")), "secret": st.booleans()}, optional={"ref": reference}
    )


def documents_of_world() -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return up to eight documents of different ids, without marks."""
    types = st.sampled_from(("post", "memo"))
    one = st.builds(
        lambda key, kind, fields: {"_id": key, "_type": kind, **fields}, st.sampled_from(ACCESS_IDS), types, _fields()
    )
    return st.lists(one, max_size=len(ACCESS_IDS), unique_by=lambda document: str(document["_id"]))


def write_lists(*, max_size: int = 3) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Return lists of mutations of every kind, by id and by query."""
    ids, kinds = st.sampled_from(ACCESS_IDS), st.sampled_from(("create", "createOrReplace", "createIfNotExists"))
    types = st.sampled_from(("post", "memo"))
    creating = st.builds(
        lambda kind, key, type_name, fields: {kind: {"_id": key, "_type": type_name, **fields}},
        *(kinds, ids, types, _fields()),
    )
    selection = st.one_of(
        ids.map(lambda key: {"id": key}), st.sampled_from(("*", "*[secret]")).map(lambda text: {"query": text})
    )
    patching = st.builds(lambda chosen, fields: {"patch": {**chosen, "set": fields}}, selection, _fields())
    guarded = st.builds(lambda key, fields: {"patch": {"id": key, "set": fields, "ifRevisionID": "no"}}, ids, _fields())
    deleting = selection.map(lambda chosen: {"delete": chosen})
    return st.lists(st.one_of(creating, patching, guarded, deleting), min_size=1, max_size=max_size)


def is_granted(grants: Iterable[Grant], permission: str, document: Json) -> bool:
    """Whether a grant with the permission matches, each filter asked as a query over the one document."""
    return document is not None and any(
        query(f"*[{grant.filter}]", [document], identity=IDENTITY)
        for grant in grants
        if permission in grant.permissions
    )


def marks_in(answer: Json) -> set[str]:
    """Return the marks that an answer tells of."""
    return {mark.decode() for mark in _MARK.findall(dump_bytes(answer))}
