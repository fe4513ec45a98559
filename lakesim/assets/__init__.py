"""Uploaded images and files: their documents, their bytes, and images made smaller or otherwise on request."""

from __future__ import annotations

from lakesim.assets.errors import AssetNotFoundError, InvalidImageError, InvalidTransformError
from lakesim.assets.options import UploadOptions
from lakesim.assets.transform import transformed
from lakesim.assets.transform_options import TransformOptions
from lakesim.assets.upload import StoredAsset, find_asset, store_asset

__all__ = [
    "AssetNotFoundError",
    "InvalidImageError",
    "InvalidTransformError",
    "StoredAsset",
    "TransformOptions",
    "UploadOptions",
    "find_asset",
    "store_asset",
    "transformed",
]
