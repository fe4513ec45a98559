"""Perspectives: the dataset as a reader of published content, drafts or a stack of releases sees it.

A view picks one version per group and shows it under the published id. It is computed document by document, on demand,
over the store's indexes, so a query that asks an index visits only what the index answers. Live-edit types need
nothing here: their documents exist under published ids alone (content-lake reference, section 4.4).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from heapq import merge
from typing import Final, TypeAlias

from lakesim.errors import BadRequestError
from lakesim.ids import DRAFTS, PUBLISHED, is_published_id, is_system_id
from lakesim.store.choices import LakeChoices
from lakesim.store.documents import Document
from lakesim.store.idbuckets import between, count_between, prefix_end
from lakesim.store.memory import MemoryStore
from lakesim.store.raw_view import RawView, Readable, distinct

__all__ = ["RAW", "Perspective", "PerspectiveView", "Stack", "parse_perspective", "view_of"]

RAW: Final = "raw"
"""The perspective of stored documents as they are."""
PREVIEW_DRAFTS: Final = "previewDrafts"
"""The old name of `drafts`; accepted, deprecated."""

Stack: TypeAlias = tuple[str, ...]
"""Layers from top to bottom: release names, `drafts`, `published`; the top one that has a version of a group wins."""
Perspective: TypeAlias = str | list[str] | tuple[str, ...]
"""As callers write it: a name, names separated by commas, or a list of names."""

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_RESERVED: Final = ("_.", "drafts.", "versions.")
_STRETCHES: Final = tuple(
    zip((None, *map(prefix_end, _RESERVED)), (*_RESERVED, None), strict=True),
)
"""Where published ids lie among all sorted ids: between the reserved prefixes."""


def parse_perspective(perspective: Perspective) -> Stack | None:
    """Return the stack of layers a perspective means, `published` at the bottom; None is `raw`.

    Unknown release names are accepted: they have no versions (rows 46 and 54).
    Raises: BadRequestError for an empty or malformed name, or `raw` among others.
    """
    if not isinstance(perspective, (str, list, tuple)):
        raise BadRequestError(f"Invalid perspective: {perspective!r} is neither a name nor a list of names")
    given = perspective.split(",") if isinstance(perspective, str) else list(perspective)
    names = [DRAFTS if name == PREVIEW_DRAFTS else name for name in given]
    if not names:
        raise BadRequestError('Invalid perspective: an empty list (name "raw", "published", "drafts" or releases)')
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise BadRequestError(
                f"Invalid perspective: {name!r} is no perspective and no release name"
                ' (right would be "raw", "published", "drafts", or names such as "rSpring,drafts")'
            )
    if RAW in names:
        if len(names) > 1:
            raise BadRequestError('Invalid perspective: "raw" cannot be combined with others')
        return None
    return tuple(dict.fromkeys((*names, PUBLISHED)))


def view_of(
    store: MemoryStore, perspective: Perspective, choices: LakeChoices, *, readable: Readable | None = None
) -> RawView | PerspectiveView:
    """Return the view of a store in a perspective, limited to what `readable` admits.

    Raises: BadRequestError as `parse_perspective`.
    """
    stack = parse_perspective(perspective)
    if stack is None:
        return RawView(store, readable=readable)
    return PerspectiveView(store, stack, choices, readable=readable)


class PerspectiveView:
    """One version of every group, under the published id; implements the query language's `Dataset`.

    Keys are published ids. System documents are not in it, except for `releases()` (row 47). A view is made per query
    and read under the store's lock.
    """

    __slots__ = ("_choices", "_raw", "_readable", "_shown", "_shows_original", "_stack", "_store")

    def __init__(
        self, store: MemoryStore, stack: Stack, choices: LakeChoices, *, readable: Readable | None = None
    ) -> None:
        """Look at `store` through the layers of `stack`."""
        self._store = store
        self._stack = stack
        self._choices = choices
        self._readable = readable
        self._raw = RawView(store, readable=readable)
        self._shows_original = stack != (PUBLISHED,) or choices.original_id_in_published
        self._shown: dict[str, Document | None] = {}

    def _show(self, group: str) -> Document | None:
        """Return the winning version of a group as this perspective shows it, or None."""
        try:
            return self._shown[group]
        except KeyError:
            shown = self._shown[group] = self._winner(group) if _is_plain(group) else None
            return shown

    def _winner(self, group: str) -> Document | None:
        documents, readable = self._store.documents, self._readable
        for layer in self._stack:
            document = documents.get(_layer_prefix(layer) + group)
            if document is None or (readable is not None and not readable(document)):
                continue
            if _is_unpublish_marker(document):
                if self._choices.unpublish_marker_hides:
                    return None
                continue
            return _under_group_id(document, group) if self._shows_original else document
        return None

    @property
    def regular(self) -> bool:
        """Every stored document is an object with string `_id` and `_type`."""
        return True

    def __len__(self) -> int:
        """Return how many groups there are at most."""
        return len(self._groups(self._store.indexes.ids))

    def documents(self) -> Iterator[Document]:
        """Iterate over the shown documents by published id, ascending."""
        for group in self._groups(self._store.indexes.ids):
            document = self._shown[group]
            if document is not None:
                yield document

    def get(self, document_id: str) -> Document | None:
        """Return the document shown under this id."""
        return self._show(document_id)

    def document(self, key: str) -> Document:
        """Return the document of a key that an index answered."""
        document = self._show(key)
        if document is None:
            raise KeyError(key)
        return document

    def keys_of_id(self, document_id: str) -> Sequence[str]:
        """Return the id itself if a document is shown under it."""
        return () if self._show(document_id) is None else (document_id,)

    def keys_of_type(self, type_name: str) -> Groups:
        """Return the groups that have a version of this type in some layer."""
        return self._groups(self._store.indexes.types.ids(type_name))

    def keys_of_referrers(self, document_id: str) -> Groups:
        """Return the groups that have a version, in some layer, with a reference to this id."""
        indexes = self._store.indexes
        return self._groups(indexes.strong.ids(document_id), indexes.weak.ids(document_id))

    def keys_with_prefix(self, prefix: str) -> Groups:
        """Return the groups whose published id starts with `prefix`."""
        return self._groups(self._store.indexes.ids, prefix=prefix)

    def keys_of_group(self, published_id: str) -> Sequence[str]:
        """Return the group itself if it is shown."""
        return self.keys_of_id(published_id)

    def releases(self) -> list[Document]:
        """Return the documents of all releases, as in every perspective."""
        return self._raw.releases()

    def _groups(self, *sequences: Sequence[str], prefix: str = "") -> Groups:
        return Groups(self, self._stack, [ids for ids in sequences if ids], prefix)


class Groups:
    """The groups that have a version among some sorted stored ids, in a stack: a lazy index answer."""

    __slots__ = ("_parts", "_view")

    def __init__(self, view: PerspectiveView, stack: Stack, sequences: Sequence[Sequence[str]], prefix: str) -> None:
        """Look for the layers of `stack` in each of `sequences`, keeping groups that start with `prefix`."""
        self._view = view
        self._parts = [
            (ids, low, high, len(_layer_prefix(layer)))
            for ids in sequences
            for layer in stack
            for low, high in _stretches(layer, prefix)
        ]

    def __len__(self) -> int:
        """Return how many groups there are at most, without visiting them."""
        return sum(count_between(ids, low, high) for ids, low, high, _ in self._parts)

    def __iter__(self) -> Iterator[str]:
        """Iterate over the groups that are shown, by published id, ascending."""
        show = self._view._show
        streams = [_cut(between(ids, low, high), length) for ids, low, high, length in self._parts]
        for group in distinct(merge(*streams)):
            if show(group) is not None:
                yield group


def _cut(ids: Iterator[str], length: int) -> Iterator[str]:
    return ids if length == 0 else (document_id[length:] for document_id in ids)


def _stretches(layer: str, prefix: str) -> Iterator[tuple[str | None, str | None]]:
    """Yield the ranges of sorted stored ids in which a layer's groups starting with `prefix` lie."""
    start = _layer_prefix(layer) + prefix
    if layer != PUBLISHED:
        yield start, prefix_end(start)
        return
    for low, high in _STRETCHES:
        if not prefix:
            yield low, high
            continue
        lowest = start if low is None else max(start, low)
        above = prefix_end(start) if high is None else min(prefix_end(start), high)
        if lowest < above:
            yield lowest, above


def _layer_prefix(layer: str) -> str:
    if layer == PUBLISHED:
        return ""
    return "drafts." if layer == DRAFTS else f"versions.{layer}."


def _is_plain(group: str) -> bool:
    return is_published_id(group) and not is_system_id(group)


def _is_unpublish_marker(document: Document) -> bool:
    system = document.get("_system")
    return type(system) is dict and system.get("delete") is True


def _under_group_id(document: Document, group: str) -> Document:
    shown = {**document, "_id": group, "_originalId": document["_id"]}
    return {key: shown[key] for key in sorted(shown)}
