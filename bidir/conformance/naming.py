"""Ids in scenario files: which stored document is meant, and where in it, for the layer a scenario is played in."""

from __future__ import annotations

from dataclasses import dataclass

from bidir.conformance.scenario import Layer
from lakesim.ids import draft_id, is_published_id

__all__ = ["Naming", "PlaceError", "split_place"]


class PlaceError(ValueError):
    """A text that should name a document and a path in it and does not."""


def split_place(text: str) -> tuple[str, str]:
    """Take `b1.author`, `drafts.b1.author` or `versions.r1.b1.author` apart into id and path.

    A published id with a dot in it cannot be written this way; use `submit` with mutations in wire form.
    Raises: PlaceError for a text without a path.
    """
    parts = text.split(".")
    reserved = {"drafts": 1, "versions": 2}.get(parts[0], 0)
    # The path may hold dots of its own, also inside brackets, so the id is counted off from the left.
    id_length = reserved + 1
    path = ".".join(parts[id_length:])
    if not path or not all(parts[:id_length]):
        raise PlaceError(f'"{text}" names no field of a document; write it like b1.author or drafts.b1.author')
    return ".".join(parts[:id_length]), path


@dataclass(frozen=True, slots=True)
class Naming:
    """How the ids of one scenario become stored ids; `layer` is None where the file writes stored ids itself."""

    layer: Layer | None = None

    @property
    def perspective(self) -> str:
        """The perspective of a step that names none."""
        return "published" if self.layer == "published" else "drafts"

    @property
    def makes_versions(self) -> bool:
        """Whether the layer itself makes the engine create versions that the file does not speak of."""
        return self.layer == "drafts-over-published"

    def given(self, document_id: str) -> str:
        """Return the stored id of a document that stands there before the first step."""
        return draft_id(document_id) if self.layer == "drafts" else document_id

    def expected(self, document_id: str) -> str:
        """Return the stored id that an expectation speaks of: in a layer, the version that edits go to."""
        if self.layer in (None, "published") or not is_published_id(document_id):
            return document_id
        return draft_id(document_id)

    def label(self, name: str) -> str:
        """Return the scenario's name with the layer it is played in."""
        return name if self.layer is None else f"{name} [{self.layer}]"
