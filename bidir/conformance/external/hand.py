"""The editor's hand: writes what a person in the Studio would write, and nothing for the other side of any relation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from bidir.backends.naming import mutated_ids
from bidir.conformance.external.quiet import QuietLake
from bidir.conformance.skipping import SkipPlay
from bidir.engine import Engine
from bidir.errors import BackendError
from bidir.outcome import Outcome
from bidir.ports import Backend
from bidir.refs import DRAFTS, PUBLISHED, group_of, stored_id
from bidir.relations import Schema
from lakesim.jsonvalue import Json

__all__ = ["Hand", "as_the_studio_writes"]


class Hand:
    """Edits in drafts and in published, publishes, unpublishes and discards; it has no more than a person has."""

    def __init__(self, schema: Schema, backend: Backend, lake: QuietLake) -> None:
        """Write through `backend`; `lake` hears of every edit."""
        self._engine = Engine(schema, backend, mode="off")
        self._backend = backend
        self._lake = lake

    def submit(self, mutations: Sequence[Mapping[str, Any]], *, perspective: str = DRAFTS, **options: Any) -> Outcome:
        """Write the user's mutations, weakly where their targets are not published yet."""
        named = sorted(_targets(mutations))
        stored = self._backend.documents([stored_id(one, layer) for one in named for layer in (PUBLISHED, DRAFTS)])
        written = [as_the_studio_writes(one, stored) for one in mutations]
        groups = {group_of(one) for one in mutated_ids(mutations)}
        deletes = any("delete" in one for one in mutations)
        return self._edit(
            None if deletes else perspective,
            groups,
            lambda: self._engine.submit(written, perspective=perspective, **options),
        )

    def publish(self, document_id: str | Sequence[str], **options: Any) -> Outcome:
        """Publish a draft, or several."""
        return self._by_hand("publish", document_id, **options)

    def unpublish(self, document_id: str) -> Outcome:
        """Take a document offline."""
        return self._by_hand("unpublish", document_id)

    def discard(self, document_id: str, **options: Any) -> Outcome:
        """Drop a draft."""
        return self._by_hand("discard", document_id, **options)

    def _by_hand(self, name: str, *arguments: Any, **options: Any) -> Outcome:
        try:
            return self._edit(None, (), lambda: getattr(self._engine, name)(*arguments, **options))
        except BackendError as error:
            # What an editor alone cannot do no other program can make possible.
            raise SkipPlay(f"the lake refuses an editor to {name} there") from error

    def _edit(self, layer: str | None, groups: Collection[str], act: Callable[[], Outcome]) -> Outcome:
        self._lake.edit(layer, groups)
        outcome = act()
        self._lake.done(outcome.transaction_id)
        return outcome


def as_the_studio_writes(value: Json, stored: Mapping[str, Any]) -> Json:
    """Return a mutation with its references as the Studio writes them: weak, with the stamp to grow strong at publish,
    where the target is not published (content-lake reference, section 1.8). `stored` holds the targets' versions.
    """
    if isinstance(value, Mapping):
        target = value.get("_ref")
        if isinstance(target, str) and "_weak" not in value and stored.get(target) is None:
            draft = stored.get(stored_id(target, DRAFTS))
            stamp = {} if draft is None else {"_strengthenOnPublish": {"type": draft["_type"]}}
            return {**value, "_weak": True, **stamp}
        return {name: as_the_studio_writes(inner, stored) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_the_studio_writes(inner, stored) for inner in value]
    return value


def _targets(value: Json) -> set[str]:
    if isinstance(value, Mapping):
        here = {value["_ref"]} if isinstance(value.get("_ref"), str) else set()
        return here.union(*(_targets(inner) for inner in value.values()))
    if isinstance(value, (list, tuple)):
        return set().union(*(_targets(inner) for inner in value)) if value else set()
    return set()
