"""Facts by difference equal facts from scratch, and cost what changed."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakesim import Dataset
from lakesim.limits import Limits
from lakesim.store.documents import canonical, canonical_after, shared_ends
from lakesim.store.facts import NO_FACTS, Difference, difference, facts_after
from lakesim.testing.strategies import references, values

LIMITS = Limits()
content = st.recursive(
    values | references(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(st.sampled_from("pqrs"), content, max_size=4).map(
    lambda some: canonical({"_id": "x", **some})
)


@given(documents, documents, st.data())
def test_the_difference_from_any_version_leads_to_the_same_facts(
    before: dict[str, Any], other: dict[str, Any], data: st.DataObject
) -> None:
    """The later version takes some branches of the earlier one, as patches do."""
    after = {**other, **{key: before[key] for key in before if data.draw(st.booleans())}}
    old = facts_after(NO_FACTS, difference(None, before, LIMITS), before, LIMITS)
    step = difference(before, after, LIMITS)
    by_step = facts_after(old, step, after, LIMITS)
    scratch = difference(None, after, LIMITS)
    from_scratch = facts_after(NO_FACTS, scratch, after, LIMITS)
    assert Counter(by_step.strong) == Counter(from_scratch.strong)
    assert Counter(by_step.weak) == Counter(from_scratch.weak)
    assert by_step.places == from_scratch.places
    assert by_step.bytes_bound >= from_scratch.bytes_bound
    counts = Counter(difference(None, before, LIMITS).attributes)
    counts.update(step.attributes)
    assert {name: count for name, count in counts.items() if count} == scratch.attributes
    assert not set(step.gained_strong) & set(step.lost_strong)


def test_untouched_branches_are_not_walked(monkeypatch: pytest.MonkeyPatch, dataset: Dataset) -> None:
    """One title beside, and one item inside, a list of 5,000: what is counted must not grow with the list."""
    counted = 0
    count = Difference._count

    def counting(self: Difference, *args: Any) -> None:
        nonlocal counted
        counted += 1
        count(self, *args)

    items = [{"_key": f"k{n}", "who": {"_ref": "a"}, "n": n} for n in range(5000)]
    dataset.mutate([{"create": {"_id": "a", "_type": "t", "title": "x", "items": items}}])
    monkeypatch.setattr(Difference, "_count", counting)
    for patch in (
        {"set": {"title": "y"}},
        {"set": {'items[_key=="k7"].n': -1}},
        {"insert": {"after": "items[-1]", "items": [{"_key": "new"}]}},
        {"unset": ['items[_key=="k9"]']},
        {"insert": {"before": "items[2500]", "items": [{"_key": "newer"}]}},
    ):
        counted = 0
        dataset.mutate([{"patch": {"id": "a", **patch}}])
        assert counted <= 12, patch


@given(content, content)
def test_keys_are_sorted_everywhere_and_shared_branches_stay(before: Any, fresh: Any) -> None:
    from lakesim.jsonvalue import dump_bytes, equal

    old = canonical({"_id": "x", "kept": before, "list": [before, before]})
    new = {"list": [fresh, *old["list"]], "fresh": fresh, "kept": old["kept"], "_id": "x"}
    ordered = canonical_after(new, old)
    assert equal(ordered, new)
    assert dump_bytes(ordered) == dump_bytes(new, sort_keys=True)
    assert ordered["kept"] is old["kept"]
    assert ordered["list"][1] is old["list"][0]
    assert canonical_after(ordered, old) is ordered


@pytest.mark.parametrize(
    "value", [1 << 80, -(1 << 64), {"b": [1 << 70], "a": 1.5}, "\ud800", {"z": "\udfff", "a": None}, -0.0, 1e300]
)
def test_the_stored_form_keeps_numbers_and_text_that_the_fast_codec_refuses(value: Any) -> None:
    stored = canonical({"v": value})
    assert repr(stored) == repr({"v": dict(sorted(value.items())) if isinstance(value, dict) else value})


@given(st.lists(st.integers(0, 2)), st.lists(st.integers(0, 2)))
def test_shared_ends_never_overlap(before: list[int], after: list[int]) -> None:
    start, end = shared_ends(before, after)
    assert start + end <= min(len(before), len(after))
    assert before[:start] == after[:start]
    assert before[len(before) - end :] == after[len(after) - end :]
