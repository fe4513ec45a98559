"""The planner with one of its rules switched off: what a checker must notice, or it checks nothing.

Production code knows nothing of this. A rule is switched off from outside, at the seam where the planner calls it, for
as long as a `with weakened(rule)` lasts. `without_<rule>` of this module is an engine weakened that way, so that a
counterexample can be replayed: `--engine bidir.conformance.states.weakened:without_erase`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from bidir import releases
from bidir.engine import Engine
from bidir.errors import NotSupportedError
from bidir.planning import arrivals, closure, items, lifecycle, upward, work
from bidir.ports import Backend
from bidir.refs import PUBLISHED
from bidir.relations import Schema
from bidir.suggest import did_you_mean

__all__ = ["RULES", "Rule", "weakened"]

# The package holds a function of the same name, so the module is asked for by its own.
plan = import_module("bidir.planning.plan")

Seam = tuple[Any, str, Callable[[Any], Any]]
"""Where a rule is called: module or class, the name there, and what stands in for it, made from what stood there."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that can be switched off: its `title`, the seams, and the scope in which that shows soonest."""

    name: str
    title: str
    seams: tuple[Seam, ...]
    scope: str = "1:1/two"


def _nothing(_original: Any) -> Callable[..., None]:
    return lambda *_arguments, **_options: None


def _constant(value: Any) -> Callable[[Any], Any]:
    return lambda _original: lambda *_arguments, **_options: value


def _keeping_old_partners(original: Any) -> Any:
    def collect(task: Any, layer: str, edit: Any, removed: dict[Any, Any], added: Any) -> None:
        original(task, layer, edit, removed, added)
        removed.clear()

    return collect


def _not_when_publishing(original: Any) -> Any:
    def close(task: Any, layer: str, edits: Any, **options: Any) -> None:
        if not (task.publishing and layer == PUBLISHED):
            original(task, layer, edits, **options)

    return close


def _only_own(_original: Any) -> Any:
    def ensure(task: Any, group: str, layer: str, **_options: Any) -> bool:
        return task.world.own(group, layer) is not None and not task.world.marked(group, layer)

    return ensure


def _strong(_original: Any) -> Any:
    def must_be_weak(world: Any, relation: Any, field: Any, target: str, layer: str) -> tuple[bool, bool]:
        return field.weak, False

    return must_be_weak


def _never_deferred(original: Any) -> Any:
    def deferral(task: Any, layer: str, link: Any) -> Any:
        reason = original(task, layer, link)
        return None if reason == "deferred-live" else reason

    return deferral


def _through(_original: Any) -> Any:
    def home(task: Any, link: Any, layer: str) -> str:
        return PUBLISHED if layer == "drafts" and task.world.is_live(link.group) else layer

    return home


def _whole(original: Any) -> Any:
    """Publish the drafts of all whom the published draft points at, whole, instead of their one field."""

    def publish(task: Any, operation: Any, group: str, staged: Any) -> None:
        world = task.world
        partners = [
            target
            for field in world.fields_of(group)
            for target in world.targets(group, field, operation.layer)
            if target != group and world.own(target, operation.layer) is not None and target not in operation.groups
        ]
        original(task, operation, group, staged)
        for partner in partners:
            if world.own(partner, operation.layer) is not None:
                original(task, operation, partner, staged)

    return publish


_ALL = (
    Rule("old-partner", "R1: a partner that is let go forgets, too", ((closure, "_collect", _keeping_old_partners),)),
    Rule(
        "eviction",
        "R1: who holds a single place that is taken loses it",
        ((closure, "displaced_by", _constant([])),),
        "1:1/three",
    ),
    Rule("versions", "R3: a partner without a version in the layer gets one", ((work.Work, "ensure", _only_own),)),
    Rule(
        "co-publish",
        "R5: a publish writes the published field of the partners",
        ((plan, "close_layer", _not_when_publishing),),
    ),
    Rule(
        "field-only",
        "R5: of a partner only the field is published, and only the pair",
        ((lifecycle._STAGES, "publish", _whole),),
        "owners",
    ),
    Rule("resync", "R6: a discard brings the partners back", ((plan, "resync", _nothing),), "1:1/pair"),
    Rule(
        "erase",
        "R7: nothing points at a group that is gone",
        ((plan, "erase", _nothing), (lifecycle, "erase", _nothing)),
    ),
    Rule("reconcile", "R8: the views above are repaired", ((upward, "_repair_view", _nothing),)),
    Rule("follow", "R9: a version that merely inherited follows", ((upward, "_follow", _constant(())),)),
    Rule("prune", "R10: a version made by the engine that says nothing goes", ((plan, "prune", _nothing),), "owners"),
    Rule("adopt", "E8.8: pointers that waited for a group are answered", ((plan, "adopt", _nothing),)),
    Rule(
        "weak-inverse",
        "E8.6: an inverse pointer, and one at nothing published, is weak",
        ((items, "must_be_weak", _strong),),
    ),
    Rule("weaken", "E8.14: pointers at what is unpublished become weak", ((arrivals, "weaken_pointers", _nothing),)),
    Rule("secure", "E8.6: the user's own new pointers are made safe", ((plan, "secure_items", _nothing),)),
    Rule(
        "stamps",
        "E8.6: stamps that a release would act on too early are taken out",
        ((releases, "early_stamps", _constant({})),),
        "1:1/pair",
    ),
    Rule(
        "defer",
        "row 5: what a draft says of a live document waits for the publish",
        ((closure, "deferral", _never_deferred), (work.Work, "home", _through)),
        "live/target",
    ),
    Rule(
        "pending",
        "E5: what waits is listed",
        ((closure, "wait_for", _nothing), (upward, "wait_for", _nothing)),
        "live/target",
    ),
)

RULES: Mapping[str, Rule] = {rule.name: rule for rule in _ALL}
"""Every rule that can be switched off, by name."""


@contextmanager
def weakened(name: str | None) -> Iterator[None]:
    """Switch a rule off for a while; None switches nothing off.

    Raises: NotSupportedError for a rule of another name.
    """
    if name is None:
        yield
        return
    before: list[tuple[Any, str, Any]] = []
    try:
        for place, attribute, substitute in _rule(name).seams:
            original = _read(place, attribute)
            before.append((place, attribute, original))
            _write(place, attribute, substitute(original))
        yield
    finally:
        for place, attribute, original in reversed(before):
            _write(place, attribute, original)


def _rule(name: str) -> Rule:
    if name not in RULES:
        raise NotSupportedError(
            f'no rule that can be switched off is called "{name}".{did_you_mean(name, list(RULES))} '
            f"There are: {', '.join(RULES)}"
        )
    return RULES[name]


def _read(place: Any, attribute: str) -> Any:
    return place[attribute] if isinstance(place, dict) else getattr(place, attribute)


def _write(place: Any, attribute: str, value: Any) -> None:
    if isinstance(place, dict):
        place[attribute] = value
    else:
        setattr(place, attribute, value)


class _Weak:
    """Anything of an engine, with a rule switched off during each of its calls."""

    def __init__(self, inner: Any, rule: str) -> None:
        self._inner = inner
        self._rule = rule

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **options: Any) -> Any:
            with weakened(self._rule):
                answer = found(*arguments, **options)
            return _Weak(answer, self._rule) if name == "follow" else answer

        return call


def __getattr__(name: str) -> Callable[[Schema, Backend], Any]:
    """Return the factory `without_<rule>`."""
    rule = name.removeprefix("without_").replace("_", "-")
    if not name.startswith("without_") or rule not in RULES:
        raise AttributeError(name)
    return lambda schema, backend: _Weak(Engine(schema, backend), rule)
