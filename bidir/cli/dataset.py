"""Opens the dataset that a command works on: an exported file in an embedded lake, or a lake over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bidir.backends import HttpBackend, LakeBackend
from bidir.cli.common import fail
from bidir.cli.connection import API_VERSION, DATASET, connected
from bidir.conformance.files import dataset_from_file, write_dataset
from bidir.errors import NotSupportedError
from bidir.ports import Backend
from bidir.relations import Schema

__all__ = ["OpenedDataset", "Source", "open_dataset"]


@dataclass(frozen=True, slots=True)
class Source:
    """What the options say of the dataset: a file, or an address and what belongs to it."""

    file: Path | None = None
    url: str = ""
    project: str = ""
    dataset: str = DATASET
    token: str = ""
    api_version: str = API_VERSION

    def check(self, command: str) -> None:
        """End the command unless there is one source and only one."""
        if self.file is None and not self.url:
            fail(f"bidir {command} needs a dataset: --file production.ndjson, or --url http://127.0.0.1:3333")
        if self.file is not None and self.url:
            fail(f"bidir {command} works on one dataset: --file or --url, not both")

    def connected(self) -> AbstractContextManager[HttpBackend]:
        """Give a backend for the lake at the address.

        Raises: AddressError.
        """
        return connected(
            self.url,
            project=self.project,
            dataset=self.dataset,
            token=self.token,
            api_version=self.api_version,
        )


@dataclass(frozen=True, slots=True)
class OpenedDataset:
    """A dataset to work on: the schema, a backend for an engine, and how many documents it has."""

    schema: Schema
    backend: Backend
    documents: int

    def write(self, path: Path) -> int:
        """Write all documents of a file's dataset to an NDJSON file and return their number; on failure the old file
        stays.

        Raises: NotSupportedError for a lake over HTTP, OSError.
        """
        if not isinstance(self.backend, LakeBackend):
            raise NotSupportedError("only what came from a file is written to one")
        try:
            return write_dataset(self.backend.dataset, path)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from error


def _check_ids(file: Path) -> None:
    """End the command where a document has no id: an import would give it one, and a repaired file a second document.

    Lines that cannot be read at all are the import's to tell.
    """
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            # Most lines need no second look.
            if b'"_id"' not in line and line.strip().startswith(b"{") and b'"_type"' in line:
                fail(f"line {number}: the document has no _id; every document of an export has one, a string")


@contextmanager
def open_dataset(schema: Path, source: Source, *, command: str) -> Iterator[OpenedDataset]:
    """Give the dataset that `source` names.

    Raises: SchemaError, LakeError, OSError for files that cannot be read; AddressError, BackendError.
    """
    source.check(command)
    declared = Schema.load(schema)
    if source.file is not None:
        _check_ids(source.file)
        dataset = dataset_from_file(source.file)
        yield OpenedDataset(declared, LakeBackend(dataset), len(dataset))
        return
    with source.connected() as backend:
        yield OpenedDataset(declared, backend, int(backend.query("count(*)", {})))
