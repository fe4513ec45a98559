"""Where a request is carried out: on a thread of its own, or at once where that holds nobody up."""

import threading

import pytest
from starlette.applications import Starlette

from lakesim.clock import processor_seconds
from lakesim.server.access import Access
from lakesim.server.endpoint import make_route
from lakesim.server.projects import Projects
from lakesim.server.quick_reads import QUICK_SECONDS_MAX, REMEMBERED_MAX, QuickReads
from lakesim.server.wire import json_answer


def burn(seconds):
    began = processor_seconds()
    while processor_seconds() - began < seconds:
        pass


@pytest.fixture
def route(lake, direct):
    """Serve one endpoint and return what asks it: each answer says whether it was made in the event loop's thread."""
    cost = {"seconds": 0.0}

    def handler(call):
        burn(cost["seconds"])
        return json_answer(threading.current_thread() is threading.main_thread())

    projects = Projects(lambda project_id: lake)
    projects.project(None).record("production")
    methods = ("GET", "POST")
    paths = (
        "/v{version}/data/query/{dataset}",
        "/v{version}/data/mutate/{dataset}",
        "/v{version}/data/doc/{dataset}/{ids}",
    )
    routes = [make_route(method, path, handler, projects, Access()) for method in methods for path in paths]
    direct._app = Starlette(routes=routes)

    def ask(path, *, seconds=0.0, method="GET", **options):
        cost["seconds"] = seconds
        answer = direct.request(method, f"/v1/data/{path}", **options)
        assert answer.status_code == 200
        return answer.json()

    return ask


def test_a_read_that_was_quick_is_answered_at_once_the_next_time(route):
    assert [route("query/production?query=a") for _ in range(3)] == [False, True, True]
    assert [route("query/production?query=b") for _ in range(2)] == [False, True]
    assert [route("query/production", method="POST", content=b"{}") for _ in range(2)] == [False, True]
    assert [route("doc/production/a"), route("doc/production/b")] == [False, True]


def test_a_read_that_took_long_gets_a_thread_until_it_is_quick_again(route):
    slow = QUICK_SECONDS_MAX * 3
    found = [route("query/production?query=a", seconds=seconds) for seconds in (0, slow, slow, 0, 0)]
    assert found == [False, True, False, False, True]


def test_a_write_always_gets_a_thread(route):
    assert [route("mutate/production", method="POST") for _ in range(3)] == [False, False, False]


def test_a_read_of_a_dataset_that_is_at_work_does_not_hold_up_the_others(route, dataset):
    assert [route("query/production?query=a") for _ in range(2)] == [False, True]
    begun, end = threading.Event(), threading.Event()

    def work():
        with dataset._store.lock:
            begun.set()
            end.wait(20)

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait(20)
    assert dataset.is_busy
    # The handler here needs no lock; one that did would wait on its thread.
    assert route("query/production?query=a") is False
    end.set()
    thread.join()
    assert not dataset.is_busy


def test_what_was_quick_on_few_documents_is_not_taken_to_be_quick_on_many(route, dataset):
    assert [route("query/production?query=a") for _ in range(2)] == [False, True]
    dataset.mutate([{"create": {"_type": "book"}} for _ in range(10)])
    assert [route("query/production?query=a") for _ in range(2)] == [False, True]


def test_the_memory_of_reads_is_bounded():
    reads = QuickReads()
    for number in range(REMEMBERED_MAX + 10):
        reads.note(("/x", "", str(number), 0), 0.0)
    assert len(reads._seconds) == REMEMBERED_MAX
    assert ("/x", "", "9", 0) not in reads._seconds
