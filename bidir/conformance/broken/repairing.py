"""An engine whose repair joins what either side says, instead of letting the owner side decide (E6, F8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bidir.conformance.broken.seams import weakened
from bidir.planning.violations import halves_in
from bidir.planning.work import Work

__all__ = ["repair_with_union"]


def _joined(mend_view: Callable[..., None]) -> Callable[..., None]:
    def spoilt(work: Work, view: str, *arguments: Any) -> None:
        for half in list(halves_in(work.world, view)):
            inverse = half.mirrored
            free = inverse.field.many or not work.world.targets(inverse.group, inverse.field, view)
            if free and work.world.visible(inverse.group, view):
                work.add_half(inverse, view)
        mend_view(work, view, *arguments)

    return spoilt


repair_with_union = weakened({"bidir.planning.mend._mend_view": _joined})
