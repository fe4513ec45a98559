"""A store and its perspectives as datasets: a query by index answers as a scan of the same documents does."""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings

from lakesim import Lake
from lakesim.errors import LakeError
from lakesim.groq import Environment, ListDataset, compile_query
from lakesim.jsonvalue import equal
from lakesim.store.choices import LakeChoices
from lakesim.testing.groq_strategies import PARAMS, documents, queries

EXAMPLES = 100 if os.environ.get("LAKESIM_PROFILE") == "deep" else 40
PERSPECTIVES = ("raw", "published", "drafts", ["r1", "drafts"])


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(documents(), queries())
def test_views_answer_as_a_list_of_their_documents(items: list[Any], text: str) -> None:
    lake = Lake(seed=0, choices=LakeChoices(reference_check="off"))
    dataset = lake.dataset("production")
    for item in items:
        try:
            dataset.mutate([{"create": item}])
        except LakeError:
            continue
    environment = Environment(now=lake.clock.now())
    compiled = compile_query(text, PARAMS)
    for perspective in PERSPECTIVES:
        view = dataset.view(perspective)
        plain = Plain(list(view.documents()), list(view.releases() or ()))
        assert equal(compiled.run(view, environment), compiled.run(plain, environment)), perspective


class Plain(ListDataset):
    """The same documents in the same order, without any index."""

    def __init__(self, items: list[Any], releases: list[Any]) -> None:
        super().__init__(items)
        self._releases = releases

    def releases(self) -> list[Any]:
        return self._releases

    def keys_of_id(self, document_id: str) -> None:
        return None

    keys_of_type = keys_of_referrers = keys_with_prefix = keys_of_group = keys_of_id  # type: ignore[assignment]


def test_a_view_reads_what_the_index_says_and_no_more() -> None:
    dataset = Lake(seed=0).dataset("production")
    dataset.mutate([{"create": {"_id": f"b{n:02}", "_type": "b"}} for n in range(50)])
    dataset.mutate([{"create": {"_id": f"a{n}", "_type": "a", "r": {"_ref": f"b{n % 5:02}"}}} for n in range(50)])
    text = '*[_type == "b"][0...5]{"by": *[_type == "a" && references(^._id)]._id}'
    for perspective in PERSPECTIVES:
        explanation = compile_query(text).explain(dataset.view(perspective))
        assert explanation.documents == 5 + 50
        assert [len(row["by"]) for row in explanation.result] == [10] * 5
