"""What the caller wants: wire mutations taken apart, routed to their layer, and tried on the world.

Source: bidirectional semantics, E8.1 (ids), E8.2 (mutation kinds), E8.17 (liveEdit), R3 (version on demand).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from bidir.errors import IntentError
from bidir.refs import DRAFTS, PUBLISHED, group_of, layer_of, stored_id
from bidir.siblings import World, copied
from bidir.suggest import did_you_mean

__all__ = ["Kind", "Patched", "Simulated", "Step", "parse_intent", "simulate"]

Json = Any
Kind = Literal["create", "createOrReplace", "createIfNotExists", "patch", "delete"]
Patched = Callable[[Mapping[str, Json], Mapping[str, Json]], dict[str, Any]]
"""(document, wire patch) → the document as the lake would store it."""

KINDS: tuple[Kind, ...] = ("create", "createOrReplace", "createIfNotExists", "patch", "delete")
SYSTEM_PREFIX = "_."


@dataclass(frozen=True, slots=True)
class Step:
    """One user mutation.

    `document_id` is as given (None: to be generated), `group` and `layer` where it goes once routed, `body` the
    document, or the patch with its id, or nothing for a delete.
    `generated`: the id was made for it, so nothing can be waiting for it.
    """

    kind: Kind
    document_id: str | None
    body: Mapping[str, Json]
    group: str = ""
    layer: str = PUBLISHED
    generated: bool = False

    @property
    def stored_id(self) -> str:
        """The stored id the mutation goes to."""
        return stored_id(self.group, self.layer)

    def wire(self) -> dict[str, Json]:
        """Return the mutation as it is sent, with the stored id put in."""
        target = self.stored_id
        if self.kind == "delete":
            return {"delete": {**self.body, "id": target}}
        if self.kind == "patch":
            return {"patch": {**self.body, "id": target}}
        return {self.kind: {**self.body, "_id": target}}


def parse_intent(mutations: Sequence[Mapping[str, Json]]) -> tuple[Step, ...]:
    """Take wire mutations apart; a list of ids becomes one step per id.

    Query forms must have been resolved to ids before. Raises: IntentError with the index and the remedy.
    """
    if isinstance(mutations, (str, bytes, Mapping)) or not isinstance(mutations, Sequence):
        raise IntentError("submit takes a list of mutations, such as [{'patch': {'id': 'b1', 'set': {...}}}]")
    steps: list[Step] = []
    for index, mutation in enumerate(mutations):
        steps.extend(_parse_one(index, mutation))
    return tuple(steps)


def _parse_one(index: int, mutation: Json) -> list[Step]:
    if not isinstance(mutation, Mapping) or len(mutation) != 1:
        shown = ", ".join(map(str, mutation)) if isinstance(mutation, Mapping) else repr(mutation)
        raise IntentError(f"mutation {index}: an object with exactly one of {', '.join(KINDS)}; got {shown}")
    (kind, body), *_ = mutation.items()
    if kind not in KINDS:
        raise IntentError(f'mutation {index}: unknown kind "{kind}".{did_you_mean(str(kind), KINDS)}')
    if not isinstance(body, Mapping):
        raise IntentError(f"mutation {index}: {kind} takes an object, got {body!r}")
    if kind in ("patch", "delete"):
        ids = body.get("id")
        if isinstance(ids, str):
            ids = [ids]
        if not isinstance(ids, list) or not ids or not all(isinstance(one, str) and one for one in ids):
            raise IntentError(f'mutation {index}: {kind} needs an "id" (a document id, or a list of them)')
        rest = {key: value for key, value in body.items() if key != "id"}
        return [Step(cast(Kind, kind), one, rest) for one in ids]
    document_id = body.get("_id")
    if document_id is None and kind != "create":
        raise IntentError(f'mutation {index}: {kind} needs an "_id"')
    if document_id is not None and not (isinstance(document_id, str) and document_id):
        raise IntentError(f'mutation {index}: "_id" must be a string, got {document_id!r}')
    return [Step(cast(Kind, kind), document_id, {key: value for key, value in body.items() if key != "_id"})]


def route(step: Step, world: World, layer: str) -> Step:
    """Return the step with its group and layer.

    Raises: IntentError for an id of another layer.
    """
    document_id = step.document_id
    if document_id is None:
        raise IntentError("a create without _id must be given one before it is planned")
    if document_id.startswith(SYSTEM_PREFIX):
        return replace(step, group=document_id, layer=PUBLISHED)
    group, own = group_of(document_id), layer_of(document_id)
    if own not in (PUBLISHED, layer):
        raise IntentError(
            f'"{document_id}" belongs to the layer "{own}", this submit writes "{layer}": '
            f'use the published id "{group}", or perspective="{own}"'
        )
    target = layer
    if layer == DRAFTS:
        name = step.body.get("_type") if step.kind.startswith("create") else None
        live = world.schema.is_live(name) if isinstance(name, str) else world.is_live(group)
        target = PUBLISHED if live else DRAFTS
    return replace(step, group=group, layer=target)


@dataclass(slots=True)
class Simulated:
    """The user's mutations as they will be sent, and what they did to the world.

    `steps` are routed and in order; `on_demand` the bodies of source versions that had to
    be made first, by (group, layer);
    `touched` every (group, layer) they wrote, in order; `from_draft` those made in a release from a draft.
    """

    steps: list[Step]
    on_demand: dict[tuple[str, str], dict[str, Any]]
    touched: list[tuple[str, str]]
    from_draft: list[tuple[str, str]]


def simulate(steps: Sequence[Step], world: World, layer: str, patched: Patched) -> Simulated:
    """Apply the steps to `world` in order, making source versions on demand.

    Where the lake will refuse a step anyway (create of a taken id, patch of nothing) the world stays as it is and the
    step is sent all the same, so that the refusal is the lake's own.
    """
    out = Simulated([], {}, [], [])
    for step in steps:
        routed = route(step, world, layer)
        if routed.group.startswith(SYSTEM_PREFIX):
            out.steps.append(routed)
            continue
        place = (routed.group, routed.layer)
        if routed.kind == "patch" and world.own(*place) is None:
            _make_source(world, routed, out)
        out.steps.append(routed)
        if place not in out.touched:
            out.touched.append(place)
        _apply(routed, world, patched)
    return out


def _make_source(world: World, step: Step, out: Simulated) -> None:
    if step.layer == PUBLISHED:
        return
    below = world.own(step.group, PUBLISHED)
    draft = world.own(step.group, DRAFTS)
    if below is None and step.layer != DRAFTS and draft is not None:
        below = draft
        out.from_draft.append((step.group, step.layer))
    if below is None:
        return
    body = copied(below, step.group, step.layer)
    world.put(step.group, step.layer, body)
    if world.base(step.group, step.layer) is not None:
        # The same submit deleted it a step earlier: the copy belongs between the two.
        rest = {key: value for key, value in body.items() if key != "_id"}
        out.steps.append(Step("create", body["_id"], rest, step.group, step.layer))
    else:
        out.on_demand[(step.group, step.layer)] = body


def _apply(step: Step, world: World, patched: Patched) -> None:
    current = world.own(step.group, step.layer)
    if step.kind == "delete":
        world.put(step.group, step.layer, None)
    elif step.kind == "patch":
        if current is not None:
            patch = {key: value for key, value in step.body.items() if key != "ifRevisionID"}
            world.put(step.group, step.layer, patched(current, patch))
    elif current is None or step.kind == "createOrReplace":
        world.put(step.group, step.layer, {**step.body, "_id": step.stored_id})
