"""Turns the `mutations` of a request into typed mutations; what needs no data to be refused is refused here.

Faults of the request's form raise at once; faults of single mutations are collected, so that one answer names all.
Source: content-lake reference, sections 2.1, 2.2 and 2.8.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lakesim import jsonvalue
from lakesim.errors import InvalidRequestBodyError, InvalidValueError, ItemError, MutationError
from lakesim.ids import validate_id
from lakesim.jsonvalue import Json, type_name
from lakesim.limits import Limits
from lakesim.patch.check import check_document
from lakesim.patch.choices import Choices
from lakesim.patch.model import (
    Create,
    CreateIfNotExists,
    CreateOrReplace,
    Delete,
    Mutation,
    PatchMutation,
    Selection,
)
from lakesim.patch.parse_patch import ENVELOPE_LEVELS, PATCH_FIELDS, read_patch
from lakesim.patch.wire import detached, expect, refuse_unknown_fields
from lakesim.suggest import did_you_mean

__all__ = ["MUTATION_KINDS", "parse_mutations"]

MUTATION_KINDS = ("create", "createOrReplace", "createIfNotExists", "delete", "patch")
"""The keys a mutation may have, exactly one of them."""
GENERATED_ID_SAMPLE = "0" * 22
"""Stands for the generated part when an id that ends in a dot is judged; as long as what the clock generates."""
_SELECTION_FIELDS = frozenset({"id", "query", "params"})
_PATCH_MUTATION_FIELDS = _SELECTION_FIELDS | PATCH_FIELDS


def parse_mutations(
    wire: Json, limits: Limits | None = None, *, choices: Choices | None = None
) -> tuple[Mutation, ...]:
    """Parse the `mutations` array of a request; documents and values in the result are detached from it.

    Raises: InvalidRequestBodyError for what is not the documented form (no array, unknown kind or field, wrong JSON
    type, too large); MutationError listing every mutation that holds a malformed id, path, name or value.
    """
    bounds = limits or Limits()
    if not isinstance(wire, (list, tuple)):
        raise InvalidRequestBodyError(f"mutations: expected an array, got {type_name(wire)}")
    reader = _Reader(bounds, choices or Choices())
    mutations: list[Mutation] = []
    faults: list[tuple[int, ItemError]] = []
    for index, item in enumerate(wire):
        try:
            mutations.append(reader.mutation(item, f"mutations[{index}]"))
        except InvalidValueError as fault:
            faults.append((index, fault))
    if faults:
        raise MutationError(faults)
    return tuple(mutations)


class _Reader:
    """Reads mutations under one set of limits, counting the bytes of the request."""

    def __init__(self, limits: Limits, choices: Choices) -> None:
        self.limits = limits
        self.choices = choices
        self.bytes = 0

    def mutation(self, item: Json, where: str) -> Mutation:
        """Return the typed form of one element of the array."""
        if not isinstance(item, dict):
            raise InvalidRequestBodyError(f"{where}: expected an object, got {type_name(item)}")
        kind = _kind(item, where)
        place = f"{where}.{kind}"
        envelope = ENVELOPE_LEVELS if kind in ("delete", "patch") else 0
        body = detached(item[kind], place, depth_max=self.limits.nesting_depth_max + envelope)
        self.weigh(body)
        return _READERS[kind](self, expect(body, "object", place), place)

    def weigh(self, body: Json) -> None:
        self.bytes += len(jsonvalue.dump_bytes(body))
        if self.bytes > self.limits.mutation_body_bytes_max:
            raise InvalidRequestBodyError(
                f"the mutations are more than {self.limits.mutation_body_bytes_max:,} bytes of JSON; "
                "send them as several transactions"
            )

    def create(self, document: dict[str, Any], where: str) -> Mutation:
        """Read a document whose id may be left to the store, whole or in part."""
        document_id = document.get("_id")
        if "_id" in document:
            if isinstance(document_id, str) and document_id.endswith("."):
                self.prefix(document_id)
            else:
                validate_id(document_id, self.limits)
        self.document(document, where)
        return Create(document)

    def create_if_not_exists(self, document: dict[str, Any], where: str) -> Mutation:
        """Read a document with its id."""
        self.identified(document, where)
        return CreateIfNotExists(document)

    def create_or_replace(self, document: dict[str, Any], where: str) -> Mutation:
        """Read a document with its id."""
        self.identified(document, where)
        return CreateOrReplace(document)

    def prefix(self, document_id: str) -> None:
        try:
            validate_id(document_id + GENERATED_ID_SAMPLE, self.limits)
        except InvalidValueError:
            raise InvalidValueError(f'Malformed document ID: "{document_id}"', value=document_id) from None

    def identified(self, document: dict[str, Any], where: str) -> None:
        if "_id" not in document:
            raise InvalidValueError(f'{where}: the attribute "_id" is missing; only create generates ids')
        validate_id(document["_id"], self.limits)
        self.document(document, where)

    def document(self, document: dict[str, Any], where: str) -> None:
        kind = document.get("_type")
        if not isinstance(kind, str) or not kind:
            shown = "is missing" if "_type" not in document else f"is {jsonvalue.dumps(kind)}"
            raise InvalidValueError(f'{where}: the attribute "_type" {shown}; it is a string that is not empty')
        check_document(document, self.limits, choices=self.choices)

    def delete(self, fields: dict[str, Any], where: str) -> Mutation:
        """Read `{id}` or `{query, params}`."""
        refuse_unknown_fields(fields, _SELECTION_FIELDS, where)
        return Delete(self.selection(fields, where))

    def patch(self, fields: dict[str, Any], where: str) -> Mutation:
        """Read a selection and the patch for it."""
        refuse_unknown_fields(fields, _PATCH_MUTATION_FIELDS, where)
        selection = self.selection(fields, where)
        operations = {name: value for name, value in fields.items() if name not in _SELECTION_FIELDS}
        return PatchMutation(selection, read_patch(operations, where, self.limits, self.choices))

    def selection(self, fields: dict[str, Any], where: str) -> Selection:
        if ("id" in fields) == ("query" in fields):
            stated = "both" if "id" in fields else "neither"
            raise InvalidValueError(f'{where}: "id" or "query" says which documents are meant; there is {stated}')
        if "id" in fields:
            if fields.get("params"):
                raise InvalidValueError(f'{where}: "params" belongs to "query", and there is none')
            return Selection(ids=self.ids(fields["id"], f"{where}.id"))
        query = expect(fields["query"], "string", f"{where}.query")
        params = fields.get("params")
        return Selection(query=query, params={} if params is None else expect(params, "object", f"{where}.params"))

    def ids(self, value: Json, where: str) -> tuple[str, ...]:
        if not isinstance(value, list):
            return (validate_id(expect(value, "string", where), self.limits),)
        return tuple(
            validate_id(expect(item, "string", f"{where}[{position}]"), self.limits)
            for position, item in enumerate(value)
        )


def _kind(item: dict[Any, Any], where: str) -> str:
    for name in item:
        if name not in MUTATION_KINDS:
            near = did_you_mean(str(name), MUTATION_KINDS) or f" The kinds are {', '.join(MUTATION_KINDS)}."
            raise InvalidRequestBodyError(f'json: unknown field "{name}" in {where}.{near}')
    if len(item) != 1:
        stated = " and ".join(item) if item else "none"
        raise InvalidRequestBodyError(f"{where}: a mutation has exactly one kind, not {stated}; write one element each")
    return str(next(iter(item)))


_READERS: dict[str, Callable[[_Reader, dict[str, Any], str], Mutation]] = {
    "create": _Reader.create,
    "createIfNotExists": _Reader.create_if_not_exists,
    "createOrReplace": _Reader.create_or_replace,
    "delete": _Reader.delete,
    "patch": _Reader.patch,
}
