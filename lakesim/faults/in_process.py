"""Faults for calls in process: a dataset's method is hit as the request would be that does the same over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import update_wrapper
from typing import Concatenate, Final, ParamSpec, Protocol, TypeAlias, TypeVar

from lakesim.errors import LakeError
from lakesim.faults.box import Faults
from lakesim.faults.errors import LakeUnavailableError
from lakesim.faults.operation import STREAM_KINDS, Operation, operation_in_process

__all__ = ["judged_already", "under_faults"]

_JUDGED: Final[ContextVar[bool]] = ContextVar("lakesim_judged", default=False)


class _Target(Protocol):
    @property
    def faults(self) -> Faults:
        """The rules of the lake."""

    @property
    def name(self) -> str:
        """The dataset's name."""

    @property
    def project_id(self) -> str:
        """The project's id."""


_Self = TypeVar("_Self", bound=_Target)
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")
_Method: TypeAlias = Callable[Concatenate[_Self, _Arguments], _Result]


@contextmanager
def judged_already() -> Iterator[None]:
    """Let the calls of this block through: they serve a request that the rules have judged."""
    token = _JUDGED.set(True)
    try:
        yield
    finally:
        _JUDGED.reset(token)


def under_faults(kind: str) -> Callable[[_Method[_Self, _Arguments, _Result]], _Method[_Self, _Arguments, _Result]]:
    """Return what makes a dataset's method a request of this kind to the lake's fault rules.

    The method then also raises InjectedError and LakeUnavailableError.
    """

    def decorate(method: _Method[_Self, _Arguments, _Result]) -> _Method[_Self, _Arguments, _Result]:
        def call(self: _Self, /, *arguments: _Arguments.args, **options: _Arguments.kwargs) -> _Result:
            if not self.faults.armed or _JUDGED.get():
                return method(self, *arguments, **options)
            operation = operation_in_process(kind, project=self.project_id, dataset=self.name)
            return _carry_out(self.faults, operation, lambda: method(self, *arguments, **options))

        update_wrapper(call, method)
        return call

    return decorate


def _carry_out(faults: Faults, operation: Operation, what: Callable[[], _Result]) -> _Result:
    verdict = faults.judge(operation)
    if verdict.delay:
        faults.clock.sleep(verdict.delay)
    if verdict.answer is not None:
        raise verdict.answer
    if verdict.drop == "after" and operation.kind not in STREAM_KINDS:
        # A refusal is an answer like any other: it is lost.
        with suppress(LakeError):
            what()
    if verdict.drop is not None:
        raise LakeUnavailableError(operation.name)
    return what()
