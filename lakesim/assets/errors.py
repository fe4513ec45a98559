"""Refusals of uploads and downloads."""

from __future__ import annotations

from typing import Any

from lakesim.errors import LakeError

__all__ = ["AssetNotFoundError", "InvalidImageError", "InvalidTransformError"]


class InvalidImageError(LakeError):
    """Bytes that were sent as an image and are none that can be read, or a larger one than is allowed.

    Shape: the gateway's, with the service's own message and the reason as `details` (content-lake reference, 0.6).
    """

    type = "invalidImage"

    def __init__(self, details: str) -> None:
        """Say what is wrong with the bytes."""
        super().__init__(f"Invalid image, could not read metadata: {details}")
        self.details = details

    def body(self) -> dict[str, Any]:
        """Return the answer's JSON body."""
        return {
            "statusCode": 400,
            "error": "Bad Request",
            "message": "Invalid image, could not read metadata",
            "details": self.details,
        }


class InvalidTransformError(LakeError):
    """A parameter of an image's address that cannot be followed."""

    type = "invalidTransform"


class AssetNotFoundError(LakeError):
    """The address of an asset that was never uploaded here, or whose document was deleted."""

    type = "assetNotFound"

    def __init__(self, path: str) -> None:
        """Name the address."""
        super().__init__(f'No asset at "/{path}": it was not uploaded to this server, or its document was deleted')

    def body(self) -> dict[str, Any]:
        """Return the answer's JSON body, in the gateway's shape."""
        return {"statusCode": 404, "error": "Not Found", "message": self.description}
