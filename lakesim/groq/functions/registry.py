"""Every function: name, number of arguments, where it is allowed. The parser needs no more than this.

Source: groq reference, sections 11 to 15; content-lake reference, section 7.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["FUNCTIONS", "PIPE_FUNCTIONS", "FunctionSpec", "Mode", "known_names", "namespaces"]

Mode = Literal["plain", "delta", "score", "unsupported"]
"""Where a function may stand: anywhere; in delta mode; inside `score()`; nowhere in this engine."""


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """What the parser knows of a function.

    Shape: `arguments_min` to `arguments_max` (None: any number); `selector` the position of the argument that is a
    selector, or None; `pairs` whether `a => b` may be an argument; `summary` one line for the coverage page.
    """

    namespace: str
    name: str
    arguments_min: int
    arguments_max: int | None
    summary: str
    mode: Mode = "plain"
    selector: int | None = None
    pairs: bool = False

    @property
    def full_name(self) -> str:
        """The name as a query writes it: without `global::`."""
        return self.name if self.namespace == "global" else f"{self.namespace}::{self.name}"


_SPECS = (
    FunctionSpec("global", "after", 0, 0, "the document after the change", mode="delta"),
    FunctionSpec("global", "before", 0, 0, "the document before the change", mode="delta"),
    FunctionSpec("global", "boost", 2, 2, "raise the score of a predicate", mode="score"),
    FunctionSpec("global", "coalesce", 0, None, "the first argument that is not null"),
    FunctionSpec("global", "count", 1, 1, "the length of an array"),
    FunctionSpec("global", "dateTime", 1, 1, "a datetime from RFC 3339 text"),
    FunctionSpec("global", "defined", 1, 1, "whether a value is not null"),
    FunctionSpec("global", "geo", 1, 1, "a geometry from GeoJSON or lat/lng"),
    FunctionSpec("global", "identity", 0, 0, "the caller's id"),
    FunctionSpec("global", "length", 1, 1, "the length of a string or an array"),
    FunctionSpec("global", "lower", 1, 1, "text in lower case"),
    FunctionSpec("global", "now", 0, 0, "the time of the query, as text"),
    FunctionSpec("global", "path", 1, 1, "a pattern over ids"),
    FunctionSpec("global", "pt", 1, 1, "portable text, or null"),
    FunctionSpec("global", "references", 1, None, "whether this holds a reference to one of the ids"),
    FunctionSpec("global", "round", 1, 2, "a number rounded half away from zero"),
    FunctionSpec("global", "select", 0, None, "the value of the first pair whose condition is true", pairs=True),
    FunctionSpec("global", "string", 1, 1, "the text of a scalar"),
    FunctionSpec("global", "upper", 1, 1, "text in upper case"),
    FunctionSpec("array", "compact", 1, 1, "an array without its nulls"),
    FunctionSpec("array", "intersects", 2, 2, "whether two arrays share an element"),
    FunctionSpec("array", "join", 2, 2, "the elements as one text"),
    FunctionSpec("array", "unique", 1, 1, "an array without repeats"),
    FunctionSpec("dateTime", "now", 0, 0, "the time of the query, as a datetime"),
    FunctionSpec("delta", "changedAny", 1, 1, "whether a selected value changed", mode="delta", selector=0),
    FunctionSpec("delta", "changedOnly", 1, 1, "whether nothing but selected values changed", mode="delta", selector=0),
    FunctionSpec("delta", "operation", 0, 0, "create, update or delete", mode="delta"),
    FunctionSpec("diff", "changedAny", 3, 3, "whether a selected value differs", selector=2),
    FunctionSpec("diff", "changedOnly", 3, 3, "whether nothing but selected values differs", selector=2),
    FunctionSpec("documents", "get", 1, 1, "a document of another dataset", mode="unsupported"),
    FunctionSpec(
        "documents",
        "incomingGlobalDocumentReferenceCount",
        0,
        0,
        "references from other datasets",
        mode="unsupported",
    ),
    FunctionSpec("documents", "incomingRefCount", 0, 0, "how many documents refer to this", mode="unsupported"),
    FunctionSpec("geo", "contains", 2, 2, "whether a geometry holds all of another"),
    FunctionSpec("geo", "distance", 2, 2, "metres between two points"),
    FunctionSpec("geo", "intersects", 2, 2, "whether two geometries share a point"),
    FunctionSpec("geo", "latLng", 2, 2, "a point"),
    FunctionSpec("math", "avg", 1, 1, "the mean"),
    FunctionSpec("math", "max", 1, 1, "the greatest number"),
    FunctionSpec("math", "min", 1, 1, "the least number"),
    FunctionSpec("math", "sum", 1, 1, "the sum"),
    FunctionSpec("media", "aspect", 2, 2, "a property of an asset", mode="unsupported"),
    FunctionSpec("pt", "text", 1, 1, "the plain text of portable text"),
    FunctionSpec("releases", "all", 0, 0, "all release documents"),
    FunctionSpec("sanity", "dataset", 0, 0, "the dataset's name"),
    FunctionSpec("sanity", "partOfRelease", 1, 1, "whether this is a version in a release"),
    FunctionSpec("sanity", "projectId", 0, 0, "the project's id"),
    FunctionSpec("sanity", "versionOf", 1, 1, "whether this is a document, its draft or a version of it"),
    FunctionSpec("string", "lower", 1, 1, "text in lower case"),
    FunctionSpec("string", "split", 2, 2, "text cut at a separator"),
    FunctionSpec("string", "startsWith", 2, 2, "whether text begins with another"),
    FunctionSpec("string", "upper", 1, 1, "text in upper case"),
    FunctionSpec("text", "query", 1, 1, "a search expression for the right side of match"),
    FunctionSpec("text", "semanticSimilarity", 1, 1, "a score by meaning", mode="unsupported"),
    FunctionSpec("user", "attributes", 0, 0, "the caller's attributes", mode="unsupported"),
)

FUNCTIONS: dict[tuple[str, str], FunctionSpec] = {(spec.namespace, spec.name): spec for spec in _SPECS}
"""All ordinary functions by (namespace, name)."""

PIPE_FUNCTIONS: dict[str, FunctionSpec] = {
    "order": FunctionSpec("global", "order", 1, None, "an array sorted by keys"),
    "score": FunctionSpec("global", "score", 1, None, "documents ranked by how well they fit"),
}
"""The functions that stand after `|`."""


def namespaces() -> set[str]:
    """Return the namespaces that hold at least one function."""
    return {namespace for namespace, _ in FUNCTIONS}


def known_names(extra: Iterable[tuple[str, str]] = ()) -> list[str]:
    """Return all names as a query writes them, and those of `extra` (namespace, name) pairs."""
    names = [spec.full_name for spec in FUNCTIONS.values()]
    return names + [f"{namespace}::{name}" for namespace, name in extra]
