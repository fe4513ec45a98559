"""Which scenarios can be played where the engine is never called: plain edits, judged by the documents alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bidir.backends.naming import mutated_ids
from bidir.conformance.arrows import parse_arrow
from bidir.conformance.expectation import Then
from bidir.conformance.given import given_documents
from bidir.conformance.invariants import check_invariants
from bidir.conformance.loading import LoadedScenario, shared_schemas
from bidir.conformance.naming import Naming
from bidir.conformance.playing import declared_schema
from bidir.conformance.runner import layers_of
from bidir.conformance.scenario import Step
from bidir.errors import SchemaError
from bidir.refs import group_of
from bidir.relations import Relation, Schema

__all__ = ["as_edits", "unfit"]

LAYERS = (None, "drafts", "published")
"""Where an editor writes, without releases."""

PLAIN = frozenset({"submit", "elsewhere", "publish", "unpublish", "discard", "settle", "advance"})
"""The kinds of steps that are an edit of somebody's, or waiting."""

TOLD = ("conflicts", "pending", "error", "schema_error", "quarantined", "repaired", "events")
"""What only the engine could tell, or do, when it is called."""

SEEN = frozenset({"documents", "one_of", "others"})
"""What is left of an expectation: what everybody can see."""


def unfit(loaded: LoadedScenario, kept: Schema) -> str:
    """Return why a scenario cannot be played on a lake whose relations `kept` somebody else keeps; empty if it can."""
    scenario = loaded.scenario
    kinds = {kind for step in scenario.when for kind in step.kinds}
    if kinds - PLAIN:
        return "steps that are no plain edits"
    if scenario.given.releases or any(step.in_ not in LAYERS for step in scenario.when):
        return "releases"
    if scenario.query_lag or scenario.round_trip_ms or scenario.workers > 1:
        return "a lake or workers of the judge's making"
    if any(_is_staged(step) for step in scenario.when):
        return "several editors, or faults, at chosen moments"
    expected = [scenario.then, *(step.then for step in scenario.when)]
    if any(getattr(then, name) for then in expected if then is not None for name in TOLD):
        return "what only the engine itself could tell"
    if not _documents_named(expected):
        return "nothing that shows in documents"
    try:
        schema = declared_schema(scenario.schema_, scenario.relations, scenario.live_edit, shared_schemas(loaded.path))
    except SchemaError:
        return "a schema that is refused"
    given = [given_documents(scenario.given, schema, Naming(layer)) for layer in layers_of(loaded)]
    if any(check_invariants(schema, documents) for documents in given):
        return "documents that are out of step to begin with"
    strange = [one.name for one in (*schema.relations, *schema.derived) if not _is_kept(one, schema, kept)]
    return f"other relations than {', '.join(one.name for one in kept.relations)}" if strange else ""


def as_edits(loaded: LoadedScenario) -> LoadedScenario:
    """Return the scenario as edits: nobody is asked to follow, and only documents are expected."""
    scenario = loaded.scenario
    mine: set[str] = set()
    when = []
    for step in scenario.when:
        mine |= _edited(step)
        when.append(_as_edit(step, mine))
    changed = scenario.model_copy(update={"follow": False, "when": when, "then": _seen(scenario.then, mine)})
    return replace(loaded, scenario=changed)


def _edited(step: Step) -> set[str]:
    """Return the groups that the editor writes in this step."""
    places = [step.set_, step.add, step.remove, step.reorder, step.create]
    named = [name for values in places for name in values or ()]
    for names in (step.clear, step.delete):
        named += [names] if isinstance(names, str) else list(names or ())
    groups = {group_of(name.removeprefix("drafts.").partition(".")[0]) for name in named}
    return groups | {group_of(one) for one in mutated_ids([*(step.submit or ()), *(step.elsewhere or ())])}


def _is_staged(step: Step) -> bool:
    return step.meanwhile is not None or step.fault is not None or step.consent is not None


def _documents_named(expected: Sequence[Then | None]) -> bool:
    return any(then is not None and (then.documents is not None or then.one_of) for then in expected)


def _is_kept(relation: Relation, schema: Schema, kept: Schema) -> bool:
    """Whether somebody keeps this very relation, between types that are edited live, or not, as here."""
    same = any(_said(one) == _said(relation) for one in kept.relations)
    ends = (relation.left.type, relation.right.type)
    return same and all(schema.is_live(name) == kept.is_live(name) for name in ends)


def _said(relation: Relation) -> Relation:
    """Return the relation without its name, which is the declarer's own."""
    return replace(relation, name="")


def _as_edit(step: Step, mine: Collection[str]) -> Step:
    update: dict[str, Any] = {"then": _seen(step.then, mine)}
    if step.settle:
        # Every look waits until it is quiet, so that there is nothing to do here.
        update |= {"settle": None, "advance": 0.0}
    return step.model_copy(update=update)


def _seen(then: Then | None, mine: Collection[str]) -> Then | None:
    """Keep what shows in documents; in those that the editor writes, the editor's own strengths and saves count."""
    if then is None:
        return None
    update: dict[str, Any] = {name: getattr(then, name) for name in then.model_fields_set & SEEN}
    if then.documents is not None:
        update["documents"] = _eased(then.documents, mine)
    if then.one_of is not None:
        update["one_of"] = [_eased(one, mine) for one in then.one_of]
    return Then().model_copy(update=update)


def _eased(documents: Mapping[str, Any], mine: Collection[str]) -> dict[str, Any]:
    return {name: _any_strength(body) if group_of(name) in mine else body for name, body in documents.items()}


def _any_strength(value: Any) -> Any:
    if value == "unchanged":
        # Saved again without a change, a document has a new revision, whoever else keeps still.
        return {}
    if isinstance(value, str):
        arrow = parse_arrow(value)
        return value if arrow is None else f"-> {arrow.target}"
    if isinstance(value, Mapping):
        return {name: _any_strength(inner) for name, inner in value.items()}
    return [_any_strength(inner) for inner in value] if isinstance(value, list) else value
