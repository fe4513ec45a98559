"""Collects everything that is wrong with a schema, so that one start shows it all."""

from __future__ import annotations

from bidir.errors import NotSupportedError, SchemaError

__all__ = ["Problems"]


class Problems:
    """The faults found so far, in the order found, each once."""

    def __init__(self) -> None:
        """Start with none."""
        self._faults: list[str] = []
        self._unsupported: list[str] = []

    def add(self, text: str) -> None:
        """Note a fault: who, where, what would be right."""
        if text not in self._faults:
            self._faults.append(text)

    def add_unsupported(self, text: str) -> None:
        """Note something that is well formed but not done by this engine yet."""
        if text not in self._unsupported:
            self._unsupported.append(text)

    def check(self) -> None:
        """Raise what was found, if anything.

        Raises: SchemaError with every fault; NotSupportedError if the only trouble is what is not supported yet.
        """
        if self._faults:
            raise SchemaError([*self._faults, *self._unsupported])
        if self._unsupported:
            raise NotSupportedError("\n".join(self._unsupported))
