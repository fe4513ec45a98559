"""Every refusal the lake can give: one tree, one owner per wording, bodies in the service's own shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

__all__ = [
    "ActionError",
    "AttributeLimitError",
    "BadRequestError",
    "DatasetNotFoundError",
    "DocumentAlreadyExistsError",
    "DocumentHasExistingReferencesError",
    "DocumentLimitExceededError",
    "DocumentNotFoundError",
    "DocumentReferenceDoesNotExistError",
    "DocumentRevisionMismatchError",
    "ImmutableAttributeError",
    "InsufficientPermissionsError",
    "InvalidRequestBodyError",
    "InvalidValueError",
    "ItemError",
    "LakeError",
    "ListenerOverflowError",
    "MutationError",
    "NotSupportedError",
    "PatchError",
    "ReleaseLimitExceededError",
    "TransactionAlreadyExistsError",
    "TransactionError",
]


class LakeError(Exception):
    """A request that the lake refused; nothing of it was written.

    Shape: `type` is the service's error type, `description` its one-line text, `body()` the JSON body of the answer.
    """

    type: ClassVar[str] = "internalError"

    def __init__(self, description: str) -> None:
        """Keep `description`, a sentence that names what was wrong and where."""
        super().__init__(description)
        self.description = description

    def error(self) -> dict[str, Any]:
        """Return the error object: `description`, `type` and whatever the class adds."""
        return {"description": self.description, "type": self.type}

    def body(self) -> dict[str, Any]:
        """Return the answer's JSON body: `{"error": {...}}` (content-lake reference, section 0.5)."""
        return {"error": self.error()}


class BadRequestError(LakeError):
    """A parameter outside the documented values."""

    type = "httpBadRequest"


class InvalidRequestBodyError(LakeError):
    """A body that is not the documented envelope: broken JSON, unknown field, wrong type."""

    type = "httpInvalidRequestBody"

    def error(self) -> dict[str, Any]:
        """Return the error object with `bodyTruncated`: whether the body was too long to be quoted; it never is."""
        return {**super().error(), "bodyTruncated": False}


class NotSupportedError(LakeError):
    """Something the real service does and this emulator does not (yet); the text names the nearest supported form."""

    type = "notSupportedError"


class AttributeLimitError(LakeError):
    """The dataset holds more attribute/datatype pairs than the plan allows."""

    type = "attributeLimitError"


class DocumentLimitExceededError(LakeError):
    """The dataset would hold more documents than the plan allows."""

    type = "documentLimitExceededError"

    def __init__(self, count: int, limit: int) -> None:
        """Name the count that was asked for and the limit."""
        super().__init__(f"Total document count {count} exceeds limit of {limit} (including submitted mutations)")


class ListenerOverflowError(LakeError):
    """A listener fell so far behind that its stream was closed; what it missed has to be read anew."""

    type = "listenerOverflowError"

    def __init__(self, name: str, limit: int) -> None:
        """Name the listener and the bound of its queue."""
        super().__init__(
            f'Listener "{name}" fell {limit} events behind and was closed; read the documents and listen anew'
        )


class ReleaseLimitExceededError(LakeError):
    """The dataset would hold more active releases than the plan allows."""

    type = "releaseLimitExceededError"

    def __init__(self, limit: int) -> None:
        """Name the limit."""
        super().__init__(f"The dataset holds {limit} active releases, which is the limit; publish or archive one first")
        self.limit = limit

    def error(self) -> dict[str, Any]:
        """Return the error object with `limit`."""
        return {**super().error(), "limit": self.limit}


class TransactionAlreadyExistsError(LakeError):
    """A transaction id was used a second time in one dataset."""

    type = "transactionAlreadyExistsError"

    def __init__(self, transaction_id: str) -> None:
        """Name the reused id."""
        super().__init__(f'Transaction with ID "{transaction_id}" already exists')
        self.transaction_id = transaction_id


class DatasetNotFoundError(LakeError):
    """A dataset that was never created, answered in the gateway's style."""

    type = "datasetNotFoundError"

    def __init__(self, dataset: str, project: str = "lakesim") -> None:
        """Name the dataset and the project that was searched."""
        # A name with a tilde is another name for a dataset; here there are none of those.
        self.noun = "Dataset alias" if dataset.startswith("~") else "Dataset"
        super().__init__(f'{self.noun} "{dataset.removeprefix("~")}" not found for project ID "{project}"')

    def body(self) -> dict[str, Any]:
        """Return the gateway body: `statusCode`, `error`, `message`."""
        return {"statusCode": 404, "error": f"{self.noun} not found", "message": self.description}


class ItemError(LakeError):
    """A refusal that belongs to one mutation or action; `TransactionError` carries it with its index."""


class InvalidValueError(ItemError):
    """A malformed id, reference, attribute name or value inside a mutation."""

    type = "validationError"

    def __init__(self, description: str, *, value: Any = None) -> None:
        """Keep the text and, if given, the offending value in the service's own wrapping."""
        super().__init__(description)
        self.value = value

    def error(self) -> dict[str, Any]:
        """Return the error object, with `value` where one was given."""
        out = super().error()
        if isinstance(self.value, str):
            out["value"] = {"Kind": {"string_value": self.value}}
        return out


class PatchError(ItemError):
    """A patch operation that cannot apply to the document it meets (inc on a string, text patch on a number)."""

    type = "mutationError"


class DocumentAlreadyExistsError(ItemError):
    """`create` of an id that is taken."""

    type = "documentAlreadyExistsError"

    def __init__(self, document_id: str) -> None:
        """Name the id."""
        super().__init__(f'Document by ID "{document_id}" already exists')
        self.document_id = document_id

    def error(self) -> dict[str, Any]:
        """Return the error object with `id`."""
        return {**super().error(), "id": self.document_id}


class DocumentNotFoundError(ItemError):
    """A patch by id of a document that does not exist."""

    type = "documentNotFoundError"

    def __init__(self, document_id: str) -> None:
        """Name the id."""
        super().__init__(f'The document with the ID "{document_id}" was not found')
        self.document_id = document_id

    def error(self) -> dict[str, Any]:
        """Return the error object with `id`."""
        return {**super().error(), "id": self.document_id}


class DocumentRevisionMismatchError(ItemError):
    """`ifRevisionID` names another revision than the document has."""

    type = "documentRevisionIDDoesNotMatchError"

    def __init__(self, document_id: str, current: str | None, expected: str) -> None:
        """Name the document, the revision it has (None: it does not exist) and the one that was expected."""
        super().__init__(
            f'Document "{document_id}" has unexpected revision ID ("{current or ""}"), expected "{expected}"'
        )
        self.document_id = document_id
        self.current = current
        self.expected = expected

    def error(self) -> dict[str, Any]:
        """Return the error object with both revisions."""
        return {**super().error(), "currentRevisionID": self.current or "", "expectedRevisionID": self.expected}


class ImmutableAttributeError(ItemError):
    """A change of `_id` or `_type`."""

    type = "cannotModifyImmutableAttributeError"

    def __init__(self, attribute: str) -> None:
        """Name the attribute."""
        super().__init__(f'Cannot modify immutable attribute "{attribute}"')
        self.attribute = attribute

    def error(self) -> dict[str, Any]:
        """Return the error object with `attribute`."""
        return {**super().error(), "attribute": self.attribute}


class DocumentReferenceDoesNotExistError(ItemError):
    """A strong reference to a document that is missing when the transaction ends."""

    type = "documentReferenceDoesNotExistError"

    def __init__(self, document_id: str, reference_id: str) -> None:
        """Name the referrer and the missing target."""
        super().__init__(f'Document "{document_id}" references non-existent document "{reference_id}"')
        self.document_id = document_id
        self.reference_id = reference_id

    def error(self) -> dict[str, Any]:
        """Return the error object with `id` and `referenceID`."""
        return {**super().error(), "id": self.document_id, "referenceID": self.reference_id}


class DocumentHasExistingReferencesError(ItemError):
    """Deletion of a document that others refer to strongly when the transaction ends."""

    type = "documentHasExistingReferencesError"

    def __init__(self, document_id: str, referencing_ids: Sequence[str]) -> None:
        """Name the document and every document that refers to it strongly."""
        # Empty for a caller who may read none of them.
        first = ", ".join(f'"{referrer}"' for referrer in referencing_ids) or "documents that you may not read"
        super().__init__(f'Document "{document_id}" cannot be deleted as there are references to it from {first}')
        self.document_id = document_id
        self.referencing_ids = list(referencing_ids)

    def error(self) -> dict[str, Any]:
        """Return the error object with `id` and `referencingIDs`."""
        return {**super().error(), "id": self.document_id, "referencingIDs": self.referencing_ids}


class InsufficientPermissionsError(ItemError):
    """The caller's grants do not cover the document and permission named."""

    type = "insufficientPermissionsError"

    def __init__(self, permission: str) -> None:
        """Name the permission that was required."""
        super().__init__(f'Insufficient permissions; permission "{permission}" required')
        self.permission = permission

    def error(self) -> dict[str, Any]:
        """Return the error object with `permission`."""
        return {**super().error(), "permission": self.permission}


class TransactionError(LakeError):
    """A transaction refused because of one or more of its items; nothing of it was written.

    Shape: `causes` is a list of (index, ItemError), `items` the same as wire JSON (`{"error": {...}, "index": n}`).
    """

    noun: ClassVar[str] = "Transaction"

    def __init__(self, causes: Sequence[tuple[int, ItemError]]) -> None:
        """Take the failing items; the outer wording follows section 2.8 of the content-lake reference."""
        self.causes = list(causes)
        # Items that fail at parse time, and several at once, get the counted wording; one that fails on apply the
        # plain.
        counted = len(self.causes) != 1 or (
            isinstance(self.causes[0][1], InvalidValueError) and self.causes[0][1].value is not None
        )
        if counted:
            text = f"{self.noun}(s) failed with {len(self.causes)} error(s)"
        else:
            text = f"{self.noun} failed: {self.causes[0][1].description}"
        super().__init__(text)

    def __str__(self) -> str:
        """Show the description and, where it only counts, each item's own text."""
        lines = [self.description]
        for index, cause in self.causes:
            if cause.description not in self.description:
                lines.append(f"- at index {index}: {cause.description}")
        return "\n".join(lines)

    @property
    def items(self) -> list[Mapping[str, Any]]:
        """The failing positions as wire JSON, sparse: only the positions that failed."""
        return [{"error": cause.error(), "index": index} for index, cause in self.causes]

    def error(self) -> dict[str, Any]:
        """Return the error object with `items`."""
        return {**super().error(), "items": self.items}


class MutationError(TransactionError):
    """A mutate request that was refused."""

    type = "mutationError"
    noun = "Mutation"


class ActionError(TransactionError):
    """An actions request that was refused."""

    type = "actionError"
    noun = "Action"
