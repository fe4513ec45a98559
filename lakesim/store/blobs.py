"""The bytes of a dataset's uploaded files, by the id of their document."""

from __future__ import annotations

__all__ = ["Blobs"]


class Blobs:
    """Bytes by document id, in memory. Each operation is one step of a dictionary, so no lock is needed."""

    __slots__ = ("_by_id",)

    def __init__(self) -> None:
        """Start empty."""
        self._by_id: dict[str, bytes] = {}

    def put(self, document_id: str, body: bytes) -> None:
        """Keep the bytes of a document; the same id always has the same bytes, so nothing is ever replaced."""
        self._by_id.setdefault(document_id, body)

    def get(self, document_id: str) -> bytes | None:
        """Return the bytes of a document, None if there are none."""
        return self._by_id.get(document_id)

    def drop(self, document_id: str) -> None:
        """Forget the bytes of a document."""
        self._by_id.pop(document_id, None)
