"""Store benchmarks under pytest: small and checked for their answers by default, timed with `--benchmark-enable`."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import compare_stores  # noqa: E402
from store_workload import Workload, grow  # noqa: E402

SIZES = (100, 1_000, 100_000)


@pytest.fixture(name="workload", params=SIZES)
def workload_of_size(request: pytest.FixtureRequest) -> Workload:
    options = request.config.getoption
    if request.param > 1_000 and options("benchmark_disable") and not options("benchmark_enable"):
        pytest.skip("large datasets are measured only with --benchmark-enable")
    return Workload(request.param, batch=50)


def test_creating_and_patching_one_document_per_transaction(benchmark: Any, workload: Workload) -> None:
    benchmark(workload.round)
    dataset = workload.dataset
    assert len(dataset) == workload.size
    assert dataset.query('count(*[references("base-0")])') == workload.size
    assert [row["documentIDs"] for row in dataset.transactions(["new-0-0"])] == [["new-0-0"]] * 3
    assert (dataset.last_revision("new-0-0") or {})["title"] == "Changed"
    assert (dataset.last_revision("new-0-0") or {})["pages"] == 1


@pytest.mark.parametrize("length", [10, 5_000])
def test_patching_beside_a_long_list(benchmark: Any, length: int) -> None:
    """The cost of a title must not depend on the list beside it."""
    dataset = Workload(10, batch=1).dataset
    items = [{"_key": f"k{n}", "who": {"_type": "reference", "_ref": "base-0"}} for n in range(length)]
    dataset.mutate([{"create": {"_id": "long", "_type": "t", "items": items}}])
    answer = benchmark(lambda: dataset.mutate([{"patch": {"id": "long", "set": {"title": "x"}}}]))
    assert answer["results"] == [{"operation": "update"}]
    assert len(dataset.query('*[_id == "long"][0].items')) == length


def test_growing_from_nothing_keeps_count() -> None:
    assert len(grow(200, parts=4)) == 4


@pytest.mark.node
def test_both_sides_of_the_comparison_do_the_same_work() -> None:
    if not compare_stores.has_peer():
        pytest.skip("needs Node.js and the packages of benchmarks/store/peer/setup.sh")
    options = {"size": 50, "rounds": 2, "batch": 10, "seconds": 10}
    ours, peer = compare_stores.run(compare_stores.OURS, options), compare_stores.run(compare_stores.PEER, options)
    assert ours.keys() == peer.keys()
    assert ours["done"] == peer["done"] == 20
    sample = {"side": "lakesim", "create": 2.0, "patch": 1.0}
    result = {"unit": "u", "rates": [{**sample, "size": size} for size in compare_stores.SIZES], "growth": [1]}
    assert "| lakesim | 1,000 | 2 | 1 |" in compare_stores.table(json.loads(json.dumps(result)))
