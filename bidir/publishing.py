"""Publishing by the lake's own action: the consequences follow in a second transaction.

Source: bidirectional semantics, F2 (`publish=action`), E8.6 (stamps), E8.11. If the process dies between the two, a
follower or an audit makes it good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bidir.carrying import Carrier
from bidir.errors import DocumentMissing, IntentError
from bidir.outcome import Outcome
from bidir.planning.lifecycle import fit_to_be_published, premature_stamps, require_unmarked
from bidir.planning.reading import Reading, stamped_in
from bidir.refs import DRAFTS, PUBLISHED, stored_id
from bidir.releases import joined
from bidir.siblings import Snapshot, World

__all__ = ["publish_by_action"]

ACTION = "sanity.action.document."


def publish_by_action(carrier: Carrier, groups: Sequence[str], layer: str) -> Outcome:
    """Publish drafts (or versions of a release) with the lake's publish action, then carry the consequences.

    Stamps of pointers whose targets stay unpublished are taken out in front, in the same request: the lake would make
    those pointers strong and then refuse them. They are put back by the second transaction. What a release version says
    strongly of what only its release shows is made weak in front as well.
    Raises: DocumentMissing without a draft, IntentError for a type that is edited live.
    """
    run = carrier.start()
    reading = Reading(tuple(groups), (), tuple(groups), deep=True)
    carrier.read(run, reading)
    world = World(carrier.schema, run.snapshot)
    for group in groups:
        _check(world, group, layer)
        # What is published together is there for the others; only what stays behind keeps a pointer weak.
        world.put(group, PUBLISHED, world.own(group, layer))
    actions: list[dict[str, Any]] = []
    drafts: dict[str, Mapping[str, Any]] = {}
    for group in groups:
        names = {"publishedId": group, "draftId": stored_id(group, layer)}
        stamps = premature_stamps(world, group, layer)
        strong, drafts[group] = fit_to_be_published(world, group, layer)
        patch: dict[str, Any] = {"unset": stamps} if stamps else {}
        if strong:
            patch["set"] = {f"{path}._weak": True for path in strong}
        if patch:
            actions.append({"actionType": f"{ACTION}edit", **names, "patch": patch})
    for group in groups:
        names = {"publishedId": group, "draftId": stored_id(group, layer)}
        actions.append({"actionType": f"{ACTION}publish", **names})
    carrier.counters["actions"] += 1
    done = carrier.backend.act(actions)
    published = Outcome(done.transaction_id, len(done.documents), run.reads, 1)
    keys = [stored_id(group, one) for group in groups for one in (PUBLISHED, layer)]
    earlier = {key: run.snapshot.documents.get(key) for key in keys}
    after = replace(run, reads=0, writes=0, snapshot=Snapshot())
    pointed = stamped_in(carrier.schema, drafts.values(), groups)
    carrier.read(after, replace(reading, targets=pointed))
    return joined(published, carrier.follow_up(earlier, after, drafts))


def _check(world: World, group: str, layer: str) -> None:
    if layer == DRAFTS and world.is_live(group):
        raise IntentError(
            f'"{group}" is edited live: its published document is what everybody sees, nothing to publish'
        )
    if world.own(group, layer) is None:
        target = stored_id(group, layer)
        raise DocumentMissing(
            f'The document with the ID "{target}" was not found', type="documentNotFoundError", document_id=target
        )
    require_unmarked(world, group, layer)
