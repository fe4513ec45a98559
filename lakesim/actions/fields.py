"""Reads one field of an action by its kind: ids by family, documents, patches, times; each refusal names its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from lakesim.actions.registry import ActionField, FieldKind
from lakesim.actions.release_document import check_imported, check_metadata
from lakesim.clock import parse_time
from lakesim.errors import InvalidRequestBodyError, InvalidValueError
from lakesim.ids import (
    check_release_name,
    is_published_id,
    is_system_id,
    is_version_id,
    published_id,
    release_document_id,
    release_of,
    validate_id,
)
from lakesim.jsonmatch.ast import Attribute
from lakesim.jsonvalue import dumps, type_name
from lakesim.limits import Limits
from lakesim.patch import Choices, Insert, Patch, check_document, parse_patch
from lakesim.patch.check import check_value
from lakesim.patch.wire import detached, expect
from lakesim.suggest import did_you_mean

__all__ = ["FieldReader"]

_RELEASE_PREFIX: Final = release_document_id("")
_MARKER: Final = "delete"


class FieldReader:
    """Reads fields under one set of limits and choices; what it returns is detached from the request."""

    def __init__(self, limits: Limits, choices: Choices) -> None:
        """Keep both."""
        self._limits = limits
        self._choices = choices

    def read(self, field: ActionField, value: Any, where: str) -> Any:
        """Return the typed value of `field`; `where` names it in errors.

        Raises: InvalidRequestBodyError for a wrong JSON type, InvalidValueError for a value that cannot be.
        """
        if field.kind == "choice":
            return _one_of(field.values, value, where)
        return _READERS[field.kind](self, value, where)

    def published_id(self, value: Any, where: str) -> str:
        """Read an id without reserved prefix."""
        document_id = self.document_id(value, where)
        if is_published_id(document_id):
            return document_id
        group = published_id(document_id)
        raise InvalidValueError(f'{where}: "{document_id}" is not a published ID (right would be "{group}")')

    def version_id(self, value: Any, where: str) -> str:
        """Read the id of a draft or a version."""
        document_id = self.document_id(value, where)
        if is_published_id(document_id):
            raise InvalidValueError(
                f'{where}: "{document_id}" is neither a draft nor a version ID (right would be "drafts.{document_id}"'
                f' or "versions.<release>.{document_id}")'
            )
        return document_id

    def version_ids(self, value: Any, where: str) -> tuple[str, ...]:
        """Read a list of ids of drafts and versions."""
        items = expect(value, "array", where)
        return tuple(self.version_id(item, f"{where}[{position}]") for position, item in enumerate(items))

    def document_id(self, value: Any, where: str) -> str:
        """Read any id but a system document's."""
        document_id = validate_id(expect(value, "string", where), self._limits)
        if is_system_id(document_id):
            raise InvalidValueError(
                f'{where}: "{document_id}" is a system document; releases are changed by the sanity.action.release.*'
                " actions"
            )
        release = release_of(document_id)
        if release is not None:
            check_release_name(release)
        return document_id

    def release_id(self, value: Any, where: str) -> str:
        """Read a release's bare name."""
        name = str(expect(value, "string", where))
        if name.startswith(_RELEASE_PREFIX):
            bare = name.removeprefix(_RELEASE_PREFIX)
            raise InvalidValueError(f'{where}: a release is named without prefix here (right would be "{bare}")')
        check_release_name(name)
        validate_id(release_document_id(name), self._limits)
        return name

    def document(self, value: Any, where: str) -> dict[str, Any]:
        """Read a whole document; of `_system` only a version's `delete` is the caller's to set (section 1.5)."""
        body: dict[str, Any] = self.detached_object(value, where)
        if "_id" not in body:
            raise InvalidValueError(f'{where}: the attribute "_id" is missing, the ID of a draft, version or document')
        self.document_id(body["_id"], f"{where}._id")
        kind = body.get("_type")
        if not isinstance(kind, str) or not kind:
            shown = "is missing" if "_type" not in body else f"is {dumps(kind)}"
            raise InvalidValueError(f'{where}: the attribute "_type" {shown}; it is a string that is not empty')
        system = body.pop("_system", None)
        if isinstance(system, dict) and system.get(_MARKER) is True and is_version_id(body["_id"]):
            body["_system"] = {_MARKER: True}
        check_document(body, self._limits, choices=self._choices)
        return body

    def patch(self, value: Any, where: str) -> Patch:
        """Read a patch without selection."""
        return parse_patch(value, where=where, limits=self._limits, choices=self._choices)

    def release_patch(self, value: Any, where: str) -> Patch:
        """Read a patch that touches nothing but `metadata`."""
        patch = self.patch(value, where)
        for operation in patch.operations:
            path = operation.path
            if path.steps[0] != Attribute("metadata"):
                name = "insert" if isinstance(operation, Insert) else "path"
                raise InvalidValueError(
                    f'{where}: {name} "{path}" is outside metadata; of a release only metadata can be edited'
                )
        return patch

    def metadata(self, value: Any, where: str) -> dict[str, Any]:
        """Read a release's metadata."""
        body = self.detached_object(value, where)
        check_value(body, where, self._limits, self._choices)
        check_metadata(body, where)
        return body

    def release(self, value: Any, where: str) -> dict[str, Any]:
        """Read the body of a release document from an export."""
        body = self.detached_object(value, where)
        check_imported(body, where)
        check_document(body, self._limits, choices=self._choices)
        return body

    def revision(self, value: Any, where: str) -> str:
        """Read a revision."""
        return str(expect(value, "string", where))

    def time(self, value: Any, where: str) -> str:
        """Read an RFC 3339 time; the text stays as it is."""
        text = str(expect(value, "string", where))
        try:
            parse_time(text)
        except ValueError as error:
            raise InvalidValueError(f"{where}: {error}") from None
        return text

    def flag(self, value: Any, where: str) -> bool:
        """Read a boolean."""
        return bool(expect(value, "boolean", where))

    def detached_object(self, value: Any, where: str) -> dict[str, Any]:
        """Return a copy of an object that shares nothing with the request."""
        if not isinstance(value, dict):
            raise InvalidRequestBodyError(f"{where}: expected an object, got {type_name(value)}")
        body: dict[str, Any] = detached(value, where, depth_max=self._limits.nesting_depth_max)
        return body


def _one_of(words: tuple[str, ...], value: Any, where: str) -> str:
    text = str(expect(value, "string", where))
    if text not in words:
        right = ", ".join(f'"{word}"' for word in words)
        raise InvalidValueError(f'{where}: "{text}" is none of {right}.' + did_you_mean(text, words))
    return text


_READERS = cast(
    dict[FieldKind, Callable[[FieldReader, Any, str], Any]],
    {
        "publishedId": FieldReader.published_id,
        "versionId": FieldReader.version_id,
        "versionIds": FieldReader.version_ids,
        "documentId": FieldReader.document_id,
        "releaseId": FieldReader.release_id,
        "document": FieldReader.document,
        "patch": FieldReader.patch,
        "releasePatch": FieldReader.release_patch,
        "metadata": FieldReader.metadata,
        "release": FieldReader.release,
        "revision": FieldReader.revision,
        "time": FieldReader.time,
        "flag": FieldReader.flag,
    },
)
