"""A workspace on each lake, with a few people in it."""

from collections.abc import Iterator

import pytest
from codex_fields import Workspace


def people(work: Workspace, *names: str) -> None:
    """Characters whose ids are the given names, all called by one string codex."""
    if not work.backend.query("count(*[_id in ['called', 'drafts.called']])", {}):
        work.create("string-codex", "Somebody", codex_id="called")
    for name in names:
        work.create("character", name.title(), fields={"name": "called"}, codex_id=name)


@pytest.fixture
def work(backend) -> Iterator[Workspace]:
    """Alice, Bob, Carol and Dora; a scene with Alice."""
    with Workspace(backend) as made:
        people(made, "alice", "bob", "carol", "dora")
        made.create("image-codex", "A smile", codex_id="smile")
        made.create("scene", "The duel", fields={"cast": ["alice"]}, codex_id="duel")
        backend.traffic.reads = backend.traffic.writes = 0
        yield made


@pytest.fixture
def add_people():
    return people


@pytest.fixture
def elsewhere(backend):
    """Write past every engine, as a script does."""

    def write(*mutations):
        backend.inner.commit(list(mutations), transaction_id=None)

    return write
