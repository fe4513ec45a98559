"""Takes a rule out of the planner for as long as one engine is at work: the planner's functions, swapped by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Any, TypeAlias

from bidir.engine import Engine
from bidir.ports import Backend
from bidir.relations import Schema

__all__ = ["Spoil", "Spoilt", "Weakened", "nothing", "weakened"]

Spoil: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]
"""Takes the right function and returns the wrong one."""


def nothing(_: Callable[..., Any]) -> Callable[..., Any]:
    """Spoil a function by doing nothing in its place."""
    return lambda *_arguments, **_options: None


def weakened(seams: Mapping[str, Spoil], engine: Callable[[Schema, Backend], Any] = Engine) -> Any:
    """Return a factory of engines whose every call runs with the functions that `seams` names spoilt.

    Names are dotted: `bidir.planning.plan.resync` is the name `resync` as the module `bidir.planning.plan` uses it.
    """
    return Weakened(_Swap(seams), engine)


class Weakened:
    """A factory of spoilt engines; `planner()` spoils the planner itself, for who drives it without an engine."""

    def __init__(self, swap: _Swap, engine: Callable[[Schema, Backend], Any]) -> None:
        """Make engines by `engine`."""
        self._swap = swap
        self._engine = engine

    def __call__(self, schema: Schema, backend: Backend) -> Any:
        """Return an engine on `backend`."""
        with self._swap.on():
            return Spoilt(self._engine(schema, backend), self._swap)

    def planner(self) -> AbstractContextManager[None]:
        """Return what keeps the planner spoilt for as long as a `with` lasts."""
        return self._swap.on()


class _Swap:
    """The spoilt functions; several calls may be under way at once, the last to end puts the right ones back."""

    def __init__(self, seams: Mapping[str, Spoil]) -> None:
        self._seams = seams
        self._right: list[tuple[Any, str, Any]] = []
        self._depth = 0

    @contextmanager
    def on(self) -> Iterator[None]:
        if not self._depth:
            for dotted, spoil in self._seams.items():
                module_name, _, name = dotted.rpartition(".")
                module = import_module(module_name)
                right = getattr(module, name)
                self._right.append((module, name, right))
                setattr(module, name, spoil(right))
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                while self._right:
                    setattr(*self._right.pop())


class Spoilt:
    """An engine (or a follower of one) that works with spoilt functions; what it only tells, it tells rightly."""

    def __init__(self, inner: Any, swap: _Swap) -> None:
        """Wrap `inner`."""
        self._inner = inner
        self._swap = swap

    def __getattr__(self, name: str) -> Any:
        """Return the same, done with the spoilt functions."""
        value = getattr(self._inner, name)
        if not callable(value):
            return value

        def call(*arguments: Any, **options: Any) -> Any:
            with self._swap.on():
                done = value(*arguments, **options)
            return Spoilt(done, self._swap) if name == "follow" else done

        return call
