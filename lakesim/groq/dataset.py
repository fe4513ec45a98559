"""What the query language needs of a set of documents; the store and its perspective views implement it.

The language itself never imports the store. It reads documents through `Dataset` and, where a filter allows it, asks
for a part of them by index. An index answer is a list of *keys*: opaque, hashable, and sortable among one another so
that ascending keys are the dataset's own order. That is how the union of several answers comes back in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sized
from typing import Any, Protocol, TypeAlias, runtime_checkable

from lakesim.jsonvalue import Json

__all__ = ["Dataset", "Document", "Key", "Keys"]

Document: TypeAlias = Json
"""One document: an object, as a rule with string `_id` and `_type`. A plain list may hold any JSON value instead."""

Key: TypeAlias = Any
"""A document's place in its dataset: the position in a list, the id in a store (whose order is `_id` ascending)."""


@runtime_checkable
class Keys(Sized, Iterable[Key], Protocol):
    """An index answer: ascending, without repeats, `len()` cheap, iterated lazily (a query may stop after a few).

    `len()` may be an upper bound. A list, a tuple, a `SortedSet`/`SortedDict` or a view of one all qualify. It must
    stay valid while one query runs.
    """


class Dataset(Protocol):
    """A consistent set of documents that does not change while a query runs.

    Every method whose name starts with `keys_` may answer None: "no index, look at everything". It may answer with
    too many keys (the filter is evaluated on each candidate anyway), never with too few. With or without these
    answers the result of a query is the same.
    """

    @property
    def regular(self) -> bool:
        """Whether every document is a `dict` whose `_id` and `_type` are strings; a store and its views answer True.

        False, "perhaps not", is always a correct answer and costs speed only.
        """

    def __len__(self) -> int:
        """Return the number of documents, cheaply; it may be an upper bound."""

    def documents(self) -> Iterable[Document]:
        """Return all documents in dataset order; called anew for each scan."""

    def get(self, document_id: str) -> Document | None:
        """Return the document with this `_id` (the first, if a list has several), or None: what `->` reads."""

    def document(self, key: Key) -> Document:
        """Return the document at a key that one of the `keys_` methods answered."""

    def keys_of_id(self, document_id: str) -> Keys | None:
        """Return the keys of the documents whose `_id` is this string."""

    def keys_of_type(self, type_name: str) -> Keys | None:
        """Return the keys of the documents whose `_type` is this string."""

    def keys_of_referrers(self, document_id: str) -> Keys | None:
        """Return the keys of the documents that hold, at any depth, an object whose `_ref` is this string.

        Deeper than `references()` looks: an object inside a reference object counts here too, so that the answer also
        covers `a.b._ref == $id`. Weak references count.
        """

    def keys_with_prefix(self, prefix: str) -> Keys | None:
        """Return the keys of the documents whose `_id` starts with this string (`drafts.`, `versions.r1.`)."""

    def keys_of_group(self, published_id: str) -> Keys | None:
        """Return the keys of the published document, its draft and its versions: what `sanity::versionOf` selects."""

    def releases(self) -> Iterable[Document] | None:
        """Return the documents of `releases::all()` in dataset order, or None: those with `_type` `system.release`.

        A perspective view hides system documents from `*` and still shows the releases here.
        """
