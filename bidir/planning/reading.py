"""What a plan must read, as one query: the groups at hand, who they point at, who holds the places wanted.

Source: bidirectional semantics, F3. The text depends on the schema alone, so a lake compiles it once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bidir.planning.intent import Step
from bidir.refs import group_of, in_release, read_items
from bidir.relations import Field, Schema
from bidir.siblings import Snapshot

__all__ = ["Reading", "named_by", "reading_for", "reading_query", "snapshot_of", "stamped_in"]

Json = Any

LEAVING = (
    '*[_type == "system.release" && state == "scheduled"]'
    '{"m": *[_id in path("versions." + ^.name + ".**") && _system.delete == true]._id}.m[]'
)
"""What scheduled releases take offline when their time has come, in GROQ."""
STAMP = "_strengthenOnPublish"
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEYED = re.compile(r'\[\s*_key\s*==\s*"((?:[^"\\]|\\.)*)"\s*\]')


GROUP = (
    'select(^._id in path("drafts.**") => array::join(string::split(^._id, ".")[1..-1], "."), '
    '^._id in path("versions.**") => array::join(string::split(^._id, ".")[2..-1], "."), ^._id)'
)
"""The group of the document around a sub-query, in GROQ."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What to look up.

    `sources` are groups whose partners matter (`everything`, or only list items with one of `keys`), `targets` groups
    of which only the holders of single places matter, `claims` groups whose referrers matter. `deep`: also who holds
    the single places of the sources' partners. `arriving` are groups that may come into view, whose referrers matter
    where nothing of them is published.
    """

    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    everything: bool = True
    deep: bool = False
    keys: frozenset[str] = frozenset()
    arriving: tuple[str, ...] = ()

    def params(self) -> dict[str, Json]:
        """Return the query's parameters."""
        return {
            "sources": [{"g": group} for group in self.sources],
            "targets": [{"g": group} for group in self.targets],
            "claims": [{"g": group} for group in self.claims],
            "everything": self.everything,
            "deep": [{"g": group} for group in self.sources] if self.deep else [],
            "keys": sorted(self.keys),
            "arriving": [{"g": group} for group in self.arriving],
        }


def _attribute(path: Sequence[str]) -> str:
    head, *rest = path
    text = head if _IDENTIFIER.fullmatch(head) else f'@["{head}"]'
    return text + "".join(f".{name}" if _IDENTIFIER.fullmatch(name) else f'["{name}"]' for name in rest)


def reading_query(schema: Schema) -> str:
    """Return the query for this schema: own versions, partners of sources, holders of targets' places, referrers."""
    singles: dict[str, None] = {}
    lists: dict[str, None] = {}
    for name in schema.types:
        for field in schema.fields_of(name):
            if field.many:
                member = "." + _attribute(field.member) if field.member else ""
                lists[f"...{_attribute(field.path)}[$everything || _key in $keys]{member}"] = None
            else:
                singles[_attribute(field.path)] = None
    versions = "*[sanity::versionOf(^.g)]"
    partner = '{"d": *[sanity::versionOf(^._ref)]}.d[]'
    links = f'{{"r": [{", ".join([*singles, *lists])}]}}.r[]'
    holders = f'{{"r": [{", ".join(singles)}]}}.r[]'
    stamped = [*singles, *lists, *_stamped(schema)]
    near = f'{versions}{{"r": [{", ".join(stamped)}]}}.r[]{partner}'
    held = f"{versions}{holders}{partner}"
    referrers = f'*[references(^.g)]{{"d": *[sanity::versionOf({GROUP})]}}.d[]'
    unpublished = "count(*[sanity::versionOf(^.g) && _id == ^.g]) == 0"
    beyond = f'{versions}{links}{{"d": *[sanity::versionOf(^._ref)]{holders}{partner}}}.d[]'
    return (
        f'{{"own": $sources[]{{"d": {versions}}}.d[], "wanted": $targets[]{{"d": {versions}}}.d[], '
        f'"near": $sources[]{{"d": {near}}}.d[], "held": $targets[]{{"d": {held}}}.d[], '
        f'"beyond": $deep[]{{"d": {beyond}}}.d[], '
        f'"claims": $claims[]{{"d": {referrers}}}.d[], '
        f'"waiting": $arriving[]{{"d": select({unpublished} => {referrers})}}.d[], '
        '"locked": *[_type == "system.release" && state != "active"].name, '
        '"archived": *[_type == "system.release" && state in ["archiving", "archived", "unarchiving"]].name, '
        f'"leaving": {LEAVING}}}'
    )


def _stamped(schema: Schema) -> dict[str, None]:
    """Return where derived relations point at what may not be published: nothing else of theirs has to be known."""
    places: dict[str, None] = {}
    for name in schema.types:
        stored = schema.fields_of(name)
        for field in schema.pointers_of(name):
            if field in stored:
                continue
            path, stamp = _attribute(field.path), _attribute((*field.member, STAMP))
            member = "." + _attribute(field.member) if field.member else ""
            place = f"...{path}[defined({stamp})]{member}" if field.many else f"...[{path}][defined({stamp})]"
            places[place] = None
    return places


def snapshot_of(schema: Schema, reading: Reading, result: Mapping[str, Json]) -> Snapshot:
    """Return what the query's result says, with the groups it is complete for."""
    documents: dict[str, Mapping[str, Json]] = {}
    for part in ("own", "wanted", "near", "held", "beyond", "claims", "waiting"):
        for document in result.get(part) or ():
            if isinstance(document, Mapping):
                documents[document["_id"]] = document
    known = {*reading.sources, *reading.targets}
    referring = [*(result.get("claims") or ()), *(result.get("waiting") or ())]
    known.update(group_of(document["_id"]) for document in referring if isinstance(document, Mapping))
    parts = (("own", True), ("wanted", False), *((("near", False),) if reading.deep else ()))
    for part, follows_lists in parts:
        for document in result.get(part) or ():
            if isinstance(document, Mapping):
                known.update(_followed(schema, reading, document, follows_lists))
    locked, archived = (
        frozenset(name for name in result.get(part) or () if isinstance(name, str)) for part in ("locked", "archived")
    )
    asked = {*reading.claims, *(group for group in reading.arriving if group not in documents)}
    leaving = frozenset(group_of(key) for key in result.get("leaving") or () if isinstance(key, str))
    return Snapshot(documents, frozenset(known), frozenset(asked), locked, archived, leaving)


def _followed(schema: Schema, reading: Reading, document: Mapping[str, Json], follows_lists: bool) -> Iterator[str]:
    name = str(document.get("_type"))
    stored = schema.fields_of(name)
    for field in schema.pointers_of(name) if follows_lists else stored:
        if field not in stored:
            items = read_items(document, field)
            yield from (item.target for item in items if item.target and STAMP in (item.reference or {}))
            continue
        if field.many and not follows_lists:
            continue
        for item in read_items(document, field):
            if item.target is None or item.fault == "draft-id":
                continue
            if not field.many or reading.everything or item.key in reading.keys:
                yield item.target


def stamped_in(schema: Schema, documents: Iterable[Mapping[str, Json]], apart_from: Iterable[str]) -> tuple[str, ...]:
    """Return what the documents point at with a publish stamp, in order of ids; what became of that is looked up."""
    found = {
        item.target
        for document in documents
        for field in schema.pointers_of(str(document.get("_type")))
        for item in read_items(document, field)
        if item.target is not None and STAMP in (item.reference or {})
    }
    return tuple(sorted(found - set(apart_from)))


def reading_for(schema: Schema, steps: Iterable[Step], layer: str) -> Reading:
    """Return what the user's steps in `layer` make necessary.

    In a release a document of which only a draft exists comes into view by the version that is made of it (E8.7).
    """
    sources: dict[str, None] = {}
    targets: dict[str, None] = {}
    claims: dict[str, None] = {}
    everything = False
    keys: set[str] = set()
    lists = {".".join(field.path): field for name in schema.types for field in schema.fields_of(name) if field.many}
    for step in steps:
        group = step.group or group_of(step.document_id or "")
        sources[group] = None
        for target in _references(step.body):
            targets[group_of(target)] = None
        if step.kind == "patch":
            all_of_it, some = _touched_keys(step.body, lists)
            everything = everything or all_of_it
            keys |= some
            continue
        everything = True
        name = step.body.get("_type")
        if step.kind == "delete" or (isinstance(name, str) and schema.fields_of(name)):
            claims[group] = None
    return Reading(
        tuple(sources),
        tuple(target for target in targets if target not in sources),
        tuple(claims),
        everything,
        keys=frozenset(keys),
        arriving=tuple(dict.fromkeys([*sources, *targets])) if in_release(layer) else (),
    )


def named_by(document: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the groups that a document refers to, each once."""
    return tuple(dict.fromkeys(map(group_of, _references(document))))


def _references(value: Json) -> Iterator[str]:
    stack = [value]
    while stack:
        current = stack.pop()
        if isinstance(current, Mapping):
            target = current.get("_ref")
            if isinstance(target, str) and target:
                yield target
            # A patch may set the reference's attribute alone, by path.
            for name, inner in current.items():
                if isinstance(name, str) and name.endswith("._ref") and isinstance(inner, str):
                    yield inner
            stack.extend(current.values())
        elif isinstance(current, list):
            stack.extend(current)


def _touched_keys(patch: Mapping[str, Json], lists: Mapping[str, Field]) -> tuple[bool, set[str]]:
    """Return (whole lists matter, item keys that matter) for the relation lists a patch may take items out of."""
    keys: set[str] = set()
    for operation, argument in patch.items():
        if operation == "insert" and isinstance(argument, Mapping) and "replace" not in argument:
            continue
        if operation in ("ifRevisionID", "setIfMissing"):
            continue
        paths = argument.values() if operation == "insert" and isinstance(argument, Mapping) else argument
        for path in paths if isinstance(paths, (Mapping, list)) else ():
            if not isinstance(path, str):
                continue
            if path.startswith(("..", "*", "[")):
                return True, keys
            name = next((one for one in lists if path.startswith(one)), None)
            if name is None:
                if any(one.startswith(f"{path}.") for one in lists):
                    return True, keys
                continue
            keyed = _KEYED.match(path, len(name))
            if keyed is None:
                return True, keys
            keys.add(keyed.group(1))
    return False, keys
