"""Queries that are behind: exactly what was stored then, while reads by id see everything."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidir.conformance.lagging import LaggingBackend
from bidir.errors import NotSupportedError
from lakesim import Lake

MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("abc"), st.integers(0, 9)),
        st.tuples(st.just("delete"), st.sampled_from("abc"), st.just(0)),
        st.tuples(st.just("wait"), st.just(""), st.sampled_from([1, 2, 5])),
    ),
    max_size=12,
)


@given(moves=MOVES, lag=st.sampled_from([1, 3]))
def test_a_query_shows_what_stood_there_that_long_ago(moves: list[tuple[str, str, int]], lag: int) -> None:
    lake = Lake(seed=0)
    dataset = lake.dataset("production")
    backend = LaggingBackend(dataset, lag=lag)
    stored: dict[str, int] = {}
    # Edits take milliseconds on the lake's clock, so half a second on either side settles which of them count.
    seen: list[tuple[float, dict[str, int]]] = [(lake.clock.now().timestamp() - 1000, {})]
    for kind, name, number in moves:
        if kind == "wait":
            lake.clock.advance(number)
            continue
        mutation: dict[str, Any] = {"createOrReplace": {"_id": name, "_type": "t", "n": number}}
        dataset.mutate([mutation if kind == "put" else {"delete": {"id": name}}])
        stored = {**stored, name: number} if kind == "put" else {key: one for key, one in stored.items() if key != name}
        seen.append((lake.clock.now().timestamp(), stored))
    lake.clock.advance(0.5)
    then = lake.clock.now().timestamp() - lag
    expected = [state for moment, state in seen if moment <= then][-1]
    assert {row["_id"]: row["n"] for row in backend.query("*[_type == $t]", {"t": "t"})} == expected
    assert {key: one["n"] for key, one in backend.documents(["a", "b", "c"]).items() if one is not None} == stored


def test_it_says_that_its_queries_are_behind_and_what_it_cannot_show() -> None:
    backend = LaggingBackend(Lake(seed=0).dataset("production"), lag=1)
    assert backend.consistent_queries is False
    with pytest.raises(NotSupportedError, match='not "drafts"'):
        backend.query("*", {}, perspective="drafts")
