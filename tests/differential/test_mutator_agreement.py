"""The published patch engine (`@sanity/mutator`) and ours on the same seeded documents and patches.

Every disagreement has to be explained: by a choice whose switch makes the two agree, or by an entry of `QUIRKS`, the
list of what the published engine does and we do not, each with its reason. The list is strict both ways: what nothing
explains fails, and so does an explanation that no case needs any more.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lakesim import jsonvalue
from lakesim.errors import PatchError
from lakesim.jsonmatch import Path as ParsedPath
from lakesim.jsonmatch import find, parse_path
from lakesim.jsonmatch.ast import Attribute, Comparison, Descend, Existence, Index, Slice, Step, Steps, Union
from lakesim.jsonmatch.match import matches
from lakesim.patch import Choices, apply_patch, parse_patch
from lakesim.patch.apply import apply_operation
from lakesim.testing.patches import generate_cases

SEED = 20261120
CASES = 4000
AGREEMENT_MIN = 0.75
"""The part of the cases that must agree outright, or the generator has drifted away from what matters."""

pytestmark = pytest.mark.node

ROWS: dict[str, dict[str, Any]] = {
    "row 19: bounds of slices in insert.replace": {"replace_slices": "from the end"},
    "row 23: attribute of an array": {"attribute_of_array": "ignore"},
    "row 24: set of the item just past the end": {"set_at_length": "append"},
    "row 25: setIfMissing of a null": {"null_is_missing": False},
}
"""Open points of the reference on which we differ by default, with the switch that takes the other side."""
THEIR_CHOICES = replace(Choices(), **{name: value for row in ROWS.values() for name, value in row.items()})


@dataclass(frozen=True)
class Case:
    """One document, one patch, and both outcomes: `{"document": …}` or `{"error": …}`."""

    document: dict[str, Any]
    patch: dict[str, Any]
    theirs: dict[str, Any]

    def ours(self, choices: Choices) -> dict[str, Any]:
        try:
            return {"document": apply_patch(self.document, parse_patch(self.patch, where="patch"), choices)}
        except PatchError as error:
            return {"error": error.description}

    def leniently(self, choices: Choices) -> dict[str, Any]:
        """Return our outcome with every operation applied at those of its places where it does not fail."""
        document = self.document
        for operation in parse_patch(self.patch, where="patch").operations:
            try:
                document = apply_operation(document, operation, choices)
            except PatchError:
                for place in find(document, operation.path, map_arrays=choices.attribute_of_array == "map"):
                    alone = replace(operation, path=path_to(place))
                    with contextlib.suppress(PatchError):
                        document = apply_operation(document, alone, choices)
        return {"document": document}

    def agrees(self, choices: Choices, *, leniently: bool = False) -> bool:
        ours = self.leniently(choices) if leniently else self.ours(choices)
        return (
            "document" in ours
            and "document" in self.theirs
            and jsonvalue.equal(ours["document"], self.theirs["document"])
        )

    def paths(self, *operations: str) -> Iterator[Steps]:
        """Yield the paths of the operations named, all if none is."""
        for name, argument in self.patch.items():
            if operations and name not in operations:
                continue
            if name == "insert":
                texts = [text for anchor, text in argument.items() if anchor != "items"]
            else:
                texts = list(argument)
            for text in texts:
                yield parse_path(text).steps


def path_to(place: tuple[str | int, ...]) -> ParsedPath:
    return ParsedPath(tuple(Index(key) if isinstance(key, int) else Attribute(key) for key in place))


def steps_in(steps: Steps) -> Iterator[Step]:
    for step in steps:
        yield step
        if isinstance(step, Union):
            for member in step.members:
                yield from steps_in(member)


def any_step(case: Case, test: Callable[[Step], bool], *operations: str) -> bool:
    return any(test(step) for path in case.paths(*operations) for step in steps_in(path))


def only_ours_fails(text: str) -> Callable[[Case], bool]:
    """Whether we fail with `text`, and would agree if we left out what fails as they do."""
    return lambda case: text in case.ours(THEIR_CHOICES).get("error", "") and case.agrees(THEIR_CHOICES, leniently=True)


def builds_empty_objects(case: Case) -> bool:
    """Whether a path to set starts with attributes that are missing and ends at nothing all the same."""
    for steps in case.paths("set", "setIfMissing"):
        selecting = [i for i, step in enumerate(steps) if not isinstance(step, Attribute)]
        for cut in range(1, len(steps)):
            found = matches(case.document, steps[:cut], create=True, map_arrays=False)
            if selecting and any(not isinstance(value, (dict, list)) for _, value in found):
                return True
    return False


def repeats(steps: Steps) -> bool:
    """Whether brackets name the same thing twice, or may: members overlap."""
    return any(isinstance(step, Union) for step in steps_in(steps))


def filters_object(case: Case) -> bool:
    """Whether a filter meets something that is no array."""
    for steps in case.paths():
        for cut, step in enumerate(steps):
            members = [member[0] for member in step.members] if isinstance(step, Union) else [step]
            if any(isinstance(member, (Comparison, Existence)) for member in members):
                found = matches(case.document, steps[:cut], map_arrays=False)
                if any(not isinstance(value, list) for _, value in found):
                    return True
    return False


def out_of_range(case: Case) -> bool:
    """Whether an index or slice reaches outside the array that it meets."""
    for steps in case.paths():
        for cut, step in enumerate(steps):
            members = [member[0] for member in step.members] if isinstance(step, Union) else [step]
            for _, value in matches(case.document, steps[:cut], map_arrays=False):
                length = len(value) if isinstance(value, list) else 0
                for member in members:
                    bounds = [member.position] if isinstance(member, Index) else []
                    bounds += [member.start or 0, member.stop or 0] if isinstance(member, Slice) else []
                    if any(bound < -length or bound > length for bound in bounds):
                        return True
                    if isinstance(member, Index) and member.position >= length:
                        return True
    return False


QUIRKS: dict[str, tuple[str, Callable[[Case], bool]]] = {
    "inc and dec are lenient": (
        "section 2.3: the service fails the transaction, the editor's engine lets the value be",
        only_ours_fails("crement"),
    ),
    "diffMatchPatch of another type is lenient": (
        "section 2.3: the service refuses, the editor's engine lets the value be",
        only_ours_fails("because it is not a string"),
    ),
    "diffMatchPatch of a missing attribute throws": (
        "row 26: we ignore it, as both do for a missing item",
        lambda case: "Unable to apply diffMatchPatch" in case.theirs.get("error", ""),
    ),
    "set leaves empty objects": (
        "section 2.3: a path that ends at no item is a no-op; theirs has built the objects on the way by then",
        builds_empty_objects,
    ),
    "insert next to a slice": (
        "section 2.3: after the highest matched item; theirs takes the slice's end, which it does not match",
        lambda case: any_step(case, lambda step: isinstance(step, Slice), "insert"),
    ),
    "a slice that ends at 0": (
        "their end 0 is an open end",
        lambda case: any_step(case, lambda step: isinstance(step, Slice) and step.stop == 0),
    ),
    "outside the array": (
        "their index below the first item writes a property of that name, their slice past the last one leaves holes",
        out_of_range,
    ),
    "existence of objects and arrays": (
        "their [name?] holds for scalars only; the reference's is existence",
        lambda case: any_step(case, lambda step: isinstance(step, Existence)),
    ),
    "filter of an object": (
        "a filter on an object means the object itself; theirs sets it and cannot unset or patch it",
        filters_object,
    ),
    "comparison across types": (
        "their < compares by the host language's conversions: null, booleans and number strings are numbers",
        lambda case: any_step(case, lambda step: isinstance(step, Comparison) and step.operator not in ("==", "!=")),
    ),
    "descent below the root": (
        "their .. also searches what stands after it in the document, counts places twice or exhausts the stack",
        lambda case: any(Descend in map(type, path[1:]) for path in case.paths()),
    ),
    "unions count twice": (
        "their union applies inc once per mention, inserts next to every mention and forgets all but the last of "
        "several missing attributes; a place is a place once (reference, section 2.3)",
        lambda case: any(repeats(path) for path in case.paths()),
    ),
}
"""What the published engine does and we do not."""


def explanation(case: Case) -> str | None:
    """Return why the two outcomes differ, "" if they do not, None if nothing known explains it."""
    if case.agrees(Choices()):
        return ""
    for row, switch in ROWS.items():
        if case.agrees(replace(Choices(), **switch)):
            return row
    if case.agrees(THEIR_CHOICES):
        return "several rows"
    return next((name for name, (_, applies) in QUIRKS.items() if applies(case)), None)


@pytest.fixture(scope="module")
def cases(play: Callable[[str, Iterable[Any]], list[Any]]) -> list[Case]:
    pairs = list(generate_cases(SEED, CASES))
    outcomes = play("apply_patches.mjs", ({"document": document, "patch": patch} for document, patch in pairs))
    return [Case(document, patch, theirs) for (document, patch), theirs in zip(pairs, outcomes, strict=True)]


def test_every_disagreement_is_explained_and_every_explanation_needed(cases: list[Case]) -> None:
    counts: Counter[str] = Counter()
    unexplained: list[Case] = []
    for case in cases:
        reason = explanation(case)
        if reason is None:
            unexplained.append(case)
        else:
            counts[reason] += 1
    if unexplained:
        case = min(unexplained, key=lambda each: len(json.dumps([each.document, each.patch])))
        pytest.fail(
            f"{len(unexplained)} of {len(cases)} disagreements are not explained; the smallest:\n"
            f"document {json.dumps(case.document, ensure_ascii=False)}\npatch    {json.dumps(case.patch)}\n"
            f"ours     {json.dumps(case.ours(THEIR_CHOICES), ensure_ascii=False)}\n"
            f"theirs   {json.dumps(case.theirs, ensure_ascii=False)}"
        )
    stale = sorted({*ROWS, *QUIRKS} - set(counts))
    assert not stale, f"nothing disagrees for these reasons any more, or never did: {stale}"
    assert counts[""] / len(cases) > AGREEMENT_MIN, counts
