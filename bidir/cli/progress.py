"""What a long command is at, on standard error: a line that lives in a terminal, a line per finished part in a pipe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from bidir.conformance.parts import PartResult

__all__ = ["Progress", "progress"]


class Progress:
    """Tells of a run of the suite as it goes."""

    def __init__(self, console: Console) -> None:
        """Tell it on `console`."""
        self._console = console
        self._status = console.status("starting") if console.is_terminal else None
        self._done = 0

    def at(self, name: str) -> None:
        """Say what is about to run; only a terminal shows it, because it is over soon."""
        if self._status is not None and name:
            self._status.update(f"{self._done} done, now {name} …")

    def ended(self, part: PartResult) -> None:
        """Say what came of a part."""
        self._done += 1
        held = part.checked - len(part.failures)
        line = f"{part.name}: {held:,} of {part.checked:,} {part.unit} hold, {part.seconds:.1f} s"
        if self._status is None:
            self._console.print(line, soft_wrap=True)
        elif not part.passed:
            self._console.print(line, style="red")

    @contextmanager
    def shown(self) -> Iterator[Progress]:
        """Show it for as long as a `with` lasts."""
        if self._status is None:
            yield self
            return
        with self._status:
            yield self


@contextmanager
def progress(console: Console) -> Iterator[Progress]:
    """Give what tells of progress on `console` for as long as a `with` lasts."""
    with Progress(console).shown() as told:
        yield told
