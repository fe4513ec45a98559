"""Opens an exported dataset in an embedded lake, for the commands that audit and repair files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bidir.backends import LakeBackend
from bidir.cli.common import fail
from bidir.conformance.files import dataset_from_file, write_dataset
from bidir.errors import NotSupportedError
from bidir.relations import Schema

__all__ = ["OpenedDataset", "open_dataset"]


@dataclass(frozen=True, slots=True)
class OpenedDataset:
    """A dataset read from a file: its schema, a backend for an engine, and how many documents it has."""

    schema: Schema
    backend: LakeBackend
    documents: int

    def write(self, path: Path) -> int:
        """Write all documents to an NDJSON file and return their number; the old file stays if that fails."""
        return write_dataset(self.backend.dataset, path)


def open_dataset(schema: Path, file: Path | None, url: str, *, command: str) -> OpenedDataset:
    """Read `schema` and the dataset in `file`.

    Raises: SchemaError, LakeError and OSError for files that cannot be read, NotSupportedError for `url`.
    """
    if url:
        raise NotSupportedError(
            f"bidir {command} --url is not supported yet; export the dataset and give the file with --file"
        )
    if file is None:
        fail(f"bidir {command} needs a dataset: --file production.ndjson")
    declared = Schema.load(schema)
    dataset = dataset_from_file(file)
    return OpenedDataset(declared, LakeBackend(dataset), len(dataset))
