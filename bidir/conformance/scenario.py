"""The scenario format: what one YAML file under `scenarios/` may say, as models that refuse everything else."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bidir.conformance.expectation import Then

__all__ = [
    "LAYERS",
    "WORKERS_MAX",
    "EventFault",
    "Fault",
    "Given",
    "Layer",
    "RelationShorthand",
    "Scenario",
    "StartWorker",
    "Step",
]

Layer: TypeAlias = Literal["published", "drafts", "drafts-over-published"]
"""Where a scenario that names `layers` is played: all documents published, all drafts, or drafts made on demand."""

LAYERS: tuple[Layer, ...] = ("published", "drafts", "drafts-over-published")

WORKERS_MAX = 8
"""Workers that may follow at once in one scenario."""

Mutation: TypeAlias = dict[str, Any]
Names: TypeAlias = str | list[str]
Values: TypeAlias = dict[str, Any]


class _Part(BaseModel):
    """A part of a scenario: unknown keys are errors, nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class RelationShorthand(_Part):
    """One relation with options: `{between: "book.author <-> author.currentBook", onConflict: reject}`."""

    # Options are handed to Schema.load, which knows their names and says "did you mean".
    model_config = ConfigDict(extra="allow", frozen=True)

    between: str = Field(description='Both ends: "book.author <-> author.books[]"; [] marks an array.')


class Given(_Part):
    """What stands in the lake before the first step; written past the engine."""

    documents: dict[str, str | dict[str, Any]] = Field(
        default_factory=dict, description="By id: the type's name, or a body with `_type`."
    )
    links: list[str] = Field(
        default_factory=list,
        description='Whole pairs, both halves written: "b1.author -> a1" or "drafts.b1.author -> a1".',
    )
    releases: list[str] = Field(default_factory=list, description="Names of releases that exist and are active.")


class Fault(_Part):
    """What goes wrong with the requests of one step."""

    lose_response: int = Field(default=0, ge=0, description="So many commits are done and their answers lost.")
    unavailable: int = Field(default=0, ge=0, description="So many commits are not taken (503).")
    rate_limited: int = Field(default=0, ge=0, description="So many commits are answered 429.")
    conflict: int = Field(default=0, ge=0, description="So many commits are answered 409 although nothing changed.")
    crash: Literal["before-commit", "after-commit"] | None = Field(
        default=None, description="The engine's process dies around its first commit; a new one takes over."
    )


class EventFault(_Part):
    """What happens to the next events on their way to the workers, in this order: lost, doubled, turned round."""

    to: str | None = Field(default=None, description="Only to this worker; default: to each of them.")
    drop: int = Field(default=0, ge=0, description="So many events are lost.")
    duplicate: int = Field(default=0, ge=0, description="So many of the next ones come twice.")
    reorder: int = Field(default=0, ge=0, description="So many of the next ones come in the opposite order.")

    @model_validator(mode="after")
    def _something(self) -> EventFault:
        if not (self.drop or self.duplicate or self.reorder):
            raise ValueError("say what happens to the events: drop, duplicate or reorder, with how many of them")
        return self


class StartWorker(_Part):
    """A worker that starts following, by another declaration than the editors' if one is given."""

    name: str
    schema_: str | list[Any] | dict[str, Any] | None = Field(default=None, alias="schema")
    relations: list[str | RelationShorthand] | None = None
    live_edit: list[str] = Field(default_factory=list)


class Restart(_Part):
    """A new engine on the same lake, with another declaration if one is given."""

    schema_: str | list[Any] | dict[str, Any] | None = Field(default=None, alias="schema")
    relations: list[str | RelationShorthand] | None = None
    live_edit: list[str] = Field(default_factory=list)


class Repair(_Part):
    """A run of the repair."""

    dry_run: bool = False


class Step(_Part):
    """One thing that happens; exactly one kind of it per step.

    The short forms (`set` … `delete`) and `submit` may stand together: they are one submit, one transaction.
    """

    set_: Values | None = Field(default=None, alias="set", description="{b1.author: -> a2}: one patch per document.")
    clear: Names | None = Field(default=None, description="b1.author: unset of the path.")
    add: Values | None = Field(default=None, description="{a1.books: b2}: inserted at the end; or whole items.")
    remove: dict[str, Names] | None = Field(default=None, description="{a1.books: b2}: the items that point at b2.")
    reorder: dict[str, list[str]] | None = Field(
        default=None, description="{a1.books: [b2, b1]}: same items, new order."
    )
    create: Values | None = Field(default=None, description="{b1: {_type: book}}: a create mutation.")
    delete: Names | None = Field(default=None, description="A delete mutation in this layer (see delete_everywhere).")
    submit: list[Mutation] | None = Field(default=None, description="Mutations in wire form, arrows allowed in them.")

    in_: str | None = Field(default=None, alias="in", description="The perspective: drafts, published or a release.")
    consent: Literal["previous"] | list[str] | None = Field(
        default=None, description="Tokens to submit with; `previous`: those of the conflicts so far."
    )
    transaction_id: str | None = None
    by: str = Field(default="editor", description="Who does it; every name has an engine and a connection of its own.")
    meanwhile: list[Step] | None = Field(
        default=None, description="Steps that come between this step's reading and its first commit."
    )
    fault: Fault | None = None
    each: str | None = Field(
        default=None,
        pattern=r"^\d+\.\.\d+$",
        description='"1..100": the step is repeated for each number, {n} stands for it.',
    )
    steps: list[Step] | None = Field(default=None, description="With `each` and nothing else: these, in turn.")
    together: list[Step] | None = Field(
        default=None, description="Submits of several editors: all read before the first one commits."
    )

    publish: Names | None = None
    unpublish: str | None = None
    discard: str | None = None
    delete_everywhere: str | None = Field(default=None, description="engine.delete: every version of the document.")
    duplicate: dict[str, str] | None = Field(default=None, description="{b1: b1-copy}")
    restore: dict[str, str] | None = Field(default=None, description="{b1: revision}")
    create_version: dict[str, str] | None = Field(default=None, description="{b1: release}")
    create_release: str | None = None
    publish_release: str | None = None
    schedule_release: dict[str, str] | None = Field(default=None, description="{release: 2026-02-01T00:00:00Z}")
    unschedule_release: str | None = None
    archive_release: str | None = None
    unarchive_release: str | None = None
    delete_release: str | None = None

    elsewhere: list[Mutation] | None = Field(default=None, description="Mutations sent to the lake past the engine.")
    elsewhere_actions: list[dict[str, Any]] | None = Field(default=None, description="Lake actions past the engine.")
    advance: float | None = Field(default=None, ge=0, description="Seconds that pass.")
    settle: Literal[True] | None = Field(
        default=None,
        description="The workers handle every event and what waits is tried again, until nothing moves any more; "
        "`by` a worker: only that one handles its events.",
    )
    events: EventFault | None = Field(default=None, description="What happens to the next events.")
    stop_worker: str | None = Field(default=None, description="The worker's process ends; its cursor is kept.")
    start_worker: str | StartWorker | None = Field(
        default=None, description="A worker follows from its cursor, or from now if it never ran."
    )
    deny: Names | None = Field(default=None, description="Documents (published ids) that `by` may not write from here.")
    allow: Names | None = Field(default=None, description="Takes a deny back.")
    undo: Literal["previous"] | None = Field(default=None, description="Submits what the last steal's notice offers.")
    remember: dict[str, str] | None = Field(
        default=None, description="{key: 'a1.books[0]._key'}: later written as $key, in values and inside paths."
    )
    repair: Repair | None = None
    restart: Restart | None = None

    then: Then | None = Field(default=None, description="What holds after this step; the frame starts before it.")

    @model_validator(mode="after")
    def _one_kind(self) -> Step:
        kinds = self.kinds
        if len(kinds) > 1:
            raise ValueError(f"two things in one step ({' and '.join(kinds)}); make a step of each")
        if not kinds and self.then is None:
            raise ValueError("a step says what happens: set, clear, add, remove, create, submit, publish, elsewhere …")
        if self.consent is not None and kinds not in (["submit"], ["delete_everywhere"]):
            raise ValueError("consent belongs to a submit (set, clear, add, remove, …) or to delete_everywhere")
        for inner in self.together or ():
            if inner.kinds != ["submit"] or inner.meanwhile is not None:
                raise ValueError("`together` holds submits (set, add, clear, …) without `meanwhile`")
        if self.together is not None and len(self.together) < 2:
            raise ValueError("`together` takes two steps or more, each `by` somebody")
        if len({inner.by for inner in self.together or ()}) < len(self.together or ()):
            raise ValueError("`together` is about different editors: give each step a `by` of its own")
        if self.each is not None or self.steps is not None:
            raise ValueError("`each: 1..9` repeats the step it stands in, `steps` beside it several; nothing else does")
        if self.transaction_id is not None and kinds != ["submit"]:
            raise ValueError("transaction_id belongs to a submit (set, clear, add, remove, …)")
        return self

    @property
    def kinds(self) -> list[str]:
        """The kinds of thing this step does, `submit` for the short forms; one at most once validated."""
        given = [name for name in _KIND_FIELDS if getattr(self, name) is not None]
        return (["submit"] if any(getattr(self, name) is not None for name in SUBMIT_FIELDS) else []) + given


SUBMIT_FIELDS = ("create", "set_", "clear", "add", "remove", "reorder", "submit", "delete")
"""The parts of a submit, in the order in which their mutations are sent."""

LIFE_CYCLE_FIELDS = (
    "publish",
    "unpublish",
    "discard",
    "delete_everywhere",
    "duplicate",
    "restore",
    "create_version",
    "create_release",
    "publish_release",
    "schedule_release",
    "unschedule_release",
    "archive_release",
    "unarchive_release",
    "delete_release",
)
"""Steps that call the engine operation of that name (`delete_everywhere` calls `delete`)."""

_KIND_FIELDS = (
    *LIFE_CYCLE_FIELDS,
    "elsewhere",
    "elsewhere_actions",
    "advance",
    "settle",
    "events",
    "stop_worker",
    "start_worker",
    "together",
    "deny",
    "allow",
    "undo",
    "remember",
    "repair",
    "restart",
)


class Scenario(_Part):
    """One case: given documents, when something happens, then exactly this is so."""

    title: str = Field(min_length=1, description="What happens, in one line.")
    why: str = Field(min_length=1, description="What goes wrong in systems that get it wrong.")
    source: Names = Field(description="Museum number, rule, or the system that showed the fault.")
    schema_: str | list[Any] | dict[str, Any] | None = Field(
        default=None, alias="schema", description="Sanity's schema form, or the name of a file in the folder `schemas`."
    )
    relations: Annotated[
        list[str | RelationShorthand] | None,
        Field(description='Shorthand instead of a schema: "book.author <-> author.currentBook".'),
    ] = None
    live_edit: list[str] = Field(default_factory=list, description="Types of `relations` that are edited live.")
    layers: list[Layer] | None = Field(
        default=None,
        min_length=1,
        description="Play the same case in each of these; ids then mean the id of the layer.",
    )
    follow: bool = Field(default=False, description="Workers follow the edits from the start (see `settle`).")
    workers: int = Field(default=1, ge=1, le=WORKERS_MAX, description='How many: "worker 1", "worker 2" …')
    query_lag: float = Field(
        default=0, ge=0, description="Seconds by which queries are behind; reads by id see everything at once."
    )
    round_trip_ms: int = Field(
        default=0, ge=0, description="Milliseconds that every request of an engine takes on the lake's clock."
    )
    given: Given = Field(default_factory=Given)
    when: list[Step] = Field(default_factory=list)
    then: Then | None = Field(default=None, description="What holds at the end; the frame starts at `given`.")
    check_invariants: bool = Field(default=True, description="Check symmetry and the other invariants at the end.")
    invariants_after_each_step: bool = Field(
        default=False, description="Judge each step by I1 to I12, as the state machines do."
    )

    @model_validator(mode="after")
    def _complete(self) -> Scenario:
        if (self.schema_ is None) == (self.relations is None):
            raise ValueError("exactly one of `schema` and `relations` declares the fields")
        if self.workers > 1 and not self.follow:
            raise ValueError("`workers` says how many follow; add `follow: true`")
        if self.live_edit and self.relations is None:
            raise ValueError("`live_edit` goes with `relations`; in a schema write `liveEdit: true` at the type")
        judged = self.invariants_after_each_step or any(step.then is not None for step in self.when)
        if self.then is None and not judged:
            raise ValueError("nothing is expected: add `then`, at the end or in a step")
        if self.layers is not None:
            stored = [key for key in self.given.documents if key.startswith(("drafts.", "versions."))]
            if stored:
                raise ValueError(f'with `layers` ids carry no prefix of their own; "{stored[0]}" names a layer already')
        return self


Step.model_rebuild()
