"""Turns the `actions` of a request into typed actions; what needs no data to be refused is refused here.

Faults of the request's form raise at once; faults of single actions are collected, so that one answer names all.
Source: content-lake reference, sections 3.1 to 3.4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lakesim import jsonvalue
from lakesim.actions.fields import FieldReader
from lakesim.actions.model import (
    Action,
    CopyVersion,
    CreateDocument,
    CreateRelease,
    CreateVersion,
    DeleteDocument,
    DiscardVersion,
    EditDocument,
    EditRelease,
    ImportRelease,
    MoveRelease,
    PublishDocument,
    ReplaceDraft,
    ReplaceVersion,
    UnpublishDocument,
    UnpublishVersion,
)
from lakesim.actions.registry import ACTIONS, VARIANT_ACTIONS, ActionField, ActionSpec
from lakesim.actions.states import MOVES
from lakesim.errors import ActionError, InvalidRequestBodyError, InvalidValueError, ItemError, NotSupportedError
from lakesim.ids import is_draft_id, is_published_id, is_version_id, published_id, release_document_id
from lakesim.jsonvalue import Json, type_name
from lakesim.limits import Limits
from lakesim.patch import Choices
from lakesim.patch.wire import refuse_unknown_fields
from lakesim.suggest import did_you_mean

__all__ = ["parse_actions"]

Values = dict[str, Any]


def parse_actions(wire: Json, limits: Limits | None = None, *, choices: Choices | None = None) -> tuple[Action, ...]:
    """Parse the `actions` array of a request; documents and values in the result are detached from it.

    Raises: InvalidRequestBodyError for what is not the documented form (no array, unknown action or field, wrong JSON
    type, too large); NotSupportedError for the actions on variants; ActionError listing every action that holds a
    malformed id, value or patch, lacks a field, or names documents of several groups.
    """
    bounds = limits or Limits()
    if not isinstance(wire, (list, tuple)):
        raise InvalidRequestBodyError(f"actions: expected an array, got {type_name(wire)}")
    reader = FieldReader(bounds, choices or Choices())
    actions: list[Action] = []
    faults: list[tuple[int, ItemError]] = []
    for index, item in enumerate(wire):
        where = f"actions[{index}]"
        spec = _spec_of(item, where)
        try:
            actions.append(_MAKERS[spec.name](_values(spec, item, where, reader), where))
        except InvalidValueError as fault:
            faults.append((index, fault))
    if faults:
        raise ActionError(faults)
    _weigh(wire, bounds)
    return tuple(actions)


def _spec_of(item: Json, where: str) -> ActionSpec:
    if not isinstance(item, dict):
        raise InvalidRequestBodyError(f"{where}: expected an object, got {type_name(item)}")
    name = item.get("actionType")
    if name is None:
        raise InvalidRequestBodyError(f'{where}: the field "actionType" is missing')
    if not isinstance(name, str):
        raise InvalidRequestBodyError(f"{where}.actionType: expected a string, got {type_name(name)}")
    if name in VARIANT_ACTIONS:
        raise NotSupportedError(
            f'{where}: "{name}" is not supported (variants are a beta of the service); use'
            ' "sanity.action.document.version.*" with a release instead'
        )
    if name not in ACTIONS:
        raise InvalidRequestBodyError(f'{where}: unknown actionType "{name}".{did_you_mean(name, ACTIONS)}')
    return ACTIONS[name]


def _weigh(wire: Json, limits: Limits) -> None:
    if len(jsonvalue.dump_bytes(wire)) > limits.mutation_body_bytes_max:
        raise InvalidRequestBodyError(
            f"the actions are more than {limits.mutation_body_bytes_max:,} bytes of JSON;"
            " send them as several transactions"
        )


def _values(spec: ActionSpec, item: dict[str, Any], where: str, reader: FieldReader) -> Values:
    known = {name for field in spec.fields for name in (field.name, *field.aliases)}
    refuse_unknown_fields(item, frozenset({"actionType", *known}), where)
    values: Values = {}
    for field in spec.fields:
        found = _found(field, item, where)
        if found is not None:
            name, value = found
            values[field.key] = reader.read(field, value, f"{where}.{name}")
        elif field.required:
            raise InvalidValueError(f'{where}: the field "{field.name}" of {spec.name} is missing')
    return values


def _found(field: ActionField, item: dict[str, Any], where: str) -> tuple[str, Any] | None:
    """Return the name under which a field was given, and its value; null is absent."""
    given = [name for name in (field.name, *field.aliases) if item.get(name) is not None]
    if not given:
        return None
    first, *others = given
    for other in others:
        if not jsonvalue.equal(item[first], item[other]):
            raise InvalidValueError(f'{where}: "{first}" and "{other}" are two names of one field and differ')
    return first, item[first]


# -- from the fields of one action to its typed form


def _same_group(name: str, document_id: str, group: str, where: str) -> None:
    if published_id(document_id) != group:
        raise InvalidValueError(
            f'{where}.{name}: "{document_id}" does not belong to publishedId "{group}"'
            f' (right would be "drafts.{group}" or "versions.<release>.{group}")'
        )


def _create_document(values: Values, where: str) -> Action:
    _same_group("attributes._id", values["attributes"]["_id"], values["published_id"], where)
    return CreateDocument(**values)


def _edit_document(values: Values, where: str) -> Action:
    _same_group("draftId", values["draft_id"], values["published_id"], where)
    return EditDocument(**values)


def _publish_document(values: Values, where: str) -> Action:
    _same_group("draftId", values["draft_id"], values["published_id"], where)
    return PublishDocument(**values)


def _unpublish_document(values: Values, where: str) -> Action:
    document_id = values["draft_id"]
    _same_group("draftId", document_id, values["published_id"], where)
    if not is_draft_id(document_id):
        raise InvalidValueError(
            f'{where}.draftId: "{document_id}" is a version; unpublishing leaves a draft (right would be'
            f' "drafts.{values["published_id"]}"), and sanity.action.document.version.unpublish marks a version'
        )
    return UnpublishDocument(**values)


def _delete_document(values: Values, where: str) -> Action:
    for position, document_id in enumerate(values.get("include_drafts", ())):
        _same_group(f"includeDrafts[{position}]", document_id, values["published_id"], where)
    return DeleteDocument(**values)


def _discard_version(values: Values, where: str) -> Action:
    return DiscardVersion(**values)


def _replace_draft(values: Values, where: str) -> Action:
    document_id = values["attributes"]["_id"]
    _same_group("attributes._id", document_id, values["published_id"], where)
    _not_published("attributes._id", document_id, where)
    return ReplaceDraft(**values)


def _not_published(name: str, document_id: str, where: str) -> None:
    if is_published_id(document_id):
        raise InvalidValueError(
            f'{where}.{name}: "{document_id}" is a published ID; this action writes drafts and versions'
            f' (right would be "drafts.{document_id}" or "versions.<release>.{document_id}")'
        )


_COPY_FIELDS: Final = {"base_id": "baseId", "version_id": "versionId", "if_base_revision_id": "ifBaseRevisionId"}


def _create_version(values: Values, where: str) -> Action:
    group = values["published_id"]
    copying = [name for key, name in _COPY_FIELDS.items() if key in values]
    if "document" in values:
        if copying:
            raise InvalidValueError(
                f'{where}: "document" and "{copying[0]}" exclude each other; give a whole document, or baseId and'
                " versionId to copy one"
            )
        document_id = values["document"]["_id"]
        _same_group("document._id", document_id, group, where)
        _not_published("document._id", document_id, where)
        return CreateVersion(group, values["document"])
    for key in ("base_id", "version_id"):
        if key not in values:
            raise InvalidValueError(f'{where}: "document" is missing, or "baseId" and "versionId" to copy a document')
    for key in ("base_id", "version_id"):
        _same_group(_COPY_FIELDS[key], values[key], group, where)
    return CopyVersion(**values)


def _replace_version(values: Values, where: str) -> Action:
    _not_published("document._id", values["document"]["_id"], where)
    return ReplaceVersion(**values)


def _unpublish_version(values: Values, where: str) -> Action:
    document_id = values["version_id"]
    _same_group("versionId", document_id, values["published_id"], where)
    if not is_version_id(document_id):
        raise InvalidValueError(
            f'{where}.versionId: "{document_id}" is a draft; only versions in a release can be marked (right would be'
            f' "versions.<release>.{values["published_id"]}", or sanity.action.document.unpublish to unpublish now)'
        )
    return UnpublishVersion(**values)


def _create_release(values: Values, where: str) -> Action:
    return CreateRelease(values["release_id"], values.get("metadata", {}))


def _edit_release(values: Values, where: str) -> Action:
    return EditRelease(**values)


def _import_release(values: Values, where: str) -> Action:
    right = release_document_id(values["release_id"])
    given = values["attributes"].get("_id", right)
    if given != right:
        raise InvalidValueError(f'{where}.attributes._id: {jsonvalue.dumps(given)} is another document than "{right}"')
    return ImportRelease(**values)


Maker = Callable[[Values, str], Action]


def _mover(name: Any) -> Maker:
    return lambda values, where: MoveRelease(values["release_id"], name, values.get("publish_at"))


_MAKERS: Mapping[str, Maker] = {
    "sanity.action.document.create": _create_document,
    "sanity.action.document.edit": _edit_document,
    "sanity.action.document.publish": _publish_document,
    "sanity.action.document.unpublish": _unpublish_document,
    "sanity.action.document.delete": _delete_document,
    "sanity.action.document.discard": _discard_version,
    "sanity.action.document.replaceDraft": _replace_draft,
    "sanity.action.document.version.create": _create_version,
    "sanity.action.document.version.discard": _discard_version,
    "sanity.action.document.version.replace": _replace_version,
    "sanity.action.document.version.unpublish": _unpublish_version,
    "sanity.action.release.create": _create_release,
    "sanity.action.release.edit": _edit_release,
    "sanity.action.release.import": _import_release,
    **{f"sanity.action.release.{name}": _mover(name) for name in MOVES},
}
