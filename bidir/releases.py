"""Whole releases: the lake's own actions, and what the relations need before and after them.

Source: bidirectional semantics, E4 rows 24–27, E8.13; publishing a release is always the lake's release action.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bidir.carrying import Carrier
from bidir.errors import Refused, Unavailable
from bidir.outcome import Outcome
from bidir.planning import Intent, Operation
from bidir.planning.lifecycle import fit_to_be_archived, premature_stamps
from bidir.planning.reading import Reading, stamped_in
from bidir.planning.waiting import find_missing
from bidir.reconcile.healing import heal_and_tell
from bidir.refs import DRAFTS, PUBLISHED, group_of, layer_of, stored_id, targets_of
from bidir.relations import Schema
from bidir.siblings import Snapshot, World, is_marked

__all__ = [
    "archive",
    "changed_by_publish",
    "create",
    "delete",
    "deleted_elsewhere",
    "early_stamps",
    "joined",
    "publish",
    "schedule",
    "unarchive",
    "unschedule",
]

Document = Mapping[str, Any]

VERSIONS_QUERY = "*[_id in path($pattern)]{_id}"
NAMES_QUERY = '*[_type == "system.release"].name'
MARKED_QUERY = "*[_id in path($pattern) && _system.delete == true]{_id}"
ACTION = "sanity.action.release."
EDIT = "sanity.action.document.edit"
TRANSIENT_STATES = frozenset({"scheduling", "unscheduling", "publishing", "archiving", "unarchiving"})
"""States of a release that the lake leaves by itself."""
REST_SECONDS_MAX = 60.0
"""How long a call waits for that."""
POLL_SECONDS = 0.5
"""How often it looks."""


def create(carrier: Carrier, name: str, metadata: Mapping[str, Any]) -> Outcome:
    """Create a release."""
    return _act(carrier, [{"actionType": f"{ACTION}create", "releaseId": name, "metadata": dict(metadata)}])


def schedule(carrier: Carrier, name: str, at: str) -> Outcome:
    """Schedule a release; strong pointers at documents it unpublishes are made weak first, so are its own at documents
    that another release unpublishes, and such as would become strong before their targets are there lose the stamp that
    says so. A time that is past means now: then it is published, with all that follows.

    Raises: LockedReleaseError where another scheduled release points strongly at what this one unpublishes; Refused
    where the lake could not publish it.
    """
    softened = _soften(carrier, name, _marked_in(carrier, "versions.**"))
    action = {"actionType": f"{ACTION}schedule", "releaseId": name, "publishAt": at}
    return joined(softened, _sent_off(carrier, name, action))


def unschedule(carrier: Carrier, name: str) -> Outcome:
    """Take a schedule back; what waited for the release to take writes again is written (F8)."""
    done = _act(carrier, [{"actionType": f"{ACTION}unschedule", "releaseId": name}])
    _rest(carrier, name, "scheduled", "not unscheduled")
    waited = [item.key for item in carrier.store if item.layer == name and item.reason == "locked-release"]
    return joined(done, heal_and_tell(carrier, only=waited)) if waited else done


def archive(carrier: Carrier, name: str) -> Outcome:
    """Archive a release; it can come back, so nothing else changes. What points at what lived only there waits.

    What its versions say strongly of published documents is made weak first, with the stamp to grow strong again: if
    one of those goes offline meanwhile, the release could not come back.
    Raises: Refused where the lake could not.
    """
    groups = tuple(_groups_in(carrier, name))
    edits = _edits_before_archive(carrier, name, groups) if carrier.mode == "on" else []
    done = _act(carrier, [*edits, {"actionType": f"{ACTION}archive", "releaseId": name}])
    _rest(carrier, name, "active", "not archived")
    if not groups or carrier.mode != "on":
        return done
    run = carrier.start()
    carrier.read_all(run, Reading(groups, (), groups), [name])
    waiting = tuple(find_missing(World(carrier.schema, run.snapshot), groups))
    carrier.store.add(waiting)
    return replace(done, reads=run.reads, pending=waiting)


def unarchive(carrier: Carrier, name: str) -> Outcome:
    """Bring an archived release back, then carry through what its versions say: much may have changed since.

    What was deleted meanwhile is erased from them (R7); what was not there then either goes on waiting.
    Raises: Refused where the lake could not bring it back.
    """
    archived_at = str((_archiving(carrier, name) or {}).get("timestamp", ""))
    done = _act(carrier, [{"actionType": f"{ACTION}unarchive", "releaseId": name}])
    _rest(carrier, name, "archived", "not unarchived")
    groups = tuple(_groups_in(carrier, name))
    if not groups:
        return done
    run = carrier.start()
    carrier.read_all(run, Reading(groups, (), groups, deep=True), [name])
    versions = {key: one for key, one in run.snapshot.documents.items() if layer_of(key) == name}
    made = carrier.store.engine_versions & versions.keys()
    followed = carrier.follow_up(dict.fromkeys(versions), run)
    # That they are back is nobody's edit of them: what the engine had made is the engine's as before (E8.10).
    carrier.store.remember_versions(made)
    pointed = {target for one in versions.values() for target in _targets(carrier.schema, one)}
    lost = _deleted(carrier, pointed, run.snapshot, archived_at)
    return joined(done, followed, _erase(carrier, lost, name))


def publish(carrier: Carrier, name: str) -> Outcome:
    """Publish a release, then carry the consequences to the layers above in one follow-up transaction.

    Stamps of pointers whose targets stay unpublished are taken out in front, in the same request, and put back by the
    follow-up: the lake would make those pointers strong, and then refuse the whole release for them.
    Raises: LockedReleaseError where a scheduled release points strongly at what this one unpublishes.
    """
    softened = _soften(carrier, name, _marked_in(carrier, f"versions.{name}.**"))
    action = {"actionType": f"{ACTION}publish", "releaseId": name}
    return joined(softened, _sent_off(carrier, name, action))


def _sent_off(carrier: Carrier, name: str, action: Mapping[str, Any]) -> Outcome:
    """Take the early stamps out and do `action` in one request; where that published the release, carry it through."""
    run = carrier.start()
    groups = _groups_in(carrier, name)
    reading = Reading(tuple(groups), (), tuple(groups), deep=True)
    carrier.read_all(run, reading, [name])
    earlier = run.snapshot
    stamps = early_stamps(carrier.schema, earlier, name)
    done = _act(carrier, [*_edits(stamps, name), action])
    if _rest(carrier, name, "active", "not published") != "published":
        return done
    after = replace(run, snapshot=Snapshot())
    stamped = {group: earlier.documents[stored_id(group, name)] for group in stamps}
    carrier.read_all(after, replace(reading, targets=stamped_in(carrier.schema, stamped.values(), groups)), [name])
    return joined(done, carrier.follow_up(changed_by_publish(earlier, after.snapshot, groups), after, stamped))


def delete(carrier: Carrier, name: str) -> Outcome:
    """Delete an archived or published release; what lived only there is gone for good, pointers to it too (R7)."""
    groups = _put_away(_archiving(carrier, name), name)
    done = _act(carrier, [{"actionType": f"{ACTION}delete", "releaseId": name}])
    carrier.store.settle([item.key for item in carrier.store if item.layer == name])
    return joined(done, _erase(carrier, groups))


def deleted_elsewhere(carrier: Carrier, name: str) -> Outcome:
    """Somebody else deleted a release that was archived: what lived only there is gone for good (R7)."""
    return _erase(carrier, _put_away(_archiving(carrier, name), name))


def _erase(carrier: Carrier, groups: tuple[str, ...], layer: str = PUBLISHED) -> Outcome:
    """Take the pointers at groups without any version out of every layer, or out of one release alone (R7)."""
    if not groups:
        return Outcome()
    operation = Operation("forget", groups, layer)
    return carrier.carry_out(Intent((), layer, operation), Reading(groups, (), groups, deep=True))


def _targets(schema: Schema, document: Document) -> set[str]:
    fields = schema.fields_of(str(document.get("_type")))
    return {target for field in fields for target in targets_of(document, field)}


def _deleted(carrier: Carrier, groups: Iterable[str], snapshot: Snapshot, moment: str) -> tuple[str, ...]:
    """Return those of the groups that have no version any more and lost the last since `moment`, as history tells."""
    gone = sorted(set(groups) - {group_of(key) for key in snapshot.documents})
    named = carrier.backend.query(NAMES_QUERY, {}) if gone else ()
    layers = [PUBLISHED, DRAFTS, *(one for one in named if isinstance(one, str))]
    return tuple(one for one in gone if any(_changed_since(carrier, stored_id(one, layer), moment) for layer in layers))


def _changed_since(carrier: Carrier, document_id: str, moment: str) -> bool:
    newest = next(iter(carrier.backend.history(document_id)), None)
    return newest is not None and str(newest.get("timestamp")) >= moment


def early_stamps(schema: Schema, snapshot: Snapshot, release: str) -> dict[str, list[str]]:
    """Return, by group, the paths of publish stamps in a release whose targets its publish leaves unpublished.

    Pure: `snapshot` holds the release's versions and what they point at (bidirectional semantics, E8.6).
    """
    world = World(schema, snapshot)
    versions = {group_of(key): one for key, one in snapshot.documents.items() if layer_of(key) == release}
    for group, version in versions.items():
        world.put(group, PUBLISHED, None if is_marked(version) else version)
    found = {group: premature_stamps(world, group, release) for group in versions if not world.marked(group, release)}
    return {group: paths for group, paths in sorted(found.items()) if paths}


def _edits_before_archive(carrier: Carrier, name: str, groups: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the actions that make strong pointers at what has no version in the release weak."""
    run = carrier.start()
    carrier.read_all(run, Reading(groups, (), (), deep=True), [name])
    world = World(carrier.schema, run.snapshot)
    found = {group: fit_to_be_archived(world, group, name) for group in groups}
    return [_edit(group, name, {"set": patch}) for group, patch in found.items() if patch]


def _edits(stamps: Mapping[str, Sequence[str]], release: str) -> list[dict[str, Any]]:
    """Return the actions that take the stamps out."""
    return [_edit(group, release, {"unset": list(paths)}) for group, paths in stamps.items()]


def _edit(group: str, release: str, patch: Mapping[str, Any]) -> dict[str, Any]:
    names = {"publishedId": group, "draftId": stored_id(group, release)}
    return {"actionType": EDIT, **names, "patch": dict(patch)}


def _rest(carrier: Carrier, name: str, back: str, what: str) -> str | None:
    """Wait until the lake has moved a release, which it may still be doing when it answers; return its state.

    One that it could not move is in the state `back` again and says why; nothing of it was done. Source: content-lake
    reference, section 3.5.
    Raises: Refused with the lake's words; Unavailable where it takes longer than anybody waits.
    """
    document_id = f"_.releases.{name}"
    waited = 0.0
    while True:
        release = carrier.backend.documents([document_id])[document_id] or {}
        state = release.get("state")
        if state not in TRANSIENT_STATES:
            break
        if waited >= REST_SECONDS_MAX:
            raise Unavailable(
                f'release "{name}" is still {state} after {waited:.0f} seconds; once it is done, a follower or a '
                "repair carries through what follows"
            )
        carrier.backend.clock.sleep(POLL_SECONDS)
        waited += POLL_SECONDS
    message = (release.get("error") or {}).get("message")
    if message and state == back:
        raise Refused(f'release "{name}" was {what}: {message}', type="actionError")
    return None if state is None else str(state)


def _groups_in(carrier: Carrier, name: str) -> list[str]:
    found = carrier.backend.query(VERSIONS_QUERY, {"pattern": f"versions.{name}.**"})
    return sorted({group_of(row["_id"]) for row in found})


def _archiving(carrier: Carrier, name: str) -> Mapping[str, Any] | None:
    """Return the transaction that put a release's versions away; None where it held none, or is not archived.

    What archiving deleted stands only in the history, in the transaction that changed the release as well; what came
    and went before the release was active for the last time is none of it. What a release has published is nothing of
    the release's any more.
    """
    for row in carrier.backend.history(f"_.releases.{name}"):
        changes = [change for mutation in row.get("mutations") or () for change in mutation.items()]
        states = [body.get("set", {}).get("state") for kind, body in changes if kind == "patch"]
        if "published" in states or "active" in states:
            break
        if any(kind == "delete" and layer_of(str(body.get("id"))) == name for kind, body in changes):
            return row
    return None


def _put_away(archiving: Mapping[str, Any] | None, name: str) -> tuple[str, ...]:
    """Return the groups of which a release was put away with a version."""
    mutations = archiving["mutations"] if archiving is not None else ()
    ids = [str(one["delete"].get("id")) for one in mutations if "delete" in one]
    return tuple(sorted({group_of(one) for one in ids if layer_of(one) == name}))


def changed_by_publish(earlier: Snapshot, now: Snapshot, groups: Sequence[str]) -> dict[str, Document | None]:
    """Return what the published documents of the groups were before, where they are different now.

    A group that is gone altogether counts with the versions it had: a mark for unpublishing what was unpublished
    already takes the last one with it.
    """
    keys = {key for key in (*earlier.documents, *now.documents) if group_of(key) in set(groups)}
    left = {group_of(key) for key in now.documents}
    changed: dict[str, Document | None] = {}
    for key in sorted(keys):
        before, after = earlier.documents.get(key), now.documents.get(key)
        is_different = layer_of(key) == PUBLISHED and (before or {}).get("_rev") != (after or {}).get("_rev")
        if is_different or group_of(key) not in left:
            changed[key] = before
    return changed


def _marked_in(carrier: Carrier, pattern: str) -> tuple[str, ...]:
    """Return the groups that versions under `pattern` mark for unpublishing."""
    found = carrier.backend.query(MARKED_QUERY, {"pattern": pattern})
    return tuple(sorted({group_of(row["_id"]) for row in found}))


def _soften(carrier: Carrier, name: str, marked: tuple[str, ...]) -> Outcome:
    """Make strong relation pointers at groups that are to be unpublished weak before the release goes (E8.13)."""
    if not marked:
        return Outcome()
    operation = Operation("soften", marked, name)
    return carrier.carry_out(Intent((), name, operation), Reading(marked, (), marked, deep=True))


def _act(carrier: Carrier, actions: Sequence[Mapping[str, Any]]) -> Outcome:
    carrier.counters["actions"] += 1
    started = carrier.backend.clock.monotonic()
    done = carrier.backend.act(actions)
    outcome = Outcome(transaction_id=done.transaction_id, documents_written=len(done.documents), writes=1)
    kind = str(actions[-1]["actionType"]).removeprefix("sanity.action.")
    return carrier.told(kind, str(actions[-1].get("releaseId", PUBLISHED)), outcome, started)


def joined(*outcomes: Outcome) -> Outcome:
    """Return several steps of one call as one outcome; the first transaction of the lake names it."""
    named = next((one.transaction_id for one in outcomes if one.writes and one.transaction_id), None)
    return Outcome(
        transaction_id=named,
        documents_written=sum(one.documents_written for one in outcomes),
        reads=sum(one.reads for one in outcomes),
        writes=sum(one.writes for one in outcomes),
        conflicts=tuple(item for one in outcomes for item in one.conflicts),
        pending=tuple(item for one in outcomes for item in one.pending),
        notices=tuple(item for one in outcomes for item in one.notices),
        retries=sum(one.retries for one in outcomes),
        mutations=tuple(item for one in outcomes for item in one.mutations),
    )
