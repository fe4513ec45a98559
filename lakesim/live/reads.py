"""Notes which places a query looks at while it runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

from lakesim.groq.dataset import Dataset, Document, Keys
from lakesim.ids import published_id
from lakesim.live.places import EVERYTHING, Place, tag_of

__all__ = ["TAGS_MAX", "Reads"]

TAGS_MAX: Final = 100
"""Tags of one answer; one that depends on more places depends, for short, on everything."""
RELEASE: Final[Place] = ("type", "system.release")


class Reads:
    """The places that one query looked at; `over` makes the view to run it on."""

    def __init__(self) -> None:
        """Start with none."""
        self.places: set[Place] = set()

    def over(self, view: Dataset) -> Dataset:
        """Return `view` with every look at it noted here."""
        return _NotedView(view, self.places)

    def tags(self, dataset: str) -> list[str]:
        """Return the tags of the answer, sorted: none for a query that read no document."""
        places = self.places
        if EVERYTHING in places or len(places) > TAGS_MAX:
            places = {EVERYTHING}
        return sorted(tag_of(dataset, place) for place in places)


class _NotedView:
    """A view of which every read is noted."""

    __slots__ = ("_places", "_view", "document", "regular")

    def __init__(self, view: Dataset, places: set[Place]) -> None:
        self._view = view
        self._places = places
        self.regular = view.regular
        # Only keys that an index answered come here, and that answer is noted.
        self.document = view.document

    def __len__(self) -> int:
        # Where an index answers with everything there is, a scan would be as good, but would depend on everything.
        return sys.maxsize

    def documents(self) -> Iterable[Document]:
        self._places.add(EVERYTHING)
        return self._view.documents()

    def get(self, document_id: str) -> Document | None:
        self._places.add(("group", published_id(document_id)))
        return self._view.get(document_id)

    def keys_of_id(self, document_id: str) -> Keys | None:
        self._places.add(("group", published_id(document_id)))
        return self._view.keys_of_id(document_id)

    def keys_of_type(self, type_name: str) -> Keys | None:
        self._places.add(("type", type_name))
        return self._view.keys_of_type(type_name)

    def keys_of_referrers(self, document_id: str) -> Keys | None:
        self._places.add(("reference", document_id))
        return self._view.keys_of_referrers(document_id)

    def keys_with_prefix(self, prefix: str) -> Keys | None:
        self._places.add(EVERYTHING)
        return self._view.keys_with_prefix(prefix)

    def keys_of_group(self, published_id_: str) -> Keys | None:
        self._places.add(("group", published_id_))
        self._places.add(("group", published_id(published_id_)))
        return self._view.keys_of_group(published_id_)

    def releases(self) -> Iterable[Document] | None:
        self._places.add(RELEASE)
        return self._view.releases()


_: type[Dataset] = _NotedView
