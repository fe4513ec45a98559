"""The published toolkit's in-memory engine (`@sanity/mutate`) and our lake on the same seeded transactions.

The toolkit applies its own mutations, and it encodes them for the service; the lake gets what it encodes. Each mutation
is judged on its own, from the state the toolkit had reached, and then the transaction as a whole. A disagreement has to
be explained: by a choice whose switch makes the two agree, or by an entry of `QUIRKS`. The list is strict both ways:
what nothing explains fails, and so does an explanation that no case needs any more.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pytest

from lakesim import Lake, jsonvalue
from lakesim.errors import LakeError
from lakesim.patch import Choices
from lakesim.store.choices import LakeChoices
from lakesim.testing.toolkit_mutations import REVISION, generate_transactions

SEED = 20261120
CASES = 6_000 if os.environ.get("LAKESIM_PROFILE") == "deep" else 600
AGREEMENT_MIN = 0.85
"""The part of the steps that must agree outright, or the generator has drifted away from what matters."""

pytestmark = pytest.mark.node

ROWS: dict[str, dict[str, Any]] = {
    "row 21: insert without an array": {"insert_without_array": "refuse"},
    "row 22: insert next to an item that is not there": {"insert_without_match": "refuse"},
    "row 26: diffMatchPatch of nothing": {"text_patch_without_target": "refuse"},
}
"""Open points of the reference on which we differ by default, with the switch that takes the other side."""
THEIR_CHOICES = replace(Choices(), **{name: value for row in ROWS.values() for name, value in row.items()})


SHARED = [{"_key": "k", "n": 1}, {"_key": "k", "n": 2}]
RARE: list[tuple[dict[str, Any], list[Any], dict[str, Any]]] = [
    # attributes of a document, path, operation: what the generator hits once in thousands of cases
    ({"items": [1]}, ["items", 5], {"type": "inc", "amount": 1}),
    ({"items": []}, ["items", -1], {"type": "set", "value": 1}),
    ({"items": []}, ["items"], {"type": "insert", "position": "after", "referenceItem": 3, "items": ["x"]}),
    ({"items": SHARED}, ["items", {"_key": "k"}, "n"], {"type": "set", "value": 3}),
    ({"items": SHARED}, ["items"], {"type": "remove", "referenceItem": {"_key": "k"}}),
    ({"a": "日本dog "}, ["a"], {"type": "diffMatchPatch", "value": "@@ -3,4 +3,4 @@\n-dog \n+cat \n"}),
]


def rare_transactions() -> Iterable[tuple[list[dict[str, Any]], list[dict[str, Any]]]]:
    document = {"_id": "d1", "_type": "thing"}
    for attributes, path, op in RARE:
        patch = {"type": "patch", "id": "d1", "patches": [{"path": path, "op": op}]}
        yield [{**document, "_rev": REVISION, **attributes}], [patch]
    locked = {"type": "patch", "id": "d1", "patches": [{"path": ["a"], "op": {"type": "set", "value": 1}}]}
    replaced = {"type": "createOrReplace", "document": document}
    yield [{**document, "_rev": REVISION}], [replaced, {**locked, "options": {"ifRevision": REVISION}}]


def content(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document without what the lake alone keeps account of."""
    return {name: value for name, value in document.items() if name not in ("_rev", "_createdAt", "_updatedAt")}


def outcome_of(before: list[dict[str, Any]], wire: list[dict[str, Any]], choices: Choices) -> dict[str, Any]:
    """Return what the lake makes of mutations in wire form: `{"documents": […]}` or `{"error": …}`."""
    dataset = Lake(seed=0, choices=LakeChoices(patch=choices)).dataset("production")
    dataset.mutate([{"create": document} for document in before], transaction_id=REVISION)
    held = list(map(content, dataset.documents()))
    try:
        dataset.mutate(wire)
    except LakeError as error:
        assert list(map(content, dataset.documents())) == held
        return {"error": str(error)}
    return {"documents": list(dataset.documents())}


def same(left: dict[str, Any], right: dict[str, Any]) -> bool:
    if "error" in left or "error" in right:
        return "error" in left and "error" in right
    both = [sorted(map(content, side["documents"]), key=lambda one: str(one["_id"])) for side in (left, right)]
    return jsonvalue.equal(*both)


@dataclass(frozen=True)
class Step:
    """One mutation of theirs, a patch with one node at most; what was there before, their outcome, their encoding."""

    mutation: dict[str, Any]
    before: list[dict[str, Any]]
    after: dict[str, Any]
    wire: list[dict[str, Any]]

    def ours(self, choices: Choices) -> dict[str, Any]:
        return outcome_of(self.before, self.wire, choices)

    @cached_property
    def agrees(self) -> bool:
        """Whether the outcomes are the same with our defaults."""
        return same(self.ours(Choices()), self.after)

    @property
    def their_error(self) -> str:
        return str(self.after.get("error", ""))

    @property
    def path(self) -> list[Any]:
        return list(self.mutation["patches"][0]["path"]) if self.mutation["type"] == "patch" else []

    @property
    def op(self) -> dict[str, Any]:
        """The operation of a patch; of another mutation only its type."""
        found: dict[str, Any] = self.mutation["patches"][0]["op"] if self.mutation["type"] == "patch" else self.mutation
        return found

    def values(self) -> list[Any]:
        """Return what lies along the path in the document, the document first, as far as there is something."""
        found: list[Any] = [one for one in self.before if one["_id"] == self.mutation.get("id")]
        for segment in self.path:
            value = found[-1]
            inside: list[Any] = []
            if isinstance(segment, str) and isinstance(value, dict):
                inside = [value[segment]] if segment in value else []
            elif isinstance(segment, int) and isinstance(value, list):
                inside = [value[segment]] if -len(value) <= segment < len(value) else []
            elif isinstance(segment, dict) and isinstance(value, list):
                inside = [one for one in value if isinstance(one, dict) and one.get("_key") == segment["_key"]]
            if not inside:
                break
            found.append(inside[0])
        return found

    def meets_shared_key(self) -> bool:
        """Whether a key along the path, or that of the item referred to, is that of several items."""
        for value, segment in zip(self.values(), [*self.path, self.op.get("referenceItem")], strict=False):
            if isinstance(segment, dict) and isinstance(value, list):
                keys = [item.get("_key") for item in value if isinstance(item, dict)]
                if keys.count(segment["_key"]) > 1:
                    return True
        return False

    def misses_parent(self) -> bool:
        """Whether the path goes on behind an attribute that is not there."""
        reached = len(self.values()) - 1
        return reached < len(self.path) - 1 and isinstance(self.path[reached], str)

    def targets(self) -> list[Any]:
        """Return the value at the end of the path, if there is one."""
        values = self.values()
        return values[-1:] if len(values) == len(self.path) + 1 else []


def changes_nothing(step: Step) -> bool:
    return "documents" in step.after and same({"documents": step.before}, step.after)


def finds_nothing(step: Step) -> bool:
    return any(text in step.their_error for text in ("on non-array value", "Found no matching array element"))


def upserts_present_item(step: Step) -> bool:
    present = [item.get("_key") for value in step.targets() for item in value or () if isinstance(item, dict)]
    return step.op["type"] == "upsert" and any(item["_key"] in present for item in step.op["items"])


QUIRKS: dict[str, tuple[str, Callable[[Step], bool]]] = {
    "names with a dash go out unquoted": (
        "section 2.5: without quotes a dash is a parse error; their encoder quotes by the first letter alone",
        lambda step: any(isinstance(segment, str) and "-" in segment for segment in step.path),
    ),
    "missing parents are not created": (
        "section 2.3: the service creates missing objects for what is set in them",
        lambda step: step.misses_parent() and changes_nothing(step),
    ),
    "inc and dec of nothing": (
        "section 2.3: they fail; theirs lets an item that is not there be, and what is in it",
        lambda step: step.op["type"] in ("inc", "dec") and not step.targets() and changes_nothing(step),
    ),
    "keys that items share": (
        "section 2.5: a filter selects every item that it holds for; theirs takes the first",
        lambda step: step.meets_shared_key(),
    ),
    "a scalar or array on the way throws": (
        "section 2.3: set overwrites it with an object, unset and the others are no-ops",
        lambda step: step.their_error.startswith("Cannot apply operation of type"),
    ),
    "assign and unassign need an object": (
        "they are set and unset on the wire, which are total (section 2.3)",
        lambda step: step.op["type"] in ("assign", "unassign") and "on non-object value" in step.their_error,
    ),
    "remove and truncate need what they remove": (
        "they are unset on the wire, of which a path that leads nowhere is a no-op (section 2.3)",
        lambda step: step.op["type"] in ("remove", "truncate") and finds_nothing(step),
    ),
    "an index past the end": (
        "section 2.3: insert appends there; to them it is no item",
        lambda step: isinstance(step.op.get("referenceItem"), int) and finds_nothing(step),
    ),
    "replace takes away as many items as it brings": (
        "section 2.3: replace removes the items that its path matches, here one",
        lambda step: step.op["type"] == "replace" and len(step.op["items"]) != 1,
    ),
    "upsert replaces in place": (
        "it is unset and insert on the wire, so that a present item moves to the place named",
        upserts_present_item,
    ),
    "setIfMissing of an item": (
        "section 2.3: a path that ends in an array item never does anything; theirs takes null for missing there, too",
        lambda step: step.op["type"] == "setIfMissing" and not isinstance(step.path[-1], str),
    ),
    "the first item of an empty array": (
        "section 2.3: array items are not created; to theirs 0 and -1 of an empty array are its first item",
        lambda step: step.values()[-1:] == [[]] and step.path[-1] in (0, -1),
    ),
    "a text patch made for another text throws": (
        "section 2.3: a hunk is placed where it fits best, or dropped without error; to theirs an offset inside a "
        "character is an error",
        lambda step: step.their_error == "Failed to determine byte offset",
    ),
}
"""What the toolkit does and we do not."""


def explanation(step: Step) -> str | None:
    """Return why the two outcomes differ, "" if they do not, None if nothing known explains it."""
    if step.agrees:
        return ""
    for row, switch in ROWS.items():
        if same(step.ours(replace(Choices(), **switch)), step.after):
            return row
    return next((name for name, (_, applies) in QUIRKS.items() if applies(step)), None)


@dataclass(frozen=True)
class Transaction:
    """One transaction of theirs: its steps up to the first that fails, the whole, and its encoding."""

    documents: list[dict[str, Any]]
    mutations: list[dict[str, Any]]
    steps: list[Step]
    whole: dict[str, Any]
    wire: list[dict[str, Any]]

    def locks_replacement(self) -> bool:
        """Whether a revision is asked for after the document was replaced."""
        replaced: set[str] = set()
        for mutation in self.mutations:
            if mutation["type"] == "createOrReplace":
                replaced.add(mutation["document"]["_id"])
            elif mutation.get("options") and mutation["id"] in replaced:
                return True
        return False


@pytest.fixture(scope="module")
def transactions(play: Callable[[str, Iterable[Any]], list[Any]]) -> list[Transaction]:
    cases = [*rare_transactions(), *generate_transactions(SEED, CASES)]
    answers = play("apply_transactions.mjs", ({"documents": one, "mutations": two} for one, two in cases))
    return [
        Transaction(*case, [Step(**step) for step in answer["steps"]], answer["whole"], answer["wire"])
        for case, answer in zip(cases, answers, strict=True)
    ]


def test_every_disagreement_is_explained_and_every_explanation_needed(transactions: list[Transaction]) -> None:
    counts: Counter[str] = Counter()
    unexplained: list[Step] = []
    for step in (step for transaction in transactions for step in transaction.steps):
        reason = explanation(step)
        if reason is None:
            unexplained.append(step)
        else:
            counts[reason] += 1
    if unexplained:
        step = min(unexplained, key=lambda each: len(json.dumps([each.before, each.wire])))
        pytest.fail(
            f"{len(unexplained)} disagreements are not explained; the smallest:\n"
            f"before   {json.dumps(step.before, ensure_ascii=False)}\nmutation {json.dumps(step.mutation)}\n"
            f"wire     {json.dumps(step.wire)}\n"
            f"ours     {json.dumps(step.ours(Choices()), ensure_ascii=False)}\n"
            f"theirs   {json.dumps(step.after, ensure_ascii=False)}"
        )
    stale = sorted({*ROWS, *QUIRKS} - set(counts))
    assert not stale, f"nothing disagrees for these reasons any more, or never did: {stale}"
    assert counts[""] / counts.total() > AGREEMENT_MIN, counts


def test_whole_transactions_agree_where_their_steps_do(transactions: list[Transaction]) -> None:
    counts: Counter[str] = Counter()
    for transaction in transactions:
        if not all(step.agrees for step in transaction.steps):
            counts["a step differs"] += 1
        elif same(outcome_of(transaction.documents, transaction.wire, Choices()), transaction.whole):
            counts["agree"] += 1
        else:
            # Row 33: the revision from before the transaction counts. What theirs replaces has none until it is stored.
            assert transaction.locks_replacement(), json.dumps([transaction.documents, transaction.mutations])
            counts["a replacement has no revision"] += 1
    assert counts["a replacement has no revision"]
    assert counts["agree"] > counts["a step differs"]
