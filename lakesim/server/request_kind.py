"""What a request is about, told from its path: kind, dataset and project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["CONTROLS", "RequestKind", "below_version", "is_control", "kind_of"]

CONTROLS: Final = "/_lake"
"""The path below which the emulator's own controls lie."""

_DATA: Final = {
    "query": "query",
    "mutate": "mutate",
    "actions": "action",
    "doc": "doc",
    "listen": "listen",
    "live": "live",
    "history": "history",
    "export": "export",
    "references": "references",
    "ping": "ping",
}
"""Kinds by the word after `/data/`, or after a dataset's resource path."""
_ASSETS: Final = ("assets", "images", "files")
_FIRST: Final = {"ping": "ping", "projects": "project", "users": "user", "datasets": "dataset"}


@dataclass(frozen=True, slots=True)
class RequestKind:
    """`kind` is one of `lakesim.faults.operation.KINDS`; dataset and project are those that the path names."""

    kind: str
    dataset: str | None = None
    project: str | None = None


def is_control(path: str) -> bool:
    """Whether a path is one of the emulator's own controls."""
    return path == CONTROLS or path.startswith(f"{CONTROLS}/")


def below_version(path: str) -> str:
    """Return a path without its API version, `/data/query/x` for `/v1/data/query/x`; others as they are."""
    version, slash, rest = path.removeprefix("/").partition("/")
    return f"/{rest}" if slash and version.startswith("v") else path


def kind_of(path: str) -> RequestKind:
    """Return what a path is about, with or without an API version; `other` for what is no endpoint."""
    parts = [part for part in below_version(path).split("/") if part]
    match parts:
        case ["data", word, *rest]:
            named = rest[1:] if word == "live" else rest
            return RequestKind(_DATA.get(word, "other"), named[0] if named else None)
        case ["projects", project, "datasets", dataset, *rest]:
            return RequestKind(_DATA.get(rest[0], "dataset") if rest else "dataset", dataset, project)
        case ["projects", project, "users" | "datasets" as word, *_]:
            return RequestKind(_FIRST[word], None, project)
        case ["projects", project, *_]:
            return RequestKind("project", None, project)
        case ["datasets", dataset, *_]:
            return RequestKind("dataset", dataset)
        case ["assets", "images" | "files", dataset, *_]:
            return RequestKind("asset", dataset)
        case ["images" | "files", project, dataset, *_]:
            return RequestKind("asset", dataset, project)
        case [first, *_]:
            return RequestKind("asset" if first in _ASSETS else _FIRST.get(first, "other"))
    return RequestKind("other")
