"""The bounds of a dataset as a whole, judged on what a transaction would leave behind."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from lakesim.errors import AttributeLimitError, DocumentLimitExceededError, InvalidValueError, MutationError
from lakesim.ids import release_of
from lakesim.limits import Limits
from lakesim.store.integrity import Revised
from lakesim.store.memory import MemoryStore

__all__ = ["check_bounds"]


def check_bounds(store: MemoryStore, revised: Collection[Revised], limits: Limits) -> None:
    """Refuse a transaction that leaves too many attributes, documents, or versions in one release.

    `revised` is what it does to each document that it touches.
    Raises: AttributeLimitError, DocumentLimitExceededError, MutationError naming the last mutation that filled a
    release.
    """
    _check_attributes(store, revised, limits)
    total = len(store.documents) + _growth(revised)
    if total > limits.dataset_documents_max:
        raise DocumentLimitExceededError(total, limits.dataset_documents_max)
    _check_releases(store, revised, limits)


def _check_attributes(store: MemoryStore, revised: Collection[Revised], limits: Limits) -> None:
    changes = [item.difference for item in revised]
    most = limits.dataset_attributes_max
    # The first figure is cheap and never too low.
    if store.indexes.attributes_bound(changes) <= most:
        return
    count = store.indexes.attributes_after(changes)
    if count > most:
        raise AttributeLimitError(
            f"Total attribute/datatype count {count} exceeds limit of {most} (including submitted mutations)"
        )


def _check_releases(store: MemoryStore, revised: Iterable[Revised], limits: Limits) -> None:
    inside: dict[str, list[Revised]] = {}
    for item in revised:
        release = release_of(item.document_id)
        if release is not None:
            inside.setdefault(release, []).append(item)
    most = limits.release_documents_max
    for release, items in inside.items():
        count = store.indexes.count_with_prefix(f"versions.{release}.") + _growth(items)
        if count > most:
            error = InvalidValueError(f'Release "{release}" would hold {count} documents, the limit is {most}')
            raise MutationError([(max(item.index for item in items), error)])


def _growth(revised: Iterable[Revised]) -> int:
    return sum((item.after is not None) - (item.before is not None) for item in revised)
