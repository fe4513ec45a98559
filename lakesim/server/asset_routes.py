"""Uploading images and files, and serving them (content-lake reference, section 6.5).

Files are served to everybody, as the service's content network does: who knows the address may have the file.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final
from urllib.parse import quote

from starlette.responses import Response

from lakesim.assets import StoredAsset, TransformOptions, UploadOptions, find_asset, store_asset, transformed
from lakesim.assets.names import AssetKind
from lakesim.server.byte_range import range_of
from lakesim.server.call import Call
from lakesim.server.endpoint import Handler, RouteSpec
from lakesim.server.wire import json_answer

__all__ = ["DOWNLOAD_ROUTES", "UPLOAD_ROUTES"]

CACHE_CONTROL: Final = "public, max-age=31536000, s-maxage=2592000"
"""A file never changes under its address, which holds its digest."""
CONTENT_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""An uploaded page or drawing must not act in the name of this server."""


def _upload(kind: AssetKind) -> Handler:
    def upload(call: Call) -> Response:
        """Store the request's body and return the asset's document."""
        options = UploadOptions.parse(
            call.params, meta=call.params.getlist("meta"), content_type=call.headers.get("content-type", "")
        )

        dataset = call.dataset

        def write(document: dict[str, Any]) -> dict[str, Any]:
            dataset.mutate([{"createIfNotExists": document}])
            # Who may not read what others said of the same bytes is given what it said itself.
            return dataset.get(document["_id"]) or document

        document = store_asset(dataset, kind, call.body, options, origin=call.origin, write=write)
        return json_answer({"document": document}, status=201)

    return upload


def _download(kind: AssetKind) -> Handler:
    def download(call: Call) -> Response:
        """Serve a file, an image perhaps in another rendition."""
        asset = find_asset(call.record.dataset, kind, call.path["file"])
        if kind == "image" and asset.name.extension != "svg":
            return _image(call, asset)
        return _answer(call, asset, asset.body, asset.mime_type, version="")

    return download


def _image(call: Call, asset: StoredAsset) -> Response:
    options = TransformOptions.parse(call.params)
    if options.is_original:
        return _answer(call, asset, asset.body, asset.mime_type, version="")
    accept = call.headers.get("accept", "")
    body, mime_type = transformed(
        asset.body, options, accept=accept, pixels_max=call.record.dataset.limits.image_pixels_max
    )
    answer = _answer(call, asset, body, mime_type, version=hashlib.sha256(body).hexdigest()[:16])
    if options.auto_format:
        answer.headers["vary"] = "Accept"
    return answer


def _answer(call: Call, asset: StoredAsset, body: bytes, mime_type: str, *, version: str) -> Response:
    tag = f'"{asset.name.sha1}-{version}"' if version else f'"{asset.name.sha1}"'
    headers = {
        "accept-ranges": "bytes",
        "cache-control": CACHE_CONTROL,
        "content-security-policy": CONTENT_POLICY,
        "etag": tag,
        "x-content-type-options": "nosniff",
    }
    if _knows(call.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    if "dl" in call.params:
        name = call.params["dl"] or call.path.get("name") or asset.download_name
        # Both forms: the plain one for old clients, the encoded one for every other character.
        plain = "".join(char if " " <= char < "\x7f" and char not in '"\\' else "_" for char in name)
        headers["content-disposition"] = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    headers["content-type"] = mime_type
    wanted = range_of(call.method, call.headers, len(body), tag=tag)
    if wanted is None:
        return Response(body, headers=headers)
    if not wanted:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{len(body)}"})
    headers["content-range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{len(body)}"
    return Response(body[wanted.start : wanted.stop], status_code=206, headers=headers)


def _knows(header: str, tag: str) -> bool:
    return header.strip() == "*" or any(one.strip().removeprefix("W/") == tag for one in header.split(","))


UPLOAD_ROUTES: Final[list[RouteSpec]] = [
    ("POST", "/assets/images/{dataset}", _upload("image")),
    ("POST", "/assets/files/{dataset}", _upload("file")),
]
DOWNLOAD_ROUTES: Final[list[RouteSpec]] = [
    ("GET", "/images/{project}/{dataset}/{file}", _download("image")),
    ("GET", "/files/{project}/{dataset}/{file}", _download("file")),
    # The last part is a name to show and to save under.
    ("GET", "/images/{project}/{dataset}/{file}/{name}", _download("image")),
    ("GET", "/files/{project}/{dataset}/{file}/{name}", _download("file")),
]
"""Without an API version, as on the service's content network."""
