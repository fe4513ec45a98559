"""A served lake or a real project behind the engine's port, by the service's public HTTP API alone."""

from bidir.backends.http.address import AddressError
from bidir.backends.http.backend import HttpBackend, HttpCommit

__all__ = ["AddressError", "HttpBackend", "HttpCommit"]
