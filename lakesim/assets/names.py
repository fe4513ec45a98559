"""How assets are named: the id of the document and the name of the file say the same (content-lake reference, 6.5).

`image-<sha1>-<width>x<height>-<extension>` is served as `<sha1>-<width>x<height>.<extension>`, and
`file-<sha1>-<extension>` as `<sha1>.<extension>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = ["AssetKind", "AssetName", "parse_file_name"]

AssetKind: TypeAlias = Literal["image", "file"]

_FILE_NAMES: Final[dict[AssetKind, re.Pattern[str]]] = {
    "image": re.compile(
        r"(?P<sha1>[0-9a-f]{40})-(?P<width>\d{1,6})x(?P<height>\d{1,6})\.(?P<extension>[a-z0-9]{1,16})"
    ),
    "file": re.compile(r"(?P<sha1>[0-9a-f]{40})\.(?P<extension>[a-z0-9]{1,16})"),
}


@dataclass(frozen=True, slots=True)
class AssetName:
    """What names an asset; `width` and `height`, in pixels, are of images only."""

    kind: AssetKind
    sha1: str
    extension: str
    width: int = 0
    height: int = 0

    @property
    def _size(self) -> str:
        return f"-{self.width}x{self.height}" if self.kind == "image" else ""

    @property
    def document_id(self) -> str:
        """The id of the asset's document."""
        return f"{self.kind}-{self.sha1}{self._size}-{self.extension}"

    @property
    def file_name(self) -> str:
        """The last part of the asset's address."""
        return f"{self.sha1}{self._size}.{self.extension}"

    def path(self, project_id: str, dataset: str) -> str:
        """Return the asset's address below the host, without a leading slash."""
        return f"{self.kind}s/{project_id}/{dataset}/{self.file_name}"


def parse_file_name(kind: AssetKind, file_name: str) -> AssetName | None:
    """Return what the last part of an address names, None if it is not of the form."""
    match = _FILE_NAMES[kind].fullmatch(file_name)
    if match is None:
        return None
    parts = match.groupdict()
    return AssetName(kind, parts["sha1"], parts["extension"], int(parts.get("width", 0)), int(parts.get("height", 0)))
