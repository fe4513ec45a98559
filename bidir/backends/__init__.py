"""Lakes the engine can work on."""

from bidir.backends.lake import LakeBackend
from bidir.errors import NotSupportedError

__all__ = ["LakeBackend"]


def __getattr__(name: str) -> object:
    """Say of a backend that is not done that it is not.

    Raises: NotSupportedError for `HttpBackend`, AttributeError for anything else.
    """
    if name == "HttpBackend":
        raise NotSupportedError(
            "HttpBackend is not supported yet: use LakeBackend on a lake in this process, or write a backend for the"
            " port in bidir/ports.py"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
