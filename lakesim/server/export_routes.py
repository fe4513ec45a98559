"""Exports: every document that the caller may read, as JSON lines (content-lake reference, section 6.3)."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from binascii import Error as NoBase64Error
from collections.abc import Iterator
from typing import Any, Final

from starlette.responses import Response

from lakesim.errors import BadRequestError
from lakesim.interchange import export_lines
from lakesim.jsonvalue import dump_bytes
from lakesim.lake import Dataset
from lakesim.server.call import Call
from lakesim.server.endpoint import RouteSpec
from lakesim.server.wire import ndjson_answer

__all__ = ["EXPORT_ROUTES", "PAGE_DOCUMENTS_MAX"]

PAGE_DOCUMENTS_MAX: Final = 1_000
"""Documents of one page; the service ends a page after some seconds instead."""


def export(call: Call) -> Response:
    """Return the documents as JSON lines, all at once; with `nextCursor`, empty at first, page by page.

    A page that is not the last ends with the line `{"nextCursor": …}`. Pages are read one by one, so together they are
    no snapshot.
    """
    types = call.params.get("types")
    wanted = None if types is None else [name for name in types.split(",") if name]
    cursor = call.params.get("nextCursor")
    if cursor is None:
        return ndjson_answer(export_lines(call.dataset, types=wanted))
    return ndjson_answer(_page(call.dataset, wanted, _last_id(cursor)))


def _page(dataset: Dataset, types: list[str] | None, last_id: str) -> Iterator[bytes]:
    condition = "_id > $last" if types is None else "_id > $last && _type in $types"
    found: Any = dataset.query(
        f"*[{condition}][0...$count]", {"last": last_id, "types": types, "count": PAGE_DOCUMENTS_MAX + 1}
    )
    documents = found[:PAGE_DOCUMENTS_MAX]
    lines = [dump_bytes(document) + b"\n" for document in documents]
    if len(found) > len(documents):
        cursor = urlsafe_b64encode(documents[-1]["_id"].encode()).decode()
        lines.append(dump_bytes({"nextCursor": cursor}) + b"\n")
    return iter(lines)


def _last_id(cursor: str) -> str:
    try:
        return b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    except (NoBase64Error, UnicodeError, ValueError):
        raise BadRequestError(f'Invalid nextCursor: "{cursor}" (take the one of the page before)') from None


EXPORT_ROUTES: Final[list[RouteSpec]] = [
    ("GET", "/data/export/{dataset}", export),
    ("GET", "/projects/{project}/datasets/{dataset}/export", export),
]
