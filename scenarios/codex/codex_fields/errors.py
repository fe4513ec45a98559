"""What can be wrong with a codex, a template or a reference, one class each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bidir.errors import BidirError

__all__ = [
    "BadValueError",
    "ChainTooDeepError",
    "CircularReferenceError",
    "CodexError",
    "CreateNotAllowedError",
    "NotLinkedError",
    "ReorderNotAllowedError",
    "RequiredFieldError",
    "TemplateError",
    "TooFewItemsError",
    "TooManyItemsError",
    "UnknownCodexError",
    "UnknownFieldError",
    "UnknownTemplateError",
    "WrongTemplateError",
]


class CodexError(BidirError):
    """Anything that reference fields refuse; nothing was written. `code` names the class to programs."""

    code: ClassVar[str] = "codex"


class TemplateError(CodexError):
    """Templates that do not fit together; the text lists every fault."""

    code = "template"


class UnknownTemplateError(CodexError):
    """There is no template of that id."""

    code = "unknown-template"


class UnknownFieldError(CodexError):
    """The template has no such field, or none of the kind that is needed."""

    code = "unknown-field"


class UnknownCodexError(CodexError):
    """No codex has the id, as far as the workspace's perspective shows."""

    code = "unknown-codex"


class WrongTemplateError(CodexError):
    """The target is made from another template than the field takes."""

    code = "wrong-template"


class CircularReferenceError(CodexError):
    """The reference would close a circle; `path` are the codices on it, the first again at the end."""

    code = "circular"

    def __init__(self, path: Sequence[str], field: str) -> None:
        """Keep the path."""
        self.path = tuple(path)
        super().__init__(f"{field}: this would create a circular reference: {' → '.join(self.path)}")


class ChainTooDeepError(CodexError):
    """The chain of references from the source on would be longer than the field's maxDepth; `path` is one that is."""

    code = "too-deep"

    def __init__(self, path: Sequence[str], field: str, depth: int) -> None:
        """Keep the path."""
        self.path = tuple(path)
        super().__init__(
            f"{field}: a chain of references may be {depth} long (maxDepth), and this one would go on after "
            f"{' → '.join(self.path)}"
        )


class RequiredFieldError(CodexError):
    """A required field would be empty."""

    code = "required"


class TooFewItemsError(CodexError):
    """A list would hold less than minItems."""

    code = "min-items"


class TooManyItemsError(CodexError):
    """A list would hold more than maxItems."""

    code = "max-items"


class CreateNotAllowedError(CodexError):
    """The field has allowCreate: false."""

    code = "create-not-allowed"


class ReorderNotAllowedError(CodexError):
    """The field has allowReorder: false."""

    code = "reorder-not-allowed"


class NotLinkedError(CodexError):
    """The field does not point there, so there is nothing to unlink or reorder."""

    code = "not-linked"


class BadValueError(CodexError):
    """A value that does not fit: a strength that is no number, metadata that is no object, a text for a number."""

    code = "bad-value"
