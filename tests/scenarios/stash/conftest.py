"""A library on each lake: a typed client, and writing past it."""

import pytest
from stash_relations import Stash


@pytest.fixture
def stash(backend):
    return Stash(backend)


@pytest.fixture
def elsewhere(backend):
    """Write past every engine, as a script does."""

    def write(*mutations):
        backend.inner.commit(list(mutations), transaction_id=None)

    return write
