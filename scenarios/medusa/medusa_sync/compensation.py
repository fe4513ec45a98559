"""Takes back what a sync wrote, by the upsert map: the lake is as before, and what editors wrote since stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from lakesim.jsonvalue import equal
from medusa_sync.errors import LakeConflictError, LakeRefusedError, LakeUnavailableError
from medusa_sync.lake import ContentLake, Document
from medusa_sync.retrying import Patience, RetryPolicy
from medusa_sync.timeline import Timeline
from medusa_sync.transform import document_for, group_of
from medusa_sync.upserts import Upsert

__all__ = ["Compensated", "compensate"]

CHUNK: Final = 200
"""Documents restored in one transaction."""
_STORED: Final = "*[_id in $ids]"


@dataclass(slots=True)
class Compensated:
    """What became of each written document, by stored id: `removed`, `restored`, or `kept` with the reason."""

    removed: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)


def compensate(upserts: Sequence[Upsert], *, lake: ContentLake, policy: RetryPolicy, timeline: Timeline) -> Compensated:
    """Remove the documents that a sync made and put back the titles it changed.

    A document that an editor has begun to fill is kept, and only a title that is still the sync's is put back. Each
    write holds only for the revision that was looked at. Doing it twice changes nothing.
    Raises: StepFailedError if the lake stays away; what is left can be compensated later.
    """
    done = Compensated()
    newest_first = list(reversed(upserts))
    for start in range(0, len(newest_first), CHUNK):
        _chunk(newest_first[start : start + CHUNK], lake, policy, timeline, done)
    timeline.note("compensated", f"{len(done.removed)} removed, {len(done.restored)} restored, {len(done.kept)} kept")
    return done


def _chunk(
    upserts: Sequence[Upsert], lake: ContentLake, policy: RetryPolicy, timeline: Timeline, done: Compensated
) -> None:
    patience = Patience(policy, timeline)
    while True:
        outcome = Compensated()
        try:
            mutations = _plan(upserts, lake, outcome)
            if mutations:
                lake.mutate(mutations)
        except LakeUnavailableError as error:
            patience.wait(error)
        except LakeConflictError as error:
            patience.again(error)
        except LakeRefusedError as error:
            _alone(upserts, error, lake, policy, timeline, done)
            return
        else:
            done.removed += outcome.removed
            done.restored += outcome.restored
            done.kept |= outcome.kept
            return


def _alone(
    upserts: Sequence[Upsert],
    error: LakeRefusedError,
    lake: ContentLake,
    policy: RetryPolicy,
    timeline: Timeline,
    done: Compensated,
) -> None:
    """A document of the chunk cannot be taken back, for example because others refer to it by now."""
    if len(upserts) == 1:
        done.kept[upserts[0].after["_id"]] = str(error)
        return
    for upsert in upserts:
        _chunk([upsert], lake, policy, timeline, done)


def _plan(upserts: Sequence[Upsert], lake: ContentLake, outcome: Compensated) -> list[Mapping[str, Any]]:
    found: list[Document] = lake.query(_STORED, {"ids": [one.after["_id"] for one in upserts]})
    now = {document["_id"]: document for document in found}
    mutations: list[Mapping[str, Any]] = []
    for upsert in upserts:
        document_id = upsert.after["_id"]
        document = now.get(document_id)
        if document is None:
            outcome.kept[document_id] = "it is gone already"
        elif upsert.before is None:
            mutations += _removal(document, outcome)
        else:
            mutations += _restoration(document, upsert.before, upsert.after, outcome)
    return mutations


def _removal(document: Document, outcome: Compensated) -> list[Mapping[str, Any]]:
    document_id = document["_id"]
    if not _untouched(document):
        outcome.kept[document_id] = "an editor has filled it since"
        return []
    outcome.removed.append(document_id)
    # A delete cannot name a revision; a patch that changes nothing, in the same transaction, can.
    lock = {"patch": {"id": document_id, "ifRevisionID": document["_rev"], "unset": ["compensated"]}}
    return [lock, {"delete": {"id": document_id}}]


def _untouched(document: Document) -> bool:
    """Whether a document is still what the sync makes, but for titles."""
    content = {key: value for key, value in document.items() if not key.startswith("_") and key != "title"}
    made = document_for(group_of(document["_id"]), "")["specs"]
    specs = content.pop("specs", None)
    if content or not isinstance(specs, list) or not all(isinstance(one, dict) for one in specs):
        return False
    return equal([{**one, "title": ""} for one in specs], made)


def _restoration(
    document: Document, before: Document, after: Document, outcome: Compensated
) -> list[Mapping[str, Any]]:
    document_id = document["_id"]
    if document.get("title") == before.get("title"):
        outcome.kept[document_id] = "its title is the one of before already"
        return []
    if document.get("title") != after.get("title"):
        outcome.kept[document_id] = "its title has been changed since"
        return []
    outcome.restored.append(document_id)
    change = {"set": {"title": before["title"]}} if "title" in before else {"unset": ["title"]}
    return [{"patch": {"id": document_id, "ifRevisionID": document["_rev"], **change}}]
