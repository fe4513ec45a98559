"""Which backends there are, and what is said of the one that is not."""

import pytest

import bidir.backends
from bidir.errors import NotSupportedError


def test_a_backend_that_is_not_done_is_refused_by_name():
    with pytest.raises(NotSupportedError, match="HttpBackend is not supported yet"):
        from bidir.backends import HttpBackend  # noqa: F401


def test_any_other_name_is_unknown():
    with pytest.raises(AttributeError, match="Nonsense"):
        bidir.backends.Nonsense  # noqa: B018
