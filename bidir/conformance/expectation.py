"""What a scenario may expect: documents, counts, conflicts, pending halves, notices, events, errors."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

__all__ = [
    "ConflictExpectation",
    "Count",
    "ErrorExpectation",
    "EventExpectation",
    "NoticeExpectation",
    "PendingExpectation",
    "Then",
    "ViolationExpectation",
    "count_holds",
]

_AT_MOST = re.compile(r"<= ?(\d+)")


def _checked_count(value: int | str) -> int | str:
    if isinstance(value, str) and not _AT_MOST.fullmatch(value):
        raise ValueError(f'a count is a number or "<= 3", not "{value}"')
    return value


Count: TypeAlias = Annotated[
    Annotated[int, Field(ge=0)] | Annotated[str, Field(pattern=r"^<= ?\d+$")], AfterValidator(_checked_count)
]
"""An exact number, or an upper bound written `<= 3`."""


def count_holds(expected: int | str, got: int) -> bool:
    """Whether `got` is what a `Count` asks for."""
    if isinstance(expected, int):
        return got == expected
    match = _AT_MOST.fullmatch(expected)
    return match is not None and got <= int(match.group(1))


class _Expectation(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ConflictExpectation(_Expectation):
    """A refusal; only what is written here is compared."""

    kind: Literal["held", "max", "acyclic", "blocked"]
    relation: str | None = None
    claimant: str | None = None
    place: str | None = None
    holder: str | None = None
    layer: str | None = None


class PendingExpectation(_Expectation):
    """A half that waits; only what is written here is compared."""

    reason: Literal[
        "missing",
        "not-visible",
        "permission",
        "deferred-live",
        "locked-release",
        "conflict",
        "budget",
        "no-inverse-field",
        "variant",
    ]
    relation: str | None = None
    source: str | None = None
    target: str | None = None
    layer: str | None = None


class NoticeExpectation(_Expectation):
    """Something told once; only what is written here is compared, `documents` are some of those it names."""

    kind: str
    relation: str | None = None
    documents: list[str] | None = None
    layer: str | None = None


class ViolationExpectation(_Expectation):
    """A line of the audit; only what is written here is compared."""

    kind: str
    relation: str | None = None


class EventExpectation(_Expectation):
    """A listener's event: which stored document, and how it moved."""

    document: str
    transition: Literal["appear", "update", "disappear"]


class ErrorExpectation(_Expectation):
    """An exception of the call: the class's name (or its base's) and a part of the text."""

    type: str
    text: str | None = None


class Then(_Expectation):
    """What holds. What is not mentioned is not checked, except: conflicts and errors must be expected to happen, and
    where `documents` is given, every document and field not named there must be as before.
    """

    documents: dict[str, Literal["absent", "unchanged"] | dict[str, Any]] | None = Field(
        default=None, description="By id: the fields that changed, `absent` or `unchanged`."
    )
    one_of: list[dict[str, Literal["absent", "unchanged"] | dict[str, Any]]] | None = Field(
        default=None, min_length=2, description="Several results that would be right, as `documents`."
    )
    others: Literal["unchanged", "any"] = Field(
        default="unchanged", description="What becomes of documents and fields not named."
    )
    documents_written: Count | None = Field(default=None, description="Stored documents created, changed or deleted.")
    writes: Count | None = Field(default=None, description="Write requests to the lake.")
    reads: Count | None = Field(default=None, description="Read requests to the lake.")
    retries: Count | None = Field(default=None, description="Plans thrown away because of a conflict.")
    transactions: Count | None = Field(default=None, description="Transactions committed, whoever sent them.")
    waited_ms: Count | None = Field(
        default=None, description="Milliseconds on the lake's clock: what the editor waited for the call."
    )
    conflicts: list[str | ConflictExpectation] | None = None
    pending: list[str | PendingExpectation] | None = Field(default=None, description="All that engine.pending() lists.")
    notices: list[str | NoticeExpectation] | None = Field(
        default=None, description="All notices; `version-created` may be left out where `layers` makes versions."
    )
    audit: list[str | ViolationExpectation] | None = Field(default=None, description="All that engine.audit() lists.")
    repaired: Count | None = Field(default=None, description="The `writes` of the repair's report.")
    events: list[EventExpectation] | None = Field(default=None, description="All events of a listener on everything.")
    quarantined: list[str] | None = Field(
        default=None, description="All documents (published ids) that the workers leave alone by now."
    )
    error: ErrorExpectation | None = None
    schema_error: list[str] | None = Field(
        default=None, min_length=1, description="The schema is refused; each text stands in the message."
    )
