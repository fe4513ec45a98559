"""Lakes the engine can work on: one in this process, or one over HTTP."""

from bidir.backends.http import AddressError, HttpBackend
from bidir.backends.lake import LakeBackend

__all__ = ["AddressError", "HttpBackend", "LakeBackend"]
