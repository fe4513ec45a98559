"""Where `bidir follow` keeps its place between runs: a small file that belongs to one dataset."""

from __future__ import annotations

import os
from pathlib import Path

from bidir.errors import BidirError
from lakesim.jsonvalue import JsonDecodeError, dump_bytes, loads

__all__ = ["CursorError", "FileCursor"]


class CursorError(BidirError):
    """A cursor's file that cannot be used: it holds something else, or the place in another dataset."""


class FileCursor:
    """A follower's place in a file: `{"dataset": …, "position": …}`; written whole or not at all."""

    def __init__(self, path: Path, dataset: str, *, moves: bool = True) -> None:
        """Keep the place of `dataset` (its name and address, as text) in `path`, which need not exist yet.

        With `moves` off the place is read and never written.
        """
        self._path = path
        self._dataset = dataset
        self._moves = moves

    def load(self) -> str | None:
        """Return the place of the last run, None for a first run.

        Raises: CursorError, OSError.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            held = loads(content)
        except JsonDecodeError:
            held = None
        position = held.get("position") if isinstance(held, dict) else None
        if not isinstance(held, dict) or not isinstance(position, str):
            raise CursorError(
                f"{self._path} is no cursor of bidir follow; name another file, or delete it to start anew"
            )
        if held.get("dataset") != self._dataset:
            raise CursorError(
                f"{self._path} is the cursor of {held.get('dataset')}, and not of {self._dataset}; name another file"
            )
        return position

    def save(self, cursor: str) -> None:
        """Keep the place.

        Raises: OSError.
        """
        if not self._moves:
            return
        part = self._path.with_name(f"{self._path.name}.part")
        part.write_bytes(dump_bytes({"dataset": self._dataset, "position": cursor}) + b"\n")
        os.replace(part, self._path)
