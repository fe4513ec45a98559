"""A counterexample as a scenario file, which plays it on a real lake with a whole engine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bidir.conformance.scenario import Scenario
from bidir.conformance.states.coding import ABSENT, TEXT, Coding
from bidir.conformance.states.operations import Operation
from bidir.conformance.states.scope import RELEASE, Scope
from bidir.conformance.states.search import Counterexample
from bidir.conformance.states.walking import Walker
from bidir.conformance.writing import write_scenario
from bidir.errors import NotSupportedError
from bidir.refs import DRAFTS, PUBLISHED

__all__ = ["ENGINE_OPTION", "as_scenario", "write_counterexample"]

ENGINE_OPTION = " --engine bidir.conformance.states.weakened:without_{}"
"""What replays a scenario with the engine that has a rule switched off."""

NAME_DIGITS = 8


def write_counterexample(scope: Scope, found: Counterexample, folder: Path, *, without: str | None) -> Path:
    """Write the scenario into `folder` and return its path; the name tells the scope, the rule and the history.

    Raises: NotSupportedError for a history that the format of scenarios cannot tell.
    """
    digest = hashlib.sha256("\n".join(map(str, found.operations)).encode()).hexdigest()[:NAME_DIGITS]
    name = f"states-{scope.name}-{without or 'found'}-{digest}"
    return write_scenario(as_scenario(scope, found, without=without), folder, name)


def as_scenario(scope: Scope, found: Counterexample, *, without: str | None) -> Scenario:
    """Return the scenario that replays a history.

    Where a rule was switched off it expects what the whole planner does instead, so that it tells the two apart.
    Raises: NotSupportedError for a history with an operation that the format cannot tell.
    """
    teller = _Teller(scope)
    following = any(operation.kind.startswith("elsewhere") for operation in found.operations)
    # Each step is followed before the next one, as in the search: what came together would be carried through together.
    rest: list[dict[str, Any]] = [{"settle": True}] if following else []
    steps = [step for operation in found.operations for step in (*teller.steps(operation), *rest)]
    then: dict[str, Any] = {"audit": []}
    if without is not None:
        then = {"documents": teller.expected(found.operations), "others": "any", **then}
    return Scenario.model_validate(
        {
            "title": f"{scope.name}: {found.faults[0]}",
            "why": "\n".join(map(str, found.faults)),
            "source": f"reachable states, scope {scope.name}" + (f", without the rule {without}" if without else ""),
            "schema": list(scope.types),
            "given": {"releases": teller.releases} if teller.releases else {},
            "when": steps,
            "then": then,
            **({"follow": True} if following else {}),
        }
    )


class _Teller:
    """Puts operations into the words of the scenario format; a release that is gone goes on under another name."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.releases: list[str] = [RELEASE] if RELEASE in scope.layers else []

    def steps(self, operation: Operation) -> list[dict[str, Any]]:
        """Return the steps that do `operation`.

        Raises: NotSupportedError for one that the format cannot tell.
        """
        tell = _STEPS.get(operation.kind)
        if tell is None:
            raise NotSupportedError(
                f'a scenario cannot tell "{operation}": it has no name for a revision before the first; '
                "the history is printed above"
            )
        return tell(self, operation)

    def layer(self, operation: Operation) -> str:
        return self.releases[-1] if operation.layer == RELEASE else operation.layer

    def value(self, operation: Operation, *, arrow: str = "-> ") -> Any:
        field = self.scope.field_of[operation.group]
        items = [f"{arrow}{target}" for target in operation.value or ()]
        return items if field.many else (items[0] if items else None)

    def name(self, group: str) -> str:
        return self.scope.field_of[group].path[0]

    def body(self, operation: Operation) -> dict[str, Any]:
        out: dict[str, Any] = {"_type": self.scope.type_of[operation.group], TEXT: operation.layer}
        if operation.value is not None:
            out[self.name(operation.group)] = self.value(operation)
        return out

    def next_release(self) -> None:
        self.releases.append(f"{RELEASE[:-1]}{len(self.releases) + 1}")

    def expected(self, operations: tuple[Operation, ...]) -> dict[str, Any]:
        """Return what the whole planner leaves after the history: the fields of every group in every layer.

        A version that says what lies below is left out where the scope does not know whose it is: an engine that made
        it takes it away again (R10).
        """
        coding = Coding(self.scope)
        walker = Walker(coding, remember=False)
        state = coding.empty
        for operation in operations:
            state = walker.walk(state, operation).state or state
        out: dict[str, Any] = {}
        for (group, layer), document_id in zip(coding.places, coding.ids, strict=True):
            stored = document_id.replace(f".{RELEASE}.", f".{self.releases[-1]}.") if layer == RELEASE else document_id
            cell = coding.cell(state, group, layer)
            if cell is None:
                if coding.letter(state, group, layer) == ABSENT:
                    out[stored] = "absent"
                continue
            below = coding.cell(state, group, PUBLISHED) if layer != PUBLISHED and not self.scope.owners else None
            if below is not None and below.targets == cell.targets:
                continue
            items = [f"-> {target}" for target in cell.targets]
            many = self.scope.field_of[group].many
            out[stored] = {self.name(group): items if many and items else items[0] if items else None}
        return out


def _create(teller: _Teller, one: Operation) -> list[dict[str, Any]]:
    return [{"create": {one.group: teller.body(one)}, "in": teller.layer(one)}]


def _set(teller: _Teller, one: Operation) -> list[dict[str, Any]]:
    place = f"{one.group}.{teller.name(one.group)}"
    value = teller.value(one)
    return [{**({"clear": place} if value is None else {"set": {place: value}}), "in": teller.layer(one)}]


def _publish(teller: _Teller, one: Operation) -> list[dict[str, Any]]:
    names: Any = [one.group, one.other] if one.other else one.group
    return [{"publish": names, **({} if one.layer == DRAFTS else {"in": teller.layer(one)})}]


def _publish_release(teller: _Teller, one: Operation) -> list[dict[str, Any]]:
    name = teller.releases[-1]
    teller.next_release()
    return [{"publish_release": name}]


def _delete_release(teller: _Teller, one: Operation) -> list[dict[str, Any]]:
    name = teller.releases[-1]
    teller.next_release()
    return [{"archive_release": name}, {"delete_release": name}]


def _elsewhere(teller: _Teller, one: Operation) -> list[dict[str, Any]]:
    name = teller.name(one.group)
    value = teller.value(one, arrow="~> ")
    if one.kind == "elsewhere_remove":
        mutation: dict[str, Any] = {"delete": {"id": one.group}}
    elif one.kind == "elsewhere_create":
        stated = {} if one.value is None else {name: value}
        mutation = {"create": {"_id": one.group, "_type": teller.scope.type_of[one.group], TEXT: PUBLISHED, **stated}}
    else:
        mutation = {"patch": {"id": one.group, **({"set": {name: value}} if value else {"unset": [name]})}}
    return [{"elsewhere": [mutation]}]


def _mark(teller: _Teller, one: Operation) -> list[dict[str, Any]]:
    action = {"actionType": "sanity.action.document.version.unpublish", "publishedId": one.group}
    return [{"elsewhere_actions": [{**action, "versionId": f"versions.{teller.releases[-1]}.{one.group}"}]}]


_STEPS: dict[str, Callable[[_Teller, Operation], list[dict[str, Any]]]] = {
    "create": _create,
    "set": _set,
    "publish": _publish,
    "publish_together": _publish,
    "unpublish": lambda teller, one: [{"unpublish": one.group}],
    "remove": lambda teller, one: [{"delete": one.group, "in": PUBLISHED}],
    "discard": lambda teller, one: [{"discard": one.group, "in": teller.layer(one)}],
    "delete": lambda teller, one: [{"delete_everywhere": one.group}],
    "create_version": lambda teller, one: [{"create_version": {one.group: teller.layer(one)}}],
    "duplicate": lambda teller, one: [{"duplicate": {one.group: one.other}, "in": teller.layer(one)}],
    "mark": _mark,
    "publish_release": _publish_release,
    "delete_release": _delete_release,
    "elsewhere_set": _elsewhere,
    "elsewhere_create": _elsewhere,
    "elsewhere_remove": _elsewhere,
}
