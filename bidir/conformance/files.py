"""Datasets in files: an NDJSON export in a fresh embedded lake, and back into a file."""

from __future__ import annotations

from pathlib import Path

from lakesim import Dataset, Lake
from lakesim.interchange import export_file, import_file

__all__ = ["dataset_from_file", "write_dataset"]


def dataset_from_file(path: Path) -> Dataset:
    """Return a new dataset with the documents of an NDJSON file.

    Raises: lakesim.errors.LakeError naming the faulty lines, OSError.
    """
    dataset = Lake().dataset("production")
    import_file(dataset, path)
    return dataset


def write_dataset(dataset: Dataset, path: Path) -> int:
    """Write all documents to an NDJSON file and return their number; a failure leaves an old file as it was.

    Raises: OSError.
    """
    return export_file(dataset, path)
