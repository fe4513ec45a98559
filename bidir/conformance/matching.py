"""Compares stored documents with what a scenario expects, named fields by value and everything else by the frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bidir.conformance.arrows import Arrow, parse_arrow, text_of
from bidir.conformance.display import ABSENT, SYSTEM_FIELDS, Absent, show, show_document
from lakesim.ids import is_system_id, published_id
from lakesim.jsonvalue import Json, equal

__all__ = ["Documents", "Mismatch", "match_documents", "match_value"]

Documents = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One difference: the thing compared, what should be there and what is."""

    what: str
    expected: str
    got: str


def match_documents(
    expected: Mapping[str, str | Mapping[str, Any]], before: Documents, after: Documents, *, others: str = "unchanged"
) -> list[Mismatch]:
    """Compare `after` with `expected` (by stored id: fields, `absent` or `unchanged`).

    With `others` "unchanged" all documents not named must be untouched, down to their revision, and so must the fields
    not named of a named one; a version that is new is compared with the published document it was made from.
    """
    found: list[Mismatch] = []
    for document_id, wanted in expected.items():
        found += _match_document(document_id, wanted, before, after, others)
    if others == "unchanged":
        # The service's own documents (a release's state) change with what it does; they count only where named.
        rest = [key for key in {**before, **after} if key not in expected and not is_system_id(key)]
        for document_id in rest:
            found += _unchanged(document_id, before.get(document_id), after.get(document_id))
    return found


def _match_document(
    document_id: str, wanted: str | Mapping[str, Any], before: Documents, after: Documents, others: str
) -> list[Mismatch]:
    got = after.get(document_id)
    if wanted == "unchanged":
        return _unchanged(document_id, before.get(document_id), got)
    if wanted == "absent":
        return [] if got is None else [Mismatch(document_id, "no such document", show_document(got))]
    assert isinstance(wanted, Mapping)
    if got is None:
        return [Mismatch(document_id, f"a document with {show(dict(wanted), notation=True)}", "no such document")]
    named = {key: value for key, value in wanted.items() if key != REST}
    found = [
        mismatch
        for key, value in named.items()
        for mismatch in match_value(value, got.get(key, ABSENT), f"{document_id}.{key}")
    ]
    if others == "any" or wanted.get(REST) == "any":
        return found
    base = before.get(document_id) or before.get(published_id(document_id)) or {"_type": got.get("_type")}
    for key in sorted((base.keys() | got.keys()) - named.keys() - SYSTEM_FIELDS):
        old, new = base.get(key, ABSENT), got.get(key, ABSENT)
        if not _same(old, new):
            found.append(Mismatch(f"{document_id}.{key}", f"{show(old)} (unchanged)", show(new)))
    return found


REST = "_rest"
"""`_rest: any` in an expected document lets the fields not named be anything."""


def _unchanged(document_id: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> list[Mismatch]:
    if old is None or new is None:
        if old is new:
            return []
        states = ["no such document" if one is None else show_document(one) for one in (old, new)]
        return [Mismatch(document_id, f"{states[0]} (unchanged)", states[1])]
    if old.get("_rev") == new.get("_rev"):
        return []
    changed = [
        key
        for key in {**old, **new}
        if key not in SYSTEM_FIELDS and not _same(old.get(key, ABSENT), new.get(key, ABSENT))
    ]
    if not changed:
        return [Mismatch(document_id, "not written", "written without a change (new revision)")]
    return [
        Mismatch(f"{document_id}.{key}", f"{show(old.get(key, ABSENT))} (unchanged)", show(new.get(key, ABSENT)))
        for key in changed
    ]


def _same(left: Json | Absent, right: Json | Absent) -> bool:
    if isinstance(left, Absent) or isinstance(right, Absent):
        return left is right
    return equal(left, right)


def match_value(expected: Json, got: Json | Absent, what: str) -> list[Mismatch]:
    """Compare one value; arrows match references whatever their key, null matches any form of "no link"."""
    if expected is None:
        empty = isinstance(got, Absent) or got is None or got == []
        return [] if empty else [Mismatch(what, "no link (absent, null or [])", show(got))]
    if isinstance(expected, dict) and expected.keys() & _MATCHERS:
        return _match_special(expected, got, what)
    if isinstance(expected, str):
        arrow = parse_arrow(expected)
        if arrow is not None:
            return _match_reference(arrow, got, what)
    if isinstance(expected, list) and isinstance(got, list):
        return _match_list(expected, got, what)
    if isinstance(expected, dict) and isinstance(got, dict):
        return _match_object(expected, got, what)
    if isinstance(got, Absent) or not equal(expected, got):
        return [Mismatch(what, show(expected, notation=True), show(got))]
    return []


_MATCHERS = frozenset({"$absent", "$any", "$set", "$text"})


def _match_special(expected: Mapping[str, Json], got: Json | Absent, what: str) -> list[Mismatch]:
    """Compare with `{$absent: true}`, `{$any: true}`, `{$set: […]}` or `{$text: …}`."""
    if "$any" in expected:
        return [Mismatch(what, "something", show(got))] if isinstance(got, Absent) else []
    if "$absent" in expected:
        return [] if isinstance(got, Absent) else [Mismatch(what, "nothing, not even null or []", show(got))]
    text = text_of(dict(expected))
    if text is not None:
        return [] if not isinstance(got, Absent) and equal(text, got) else [Mismatch(what, show(text), show(got))]
    wanted = list(expected["$set"])
    if not isinstance(got, list):
        return [Mismatch(what, f"in any order {show(wanted, notation=True)}", show(got))]
    left = list(got)
    for item in wanted:
        index = next((index for index, one in enumerate(left) if not match_value(item, one, what)), None)
        if index is None:
            return [Mismatch(what, f"in any order {show(wanted, notation=True)}", show(got))]
        del left[index]
    return [Mismatch(what, f"in any order {show(wanted, notation=True)}", show(got))] if left else []


def _match_reference(arrow: Arrow, got: Json | Absent, what: str) -> list[Mismatch]:
    words = {"any": "", "weak": " (weak)", "strong": " (strong)"}
    wanted = f"-> {arrow.target}{words[arrow.strength]}"
    if not isinstance(got, dict) or got.get("_ref") != arrow.target:
        return [Mismatch(what, wanted, show(got))]
    weak = got.get("_weak") is True
    if arrow.strength != "any" and weak != (arrow.strength == "weak"):
        return [Mismatch(what, wanted, show(got))]
    return []


def _match_list(expected: list[Json], got: list[Json], what: str) -> list[Mismatch]:
    if len(expected) != len(got):
        return [
            Mismatch(
                what, f"{show(expected, notation=True)} ({len(expected)} items)", f"{show(got)} ({len(got)} items)"
            )
        ]
    keys = [item["_key"] for item in got if isinstance(item, dict) and isinstance(item.get("_key"), str)]
    if len(keys) != len(set(keys)):
        return [Mismatch(what, "items with keys of their own", f"keys {', '.join(keys)}")]
    found = []
    for index, (one, item) in enumerate(zip(expected, got, strict=True)):
        found += match_value(one, item, f"{what}[{index}]")
    # A list is easier to read whole than item by item, and order is what usually differs.
    return [Mismatch(what, show(expected, notation=True), show(got))] if found and _arrows_only(expected) else found


def _arrows_only(items: list[Json]) -> bool:
    return all(isinstance(item, str) for item in items)


def _match_object(expected: Mapping[str, Json], got: Mapping[str, Json], what: str) -> list[Mismatch]:
    """Compare objects exactly, but for `_` members (key, type, strength) that the expectation does not mention."""
    found = []
    for key, value in expected.items():
        found += match_value(value, got.get(key, ABSENT), f"{what}.{key}")
    for key in got.keys() - expected.keys():
        if not key.startswith("_"):
            found.append(Mismatch(f"{what}.{key}", "nothing", show(got[key])))
    return found
