"""What the walkthroughs share: the lake of a stage behind the engine's port, kept clean, and chapters played by key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

from bidir.backends import HttpBackend, LakeBackend
from bidir.conformance.proxy import ObservedBackend
from bidir.demos.narrator import Narrator
from bidir.demos.registry import DemoOptions
from bidir.demos.stage import Stage
from bidir.errors import BidirError, NotSupportedError
from bidir.ports import Backend
from bidir.suggest import did_you_mean

__all__ = ["Chapter", "check_keys", "documents_of", "open_backend", "play_chapters", "require_empty"]

Chapter = tuple[str, Callable[[ObservedBackend, Narrator], None]]
"""The title of a chapter, and what plays it."""

_ALL: Final = "*[_type in $types]"
_Keyed = TypeVar("_Keyed")


def check_keys(only: Sequence[str], chapters: Mapping[str, _Keyed]) -> None:
    """Check what `--only` names.

    Raises: BidirError for an unknown chapter.
    """
    for key in only:
        if key not in chapters:
            raise BidirError(
                f'--only: there is no chapter "{key}".{did_you_mean(key, chapters)} They are {", ".join(chapters)}'
            )


def play_chapters(
    stage: Stage, options: DemoOptions, narrator: Narrator, chapters: Mapping[str, Chapter], types: Sequence[str]
) -> None:
    """Play the chapters that the options name, all by default, each on a lake without documents of `types`.

    Requests are counted by the backend that a chapter gets.
    Raises: BidirError for an unknown chapter, and where a served dataset holds documents that may not be deleted.
    """
    check_keys(options.only, chapters)
    with open_backend(stage, options) as served:
        if served is not None:
            require_empty(served, types, options)
        for key, (title, chapter) in chapters.items():
            if options.only and key not in options.only:
                continue
            narrator.chapter(key, title, str(chapter.__doc__))
            stage.reset()
            backend: Backend
            if served is not None:
                backend = served
            else:
                assert stage.dataset is not None, "a stage has either an address or a dataset"
                backend = LakeBackend(stage.dataset)
            try:
                chapter(ObservedBackend(backend), narrator)
            except NotSupportedError as error:
                narrator.step(f"the rest of this chapter is left out: {error}")
            finally:
                # Where the lake has gone away for good, that is what should be told, not that tidying up failed, too.
                with suppress(BidirError):
                    _clear(backend, types)


@contextmanager
def open_backend(stage: Stage, options: DemoOptions) -> Iterator[HttpBackend | None]:
    """Open the connection to a served lake, which all chapters share; None where each has a lake of its own."""
    if stage.url is None:
        yield None
        return
    with HttpBackend(stage.url, project=options.project, dataset=options.dataset, token=options.token) as backend:
        yield backend


def require_empty(backend: Backend, types: Sequence[str], options: DemoOptions) -> None:
    """Make sure that a served dataset holds no documents of `types`.

    Raises: BidirError if it does, unless the options allow to delete them; BackendError where it cannot be reached.
    """
    count = backend.query("count(*[_type in $types])", {"types": list(types)})
    if count and not options.clear:
        raise BidirError(
            f'the dataset "{options.dataset}" holds {count} documents of the types {", ".join(types)}, and the'
            " demonstration needs it empty of them: name another with --dataset, or let them be deleted with --clear"
        )
    _clear(backend, types)


def documents_of(backend: Backend, types: Sequence[str]) -> dict[str, Any]:
    """Return the stored documents of `types` by stored id."""
    return {one["_id"]: one for one in backend.query(_ALL, {"types": list(types)})}


def _clear(backend: Backend, types: Sequence[str]) -> None:
    backend.commit([{"delete": {"query": _ALL, "params": {"types": list(types)}}}], transaction_id=None)
