"""Stores an uploaded image or file, and finds it again by its address.

Where the addresses point: the service serves files from a host of its own; here the server that took the upload also
serves it, so `url` begins with the address under which the uploader reached it. A client that reaches the server under
another name finds the file at `path` below that name.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from lakesim.assets.errors import AssetNotFoundError
from lakesim.assets.image_reader import read_image
from lakesim.assets.metadata import metadata_of
from lakesim.assets.names import AssetKind, AssetName, parse_file_name
from lakesim.assets.options import UploadOptions
from lakesim.lake import Dataset

__all__ = ["StoredAsset", "find_asset", "store_asset"]

Writer = Callable[[dict[str, Any]], dict[str, Any]]
"""Creates a document unless it exists, as the uploader; returns the document that is there afterwards."""

_UNKNOWN_TYPE: Final = "application/octet-stream"
_UNKNOWN_EXTENSION: Final = "bin"
_EXTENSION: Final = re.compile(r"[a-z0-9]{1,16}", re.ASCII)
_TYPES: Final = {"image": "sanity.imageAsset", "file": "sanity.fileAsset"}


@dataclass(frozen=True, slots=True)
class StoredAsset:
    """An asset that can be served: its document and its bytes."""

    name: AssetName
    document: dict[str, Any]
    body: bytes

    @property
    def mime_type(self) -> str:
        """The content type."""
        given = self.document.get("mimeType")
        return given if isinstance(given, str) else _UNKNOWN_TYPE

    @property
    def download_name(self) -> str:
        """The name under which the file is saved."""
        given = self.document.get("originalFilename")
        return given if isinstance(given, str) and given else self.name.file_name


def store_asset(
    dataset: Dataset, kind: AssetKind, body: bytes, options: UploadOptions, *, origin: str, write: Writer
) -> dict[str, Any]:
    """Keep an upload and return its document; the same bytes again return the document that is there.

    `origin` begins the asset's `url`, such as `http://localhost:3333`.
    Raises: InvalidImageError, NotSupportedError where pillow is missing; whatever `write` raises.
    """
    if kind == "image":
        name, attributes = _image(dataset, body, options)
    else:
        name, attributes = _file(body, options)
    path = name.path(dataset.project_id, dataset.name)
    document = write(
        {
            "_id": name.document_id,
            "_type": _TYPES[kind],
            "assetId": name.sha1,
            "sha1hash": name.sha1,
            "extension": name.extension,
            "size": len(body),
            "uploadId": dataset.clock.generate_id(),
            "path": path,
            "url": f"{origin}/{path}",
            **options.fields(),
            **attributes,
        }
    )
    dataset.blobs.put(name.document_id, body)
    return document


def _image(dataset: Dataset, body: bytes, options: UploadOptions) -> tuple[AssetName, dict[str, Any]]:
    image = read_image(body, pixels_max=dataset.limits.image_pixels_max)
    name = AssetName("image", _sha1(body), image.extension, image.width, image.height)
    return name, {"mimeType": image.mime_type, "metadata": metadata_of(image, options.meta)}


def _file(body: bytes, options: UploadOptions) -> tuple[AssetName, dict[str, Any]]:
    _, dot, ending = options.file_name.rpartition(".")
    extension = ending.lower() if dot and _EXTENSION.fullmatch(ending.lower()) else ""
    said = options.content_type if options.content_type != _UNKNOWN_TYPE else ""
    mime_type = said or mimetypes.guess_type(f"x.{extension}")[0] or _UNKNOWN_TYPE
    if not extension:
        extension = (mimetypes.guess_extension(mime_type) or "")[1:] if said else ""
    return AssetName("file", _sha1(body), extension or _UNKNOWN_EXTENSION), {"mimeType": mime_type}


def _sha1(body: bytes) -> str:
    return hashlib.sha1(body, usedforsecurity=False).hexdigest()


def find_asset(dataset: Dataset, kind: AssetKind, file_name: str) -> StoredAsset:
    """Return the asset at an address; an asset whose document was deleted is gone.

    Raises: AssetNotFoundError.
    """
    name = parse_file_name(kind, file_name)
    missing = AssetNotFoundError(f"{kind}s/{dataset.project_id}/{dataset.name}/{file_name}")
    if name is None:
        raise missing
    document = dataset.get(name.document_id)
    body = dataset.blobs.get(name.document_id)
    if document is None or body is None:
        if document is None:
            dataset.blobs.drop(name.document_id)
        raise missing
    return StoredAsset(name, document, body)
