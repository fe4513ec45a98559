"""A lake's documents in a file, cut down to what an audit looks at: fetched as they come, none of them held."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bidir.errors import BidirError
from bidir.ports import Backend
from bidir.relations import Schema
from lakesim.ids import is_system_id
from lakesim.jsonvalue import dump_bytes

__all__ = ["FETCHED_BYTES_MAX", "FetchError", "fetch_export"]

FETCHED_BYTES_MAX: Final = 16 * 1024**3
"""Bytes on disk that the cut-down documents of a lake may take; a million of them take about a third of a gigabyte."""

RELEASES_QUERY: Final = '*[_type == "system.release"]{_id, _type, name, state}'

Document = Mapping[str, Any]


class FetchError(BidirError):
    """The lake holds more than may be put on the disk; nothing was written to it."""


def fetch_export(schema: Schema, backend: Backend, path: Path, *, bytes_max: int = FETCHED_BYTES_MAX) -> int:
    """Write every document that matters to the relations of `schema` into an NDJSON file; return how many there are.

    Of a document there is its id, type, revision and relation fields, of one of a type that takes no part only that it
    exists. The file is no snapshot: what changes meanwhile may be in it or not, and a write has to be locked by `_rev`.
    Raises: FetchError, BackendError, OSError.
    """
    count = size = 0
    roots = {field.path[0] for name in schema.types for field in schema.fields_of(name)}
    with path.open("wb") as file:
        for document in _all(backend):
            line = dump_bytes(_cut_down(schema, roots, document)) + b"\n"
            size += len(line)
            if size > bytes_max:
                raise FetchError(
                    f"the documents of this lake take more than {bytes_max:,} bytes on disk, which is the limit; "
                    "export the dataset and give the file with --file"
                )
            file.write(line)
            count += 1
    return count


def _all(backend: Backend) -> Any:
    for document in backend.scan(None):
        if not is_system_id(str(document["_id"])):
            yield document
    yield from backend.query(RELEASES_QUERY, {})


def _cut_down(schema: Schema, roots: set[str], document: Document) -> dict[str, Any]:
    kept = {"_id", "_type"}
    if schema.fields_of(str(document["_type"])):
        kept |= {"_rev", "_system", *roots}
    elif document["_type"] == "system.release":
        kept |= {"name", "state"}
    return {name: value for name, value in document.items() if name in kept}
