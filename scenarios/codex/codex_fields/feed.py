"""`relationship:created`, `relationship:updated` and `relationship:removed`, for edits made by anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Literal, get_args

from bidir.ports import Backend, EventStream
from bidir.refs import PUBLISHED, group_of, layer_of
from bidir.relations import Field
from bidir.suggest import one_of
from codex_fields.definitions import ReferenceField
from codex_fields.errors import BadValueError
from codex_fields.relationships import Relationship, relationships_in

__all__ = ["EventName", "RelationshipEvent", "RelationshipFeed"]

Json = Any
Document = Mapping[str, Any]
EventName = Literal["relationship:created", "relationship:updated", "relationship:removed"]
Key = tuple[str, str, str, str]

LISTEN_QUERY: Final = "*[_type in $types]"


@dataclass(frozen=True, slots=True)
class RelationshipEvent:
    """Something that happened to one relationship, as it is now (removed: as it was)."""

    name: EventName
    relationship: Relationship


class RelationshipFeed:
    """Tells how the relationships that a perspective shows change, from what the lake's listener says.

    Events come in the lake's order. Applied to `start`, they give what the documents say at any time. Where the
    listener was interrupted, the difference to what is there now is told. A context manager.
    """

    def __init__(
        self, backend: Backend, fields: Sequence[tuple[ReferenceField, Field]], *, perspective: str = PUBLISHED
    ) -> None:
        """Begin to listen, then read what there is: one request for the documents beside the listener's own.

        Raises: BackendError.
        """
        self._backend = backend
        self._fields = fields
        self._types = tuple(dict.fromkeys(field.template for field, _ in fields))
        # What a view shows of a group is the first of these versions that there is.
        self._layers = tuple(dict.fromkeys((perspective, PUBLISHED)))
        self._handlers: dict[str, list[Callable[[Relationship], object]]] = {}
        self._welcomed = False
        self._stream: EventStream = backend.listen(LISTEN_QUERY, {"types": list(self._types)})
        self._versions = self._read()
        self.start = {key: found for group in self._versions for key, found in self._shown(group).items()}

    def on(self, name: EventName, handler: Callable[[Relationship], object]) -> None:
        """Call `handler` with the relationship of every such event that `drain` or `wait` takes in.

        Raises: BadValueError for another name.
        """
        if name not in get_args(EventName):
            raise BadValueError(f'there are the events {one_of(get_args(EventName), word="and")}, not "{name}"')
        self._handlers.setdefault(name, []).append(handler)

    def drain(self) -> list[RelationshipEvent]:
        """Take in what waits; return the events."""
        return self._take(self._stream.drain())

    def wait(self, timeout: float) -> list[RelationshipEvent]:
        """Return the next events, waiting up to `timeout` seconds for each of the lake's until there is one."""
        events = self.drain()
        while not events:
            first = self._stream.get(timeout)
            if first is None:
                return []
            events = self._take([first, *self._stream.drain()])
        return events

    def close(self) -> None:
        """Stop listening."""
        self._stream.close()

    def __enter__(self) -> RelationshipFeed:
        """Return the feed itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    # --------------------------------------------------------------------------------------------------- changes

    def _take(self, events: Iterable[Mapping[str, Json]]) -> list[RelationshipEvent]:
        out: list[RelationshipEvent] = []
        for event in events:
            kind = event.get("type", "mutation")
            if kind == "mutation":
                out += self._changed(event)
            elif kind == "welcome" and not self._welcomed:
                self._welcomed = True
            else:
                out += self._begun_again()
        for told in out:
            for handler in self._handlers.get(told.name, ()):
                handler(told.relationship)
        return out

    def _changed(self, event: Mapping[str, Json]) -> list[RelationshipEvent]:
        document_id = str(event["documentId"])
        group, layer = group_of(document_id), layer_of(document_id)
        if layer not in self._layers:
            return []
        result = event.get("result")
        before = self._shown(group)
        versions = self._versions.setdefault(group, {})
        if isinstance(result, Mapping) and result.get("_type") in self._types:
            versions[layer] = self._of(result)
        else:
            versions.pop(layer, None)
        if not versions:
            del self._versions[group]
        return _difference(before, self._shown(group))

    def _begun_again(self) -> list[RelationshipEvent]:
        earlier, self._versions = self._versions, {}
        after = self._read()
        out: list[RelationshipEvent] = []
        for group in sorted({*earlier, *after}):
            out += _difference(self._view(earlier.get(group, {})), self._view(after.get(group, {})))
        self._versions = after
        return out

    def _read(self) -> dict[str, dict[str, dict[Key, Relationship]]]:
        versions: dict[str, dict[str, dict[Key, Relationship]]] = {}
        for document in self._backend.scan(self._types):
            layer = layer_of(str(document["_id"]))
            if layer in self._layers:
                versions.setdefault(group_of(str(document["_id"])), {})[layer] = self._of(document)
        return versions

    def _of(self, document: Document) -> dict[Key, Relationship]:
        found = [
            one
            for field, end in self._fields
            if field.template == document.get("_type")
            for one in relationships_in(document, field, end)
        ]
        return {one.key: one for one in found}

    def _shown(self, group: str) -> dict[Key, Relationship]:
        return self._view(self._versions.get(group, {}))

    def _view(self, versions: Mapping[str, dict[Key, Relationship]]) -> dict[Key, Relationship]:
        return next((versions[layer] for layer in self._layers if layer in versions), {})


def _difference(before: Mapping[Key, Relationship], after: Mapping[Key, Relationship]) -> list[RelationshipEvent]:
    """Return what happened between two states of one codex; a link that only moved within its list is no event."""
    out = [RelationshipEvent("relationship:removed", one) for key, one in before.items() if key not in after]
    for key, one in after.items():
        known = before.get(key)
        if known is None:
            out.append(RelationshipEvent("relationship:created", one))
        elif replace(known, position=0) != replace(one, position=0):
            out.append(RelationshipEvent("relationship:updated", one))
    return out
