"""Reads an NDJSON export line by line; nothing but the line at hand is held."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from bidir.errors import BidirError, NotSupportedError
from lakesim.errors import InvalidValueError
from lakesim.ids import is_system_id, release_document_id, validate_id
from lakesim.jsonvalue import JsonDecodeError, loads, type_name

__all__ = ["LINE_BYTES_MAX", "ExportError", "Line", "open_lines", "parse_line", "read_lines"]

LINE_BYTES_MAX: Final = 64 * 1024 * 1024
"""Bytes of one line; the service's documents end at half of it."""

_ARCHIVE_ENDINGS: Final = (".tar.gz", ".tgz", ".gz", ".tar")
_RELEASES: Final = release_document_id("")


class ExportError(BidirError):
    """A line of an export that cannot be read; nothing was answered or written. `line` counts from 1."""

    def __init__(self, line: int, reason: str) -> None:
        """Keep where and why."""
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Line:
    """One document of an export: its line (from 1), where its line starts and how long it is (bytes), its content."""

    number: int
    offset: int
    size: int
    document: dict[str, Any]


def open_lines(path: str | os.PathLike[str]) -> IO[bytes]:
    """Open an export for `read_lines`.

    Raises: NotSupportedError for an archive's name, OSError.
    """
    name = os.fspath(path)
    if name.endswith(_ARCHIVE_ENDINGS):
        raise NotSupportedError(f'archives are not read ("{name}"); unpack it and use the data.ndjson inside')
    return Path(path).open("rb")


def read_lines(file: IO[bytes]) -> Iterator[Line]:
    """Yield the documents of an open export, in order; blank lines are passed over.

    System documents other than releases are passed over as an import does: they belong to the service.
    Raises: ExportError for the first line that is no document with `_id` and `_type`.
    """
    offset = number = 0
    while raw := file.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(raw) > LINE_BYTES_MAX:
            raise ExportError(number, f"longer than {LINE_BYTES_MAX:,} bytes; one document stands on each line")
        document = parse_line(number, raw)
        if document is not None:
            yield Line(number, offset, len(raw), document)
        offset += len(raw)


def parse_line(number: int, raw: bytes) -> dict[str, Any] | None:
    """Return the document on a line, or None where there is nothing to audit.

    Raises: ExportError.
    """
    text = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
    if not text.strip():
        return None
    try:
        document = loads(text.rstrip(b"\r\n"))
    except JsonDecodeError as error:
        reason = _not_text(text) or f"column {error.colno}: {error.msg} (one whole JSON document per line)"
        raise ExportError(number, reason) from None
    if not isinstance(document, dict):
        raise ExportError(number, f"expected a document (a JSON object), got {type_name(document)}")
    if "_type" not in document and isinstance(document.get("error"), dict):
        reason = document["error"].get("description", "unknown")
        raise ExportError(number, f"the export ended here with an error: {reason}; export anew")
    for name in ("_id", "_type"):
        if not isinstance(document.get(name), str) or not document[name]:
            raise ExportError(number, f"the document has no {name}; every document of an export has one, a string")
    try:
        validate_id(document["_id"])
    except InvalidValueError as error:
        raise ExportError(number, error.description) from None
    if is_system_id(document["_id"]) and not document["_id"].startswith(_RELEASES):
        return None
    return document


def _not_text(raw: bytes) -> str | None:
    if raw.startswith(b"\x1f\x8b"):
        return "this is a gzip archive; unpack it"
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return f"byte {error.start + 1}: not UTF-8 text ({error.reason})"
    return None
