"""What is done in part only, by the name of its row on the coverage page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["PARTLY"]

PARTLY: Final[Mapping[str, str]] = {
    "GET /v{version}/data/query/{dataset}": "no result source maps, no variants",
    "POST /v{version}/data/query/{dataset}": "no result source maps, no variants",
    "POST /v{version}/data/actions/{dataset}": "no actions on variants",
    "POST /v{version}/data/mutate/{dataset}: skipCrossDatasetReferenceValidation": "such references are never checked",
    "GET /v{version}/projects": "any id is a project; the list holds the one that the request names",
}
"""Everything else that has a row is done, or missing by the code's own tables."""
