"""What may be said along with an upload."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lakesim.errors import BadRequestError
from lakesim.suggest import among

__all__ = ["DEFAULT_META", "META", "UploadOptions"]

META: Final = ("blurhash", "exif", "image", "location", "lqip", "palette", "thumbhash", "none")
"""What can be read from an image on request; size and opacity always are."""
DEFAULT_META: Final = frozenset({"blurhash", "lqip", "palette"})
"""What is read when nothing is said."""
SHORT_TEXT_MAX: Final = 300
"""Characters of filename, label, title, credit line and source (content-lake reference, section 6.5)."""
DESCRIPTION_MAX: Final = 5_000

_TEXTS: Final = {
    "filename": SHORT_TEXT_MAX,
    "label": SHORT_TEXT_MAX,
    "title": SHORT_TEXT_MAX,
    "description": DESCRIPTION_MAX,
    "creditLine": SHORT_TEXT_MAX,
    "sourceId": SHORT_TEXT_MAX,
    "sourceName": SHORT_TEXT_MAX,
    "sourceUrl": DESCRIPTION_MAX,
}
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class UploadOptions:
    """Checked options of one upload; `texts` holds those given, by the names they have in the address."""

    texts: Mapping[str, str] = field(default_factory=dict)
    meta: frozenset[str] = DEFAULT_META
    content_type: str = ""
    """The `Content-Type` of the upload without its parameters; empty if nothing useful was said."""

    @classmethod
    def parse(cls, given: Mapping[str, str], *, meta: Iterable[str] = (), content_type: str = "") -> UploadOptions:
        """Return the options that an upload's parameters mean; those of other names are not looked at.

        Raises: BadRequestError for a text that is too long or an unknown kind of metadata.
        """
        texts = {}
        for name, longest in _TEXTS.items():
            text = given.get(name, "")
            if len(text) > longest:
                raise BadRequestError(f"{name} has {len(text)} characters; at most {longest} are allowed")
            if text:
                texts[name] = _UNPRINTABLE.sub("", text)
        return cls(texts, _kinds(meta), content_type.partition(";")[0].strip().lower())

    @property
    def file_name(self) -> str:
        """The name that the file had where it came from; may be empty."""
        return self.texts.get("filename", "")

    def fields(self) -> dict[str, Any]:
        """Return the attributes of the asset's document that were given."""
        texts = self.texts
        out: dict[str, Any] = {
            name: texts[name] for name in ("label", "title", "description", "creditLine") if name in texts
        }
        if self.file_name:
            out["originalFilename"] = self.file_name
        source = {name: texts[key] for name, key in _SOURCE.items() if key in texts}
        if source:
            out["source"] = source
        return out


_SOURCE: Final = {"id": "sourceId", "name": "sourceName", "url": "sourceUrl"}


def _kinds(meta: Iterable[str]) -> frozenset[str]:
    # Clients repeat the parameter or put commas between.
    names = [name for text in meta for name in text.split(",") if name]
    for name in names:
        if name not in META:
            raise BadRequestError(f'Unknown metadata "{name}"' + among(name, META))
    if "none" in names:
        return frozenset()
    return frozenset(names) if names else DEFAULT_META
