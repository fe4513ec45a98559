"""A shop and a lake, embedded and over HTTP: each test plays on both, and each has a lake of its own."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from medusa_sync import Commerce, Database, Editor, EmbeddedLake, HttpLake, SyncService

from bidir.demos.stage import EmbeddedStage, ServedStage
from lakesim import Lake
from lakesim.clock import Clock
from lakesim.server.access import Access
from lakesim.server.projects import Projects
from lakesim.server.runner import serving

AWAY = {"effect": {"status": 503}}
LOST_ANSWER = {"match": {"kind": "mutate"}, "effect": {"drop": "after"}, "count": 1}
_numbers = itertools.count(1)


class World:
    """Both sides and the people: `shop`, `lake`, `service`, `editor`."""

    def __init__(self, database, lake, stage):
        self.shop = Commerce(database, clock=Clock(0))
        self.lake, self.stage = lake, stage
        self.editor = Editor(lake)
        self.service = self.serve()

    def serve(self, **options):
        return SyncService(self.shop, self.lake, **options)

    def add(self, *product_ids):
        """Products in the shop, each titled after its id; gives the events."""
        return [self.shop.create_product(one, f"Title of {one}") for one in product_ids]

    def synced(self, *product_ids):
        for event in self.add(*product_ids):
            assert self.service.handle(event).status == "done"
        self.lake.requests.take()

    def documents(self):
        return {one["_id"]: one for one in self.lake.query('*[_type == "product"]')}

    def document(self, document_id):
        return self.documents().get(document_id)

    def contents(self, document_id):
        return {spec["lang"]: spec["content"] for spec in self.document(document_id)["specs"]}

    @contextmanager
    def fault(self, **rule):
        self.stage.add_fault(rule)
        try:
            yield
        finally:
            self.stage.clear_faults()

    def away(self, **rule):
        return self.fault(**{**AWAY, **rule})


@pytest.fixture(scope="session")
def served() -> Iterator[str]:
    """The address of one server for all tests of a worker; every project is a lake of its own."""
    with serving(Projects(lambda project_id: Lake(seed=0, project_id=project_id)), Access()) as url:
        yield url


@pytest.fixture(params=["embedded", "http"])
def world(request) -> Iterator[World]:
    with Database() as database:
        if request.param == "embedded":
            stage = EmbeddedStage()
            yield World(database, EmbeddedLake(stage.dataset), stage)
            return
        url, project = request.getfixturevalue("served"), f"medusa-{next(_numbers)}"
        stage = ServedStage(url, project=project)
        try:
            with HttpLake(url, project=project) as lake:
                yield World(database, lake, stage)
        finally:
            stage.close()
