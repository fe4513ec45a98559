"""Which requests a rule is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from typing import Any, Final

from lakesim.faults.errors import FaultRuleError
from lakesim.faults.fields import check_fields, choice, text
from lakesim.faults.operation import KINDS, Operation

__all__ = ["METHODS", "Match"]

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")


@dataclass(frozen=True, slots=True)
class Match:
    """Requests that fulfil every field given; without fields, all but those to the emulator's own controls.

    Raises: FaultRuleError for an unknown kind or method, or a field that is no text, or no path.
    """

    kind: str | None = None
    """One of `KINDS`: query, mutate, action, doc, listen, …"""
    method: str | None = None
    """The HTTP method; calls in process have the one by which a client would send them."""
    endpoint: str | None = None
    """The endpoint with its placeholders, such as `/data/doc/{dataset}/{ids}`."""
    path: str | None = None
    """A glob (`*`, `?`, `[…]`) for the whole path, with the API version or from below it: `/data/query/*`."""
    dataset: str | None = None
    """The dataset's name, or a glob."""
    project: str | None = None
    """The project's id, or a glob."""

    def __post_init__(self) -> None:
        """Check the fields."""
        for name in _NAMES:
            value = getattr(self, name)
            if value is not None:
                text(value, f"match.{name}")
                if name in _PATHS and not value.startswith(_PATH_STARTS):
                    raise FaultRuleError(f'match.{name}: "{value}" would never fit, paths begin with "/"')
        if self.kind is not None:
            choice(self.kind, KINDS, "match.kind")
        if self.method is not None:
            choice(self.method, METHODS, "match.method")

    @classmethod
    def parse(cls, value: Any) -> Match:
        """Return the match that a JSON object says.

        Raises: FaultRuleError.
        """
        return cls(**check_fields(value, _NAMES, "match"))

    def to_wire(self) -> Mapping[str, str]:
        """Return the fields given."""
        return {name: value for name in _NAMES if (value := getattr(self, name)) is not None}

    def fits(self, operation: Operation) -> bool:
        """Whether the rule is about this request."""
        return (
            (self.kind is None or self.kind == operation.kind)
            and (self.method is None or self.method == operation.method)
            and (self.endpoint is None or self.endpoint == operation.endpoint)
            and (self.path is None or _path_fits(self.path, operation.path))
            and (self.dataset is None or fnmatchcase(operation.dataset or "", self.dataset))
            and (self.project is None or fnmatchcase(operation.project, self.project))
        )


_PATHS: Final = ("endpoint", "path")
_PATH_STARTS: Final = ("/", "*", "?", "[")
"""With what a path begins, or a glob for one."""
_NAMES: Final = tuple(field.name for field in fields(Match))


def _path_fits(glob: str, path: str) -> bool:
    if fnmatchcase(path, glob):
        return True
    version, slash, below = path.removeprefix("/").partition("/")
    return bool(slash) and version.startswith("v") and fnmatchcase(f"/{below}", glob)
