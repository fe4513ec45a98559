"""Referential integrity at the end of a transaction: only documents it wrote or deleted are looked at.

Stored strong references are whole, so what can break is a reference that is new and a target that is gone
(content-lake reference, section 1.8; rows 13 to 15 of its section 10).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from lakesim.errors import DocumentHasExistingReferencesError, DocumentReferenceDoesNotExistError, ItemError
from lakesim.ids import draft_id, is_draft_id, is_published_id, is_system_id, published_id, release_of, version_id
from lakesim.store.choices import LakeChoices
from lakesim.store.documents import Document
from lakesim.store.facts import Difference, Facts
from lakesim.store.idbuckets import between, prefix_end
from lakesim.store.indexes import Indexes

__all__ = ["Revised", "broken_references"]


@dataclass(frozen=True, slots=True)
class Revised:
    """A document as a transaction leaves it.

    Shape: `index` is the position of the last mutation that touched it; `difference` and `facts` belong to `after`.
    """

    document_id: str
    before: Document | None
    after: Document | None
    index: int
    difference: Difference
    facts: Facts


class _EndState:
    """Who exists and who refers to whom when the transaction ends, seen through the indexes of its beginning."""

    def __init__(
        self, indexes: Indexes, revised: Mapping[str, Revised], exists: Callable[[str], bool], choices: LakeChoices
    ) -> None:
        self._indexes = indexes
        self._revised = revised
        self._exists = exists
        self._choices = choices
        self._gained: dict[str, list[str]] = {}
        for item in revised.values():
            for target in item.difference.gained_strong:
                self._gained.setdefault(target, []).append(item.document_id)

    def is_satisfied(self, source: str, target: str) -> bool:
        """Whether a strong reference from `source` to `target` has something to point at."""
        if self._exists(target):
            return True
        if not is_published_id(target) or is_system_id(target):
            return False
        release = release_of(source)
        if release is not None and self._choices.release_resolves_references:
            return self._exists(version_id(target, release))
        return self._choices.draft_resolves_references and is_draft_id(source) and self._exists(draft_id(target))

    def dangling(self) -> Iterator[tuple[int, ItemError]]:
        """Yield an error for each new strong reference without target."""
        for item in self._revised.values():
            for target in item.difference.gained_strong:
                if not self.is_satisfied(item.document_id, target):
                    yield item.index, DocumentReferenceDoesNotExistError(item.document_id, target)

    def orphaned(self) -> Iterator[tuple[int, ItemError]]:
        """Yield an error for each deleted document that is still referred to."""
        for item in self._revised.values():
            if item.after is not None or item.before is None:
                continue
            target = item.document_id
            referrers = {source for source in self._referrers(target) if not self.is_satisfied(source, target)}
            layer = self._layer_standing_in(target)
            if layer is not None:
                # A version or draft may have stood in for its missing published document.
                named = published_id(target)
                referrers.update(s for s in self._referrers(named, layer) if not self.is_satisfied(s, named))
            if referrers:
                yield item.index, DocumentHasExistingReferencesError(target, sorted(referrers))

    def _layer_standing_in(self, document_id: str) -> str | None:
        """Return the id prefix of the referrers for which `document_id` may stand in, or None."""
        if is_published_id(document_id) or self._exists(published_id(document_id)):
            return None
        if is_draft_id(document_id):
            return "drafts." if self._choices.draft_resolves_references else None
        return f"versions.{release_of(document_id)}." if self._choices.release_resolves_references else None

    def _referrers(self, target: str, prefix: str = "") -> Iterator[str]:
        sources = self._indexes.strong.ids(target)
        for source in between(sources, prefix, prefix_end(prefix)) if prefix else sources:
            item = self._revised.get(source)
            if item is None or (item.after is not None and target in item.facts.strong):
                yield source
        for source in self._gained.get(target, ()):
            if source.startswith(prefix):
                yield source


def broken_references(
    indexes: Indexes, revised: Mapping[str, Revised], exists: Callable[[str], bool], choices: LakeChoices
) -> list[tuple[int, ItemError]]:
    """Return the failures of a transaction's end state with the index of the mutation at fault, in index order.

    `exists` answers for the end state; `indexes` still describe its beginning.
    """
    if not any(item.after is None or item.difference.gained_strong for item in revised.values()):
        return []
    end = _EndState(indexes, revised, exists, choices)
    found = [*end.dangling(), *end.orphaned()]
    return sorted(found, key=_index_of) if found else found


def _index_of(failure: tuple[int, ItemError]) -> int:
    return failure[0]
