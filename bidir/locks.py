"""Which releases take no writes now, by their own documents: consistent, and known before any index knows it."""

from __future__ import annotations

from collections.abc import Iterable

from bidir.ports import Backend
from bidir.refs import RELEASES

__all__ = ["locked_among"]


def locked_among(backend: Backend, releases: Iterable[str]) -> frozenset[str]:
    """Return those of `releases` (names) that exist and are not active; one request.

    A name without a release document is that of an anonymous bundle, which takes writes.
    """
    names = sorted(releases)
    found = backend.documents([f"{RELEASES}{name}" for name in names])
    documents = {name: found.get(f"{RELEASES}{name}") for name in names}
    return frozenset(name for name, one in documents.items() if one is not None and one.get("state") != "active")
