"""Sorted id buckets against plain sets, across the change of form from tuple to sorted list and back."""

from bisect import bisect_left

from hypothesis import given
from hypothesis import strategies as st

from lakesim.store.idbuckets import TUPLE_LENGTH_MAX, IdBuckets, between, count_between, prefix_end

ids = st.integers(0, 40).map(lambda number: f"d{number:02}")
steps = st.lists(st.tuples(st.sampled_from(("add", "add", "add", "discard")), st.sampled_from("kl"), ids), max_size=120)


@given(steps, ids | st.none(), ids | st.none())
def test_buckets_are_sorted_sets(script: list[tuple[str, str, str]], low: str | None, high: str | None) -> None:
    buckets = IdBuckets()
    model: dict[str, set[str]] = {}
    for step, key, document_id in script:
        getattr(buckets, step)(key, document_id)
        getattr(model.setdefault(key, set()), step)(document_id)
    assert sorted(buckets) == sorted(key for key, members in model.items() if members)
    assert len(buckets) == len(list(buckets))
    for key in "klm":
        members = sorted(model.get(key, ()))
        assert list(buckets.ids(key)) == members
        assert buckets.count(key) == len(members)
        inside = [one for one in members if (low is None or one >= low) and (high is None or one < high)]
        assert list(between(buckets.ids(key), low, high)) == inside
        assert count_between(buckets.ids(key), low, high) == len(inside)


def test_a_bucket_grows_and_shrinks_through_both_forms() -> None:
    buckets = IdBuckets()
    names = [f"d{number:03}" for number in range(5 * TUPLE_LENGTH_MAX)]
    for number, name in enumerate(names, start=1):
        buckets.add("k", name)
        assert list(buckets.ids("k")) == names[:number]
    for number, name in enumerate(names, start=1):
        buckets.discard("k", name)
        assert list(buckets.ids("k")) == names[number:]
    assert list(buckets) == []


@given(st.text(alphabet="ab.-_Z", min_size=1, max_size=4), st.lists(st.text(alphabet="ab.-_Z", max_size=6)))
def test_a_prefix_is_a_range(prefix: str, names: list[str]) -> None:
    names.sort()
    start, stop = bisect_left(names, prefix), bisect_left(names, prefix_end(prefix))
    assert names[start:stop] == [name for name in names if name.startswith(prefix)]
